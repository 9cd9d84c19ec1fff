"""Many items in blocks of neighbours: what lies far is counted by the block, not one by one.

Of many places, the way to those of a block that lies far is measured to its middle (Barnes and Hut
1986): no way is off by more than the block's radius, which is a tenth of the way at most. What a
block says together is known beforehand for each hour, and no item of it can be better than the best
of each of its numbers: blocks that cannot reach the list are not looked into (Fagin 2001).

References
----------
Barnes and Hut, "A hierarchical O(N log N) force-calculation algorithm", Nature 1986.
Fagin, Lotem and Naor, "Optimal aggregation algorithms for middleware", PODS 2001.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from strec.geo import arc_km, unit_vectors

#: So many items, or places, go by blocks of so many.
MANY, SIZE = 100_000, 64
#: A block is far where its radius is at most this share of the way to its middle.
_FAR = 0.1


@dataclass(frozen=True)
class Blocks:
    """Places in blocks of neighbours.

    Attributes
    ----------
    member : numpy.ndarray
        Shape ``(n_blocks, size)``: which places; -1 where there is none.
    middle : numpy.ndarray
        Shape ``(n_blocks, 3)``: unit vectors.
    radius_km : numpy.ndarray
        Shape ``(n_blocks,)``: the way from the middle to the farthest place.
    """

    xyz: np.ndarray
    member: np.ndarray
    middle: np.ndarray
    radius_km: np.ndarray

    @classmethod
    def of(cls, xyz: np.ndarray) -> "Blocks":
        """Put places, unit vectors ``(n, 3)``, into blocks: halved where they are widest."""
        n = len(xyz)
        halvings = max(int(np.ceil(np.log2(max(n, 1) / SIZE))), 0)
        # The last place stands for those that the last blocks lack.
        order = np.arange(-(-n // 2**halvings) * 2**halvings)
        for halving in range(halvings):
            order = order.reshape(2**halving, -1)
            of = xyz[np.minimum(order, n - 1)]
            widest = np.ptp(of, axis=1).argmax(axis=1)
            along = np.take_along_axis(of, widest[:, None, None], axis=2)[:, :, 0]
            halves = np.argpartition(along, along.shape[1] // 2, axis=1)
            order = np.take_along_axis(order, halves, axis=1)
        order = order.reshape(2**halvings, -1)
        of = xyz[np.minimum(order, n - 1)]
        middle = of.mean(axis=1)
        middle /= np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-12)
        half_chord = np.linalg.norm(of - middle[:, None], axis=2).max(axis=1) / 2
        return cls(xyz, np.where(order < n, order, -1), middle, arc_km(half_chord))

    @cached_property
    def position(self) -> np.ndarray:
        """Shape ``(n_places,)``: where each stands among the members of all blocks."""
        found = np.empty(len(self.xyz), dtype=np.int64)
        flat = self.member.ravel()
        found[flat[flat >= 0]] = np.flatnonzero(flat >= 0)
        return found

    def ways_km(self, lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the way to the middle of each block, and whether the block is near.

        Both have shape ``(n, n_blocks)``.
        """
        km = exact_km(self.middle, unit_vectors(lat, lon).T).T
        return km, self.radius_km > _FAR * km

    def each_km(self, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Return the way to each place, ``(n, n_places)``, to those that lie far by the block."""
        km, is_near = self.ways_km(lat, lon)
        found = np.take(km, self.position // self.member.shape[1], axis=1)
        for row, here in enumerate(unit_vectors(lat, lon)):
            places = self.member[is_near[row]].ravel()
            places = places[places >= 0]
            found[row, places] = exact_km(self.xyz[places], here)
        return found


@dataclass(frozen=True)
class Hour:
    """What blocks say at one hour of the week.

    Attributes
    ----------
    lift, weight : numpy.ndarray
        Shape ``(n_blocks, size)``, float32: the lift of each item, and times how often it is taken.
    total, best, popular, most_popular : numpy.ndarray
        Shape ``(n_blocks,)``: the sum and the greatest of the weights; the same of popularity times
        lift.
    """

    lift: np.ndarray
    weight: np.ndarray
    total: np.ndarray
    best: np.ndarray
    popular: np.ndarray
    most_popular: np.ndarray


class ItemBlocks:
    """Items in the blocks of their places, or, without places, the most popular first.

    Parameters
    ----------
    popularity, time_lift, count : numpy.ndarray
        Of `Statistics`; without places the popularity is the count.
    places : Blocks, optional
        The items' places.
    item : numpy.ndarray, optional
        Shape ``(n_places,)``: whose places they are.
    """

    def __init__(
        self,
        popularity: np.ndarray,
        time_lift: np.ndarray,
        count: np.ndarray,
        places: Blocks | None = None,
        item: np.ndarray | None = None,
    ):
        n = len(popularity)
        self.places, self._time_lift = places, time_lift
        if places is None or item is None:
            self.item = _in_rows(np.argsort(-popularity, kind="stable"), SIZE)
        else:
            without = np.ones(n, dtype=bool)
            without[item] = False
            elsewhere = _in_rows(np.flatnonzero(without), places.member.shape[1])
            self.item = np.vstack([np.append(item, -1)[places.member], elsewhere])
            self.xyz = np.zeros((*self.item.shape, 3))
            self.xyz[: len(places.member)] = places.xyz[places.member]
        #: Where each item stands: ``block * size + column``.
        self.position = np.empty(n, dtype=np.int64)
        self.position[self.item[self.item >= 0]] = np.flatnonzero(self.item >= 0)
        self.popularity, self.count = self._of_items(popularity), self._of_items(count)
        self.popular, self.most_popular = self.popularity.sum(axis=1), self.popularity.max(axis=1)
        self._hours: dict[int, Hour] = {}

    def _of_items(self, values: np.ndarray) -> np.ndarray:
        """Return values of items as they stand in blocks, 0 where there is none."""
        return np.append(values, np.zeros(1, dtype=values.dtype))[self.item]

    def hour(self, cell: int) -> Hour:
        """Return what blocks say at an hour, a column of `Statistics.time_lift`."""
        if cell not in self._hours:
            lift = self._of_items(self._time_lift[:, cell])
            weight, popular = lift * self.count, lift * self.popularity
            sums = (f(axis=1) for part in (weight, popular) for f in (part.sum, part.max))
            self._hours[cell] = Hour(lift, weight.astype(np.float32), *sums)
        return self._hours[cell]

    def kinds(self, item_category: np.ndarray) -> np.ndarray:
        """Return the category of each item as they stand in blocks; kept for the next question."""
        if self._kinds is None or self._kinds[0] is not item_category:
            self._kinds = item_category, self._of_items(item_category.astype(np.intp))
        return self._kinds[1]

    _kinds: tuple[np.ndarray, np.ndarray] | None = None


def _in_rows(order: np.ndarray, size: int) -> np.ndarray:
    """Return numbers in rows, the last one filled up by -1."""
    return np.append(order, np.full(-len(order) % size, -1)).reshape(-1, size)


def exact_km(xyz: np.ndarray, here: np.ndarray) -> np.ndarray:
    """Return the ways between places, unit vectors ``(…, 3)``, and one or some, ``(3, …)``."""
    return arc_km(np.sqrt((1.0 - np.clip(xyz @ here, -1.0, 1.0)) / 2))
