"""Numbers about candidates, and how probable counting makes them before any tree speaks.

Items of the history and one row for "somewhere new" share a query's probability; items that are
new share that of this row. Each column belongs to a reason, as in ST-LLM.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
from scipy import sparse

from strec.metrics import best_first
from strec.models.counting import CounterMix
from strec.models.counting.newcomers import SOURCES, Newcomers, inverse
from strec.models.counting.visits import after_last, visits_of
from strec.models.features.candidates import (
    CANDIDATE_FEATURES,
    N_NEW_TO,
    candidate_features,
    new_to,
)
from strec.models.features.numbers import Columns, context_numbers, item_numbers, stacked
from strec.models.features.pairs import Pairs
from strec.models.features.world import World
from strec.models.keys import order_of
from strec.models.profiles import profiles, runs_of
from strec.split import Queries

#: Windows around this hour in which the user's own visits are counted, in hours.
WINDOWS_H = (0.4, 1.0, 3.0)
#: Visits fade by half over so many days.
HALF_LIFE_DAYS = 7
#: Items of a history that trees look at: the most probable ones by counting.
N_VISITED = 100
#: New items that trees look at: the most probable ones by counting.
N_NEW = 1000
#: Visits that are looked at in one piece.
_CHUNK_VISITS = 100_000
_FEWEST = 1e-12


@dataclass(frozen=True)
class Candidates:
    """Candidates of some queries: R rows in the order of queries."""

    start: np.ndarray  # (R,) log of what counting gives, up to a number per query
    item: np.ndarray  # (R,) code, -1 for somewhere new
    ptr: np.ndarray  # (Q + 1,) rows of each query

    @cached_property
    def speaks(self) -> np.ndarray:
        """Shape ``(R,)``: rows that trees look at, the likely ones and somewhere new."""
        found, query = np.ones(len(self.item), dtype=bool), self.query
        # Where there are not so many, all are among the likely ones.
        many = np.flatnonzero((np.diff(self.ptr) > N_VISITED)[query])
        order = many[np.lexsort((-self.start[many], query[many]))]
        found[order] = many - self.ptr[query[many]] < N_VISITED
        return found | (self.item < 0)

    @property
    def query(self) -> np.ndarray:
        """Shape ``(R,)``: the query of each row."""
        return np.repeat(np.arange(len(self.ptr) - 1), np.diff(self.ptr))


@dataclass(frozen=True)
class Draft(Candidates):
    """Candidates whose numbers are still to be put side by side."""

    parts: Sequence[tuple[Columns, np.ndarray]]  # columns, and the row of them of each candidate

    @property
    def width(self) -> int:
        """How many numbers each has."""
        return sum(len(columns) for columns, _ in self.parts)

    def numbers_of(self, kept: np.ndarray, table: np.ndarray | None = None) -> np.ndarray:
        """Return, or write into a table, the numbers of some candidates, by their rows."""
        return stacked([(columns, rows[kept]) for columns, rows in self.parts], table)

    def table(self) -> "Table":
        """Return all of them with their numbers."""
        return Table(self.start, self.item, self.ptr, stacked(self.parts))


@dataclass(frozen=True)
class Table(Candidates):
    """Candidates with F numbers each."""

    numbers: np.ndarray  # (R, F) float32, NaN where a number is of no meaning

    def rows(self, kept: np.ndarray) -> "Table":
        """Return some of the rows, by a mask of shape ``(R,)``."""
        size = np.bincount(self.query[kept], minlength=len(self.ptr) - 1)
        ptr = np.r_[0, np.cumsum(size)]
        return Table(self.start[kept], self.item[kept], ptr, self.numbers[kept])


def joined(tables: list[Table]) -> Table:
    """Return several tables as one."""
    numbers, start, item = (
        np.concatenate([vars(each)[name] for each in tables])
        for name in ("numbers", "start", "item")
    )
    sizes = np.concatenate([np.diff(each.ptr) for each in tables])
    return Table(start, item, np.r_[0, np.cumsum(sizes)], numbers)


def pieces(queries: Queries) -> Iterator[slice]:
    """Return slices of queries whose histories are looked at together."""
    return runs_of(queries.length + 1, _CHUNK_VISITS)


def visited_table(
    queries: Queries, world: World, mix: CounterMix
) -> tuple[Draft, list[str], np.ndarray]:
    """Return a row per item of each history and one for somewhere new, last.

    Beside it, the reason of each column, and how loud each source of new items is, shape
    ``(Q, n_sources)``, in the unit of `Candidates.start`.
    """
    pairs = Pairs(queries)
    items, context = Columns(), Columns()
    item_numbers(items, pairs, world)
    _own_share(items, pairs)
    _standing(items, pairs)
    context_numbers(context, pairs)
    visits = visits_of(queries, world.statistics)
    loud, rates = mix.loudness(queries, visits)
    weight = np.bincount(
        pairs.group[pairs.item >= 0], weights=loud, minlength=len(pairs.group_item)
    )
    rates = rates * _speaks(queries, world)
    known = np.flatnonzero(pairs.group_item >= 0)
    n = len(queries)
    query = np.r_[pairs.group_query[known], np.arange(n)]
    order = order_of(query)
    start = np.log(np.r_[weight[known], rates.sum(axis=1)] + _FEWEST)
    everything = np.log(np.bincount(query, np.exp(start), n))
    chance = Columns()
    chance("habit", start - everything[query])
    parts = (
        (items, np.r_[known, np.full(n, -1)][order]),
        (context, query[order]),
        (chance, order),
    )
    ptr = np.r_[0, np.cumsum(np.bincount(query, minlength=n))]
    item = np.r_[pairs.group_item[known], np.full(n, -1)][order]
    reasons = [*items.reasons, *context.reasons, *chance.reasons]
    return Draft(start[order], item, ptr, parts), reasons, rates


@dataclass(frozen=True)
class NewDraft(Candidates):
    """New items that are among the most probable by counting; their numbers are still unknown."""

    queries: Queries
    world: World
    said: Newcomers
    likely: np.ndarray  # (Q, n_items) what counting gives each item among all that are new

    @classmethod
    def of(cls, queries: Queries, world: World, rates: np.ndarray) -> "NewDraft":
        """Look for them; `rates` are those of `visited_table`."""
        said = Newcomers(queries, world.statistics)
        likely = said.together(rates * inverse(said.totals))
        total = likely.sum(axis=1, keepdims=True)
        likely = np.divide(likely, total, out=np.zeros_like(likely), where=total > 0)
        top = best_first(likely, N_NEW)
        query = np.repeat(np.arange(len(queries)), top.shape[1])
        item = top.ravel()
        kept = likely[query, item] > 0
        query, item = query[kept], item[kept]
        ptr = np.r_[0, np.cumsum(np.bincount(query, minlength=len(queries)))]
        return cls(np.log(likely[query, item]), item, ptr, queries, world, said, likely)

    def columns(self, rows: np.ndarray) -> Columns:
        """Return the numbers of some of them, at least one."""
        query, item = self.query[rows], self.item[rows]
        put = Columns()
        shares = self.said.at(query, item) * inverse(self.said.totals)[query]
        for (reason, _), share in zip(SOURCES.values(), shares.astype(np.float32).T, strict=True):
            put(reason, np.log(share + 1e-9))
        # What is far from all of them need not be worked out.
        asked, query = np.unique(query, return_inverse=True)
        queries = self.queries.take(asked)
        n_told = len(CANDIDATE_FEATURES) - N_NEW_TO
        features = zip(
            CANDIDATE_FEATURES.values(), candidate_features(queries, self.world), strict=True
        )
        for (reason, _), column in islice(features, n_told):
            put(reason, column.at(query, item))
        put("popular", self.start[rows])
        _of_new(put, queries, self.world, query, item)
        return put


def new_table(
    queries: Queries, world: World, rates: np.ndarray
) -> tuple[Table, list[str], np.ndarray]:
    """Return a row per new item that is among the most probable by counting.

    Beside it, the reason of each column, and what counting gives each item among all that are
    new, shape ``(Q, n_items)``. `rates` are those of `visited_table`.
    """
    draft = NewDraft.of(queries, world, rates)
    columns = draft.columns(np.arange(len(draft.item)))
    numbers = columns.stack(len(draft.item))
    return Table(draft.start, draft.item, draft.ptr, numbers), columns.reasons, draft.likely


def _own_share(put: Columns, p: Pairs) -> None:
    """Shares of the user's own visits about this hour, lately, on such days, after such a gap."""
    of_query = p.group_query
    clock = p.clock[p.query]
    late = 0.5 ** (np.expm1(p.age) / (24 * HALF_LIFE_DAYS))
    for hours in WINDOWS_H:
        inside = (p.apart <= hours) * clock
        for reason, weight in (
            ("hour", inside),
            ("hour", inside * late),
            ("weekday", inside * p.same_kind),
            ("weekday", inside * p.same_kind * late),
        ):
            own, total = p.per_item(weight), p.per_query(weight)
            put(reason, own / (total[of_query] + 0.5))
    for reason, weight in (("recency", late), ("sequence", p.same_gap * p.same_before)):
        own, total = p.per_item(weight), p.per_query(weight)
        put(reason, own / (total[of_query] + 0.5))
    age = np.expm1(p.age[p.newest])
    n = p.per_item(~np.isnan(p.since_same))
    usual = p.per_item(np.expm1(np.nan_to_num(p.since_same))) / np.maximum(n, 1)
    put("recency", np.where(n > 0, age / (usual + 1.0), np.nan))


