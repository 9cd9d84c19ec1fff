"""What trees learn from: training check-ins as targets, with counts of earlier blocks alone."""

from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from strec.models.counting import CounterMix
from strec.models.features.training_data import (
    FIRST_SHARE,
    N_BLOCKS,
    blocks_of,
    distinct_before,
)
from strec.models.features.world import World
from strec.models.profiles import runs_of
from strec.models.trees.boosting import Lesson
from strec.models.trees.numbers import (
    N_VISITED,
    Draft,
    NewDraft,
    Table,
    joined,
    pieces,
    visited_table,
)
from strec.progress import Progress
from strec.split import Log, Queries, queries_of_rows

#: Rows about the history, cells of queries and new items: bounds on memory and time.
_MAX_ROWS, _MAX_CELLS = 1_000_000, 60_000_000
#: Cells that are looked at in one piece: so few numbers stay near the processor.
_CHUNK_CELLS = 400_000
#: New items that one query teaches about: a draw among the likely ones.
_N_DRAWN = 48


@dataclass(frozen=True)
class Lessons:
    """Lessons about histories, and about what is new."""

    visited: Lesson | None
    new: Lesson | None
    rows: np.ndarray  # the targets


# Products are small: a second thread of BLAS does next to nothing, and spins between them.
@threadpool_limits.wrap(limits=1, user_api="blas")
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
    worlds: dict[float, World] | None = None,
) -> Lessons | None:
    """Return the lessons of a training log, None where it has none; rows `held` are no targets.

    `worlds` are those of `blocks_of`.
    """
    rng = np.random.default_rng(seed)
    share = train.share_before
    known = (train.item >= 0) & (share >= FIRST_SHARE)
    known[held] = False
    rows = np.flatnonzero(known)
    rows = rng.permutation(rows)[:n_targets]
    about = np.minimum(distinct_before(train, rows), N_VISITED) + 1
    if not len(rows):
        return None
    n_targets = max(1, int(np.searchsorted(np.cumsum(about), _MAX_ROWS)))
    rows, n_rows = np.sort(rows[:n_targets]), int(about[:n_targets].sum())
    n_new = min(len(rows), _MAX_CELLS // len(train.vocabulary.items))
    visited, new = _AboutHistories(n_rows), []
    for number, (world, inside) in enumerate(blocks_of(train, rows, None, worlds)):
        progress("Reading the past of each check-in", number / N_BLOCKS)
        ends = (train.ends_session & ~train.is_alone)[inside]
        weight = np.where(ends, end_weight, 1.0) * np.exp((share[inside] - 1) / fade)
        queries = queries_of_rows(train, inside, time_known=time_known)
        drawn = _some(~queries.returns, n_new * len(inside) // len(rows), rng)
        for rows_ in pieces(queries):
            part, told = queries.take(rows_), weight[rows_]
            draft, _, rates = visited_table(part, world, mix)
            visited.add(part, draft, told)
            chosen = np.flatnonzero(drawn[rows_])
            cells = np.full(len(chosen), len(train.vocabulary.items))
            for some in (chosen[each] for each in runs_of(cells, _CHUNK_CELLS)):
                asked = part.take(some)
                found = _about_new(asked, NewDraft.of(asked, world, rates[some]), told[some], rng)
                new += [found] if found is not None else []
    return Lessons(visited.lesson(), _all(new), rows)


@dataclass
class _AboutHistories:
    """Lessons of queries, end to end: the likely items of each history, and what came.

    The table has room for all from the beginning, which takes memory only as it is filled.
    """

    room: int
    _numbers: np.ndarray | None = None
    _filled: int = 0
    _others: list[tuple[np.ndarray, ...]] = field(default_factory=list)

    def add(self, queries: Queries, draft: Draft, weight: np.ndarray) -> None:
        """Put the lessons of the next queries, with how much each counts."""
        query = draft.query
        is_hit = draft.item == queries.target[query]
        came = np.bincount(query, is_hit, len(queries)) > 0
        # Where the target is no item of the history, somewhere new came.
        is_hit |= (draft.item < 0) & ~came[query]
        # What counting gives hardly a chance keeps it; such a target teaches nothing.
        came = np.bincount(query, is_hit & draft.speaks, len(queries)) > 0
        kept = np.flatnonzero(draft.speaks & came[query])
        size = np.bincount(query[kept], minlength=len(queries))[came]
        if self._numbers is None:
            self._numbers = np.empty((self.room, draft.width), dtype=np.float32)
        draft.numbers_of(kept, self._numbers[self._filled : self._filled + len(kept)])
        self._filled += len(kept)
        self._others.append((draft.start[kept], draft.item[kept], size, is_hit[kept], weight[came]))

    def lesson(self) -> Lesson | None:
        """Return all of them as one; None without any."""
        if self._numbers is None:
            return None
        start, item, size, hit, weight = (
            np.concatenate(each) for each in zip(*self._others, strict=True)
        )
        ptr = np.r_[0, np.cumsum(size)]
        return Lesson(Table(start, item, ptr, self._numbers[: self._filled]), hit, weight)


def _about_new(queries: Queries, draft: NewDraft, weight: np.ndarray, rng) -> Lesson | None:
    """Return the lesson of some queries: the target among a draw of the likely new items.

    A draw stands for all: its start is lowered by the log of how often an item is drawn (Bengio
    and Senécal 2008). Targets that are not among the likely ones teach nothing here: None where
    all are such.
    """
    query = draft.query
    is_hit = draft.item == queries.target[query]
    size = np.diff(draft.ptr)
    chance = np.minimum(
        1.0,
        _N_DRAWN * (0.5 * np.exp(draft.start) + 0.5 / np.maximum(size, 1)[query]),
    )
    came = np.bincount(query, is_hit, len(queries)) > 0
    kept = (rng.random(len(query)) < chance) | is_hit
    rows = np.flatnonzero(kept & came[query])
    if not len(rows):
        return None
    start = np.where(is_hit, draft.start, draft.start - np.log(chance))[rows]
    size = np.bincount(query[rows], minlength=len(queries))[came]
    numbers = draft.columns(rows).stack(len(rows))
    table = Table(start, draft.item[rows], np.r_[0, np.cumsum(size)], numbers)
    return Lesson(table, is_hit[rows], weight[came])


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
