"""Forecasters against statsmodels, a textbook, hand computations and each other."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.errors import AnalysisError
from strec.temporal import (
    ExponentialSmoothing,
    HarmonicRegression,
    LSTMForecaster,
    Sarima,
    SeasonalNaive,
    TimeSeries,
    backtest,
    diagnose,
    mase_scale,
    outlook,
    standard_models,
)
from strec.temporal.conformal import conformal, lie_on_one_side
from strec.temporal.forecasting import choose_scale, error_quantiles
from tests.temporal.worlds import AIR_PASSENGERS, air_passengers, daily_wave

QUICK = [
    SeasonalNaive(),
    ExponentialSmoothing(),
    HarmonicRegression(budget_s=1.0),
    Sarima(order=(1, 0, 1), seasonal=(1, 0, 0)),
    LSTMForecaster(hidden=8, steps=20),
]


# ---------------------------------------------------------------- one contract


@pytest.mark.slow
@pytest.mark.parametrize("model", QUICK, ids=lambda each: each.label)
def test_every_forecaster_keeps_the_contract(model):
    data = daily_wave(15)
    ahead = model.fit(data).forecast(30, level=0.8)
    assert list(ahead.index) == list(data.future(30))
    assert (ahead["lower"] <= ahead["mean"] + 1e-9).all()
    assert (ahead["mean"] <= ahead["upper"] + 1e-9).all()
    assert (ahead >= 0).all().all() and np.isfinite(ahead).all().all()
    assert model.description_ and len(model.residuals_) > 100
    wider = model.forecast(30, level=0.99)
    assert (wider["upper"] - wider["lower"]).mean() > (ahead["upper"] - ahead["lower"]).mean()


@pytest.mark.slow
@pytest.mark.parametrize("model", QUICK, ids=lambda each: each.label)
def test_the_same_series_gives_the_same_forecast(model):
    data = daily_wave(12)
    first = model.fit(data).forecast(5)
    pd.testing.assert_frame_equal(first, model.fit(data).forecast(5))


@pytest.mark.parametrize("values", [np.arange(10.0), np.ones(50), np.full(40, np.nan)])
def test_too_short_or_constant_series_are_refused_in_words(values):
    with pytest.raises(AnalysisError) as caught:
        SeasonalNaive(2).fit(values)
    assert caught.value.mend


def test_a_forecast_before_fitting_or_backwards_is_refused():
    with pytest.raises(AnalysisError):
        SeasonalNaive().forecast(3)
    with pytest.raises(AnalysisError):
        SeasonalNaive().fit(daily_wave(5)).forecast(0)


def test_an_order_that_cannot_be_fitted_is_said_in_words(monkeypatch):
    monkeypatch.setattr("strec.temporal.orders.fit", lambda *asked: None)
    with pytest.raises(AnalysisError, match="ARIMA"):
        Sarima(order=(1, 0, 1)).fit(daily_wave(5))


# ---------------------------------------------------------------- each against something known


def test_the_naive_repeats_the_last_season():
    values = np.array([1.0, 5.0, 2.0, 8.0] * 8)
    values[-4:] = [2, 6, 3, 9]
    ahead = SeasonalNaive(4).fit(values).forecast(6)
    assert ahead["mean"].round(6).tolist() == [2, 6, 3, 9, 2, 6]


def test_sarima_is_that_of_statsmodels():
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    values = np.log(AIR_PASSENGERS)
    ours = Sarima(12, order=(0, 1, 1), seasonal=(0, 1, 1)).fit(TimeSeries.of(values, periods=(12,)))
    scale = ours.scale_.to(values)
    theirs = SARIMAX(scale, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12)).fit(disp=False)
    expected = ours.scale_.back(theirs.get_forecast(12).predicted_mean)
    assert np.allclose(ours.forecast(12)["mean"], expected, rtol=2e-3)


@pytest.mark.slow
def test_the_seasons_of_the_airline_model_are_found_for_air_passengers():
    """Box & Jenkins chose (0,1,1)(0,1,1) on the logarithm."""
    model = Sarima(budget_s=20).fit(air_passengers())
    assert model.scale_.name == "log" and model.search_.seasonal == (0, 1, 1, 12)
    p, d, q = model.search_.order
    # A first difference, or an AR(1), which may come as near to one as it likes.
    assert q == 1 and p + d == 1


@pytest.mark.slow
def test_the_last_two_years_of_air_passengers_are_foreseen():
    data = air_passengers()
    models = {each.label: each for each in (SeasonalNaive(), Sarima(budget_s=5))}
    found = backtest(data, models, horizon=12, windows=2)
    errors = found.table.set_index("model")["mae"]
    # The airline model's error is about 3 % of the level; repeating last year's is about 10 %.
    assert errors["SARIMA"] < 25 and errors["SARIMA"] < 0.6 * errors["Seasonal naive"]
    assert found.best == "SARIMA" and "less than repeating the last season" in found.sentence


def test_exponential_smoothing_follows_a_level_as_statsmodels_does():
    from statsmodels.tsa.holtwinters import SimpleExpSmoothing

    values = 50 + np.random.default_rng(3).normal(size=200).cumsum() * 0.5
    ours = ExponentialSmoothing(period=0).fit(values - 200).forecast(1)["mean"].iloc[0]
    theirs = SimpleExpSmoothing(values - 200, initialization_method="estimated").fit().forecast(1)
    assert ours == pytest.approx(theirs[0], abs=0.4)


@pytest.mark.slow
def test_harmonics_find_day_and_week():
    model = HarmonicRegression(budget_s=1.0).fit(daily_wave(42))
    assert model.harmonics_[24] >= 1 and model.harmonics_[168] >= 1


@pytest.mark.slow
def test_the_lstm_learns_a_wave():
    data = daily_wave(28, level=40)
    found = backtest(
        data, {each.label: each for each in (SeasonalNaive(), LSTMForecaster())}, windows=1
    )
    errors = found.table.set_index("model")["mae"]
    # Repeating a noisy week doubles the noise; a network that learned the wave does not.
    assert errors["LSTM"] < 0.95 * errors["Seasonal naive"]


# ---------------------------------------------------------------- backtest and intervals


def test_measures_are_their_formulas():
    values = np.tile([10.0, 20.0, 30.0, 40.0], 10)
    values[-4:] += [1, -2, 3, -4]
    found = backtest(values, {"Repeat": SeasonalNaive(4)}, horizon=4, windows=1)
    row = found.table.iloc[0]
    assert row["mae"] == pytest.approx(2.5)
    assert row["mse"] == pytest.approx((1 + 4 + 9 + 16) / 4)
    assert row["rmse"] == pytest.approx(np.sqrt(7.5))


def test_mase_divides_by_the_naive_within_the_past():
    data = TimeSeries.of([1.0, 3.0, 2.0, 6.0, 4.0], periods=(2,))
    assert mase_scale(data) == pytest.approx(np.mean([1, 3, 2]))


def test_windows_end_with_the_series_and_see_only_the_past():
    values = np.arange(60.0)
    found = backtest(values, {"Repeat": SeasonalNaive(1)}, horizon=5, windows=3)
    first = found.forecasts.query("step == 1")
    assert first["observed"].tolist() == [45, 50, 55]
    # The naive repeats the value just before each window.
    assert first["mean"].round(6).tolist() == [44, 49, 54]


def test_a_tie_with_the_naive_is_said():
    noise = np.random.default_rng(0).poisson(30, 200).astype(float)
    found = backtest(
        TimeSeries.of(noise, grain="day"),
        {"Seasonal naive": SeasonalNaive(7), "Same again": SeasonalNaive(7)},
        windows=3,
    )
    assert "as good a choice" in found.sentence or "No model beat" in found.sentence


@pytest.mark.slow
def test_bands_hold_about_what_they_promise():
    rng = np.random.default_rng(0)
    steady = [rng.poisson(4, 120) * 1.0 for _ in range(12)]
    walks = [rng.normal(size=120).cumsum() for _ in range(12)]
    for kind in (steady, walks):
        held = [
            backtest(values, {"m": SeasonalNaive(1)}, horizon=6).table["coverage"].iloc[0]
            for values in kind
        ]
        assert 0.84 < np.mean(held) < 0.97


def test_a_band_of_normal_errors_is_that_of_the_normal_and_has_room_for_few_moments():
    errors = np.random.default_rng(0).normal(size=(2_000, 3)) * [1, 2, 2]
    found = conformal(errors, 0.9, horizon=5)
    assert found.spans == pytest.approx(2_000 / 3) and found.is_known
    # Steps borrow from their neighbours: all have the size of the mean square.
    expected = 1.645 * np.sqrt(3)
    assert found.upper[:3] == pytest.approx([expected] * 3, rel=0.05)
    assert found.lower == pytest.approx(-found.upper, rel=0.07)
    assert found.upper[4] / found.upper[2] == pytest.approx(np.sqrt(5 / 3))
    # The same errors once and a hundred times: Student's quantile with 4 degrees of freedom.
    few, many = conformal(errors[:12], 0.9), conformal(np.tile(errors[:12], (100, 1)), 0.9)
    assert few.spans == 4 and few.upper[0] > 1.25 * many.upper[0]
    assert not conformal(errors[:8], 0.9).is_known


@pytest.mark.slow
def test_a_model_that_has_learned_a_jump_is_not_given_the_errors_of_before_it():
    # Fitted before the level doubled it missed upwards only; fitted anew it may miss downwards.
    errors = 20 + 3 * np.random.default_rng(0).normal(size=(70, 7))
    assert lie_on_one_side(errors) and not lie_on_one_side(errors - 20)
    one, both = (conformal(errors, 0.9, either_side=each) for each in (False, True))
    assert (one.lower >= 0).all() and both.lower == pytest.approx(-both.upper)
    assert both.upper == pytest.approx(one.upper, rel=0.1)
    rng = np.random.default_rng(5)
    values = rng.poisson(20 * (1.0 + (np.arange(200) > 120))).astype(float)
    data = TimeSeries.of(values, grain="day", start="2022-01-03")
    held = backtest(data, {"m": HarmonicRegression(budget_s=0.2)}, horizon=7)
    assert held.table["coverage"].iloc[0] > 0.9


def test_bands_are_made_by_models_that_learn_on_the_way_and_never_ahead():
    learned, said = [], []

    class Watched(SeasonalNaive):
        def _fit(self, values):
            super()._fit(values)
            learned.append(len(values))

        def _roll(self, values, origins, horizon):
            said.append((learned[-1], origins))
            return super()._roll(values, origins, horizon)

    rng = np.random.default_rng(0)
    found = backtest(rng.normal(size=100), {"m": Watched(1)}, horizon=5, windows=3)
    # Half of what is before the first window, a third and two thirds of the rest, the windows.
    assert learned == [42, 56, 71, 85, 90, 95]
    assert [n for n, _ in said] == learned
    for (n, origins), end in zip(said, [*learned[1:], 100], strict=True):
        assert origins[0] == n - 1 and origins[-1] == end - 2
    assert found.rolled["m"].origins.tolist() == list(range(41, 99))


def test_a_band_ends_at_the_zeros_where_half_the_counts_are_zero():
    counts = np.random.default_rng(0).poisson(6, 600) * (np.arange(600) % 2)
    found = conformal(np.sqrt(counts)[:, None] - np.sqrt(3), 0.9)
    assert found.lower[0] == pytest.approx(-np.sqrt(3), rel=0.02)
    assert found.upper[0] == pytest.approx(np.quantile(np.sqrt(counts), 0.9) - np.sqrt(3), rel=0.02)


@pytest.mark.slow
def test_what_rolls_on_says_what_the_forecast_says():
    data = air_passengers()
    models = [
        SeasonalNaive(),
        ExponentialSmoothing(),
        HarmonicRegression(budget_s=0.5),
        Sarima(order=(0, 1, 1), seasonal=(0, 1, 1)),
        LSTMForecaster(hidden=4, steps=3),
    ]
    for model in models:
        ahead = model.fit(data.part(0, 120)).forecast(12)["mean"]
        rolled = model.roll(data, np.array([119, 125]), 12)
        assert rolled[0] == pytest.approx(ahead.to_numpy(), rel=1e-3)
        assert rolled[1] == pytest.approx(AIR_PASSENGERS[126:138], rel=0.4)


def test_a_band_is_said_to_be_of_the_past_or_to_be_missing():
    data = daily_wave(35)
    found = backtest(data, {"m": SeasonalNaive(24)}, horizon=24, windows=2)
    ahead = outlook(data, SeasonalNaive(24), 24, past=found, name="m")
    assert (ahead.frame["lower"] >= 0).all() and "check-ins" in ahead.sentence
    assert found.held("m") in ahead.sentence and "of 48 values" in ahead.sentence
    alone = outlook(data, SeasonalNaive(24), 24)
    assert alone.reach.is_known and "of 48 values" not in alone.sentence
    none = outlook([1.0, 5.0, 2.0] * 12, SeasonalNaive(3), 8)
    assert none.frame["upper"].isna().all() and "There is no band" in none.sentence


def test_too_short_for_a_backtest_is_said_in_words():
    with pytest.raises(AnalysisError, match="backtest"):
        backtest(np.arange(22.0), {"m": SeasonalNaive(1)}, horizon=10)


def test_a_model_that_cannot_fit_is_named_and_the_others_go_on():
    class Broken(SeasonalNaive):
        def _fit(self, values):
            raise ValueError("no")

    found = backtest(
        np.tile([1.0, 4.0], 30), {"Broken": Broken(2), "Repeat": SeasonalNaive(2)}, horizon=4
    )
    assert list(found.table["model"]) == ["Repeat"] and "Broken took no part" in found.sentence


def test_all_five_kinds_take_part():
    labels = set(standard_models())
    assert labels == {
        "Seasonal naive", "Exponential smoothing", "Harmonic regression", "SARIMA", "LSTM",
    }  # fmt: skip


# ---------------------------------------------------------------- scales and errors


def test_scales_come_back():
    for values in (AIR_PASSENGERS, np.arange(50.0), np.arange(-20.0, 30)):
        scale = choose_scale(values, ())
        assert np.allclose(scale.back(scale.to(values)), values)


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 60), st.integers(1, 6), st.integers(1, 12), st.floats(0.5, 0.98))
def test_error_quantiles_widen_with_the_level(n, reach, horizon, level):
    errors = np.random.default_rng(n).normal(size=(n, reach))
    low, high, square = error_quantiles(errors, horizon, level)
    wide_low, wide_high, _ = error_quantiles(errors, horizon, min(level + 0.02, 1.0))
    assert len(low) == len(high) == len(square) == horizon
    assert (wide_low <= low + 1e-12).all() and (wide_high >= high - 1e-12).all()
    assert (square >= 0).all()


def test_residuals_are_examined_as_statsmodels_does():
    from statsmodels.stats.diagnostic import acorr_ljungbox

    model = SeasonalNaive(1).fit(np.random.default_rng(0).normal(size=300).cumsum())
    found = diagnose(model)
    expected = acorr_ljungbox(model.residuals_, lags=[found.lags])["lb_pvalue"].iloc[0]
    assert found.ljung_box_p == pytest.approx(expected, rel=1e-6)
    # The steps of a random walk are white noise.
    assert found.ljung_box_p > 0.01 and "No memory is seen" in found.sentence


def test_the_memory_that_a_model_estimated_costs_degrees_of_freedom():
    from statsmodels.stats.diagnostic import acorr_ljungbox

    walk = np.random.default_rng(0).normal(size=200)
    model = Sarima(order=(2, 0, 1)).fit(walk)
    found = diagnose(model)
    expected = acorr_ljungbox(model.residuals_, lags=[found.lags], model_df=3)["lb_pvalue"].iloc[0]
    assert model.n_memory_ == 3
    assert found.ljung_box_p == pytest.approx(expected, rel=1e-6)
