"""Moments at which "where next?" is asked, and the history visible at each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from strec.split.log import GAP_US, Log, local_hour, local_weekday
from strec.split.vocabulary import Vocabulary


@dataclass(frozen=True)
class Queries:
    """Moments at which "where next?" is asked, and the history visible at each.

    Attributes
    ----------
    log : Log
        The check-ins that `indices` points into.
    user : numpy.ndarray
        Shape ``(n,)``: user code, -1 for users that training has not seen.
    time_us, offset_min : numpy.ndarray
        Shape ``(n,)``: the time asked about. Where `time_known` is False, that of the last
        visible check-in.
    lat, lon : numpy.ndarray
        Shape ``(n,)``: the current place, NaN where unknown.
    indptr, indices : numpy.ndarray
        History in compressed rows: query q may see rows ``indices[indptr[q]:indptr[q + 1]]`` of
        the log, oldest first.
    target : numpy.ndarray
        Shape ``(n,)``: the item that came, -1 where unknown or not in the vocabulary. Read by
        fitting and evaluation, never by `Model.score`.
    row : numpy.ndarray
        Shape ``(n,)``: the target's row in `log`, -1 where there is none. The same holds.
    time_known : bool
        Whether `time_us` is the time asked about (else it is that of the last check-in).
    hour_known : bool
        Whether hour and weekday may be looked at (see `blind`).
    origin : numpy.ndarray, optional
        Shape ``(n,)``: the item at which the trip asked about begins, -1 where none is known.
    """

    log: Log
    user: np.ndarray
    time_us: np.ndarray
    offset_min: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    indptr: np.ndarray
    indices: np.ndarray
    target: np.ndarray
    row: np.ndarray
    time_known: bool = True
    hour_known: bool = True
    origin: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.time_us)

    @property
    def vocabulary(self) -> Vocabulary:
        return self.log.vocabulary

    @cached_property
    def kept(self) -> dict[Any, Any]:
        """What depends on these queries alone and was worked out once, by what asks for it."""
        return {}

    @cached_property
    def hour(self) -> np.ndarray:
        """Shape ``(n,)``: local hour of the day with fractions, NaN where unknown."""
        return np.where(self._has_hour, local_hour(self.time_us, self.offset_min), np.nan)

    @cached_property
    def weekday(self) -> np.ndarray:
        """Shape ``(n,)``: local weekday, Monday is 0, -1 where unknown."""
        return np.where(self._has_hour, local_weekday(self.time_us, self.offset_min), -1)

    @property
    def _has_hour(self) -> np.ndarray:
        # Without a time and without a last check-in there is no clock to read.
        return self.hour_known & (self.time_known | (self.length > 0))

    @cached_property
    def length(self) -> np.ndarray:
        """Shape ``(n,)``: number of visible check-ins."""
        return np.diff(self.indptr)

    @cached_property
    def pair_query(self) -> np.ndarray:
        """Shape ``(len(indices),)``: the query to which each entry of `indices` belongs."""
        return np.repeat(np.arange(len(self)), self.length)

    @cached_property
    def last(self) -> np.ndarray:
        """Shape ``(n,)``: row of the last visible check-in, -1 where there is none.

        Of several at the last moment it is one drawn by lot, see `strec.split.log.in_order`.
        """
        if not len(self.indices):
            return np.full(len(self), -1)
        return np.where(self.length > 0, self.indices[self.indptr[1:] - 1], -1)

    @cached_property
    def here(self) -> np.ndarray:
        """Shape ``(n,)``: the item where somebody is, -1 where unknown.

        That is where the trip begins, else the last visible check-in; of strangers' check-ins
        the last one says nothing of where anybody is.
        """
        last = np.full(len(self), -1)
        if len(self.log) and not self.log.is_anonymous:
            last = np.where(self.last >= 0, self.log.item[self.last], -1)
        return last if self.origin is None else np.where(self.origin >= 0, self.origin, last)

    @cached_property
    def may_come(self) -> np.ndarray:
        """Shape ``(n, n_items)``: what can come next.

        All items, but not where a trip begins if no trip ends there: nobody flies from a town to
        the same town.
        """
        found = np.ones((len(self), len(self.vocabulary.items)), dtype=bool)
        if not self.log.has_round_trips:
            start = np.flatnonzero(self.here >= 0)
            found[start, self.here[start]] = False
        return found

    @cached_property
    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """For each entry of `indices`, where the entries of the same moment begin and end.

        Check-ins at one moment are a set: what came before an entry came before its moment.
        """
        n = len(self.indices)
        moment = self.log.moment[self.indices]
        new = np.r_[True, (np.diff(moment) != 0) | (np.diff(self.pair_query) != 0)][:n]
        start, of = np.flatnonzero(new), np.cumsum(new) - 1
        return start[of], np.r_[start[1:], n][of]

    @cached_property
    def session_length(self) -> np.ndarray:
        """Shape ``(n,)``: visible check-ins of the running session, 0 when a new one begins."""
        running = self.running_session
        inside = self.log.session[self.indices] == running[self.pair_query]
        return np.bincount(self.pair_query[inside], minlength=len(self))

    @cached_property
    def running_session(self) -> np.ndarray:
        """Shape ``(n,)``: the session that the asked moment continues, -1 for none."""
        if not len(self.log) or self.log.is_anonymous:
            return np.full(len(self), -1)
        recent = (self.last >= 0) & (self.time_us - self.log.time_us[self.last] <= GAP_US)
        return np.where(recent, self.log.session[self.last], -1)

    @cached_property
    def returns(self) -> np.ndarray:
        """Shape ``(n,)``, bool: the target is an item of the visible history."""
        same = self.log.item[self.indices] == self.target[self.pair_query]
        found = np.bincount(self.pair_query[same], minlength=len(self)) > 0
        return found & (self.target >= 0)

    def take(self, rows: np.ndarray | slice) -> "Queries":
        """Return the chosen queries, in the order given.

        Parameters
        ----------
        rows : numpy.ndarray or slice
            Which ones.

        Examples
        --------
        >>> from strec import schema
        >>> from strec.split import Vocabulary, encode
        >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
        >>> len(queries_of_rows(log, np.arange(4)).take(slice(1, 3)))
        2
        """
        rows = np.arange(len(self))[rows]
        indptr, indices = ranges(self.indptr[rows], self.indptr[rows + 1])
        per_query = ("user", "time_us", "offset_min", "lat", "lon", "target", "row")
        return replace(
            self,
            **{name: vars(self)[name][rows] for name in per_query},
            origin=None if self.origin is None else self.origin[rows],
            indptr=indptr,
            indices=self.indices[indices],
        )

    def recoded(self, vocabulary: Vocabulary) -> "Queries":
        """Return the same queries with the item codes of another vocabulary.

        Parameters
        ----------
        vocabulary : Vocabulary
            With the same users, items and categories.

        Examples
        --------
        >>> from strec import schema
        >>> from strec.split import Vocabulary, encode
        >>> table = schema.example()
        >>> queries = queries_of_rows(encode(table, Vocabulary.of(table)), np.arange(4))
        >>> queries.recoded(Vocabulary.of(table.head(2))).target.tolist()
        [0, 1, 0, -1]
        """
        # The last entry is what code -1 becomes.
        code = np.append(vocabulary.item_codes(self.vocabulary.items), np.int32(-1))
        log = replace(self.log, vocabulary=vocabulary, item=code[self.log.item])
        return replace(self, log=log, target=code[self.target])

    def pieces(self, most_numbers: int) -> Iterator["Queries"]:
        """Yield the queries in pieces whose scores are at most so many numbers at once.

        Parameters
        ----------
        most_numbers : int
            Queries times items of a piece; a piece has at least one query.

        Examples
        --------
        >>> from strec import schema
        >>> from strec.split import Vocabulary, encode
        >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
        >>> [len(piece) for piece in queries_of_rows(log, np.arange(4)).pieces(6)]
        [2, 2]
        """
        step = max(most_numbers // max(len(self.vocabulary.items), 1), 1)
        for first in range(0, len(self), step):
            yield self.take(slice(first, first + step))

    def blind(self) -> "Queries":
        """Return the same queries without hour, weekday and place: only who asks is known.

        Examples
        --------
        >>> from strec import schema
        >>> from strec.split import Vocabulary, encode
        >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
        >>> queries = queries_of_rows(log, np.array([3])).blind()
        >>> queries.hour_known, queries.lat.tolist()
        (False, [nan])
        """
        nowhere = np.full(len(self), np.nan)
        return replace(self, lat=nowhere, lon=nowhere, hour_known=False, origin=None)


def queries_of_rows(
    log: Log,
    rows: np.ndarray,
    *,
    time_known: bool = True,
    hidden: np.ndarray | None = None,
) -> Queries:
    """Return queries whose targets are rows of the log.

    Parameters
    ----------
    log : Log
        The check-ins.
    rows : numpy.ndarray
        Shape ``(n,)``: the targets; each sees its owner's strictly earlier check-ins.
    time_known : bool
        Whether the target's time is given.
    hidden : numpy.ndarray, optional
        Shape ``(len(log),)``, bool: rows seen only within the running session of the target.
        Where it holds for a row it must hold for all later ones of the same owner.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import Vocabulary, encode
    >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
    >>> queries_of_rows(log, np.array([1])).target.tolist()
    [1]
    """
    stop = log.before[rows]
    start = log.visible_from(log.owner[rows], stop)
    indptr, indices = ranges(start, stop)
    if hidden is not None:
        query = np.repeat(np.arange(len(rows)), np.diff(indptr))
        seen = ~hidden[indices] | (log.session[indices] == log.session[rows][query])
        indices = indices[seen]
        indptr = np.r_[0, np.cumsum(np.bincount(query[seen], minlength=len(rows)))]
    last = np.where(np.diff(indptr) > 0, indices[indptr[1:] - 1] if len(indices) else 0, -1)
    clock = rows if time_known else last
    lat, lon = (
        np.where(np.isnan(start), _at_last(log, last, place), start)
        for place, start in ((log.lat, log.origin_lat[rows]), (log.lon, log.origin_lon[rows]))
    )
    return Queries(
        log=log,
        user=log.user[rows],
        time_us=np.where(clock >= 0, log.time_us[clock], 0),
        offset_min=np.where(clock >= 0, log.offset_min[clock], 0),
        lat=lat,
        lon=lon,
        indptr=indptr,
        indices=indices,
        target=log.item[rows],
        row=rows,
        time_known=time_known,
        origin=log.origin[rows] if log.has_origins else None,
    )


def ask(
    log: Log,
    owner: int | np.ndarray,
    time_us: Sequence[int] | np.ndarray,
    offset_min: Sequence[int] | np.ndarray,
    lat: Sequence[float] | np.ndarray,
    lon: Sequence[float] | np.ndarray,
    *,
    time_known: bool = True,
) -> Queries:
    """Return queries without targets: one user or many, any times and places.

    Parameters
    ----------
    log : Log
        Check-ins, of which the owner's strictly before each time are seen.
    owner : int or numpy.ndarray
        Index into ``log.owner_ids``, one for all or shape ``(n,)``; -1 for somebody without any
        check-in.
    time_us, offset_min, lat, lon : sequence
        Shape ``(n,)`` each.
    time_known : bool
        Whether the time of the queries is given.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import encode
    >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
    >>> ask(log, 1, log.time_us[3:], [-240], [40.7], [-74.0]).length.tolist()
    [1]
    """
    time_us = np.asarray(time_us, dtype=np.int64)
    n = len(time_us)
    owners, place = np.unique(np.broadcast_to(owner, n), return_inverse=True)
    begin, end = (np.where(owners >= 0, log.indptr[owners + k], 0)[place] for k in (0, 1))
    stop = begin.copy()
    order = np.argsort(place, kind="stable")
    for rows in np.split(order, np.searchsorted(place[order], np.arange(1, len(owners)))):
        if len(rows):
            own = log.time_us[begin[rows[0]] : end[rows[0]]]
            stop[rows] += np.searchsorted(own, time_us[rows])
    user = np.full(n, -1, dtype=np.int32)
    user[end > begin] = log.user[begin[end > begin]]
    begin = np.where(stop > begin, log.visible_from(np.broadcast_to(owner, n), stop), begin)
    indptr, indices = ranges(begin, stop)
    return Queries(
        log=log,
        user=user,
        time_us=time_us,
        offset_min=np.asarray(offset_min, dtype=np.int64),
        lat=np.asarray(lat, dtype=np.float64),
        lon=np.asarray(lon, dtype=np.float64),
        indptr=indptr,
        indices=indices,
        target=np.full(n, -1, dtype=np.int32),
        row=np.full(n, -1),
        time_known=time_known,
        origin=np.where(np.broadcast_to(owner, n) >= 0, log.start_item[owner], -1)
        if log.is_anonymous
        else None,
    )


def _at_last(log: Log, last: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return where the last visible check-ins were, NaN where there is none, or a stranger's."""
    there = (last >= 0) & (not log.is_anonymous)
    return np.where(there, place[last], np.nan) if len(log) else np.full(len(last), np.nan)


def ranges(start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return half-open ranges end to end, as ``(indptr, indices)``.

    Parameters
    ----------
    start, stop : numpy.ndarray
        Shape ``(n,)``: the bounds of each.

    Examples
    --------
    >>> [a.tolist() for a in ranges(np.array([0, 5]), np.array([2, 6]))]
    [[0, 2, 3], [0, 1, 5]]
    """
    length = stop - start
    indptr = np.r_[0, np.cumsum(length)]
    indices = np.arange(indptr[-1]) + np.repeat(start - indptr[:-1], length)
    return indptr, indices
