"""Tests of stationarity, correlation, decomposition and rhythms, against statsmodels, scipy, and
what is known of textbook series."""

import numpy as np
import pandas as pd
import pytest
from scipy import signal
from statsmodels.datasets import co2, macrodata, nile, sunspots
from statsmodels.tsa.arima_process import ArmaProcess
from statsmodels.tsa.seasonal import MSTL, STL
from statsmodels.tsa.stattools import acf, adfuller, kpss, pacf

from strec.errors import AnalysisError
from strec.temporal import (
    TimeSeries,
    autocorrelation,
    decompose,
    level_shifts,
    periodogram,
    stationarity,
)
from strec.temporal.background import _shape
from strec.temporal.seasonality import strength
from tests.temporal.worlds import air_passengers, daily_wave

pytestmark = [
    # statsmodels 0.15 announces other return types; `quietly` is ready for both.
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*look-up table"),
]


def sunspot_numbers() -> np.ndarray:
    return sunspots.load_pandas().data["SUNACTIVITY"].to_numpy()


def ar1(memory: float, n: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=n + 100)
    return signal.lfilter([1], [1, -memory], noise)[100:]


# ---------------------------------------------------------------- stationarity


@pytest.mark.parametrize("values", [sunspot_numbers(), ar1(0.5, 300, 0), ar1(1.0, 300, 1)])
def test_statistics_are_those_of_statsmodels(values):
    found = stationarity(values)
    assert found.adf.statistic == pytest.approx(adfuller(values)[0])
    assert found.adf.p == pytest.approx(adfuller(values)[1])
    assert found.kpss.statistic == pytest.approx(kpss(values, nlags="auto")[0])
    assert found.adf_trend.p == pytest.approx(adfuller(values, regression="ct")[1])


@pytest.mark.parametrize(
    ("values", "case"),
    [
        (ar1(0.5, 400, 0), "steady"),
        (ar1(1.0, 400, 1), "wandering"),
        (ar1(0.3, 400, 2) + 0.02 * np.arange(400), "trend"),
        (ar1(0.2, 400, 3) + np.repeat([0, 1.2], 200), "shifting"),
        (ar1(0.95, 60, 8), "undecided"),
    ],
)
def test_the_four_cases_and_their_reading(values, case):
    found = stationarity(values)
    assert found.case == case
    first = {"trend": "Steady around a straight line"}.get(case, case.capitalize())
    assert found.sentence.startswith(first)


def test_a_table_for_those_who_want_the_numbers():
    table = stationarity(ar1(0.5, 100, 0)).table()
    assert table["test"].to_list() == ["ADF", "KPSS", "ADF", "KPSS"]
    assert table["p"].between(0, 1).all()


# ---------------------------------------------------------------- autocorrelation


def test_autocorrelations_are_those_of_statsmodels():
    values = sunspot_numbers()
    frame = autocorrelation(values, lags=30).frame
    np.testing.assert_allclose(frame["acf"], acf(values, nlags=30)[1:], atol=1e-10)
    np.testing.assert_allclose(frame["pacf"], pacf(values, nlags=30, method="ywm")[1:], atol=1e-10)
    bands = acf(values, nlags=30, alpha=0.05)[1]
    np.testing.assert_allclose(frame["acf_band"], (bands[1:, 1] - bands[1:, 0]) / 2, rtol=1e-6)


def test_the_day_shows_in_hourly_counts():
    found = autocorrelation(daily_wave(21))
    assert found.periods == (24, 168)
    assert "1 day apart by 0." in found.sentence
    assert found.ljung_box_p < 1e-6


def test_white_noise_says_nothing_reliable():
    assert "cannot be told from" in autocorrelation(ar1(0, 300, 5)).sentence


# ---------------------------------------------------------------- decomposition


def test_decomposition_is_that_of_statsmodels():
    monthly = air_passengers()
    ours, theirs = decompose(monthly), STL(monthly.clock, period=12).fit()
    np.testing.assert_allclose(ours.frame["trend"], theirs.trend)
    np.testing.assert_allclose(ours.frame["season_12"], theirs.seasonal)
    hourly = daily_wave(21)
    both = MSTL(hourly.clock, periods=(24, 168)).fit()
    np.testing.assert_allclose(decompose(hourly).frame["season_168"], both.seasonal["seasonal_168"])


