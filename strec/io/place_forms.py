"""Coordinates that are no plain degrees: whole numbers, NMEA, radians, 0 to 360, projections."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from strec.errors import MappingError

if TYPE_CHECKING:
    import pyproj

#: Form: what it is called, and how it becomes degrees.
FORMS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "degrees": ("degrees", lambda value: value),
    "e5": ("hundred-thousandths of a degree", lambda value: _scaled(value, 1e5)),
    "e6": ("millionths of a degree", lambda value: _scaled(value, 1e6)),
    "e7": ("ten-millionths of a degree", lambda value: _scaled(value, 1e7)),
    "nmea": ("degrees and minutes in one number (ddmm.mmmm)", lambda value: _sixtieths(value, 1)),
    "ddmmss": ("degrees, minutes and seconds in one number", lambda value: _sixtieths(value, 2)),
    "radians": ("radians", np.degrees),
    "lon_360": ("degrees, the longitude counted from 0 to 360", lambda value: value),
}
#: Projections offered for numbers in metres, where they hit the part of the Earth made for them.
PROJECTIONS = {
    "EPSG:3857": "Web Mercator", "EPSG:25831": "ETRS89 / UTM 31N", "EPSG:25832": "ETRS89 / UTM 32N",
    "EPSG:25833": "ETRS89 / UTM 33N", "EPSG:3035": "ETRS89 / LAEA Europe",
    "EPSG:27700": "British National Grid", "EPSG:2154": "Lambert-93 (France)",
    "EPSG:28992": "RD New (Netherlands)", "EPSG:31370": "Lambert 72 (Belgium)",
    "EPSG:2056": "LV95 (Switzerland)", "EPSG:21781": "LV03 (Switzerland)",
    "EPSG:31467": "Gauss-Krüger 3 (Germany)", "EPSG:31468": "Gauss-Krüger 4 (Germany)",
    "EPSG:31287": "MGI Lambert (Austria)", "EPSG:2180": "CS92 (Poland)",
    "EPSG:5514": "S-JTSK (Czechia)",
    "EPSG:3006": "SWEREF99 TM (Sweden)", "EPSG:3067": "TM35FIN (Finland)",
    "EPSG:2193": "NZTM (New Zealand)", "EPSG:2263": "New York Long Island (feet)",
    "EPSG:2326": "Hong Kong 1980 Grid", "EPSG:3414": "SVY21 (Singapore)",
    "EPSG:32617": "UTM 17N", "EPSG:32618": "UTM 18N", "EPSG:32610": "UTM 10N",
    "EPSG:32650": "UTM 50N",
}  # fmt: skip


def in_degrees(
    lat: np.ndarray, lon: np.ndarray, form: str, crs: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Turn coordinates of a form, or of a projection, into degrees; NaN where there is no place.

    Examples
    --------
    >>> lat, lon = in_degrees(np.array([40723183.0]), np.array([-74037851.0]), "e6", None)
    >>> float(lat[0]), float(lon[0])
    (40.723183, -74.037851)
    """
    if crs:
        lon, lat = transformer(crs).transform(lon, lat)
        bad = ~(np.isfinite(lat) & np.isfinite(lon))
        return np.where(bad, np.nan, lat), np.where(bad, np.nan, lon)
    convert = FORMS[form][1]
    lat, lon = convert(lat), convert(lon)
    return lat, np.where(lon > 180, (lon - 360).round(9), lon) if form == "lon_360" else lon


@lru_cache(maxsize=64)
def transformer(crs: str) -> "pyproj.Transformer":
    """Return what turns x, y of a coordinate reference system into longitude and latitude.

    Raises
    ------
    MappingError
        If there is no such system.
    """
    import pyproj
    from pyproj.exceptions import CRSError

    try:
        return pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except CRSError as problem:
        raise MappingError(
            "crs is a coordinate reference system such as EPSG:25832.",
            f"crs={crs!r}.",
            "Look its number up where the data come from, or at epsg.io.",
        ) from problem


def fitting_projections(x: np.ndarray, y: np.ndarray) -> dict[str, tuple[float, float]]:
    """Return the projections that put nearly all places where they are made for, and a place each.

    Gives the median latitude and longitude by the name of the projection.
    """
    import pyproj

    found = {}
    for crs in PROJECTIONS:
        area = pyproj.CRS(crs).area_of_use
        lat, lon = in_degrees(y, x, "degrees", crs)
        if area is None:
            continue
        inside = (lat >= area.south) & (lat <= area.north)
        inside &= (lon >= area.west) & (lon <= area.east)
        if inside.mean() > 0.95:
            found[crs] = float(np.nanmedian(lat)), float(np.nanmedian(lon))
    return found


def _scaled(value: np.ndarray, factor: float) -> np.ndarray:
    # A spreadsheet that takes points for thousands leaves 40.7482 alone among 40.748.817.
    is_plain = (np.abs(value) <= 180) & (value % 1 != 0)
    return np.where(is_plain, value, value / factor)


def _sixtieths(value: np.ndarray, n_parts: int) -> np.ndarray:
    """Read 4043.391 as 40 degrees 43.391 minutes; with two parts 404323 as 40°43'23"."""
    size, unit = np.abs(value), 100.0**n_parts
    degree, rest = size // unit, size % unit
    if n_parts == 2:
        rest = rest // 100 + rest % 100 / 60
    return np.copysign(np.round(degree + rest / 60, 9), value)


def sixtieths_fit(value: np.ndarray, n_parts: int) -> bool:
    """Tell whether all minutes, and seconds, are below 60."""
    size = np.abs(value)
    minutes = size % 100 if n_parts == 1 else size // 100 % 100
    return bool((minutes < 60).all() and (n_parts == 1 or (size % 100 < 60).all()))
