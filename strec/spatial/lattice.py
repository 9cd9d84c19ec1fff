"""The hexagon lattice as mathematics: which cells belong to a study area, and who touches whom."""

import numpy as np
import polars as pl
from scipy import sparse

from strec.errors import AnalysisError
from strec.geo import KM_PER_DEGREE, km_per_degree_east

#: More cells than this take longer than a person waits; a coarser resolution answers as well.
MAX_CELLS = 50_000
#: How empty cells come into a study area; see `study_area`.
STUDY_AREAS = ("filled", "observed", "hull")
#: Gaps up to about twice this many cells across are filled.
_CLOSING_CELLS = 2
#: Two rings at the edge are left out where so many cells remain, one otherwise.
_ENOUGH_INSIDE = 60
_RESOLUTION_BITS = 52


def study_area(cells: np.ndarray, kind: str = "filled") -> np.ndarray:
    """Return the cells among which a count could have fallen.

    A count of zero is data too: leaving empty cells out would hide that a busy cell stands
    alone. A rim of empty cells around the observed ones is no choice: shuffled over rim and city,
    even counts without any pattern show a strong Moran's I (see `docs/space.md`).

    Parameters
    ----------
    cells : numpy.ndarray of uint64
        The observed H3 cells, all of one resolution, shape ``(n,)``.
    kind : str
        ``filled``: the observed cells and the gaps between them, up to about four cells wide
        (morphological closing); land around the outermost check-ins is not asked about.
        ``observed``: only the observed cells; the question is then where, *among the cells
        people go to*, counts are high. ``hull``: every cell whose centre lies within the convex
        hull of the observed cells, water and parks included, and the observed cells themselves.

    Returns
    -------
    numpy.ndarray of uint64
        Sorted, without repetition, shape ``(m,)`` with ``m >= n``.

    Raises
    ------
    AnalysisError
        If the cells differ in resolution, the area has more than `MAX_CELLS` cells, or a hull
        would cross the date line.

    Examples
    --------
    >>> import h3
    >>> ring = h3.grid_ring(h3.latlng_to_cell(40.7, -74.0, 8), 1)
    >>> cells = np.array([h3.str_to_int(cell) for cell in ring], dtype=np.uint64)
    >>> len(study_area(cells)), len(study_area(cells, "observed"))
    (7, 6)
    """
    if kind not in STUDY_AREAS:
        raise AnalysisError(
            f"A study area is one of {', '.join(STUDY_AREAS)}.", f"{kind}.", "Choose one of them."
        )
    observed = np.unique(np.asarray(cells, dtype=np.uint64))
    resolution = resolution_of(observed)
    if kind == "filled":
        area = _closed(observed)
    elif kind == "hull":
        area = np.union1d(_hull_cells(observed, resolution), observed)
    else:
        area = observed
    _refuse_large(len(area), kind)
    return area


def resolution_of(cells: np.ndarray) -> int:
    """Return the H3 resolution that all these cells share, or raise an error."""
    found = np.unique((np.asarray(cells, dtype=np.uint64) >> np.uint64(_RESOLUTION_BITS)) & 0xF)
    if len(found) != 1:
        raise AnalysisError(
            "Hexagons of one resolution are needed.",
            f"resolutions {', '.join(map(str, found))}." if len(found) else "no hexagon.",
            "Count the check-ins again at one resolution, or loosen the filters.",
        )
    return int(found[0])


def neighbours(cells: np.ndarray) -> sparse.csr_array:
    """Return which cells share an edge, as a symmetric 0/1 matrix without a diagonal.

    Cells are of one resolution, without repetition, shape ``(n,)``; the matrix, ``(n, n)``, is in
    their order. libpysal's `Graph.build_h3` asks h3 for one cell after the other.
    """
    n = len(cells)
    order = pl.DataFrame({"cell": np.asarray(cells, dtype=np.uint64), "j": np.arange(n)})
    pairs = (
        pl.DataFrame({"i": np.arange(n), "cell": _disks(cells, 1)})
        .explode("cell")
        .join(order, on="cell")
        .filter(pl.col("i") != pl.col("j"))
    )
    ones = np.ones(pairs.height)
    return sparse.csr_array((ones, (pairs["i"].to_numpy(), pairs["j"].to_numpy())), shape=(n, n))


def inside(touching: sparse.csr_array) -> np.ndarray:
    """Return which cells of a study area, with its `neighbours`, do not lie at its edge.

    The outline of the data cuts cells at the edge: they hold less, and lie side by side, whatever
    people do. Leaving them out is the guard zone of point patterns (Ripley 1981). Of concave
    outlines cut corners remain in the second ring; it is left out too where enough is left.
    """
    one = np.diff(touching.indptr) == 6
    two = one & (touching @ one.astype(float) == 6)
    return two if two.sum() >= _ENOUGH_INSIDE else one


def centres(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return latitude and longitude of the cells' centres in degrees, each of shape ``(n,)``."""
    from h3ronpy.vector import cells_to_coordinates

    found = cells_to_coordinates(np.asarray(cells, dtype=np.uint64))
    return np.asarray(found["lat"]), np.asarray(found["lng"])


def _disks(cells: np.ndarray, radius_cells: int) -> pl.Series:
    """Each cell with all cells up to this many steps away, as a list per cell."""
    from h3ronpy import grid_disk

    return pl.Series("cell", grid_disk(np.asarray(cells, dtype=np.uint64), radius_cells))


def _closed(cells: np.ndarray) -> np.ndarray:
    """Dilate, then keep what lies deep enough within: gaps are filled, the outline stays."""
    _refuse_large(len(cells), "filled")
    wide = _disks(cells, _CLOSING_CELLS).explode().drop_nulls().unique().sort().rename("cell")
    within = (
        pl.DataFrame({"centre": wide, "cell": _disks(wide.to_numpy(), _CLOSING_CELLS)})
        .explode("cell")
        .join(wide.to_frame().with_columns(inside=True), on="cell", how="left")
        .group_by("centre")
        .agg(pl.col("inside").fill_null(False).all())
        .filter("inside")
    )
    return np.union1d(within["centre"].to_numpy(), cells)


def _hull_cells(cells: np.ndarray, resolution: int) -> np.ndarray:
    import h3
    from h3ronpy.vector import geometry_to_cells
    from shapely.geometry import MultiPoint

    lat_deg, lon_deg = centres(cells)
    if np.ptp(lon_deg) > 180:
        raise AnalysisError(
            "A convex hull is drawn on a flat map.",
            "hexagons on both sides of the date line.",
            "Choose the study area “filled”, which needs no map.",
        )
    hull = MultiPoint(np.column_stack([lon_deg, lat_deg])).convex_hull
    area_km2 = hull.area * KM_PER_DEGREE * km_per_degree_east(lat_deg.mean())
    # Refuse before filling: a continent in small hexagons would exhaust the memory.
    _refuse_large(int(area_km2 / h3.average_hexagon_area(resolution)), "hull")
    return pl.Series(geometry_to_cells(hull, resolution)).cast(pl.UInt64).to_numpy()


def _refuse_large(n_cells: int, kind: str) -> None:
    if n_cells > MAX_CELLS:
        raise AnalysisError(
            f"At most {MAX_CELLS:,} hexagons can be compared.",
            f"{n_cells:,} in the study area “{kind}”.",
            "Choose larger hexagons (a coarser resolution), or another study area.",
        )
