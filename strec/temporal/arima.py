"""ARIMA in two forms: with Fourier terms as seasons (the default), and seasonal (SARIMA).

Dynamic harmonic regression (Young, Pedregal & Tych 1999; Hyndman & Athanasopoulos, section 10.5):
each season is a sum of a few sines and cosines, what is left is an ARMA process. It takes a daily
and a weekly season at once, which SARIMA cannot.
"""

from typing import Any

import numpy as np
import pandas as pd

from strec.errors import AnalysisError
from strec.temporal import orders
from strec.temporal.forecasting import Forecaster
from strec.temporal.seasonality import components, cycle_word, strength
from strec.temporal.spectrum import own_waves
from strec.temporal.unitroots import differences_needed

#: Seasonal strength above which a seasonal difference is taken (Wang, Smith & Hyndman 2006).
STRONG_SEASON = 0.64
#: Cycles that SARIMA learns from: its time grows with their square, its forecasts hardly gain.
MOST_CYCLES = 35
#: Frequencies tried per season.
_STEPS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 30, 42, 60, 84, 120, 168)


class HarmonicRegression(Forecaster):
    """Seasons as Fourier terms, the rest as ARMA; both chosen by AICc.

    Parameters
    ----------
    budget_s : float
        Seconds for the search of the order.

    Attributes
    ----------
    harmonics_ : dict
        Season length to number of its frequencies.
    search_ : Search
        Orders tried.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> wave = 20 + 5 * np.sin(np.arange(120) * 2 * np.pi / 12) + 0.1 * rng.normal(size=120)
    >>> from strec.temporal.timeseries import TimeSeries
    >>> model = HarmonicRegression(budget_s=1).fit(TimeSeries.of(wave, grain="month"))
    >>> bool(np.abs(model.forecast(12)["mean"] - wave[:12]).max() < 1)
    True
    """

    label = "Harmonic regression"

    def __init__(self, budget_s: float = 10.0):
        self.budget_s = budget_s

    def _fit(self, values):
        periods = self.series_.usable_periods()
        self._frequencies, self.harmonics_ = _choose_frequencies(values, periods)
        rest = values - values.mean()
        if (terms := _fourier(0, len(values), self._frequencies)) is not None:
            design = np.column_stack([np.ones(len(values)), terms])
            rest = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
        differences = differences_needed(rest)
        self.search_ = orders.search(rest, differences, budget_s=self.budget_s)
        self._estimate(values)

    def _refit(self, values):
        # A season of which the past now holds two cycles is a new structure.
        known = tuple(self.harmonics_) == self.series_.usable_periods()
        self._estimate(values) if known else self._fit(values)

    def _estimate(self, values):
        found = self.search_
        terms = _fourier(0, len(values), self._frequencies)
        self._result = _first_that_fits(values, found, terms)
        self.residuals_ = np.asarray(self._result.resid)[found.order[1] :]
        self.n_memory_ = _n_memory(self._result)
        seasons = [
            f"{cycle_word(period, self.series_.grain)} of {count} waves"
            for period, count in self.harmonics_.items()
            if count
        ]
        name = orders.in_words(found.order, found.seasonal, found.trend)
        self.description_ = " + ".join([*seasons, name])

    def _forecast(self, horizon, level):
        terms = _fourier(len(self._values), horizon, self._frequencies)
        ahead = self._result.get_forecast(horizon, exog=terms)
        return self._normal(ahead.predicted_mean, ahead.se_mean, level)

    def _roll(self, values, origins, horizon):
        terms = _fourier(0, len(values), self._frequencies)
        return _from_innovations(self._result, values, origins, horizon, terms)

    def _variance(self, horizon):
        terms = _fourier(len(self._values), horizon, self._frequencies)
        return self._result.get_forecast(horizon, exog=terms).se_mean ** 2


class Sarima(Forecaster):
    """Seasonal ARIMA; differences by tests, orders by AICc.

    Parameters
    ----------
    period : int, optional
        Steps; by default the shortest season of which there are two cycles. 0 for none.
    order, seasonal : tuple, optional
        (p, d, q) and (P, D, Q): fixes them instead of searching.
    budget_s : float
        Seconds for the search of the order.

    Attributes
    ----------
    search_ : Search
        Orders tried.

    Examples
    --------
    >>> walk = np.random.default_rng(0).normal(size=80).cumsum()
    >>> Sarima(order=(0, 1, 0)).fit(walk).description_
    'ARIMA(0,1,0)'
    """

    label = "SARIMA"

    def __init__(
        self,
        period: int | None = None,
        order: tuple[int, int, int] | None = None,
        seasonal: tuple[int, int, int] | None = None,
        budget_s: float = 20.0,
    ):
        self.period = period
        self.order = order
        self.seasonal = seasonal
        self.budget_s = budget_s

    def _fit(self, values):
        period = self._period()
        if self.order is not None:
            self.search_ = _fixed(self.order, self.seasonal, period)
        else:
            values = self._recent(values)
            seasonal_differences = _seasonal_differences(values, period)
            steady = values[period:] - values[:-period] if seasonal_differences else values
            self.search_ = orders.search(
                values,
                differences_needed(steady),
                seasonal_differences,
                period,
                self.budget_s,
            )
        self._estimate(values)

    def _refit(self, values):
        known = self.order is not None or self._period() == self.search_.seasonal[3]
        self._estimate(values) if known else self._fit(values)

    def _period(self) -> int:
        return min(self.series_.usable_periods(), default=0) if self.period is None else self.period

    def _recent(self, values: np.ndarray) -> np.ndarray:
        return values[-max(300, MOST_CYCLES * self._period()) :]

    def _estimate(self, values):
        values = self._recent(values)
        found = self.search_
        self._result = _first_that_fits(values, found, None)
        lost = found.order[1] + found.seasonal[1] * found.seasonal[3]
        self.residuals_ = np.asarray(self._result.resid)[lost:]
        self.n_memory_ = _n_memory(self._result)
        self.description_ = orders.in_words(found.order, found.seasonal, found.trend)

    def _forecast(self, horizon, level):
        ahead = self._result.get_forecast(horizon)
        return self._normal(ahead.predicted_mean, ahead.se_mean, level)

    def _roll(self, values, origins, horizon):
        first = max(0, int(origins.min()) + 1 - len(self._recent(self._values)))
        return _from_innovations(self._result, values[first:], origins - first, horizon)

    def _variance(self, horizon):
        return self._result.get_forecast(horizon).se_mean ** 2


