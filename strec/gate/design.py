"""A check-in table as integer arrays, and the facts of it that no shuffle changes."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from strec import schema
from strec.errors import AnalysisError
from strec.gate.geometry import BINS_RADIUS_KM, bins_of, median_by, zones
from strec.geo import KM_PER_DEGREE, km_per_degree_east, unit_vectors

#: Two-hour steps of the day, for weekdays and again for weekends.
STEPS_PER_DAY = 12
TIME_BINS = 2 * STEPS_PER_DAY
#: Three-hour parts of the day, for the interaction and for restricted shuffles.
DAY_PARTS = 8
FINE_ZONE_SPLITS, COARSE_ZONE_SPLITS = 5, 3
#: Items whose check-ins scatter less than this around their median place are themselves places.
ITEM_SPREAD_KM = 0.2
ITEM_IS_PLACE_SHARE = 0.9
MAX_CLASSES = 64
#: Up to so many items, the distances between all of them are worked out once.
MAX_ITEMS_IN_TABLE = 5_000
CANDIDATES = 8
MIN_USERS, MIN_CHECKINS_PER_USER, MIN_SCORED = 5, 4, 50

_PLACE_WORDS = {
    "item": "the place of the user's previous check-in, because here an item is itself a place",
    "checkin": "the place of the check-in itself, because here an item is not tied to a place",
    "none": "no place, because this table has none",
}


@dataclass(frozen=True)
class Design:
    """Everything that stays put when labels are shuffled within users.

    Arrays are ``(n,)`` per check-in (sorted by user and time), ``(n_items,)`` or ``(n_pairs,)``,
    where a *pair* is a user and an item that occur together. `past` holds the rows of each
    trajectory's first half, from which the models count; `scored` those of its second half.
    `past_candidates` and `scored_candidates` are rows of check-ins, ``(len, 1 + CANDIDATES)``:
    column 0 is the check-in itself, the others are drawn from M0.
    """

    user: np.ndarray
    position: np.ndarray
    start: np.ndarray
    length: np.ndarray
    is_past: np.ndarray
    past: np.ndarray
    scored: np.ndarray
    fold: np.ndarray
    pair_keys: np.ndarray
    pair_user: np.ndarray
    pair_item: np.ndarray
    class_of_item: np.ndarray
    joint_class_of_item: np.ndarray
    own_share: float
    past_candidates: np.ndarray
    scored_candidates: np.ndarray
    place: str
    item_zone: np.ndarray
    item_zone_coarse: np.ndarray
    item_xyz: np.ndarray
    n_zones: int
    n_classes: int
    bin_table: np.ndarray | None = None

    @property
    def n_items(self) -> int:
        return len(self.class_of_item)

    @property
    def n_users(self) -> int:
        return len(self.start)

    @property
    def n_pairs(self) -> int:
        return len(self.pair_keys)

    @property
    def place_words(self) -> str:
        return _PLACE_WORDS[self.place]


@dataclass(frozen=True)
class Labels:
    """The labels of the check-ins, ``(n,)`` each; a null world is another `Labels`."""

    item: np.ndarray
    pair: np.ndarray
    hour_of_week: np.ndarray
    zone: np.ndarray
    zone_coarse: np.ndarray

    @property
    def time_bin(self) -> np.ndarray:
        hour = self.hour_of_week % 24
        return (self.hour_of_week >= 120) * STEPS_PER_DAY + hour // (24 // STEPS_PER_DAY)

    @property
    def day_part(self) -> np.ndarray:
        return self.hour_of_week % 24 // (24 // DAY_PARTS)

    @property
    def previous_item(self) -> np.ndarray:
        """The item of the row before; meaningless in each user's first row, which is not used."""
        return np.concatenate([self.item[:1], self.item[:-1]])


