"""Hotspots: hexagons whose surroundings hold more check-ins than chance would put there."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from strec.errors import AnalysisError
from strec.export import MIN_USERS, enough_people
from strec.geo import wrapped
from strec.spatial import lattice
from strec.spatial.autocorrelation import DRAWS, MIN_UNITS, Moran, both_of, local_statistics, moran
from strec.spatial.hexagons import one_run, resolution_to_compare
from strec.store import HasStore, Store, frame_of
from strec.wording import plural

#: What can be compared between hexagons.
VALUES = {
    "n_checkins": "check-ins",
    "n_users": "users",
    "per_user": "check-ins per user",
}
#: With fewer hexagons than this there is no pattern to find.
MIN_CELLS = MIN_UNITS


@dataclass(frozen=True)
class Hotspots:
    """Hot and cold spots of a study area.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row per hexagon of the study area: `cell` (uint64), `lat`, `lon`, `n_checkins`,
        `n_users`, `value`, `n_neighbours`, `gi_z` (Gi* as a z-score), `local_i` (local Moran),
        `quadrant` (such as "high among high"), `p` (two-sided), `q` (p after Benjamini-Hochberg),
        `kind` ("hot", "cold" or "") and `area` (number of the hotspot area, largest first, or -1).
    areas : pandas.DataFrame
        Hot hexagons that touch: `area`, `n_cells`, `n_checkins`, `share` (of all check-ins
        shown), `lat`, `lon` (centre weighted by check-ins).
    moran : Moran
    value, study_area, alpha, min_users : as asked for
    n_observed : int
        Hexagons with enough users to be shown; the others of the study area count as empty.
    """

    frame: pd.DataFrame
    areas: pd.DataFrame
    moran: Moran
    value: str
    study_area: str
    alpha: float
    min_users: int
    n_observed: int

    @property
    def sentence(self) -> str:
        """What was found, with its basis and its risk of error."""
        return f"{_basis(self)}, {_found(self)}. {self.moran.sentence}"


def hotspots(
    cells: pd.DataFrame | HasStore | Store,
    value: str = "n_checkins",
    study_area: str = "filled",
    alpha: float = 0.05,
    min_users: int = MIN_USERS,
    draws: int = DRAWS,
    seed: int = 0,
) -> Hotspots:
    """Find hotspots, cold spots and exceptions in counts per hexagon.

    Parameters
    ----------
    cells : pandas.DataFrame, Dataset or Store
        `cell` (uint64, H3 of one resolution), `n_checkins`, `n_users`: `Store.cells`.
    value : str
        ``n_checkins``, ``n_users``, or ``per_user`` (check-ins per user, which an empty hexagon
        does not have: study area ``observed`` only).
    study_area : str
        ``filled``, ``observed`` or ``hull``; see `strec.spatial.lattice.study_area`.
    alpha : float
        Share of false discoveries that is accepted among the hexagons named.
    min_users : int
        A hexagon with fewer users counts as empty: it can neither be a hotspot nor be read back
        from the results of its neighbours.
    draws, seed : int
        Random draws behind each p-value, and where they start.

    Raises
    ------
    AnalysisError
        If fewer than `MIN_CELLS` hexagons can be shown, all have one value, or the study area is
        too large.

    Notes
    -----
    A hexagon is hot when its Gi* is high, `q` is at most `alpha`, and it has check-ins to show:
    an empty hexagon beside a busy district is "low among high", the rim of a hotspot and not a
    hotspot.

    References
    ----------
    Getis and Ord 1992, *The analysis of spatial association by use of distance statistics*; Caldas
    de Castro and Singer 2006, *Controlling the false discovery rate: a new application to account
    for multiple and dependent tests in local statistics of spatial association*.

    Examples
    --------
    >>> import h3
    >>> disk = h3.grid_disk(h3.latlng_to_cell(40.7, -74.0, 8), 6)
    >>> far = np.array([h3.grid_distance(disk[0], cell) for cell in disk])
    >>> city = pd.DataFrame({"cell": [h3.str_to_int(cell) for cell in disk],
    ...                      "n_checkins": np.where(far <= 1, 500, 20), "n_users": 10})
    >>> found = hotspots(city)
    >>> int((found.frame.kind == "hot").sum()), len(found.areas)
    (7, 1)
    """
    _check(value, study_area, alpha)
    cells = frame_of(
        cells,
        ("cell", "n_checkins", "n_users"),
        lambda store: store.cells(resolution_to_compare(store), min_users=1),
    )
    shown = cells[enough_people(cells, min_users)]
    _refuse_small(shown, min_users)
    frame = _on_area(shown, lattice.study_area(shown.cell.to_numpy(), study_area), value)
    values = frame.value.to_numpy(dtype=float)
    if np.ptp(values) == 0:
        raise AnalysisError(
            "Hotspots need hexagons that differ.",
            f"every hexagon has the same number of {VALUES[value]}.",
            "Choose another measure or a coarser resolution.",
        )
    touching = lattice.neighbours(frame.cell.to_numpy())
    if not touching.nnz:
        raise AnalysisError(
            "Hotspots compare a hexagon with those that touch it.",
            f"{len(frame):,} hexagons, none beside another.",
            "Choose larger hexagons (a coarser resolution).",
        )
    frame = pd.concat([frame, local_statistics(values, touching, draws, seed)], axis=1)
    significant = frame.q <= alpha
    frame["kind"] = ""
    frame.loc[significant & (frame.upper_p < frame.lower_p) & (frame.n_checkins > 0), "kind"] = (
        "hot"
    )
    frame.loc[significant & (frame.upper_p > frame.lower_p), "kind"] = "cold"
    frame["area"], areas = _areas(frame, touching)
    return Hotspots(
        frame.drop(columns=["upper_p", "lower_p"]),
        areas,
        moran(values, touching, seed=seed, inside=lattice.inside(touching)),
        value,
        study_area,
        alpha,
        min_users,
        len(shown),
    )


def _on_area(shown: pd.DataFrame, area: np.ndarray, value: str) -> pd.DataFrame:
    counts = shown.set_index("cell")[["n_checkins", "n_users"]]
    frame = counts.reindex(area, fill_value=0).rename_axis("cell").reset_index()
    frame["cell"] = frame["cell"].astype("uint64")
    lat_deg, lon_deg = lattice.centres(area)
    frame.insert(1, "lat", lat_deg)
    frame.insert(2, "lon", lon_deg)
    per_user = frame.n_checkins / frame.n_users.clip(lower=1)
    frame["value"] = (per_user if value == "per_user" else frame[value]).astype(float)
    return frame


def _areas(frame: pd.DataFrame, touching: sparse.csr_array) -> tuple[np.ndarray, pd.DataFrame]:
    hot = np.flatnonzero(frame.kind == "hot")
    number = np.full(len(frame), -1)
    _, label = connected_components(both_of(touching, hot), directed=False)
    some = frame.iloc[hot].assign(label=label)
    some["lat_sum"] = some.lat * some.n_checkins
    # An area across the date line has its centre there, not on the other side of the globe.
    some["lon_sum"] = one_run(some.lon.to_numpy()) * some.n_checkins
    areas = some.groupby("label").agg(
        n_cells=("cell", "size"),
        n_checkins=("n_checkins", "sum"),
        lat=("lat_sum", "sum"),
        lon=("lon_sum", "sum"),
    )
    areas[["lat", "lon"]] = areas[["lat", "lon"]].div(areas.n_checkins, axis=0)
    areas["lon"] = wrapped(areas["lon"])
    areas.insert(2, "share", areas.n_checkins / frame.n_checkins.sum())
    areas = areas.sort_values(["n_checkins", "lat"], ascending=False)
    rank = pd.Series(range(len(areas)), index=areas.index)
    number[hot] = rank.reindex(label).to_numpy()
    return number, areas.reset_index(drop=True).rename_axis("area").reset_index()


def _basis(result: Hotspots) -> str:
    n_cells = len(result.frame)
    if n_cells == result.n_observed:
        return f"Of {n_cells:,} hexagons compared"
    return (
        f"Of {n_cells:,} hexagons compared ({result.n_observed:,} with at least "
        f"{result.min_users} users, the others counted as empty)"
    )


def _found(result: Hotspots) -> str:
    hot, cold = ((result.frame.kind == kind).sum() for kind in ("hot", "cold"))
    if hot:
        found = (
            f"{hot:,} {'is a hotspot' if hot == 1 else 'are hotspots'}, in "
            f"{plural(len(result.areas), 'area')} with "
            f"{100 * result.areas.share.sum():.0f} % of the check-ins"
        )
    else:
        found = "none can be called a hotspot: no surroundings are busier than chance can make them"
    if cold:
        found += f", and {cold:,} lie in unusually quiet surroundings"
    risk = f" (at most {100 * result.alpha:.0f} % of those named are expected to be false)"
    return found + (risk if hot or cold else "")


def _check(value: str, study_area: str, alpha: float) -> None:
    if value not in VALUES:
        raise AnalysisError(
            f"Hexagons are compared by {', '.join(VALUES)}.", f"{value}.", "Choose one of them."
        )
    if value == "per_user" and study_area != "observed":
        raise AnalysisError(
            "An empty hexagon has no check-ins per user.",
            f"study area “{study_area}”, which holds empty hexagons.",
            "Choose the study area “observed”, or compare check-ins or users.",
        )
    if not 0 < alpha < 1:
        raise AnalysisError(
            "The share of false discoveries lies between 0 and 1.", f"{alpha}.", "Try 0.05."
        )


def _refuse_small(shown: pd.DataFrame, min_users: int) -> None:
    if len(shown) < MIN_CELLS:
        raise AnalysisError(
            f"Hotspots need at least {MIN_CELLS} hexagons with {min_users} or more users each.",
            f"{len(shown)}.",
            "Choose smaller hexagons (a finer resolution) if all users are in a few, or larger "
            "ones if each holds too few users; or loosen the filters.",
        )
