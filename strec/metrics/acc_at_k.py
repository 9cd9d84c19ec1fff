"""How often what came is among the first k suggestions: Acc@k."""

import numpy as np

from strec.metrics.base import Metric


def accuracy(better: np.ndarray, tied: np.ndarray, k: int) -> np.ndarray:
    """Return the probability that the target is among the first k: Acc@k.

    With one target per query this is also recall@k and the hit rate.

    Parameters
    ----------
    better, tied : numpy.ndarray
        Shape ``(n,)``: items scored above the target, and as high as it (itself included); see
        `standing`.
    k : int
        Length of the list.

    Returns
    -------
    numpy.ndarray
        Shape ``(n,)``, between 0 and 1.

    Examples
    --------
    >>> accuracy(np.array([0, 0, 1]), np.array([1, 2, 1]), k=1).tolist()
    [1.0, 0.5, 0.0]
    """
    return np.clip((k - better) / tied, 0.0, 1.0)


def _metric(k: int, title: str, sentence: str, is_short: bool = False) -> Metric:
    return Metric(
        name=f"acc@{k}",
        title=title,
        sentence=sentence,
        order=k,
        of_query=lambda ranked: accuracy(*ranked.standing, k),
        is_paired=True,
        is_short=is_short,
    )


ACC_1 = _metric(
    1,
    "Right at the first try (Acc@1)",
    "How often the first suggestion is what came next.",
    is_short=True,
)
ACC_5 = _metric(
    5, "Among the first five (Acc@5)", "How often what came next is among the first five."
)
ACC_10 = _metric(
    10,
    "Among the first ten (Acc@10)",
    "How often what came next is among the first ten suggestions; with one right answer per "
    "question this is also recall and hit rate.",
    is_short=True,
)
ACC_20 = _metric(
    20, "Among the first twenty (Acc@20)", "How often what came next is among the first twenty."
)
