"""Stays of raw tracks: how a track is told from events, its stays, and the places of all people."""

import numpy as np
import polars as pl
import pytest

import strec
from strec import Dataset
from strec.errors import AnalysisError
from strec.evaluation import Regime
from strec.schema import END_TIME, ITEM, LAT, LON, TIME, USER, VALUE, example
from strec.stays import Track, is_raw_track, places_of, stay_points, stays
from tests.tables import METRES, fixes


def test_a_day_of_fixes_is_home_work_and_home_again():
    found = stays(pl.concat([fixes(), fixes("bob")]))
    ann = found.filter(pl.col(USER) == "ann")
    assert ann[ITEM].to_list() == ["Place 1", "Place 2", "Place 1"]
    # To the three minutes that 200 m take on foot.
    hours = ann.select(pl.col(TIME, END_TIME).dt.round("10m").dt.strftime("%H:%M")).rows()
    assert hours == [("00:00", "08:00"), ("09:00", "17:00"), ("18:00", "00:00")]
    assert (ann[VALUE] == ((ann[END_TIME] - ann[TIME]).dt.total_seconds() / 60)).all()
    # Both people's home is one place, within the receiver's error of where it is.
    home = found.filter(pl.col(ITEM) == "Place 1")
    assert set(home[USER]) == {"ann", "bob"} and home.select(LAT, LON).n_unique() == 1
    assert abs(home[LAT][0] - 48) < 20 * METRES and abs(home[LON][0]) < 20 * METRES


def test_one_fix_far_off_does_not_end_a_stay():
    table = fixes()
    far = table.with_columns(
        pl.when(pl.int_range(pl.len()) == 200).then(pl.col(LON) + 0.01).otherwise(pl.col(LON))
    )
    assert stays(far).select(ITEM, VALUE).rows() == stays(table).select(ITEM, VALUE).rows()


def test_thresholds_are_those_of_the_paper():
    """A fix at exactly the distance is near; who leaves after exactly the time has stayed."""
    minutes = np.array([0, 10, 20, 30])
    lat = np.array([0, 199, 201, 402]) * METRES

    def found(at, distance_m=200):
        track = Track(np.zeros(4, int), at * 60_000_000, lat, np.zeros(4))
        return list(zip(*(vars(stay_points(track, distance_m))[n].tolist()
                          for n in ("start", "stop")), strict=True))  # fmt: skip

    assert found(minutes) == [(0, 2)]
    assert found(minutes * 0.99) == []
    assert found(minutes, 250) == [(0, 3)]
    # A day without a fix ends what was before it.
    assert found(np.array([0, 15, 15 + 1500, 15 + 1510])) == []


@pytest.mark.parametrize(
    "change, is_track",
    [
        ({}, True),
        ({USER: pl.lit("")}, False),  # nobody is named: rides, one after the other
        ({TIME: pl.col(TIME) + pl.duration(hours=4) * pl.int_range(pl.len())}, False),
        ({LAT: pl.col(LAT).round(2), LON: pl.col(LON).round(2)}, False),  # places that come again
        ({LAT: pl.lit(None, pl.Float64), LON: pl.lit(None, pl.Float64)}, False),
        ({LAT: pl.col(LAT) + pl.int_range(pl.len()) % 2}, False),  # nobody travels so fast
        ({TIME: pl.col(TIME).dt.truncate("6h")}, False),  # baskets
    ],
)
def test_a_track_is_told_from_events_by_its_content(change, is_track):
    assert is_raw_track(fixes().with_columns(**change)) is is_track


def test_a_place_is_no_wider_than_its_radius():
    """A chain of spots, each near the next, is several places and not one long one."""
    lat = np.repeat(np.arange(0, 2000, 60) * METRES, 3)
    place = places_of(lat, np.zeros(len(lat)), 100)
    for each in np.unique(place):
        assert np.ptp(lat[place == each]) <= 200 * METRES * 1.01
    assert place.max() > 8


def test_a_file_gives_what_the_table_gives(tmp_path, monkeypatch):
    table = pl.concat([fixes(name, lon) for name, lon in zip("abc", (0, 1, 2), strict=True)])
    file = tmp_path / "fixes.parquet"
    table.sample(fraction=1, shuffle=True, seed=1).write_parquet(file)
    monkeypatch.setattr("strec.stays.CHUNK_ROWS", 2_000)
    assert stays(file).equals(stays(table))


def test_without_a_stay_there_is_an_empty_table():
    assert stays(example().head(1)).is_empty()


def test_raw_fixes_are_not_scored_unless_asked(tmp_path):
    data = Dataset(pl.concat([fixes(), fixes("bob")]), folder=tmp_path / "store")
    for score in (strec.dependence, lambda data: strec.evaluate(["popularity"], data)):
        with pytest.raises(AnalysisError, match="raw fixes.*as_events"):
            score(data)
    assert data.store.is_raw_track and Dataset.from_store(data.store).is_raw_track
    regime = Regime(scored="every")
    assert strec.evaluate(["popularity"], data.as_events(), regime, reference=False)
    cleaned, _ = strec.clean(fixes(days=2))
    assert not cleaned.is_raw_track and cleaned.need_events() is cleaned
