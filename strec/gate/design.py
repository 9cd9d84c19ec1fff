"""Check-ins as integer arrays, and the facts of them that no shuffle changes."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

from strec.errors import AnalysisError
from strec.gate.geometry import bins_of, median_by, zones
from strec.gate.time_parts import TimePart, time_parts_of
from strec.geo import EARTH_RADIUS_KM, KM_PER_DEGREE, km_per_degree_east, unit_vectors
from strec.spatial.hexagons import one_run
from strec.split import Log, local_us
from strec.wording import plural

#: Two-hour steps of the day, for weekdays and again for weekends.
STEPS_PER_DAY = 12
TIME_BINS = 2 * STEPS_PER_DAY
#: Time as a calendar: the span of the data is cut into so many pieces of equal length.
CALENDAR_BINS = 64
#: Three-hour parts of the day, for the interaction and for restricted shuffles.
DAY_PARTS = 8
FINE_ZONE_SPLITS, COARSE_ZONE_SPLITS = 5, 3
#: Items whose check-ins scatter less than this around their median place are themselves places.
ITEM_SPREAD_KM = 0.2
ITEM_IS_PLACE_SHARE = 0.9
MOST_WITHOUT_PLACE = 0.05
MAX_CLASSES = 64
#: Up to so many items, the distances between all of them are worked out once.
MAX_ITEMS_IN_TABLE = 5_000
#: Up to so many cells, what belongs to two codes is looked up in a table and not searched for.
MAX_CELLS_IN_TABLE = 4_000_000
CANDIDATES = 8
MIN_USERS, MIN_CHECKINS_PER_USER, MIN_SCORED = 5, 4, 50

PLACE_WORDS = {
    "item": "the place of the user's previous check-in, because here an item is itself a place",
    "checkin": "the place of the check-in itself, because here an item is not tied to a place",
    "start": "the place where the trip begins",
    "none": "no place, because this table has none",
}


def _nothing() -> np.ndarray:
    return np.zeros(0, int)


@dataclass(frozen=True)
class Design:
    """Everything that stays put when labels are shuffled within users.

    Arrays are ``(n,)`` per check-in (sorted by user and time), ``(n_items,)`` or ``(n_pairs,)``,
    where a *pair* is a user and an item that occur together. `past` holds the rows of each
    trajectory's first half, from which the models count; `scored` those of its second half.
    `before` is the first row of each row's moment: what carries the same time is a set, and the
    check-in before it is ``before - 1``. `n_past` counts each user's first half, `calendar` is the
    piece of the whole span that a row falls in, `time_parts` are the parts of *time*.
    `past_candidates` and `scored_candidates` are rows of check-ins, ``(len, 1 + CANDIDATES)``:
    column 0 is the check-in itself, the others are drawn from M0. `place` is a key of
    `PLACE_WORDS`; `item_…` and `bin_table` (distance bins between items) are there where it is
    "item".
    """

    user: np.ndarray
    position: np.ndarray
    start: np.ndarray
    length: np.ndarray
    before: np.ndarray
    is_past: np.ndarray
    n_past: np.ndarray
    past: np.ndarray
    scored: np.ndarray
    fold: np.ndarray
    pair_keys: np.ndarray
    pair_user: np.ndarray
    pair_item: np.ndarray
    class_of_item: np.ndarray
    joint_class_of_item: np.ndarray
    own_share: float
    calendar: np.ndarray = field(default_factory=_nothing)
    time_parts: tuple[TimePart, ...] = ()
    is_anonymous: bool = False
    past_candidates: np.ndarray = field(default_factory=_nothing)
    scored_candidates: np.ndarray = field(default_factory=_nothing)
    place: str = "none"
    n_zones: int = 0
    item_zone: np.ndarray = field(default_factory=_nothing)
    item_zone_coarse: np.ndarray = field(default_factory=_nothing)
    item_xyz: np.ndarray = field(default_factory=_nothing)
    bin_table: np.ndarray | None = None

    @property
    def n_items(self) -> int:
        return len(self.class_of_item)

    @property
    def tested_parts(self) -> list[str]:
        """The names of the parts of time that this table can test."""
        return [part.name for part in self.time_parts if not part.why]

    @property
    def date_parts(self) -> list[TimePart]:
        """Those of them that are a matter of the date, but for the month."""
        return [part for part in self.time_parts if not part.why and len(part.block)]

    @property
    def season(self) -> TimePart | None:
        """The month of the year, where it can be tested."""
        return next((p for p in self.time_parts if p.name == "month" and not p.why), None)

    @property
    def previous(self) -> np.ndarray:
        """The row before each moment, ``(n,)``; meaningless where a user begins."""
        return np.maximum(self.before - 1, 0)

    @property
    def n_classes(self) -> int:
        return int(self.class_of_item.max()) + 1

    @property
    def n_users(self) -> int:
        return len(self.start)

    @property
    def n_pairs(self) -> int:
        return len(self.pair_keys)

    @cached_property
    def halves(self) -> list[np.ndarray]:
        """The numbers of the scored rows of each half of the users."""
        fold = self.fold[self.user[self.scored]]
        return [np.flatnonzero(fold == f) for f in (0, 1)]

    @cached_property
    def pairs_by_item(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The pairs in the order of their items, their users, and where each item begins."""
        order = np.argsort(self.pair_item, kind="stable")
        n_of_item = np.bincount(self.pair_item, minlength=self.n_items)
        return order, self.pair_user[order], np.r_[0, np.cumsum(n_of_item)]

    @cached_property
    def members(self) -> sparse.csr_matrix:
        """Which items each class has, ``(n_classes, n_items)``."""
        ones = np.ones(self.n_items, np.float32)
        return sparse.csr_matrix(
            (ones, (self.class_of_item, np.arange(self.n_items))), (self.n_classes, self.n_items)
        )

    @cached_property
    def pair_of(self) -> "Lookup":
        """The pair of ``user * n_items + item``, -1 where they never meet."""
        cells = self.n_users * self.n_items
        return Lookup(self.pair_keys, np.arange(self.n_pairs), cells, missing=-1)


