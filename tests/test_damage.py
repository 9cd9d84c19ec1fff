"""Saved things that were changed, by a bit, a number, a name: said in words, never used."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from strec import runs
from strec.dataset import Dataset
from strec.errors import ModelError, StoreError, StrecError
from strec.models import MODELS
from strec.runs import Run
from strec.simulation import simulate
from strec.store import Store, writer

#: Models that learn without passes over the data.
PLAIN = [kind for kind, model in MODELS.items() if not model.uses_loop and not model.packages]


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Store:
    table = simulate("social", n_users=8, n_items=25, n_checkins=300, seed=2)
    return Store.create(table, tmp_path_factory.mktemp("damage") / "store", name="A world")


def changed(path: Path, n: int, seed: int):
    """Change one byte after another, and put each back."""
    content, chance = path.read_bytes(), random.Random(seed)
    for at in [0, len(content) - 1, *(chance.randrange(len(content)) for _ in range(n))]:
        other = bytes([content[at] ^ (1 << chance.randrange(8))])
        path.write_bytes(content[:at] + other + content[at + 1 :])
        yield at
    path.write_bytes(content[: len(content) // 2])
    yield "cut"
    path.write_bytes(content)


def said(path: Path) -> dict:
    """Return what a JSON file says, nothing where it is none."""
    try:
        return json.loads(path.read_text())
    except ValueError:
        return {}


def values(record, way: tuple = ()):
    """Give the way to each value in a record."""
    if isinstance(record, dict | list):
        pairs = record.items() if isinstance(record, dict) else enumerate(record)
        for key, value in pairs:
            yield from values(value, (*way, key))
    elif way:
        yield way


def with_another_value(record: dict, way: tuple) -> dict:
    """Return a record with another number, word or truth at one place."""
    fresh = json.loads(json.dumps(record))
    place = fresh
    for key in way[:-1]:
        place = place[key]
    value = place[way[-1]]
    place[way[-1]] = value + 1 if isinstance(value, int | float) else f"{value}x"
    return fresh


@pytest.mark.parametrize("kind", PLAIN)
def test_a_plain_model_that_was_changed_is_refused(world, tmp_path, kind):
    run = runs.create(tmp_path / "run", kind, world)
    run.set_state("done")
    model = MODELS[kind]().fit(Dataset.from_store(world).everything)
    model.save(run.folder)
    heads = {name: said(run.folder / name) for name in ("run.json", "model.json")}
    for number, name in enumerate(("run.json", "model.json", "model.safetensors",
                                   "vocabulary.json")):  # fmt: skip
        for at in changed(run.folder / name, 12, number):
            if name in heads and said(run.folder / name) == heads[name]:
                continue  # A space became another one.
            with pytest.raises(ModelError, match="is a folder|model folder is one|knows the param"):
                pytest.fail(f"{name} changed at {at} was taken: {Run(run.folder).model(world)}")
    for name, head in heads.items():
        for way in values(head):
            (run.folder / name).write_text(json.dumps(with_another_value(head, way)))
            with pytest.raises(ModelError):
                pytest.fail(f"{name} with {way} was taken: {Run(run.folder).model(world)}")
        (run.folder / name).write_text(json.dumps(head))
    assert Run(run.folder).model(world).params() == model.params()


def test_results_of_a_run_that_were_changed_are_not_shown(world, tmp_path):
    run = runs.create(tmp_path / "run", "popularity", world)
    runs.train_run(run, world)
    path = run.folder / "results.json"
    whole = said(path)
    before = run.results()
    assert before is not None
    for way in values(whole):
        path.write_text(json.dumps(with_another_value(whole, way)))
        assert run.results() is None, way
    path.write_text(json.dumps(whole))
    assert run.results() == before


def test_how_a_run_stands_is_not_believed_where_it_was_changed(world, tmp_path):
    run = runs.create(tmp_path / "run", "popularity", world)
    runs.train_run(run, world)
    path, whole = run.folder / "state.json", run.poll()
    head = said(path)
    assert whole.state == "done" and whole.error is None
    for way in values(head):
        path.write_text(json.dumps(with_another_value(head, way)))
        found = run.poll()
        assert (found.state, run.pid()) == ("interrupted", None), way
        assert found.error is not None and "state.json was changed" in found.error["found"]
    path.write_text(json.dumps(head))
    for at in changed(path, 30, 5):
        if said(path) != head:
            assert run.poll().state == "interrupted", at
    assert run.poll() == whole


def test_what_happened_in_a_run_is_not_shown_where_it_was_changed(world, tmp_path):
    run = runs.create(tmp_path / "run", "popularity", world)
    for epoch in range(1, 6):
        run.append({"event": "epoch", "epoch": epoch, "loss": 1 / epoch, "text": "ein Schlüssel"})
    whole = run.events()
    assert [each["epoch"] for each in whole] == [1, 2, 3, 4, 5]
    for _ in changed(run.folder / "events.jsonl", 150, 6):
        # A line may go; what is left says what it said, but for the name of the seal.
        for each in run.events():
            assert {k: v for k, v in each.items() if k in whole[0]} in whole
    assert run.events() == whole


def test_a_store_that_was_changed_is_refused(world, tmp_path):
    folder = Path(shutil.copytree(world.folder, tmp_path / "store"))
    head = said(folder / writer.META)
    for number, name in enumerate((writer.META, writer.CHECKINS, writer.ITEMS, writer.USERS)):
        for at in changed(folder / name, 30, number):
            if name == writer.META and said(folder / name) == head:
                continue
            with pytest.raises(StrecError):
                pytest.fail(f"{name} changed at {at} was taken: {Store(folder)}")
    for way in values(head):
        (folder / writer.META).write_text(json.dumps(with_another_value(head, way)))
        with pytest.raises(StoreError):
            pytest.fail(f"{way} was taken: {Store(folder)}")
    (folder / writer.META).write_text(json.dumps(head))
    assert Store(folder).summary() == world.summary()


def test_of_a_large_file_each_large_damage_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "DIGEST_BYTES", 6_400)
    path = tmp_path / "large"
    content = np.random.default_rng(0).bytes(100_000)
    path.write_bytes(content)
    whole = writer._facts(path)
    for at in range(0, 98_000, 7_000):
        path.write_bytes(content[:at] + bytes(2_000) + content[at + 2_000 :])
        assert writer._facts(path) != whole
    path.write_bytes(content)
    assert writer._facts(path) == whole
