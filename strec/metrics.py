"""Measures of a ranking: arrays in, one value per query out.

Ties count as if their order were drawn at random: each measure is its expected value over all
orders, so no model gains from how equal scores happen to be sorted. Scores are float64.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

#: Numbers held at once while users are drawn.
_MOST_DRAWN = 4_000_000


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


def reciprocal_rank(better: np.ndarray, tied: np.ndarray) -> np.ndarray:
    """Return the expected 1 / rank; its mean over queries is the MRR.

    Examples
    --------
    >>> reciprocal_rank(np.array([0, 0]), np.array([1, 2])).tolist()
    [1.0, 0.75]
    """
    return _mean_over_ties(better, tied, 1.0 / np.arange(1, _longest(better, tied) + 1))


def ndcg(better: np.ndarray, tied: np.ndarray, k: int) -> np.ndarray:
    """Return the expected NDCG@k for one target: 1 / log2(1 + rank) within the first k.

    Examples
    --------
    >>> ndcg(np.array([0, 2, 9]), np.array([1, 1, 1]), k=5).round(9).tolist()
    [1.0, 0.5, 0.0]
    """
    rank = np.arange(1, _longest(better, tied) + 1)
    return _mean_over_ties(better, tied, np.where(rank <= k, 1.0 / np.log2(rank + 1.0), 0.0))


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

    Examples
    --------
    >>> expected_rank(np.array([0, 2]), np.array([2, 1])).tolist()
    [1.5, 3.0]
    """
    return better + (tied + 1) / 2


def macro_f1(target: np.ndarray, predicted: np.ndarray) -> float:
    """Return F1 averaged over the items that are a target or a prediction.

    F1 of an item is the harmonic mean of precision (of the times it was predicted, how often it
    came) and recall (of the times it came, how often it was predicted).

    Examples
    --------
    >>> round(macro_f1(np.array([0, 0, 1]), np.array([0, 1, 1])), 4)
    0.6667
    """
    items = np.unique(np.r_[target, predicted])
    true, guess = np.searchsorted(items, target), np.searchsorted(items, predicted)
    n = len(items)
    hits = np.bincount(true[true == guess], minlength=n)
    total = np.bincount(true, minlength=n) + np.bincount(guess, minlength=n)
    return float(np.mean(2 * hits / total))


def coverage(recommended: np.ndarray, n_items: int) -> float:
    """Return the share of items that stand in at least one list.

    Examples
    --------
    >>> coverage(np.array([[0, 1], [1, 2]]), n_items=4)
    0.75
    """
    return len(np.unique(recommended[recommended >= 0])) / n_items


def novelty_bits(recommended: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the mean surprise of each list, -log2 of the item's share of check-ins.

    Parameters
    ----------
    recommended : numpy.ndarray
        Shape ``(n, k)``: item codes.
    count : numpy.ndarray
        Shape ``(n_items,)``: check-ins of each item in training; one is added to each.

    References
    ----------
    Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS
    2010.

    Examples
    --------
    >>> novelty_bits(np.array([[0, 1]]), np.array([2, 0])).tolist()
    [1.207518749639422]
    """
    share = (count + 1) / (count + 1).sum()
    return -np.log2(share)[recommended].mean(axis=1)


def reliability(
    probability: np.ndarray, hit: np.ndarray, n_bins: int = 10
) -> dict[str, np.ndarray]:
    """Return the reliability diagram of stated probabilities: bins of equal width.

    Returns
    -------
    dict of numpy.ndarray
        For each bin with queries: ``n``, ``stated`` (mean probability), ``observed`` (share of
        hits) and its 95 % Wilson interval, ``low`` and ``high``.

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
    n = n[filled]
    share = observed[filled] / n
    z = 1.959964
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return {
        "n": n,
        "stated": stated[filled] / n,
        "observed": share,
        "low": centre - half,
        "high": centre + half,
    }


def calibration_error(probability: np.ndarray, hit: np.ndarray, n_bins: int = 10) -> float:
    """Return the expected calibration error (ECE) of stated probabilities.

    Queries are put into bins of equal width by probability; the error is the mean over bins,
    weighted by size, of |share of hits - mean probability|.

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


def user_interval(
    values: np.ndarray, users: np.ndarray, *, n_draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a mean, drawing whole users.

    Check-ins of one user resemble each other, so users, not queries, are drawn with
    replacement. For two models on the same queries give the differences of their values: the
    interval is then that of the paired difference.

    Parameters
    ----------
    values : numpy.ndarray
        Shape ``(n,)``, at least one.
    users : numpy.ndarray
        Shape ``(n,)``: whose query each is.
    n_draws, seed : int
        Number of draws, and their seed.

    References
    ----------
    Efron and Tibshirani, "An introduction to the bootstrap", 1993: percentile interval, by
    blocks.

    Examples
    --------
    >>> user_interval(np.ones(4), np.array([0, 0, 1, 1]))
    (1.0, 1.0)
    """
    _, block = np.unique(users, return_inverse=True)
    per_user = np.stack([np.bincount(block, weights=values), np.bincount(block)], axis=1)
    drawn = np.concatenate([d @ per_user for d in _drawn_users(len(per_user), n_draws, seed)])
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    return float(low), float(high)


def _drawn_users(n_users: int, n_draws: int, seed: int) -> Iterable[np.ndarray]:
    """Return how often each user is drawn: pieces of a table ``(n_draws, n_users)``."""
    # Many measures and models are scored on the same users; a table that is small is kept.
    if n_users * n_draws <= _MOST_DRAWN:
        return _kept_draws(n_users, n_draws, seed)
    return _draws(n_users, n_draws, seed)


@lru_cache(maxsize=4)
def _kept_draws(n_users: int, n_draws: int, seed: int) -> tuple[np.ndarray, ...]:
    return tuple(_draws(n_users, n_draws, seed))


def _draws(n_users: int, n_draws: int, seed: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(seed)
    share = np.full(n_users, 1 / n_users)
    step = max(1, _MOST_DRAWN // n_users)
    for first in range(0, n_draws, step):
        n = min(step, n_draws - first)
        yield rng.multinomial(n_users, share, size=n).astype(np.float64)


def _longest(better: np.ndarray, tied: np.ndarray) -> int:
    return int(np.max(better + tied, initial=1))


def _mean_over_ties(better: np.ndarray, tied: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Return the mean of ``gain[rank - 1]`` over the ranks that ties may take."""
    total = np.r_[0.0, np.cumsum(gain)]
    return (total[better + tied] - total[better]) / tied
