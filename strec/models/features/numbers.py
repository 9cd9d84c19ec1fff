"""Numbers about a query, the items of its history, and each past visit to them.

Each number belongs to a reason, so that a score can be taken apart by reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from strec.geo import distance_km
from strec.models.counting.visits import transition_lift
from strec.models.features.pairs import Pairs
from strec.models.features.world import World
from strec.split import Queries
from strec.split.queries import ranges

if TYPE_CHECKING:
    import torch

#: Check-ins that the sequence encoder reads, and numbers about each.
N_STEPS = 16
STEP_REASONS = ("habit", "hour", "hour", "weekday", "recency", "sequence", "near", "near")
#: Reasons that columns may have, and the tables they stand in.
REASONS = ("habit", "recency", "hour", "weekday", "sequence", "near", "follows")
KINDS_OF_NUMBER = ("context", "item", "visit", "prior")
#: Knots of piecewise linear curves: hours of age, hours of the day apart, km.
_AGE_H = (0, 8, 20, 30, 72, 168, 504, 1440)
_APART_H = (0, 0.25, 0.5, 1, 2, 4, 8, 12)
_AWAY_KM = (0, 0.05, 0.2, 0.6, 2, 8)
#: No power of two: one row below another would have the same few places in the cache.
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Numbers:
    """Everything the pointer reads about some queries.

    Q queries, G pairs of a query and an item of its history, V visits, S steps.
    """

    context: np.ndarray  # (Q, n_context)
    item_numbers: np.ndarray  # (G, n_item)
    visit_numbers: np.ndarray  # (V, n_visit)
    item: np.ndarray  # (G,) codes, -1 for what the vocabulary does not know
    row: np.ndarray  # (V,) rows of the log
    prior: np.ndarray  # (V, 3) how loudly a visit speaks before any training, by reason
    item_ptr: np.ndarray  # (Q + 1,) items of a query
    visit_ptr: np.ndarray  # (G + 1,) visits of an item
    steps: np.ndarray  # (Q, S) items of the last check-ins, the latest last; -2 where none
    step_numbers: np.ndarray  # (Q, S, n_step) numbers about them

    def __len__(self) -> int:
        return len(self.context)

    def tensors(self, queries: np.ndarray) -> "tuple[dict[str, torch.Tensor], np.ndarray]":
        """Return what the network reads about some queries, and the items' places in here."""
        import torch

        item_ptr, items = ranges(self.item_ptr[queries], self.item_ptr[queries + 1])
        visit_ptr, visits = ranges(self.visit_ptr[items], self.visit_ptr[items + 1])
        found = {
            "context": self.context[queries],
            "item_numbers": self.item_numbers[items],
            "visit_numbers": self.visit_numbers[visits],
            "prior": self.prior[visits],
            "item": self.item[items],
            "item_query": np.repeat(np.arange(len(queries)), np.diff(item_ptr)),
            "visit_item": np.repeat(np.arange(len(items)), np.diff(visit_ptr)),
            "steps": self.steps[queries],
            "step_numbers": self.step_numbers[queries],
        }
        return {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in found.items()}, items


