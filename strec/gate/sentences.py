"""The verdict of the gate in words: one sentence to act on, and what stands behind it."""

from collections.abc import Sequence
from math import expm1

from strec.gate.result import INGREDIENTS, SEQUENCE, ST_LLM, Ingredient, PartOfTime
from strec.wording import listed, of_users

#: What may be behind a drift; which of them it was, the test does not say.
DRIFTS = "a move, a season, something new or gone, or a stay in one part of town"
#: The forms that each ingredient is looked for in; time has parts instead.
FORMS = {
    "item": "from which zone people come, and how far they go from there",
    "checkin": "in which zone people are",
    "interaction": "categories or zones of items by three-hour part of the day and by where one is",
    "order": "which item or category follows which, for all and for each user, and the way back",
}


def verdict_of(
    ingredients: Sequence[Ingredient], parts: Sequence[PartOfTime], route: str, drift: Ingredient
) -> str:
    """Say what helps, how much, and what to take next."""
    yes = [each for each in ingredients if each.decision]
    no = [INGREDIENTS[each.name] for each in ingredients if each.tested and not each.decision]
    untested = [INGREDIENTS[each.name] for each in ingredients if not each.tested]
    if yes:
        helps = listed([_strength(each, parts, k == 0) for k, each in enumerate(yes)])
        said = f"{helps} {'helps' if len(yes) == 1 else 'help'} to predict what comes next"
        said += f"; no help was found in {listed(no, 'or')}" if no else ""
    elif no:
        said = f"no help was found in {listed(no, 'or')} for predicting what comes next"
    else:
        said = "nothing can be tested here"
    if untested and (yes or no):
        said += f"; {listed(untested)} cannot be tested"
    return f"{said[0].upper()}{said[1:]}. {_follow(route, yes, drift)}"


def details_of(
    ingredients: Sequence[Ingredient], drift: Ingredient, n_scored: int, n_users: int
) -> tuple[str, ...]:
    """Say what was looked for and not found, what drifts, what could not be tested, on how much."""
    said = []
    for each in ingredients:
        name = INGREDIENTS[each.name].capitalize()
        if not each.tested:
            said.append(f"{name} cannot be tested: {each.why}.")
        elif not each.decision:
            said.append(
                f"{name}: looked for in {each.forms}, and {each.why}. {_seen_from(each)} Other "
                "forms may exist."
            )
    if drift.decision:
        said.append(
            "Habits drift: what was taken lately says more than habits as a whole "
            f"({percent(drift.effect_nats or 0.0)} more chance). It may be {DRIFTS}. No other "
            "answer takes credit for that."
        )
    return (*said, f"Tested on {n_scored:,} held-out check-ins {of_users(n_users)}.")


def uses_of(ingredients: Sequence[Ingredient]) -> str:
    """Return what a model should use, in words: only what was found to help."""
    yes = {each.name: INGREDIENTS[each.name] for each in ingredients if each.decision}
    # "Time and place in combination" says the two already.
    if "interaction" in yes:
        yes = {name: words for name, words in yes.items() if name not in ("time", "space")}
    return listed(list(yes.values())) if yes else ""


def percent(gain_nats: float) -> str:
    """Return a gain in nats as the percentage by which it raises the chance.

    Examples
    --------
    >>> percent(0.0953)
    '10 %'
    """
    share = 100 * expm1(gain_nats)
    return f"{share:.1f} %" if abs(share) < 9.95 else f"{share:.0f} %"


def _strength(each: Ingredient, parts: Sequence[PartOfTime], is_first: bool) -> str:
    """Return what helps and how much; of time the parts that carry it."""
    named = [part.words.split(" (")[0] for part in parts if part.decision]
    carried = f"{listed(named)}; " if each.name == "time" and named else ""
    chance = " more chance" if is_first else ""
    return (
        f"{INGREDIENTS[each.name]} ({carried}{each.effect}, {percent(each.effect_nats or 0.0)}"
        f"{chance})"
    )


def _seen_from(each: Ingredient) -> str:
    """Say how large an effect would have been seen."""
    if each.detectable_nats is None:
        return "How large an effect would have been seen is not known."
    return (
        f"{percent(each.detectable_nats)} more chance or more would have been seen in about four "
        "of five such tables."
    )


def _follow(route: str, yes: Sequence[Ingredient], drift: Ingredient) -> str:
    if route == ST_LLM:
        return f"Train ST-LLM, for its use of {uses_of(yes)}; keep it if it is ahead of counting."
    if route == SEQUENCE:
        return "Train ST-LLM, which reads what came before; keep it if it is ahead of counting."
    if drift.decision:
        return (
            "Take a traditional recommender, and train it again as check-ins come: what was taken "
            "lately says more than habits as a whole."
        )
    return "Take a traditional recommender, which knows only who likes what."
