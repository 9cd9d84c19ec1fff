"""The three permutation tests: p-values of the gains, and their correction."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from strec.gate.design import design_of
from strec.gate.nested_models import FittedModel, NestedModels, fit_models
from strec.gate.permutations import PlaceWorlds, Swaps, TimeWorlds
from strec.progress import Progress
from strec.split import Log

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
    log: Log, reasons: dict[str, str], n_permutations: int, seed: int, progress: Progress
) -> dict[str, Shuffled]:
    """Return what shuffling shows about each ingredient that can be tested.

    `reasons` names the ingredients that cannot.
    """
    design, labels = design_of(log, np.random.default_rng([seed, 1]))
    nested, fitted = fit_models(design, labels, reasons)
    statistics = {"time": _time, "space": _space, "interaction": _interaction}
    names = [name for name in statistics if name not in reasons]
    found = {}
    for k, name in enumerate(names):

        def told(world: int, name: str = name, k: int = k) -> None:
            progress(f"Shuffling: {name}", (k + world / n_permutations) / len(names))

        observed, statistic = statistics[name](nested, fitted, seed)
        found[name] = p_value(observed, statistic, n_permutations, told)
    return found


def _time(
    nested: NestedModels, fitted: dict[str, FittedModel], seed: int
) -> tuple[float, Statistic]:
    """M_TS over M_S (or M_T over M0 without places), with the hours dealt anew."""
    above, below = ("M_TS", "M_S") if "M_TS" in fitted else ("M_T", "M0")
    worlds = TimeWorlds(nested.design, nested.labels)

    def statistic(world: int) -> float:
        other = nested.with_labels(worlds.draw(_rng(seed, 2, world)))
        other.add_time()
        return _gain(other.fit(above, fitted[above]), fitted[below])

    return _gain(fitted[above], fitted[below]), statistic


def _space(
    nested: NestedModels, fitted: dict[str, FittedModel], seed: int
) -> tuple[float, Statistic]:
    """M_TS over M_T (or M_S over M0 without times), with the places dealt anew."""
    both = "M_TS" in fitted
    above, below = ("M_TS", "M_T") if both else ("M_S", "M0")
    if nested.design.place == "item":
        worlds = Swaps(nested, _rng(seed, 3, -1), fitted["M_T"] if both else None)
    else:
        worlds = PlaceWorlds(nested.design, nested.labels)

    def statistic(world: int) -> float:
        drawn = worlds.draw(_rng(seed, 3, world))
        if nested.design.place == "checkin":
            other, lower = nested.with_labels(drawn), fitted[below]
            other.add_space()
        else:
            # Where an item is a place, new places mean a new order of items: all is recounted.
            other = NestedModels(nested.design, drawn)
            if both:
                other.add_time()
            other.add_space()
            lower = other.fit(below, fitted[below])
        return _gain(other.fit(above, fitted[above]), lower)

    return _gain(fitted[above], fitted[below]), statistic


def _interaction(
    nested: NestedModels, fitted: dict[str, FittedModel], seed: int
) -> tuple[float, Statistic]:
    """M_TxS over M_TS, with the items dealt anew as M_TS would."""
    both = fitted["M_TS"]
    worlds = Swaps(nested, _rng(seed, 4, -1), both)

    def statistic(world: int) -> float:
        other = NestedModels(nested.design, worlds.draw(_rng(seed, 4, world)))
        other.add_time()
        other.add_space()
        lower = other.fit("M_TS", both)
        other.add_joint(lower.weights)
        return _gain(other.fit("M_TxS", fitted["M_TxS"]), lower)

    return _gain(fitted["M_TxS"], both), statistic


def _gain(above: FittedModel, below: FittedModel) -> float:
    return float((above.gain - below.gain).mean())


def _rng(seed: int, part: int, world: int) -> np.random.Generator:
    return np.random.default_rng([seed, part, world + 1])


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
    >>> list(holm({"a": 0.01, "b": 0.04, "c": 0.03}))
    ['a', 'b', 'c']
    """
    from statsmodels.stats.multitest import multipletests

    if not p_values:
        return {}
    adjusted = np.asarray(multipletests(list(p_values.values()), method="holm")[1])
    return dict(zip(p_values, adjusted.tolist(), strict=True))
