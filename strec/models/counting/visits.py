"""How loudly each past visit speaks for its item now: numbers about (visit, query) pairs.

A visit's weight is ``exp(weights · numbers)``. The numbers come in groups, one per reason, so
that the weight is a product of one factor per reason.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy import sparse

from strec.geo import distance_km
from strec.graph import tally
from strec.models.counting.statistics import Statistics, time_cell
from strec.models.keys import told_apart
from strec.models.profiles import last_items
from strec.split import Queries

#: Reasons, in the order of the columns.
REASONS = ("habit", "recency", "hour", "weekday", "sequence", "near")

#: Knots of the piecewise linear curves, with the weights before any fit.
_AGE_HOURS = (0, 8, 20, 30, 72, 168, 504, 1440)
_HOURS_APART = {0: 2.0, 1: 1.5, 2: 0.9, 4: 0.3, 7: 0.0, 12: 0.0}
_DISTANCE = {0.0: 0.8, 0.03: 0.8, 0.1: 0.7, 0.3: 0.6, 1.0: 0.4, 3.0: 0.1, 10.0: 0.0}

#: Columns of each reason, with the weights a model starts from before it has seen data.
COLUMNS: dict[str, dict[str, float]] = {
    "habit": {"log count": 0.0, "latest visit": 0.0, "log popularity": -0.1},
    "recency": {
        **{f"slope of log age from {h} h": -0.4 if h == 0 else 0.0 for h in _AGE_HOURS},
        "log rank": 0.0,
        **{f"slope of log latest age from {h} h": 0.0 for h in (0, 12, 30, 168)},
    },
    "hour": {
        **{f"{h} h apart": weight for h, weight in list(_HOURS_APART.items())[:-1]},
        "log time lift": 0.3,
    },
    "weekday": {
        "same weekday": 0.1,
        "same kind of day": 0.3,
        "same weekday and hour": 0.4,
        "same kind of day and hour": 0.2,
    },
    "sequence": {
        "after the same item": 0.5,
        "after the same two": 0.5,
        "after a near place": 0.3,
        "same item again": -0.5,
        "same item again, later": 0.2,
        "already in this session": 0.0,
        "log transition lift": 0.2,
    },
    "near": {
        **{f"{d:g} moves away": weight for d, weight in list(_DISTANCE.items())[:-1]},
        **{f"{d:g} moves away, soon": 0.0 for d in list(_DISTANCE)[:-1]},
    },
}
N_COLUMNS = sum(len(columns) for columns in COLUMNS.values())


@dataclass(frozen=True)
class Visits:
    """Pairs of a query and a past visit to a known item."""

    query: np.ndarray  # (n_pairs,) position of the query
    item: np.ndarray  # (n_pairs,) code
    row: np.ndarray  # (n_pairs,) row of the log
    numbers: np.ndarray  # (n_pairs, N_COLUMNS) float32, the columns of `COLUMNS`


def reason_slices() -> dict[str, slice]:
    """Return which columns belong to which reason."""
    ends = np.cumsum([len(columns) for columns in COLUMNS.values()]).tolist()
    return {
        reason: slice(end - len(columns), end)
        for (reason, columns), end in zip(COLUMNS.items(), ends, strict=True)
    }


def default_weights() -> np.ndarray:
    """Return the weights before any fit, shape ``(N_COLUMNS,)``."""
    return np.array([w for columns in COLUMNS.values() for w in columns.values()])


def visits_of(queries: Queries, statistics: Statistics) -> Visits:
    """Return all pairs of a query and a visible visit, with their numbers."""
    pairs = _VisitPairs(queries)
    groups = (
        _habit(pairs, statistics),
        _recency(pairs),
        _hour(pairs, statistics),
        _weekday(pairs),
        _sequence(pairs, statistics),
        _near(pairs, statistics),
    )
    # Filled column by column, which is how the columns are made.
    columns = np.empty((N_COLUMNS, len(pairs.row)), dtype=np.float32)
    for row, column in enumerate(column for group in groups for column in group):
        columns[row] = column
    numbers, known = columns.T, pairs.item >= 0
    if known.all():
        return Visits(pairs.query, pairs.item, pairs.row, numbers)
    return Visits(pairs.query[known], pairs.item[known], pairs.row[known], numbers[known])


class Pairs:
    """All visible visits of some queries, oldest first within each query, and what is shared.

    What is counted per item of a history has one entry per pair of query and item (a *group*).
    """

    def __init__(self, queries: Queries):
        self.queries, self.log = queries, queries.log
        # Several kinds of numbers are made of the same pairs.
        if "pairs" not in queries.kept:
            self._tell_apart(queries)
            queries.kept["pairs"] = {k: v for k, v in vars(self).items() if k != "queries"}
        vars(self).update(queries.kept["pairs"])

    def _tell_apart(self, queries: Queries) -> None:
        log = queries.log
        self.query, self.row = queries.pair_query, queries.indices
        self.item = log.item[self.row].astype(np.int64)
        position = np.arange(len(self.row))
        first, stop = queries.moments
        #: Visits of the same query before the moment of this one, and since.
        self.n_before = first - queries.indptr[self.query]
        self.rank = queries.indptr[self.query + 1] - stop
        #: Position of a visit of the moment before, and of one of that before it; -1 for none.
        # Of what strangers did, nothing is before anything.
        self.before = np.where((self.n_before > 0) & (not log.is_anonymous), first - 1, -1)
        earlier = first[self.before] - 1 if len(first) else first
        self.before_2 = np.where(
            (self.before >= 0) & (earlier >= queries.indptr[self.query]), earlier, -1
        )
        width = len(queries.vocabulary.items) + 1
        groups, self.group = told_apart(self.query * np.int64(width) + self.item % width)
        self.group_query, item = np.divmod(groups, width)
        self.group_item = np.where(item == width - 1, -1, item)
        #: Position of the latest visit of each group: of several assignments the last counts.
        self.newest = np.zeros(len(groups), dtype=np.int64)
        self.newest[self.group] = position
        self.is_newest = self.newest[self.group] == position
        #: Share of each group in where its query stands, and in where it stood before that.
        stands = last_items(queries)
        self.last_share = _share_in(stands, self.group_query, self.group_item)
        self.last_share_2 = _share_in(last_items(queries, 1), self.group_query, self.group_item)
        #: How likely a check-in drawn from a visit's moment has the item of one drawn from there.
        self.like_last = self._per_moment(self.last_share)
        self.like_last_2 = self._per_moment(self.last_share_2)
        #: The same of where a visit came from: the start of its trip, or the moment before.
        self.after_last = self.like_last[self.before]
        if log.has_origins:
            origin = log.origin[self.row]
            from_start = _share_in(stands, self.query, origin)
            self.after_last = np.where(origin >= 0, from_start, self.after_last)

    @property
    def km(self) -> np.ndarray:
        """How far each visit is from where its query is asked; NaN where unknown."""
        q, log, kept = self.queries, self.log, self.queries.kept
        if "km" not in kept:
            here = q.lat[self.query], q.lon[self.query]
            kept["km"] = distance_km(*here, log.lat[self.row], log.lon[self.row])
        return kept["km"]

    def _per_moment(self, share: np.ndarray) -> np.ndarray:
        """Return the mean of groups' shares over each visit's moment; a last 0 stands for none."""
        first, stop = self.queries.moments
        own = share[self.group] / np.maximum(stop - first, 1)
        return np.r_[np.bincount(first, weights=own, minlength=len(first))[first], 0.0]


def _share_in(shares: sparse.csr_matrix, query: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Return an entry per query and item; 0 for an unknown item."""
    if not len(query):
        return np.zeros(0)
    return np.where(item >= 0, np.asarray(shares[query, np.maximum(item, 0)]).ravel(), 0.0)


