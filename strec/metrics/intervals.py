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
        `FEWEST_USERS` users, and where all users' means are equal, which says nothing of how they
        vary.

    Notes
    -----
    With S_g the sum of a user's n_g values, N = Σ n_g, w_g = n_g / N and the mean m, the variance
    of m is Σ v_g with v_g = (S_g - m n_g)² / (1 - w_g) / N² (CR2). Student's t has one degree of
    freedom less than there are users in effect. These are n = 1 / Σ w_g² by their queries, and
    (Σ v_g)² / Σ v_g² by what each adds to the variance, which is the safer number where a few
    users are asked most and have most of the taste, and too small where all are alike. With G users
    the first has the weight (n / G)^1.5 and the second the rest: chosen by measurement, see
    ``docs/truth.md``.

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
    # The quantile of Student's t; scipy.stats, which has it too, takes a second to load.
    from scipy.special import stdtrit

    values = np.asarray(values, dtype=np.float64)
    _, block, size = np.unique(users, return_inverse=True, return_counts=True)
    if len(size) < FEWEST_USERS or np.ptp(values) == 0:
        return None, None
    weight, mean = size / len(values), values.mean()
    apart = np.bincount(block, weights=values - mean) / len(values)
    variance = apart**2 / (1 - weight)
    if variance.sum() <= 1e-24 * np.ptp(values) ** 2:
        return None, None
    asked, varied = (each.sum() ** 2 / (each**2).sum() for each in (weight, variance))
    alike = (asked / len(size)) ** 1.5
    effective = alike * asked + (1 - alike) * varied
    half = np.sqrt(variance.sum()) * stdtrit(max(effective - 1, 1.0), 0.975)
    low, high = max(mean - half, values.min()), min(mean + half, values.max())
    return float(low), float(high)