def test_parts_add_up_to_what_was_observed():
    frame = decompose(daily_wave(21)).frame
    parts = frame.drop(columns="observed").sum(axis=1)
    np.testing.assert_allclose(parts, frame["observed"])


def test_the_swing_told_is_that_of_the_mean_cycle_and_not_of_the_last():
    day = np.arange(7 * 30)
    size = np.where(day < 7 * 29, 10.0, 2.0)
    wave = 100 + size * np.sin(2 * np.pi * day / 7)
    found = decompose(TimeSeries.of(wave, grain="day", start="2024-01-01"))
    told = float(found.sentence.split("its high is ")[1].split(" ")[0])
    # sin is ±0.975 at the best of seven phases.
    assert told == pytest.approx(2 * 0.975 * 10, rel=0.08)


def test_strength_is_its_formula():
    rest, part = np.array([1.0, -1.0, 1.0, -1.0]), np.array([3.0, 3.0, -3.0, -3.0])
    # Var(rest) = 1, Var(rest + part) = 10.
    assert strength(rest, part) == pytest.approx(0.9)
    assert strength(part, np.zeros(4)) == 0


def test_co2_has_a_trend_and_a_year():
    monthly = TimeSeries.of(co2.load_pandas().data["co2"].resample("MS").mean())
    found = decompose(monthly)
    assert found.strengths["trend"] > 0.99 and found.strengths["season_12"] > 0.9
    assert "yearly cycle is very strong" in found.sentence
    # Scripps: from about 316 ppm in 1958 to 371 in 2001.
    assert found.frame["trend"].iloc[0] == pytest.approx(316, abs=1.5)
    assert found.frame["trend"].iloc[-1] == pytest.approx(371, abs=1.5)


def test_a_season_in_adjusted_data_is_called_chance():
    # These quarters are seasonally adjusted, and yet STL finds a season of strength 0.4.
    gdp = macrodata.load_pandas().data["realgdp"].to_numpy()
    found = decompose(TimeSeries.of(gdp, grain="quarter", start="1959-01-01"))
    assert found.strengths["season_4"] > 0.3
    assert found.chance["season_4"] > 0.05
    assert "may be chance" in found.sentence


# ---------------------------------------------------------------- rhythms


def test_power_is_that_of_scipy():
    values = sunspot_numbers()
    frequency, power = signal.periodogram(values, window="hann", detrend="linear")
    frame = periodogram(values).frame
    ours = frame["power"] / frame["power"].sum()
    theirs = power[2 : 2 + len(frame)]
    np.testing.assert_allclose(ours, theirs / theirs.sum(), atol=1e-12)
    np.testing.assert_allclose(frame["frequency"], frequency[2 : 2 + len(frame)])


def test_the_sun_has_eleven_years():
    found = periodogram(TimeSeries.of(sunspot_numbers(), grain="year", start="1700-01-01"))
    assert found.rhythms["period"].iloc[0] == pytest.approx(11, abs=0.3)
    assert "11" in found.sentence


def test_background_is_the_spectrum_of_statsmodels():
    w, theirs = ArmaProcess([1, -0.5, 0.3], [1, 0.4]).periodogram(200)
    # Partial correlations of that AR(2): the second is φ₂ = -0.3, the first φ₁ / (1 - φ₂).
    partial = np.arctanh([0.5 / 1.3, -0.3, 0.4])
    waves = np.exp(-1j * np.outer(w, (1, 2)))
    np.testing.assert_allclose(
        _shape(partial, (2, 1), waves), theirs / theirs[0] * 1.4**2 / 0.8**2, rtol=1e-6
    )


def test_memory_beneath_noise_is_found():
    # An AR(1) with as much white noise on top: the correlation is halved, and it is an ARMA(1, 1).
    slow = ar1(0.9, 4000, 0)
    found = periodogram(slow + np.random.default_rng(1).normal(scale=slow.std(), size=4000))
    assert found.memory == pytest.approx(0.45, abs=0.04) and min(found.orders) >= 1
    assert f"ARMA{found.orders}" in found.sentence


def slow_counts(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).poisson(5 * np.exp(0.2 * ar1(0.97, 600, seed)))


def two_memories(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=700)
    return signal.lfilter([1], [1, -1.3, 0.4], noise)[100:]


