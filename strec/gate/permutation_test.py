"""The permutation tests: p-values of the gains, and their correction."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from strec.gate.design import with_items
from strec.gate.nested_models import FittedModel, NestedModels
from strec.gate.permutations import PlaceWorlds, Swaps, TimeWorlds
from strec.progress import Progress
from strec.threads import side_by_side

#: A test stops when so many null worlds did as well as the data: of 99 the p-value is then above
#: 0.05.
ENOUGH_AS_GOOD = 5
#: Drift, and the parts of time, are looked at in so many worlds, of which none may do as well. So
#: is an ingredient whose gain alone says no.
FEW_WORLDS = 19
Statistic = Callable[[int], float]
#: The gain of a null world per scored check-in, ``(n_scored,)``.
Gains = Callable[[int], np.ndarray]


@dataclass(frozen=True)
class Shuffled:
    """What null worlds show.

    p-value, mean gain in nats, how many did as well, of how many, and how far their gains spread
    (standard deviation).
    """

    p_value: float
    mean: float
    n_as_good: int
    n_worlds: int
    spread: float = 0.0


@dataclass(frozen=True)
class Excess:
    """What the data gain beyond the mean of a few null worlds: per scored check-in, and its user.

    `n_as_good` of `n_worlds` gained as much on the whole.
    """

    beyond: np.ndarray
    user: np.ndarray
    n_as_good: int
    n_worlds: int


class PermutationTests:
    """Null worlds of one log, and what they show about each ingredient that can be tested."""

    def __init__(self, nested: NestedModels, fitted: dict[str, FittedModel], seed: int):
        self.design, self.nested, self.fitted, self.seed = nested.design, nested, fitted, seed

    def p_value(
        self, name: str, n_permutations: int, progress: Progress, given_place: bool = False
    ) -> Shuffled:
        """Return what shuffling shows about an ingredient.

        The order of check-ins is judged beyond their places only where these matter.
        """
        make = {"time": _time, "space": _space, "interaction": _interaction}.get(name)
        found = (make or partial(_order, given_place))(self.nested, self.fitted, self.seed)
        return p_value(
            *found, n_permutations,
            lambda world: progress(f"Shuffling: {name}", world / n_permutations),
        )  # fmt: skip

    def time_part(self, name: str, progress: Progress) -> Excess:
        """Return what the data gain beyond worlds where this part of time alone is dealt anew."""
        above, below = _time_models(self.fitted)
        worlds = TimeWorlds(self.design, self.nested.labels)
        part = self.design.tested_parts.index(name)

        def gains(world: int) -> np.ndarray:
            drawn = worlds.draw(_rng(self.seed, 10 + part, world), only=name)
            other = self.nested.with_labels(drawn)
            other.add_time()
            return other.fit(above, self.fitted[above]).gain - self.fitted[below].gain

        return self._excess(self.fitted[above].gain - self.fitted[below].gain, gains, progress)

    def drift(self, progress: Progress) -> Excess:
        """Return what the data gain beyond worlds where each user's order is drawn at random."""
        user, labels = self.design.user, self.nested.labels

        def gains(world: int) -> np.ndarray:
            luck = _rng(self.seed, 5, world).random(len(user))
            drawn = with_items(self.design, labels, np.lexsort((luck, user)))
            other = NestedModels(self.design, drawn)
            habits = other.fit("M_H", self.fitted["M_H"])
            return other.fit("M0", self.fitted["M0"]).gain - habits.gain

        return self._excess(self.fitted["M0"].gain - self.fitted["M_H"].gain, gains, progress)

    def _excess(self, observed: np.ndarray, gains: Gains, progress: Progress) -> Excess:
        total, as_good = np.zeros(len(observed)), 0
        for world, found in enumerate(side_by_side(gains, FEW_WORLDS), 1):
            total += found
            as_good += found.mean() >= observed.mean() - 1e-9
            progress("Shuffling", world / FEW_WORLDS)
        beyond = observed - np.maximum(total.mean() / FEW_WORLDS, 0.0)
        return Excess(beyond, self.design.user[self.design.scored], int(as_good), FEW_WORLDS)


def _time_models(fitted: dict[str, FittedModel]) -> tuple[str, str]:
    return ("M_TS", "M_S") if "M_TS" in fitted else ("M_T", "M0")


def _time(
    nested: NestedModels, fitted: dict[str, FittedModel], seed: int
) -> tuple[float, Statistic]:
    """M_TS over M_S (or M_T over M0 without places), with the hours dealt anew."""
    above, below = _time_models(fitted)
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


def order_models(given_place: bool) -> tuple[str, str]:
    """Return the names of the model that knows the order, and of the one that does not."""
    return ("M_O", "M_P") if given_place else ("M_Q", "M_N")


def _order(
    given_place: bool, nested: NestedModels, fitted: dict[str, FittedModel], seed: int
) -> tuple[float, Statistic]:
    """M_O over M_P (or M_Q over M_N), with the items dealt anew as what matters would."""
    above, below = order_models(given_place)
    names = ("M_TS", "M_S", "M_T") if given_place else ("M_T",)
    known = next((fitted[name] for name in names if name in fitted), None)
    worlds = Swaps(nested, _rng(seed, 6, -1), known)

    def statistic(world: int) -> float:
        other = NestedModels(nested.design, worlds.draw(_rng(seed, 6, world)))
        if "time" in nested.parts:
            other.add_time()
        if given_place:
            other.add_space()
        other.add_order()
        lower = other.fit(below, fitted[below])
        return _gain(other.fit(above, fitted[above]), lower)

    return _gain(fitted[above], fitted[below]), statistic


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
    Shuffled(p_value=0.01, mean=1.0, n_as_good=0, n_worlds=99, spread=0.0)
    >>> p_value(0.0, lambda world: 1.0, 99)
    Shuffled(p_value=1.0, mean=1.0, n_as_good=5, n_worlds=5, spread=0.0)
    """
    drawn: list[float] = []
    as_good = 0
    for found in side_by_side(statistic, n_permutations):
        drawn.append(found)
        if told:
            told(len(drawn))
        # Float noise must not decide between two worlds that are equal.
        as_good += found >= observed - 1e-9
        if as_good == ENOUGH_AS_GOOD:
            break
    n, stopped = len(drawn), as_good == ENOUGH_AS_GOOD
    p = as_good / n if stopped else (as_good + 1) / (n_permutations + 1)
    return Shuffled(p, sum(drawn) / n, int(as_good), n, float(np.std(drawn)))


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
