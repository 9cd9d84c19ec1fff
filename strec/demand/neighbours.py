"""Which places are near a place, or move alike where no place is known."""

import numpy as np

from strec.demand.panels import Panel
from strec.geo import unit_vectors

N_NEAR = 6


def around(panel: Panel, n_near: int = N_NEAR) -> np.ndarray:
    """Return weights of the neighbours, shape ``(n_places, n_places)``; rows add up to 1.

    The nearest places; without coordinates those whose hours go most alike.

    Parameters
    ----------
    panel : Panel
        With places, or at least with some days.
    n_near : int
        Neighbours of a place.
    """
    n = panel.n_places
    weights = np.zeros((n, n))
    k = min(n_near, n - 1)
    if k < 1:
        return weights
    order = np.argsort(_apart(panel), axis=1, kind="stable")[:, :k]
    np.put_along_axis(weights, order, 1.0 / k, axis=1)
    return weights


def _apart(panel: Panel) -> np.ndarray:
    lat, lon = (panel.places[name].to_numpy(dtype=float) for name in ("lat", "lon"))
    if np.isfinite(lat).all():
        xyz = unit_vectors(lat, lon)
        apart = -(xyz @ xyz.T)
    else:
        # Days of 24 hours smooth what single hours of few cannot tell.
        values = np.nan_to_num(panel.values)
        away = values - values.mean(axis=0)
        length = np.sqrt((away**2).sum(axis=0)) + 1e-9
        apart = -(away.T @ away) / np.outer(length, length)
    np.fill_diagonal(apart, np.inf)
    return apart
