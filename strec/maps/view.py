"""Where the camera of a map looks at first: the bulk of the data, wherever on Earth it is."""

from dataclasses import dataclass

import numpy as np

from strec.errors import AnalysisError
from strec.geo import wrapped
from strec.spatial import one_run

#: A picture that a map of the app has at least; the view fits into it.
WIDTH_PX, HEIGHT_PX = 560, 450
#: deck.gl's world is 512 pixels wide at zoom 0.
WORLD_PX = 512
EQUATOR_M = 40_075_017
MIN_ZOOM, MAX_ZOOM = 0.6, 15.0


@dataclass(frozen=True)
class View:
    """Centre and zoom of a map, and the box that it shows in full, in degrees.

    `west` and `east` may lie beyond ±180 where the data spans the date line; `west < east`.

    Parameters
    ----------
    lat, lon : float
        The centre.
    zoom : float
        Zoom of web maps; each step doubles the scale.
    west, south, east, north : float
        Sides of the box.
    """

    lat: float
    lon: float
    zoom: float
    west: float
    south: float
    east: float
    north: float

    @property
    def span_deg(self) -> float:
        """The larger side of the box."""
        return max(self.east - self.west, self.north - self.south)

    def unwrap(self, lon: np.ndarray) -> np.ndarray:
        """Return longitudes moved by full turns to the side of the date line where the view is.

        Parameters
        ----------
        lon : numpy.ndarray
            Degrees, of any shape.

        Examples
        --------
        >>> fiji = view_of([-17, -19], [177, -178])
        >>> fiji.unwrap(np.array([177.0, -178.0])).tolist()
        [177.0, 182.0]
        """
        return self.lon + wrapped(np.asarray(lon, dtype=float) - self.lon)

    @property
    def metres_per_px(self) -> float:
        """Metres on the ground of a pixel in the centre at the first zoom."""
        return EQUATOR_M * np.cos(np.radians(self.lat)) / (WORLD_PX * 2**self.zoom)

    def pixels(
        self, lat: np.ndarray, lon: np.ndarray, wrap: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return positions in pixels from the centre at the first zoom (x to the right, y up).

        Parameters
        ----------
        lat, lon : numpy.ndarray
            Degrees, shape ``(n,)``.
        wrap : bool
            Whether a place is drawn on the turn of the globe where the view is.

        Examples
        --------
        >>> x, y = view_of([48.8, 48.9], [2.2, 2.5]).pixels(np.array([48.85]), np.array([2.35]))
        >>> x.round(3).tolist()
        [0.0]
        """
        per_degree = WORLD_PX * 2**self.zoom / 360
        x = ((self.unwrap(lon) if wrap else lon) - self.lon) * per_degree
        y = (_mercator(np.asarray(lat, dtype=float)) - _mercator(self.lat)) * per_degree
        return x, y

    def places(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return latitudes and longitudes of pixels from the centre: the inverse of `pixels`.

        Parameters
        ----------
        x, y : numpy.ndarray
            Pixels, shape ``(n,)``.

        Examples
        --------
        >>> view = view_of([48.8, 48.9], [2.2, 2.5])
        >>> lat, lon = view.places(np.array([0.0]), np.array([0.0]))
        >>> lat.round(2).tolist(), lon.round(2).tolist()
        ([48.85], [2.35])
        """
        per_degree = WORLD_PX * 2**self.zoom / 360
        up = np.radians(np.asarray(y, dtype=float) / per_degree + _mercator(self.lat))
        return np.degrees(np.arctan(np.sinh(up))), self.lon + np.asarray(x) / per_degree


def view_of(
    lat,
    lon,
    max_zoom: float = MAX_ZOOM,
    width_px: int = WIDTH_PX,
    height_px: int = HEIGHT_PX,
) -> View:
    """Return a view of the bulk of some places: their 2 % to 98 % quantiles.

    Parameters
    ----------
    lat, lon : array-like
        Degrees, shape ``(n,)``; missing values are left out.
    max_zoom : float
        The closest zoom, for one place or places close together.
    width_px, height_px : int
        How wide and how high the map is at least; narrower on a phone.

    Raises
    ------
    AnalysisError
        If no place is known.

    Examples
    --------
    >>> view = view_of([-17.8, -18.1], [179.5, -179.5])
    >>> round(view.lon, 1), round(view.lat, 1)
    (180.0, -18.0)
    """
    try:
        lat, lon = np.asarray(lat, dtype=float), np.asarray(lon, dtype=float)
        known = np.isfinite(lat) & np.isfinite(lon)
    except (TypeError, ValueError):
        known = np.array(False)
    if not known.any():
        raise AnalysisError(
            "A map needs places (latitude and longitude).",
            "no place is known for these check-ins.",
            "Loosen the filters, or map latitude and longitude when reading the file.",
        )
    lat, lon = np.clip(lat[known], -85, 85), one_run(lon[known])
    west, east = np.quantile(lon, [0.02, 0.98])
    south, north = np.quantile(lat, [0.02, 0.98])
    middle_lon = (west + east) / 2
    middle_y = (_mercator(south) + _mercator(north)) / 2
    # A tenth of room on each side, so that nothing sits on the frame.
    width = max((east - west) * 1.2, 1e-9)
    height = max((_mercator(north) - _mercator(south)) * 1.2, 1e-9)
    zoom = np.log2(min(width_px / width, height_px / height) * 360 / WORLD_PX)
    zoom = float(np.clip(zoom, MIN_ZOOM, max_zoom))
    degrees_per_px = 360 / (WORLD_PX * 2**zoom)
    half_width, half_height = width_px / 2 * degrees_per_px, height_px / 2 * degrees_per_px
    middle_lon = _on_globe(middle_lon)
    return View(
        lat=float(_latitude(middle_y)),
        lon=float(middle_lon),
        zoom=zoom,
        west=float(middle_lon - half_width),
        south=float(_latitude(middle_y - half_height)),
        east=float(middle_lon + half_width),
        north=float(_latitude(middle_y + half_height)),
    )


def _on_globe(lon):
    return lon - 360 if lon > 180 else lon + 360 if lon < -180 else lon


def _mercator(lat):
    return np.degrees(np.arctanh(np.sin(np.radians(lat))))


def _latitude(y):
    return np.degrees(np.arcsin(np.tanh(np.radians(y))))
