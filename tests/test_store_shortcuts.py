"""Short cuts of the store give what the long way gives."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from strec import schema
from strec.errors import SchemaError
from strec.store import Store
from strec.store.counted import counted
from tests.test_store import world


def test_cells_of_repeated_and_of_distinct_places_are_those_of_each_place_alone():
    rng = np.random.default_rng(0)
    lat, lon = rng.uniform(-90, 90, 200), rng.uniform(-180, 180, 200)
    lat[:3], lon[:3] = [np.nan, 91.0, 0.0], [0.0, 0.0, 181.0]
    one_by_one = [
        schema.cells_of(pl.Series([a]), pl.Series([b]))[0] for a, b in zip(lat, lon, strict=True)
    ]
    assert schema.cells_of(pl.Series(lat), pl.Series(lon)).to_list() == one_by_one
    again = np.tile(np.arange(200), 5)
    repeated = schema.cells_of(pl.Series(lat[again]), pl.Series(lon[again]))
    assert repeated.to_list() == [one_by_one[k] for k in again]
    # Items that are mostly in one place, wherever some of their check-ins were.
    at = np.where(rng.uniform(size=1000) < 0.7, again, rng.integers(0, 200, 1000))
    places = pl.Series(lat[at]).fill_nan(None), pl.Series(lon[at])
    by_item = schema.cells_of(*places, code=pl.Series(again, dtype=pl.UInt32))
    assert by_item.to_list() == [one_by_one[k] for k in at]


def test_median_places_of_items_that_move_and_items_that_stay(tmp_path):
    rng = np.random.default_rng(1)
    n = 60
    stays = np.arange(n) % 2 == 0
    lat = np.where(stays, 40.7, 40.7 + rng.uniform(0, 0.1, n))
    checkins = pl.DataFrame(
        {
            "user_id": [f"u{k % 7}" for k in range(n)],
            "item_id": np.where(stays, "shop", "bus"),
            "timestamp": pl.Series(np.arange(n) * 3_600_000_000).cast(pl.Datetime("us", "UTC")),
            "utc_offset_min": pl.Series([0] * n, dtype=pl.Int16),
            "lat": lat,
            "lon": [-74.0] * n,
        }
    )
    bus, shop = Store.create(checkins, tmp_path / "s", name="s").items().iter_rows(named=True)
    moving = lat[~stays]
    away_km = np.abs(moving - np.median(moving)) * 111.195
    assert bus["lat"] == pytest.approx(np.median(moving))
    assert bus["spread_km"] == pytest.approx(np.median(away_km))
    assert (shop["lat"], shop["lon"], shop["spread_km"]) == (40.7, -74.0, 0.0)
    assert (bus["n_checkins"], shop["n_users"]) == (30, 7)


@pytest.mark.parametrize("engine", ["duckdb://", "polars://"])
def test_hidden_flows_are_counted_as_pandas_counts_them(tmp_path, engine):
    rng = np.random.default_rng(2)
    n = 400
    item = rng.integers(0, 4, n)
    checkins = pl.DataFrame(
        {
            "user_id": [f"u{k}" for k in rng.integers(0, 8, n)],
            "item_id": [f"i{k}" for k in item],
            "timestamp": pl.Series(np.arange(n) * 3_600_000_000).cast(pl.Datetime("us", "UTC")),
            "utc_offset_min": pl.Series([0] * n, dtype=pl.Int16),
            "lat": 40.0 + item,
            "lon": [-74.0] * n,
        }
    )
    store = Store.create(checkins, tmp_path / "s", name="s", engine=engine)
    rows = store.checkins().to_pandas()
    rows["origin"] = rows.groupby("session_id")["item_id"].shift()
    moves = rows[rows["origin"].notna() & (rows["origin"] != rows["item_id"])]
    groups = moves.groupby(["origin", "item_id"])["user_id"].agg(["size", "nunique"])
    groups = groups[groups["size"] >= 20]
    shown = groups[groups["nunique"] >= 8]
    assert 0 < len(shown) < len(groups)
    flows = store.flows(min_count=20, min_users=8)
    found = flows.set_index(["origin", "destination"])["n_checkins"].to_dict()
    assert found == shown["size"].to_dict()
    assert flows.attrs["hidden"] == len(groups) - len(shown)
    assert flows.attrs["hidden_checkins"] == groups["size"].sum() - shown["size"].sum()


def test_a_file_with_check_ins_of_nobody_is_refused_as_a_table_is(tmp_path):
    checkins = world(50).with_columns(user_id=pl.when(pl.int_range(pl.len()) > 3).then("user_id"))
    checkins.write_parquet(tmp_path / "checkins.parquet")
    for given in (checkins, tmp_path / "checkins.parquet"):
        with pytest.raises(SchemaError, match="4 without user_id"):
            Store.create(given, tmp_path / "store", name="nobody's")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("n_users", [3, 40_000])
def test_people_of_groups_are_counted_as_polars_counts_them(n_users, is_sorted):
    rng = np.random.default_rng(3)
    n = 2_000
    rows = pl.DataFrame(
        {
            "user": pl.Series(rng.integers(9, 9 + n_users, n), dtype=pl.UInt32),
            # Numbers that are counted from the least one, also where their own type ends...
            "small": pl.Series(rng.choice([-128, 0, 127], n), dtype=pl.Int8),
            "day": pl.Series(rng.integers(-400, 400, n), dtype=pl.Int32).cast(pl.Date),
            # ... and those that are not.
            "cell": rng.choice([7, 2**61, 2**62], n),
            "item": rng.choice(["bar", "cafe", None], n),
        }
    ).sort("user" if is_sorted else "small")
    keys = rows.columns[1:]
    counts = {"n_checkins": pl.len().cast(pl.Int64), "n_users": pl.n_unique("user")}
    for some in (keys, keys[:1], keys[1:2], keys[2:]):
        found = pl.DataFrame(counted(rows.select("user", *some).to_arrow(), "user"))
        expected = rows.group_by(some).agg(**counts).cast({"n_users": pl.Int64})
        assert found.sort(some).equals(expected.sort(some))
    assert counted(rows.clear().to_arrow(), "user") == pa.table(
        rows.clear().select(keys).to_arrow().columns + [pa.array([], pa.int64())] * 2,
        names=[*keys, *counts],
    )
