"""Worlds in which one ingredient cannot matter, made by shuffling it alone."""

from dataclasses import replace

import numpy as np
from scipy.special import expit

from strec.gate import evidence
from strec.gate.design import (
    CALENDAR_BINS,
    DAY_PARTS,
    Design,
    Labels,
    distance_bins,
    with_items,
)
from strec.gate.geometry import DISTANCE_BINS
from strec.gate.nested_models import FittedModel, NestedModels, weekly

#: Rounds of swaps between the data and the hub, and between the hub and each null world.
SWAP_ROUNDS = 12
#: With fewer categories each item's year is turned by itself.
FEWEST_CLASSES_TO_TURN = 6
#: Swaps happen among so many neighbouring check-ins of a user.
SWAP_BLOCK = 6
#: What swaps keep of the user's where and what: the check-ins so far around, but for neighbours.
AROUND, AROUND_DECAY, AROUND_PRIOR = 16, 6.0, 1.0
#: Nearness to a check-in around: about 1 / (100 m + distance)², in bins of half-octaves.
NEAR_AROUND = (2.0 ** -np.arange(DISTANCE_BINS)).astype(np.float32)
LEAST_NEAR = 1e-6
#: And of what everybody takes at the time: pieces of the calendar, and a prior.
SEASON_WIDTH, SEASON_PRIOR = 1.5, 3.0


class TimeWorlds:
    """Worlds in which the hours and dates are dealt anew.

    The hours and weekdays of a user's visits from one zone are turned like a wheel by a random
    number of visits: what place explains stays, and so do runs of similar hours and of similar
    items. What is a matter of the date is turned for everybody at once, within each month or as
    it was given; the year of each category is turned by a random number of months.
    """

    def __init__(self, design: Design, labels: Labels):
        self.design, self.labels = design, labels
        group = design.user
        if design.place != "none":
            group = group * (labels.zone_coarse.max() + 1) + labels.zone_coarse
        self.wheels = _Wheels(group)
        own = design.n_classes < FEWEST_CLASSES_TO_TURN
        self.turned_together = np.arange(design.n_items) if own else design.class_of_item

    def draw(self, rng: np.random.Generator, only: str | None = None) -> Labels:
        """Return one null world; with `only` one part of time alone is dealt anew."""
        labels, parts = self.labels, [only] if only else self.design.tested_parts
        turned = labels.hour_of_week[self.wheels.turn(rng)]
        hour, weekday = labels.hour_of_week % 24, labels.weekday
        if "hour" in parts:
            hour = turned % 24
        if "weekday" in parts:
            weekday = turned // 24
        dates = labels.dates | {
            part.name: part.dealt_anew(rng) for part in self.design.date_parts if part.name in parts
        }
        turn = labels.turn
        if "month" in parts:
            turn = rng.integers(0, 12, self.turned_together.max() + 1)[self.turned_together]
        return replace(labels, hour_of_week=24 * weekday + hour, dates=dates, turn=turn)


class PlaceWorlds:
    """Worlds in which the places of a user's check-ins in one part of the week are turned.

    They turn like a wheel against the items. Where an item is itself a place, `Swaps` with the
    odds of M_T serves instead: each check-in's current place follows from the new order of items;
    what time explains stays, and so does a taste that drifts.
    """

    def __init__(self, design: Design, labels: Labels):
        self.labels = labels
        part = (labels.hour_of_week >= 120) * DAY_PARTS + labels.day_part
        self.wheels = _Wheels(design.user * (2 * DAY_PARTS) + part)

    def draw(self, rng: np.random.Generator) -> Labels:
        """Return one null world."""
        turned = self.wheels.turn(rng)
        zone, coarse = self.labels.zone[turned], self.labels.zone_coarse[turned]
        return replace(self.labels, zone=zone, zone_coarse=coarse)