class Lookup:
    """Values by key, of sorted keys below `n_cells`."""

    def __init__(self, keys: np.ndarray, values: np.ndarray, n_cells: int, missing: int = 0):
        self.keys, self.values, self.missing = keys, values, missing
        self.table = None
        if n_cells <= MAX_CELLS_IN_TABLE:
            # Zeros come from the system as they are read: most cells are never touched.
            self.table = np.full(n_cells, missing) if missing else np.zeros(n_cells, int)
            self.table[keys] = values

    def __call__(self, wanted: np.ndarray) -> np.ndarray:
        if self.table is not None:
            return self.table.take(wanted)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[at] == wanted, self.values[at], self.missing)


@dataclass(frozen=True)
class Labels:
    """The labels of the check-ins, ``(n,)`` each; a null world is another `Labels`.

    `dates` is ``(n_date_parts, n)``: the context of each part of time that is a matter of the
    date. `turn` is by how many months the year of each item is turned, 0 in the data.
    """

    item: np.ndarray
    pair: np.ndarray
    hour_of_week: np.ndarray
    zone: np.ndarray
    zone_coarse: np.ndarray
    dates: dict[str, np.ndarray]
    turn: np.ndarray

    @property
    def time_bin(self) -> np.ndarray:
        hour = self.hour_of_week % 24
        return (self.hour_of_week >= 120) * STEPS_PER_DAY + hour // (24 // STEPS_PER_DAY)

    @property
    def weekday(self) -> np.ndarray:
        """Monday is 0."""
        return self.hour_of_week // 24

    @property
    def day_part(self) -> np.ndarray:
        return self.hour_of_week % 24 // (24 // DAY_PARTS)


