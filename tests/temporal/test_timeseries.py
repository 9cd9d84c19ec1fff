"""The regular clock, gaps, and what a series says about itself."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from strec.dataset import Dataset
from strec.errors import AnalysisError
from strec.simulation import simulate
from strec.temporal import (
    TimeSeries,
    anomalies,
    backtest,
    decompose,
    level_shifts,
    periodogram,
    series,
    stationarity,
)
from strec.temporal.grains import GRAINS, at_in_words, in_words, span_in_words
from tests.temporal.worlds import hourly_checkins


def test_a_gap_takes_the_same_phase_of_the_neighbouring_seasons():
    values = np.tile([1.0, 5.0, 9.0], 5)
    values[7] = np.nan
    assert TimeSeries.of(values, periods=(3,)).filled().to_list() == [1, 5, 9] * 5


def test_a_gap_without_season_is_interpolated():
    assert TimeSeries.of([1.0, np.nan, 3.0, 4.0]).filled().to_list() == [1, 2, 3, 4]


def test_too_many_gaps_are_not_invented():
    with pytest.raises(AnalysisError, match="50 % of the steps"):
        TimeSeries.of([1.0, np.nan, 3.0, np.nan]).filled()


def test_month_ends_and_month_starts_are_the_same_months():
    ends = pd.Series([1.0, 2.0], index=pd.to_datetime(["2024-01-31", "2024-02-29"]))
    assert TimeSeries.of(ends).clock.index.to_list() == list(pd.to_datetime(["2024-01", "2024-02"]))


@pytest.mark.parametrize("name", [n for n in GRAINS if n != "step"])
def test_the_future_follows_the_last_period(name):
    found = TimeSeries.of(np.arange(6.0), grain=name, start="2024-01-01")
    assert TimeSeries.of(found.clock).grain.name == name
    whole = TimeSeries.of(np.arange(9.0), grain=name, start="2024-01-01").clock.index
    assert found.future(3).equals(whole[6:]) or (found.future(3) == whole[6:]).all()


def test_an_index_of_no_known_grain_is_refused():
    odd = pd.Series([1.0, 2.0, 3.0], index=pd.date_range("2024-01-01", periods=3, freq="7h"))
    with pytest.raises(AnalysisError, match="every 7.00 hours"):
        TimeSeries.of(odd)


def test_a_part_keeps_its_place_in_time():
    whole = TimeSeries.of(np.arange(10.0), grain="day", start="2024-01-01")
    assert whole.part(3, 5).clock.to_dict() == {
        pd.Timestamp("2024-01-04"): 3, pd.Timestamp("2024-01-05"): 4,
    }  # fmt: skip


def test_a_long_silence_is_said():
    values = np.ones(24 * 20)
    values[100:200] = 0
    found = TimeSeries.of(values, grain="hour", start="2024-01-01", unit="check-ins")
    assert "longest silence lasts 4 days and begins on Fri 5 Jan 2024, 04:00" in found.sentence
    assert "silence" not in TimeSeries.of(np.ones(50), grain="hour", unit="check-ins").sentence


def test_constant_and_short_series_are_refused_in_words():
    with pytest.raises(AnalysisError, match="every step of series has the value 2"):
        TimeSeries.of([2.0] * 40).need(20, "This")
    with pytest.raises(AnalysisError, match="at least 20 steps"):
        TimeSeries.of([1.0, 2.0]).need(20, "This")


@pytest.mark.parametrize(
    ("steps", "grain", "words"),
    [(96, "15min", "1 day"), (672, "15min", "1 week"), (4, "6h", "1 day"), (7, "day", "1 week"),
     (52, "week", "1 year"), (12, "month", "1 year"), (7, "month", "7 months"),
     (3.5, "day", "3.5 days"), (2, "15min", "2 quarter hours"), (10, "day", "10 days")],
)  # fmt: skip
def test_steps_in_words(steps, grain, words):
    assert in_words(steps, GRAINS[grain]) == words


def test_times_in_words():
    when = pd.Timestamp("2024-06-03 08:00")
    assert at_in_words(when, GRAINS["hour"]) == "on Mon 3 Jun 2024, 08:00"
    assert at_in_words(when, GRAINS["week"]) == "in the week of 3 Jun 2024"
    assert at_in_words(when, GRAINS["year"]) == "in 2024"
    assert at_in_words(4, GRAINS["step"]) == "at step 4"
    assert span_in_words(1) == "1 hour"


def test_three_check_ins_among_many_empty_hours_are_too_few_to_judge():
    table = hourly_checkins("2024-01-01", 3).with_columns(
        pl.col("timestamp") + pl.duration(days=pl.Series([0, 2, 4]))
    )
    data = series(table, "hour", time_zone="America/New_York")
    assert len(data) > 90
    for question in (periodogram, decompose, stationarity, anomalies, level_shifts, backtest):
        with pytest.raises(AnalysisError, match="10 hours with check-ins"):
            question(data)


@pytest.mark.slow
def test_a_data_set_is_enough():
    world = simulate("social", n_users=40, n_checkins=1_500)
    dataset = Dataset(world.filter(pl.col("timestamp") < datetime(2024, 4, 8, tzinfo=UTC)))
    hourly = series(dataset)
    assert hourly.time_zone == dataset.time_zone and hourly.n_checkins == len(dataset)
    assert stationarity(dataset) == stationarity(hourly)
    assert anomalies(dataset.store).sentence == anomalies(hourly).sentence


def test_numbers_are_numbers_and_grains_are_known():
    with pytest.raises(AnalysisError, match="row of numbers"):
        TimeSeries.of(["a", "b"])
    with pytest.raises(AnalysisError, match="quarter, year"):
        TimeSeries.of([1.0, 2.0], grain="fortnight")
    assert TimeSeries.of([]).sentence == "No step of series has a value."