class _VisitPairs(Pairs):
    """Pairs with the rows of the log around each visit, and times in log hours."""

    def __init__(self, queries: Queries):
        super().__init__(queries)
        log = queries.log
        self.previous = np.where(self.before >= 0, self.row[self.before], -1)
        self.last = queries.last[self.query]
        self.age = _log_hours(queries.time_us[self.query] - log.time_us[self.row])
        self.gap = _log_hours(queries.time_us[self.query] - log.time_us[self.last])
        self.count = np.bincount(self.group, minlength=len(self.newest))[self.group]
        self.newest_age = self.age[self.newest[self.group]]


def _habit(pairs: _VisitPairs, statistics: Statistics) -> list[np.ndarray]:
    return [
        np.log(pairs.count),
        pairs.is_newest,
        np.log1p(statistics.count[np.maximum(pairs.item, 0)]),
    ]


def _recency(pairs: _VisitPairs) -> list[np.ndarray]:
    latest = [np.maximum(pairs.newest_age - np.log1p(h), 0) for h in (0, 12, 30, 168)]
    return [
        *(np.maximum(pairs.age - np.log1p(h), 0) for h in _AGE_HOURS),
        np.log1p(pairs.rank),
        *latest,
    ]


def _hour(pairs: _VisitPairs, statistics: Statistics) -> list[np.ndarray]:
    queries = pairs.queries
    apart = _hours_apart(pairs)
    cell = time_cell(queries.hour, queries.weekday)[pairs.query]
    lift = np.log(statistics.time_lift[np.maximum(pairs.item, 0), cell])
    return [*_tents(np.nan_to_num(apart, nan=12.0), list(_HOURS_APART)), lift]