def design_of(checkins: pl.DataFrame, rng: np.random.Generator) -> tuple[Design, Labels]:
    """Turn check-ins into arrays, cut each trajectory in two halves and draw the candidates.

    Raises
    ------
    AnalysisError
        If there are too few users or check-ins to hold any out.
    """
    table = _in_order(checkins, rng)
    user, item = (_codes(table[name]) for name in (schema.USER, schema.ITEM))
    length = np.bincount(user)
    start = np.cumsum(length) - length
    position = np.arange(len(user)) - start[user]
    is_past = position < length[user] // 2
    # The first check-in of a user has no place before it.
    usable = (position >= 1) & (length[user] >= MIN_CHECKINS_PER_USER)
    past, scored = np.flatnonzero(usable & is_past), np.flatnonzero(usable & ~is_past)
    _check_enough(len(table), length, len(scored), item)
    keys, pair = np.unique(user * (item.max() + 1) + item, return_inverse=True)
    own_share = float(np.clip(0.9 * (np.bincount(pair)[pair] >= 2).mean(), 0.1, 0.9))
    classes, n_classes = _classes(table, item)
    frame = dict(user=user, start=start, length=length, position=position, is_past=is_past)
    design = Design(
        **frame,
        past=past,
        scored=scored,
        fold=rng.permutation(len(length)) % 2,
        pair_keys=keys,
        pair_user=keys // (item.max() + 1),
        pair_item=keys % (item.max() + 1),
        class_of_item=classes,
        joint_class_of_item=classes,
        own_share=own_share,
        past_candidates=_candidates(past, frame, own_share, rng, leave_out=True),
        scored_candidates=_candidates(scored, frame, own_share, rng, leave_out=False),
        place="none",
        item_zone=np.zeros(0, int),
        item_zone_coarse=np.zeros(0, int),
        item_xyz=np.zeros((0, 3), np.float32),
        n_zones=0,
        n_classes=n_classes,
    )
    labels = Labels(item, pair, _hour_of_week(table), np.zeros(0, int), np.zeros(0, int))
    return _with_joint_classes(*_with_places(design, labels, table))


def with_items(design: Design, labels: Labels, order: np.ndarray) -> Labels:
    """Return labels whose items are those of the rows `order`; places follow where they must."""
    item = labels.item[order]
    moved = replace(labels, item=item, pair=labels.pair[order])
    if design.place != "item":
        return moved
    before = moved.previous_item
    return replace(
        moved, zone=design.item_zone[before], zone_coarse=design.item_zone_coarse[before]
    )


def pairs_of(design: Design, labels: Labels, rows: np.ndarray, candidates: np.ndarray):
    """Return the pair (user of the row, item of the candidate), or -1 where they never meet."""
    pair = labels.pair[candidates]
    at = np.nonzero(design.user[candidates] != design.user[rows][:, None])
    key = design.user[rows][at[0]] * design.n_items + labels.item[candidates[at]]
    found = np.minimum(np.searchsorted(design.pair_keys, key), design.n_pairs - 1)
    pair[at] = np.where(design.pair_keys[found] == key, found, -1)
    return pair


