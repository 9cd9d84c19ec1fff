"""A counter mix kept with a large store: the same answers, no second fit, never somebody else's."""

from dataclasses import fields

import numpy as np
import pytest

from strec.io.samples import read_sample
from strec.models import CounterMix
from strec.recommend import Recommender, kept
from strec.store import Store


@pytest.fixture
def store(tmp_path, monkeypatch) -> Store:
    monkeypatch.setattr(kept, "LEAST_CHECKINS", 1)
    return Store.create(read_sample("travel"), tmp_path / "t", name="T", time_zone="Europe/Berlin")


def lists(recommender: Recommender) -> list:
    user = recommender.log.owner_ids[3]
    asked = [(None, "2024-06-05 10:00"), (user, None), (user, "2024-07-01 20:00", 52.5, 13.4)]
    return [recommender.recommend(*each, k=20) for each in asked]


def never(*_, **__):
    raise AssertionError("fitted again")


@pytest.mark.slow
def test_another_process_answers_alike_without_fitting(store, monkeypatch):
    fresh = Recommender.of_store(store)
    expected = lists(Recommender(store))
    monkeypatch.setattr(CounterMix, "_fit", never)
    again = Recommender.of_store(Store(store.folder))
    for one, other, plain in zip(lists(fresh), lists(again), expected, strict=True):
        assert one.equals(other) and one.equals(plain)
    # Not what either has worked out of them meanwhile.
    for field in fields(fresh.log):
        values = getattr(fresh.log, field.name)
        if isinstance(values, np.ndarray):
            np.testing.assert_array_equal(values, getattr(again.log, field.name))


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["log", "model.safetensors", "code", "drawn", "check-ins", "gone"])
def test_what_is_damaged_or_of_others_is_fitted_anew(store, monkeypatch, harm):
    Recommender.of_store(store)
    at_most, folder = 1_000_000, store.folder / kept.FOLDER
    if harm in ("log", "model.safetensors"):
        content = bytearray((folder / harm).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / harm).write_bytes(content)
    if harm == "code":
        monkeypatch.setattr(kept, "code", lambda: "of another version")
    if harm == "drawn":
        at_most = 5_000
    if harm == "check-ins":
        before = {each.name: each.read_bytes() for each in folder.iterdir()}
        few = store.checkins().head(4_000).select(read_sample("travel").columns)
        store = Store.create(few, store.folder, name="T", time_zone="Europe/Berlin")
        folder.mkdir()
        for name, content in before.items():
            (folder / name).write_bytes(content)
    if harm == "gone":
        (folder / "model.json").unlink()
    assert kept.load(store, at_most) is None
    monkeypatch.setattr(CounterMix, "_fit", never)
    with pytest.raises(AssertionError, match="fitted again"):
        Recommender.of_store(store, at_most=at_most)


def test_small_stores_and_folders_that_cannot_be_written_keep_nothing(store, monkeypatch):
    (store.folder / kept.FOLDER).write_text("in the way")
    assert len(Recommender.of_store(store).recommend(k=3)) == 3
    (store.folder / kept.FOLDER).unlink()
    monkeypatch.setattr(kept, "LEAST_CHECKINS", 10**9)
    Recommender.of_store(Store(store.folder))
    assert not (store.folder / kept.FOLDER).exists()
