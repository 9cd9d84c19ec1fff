"""What training teaches about items in general: counts, hours, places, what follows what."""

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy import sparse

from strec import schema
from strec.geo import arc_km, distance_km, unit_vectors
from strec.graph import tally, transitions
from strec.models.counting import blocks
from strec.models.saved import Arrays, prefixed, under
from strec.split import Log, Vocabulary

#: Local hours of working days, then of weekends, then "time not known".
UNKNOWN_TIME = 48
_CELL_RESOLUTION = 7
#: What is expected of untaken items of a kind leans on all kinds as if there were so many more of
#: them; an item stands for a share of a check-in at least.
_FEW, _LEAST = 5.0, 0.05
#: The latest part of a log, that tells what comes to be taken.
_LATEST = 0.15


@dataclass(frozen=True)
class Statistics:
    """Counts over a training log."""

    count: np.ndarray  # (n_items,) check-ins
    #: How many times more often an item is taken at a time than items are on average: 1 means no
    #: preference, and the last column is 1.
    time_lift: np.ndarray  # (n_items, 49)
    #: Transitions between items within sessions, a sparse matrix (n_items, n_items).
    next_indptr: np.ndarray
    next_indices: np.ndarray
    next_count: np.ndarray
    #: Places where items are taken, as unit vectors (n_spots, 3), and check-ins per spot and
    #: item, a sparse matrix (n_spots, n_items).
    spot_xyz: np.ndarray
    spot_indptr: np.ndarray
    spot_indices: np.ndarray
    spot_count: np.ndarray
    #: A short, a middle and a long move (km) between check-ins of a session, quantiles 0.15, 0.5
    #: and 0.85; empty where no places are known.
    move_km: np.ndarray
    #: Check-ins that items without one stand for among what is new, see `awaiting`; (0,) for none.
    awaited: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, train: Log) -> "Statistics":
        """Count a training log."""
        n_items = len(train.vocabulary.items)
        follows = transitions(train)
        xyz, spots = _spots(train, n_items)
        return cls(
            count=np.bincount(train.item[train.item >= 0], minlength=n_items).astype(np.float64),
            time_lift=_time_lift(train),
            next_indptr=follows.indptr,
            next_indices=follows.indices,
            next_count=follows.data,
            spot_xyz=xyz,
            spot_indptr=spots.indptr,
            spot_indices=spots.indices,
            spot_count=spots.data,
            move_km=_moves(train),
        )

    def awaiting(self, train: Log) -> "Statistics":
        """Return the same counts, with what may be expected of items without a check-in.

        Some of the items that nobody had taken before the latest part of the log were taken in it:
        an item without a check-in stands, at its own place, for as many as one of its kind had in
        that time, told in the time of the whole log.

        Parameters
        ----------
        train : Log
            The log that was counted.
        """
        new = self.count == 0
        if not new.any() or new.all():
            return self
        vocabulary, known = train.vocabulary, train.item >= 0
        n_kinds = len(vocabulary.categories) + 1
        since = np.quantile(train.time_us[known], 1 - _LATEST)
        before = np.bincount(train.item[known & (train.time_us < since)], minlength=len(new))
        untaken, kind = before == 0, vocabulary.item_category % n_kinds
        taken = np.bincount(kind[untaken], self.count[untaken], n_kinds)
        among = np.bincount(kind[untaken], minlength=n_kinds)
        each = (taken + _FEW * taken.sum() / among.sum()) / (among + _FEW) / _LATEST
        awaited = np.where(new, np.clip(each[kind], _LEAST, self.count[~new].mean()), 0.0)
        at = np.flatnonzero(new & vocabulary.item_is_place & self.has_places)
        return replace(
            self,
            awaited=awaited,
            spot_xyz=np.concatenate(
                [self.spot_xyz, unit_vectors(vocabulary.item_lat[at], vocabulary.item_lon[at])]
            ),
            spot_indptr=np.r_[
                self.spot_indptr, self.spot_indptr[-1] + np.arange(1, len(at) + 1)
            ].astype(self.spot_indptr.dtype),
            spot_indices=np.r_[self.spot_indices, at].astype(self.spot_indices.dtype),
            spot_count=np.r_[self.spot_count, awaited[at]],
        )

    def arrays(self) -> Arrays:
        """Return all fields, for saving."""
        return prefixed("statistics.", {each.name: vars(self)[each.name] for each in fields(self)})

    @classmethod
    def restore(cls, arrays: Arrays) -> "Statistics":
        """Return the statistics whose `arrays` these are."""
        return cls(**under(arrays, "statistics."))

    @cached_property
    def popularity(self) -> np.ndarray:
        """Shape ``(n_items,)``: smoothed share of check-ins, sums to 1."""
        return (self.expected + 0.5) / (self.expected + 0.5).sum()

    @property
    def expected(self) -> np.ndarray:
        """Shape ``(n_items,)``: check-ins, and what is awaited of items without one."""
        return self.count + self.awaited if len(self.awaited) else self.count

    @property
    def has_places(self) -> bool:
        return len(self.move_km) > 0

    @cached_property
    def follows(self) -> sparse.csr_matrix:
        """Transitions, shape ``(n_items, n_items)``."""
        n = len(self.count)
        return sparse.csr_matrix(
            (self.next_count, self.next_indices, self.next_indptr), shape=(n, n)
        )

    @cached_property
    def at_spots(self) -> sparse.csr_matrix:
        """Check-ins per item and spot, shape ``(n_items, n_spots)``."""
        shape = (len(self.spot_xyz), len(self.count))
        counted = (self.spot_count, self.spot_indices, self.spot_indptr)
        return sparse.csr_matrix(sparse.csr_matrix(counted, shape).T)

    @cached_property
    def lift_by_time(self) -> np.ndarray:
        """`time_lift` with the hours first, ``(49, n_items)``: what one hour asks lies together."""
        return np.ascontiguousarray(self.time_lift.T)

    @cached_property
    def single_spots(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The spot of each item and its check-ins there; None where an item has several.

        Both have shape ``(n_items,)``; an item without a place has no check-ins at some spot.
        """
        if (np.diff(self.at_spots.indptr) > 1).any() or not len(self.spot_xyz):
            return None
        has_spot = np.diff(self.at_spots.indptr) == 1
        spot, count = np.zeros(len(self.count), dtype=np.int64), np.zeros(len(self.count))
        spot[has_spot], count[has_spot] = self.at_spots.indices, self.at_spots.data
        return spot, count

    def category_share(self, item_category: np.ndarray, n: int) -> np.ndarray:
        """Return the share of each of n categories, shape ``(n,)``, for the items' categories."""
        of, share = self._share
        if of is not item_category:
            known = item_category >= 0
            share = np.bincount(item_category[known], self.popularity[known], minlength=n)
            vars(self)["_share"] = item_category, share
        return share

    #: The categories last asked about, and their shares.
    _share: ClassVar[tuple[np.ndarray, np.ndarray]] = (np.zeros(0), np.zeros(0))

    @cached_property
    def spot_blocks(self) -> "blocks.Blocks | None":
        """The spots in blocks of neighbours, where they are many."""
        many = len(self.spot_xyz) >= blocks.MANY
        return blocks.Blocks.of(self.spot_xyz) if many else None

    @cached_property
    def item_blocks(self) -> "blocks.ItemBlocks | None":
        """The items in blocks, where they are many and no two of them share a spot."""
        if len(self.count) < blocks.MANY:
            return None
        if not self.has_places:
            return blocks.ItemBlocks(self.popularity, self.time_lift, self.popularity)
        if self.spot_blocks is None or self.single_spots is None:
            return None
        has_spot = np.diff(self.at_spots.indptr) == 1
        if has_spot.sum() != len(self.spot_xyz):
            return None
        item = np.empty(len(self.spot_xyz), dtype=np.int64)
        item[self.single_spots[0][has_spot]] = np.flatnonzero(has_spot)
        return blocks.ItemBlocks(
            self.popularity, self.time_lift, self.single_spots[1], self.spot_blocks, item
        )

    def spot_distance_km(self, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Return the distance of each place from each spot, shape ``(n, n_spots)``."""
        if self.spot_blocks is not None:
            return self.spot_blocks.each_km(lat, lon)
        # In place: it is most of what looking at all items takes.
        found = unit_vectors(lat, lon) @ self.spot_xyz.T
        np.clip(found, -1.0, 1.0, out=found)
        np.subtract(1.0, found, out=found)
        found /= 2
        return arc_km(np.sqrt(found, out=found))


def time_cell(hour: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    """Return the column of `Statistics.time_lift` for local hours and weekdays.

    Examples
    --------
    >>> time_cell(np.array([8.5, 8.5, np.nan]), np.array([0, 6, -1])).tolist()
    [8, 32, 48]
    """
    whole = np.nan_to_num(hour).astype(int) + 24 * (weekday >= 5)
    return np.where(np.isnan(hour), UNKNOWN_TIME, whole)


def _time_lift(train: Log) -> np.ndarray:
    """Return smoothed hour profiles: the item's own, leaning on its category and on all."""
    vocabulary: Vocabulary = train.vocabulary
    known = train.item >= 0
    item = train.item[known]
    cell = time_cell(train.hour[known], train.weekday[known])
    n_items, n_categories = len(vocabulary.items), len(vocabulary.categories) + 1
    own = _histogram(item, cell, n_items)
    # Code -1, no category, is the last row: items without a category lean on one another.
    category = _histogram(vocabulary.item_category[item] % n_categories, cell, n_categories)
    everything = category.sum(axis=0) + 1e-9
    everything /= everything.sum()
    category = (category + 20 * everything) / (category.sum(axis=1, keepdims=True) + 20)
    own = (own + 5 * category[vocabulary.item_category]) / (own.sum(axis=1, keepdims=True) + 5)
    return np.hstack([own / everything, np.ones((n_items, 1))]).astype(np.float32)


def _histogram(row: np.ndarray, cell: np.ndarray, n_rows: int) -> np.ndarray:
    """Count rows by time; neighbouring hours and the other kind of day share some weight."""
    flat = np.bincount(row.astype(np.int64) * 48 + cell, minlength=n_rows * 48)
    hours = flat.reshape(n_rows, 2, 24).astype(np.float64)
    kernel = {-2: 0.1, -1: 0.2, 0: 0.4, 1: 0.2, 2: 0.1}
    shifted = (weight * np.roll(hours, shift, axis=2) for shift, weight in kernel.items())
    smooth = sum(shifted, start=np.zeros_like(hours))
    return (smooth + 0.3 * smooth[:, ::-1]).reshape(n_rows, 48)


def _spots(train: Log, n_items: int) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Return the places where items are taken, and how often each is taken there.

    An item that is a place has one spot, its own. Other items are counted by H3 cell.
    """
    import polars as pl

    vocabulary = train.vocabulary
    is_place = vocabulary.item_is_place
    usable = (train.item >= 0) & ~np.isnan(train.lat)
    item = train.item[usable]
    lat, lon = train.lat[usable], train.lon[usable]
    # Cells have bit 58 or lower set; item numbers are far smaller, so the keys do not meet.
    key, apart = item.astype(np.int64), ~is_place[item]
    cell = schema.cells_of(pl.Series(lat[apart]), pl.Series(lon[apart]), _CELL_RESOLUTION)
    key[apart] = cell.fill_null(0).to_numpy().astype(np.int64)
    if apart.any():
        keys, spot = np.unique(key, return_inverse=True)
    else:
        there = np.bincount(item, minlength=n_items) > 0
        keys, spot = np.flatnonzero(there), (np.cumsum(there) - 1)[item]
    matrix = tally(spot, item, (len(keys), n_items))
    size = np.maximum(np.bincount(spot, minlength=len(keys)), 1)
    sums = [np.bincount(spot, axis, len(keys)) for axis in train.xyz[usable].T]
    xyz = np.stack(sums, axis=1) / size[:, None]
    return xyz / np.maximum(np.linalg.norm(xyz, axis=1, keepdims=True), 1e-12), matrix


def _moves(train: Log) -> np.ndarray:
    moved = np.flatnonzero((np.diff(train.session) == 0) & (np.diff(train.moment) != 0))
    km = distance_km(*(axis[moved + step] for step in (0, 1) for axis in (train.lat, train.lon)))
    if train.has_origins:
        km = distance_km(train.origin_lat, train.origin_lon, train.lat, train.lon)
    km = km[km > 0.02]
    if not len(km):
        far = not np.isnan(train.lat).all()
        return np.array([0.3, 2.0, 10.0]) if far else np.zeros(0)
    return np.maximum(np.quantile(km, [0.15, 0.5, 0.85]), 0.05)
