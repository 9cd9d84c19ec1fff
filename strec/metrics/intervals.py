"""Intervals over users."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

#: Numbers held at once while users are drawn.
_MOST_DRAWN = 4_000_000


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
