"""A discounted gain of what came within the first k: NDCG@k."""

import numpy as np

from strec.metrics.base import Metric
from strec.metrics.ranks import longest, mean_over_ties


def ndcg(better: np.ndarray, tied: np.ndarray, k: int) -> np.ndarray:
    """Return the expected NDCG@k for one target: 1 / log2(1 + rank) within the first k.

    Parameters
    ----------
    better, tied : numpy.ndarray
        Shape ``(n,)``; see `strec.metrics.standing`.
    k : int
        Length of the list.

    Examples
    --------
    >>> ndcg(np.array([0, 2, 9]), np.array([1, 1, 1]), k=5).round(9).tolist()
    [1.0, 0.5, 0.0]
    """
    rank = np.arange(1, longest(better, tied) + 1)
    return mean_over_ties(better, tied, np.where(rank <= k, 1.0 / np.log2(rank + 1.0), 0.0))


NDCG_10 = Metric(
    name="ndcg@10",
    title="Place in the first ten (NDCG@10)",
    sentence="Like MRR within the first ten, with a gentler discount: 1 / log2(1 + rank).",
    order=40,
    of_query=lambda ranked: ndcg(*ranked.standing, 10),
    is_paired=True,
    is_short=True,
    citation="Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques, "
    "ACM TOIS 2002.",
)
