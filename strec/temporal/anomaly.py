"""Periods that are out of the ordinary.

Counts are looked at on Anscombe's scale, on which they have a standard deviation of 1 from about 4
on. Below, most values are 0 or 1: their spread on the scale is smaller and no normal curve
describes it, so mean and spread are those of Poisson's distribution, and so are the p-values.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from strec.errors import AnalysisError
from strec.temporal.grains import Grain, at_in_words
from strec.temporal.seasonality import components
from strec.temporal.timeseries import as_series

MIN_POINTS = 20
#: Cycles over which a season is smoothed: so many that no single period bends it.
WINDOW = 35
#: A season longer than the shortest is taken out when there are this many cycles of it: with fewer
#: it would explain each value by itself.
CYCLES = 6
#: Degrees of freedom of the errors' distribution: nearly normal, but their scale is estimated too.
FREEDOM = 30
#: Standard deviations beyond which a value is left out of the next pass: the wildest first, so that
#: it does not make the others at its hour look odd.
LIMITS = (8.0, 5.0)
#: What all phases say counts as so many cycles of one phase.
_PRIOR = 5
#: Makes the median absolute deviation of a normal variable its standard deviation.
MAD_TO_SD = 1.4826
#: From this expected count on, the spread is what the data show; below, at least Poisson's.
FEW = 5.0
#: From this expected count on, the normal curve on the scale is good enough in its tails.
MANY = 20.0
_STEP = 0.02


@dataclass(frozen=True)
class Anomalies:
    """What was expected in each period, and which periods were not as expected.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by the regular clock: `observed` (NaN marks a gap), `expected`, `low` and `high`
        (where a period of the ordinary lies with the confidence of the test), `z` (robust),
        `p`, `q` (false-discovery rate), `unusual`.
    rate : float
        Share of false alarms accepted among the alarms.
    grain : Grain
    unit : str
    """

    frame: pd.DataFrame
    rate: float
    grain: Grain
    unit: str

    @property
    def found(self) -> pd.DataFrame:
        """The unusual periods, most unusual first."""
        unusual = self.frame[self.frame["unusual"]]
        return unusual.sort_values("z", key=np.abs, ascending=False)

    @property
    def sentence(self) -> str:
        """How many, and the most unusual one, in words."""
        found, total = self.found, int(self.frame["observed"].notna().sum())
        if found.empty:
            return f"None of {total:,} {self.grain.many} can be told to be out of the ordinary."
        observed, expected = found[["observed", "expected"]].iloc[0]
        high = int((found["z"] > 0).sum())
        kinds = [
            f"{n:,} {word}" for n, word in ((high, "higher"), (len(found) - high, "lower")) if n
        ]
        return (
            f"{len(found):,} of {total:,} {self.grain.many} {'is' if len(found) == 1 else 'are'} "
            f"out of the ordinary: {' and '.join(kinds)} than trend and seasons explain. The "
            f"clearest is {at_in_words(found.index[0], self.grain)}: {observed:,.0f} instead "
            f"of about {max(expected, 0):,.0f}. If what trend and seasons leave over is mere "
            f"chance, about {100 * self.rate:.0f} % of such alarms are false; where "
            f"{self.grain.many} "
            "resemble those before, more."
        )


def anomalies(series: Any, rate: float = 0.05) -> Anomalies:
    """Mark the periods that trend and seasons do not explain.

    Parameters
    ----------
    series : TimeSeries, sequence of float, Dataset or Store
        Check-ins are counted per hour.
    rate : float
        False-discovery rate.

    Raises
    ------
    AnalysisError
        If there are fewer than 20 values, too many gaps, or nothing varies.

    Notes
    -----
    Counts are made equally noisy by Anscombe's square root and taken apart by STL (MSTL), again and
    again: what stood out, at first only the extreme, is replaced by what was expected. What is left
    is divided by its median absolute deviation, separately for each phase of the shortest season
    where that phase was seen often enough: nights are calmer than days. Where few are expected
    (less than 20), a count is also judged by Poisson's distribution and is no more unusual than
    that says: many hours without anything do not make an hour with one remarkable.

    References
    ----------
    Anscombe 1948, *The transformation of Poisson, binomial and negative-binomial data*; Benjamini
    & Hochberg 1995, *Controlling the false discovery rate*.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.poisson(100, size=70).astype(float)
    >>> values[33] = 190
    >>> anomalies(values).found.index.to_list()
    [33]
    """
    from scipy.stats import false_discovery_control, t

    data = as_series(series)
    data.need(MIN_POINTS, "Finding unusual periods")
    observed = data.clock
    filled = data.filled().to_numpy()
    to, back = (stabilise, restore) if filled.min() >= 0 else (np.asarray, np.asarray)
    values = to(filled)
    usable = data.usable_periods(3)[:1] + data.usable_periods(CYCLES)[1:]
    period = usable[0] if usable else 1
    are_counts = filled.min() >= 0 and _mostly_whole(observed.to_numpy())
    usual = _usual_count(filled, period) if are_counts else None
    rest = _unbent(values, usable, usual)
    scale = _scale(rest, period)
    if scale.max() <= 1e-9 * (1 + np.abs(values).max()):
        raise AnalysisError(
            "Finding unusual periods needs values that vary from their season.",
            f"more than half of the {data.grain.many} repeat exactly.",
            "Choose a coarser grain.",
        )
    known = observed.notna().to_numpy()
    middle = values - rest
    scale = np.maximum(scale, _least(middle, usual))
    z = rest / scale
    p = 2 * t.sf(np.abs(z), FREEDOM)
    if usual is not None:
        p = np.maximum(p, _chance_of(filled, _at_least(middle, usual)))
    q = np.ones(len(p))
    q[known] = false_discovery_control(p[known])
    unusual = (q <= rate) & known
    # The band's edge is where an alarm starts, so that marks and band agree.
    edge = max(p[unusual].max() if unusual.any() else 0, rate / known.sum())
    limit = t.isf(edge / 2, FREEDOM)
    expected, low, high = back(middle), back(middle - limit * scale), back(middle + limit * scale)
    if usual is not None:
        expected = expected_count(middle)
        low, high = _widened(low, high, _at_least(middle, usual), edge)
    frame = pd.DataFrame(
        {
            "observed": observed.to_numpy(),
            "expected": expected,
            "low": low,
            "high": high,
            "z": z,
            "p": p,
            "q": q,
            "unusual": unusual,
        },
        index=observed.index,
    )
    return Anomalies(frame, rate, data.grain, data.unit)


def _mostly_whole(observed: np.ndarray) -> bool:
    known = observed[np.isfinite(observed)]
    # The clock averages the hour that daylight saving repeats, so a few counts may end in a half.
    return bool(np.mean(known == np.round(known)) >= 0.99)


def _usual_count(counts: np.ndarray, period: int) -> np.ndarray:
    """The mean count at each value's phase of the shortest season; overall, if rarely seen."""
    phase = np.arange(len(counts)) % period
    seen = np.bincount(phase, minlength=period)
    total = np.bincount(phase, weights=counts, minlength=period)
    return ((total + _PRIOR * counts.mean()) / (seen + _PRIOR))[phase]


