"""Space as hexagons: how fine, where, how concentrated, and what is hidden to protect people."""

from collections.abc import Callable
from numbers import Integral
from typing import Any

import h3
import numpy as np
import pandas as pd
import polars as pl

from strec import schema
from strec.errors import AnalysisError, check_is
from strec.geo import KM_PER_DEGREE, km_per_degree_east
from strec.spatial import lattice
from strec.store import HasStore, Store, frame_of, need_store
from strec.wording import plural

#: Across the bulk of the data there are about so many hexagons: few places, few hexagons.
HEXAGONS_ACROSS = (35, 70)
#: A hexagon should hold about this many check-ins or more.
ENOUGH_CHECKINS = 10
#: Hexagons compared with their neighbours should have so many on average, of six.
ENOUGH_TOUCHING = 2.5
#: …as long as there are so many hexagons.
ENOUGH_HEXAGONS = 40
#: At most this share of the check-ins should be hidden to protect people.
MOST_HIDDEN = 0.2
#: …as long as so many hexagons lie across the bulk of the data: fewer show nothing.
FEWEST_ACROSS = 6


def suggest_resolution(places: pd.DataFrame | HasStore | Store) -> int:
    """Return the H3 resolution that shows some places best.

    The bulk of the check-ins (their 2 % to 98 % quantiles) is 35 to 70 hexagons across, more for
    more places, so that one can be seen; up to two steps coarser where the hexagons would hold
    fewer than ten check-ins on average.

    Parameters
    ----------
    places : pandas.DataFrame, Dataset or Store
        `lat`, `lon` (degrees), `n_checkins`: `Store.cells` of the finest resolution.

    Raises
    ------
    AnalysisError
        If there are no places.

    Examples
    --------
    >>> city = pd.DataFrame({"lat": [40.6, 40.8], "lon": [-74.1, -73.9], "n_checkins": [900, 900]})
    >>> suggest_resolution(city)
    8
    """
    places = places_of(places)
    if not len(places):
        raise AnalysisError(
            "Hexagons need places (latitude and longitude).",
            "no check-in with a place matches the filters.",
            "Loosen the filters.",
        )
    lat, lon = (pl.Series(places[name].to_numpy(dtype=float)) for name in ("lat", "lon"))
    n_places = schema.cells_of(lat, lon).n_unique()
    across = np.clip(2.5 * np.sqrt(n_places), *HEXAGONS_ACROSS)
    wanted_km = span_km(places) / across
    widths = np.array([hexagon_width_km(r) for r in range(schema.CELL_RESOLUTION + 1)])
    finest = int(np.abs(np.log(widths / max(wanted_km, 1e-6))).argmin())
    n_checkins = places["n_checkins"].sum()
    for resolution in range(finest, max(finest - 2, 0), -1):
        cells = schema.cells_of(lat, lon, resolution)
        if n_checkins / max(cells.n_unique(), 1) >= ENOUGH_CHECKINS:
            return resolution
    return max(finest - 2, 0)


def resolution_that_shows(data: HasStore | Store) -> int:
    """Return the resolution that suits a data set, coarser where protecting people hides much.

    Parameters
    ----------
    data : Dataset or Store
        Whose hexagons with too few users are hidden; at most three steps coarser than
        `suggest_resolution`, and never so coarse that fewer than six hexagons lie across the bulk
        of the data. Where `shown_from` is 1 nothing is hidden, and nothing coarser helps.

    Examples
    --------
    >>> from strec.dataset import Dataset
    >>> resolution_that_shows(Dataset.sample("social"))
    9
    """
    store = need_store(data)
    places = places_of(store)
    best = resolution = suggest_resolution(places)
    if shown_from(store, resolution) == 1:
        return resolution
    widest_km = span_km(places) / FEWEST_ACROSS
    for coarser in range(resolution, max(resolution - 3, 0) - 1, -1):
        if coarser < resolution and hexagon_width_km(coarser) > widest_km:
            break
        best = coarser
        if _share_hidden(store, coarser) <= MOST_HIDDEN:
            break
    return best


def shown_from(data: HasStore | Store, resolution: int | None = None) -> int:
    """Return how many people, or check-ins that name nobody, a hexagon has to be shown.

    Five, unless the data are of fewer people in all, who are shown to themselves; or name nobody
    and are so few that hiding some would leave no map.

    Parameters
    ----------
    data : Dataset or Store
        What is mapped.
    resolution : int, optional
        Of the hexagons; what `suggest_resolution` says without it.

    Examples
    --------
    >>> from strec.dataset import Dataset
    >>> shown_from(Dataset.sample("social"))
    5
    """
    store = need_store(data)
    if not store.is_anonymous:
        return store.least_users
    if resolution is None:
        resolution = suggest_resolution(store)
    return 1 if _share_hidden(store, resolution) > MOST_HIDDEN else store.least_users