def design_of(
    log: Log, rng: np.random.Generator, dates: pl.DataFrame | None = None
) -> tuple[Design, Labels]:
    """Order a log, cut each trajectory in two halves and draw the candidates.

    `dates` is a table of the person's own: a date, and what was so on it.

    Raises
    ------
    AnalysisError
        If there are too few users or check-ins to hold any out.
    """
    # What carries the same time comes in random order: any fixed order, such as by item, would
    # be a pattern in the sequence that nobody made.
    luck = rng.spawn(1)[0].random(len(log))
    order = np.lexsort((luck, log.time_us, log.owner))
    user, item = (_codes(code[order]) for code in (log.owner, log.item))
    length = np.bincount(user)
    start = np.cumsum(length) - length
    position = np.arange(len(user)) - start[user]
    time_us = log.time_us[order]
    opens = np.r_[True, (np.diff(time_us) != 0) | (np.diff(user) != 0)]
    before = np.maximum.accumulate(np.where(opens, np.arange(len(user)), 0))
    # A moment is never cut in two.
    is_past = position[before] < length[user] // 2
    # The first moment of a user has no place before it.
    usable = (position[before] >= 1) & (length[user] >= MIN_CHECKINS_PER_USER)
    past, scored = np.flatnonzero(usable & is_past), np.flatnonzero(usable & ~is_past)
    _check_enough(length, len(scored), item, log.is_anonymous)
    n_items = int(item.max()) + 1
    keys, pair = np.unique(user * n_items + item, return_inverse=True)
    own_share = float(np.clip(0.9 * (np.bincount(pair)[pair] >= 2).mean(), 0.1, 0.9))
    classes = _classes(log.category[order], item)
    local = local_us(time_us, log.offset_min[order])
    time_parts, contexts = time_parts_of(local, dates)
    places, zone, zone_coarse = _places(log.lat[order], log.lon[order], item)
    design = Design(
        user=user,
        start=start,
        length=length,
        position=position,
        before=before,
        is_past=is_past,
        n_past=np.bincount(user, weights=is_past).astype(int),
        past=past,
        scored=scored,
        fold=rng.permutation(len(length)) % 2,
        pair_keys=keys,
        pair_user=keys // n_items,
        pair_item=keys % n_items,
        class_of_item=classes,
        joint_class_of_item=_joint_classes(classes, places, item),
        own_share=own_share,
        calendar=_calendar(time_us),
        time_parts=time_parts,
        is_anonymous=log.is_anonymous,
        **places,
    )
    design = replace(
        design,
        past_candidates=_candidates(design, past, rng, leave_out=True),
        scored_candidates=_candidates(design, scored, rng, leave_out=False),
    )
    # 1970 began on a Thursday.
    hour_of_week = (local // 3_600_000_000 + 3 * 24) % 168
    still = np.zeros(n_items, int)
    labels = Labels(item, pair, hour_of_week, zone, zone_coarse, contexts, still)
    return design, with_items(design, labels, np.arange(len(item)))


def with_items(design: Design, labels: Labels, order: np.ndarray) -> Labels:
    """Return labels whose items are those of the rows `order`; places follow where they must."""
    item = labels.item[order]
    moved = replace(labels, item=item, pair=labels.pair[order])
    if design.place != "item":
        return moved
    before = item[design.previous]
    return replace(
        moved, zone=design.item_zone[before], zone_coarse=design.item_zone_coarse[before]
    )


def pairs_of(design: Design, labels: Labels, rows: np.ndarray, candidates: np.ndarray):
    """Return the pair (user of the row, item of the candidate), or -1 where they never meet."""
    return design.pair_of(design.user[rows][:, None] * design.n_items + labels.item[candidates])


def distance_bins(design: Design, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the bin of the distance between items: half-octaves above 100 m."""
    if design.bin_table is not None:
        return design.bin_table.take(a * len(design.bin_table) + b)
    return bins_of(design.item_xyz[a] - design.item_xyz[b])


def _calendar(time_us: np.ndarray) -> np.ndarray:
    """Return the piece of the whole span in which each time lies."""
    since = time_us - time_us.min()
    return since * CALENDAR_BINS // (since.max() + 1)


def _codes(values: np.ndarray) -> np.ndarray:
    """Number the values that occur, in their order."""
    return np.unique(values, return_inverse=True)[1]


def _check_enough(length: np.ndarray, n_scored: int, item: np.ndarray, is_anonymous: bool) -> None:
    """Refuse too little; of data that name nobody, blocks of whole days stand for users."""
    whose, one = ("blocks of days", "block") if is_anonymous else ("users", "user")
    enough = (length >= MIN_CHECKINS_PER_USER).sum()
    if enough < MIN_USERS or n_scored < MIN_SCORED or not item.any():
        raise AnalysisError(
            f"The test, of the training part of a data set, needs at least {MIN_USERS} {whose} "
            f"with {MIN_CHECKINS_PER_USER} or more check-ins, {MIN_SCORED} check-ins to predict "
            f"(half of each {one}'s), and two items.",
            f"{plural(len(item), 'check-in')}, {plural(enough, f'such {one}')}, "
            f"{plural(n_scored, 'check-in')} to predict, {plural(len(np.unique(item)), 'item')}.",
            "Bring more data, or loosen the filters and cleaning steps.",
        )


def _classes(category: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Return a class per item: its category, the rare ones together."""
    category = _codes(category)
    common = np.argsort(-np.bincount(category), kind="stable")[: MAX_CLASSES - 1]
    number = np.full(category.max() + 1, len(common))
    number[common] = np.arange(len(common))
    classes = np.zeros(item.max() + 1, int)
    classes[item] = number[category]
    return classes


def _joint_classes(classes: np.ndarray, places: dict[str, Any], item: np.ndarray) -> np.ndarray:
    """Without categories the interaction groups items by their zone, or by themselves."""
    if classes.any():
        return classes
    if "item_zone" in places:
        return places["item_zone_coarse"]
    rank = np.argsort(np.argsort(-np.bincount(item), kind="stable"), kind="stable")
    return np.minimum(rank, MAX_CLASSES - 1)


def _candidates(
    design: Design, rows: np.ndarray, rng: np.random.Generator, leave_out: bool
) -> np.ndarray:
    """Draw rivals from M0: the user's own first half with chance `own_share`, else anybody's.

    With `leave_out` a row of the first half is never drawn as its own rival.
    """
    user, shape = design.user[rows], (len(rows), CANDIDATES)
    n_past = design.n_past[user] - leave_out
    own = np.floor(rng.random(shape) * n_past[:, None]).astype(np.int64)
    if leave_out:
        own += own >= design.position[rows][:, None]
    anybody = np.flatnonzero(design.is_past)
    drawn = np.where(
        rng.random(shape) < design.own_share,
        design.start[user][:, None] + own,
        anybody[rng.integers(0, len(anybody), shape)],
    )
    return np.concatenate([rows[:, None], drawn], axis=1)


def _places(
    lat: np.ndarray, lon: np.ndarray, item: np.ndarray
) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """Return what a `Design` knows of places, and each check-in's fine and coarse zone."""
    # A table that mostly lacks places cannot be tested for them; a few gaps are filled in.
    if np.isnan(lat).sum() > MOST_WITHOUT_PLACE * len(lat):
        return {}, _nothing(), _nothing()
    lat, lon = (np.where(np.isnan(x), np.nanmedian(x), x) for x in (lat, lon))
    if np.ptp(lon) > 180:
        lon = one_run(lon)  # The date line is no edge.
    east = km_per_degree_east(np.median(lat))
    flat = np.stack([lat * KM_PER_DEGREE, lon * east], axis=1)
    middle = median_by(flat, item)
    near = np.hypot(*(flat - middle[item]).T) < ITEM_SPREAD_KM
    item_is_place = near.mean() >= ITEM_IS_PLACE_SHARE
    place, at = (middle, item) if item_is_place else np.unique(flat, axis=0, return_inverse=True)
    weight = np.bincount(at).astype(float)
    fine, coarse = (zones(place, weight, n) for n in (FINE_ZONE_SPLITS, COARSE_ZONE_SPLITS))
    found: dict[str, Any] = {"place": "checkin", "n_zones": int(fine.max()) + 1}
    if item_is_place:
        xyz = unit_vectors(middle[:, 0] / KM_PER_DEGREE, middle[:, 1] / east)
        xyz = (EARTH_RADIUS_KM * xyz).astype(np.float32)
        small = len(xyz) <= MAX_ITEMS_IN_TABLE
        found |= {
            "place": "item",
            "item_zone": fine,
            "item_zone_coarse": coarse,
            "item_xyz": xyz,
            "bin_table": np.stack([bins_of(xyz - each) for each in xyz]) if small else None,
        }
    return found, fine[at], coarse[at]
