"""Counts on a scale on which they are equally noisy, and what is true where they are small.

On Anscombe's scale counts have a standard deviation of 1 from about 4 on. Below, most values are 0
or 1: their spread on the scale is smaller and no normal curve describes it, so mean and spread are
those of Poisson's distribution, and so are the p-values.
"""

from functools import lru_cache

import numpy as np

#: From this expected count on, the spread is what the data show; below, at least Poisson's.
FEW = 5.0
#: From this expected count on, the normal curve on the scale is good enough in its tails.
MANY = 20.0
_STEP = 0.02


def stabilise(values: np.ndarray) -> np.ndarray:
    """Return Anscombe's root, 2 √(x + 3/8): counts of any size become equally noisy."""
    return 2 * np.sqrt(values + 0.375)


def restore(values: np.ndarray) -> np.ndarray:
    """Undo Anscombe's root; below its smallest value the count is 0."""
    return np.maximum((np.maximum(values, 0) / 2) ** 2 - 0.375, 0)


def expected_count(mean: np.ndarray) -> np.ndarray:
    """Return the Poisson mean whose counts have this mean on the scale.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(0.2, 100_000)
    >>> float(expected_count(stabilise(counts).mean()).round(2)), restore(1.2).round(2).item()
    (0.2, 0.0)
    """
    mean = np.asarray(mean, dtype=float)
    rates, means, _ = _on_the_scale()
    small = np.interp(mean, means, rates)
    # For large counts the mean of the root is that of x - 1/4 (Anscombe 1948).
    return np.where(mean >= means[-1], (mean / 2) ** 2 - 0.125, small)


def least_spread(expected: np.ndarray) -> np.ndarray:
    """Return the standard deviation on the scale that few counts have by chance; 0 for others."""
    rates, _, spreads = _on_the_scale()
    return np.where(expected < FEW, np.interp(expected, rates, spreads), 0.0)


def chance_of(counts: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the two-sided Poisson p-value of counts that are expected to be few; 0 for others.

    Examples
    --------
    >>> chance_of(np.array([3, 500]), np.array([0.2, 100.0])).round(4).tolist()
    [0.0023, 0.0]
    """
    from scipy.stats import poisson

    at = np.maximum(expected, 1e-9)
    counts = np.round(counts)
    p = 2 * np.minimum(poisson.sf(counts - 1, at), poisson.cdf(counts, at))
    return np.where(expected < MANY, np.minimum(p, 1.0), 0.0)


def widened(
    low: np.ndarray, high: np.ndarray, expected: np.ndarray, p: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return a band of counts that holds all to which `chance_of` gives more than p."""
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
