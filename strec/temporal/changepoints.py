"""When did the level move? Change points of the level, beneath the seasons.

Cumulative sums (CUSUM) of the series without its seasons, against a Brownian bridge, with a
long-run variance that allows for memory (Newey & West 1994), applied again to the pieces that a
significant break leaves (Vostrikova 1981).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from strec.temporal.grains import Grain, at_in_words
from strec.temporal.seasonality import components
from strec.temporal.timeseries import as_series

MIN_POINTS = 20


@dataclass(frozen=True)
class ChangePoints:
    """Where the level moved.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per shift in time order: `start` (first period of the new level), `before` and
        `after` (levels), `p`.
    level : pandas.Series
        The level of each period, on the regular clock.
    steady_change : bool
        Whether a straight line describes the level better than steps do; then `frame` is empty.
    grain : Grain
    unit : str
    """

    frame: pd.DataFrame
    level: pd.Series
    steady_change: bool
    grain: Grain
    unit: str

    @property
    def sentence(self) -> str:
        """The level shifts in words, the largest first."""
        unit = f" {self.unit}" if self.unit else ""
        if self.steady_change:
            first, last = self.level.iloc[0], self.level.iloc[-1]
            return (
                f"A line that {'rises' if last > first else 'falls'} evenly describes the level "
                f"better than jumps: from {first:,.1f} to {last:,.1f}{unit} per {self.grain.one}."
            )
        if self.frame.empty:
            return "No shift of the level can be told from chance and memory."
        size = (self.frame["after"] - self.frame["before"]).abs()
        start, before, after = self.frame[["start", "before", "after"]].iloc[int(size.argmax())]
        n = len(self.frame)
        return (
            f"The level moved {'once' if n == 1 else f'{n} times'}"
            f"{'' if n == 1 else '; most'} {at_in_words(start, self.grain)}: from "
            f"{before:,.1f} to {after:,.1f}{unit} per {self.grain.one}. A level that wanders "
            "slowly, without a jump, can look the same."
        )


def level_shifts(series: Any, alpha: float = 0.01) -> ChangePoints:
    """Find the periods at which the level of a series moved.

    Parameters
    ----------
    series : TimeSeries, sequence of float, Dataset or Store
        Seasons of which there are two cycles are removed first. Check-ins are counted per hour.
    alpha : float
        Level of each test; pieces shorter than 10 steps, or than the shortest season, are not
        split further.

    Returns
    -------
    ChangePoints
        Where a straight line fits better than steps (BIC), there are none.

    Raises
    ------
    AnalysisError
        If there are fewer than 20 values, too many gaps, or all values are equal.

    References
    ----------
    Vostrikova 1981, *Detecting "disorder" in multidimensional random processes*; Newey & West 1994,
    *Automatic lag selection in covariance matrix estimation*.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> step = np.repeat([10.0, 14.0], 50) + rng.normal(size=100)
    >>> level_shifts(step).frame["start"].to_list()
    [50]
    """
    data = as_series(series)
    data.need(MIN_POINTS, "Finding shifts of the level")
    clock = data.filled()
    usable = data.usable_periods()
    parts = components(clock.to_numpy(), usable)
    values = parts["trend"] + parts["rest"]
    smallest = max(10, usable[0] if usable else 0)
    breaks = sorted(_split(values, 0, len(values), smallest, alpha))
    edges = [0, *(at for at, _ in breaks), len(values)]
    levels = [values[a:b].mean() for a, b in zip(edges[:-1], edges[1:], strict=True)]
    frame = pd.DataFrame(
        {
            "start": [clock.index[at] for at, _ in breaks],
            "before": levels[:-1],
            "after": levels[1:],
            "p": [p for _, p in breaks],
        }
    )
    steps = np.repeat(levels, np.diff(edges))
    line = np.polyval(np.polyfit(np.arange(len(values)), values, 1), np.arange(len(values)))
    even = len(breaks) > 0 and _bic(values, line, 2) < _bic(values, steps, 2 * len(breaks) + 1)
    level = pd.Series(line if even else steps, index=clock.index)
    return ChangePoints(frame.head(0) if even else frame, level, even, data.grain, data.unit)


def _bic(values: np.ndarray, fitted: np.ndarray, n_parameters: int) -> float:
    n = len(values)
    return n * np.log(np.mean((values - fitted) ** 2) + 1e-300) + n_parameters * np.log(n)


def _split(
    values: np.ndarray, first: int, last: int, smallest: int, alpha: float
) -> list[tuple[int, float]]:
    from scipy.stats import kstwobign

    piece = values[first:last]
    n = len(piece)
    if n < 2 * smallest:
        return []
    centred = piece - piece.mean()
    sums = np.abs(np.cumsum(centred))[smallest - 1 : n - smallest]
    at = int(sums.argmax()) + smallest
    # The variance is taken around the best two levels; around one, a break would hide itself.
    around = np.concatenate([piece[:at] - piece[:at].mean(), piece[at:] - piece[at:].mean()])
    variance = _long_run_variance(around)
    if variance <= 0:
        return []
    p = float(kstwobign.sf(sums.max() / np.sqrt(n * variance)))
    if p >= alpha:
        return []
    left = _split(values, first, first + at, smallest, alpha)
    return left + [(first + at, p)] + _split(values, first + at, last, smallest, alpha)


def _long_run_variance(centred: np.ndarray) -> float:
    """Variance of the mean times n, allowing for memory, by prewhitening with an AR(1)."""
    power = float(centred[:-1] @ centred[:-1])
    if power == 0:
        return 0.0
    # Andrews & Monahan (1992) bound the memory, or its estimate could give an infinite variance.
    memory = float(np.clip(centred[1:] @ centred[:-1] / power, -0.97, 0.97))
    white = centred[1:] - memory * centred[:-1]
    n = len(white)
    variance = white @ white / n
    lags = int(4 * (n / 100) ** (2 / 9))
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * (white[lag:] @ white[:-lag]) / n
    return float(max(variance, 1e-12) / (1 - memory) ** 2)