def _weekday(pairs: _VisitPairs) -> list[np.ndarray]:
    now, then = pairs.queries.weekday[pairs.query], pairs.log.weekday[pairs.row]
    same = (now == then) & (now >= 0)
    same_kind = ((now >= 5) == (then >= 5)) & (now >= 0)
    close = np.clip(2.0 - _hours_apart(pairs), 0, 1)
    close = np.nan_to_num(close)
    return [same, same_kind, same * close, same_kind * close]


def _sequence(pairs: _VisitPairs, statistics: Statistics) -> list[np.ndarray]:
    log, queries = pairs.log, pairs.queries
    running = queries.running_session[pairs.query]
    linked = (pairs.previous >= 0) & (log.session[pairs.previous] == log.session[pairs.row])
    from_lat, from_lon = log.lat[pairs.previous], log.lon[pairs.previous]
    if log.has_origins:
        linked = linked | (log.origin[pairs.row] >= 0)
        from_lat, from_lon = log.origin_lat[pairs.row], log.origin_lon[pairs.row]
    after_same = linked * pairs.after_last
    after_both = after_same * pairs.like_last_2[pairs.before_2]
    # Ways are dear: only those are measured that count.
    came, query = np.flatnonzero(linked), pairs.query[linked]
    from_near = np.zeros(len(linked), dtype=bool)
    from_near[came] = (
        distance_km(queries.lat[query], queries.lon[query], from_lat[came], from_lon[came]) < 0.3
    )
    again = pairs.last_share[pairs.group] > 0
    inside = np.bincount(pairs.group, weights=log.session[pairs.row] == running) > 0
    return [
        after_same,
        after_both,
        from_near,
        again,
        again * pairs.gap,
        inside[pairs.group],
        transition_lift(statistics, queries, pairs.query, pairs.item),
    ]


def transition_lift(
    statistics: Statistics, queries: Queries, query: np.ndarray, item: np.ndarray
) -> np.ndarray:
    """Return log(P(item after last) / P(item)) of pairs, smoothed; 0 without a last item."""
    follows = after_last(queries, statistics)
    has_last = np.diff(last_items(queries).indptr) > 0
    known, stop = has_last[query] & (item >= 0), np.maximum(item, 0)
    seen = np.asarray(follows[query, stop]).ravel() if len(item) else np.zeros(0)
    total = np.asarray(follows.sum(axis=1)).ravel()[query]
    share = statistics.popularity[stop]
    return np.where(known, np.log((seen + 5 * share) / ((total + 5) * share)), 0.0)


def after_last(queries: Queries, statistics: Statistics) -> sparse.csr_matrix:
    """Return how often each item came after where each query stands, ``(n_queries, n_items)``."""
    by, found = queries.kept.get("after last", (None, None))
    if by is not statistics:
        # Row by row: a product of matrices looks at every item.
        last = last_items(queries)
        rows = cast(sparse.csr_matrix, statistics.follows[last.indices])
        size = np.diff(rows.indptr)
        query = np.repeat(np.arange(len(queries)), np.diff(last.indptr))
        shape = len(queries), len(statistics.count)
        found = tally(
            np.repeat(query, size), rows.indices, shape, rows.data * np.repeat(last.data, size)
        )
        queries.kept["after last"] = statistics, found
    return found


def _near(pairs: _VisitPairs, statistics: Statistics) -> list[np.ndarray]:
    n = len(_DISTANCE) - 1
    if not statistics.has_places:
        return [np.zeros(len(pairs.row))] * (2 * n)
    moves = np.log1p(10 * pairs.km / statistics.move_km[1])
    tents = _tents(np.nan_to_num(moves, nan=np.inf), np.log1p(10 * np.array(list(_DISTANCE))))
    # Little time since the last check-in leaves little room to move.
    soon = np.maximum(0.0, 1.5 - pairs.gap)
    return [*tents, *(tent * soon for tent in tents)]


def _hours_apart(pairs: _VisitPairs) -> np.ndarray:
    """Return the distance of the visit's hour of the day from the query's, 0 to 12."""
    apart = np.abs(pairs.queries.hour[pairs.query] - pairs.log.hour[pairs.row])
    return np.minimum(apart, 24 - apart)


def _tents(x: np.ndarray, knots: np.ndarray | list[float]) -> list[np.ndarray]:
    """Return hat functions at all knots but the last: a piecewise linear curve that ends at 0."""
    knots = np.asarray(knots, dtype=np.float64)
    curves = np.eye(len(knots))[:-1]
    return [np.interp(x, knots, curve) for curve in curves]


def _log_hours(microseconds: np.ndarray) -> np.ndarray:
    return np.log1p(np.maximum(microseconds, 0) / 3.6e9)
