"""Stays in raw tracks: from fixes every few seconds to who was where, from when until when."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from strec import schema
from strec.errors import AnalysisError
from strec.geo import EARTH_RADIUS_KM, unit_vectors
from strec.schema import END_TIME, ITEM, LAT, LON, OFFSET, SESSION_GAP_HOURS, TIME, USER, VALUE

#: Li et al. 2008: who stays this near for this long has stayed.
DISTANCE_M = 200.0
MINUTES = 20.0
#: A track has fixes at least this often, and this many of them.
MOST_GAP_S = 300
LEAST_FIXES = 100
#: Of a track at least this share of the fixes have a place, and at least this share of a person's
#: places occur once; check-ins come back to the coordinates of their item.
LEAST_PLACED, LEAST_DISTINCT = 0.9, 0.3
#: Fixes of a person at whose coordinates is looked.
BEGINNING = 2_000
#: Half of a track's steps are slower than this; rides of many people, one after the other, are not.
MOST_KMH = 400.0
#: Fixes looked at, at a time.
CHUNK_ROWS = 2_000_000
#: Fixes that are looked at to tell what a table holds.
LOOKED_AT = 200_000
#: H3 resolution (about 19 m across) at which stays are counted before places are made of them.
FINE_RESOLUTION = 12
_DAY_US = SESSION_GAP_HOURS * 3_600_000_000


@dataclass(frozen=True)
class Track:
    """Fixes of people as arrays, sorted by person and time.

    Parameters
    ----------
    user : numpy.ndarray
        Number of the person, int, shape ``(n,)``.
    time_us : numpy.ndarray
        Microseconds, int64, shape ``(n,)``.
    lat, lon : numpy.ndarray
        Degrees, shape ``(n,)``.
    """

    user: np.ndarray
    time_us: np.ndarray
    lat: np.ndarray
    lon: np.ndarray


@dataclass(frozen=True)
class StayPoints:
    """Stays: the fixes from `start` to before `stop`, the mean of their places, when they ended.

    Parameters
    ----------
    start, stop : numpy.ndarray
        Row numbers of the track, shape ``(n_stays,)``.
    end_us : numpy.ndarray
        When the person was first seen elsewhere, or last seen at all; microseconds.
    lat, lon : numpy.ndarray
        Degrees.
    """

    start: np.ndarray
    stop: np.ndarray
    end_us: np.ndarray
    lat: np.ndarray
    lon: np.ndarray


def is_raw_track(checkins: pl.DataFrame) -> bool:
    """Tell whether a table holds the fixes of tracks rather than events, from its content.

    A track has a fix of each person every few seconds or minutes, at coordinates that are not
    those of places that come again, and at steps that a person can travel.

    Parameters
    ----------
    checkins : polars.DataFrame
        A canonical table, in any order; of a large one whole users are looked at.

    Examples
    --------
    >>> is_raw_track(schema.example())
    False
    """
    known = {USER, TIME, LAT, LON}
    if len(checkins) < LEAST_FIXES or schema.ORIGIN_LAT in checkins.columns:
        return False
    table = checkins.select(known)
    if len(table) > LOOKED_AT:
        counts = table.group_by(USER).len().sort("len", USER, descending=[True, False])
        few = counts.filter(pl.col("len").cum_sum() <= LOOKED_AT)[USER]
        chosen = few if len(few) else counts[USER].head(1)
        table = table.filter(pl.col(USER).is_in(chosen.implode()))
    if schema.is_anonymous(table):
        return False
    placed = table.drop_nulls([LAT, LON]).sort(USER, TIME)
    if len(placed) < max(LEAST_PLACED * len(table), LEAST_FIXES):
        return False
    gap_s = pl.col(TIME).diff().dt.total_microseconds().over(USER) / 1e6
    steps = placed.with_columns(gap_s.alias("gap_s"))
    xyz = unit_vectors(placed[LAT].to_numpy(), placed[LON].to_numpy())
    km = np.r_[0.0, np.linalg.norm(np.diff(xyz, axis=0), axis=1)] * EARTH_RADIUS_KM
    # Two items at one moment are a basket, not a step.
    moved = steps.with_columns(pl.Series("km", km)).filter(pl.col("gap_s") > 0)
    if len(moved) < len(placed) / 2:
        return False
    found = moved.select(
        pl.col("gap_s").median(), (pl.col("km") / pl.col("gap_s") * 3600).median().alias("kmh")
    ).row(0)
    # Who comes home every night for a year comes back to each spot there.
    begins = placed.group_by(USER, maintain_order=True).head(BEGINNING)
    distinct = begins.select(pl.struct(USER, LAT, LON).n_unique()).item() / len(begins)
    return found[0] <= MOST_GAP_S and found[1] <= MOST_KMH and distinct >= LEAST_DISTINCT


def raw_fixes() -> AnalysisError:
    """Return the error of what would score the fixes of a track as if they were events.

    Examples
    --------
    >>> raw_fixes().needed
    'What people choose next is scored where rows are events.'
    """
    return AnalysisError(
        "What people choose next is scored where rows are events.",
        "raw fixes, one every few seconds or minutes: “still in the same hexagon” would be right "
        "nearly always, and say nothing.",
        "Turn them into stays: the cleaning step “Stays of raw tracks” (strec.clean(data), strec "
        "clean, or Cleaning on the Data page). To score them as they are: data.as_events().",
    )


def stay_points(
    track: Track, distance_m: float = DISTANCE_M, minutes: float = MINUTES
) -> StayPoints:
    """Find where people stayed: near a first fix, for long enough, until they were seen elsewhere.

    The fix that is too far from the first one is the next first one. (The paper tries every fix
    as the first: then stays begin at their rim, and fall apart at the first fix beyond the other
    rim.) A silence of more than 24 hours ends what was before it.

    Parameters
    ----------
    track : Track
        The fixes.
    distance_m : float
        A fix further than this from the first one of a stay ends it.
    minutes : float
        A stay is at least this long.

    References
    ----------
    Li, Zheng, Xie, Chen, Liu, Ma: Mining User Similarity Based on Location History, ACM
    SIGSPATIAL 2008 (algorithm StayPoint_Detection). Martin et al.: Trackintel, Computers,
    Environment and Urban Systems 101, 2023 (its method "sliding").

    Examples
    --------
    >>> at = np.array([0, 10, 30, 31]) * 60_000_000
    >>> track = Track(np.zeros(4, int), at, np.array([0, 0, 0, 1.0]), np.zeros(4))
    >>> found = stay_points(track)
    >>> found.start.tolist(), found.stop.tolist(), (found.end_us / 60e6).tolist()
    ([0], [3], [31.0])
    """
    n = len(track.time_us)
    if not n:
        return StayPoints(*(np.zeros(0, dtype=np.int64),) * 3, *(np.zeros(0),) * 2)
    xyz = unit_vectors(track.lat, track.lon)
    chord = 2 * np.sin(distance_m / 2000 / EARTH_RADIUS_KM)
    breaks = np.diff(track.user) != 0
    breaks |= np.diff(track.time_us) > _DAY_US
    bounds = np.r_[0, np.flatnonzero(breaks) + 1, n]
    start, stop, end = [], [], []
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        time_us, places = track.time_us[first:last], xyz[first:last]
        for begins, leaves, ends_us in _stays(time_us, places, chord**2, int(minutes * 60e6)):
            start.append(first + begins)
            stop.append(first + leaves)
            end.append(ends_us)
    begin, leave = np.array(start, dtype=np.int64), np.array(stop, dtype=np.int64)
    lat, lon = _means(xyz, begin, leave)
    return StayPoints(begin, leave, np.array(end, dtype=np.int64), lat, lon)


def _stays(
    time_us: np.ndarray, xyz: np.ndarray, chord2: float, least_us: int
) -> Iterator[tuple[int, int, int]]:
    """Give first fix, first fix elsewhere and end of each stay in a track without a long silence.

    The fix that is too far is the next first one, whether a stay has ended there or not.
    """
    n = len(time_us)
    first = 0
    while first < n - 1:
        leaves = _leaves(xyz, first, chord2)
        ends_us = int(time_us[min(leaves, n - 1)])
        if ends_us - int(time_us[first]) >= least_us:
            yield first, leaves, ends_us
        first = leaves


def _leaves(xyz: np.ndarray, first: int, chord2: float) -> int:
    """Return the first fix after `first` that is too far from it, or the end."""
    begin, width = first + 1, 16
    while begin < len(xyz):
        far = _square(xyz[begin : begin + width], xyz[first]) > chord2
        found = int(far.argmax())
        if far[found]:
            return begin + found
        begin, width = begin + width, min(width * 4, 65_536)
    return len(xyz)


def _square(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    step = one - other
    return np.einsum("ij,ij->i", step, step)


def _means(xyz: np.ndarray, start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle of the places from each `start` to before `stop`, in degrees."""
    if not len(start):
        return np.zeros(0), np.zeros(0)
    borders = np.column_stack([start, stop]).ravel()
    closed = np.vstack([xyz, np.zeros((1, 3))])
    return _degrees(np.add.reduceat(closed, borders)[::2])


