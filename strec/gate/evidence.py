"""What counting the first halves says about a candidate: evidence from time, place and both."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from strec.gate.design import (
    DAY_PARTS,
    STEPS_PER_DAY,
    Design,
    Labels,
    distance_bins,
)
from strec.gate.geometry import DISTANCE_BINS

#: Pseudo-counts: how many check-ins a prior is worth, per cell or per profile.
CELL_PRIOR, PROFILE_PRIOR, HABIT_PRIOR = 5.0, 5.0, 3.0
#: Two-hour steps blur into each other with this width; weekday and weekend by this share.
BLUR_STEPS, BLUR_WEEKEND = 0.8, 0.35
SMALLEST_LIFT = 1e-3
#: How many check-ins back M0 looks for what the user is into at the moment.
RECENT = 12
FITTING_ROUNDS = 8


@dataclass(frozen=True)
class Candidates:
    """Items that might have come, ``(n, C)``, with their pair (-1: not in the user's history).

    `rows` is ``(n,)``. `is_counted` is 1 where the row's own check-in is among the counts and
    has to be taken out (rows of the first half), None for rows of the second.
    """

    rows: np.ndarray
    item: np.ndarray
    pair: np.ndarray
    is_counted: np.ndarray | None = None


@dataclass(frozen=True)
class Counts:
    """Counts of the first halves by context (a time bin or a zone), and what was expected."""

    blur: np.ndarray | None
    of_user: np.ndarray
    of_item: np.ndarray
    expected_of_item: np.ndarray
    class_lift: np.ndarray
    of_pair: np.ndarray
    pair_total: np.ndarray


def pair_totals(design: Design, labels: Labels) -> np.ndarray:
    """Return how often each user took each item in the first half, ``(n_pairs,)``."""
    return np.bincount(labels.pair[design.past], minlength=design.n_pairs).astype(np.float32)


def preference(
    design: Design, labels: Labels, total: np.ndarray, candidates: Candidates
) -> list[np.ndarray]:
    """Return what M0 weighs: is the item in the user's history, how often, recently, just now?

    Without the last two, a taste that drifts would be taken for a dependence on the place where
    that is the place of the item before.
    """
    n = np.where(candidates.pair >= 0, total[candidates.pair], 0)
    if candidates.is_counted is not None:
        n = n - candidates.is_counted
    rows, recent = candidates.rows, np.zeros(candidates.item.shape, np.float32)
    for back in range(RECENT, 0, -1):
        there = design.position[rows] >= back
        earlier = np.where(there, labels.item[rows - back * there], -1)
        match = candidates.item == earlier[:, None]
        if back > 1:
            recent += match * np.float32(1 / back)
    return [
        (n > 0).astype(np.float32),
        np.log1p(np.maximum(n, 0)).astype(np.float32),
        np.log1p(RECENT * recent),
        match.astype(np.float32),
    ]


def blur_of_time() -> np.ndarray:
    """Return how much a check-in in one time bin counts in each other, rows sum to 1."""
    step = np.arange(STEPS_PER_DAY)
    apart = np.abs((step[:, None] - step + STEPS_PER_DAY // 2) % STEPS_PER_DAY - STEPS_PER_DAY // 2)
    day = np.exp(-0.5 * (apart / BLUR_STEPS) ** 2)
    both = np.kron([[1, BLUR_WEEKEND], [BLUR_WEEKEND, 1]], day)
    return (both / both.sum(axis=1, keepdims=True)).astype(np.float32)


def count(
    design: Design,
    labels: Labels,
    context: np.ndarray,
    n_contexts: int,
    total: np.ndarray,
    blur: np.ndarray | None = None,
) -> Counts:
    """Count items, users and pairs per context, and how often each item was to be expected.

    The expectation gives each of an item's check-ins its user's own profile of contexts, so that
    an item which night owls like is not taken for an item of the night.
    """
    past = design.past
    where = context[past]

    def table(code: np.ndarray, n: int) -> np.ndarray:
        flat = np.bincount(code[past] * n_contexts + where, minlength=n * n_contexts)
        rows = flat.astype(np.float32).reshape(n, n_contexts)
        return rows if blur is None else rows @ blur

    of_item = table(labels.item, design.n_items)
    of_user = table(design.user, design.n_users)
    overall = of_user.sum(axis=0) + 0.5
    overall /= overall.sum()
    profile = (of_user + PROFILE_PRIOR * overall) / (
        of_user.sum(axis=1, keepdims=True) + PROFILE_PRIOR
    )
    taken = sparse.csr_matrix(
        (total, (design.pair_item, design.pair_user)), shape=(design.n_items, design.n_users)
    )
    expected = taken @ profile
    member = sparse.csr_matrix(
        (np.ones(design.n_items, np.float32), (design.class_of_item, np.arange(design.n_items))),
        shape=(design.n_classes, design.n_items),
    )
    class_lift = (member @ of_item + CELL_PRIOR) / (member @ expected + CELL_PRIOR)
    of_pair = table(labels.pair, design.n_pairs)
    return Counts(blur, profile, of_item, expected, class_lift, of_pair, total)


def lifts(
    design: Design, counts: Counts, candidates: Candidates, context: np.ndarray
) -> list[np.ndarray]:
    r"""Return the log lifts of the candidates in the row's context: everybody's, and the user's.

    .. math::
       r_i(x) = \frac{N_i(x) + \kappa\, r_{g(i)}(x)}{E_i(x) + \kappa}, \qquad
       r_{ui}(x) = \frac{N_{ui}(x) + \kappa_h\, q_u(x) r_i(x)}{(N_{ui} + \kappa_h)\, q_u(x) r_i(x)}

    with `g` the item's class and :math:`q_u` the user's profile of contexts. `context` is
    ``(n_rows,)``; both results are ``(n_rows, C)``.
    """
    context = context[:, None]
    item, pair = candidates.item, candidates.pair
    own = counts.of_user[design.user[candidates.rows], context[:, 0]][:, None]
    seen, expected = counts.of_item[item, context], counts.expected_of_item[item, context]
    habit, total = counts.of_pair[pair, context], counts.pair_total[pair]
    if candidates.is_counted is not None:
        mine = candidates.is_counted
        if counts.blur is not None:
            mine = mine * np.diag(counts.blur)[context]
        seen, habit = np.maximum(seen - mine, 0), np.maximum(habit - mine, 0)
        expected = np.maximum(expected - candidates.is_counted * own, 0)
        total = total - candidates.is_counted
    prior = CELL_PRIOR * counts.class_lift[design.class_of_item[item], context]
    lift = np.maximum((seen + prior) / (expected + CELL_PRIOR), SMALLEST_LIFT)
    share = HABIT_PRIOR * own * lift
    personal = (habit + share) / ((total + HABIT_PRIOR) * own * lift)
    return [
        np.log(lift).astype(np.float32),
        np.where(pair >= 0, np.log(personal), 0).astype(np.float32),
    ]


def distances(design: Design, labels: Labels, candidates: Candidates) -> np.ndarray:
    """Return the bin of the distance of each candidate from the previous item."""
    before = labels.previous_item[candidates.rows][:, None]
    return distance_bins(design, before, candidates.item).astype(np.int64)


def distance_lift(past_bins: np.ndarray) -> np.ndarray:
    """Return the log lift per distance bin: how often they went so far, against their rivals."""
    went = np.bincount(past_bins[:, 0], minlength=DISTANCE_BINS)
    rivals = np.bincount(past_bins[:, 1:].ravel(), minlength=DISTANCE_BINS)
    expected = rivals / (past_bins.shape[1] - 1)
    return np.log((went + CELL_PRIOR) / (expected + CELL_PRIOR)).astype(np.float32)


def joint_cells(
    design: Design, labels: Labels, candidates: Candidates
) -> list[tuple[np.ndarray, tuple[int, ...]]]:
    """Return each candidate's cell in its row's context, and the shape of the table of cells.

    The cells are (class, part of the day, zone) and, where items are places, (distance, part of
    the day).
    """
    rows, classes = candidates.rows, design.joint_class_of_item
    part = labels.day_part[rows][:, None]
    shape = (int(classes.max()) + 1, DAY_PARTS, design.n_zones)
    context = part * design.n_zones + labels.zone[rows][:, None]
    found: list[tuple[np.ndarray, tuple[int, ...]]] = [
        (classes[candidates.item] * (DAY_PARTS * design.n_zones) + context, shape)
    ]
    if design.place == "item":
        cells = distances(design, labels, candidates) * DAY_PARTS + part
        found.append((cells, (DISTANCE_BINS, DAY_PARTS)))
    return found


def lift_beyond_margins(
    cells: np.ndarray, chance: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    """Compare counts with the model's, after the model's are scaled to the observed margins.

    Scaling (iterative proportional fitting) to all margins that sum over one axis leaves nothing
    but the part that no smaller table can show. Axis 1 is the part of the day: its neighbours
    count half, because habits do not change on the hour.
    """
    size = int(np.prod(shape))
    seen = np.bincount(cells[:, 0], minlength=size).reshape(shape).astype(float)
    expected = np.bincount(cells.ravel(), weights=chance.ravel(), minlength=size).reshape(shape)
    seen, expected = (
        x + 0.5 * (np.roll(x, 1, axis=1) + np.roll(x, -1, axis=1)) for x in (seen, expected)
    )
    expected = expected + 1e-9
    for _ in range(FITTING_ROUNDS):
        for axis in range(len(shape)):
            have = np.maximum(expected.sum(axis, keepdims=True), 1e-9)
            expected *= seen.sum(axis, keepdims=True) / have
    return np.log((seen + CELL_PRIOR) / (expected + CELL_PRIOR)).ravel().astype(np.float32)
