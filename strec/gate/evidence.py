"""What counting the first halves says about a candidate: evidence from time, place and both."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from strec.gate.design import (
    CALENDAR_BINS,
    DAY_PARTS,
    STEPS_PER_DAY,
    Design,
    Labels,
    Lookup,
    distance_bins,
)
from strec.gate.geometry import DISTANCE_BINS
from strec.gate.time_parts import TimePart

#: Pseudo-counts: how many check-ins a prior is worth, per cell or per profile.
CELL_PRIOR, PROFILE_PRIOR, HABIT_PRIOR = 5.0, 5.0, 3.0
#: Two-hour steps blur into each other with this width; weekday and weekend by this share.
BLUR_STEPS, BLUR_WEEKEND = 0.8, 0.35
SMALLEST_LIFT = 1e-3
#: How many check-ins back M0 looks for what the user is into at the moment.
RECENT = 12
#: And for where, and for which kind; what is so many back counts 1/e.
LATELY, LATELY_DECAY, LATELY_PRIOR = 16, 8.0, 2.0
#: What 2, 3, … check-ins back count: neighbours in pairs, so that home, elsewhere, home is seen as
#: an order and not as a drift.
LATELY_WEIGHTS = np.exp(-2 * (np.arange(LATELY) // 2) / LATELY_DECAY).astype(np.float32)
#: Fashion: how long what everybody took lately counts, in pieces of the calendar, and its prior.
FASHION_DECAYS, FASHION_PRIOR = (1.5, 8.0), 3.0
#: What a piece counts in each later one.
_APART = np.arange(CALENDAR_BINS) - np.arange(CALENDAR_BINS)[:, None] - 1
FASHION_WEIGHTS = [
    np.where(_APART >= 0, np.exp(-np.maximum(_APART, 0) / decay), 0).astype(np.float32)
    for decay in FASHION_DECAYS
]
#: Nearness falls with the distance: about 1 / (100 m + distance), in bins of half-octaves.
NEAR = (2.0 ** (-np.arange(DISTANCE_BINS) / 2)).astype(np.float32)
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


def habits(
    design: Design, labels: Labels, total: np.ndarray, candidates: Candidates
) -> list[np.ndarray]:
    """Return what never changes: is the item in the user's history, how often, in everybody's?

    And, where items are places, how much of the user's first half lies in the item's zone.
    """
    n = np.where(candidates.pair >= 0, total[candidates.pair], 0)
    own = candidates.is_counted
    if own is not None:
        n = n - own
    past = labels.item[design.past]
    everybody = np.bincount(past, minlength=design.n_items)[candidates.item]
    found = [
        (n > 0).astype(np.float32),
        np.log1p(np.maximum(n, 0)).astype(np.float32),
        # An item that is nowhere in the first halves has no rivals of its kind.
        np.log1p(everybody if own is None else np.maximum(everybody - own, 0)).astype(np.float32),
    ]
    for group, n_groups in groups(design):
        share, size = _share_of_user(design, labels, group, n_groups)
        code, user = group[candidates.item], design.user[candidates.rows][:, None]
        mine = share[user, code]
        if own is not None:
            here = code == group[labels.item[candidates.rows]][:, None]
            grown = size[user] + LATELY_PRIOR
            mine = (mine * grown - here) / np.maximum(grown - 1, 1)
        overall = np.bincount(group[past], minlength=n_groups) + 0.5
        overall /= overall.sum()
        found.append(np.log(np.maximum(mine, 1e-4) / overall[code]).astype(np.float32))
    return found


def groups(design: Design) -> list[tuple[np.ndarray, int]]:
    """Return the groups of items that a user's habits are seen in: zones, and categories."""
    found = [(design.item_zone, design.n_zones)] if design.place == "item" else []
    return [*found, (design.class_of_item, design.n_classes)] if design.n_classes > 1 else found


