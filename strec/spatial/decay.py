"""Distance decay: how much less likely is a destination for being farther away?"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from strec.errors import AnalysisError
from strec.geo import distance_km
from strec.spatial.hexagons import resolution_that_shows
from strec.store import HasStore, Store, frame_of
from strec.wording import rough_distance

#: Only the largest origins and destinations: the fit looks at every pair.
MOST_CELLS = 400
MIN_CELLS = 5
MIN_STEPS = 50
BOOTSTRAPS, PERMUTATIONS = 500, 499
POWER, EXPONENTIAL = "power law", "exponential"
#: A law is called the better one when it is in so many of the resampled data.
SURE = 0.95
_GRID = 121
_ROUNDS = 12
_BINS = 12


@dataclass(frozen=True)
class DistanceDecay:
    """How the choice of a destination falls with distance.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row per class of distance: `km` (geometric middle), `n_checkins`, `expected` (steps
        if only the popularity of destinations counted), `ratio` (observed / expected), `power`,
        `exponential` (the ratios that the two fits say).
    exponent, exponent_low, exponent_high : float
        Of the power law d^-exponent, with its 95 % interval over origins.
    scale_km, scale_low, scale_high : float
        Of the exponential e^(-d / scale), with its interval.
    better : str
        ``power law`` or ``exponential``: the one with the higher likelihood.
    support : float
        Share of bootstrap samples in which it stays the better.
    p : float
        Share of shuffled maps in which distance explains as much.
    n_steps, n_cells : int
    """

    frame: pd.DataFrame
    exponent: float
    exponent_low: float
    exponent_high: float
    scale_km: float
    scale_low: float
    scale_high: float
    better: str
    support: float
    p: float
    n_steps: int
    n_cells: int

    @property
    def is_certain(self) -> bool:
        """Whether the test and the 95 % intervals of both laws say that distance matters."""
        far, near = self.exponent_high < 0, self.exponent_low > 0 and self.scale_high < np.inf
        return self.p <= 0.05 and bool(far or near)

    @property
    def sentence(self) -> str:
        """What distance does, with its intervals; where they hold 0, that it cannot be told."""
        interval = f"95 % interval {_number(self.exponent_low)} to {_number(self.exponent_high)}"
        if not self.is_certain:
            return (
                f"These {self.n_steps:,} steps do not tell whether distance keeps people away "
                f"(exponent {_number(self.exponent)}, {interval}; p = {self.p:.3f} against "
                "shuffled maps)."
            )
        if self.exponent <= 0:
            return (
                "Far destinations are preferred to near ones of the same size (exponent "
                f"{_number(self.exponent)}, {interval}; p = {self.p:.3f} against shuffled maps)."
            )
        if self.better == POWER:
            effect = (
                f"Twice as far, a destination of the same size is chosen {2**self.exponent:.1f} "
                f"times less often: d to the power of {_number(-self.exponent)} ({interval} for "
                "the exponent)"
            )
        else:
            effect = (
                f"With every {rough_distance(self.scale_km)} more, a destination of the same size "
                f"is chosen 2.7 times less often (95 % interval "
                f"{rough_distance(self.scale_low)} to {rough_distance(self.scale_high)})"
            )
        other = EXPONENTIAL if self.better == POWER else POWER
        which = (
            f"The {self.better} fits better than the {other} in {100 * self.support:.0f} % of "
            "resampled data"
        )
        doubt = "" if self.support >= SURE else ": which of the two it is cannot be told"
        return f"{effect}. {which}{doubt}. p = {self.p:.3f} against shuffled maps."


def distance_decay(
    flows: pd.DataFrame | HasStore | Store,
    most_cells: int = MOST_CELLS,
    bootstraps: int = BOOTSTRAPS,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> DistanceDecay:
    """Fit how the choice of a destination falls with distance, given how popular it is.

    Parameters
    ----------
    flows : pandas.DataFrame, Dataset or Store
        `origin`, `destination`, `from_lat`, `from_lon`, `to_lat`, `to_lon`, `n_checkins`:
        `Store.busiest_flows`, or `Store.flows` between cells with `min_users=1`.
    most_cells : int
        Look at the steps among so many of the busiest cells.
    bootstraps, permutations, seed : int
        Samples of origins, shuffles of the map, and where they start.

    Raises
    ------
    AnalysisError
        If there are too few cells or steps between them.

    References
    ----------
    Wilson 1971, *A family of spatial interaction models*; Huff 1964, *Defining and estimating a
    trading area*.

    Notes
    -----
    A doubly constrained gravity model: from cell i, destination j ≠ i is chosen
    with probability proportional to m_j f(d_ij), where f is d^-β or e^(-d/s), and the m_j are such
    that every cell gets as many arrivals as it has. (Arrivals themselves in place of m_j, as in
    Huff's model, would credit central cells for being near, and halve a strong decay.) It is
    fitted by maximum likelihood. The interval is a bootstrap over origins that takes one step
    from the fit (the efficient score, in which the m_j adapt) instead of fitting each sample anew;
    it is never narrower than independent steps would make it.
    The p-value compares the score of log d at β = 0 with that on maps whose cells are shuffled.

    Examples
    --------
    >>> import itertools
    >>> pairs = list(itertools.permutations(range(6), 2))
    >>> flows = pd.DataFrame(pairs, columns=["origin", "destination"])
    >>> flows = flows.assign(from_lat=flows.origin / 100, to_lat=flows.destination / 100)
    >>> flows = flows.assign(from_lon=0.0, to_lon=0.0)
    >>> apart = (flows.origin - flows.destination).abs()
    >>> flows = flows.assign(n_checkins=(1000 / apart**2).astype(int))
    >>> found = distance_decay(flows, bootstraps=50, permutations=19)
    >>> round(found.exponent, 1), found.better
    (2.0, 'power law')
    """
    flows = frame_of(
        flows,
        ("origin", "destination", "from_lat", "from_lon", "to_lat", "to_lon", "n_checkins"),
        lambda store: store.busiest_flows(resolution_that_shows(store), most=most_cells),
    )
    counts, lat, lon = _matrix(flows, most_cells)
    n_cells, n_steps = len(counts), int(counts.sum())
    if n_cells < MIN_CELLS or n_steps < MIN_STEPS:
        raise AnalysisError(
            f"Distance decay needs {MIN_STEPS} steps among {MIN_CELLS} or more hexagons.",
            f"{n_steps:,} steps among {n_cells:,} hexagons.",
            "Choose smaller hexagons, or loosen the filters.",
        )
    distance = distance_km(lat[:, None], lon[:, None], lat, lon)
    np.fill_diagonal(distance, 1.0)
    log_distance = np.log(distance)
    mean_km = float((counts * distance).sum() / n_steps)
    rng = np.random.default_rng(seed)
    busy = int((counts.sum(axis=1) > 0).sum())
    weight = rng.multinomial(busy, np.full(busy, 1 / busy), size=bootstraps)
    power = _law(counts, log_distance, np.linspace(-1, 5, _GRID), weight)
    exponential = _law(counts, distance, np.linspace(-1, 10, _GRID) / mean_km, weight)
    power_wins = power.best >= exponential.best
    flat = np.zeros_like(distance)
    chance = _expected(counts, _balanced(counts, _log_arrivals(counts), flat, 0.0, 20), flat, 0.0)
    laws = {"power": power.expected, "exponential": exponential.expected}
    exponent_low, exponent_high = np.quantile(power.draws, [0.025, 0.975])
    scale_low, scale_high = sorted(map(_scale, np.quantile(exponential.draws, [0.025, 0.975])))
    return DistanceDecay(
        _classes(counts, distance, chance, laws),
        power.slope,
        float(exponent_low),
        float(exponent_high),
        _scale(exponential.slope),
        scale_low,
        scale_high,
        POWER if power_wins else EXPONENTIAL,
        float(np.mean((power.scores >= exponential.scores) == power_wins)),
        _shuffled_maps(counts - chance, log_distance, permutations, rng),
        n_steps,
        n_cells,
    )


class _Law(NamedTuple):
    """A law fitted: likelihood of the data and of samples of origins, slopes of the samples."""

    slope: float
    best: float
    scores: np.ndarray
    draws: np.ndarray
    expected: np.ndarray


def _law(counts: np.ndarray, cost: np.ndarray, slopes: np.ndarray, weight: np.ndarray) -> _Law:
    slope, log_mass = _fit(counts, cost, slopes)
    likelihood = _likelihood(counts, log_mass, cost, slopes)[counts.sum(axis=1) > 0]
    expected = _expected(counts, log_mass, cost, slope)
    best = float(_highest(likelihood.sum(axis=0)[None, :])[0])
    draws = _draws(counts, expected, cost, slope, weight)
    return _Law(slope, best, _highest(weight @ likelihood), draws, expected)


def _matrix(flows: pd.DataFrame, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps between the busiest cells, shape ``(n, n)``, and where those cells are."""
    sides = [
        flows[[name, f"{side}_lat", f"{side}_lon", "n_checkins"]].set_axis(
            ["cell", "lat", "lon", "n"], axis=1
        )
        for name, side in (("origin", "from"), ("destination", "to"))
    ]
    grouped = pd.concat(sides).dropna().groupby("cell")
    ends = grouped.agg(lat=("lat", "first"), lon=("lon", "first"), n=("n", "sum"))
    ends = ends.nlargest(most, "n").sort_index()
    row, column = (
        ends.index.get_indexer(pd.Index(flows[name])) for name in ("origin", "destination")
    )
    inside = (row >= 0) & (column >= 0) & (row != column)
    counts = np.zeros((len(ends), len(ends)))
    np.add.at(counts, (row[inside], column[inside]), flows["n_checkins"].to_numpy()[inside])
    return counts, ends["lat"].to_numpy(), ends["lon"].to_numpy()


def _fit(counts, cost, slopes) -> tuple[float, np.ndarray]:
    """The slope of highest likelihood, and the log attraction of each cell that goes with it."""
    from scipy.optimize import minimize_scalar

    log_mass = _log_arrivals(counts)
    slope = 0.0
    for _ in range(_ROUNDS):
        before = slope
        found: Any = minimize_scalar(
            lambda each, mass=log_mass: -_likelihood(counts, mass, cost, [each]).sum(),
            bounds=(slopes[0], slopes[-1]),
            method="bounded",
        )
        slope = float(found.x)
        log_mass = _balanced(counts, log_mass, cost, slope)
        if abs(slope - before) < 1e-4 * (slopes[-1] - slopes[0]):
            break
    return slope, log_mass


def _draws(counts, expected, cost, slope, weight) -> np.ndarray:
    """Slopes of samples of origins: how much each origin moves the slope, as often as drawn."""
    steps = np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    share = expected / steps
    surplus = counts - expected
    centred = cost - (share * cost).sum(axis=1, keepdims=True)
    own = (expected * centred**2).sum()
    with_mass = -(expected * centred).sum(axis=0)
    masses = np.diag(expected.sum(axis=0)) - share.T @ expected
    # Attractions are known but for a factor: the pseudo-inverse leaves it out.
    adapt = np.linalg.pinv(masses, hermitian=True) @ with_mass
    score = -(surplus * cost).sum(axis=1) - surplus @ adapt
    information = max(own - with_mass @ adapt, 1e-12)
    moved = (weight - 1) @ score[counts.sum(axis=1) > 0] / information
    # A few large origins are too small a sample of origins.
    stretch = max(1.0, 1 / np.sqrt(information) / max(moved.std(), 1e-12))
    return slope + stretch * moved


def _log_arrivals(counts) -> np.ndarray:
    # A cell without arrivals is still an origin.
    return np.log(np.maximum(counts.sum(axis=0), 1e-9))


def _balanced(counts, log_mass, cost, slope, rounds: int = 10) -> np.ndarray:
    """Attractions under which every cell gets as many arrivals as it has."""
    arrivals = np.maximum(counts.sum(axis=0), 1e-9)
    for _ in range(rounds):
        got = _expected(counts, log_mass, cost, slope).sum(axis=0)
        log_mass = log_mass + np.log(arrivals / np.maximum(got, 1e-12))
    return log_mass


def _expected(counts, log_mass, cost, slope) -> np.ndarray:
    """Steps between all pairs if destinations were chosen so, shape ``(n, n)``."""
    weights = _weights(log_mass, cost, slope)
    return counts.sum(axis=1, keepdims=True) * weights / weights.sum(axis=1, keepdims=True)


def _likelihood(counts, log_mass, cost, slopes) -> np.ndarray:
    """Log likelihood of each origin's steps at each slope, shape ``(n_origins, n_slopes)``."""
    steps, costs, masses = counts.sum(axis=1), (counts * cost).sum(axis=1), counts @ log_mass
    found = np.empty((len(counts), len(slopes)))
    for k, slope in enumerate(slopes):
        total = np.log(_weights(log_mass, cost, slope).sum(axis=1))
        found[:, k] = masses - slope * costs - steps * total
    return found


def _weights(log_mass, cost, slope) -> np.ndarray:
    weights = np.exp(log_mass[None, :] - slope * cost)
    np.fill_diagonal(weights, 0)
    return np.maximum(weights, 1e-300)


def _highest(score: np.ndarray) -> np.ndarray:
    """How high each row of scores is at its highest, between the points of the grid."""
    k = score.argmax(axis=1).clip(1, score.shape[1] - 2)
    rows = np.arange(len(score))
    left, middle, right = score[rows, k - 1], score[rows, k], score[rows, k + 1]
    curve = left - 2 * middle + right
    shift = np.where(curve < 0, 0.5 * (left - right) / np.where(curve < 0, curve, 1), 0).clip(-1, 1)
    return np.maximum(middle - 0.25 * (left - right) * shift, score.max(axis=1))


def _classes(counts, distance, chance, laws: dict[str, np.ndarray]) -> pd.DataFrame:
    """Observed over expected steps in classes of distance with about equally many expected."""
    pairs = ~np.eye(len(counts), dtype=bool)
    expected, d = chance[pairs], distance[pairs]
    order = np.argsort(d, kind="stable")
    running = expected[order].cumsum()
    group = np.empty(len(d), dtype=int)
    group[order] = np.minimum((running / running[-1] * _BINS).astype(int), _BINS - 1)
    columns = {"log_km": np.log(d) * expected, "n_checkins": counts[pairs], "expected": expected}
    columns |= {law: steps[pairs] for law, steps in laws.items()}
    table = pd.DataFrame({"group": group} | columns).groupby("group").sum()
    table.insert(0, "km", np.exp(table.pop("log_km") / table["expected"]))
    table["ratio"] = table["n_checkins"] / table["expected"]
    for law in laws:
        table[law] = table[law] / table["expected"]
    return table.reset_index(drop=True)


def _shuffled_maps(surplus, log_distance, permutations: int, rng) -> float:
    """Two-sided p-value of the score of log distance at slope 0 over shuffled maps."""
    observed = (surplus * log_distance).sum()
    drawn = np.empty(permutations)
    for k in range(permutations):
        order = rng.permutation(len(surplus))
        drawn[k] = (surplus * log_distance[np.ix_(order, order)]).sum()
    centre = drawn.mean()
    extreme = (np.abs(drawn - centre) >= abs(observed - centre)).sum()
    return float((1 + extreme) / (1 + permutations))


def _scale(rate: float) -> float:
    return float(1 / rate) if rate > 1e-9 else float("inf")


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
