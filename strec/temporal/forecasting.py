"""What all forecasters share: one way to fit, one way to forecast, counts that stay counts."""

import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd

from strec.errors import AnalysisError
from strec.temporal.timeseries import TimeSeries, as_series

#: Models learn from at most this many cycles of the longest season, and this many steps.
CYCLES = 12
MOST, LEAST = 3000, 600
#: A forecaster needs this many values.
MIN_POINTS = 20


class Forecaster:
    """The contract: `fit(series) -> self`, `forecast(horizon) -> frame`.

    A subclass stores its parameters in `__init__`, and implements `_fit(values)` and
    `_forecast(horizon, level)` on the transformed scale. After `fit`:

    Attributes
    ----------
    series_ : TimeSeries
        What was learned from: the end of the series given.
    seconds_ : float
        Time that fitting took.
    residuals_ : numpy.ndarray
        One-step errors on the transformed scale, for diagnostics.
    description_ : str
        What was fitted, in a few words.
    n_memory_ : int
        Coefficients of memory (autoregressive, moving average) that were estimated.
    """

    #: How the model is called in tables.
    label = "Forecaster"
    #: Whether counts are transformed before the model sees them.
    transforms = True

    series_: TimeSeries
    seconds_: float
    residuals_: np.ndarray
    description_: str
    n_memory_: int = 0

    def fit(self, series: Any) -> Self:
        """Learn from a series.

        Parameters
        ----------
        series : TimeSeries, sequence of float, Dataset or Store
            Check-ins are counted per hour.

        Raises
        ------
        AnalysisError
            If there are fewer than 20 values, too many gaps, or all values are equal.

        Examples
        --------
        >>> from strec.temporal import SeasonalNaive, TimeSeries
        >>> model = SeasonalNaive().fit(TimeSeries.of([1.0, 2.0] * 12, periods=(2,)))
        >>> len(model.forecast(2))
        2
        """
        return self._learn(series, self._fit)

    def refit(self, series: Any) -> Self:
        """Learn from a series again, keeping the structure that the last fit chose.

        Parameters
        ----------
        series : as in `fit`

        Examples
        --------
        >>> from strec.temporal import SeasonalNaive, TimeSeries
        >>> series = TimeSeries.of([1.0, 2.0] * 12, periods=(2,))
        >>> SeasonalNaive().fit(series).refit(series.part(0, 22)).forecast(2)["mean"].tolist()
        [1.0, 2.0]
        """
        return self._learn(series, self._refit)

    def forecast(self, horizon: int, level: float = 0.9) -> pd.DataFrame:
        """Return what is expected in the next periods.

        Parameters
        ----------
        horizon : int
            Number of periods.
        level : float
            Share of the values that should fall between `lower` and `upper`.

        Raises
        ------
        AnalysisError
            If the model is not fitted, or the horizon or level is none.

        Returns
        -------
        pandas.DataFrame
            Indexed by the regular clock: `mean`, `lower`, `upper`. Never below 0 where the series
            never is.

        Examples
        --------
        >>> from strec.temporal import SeasonalNaive, TimeSeries
        >>> model = SeasonalNaive().fit(TimeSeries.of([1.0, 2.0] * 12, periods=(2,)))
        >>> model.forecast(2).columns.tolist()
        ['mean', 'lower', 'upper']
        """
        if not hasattr(self, "series_"):
            raise AnalysisError(
                "A forecast needs a fitted model.", "none.", "Call fit(series) first."
            )
        if not isinstance(horizon, int | np.integer) or horizon < 1:
            raise AnalysisError(
                "A forecast looks ahead.", f"{horizon} periods.", "Ask for 1 or more."
            )
        if not isinstance(level, float) or not 0 < level < 1:
            raise AnalysisError(
                "An interval holds a share of the values.", f"{level}.", "Choose 0.9, or another."
            )
        mean, lower, upper = self._forecast(horizon, level)
        frame = pd.DataFrame(
            {"mean": mean, "lower": lower, "upper": upper}, index=self.series_.future(horizon)
        )
        return frame.clip(lower=0) if self._values.min() >= 0 else frame

    def roll(self, series: Any, origins: np.ndarray, horizon: int) -> np.ndarray:
        """Return what would have been expected at later moments, learning nothing new.

        What was fitted stays as it is; what came up to each moment is known.

        Parameters
        ----------
        series : TimeSeries or sequence of float
            Begins with all that was fitted on.
        origins : numpy.ndarray
            Number of the last step known at each moment, of what was fitted on or later.
        horizon : int
            Steps ahead.

        Raises
        ------
        AnalysisError
            If the model is not fitted.

        Returns
        -------
        numpy.ndarray
            Means, shape ``(origins, horizon)``.

        Examples
        --------
        >>> from strec.temporal.baselines import SeasonalNaive
        >>> model = SeasonalNaive(1).fit(range(30))
        >>> model.roll(range(40), np.array([29, 35]), 2).tolist()
        [[29.0, 29.0], [35.0, 35.0]]
        """
        if not hasattr(self, "series_"):
            raise AnalysisError(
                "A forecast needs a fitted model.", "none.", "Call fit(series) first."
            )
        data = as_series(series)
        data = data.part(self._dropped, len(data))
        values = data.filled().to_numpy()
        # The last origins look beyond the end: what is there does not matter.
        beyond = int(origins.max()) - self._dropped + horizon + 1 - len(values)
        values = np.concatenate([values, np.full(max(beyond, 0), values[-1])])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mean = self._roll(self.scale_.to(values), origins - self._dropped, horizon)
            variance = np.minimum(self._variance(horizon), self._most_variance)
            mean = self.scale_.mean(mean, variance)
        return np.maximum(mean, 0) if self._values.min() >= 0 else mean

    def _learn(self, series: Any, how: Callable[[np.ndarray], None]) -> Self:
        whole = as_series(series)
        data = recent(whole)
        data.need(MIN_POINTS, "A forecast")
        started = time.perf_counter()
        self.series_, self._values = data, data.filled().to_numpy()
        self._dropped = len(whole) - len(data)
        self.scale_ = choose_scale(self._values, data.usable_periods()) if self.transforms else NONE
        self._most_variance = float(np.var(self.scale_.to(self._values)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            how(self.scale_.to(self._values))
        self.seconds_ = time.perf_counter() - started
        return self

    def _refit(self, values: np.ndarray) -> None:
        self._fit(values)

    def _from_scale(self, mean, variance, lower, upper):
        """Mean and interval of the values from those on the scale."""
        # A model that has lost its way far ahead must not drag the mean along with its variance:
        # that of the series itself is the most that a forecast can be uncertain by.
        bounded = np.minimum(variance, self._most_variance)
        return self.scale_.mean(mean, bounded), self.scale_.back(lower), self.scale_.back(upper)

    def _normal(self, mean, sd, level: float):
        """Mean and interval of the values from a normal forecast on the scale."""
        from scipy.stats import norm

        mean, sd = np.asarray(mean), np.asarray(sd)
        reach = norm.ppf((1 + level) / 2) * sd
        return self._from_scale(mean, sd**2, mean - reach, mean + reach)

    def _fit(self, values: np.ndarray) -> None:
        raise NotImplementedError

    def _forecast(self, horizon: int, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        raise NotImplementedError

    def _roll(self, values: np.ndarray, origins: np.ndarray, horizon: int) -> np.ndarray:
        """Means on the scale, shape ``(origins, horizon)``; values are on it, too."""
        raise NotImplementedError

    def _variance(self, horizon: int) -> np.ndarray:
        """Variance on the scale of each step ahead."""
        return np.zeros(horizon)


class Scale(NamedTuple):
    """A transformation that makes small and large values equally noisy, and back.

    `to` takes values to the scale, `back` takes quantiles back, `mean` takes mean and variance on
    the scale to the mean of the values.
    """

    name: str
    to: Callable[[np.ndarray], np.ndarray]
    back: Callable[[np.ndarray], np.ndarray]
    mean: Callable[[np.ndarray, np.ndarray], np.ndarray]


NONE = Scale("none", np.asarray, np.asarray, lambda m, v: m)
# If √y has mean m and variance v, the mean of y is exactly m² + v.
SQRT = Scale(
    "sqrt",
    lambda y: np.sqrt(np.maximum(y, 0)),
    lambda x: np.maximum(x, 0) ** 2,
    lambda m, v: m**2 + v,
)
LOG = Scale(
    "log",
    # What comes later may be 0 where all of the past was far above.
    lambda y: np.log(np.maximum(y, np.nanmax(y) / 1_000)),
    np.exp,
    lambda m, v: np.exp(m + v / 2),
)


def choose_scale(values: np.ndarray, periods: tuple[int, ...]) -> Scale:
    """Choose the scale on which noise does not grow with the level, comparing whole seasons.

    None for values below 0; the logarithm where spread is proportional to level (slope of log
    spread on log level above 0.75, as in Guerrero 1993) and all values are well above 0; the square
    root for other values that are never below 0, as it is right for counts.
    """
    if values.min() < 0:
        return NONE
    size = periods[0] if periods else max(4, len(values) // 12)
    blocks = values[len(values) % size :].reshape(-1, size)
    mean, spread = blocks.mean(axis=1), blocks.std(axis=1)
    usable = (mean > 0) & (spread > 0)
    far_from_zero = values.min() > 0 and values.max() < 20 * values.min()
    if far_from_zero and usable.sum() >= 4 and np.ptp(np.log(mean[usable])) > 0.3:
        slope = np.polyfit(np.log(mean[usable]), np.log(spread[usable]), 1)[0]
        if slope > 0.75:
            return LOG
    return SQRT


def recent(series: TimeSeries) -> TimeSeries:
    """Return the end of a series that is long enough to learn from and short enough to be quick."""
    longest = max(series.usable_periods(), default=0)
    keep = int(np.clip(CYCLES * longest, LEAST, MOST))
    return series if len(series) <= keep else series.part(len(series) - keep, len(series))


def error_quantiles(
    errors: np.ndarray, horizon: int, level: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what errors tell about each step ahead: lower and upper quantile, mean square.

    Errors are observed minus forecast, shape ``(origins, steps)``; beyond the steps tried they grow
    as those of a sum of independent ones. The share between the quantiles is widened for few
    origins as conformal prediction does (Vovk, Gammerman & Shafer 2005).
    """
    n, reach = errors.shape
    share = min(1.0, level * (n + 1) / n)
    # Neighbouring steps err alike: pooled, their quantiles are steadier.
    half = min(3, reach - 1)
    pools = [errors[:, max(0, k - half) : k + half + 1].ravel() for k in range(min(reach, horizon))]
    found = np.array(
        [
            (*np.quantile(pool, [(1 - share) / 2, (1 + share) / 2]), np.mean(pool**2))
            for pool in pools
        ]
    ).T
    extra = horizon - found.shape[1]
    if extra > 0:
        growth = np.sqrt(1 + np.arange(1, extra + 1) / reach)
        last = found[:, -1:] * np.stack([growth, growth, growth**2])
        found = np.concatenate([found, last], axis=1)
    return found[0], found[1], found[2]