def _fourier(first: int, n: int, frequencies: np.ndarray) -> np.ndarray | None:
    """Sines and cosines, shape ``(n, 2 × frequencies)``; None without frequencies."""
    if not len(frequencies):
        return None
    angle = 2 * np.pi * np.outer(np.arange(first, first + n), frequencies)
    terms = np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(n, -1)
    # A sine of frequency one half is zero at every step.
    keep = np.ones(terms.shape[1], dtype=bool)
    keep[::2] = frequencies < 0.5
    return terms[:, keep]


def _choose_frequencies(
    values: np.ndarray, periods: tuple[int, ...]
) -> tuple[np.ndarray, dict[int, int]]:
    """How many waves each season needs, by AICc of a regression with AR(1) errors.

    Returns their frequencies in cycles per step, and how many belong to each season.
    """
    own = {period: own_waves(period, [p for p in periods if p < period]) for period in periods}
    counts = {period: min(3, len(own[period])) for period in periods}

    def chosen(counts: dict[int, int]) -> np.ndarray:
        return np.array([f for period, n in counts.items() for f in own[period][:n]])

    for _ in range(2):
        for period in periods:
            options = [n for n in _STEPS if n < len(own[period])] + [len(own[period])]
            tried = [_aicc(values, chosen(counts | {period: n})) for n in options]
            counts[period] = options[int(np.argmin(tried))]
    return chosen(counts), counts


def _aicc(values: np.ndarray, frequencies: np.ndarray) -> float:
    n = len(values)
    k = 2 * len(frequencies) + 3
    if k >= n / 2:
        return np.inf
    design = np.column_stack([np.ones(n), np.linspace(0, 1, n)])
    if (terms := _fourier(0, n, frequencies)) is not None:
        design = np.column_stack([design, terms])
    rest = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    memory = float(np.clip(rest[1:] @ rest[:-1] / max(rest @ rest, 1e-12), -0.98, 0.98))
    # Without memory taken out, neighbouring errors count as independent proof of each wave.
    target, white = values[1:] - memory * values[:-1], design[1:] - memory * design[:-1]
    rest = target - white @ np.linalg.lstsq(white, target, rcond=None)[0]
    variance = max(float(rest @ rest) / n, 1e-12)
    return n * np.log(variance) + 2 * k + 2 * k * (k + 1) / (n - k - 1)


def _first_that_fits(values: np.ndarray, found: orders.Search, terms: np.ndarray | None) -> Any:
    """The best order may fail together with the Fourier terms; then the next best."""
    others = found.tried[["order", "seasonal", "trend"]].itertuples(index=False)
    for order, seasonal, trend in [found[:3], *others]:
        if (result := orders.fit(values, order, seasonal, trend, terms)) is not None:
            return result
    raise AnalysisError(
        "A forecast by ARIMA needs a series to which one can be fitted.",
        f"none of {1 + len(found.tried)} orders could be.",
        "Choose another model, order or season.",
    )


def _from_innovations(
    result: Any,
    values: np.ndarray,
    origins: np.ndarray,
    horizon: int,
    terms: np.ndarray | None = None,
) -> np.ndarray:
    """Forecasts from all origins, shape ``(origins, horizon)``, after one pass of the filter.

    What came differs from what was expected k steps before by the innovations since, weighted by
    the response to an impulse (Hyndman & Athanasopoulos, section 9.8): so it is taken off.
    """
    moved = result.apply(values, exog=terms)
    innovations = moved.filter_results.forecasts_error[0]
    response = np.asarray(moved.impulse_responses(horizon - 1)).ravel()
    means = np.empty((len(origins), horizon))
    for step in range(horizon):
        since = origins[:, None] + step + 1 - np.arange(step + 1)
        means[:, step] = values[origins + step + 1] - innovations[since] @ response[: step + 1]
    return means


def _n_memory(result: Any) -> int:
    (p, _, q), (seasonal_p, _, seasonal_q, _) = result.model.order, result.model.seasonal_order
    return p + q + seasonal_p + seasonal_q


def _seasonal_differences(values: np.ndarray, period: int) -> int:
    if not period:
        return 0
    parts = components(values, (period,))
    return int(strength(parts["rest"], parts[f"season_{period}"]) > STRONG_SEASON)


def _fixed(
    order: orders.Order, seasonal: tuple[int, int, int] | None, period: int
) -> orders.Search:
    differences = order[1] + (seasonal[1] if seasonal else 0)
    full = (*seasonal, period) if seasonal else orders.NO_SEASON
    tried = pd.DataFrame(columns=["order", "seasonal", "trend", "aicc", "seconds"])
    return orders.Search(order, full, "n" if differences else "c", tried, True)
