"""Forecasters that every other one must beat: the last season again, and exponential smoothing."""

from typing import Any

import numpy as np
import pandas as pd

from strec.temporal.forecasting import Forecaster, error_quantiles
from strec.temporal.grains import in_words


class SeasonalNaive(Forecaster):
    """Each period repeats the same one of the last season; the interval is that of past errors.

    Parameters
    ----------
    period : int, optional
        Steps; by default the longest season of which there are two cycles, else 1.

    Examples
    --------
    >>> SeasonalNaive(period=2).fit([1.0, 5.0] * 12).forecast(3)["mean"].to_list()
    [1.0, 5.0, 1.0]
    """

    label = "Seasonal naive"
    transforms = False

    def __init__(self, period: int | None = None):
        self.period = period

    def _fit(self, values):
        self.period_ = self.period or max(self.series_.usable_periods(), default=1)
        self.residuals_ = values[self.period_ :] - values[: -self.period_]
        self.description_ = f"repeats the last {in_words(self.period_, self.series_.grain)}"

    def _forecast(self, horizon, level):
        ahead = np.arange(horizon)
        last = self._values[-self.period_ :]
        mean = last[ahead % self.period_]
        # Errors of independent seasons add up (Hyndman & Athanasopoulos, section 5.5).
        growth = np.sqrt(ahead // self.period_ + 1)
        low, high = np.quantile(self.residuals_, [(1 - level) / 2, (1 + level) / 2])
        return mean, mean + low * growth, mean + high * growth

    def _roll(self, values, origins, horizon):
        ahead = np.arange(horizon) % self.period_
        return values[origins[:, None] + 1 - self.period_ + ahead]


class ExponentialSmoothing(Forecaster):
    """Level, damped trend and season that forget at different rates (Holt–Winters, additive).

    Hyndman, Koehler, Ord & Snyder (2008), filtered by statsmodels. The rates are those with the
    smallest squared error over all steps of one season ahead, from every origin in the second half
    (the "average MSE" criterion of R's `ets`): rates that are best for one step follow every wobble
    and fail a week ahead. Intervals are quantiles of the same errors.

    Parameters
    ----------
    period : int, optional
        Steps; by default the longest season of which there are three cycles, else the shortest
        of which there are two, else none.

    Attributes
    ----------
    rates_ : dict
        `level`, `trend`, `season` and `damping`, those that are used.

    Examples
    --------
    >>> found = ExponentialSmoothing(period=4).fit([10, 12, 9, 11] * 8).forecast(4)["mean"]
    >>> [round(each) for each in found]
    [10, 12, 9, 11]
    """

    label = "Exponential smoothing"

    def __init__(self, period: int | None = None):
        self.period = period

    def _fit(self, values):
        self.period_ = self._period()
        # Within a day the hours go up and down; a trend of hours would run away with that.
        trends = self.series_.grain.hours >= 24 or self.series_.grain.name == "step"
        grid = _rate_grid(self.period_, trends)
        self.rates_ = min(grid, key=lambda rates: self._loss(values, rates))
        self._finish(values)

    def _refit(self, values):
        self._fit(values) if self._period() != self.period_ else self._finish(values)

    def _finish(self, values):
        self._states = self._filter(values, self.rates_)
        self._errors_ahead = self._errors(values, self._states)
        self.residuals_ = np.asarray(self._states.resid)
        season = in_words(self.period_, self.series_.grain) if self.period_ else ""
        self.description_ = ", ".join(
            [
                "damped trend" if "trend" in self.rates_ else "no trend",
                f"season of {season}" if season else "no season",
            ]
        )

    def _loss(self, values, rates) -> float:
        errors = self._errors(values, self._filter(values, rates))
        return float(np.mean(errors**2))

    def _period(self) -> int | None:
        if self.period is not None:
            return self.period
        often = self.series_.usable_periods(3)
        return max(often) if often else min(self.series_.usable_periods(), default=None)

    def _filter(self, values: np.ndarray, rates: dict[str, float]) -> Any:
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel

        model = ETSModel(
            pd.Series(values),
            trend="add" if "trend" in rates else None,
            damped_trend="trend" in rates,
            seasonal="add" if self.period_ else None,
            seasonal_periods=self.period_,
            initialization_method="heuristic",
        )
        return model.smooth([rates[name] for name in _ORDER if name in rates])

    def _errors(self, values, states) -> np.ndarray:
        """Errors, shape ``(origins, steps ahead)``."""
        n = len(values)
        reach = min(self.period_ or 12, n // 4)
        origins = np.arange(n // 2, n - reach)
        origins = origins[:: max(1, len(origins) // 200)]
        ahead = np.arange(1, reach + 1)
        return values[origins[:, None] + ahead] - self._says(states, origins, ahead)

    def _says(self, states, origins: np.ndarray, ahead: np.ndarray) -> np.ndarray:
        mean = np.repeat(np.asarray(states.level)[origins][:, None], len(ahead), axis=1)
        if states.model.trend:
            damping = float(states.damping_trend)
            reach = damping * (1 - damping**ahead) / (1 - damping)
            mean = mean + np.asarray(states.slope)[origins][:, None] * reach
        if self.period_:
            phase = origins[:, None] + ahead - self.period_ * np.ceil(ahead / self.period_)
            mean = mean + np.asarray(states.season)[phase.astype(int)]
        return mean

    def _forecast(self, horizon, level):
        ahead = np.arange(1, horizon + 1)
        mean = self._says(self._states, np.array([len(self._values) - 1]), ahead)[0]
        low, high, variance = error_quantiles(self._errors_ahead, horizon, level)
        return self._from_scale(mean, variance, mean + low, mean + high)

    def _roll(self, values, origins, horizon):
        states = self._filter(values, self.rates_)
        return self._says(states, origins, np.arange(1, horizon + 1))

    def _variance(self, horizon):
        return error_quantiles(self._errors_ahead, horizon, 0.9)[2]


#: The order in which statsmodels takes the rates.
_ORDER = ("level", "trend", "season", "damping")


def _rate_grid(period: int | None, trends: bool) -> list[dict[str, float]]:
    grid = []
    for level in (0.01, 0.03, 0.1, 0.25, 0.5, 0.8):
        for season in (0.01, 0.1, 0.3) if period else (None,):
            rates = {"level": level}
            if season is not None:
                rates["season"] = season * (1 - level)
            grid.append(rates)
            grid += [
                rates | {"trend": trend * level, "damping": damping}
                for trend in ((0.05, 0.3) if trends else ())
                for damping in (0.9, 0.98)
            ]
    return grid
