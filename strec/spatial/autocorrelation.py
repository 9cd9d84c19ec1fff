"""Spatial autocorrelation on any lattice: is a unit like its neighbours, and would chance do it?

Three published statistics answer three questions about the same values:

- Moran's I (1950): are neighbours alike at all? One number for the whole area.
- Getis-Ord Gi* (Getis and Ord 1992, Ord and Getis 1995): around which unit is the sum high?
- Local Moran (Anselin 1995): is a unit like its neighbours, or an exception among them?

The statistics are PySAL's (esda). The p-values are conditional permutation p-values as in esda,
but from 100,000 draws instead of 999: with thousands of units tested at once, a p-value that
cannot fall below 0.002 leaves the false discovery control nothing to work with. That many draws
are cheap because units with equally many neighbours share one null distribution.
"""

import warnings
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
from scipy import sparse

from strec.errors import AnalysisError
from strec.spatial.hexagons import numbers_of

DRAWS = 99_999
PERMUTATIONS = 999
#: Fewer units than this show no pattern.
MIN_UNITS = 8
_QUADRANTS = np.array(["", "high among high", "low among high", "low among low", "high among low"])
#: Random numbers held at once while sampling without repetition.
_CHUNK = 5_000_000


@dataclass(frozen=True)
class Moran:
    """Moran's I of a whole study area.

    `i` lies near `expected` (slightly below 0) when values are shuffled at random, and near 1
    when neighbours are alike; `z` is standardised under randomisation, `p` is two-sided, from
    permutations.

    Parameters
    ----------
    i, expected, z : float
        See above; NaN where too few units lie inside to compare.
    p : float
        0 to 1, or NaN.
    permutations : int
        How many `p` rests on.
    n_units : int
        Compared; those at the edge of a study area are not.
    """

    i: float
    expected: float
    z: float
    p: float
    permutations: int
    n_units: int

    @property
    def sentence(self) -> str:
        """What the number means."""
        if np.isnan(self.p):
            return (
                "Too few hexagons that differ lie away from the edge "
                f"({self.n_units:,}) to tell whether busy ones lie beside busy ones."
            )
        i = f"{self.i:.2f}".replace("-", "−")
        odds = f"Moran’s I = {i}, p = {self.p:.3f}, {self.n_units:,} hexagons away from the edge"
        if self.p > 0.05:
            return f"That busy hexagons lie beside busy ones cannot be told from chance ({odds})."
        if self.i > self.expected:
            degree = "clearly" if self.i >= 0.3 else "weakly"
            return f"Busy hexagons {degree} lie beside busy ones ({odds})."
        return f"Busy hexagons avoid each other, as on a chessboard ({odds})."


def local_statistics(
    values: np.ndarray, touching: sparse.csr_array, draws: int = DRAWS, seed: int = 0
) -> pd.DataFrame:
    """Return Gi* and local Moran of every unit of any lattice, with permutation p-values.

    Values have shape ``(n,)``, the 0/1 neighbours ``(n, n)``, without a diagonal. Given the value
    at a unit, both statistics rise with the sum over its neighbours alone, so that the conditional
    permutation p-value is the same number for both. Units without neighbours have NaN p-values and
    take no part in the correction.
    """
    from esda.getisord import G_Local
    from esda.moran import Moran_Local

    graph = _graph(touching)
    with warnings.catch_warnings():
        # esda warns of units without neighbours, which are dealt with below.
        warnings.simplefilter("ignore")
        gi = G_Local(values, graph, transform="B", star=True, permutations=0)
        local = Moran_Local(values, graph, permutations=0)
    upper, lower = conditional_p(values, touching, draws, seed)
    p = np.minimum(1, 2 * np.minimum(upper, lower))
    return pd.DataFrame(
        {
            "n_neighbours": np.diff(touching.indptr),
            "gi_z": gi.Zs,
            "local_i": local.Is,
            "quadrant": _QUADRANTS[np.asarray(local.q, dtype=int)],
            "upper_p": upper,
            "lower_p": lower,
            "p": p,
            "q": false_discovery(p),
        }
    )


