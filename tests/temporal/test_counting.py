"""Counts per period against counting by hand, above all on the two days that clocks change."""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.errors import AnalysisError
from strec.export import MIN_USERS
from strec.store import Filters, Store
from strec.temporal import series, series_by
from tests.temporal.worlds import checkins_at, hourly_checkins

NEW_YORK = "America/New_York"


def per_day(found) -> pd.Series:
    return found.frame.groupby(found.frame["start"].dt.date).size()


def test_the_day_that_clocks_go_forward_has_23_hours():
    # 10 March 2024: 01:59 EST is followed by 03:00 EDT.
    found = series(hourly_checkins("2024-03-09 05:00", 71), "hour", time_zone=NEW_YORK)
    assert per_day(found).loc[date(2024, 3, 10)] == 23
    hours = found.frame[found.frame["start"].dt.date == date(2024, 3, 10)]["start"].dt.hour
    assert 2 not in set(hours)
    assert (found.frame["value"] == 1).all()


def test_the_day_that_clocks_go_back_has_25_hours_and_one_o_clock_twice():
    # 3 November 2024: 01:59 EDT is followed by 01:00 EST.
    found = series(hourly_checkins("2024-11-02 04:00", 73), "hour", time_zone=NEW_YORK)
    assert per_day(found).loc[date(2024, 11, 3)] == 25
    one = found.frame[found.frame["start"] == "2024-11-03 01:00"]
    assert one["utc_offset_min"].to_list() == [-240, -300]
    assert one["value"].to_list() == [1, 1]


@pytest.mark.parametrize(
    ("start", "hours", "day", "length"),
    [("2024-03-08 05:00", 95, "2024-03-10", 23.0), ("2024-11-01 04:00", 97, "2024-11-03", 25.0)],
)
def test_days_know_their_true_length(start, hours, day, length):
    found = series(hourly_checkins(start, hours), "day", time_zone=NEW_YORK)
    row = found.frame.set_index("start").loc[pd.Timestamp(day)]
    assert row["hours"] == length
    assert row["value"] == length


@pytest.mark.parametrize("grain", ["15min", "30min", "hour"])
def test_the_regular_clock_has_24_hours_on_every_day(grain):
    spring = series(hourly_checkins("2024-03-09 05:00", 71), grain, time_zone=NEW_YORK).clock
    autumn = series(hourly_checkins("2024-11-02 04:00", 73), grain, time_zone=NEW_YORK).clock
    steps = {"15min": 96, "30min": 48, "hour": 24}[grain]
    assert (spring.index.date == date(2024, 3, 10)).sum() == steps
    assert (autumn.index.date == date(2024, 11, 3)).sum() == steps
    if grain == "hour":
        # The skipped hour is the mean of its neighbours, the repeated one is averaged.
        assert (spring == 1).all() and (autumn == 1).all()


def test_a_zone_with_half_an_hour_of_daylight_saving():
    # Lord Howe Island: on 7 April 2024 clocks go back by 30 minutes at 02:00.
    checkins = hourly_checkins("2024-04-05 13:00", 72, "Australia/Lord_Howe")
    found = series(checkins, "hour", time_zone="Australia/Lord_Howe")
    assert found.frame["value"].sum() == 72
    assert found.frame["hours"].sum() == pytest.approx(72, abs=1)
    day = found.frame[found.frame["start"].dt.date == date(2024, 4, 7)]
    assert day["hours"].sum() == 24.5


def test_an_offset_of_five_and_a_half_hours_keeps_local_hours():
    found = series(
        hourly_checkins("2024-01-01 18:00", 48, "Asia/Kolkata"), time_zone="Asia/Kolkata"
    )
    assert found.frame["start"].iloc[0] == pd.Timestamp("2024-01-02 00:00")
    assert found.clock.to_list() == [1] * 48


def test_without_one_clock_each_check_in_counts_by_its_own():
    both = pl.concat(
        [
            checkins_at(["2024-06-03 12:10"] * 3, "America/New_York"),
            checkins_at(["2024-06-03 06:20"] * 4, "Europe/Paris"),
        ]
    )
    found = series(both, "hour")
    # Both are at eight in the morning where they happened.
    assert found.time_zone is None
    assert found.clock.to_dict() == {pd.Timestamp("2024-06-03 08:00"): 7}


