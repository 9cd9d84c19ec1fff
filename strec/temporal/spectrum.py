"""Which rhythms are real? A periodogram against the noise that a series with memory makes anyway.

A series in which one period resembles the next has much power at slow rhythms without repeating
anything: red noise. The background is an AR(1) spectrum (Torrence & Compo 1998, their equation 16),
fitted by Whittle's likelihood to the frequencies that are not peaks themselves, so that a strong
daily rhythm does not hide itself (the aim of Mann & Lees 1996). Power over background, doubled, is
chi-squared with two degrees of freedom.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from strec.temporal.grains import Grain, in_words
from strec.temporal.rhythms import rhythms
from strec.temporal.timeseries import as_series

MIN_POINTS = 32
#: While the background is fitted, frequencies this unlikely under it are taken for peaks.
_PEAK_P = 0.005


@dataclass(frozen=True)
class Periodogram:
    """Power per frequency, and what red noise would give.

    Parameters
    ----------
    frame : pandas.DataFrame
        `frequency` (cycles per step), `period` (steps), `power` (share of the variance per
        frequency bin), `background` (expected under red noise), `limit` (reached by chance at
        this frequency alone with probability alpha), `strict_limit` (reached by chance at any
        frequency with probability alpha / (1 + usual seasons): those are tested too), `p`,
        `significant` (above the strict limit).
    rhythms : pandas.DataFrame
        See `strec.temporal.rhythms.rhythms`.
    memory : float
        Lag-one correlation of the noise, 0 (white) to 1.
    alpha : float
    grain : Grain
    """

    frame: pd.DataFrame
    rhythms: pd.DataFrame
    memory: float
    alpha: float
    grain: Grain

    @property
    def sentence(self) -> str:
        """The rhythms found, in words."""
        real = self.rhythms[self.rhythms["real"]]
        absent = self.rhythms[~self.rhythms["real"] & self.rhythms["usual"]]
        words = ""
        if real.empty:
            words = (
                "No rhythm stands out from the noise that a series with this memory "
                f"({self.memory:.2f} from one {self.grain.one} to the next) makes anyway."
            )
        else:
            names = [
                f"{in_words(row.period, self.grain)} ({percent(row.share)})"
                for row in real.head(4).itertuples()
            ]
            words = (
                f"Real rhythm{'s' * (len(names) > 1)}: {_listed(names)} of all variation. Noise "
                f"with memory would show any such power in about {self.alpha:.0%} of all series."
            )
        if not real.empty and len(absent):
            names = [in_words(row.period, self.grain) for row in absent.itertuples()]
            words += f" A rhythm of {_listed(names)} does not stand out."
        return words


def periodogram(series, alpha: float = 0.05) -> Periodogram:
    """Return the periodogram with its red-noise background and the rhythms above it.

    Parameters
    ----------
    series : TimeSeries, pandas.Series or sequence of float
        A straight trend is removed; a Hann taper keeps strong rhythms from leaking.
    alpha : float
        Probability of any false rhythm, over all frequencies (Šidák's correction) and the usual
        seasons, which are tested beside them (Bonferroni's).

    Raises
    ------
    AnalysisError
        If there are fewer than 32 values, too many gaps, or all values are equal.

    Examples
    --------
    >>> hour = np.arange(24 * 14)
    >>> noise = np.random.default_rng(0).normal(size=len(hour))
    >>> found = periodogram(np.sin(2 * np.pi * hour / 24) + noise)
    >>> round(found.rhythms["period"].iloc[0])
    24
    """
    from scipy.stats import chi2

    data = as_series(series)
    data.need(MIN_POINTS, "A periodogram")
    frequency, power = _power(data.filled().to_numpy())
    memory, background = red_noise(frequency, power)
    p = chi2.sf(2 * power / background, 2)
    usual = data.usable_periods()
    # Each usual season is one more chance to find something where there is nothing.
    strict = 1 - (1 - alpha / (1 + len(usual))) ** (1 / len(frequency))
    frame = pd.DataFrame(
        {
            "frequency": frequency,
            "period": 1 / frequency,
            "power": power,
            "background": background,
            "limit": background * chi2.isf(alpha, 2) / 2,
            "strict_limit": background * chi2.isf(strict, 2) / 2,
            "p": p,
            "significant": p < strict,
        }
    )
    found = rhythms(frame, usual, alpha)
    return Periodogram(frame, found, memory, alpha, data.grain)


def red_noise(frequency: np.ndarray, power: np.ndarray) -> tuple[float, np.ndarray]:
    """Fit the spectrum of an AR(1) process beneath the peaks.

    Parameters
    ----------
    frequency, power : numpy.ndarray
        Shape ``(m,)``; frequency in cycles per step, between 0 and 0.5.

    Returns
    -------
    memory : float
        The AR(1) coefficient, 0 to 0.999.
    background : numpy.ndarray
        Expected power at each frequency, shape ``(m,)``.
    """
    from scipy.ndimage import median_filter
    from scipy.stats import chi2

    # The median of an exponential variable is log 2 of its mean.
    smooth = median_filter(power, size=min(len(power), max(5, len(power) // 20) | 1)) / np.log(2)
    memory, background = _whittle(frequency, np.maximum(smooth, power.min()))
    for _ in range(5):
        calm = chi2.sf(2 * power / background, 2) > _PEAK_P
        if calm.sum() < 8:
            break
        memory, background = _whittle(frequency[calm], power[calm], frequency)
        # Leaving out the highest powers of pure noise too lowers the mean of the others.
        background = background / (1 + _PEAK_P * np.log(_PEAK_P) / (1 - _PEAK_P))
    return memory, background


def _whittle(frequency, power, at=None) -> tuple[float, np.ndarray]:
    """Maximum likelihood of an AR(1) spectrum for exponential ordinates."""
    from scipy.optimize import minimize_scalar

    def shape(memory, f):
        return 1 / (1 + memory**2 - 2 * memory * np.cos(2 * np.pi * f))

    def loss(memory):
        expected = shape(memory, frequency)
        return len(power) * np.log(np.mean(power / expected)) + np.log(expected).sum()

    memory = float(minimize_scalar(loss, bounds=(0, 0.999), method="bounded").x)
    level = np.mean(power / shape(memory, frequency))
    return memory, level * shape(memory, frequency if at is None else at)


def _power(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy.signal import periodogram as scipy_periodogram

    frequency, power = scipy_periodogram(values, window="hann", detrend="linear")
    # Frequency 0 is the mean, 1/n the trend; the last has one degree of freedom if n is even.
    keep = slice(2, -1 if len(values) % 2 == 0 else None)
    total = power[1:].sum()
    return frequency[keep], power[keep] / total


def percent(share: float) -> str:
    """Say a share without pretending that a small one is nothing."""
    return "below 1%" if share < 0.01 else f"{share:.0%}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
