"""How often each model puts the item that came first, among all items."""

import numpy as np

from strec.gate.evidence import Candidates
from strec.gate.nested_models import PARTS_OF, FittedModel, NestedModels
from strec.threads import side_by_side

#: At most so many scored check-ins, and so many (check-in, item) cells, are ranked.
MAX_RANKED, MAX_CELLS, CELLS_AT_ONCE = 2_000, 6_000_000, 400_000
SMALLEST_CHANCE = 1e-12


def hits_at_one(
    nested: NestedModels, fitted: dict[str, FittedModel], rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Rank all items for a sample of the scored check-ins: which, and the hits of each model.

    A hit, shape ``(n,)``, is the chance that the item that came is ranked first: 1 or 0, or a
    fraction where it shares the top score.
    """
    design = nested.design
    n = min(MAX_RANKED, max(MAX_CELLS // design.n_items, 100), len(design.scored))
    which = np.sort(rng.choice(len(design.scored), n, replace=False))
    everybody = np.bincount(nested.labels.item[design.is_past], minlength=design.n_items)
    everybody = everybody / everybody.sum()
    hits = {name: np.empty(n) for name in fitted}
    step = max(1, CELLS_AT_ONCE // design.n_items)

    def ranked(k: int) -> None:
        begin = k * step
        some = which[begin : begin + step]
        candidates = _all_items(nested, design.scored[some])
        before = np.log(_preference(nested, candidates, everybody))
        known = {part: nested.columns(part, candidates) for part in nested.parts}
        for name, fit in fitted.items():
            score = before + _score(known, fit, design.fold[design.user[candidates.rows]])
            hits[name][begin : begin + step] = _first(score, nested.labels.item[candidates.rows])

    for _ in side_by_side(ranked, -(-n // step)):
        pass
    return which, hits


def _all_items(nested: NestedModels, rows: np.ndarray) -> Candidates:
    """Return every item as a candidate for each row."""
    design = nested.design
    users, at = np.unique(design.user[rows], return_inverse=True)
    table = np.full((len(users), design.n_items), -1)
    for k, user in enumerate(users):
        first, last = np.searchsorted(design.pair_user, [user, user + 1])
        table[k, design.pair_item[first:last]] = np.arange(first, last)
    item = np.broadcast_to(np.arange(design.n_items), (len(rows), design.n_items))
    return Candidates(rows, item, table[at])


def _preference(nested: NestedModels, candidates: Candidates, everybody: np.ndarray) -> np.ndarray:
    """Return M0's chances before its corrections: from these the rivals were drawn."""
    design = nested.design
    n = np.where(candidates.pair >= 0, nested.total[candidates.pair], 0)
    own = n / np.maximum(design.n_past[design.user[candidates.rows]], 1)[:, None]
    chance = design.own_share * own + (1 - design.own_share) * everybody
    return np.maximum(chance, SMALLEST_CHANCE)


def _score(known: dict[str, list[np.ndarray]], fit: FittedModel, fold: np.ndarray) -> np.ndarray:
    columns = [x for part in PARTS_OF[fit.name] if part in known for x in known[part]]
    weights = fit.weights[fold]
    score, part = np.zeros(columns[0].shape), np.empty(columns[0].shape)
    for k, column in enumerate(columns):
        score += np.multiply(weights[:, k, None], column, out=part)
    return score


def _first(score: np.ndarray, item: np.ndarray) -> np.ndarray:
    top = score.max(axis=1, keepdims=True)
    ties = (score >= top).sum(axis=1)
    return np.where(score[np.arange(len(item)), item] >= top[:, 0], 1 / ties, 0.0)
