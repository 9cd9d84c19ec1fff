"""Intervals over users."""

import numpy as np

#: With fewer users no interval is right, and none is given.
FEWEST_USERS = 10


def user_interval(values: np.ndarray, users: np.ndarray) -> tuple[float, float] | tuple[None, None]:
    """Return the 95 % interval of a mean over users, none where they are too few.

    Check-ins of one user resemble each other, so users, not queries, are what varies. For two
    models on the same queries give the differences of their values: the interval is then that of
    the paired difference.

    Parameters
    ----------
    values : numpy.ndarray
        Shape ``(n,)``, at least one.
    users : numpy.ndarray
        Shape ``(n,)``: whose query each is.

    Returns
    -------
    tuple of float
        Low and high, within the range of the values; ``(None, None)`` with fewer than
        `FEWEST_USERS` users, and where all values are equal, which says nothing of how they vary.

    Notes
    -----
    With S_g the sum of a user's n_g values, N = Σ n_g, w_g = n_g / N and the mean m, the variance
    of m is Σ (S_g - m n_g)² / (1 - w_g) / N² (CR2), and Student's t has 1 / Σ w_g² - 1 degrees of
    freedom: one less than there are users in effect. ``docs/truth.md`` has its error rate.

    References
    ----------
    Bell and McCaffrey, "Bias reduction in standard errors for linear regression with multi-stage
    samples", Survey Methodology 2002. Kish, "Survey sampling", 1965 (the effective number).

    Examples
    --------
    >>> users = np.arange(20) // 2
    >>> [round(end, 2) for end in user_interval(np.arange(20) % 3 == 0, users)]
    [0.18, 0.52]
    >>> user_interval(np.arange(4), np.array([0, 0, 1, 1]))
    (None, None)
    """
    from scipy.stats import t

    values = np.asarray(values, dtype=np.float64)
    _, block, size = np.unique(users, return_inverse=True, return_counts=True)
    if len(size) < FEWEST_USERS or np.ptp(values) == 0:
        return None, None
    weight, mean = size / len(values), values.mean()
    apart = np.bincount(block, weights=values - mean) / len(values)
    error = np.sqrt((apart**2 / (1 - weight)).sum())
    half = error * t.ppf(0.975, max(1 / (weight**2).sum() - 1, 1.0))
    low, high = max(mean - half, values.min()), min(mean + half, values.max())
    return float(low), float(high)
