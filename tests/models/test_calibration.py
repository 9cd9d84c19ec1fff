"""What a probability is of: each regime has its temperature, from check-ins not learned from."""

from functools import cache

import numpy as np
import pytest

from strec.evaluation import Regime, evaluate_model
from strec.models import MODELS, Model, load_model
from strec.models.base import Explanation, ScorePart, with_scores
from strec.models.calibration import heated, kept_aside, late, late_ends, temperature_for
from strec.split import Split, split
from strec.train import Watch
from tests.models import worlds

#: What each kind is fitted with, so that a test is over in a second.
KINDS = {
    "counter_mix": {"n_queries": 400},
    "trees": {"n_targets": 2_000, "n_trees": 20, "members": 1},
    "stllm": {"epochs": 1, "text": "", "trees": {"n_trees": 20, "members": 1}},
    "popularity": {},
    "blend": {"models": ["popularity", "counter_mix"]},
}


@cache
def _parts() -> Split:
    """Sessions wander over ten items and end at home: at their ends people are easy to foresee."""
    rng, rows = np.random.default_rng(0), []
    for user in range(60):
        for day in range(30):
            for step in range(3):
                rows.append((f"u{user}", f"i{rng.integers(10)}", 40 * day + 2 * step))
            home = f"home{user % 12}" if rng.random() < 0.7 else f"i{rng.integers(10)}"
            rows.append((f"u{user}", home, 40 * day + 9))
    return split(worlds.table(rows))


@cache
def _fitted(kind: str) -> Model:
    return MODELS[kind](**KINDS[kind]).fit(_parts().train)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_in_each_regime_what_is_stated_is_as_often_right(kind):
    model, parts = _fitted(kind), _parts()
    for scored in ("session_end", "every"):
        result = evaluate_model(model, parts, Regime(scored=scored))
        found = result.queries
        right, n = found["acc@1"].mean(), len(found)
        # Three standard errors of the share, and what the temperature itself may err by.
        allowed = 3 * np.sqrt(right * (1 - right)) * (1 / n + 1 / 300) ** 0.5
        assert abs(found["guess_score"].mean() - right) < allowed
    assert model.is_calibrated("session_end")
    assert result.probability_in_words.startswith(f"{kind} states the probability of the next")


@pytest.mark.parametrize("kind", KINDS)
def test_no_rank_changes_and_rows_are_probabilities(kind, tmp_path):
    model, queries = _fitted(kind), _parts().queries(scored="every").take(slice(0, 40))
    bare, ends = model._score(queries), model.calibrated(model.score(queries), "session_end")
    for scores in (model.score(queries), ends):
        assert scores.sum(axis=1) == pytest.approx(1)
        assert (np.argsort(scores, kind="stable") == np.argsort(bare, kind="stable")).all()
    again = load_model(model.save(tmp_path / kind))
    assert np.allclose(again.calibrated(again.score(queries), "session_end"), ends)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in KINDS if MODELS[kind].explains])
def test_parts_add_up_to_the_probability_that_is_stated(kind):
    model, queries = _fitted(kind), _parts().queries(scored="every")
    items = np.arange(8)
    for row in (0, 20):
        scores = model.score(queries)[row]
        for item, each in zip(items, model.explain(queries, row, items), strict=True):
            assert sum(part.value for part in each.parts) == pytest.approx(scores[item], abs=1e-6)


@pytest.mark.slow
def test_trees_and_network_are_not_asked_for_what_they_learned():
    train = _parts().train
    since = int(np.quantile(train.time_us, 0.85))
    rows = kept_aside(train, since, 0.0, seed=0)
    assert len(rows) == len(late(train, since)) // 4 and np.isin(rows, late(train, since)).all()
    # What is left out anyway counts; where nothing could be told, nothing is kept aside.
    assert not len(kept_aside(train, since, 0.3, seed=0))
    assert not len(kept_aside(train, int(train.time_us.max()), 0.0, seed=0))
    trees = MODELS["trees"](**KINDS["trees"])
    assert not np.isin(rows, trees.learn(train, rows, Watch())).any()


def test_ends_are_those_that_evaluation_asks_for():
    log = _parts().log
    since = int(log.time_us[_parts().part > 0].min())
    of_parts = np.r_[
        *(_parts().scored_rows(part, "session_end") for part in ("validation", "test"))
    ]
    # The first session of the test part may be cut: what is asked there is another end.
    assert np.isin(late_ends(log, since), of_parts).mean() > 0.95


def test_a_temperature_by_hand():
    chances = np.tile([0.8, 0.2], (10, 1))
    # Right in half of the cases: nothing short of the bound makes 0.8 to 0.5.
    assert temperature_for(chances, np.array([0, 1] * 5)) == 3.0
    # 0.8^(1/T) / (0.8^(1/T) + 0.2^(1/T)) = 0.9 where 4^(1/T) = 9.
    nine = temperature_for(chances, np.array([0] * 9 + [1]))
    assert heated(chances, nine)[0, 0] == pytest.approx(0.9, abs=1e-3)
    assert nine == pytest.approx(np.log(4) / np.log(9), abs=1e-3)


def test_parts_keep_their_shares():
    nothing = np.zeros(0, dtype=np.int64)
    parts = tuple(ScorePart(name, value, nothing, np.zeros(0)) for name, value in
                  (("habit", 0.3), ("hour", -0.1)))  # fmt: skip
    (found,) = with_scores([Explanation(1, 0.2, parts)], np.array([0.0, 0.4]))
    assert [part.value for part in found.parts] == pytest.approx([0.6, -0.2])
    assert found.score == pytest.approx(0.4)


def test_heat_is_a_power_of_each_chance_and_nothing_stays_nothing():
    chances = np.random.default_rng(0).dirichlet(np.full(50, 0.1), 20)
    chances[:, 3] = 0.0
    before = chances.copy()
    powers = chances ** (1 / 1.7)
    expected = powers / powers.sum(axis=1, keepdims=True)
    assert heated(chances, 1.7) == pytest.approx(expected, rel=1e-12, abs=0)
    assert (heated(chances, 0.6)[:, 3] == 0).all() and (chances == before).all()
