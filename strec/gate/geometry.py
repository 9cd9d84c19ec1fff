"""Places as numbers: zones of equal weight, distances in bins."""

import numpy as np
import polars as pl

DISTANCE_BINS = 34


def zones(place: np.ndarray, weight: np.ndarray, splits: int) -> np.ndarray:
    """Cut the plane into up to ``2**splits`` rectangles of about equal weight.

    Parameters
    ----------
    place : numpy.ndarray
        Distinct places, shape ``(n, 2)``.
    weight : numpy.ndarray
        Check-ins per place, shape ``(n,)``.

    Returns
    -------
    numpy.ndarray
        Zone number per place, shape ``(n,)``.

    Examples
    --------
    >>> zones(np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]]), np.ones(4), 1).tolist()
    [0, 0, 1, 1]
    """
    groups = [np.arange(len(place))]
    for _ in range(splits):
        halves = []
        for group in groups:
            axis = np.argmax(np.ptp(place[group], axis=0))
            value = place[group, axis]
            if np.ptp(value) == 0:
                halves.append(group)
                continue
            order = np.argsort(value, kind="stable")
            mass = np.cumsum(weight[group][order])
            middle = value[order][np.searchsorted(mass, mass[-1] / 2)]
            low = value <= middle if (value > middle).any() else value < middle
            halves += [group[low], group[~low]]
        groups = halves
    zone = np.empty(len(place), dtype=np.int64)
    for number, group in enumerate(groups):
        zone[group] = number
    return zone


def bins_of(apart_km: np.ndarray) -> np.ndarray:
    """Return the bin of each distance vector ``(…, 3)``: half-octaves above 100 m."""
    # Straight through the globe: as good as along it for putting distances in order.
    km = np.sqrt((apart_km**2).sum(axis=-1))
    return np.minimum(2 * np.log2(km / 0.1 + 1), DISTANCE_BINS - 1).astype(np.uint8)


def median_by(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the median of two columns ``(n, 2)`` per group 0, 1, …"""
    return (
        pl.DataFrame({"g": group, "a": values[:, 0], "b": values[:, 1]})
        .group_by("g")
        .median()
        .sort("g")
        .select("a", "b")
        .to_numpy()
    )
