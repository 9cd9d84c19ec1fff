"""Which rhythms are real? A periodogram against the noise that a series makes anyway.

A series in which one period resembles the next has much power at slow rhythms without repeating
anything, and counts of check-ins have the noise of counting on top. What such noise would show is
worked out in `strec.temporal.background`; a rhythm is what stands above it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from strec.temporal.background import CYCLES, background, chance, reached
from strec.temporal.grains import Grain, in_words
from strec.temporal.timeseries import as_series
from strec.wording import listed

MIN_POINTS = 32
#: Frequencies agree when they are this many bins apart: the half width of a tapered peak.
_BINS = 1.5
#: Peaks this close to a stronger one are its sides: a rhythm whose strength changes over time.
_SIDE_BINS = 4.5
#: Overtones that enter the test of a usual season.
_OVERTONES = 8


@dataclass(frozen=True)
class Periodogram:
    """Power per frequency, and what noise without a rhythm would give.

    Parameters
    ----------
    frame : pandas.DataFrame
        `frequency` (cycles per step), `period` (steps), `power` (share of the variance per
        frequency bin), `background` (expected of noise), `limit` (reached by chance at
        this frequency alone with probability alpha), `strict_limit` (reached by chance at any
        frequency with probability alpha / (1 + usual seasons): those are tested too), `p`,
        `significant` (above the strict limit).
    rhythms : pandas.DataFrame
        Usual seasons first, then other rhythms, each by their share: `period` (steps), `share`
        (of the variance, overtones included), `p` (times the number of questions asked: each
        usual season, and any other peak), `usual`, `real`.
    orders : tuple of int
        Of the autoregressive and the moving average part of the noise; (0, 0) is white.
    memory : float
        Its correlation from one step to the next, -1 to 1.
    alpha : float
    grain : Grain

    Examples
    --------
    >>> from strec.temporal import TimeSeries, periodogram
    >>> periodogram(TimeSeries.of([1.0, 2.0, 3.0] * 30)).frame.columns.tolist()[:2]
    ['frequency', 'period']
    """

    frame: pd.DataFrame
    rhythms: pd.DataFrame
    orders: tuple[int, int]
    memory: float
    alpha: float
    grain: Grain

    @property
    def sentence(self) -> str:
        """The rhythms found, in words, and what was taken for noise."""
        real = self.rhythms[self.rhythms["real"]]
        kind = f"memory (ARMA{self.orders}, by AICc)" if sum(self.orders) else "no memory"
        noise = (
            f"Taken for chance: noise with {kind}, correlated by {self.memory:.2f} from one "
            f"{self.grain.one} to the next, and whatever else the lengths around have in common"
        )
        if real.empty:
            return f"No rhythm stands out from chance. {noise}."
        names = [
            f"{in_words(period, self.grain)} ({_percent(share)})"
            for period, share in real[["period", "share"]].head(4).to_numpy(dtype=float)
        ]
        words = (
            f"Real rhythm{'s' * (len(names) > 1)}: {listed(names)} of all variation. {noise}; "
            f"it would show any such power in about {100 * self.alpha:.0f} % of all series."
        )
        absent = self.rhythms[~self.rhythms["real"] & self.rhythms["usual"]]
        if len(absent):
            missing = [in_words(float(period), self.grain) for period in absent["period"]]
            words += f" A rhythm of {listed(missing)} does not stand out."
        return words


def periodogram(series: Any, alpha: float = 0.05) -> Periodogram:
    """Return the periodogram with the background that noise would give, and the rhythms above it.

    Parameters
    ----------
    series : TimeSeries, sequence of float, Dataset or Store
        A straight trend is removed; a Hann taper keeps strong rhythms from leaking. Check-ins
        are counted per hour.
    alpha : float
        Probability of any false rhythm, over all frequencies (Šidák's correction) and the usual
        seasons, which are tested beside them (Bonferroni's).

    Raises
    ------
    AnalysisError
        If there are fewer than 32 values, too many gaps, or all values are equal.

    References
    ----------
    Mann & Lees 1996, *Robust estimation of background noise and signal detection in climatic time
    series*; Whittle 1953, *Estimation and information in stationary time series*; Hurvich & Tsai
    1989, *Regression and time series model selection in small samples* (AICc).

    Examples
    --------
    >>> hour = np.arange(24 * 14)
    >>> noise = np.random.default_rng(0).normal(size=len(hour))
    >>> found = periodogram(np.sin(2 * np.pi * hour / 24) + noise)
    >>> round(found.rhythms["period"].iloc[0])
    24
    """
    data = as_series(series)
    data.need(MIN_POINTS, "A periodogram")
    frequency, power = _power(data.filled().to_numpy())
    usual = data.usable_periods()
    noise = background(frequency, power, _near_lines(frequency, usual))
    p = chance(power, noise)
    # Each usual season is one more chance to find something where there is nothing.
    strict = 1 - (1 - alpha / (1 + len(usual))) ** (1 / len(frequency))
    frame = pd.DataFrame(
        {
            "frequency": frequency,
            "period": 1 / frequency,
            "power": power,
            "background": noise.power,
            "limit": reached(alpha, noise),
            "strict_limit": reached(strict, noise),
            "p": p,
            "significant": p < strict,
        }
    )
    return Periodogram(
        frame, _rhythms(frame, usual, alpha), noise.orders, noise.memory, alpha, data.grain
    )


def _near_lines(frequency: np.ndarray, usual: tuple[int, ...]) -> np.ndarray:
    """Which frequencies a usual season, or an overtone of it, would fill."""
    near = np.zeros(len(frequency), dtype=bool)
    width = frequency[1] - frequency[0]
    for period in usual:
        waves = np.arange(1, period // 2 + 1) / period
        if width * period < 1 / 4:
            near |= (np.abs(frequency[:, None] - waves) <= _BINS * width).any(axis=1)
        else:
            near |= np.abs(frequency - 1 / period) <= _BINS * width
    return near


def _power(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy.signal import periodogram as scipy_periodogram

    frequency, power = scipy_periodogram(values, window="hann", detrend="linear")
    # Frequency 0 is the mean, 1/n the trend; the last has one degree of freedom if n is even.
    keep = slice(2, -1 if len(values) % 2 == 0 else None)
    return frequency[keep], power[keep] / power[1:].sum()


def _rhythms(frame: pd.DataFrame, usual: tuple[int, ...], alpha: float) -> pd.DataFrame:
    """The usual seasons with their test, and other rhythms that stand out."""
    questions = 1 + len(usual)
    rows = []
    for period in usual:
        share, p = _season_test(frame, period, usual)
        p = min(1.0, questions * p)
        rows.append((float(period), share, p, True, p < alpha))
    others = _others(frame, [row[0] for row in rows if row[4]])
    rows.sort(key=lambda row: -row[1])
    rows += [(period, share, min(1.0, questions * p), False, True) for period, share, p in others]
    return pd.DataFrame(rows, columns=["period", "share", "p", "usual", "real"])


def _season_test(frame: pd.DataFrame, period: int, usual: tuple[int, ...]) -> tuple[float, float]:
    """Share of the variance and p-value of a season.

    A season of any shape has power at its frequency and the multiples, a plain wave at the first
    alone: the chances of both are combined (Fisher), and the smaller counts for two. Multiples
    that a shorter season has too are left to that one.
    """
    from scipy.stats import chi2

    frequency = frame["frequency"].to_numpy()
    width = frequency[1] - frequency[0]
    shorter = [each for each in usual if each < period]
    own = [f for f in own_waves(period, shorter) if f < 0.5]
    bins = sorted({int(np.abs(frequency - f).argmin()) for f in own})
    if not bins:
        return 0.0, 1.0
    tested = bins[:_OVERTONES]
    unlikely = -2 * np.log(frame["p"].to_numpy()[tested])
    # A plain wave is all in the first, a habit of some hours in many: two questions.
    both = chi2.sf([unlikely[0], unlikely.sum()], [2, 2 * len(tested)])
    p = min(1.0, 2 * float(np.min(both)))
    near = np.zeros(len(frequency), dtype=bool)
    for k in bins:
        near[max(0, k - 1) : k + 2] = True
    for f in (k / each for each in shorter for k in range(1, each // 2 + 1)):
        near &= np.abs(frequency - f) > _BINS * width
    return float(frame["power"].to_numpy()[near].sum()), p


def own_waves(period: int, shorter: Iterable[int]) -> list[float]:
    """Return the frequencies of a season that no shorter one has: a week repeats those of a day."""
    waves = range(1, period // 2 + 1)
    return [k / period for k in waves if not any((k * each) % period == 0 for each in shorter)]


def _others(frame: pd.DataFrame, real: list[float]) -> list[tuple[float, float, float]]:
    """Period, share and p-value of peaks that no usual season explains, largest share first."""
    frequency, power = frame["frequency"].to_numpy(), frame["power"].to_numpy()
    width = frequency[1] - frequency[0]
    ratio = power / frame["background"].to_numpy()
    padded = np.concatenate([[-np.inf], ratio, [-np.inf]])
    top = (ratio >= padded[:-2]) & (ratio > padded[2:]) & frame["significant"].to_numpy()
    top &= frequency >= CYCLES * width
    tests = len(frame)
    kept: list[int] = []
    for k in sorted(np.flatnonzero(top), key=lambda k: -power[k]):
        f = frequency[k]
        sides = [1 / n for n in real] + [frequency[j] for j in kept]
        if not any(
            abs(f - each) <= _SIDE_BINS * width or _is_multiple(f, each, width) for each in sides
        ):
            kept.append(int(k))
    return [
        (
            1 / frequency[k],
            float(power[max(0, k - 2) : k + 3].sum()),
            float(1 - (1 - frame["p"].iloc[k]) ** tests),
        )
        for k in kept
    ]


def _is_multiple(f: float, base: float, width: float) -> bool:
    multiple = round(f / base)
    return multiple >= 2 and abs(f - multiple * base) <= _BINS * width


def _percent(share: float) -> str:
    """Say a share without pretending that a small one is nothing."""
    return "below 1 %" if share < 0.01 else f"{100 * share:.0f} %"
