"""Distances on Earth: one radius, one formula, for arrays and for columns of a table."""

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import polars as pl

#: The mean radius (IUGG).
EARTH_RADIUS_KM = 6371.0088
#: Along a meridian, and along the equator; to a metre, as trained models know it.
KM_PER_DEGREE = 111.195

Column = TypeVar("Column", bound=Any)


def distance_km(
    lat: np.ndarray | float,
    lon: np.ndarray | float,
    other_lat: np.ndarray | float,
    other_lon: np.ndarray | float,
) -> np.ndarray:
    """Return great-circle distances by the haversine formula, exact for short steps too.

    Parameters
    ----------
    lat, lon, other_lat, other_lon : numpy.ndarray or float
        Degrees; shapes broadcast. A missing place (NaN) has a missing distance.

    Returns
    -------
    numpy.ndarray
        Kilometres.

    Examples
    --------
    >>> round(float(distance_km(40.0, -74.0, 41.0, -74.0)), 1)
    111.2
    """
    phi, other_phi = np.radians(lat), np.radians(other_lat)
    half_lon = np.radians(np.subtract(other_lon, lon)) / 2
    square = (
        np.sin((other_phi - phi) / 2) ** 2 + np.cos(phi) * np.cos(other_phi) * np.sin(half_lon) ** 2
    )
    return arc_km(np.sqrt(square))


def distance_column(
    lat: "pl.Expr",
    lon: "pl.Expr",
    other_lat: "pl.Expr | pl.Series",
    other_lon: "pl.Expr | pl.Series",
) -> "pl.Expr":
    """Return `distance_km` as an expression of polars, of columns in degrees.

    Parameters
    ----------
    lat, lon : polars.Expr
        One place per row, degrees.
    other_lat, other_lon : polars.Expr or polars.Series
        The other place, degrees.

    Examples
    --------
    >>> import polars as pl
    >>> steps = pl.DataFrame({"lat": [40.0], "lon": [-74.0]})
    >>> to = distance_column(pl.col("lat"), pl.col("lon"), pl.lit(41.0), pl.lit(-74.0))
    >>> steps.select(to.round(1)).item()
    111.2
    """
    phi, other_phi = lat.radians(), other_lat.radians()
    half_lon = (lon.radians() - other_lon.radians()) / 2
    square = ((phi - other_phi) / 2).sin() ** 2
    square += phi.cos() * other_phi.cos() * half_lon.sin() ** 2
    return 2 * EARTH_RADIUS_KM * square.clip(0, 1).sqrt().arcsin()


def short_distance_column(lat: Column, lon: Column, other_lat: Column, other_lon: Column) -> Column:
    """Return distances of a few kilometres as on a flat map, of columns of polars or Ibis.

    Right to 1 % up to 100 km away from the poles, and across the date line.

    Parameters
    ----------
    lat, lon : polars.Expr or ibis column
        One place per row, degrees.
    other_lat, other_lon : polars.Expr or ibis column
        The other place, degrees.

    Examples
    --------
    >>> import polars as pl
    >>> lat, lon, there = pl.lit(40.0), pl.lit(-74.0), pl.lit(40.1)
    >>> pl.select(short_distance_column(lat, lon, there, lon).round(1)).item()
    11.1
    >>> pl.select(short_distance_column(pl.lit(0.0), pl.lit(179.95), pl.lit(0.0), pl.lit(-179.95))
    ...           .round(1)).item()
    11.1
    """
    north, turn = lat - other_lat, lon - other_lon
    east = (turn - 360 * (turn / 360).round()) * other_lat.radians().cos()
    return (north * north + east * east).sqrt() * KM_PER_DEGREE


def arc_km(half_chord: np.ndarray) -> np.ndarray:
    """Return the way over the ground between two points of the unit sphere.

    Parameters
    ----------
    half_chord : numpy.ndarray
        Half of their distance straight through the sphere, 0 to 1.

    Returns
    -------
    numpy.ndarray
        Kilometres.

    Examples
    --------
    >>> arc_km(np.array([0.0, 1.0])).round().tolist()  # here, and on the other side
    [0.0, 20015.0]
    """
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(half_chord, 1.0))


def unit_vectors(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Return places as points of the unit sphere.

    Parameters
    ----------
    lat, lon : numpy.ndarray
        Degrees, shape ``(n,)``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n, 3)``; their distances times `EARTH_RADIUS_KM` are chords in km.

    Examples
    --------
    >>> unit_vectors(np.array([0.0, 90.0]), np.array([0.0, 0.0])).round(6).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    phi, theta = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], axis=1)


