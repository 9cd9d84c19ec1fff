"""Distances on Earth: one radius, one formula."""

import numpy as np

#: The mean radius (IUGG).
EARTH_RADIUS_KM = 6371.0088
#: Along a meridian, and along the equator.
KM_PER_DEGREE = EARTH_RADIUS_KM * np.pi / 180


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
    chord = (
        np.sin((other_phi - phi) / 2) ** 2 + np.cos(phi) * np.cos(other_phi) * np.sin(half_lon) ** 2
    )
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))


def unit_vectors(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Return places in degrees as points of the unit sphere, shape ``(n, 3)``; NaN spreads.

    Examples
    --------
    >>> unit_vectors(np.array([0.0, 90.0]), np.array([0.0, 0.0])).round().tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    phi, theta = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], axis=1)
