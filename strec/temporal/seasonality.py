"""Trend, seasons and the rest, and how strong each is.

STL (Cleveland et al. 1990) for one season, MSTL (Bandara, Hyndman & Bergmeir 2021) for a daily and
a weekly one. Strength after Wang, Smith & Hyndman (2006): one minus the variance of the rest over
the variance of the rest plus the part.
"""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from strec.errors import AnalysisError
from strec.temporal import spectrum
from strec.temporal.grains import Grain, in_words
from strec.temporal.timeseries import TimeSeries, as_series
from strec.temporal.unitroots import p_words


@dataclass(frozen=True)
class Decomposition:
    """A series taken apart: observed = trend + seasons + rest.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by the regular clock: `observed`, `trend`, one column per season named
        `season_24` by its steps, `rest`.
    periods : tuple of int
        Season lengths in steps.
    strengths : dict
        `trend` and each season's column to its strength, 0 (none) to 1 (nothing else).
    chance : dict
        Each season's column to the probability that noise with memory shows as regular a season
        (see `periodogram`); STL finds some season in any noise. NaN where the series
        is too short to tell.
    grain : Grain
    """

    frame: pd.DataFrame
    periods: tuple[int, ...]
    strengths: dict[str, float]
    chance: dict[str, float]
    grain: Grain

    @property
    def sentence(self) -> str:
        """The strengths in words."""
        parts = []
        for period in self.periods:
            column = f"season_{period}"
            phase = np.arange(len(self.frame)) % period
            # A cycle may swing more or less over time: the mean one is told, not the last.
            swing = float(np.ptp(self.frame[column].groupby(phase).mean()))
            words = f"the {cycle_word(period, self.grain)} "
            if self.chance[column] >= 0.05:
                parts.append(f"{words}may be chance (p {p_words(self.chance[column])})")
                continue
            parts.append(
                f"{words}is {_strength(self.strengths[column])} ({self.strengths[column]:.2f}; "
                f"its high is {swing:,.1f} above its low)"
            )
        trend = self.frame["trend"]
        change = float(trend.iloc[-1] - trend.iloc[0])
        way = "up" if change > 0 else "down"
        parts.append(
            f"the trend is {_strength(self.strengths['trend'])} ({self.strengths['trend']:.2f}; "
            f"{way} {abs(change):,.1f} from first to last)"
        )
        words = "; ".join(parts)
        return f"{words[0].upper()}{words[1:]}. A strength of 1 leaves nothing to chance, 0 all."


def decompose(series: Any, periods: tuple[int, ...] | None = None) -> Decomposition:
    """Take a series apart into trend, seasons and rest.

    Parameters
    ----------
    series : TimeSeries, sequence of float, Dataset or Store
        Check-ins are counted per hour.
    periods : tuple of int, optional
        Season lengths in steps, shortest first; by default the series' own of which there are
        two cycles.

    Raises
    ------
    AnalysisError
        If there are fewer than two cycles of the shortest season, or nothing varies.

    References
    ----------
    Cleveland, Cleveland, McRae & Terpenning 1990, *STL*; Bandara, Hyndman & Bergmeir 2021, *MSTL*;
    Wang, Smith & Hyndman 2006, *Characteristic-based clustering for time series data*.

    Examples
    --------
    >>> hour = np.arange(24 * 14)
    >>> daily = TimeSeries.of(10 + 5 * np.sin(2 * np.pi * hour / 24), grain="hour")
    >>> round(decompose(daily).strengths["season_24"], 2)
    1.0
    """
    data = as_series(series)
    if periods is not None:
        if not isinstance(periods, tuple | list) or not all(isinstance(n, int) for n in periods):
            raise AnalysisError("Seasons are lengths in steps.", f"{periods}.", "Give (24, 168).")
        data = replace(data, periods=tuple(sorted(periods)))
    longer_than_one = [each for each in data.periods if each > 1]
    if not longer_than_one:
        raise AnalysisError(
            "A decomposition needs a season that repeats.",
            f"no usual season for one value per {data.grain.one}.",
            "Choose a finer grain, or name the season's length in steps.",
        )
    data.need(2 * min(longer_than_one) + 1, "A decomposition")
    usable = data.usable_periods()
    observed = data.filled()
    parts = components(observed.to_numpy(), usable)
    frame = pd.DataFrame({"observed": observed.to_numpy(), **parts}, index=observed.index)
    rest = frame["rest"].to_numpy()
    strengths = {
        name: strength(rest, frame[name].to_numpy())
        for name in ("trend", *(f"season_{each}" for each in usable))
    }
    return Decomposition(frame, usable, strengths, _chance(data, usable), data.grain)


def components(
    values: np.ndarray,
    periods: tuple[int, ...],
    window: int | None = None,
) -> dict[str, np.ndarray]:
    """Return `trend`, `season_…` and `rest` of a series without gaps.

    Without periods, which come shortest first, the trend is a running median. A season is smoothed
    over `window` cycles, odd; by default statsmodels' 7, or 11 and 15. A long one leaves more of
    an outlier in the rest.
    """
    from statsmodels.tsa.seasonal import MSTL, STL

    if not periods:
        width = max(window or 7, len(values) // 10 | 1)
        trend = pd.Series(values).rolling(width, center=True, min_periods=1).median().to_numpy()
        return {"trend": trend, "rest": values - trend}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if len(periods) == 1:
            found = STL(values, period=periods[0], seasonal=window or 7).fit()
            seasons = [found.seasonal]
        else:
            windows = None if window is None else (window,) * len(periods)
            found = MSTL(values, periods=periods, windows=windows).fit()
            seasons = list(np.asarray(found.seasonal).T)
    named = {f"season_{each}": part for each, part in zip(periods, seasons, strict=True)}
    return {"trend": np.asarray(found.trend), **named, "rest": np.asarray(found.resid)}


def strength(rest: np.ndarray, part: np.ndarray) -> float:
    """Return max(0, 1 − Var(rest) / Var(rest + part)) (Wang, Smith & Hyndman 2006)."""
    both = np.var(rest + part)
    # What is left of rounding is no variance.
    if both <= 1e-12 * max(1.0, np.mean(part**2)):
        return 0.0
    return float(max(0.0, 1.0 - np.var(rest) / both))


def cycle_word(period: int, grain: Grain) -> str:
    """Name a cycle: "daily cycle", "cycle of 12 hours"."""
    words = in_words(period, grain)
    names = {"1 day": "daily cycle", "1 week": "weekly cycle", "1 year": "yearly cycle"}
    return names.get(words, f"cycle of {words}")


def _chance(data: TimeSeries, periods: tuple[int, ...]) -> dict[str, float]:
    p = {f"season_{each}": float("nan") for each in periods}
    if len(data.clock.dropna()) >= spectrum.MIN_POINTS:
        found = spectrum.periodogram(data).rhythms
        tests = found.loc[found["usual"], ["period", "p"]].to_numpy(dtype=float)
        p |= {f"season_{period:.0f}": float(chance) for period, chance in tests}
    return p


def _strength(value: float) -> str:
    return next(
        word
        for limit, word in ((0.8, "very strong"), (0.6, "strong"), (0.3, "moderate"), (0, "weak"))
        if value >= limit
    )
