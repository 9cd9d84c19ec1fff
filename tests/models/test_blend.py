"""A blend against its members, and its weights against a search."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from strec.errors import ModelError
from strec.models import Blend, Markov, Popularity, UserCounts, load_model
from strec.models.blend import mixture_weights
from strec.split import split
from tests.models import worlds

PARTS = split(worlds.alternating())
QUERIES = PARTS.queries(scored="every")


def test_the_weights_make_what_came_most_likely():
    chances = np.random.default_rng(0).random((200, 2)) * [1.0, 0.8]
    found = minimize_scalar(
        lambda w: -np.log(chances @ [w, 1 - w]).sum(), bounds=(0, 1), method="bounded"
    )
    assert mixture_weights(chances, 5000)[0] == pytest.approx(found.x, abs=1e-3)


def test_who_knows_the_answer_gets_the_weight():
    # What came next is certain here; popularity and counts know nothing of the turn.
    model = Blend((Popularity(), UserCounts(), Markov("user"))).fit(PARTS.train)
    assert model.weights_[2] > 0.9
    guess, _ = model.top(QUERIES, 1)
    assert (guess[:, 0] == QUERIES.target).mean() > 0.9


def test_a_blend_is_the_weighted_mean_of_probabilities():
    model = Blend(("popularity", "counter_mix")).fit(PARTS.train)
    assert (model.temperatures_ == 0).all()
    expected = sum(
        w * m.score(QUERIES) for w, m in zip(model.weights_, model.members_, strict=True)
    )
    assert np.allclose(model.score(QUERIES), expected)
    assert np.allclose(model.score(QUERIES).sum(axis=1), 1)


def test_given_models_keep_their_parameters_through_a_file(tmp_path):
    model = Blend((Markov("global"), "popularity")).fit(PARTS.train)
    again = load_model(model.save(tmp_path / "blend"))
    assert again.members_[0].scope == "global"
    assert (again.score(QUERIES) == model.score(QUERIES)).all()


@pytest.mark.parametrize("models", [(), ("oracle",), ("blend",)])
def test_no_models_and_unknown_ones_are_refused(models):
    with pytest.raises(ModelError):
        Blend(models).fit(PARTS.train)
