"""What a user's visible history says about items, as sparse rows: shared by several models."""

from abc import abstractmethod
from collections.abc import Callable, Iterator

import numpy as np
from scipy import sparse

from strec.graph import strongest, tally
from strec.models.base import Model
from strec.split import Log, Queries
from strec.train import Watch

#: Scores computed at once (queries × items), which bounds the memory of intermediate arrays.
CHUNK_NUMBERS = 4_000_000
#: Weight of popularity, which orders items that a model cannot tell apart.
TIE_BREAK = 1e-6


class HistoryModel(Model):
    """A model that relates the visible history to items; what is popular breaks ties.

    Subclasses give `_learn` and `_relate`.
    """

    reads_order = False

    def _fit(self, train: Log, watch: Watch) -> None:
        self.popularity_ = popularity(train)
        watch(f"Fitting {self.kind}", 0.05)
        self._learn(train, watch)
        watch("Done", 1.0)

    def _score(self, queries: Queries) -> np.ndarray:
        # A user without history is told what is popular.
        return in_chunks(queries, self._relate) + TIE_BREAK * self.popularity_

    @abstractmethod
    def _learn(self, train: Log, watch: Watch) -> None: ...

    @abstractmethod
    def _relate(self, queries: Queries) -> np.ndarray:
        """Return scores of shape ``(n_queries, n_items)``; 0 where there is no history."""