def _at_least(middle: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Expected counts; where they are few, no fewer than usual at that phase.

    A fit to values that are nearly all 0 runs below 0 here and there, where a single check-in
    would look impossible.
    """
    expected = expected_count(middle)
    return np.where(expected < FEW, np.maximum(expected, np.minimum(usual, FEW)), expected)


def _least(middle: np.ndarray, usual: np.ndarray | None) -> np.ndarray | float:
    return 0.0 if usual is None else least_spread(_at_least(middle, usual))


def _unbent(values: np.ndarray, periods: tuple[int, ...], usual: np.ndarray | None) -> np.ndarray:
    """What is left after trend and seasons that outliers did not bend."""
    period = periods[0] if periods else 1
    rest = components(values, periods, window=WINDOW)["rest"]
    ordinary = np.ones(len(rest), dtype=bool)
    for limit in LIMITS:
        scale = np.maximum(_scale(rest, period), _least(values - rest, usual))
        ordinary = np.abs(rest) <= limit * scale
        calm = np.where(ordinary, values, values - rest)
        rest = values - (calm - components(calm, periods, window=WINDOW)["rest"])
    # An ordinary value pulls its own expectation towards itself, one that was left out does not:
    # without this its distance could not be compared with theirs.
    pull = sum(1 / min(WINDOW, len(values) / each) for each in periods)
    return np.where(ordinary, rest, rest * max(0.5, 1 - pull))


def _scale(rest: np.ndarray, period: int) -> np.ndarray:
    """Robust standard deviation of each value, by phase where each phase has 12 values."""
    from scipy.stats import median_abs_deviation

    overall = MAD_TO_SD * median_abs_deviation(rest)
    if period < 2 or len(rest) < 12 * period:
        return np.full(len(rest), overall)
    phase = np.arange(len(rest)) % period
    by_phase = np.array([median_abs_deviation(rest[phase == k]) for k in range(period)])
    # The median of a few dozen values is itself uncertain: lean on the neighbours and on all, so
    # that a phase that nearly always repeats does not turn its one exception into a shock.
    variance = (MAD_TO_SD * by_phase) ** 2
    smooth = (np.roll(variance, 1) + 2 * variance + np.roll(variance, -1)) / 4
    weight = len(rest) / period
    return np.sqrt((weight * smooth + 12 * overall**2) / (weight + 12))[phase]


def stabilise(values: np.ndarray) -> np.ndarray:
    """Return Anscombe's root, 2 √(x + 3/8): counts of any size become equally noisy."""
    return 2 * np.sqrt(values + 0.375)


def restore(values: np.ndarray) -> np.ndarray:
    """Undo Anscombe's root; below its smallest value the count is 0."""
    return np.maximum((np.maximum(values, 0) / 2) ** 2 - 0.375, 0)


def expected_count(mean: np.ndarray) -> np.ndarray:
    """Return the Poisson mean whose counts have this mean on the scale."""
    mean = np.asarray(mean, dtype=float)
    rates, means, _ = _on_the_scale()
    small = np.interp(mean, means, rates)
    # For large counts the mean of the root is that of x - 1/4 (Anscombe 1948).
    return np.where(mean >= means[-1], (mean / 2) ** 2 - 0.125, small)


def least_spread(expected: np.ndarray) -> np.ndarray:
    """Return the standard deviation on the scale that few counts have by chance; 0 for others."""
    rates, _, spreads = _on_the_scale()
    return np.where(expected < FEW, np.interp(expected, rates, spreads), 0.0)


def _chance_of(counts: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the two-sided Poisson p-value of counts that are expected to be few; 0 for others."""
    from scipy.stats import poisson

    at = np.maximum(expected, 1e-9)
    counts = np.round(counts)
    p = 2 * np.minimum(poisson.sf(counts - 1, at), poisson.cdf(counts, at))
    return np.where(expected < MANY, np.minimum(p, 1.0), 0.0)


def _widened(
    low: np.ndarray, high: np.ndarray, expected: np.ndarray, p: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return a band of counts that holds all to which `_chance_of` gives more than p."""
    from scipy.stats import poisson

    few, at = expected < MANY, np.maximum(expected, 1e-9)
    return (
        np.where(few, np.minimum(low, poisson.ppf(p / 2, at)), low),
        np.where(few, np.maximum(high, poisson.isf(p / 2, at)), high),
    )


@lru_cache(maxsize=1)
def _on_the_scale() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Poisson rates from 0 to `MANY`, and the mean and spread of their counts on the scale."""
    from scipy.stats import poisson

    rates = np.arange(0, MANY + _STEP, _STEP)
    values = np.arange(int(MANY + 12 * np.sqrt(MANY)))
    chance = poisson.pmf(values, rates[:, None])
    means = chance @ stabilise(values)
    spreads = np.sqrt(np.maximum(chance @ stabilise(values) ** 2 - means**2, 0))
    return rates, means, spreads