def _share_of_user(
    design: Design, labels: Labels, group: np.ndarray, n_groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each user's share of the groups in the first half, and how much it rests on."""
    past = design.past
    flat = design.user[past] * n_groups + group[labels.item[past]]
    table = np.bincount(flat, minlength=design.n_users * n_groups).reshape(-1, n_groups)
    overall = (table.sum(axis=0) + 0.5) / (table.sum() + 0.5 * n_groups)
    size = table.sum(axis=1, keepdims=True)
    return (table + LATELY_PRIOR * overall) / (size + LATELY_PRIOR), size[:, 0]


def drift(design: Design, labels: Labels, candidates: Candidates) -> list[np.ndarray]:
    """Return what changes with the calendar: what the user, and everybody, took lately.

    The check-in just before is left out: it is the *current place*, or the *order*. Without these
    a taste that drifts, a move of home or a shop that closed would be taken for a dependence on
    the place, where that is the place of the item before.
    """
    rows = candidates.rows
    earlier = _items_back(design, labels, rows, np.arange(2, LATELY + 2)[:, None])
    is_there = earlier >= 0
    recent = np.zeros(candidates.item.shape, np.float32)
    for back, before in enumerate(earlier[:RECENT], 2):
        recent += (candidates.item == before[:, None]) * np.float32(1 / (back - back % 2))
    found = [np.log1p(RECENT * recent)]
    weight = is_there * LATELY_WEIGHTS[:, None]
    if design.place == "item":
        found.append(_near_lately(design, earlier[:RECENT], weight[:RECENT], candidates.item))
    at = np.arange(len(rows))
    for group, n_groups in groups(design):
        flat = np.bincount(
            (at * n_groups + group[earlier]).ravel(), weight.ravel(), len(rows) * n_groups
        )
        lately = flat.reshape(-1, n_groups).astype(np.float32)
        share, _ = _share_of_user(design, labels, group, n_groups)
        found.append(_now(lately, share, design.user[rows], group[candidates.item]))
    calendar = design.calendar[rows][:, None]
    cells = candidates.item * CALENDAR_BINS + calendar
    found += fashion(design, labels, np.arange(design.n_items), design.n_items, cells)
    if design.n_classes > 1:
        classes = design.class_of_item
        cells = classes[candidates.item] * CALENDAR_BINS + calendar
        found.append(fashion(design, labels, classes, design.n_classes, cells)[-1])
    return found


def _now(lately: np.ndarray, share: np.ndarray, user: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Return the log lift of groups `code` (n, C), taken `lately` (n, G) against a user's share."""
    total = lately.sum(axis=1, keepdims=True) + LATELY_PRIOR
    at = np.arange(len(user))[:, None]
    if code.shape[1] < lately.shape[1]:
        seen, share = lately[at, code], share[user[:, None], code]
        return np.log((seen + LATELY_PRIOR * share) / total / share).astype(np.float32)
    # Of all items there are more than groups: each group is worked out once.
    share = share[user]
    lift = np.log((lately + LATELY_PRIOR * share) / total / share).astype(np.float32)
    return lift[at, code]


def _near_lately(
    design: Design, earlier: np.ndarray, weight: np.ndarray, item: np.ndarray
) -> np.ndarray:
    """Return how near each candidate is to where the user was lately, on a log scale."""
    near = np.zeros(item.shape, np.float32)
    for before, there in zip(earlier, weight, strict=True):
        bins = distance_bins(design, np.maximum(before, 0)[:, None], item)
        near += there[:, None] * NEAR.take(bins)
    return np.log((near + NEAR[-1]) / (weight.sum(axis=0)[:, None] + 1)).astype(np.float32)


def fashion(
    design: Design,
    labels: Labels,
    group: np.ndarray,
    n_groups: int,
    cells: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Return the log lift of each group by calendar, of what came before: a table per decay.

    With `cells`, each ``group * CALENDAR_BINS + piece``, what stands in these alone.
    """  # fmt: skip
    code = group[labels.item]
    flat = np.bincount(code * CALENDAR_BINS + design.calendar, minlength=n_groups * CALENDAR_BINS)
    table = flat.reshape(n_groups, CALENDAR_BINS).astype(np.float32)
    share = np.bincount(code[design.past], minlength=n_groups) + 0.5
    share = share / share.sum()
    few = cells is not None and cells.size < table.size
    found = []
    for weight in FASHION_WEIGHTS:
        lately = table @ weight
        everybody = lately.sum(axis=0)
        if few:
            expected = share[cells // CALENDAR_BINS] * everybody[cells % CALENDAR_BINS]
            lately = lately.ravel()[cells]
        else:
            expected = share[:, None] * everybody
        lift = np.log((lately + FASHION_PRIOR) / (expected + FASHION_PRIOR)).astype(np.float32)
        found.append(lift if few or cells is None else lift.ravel()[cells])
    return found


def last(design: Design, labels: Labels, candidates: Candidates) -> list[np.ndarray]:
    """Return whether the item is the one just before."""
    return [(candidates.item == _items_back(design, labels, candidates.rows, 1)[:, None])
            .astype(np.float32)]  # fmt: skip


def _items_back(
    design: Design, labels: Labels, rows: np.ndarray, back: int | np.ndarray
) -> np.ndarray:
    """Return the item so many check-ins before each row's moment, -1 where there is none."""
    moment = design.before[rows]
    there = design.position[moment] >= back
    return np.where(there, labels.item[np.maximum(moment - back, 0)], -1)


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
    overall = of_user.sum(axis=0) + np.float32(0.5)
    overall /= overall.sum()
    profile = (of_user + PROFILE_PRIOR * overall) / (
        of_user.sum(axis=1, keepdims=True) + PROFILE_PRIOR
    )
    by_item, user, begin = design.pairs_by_item
    taken = sparse.csr_matrix((total[by_item], user, begin), (design.n_items, design.n_users))
    expected = taken @ profile
    member = design.members
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
    own = counts.of_user[design.user[candidates.rows], context][:, None]
    context, n = context[:, None], counts.of_item.shape[1]
    item, pair = candidates.item, candidates.pair
    # One number per cell of a table is looked up faster than its row and column.
    cells = item * n + context
    seen, expected = counts.of_item.take(cells), counts.expected_of_item.take(cells)
    habit, total = counts.of_pair.take(pair * n + context), counts.pair_total.take(pair)
    if candidates.is_counted is not None:
        mine = candidates.is_counted
        if counts.blur is not None:
            mine = mine * np.diag(counts.blur)[context]
        seen, habit = np.maximum(seen - mine, 0), np.maximum(habit - mine, 0)
        expected = np.maximum(expected - candidates.is_counted * own, 0)
        total = total - candidates.is_counted
    prior = CELL_PRIOR * counts.class_lift.take(design.class_of_item.take(item) * n + context)
    lift = np.maximum((seen + prior) / (expected + CELL_PRIOR), SMALLEST_LIFT)
    share = HABIT_PRIOR * own * lift
    personal = (habit + share) / ((total + HABIT_PRIOR) * own * lift)
    return [
        np.log(lift).astype(np.float32),
        np.where(pair >= 0, np.log(personal), 0).astype(np.float32),
    ]


def season(design: Design, labels: Labels, part: TimePart) -> np.ndarray:
    """Return the log lift of each item by month, ``(n_items, 12)``."""
    rows = design.past[part.counted[design.past]]
    total = np.bincount(labels.pair[rows], minlength=design.n_pairs).astype(np.float32)
    found = count(replace(design, past=rows), labels, labels.dates["month"], 12, total, part.blur)
    prior = CELL_PRIOR * found.class_lift[design.class_of_item]
    lift = (found.of_item + prior) / (found.expected_of_item + CELL_PRIOR)
    return np.log(np.maximum(lift, SMALLEST_LIFT)).astype(np.float32)


def distances(design: Design, labels: Labels, candidates: Candidates) -> np.ndarray:
    """Return the bin of the distance of each candidate from the previous item."""
    before = labels.item[design.previous[candidates.rows]][:, None]
    return distance_bins(design, before, candidates.item).astype(np.int64)


def distance_lift(past_bins: np.ndarray) -> np.ndarray:
    """Return the log lift per distance bin: how often they went so far, against their rivals."""
    went = np.bincount(past_bins[:, 0], minlength=DISTANCE_BINS)
    rivals = np.bincount(past_bins[:, 1:].ravel(), minlength=DISTANCE_BINS)
    expected = rivals / (past_bins.shape[1] - 1)
    return np.log((went + CELL_PRIOR) / (expected + CELL_PRIOR)).astype(np.float32)


@dataclass(frozen=True)
class Transitions:
    """What follows what in the first halves: counts, and what was to be expected."""

    item_counts: Lookup
    as_previous: np.ndarray
    share: np.ndarray
    class_lift: np.ndarray
    own_counts: Lookup
    own_as_previous: np.ndarray


def transitions(design: Design, labels: Labels, total: np.ndarray) -> Transitions:
    """Count what follows what, by item, by category and by user.

    What a category is expected to be followed by is each user's own mix: that people who like
    the one like the other is no order.
    """
    past, n = design.past, design.n_items
    item, before = labels.item[past], labels.item[design.previous[past]]
    share = (np.bincount(item, minlength=n) + 0.5) / (len(past) + 0.5 * n)
    classes, n_classes = design.class_of_item, design.n_classes
    pair = classes[before] * n_classes + classes[item]
    seen = np.bincount(pair, minlength=n_classes**2).reshape(n_classes, n_classes)
    user = design.user[past]

    def by_user(code: np.ndarray) -> np.ndarray:
        flat = np.bincount(user * n_classes + code, minlength=design.n_users * n_classes)
        return flat.reshape(-1, n_classes).astype(np.float32)

    went, came = by_user(classes[item]), by_user(classes[before])
    expected = came.T @ (went / np.maximum(went.sum(axis=1, keepdims=True), 1))
    own_before = labels.pair[design.previous[past]]
    return Transitions(
        _counted(before * n + item, n**2), np.bincount(before, minlength=n), share,
        (seen + CELL_PRIOR) / (expected + CELL_PRIOR),
        _counted(own_before * design.n_pairs + labels.pair[past], design.n_pairs**2),
        np.bincount(own_before, minlength=design.n_pairs),
    )  # fmt: skip


def _counted(keys: np.ndarray, n_cells: int) -> Lookup:
    return Lookup(*np.unique(keys, return_counts=True), n_cells)


def order(
    design: Design, labels: Labels, total: np.ndarray, found: Transitions, candidates: Candidates
) -> list[np.ndarray]:
    """Return what follows from the check-in just before: everybody's order, and the user's own."""
    row = design.previous[candidates.rows]
    before, item = labels.item[row][:, None], candidates.item
    prior = CELL_PRIOR * found.class_lift[design.class_of_item[before], design.class_of_item[item]]
    seen = found.item_counts(before * design.n_items + item)
    lift = (seen + prior) / (found.as_previous[before] * found.share[item] + CELL_PRIOR)
    pair, own_before = candidates.pair, labels.pair[row][:, None]
    # What is no pair is not read below.
    habit = found.own_counts(own_before * design.n_pairs + np.maximum(pair, 0))
    share = (total[pair] + 1) / (design.n_past[design.user[candidates.rows]][:, None] + 1)
    had = found.own_as_previous[own_before]
    own = (habit + HABIT_PRIOR * share) / ((had + HABIT_PRIOR) * share)
    back = _items_back(design, labels, candidates.rows, 2)[:, None]
    return [
        np.log(np.maximum(lift, SMALLEST_LIFT)).astype(np.float32),
        np.where(pair >= 0, np.log(own), 0).astype(np.float32),
        # Home, elsewhere, home.
        (item == back).astype(np.float32),
    ]


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