def _share_hidden(store: Store, resolution: int) -> float:
    hidden = store.cells(resolution, min_users=store.least_users).attrs["hidden_checkins"]
    return hidden / max(int(places_of(store)["n_checkins"].sum()), 1)


def resolution_that_touches(cells_at: Callable[[int], pd.DataFrame], resolution: int) -> int:
    """Return this resolution, or a coarser one whose hexagons touch enough others to compare.

    Parameters
    ----------
    cells_at : callable
        Resolution → frame with `cell`, such as `Store.cells`.
    resolution : int
        From `suggest_resolution`; at most two steps coarser, and not below forty hexagons.

    Examples
    --------
    >>> near = pd.DataFrame({"cell": grid_around(pd.DataFrame({"cell": [608725924560502783]}),
    ...                                          7, rings=4)["cell"]})
    >>> resolution_that_touches(lambda resolution: near, 7)
    7
    """
    if not callable(cells_at):
        raise AnalysisError(
            "A function from a resolution to its hexagons is needed.",
            f"a {type(cells_at).__name__}.",
            "Give the method `cells` of a store.",
        )
    best = resolution
    for coarser in range(resolution, max(resolution - 2, 0) - 1, -1):
        cells = frame_of(cells_at(coarser), ("cell",))["cell"].to_numpy()
        if len(cells) < ENOUGH_HEXAGONS:
            break
        best = coarser
        if lattice.neighbours(cells).sum() >= ENOUGH_TOUCHING * len(cells):
            break
    return best


def resolution_to_compare(store: Store) -> int:
    """Return the resolution at which a store's hexagons are compared with their neighbours."""
    return resolution_that_touches(store.cells, resolution_that_shows(store))


def span_km(places: pd.DataFrame) -> float:
    """Return the larger side of the box around the bulk of the check-ins, in km.

    Parameters
    ----------
    places : pandas.DataFrame
        `lat`, `lon` (degrees), `n_checkins`.
    """
    lat, lon, weight = places[["lat", "lon", "n_checkins"]].to_numpy(dtype=float).T
    (south, north), (west, east) = (
        np.quantile(values, [0.02, 0.98], weights=weight, method="inverted_cdf")
        for values in (lat, one_run(lon))
    )
    east_km = (east - west) * km_per_degree_east((south + north) / 2)
    return float(max((north - south) * KM_PER_DEGREE, east_km))


def hexagon_width_km(resolution: int) -> float:
    """Return the distance between two opposite sides of an average hexagon, in km.

    Parameters
    ----------
    resolution : int
        Of H3, 0 to 15.

    Examples
    --------
    >>> round(hexagon_width_km(8), 2)
    0.92
    """
    check_is(resolution, Integral, "An H3 resolution is a whole number.", AnalysisError)
    if resolution not in range(16):
        raise AnalysisError(
            "An H3 resolution is 0 to 15.", f"{resolution}.", "Choose one of these."
        )
    return float(np.sqrt(3) * h3.average_hexagon_edge_length(resolution, unit="km"))


def one_run(lon: np.ndarray) -> np.ndarray:
    """Return longitudes as one run without a jump at the date line.

    The run starts after the widest empty stretch of the globe; values may lie beyond ±180.

    Parameters
    ----------
    lon : numpy.ndarray
        Degrees, shape ``(n,)``.

    Examples
    --------
    >>> one_run(np.array([179.0, -179.0])).tolist()
    [179.0, 181.0]
    """
    turned = numbers_of(lon, "Longitudes") % 360
    if not len(turned):
        return turned
    around = np.unique(turned)
    gaps = np.diff(np.append(around, around[0] + 360))
    start = around[(gaps.argmax() + 1) % len(around)]
    run = start + (turned - start) % 360
    return run - 360 if np.median(run) > 180 else run


