"""How often each model puts the item that came first, among all items."""

import numpy as np

from strec.dependence.evidence import Candidates
from strec.dependence.ladder import RUNGS, Ladder, Rung

#: At most so many scored check-ins, and so many (check-in, item) cells, are ranked.
MAX_RANKED, MAX_CELLS, CELLS_AT_ONCE = 2_000, 6_000_000, 400_000
SMALLEST_CHANCE = 1e-12


def hits_at_one(
    ladder: Ladder, rungs: dict[str, Rung], rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Rank all items for a sample of the scored check-ins.

    Returns
    -------
    which : numpy.ndarray
        Numbers of the sampled scored check-ins, shape ``(n,)``.
    hits : dict of numpy.ndarray
        Per model, the chance that the item that came is ranked first, shape ``(n,)``: 1 or 0,
        or a fraction where it shares the top score.
    """
    layout = ladder.layout
    n = min(MAX_RANKED, max(MAX_CELLS // layout.n_items, 100), len(layout.scored))
    which = np.sort(rng.choice(len(layout.scored), n, replace=False))
    everybody = np.bincount(ladder.labels.item[layout.is_past], minlength=layout.n_items)
    everybody = everybody / everybody.sum()
    hits = {name: np.empty(n) for name in rungs}
    step = max(1, CELLS_AT_ONCE // layout.n_items)
    for begin in range(0, n, step):
        some = which[begin : begin + step]
        candidates = _all_items(ladder, layout.scored[some])
        before = np.log(_preference(ladder, candidates, everybody))
        known = {part: ladder.columns(part, candidates) for part in ladder.parts}
        for name, rung in rungs.items():
            score = before + _score(known, rung, layout.fold[layout.user[candidates.rows]])
            hits[name][begin : begin + step] = _first(score, ladder.labels.item[candidates.rows])
    return which, hits


def _all_items(ladder: Ladder, rows: np.ndarray) -> Candidates:
    """Return every item as a candidate for each row."""
    layout = ladder.layout
    users, at = np.unique(layout.user[rows], return_inverse=True)
    table = np.full((len(users), layout.n_items), -1)
    for k, user in enumerate(users):
        first, last = np.searchsorted(layout.pair_user, [user, user + 1])
        table[k, layout.pair_item[first:last]] = np.arange(first, last)
    item = np.broadcast_to(np.arange(layout.n_items), (len(rows), layout.n_items))
    return Candidates(rows, item, table[at])


def _preference(ladder: Ladder, candidates: Candidates, everybody: np.ndarray) -> np.ndarray:
    """Return M0's chances before its corrections: from these the rivals were drawn."""
    layout = ladder.layout
    n = np.where(candidates.pair >= 0, ladder.total[candidates.pair], 0)
    own = n / np.maximum(layout.length[layout.user[candidates.rows]] // 2, 1)[:, None]
    chance = layout.own_share * own + (1 - layout.own_share) * everybody
    return np.maximum(chance, SMALLEST_CHANCE)


def _score(known: dict[str, list[np.ndarray]], rung: Rung, fold: np.ndarray) -> np.ndarray:
    columns = [x for part in RUNGS[rung.name] for x in known[part]]
    weights = rung.weights[fold]
    return sum(weights[:, k, None] * x for k, x in enumerate(columns))


def _first(score: np.ndarray, item: np.ndarray) -> np.ndarray:
    top = score.max(axis=1, keepdims=True)
    ties = (score >= top).sum(axis=1)
    return np.where(score[np.arange(len(item)), item] >= top[:, 0], 1 / ties, 0.0)