def _degrees(xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return latitude and longitude of vectors of any length."""
    x, y, z = xyz.T
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def places_of(lat: np.ndarray, lon: np.ndarray, radius_m: float = DISTANCE_M / 2) -> np.ndarray:
    """Put stays of all people together into places, numbered from 0, the most visited first.

    The spot with most stays is the middle of the first place, which holds all within the radius;
    so goes the rest. Chains of neighbours, which make a whole city centre one place where density
    alone decides, cannot arise.

    Parameters
    ----------
    lat, lon : numpy.ndarray
        Degrees, shape ``(n_stays,)``.
    radius_m : float
        Metres from the middle of a place to its rim.

    Returns
    -------
    numpy.ndarray
        The place of each stay, int64.

    References
    ----------
    Hartigan: Clustering Algorithms, Wiley 1975 (the leader algorithm).

    Examples
    --------
    >>> places_of(np.array([0.0, 1.0, 0.0]), np.zeros(3)).tolist()
    [0, 1, 0]
    """
    if not len(lat):
        return np.zeros(0, dtype=np.int64)
    from sklearn.neighbors import BallTree

    cells = schema.cells_of(pl.Series(lat), pl.Series(lon), FINE_RESOLUTION)
    _, spot, counts = np.unique(cells.to_numpy(), return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), 3))
    np.add.at(sums, spot, unit_vectors(lat, lon))
    middle = np.radians(np.column_stack(_degrees(sums)))
    near = BallTree(middle, metric="haversine").query_radius(
        middle, radius_m / 1000 / EARTH_RADIUS_KM
    )
    leader = np.full(len(counts), -1)
    for each in np.argsort(-counts, kind="stable"):
        if leader[each] < 0:
            free = near[each][leader[near[each]] < 0]
            leader[free] = each
    return _ranked(leader[spot])


def _ranked(place: np.ndarray) -> np.ndarray:
    """Number places anew from 0, the most frequent first."""
    chosen, code, visits = np.unique(place, return_inverse=True, return_counts=True)
    rank = np.empty(len(chosen), dtype=np.int64)
    rank[np.argsort(-visits, kind="stable")] = np.arange(len(chosen))
    return rank[code]


def stays(
    checkins: pl.DataFrame | Path,
    distance_m: float = DISTANCE_M,
    minutes: float = MINUTES,
) -> pl.DataFrame:
    """Return the stays of a raw track as check-ins at places found over all people.

    Who is at the same place again within the least length of a stay has not left it: one fix far
    off does not end a stay.

    Parameters
    ----------
    checkins : polars.DataFrame or Path
        Fixes: a canonical table, or a Parquet file of one of any size; fixes without a place are
        passed over.
    distance_m, minutes : float
        As in `stay_points`; places have half the distance as radius.

    Returns
    -------
    polars.DataFrame
        Canonical, sorted by user and time: the item is ``Place 1`` (the most visited) and so
        on, at the middle of its stays; `timestamp` is the start, `end_timestamp` the end, `value`
        the minutes between.

    Examples
    --------
    >>> stays(schema.example()).select("user_id", "item_id", "value").rows()[0]
    ('ann', 'Place 1', 90.0)
    """
    found = [_of_part(part, distance_m, minutes) for part in _parts(checkins)]
    table = pl.concat(found) if found else _of_part(schema.example().clear(), distance_m, minutes)
    place = places_of(table[LAT].to_numpy(), table[LON].to_numpy(), distance_m / 2)
    sums = np.zeros((int(place.max(initial=-1)) + 1, 3))
    np.add.at(sums, place, unit_vectors(table[LAT].to_numpy(), table[LON].to_numpy()))
    lat, lon = _degrees(sums)
    away = pl.col(TIME) - pl.col(END_TIME).shift() > pl.duration(milliseconds=int(minutes * 60_000))
    moved = away | pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in (USER, ITEM))
    whole = (
        table.with_columns(
            pl.Series(ITEM, place), pl.Series(LAT, lat[place]), pl.Series(LON, lon[place])
        )
        .group_by(moved.fill_null(True).cum_sum().alias("stay"), maintain_order=True)
        .agg(pl.col(USER, ITEM, TIME, OFFSET, LAT, LON).first(), pl.col(END_TIME).last())
    )
    number = pl.Series(_ranked(whole[ITEM].to_numpy()) + 1).cast(pl.String)
    minutes_long = (pl.col(END_TIME) - pl.col(TIME)).dt.total_seconds() / 60
    named = whole.with_columns(
        (pl.lit("Place ") + number).alias(ITEM),
        pl.col(LAT, LON).round(6),
        minutes_long.round(1).alias(VALUE),
    )
    return schema.validate(named).sort(USER, TIME, ITEM)


def _parts(checkins: pl.DataFrame | Path) -> Iterator[pl.DataFrame]:
    """Give the fixes of some whole users at a time, so that a file of any size fits in memory."""
    columns = [USER, TIME, OFFSET, LAT, LON]
    lazy = checkins.lazy() if isinstance(checkins, pl.DataFrame) else pl.scan_parquet(checkins)
    on_earth = (pl.col(LAT).abs() <= 90) & (pl.col(LON).abs() <= 180)
    lazy = lazy.select(columns).filter(on_earth)
    counts = lazy.group_by(USER).len().sort(USER).collect(engine="streaming")
    part = (counts["len"].cum_sum() - 1) // CHUNK_ROWS
    for number in part.unique().sort():
        users = counts.filter(part == number)[USER]
        chosen = lazy if part.n_unique() == 1 else lazy.filter(pl.col(USER).is_in(users.implode()))
        yield chosen.collect(engine="streaming").sort(USER, TIME)


def _of_part(fixes: pl.DataFrame, distance_m: float, minutes: float) -> pl.DataFrame:
    """Return the stays of some users, each at the middle of its fixes."""
    track = Track(
        fixes[USER].rle_id().to_numpy(),
        fixes[TIME].to_physical().to_numpy(),
        fixes[LAT].to_numpy(),
        fixes[LON].to_numpy(),
    )
    found = stay_points(track, distance_m, minutes)
    return fixes[found.start.astype(np.uint32)].select(
        USER,
        TIME,
        OFFSET,
        pl.Series(LAT, found.lat, dtype=pl.Float64),
        pl.Series(LON, found.lon, dtype=pl.Float64),
        pl.Series(END_TIME, found.end_us, dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
    )
