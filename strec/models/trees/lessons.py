"""What trees learn from: training check-ins as targets, with counts of earlier blocks alone."""

from dataclasses import dataclass

import numpy as np

from strec.models.counting import CounterMix
from strec.models.features.training_data import blocks_of, distinct_before, share_of_time
from strec.models.profiles import runs_of
from strec.models.trees.boosting import Lesson
from strec.models.trees.numbers import (
    N_VISITED,
    Table,
    joined,
    new_table,
    pieces,
    visited_table,
)
from strec.progress import Progress
from strec.split import Log, Queries, queries_of_rows

#: Targets begin after this share of the check-ins: the first have too little before them.
FIRST_SHARE = 0.3
#: Rows about the history, cells of queries and new items: bounds on memory and time.
_MAX_ROWS, _MAX_CELLS = 1_000_000, 60_000_000
#: Cells that are looked at in one piece: so few numbers stay near the processor.
_CHUNK_CELLS = 400_000
#: New items that one query teaches about: a draw among the likely ones.
_N_DRAWN = 48


@dataclass(frozen=True)
class Lessons:
    """Lessons about histories, and about what is new; the reasons of their columns."""

    visited: Lesson | None
    new: Lesson | None
    visited_reasons: list[str]
    new_reasons: list[str]
    rows: np.ndarray  # the targets


def lessons_of(
    train: Log,
    mix: CounterMix,
    held: np.ndarray,
    *,
    n_targets: int,
    time_known: bool,
    end_weight: float,
    fade: float,
    seed: int,
    progress: Progress,
) -> Lessons | None:
    """Return the lessons of a training log, None where it has none; rows `held` are no targets."""
    rng = np.random.default_rng(seed)
    share = share_of_time(train)
    known = (train.item >= 0) & (share >= FIRST_SHARE)
    known[held] = False
    rows = np.flatnonzero(known)
    rows = rng.permutation(rows)[:n_targets]
    about = np.minimum(distinct_before(train, rows), N_VISITED) + 1
    rows = np.sort(rows[: max(1, int(np.searchsorted(np.cumsum(about), _MAX_ROWS)))])
    if not len(rows):
        return None
    n_new = min(len(rows), _MAX_CELLS // len(train.vocabulary.items))
    visited, new, reasons = [], [], ([], [])
    for number, (world, inside) in enumerate(blocks_of(train, rows, share, None)):
        progress("Reading the past of each check-in", number / 8)
        ends = (train.ends_session & ~train.is_alone)[inside]
        weight = np.where(ends, end_weight, 1.0) * np.exp((share[inside] - 1) / fade)
        queries = queries_of_rows(train, inside, time_known=time_known)
        drawn = _some(~queries.returns, n_new * len(inside) // len(rows), rng)
        for rows_ in pieces(queries):
            part, told = queries.take(rows_), weight[rows_]
            table, reasons_visited, rates = visited_table(part, world, mix)
            visited.append(_about_history(part, table, told))
            reasons = reasons_visited, reasons[1]
            chosen = np.flatnonzero(drawn[rows_])
            cells = np.full(len(chosen), len(train.vocabulary.items))
            for some in (chosen[each] for each in runs_of(cells, _CHUNK_CELLS)):
                found, reasons_new, _ = new_table(part.take(some), world, rates[some])
                new.append(_about_new(part.take(some), found, told[some], rng))
                reasons = reasons_visited, reasons_new
    return Lessons(_all(visited), _all(new), *reasons, rows)


def _about_history(queries: Queries, table: Table, weight: np.ndarray) -> Lesson:
    """Return the lesson of some queries: the likely items of each history, and what came."""
    query = table.query
    is_hit = table.item == queries.target[query]
    came = np.bincount(query, is_hit, len(queries)) > 0
    # Where the target is no item of the history, somewhere new came.
    is_hit |= (table.item < 0) & ~came[query]
    # What counting gives hardly a chance keeps it; such a target teaches nothing.
    came = np.bincount(query, is_hit & table.speaks, len(queries)) > 0
    kept = table.speaks
    return Lesson(table.rows(kept), is_hit[kept], weight).take(came)


def _about_new(queries: Queries, table: Table, weight: np.ndarray, rng) -> Lesson:
    """Return the lesson of some queries: the target among a draw of the likely new items.

    A draw stands for all: its start is lowered by the log of how often an item is drawn (Bengio
    and Senécal 2008). Targets that are not among the likely ones teach nothing here.
    """
    query = table.query
    is_hit = table.item == queries.target[query]
    size = np.diff(table.ptr)
    chance = np.minimum(
        1.0,
        _N_DRAWN * (0.5 * np.exp(table.start) + 0.5 / np.maximum(size, 1)[query]),
    )
    kept = (rng.random(len(query)) < chance) | is_hit
    start = np.where(is_hit, table.start, table.start - np.log(chance))
    lesson = Lesson(
        Table(table.numbers[kept], start[kept], table.item[kept], np.zeros(0)), is_hit[kept], weight
    )
    came = np.bincount(query, is_hit, len(queries)) > 0
    sizes = np.bincount(query[kept], minlength=len(queries))
    table = Table(lesson.table.numbers, lesson.table.start, lesson.table.item,
                  np.r_[0, np.cumsum(sizes)])  # fmt: skip
    return Lesson(table, lesson.hit, weight).take(came)


def _some(mask: np.ndarray, most: int, rng) -> np.ndarray:
    """Return a mask with `most` of its entries at most."""
    kept = np.zeros(len(mask), dtype=bool)
    kept[rng.permutation(np.flatnonzero(mask))[:most]] = True
    return kept


def _all(lessons: list[Lesson]) -> Lesson | None:
    if not lessons:
        return None
    return Lesson(
        joined([each.table for each in lessons]),
        np.concatenate([each.hit for each in lessons]),
        np.concatenate([each.weight for each in lessons]),
    )
