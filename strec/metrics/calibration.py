"""How far stated probabilities are from how often they come true."""

import numpy as np

from strec.metrics.base import Metric
from strec.metrics.intervals import user_interval


def reliability(
    probability: np.ndarray, hit: np.ndarray, n_bins: int = 10, users: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Return the reliability diagram of stated probabilities: bins of equal width.

    Parameters
    ----------
    probability : numpy.ndarray
        Shape ``(n,)``: stated for each first suggestion, 0 to 1.
    hit : numpy.ndarray
        Shape ``(n,)``: whether it came.
    n_bins : int
        Bins of equal width.
    users : numpy.ndarray, optional
        Shape ``(n,)``: whose query each is. Then intervals are over users, as `user_interval` draws
        them: NaN for bins of too few; else they take the queries for independent.

    Returns
    -------
    dict of numpy.ndarray
        For each bin with queries: ``n``, ``stated`` (mean probability), ``observed`` (share of
        hits) and its 95 % interval, ``low`` and ``high`` (Wilson's without users).

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.

    Examples
    --------
    >>> found = reliability(np.array([0.9, 0.9]), np.array([1, 0]))
    >>> found["n"].tolist(), found["stated"].tolist(), found["observed"].tolist()
    ([2], [0.9], [0.5])
    """
    bins = np.minimum((np.asarray(probability) * n_bins).astype(int), n_bins - 1)
    n = np.bincount(bins, minlength=n_bins)
    filled = n > 0
    stated = np.bincount(bins, weights=probability, minlength=n_bins)
    observed = np.bincount(bins, weights=np.asarray(hit, dtype=float), minlength=n_bins)
    found = {"n": n[filled], "stated": stated[filled] / n[filled]}
    found["observed"] = share = observed[filled] / n[filled]
    if users is not None:
        hits, at = np.asarray(hit, dtype=float), np.flatnonzero(filled)
        ends = [user_interval(hits[bins == each], np.asarray(users)[bins == each]) for each in at]
        found["low"], found["high"] = np.array(ends, dtype=float).reshape(-1, 2).T
        return found
    n = n[filled]
    z = 1.959964
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return found | {"low": centre - half, "high": centre + half}


def calibration_error(probability: np.ndarray, hit: np.ndarray, n_bins: int = 10) -> float:
    """Return the expected calibration error (ECE) of stated probabilities.

    Queries are put into bins of equal width by probability; the error is the mean over bins,
    weighted by size, of |share of hits - mean probability|.

    Parameters
    ----------
    probability, hit, n_bins
        As in `reliability`.

    References
    ----------
    Guo et al., "On calibration of modern neural networks", ICML 2017.

    Examples
    --------
    >>> round(calibration_error(np.array([0.9, 0.9]), np.array([1.0, 0.0])), 3)
    0.4
    """
    found = reliability(probability, hit, n_bins)
    return float(
        (found["n"] * np.abs(found["observed"] - found["stated"])).sum() / found["n"].sum()
    )


CALIBRATION = Metric(
    name="calibration error",
    title="Calibration error",
    sentence="How far stated probabilities are from how often they come true (ECE).",
    order=110,
    of_all=lambda scored: calibration_error(
        scored.queries["guess_score"].to_numpy(), scored.queries["is_hit"].to_numpy()
    ),
    needs_probability=True,
    more_is_better=False,
    citation="Guo et al., On calibration of modern neural networks, ICML 2017.",
)
