"""The three permutation tests: p-values of the gains, and their correction."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl

from strec.gate.design import design_of
from strec.gate.nested_models import FittedModel, NestedModels, fit_models
from strec.gate.permutations import PlaceWorlds, Swaps, TimeWorlds
from strec.progress import Progress

#: A test stops when so many null worlds did as well as the data: its p-value is then far from 0.05.
ENOUGH_AS_GOOD = 10
WORKERS = 2
Statistic = Callable[[int], float]


@dataclass(frozen=True)
class Shuffled:
    """What null worlds show: p-value, mean gain in nats, how many did as well, of how many."""

    p_value: float
    mean: float
    n_as_good: int
    n_worlds: int


def permutation_tests(
    table: pl.DataFrame,
    reasons: dict[str, str],
    n_permutations: int,
    seed: int,
    progress: Progress,
) -> dict[str, Shuffled]:
    """Return what shuffling shows about each ingredient that can be tested.

    `reasons` names the ingredients that cannot; `progress` hears what is shuffled.
    """
    design, labels = design_of(table, np.random.default_rng([seed, 1]))
    tests = _Tests(*fit_models(design, labels, reasons), seed)
    names = [name for name in ("time", "space", "interaction") if name not in reasons]
    found = {}
    for k, name in enumerate(names):

        def told(world: int, name=name, k=k) -> None:
            progress(f"Shuffling: {name}", (k + world / n_permutations) / len(names))

        observed, statistic = getattr(tests, name)()
        found[name] = p_value(observed, statistic, n_permutations, told)
    return found


class _Tests:
    """The observed gain of each ingredient, and its gain in the null world of a number."""

    def __init__(self, nested: NestedModels, fitted: dict[str, FittedModel], seed: int):
        self.nested, self.fitted, self.seed = nested, fitted, seed
        self.both = "M_TS" in fitted

    def time(self) -> tuple[float, Statistic]:
        """M_TS over M_S (or M_T over M0 without places), with the hours dealt anew."""
        above, below = ("M_TS", "M_S") if self.both else ("M_T", "M0")
        worlds = TimeWorlds(self.nested.design, self.nested.labels)

        def statistic(world: int) -> float:
            other = self.nested.with_labels(worlds.draw(self._rng(2, world)))
            other.add_time()
            return self._gain(other, above, self.fitted[below])

        return self._observed(above, below), statistic

    def space(self) -> tuple[float, Statistic]:
        """M_TS over M_T (or M_S over M0 without times), with the places dealt anew."""
        above, below = ("M_TS", "M_T") if self.both else ("M_S", "M0")
        design = self.nested.design
        weights = self.fitted["M_T"].weights if self.both else None
        worlds = PlaceWorlds(self.nested, weights, self._rng(3, -1))

        def statistic(world: int) -> float:
            drawn = worlds.draw(self._rng(3, world))
            if design.place == "checkin":
                other = self.nested.with_labels(drawn)
                other.add_space()
                return self._gain(other, above, self.fitted[below])
            # Where an item is a place, new places mean a new order of items: all is recounted.
            other = NestedModels(design, drawn)
            if self.both:
                other.add_time()
            other.add_space()
            return self._gain(other, above, other.fit(below, self.fitted[below]))

        return self._observed(above, below), statistic

    def interaction(self) -> tuple[float, Statistic]:
        """M_TxS over M_TS, with the items dealt anew as M_TS would."""
        both = self.fitted["M_TS"]
        worlds = Swaps(self.nested, self._rng(4, -1), None, both.weights)

        def statistic(world: int) -> float:
            other = NestedModels(self.nested.design, worlds.draw(self._rng(4, world)))
            other.add_time()
            other.add_space()
            lower = other.fit("M_TS", both)
            other.add_joint(lower.weights)
            return self._gain(other, "M_TxS", lower)

        return self._observed("M_TxS", "M_TS"), statistic

    def _gain(self, other: NestedModels, above: str, below: FittedModel) -> float:
        return float((other.fit(above, self.fitted[above]).gain - below.gain).mean())

    def _observed(self, above: str, below: str) -> float:
        return float((self.fitted[above].gain - self.fitted[below].gain).mean())

    def _rng(self, part: int, world: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, part, world + 1])


def p_value(
    observed: float,
    statistic: Statistic,
    n_permutations: int,
    told: Callable[[int], None] | None = None,
) -> Shuffled:
    """Return the Monte Carlo p-value of `observed`, and the null worlds it rests on.

    With all worlds drawn it is ``(b + 1) / (m + 1)``, where `b` worlds were at least as good; a
    test that stops early, with `b` reached after `l` worlds, has ``b / l``. Both are valid
    (Besag and Clifford 1991, Sequential Monte Carlo p-values, Biometrika 78).

    Parameters
    ----------
    observed : float
        The statistic of the data.
    statistic : callable
        Takes the number of a null world and returns its statistic; called from threads.
    told : callable, optional
        Hears the number of worlds drawn so far.

    Examples
    --------
    >>> p_value(2.0, lambda world: 1.0, 99)
    Shuffled(p_value=0.01, mean=1.0, n_as_good=0, n_worlds=99)
    >>> p_value(0.0, lambda world: 1.0, 99)
    Shuffled(p_value=1.0, mean=1.0, n_as_good=10, n_worlds=10)
    """
    from threadpoolctl import threadpool_limits

    as_good, total = 0, 0.0
    # Each worker is a thread already: threads of its own for linear algebra would only get in
    # the way of the others.
    with threadpool_limits(1), ThreadPoolExecutor(WORKERS) as pool:
        for first in range(0, n_permutations, WORKERS):
            worlds = range(first, min(first + WORKERS, n_permutations))
            for world, found in zip(worlds, pool.map(statistic, worlds), strict=True):
                if told:
                    told(world + 1)
                # Float noise must not decide between two worlds that are equal.
                as_good += found >= observed - 1e-9
                total += found
                if as_good == ENOUGH_AS_GOOD:
                    drawn = world + 1
                    return Shuffled(as_good / drawn, total / drawn, as_good, drawn)
    p = (as_good + 1) / (n_permutations + 1)
    return Shuffled(p, total / n_permutations, as_good, n_permutations)


def holm(p_values: dict[str, float]) -> dict[str, float]:
    """Return Holm's (1979) adjusted p-values.

    Examples
    --------
    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    adjusted, floor = {}, 0.0
    ordered = sorted(p_values.items(), key=lambda pair: pair[1])
    for rank, (name, p) in enumerate(ordered):
        floor = max(floor, min(1.0, (len(ordered) - rank) * p))
        adjusted[name] = floor
    return adjusted