def in_chunks(
    queries: Queries,
    score: Callable[[Queries], np.ndarray],
    n_at_once: int | None = None,
) -> np.ndarray:
    """Return scores, ``(n_queries, n_items)``, taken from so many queries at a time."""
    n_items = len(queries.vocabulary.items)
    step = max(1, n_at_once or CHUNK_NUMBERS // max(n_items, 1))
    scores = np.empty((len(queries), n_items))
    for first in range(0, len(queries), step):
        rows = slice(first, first + step)
        scores[rows] = score(queries.take(rows))
    return scores


def profiles(queries: Queries, half_life_days: float | None = None) -> sparse.csr_matrix:
    """Count the visible check-ins of each query and item, ``(n_queries, n_items)``, float64.

    With a half-life, a check-in counts half after so many days.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import split
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> profiles(parts.queries(scored="every")).toarray().tolist()
    [[1.0, 0.0]]
    """
    log, weight = queries.log, None
    if half_life_days is not None:
        age_us = queries.time_us[queries.pair_query] - log.time_us[queries.indices]
        weight = 0.5 ** (np.maximum(age_us, 0) / (half_life_days * 86.4e9))
    shape = (len(queries), len(queries.vocabulary.items))
    return tally(queries.pair_query, log.item[queries.indices], shape, weight)


def last_items(queries: Queries, back: int = 0) -> sparse.csr_matrix:
    """Return where each query stands, ``(n_queries, n_items)``; an empty row where unknown.

    That is the start of the trip, else the last moment of the history: each of its n check-ins has
    a share of 1 / n. With `back`, where it stood so many moments before.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import split
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> last_items(parts.queries(scored="every")).toarray().tolist()
    [[1.0, 0.0]]
    """
    if ("last items", back) not in queries.kept:
        queries.kept["last items", back] = _last_items(queries, back)
    return queries.kept["last items", back]


def _last_items(queries: Queries, back: int) -> sparse.csr_matrix:
    log, (first, stop) = queries.log, queries.moments
    shape = len(queries), len(queries.vocabulary.items)
    has_start = np.zeros(len(queries), bool) if queries.origin is None else queries.origin >= 0
    # A trip that begins elsewhere is one step more.
    last = np.where(queries.last >= 0, at_rows(log.item, queries.last), -1)
    n_back = back - (has_start & (queries.here != last))
    ends = queries.indptr[1:]
    for step in range(back):
        goes = (ends > queries.indptr[:-1]) & (step < n_back)
        ends = np.where(goes, np.r_[first, 0][ends - 1], ends)
    inside = stop == ends[queries.pair_query]
    inside &= (not log.is_anonymous) & ~(has_start & (back == 0))[queries.pair_query]
    query, item = queries.pair_query[inside], log.item[queries.indices[inside]]
    found = tally(query, item, shape, 1 / (stop - first)[inside])
    if back == 0 and queries.origin is not None:
        found = found + tally(np.arange(len(queries)), queries.origin, shape)
    return sparse.csr_matrix(found)


def user_items(train: Log) -> sparse.csr_matrix:
    """Count the training check-ins of each user and item, shape ``(n_users, n_items)``."""
    vocabulary = train.vocabulary
    return tally(train.user, train.item, (len(vocabulary.users), len(vocabulary.items)))


def popularity(train: Log) -> np.ndarray:
    """Return the share of training check-ins of each item; sums to 1."""
    known = train.item[train.item >= 0]
    return np.bincount(known, minlength=len(train.vocabulary.items)) / max(len(known), 1)


def log_popularity(train: Log) -> np.ndarray:
    """Return where a network's item biases start: log shares, smoothed a little; float32."""
    share = popularity(train)
    return np.log(share + 0.1 / len(share)).astype(np.float32)


def runs_of(size: np.ndarray, most: int) -> Iterator[slice]:
    """Yield slices whose sizes add up to `most` at most, or of one entry.

    Examples
    --------
    >>> list(runs_of(np.array([2, 2, 9, 1]), 4))
    [slice(0, 2, None), slice(2, 3, None), slice(3, 4, None)]
    """
    total, start = np.cumsum(size), 0
    while start < len(size):
        spent = total[start - 1] if start else 0
        stop = max(int(np.searchsorted(total, spent + most, side="right")), start + 1)
        yield slice(start, stop)
        start = stop


def moment_at(time_us: np.ndarray, share: float) -> int:
    """Return the moment before which a share of some moments lies."""
    return int(np.sort(time_us)[min(int(share * len(time_us)), len(time_us) - 1)])


def recent_items(queries: Queries, length: int) -> np.ndarray:
    """Return the last items that somebody was at, the latest last; -1 for none or unknown.

    Shape ``(n, length)``. The start of a trip comes last, where it is not the last one already.
    """
    rows = recent_rows(queries, length)
    items = np.where(rows >= 0, at_rows(queries.log.item, rows), -1)
    moved = (queries.here >= 0) & (queries.here != items[:, -1])
    items[moved] = np.c_[items[moved, 1:], queries.here[moved]]
    return items


def recent_rows(queries: Queries, length: int) -> np.ndarray:
    """Return the log rows of the last visible check-ins, the latest last, -1 where none.

    Nobody's check-ins follow one another, so where nobody is named there are none.
    """
    position = queries.indptr[1:, None] - np.arange(length, 0, -1)
    inside = position >= queries.indptr[:-1, None]
    if not len(queries.indices) or queries.log.is_anonymous:
        return np.full(position.shape, -1, dtype=np.int64)
    return np.where(inside, queries.indices[np.maximum(position, 0)], -1)


def at_rows(values: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Return values at rows; -1 gives that of some row, or 0 where there is none at all."""
    return values[row] if len(values) else np.zeros(row.shape, values.dtype)


def history_slots(
    queries: Queries, half_life_days: float | None, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the items that weigh most in each visible history, and their shares of it.

    Codes, int64, and shares, float32, are ``(n_queries, width)``; shares sum to 1, padding has 0.
    """
    slots, weights = padded(strongest(profiles(queries, half_life_days), width), width)
    total = np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    return slots, (weights / total).astype(np.float32)


def padded(matrix: sparse.csr_matrix, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and values of each row, padded with column 0 and value 0.

    Examples
    --------
    >>> [a.tolist() for a in padded(sparse.csr_matrix([[0, 5], [0, 0]]), 2)]
    [[[1, 0], [0, 0]], [[5.0, 0.0], [0.0, 0.0]]]
    """
    matrix = sparse.csr_matrix(matrix)
    n_rows = len(matrix.indptr) - 1
    row = np.repeat(np.arange(n_rows), np.diff(matrix.indptr))
    position = np.arange(len(row)) - matrix.indptr[row]
    columns, values = np.zeros((n_rows, width), dtype=np.int64), np.zeros((n_rows, width))
    columns[row, position], values[row, position] = matrix.indices, matrix.data
    return columns, values
