"""The mean of 1 / rank of what came."""

import numpy as np

from strec.metrics.base import Metric
from strec.metrics.ranks import longest, mean_over_ties


def reciprocal_rank(better: np.ndarray, tied: np.ndarray) -> np.ndarray:
    """Return the expected 1 / rank; its mean over queries is the MRR.

    Parameters
    ----------
    better, tied : numpy.ndarray
        Shape ``(n,)``; see `strec.metrics.standing`.

    Examples
    --------
    >>> reciprocal_rank(np.array([0, 0]), np.array([1, 2])).tolist()
    [1.0, 0.75]
    """
    return mean_over_ties(better, tied, 1.0 / np.arange(1, longest(better, tied) + 1))


MRR = Metric(
    name="mrr",
    title="Mean of 1 / rank (MRR)",
    sentence="The mean of 1 / rank of what came next: 1 when always first, 0.5 when second.",
    order=30,
    of_query=lambda ranked: reciprocal_rank(*ranked.standing),
    is_paired=True,
    is_short=True,
)
