"""The answer of the gate: three ingredients, the models behind them, the route, and the words."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import expm1
from typing import Any

from strec.gate.illustrations import Illustrations
from strec.gate.permutation_test import Shuffled
from strec.wording import listed, of_users

SIGNIFICANCE = 0.05
#: Gains in nats per check-in. Below the first nothing practical follows, whatever its p-value:
#: the item that comes would get a chance half a percent higher. From the second on it is 5 %.
WEAK_NATS, STRONG_NATS = 0.005, 0.05

ST_LLM, TRADITIONAL = "ST-LLM", "traditional"

INGREDIENTS = {
    "time": "the hour and the weekday",
    "space": "the place",
    "interaction": "the combination of time and place",
}
NOUNS = {
    "time": "dependence on time",
    "space": "dependence on place",
    "interaction": "combined effect of the two",
}


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
    """The verdict on time, space or their interaction.

    `gain_nats` is what the ingredient adds per check-in, `shuffled_nats` what it still adds on
    average where it was shuffled away; `effect_nats` is the difference (with negative means taken
    as 0), which `effect` puts into a word. `n_as_good` of `n_permutations` shuffled worlds gained
    as much as the data. Untested ingredients have ``tested=False``, the reason
    in `why`, and None for the numbers.

    Parameters
    ----------
    name : str
        ``"time"``, ``"space"`` or ``"interaction"``.
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


@dataclass(frozen=True)
class DependenceResult:
    """What `dependence_test` found.

    Attributes
    ----------
    time, space, interaction : Ingredient
        The three verdicts; `ingredients` has them in a row.
    route, recommended_model : str
        ``"ST-LLM"`` or ``"traditional"``, and the model to begin with.
    sentence : str
        The verdict in one paragraph.
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
    ingredients: tuple[Ingredient, ...] = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "ingredients", (self.time, self.space, self.interaction))

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
        parts: dict[str, Any] = {name: Ingredient(**kept[name]) for name in INGREDIENTS}
        parts["models"] = tuple(NestedModel(**each) for each in kept["models"])
        parts["steps"] = tuple(Step(**each) for each in kept["steps"])
        parts["notes"] = tuple(kept["notes"])
        if kept["illustrations"]:
            parts["illustrations"] = Illustrations.from_dict(kept["illustrations"])
        return cls(**kept | parts)


def decide(name: str, step: Step, shuffled: Shuffled, p_adjusted: float) -> Ingredient:
    """Say yes where three things agree: the shuffles, the users, and the size of the gain."""
    # What shuffled worlds gain too (where a user lives, say) is not the ingredient's merit.
    floor = max(shuffled.mean, 0.0)
    effect = step.gain_nats - floor
    decision, why = True, "all three conditions hold"
    if p_adjusted > SIGNIFICANCE + 1e-12:
        decision, why = False, "shuffled data do as well too often"
    elif step.low <= floor:
        decision, why = False, "the gain is not shared by enough users"
    elif effect < WEAK_NATS:
        decision, why = False, "the gain is too small to matter"
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
    )


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
    if any(each.decision for each in ingredients):
        return ST_LLM, "stllm"
    if share_returns >= 0.5:
        return TRADITIONAL, "counter_mix"
    return TRADITIONAL, "hybrid" if has_words else "item_knn"


def sentence_of(ingredients: Sequence[Ingredient], route: str, n_scored: int, n_users: int) -> str:
    """Put the verdict into one plain paragraph."""
    yes = [each for each in ingredients if each.decision]
    no = [each for each in ingredients if each.tested and not each.decision]
    untested = [each for each in ingredients if not each.tested]
    if yes:
        parts = [
            f"{INGREDIENTS[each.name]} ({each.effect}: {percent(each.effect_nats or 0.0)} more "
            "chance for the item that comes)"
            for each in yes
        ]
        words = f"It helps to know {listed(parts)}."
    elif no:
        words = "What a user does next shows no dependence on time or place that could be used."
    else:
        words = "Neither time nor place can be tested here."
    if no and yes:
        words += (
            f" There is no usable sign of {listed(['a ' + NOUNS[each.name] for each in no], 'or')}."
        )
    for each in untested:
        words += f" {each.name.capitalize()} cannot be tested: {each.why}."
    words += f" Tested on {n_scored:,} held-out check-ins {of_users(n_users)}."
    follow = (
        "Take the ST-LLM route, which uses time and place."
        if route == ST_LLM
        else "A traditional recommender, which knows only who likes what, is the better start."
    )
    return f"{words} {follow}"


def percent(gain_nats: float) -> str:
    """Return a gain in nats as the percentage by which it raises the chance.

    Examples
    --------
    >>> percent(0.0953)
    '10 %'
    """
    share = 100 * expm1(gain_nats)
    return f"{share:.1f} %" if abs(share) < 9.95 else f"{share:.0f} %"