def distance_bins(design: Design, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the bin of the distance between items: half-octaves above 100 m."""
    if design.bin_table is not None:
        return design.bin_table[a, b]
    return bins_of(design.item_xyz[a] - design.item_xyz[b])


def _in_order(checkins: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Sort by user and time; what carries the same time comes in random order.

    Any fixed order, such as by item, would be a pattern in the sequence that nobody made.
    """
    luck = rng.spawn(1)[0].random(len(checkins))
    known = checkins.sort(schema.USER, schema.TIME, schema.ITEM)
    return (
        known.with_columns(pl.Series("luck", luck))
        .sort(schema.USER, schema.TIME, "luck")
        .drop("luck")
    )


def _codes(column: pl.Series) -> np.ndarray:
    return column.rank("dense").to_numpy().astype(np.int64) - 1


def _hour_of_week(table: pl.DataFrame) -> np.ndarray:
    local = schema.local_time()
    hour = (local.dt.weekday().cast(pl.Int64) - 1) * 24 + local.dt.hour().cast(pl.Int64)
    return table.select(hour=hour)["hour"].to_numpy()


def _check_enough(n: int, length: np.ndarray, n_scored: int, item: np.ndarray) -> None:
    enough = (length >= MIN_CHECKINS_PER_USER).sum()
    if enough < MIN_USERS or n_scored < MIN_SCORED or not item.any():
        raise AnalysisError(
            f"The test needs at least {MIN_USERS} users with {MIN_CHECKINS_PER_USER} or more "
            f"check-ins, {MIN_SCORED} check-ins to predict (half of each user's), and two items.",
            f"{n:,} check-ins, {enough:,} such users, {n_scored:,} check-ins to predict, "
            f"{len(np.unique(item)):,} items.",
            "Bring more data, or loosen the filters and cleaning steps.",
        )


def _classes(table: pl.DataFrame, item: np.ndarray) -> tuple[np.ndarray, int]:
    """Return a class per item: its category, the rare ones together; one class without any."""
    n_items = item.max() + 1
    if schema.CATEGORY not in table.columns:
        return np.zeros(n_items, int), 1
    category = _codes(table[schema.CATEGORY].fill_null("\0"))
    common = np.argsort(-np.bincount(category), kind="stable")[: MAX_CLASSES - 1]
    number = np.full(category.max() + 1, len(common))
    number[common] = np.arange(len(common))
    classes = np.zeros(n_items, int)
    classes[item] = number[category]
    return classes, int(classes.max()) + 1


def _candidates(
    rows: np.ndarray, frame: dict, own_share: float, rng: np.random.Generator, leave_out: bool
) -> np.ndarray:
    """Draw rivals from M0: the user's own first half with chance `own_share`, else anybody's.

    With `leave_out` a row of the first half is never drawn as its own rival.
    """
    user, shape = frame["user"][rows], (len(rows), CANDIDATES)
    n_past = frame["length"][user] // 2 - leave_out
    own = np.floor(rng.random(shape) * n_past[:, None]).astype(np.int64)
    if leave_out:
        own += own >= frame["position"][rows][:, None]
    anybody = np.flatnonzero(frame["is_past"])
    drawn = np.where(
        rng.random(shape) < own_share,
        frame["start"][user][:, None] + own,
        anybody[rng.integers(0, len(anybody), shape)],
    )
    return np.concatenate([rows[:, None], drawn], axis=1)


def _with_places(design: Design, labels: Labels, table: pl.DataFrame) -> tuple[Design, Labels]:
    """Add the zones of the current place, whichever place that is."""
    lat, lon = (table[name].to_numpy() for name in (schema.LAT, schema.LON))
    # A table that mostly lacks places cannot be tested for them; a few gaps are filled in.
    if table[schema.LAT].null_count() > 0.05 * len(table):
        return design, labels
    lat, lon = (np.where(np.isnan(x), np.nanmedian(x), x) for x in (lat, lon))
    east = km_per_degree_east(np.median(lat))
    flat = np.stack([lat * KM_PER_DEGREE, lon * east], axis=1)
    middle = median_by(flat, labels.item)
    near = np.hypot(*(flat - middle[labels.item]).T) < ITEM_SPREAD_KM
    if near.mean() >= ITEM_IS_PLACE_SHARE:
        weight = np.bincount(labels.item).astype(float)
        fine, coarse = (zones(middle, weight, s) for s in (FINE_ZONE_SPLITS, COARSE_ZONE_SPLITS))
        xyz = unit_vectors(middle[:, 0] / KM_PER_DEGREE, middle[:, 1] / east)
        xyz = (BINS_RADIUS_KM * xyz).astype(np.float32)
        small = len(xyz) <= MAX_ITEMS_IN_TABLE
        placed = replace(
            design,
            place="item",
            bin_table=np.stack([bins_of(xyz - each) for each in xyz]) if small else None,
            item_zone=fine,
            item_zone_coarse=coarse,
            item_xyz=xyz,
            n_zones=int(fine.max()) + 1,
        )
        return placed, with_items(placed, labels, np.arange(len(labels.item)))
    distinct, where = np.unique(flat, axis=0, return_inverse=True)
    weight = np.bincount(where).astype(float)
    fine, coarse = (zones(distinct, weight, s) for s in (FINE_ZONE_SPLITS, COARSE_ZONE_SPLITS))
    return replace(design, place="checkin", n_zones=int(fine.max()) + 1), replace(
        labels, zone=fine[where], zone_coarse=coarse[where]
    )


def _with_joint_classes(design: Design, labels: Labels) -> tuple[Design, Labels]:
    """Without categories the interaction groups items by their zone, or by themselves."""
    if design.n_classes > 1:
        return design, labels
    if design.place == "item":
        return replace(design, joint_class_of_item=design.item_zone_coarse), labels
    rank = np.argsort(np.argsort(-np.bincount(labels.item), kind="stable"), kind="stable")
    return replace(design, joint_class_of_item=np.minimum(rank, MAX_CLASSES - 1)), labels
