"""Forecasters that every other one must beat: the last season again, and exponential smoothing."""

import numpy as np
import pandas as pd

from strec.temporal.forecasting import NONE, Forecaster
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


class ExponentialSmoothing(Forecaster):
    """Level, damped trend and season that forget at rates fitted to the data (ETS, additive).

    Hyndman, Koehler, Ord & Snyder (2008), by statsmodels. With or without trend by AICc.

    Parameters
    ----------
    period : int, optional
        Steps; by default the longest season of which there are three cycles, else the shortest
        of which there are two, else none.

    Examples
    --------
    >>> monthly = [10, 12, 9, 11] * 8
    >>> found = ExponentialSmoothing(period=4).fit(monthly).forecast(4)["mean"].round()
    >>> [int(each) for each in found]
    [10, 12, 9, 11]
    """

    label = "Exponential smoothing"

    def __init__(self, period: int | None = None):
        self.period = period

    def _fit(self, values):
        candidates = [self._one(values, trend) for trend in (None, "add")]
        self._result = min(candidates, key=lambda each: each.aicc)
        self._finish()

    def _refit(self, values):
        self._result = self._one(values, self._result.model.trend and "add")
        self._finish()

    def _finish(self):
        self.residuals_ = np.asarray(self._result.resid)
        period = self._period()
        self.description_ = ", ".join(
            [
                "additive",
                "damped trend" if self._result.model.trend else "no trend",
                f"season of {in_words(period, self.series_.grain)}" if period else "no season",
            ]
        )

    def _period(self) -> int | None:
        if self.period is not None:
            return self.period
        often = self.series_.usable_periods(3)
        return max(often) if often else min(self.series_.usable_periods(), default=None)

    def _one(self, values, trend):
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel

        period = self._period()
        return ETSModel(
            pd.Series(values),
            error="add",
            trend=trend,
            damped_trend=trend is not None,
            seasonal="add" if period else None,
            seasonal_periods=period,
            initialization_method="heuristic" if len(values) >= 3 * (period or 4) else "estimated",
        ).fit(disp=0)

    def _forecast(self, horizon, level):
        n = len(self._values)
        frame = self._result.get_prediction(start=n, end=n + horizon - 1).summary_frame(
            alpha=1 - level
        )
        mean, low, high = (frame[name].to_numpy() for name in ("mean", "pi_lower", "pi_upper"))
        if self.scale_ is NONE:
            return mean, low, high
        from scipy.stats import norm

        sd = (high - low) / (2 * norm.ppf((1 + level) / 2))
        return self.scale_.mean(mean, sd**2), self.scale_.back(low), self.scale_.back(high)
