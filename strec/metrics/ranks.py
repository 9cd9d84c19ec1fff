"""Where a target stands among all items, its ties counted fairly.

Ties count as if their order were drawn at random: each measure is its expected value over all
orders, so no model gains from how equal scores happen to be sorted. Scores are float64.
"""

import numpy as np


def standing(scores: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many items score above each target, and how many as high (itself included).

    Parameters
    ----------
    scores : numpy.ndarray
        Shape ``(n, n_items)``.
    target : numpy.ndarray
        Shape ``(n,)``: item codes; -1, an item that the model cannot rank, stands below all
        items.

    Examples
    --------
    >>> [a.tolist() for a in standing(np.array([[3.0, 1.0, 3.0, 0.0]]), np.array([2]))]
    [[0], [2]]
    """
    scores = np.asarray(scores, dtype=np.float64)
    known = target >= 0
    own = scores[np.arange(len(target)), np.maximum(target, 0)]
    better = np.where(known, (scores > own[:, None]).sum(axis=1), scores.shape[1])
    tied = np.where(known, (scores == own[:, None]).sum(axis=1), 1)
    return better, tied


def best_first(scores: np.ndarray, k: int) -> np.ndarray:
    """Return the codes of the k highest scores of each row, best first; ties go by code.

    Parameters
    ----------
    scores : numpy.ndarray
        Shape ``(n, n_items)``.
    k : int
        Length of the lists.

    Returns
    -------
    numpy.ndarray
        Shape ``(n, min(k, n_items))``.

    Examples
    --------
    >>> best_first(np.array([[0.1, 0.5, 0.5, 0.0]]), 2).tolist()
    [[1, 2]]
    """
    n, n_items = scores.shape
    if k >= n_items:
        return np.argsort(-scores, axis=1, kind="stable")
    # Only what reaches the k-th highest score is sorted: far less than all items.
    bar = np.partition(scores, n_items - k, axis=1)[:, n_items - k]
    row, code = np.nonzero(scores >= bar[:, None])
    order = np.lexsort((code, -scores[row, code], row))
    first = np.searchsorted(row, np.arange(n))
    return code[order[first[:, None] + np.arange(k)]]


def expected_rank(better: np.ndarray, tied: np.ndarray) -> np.ndarray:
    """Return the mean rank of the target over all orders of its ties; 1 is the best.

    Parameters
    ----------
    better, tied : numpy.ndarray
        Shape ``(n,)``; see `standing`.

    Examples
    --------
    >>> expected_rank(np.array([0, 2]), np.array([2, 1])).tolist()
    [1.5, 3.0]
    """
    return better + (tied + 1) / 2


def longest(better: np.ndarray, tied: np.ndarray) -> int:
    """Return the last rank that a target may have."""
    return int(np.max(better + tied, initial=1))


def mean_over_ties(better: np.ndarray, tied: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Return the mean of ``gain[rank - 1]`` over the ranks that ties may take."""
    total = np.r_[0.0, np.cumsum(gain)]
    return (total[better + tied] - total[better]) / tied