def conditional_p(
    values: np.ndarray, touching: sparse.csr_array, draws: int = DRAWS, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return how often other units in place of the neighbours would sum as high, and as low.

    A draw is a set of different units taken from all n. For unit i with k neighbours, the draws
    of size k *that do not contain i* are exactly draws from the other n - 1, which is the
    conditional permutation null (Anselin 1995). One set of draws so serves every unit.
    """
    n = len(values)
    cardinality = np.diff(touching.indptr)
    observed = touching @ values
    upper, lower = np.full(n, np.nan), np.full(n, np.nan)
    chosen = _draw(n, min(int(cardinality.max(initial=0)), n - 1), draws, seed)
    # Sums of non-integers may differ in the last bit by the order of adding.
    tolerance = 1e-9 * np.abs(values).sum()
    for k in np.unique(cardinality[cardinality > 0]):
        units = np.flatnonzero(cardinality == k)
        sums = values[chosen[:, :k]].sum(axis=1)
        ordered = np.sort(sums)
        target = observed[units]
        high = draws - np.searchsorted(ordered, target - tolerance, side="left")
        low = np.searchsorted(ordered, target + tolerance, side="right")
        member = chosen[:, :k].ravel()
        member_sum = np.repeat(sums, k)
        held = np.bincount(member, minlength=n)[units]
        high_held = np.bincount(member[member_sum >= observed[member] - tolerance], minlength=n)
        low_held = np.bincount(member[member_sum <= observed[member] + tolerance], minlength=n)
        upper[units] = (1 + high - high_held[units]) / (1 + draws - held)
        lower[units] = (1 + low - low_held[units]) / (1 + draws - held)
    return upper, lower


def moran(
    values: np.ndarray,
    touching: sparse.csr_array,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    inside: np.ndarray | None = None,
) -> Moran:
    """Return Moran's I with row-standardised weights and a two-sided permutation p-value.

    Counts need `inside`: the outline of a study area halves the units at its edge, which then hold
    less and lie side by side (random points in a disk or a square: I about 0.2).

    Parameters
    ----------
    values : numpy.ndarray
        Shape ``(n,)``, not all equal.
    touching : scipy.sparse.csr_array
        0/1 neighbours without a diagonal, shape ``(n, n)``.
    permutations, seed : int
        Shuffles of all values, and where they start.
    inside : numpy.ndarray of bool, optional
        Units that take part, shape ``(n,)``, such as `lattice.inside`; all without it.

    References
    ----------
    Moran 1950, *Notes on continuous stochastic phenomena*; Ripley 1981, *Spatial statistics* (the
    guard zone).

    Examples
    --------
    >>> from scipy import sparse
    >>> ring = np.roll(np.eye(12), 1, axis=1) + np.roll(np.eye(12), -1, axis=1)
    >>> moran(np.arange(12.0), sparse.csr_array(ring), permutations=99).i > 0
    True
    """
    from esda.moran import Moran as EsdaMoran

    values = numbers_of(values, "Values")
    if not sparse.issparse(touching) or touching.shape != (len(values), len(values)):
        raise AnalysisError(
            "Neighbours are a sparse array with a row and a column for each value.",
            f"a {type(touching).__name__}.",
            "Use spatial.hotspots, which finds the neighbours of hexagons.",
        )

    if inside is not None:
        values, touching = values[inside], both_of(touching, inside)
    n = len(values)
    if n < MIN_UNITS or not touching.nnz or not np.ptp(values):
        nothing = float("nan")
        return Moran(nothing, nothing, nothing, nothing, 0, n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = EsdaMoran(values, _graph(touching), permutations=0)
    weights = sparse.diags_array(1 / np.maximum(np.diff(touching.indptr), 1)) @ touching
    centred = values - values.mean()
    scale = len(values) / (weights.sum() * (centred**2).sum())
    rng = np.random.default_rng(seed)
    extreme = 0
    for start in range(0, permutations, 50):
        some = np.tile(centred, (min(50, permutations - start), 1))
        shuffled = rng.permuted(some, axis=1).T
        found = scale * (shuffled * (weights @ shuffled)).sum(axis=0)
        extreme += int((np.abs(found - whole.EI) >= abs(whole.I - whole.EI) - 1e-12).sum())
    p = (1 + extreme) / (1 + permutations)
    return Moran(float(whole.I), float(whole.EI), float(whole.z_rand), p, permutations, n)


def both_of(touching: sparse.csr_array, kept: np.ndarray) -> sparse.csr_array:
    """Return which of the kept units are neighbours."""
    rows = cast(sparse.csr_array, touching[kept])
    return cast(sparse.csr_array, rows[:, kept])


def false_discovery(p: np.ndarray) -> np.ndarray:
    """Return Benjamini-Hochberg adjusted p-values; NaN stays NaN and does not count as a test."""
    from scipy.stats import false_discovery_control

    q, tested = np.array(p, dtype=float), ~np.isnan(p)
    if tested.any():
        q[tested] = false_discovery_control(q[tested])
    return q


def _draw(n: int, k: int, draws: int, seed: int) -> np.ndarray:
    """Ordered samples of k different numbers below n, shape ``(draws, k)``, each equally likely."""
    rng = np.random.default_rng(seed)
    if k * k > n:
        # Drawing again until all differ would take too long: shuffle instead.
        rows = max(1, _CHUNK // n)
        return np.concatenate(
            [
                rng.random((min(rows, draws - start), n)).argsort(axis=1)[:, :k]
                for start in range(0, draws, rows)
            ]
        )
    chosen = rng.integers(n, size=(draws, k))
    while True:
        ordered = np.sort(chosen, axis=1)
        again = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        if not len(again):
            return chosen
        chosen[again] = rng.integers(n, size=(len(again), k))


def _graph(touching: sparse.csr_array):
    from libpysal.graph import Graph

    return Graph.from_sparse(touching)
