"""Does the series swing around one level? Two tests with opposite null hypotheses, read together.

The augmented Dickey–Fuller test starts from "the series wanders" (a unit root), the KPSS test from
"the series keeps its level". Only together do they tell steady, wandering, drifting and "too
little data" apart.
"""

import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from strec.temporal.timeseries import as_series

#: Fewer points than this say nothing about wandering.
MIN_POINTS = 20
#: The shares at which the published table of KPSS ends.
_KPSS_ENDS = (0.01, 0.1)


class UnitRootTest(NamedTuple):
    """One test's outcome; the p-value of KPSS is interpolated, between 0.01 and 0.1."""

    statistic: float
    p: float
    lags: int


@dataclass(frozen=True)
class Stationarity:
    """ADF and KPSS together.

    Parameters
    ----------
    adf, kpss : UnitRootTest
        Around a constant level.
    adf_trend, kpss_trend : UnitRootTest
        Around a straight line.
    alpha : float
        Level below which a p-value rejects.
    grain : str
        In words, for the sentence.
    """

    adf: UnitRootTest
    kpss: UnitRootTest
    adf_trend: UnitRootTest
    kpss_trend: UnitRootTest
    alpha: float
    grain: str

    @property
    def case(self) -> str:
        """`steady`, `trend`, `wandering`, `shifting` or `undecided`."""
        returns, moves = self.adf.p < self.alpha, self.kpss.p < self.alpha
        if returns and not moves:
            return "steady"
        if not returns and not moves:
            return "undecided"
        if self.adf_trend.p < self.alpha and self.kpss_trend.p >= self.alpha:
            return "trend"
        return "shifting" if returns else "wandering"

    @property
    def sentence(self) -> str:
        """The reading in words, with both p-values."""
        words = {
            "steady": "Steady, by both tests: the series swings around one level, so averages "
            "over the whole span mean something, and a model should need no differencing.",
            "trend": "Steady around a straight line, by the tests: the series swings around a "
            "level that rises or falls evenly. Take out the trend before comparing periods.",
            "wandering": "Wandering, by both tests: no return to a level is seen; where the series "
            "is now says more than its average. Look at changes from "
            f"{self.grain} to {self.grain}.",
            "shifting": "Shifting level, by the tests: swings fade quickly, yet the level around "
            "which they swing is not the same throughout (growth, a break, a slow season). Compare "
            "only periods that lie close together.",
            "undecided": "Undecided: neither test finds evidence, so the series may be steady or "
            "may wander. It is too short or too noisy to tell.",
        }[self.case]
        return f"{words} (ADF p {p_words(self.adf.p)}, KPSS p {p_words(self.kpss.p, True)})"

    def table(self) -> pd.DataFrame:
        """Return the four tests as a frame: test, around, statistic, p, lags, null hypothesis."""
        rows = [
            (name, around, *test, null)
            for name, around, test, null in (
                ("ADF", "a level", self.adf, "it wanders"),
                ("KPSS", "a level", self.kpss, "it is steady"),
                ("ADF", "a straight line", self.adf_trend, "it wanders"),
                ("KPSS", "a straight line", self.kpss_trend, "it is steady"),
            )
        ]
        columns = ["test", "around", "statistic", "p", "lags", "null hypothesis"]
        return pd.DataFrame(rows, columns=columns)


def stationarity(series: Any, alpha: float = 0.05) -> Stationarity:
    """Test whether a series keeps its level, by ADF and KPSS together.

    Parameters
    ----------
    series : TimeSeries, sequence of float, Dataset or Store
        Check-ins are counted per hour.
    alpha : float
        Level of both tests; KPSS p-values are known only between 0.01 and 0.1.

    Raises
    ------
    AnalysisError
        If there are fewer than 20 values, too many gaps, or all values are equal.

    References
    ----------
    Dickey & Fuller 1979, *Distribution of the estimators for autoregressive time series with a
    unit root*; Kwiatkowski, Phillips, Schmidt & Shin 1992, *Testing the null hypothesis of
    stationarity against the alternative of a unit root*.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> stationarity(rng.normal(size=200)).case
    'steady'
    >>> stationarity(rng.normal(size=200).cumsum()).case
    'wandering'
    """
    data = as_series(series)
    data.need(MIN_POINTS, "Testing for a steady level")
    values = data.filled().to_numpy()
    return Stationarity(
        *(test(values, around) for around in ("c", "ct") for test in (_adf, _kpss)),
        alpha=alpha,
        grain=data.grain.one,
    )


def differences_needed(values: np.ndarray) -> int:
    """Return 1 where KPSS rejects a steady level at 1 % and ADF does not reject wandering."""
    if len(values) < MIN_POINTS or np.ptp(values) == 0:
        return 0
    return int(_kpss(values, "c").p <= _KPSS_ENDS[0] and _adf(values, "c").p > 0.05)


def p_words(p: float, bounded: bool = False) -> str:
    """Say a p-value; a bounded one comes from a table with ends."""
    if bounded and p <= _KPSS_ENDS[0]:
        return "≤ 0.01"
    if bounded and p >= _KPSS_ENDS[1]:
        return "≥ 0.10"
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def quietly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of statsmodels without its warnings, and for its plain tuple."""
    # Later versions return an object, unless told.
    if "result_object" in inspect.signature(function).parameters:
        kwargs["result_object"] = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


def _adf(values: np.ndarray, around: str) -> UnitRootTest:
    from statsmodels.tsa.stattools import adfuller

    try:
        statistic, p, lags = quietly(adfuller, values, regression=around, autolag="AIC")[:3]
    except (ValueError, np.linalg.LinAlgError):
        # A straight line, or a few points with a straight piece, leaves nothing to test.
        return UnitRootTest(float("nan"), 1.0, 0)
    return UnitRootTest(float(statistic), float(p), int(lags))


def _kpss(values: np.ndarray, around: str) -> UnitRootTest:
    from statsmodels.tsa.stattools import kpss

    statistic, p, lags = quietly(kpss, values, regression=around, nlags="auto")[:3]
    return UnitRootTest(float(statistic), float(p), int(lags))