def unit_vector_columns(lat: Any, lon: Any) -> dict[str, Any]:
    """Return `unit_vectors` as columns x, y, z of Ibis, of columns in degrees.

    Parameters
    ----------
    lat, lon : ibis column
        Places, degrees.

    Examples
    --------
    >>> import ibis
    >>> places = ibis.memtable({"lat": [0.0], "lon": [90.0]})
    >>> list(unit_vector_columns(places.lat, places.lon))
    ['x', 'y', 'z']
    """
    phi, theta = lat.radians(), lon.radians()
    return {"x": phi.cos() * theta.cos(), "y": phi.cos() * theta.sin(), "z": phi.sin()}


def km_per_degree_east(lat: np.ndarray | float) -> np.ndarray:
    """Return how long a degree of longitude is at a latitude in degrees.

    Parameters
    ----------
    lat : numpy.ndarray or float
        Degrees, of any shape.

    Examples
    --------
    >>> km_per_degree_east(np.array([0.0, 60.0])).round(1).tolist()
    [111.2, 55.6]
    """
    return KM_PER_DEGREE * np.cos(np.radians(lat))


def destination(
    lat: np.ndarray | float,
    lon: np.ndarray | float,
    km: np.ndarray | float,
    bearing: np.ndarray | float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return where straight walks over the ground end.

    Parameters
    ----------
    lat, lon : numpy.ndarray
        Where they begin, in degrees.
    km : numpy.ndarray
        How long they are.
    bearing : numpy.ndarray
        Where they go at first, in radians clockwise from north.

    Returns
    -------
    tuple of numpy.ndarray
        Latitude and longitude in degrees.

    Examples
    --------
    >>> lat, lon = destination(0.0, 179.5, KM_PER_DEGREE, np.pi / 2)
    >>> round(float(lat), 3), round(float(lon), 3)
    (0.0, -179.5)
    """
    phi, angle = np.radians(lat), np.divide(km, EARTH_RADIUS_KM)
    sin_phi = np.sin(phi) * np.cos(angle) + np.cos(phi) * np.sin(angle) * np.cos(bearing)
    east = np.arctan2(
        np.sin(bearing) * np.sin(angle) * np.cos(phi), np.cos(angle) - np.sin(phi) * sin_phi
    )
    return np.degrees(np.arcsin(np.clip(sin_phi, -1, 1))), wrapped(lon + np.degrees(east))


def wrapped(lon: Column) -> Column:
    """Return longitudes, or differences of longitudes, from -180 to below 180 degrees.

    Parameters
    ----------
    lon : float, numpy.ndarray or column
        Degrees, of any size.

    Examples
    --------
    >>> wrapped(np.array([190.0, -190.0, 10.0])).tolist()
    [-170.0, 170.0, 10.0]
    """
    return (lon + 180) % 360 - 180


def median_longitude(lon: np.ndarray) -> float:
    """Return the median of longitudes in degrees; those on both sides of 180° are neighbours.

    Where they span more than half the globe and their mean direction points to its far side, they
    are counted from 0 to 360; others have their plain median.

    Parameters
    ----------
    lon : numpy.ndarray
        Degrees, shape ``(n,)``; NaN where missing.

    Examples
    --------
    >>> round(median_longitude(np.array([179.9, -179.9, 179.7])), 6)
    179.9
    >>> median_longitude(np.array([-74.0, 3.0]))
    -35.5
    """
    lon = np.asarray(lon, dtype=float)
    crosses = np.nanmax(lon) - np.nanmin(lon) > 180 and np.nanmean(np.cos(np.radians(lon))) < 0
    return float(wrapped(np.nanmedian(lon % 360)) if crosses else np.nanmedian(lon))


def median_longitude_column(lon: Column) -> Column:
    """Return `median_longitude` as an aggregate of polars or Ibis, of a column in degrees.

    Parameters
    ----------
    lon : polars.Expr or ibis column
        One per row, degrees.

    Examples
    --------
    >>> import polars as pl
    >>> item = pl.DataFrame({"lon": [179.9, -179.9, 179.7]})
    >>> round(item.select(median_longitude_column(pl.col("lon"))).item(), 6)
    179.9
    """
    crosses = (lon.max() - lon.min() > 180) & (lon.radians().cos().mean() < 0)
    around = ((lon + 360) % 360).median()
    around = around - 360 * (around >= 180).cast(float)
    return lon.median() + crosses.cast(float) * (around - lon.median())
