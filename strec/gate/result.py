"""The answer of the gate: four ingredients, drift, the models behind them, the route."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from strec.gate.illustrations import Illustrations
from strec.gate.permutation_test import Shuffled

SIGNIFICANCE = 0.05
#: Gains in nats per check-in. Below the first nothing practical follows, whatever its p-value:
#: the item that comes would get a chance half a percent higher. From the second on it is 5 %.
WEAK_NATS, STRONG_NATS = 0.005, 0.05

ST_LLM, SEQUENCE, TRADITIONAL = "ST-LLM", "sequence", "traditional"

#: The four questions, as they are called in sentences.
INGREDIENTS = {
    "time": "time",
    "space": "place",
    "interaction": "time and place in combination",
    "order": "order",
}
#: The ingredients that a drift may be taken for, and the share of it that shuffled worlds lose.
AFTER_THE_LAST, SHARE_OF_DRIFT = ("space", "order"), 0.1
#: Normal quantiles: for a power of 80 %, of a two-sided interval of 95 %, and the largest of 99
#: null worlds as it is to be expected, which the first of four corrected tests must beat.
_POWER, _INTERVAL, _LARGEST = 0.842, 1.960, 2.5


@dataclass(frozen=True)
class Step:
    """What a model gains over the one below it, on the held-out halves.

    `gain_nats` is per check-in, with a 95 % interval from resampled users; `acc1_gain` is a
    difference of shares. `tests` names the ingredient whose decision rests on this step.

    Parameters
    ----------
    model, over : str
        The larger model, and the one below it.
    gain_nats, low, high : float
        Nats per check-in.
    acc1_gain : float
        A difference of shares, -1 to 1.
    tests : str, optional
        Name of an ingredient.
    """

    model: str
    over: str
    gain_nats: float
    low: float
    high: float
    acc1_gain: float
    tests: str | None = None


@dataclass(frozen=True)
class NestedModel:
    """A model of the nested: `gain_nats` over M0 per check-in, and Acc@1 among all items."""

    name: str
    uses: str
    gain_nats: float
    acc1: float


@dataclass(frozen=True)
class Ingredient:
    """The verdict on time, space, their interaction, order, or drift.

    `gain_nats` is what the ingredient adds per check-in, `shuffled_nats` what it still adds on
    average where it was shuffled away; `effect_nats` is the difference (with negative means taken
    as 0), which `effect` puts into a word. `n_as_good` of `n_permutations` shuffled worlds gained
    as much as the data. `forms` says what it was looked for in, and an effect of `detectable_nats`
    would be seen four times in five at this size. Untested ingredients have ``tested=False``, the
    reason in `why`, and None for the numbers.

    Parameters
    ----------
    name : str
        ``"time"``, ``"space"``, ``"interaction"``, ``"order"`` or ``"drift"``.
    tested : bool
        Whether the data allowed a test.
    decision : bool
        Whether it helps, by the test.
    effect : str
        How much it adds, in a word.
    effect_nats, gain_nats, shuffled_nats : float, optional
        Nats per check-in, see above.
    low, high : float, optional
        95 % interval of `gain_nats` over users.
    acc1_gain : float, optional
        What it adds to Acc@1, a difference of shares.
    p_value, p_adjusted : float, optional
        Of the permutation test, and after the correction for several tests.
    n_as_good, n_permutations : int
        Shuffled worlds that gained as much, of how many.
    why : str
        Why it was not tested.
    forms : str
        The forms looked for, in words.
    detectable_nats : float, optional
        The smallest effect that this test sees with a chance of 80 %.

    Examples
    --------
    >>> verdict = Ingredient("space", tested=False, why="No check-in has a place.")
    >>> verdict.decision, verdict.gain_nats
    (False, None)
    """

    name: str
    tested: bool
    decision: bool = False
    effect: str = "none"
    effect_nats: float | None = None
    gain_nats: float | None = None
    low: float | None = None
    high: float | None = None
    shuffled_nats: float | None = None
    acc1_gain: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    n_as_good: int = 0
    n_permutations: int = 0
    why: str = ""
    forms: str = ""
    detectable_nats: float | None = None


@dataclass(frozen=True)
class PartOfTime:
    """What one part of *time* adds to the others: looked at where time as a whole matters.

    Parameters
    ----------
    name, words : str
        ``"hour"``, and ``"the hour of the day"``.
    tested, decision : bool
        Whether the table can show it, and whether it does.
    effect_nats, low, high : float, optional
        Nats per check-in beyond worlds where this part alone is dealt anew, with the 95 %
        interval over users; None where time as a whole does not matter.
    why : str
        Why it was not tested.

    Examples
    --------
    >>> PartOfTime("hour", "the hour of the day", decision=True, effect_nats=0.08).effect_nats
    0.08
    """

    name: str
    words: str
    tested: bool = True
    decision: bool = False
    effect_nats: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""


_EARLIER = "this result was kept by an earlier version of strec: run the test again"
_FROM_BEFORE = Ingredient("order", tested=False, why=_EARLIER)
_DRIFT_FROM_BEFORE = Ingredient("drift", tested=False, why=_EARLIER)


@dataclass(frozen=True)
class DependenceResult:
    """What `dependence_test` found.

    Attributes
    ----------
    time, space, interaction : Ingredient
        Three of the verdicts; `ingredients` has these and `order` in a row.
    route, recommended_model : str
        ``"ST-LLM"``, ``"sequence"`` or ``"traditional"``, and the model to begin with.
    sentence : str
        What helps, how much, and what to take next.
    details : tuple of str
        What was looked for and not found, drift, what could not be tested, and on how much.
    models, steps : tuple
        The nested models, and what each gains over those below it.
    place : str
        What served as the current place.
    n_checkins, n_users, n_items, n_scored, n_permuted : int
        What was tested, how much of it was predicted, and how much was shuffled.
    seed : int
        What fixes samples and shuffles.
    seconds : float
        How long it took.
    notes : tuple of str
        What was left out.
    illustrations : Illustrations, optional
        Classical measures of the same data.
    order, drift : Ingredient
        Whether the check-in before helps beyond time and place; and whether what was taken
        lately says more than what was taken on the whole, which is nobody else's credit.
    time_parts : tuple of PartOfTime
        The parts of time.
    """

    time: Ingredient
    space: Ingredient
    interaction: Ingredient
    route: str
    recommended_model: str
    sentence: str
    models: tuple[NestedModel, ...]
    steps: tuple[Step, ...]
    place: str
    n_checkins: int
    n_users: int
    n_items: int
    n_scored: int
    n_permuted: int
    seed: int
    seconds: float
    notes: tuple[str, ...] = ()
    illustrations: Illustrations | None = None
    order: Ingredient = _FROM_BEFORE
    drift: Ingredient = _DRIFT_FROM_BEFORE
    time_parts: tuple[PartOfTime, ...] = ()
    details: tuple[str, ...] = ()
    ingredients: tuple[Ingredient, ...] = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(
            self, "ingredients", (self.time, self.space, self.interaction, self.order)
        )

    def to_dict(self) -> dict:
        """Return plain dicts, lists, numbers and strings, ready for JSON."""
        return {k: v for k, v in asdict(self).items() if k != "ingredients"}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> "DependenceResult":
        """Return the result that `to_dict` wrote.

        Parameters
        ----------
        kept : dict
            Plain data, also after a way through JSON.
        """
        # Results of earlier versions know of no order, drift or parts.
        parts: dict[str, Any] = {
            name: Ingredient(**kept[name]) for name in (*INGREDIENTS, "drift") if name in kept
        }
        parts["time_parts"] = tuple(PartOfTime(**each) for each in kept.get("time_parts", ()))
        parts["models"] = tuple(NestedModel(**each) for each in kept["models"])
        parts["steps"] = tuple(Step(**each) for each in kept["steps"])
        for name in ("notes", "details"):
            parts[name] = tuple(kept.get(name, ()))
        if kept["illustrations"]:
            parts["illustrations"] = Illustrations.from_dict(kept["illustrations"])
        return cls(**kept | parts)


def decide(
    name: str,
    step: Step,
    shuffled: Shuffled,
    p_adjusted: float,
    forms: str = "",
    drift_nats: float = 0.0,
) -> Ingredient:
    """Say yes where three things agree: the shuffles, the users, and the size of the gain.

    What follows from the check-in before is told from a drift by nine tenths: so much of it
    shuffled worlds keep, and the gain must stand clear of the rest.
    """
    # What shuffled worlds gain too (where a user lives, say) is not the ingredient's merit.
    floor = max(shuffled.mean, 0.0)
    effect = step.gain_nats - floor
    unclear = SHARE_OF_DRIFT * max(drift_nats, 0.0) if name in AFTER_THE_LAST else 0.0
    decision, why = True, "all three conditions hold"
    if effect < WEAK_NATS:
        decision, why = False, "the gain is too small to matter"
    elif step.low <= floor:
        decision, why = False, "the gain is not shared by enough users"
    elif p_adjusted > SIGNIFICANCE + 1e-12:
        decision, why = False, "shuffled data do as well too often"
    elif step.low <= floor + unclear:
        decision, why = False, "the gain is too small to be told from the drift"
    return Ingredient(
        name=name,
        tested=True,
        decision=decision,
        effect=effect_word(effect) if decision else "none",
        effect_nats=effect,
        gain_nats=step.gain_nats,
        low=step.low,
        high=step.high,
        shuffled_nats=shuffled.mean,
        acc1_gain=step.acc1_gain,
        p_value=shuffled.p_value,
        p_adjusted=p_adjusted,
        n_as_good=shuffled.n_as_good,
        n_permutations=shuffled.n_worlds,
        why=why,
        forms=forms,
        detectable_nats=unclear + detectable(step.low, step.high, shuffled.spread),
    )


def may_be_a_yes(step: Step) -> bool:
    """Say whether a gain is large and shared enough, whatever shuffled worlds gain."""
    return step.gain_nats >= WEAK_NATS and step.low > 0


def detectable(low: float, high: float, spread: float) -> float:
    """Return the smallest effect that meets all three conditions with a chance of 80 %.

    Parameters
    ----------
    low, high : float
        The gain's 95 % interval over users: its width says how far the gain varies.
    spread : float
        The standard deviation of what null worlds gain.

    Examples
    --------
    >>> round(detectable(-0.0098, 0.0098, 0.001), 4)
    0.014
    """
    error = (high - low) / (2 * _INTERVAL)
    return max(
        (_INTERVAL + _POWER) * error, _LARGEST * spread + _POWER * error,
        WEAK_NATS + _POWER * error,
    )  # fmt: skip


def effect_word(gain_nats: float) -> str:
    """Return none, weak or strong.

    Examples
    --------
    >>> [effect_word(gain) for gain in (0.001, 0.02, 0.3)]
    ['none', 'weak', 'strong']
    """
    return "none" if gain_nats < WEAK_NATS else "weak" if gain_nats < STRONG_NATS else "strong"


def route_of(
    ingredients: Sequence[Ingredient], share_returns: float, has_words: bool
) -> tuple[str, str]:
    """Return the route and the model to begin with."""
    yes = {each.name for each in ingredients if each.decision}
    if yes - {"order"}:
        return ST_LLM, "stllm"
    if yes:
        # Of the models that read an order it is the one that did best where order alone helps.
        return SEQUENCE, "stllm"
    if share_returns >= 0.5:
        return TRADITIONAL, "counter_mix"
    return TRADITIONAL, "hybrid" if has_words else "item_knn"