def _standing(put: Columns, p: Pairs) -> None:
    """Where an item stands among those of its history, by counts and by latest visit."""
    first = np.searchsorted(p.group_query, np.arange(len(p.queries)))[p.group_query]
    for reason, value in (("habit", p.count), ("recency", -p.age[p.newest])):
        order = np.lexsort((-value, p.group_query))
        rank = np.empty(len(order))
        rank[order] = np.arange(len(order))
        put(reason, rank - first)


def _of_new(
    put: Columns, queries: Queries, world: World, query: np.ndarray, item: np.ndarray
) -> None:
    """Numbers about a new item that no source of counting has."""
    statistics = world.statistics
    count = statistics.expected[item]
    put("popular", np.log1p(count), np.log((world.lately[item] + 0.3) / (count + 3.0)))
    put("popular", world.end_share[item])
    angle = np.nan_to_num(queries.hour) / 12 * np.pi
    put("popular now", np.sin(angle)[query], np.cos(angle)[query], (queries.weekday >= 5)[query])
    put("novelty", np.log1p(queries.length)[query], np.log1p(queries.session_length)[query])
    # Trees of before know all but these: they look at the columns before them.
    put("popular", *new_to(world)[:, item])


def _speaks(queries: Queries, world: World) -> np.ndarray:
    """Return which sources of new items have something to say, shape ``(Q, n_sources)``."""
    speaks = np.ones((len(queries), len(SOURCES)))
    placed = world.statistics.has_places & ~np.isnan(queries.lat)
    after = after_last(queries, world.statistics)
    new = sparse.csr_matrix(after - after.multiply(profiles(queries) > 0))
    new.eliminate_zeros()
    follows = np.diff(new.indptr) > 0
    for column, name in enumerate(SOURCES):
        if name == "follows the last item":
            speaks[:, column] = follows
        elif "way" in name or "near" in name:
            speaks[:, column] = placed
    return speaks
