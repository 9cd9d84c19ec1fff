"""Where somebody may go who goes somewhere new: numbers about every item.

Each column spreads evidence over all items; the generator weighs the columns by context. What is
asked of some items alone is worked out for these alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from strec.graph import tally
from strec.models.counting.newcomers import spots_km, taste_of
from strec.models.counting.statistics import time_cell
from strec.models.features.world import World
from strec.models.profiles import last_items, profiles
from strec.split import Queries

#: Columns with the reason of each and its weight before any training.
CANDIDATE_FEATURES: dict[str, tuple[str, float]] = {
    "log popularity": ("popular", 1.0),
    "log popularity lately": ("popular", 0.2),
    "log lift at this time": ("popular now", 0.5),
    "log lift after the last item": ("follows", 0.5),
    "log lift after the last but one": ("follows", 0.1),
    "a short way": ("close by", 0.3),
    "a middle way": ("close by", 0.3),
    "a long way": ("close by", 0.3),
    "in the user's own area": ("close by", 0.1),
    "in the user's own part of town": ("close by", 0.1),
    "log lift of the category": ("taste", 0.3),
    "company of the user's items": ("others", 0.3),
    "meaning of the user's items": ("text", 0.1),
    "log people it was new to": ("popular", 0.0),
    "log share of them in the last four weeks": ("popular", 0.0),
    "log share of these in the last week": ("popular", 0.0),
}
#: Of these the last, which models of before do not know.
N_NEW_TO = 3
REASONS = tuple(dict.fromkeys(reason for reason, _ in CANDIDATE_FEATURES.values()))
#: Check-ins whose meaning stands for the user's.
_N_MEANING = 20
#: What counts as near at least, so that there is a logarithm.
_LEAST = np.float32(2e-3)


@dataclass(frozen=True)
class Column:
    """One number about every item for each of Q queries: a table that both are looked up in."""

    table: np.ndarray  # (n_rows, n_columns) float32
    row: np.ndarray | None = None  # (Q,) the row of each query; its own without
    column: np.ndarray | None = None  # (n_items,) the column of each item; its own without
    is_log: bool = False  # whether the logarithm of what is found counts

    def all(self) -> np.ndarray:
        """Return the number of every item, shape ``(Q, n_items)``, not to be written to."""
        found = self.table
        if self.row is not None:
            found = found[self.row] if len(found) > 1 else np.broadcast_to(
                found, (len(self.row), found.shape[1])
            )  # fmt: skip
        if self.column is not None:
            found = np.take(found, self.column, axis=1)
        return np.log(found) if self.is_log else found

    def at(self, query: np.ndarray, item: np.ndarray) -> np.ndarray:
        """Return the numbers of some items for some queries."""
        row = query if self.row is None else self.row[query]
        found = self.table[row, item if self.column is None else self.column[item]]
        return np.log(found) if self.is_log else found


@dataclass(frozen=True)
class Ways:
    """The way from each query to each item that has one place alone, which several reaches ask."""

    km: np.ndarray  # (Q, n_spots) NaN where the query has no place
    spot: np.ndarray  # (n_items,)
    count: np.ndarray  # (n_items,) check-ins there
    size: np.ndarray  # (n_items,) and all that are expected

    @cached_property
    def all_km(self) -> np.ndarray:
        """Shape ``(Q, n_items)``."""
        return np.take(self.km, self.spot, axis=1)


@dataclass(frozen=True)
class Near:
    """The log of how near each item is; a `Column` worked out late."""

    ways: Ways
    reach_km: np.float32

    def all(self) -> np.ndarray:
        """Return the number of every item, shape ``(Q, n_items)``."""
        return self._told(self.ways.all_km, slice(None))

    def at(self, query: np.ndarray, item: np.ndarray) -> np.ndarray:
        """Return the numbers of some items for some queries."""
        return self._told(self.ways.km[query, self.ways.spot[item]], item)

    def _told(self, km: np.ndarray, item: np.ndarray | slice) -> np.ndarray:
        # In place, piece by piece: what is written anew each time is most of what this takes.
        near = km / -self.reach_km
        np.exp(near, out=near)
        near *= self.ways.count[item]
        near /= self.ways.size[item]
        near += _LEAST
        np.log(near, out=near)
        near[np.isnan(near)] = 0.0
        return near


def candidate_features(queries: Queries, world: World) -> "Iterator[Column | Near]":
    """Yield each of `CANDIDATE_FEATURES`, a number per query and item."""
    statistics = world.statistics
    every = np.zeros(len(queries), dtype=np.int64)
    yield Column(_alone(np.log(statistics.popularity)), every)
    lately = (world.lately + 0.3) / (statistics.count + 1.0)
    yield Column(_alone(np.log(lately)), every)
    cell = time_cell(queries.hour, queries.weekday)
    yield Column(statistics.lift_by_time, cell, is_log=True)
    for back in (0, 1):
        yield Column(_transitions(world, last_items(queries, back)))
    yield from _places(queries, world)
    liked = np.log(taste_of(queries, statistics) + 0.05).astype(np.float32)
    # Category -1 picks the last column: an item without a category is of no liked category.
    yield Column(liked, column=queries.vocabulary.item_category)
    taken = sparse.csr_matrix(profiles(queries) > 0, dtype=np.float32)
    yield Column(_company(sparse.csr_matrix(taken @ world.company), queries))
    yield _meaning(queries, world)
    for column in new_to(world):
        yield Column(_alone(column), every)


def new_to(world: World) -> np.ndarray:
    """Return to how many people each item was new, ever and lately, shape ``(3, n_items)``."""
    ever, month, week = world.new_to
    return np.log([ever + 0.5, (month + 0.3) / (ever + 1.0), (week + 0.1) / (month + 1.0)])


def _alone(column: np.ndarray) -> np.ndarray:
    """Return what is the same for every query as the only row of a table."""
    return column.astype(np.float32)[None]


def _transitions(world: World, last: sparse.csr_matrix) -> np.ndarray:
    """Return log(P(item after last) / P(item)), smoothed; 0 without a last item."""
    statistics = world.statistics
    share = statistics.popularity
    seen = sparse.csr_matrix(last @ statistics.follows)
    total = np.asarray(seen.sum(axis=1)).ravel()
    # Most items never followed: their lift is the same but for the few that did.
    usual = np.log(5 / (total + 5)).astype(np.float32)
    lift = np.repeat(usual[:, None], len(share), axis=1)
    row = np.repeat(np.arange(len(total)), np.diff(seen.indptr))
    lift[row, seen.indices] = np.log(
        (seen.data + 5 * share[seen.indices]) / ((total[row] + 5) * share[seen.indices])
    )
    lift[np.diff(last.indptr) == 0] = 0.0
    return lift


def _company(sums: sparse.csr_matrix, queries: Queries) -> np.ndarray:
    """Return the log of what company the items of a history are to each; most are to few."""
    shape = len(queries), len(queries.vocabulary.items)
    told = np.full(shape, np.log(0.01), dtype=np.float32)
    row = np.repeat(np.arange(len(queries)), np.diff(sums.indptr))
    share = sums.data / np.maximum(np.log1p(queries.length), 1)[row]
    told[row, sums.indices] = np.log(share + 0.01)
    return told


def _places(queries: Queries, world: World) -> "Iterator[Column | Near]":
    statistics = world.statistics
    if not statistics.has_places:
        nothing = np.zeros((1, len(statistics.count)), dtype=np.float32)
        yield from [Column(nothing, np.zeros(len(queries), dtype=np.int64))] * 5
        return
    km = spots_km(queries, statistics).astype(np.float32)
    nowhere = np.isnan(queries.lat)
    km[nowhere] = np.nan
    size = np.where(statistics.expected > 0, statistics.expected, 1.0).astype(np.float32)
    ways = None
    if statistics.single_spots is not None:
        spot, count = statistics.single_spots
        ways = Ways(km, spot, count.astype(np.float32), size)
    for reach_km in statistics.move_km.astype(np.float32):
        if ways is not None:
            yield Near(ways, reach_km)
            continue
        fade = np.exp(-np.nan_to_num(km) / reach_km)
        near = (statistics.at_spots.astype(np.float32) @ fade.T).T / size + _LEAST
        near[nowhere] = 1.0
        yield Column(near, is_log=True)
    item = queries.log.item[queries.indices]
    n_squares = world.area.shape[1]
    here = np.where(item >= 0, world.square[np.maximum(item, 0)], n_squares - 1)
    visits = tally(queries.pair_query, here, (len(queries), n_squares)).astype(np.float32)
    total = np.maximum(queries.length, 1).astype(np.float32)[:, None]
    for area in world.area:
        yield Column(np.log((visits @ area) / total + _LEAST), column=world.square)


def _meaning(queries: Queries, world: World) -> Column:
    """Return the cosine of each item with the mean meaning of the last check-ins."""
    if not world.meaning.any():
        nothing = np.zeros((1, len(world.meaning)), dtype=np.float32)
        return Column(nothing, np.zeros(len(queries), dtype=np.int64))
    late = np.arange(len(queries.indices)) >= queries.indptr[1:][queries.pair_query] - _N_MEANING
    item, query = queries.log.item[queries.indices[late]], queries.pair_query[late]
    recent = tally(query, item, (len(queries), len(world.meaning))).astype(np.float32)
    mean = recent @ world.meaning
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-6)
    return Column(mean @ world.direction.T)