@pytest.mark.parametrize("noise", [lambda seed: ar1(0.6, 600, seed), slow_counts, two_memories])
def test_noise_rarely_shows_a_rhythm(noise):
    # With an AR(1) beneath all of them the last two showed one nearly always.
    alarms = [
        periodogram(TimeSeries.of(noise(seed), grain="hour")).rhythms["real"].any()
        for seed in range(4)
    ]
    assert sum(alarms) <= 1


def test_day_and_week_are_named_and_their_overtones_are_theirs():
    found = periodogram(daily_wave(42))
    real = found.rhythms[found.rhythms["real"]]
    assert real["period"].to_list()[:2] == [24, 168]
    assert not real["usual"].eq(False).any()
    assert found.sentence.startswith("Real rhythms: 1 day (")


def test_a_rhythm_nobody_expected_is_found_beside_the_day():
    hour = np.arange(24 * 30)
    noise = np.random.default_rng(0).normal(size=len(hour))
    values = np.sin(2 * np.pi * hour / 24) + np.sin(2 * np.pi * hour / 10.5) + noise
    found = periodogram(TimeSeries.of(values, grain="hour"))
    others = found.rhythms[found.rhythms["real"] & ~found.rhythms["usual"]]
    assert others["period"].iloc[0] == pytest.approx(10.5, abs=0.2)
    assert "1 week does not stand out" in found.sentence


# ---------------------------------------------------------------- changes of the level


def test_the_nile_falls_in_1899():
    # Cobb (1978); the means before and after are in every textbook.
    flow = nile.load_pandas().data["volume"].to_numpy()
    found = level_shifts(TimeSeries.of(flow, grain="year", start="1871-01-01"))
    assert [row.year for row in found.frame["start"]] == [1899]
    assert found.frame["before"].iloc[0] == pytest.approx(1097.75)
    assert found.frame["after"].iloc[0] == pytest.approx(849.97, abs=0.01)
    assert "moved once in 1899" in found.sentence


@pytest.mark.parametrize("memory", [0.0, 0.5])
def test_noise_rarely_moves_its_level(memory):
    moved = [len(level_shifts(ar1(memory, 200, seed)).frame) > 0 for seed in range(100)]
    assert sum(moved) <= 5


def test_a_straight_line_is_not_a_staircase():
    found = level_shifts(0.1 * np.arange(200) + ar1(0.3, 200, 0))
    assert found.steady_change and found.frame.empty
    assert "rises evenly" in found.sentence


def test_two_shifts_under_a_daily_rhythm():
    wave = daily_wave(28, level=30).clock.to_numpy().copy()
    wave[200:400] += 40
    found = level_shifts(TimeSeries.of(wave, grain="hour", start="2024-01-01", unit="check-ins"))
    assert "check-ins per hour" in found.sentence
    at = [(row - pd.Timestamp("2024-01-01")) / pd.Timedelta("1h") for row in found.frame["start"]]
    assert any(abs(each - 200) < 8 for each in at) and any(abs(each - 400) < 8 for each in at)


# ---------------------------------------------------------------- unsuitable data


@pytest.mark.parametrize(
    "question", [stationarity, autocorrelation, periodogram, level_shifts, decompose]
)
@pytest.mark.parametrize(
    "values",
    [[1.0, 2.0, 3.0], [4.0] * 200, [np.nan] * 150 + [1.0, 2.0] * 25, [7.0]],
    ids=["three", "constant", "gaps", "one"],
)
def test_unsuitable_data_get_an_answer_in_words(question, values):
    with pytest.raises(AnalysisError):
        question(TimeSeries.of(values, grain="day", start="2024-01-01"))


def test_years_have_no_season_to_take_out():
    with pytest.raises(AnalysisError, match="no usual season"):
        decompose(TimeSeries.of(sunspot_numbers(), grain="year", start="1700-01-01"))


@pytest.mark.parametrize("question", [stationarity, autocorrelation, periodogram, level_shifts])
def test_one_day_of_hours_is_enough_or_an_answer_in_words(question):
    try:
        assert question(daily_wave(1)).sentence
    except AnalysisError as error:
        assert "24" in error.found


def test_a_straight_line_breaks_nothing():
    line = TimeSeries.of(np.arange(60.0), grain="day", start="2024-01-01")
    for question in (stationarity, autocorrelation, level_shifts, decompose):
        assert question(line).sentence