class Swaps:
    """Worlds made by swapping items within users, each swap accepted with the odds of a model.

    The model is M_T (time acts, place does not), M_TS (both act, but not in combination), or none.
    Preferences stay exactly, the effects of the model as estimated: a conditional permutation
    test (Berrett, Wang, Barber and Samworth 2020, JRSS B 82). Drift stays: items never leave
    their block of neighbouring check-ins, and within it an item finds its way to where the user's
    other check-ins around, and everybody's at the time, make it likely. All worlds start from a
    hub that is itself some rounds away from the data, which makes the data exchangeable with them
    (Besag and Clifford 1989, Biometrika 76).
    """

    def __init__(self, nested: NestedModels, rng: np.random.Generator, fitted: FittedModel | None):
        design, labels = nested.design, nested.labels
        self.design, self.labels = design, labels
        self.by_zone = self.by_distance = None
        scores = _drift_scores(design, labels)
        if fitted is not None:
            weights = fitted.weights.mean(axis=0)
            time, place = weights[fitted.owner == "time"], weights[fitted.owner == "space"]
            if len(time):
                scores += _time_scores(nested, time)
            if len(place):
                self.by_zone = _pair_scores(design, nested.zone, place, design.n_zones)
                if design.place == "item":
                    self.by_distance = place[2] * nested.distance
                else:
                    scores.append((self.by_zone, labels.pair, labels.zone))
        self.begin, self.static = _within_blocks(design, labels.item, scores)
        rows = np.arange(len(design.user))
        self.next = np.minimum(rows + 1, len(rows) - 1)
        # The next moment of the same user follows its last row alone.
        self.has_next = (design.before[self.next] == rows + 1) & (
            design.user[self.next] == design.user
        )
        self.chained = self.by_distance is not None
        self.hub = self._swap(rows.copy(), rng)

    def draw(self, rng: np.random.Generator) -> Labels:
        """Return one null world."""
        return with_items(self.design, self.labels, self._swap(self.hub.copy(), rng))

    def _swap(self, order: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Apply rounds of random swaps within users to `order`, in place."""
        for _ in range(SWAP_ROUNDS if self.chained else SWAP_ROUNDS // 2):
            a, b = self._partners(rng)
            rows, partners = np.r_[a, b], np.r_[b, a]
            swapped = self._score(order, rows, order[partners]).reshape(2, -1)
            stays = self._score(order, rows, order[rows]).reshape(2, -1)
            gain = swapped[0] + swapped[1] - stays[0] - stays[1]
            yes = np.log(rng.random(len(a))) < gain
            a, b = a[yes], b[yes]
            order[a], order[b] = order[b], order[a]
        return order

    def _partners(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Pair rows at random within blocks of a user's neighbouring check-ins."""
        rows = np.arange(len(self.design.user))
        if self.chained:
            # Neighbours must not move together, because each one's score depends on the other:
            # only rows luckier than both their neighbours move.
            luck = np.pad(rng.random(len(rows)), 1)
            rows = np.flatnonzero((luck[1:-1] > luck[:-2]) & (luck[1:-1] > luck[2:]))
        # The blocks stay where they are: what moved home in spring must not turn up in autumn.
        block = self.begin[rows]
        opens = np.r_[True, block[1:] != block[:-1]]
        group = np.cumsum(opens)
        # The groups are in order, so sorting by group + luck shuffles the rows of each.
        rows = rows[np.argsort(group + rng.random(len(rows)))]
        rank = np.arange(len(rows)) - np.flatnonzero(opens)[group - 1]
        first = np.flatnonzero((rank[:-1] % 2 == 0) & (group[1:] == group[:-1]))
        return rows[first], rows[first + 1]

    def _score(self, order: np.ndarray, rows: np.ndarray, source: np.ndarray) -> np.ndarray:
        """Return the model's score of the item of `source` at `rows`, and of what follows."""
        design, pairs, item = self.design, self.labels.pair, self.labels.item
        by_zone, by_distance = self.by_zone, self.by_distance
        score = self.static.take(rows * self.static.shape[1] + source - self.begin[rows])
        if by_zone is None or by_distance is None:
            return score

        def arrive(at: np.ndarray, before: np.ndarray) -> np.ndarray:
            there = item[before]
            bins = distance_bins(design, there, item[at])
            return by_zone[pairs[at], design.item_zone[there]] + by_distance[bins]

        before, after = order[design.previous[rows]], order[self.next[rows]]
        has_previous = design.position[design.before[rows]] > 0
        return (
            score
            + has_previous * arrive(source, before)
            + self.has_next[rows] * arrive(after, source)
        )


def _pair_scores(
    design: Design, counts: evidence.Counts, weights: np.ndarray, n_contexts: int
) -> np.ndarray:
    """Return M_TS's score of each pair in each context, shape ``(n_pairs, n_contexts)``."""
    pair = np.repeat(np.arange(design.n_pairs), n_contexts)
    context = np.tile(np.arange(n_contexts), design.n_pairs)
    # Any check-in of the pair's user stands in for the user.
    rows = design.start[design.pair_user[pair]]
    candidates = evidence.Candidates(rows, design.pair_item[pair][:, None], pair[:, None])
    everybody, own = evidence.lifts(design, counts, candidates, context)
    return (weights[0] * everybody + weights[1] * own).reshape(design.n_pairs, n_contexts)


def _within_blocks(
    design: Design, item: np.ndarray, scores: list[tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Return where each row's block begins, and what each item of the block scores at the row.

    Shape ``(n,)`` and ``(n, SWAP_BLOCK)``; items never leave their block, so this is all that
    swaps ask for. A score is a table, its row per source and its column per row.
    """
    n = len(design.user)
    rows = np.arange(n)
    begin = rows - design.position % SWAP_BLOCK
    was_before = _side(design, item) if design.place == "item" else None
    found = np.zeros((n, SWAP_BLOCK), np.float32)
    for k in range(SWAP_BLOCK):
        source = np.minimum(begin + k, n - 1)
        source = np.where(design.user[source] == design.user, source, rows)
        for table, what, when in scores:
            found[:, k] += table[what[source], when]
        if was_before is not None:
            near = _near_around(design, item, source)
            found[:, k] += np.log(was_before * near[0] + (1 - was_before) * near[1])
    return begin, found


def _neighbours(design: Design, apart: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the row so far from each, and whether it is of the same user."""
    n = len(design.user)
    other = np.clip(np.arange(n) + apart, 0, n - 1)
    return other, (design.user[other] == design.user) & (other == np.arange(n) + apart)


def _near_around(design: Design, item: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Return how near an item is to where its user was before each row, and after: ``(2, n)``.

    `source` is the row whose item it is.
    """
    near = np.full((2, len(item)), LEAST_NEAR, np.float32)
    n = np.ones((2, len(item)), np.float32)
    for apart in range(2, AROUND + 1):
        weight = np.float32(np.exp(-(apart - 2) / AROUND_DECAY))
        for side, step in enumerate((-apart, apart)):
            other, same = _neighbours(design, step)
            near[side] += (
                weight * same * NEAR_AROUND[distance_bins(design, item[other], item[source])]
            )
            n[side] += weight * same
    return near / n


def _side(design: Design, item: np.ndarray) -> np.ndarray:
    """Return the chance ``(n,)`` that a row goes with what was before it, not with what follows.

    That is told by the check-in and its neighbours, so that the day of a move stays sharp.
    """
    explains = np.zeros((2, len(item)))
    for apart in (-1, 0, 1):
        other, same = _neighbours(design, apart)
        explains += np.log(_near_around(design, item, np.where(same, other, np.arange(len(item)))))
    return expit(explains[0] - explains[1])


def _time_scores(
    nested: NestedModels, weights: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return what a model says of time: a table, its row per source and its column per row."""
    design, labels = nested.design, nested.labels
    found, k = [], 0
    for counts, (context, n, _) in zip(nested.weekly, weekly(design, labels), strict=True):
        found.append((_pair_scores(design, counts, weights[k : k + 2], n), labels.pair, context))
        k += 2
    prior = evidence.CELL_PRIOR
    for name, counts in nested.by_date.items():
        class_lift = counts.class_lift[design.class_of_item]
        lift = (counts.of_item + prior * class_lift) / (counts.expected_of_item + prior)
        found.append((weights[k] * np.log(lift), labels.item, labels.dates[name]))
        k += 1
    if nested.season is not None:
        found.append((weights[k] * nested.season, labels.item, labels.dates["month"]))
    return found


def _drift_scores(
    design: Design, labels: Labels
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return how likely each category and item is around each row, before and after it."""
    n, rows, found = len(design.user), np.arange(len(design.user)), []
    if design.n_classes > 1:
        code, n_groups = design.class_of_item[labels.item], design.n_classes
        table = np.zeros((n, n_groups), np.float32)
        for apart in (k for k in range(-AROUND, AROUND + 1) if abs(k) > 1):
            other, same = _neighbours(design, apart)
            table[rows, code[other]] += same * np.float32(np.exp(-(abs(apart) - 2) / AROUND_DECAY))
        flat = np.bincount(design.user * n_groups + code, minlength=design.n_users * n_groups)
        overall = flat.reshape(-1, n_groups) + np.bincount(code, minlength=n_groups) / n
        share = table + (AROUND_PRIOR * overall / overall.sum(axis=1, keepdims=True))[design.user]
        found.append((np.log(share / share.sum(axis=1, keepdims=True)).T, code, rows))
    flat = np.bincount(
        labels.item * CALENDAR_BINS + design.calendar, minlength=design.n_items * CALENDAR_BINS
    )
    seen = flat.reshape(-1, CALENDAR_BINS).astype(np.float32)
    apart = np.arange(CALENDAR_BINS)[:, None] - np.arange(CALENDAR_BINS)
    near = np.exp(-0.5 * (apart / SEASON_WIDTH) ** 2).astype(np.float32)
    everybody = seen.sum(axis=0) @ near
    expected = seen.sum(axis=1, keepdims=True) / n * everybody
    lift = np.log((seen @ near + SEASON_PRIOR) / (expected + SEASON_PRIOR))
    return [*found, (lift, labels.item, design.calendar)]


class _Wheels:
    """Groups of rows that can be turned like wheels, each by its own random number of places."""

    def __init__(self, group: np.ndarray):
        self.order = np.argsort(group, kind="stable")
        first = np.flatnonzero(np.diff(group[self.order], prepend=-1))
        self.size = np.diff(np.append(first, len(group)))
        self.wheel = np.repeat(np.arange(len(self.size)), self.size)
        self.first = first[self.wheel]
        self.place = np.arange(len(group)) - self.first

    def turn(self, rng: np.random.Generator) -> np.ndarray:
        """Return the row whose label each row receives, shape ``(n,)``."""
        shift = np.floor(rng.random(len(self.size)) * self.size).astype(np.int64)[self.wheel]
        turned = np.empty(len(self.order), dtype=np.int64)
        source = self.first + (self.place + shift) % self.size[self.wheel]
        turned[self.order] = self.order[source]
        return turned
