"""What trees and ST-LLM learn from: training check-ins as targets, as if they were still to come.

Counts over all users would give the target away if they knew it, so the training check-ins are
cut into blocks by time, and targets of a block see counts from the blocks before it alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from strec.memory import give_back
from strec.models.counting.newcomers import visited
from strec.models.features.candidates import CANDIDATE_FEATURES, candidate_features
from strec.models.features.numbers import Gathered, Numbers, numbers_of, shorten
from strec.models.features.world import World, first_takes, squares_of
from strec.models.profiles import runs_of
from strec.progress import Progress
from strec.split import Log, Queries, queries_of_rows

if TYPE_CHECKING:
    import torch

#: Targets begin after this share of the check-ins: the first have too little before them.
FIRST_SHARE = 0.3
N_BLOCKS = 8
#: Pairs of target and visit, of target and item of its history, and of new target and candidate,
#: at most: bounds on memory.
MAX_VISITS = 6_000_000
MAX_PAIRS = 2_000_000
MAX_CELLS = 60_000_000
#: Items drawn beside each new target.
N_CANDIDATES = 255
#: Of so many items at most the counts of all blocks are kept for whoever asks for them next.
MOST_KEPT = 30_000
_CHUNK_VISITS = 50_000
_CHUNK_CELLS = 8_000_000


@dataclass
class TrainingData:
    """Targets with everything that the network reads about them; Q targets, of which M are new."""

    numbers: Numbers  # of the pointer, half precision
    target: np.ndarray  # (Q,) item codes
    weight: np.ndarray  # (Q,) how much a target counts
    new: np.ndarray  # (M,) which targets are not in the visible history
    candidates: np.ndarray  # (M, K) items to tell apart, the target first
    log_drawn: np.ndarray  # (M, K) how often each is drawn
    spread: np.ndarray  # (M, K, n_spread) the generator's numbers
    reasons: dict[str, list[str]]  # of each column by kind of number

    def batch(self, chosen: np.ndarray, remember: bool) -> "dict[str, torch.Tensor]":
        """Return one batch of targets to learn from."""
        import torch

        queries = np.sort(chosen)
        batch, items = self.numbers.tensors(queries)
        hit = self.numbers.item[items] == self.target[queries][batch["item_query"].numpy()]
        is_new = np.bincount(batch["item_query"].numpy(), hit, len(queries)) == 0
        if not remember:
            is_new[:] = True
        _, drawn, place = np.intersect1d(queries, self.new, return_indices=True)
        found = {
            "hit": hit,
            "is_new": is_new,
            "is_pointing": np.array([remember and len(items) > 0]),
            "weight": self.weight[queries],
            "new_query": drawn,
            "candidates": self.candidates[place],
            "log_drawn": self.log_drawn[place],
            "spread": self.spread[place],
        }
        return batch | {name: torch.from_numpy(value) for name, value in found.items()}


# Products are small: a second thread of BLAS does next to nothing, and spins between them.
@threadpool_limits.wrap(limits=1, user_api="blas")
def training_data_of(
    train: Log,
    meaning: np.ndarray,
    held: np.ndarray,
    *,
    n_history: int,
    time_known: bool,
    end_weight: float,
    fade: float,
    remember: bool,
    seed: int,
    progress: Progress,
    worlds: dict[float, World] | None = None,
) -> TrainingData:
    """Return the data of a training log; `meaning` has shape ``(n_items, n_meaning)``.

    The rows that are `held` are no targets. Where the model shall `remember`, targets in the
    history are the pointer's; else the generator learns them all. `worlds` are those of
    `blocks_of`. The other parameters are those of `STLLM`.
    """
    rng = np.random.default_rng(seed)
    share = train.share_before
    rows = _targets(train, share, held, n_history, rng)
    stop = train.before[rows]
    n_visits = np.minimum(stop - train.visible_from(train.owner[rows], stop), n_history).sum()
    gathered, parts, order = Gathered(len(rows), int(n_visits)), [], []
    reasons: dict[str, list[str]] = {}
    n_new = max(8 * N_BLOCKS, MAX_CELLS // max(len(train.vocabulary.items), 1))
    for world, inside in blocks_of(train, rows, meaning, worlds):
        progress("Reading the past of each check-in", len(order) / N_BLOCKS)
        queries = shorten(queries_of_rows(train, inside, time_known=time_known), n_history)
        for some in runs_of(queries.length + 1, _CHUNK_VISITS):
            found, reasons = numbers_of(queries.take(some), world)
            gathered.add(found)
        parts.append(_new_targets(queries, world, remember, n_new // N_BLOCKS, rng))
        order.append(inside)
        give_back()
    rows = np.concatenate(order)
    ends = (train.ends_session & ~train.is_alone)[rows]
    weight = np.where(ends, end_weight, 1.0) * np.exp((share[rows] - 1) / fade)
    start = np.cumsum([0] + [len(inside) for inside in order])
    new, *drawn = (list(pieces) for pieces in zip(*parts, strict=True))
    candidates, log_drawn, spread = (np.concatenate(pieces) for pieces in drawn)
    return TrainingData(
        numbers=gathered.numbers(),
        target=train.item[rows],
        weight=weight.astype(np.float32),
        new=np.concatenate([each + first for each, first in zip(new, start, strict=False)]),
        candidates=candidates,
        log_drawn=log_drawn,
        spread=spread,
        reasons=reasons,
    )


def blocks_of(
    train: Log, rows: np.ndarray, meaning: np.ndarray | None, worlds: dict[float, World] | None
) -> Iterator[tuple[World, np.ndarray]]:
    """Yield targets block by block, with the counts of what was before their block alone.

    Parameters
    ----------
    train : Log
        All training check-ins.
    rows : numpy.ndarray
        Of the targets.
    meaning : numpy.ndarray, optional
        Of items, shape ``(n_items, n_meaning)``; nothing has a meaning without.
    worlds : dict, optional
        Counts of blocks of this log that are known already, by where their block begins. They are
        taken out of it, so that nobody holds what has been read; those of others are put into it.
    """
    if meaning is None:
        meaning = np.zeros((len(train.vocabulary.items), 1))
    squares, taken = squares_of(train.vocabulary), first_takes(train)
    share, keeps = train.share_before, len(train.vocabulary.items) <= MOST_KEPT
    # Whoever draws targets of the same log has the same blocks.
    first = np.floor(1_000 * share[rows].min(initial=1.0)) / 1_000
    edges = np.linspace(first, 1.0, N_BLOCKS + 1)
    for block, (begin, end) in enumerate(zip(edges, edges[1:], strict=False)):
        last = block == N_BLOCKS - 1
        inside = rows[(share[rows] >= begin) & ((share[rows] < end) | last)]
        if len(inside):
            world = None if worlds is None else worlds.pop(begin, None)
            if world is None:
                earlier = share < begin
                earlier = earlier if earlier.any() else share <= begin
                before = train.where(earlier)
                world = World.of(before, meaning, squares=squares, first=taken[earlier])
                if worlds is not None and keeps:
                    worlds[begin] = world
            yield replace(world, meaning=meaning.astype(np.float32)), inside


def _new_targets(queries: Queries, world: World, remember: bool, n_new: int, rng):
    """Return which targets are new, some of them where there are many, and their candidates."""
    new = np.flatnonzero(~queries.returns) if remember else np.arange(len(queries))
    if len(new) > n_new:
        new = np.sort(rng.choice(new, n_new, replace=False))
    cells = np.full(len(new), len(world.lately) * len(CANDIDATE_FEATURES))
    drawn = [
        _candidates(queries.take(new[rows]), world, remember, rng)
        for rows in runs_of(cells, _CHUNK_CELLS)
    ]
    if not drawn:
        drawn = [_candidates(queries.take(new), world, remember, rng)]
    return (new, *(np.concatenate(pieces) for pieces in zip(*drawn, strict=True)))


def _candidates(queries: Queries, world: World, remember: bool, rng):
    """Draw items beside each target: some at random, some popular, some near and likely."""
    n, n_items = len(queries), len(world.lately)
    n_drawn = min(N_CANDIDATES, n_items)
    columns = list(candidate_features(queries, world))
    likely = np.zeros((n, n_items), dtype=np.float32)
    weighed = np.empty_like(likely)
    for column, (_, weight) in zip(columns, CANDIDATE_FEATURES.values(), strict=True):
        if weight:
            likely += np.multiply(column.all(), np.float32(weight), out=weighed)
    # In place: a table that is written anew takes longer than what is written.
    likely -= likely.max(axis=1, keepdims=True)
    np.exp(likely, out=likely)
    likely /= likely.sum(axis=1, keepdims=True)
    likely *= np.float32(0.3)
    chance = 0.5 / n_items + 0.2 * world.statistics.popularity + likely
    if remember:
        chance[visited(queries)] = 0
    chance /= np.maximum(chance.sum(axis=1, keepdims=True), 1e-12)
    items = np.empty((n, n_drawn + 1), dtype=np.int32)
    items[:, 0] = queries.target
    for row, edges in enumerate(np.cumsum(chance, axis=1)):
        items[row, 1:] = np.searchsorted(edges, rng.random(n_drawn) * edges[-1])
    items = np.minimum(items, n_items - 1)
    at = np.arange(n)[:, None]
    # A drawn target would compete with itself.
    drawn = chance[at, items] * n_drawn
    log_drawn = np.log(drawn, out=np.full(drawn.shape, 1e4), where=drawn > 0).astype(np.float32)
    log_drawn[:, 1:][items[:, 1:] == items[:, :1]] = 1e4
    # The target is there for certain; the others stand for what they were drawn from.
    log_drawn[:, 0] = 0.0
    spread = np.empty((*items.shape, len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        spread[..., place] = column.at(at, items)
    return items, log_drawn, spread.astype(np.float16)


def _targets(train: Log, share: np.ndarray, held: np.ndarray, n_history: int, rng) -> np.ndarray:
    """Return rows to learn from, drawn so that their histories stay within `MAX_VISITS`."""
    known = train.item >= 0
    known[held] = False
    rows = np.flatnonzero(known & (share >= FIRST_SHARE))
    if not len(rows):
        rows = np.flatnonzero(known)
    length = np.minimum(train.before[rows] - train.indptr[train.owner[rows]], n_history)
    n_items = np.minimum(distinct_before(train, rows), n_history)
    order = rng.permutation(len(rows))
    most = min(
        int(np.searchsorted(np.cumsum(size[order] + 1), limit))
        for size, limit in ((length, MAX_VISITS), (n_items, MAX_PAIRS))
    )
    return np.sort(rows[order[: max(1, most)]])


def distinct_before(train: Log, rows: np.ndarray) -> np.ndarray:
    """Return how many different items the owner of each row took before it."""
    found = np.r_[0, np.cumsum(first_takes(train))]
    return found[train.before[rows]] - found[train.indptr[train.owner[rows]]]
