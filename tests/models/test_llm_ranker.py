"""LLM ranker: moves the best candidates by what the reader says, and nothing else."""

import json
from dataclasses import replace

import numpy as np
import pytest

from strec.errors import ModelError
from strec.models import CounterMix, LLMRanker, load_model
from strec.models.llm_training import Example, fit_weight, train_reader
from strec.sealed import sealed
from strec.split import split
from strec.train import Watch
from tests.models import worlds

QUICK = {"llm": "tiny", "n_queries": 120, "n_candidates": 3, "epochs": 1}


@pytest.fixture(scope="module")
def parts():
    return split(worlds.nightly())


@pytest.fixture(scope="module")
def queries(parts):
    return parts.queries(scored="every")


@pytest.fixture(scope="module")
def fitted(parts):
    model = LLMRanker(**QUICK).fit(parts.train)
    model.weight_ = 1.0  # So that the reader is heard, whether it helps here or not.
    return model


@pytest.mark.slow
def test_candidates_share_what_the_first_stage_gave_them(fitted, queries, parts):
    first = CounterMix().fit(parts.train).score(queries)
    scores = fitted.score(queries)
    np.testing.assert_allclose(scores.sum(axis=1), 1.0)
    best = np.argsort(-first, axis=1, kind="stable")[:, :3]
    others = np.ones_like(first, dtype=bool)
    np.put_along_axis(others, best, False, axis=1)
    assert (scores[others] == first[others]).all()
    np.testing.assert_allclose(
        np.take_along_axis(scores, best, 1).sum(1), np.take_along_axis(first, best, 1).sum(1)
    )
    assert not np.allclose(scores, first)


def test_the_equation(fitted, queries, parts):
    first = CounterMix().fit(parts.train).score(queries)
    ranked = fitted._ranked(queries, first)
    likeness = ranked.likeness(fitted.reader_, fitted.items_)
    odds = np.take_along_axis(fitted.score(queries), ranked.candidates, axis=1)
    odds_before = np.take_along_axis(first, ranked.candidates, axis=1)
    change = np.log(odds / odds_before)
    np.testing.assert_allclose(
        change - change[:, :1], likeness - likeness[:, :1], rtol=1e-4, atol=1e-5
    )


def test_without_weight_the_counter_mix_answers(parts, queries):
    model = LLMRanker(**QUICK).fit(parts.train)
    model.weight_ = 0.0
    assert (model.score(queries) == CounterMix().fit(parts.train).score(queries)).all()


def test_the_weight_is_the_likeliest():
    rng = np.random.default_rng(0)
    prior, likeness = rng.normal(size=(4000, 5)), rng.normal(size=(4000, 5))
    odds = np.exp(prior + 0.7 * likeness)
    right = np.array([rng.choice(5, p=each / each.sum()) for each in odds])
    held_out = Example(np.zeros((4000, 5), int), prior, [[1]] * 4000, right)
    assert fit_weight(held_out, likeness) == pytest.approx(0.7, abs=0.08)
    assert fit_weight(held_out, -likeness) == 0.0


@pytest.mark.slow
def test_the_reader_learns_what_the_first_stage_cannot_see(fitted):
    model = LLMRanker("tiny", epochs=30, patience=30, learning_rate=0.02, batch_size=20)
    model.reader_ = model._new_reader()
    model.items_ = np.eye(32, dtype=np.float32)[:2]
    texts = ["aaaa", "zzzz"] * 20
    learn = Example(
        candidates=np.tile([0, 1], (40, 1)),
        prior=np.zeros((40, 2)),
        tokens=model.reader_.tokens(texts),
        right=np.array([0, 1] * 20),
    )
    train_reader(model, learn, learn, Watch())
    assert (learn.likeness(model.reader_, model.items_).argmax(axis=1) == learn.right).all()
    assert fit_weight(learn, learn.likeness(model.reader_, model.items_)) > 0.5


def test_a_time_budget_ends_training_with_what_is_learned(parts, queries):
    model = LLMRanker(**QUICK | {"max_minutes": 1e-6, "epochs": 1000}).fit(parts.train)
    assert np.isfinite(model.score(queries)).all()


def test_saved_with_adapters_alone(fitted, queries, tmp_path):
    folder = fitted.save(tmp_path / "model")
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".json", ".safetensors"]
    again = load_model(folder)
    np.testing.assert_allclose(again.score(queries), fitted.score(queries), rtol=1e-6)


def test_another_language_model_is_refused(fitted, tmp_path):
    folder = fitted.save(tmp_path / "model")
    head = json.loads((folder / "model.json").read_text())
    head["params"]["max_tokens"] = 50
    (folder / "model.json").write_text(json.dumps(sealed(head)))
    assert load_model(folder).max_tokens == 50  # A setting is no other model.
    odd = LLMRanker(**QUICK)
    arrays = fitted._arrays() | {"base": np.frombuffer(b"another", dtype=np.uint8)}
    odd.vocabulary_ = fitted.vocabulary_
    with pytest.raises(ModelError, match="very language model"):
        odd._restore(arrays)


def test_explanations_name_what_the_language_model_adds(fitted, queries):
    explained = fitted.explain(queries, 5, np.array([0, 1]))
    scores = fitted.score(replace(queries).take(slice(5, 6)))[0]
    for each in explained:
        assert each.parts[-1].name == "language model"
        assert sum(part.value for part in each.parts) == pytest.approx(scores[each.item])
