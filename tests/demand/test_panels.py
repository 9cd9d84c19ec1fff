"""A panel counts what happened per place and hour, and hides what could point at a person."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest

from strec import Dataset, Filters
from strec.demand import Calendar, Panel, country_of, demand, panel, people_at
from strec.errors import AnalysisError
from tests.trips import trips


@pytest.fixture(scope="module")
def visits() -> Dataset:
    """Twelve days: at nine o'clock six people visit a, at ten one visits a, two visit b."""
    begin = datetime(2024, 6, 3, tzinfo=UTC)
    rows = []
    for day in range(12):
        at = begin + timedelta(days=day)
        rows += [(f"u{k}", "a", at + timedelta(hours=9), 40.0, -74.0) for k in range(6)]
        rows += [("u0", "a", at + timedelta(hours=10), 40.0, -74.0)]
        rows += [(f"u{k}", "b", at + timedelta(hours=10), 41.0, -74.0) for k in range(2)]
    names = ["user", "item", "time", "lat", "lon"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return Dataset.from_frame(frame, **{name: name for name in names})


def test_hours_and_places_are_counted(visits):
    found = panel(visits, where="items")
    assert found.places["place"].to_list() == ["a"]  # b has two users.
    assert "hidden" in found.notes[0]
    assert found.start == pd.Timestamp("2024-06-03 05:00")  # In New York.
    # The last hour is only begun when the data end.
    assert found.n_hours == 24 * 11 + 1
    assert found.values[:, 0].sum() == 12 * 6 + 11
    assert found.values[[0, 1, 24, 25], 0].tolist() == [6, 1, 6, 1]


def test_hours_of_few_people_are_not_shown(visits):
    shown = panel(visits, where="items").shown()[:25, 0]
    assert np.isnan(shown[1]) and shown[0] == 6 and shown[2] == 0


@pytest.mark.slow
@pytest.mark.parametrize("where", ["items", "cells"])
def test_the_people_of_places_are_counted_by_day_and_together(visits, where):
    place = panel(visits, where=where, min_users=1).places["place"].to_list()
    by_day, together = people_at(visits, place[:1], "2024-06-10", where=where)
    assert by_day.tolist() == [6] * 12 and together == 6
    by_day, together = people_at(visits, place[1:2], "2024-06-10", where=where)
    assert by_day.tolist() == [2] * 12 and together == 2
    assert people_at(visits, place, "2024-07-01", where=where)[1] == 0


def test_users_are_counted_once(visits):
    found = panel(visits, what="users", where="all")
    assert found.values[:2, 0].tolist() == [6, 2]


@pytest.mark.slow
def test_balance_is_arrivals_less_departures():
    moved = Dataset(trips())
    arrived, left, both = (
        panel(moved, what, "items", min_users=1) for what in ("arrivals", "departures", "balance")
    )
    assert both.values.sum() == arrived.values.sum() - left.values.sum()
    assert both.is_signed and not arrived.is_signed


def test_a_long_silence_of_all_is_a_gap():
    from strec.demand.assembling import with_gaps

    counts = np.full((240, 2), 3.0)
    counts[100:130] = 0
    found, n = with_gaps(counts)
    assert n == 30 and np.isnan(found[100:130]).all() and np.isfinite(found[:100]).all()


def test_who_is_closed_on_sundays_is_known_to_be():
    from strec.demand.assembling import with_gaps

    week = np.tile(np.where(np.arange(24) // 8 == 1, 9.0, 0.0), 7)
    week[144:] = 0  # 2024-06-03 is a Monday
    counts = np.tile(week, 8)[:, None]
    found, n = with_gaps(counts)
    assert n == 0 and np.isfinite(found).all()
    shut = counts.copy()
    shut[2 * 168 + 24 : 2 * 168 + 48] = 0  # one Tuesday
    found, n = with_gaps(shut)
    silence = slice(2 * 168 + 16, 2 * 168 + 56)  # from Monday 16:00 to Wednesday 8:00
    assert n == 40 and np.isnan(found[silence]).all()
    ahead = demand(Panel.of(counts, "2024-06-03"), horizon=168)
    assert ahead.hours[144].day_name() == "Sunday"
    assert ahead.expected[144:].max() < 0.1 and ahead.expected[8:16].min() > 8


@pytest.mark.parametrize(
    "asked",
    [
        {"what": "arrivals"},
        {"what": "value"},
        {"what": "x"},
        {"filters": Filters(hours=(8,))},
        {"where": "areas"},
    ],
)
def test_what_cannot_be_counted_is_said(visits, asked):
    with pytest.raises(AnalysisError):
        panel(visits, **asked)


def test_areas_gather_what_lies_in_them(visits):
    geopandas = pytest.importorskip("geopandas")
    from shapely.geometry import box

    areas = geopandas.GeoDataFrame(
        {"name": ["South"]}, geometry=[box(-75, 39, -73, 40.5)], crs=4326
    )
    with pytest.raises(AnalysisError, match="Point"):
        panel(visits, where="areas", areas=areas.set_geometry(areas.representative_point()))
    found = panel(visits, where="areas", areas=areas)
    assert found.places["name"].to_list() == ["South"]
    assert found.values.sum() == 12 * 6 + 11


def test_own_columns_must_go_on_into_the_future():
    week = Panel.of(np.ones(168), "2024-06-03")
    days = pd.date_range("2024-06-03", periods=8)
    calendar = Calendar(columns=pd.DataFrame({"rain": range(8)}, index=days))
    assert calendar.own(week, 166, 170).ravel().tolist() == [6, 6, 7, 7]
    with pytest.raises(AnalysisError, match="rain"):
        calendar.own(week, 168, 230)


def test_own_columns_may_have_some_holes_and_no_empty_future():
    week = Panel.of(np.ones(24 * 20), "2024-06-03")
    rain = pd.Series(np.arange(22.0), pd.date_range("2024-06-03", periods=22), name="rain")
    rain.iloc[[3, 10, 19]] = np.nan
    calendar = Calendar(columns=rain.to_frame())
    calendar.need(week, 24 * 22)
    # A hole takes the value before, wherever a question ends.
    assert calendar.own(week, 24 * 3, 24 * 4).ravel().tolist() == [2.0] * 24
    for last in (slice(20, 22), slice(0, 22, 3)):
        wrong = rain.copy()
        wrong.iloc[last] = np.nan
        with pytest.raises(AnalysisError, match="rain must be known"):
            Calendar(columns=wrong.to_frame()).need(week, 24 * 22)


def test_the_country_of_a_time_zone_is_known():
    assert country_of("America/Denver") == "US" and country_of(None) is None
