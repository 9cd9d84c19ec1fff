"""Where nobody is named, groups of check-ins stand in the place of users; trips have a start."""

import numpy as np
import polars as pl
import pytest

from strec import schema
from strec.dataset import Dataset
from strec.graph import transitions
from strec.models import CounterMix, UserCounts
from strec.models.profiles import recent_items, recent_rows
from strec.split import Vocabulary, ask, encode
from tests.trips import everybody, shops, trips


@pytest.fixture(scope="module")
def of_trips() -> Dataset:
    return Dataset(trips(), name="Bikes")


def test_trips_of_nobody_are_grouped_by_their_start(of_trips):
    log = of_trips.everything
    assert log.is_anonymous and log.has_origins
    assert log.owner_ids.tolist() == sorted(trips()[schema.ORIGIN_ID].unique().to_list())
    # The item of a trip's start is the group's own station.
    assert (log.vocabulary.items[log.origin] == log.owner_ids[log.owner]).all()
    assert log.starts["name"][0] == "Station S00"
    assert log.starts.row(0)[1:] == (40.70, -74.00)


def test_without_a_start_everybody_is_one_group():
    log = Dataset(everybody(200)).everything
    assert log.owner_ids.tolist() == [schema.NOBODY] and not log.has_origins


def test_starts_without_an_id_are_grouped_by_cell():
    table = trips(500).drop(schema.ORIGIN_ID, schema.ORIGIN_NAME)
    cells = schema.cell_names(table["origin_lat"], table["origin_lon"], schema.START_RESOLUTION)
    log = encode(table, Vocabulary.of(table))
    assert sorted(log.owner_ids) == sorted(cells.unique().to_list())


def test_check_ins_of_strangers_do_not_follow_one_another(of_trips):
    log = of_trips.everything
    assert len(np.unique(log.session)) == len(log)
    queries = of_trips.split.queries("test")
    assert (recent_rows(queries, 5) == -1).all()
    assert (queries.running_session == -1).all() and not queries.session_length.any()
    # What somebody is at is the start alone.
    assert (recent_items(queries, 2)[:, 1] == queries.log.origin[queries.row]).all()
    assert not Dataset(everybody(300)).everything.came_from.max() >= 0


def test_a_query_stands_where_the_trip_begins(of_trips):
    queries = of_trips.split.queries("test", scored="every")
    log = queries.log
    assert queries.lat.tolist() == log.origin_lat[queries.row].tolist()
    assert queries.here.tolist() == log.origin[queries.row].tolist()
    history = log.origin[queries.indices] == queries.here[queries.pair_query]
    assert history.all() and (queries.length > 50).all()


def test_each_trip_of_the_last_part_is_scored(of_trips):
    parts = of_trips.split
    assert len(parts.scored_rows("test", "session_end")) == 300
    assert len(of_trips.training) == 2_400
    starts = schema.subjects(of_trips.training).to_list()
    assert starts == parts.log.owner_ids[parts.train.owner].tolist()


def test_transitions_are_the_trips(of_trips):
    log = of_trips.everything
    code = np.argsort(log.vocabulary.items)
    counted = transitions(log).toarray()[np.ix_(code, code)]
    table = trips()
    for start, end in [(0, 1), (3, 8)]:
        pair = (pl.col("origin_id") == f"S{start:02d}") & (pl.col("item_id") == f"S{end:02d}")
        assert counted[start, end] == table.filter(pair).height > 20


def test_a_start_without_a_place_is_where_that_station_is():
    table = trips(400).drop(schema.ORIGIN_LAT, schema.ORIGIN_LON)
    log = encode(table, Vocabulary.of(table))
    whole = encode(trips(400), Vocabulary.of(table))
    assert np.allclose(log.origin_lat, whole.origin_lat)


def test_a_group_is_asked_at_its_start(of_trips):
    log = of_trips.everything
    asked = ask(log, 2, [log.time_us.max() + 1], [-240], [np.nan], [np.nan])
    assert log.vocabulary.items[asked.here].tolist() == ["S02"]
    assert asked.length[0] == (log.owner == 2).sum()
    assert ask(log, -1, [1], [0], [np.nan], [np.nan]).here.tolist() == [-1]


def test_a_person_who_travels_is_at_the_start_of_the_trip():
    table = trips(300).with_columns(user_id=pl.lit("ann"))
    dataset = Dataset(table)
    log = dataset.everything
    assert not log.is_anonymous and log.owner_ids.tolist() == ["ann"]
    queries = dataset.split.queries("test", scored="every")
    log = queries.log
    assert queries.here.tolist() == log.origin[queries.row].tolist()
    assert (recent_rows(queries, 3) >= 0).all()


def test_what_everybody_does_from_here_at_this_hour_is_learned(of_trips):
    queries = of_trips.split.queries("test")
    station = np.array([int(item[1:]) for item in queries.vocabulary.items])
    right = station[queries.log.origin[queries.row]]
    hour = queries.hour
    usual = (right + np.where(hour < 12, 1, 5)) % 12
    ceiling = (usual == station[queries.target]).mean()
    counted = UserCounts().fit(of_trips).score(queries).argmax(axis=1)
    mixed = CounterMix(n_queries=600).fit(of_trips).score(queries).argmax(axis=1)
    # Without the hour half of the trips that follow the rule can be known.
    assert (counted == queries.target).mean() < ceiling / 2 + 0.15
    assert (mixed == queries.target).mean() > ceiling - 0.2


def test_a_product_has_no_place_of_its_own():
    vocabulary = Vocabulary.of(shops(400))
    assert np.isnan(vocabulary.item_lat).all() and not vocabulary.item_is_place.any()
    plain = Vocabulary.of(shops(400).drop(schema.PLACE_ID))
    assert not np.isnan(plain.item_lat).any()
