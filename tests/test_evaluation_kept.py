"""Results kept with a large store: the same numbers, no second fit, never of other rules."""

from dataclasses import replace

import numpy as np
import pytest

from strec.dataset import Dataset
from strec.evaluation import (
    FIRST_LOOK,
    counting_models,
    evaluate,
    evaluate_ahead,
    kept,
    leaderboard,
)
from strec.io.samples import read_sample
from strec.metrics import METRICS, Metric
from strec.models import Model, Popularity
from strec.store import Store, answers

NAMES = list(counting_models())


@pytest.fixture
def store(tmp_path, monkeypatch) -> Store:
    monkeypatch.setattr(answers, "LEAST_CHECKINS", 1)
    return Store.create(read_sample("travel"), tmp_path / "t", name="T", time_zone="Europe/Berlin")


@pytest.mark.slow
def test_another_process_finds_the_same_results(store, monkeypatch):
    expected = evaluate(None, Dataset.from_store(store), FIRST_LOOK)
    assert evaluate_ahead(store) == len(NAMES)

    def never(*_, **__):
        raise AssertionError("fitted again")

    monkeypatch.setattr(Model, "fit", never)
    again = Store(store.folder)
    assert evaluate_ahead(again) == 0
    found = [kept.load(again, name, FIRST_LOOK) for name in NAMES]
    for one, other in zip(found, expected, strict=True):
        assert one.queries.equals(other.queries) and one.queries.schema == other.queries.schema
        np.testing.assert_array_equal(one.listed, other.listed)
        for name in ("name", "kind", "family", "regime", "n_items", "is_probability", "remark"):
            assert getattr(one, name) == getattr(other, name)
        assert one.probability_in_words == other.probability_in_words
    seconds = [name for name in leaderboard(found).columns if "seconds" in name]
    assert leaderboard(found).drop(seconds).equals(leaderboard(expected).drop(seconds))


@pytest.mark.parametrize("other", ["rules", "model", "code", "damaged", "metrics"])
def test_what_is_of_others_or_damaged_is_not_found(store, monkeypatch, other):
    (result,) = evaluate([Popularity()], Dataset.from_store(store), FIRST_LOOK)
    kept.keep(store, result)
    assert kept.load(store, "Popularity", FIRST_LOOK).queries.equals(result.queries)
    name, regime = "Popularity", FIRST_LOOK
    if other == "rules":
        regime = replace(regime, scored="every")
    if other == "model":
        name = "User counts"
    if other == "code":
        monkeypatch.setattr(kept, "code", lambda: "of another version")
    if other == "damaged":
        (file,) = (store.folder / kept.FOLDER).iterdir()
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    if other == "metrics":
        # Somebody else's metric may change without notice.
        mine = Metric(name="mine", title="M", sentence="S.", of_query=lambda ranked: ranked.listed)
        monkeypatch.setattr(kept, "METRICS", {**METRICS, "mine": mine})
    assert kept.load(store, name, regime) is None


def test_what_cannot_be_scored_or_kept_is_left(store, tmp_path, monkeypatch):
    few = read_sample("travel").head(3)
    short = Store.create(few, tmp_path / "few", name="F", time_zone="Europe/Berlin")
    assert evaluate_ahead(short) == 0
    (store.folder / kept.FOLDER).write_text("in the way")
    (result,) = evaluate([Popularity()], Dataset.from_store(store), FIRST_LOOK)
    kept.keep(store, result)
    assert kept.load(store, "Popularity", FIRST_LOOK) is None
    monkeypatch.setattr(answers, "LEAST_CHECKINS", 10**9)
    assert evaluate_ahead(Store(store.folder)) == 0
