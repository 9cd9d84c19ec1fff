"""Lists whose items differ: each item loses for being like those above it."""

import numpy as np

from strec.geo import distance_km
from strec.split import Vocabulary

#: Two items this near (km) count as half alike in place.
_ALIKE_KM = 1.0


def spread_out(vocabulary: Vocabulary, codes: np.ndarray, diversity: float, k: int) -> np.ndarray:
    """Return positions of k items chosen by maximal marginal relevance, the best first.

    Parameters
    ----------
    codes : numpy.ndarray
        Items, best first.
    diversity : float
        0 keeps their order; 1 looks at likeness alone, after the first.

    References
    ----------
    Carbonell and Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998.
    """
    # On a scale of standing, so that one very probable item does not make all others equal.
    relevance = 1 - np.arange(len(codes)) / len(codes)
    likeness = alike(vocabulary, codes)
    chosen, nearest = [0], likeness[0].copy()
    left = np.ones(len(codes), dtype=bool)
    left[0] = False
    while len(chosen) < min(k, len(codes)):
        worth = np.where(left, (1 - diversity) * relevance - diversity * nearest, -np.inf)
        best = int(worth.argmax())
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, likeness[best])
    return np.array(chosen)


def alike(vocabulary: Vocabulary, codes: np.ndarray) -> np.ndarray:
    """Return how alike items are, 0 to 1, shape ``(n, n)``: kind and place count half each.

    Where only one of the two is known, it counts alone.
    """
    category = vocabulary.item_category[codes]
    same = ((category[:, None] == category) & (category >= 0)).astype(np.float64)
    lat, lon = vocabulary.item_lat[codes], vocabulary.item_lon[codes]
    place = vocabulary.item_is_place[codes]
    km = distance_km(lat[:, None], lon[:, None], lat, lon)
    near = np.where(place[:, None] & place, 1 / (1 + np.nan_to_num(km, nan=np.inf) / _ALIKE_KM), 0)
    if not (category >= 0).any():
        return near
    return (same + near) / 2 if place.any() else same
