"""How sure a model may be of what is scored, from training check-ins it has not learned from.

    P'(i | q) ∝ P(i | q)^(1 / T)

with a temperature T for any check-in, and one for ends of sessions, at which people are easier to
foresee, or harder. T is where first suggestions are stated as often as they are right, on late
check-ins of training whose answer the model has not learned. No rank changes.

References
----------
Guo et al., "On calibration of modern neural networks", ICML 2017.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from strec.metrics import accuracy, standing
from strec.split import Log, Queries, queries_of_rows
from strec.split.cut import SCORED

#: Check-ins that are asked for a temperature at least and at most, and its bounds.
_FEWEST, _MOST = 100, 1_000
_MAX_CELLS = 30_000_000
_BOUNDS = (0.3, 3.0)
#: Where nothing shall be asked.
NONE = np.zeros(0, dtype=np.int64)

Score = Callable[[Queries], np.ndarray]


def late(train: Log, since_us: int) -> np.ndarray:
    """Return rows of the check-ins as of a moment."""
    return np.flatnonzero((train.time_us >= since_us) & (train.item >= 0))


def late_ends(train: Log, since_us: int) -> np.ndarray:
    """Return rows of the ends of sessions that are scored as of a moment.

    As in evaluation they are of sessions of two check-ins or more, of users and items that are
    known before.
    """
    if train.is_anonymous:
        return NONE
    is_late = train.time_us >= since_us
    slice_, before = train.where(is_late), train.where(~is_late)
    known = np.isin(slice_.item, before.item[before.item >= 0]) & np.isin(slice_.user, before.user)
    return np.flatnonzero(is_late)[slice_.ends_session & ~slice_.is_alone & known]


def kept_aside(train: Log, since_us: int, share_unseen: float, seed: int) -> np.ndarray:
    """Return late rows not to learn from, so that enough are left to find temperatures by.

    `share_unseen` of the rows are not learned from anyway; a quarter of the late ones suffices.
    """
    rows = late(train, since_us)
    wanted = min(_MOST, len(rows) // 4)
    n = round(wanted - share_unseen * len(rows)) if wanted >= _FEWEST else 0
    return np.sort(np.random.default_rng(seed).permutation(rows)[: max(n, 0)])


def temperatures(
    score: Score,
    train: Log,
    since_us: int,
    *,
    every: np.ndarray | None = None,
    ends: np.ndarray | None = None,
    time_known: bool = True,
    at_most: int = _MOST,
    seed: int = 0,
) -> np.ndarray:
    """Return the temperature for each of `SCORED`; NaN where too few check-ins tell.

    Parameters
    ----------
    score : callable
        Gives probabilities ``(n_queries, n_items)`` from counts before `since_us` alone.
    train : Log
        Training check-ins.
    since_us : int
        Those as of this moment are asked.
    every, ends : numpy.ndarray, optional
        Rows that the model has not learned from, of which check-ins and ends of sessions are
        drawn; all late ones when not given.
    time_known : bool
        Whether the time of a query is given.
    at_most : int
        Check-ins asked in each regime.
    seed : int
        Seed of the draw.
    """
    most = min(at_most, _MAX_CELLS // max(len(train.vocabulary.items), 1))
    found = np.full(len(SCORED), np.nan)
    for place, (rows, unseen) in enumerate(
        [(late_ends(train, since_us), ends), (late(train, since_us), every)]
    ):
        rows = rows if unseen is None else np.intersect1d(rows, unseen)
        rows = np.sort(np.random.default_rng(seed).permutation(rows)[:most])
        if len(rows) >= _FEWEST:
            queries = queries_of_rows(train, rows, time_known=time_known)
            found[place] = temperature_for(score(queries), queries.target)
    return found


def temperature_for(chances: np.ndarray, target: np.ndarray) -> float:
    """Return the temperature at which first suggestions are stated as often as they are right.

    Parameters
    ----------
    chances : numpy.ndarray
        Probabilities, shape ``(n_queries, n_items)``.
    target : numpy.ndarray
        What came, item codes.

    Examples
    --------
    >>> chances = np.tile([0.8, 0.2], (10, 1))
    >>> temperature_for(chances, np.array([0] * 8 + [1] * 2)).__round__(2)
    1.0
    """
    from scipy.optimize import brentq

    # Ties count as if drawn by lot, as they do in evaluation.
    right = float(accuracy(*standing(chances, target), 1).mean())

    # The first suggestion's chance is 1 over the sum of all, each as a share of the first's.
    # Seven digits suffice, and take a third of the time.
    with np.errstate(divide="ignore"):
        shares = np.log((chances / chances.max(axis=1, keepdims=True)).astype(np.float32))

    @cache
    def too_sure(log_temperature: float) -> float:
        raised = shares * np.float32(np.exp(-log_temperature))
        return float((1 / np.exp(raised, out=raised).sum(axis=1)).mean()) - right

    low, high = np.log(_BOUNDS)
    if too_sure(low) <= 0 or too_sure(high) >= 0:
        return _BOUNDS[0 if too_sure(low) <= 0 else 1]
    return float(np.exp(float(brentq(too_sure, low, high, xtol=1e-4))))  # pyrefly: ignore[bad-argument-type]


def heated(chances: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities to the power of 1 / temperature, each row summing to 1.

    Examples
    --------
    >>> heated(np.array([[0.8, 0.2]]), 2.0).round(2).tolist()
    [[0.67, 0.33]]
    """
    if temperature == 1.0 or not chances.size:
        return chances
    # By logarithms: powers of many numbers take three times as long.
    raised = chances / chances.max(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        np.log(raised, out=raised)
    raised *= 1 / temperature
    np.exp(raised, out=raised)
    raised /= raised.sum(axis=1, keepdims=True)
    return raised
