"""Classical measures that illustrate a verdict. They describe; they decide nothing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.spatial.distance import pdist

from strec import schema
from strec.errors import AnalysisError
from strec.geo import arc_km, unit_vectors
from strec.split import Log, local_us

HOUR_US = 3_600_000_000
MIN_CATEGORISED = 100
MAX_KNOX = 2_000
KNOX_SHUFFLES = 199
KNOX_HOURS = 2.0
KNOX_NEAR_SHARE = 0.05
DAY_HOURS, WEEK_HOURS = 24, 168
MIN_HEXAGONS = 8


@dataclass(frozen=True)
class MutualInformation:
    """Hour of the day × category, in nats: as counted, and freed of the bias of counting."""

    plug_in: float
    corrected: float
    shuffled: float
    n: int


@dataclass(frozen=True)
class Knox:
    """Pairs of check-ins near in space and time: how many, expected, ratio, p-value."""

    pairs: int
    expected: float
    ratio: float
    p_value: float
    near_km: float
    near_hours: float
    n: int


@dataclass(frozen=True)
class Periodicity:
    """Autocorrelation of the hourly number of check-ins after a day and after a week.

    `bound` is what white noise stays within 95 times in 100.
    """

    day: float | None
    week: float | None
    bound: float
    n_hours: int


@dataclass(frozen=True)
class Clustering:
    """Moran's I of the check-ins per hexagon: are busy ones beside busy ones?

    `i` is near `expected` where they are mixed as by chance; `p_value` is two-sided, from shuffled
    hexagons. Those at the edge of the area, which its outline cuts, take no part.
    """

    i: float
    expected: float
    p_value: float
    n_hexagons: int
    width_km: float
    n: int


@dataclass(frozen=True)
class Illustrations:
    """What could be measured; None where the table lacks what it takes.

    Parameters
    ----------
    mutual_information : MutualInformation, optional
        How much the hour tells about the category.
    knox : Knox, optional
        Pairs of check-ins near in time and in space.
    periodicity : Periodicity, optional
        Rhythms of the activity.
    clustering : Clustering, optional
        How check-ins gather in space.
    """

    mutual_information: MutualInformation | None
    knox: Knox | None
    periodicity: Periodicity | None
    clustering: Clustering | None

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> "Illustrations":
        """Return the illustrations that ``dataclasses.asdict`` took apart.

        Parameters
        ----------
        kept : dict
            Plain data per illustration, None where there is none.

        Examples
        --------
        >>> kept = dict.fromkeys(("mutual_information", "knox", "periodicity", "clustering"))
        >>> Illustrations.from_dict(kept).knox is None
        True
        """
        kinds = {
            "mutual_information": MutualInformation,
            "knox": Knox,
            "periodicity": Periodicity,
            "clustering": Clustering,
        }
        parts: dict[str, Any] = {
            name: kind(**kept[name]) if kept[name] else None for name, kind in kinds.items()
        }
        return cls(**parts)


def illustrate(log: Log, seed: int = 0) -> Illustrations:
    """Measure everything that the log allows."""
    hour = local_us(log.time_us, log.offset_min) // HOUR_US
    return Illustrations(
        _hour_and_category(log, hour % DAY_HOURS, seed),
        knox(log, seed=seed),
        periodicity(hour),
        clustering(log, seed),
    )


def _hour_and_category(log: Log, hour: np.ndarray, seed: int) -> MutualInformation | None:
    known = log.category >= 0
    if known.sum() < MIN_CATEGORISED:
        return None
    names, category = np.unique(log.category[known], return_inverse=True)
    return mutual_information(hour[known], category, seed) if len(names) > 1 else None


def mutual_information(a: np.ndarray, b: np.ndarray, seed: int = 0) -> MutualInformation:
    r"""Return the mutual information of two labels, corrected for its upward bias.

    The Miller–Madow correction adds ``(cells - 1) / 2n`` to each entropy, with the number of
    occupied cells (Miller 1955). As a check, `shuffled` is the mean plug-in value of 20
    shuffles, which is bias alone.

    Parameters
    ----------
    a, b : numpy.ndarray
        Labels 0, 1, …; shape ``(n,)``.

    Examples
    --------
    >>> both = np.repeat([0, 1], 5000)
    >>> round(mutual_information(both, both).corrected, 3)
    0.693
    """
    rng = np.random.default_rng(seed)
    entropy_a, cells_a = _entropy(a)
    entropy_b, cells_b = _entropy(b)
    width = b.max() + 1
    joint, cells = _entropy(a * width + b)
    plug_in = entropy_a + entropy_b - joint
    correction = (cells_a - 1 + cells_b - 1 - (cells - 1)) / (2 * len(a))
    shuffles = [
        entropy_a + entropy_b - _entropy(a * width + rng.permutation(b))[0] for _ in range(20)
    ]
    return MutualInformation(
        float(plug_in), float(plug_in + correction), float(np.mean(shuffles)), len(a)
    )


def knox(
    log: Log, near_km: float | None = None, near_hours: float = KNOX_HOURS, seed: int = 0
) -> Knox | None:
    """Count pairs of check-ins that are near both in space and in time (Knox 1964).

    At most `MAX_KNOX` check-ins are drawn. The p-value shuffles the times over the places;
    `near_km` defaults to the distance that one pair in twenty stays below. None where the log
    has too few places.
    """
    placed = np.flatnonzero(~np.isnan(log.lat))
    if len(placed) < 50:
        return None
    drawn = pl.Series(placed).sample(min(MAX_KNOX, len(placed)), seed=seed).to_numpy()
    lat, lon, hours = log.lat[drawn], log.lon[drawn], log.time_us[drawn] / HOUR_US
    apart = arc_km(pdist(unit_vectors(lat, lon)) / 2)
    if not apart.any():
        return None
    near_km = float(np.quantile(apart, KNOX_NEAR_SHARE)) if near_km is None else near_km
    near = apart <= near_km
    soon = int((pdist(hours[:, None], "cityblock") <= near_hours).sum())
    first, second = (each[near] for each in np.triu_indices(len(drawn), 1))
    rng = np.random.default_rng(seed)
    counts = np.array(
        [
            (np.abs(h[first] - h[second]) <= near_hours).sum()
            for h in (hours, *(rng.permutation(hours) for _ in range(KNOX_SHUFFLES)))
        ]
    )
    expected = soon * near.mean()
    return Knox(
        pairs=int(counts[0]),
        expected=float(expected),
        ratio=float(counts[0] / expected) if expected else float("nan"),
        p_value=float((counts >= counts[0]).mean()),
        near_km=near_km,
        near_hours=near_hours,
        n=len(drawn),
    )


def clustering(log: Log, seed: int = 0) -> Clustering | None:
    """Return Moran's I (1950) of the check-ins per hexagon, gaps between hexagons counted as zero.

    None where there are fewer than `MIN_HEXAGONS` hexagons, or all are alike.
    """
    from strec import spatial
    from strec.spatial import lattice

    placed = pl.DataFrame({"lat": log.lat, "lon": log.lon}).drop_nans()
    if not len(placed):
        return None
    places = placed.group_by("lat", "lon").len("n_checkins").to_pandas()

    def cells_at(resolution: int):
        cell = schema.cells_of(placed["lat"], placed["lon"], resolution)
        return cell.alias("cell").value_counts().sort("cell").to_pandas()

    size = spatial.resolution_that_touches(cells_at, spatial.suggest_resolution(places))
    counts = cells_at(size).set_index("cell")["count"]
    if len(counts) < MIN_HEXAGONS:
        return None
    try:
        area = lattice.study_area(counts.index.to_numpy())
    except AnalysisError:
        return None
    values = counts.reindex(area, fill_value=0).to_numpy(dtype=float)
    touching = lattice.neighbours(area)
    if not np.ptp(values) or not touching.nnz:
        return None
    found = spatial.moran(values, touching, seed=seed, inside=lattice.inside(touching))
    if np.isnan(found.p):
        return None
    width_km = spatial.hexagon_width_km(size)
    return Clustering(found.i, found.expected, found.p, found.n_units, width_km, len(placed))


def periodicity(hour: np.ndarray) -> Periodicity | None:
    """Return the autocorrelation of hourly counts at 24 and 168 hours.

    `hour` counts local hours since 1970, ``(n,)``. None where there are fewer than two days.
    """
    counts = np.bincount(hour - hour.min()).astype(float)
    if len(counts) < 2 * DAY_HOURS or not counts.std():
        return None
    day, week = (
        _autocorrelation(counts, lag) if len(counts) >= 2 * lag else None
        for lag in (DAY_HOURS, WEEK_HOURS)
    )
    return Periodicity(day, week, float(1.96 / np.sqrt(len(counts))), len(counts))


def _autocorrelation(values: np.ndarray, lag: int) -> float:
    centred = values - values.mean()
    return float((centred[lag:] * centred[:-lag]).sum() / (centred**2).sum())


def _entropy(labels: np.ndarray) -> tuple[float, int]:
    counts = np.bincount(labels)
    share = counts[counts > 0] / len(labels)
    return float(-(share * np.log(share)).sum()), len(share)
