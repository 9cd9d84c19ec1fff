"""What the version before the renaming of rooms (28 November 2026) wrote opens as it was."""

import json
from pathlib import Path

import pytest
import yaml
from polars.testing import assert_frame_equal

from strec import schema
from strec.cleaning import Recipe
from strec.store import Filters, Store

FOLDER = Path(__file__).parent / "saved_before"


@pytest.mark.slow
def test_a_store_opens_and_answers(tmp_path):
    old, new = Store(FOLDER / "store"), Store.create(schema.example(), tmp_path / "s", name="new")
    assert old.name == "Tiny" and old.fingerprint == new.fingerprint
    assert_frame_equal(old.checkins(), new.checkins())
    assert_frame_equal(old.items(), new.items())
    assert_frame_equal(old.users(), new.users())
    assert old.summary(Filters(users=("ann",)))["n_checkins"] == 2
    for ask in (Store.hour_weekday, Store.trend, Store.by_category, Store.category_hours):
        assert ask(old).equals(ask(new))
    assert old.cells(8, min_users=1).equals(new.cells(8, min_users=1))
    assert old.flows(min_users=1).equals(new.flows(min_users=1))
    assert old.gyration().equals(new.gyration())


def test_recipes_are_read_and_written_alike():
    # What has come since is not in them.
    steps = tuple(step for step in Recipe.default().steps if step.name != "stays")
    changed = Recipe(steps).change("k_core", enabled=True, min_per_user=3)
    assert Recipe.load(FOLDER / "recipe.yaml") == changed
    assert yaml.safe_load((FOLDER / "recipe.yaml").read_text()) == changed.to_dict()
    with_bots = Recipe(steps).change("bots", enabled=True)
    assert Recipe.load(FOLDER / "recipe.json") == with_bots
    assert json.loads((FOLDER / "recipe.json").read_text()) == with_bots.to_dict()
