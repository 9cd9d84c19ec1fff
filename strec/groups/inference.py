"""How sure a ratio of two rates is when users and days, not check-ins, are what varies.

A rate is a ratio of sums, y / x: check-ins of one kind over days of exposure, or over all
check-ins. The log of the ratio of two rates is linear in what each cluster adds,

    s_c = Y_A,c / y_A - X_A,c / x_A - Y_B,c / y_B + X_B,c / x_B

so that its variance is the sum of squares over clusters; with users and days crossing each other
it is V(users) + V(days) - V(users x days), and never below the larger of the first two.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.stats import t as student

#: What is summed over clusters: pairs of (Y of A, X of A, Y of B, X of B).
YA, XA, YB, XB = range(4)


@dataclass(frozen=True)
class Clusters:
    """Counts of each cluster (a user, a day, or both) in each cell of a picture.

    Attributes
    ----------
    y : tuple of scipy.sparse.csr_array
        Of group A and of group B, shape ``(n_clusters, n_cells)``.
    x : tuple of numpy.ndarray
        Exposure of each cluster in A and in B.
    squares : tuple of float, optional
        Sums over all clusters of x_A², x_A x_B, x_B², where clusters without any check-in are
        not listed in `y` and `x`.
    """

    y: tuple[sparse.csr_array, sparse.csr_array]
    x: tuple[np.ndarray, np.ndarray]
    squares: tuple[float, float, float] | None = None

    def products(self, reduce_bias: bool) -> np.ndarray:
        """Return the sums over clusters of all products, shape ``(n_cells, 4, 4)``.

        `reduce_bias` divides by what a large cluster takes from its own residual (CR2).
        """
        (y_a, y_b), (x_a, x_b) = self.y, self.x
        if reduce_bias:
            own = np.maximum(x_a / max(x_a.sum(), 1e-300), x_b / max(x_b.sum(), 1e-300))
            factor = 1 / np.sqrt(1 - np.minimum(own, 0.99))
            y_a, y_b = (sparse.csr_array(sparse.diags_array(factor) @ y) for y in (y_a, y_b))
            x_a, x_b = factor * x_a, factor * x_b
        found = np.zeros((len(_sums(y_a)), 4, 4))
        found[:, YA, YA], found[:, YB, YB] = _sums(y_a.multiply(y_a)), _sums(y_b.multiply(y_b))
        found[:, YA, YB] = _sums(y_a.multiply(y_b))
        for i, y in ((YA, y_a), (YB, y_b)):
            found[:, i, XA], found[:, i, XB] = y.T @ x_a, y.T @ x_b
        own_squares = float(x_a @ x_a), float(x_a @ x_b), float(x_b @ x_b)
        squares = own_squares if self.squares is None else self.squares
        found[:, XA, XA], found[:, XA, XB], found[:, XB, XB] = squares
        lower = np.swapaxes(found, 1, 2)
        return np.where(found == 0, lower, found)

    def in_effect(self) -> np.ndarray:
        """Return how many equal clusters would vary as much (Kish), the fewer of both groups."""
        counts = []
        for y in self.y:
            total, square = _sums(y), _sums(y.multiply(y))
            counts.append(np.where(square > 0, total**2 / np.maximum(square, 1e-300), np.inf))
        return np.minimum(*counts)


@dataclass(frozen=True)
class Ratios:
    """Two rates of each cell, and their ratio: arrays of one number per cell."""

    rate: tuple[np.ndarray, np.ndarray]
    log_ratio: np.ndarray
    error: np.ndarray
    #: Of the difference of the rates.
    difference_error: np.ndarray
    freedom: np.ndarray
    p: np.ndarray

    def interval(self, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the interval of the ratio that holds with probability ``1 - alpha``."""
        half = student.ppf(1 - alpha / 2, self.freedom) * self.error
        return np.exp(self.log_ratio - half), np.exp(self.log_ratio + half)

    def difference(self, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the interval of rate A minus rate B."""
        half = student.ppf(1 - alpha / 2, self.freedom) * self.difference_error
        apart = self.rate[0] - self.rate[1]
        return apart - half, apart + half


def ratios(
    counts: tuple[np.ndarray, np.ndarray],
    exposure: tuple[float, float],
    ways: list[Clusters],
    both: Clusters | None,
    of_all: bool,
) -> Ratios:
    """Return the ratio of two rates in each cell, with its error over clusters.

    Parameters
    ----------
    counts : tuple of numpy.ndarray
        Check-ins of each cell in A and in B.
    exposure : tuple of float
        What they are divided by.
    ways : list of Clusters
        By users, by days: each way in which check-ins belong together.
    both : Clusters, optional
        By users and days, where there are two ways.
    of_all : bool
        Whether exposure is the number of check-ins, so that a rate is a share.
    """
    # Where one group has none, half a check-in stands for it in both.
    half = np.where((counts[0] == 0) | (counts[1] == 0), 0.5, 0.0)
    y_a, y_b = counts[0] + half, counts[1] + half
    x_a, x_b = exposure
    one = np.ones_like(y_a)
    log_weights = np.stack([1 / y_a, -one / x_a, -1 / y_b, one / x_b], axis=1)
    weights = np.stack([one / x_a, -y_a / x_a**2, -one / x_b, y_b / x_b**2], axis=1)
    rest = (1 - counts[0] / x_a, 1 - counts[1] / x_b) if of_all else (one, one)
    # Check-ins that come by themselves vary at least so much.
    least = rest[0] / y_a + rest[1] / y_b
    least_apart = rest[0] * y_a / x_a**2 + rest[1] * y_b / x_b**2
    error = np.sqrt(np.maximum(_variance(log_weights, ways, both), least))
    apart = np.sqrt(np.maximum(_variance(weights, ways, both), least_apart))
    freedom = np.maximum(np.min([way.in_effect() for way in ways], axis=0) - 1, 1.0)
    log_ratio = np.log(y_a / x_a) - np.log(y_b / x_b)
    p = 2 * student.sf(np.abs(log_ratio) / error, freedom)
    return Ratios((counts[0] / x_a, counts[1] / x_b), log_ratio, error, apart, freedom, p)


def _variance(weights: np.ndarray, ways: list[Clusters], both: Clusters | None) -> np.ndarray:
    def of(clusters: Clusters, reduce_bias: bool) -> np.ndarray:
        return np.einsum("ki,kij,kj->k", weights, clusters.products(reduce_bias), weights)

    single = [of(way, True) for way in ways]
    if both is None:
        return np.max(single, axis=0)
    return np.maximum(np.sum(single, axis=0) - of(both, False), np.max(single, axis=0))


def _sums(matrix) -> np.ndarray:
    return np.asarray(matrix.sum(axis=0)).ravel()
