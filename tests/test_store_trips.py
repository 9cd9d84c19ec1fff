"""What a store answers about trips, about data that name nobody, and about shops."""

import polars as pl
import pytest

from strec import schema
from strec.dataset import Dataset
from strec.errors import AnalysisError
from strec.store import Filters, Store
from tests.trips import everybody, shops, trips


@pytest.fixture(scope="module")
def bikes() -> Store:
    return Dataset(trips(), name="Bikes").store


@pytest.fixture(scope="module")
def chain() -> Store:
    return Dataset(shops(), name="Cafés").store


def test_nobody_is_no_user(bikes):
    assert bikes.is_anonymous and bikes.has_trips
    assert bikes.summary()["n_users"] == bikes.meta["n_users"] == 0
    assert bikes.users().is_empty()
    assert not bikes.hour_weekday()["n_users"].any()


def test_groups_are_shown_by_their_check_ins_where_nobody_is_named(bikes):
    cells = bikes.cells(10)
    assert len(cells) == 12 and cells["n_checkins"].sum() == 3_000
    least = int(cells["n_checkins"].median())
    assert (bikes.cells(10, min_users=least)["n_checkins"] >= least).all()
    assert bikes.cells(10, min_users=least).attrs["hidden"] == (cells["n_checkins"] < least).sum()


@pytest.mark.parametrize("ask", [Store.gyration, Store.user_weeks, Store.sequences])
def test_what_needs_people_says_that_nobody_is_named(bikes, ask):
    with pytest.raises(AnalysisError, match="names nobody"):
        ask(bikes)


def test_flows_are_the_trips(bikes):
    table = trips()
    pairs = table.filter(pl.col("origin_id") != pl.col("item_id"))
    counted = pairs.group_by("origin_id", "item_id").len()
    expected = {row[:2]: row[2] for row in counted.iter_rows()}
    flows = bikes.flows(min_users=1)
    found = dict(zip(zip(flows.origin, flows.destination, strict=True), flows.n_checkins,
                     strict=True))  # fmt: skip
    assert found == expected
    assert flows["from_name"][0] == f"Station {flows['origin'][0]}"
    # Each trip is a step, those to the same station too.
    assert bikes.steps().n_checkins.sum() + bikes.steps().attrs["n_still"] == 3_000


def test_departures_and_arrivals_are_counted_apart(bikes):
    table = trips()
    by_start = dict(table.group_by("origin_id").len().iter_rows())
    leaving = bikes.points(Filters(side="departures"))
    assert dict(zip(leaving.item_id, leaving.n_checkins, strict=True)) == by_start
    ends = table.with_columns(local=schema.local_time(schema.END_TIME))
    at_noon = ends.filter(pl.col("local").dt.hour() == 12).height
    arriving = bikes.hour_weekday(Filters(side="arrivals", hours=(12,)))
    assert arriving.n_checkins.sum() == at_noon
    assert bikes.summary(Filters(hours=(12,)))["n_checkins"] != at_noon
    # A flow has two ends, whichever is looked at.
    assert len(bikes.flows(Filters(side="departures"))) == len(bikes.flows())


def test_departures_need_trips(chain):
    with pytest.raises(AnalysisError, match="need trips"):
        chain.summary(Filters(side="departures"))
    with pytest.raises(AnalysisError, match="side"):
        Filters(side="both")


def test_shops_stand_on_the_map_and_products_do_not(chain):
    found = chain.shops().set_index("place_id")
    table = shops()
    assert found["n_checkins"].to_dict() == dict(table.group_by("place_id").len().iter_rows())
    assert found["n_items"].tolist() == [9] * 4
    assert found.loc["shop 2", ["place_name", "lat", "lon"]].tolist() == ["Pankow", 52.54, 13.43]
    assert chain.items()["lat"].null_count() == 12
    only = Filters(places=("shop 1",))
    assert chain.summary(only)["n_checkins"] == found.loc["shop 1", "n_checkins"]


def test_kinds_of_nobody_are_shown_where_they_have_enough_checkins(tmp_path):
    kinds = ["Coffee"] * 590 + ["Rare"] * 2 + ["Tea"] * 8
    table = everybody(600).with_columns(pl.Series(schema.CATEGORY, kinds))
    store = Store.create(table, tmp_path / "store", name="Till")
    assert store.by_category()["category"].tolist() == ["Coffee", "Tea"]
    hours = store.category_hours()
    assert hours.groupby("category")["n_checkins"].sum().to_dict() == {"Coffee": 590, "Tea": 8}


def test_shops_are_of_data_that_have_some(bikes):
    with pytest.raises(AnalysisError, match="place_id"):
        bikes.shops()


def test_a_file_of_trips_is_written_like_a_table(bikes, tmp_path):
    trips().write_parquet(tmp_path / "trips.parquet")
    store = Store.create(tmp_path / "trips.parquet", tmp_path / "store", name="Bikes")
    assert store.fingerprint == bikes.fingerprint and store.is_anonymous
    columns = [*schema.REQUIRED, schema.ORIGIN_ID, schema.END_TIME]
    assert store.checkins(columns=columns).equals(bikes.checkins(columns=columns))