def test_a_zone_that_is_not_that_of_the_check_ins_is_refused():
    with pytest.raises(AnalysisError, match="0 % of them have the offset"):
        series(hourly_checkins("2024-06-01", 48), "hour", time_zone="Asia/Tokyo")
    with pytest.raises(AnalysisError, match="IANA"):
        series(hourly_checkins("2024-06-01", 48), "hour", time_zone="Mars/Base")


def test_missing_periods_are_zero_or_a_gap_as_asked():
    checkins = checkins_at(["2024-06-03 12:00", "2024-06-03 15:00"])
    assert series(checkins, "hour", time_zone=NEW_YORK).clock.to_list() == [1, 0, 0, 1]
    gaps = series(checkins, "hour", time_zone=NEW_YORK, missing="gap").clock
    assert gaps.isna().to_list() == [False, True, True, False]


def test_hours_that_a_filter_leaves_out_are_gaps_and_not_zeros():
    only = Filters(hours=(9, 10), weekdays=(0, 1))
    found = series(hourly_checkins("2024-06-03 04:00", 72), filters=only, time_zone=NEW_YORK)
    known = found.clock.dropna()
    assert set(known.index.hour) == {9, 10}
    assert set(known.index.day_of_week) == {0, 1}
    assert (known == 1).all()


def test_a_slice_has_the_axis_of_the_whole():
    checkins = checkins_at(
        ["2024-06-01 12:00", "2024-06-03 12:00", "2024-06-05 12:00"], category=["a", "b", "a"]
    )
    found = series(checkins, "day", filters=Filters(categories=("b",)), time_zone=NEW_YORK)
    # The first and the last day are covered only in part.
    assert found.clock.to_dict() == {
        pd.Timestamp("2024-06-02"): 0, pd.Timestamp("2024-06-03"): 1, pd.Timestamp("2024-06-04"): 0,
    }  # fmt: skip
    assert found.name == "b" and found.n_checkins == 1


def test_partial_ends_are_left_out_and_said():
    times = pd.date_range("2024-06-05 16:00", "2024-06-24 03:00", freq="h")
    found = series(checkins_at([str(t) for t in times]), "week", time_zone=NEW_YORK)
    # From a Wednesday to a Sunday evening two weeks later: too few weeks to leave one out.
    assert len(found) == 3 and "first week is only partly covered" in found.sentence
    daily = series(checkins_at([str(t) for t in times]), "day", time_zone=NEW_YORK)
    assert "first day is left out" in daily.sentence
    assert daily.frame["start"].iloc[0] == pd.Timestamp("2024-06-06")


def test_months_are_calendar_months():
    times = pd.date_range("2024-01-01 12:00", "2024-06-30 12:00", freq="D")
    found = series(checkins_at([str(t) for t in times], "UTC"), "month", time_zone="UTC")
    assert found.clock.to_list() == [31, 29, 31, 30, 31, 30]


def test_distinct_users_per_period():
    checkins = checkins_at(["2024-06-03 12:00"] * 5, user_id=["a", "a", "b", "b", "c"])
    found = series(checkins, "hour", measure="users", time_zone=NEW_YORK)
    assert found.clock.to_list() == [3] and found.unit == "users"


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    minutes=st.lists(st.integers(0, 60 * 24 * 40), min_size=1, max_size=60),
    grain=st.sampled_from(["15min", "30min", "hour", "6h"]),
    zone=st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_no_check_in_is_lost_or_counted_twice(minutes, grain, zone):
    start = pd.Timestamp("2024-03-01")
    utc = [str(start + pd.Timedelta(minutes=m)) for m in minutes]
    found = series(checkins_at(utc, zone), grain, time_zone=zone)
    assert found.frame["value"].sum() == len(minutes)
    local = pd.DatetimeIndex(utc).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    size = {"6h": "6h", "hour": "h"}.get(grain, grain)
    by_hand = local.floor(size).value_counts().sort_index()
    ours = found.frame.groupby("start")["value"].sum()
    assert ours[ours > 0].to_list() == by_hand.to_list()


