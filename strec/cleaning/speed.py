"""Which check-ins must go so that nobody travels faster than a limit.

Two check-ins of a user *agree* when their distance could be travelled in the time between them.
Agreement is all but transitive (a detour is never shorter), so the check-ins to keep are a
longest chain in which each agrees with the one before: the fewest are dropped, and one wrong
place costs one check-in, not all that follow it.
"""

import numpy as np
import polars as pl

from strec.geo import arc_km, unit_vectors
from strec.schema import LAT, LON, TIME, USER

#: A degree of the equator, a little more than it is: a bound that rounding does not break.
KM_PER_DEGREE = 111.2
#: Look-back of the chain, in check-ins; beyond it only the best earlier chain is tried.
MAX_LOOK_BACK = 512


def too_fast(
    checkins: pl.DataFrame, limit_kmh: float, slack_km: float = 0.0, resolution_s: int = 1
) -> pl.Series:
    """Return which check-ins cause an impossible speed.

    Parameters
    ----------
    checkins : polars.DataFrame
        Sorted by user and time. Check-ins without a place on Earth are passed over.
    limit_kmh : float
        Fastest speed that can be true.
    slack_km : float
        Error of a distance: this much is never too far.
    resolution_s : int
        Seconds to which times are known: two check-ins may lie this much further apart.

    Returns
    -------
    polars.Series
        Bool, shape ``(n_checkins,)``.

    Examples
    --------
    >>> from strec.schema import example
    >>> too_fast(example(), limit_kmh=1).to_list()
    [False, True, False, False]
    """
    fast = np.zeros(checkins.height, dtype=bool)
    rows, user, hours, xyz = _located(checkins, limit_kmh, slack_km)
    if len(rows) < 2:
        return pl.Series(fast)
    same = user[1:] == user[:-1]
    gap_h = np.diff(hours) + (resolution_s / 3600 if resolution_s > 1 else 0.0)
    step_km = arc_km(np.linalg.norm(xyz[1:] - xyz[:-1], axis=1) / 2)
    broken = same & (step_km > limit_kmh * gap_h + slack_km)
    # Two check-ins can only disagree within the time it takes to cross all places of the user:
    # where a gap is longer, the trajectory falls into pieces that can be judged one by one.
    ends = np.flatnonzero(~same | (gap_h > _crossing_hours(user, xyz, limit_kmh)[:-1]))
    bounds = np.r_[0, ends + 1, len(rows)]
    pieces = np.unique(np.searchsorted(bounds, np.flatnonzero(broken), side="right") - 1)
    for piece in pieces:
        start, stop = bounds[piece], bounds[piece + 1]
        keep = _longest_chain(hours[start:stop], xyz[start:stop], limit_kmh, slack_km, resolution_s)
        fast[rows[start:stop][~keep]] = True
    return pl.Series(fast)


def _located(checkins: pl.DataFrame, limit_kmh: float, slack_km: float):
    """Return row numbers, user codes, hours and unit vectors of the check-ins with a place.

    Users are left out who never go too far by a simple bound: along the meridian, then along the
    equator, no way is shorter than the true one.
    """
    lat, lon = (checkins[name].to_numpy() for name in (LAT, LON))
    hours = checkins[TIME].to_physical().to_numpy() / 3_600_000_000
    # NaN compares false: a missing place is not on Earth either.
    rows = np.flatnonzero((np.abs(lat) <= 90) & (np.abs(lon) <= 180))
    if len(rows) < len(hours):
        lat, lon, hours = lat[rows], lon[rows], hours[rows]
    turn = np.abs(np.diff(lon))
    far_km = KM_PER_DEGREE * (np.abs(np.diff(lat)) + np.minimum(turn, 360 - turn))
    suspect = np.flatnonzero(far_km > limit_kmh * np.diff(hours) + slack_km)
    # Users are texts: they are compared where it matters, which is nearly nowhere.
    before, after = (checkins[USER].gather(rows[suspect + k]) for k in (0, 1))
    suspect = suspect[(before == after).to_numpy()]
    if not len(suspect):
        return rows[:0], rows[:0], hours[:0], unit_vectors(lat[:0], lon[:0])
    user = checkins[USER].rle_id().to_numpy()[rows]
    is_suspect = np.zeros(user[-1] + 1, dtype=bool)
    is_suspect[user[suspect]] = True
    kept = np.flatnonzero(is_suspect[user])
    return rows[kept], user[kept], hours[kept], unit_vectors(lat[kept], lon[kept])


def _crossing_hours(user: np.ndarray, xyz: np.ndarray, limit_kmh: float) -> np.ndarray:
    """Return, per check-in, the hours in which its user can cross the box of all own places."""
    starts = np.flatnonzero(np.r_[True, user[1:] != user[:-1]])
    box = np.maximum.reduceat(xyz, starts) - np.minimum.reduceat(xyz, starts)
    diagonal_km = arc_km(np.linalg.norm(box, axis=1) / 2)
    return np.repeat(diagonal_km / limit_kmh, np.diff(np.r_[starts, len(user)]))


def _longest_chain(hours, xyz, limit_kmh, slack_km, resolution_s) -> np.ndarray:
    """Return which points stay in a longest chain of agreeing points; the earliest on a tie."""
    n = len(hours)
    slack_h = resolution_s / 3600 if resolution_s > 1 else 0.0
    length = np.ones(n, dtype=np.int64)
    before = np.full(n, -1)
    best = np.zeros(n, dtype=np.int64)  # best[i]: the end of the longest chain within 0 … i

    def agree(i, j):
        gap_km = arc_km(np.linalg.norm(xyz[i] - xyz[j], axis=-1) / 2)
        return gap_km <= limit_kmh * (hours[j] - hours[i] + slack_h) + slack_km

    for j in range(1, n):
        stop, width = j, 4
        while stop > max(0, j - MAX_LOOK_BACK) and length[best[stop - 1]] >= length[j]:
            start = max(0, stop - width)
            earlier = np.arange(start, stop)
            chains = np.where(agree(earlier, j), length[start:stop], 0)
            # Of equally long chains the latest end stays closest to the trajectory.
            i = stop - 1 - int(chains[::-1].argmax())
            if chains[i - start] >= length[j]:
                length[j], before[j] = chains[i - start] + 1, i
            stop, width = start, width * 4
        if stop > 0 and length[best[stop - 1]] >= length[j] and agree(best[stop - 1], j):
            length[j], before[j] = length[best[stop - 1]] + 1, best[stop - 1]
        best[j] = j if length[j] > length[best[j - 1]] else best[j - 1]
    keep = np.zeros(n, dtype=bool)
    j = int(best[-1])
    while j >= 0:
        keep[j] = True
        j = before[j]
    return keep
