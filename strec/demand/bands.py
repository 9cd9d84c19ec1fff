"""Bands that hold what they promise: what past forecasts were wrong by, for the like of each.

Split conformal prediction: errors of forecasts made in the past, in units of the noise that a
count of that size has, apart by how large the forecast was and how far ahead.
"""

import numpy as np

#: What forecasts are scored on, and shown.
QUANTILES = (0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975)
#: Ends of the classes of hours ahead.
_AHEAD = (1, 6, 24, 72)
_SIZES = 10
#: A class of fewer errors is joined with the next.
_FEWEST = 150


class Bands:
    """Quantiles around a forecast, from forecasts of the past.

    Parameters
    ----------
    expected, truth : numpy.ndarray
        Shape ``(n_origins, horizon, n_places)``; truth NaN where unknown.
    signed : bool
        Whether numbers below zero are possible: the noise is then that of each place.

    References
    ----------
    Vovk, Gammerman & Shafer 2005, *Algorithmic learning in a random world* (Mondrian classes).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.poisson(20, (40, 2, 50)).astype(float)
    >>> bands = Bands(np.full(truth.shape, 20.0), truth)
    >>> low, high = bands.around(np.full(truth.shape, 20.0), (0.1, 0.9))
    >>> bool(0.75 < ((truth >= low) & (truth <= high)).mean() < 0.85)
    True
    """

    def __init__(self, expected: np.ndarray, truth: np.ndarray, signed: bool = False):
        self.signed = signed
        self.noise = None
        if signed:
            error = truth - expected
            self.noise = np.sqrt(np.nanmean(error**2, axis=(0, 1)) + 1e-6)
        self.classes: list[tuple[int, np.ndarray, np.ndarray]] = []
        scale = self._scale(expected)
        score = (truth - expected) / scale
        first = 0
        horizon = expected.shape[1]
        for last in (*[each for each in _AHEAD if each < horizon], horizon):
            size = scale[:, first:last].ravel()
            of = score[:, first:last].ravel()
            known = np.isfinite(of)
            self.classes.append((last, *_by_size(size[known], of[known])))
            first = last

    def around(self, expected: np.ndarray, quantiles: tuple[float, ...] = QUANTILES) -> np.ndarray:
        """Return quantiles, shape ``(n_quantiles, …)`` before that of `expected`.

        Parameters
        ----------
        expected : numpy.ndarray
            Shape ``(…, horizon, n_places)``.
        quantiles : tuple of float
            Between 0 and 1.
        """
        scale = self._scale(expected)
        found = np.empty((len(quantiles), *expected.shape))
        first = 0
        for last, middles, table in self.classes:
            cut = (..., slice(first, last), slice(None))
            size = scale[cut]
            each = np.array([np.interp(quantiles, _GRID, row) for row in table])
            # Between the middles of two classes; beyond the last ones it is that of the last.
            right = np.clip(np.searchsorted(middles, size), 1, max(len(middles) - 1, 1))
            left = right - 1
            right = np.minimum(right, len(middles) - 1)
            gap = np.maximum(middles[right] - middles[left], 1e-12)
            share = np.clip((size - middles[left]) / gap, 0.0, 1.0)
            for k in range(len(quantiles)):
                score = (1 - share) * each[left, k] + share * each[right, k]
                found[k][cut] = expected[cut] + score * size
            first = last
        found = found if self.signed else np.maximum(found, 0.0)
        # Where counting is sure that nothing comes, nothing is in the band.
        return found if self.signed else np.where(expected <= 0, 0.0, found)

    def ends(self, expected: np.ndarray, share: float, whole: bool = False) -> np.ndarray:
        """Return the ends of a band that holds a share of what comes, ``(2, …)``.

        Of counts it is the narrowest one of whole numbers that holds as much: where it begins at
        0 anyway, all that it leaves out lies above.

        Parameters
        ----------
        expected : numpy.ndarray
            As in `around`.
        share : float
            Between 0 and 1.
        whole : bool
            Whether what comes is counted.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> truth = rng.poisson(0.15, (40, 2, 50)).astype(float)
        >>> bands = Bands(np.full(truth.shape, 0.15), truth)
        >>> bands.ends(np.full((1, 1, 1), 0.15), 0.8, whole=True).ravel().tolist()
        [0.0, 0.0]
        """
        rest = (1 - share) / 2
        low, below, high = self.around(expected, (rest, share, 1 - rest))
        if not whole:
            return np.stack([low, high])
        low, below, high = (np.floor(each + 0.5) for each in (low, below, high))
        return np.stack([low, high if self.signed else np.where(low <= 0, below, high)])

    def _scale(self, expected: np.ndarray) -> np.ndarray:
        if self.noise is not None:
            return np.broadcast_to(self.noise, expected.shape)
        return np.sqrt(np.maximum(expected, 0) + 0.25)


_GRID = np.concatenate([[0.005, 0.0125], np.linspace(0.025, 0.975, 39), [0.9875, 0.995]])


def _by_size(size: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return classes of equal numbers: the middle size of each, and its quantiles of scores."""
    if not len(size):
        return np.array([1.0]), np.zeros((1, len(_GRID)))
    n = int(np.clip(len(size) // _FEWEST, 1, _SIZES))
    # The largest are the fewest, and the ones that people look at: finer classes there.
    shares = 1 - np.geomspace(1, 0.02, n + 1) if len(size) >= 4000 else np.linspace(0, 1, n + 1)
    shares[-1] = 1.0
    edges = np.unique(np.quantile(size, shares))
    which = np.clip(np.searchsorted(edges, size, side="right") - 1, 0, max(len(edges) - 2, 0))
    middles, table = [], []
    for each in np.unique(which):
        mine = which == each
        middles.append(float(np.median(size[mine])))
        # Of few errors the next one lies outside more often: the correction of split conformal.
        more = np.where(_GRID > 0.5, _GRID, 1 - _GRID) * (1 + 1 / mine.sum())
        more = np.minimum(more, 1)
        table.append(np.quantile(score[mine], np.where(_GRID > 0.5, more, 1 - more)))
    return np.array(middles), np.array(table)