class Columns:
    """A table that grows by columns: call it with a reason and arrays."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self._columns: list[np.ndarray] = []

    def __call__(self, reason: str, *columns: np.ndarray) -> None:
        self._columns += [np.asarray(column, dtype=np.float32) for column in columns]
        self.reasons += [reason] * len(columns)

    def __len__(self) -> int:
        return len(self._columns)

    def stack(self, n_rows: int, chosen: np.ndarray | None = None) -> np.ndarray:
        """Return the table, or some of its rows, shape ``(n_rows, n_columns)``, float32."""
        return stacked([(self, np.arange(n_rows) if chosen is None else chosen)])

    def fill(self, block: np.ndarray, rows: np.ndarray) -> None:
        """Write some rows, -1 for nothing, into a block of shape ``(n_columns, len(rows))``."""
        if not len(rows) or not len(self) or not len(self._columns[0]):
            block[:] = np.nan
            return
        for own, column in zip(block, self._columns, strict=True):
            np.take(column, rows, out=own, mode="wrap")
        block[:, rows < 0] = np.nan


def stacked(
    parts: Sequence[tuple[Columns, np.ndarray]], table: np.ndarray | None = None
) -> np.ndarray:
    """Return chosen rows of several tables side by side, float32.

    Parameters
    ----------
    parts : sequence of tuple
        Columns, and the row of them that each row of the table has, -1 for none: that is NaN.
    table : numpy.ndarray, optional
        What is written to.
    """
    n_rows, ends = len(parts[0][1]), np.cumsum([0] + [len(columns) for columns, _ in parts])
    if table is None:
        table = np.empty((n_rows, ends[-1]), dtype=np.float32)
    # Piece by piece: a column that is written through the whole table misses every cache.
    block = np.empty((ends[-1], _ROWS_AT_ONCE), dtype=np.float32)
    for first in range(0, n_rows, _ROWS_AT_ONCE):
        piece = slice(first, min(first + _ROWS_AT_ONCE, n_rows))
        told = block[:, : piece.stop - first]
        for (columns, rows), begin, end in zip(parts, ends, ends[1:], strict=False):
            columns.fill(told[begin:end], rows[piece])
        table[piece] = told.T
    return table


class Gathered:
    """Numbers of several sets of queries, end to end, with half the bytes per number.

    The tables have room for all from the beginning, which takes memory only as it is filled:
    nothing is held twice.

    Parameters
    ----------
    n_queries, n_visits : int
        How many there will be at most, of all sets together.
    """

    def __init__(self, n_queries: int, n_visits: int) -> None:
        per_visit = ("item_numbers", "item", "visit_numbers", "prior")
        self._room: dict[str, int] = dict.fromkeys(per_visit, n_visits)
        self._room |= dict.fromkeys(("context", "steps", "step_numbers"), n_queries)
        self._tables: dict[str, np.ndarray] = {}
        self._filled: dict[str, int] = dict.fromkeys(self._room, 0)
        self._sizes: dict[str, list[np.ndarray]] = {"item_ptr": [], "visit_ptr": []}

    def add(self, numbers: Numbers) -> None:
        """Put the numbers of the next queries; which rows of the log they are from is left out."""
        import torch

        for name, room in self._room.items():
            values = vars(numbers)[name]
            if name not in self._tables:
                kind = np.float16 if values.dtype == np.float32 else values.dtype
                self._tables[name] = np.empty((room, *values.shape[1:]), dtype=kind)
            at = self._filled[name]
            self._filled[name] += len(values)
            # torch rounds many numbers at once, numpy one by one: the same ones.
            room_for = self._tables[name][at : at + len(values)]
            torch.from_numpy(room_for).copy_(torch.from_numpy(values))
        for name, sizes in self._sizes.items():
            sizes.append(np.diff(vars(numbers)[name]))

    def numbers(self) -> Numbers:
        """Return all that was put."""
        tables = {name: table[: self._filled[name]] for name, table in self._tables.items()}
        ptr = {
            name: np.r_[0, np.cumsum(np.concatenate(each))] for name, each in self._sizes.items()
        }
        return Numbers(row=np.zeros(0, dtype=np.int64), **tables, **ptr)


def shorten(queries: Queries, n_history: int) -> Queries:
    """Return queries that see their last `n_history` check-ins alone."""
    stop = queries.indptr[1:]
    indptr, indices = ranges(np.maximum(queries.indptr[:-1], stop - n_history), stop)
    return replace(queries, indptr=indptr, indices=queries.indices[indices])


def numbers_of(queries: Queries, world: World) -> tuple[Numbers, dict[str, list[str]]]:
    """Return the numbers of queries, and the reason of each column by kind of number."""
    pairs = Pairs(queries)
    items, visits, prior, context = Columns(), Columns(), Columns(), Columns()
    item_numbers(items, pairs, world)
    _visits(visits, pairs)
    _prior(prior, pairs)
    context_numbers(context, pairs)
    steps, step_numbers = _steps(pairs)
    numbers = Numbers(
        context=context.stack(len(queries)),
        item_numbers=items.stack(len(pairs.group_item)),
        visit_numbers=visits.stack(len(pairs.row), pairs.by_group),
        item=pairs.group_item,
        row=pairs.row[pairs.by_group],
        prior=prior.stack(len(pairs.row), pairs.by_group),
        item_ptr=np.searchsorted(pairs.group_query, np.arange(len(queries) + 1)),
        visit_ptr=np.searchsorted(
            pairs.group[pairs.by_group], np.arange(len(pairs.group_item) + 1)
        ),
        steps=steps,
        step_numbers=step_numbers,
    )
    return numbers, {
        "context": context.reasons,
        "item": items.reasons,
        "visit": visits.reasons,
        "prior": prior.reasons,
    }


def item_numbers(put: Columns, p: Pairs, world: World) -> None:
    """Put numbers about each item of the history, from all visits to it."""
    of_query = p.group_query
    for reason, weight in p.evidence():
        own, total = p.per_item(weight), p.per_query(weight)
        put(reason, np.log(own + 0.05))
        put(reason, np.log((own + 0.02) / (total[of_query] + 0.5)))
    _returning(put, p)
    for days in (7, 14):
        put("weekday", p.per_item((p.days == days) * p.close_2h))
    put("hour", p.per_item((p.days == 1) * p.close_2h))
    again, again_2 = p.per_item(p.again) > 0, p.per_item(p.again_2) > 0
    put("sequence", np.minimum(p.per_item(p.in_session), 3), again, again_2)
    put("sequence", again * p.gap_now[of_query])
    put("sequence", p.per_item(p.same_gap * p.fade_60d) / (p.per_item(p.fade_60d) + 0.1))
    count = p.count
    put("sequence", (p.per_item(p.ends_session) + 0.2) / (count + 1))
    put("sequence", (p.per_item(p.opens_session) + 0.2) / (count + 1))
    put("sequence", p.per_item(p.gap_after) / count)
    put("sequence", p.per_item(np.nan_to_num(p.gap_before, nan=3.0)) / count)
    angle = p.hour_then / 12 * np.pi
    x, y = p.per_item(np.cos(angle)) / count, p.per_item(np.sin(angle)) / count
    now = np.nan_to_num(p.queries.hour[of_query]) / 12 * np.pi
    put("hour", np.hypot(x, y), (x * np.cos(now) + y * np.sin(now)) * p.clock[of_query])
    statistics, item = world.statistics, np.maximum(p.group_item, 0)
    put("habit", np.log1p(statistics.count[item]))
    put("hour", np.log(statistics.time_lift[item, p.cell[of_query]]))
    put("follows", transition_lift(statistics, p.queries, of_query, item))
    put("sequence", world.end_share[item])
    for reason, weight in p.kinds():
        amount = p.per_kind(weight)  # (Q, n_categories + 1)
        own = amount[of_query, p.group_kind]
        put(reason, np.log((own + 0.02) / (amount.sum(axis=1)[of_query] + 0.5)))
    away = p.km[p.newest]
    put("near", np.log1p(10 * np.nan_to_num(away)), ~np.isnan(away))


def _returning(put: Columns, p: Pairs) -> None:
    """How long since the last visit to the item, against how long it usually takes."""
    age = p.age[p.newest]
    put("recency", age, np.minimum(age, np.log1p(24)), p.age[p.oldest])
    between = np.nan_to_num(p.since_same)
    n = p.per_item(~np.isnan(p.since_same))
    usual = np.where(n > 0, p.per_item(between) / np.maximum(n, 1), 6.0)
    square = p.per_item(between**2) / np.maximum(n, 1)
    spread = np.sqrt(np.maximum(square - usual**2, 0))
    put("recency", usual, np.where(n > 1, spread, -1), age - usual, np.exp(-np.abs(age - usual)))
    put("recency", np.nan_to_num(p.since_same[p.newest], nan=7.0), p.per_item(p.days == 0))


def _visits(put: Columns, p: Pairs) -> None:
    """Numbers about one visit."""
    put("recency", *tents(p.age, np.log1p(_AGE_H)))
    put("recency", np.log1p(p.rank), p.is_newest, p.days == 0, p.days == 1)
    clock = p.clock[p.query]
    put("hour", *(curve * clock for curve in tents(p.apart, np.array(_APART_H))))
    put("hour", np.sign(p.later) * np.exp(-p.apart / 2) * clock)
    put("weekday", p.same_weekday, p.same_kind, p.same_weekday * p.close, p.same_kind * p.close)
    put("weekday", p.days == 7, p.days == 14)
    put("sequence", p.same_before, p.same_before * p.linked, p.same_two, p.skip)
    put("sequence", p.same_kind_before, p.again, p.in_session, p.same_gap)
    put("sequence", p.same_gap * p.same_before)
    put("sequence", np.minimum(np.nan_to_num(p.gap_before, nan=3.0), 6))
    put("sequence", np.minimum(p.gap_after, 6), p.ends_session)
    knots = np.array(_AWAY_KM)
    placed = ~np.isnan(p.km)
    put("near", *(curve * placed for curve in tents(np.nan_to_num(p.km), knots)))
    came_from = np.nan_to_num(p.km_before, nan=30.0)
    put("near", *(curve * p.linked for curve in tents(came_from, knots)[:-1]))


def _prior(put: Columns, p: Pairs) -> None:
    """What training starts from: recent visits, at this hour, after the same item."""
    put("recency", -0.5 * p.age)
    put("hour", p.close_2h)
    put("sequence", 0.7 * p.same_before - 0.5 * p.again)


def context_numbers(put: Columns, p: Pairs) -> None:
    """Put numbers about the query alone."""
    q = p.queries
    angle = np.nan_to_num(q.hour) / 12 * np.pi
    for turn in (1, 2, 3):
        put("hour", np.sin(turn * angle) * p.clock, np.cos(turn * angle) * p.clock)
    put("weekday", *(q.weekday == day for day in range(7)))
    n_items = np.bincount(p.group_query, minlength=len(q))
    put("habit", np.log1p(q.length), np.log1p(n_items))
    put("recency", np.minimum(p.gap_now, 6), p.gap_now > np.log1p(24))
    put("sequence", np.log1p(q.session_length))
    first, late = np.isnan(p.since_same), p.rank < 20
    put("habit", p.per_query(first & late) / np.maximum(p.per_query(late), 1))
    put("habit", p.per_query(first) / np.maximum(q.length, 1))
    share = p.count / np.maximum(q.length[p.group_query], 1)
    put("habit", np.bincount(p.group_query, -share * np.log(share), minlength=len(q)))
    put("hour", np.log(p.per_query(p.close_2h * p.fade_60d) + 0.05))
    put("sequence", np.log(p.per_query(p.same_before) + 0.05))
    put("recency", np.sqrt(p.per_query(p.age < np.log1p(168))))
    put("near", ~np.isnan(q.lat))


def _steps(p: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Return the last check-ins of each query and numbers about them."""
    q, log = p.queries, p.queries.log
    back = np.arange(N_STEPS)[::-1]
    position = q.indptr[1:, None] - 1 - back
    there = (position >= q.indptr[:-1, None]) & (not log.is_anonymous)
    row = q.indices[np.where(there, position, 0)] if len(q.indices) else np.zeros_like(position)
    steps = np.full(row.shape, -2)
    numbers = np.zeros((*row.shape, len(STEP_REASONS)), dtype=np.float32)
    if not len(q.indices):
        return steps, numbers
    steps[there] = log.item[row[there]]
    at = np.where(there, position, 0)
    angle = log.hour[row] / 12 * np.pi
    km = distance_km(q.lat[:, None], q.lon[:, None], log.lat[row], log.lon[row])
    columns = (
        np.ones(row.shape),
        np.sin(angle),
        np.cos(angle),
        log.weekday[row] >= 5,
        p.age[at] / 4,
        np.nan_to_num(p.gap_before[at], nan=3.0) / 3,
        np.log1p(np.nan_to_num(km)),
        ~np.isnan(km),
    )
    for column, value in enumerate(columns):
        numbers[..., column] = np.where(there, value, 0)
    return steps, numbers


def tents(x: np.ndarray, knots: np.ndarray) -> list[np.ndarray]:
    """Return hat functions at all knots: 1 there, 0 at the others, linear between.

    Examples
    --------
    >>> [a.tolist() for a in tents(np.array([0.0, 1.5, 9.0]), np.array([0, 1, 2]))]
    [[1.0, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.5, 1.0]]
    """
    x = np.clip(x, knots[0], knots[-1]).astype(np.float32)
    rise = [np.clip((x - a) / (b - a), 0, 1) for a, b in zip(knots, knots[1:], strict=False)]
    first, last = np.ones_like(x), np.zeros_like(x)
    return [up - down for up, down in zip([first, *rise], [*rise, last], strict=True)]