def grid_around(cells: pd.DataFrame, resolution: int, rings: int = 1) -> pd.DataFrame:
    """Return the hexagons where anybody was, and those around them: places to ask from.

    Parameters
    ----------
    cells : pandas.DataFrame
        `cell` (uint64) of this or a finer resolution.
    resolution : int
        Of the hexagons returned.
    rings : int
        How many rings of neighbours to add.

    Returns
    -------
    pandas.DataFrame
        `cell` (uint64), `lat`, `lon` (centre), sorted by cell.

    Examples
    --------
    >>> len(grid_around(pd.DataFrame({"cell": [608725924560502783]}), 7))
    7
    """
    from h3ronpy import change_resolution, grid_disk

    own = frame_of(cells, ("cell",))["cell"].to_numpy(dtype=np.uint64)
    parents = np.unique(np.asarray(change_resolution(own, resolution)))
    near = np.unique(np.asarray(grid_disk(parents, rings, flatten=True)))
    lat, lon = lattice.centres(near)
    return pd.DataFrame({"cell": near, "lat": lat, "lon": lon})


def per_user(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with `per_user`: check-ins per distinct user.

    Parameters
    ----------
    cells : pandas.DataFrame
        `n_checkins`, `n_users`.

    Examples
    --------
    >>> per_user(pd.DataFrame({"n_checkins": [6], "n_users": [3]}))["per_user"].tolist()
    [2.0]
    """
    cells = frame_of(cells, ("n_checkins", "n_users"))
    rate = cells["n_checkins"] / cells["n_users"].clip(lower=1)
    frame = cells.assign(per_user=rate.round(2))
    frame.attrs = dict(cells.attrs)
    return frame


def concentration(counts: pd.Series) -> int:
    """Return how many of the largest groups together hold half of all check-ins.

    Parameters
    ----------
    counts : pandas.Series
        Check-ins per group, shape ``(n,)``.

    Examples
    --------
    >>> concentration(pd.Series([50, 30, 10, 10]))
    1
    """
    ordered = np.sort(numbers_of(counts, "Counts"))[::-1]
    return int(np.searchsorted(ordered.cumsum(), ordered.sum() / 2)) + 1 if len(ordered) else 0


def hidden_in_words(frame: pd.DataFrame, noun: str = "hexagon") -> str:
    """Return what a frame of the store leaves out to protect people, or an empty text.

    Parameters
    ----------
    frame : pandas.DataFrame
        Whose `attrs` say it, as those of `Store.cells`.
    noun : str
        What is hidden, in the singular.

    Examples
    --------
    >>> frame = pd.DataFrame()
    >>> frame.attrs = {"hidden": 2, "hidden_checkins": 7, "min_users": 5}
    >>> hidden_in_words(frame)
    '2 hexagons with fewer than 5 users are hidden (7 check-ins).'
    """
    check_is(frame, pd.DataFrame, "A frame of the store is needed.", AnalysisError)
    hidden = frame.attrs.get("hidden", 0)
    if not hidden:
        return ""
    verb = "is" if hidden == 1 else "are"
    whose = "users"
    if len(frame) and "n_users" in frame and not frame["n_users"].any():
        whose = "check-ins"  # Nobody is named.
    return (
        f"{plural(hidden, noun)} with fewer than {frame.attrs['min_users']} {whose} {verb} hidden "
        f"({plural(frame.attrs['hidden_checkins'], 'check-in')})."
    )


def numbers_of(values: Any, what: str) -> np.ndarray:
    """Return numbers in a row, shape ``(n,)``, or say that they are none."""
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        numbers = np.empty((0, 0))
    if numbers.ndim != 1:
        raise AnalysisError(
            f"{what} are numbers in a row.", f"a {type(values).__name__}.", "Give one array."
        )
    return numbers


def places_of(data: pd.DataFrame | HasStore | Store) -> pd.DataFrame:
    """Return the frame of places, or that of the finest cells of a data set."""
    return frame_of(
        data,
        ("lat", "lon", "n_checkins"),
        lambda store: store.cells(schema.CELL_RESOLUTION, min_users=1),
    )


def as_geojson(cells: pd.DataFrame) -> dict:
    """Return hexagons with their columns as GeoJSON, for a geographic information system.

    Parameters
    ----------
    cells : pandas.DataFrame
        `cell` (uint64) and any columns.

    Examples
    --------
    >>> as_geojson(pd.DataFrame({"cell": [608725924560502783]}))["features"][0]["properties"]
    {'h3': '872a100d2ffffff'}
    """
    cells = frame_of(cells, ("cell",))
    columns = [name for name in cells.columns if name != "cell"]
    features = []
    for row in cells.to_dict("records"):
        name = h3.int_to_str(int(row["cell"]))
        corners = np.array(h3.cell_to_boundary(name))
        lon = one_run(corners[:, 1])
        ring = np.column_stack([lon, corners[:, 0]]).round(6).tolist()
        features.append(
            {
                "type": "Feature",
                "properties": {"h3": name} | {column: row[column] for column in columns},
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
            }
        )
    return {"type": "FeatureCollection", "features": features}