def test_groups_share_one_axis_and_small_ones_are_hidden():
    n = 60
    checkins = checkins_at(
        [str(t) for t in pd.date_range("2024-06-03 04:00", periods=n, freq="h")],
        user_id=[f"u{k % 20}" for k in range(n)],
        category=["big"] * 50 + ["rare"] * 10,
    ).with_columns(
        pl.when(pl.col("category") == "rare")
        .then(pl.lit("one"))
        .otherwise("user_id")
        .alias("user_id")
    )
    found = series_by(checkins, "category", "6h", time_zone=NEW_YORK)
    assert list(found) == ["big"]
    assert found["big"].n_users >= MIN_USERS
    everyone = series_by(checkins, "category", "6h", time_zone=NEW_YORK, min_users=1)
    assert len(everyone["rare"]) == len(everyone["big"])
    total = sum(each.frame["value"].sum() for each in everyone.values())
    assert total == n


def test_user_groups_by_activity_and_by_name():
    users = ["a"] * 8 + ["b"] * 4 + ["c"] * 2
    checkins = checkins_at(["2024-06-03 12:00"] * len(users), user_id=users)
    thirds = series_by(checkins, "user_group", "hour", min_users=1)
    assert {k: v.n_checkins for k, v in thirds.items()} == {
        "heavy users": 8, "regular users": 4, "light users": 2,
    }  # fmt: skip
    named = series_by(
        checkins, "user_group", "hour", min_users=1, groups={"a": "x", "b": "y", "c": "y"}
    )
    assert {k: v.n_checkins for k, v in named.items()} == {"x": 8, "y": 6}


def test_a_cell_selects_the_check_ins_in_it():
    import h3

    checkins = checkins_at(
        ["2024-06-03 12:00"] * 4, lat=[40.7, 40.7, 41.5, None], lon=[-74.0, -74.0, -74.0, None]
    )
    cell = h3.str_to_int(h3.latlng_to_cell(40.7, -74.0, 7))
    only = series(checkins, "hour", filters=Filters(cells=(cell,)))
    assert only.n_checkins == 2 and only.name == "1 cell"
    by_cell = series_by(checkins, "cell", "hour", resolution=7, min_users=1)
    assert by_cell[f"{cell:x}"].n_checkins == 2
    north = h3.str_to_int(h3.cell_to_parent(h3.latlng_to_cell(41.5, -74.0, 10), 8))
    assert series(checkins, "hour", filters=Filters(cells=(cell, north))).n_checkins == 3


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["duckdb://", "polars://"])
def test_a_store_answers_as_its_table_does(tmp_path, engine):
    checkins = hourly_checkins("2024-03-08 05:00", 24 * 30)
    store = Store.create(checkins, tmp_path / "s", name="s", time_zone=NEW_YORK, engine=engine)
    for grain in ("15min", "hour", "6h", "day", "week", "month"):
        ours = series(store, grain)
        pd.testing.assert_frame_equal(ours.frame, series(checkins, grain, time_zone=NEW_YORK).frame)
        assert ours.time_zone == NEW_YORK


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda c: series(c, "minute"), "15min"),
        (lambda c: series(c, missing="drop"), "zero, gap"),
        (lambda c: series(c, measure="money"), "checkins, users"),
        (lambda c: series(c, filters=Filters(users=("nobody",))), "at least one check-in"),
        (lambda c: series(c.head(0)), "at least one check-in"),
        (lambda c: series_by(c, "weather"), "category, event"),
        (lambda c: series_by(c, "event"), "needs that column"),
        (lambda c: series_by(c, "cell", resolution=12), "resolution"),
        (lambda c: series_by(c, "user_group", groups={}), "at least one user"),
    ],
)
def test_bad_questions_get_an_answer_in_words(call, word):
    with pytest.raises(AnalysisError, match=word):
        call(hourly_checkins("2024-06-03", 30))


def test_a_stray_century_asks_for_a_coarser_grain():
    checkins = checkins_at(["1924-06-03 12:00", "2024-06-03 12:00"], "UTC")
    with pytest.raises(AnalysisError, match="impossible dates"):
        series(checkins, "hour", time_zone="UTC")
    assert len(series(checkins, "month", time_zone="UTC")) == 1200


def test_three_check_ins_at_one_time_are_one_period():
    found = series(checkins_at(["2024-06-03 12:00"] * 3), "hour", time_zone=NEW_YORK)
    assert found.clock.to_list() == [3]
    assert "On average 3.0 check-ins per hour" in found.sentence
    assert np.isfinite(found.frame["value"]).all()
