"""Anomalies are found where they were put, and rarely elsewhere."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control

from strec.errors import AnalysisError
from strec.temporal import TimeSeries, anomalies
from strec.temporal.anomaly import expected_count, least_spread, restore, stabilise
from tests.temporal.worlds import daily_wave


def test_planted_surprises_are_found_and_nothing_else():
    wave = daily_wave(42, level=40).clock.to_numpy().copy()
    planted = {100: 0, 500: 250, 801: 150}
    for place, value in planted.items():
        wave[place] = value
    found = anomalies(TimeSeries.of(wave, grain="hour", start="2024-01-01")).found
    hours = ((found.index - pd.Timestamp("2024-01-01")) / pd.Timedelta("1h")).astype(int)
    assert set(planted) <= set(hours)
    assert len(found) <= len(planted) + 1
    assert (found["q"] <= 0.05).all()


@pytest.mark.slow
def test_ordinary_counts_rarely_raise_an_alarm():
    alarms = sum(len(anomalies(daily_wave(28, seed=seed)).found) > 0 for seed in range(8))
    assert alarms <= 2


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.05, 0.2, 1.0, 3.0])
def test_few_check_ins_are_not_alarming_because_most_hours_have_none(level):
    alarms = sum(len(anomalies(daily_wave(42, seed, level)).found) > 0 for seed in range(8))
    assert alarms <= 2


def test_a_burst_among_few_check_ins_is_found():
    wave = daily_wave(42, level=0.2).clock.to_numpy().copy()
    wave[501] = 9
    found = anomalies(TimeSeries.of(wave, grain="hour")).found
    assert len(found) == 1 and found["observed"].iloc[0] == 9 and found["expected"].iloc[0] < 1


def test_the_scale_of_few_counts_is_that_of_poisson():
    for rate in (0.05, 0.5, 3.0, 12.0, 60.0):
        sample = stabilise(np.random.default_rng(1).poisson(rate, 400_000))
        assert float(expected_count(sample.mean())) == pytest.approx(rate, rel=0.02)
        if rate < 5:
            assert float(least_spread(np.array(rate))) == pytest.approx(sample.std(), rel=0.02)


def test_a_storm_of_half_a_day_is_one_cluster():
    wave = daily_wave(42, level=60).clock.to_numpy().copy()
    wave[20 * 24 + 8 : 20 * 24 + 20] *= 0.2
    found = anomalies(TimeSeries.of(wave, grain="hour", start="2024-01-01"))
    marks = found.found.index
    # The hours in which much is missing; the quiet ones after 14:00 could be quiet by chance.
    assert {8, 9, 10, 11, 12, 13} <= set(marks[marks.day_of_year == 21].hour)
    assert (marks.day_of_year == 21).mean() > 0.8


def test_rates_are_those_of_benjamini_and_hochberg():
    frame = anomalies(daily_wave(21)).frame
    np.testing.assert_allclose(frame["q"], false_discovery_control(frame["p"]))


def test_marks_lie_outside_the_band():
    wave = daily_wave(42, level=40).clock.to_numpy().copy()
    wave[[100, 500]] = [0, 260]
    frame = anomalies(TimeSeries.of(wave, grain="hour")).frame
    marked = frame[frame["unusual"]]
    assert not marked["observed"].between(marked["low"] + 0.5, marked["high"] - 0.5).any()
    calm = frame[~frame["unusual"]]
    assert calm["observed"].between(calm["low"] - 0.5, calm["high"] + 0.5).all()


def test_a_gap_is_not_unusual():
    wave = daily_wave(21).clock.copy()
    wave.iloc[50:60] = np.nan
    frame = anomalies(TimeSeries.of(wave)).frame
    assert not frame["unusual"].iloc[50:60].any()
    assert frame["observed"].iloc[50:60].isna().all()


def test_values_below_zero_keep_their_scale():
    values = np.random.default_rng(0).normal(-50, 1, 100)
    values[40] = -70
    found = anomalies(values).found
    assert found.index.to_list() == [40]
    assert found["expected"].iloc[0] == pytest.approx(-50, abs=1)


def test_the_root_makes_counts_equally_noisy_and_comes_back():
    rng = np.random.default_rng(0)
    for mean in (4, 40, 400):
        assert stabilise(rng.poisson(mean, 4000).astype(float)).std() == pytest.approx(1, abs=0.06)
    np.testing.assert_allclose(restore(stabilise(np.arange(50.0))), np.arange(50.0))


def test_exact_repetition_leaves_nothing_to_test():
    with pytest.raises(AnalysisError, match="repeat exactly"):
        anomalies(TimeSeries.of(np.tile([1.0, 2.0, 3, 4, 5, 6, 7], 20), grain="day"))


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [4.0] * 200])
def test_unsuitable_data_get_an_answer_in_words(values):
    with pytest.raises(AnalysisError):
        anomalies(TimeSeries.of(values, grain="day"))
