"""Worlds in which one ingredient cannot matter, made by shuffling it alone."""

from dataclasses import replace

import numpy as np

from strec.gate import evidence
from strec.gate.design import (
    DAY_PARTS,
    TIME_BINS,
    Design,
    Labels,
    distance_bins,
    with_items,
)
from strec.gate.nested_models import FittedModel, NestedModels

#: Rounds of swaps between the data and the hub, and between the hub and each null world.
SWAP_ROUNDS = 12
#: Swaps happen among so many neighbouring check-ins of a user.
SWAP_BLOCK = 16


class TimeWorlds:
    """Worlds in which the hours are dealt anew within each user and current zone.

    The hours of a user's visits from one zone are turned like a wheel by a random number of
    visits: what place explains stays, and so do runs of similar hours and of similar items.
    """

    def __init__(self, design: Design, labels: Labels):
        self.labels = labels
        group = design.user
        if design.place != "none":
            group = group * (labels.zone_coarse.max() + 1) + labels.zone_coarse
        self.wheels = _Wheels(group)

    def draw(self, rng: np.random.Generator) -> Labels:
        """Return one null world."""
        turned = self.wheels.turn(rng)
        return replace(self.labels, hour_of_week=self.labels.hour_of_week[turned])


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
    test (Berrett, Wang, Barber and Samworth 2020, JRSS B 82). Items move a few check-ins at a
    time, so that slow drifts stay. All worlds start from a hub that is itself some rounds away
    from the data, which makes the data exchangeable with them (Besag and Clifford 1989,
    Biometrika 76).
    """

    def __init__(self, nested: NestedModels, rng: np.random.Generator, fitted: FittedModel | None):
        design, labels = nested.design, nested.labels
        self.design, self.labels = design, labels
        self.by_time = self.by_zone = self.by_distance = None
        if fitted is not None:
            self.bin = labels.time_bin
            weights = fitted.weights.mean(axis=0)
            time, place = weights[fitted.owner == "time"], weights[fitted.owner == "space"]
            self.by_time = _pair_scores(design, nested.time, time, TIME_BINS)
            if len(place):
                self.by_zone = _pair_scores(design, nested.zone, place, design.n_zones)
                if design.place == "item":
                    self.by_distance = place[2] * nested.distance
        rows = np.arange(len(design.user))
        self.has_next = np.append(design.user[1:] == design.user[:-1], False)
        self.next = np.minimum(rows + 1, len(rows) - 1)
        self.chained = self.by_distance is not None
        self.hub = self._swap(rows.copy(), rng)

    def draw(self, rng: np.random.Generator) -> Labels:
        """Return one null world."""
        return with_items(self.design, self.labels, self._swap(self.hub.copy(), rng))

    def _swap(self, order: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Apply rounds of random swaps within users to `order`, in place."""
        for _ in range(SWAP_ROUNDS):
            a, b = self._partners(rng)
            gain = (
                self._score(order, a, order[b]) + self._score(order, b, order[a])
                - self._score(order, a, order[a]) - self._score(order, b, order[b])
            )  # fmt: skip
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
        # The blocks begin elsewhere in every round, so that items can travel.
        block = (self.design.position[rows] + rng.integers(SWAP_BLOCK)) // SWAP_BLOCK
        group = np.cumsum(
            (np.diff(block, prepend=-1) != 0) | (np.diff(self.design.user[rows], prepend=-1) != 0)
        )
        # The groups are in order, so sorting by group + luck shuffles the rows of each.
        rows = rows[np.argsort(group + rng.random(len(rows)))]
        rank = np.arange(len(rows)) - np.searchsorted(group, group, side="left")
        first = np.flatnonzero((rank[:-1] % 2 == 0) & (group[1:] == group[:-1]))
        return rows[first], rows[first + 1]

    def _score(self, order: np.ndarray, rows: np.ndarray, source: np.ndarray) -> np.ndarray:
        """Return the model's score of the item of `source` at `rows`, and of what follows."""
        design, pairs, item = self.design, self.labels.pair, self.labels.item
        by_zone, by_distance = self.by_zone, self.by_distance
        score = np.zeros(len(rows), np.float32)
        if self.by_time is not None:
            score += self.by_time[pairs[source], self.bin[rows]]
        if by_zone is None:
            return score
        if by_distance is None:
            return score + by_zone[pairs[source], self.labels.zone[rows]]

        def arrive(at: np.ndarray, before: np.ndarray) -> np.ndarray:
            bins = distance_bins(design, item[before], item[at])
            return by_zone[pairs[at], design.item_zone[item[before]]] + by_distance[bins]

        before, after = order[np.maximum(rows - 1, 0)], order[self.next[rows]]
        has_previous = design.position[rows] > 0
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
