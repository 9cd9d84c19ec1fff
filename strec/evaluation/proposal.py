"""Which model to recommend with: the best one, unless counting is as good."""

from collections.abc import Sequence
from dataclasses import dataclass

from strec.evaluation.scoring import Result, blocks_of, n_users_of
from strec.evaluation.summary import Difference, check_results, difference
from strec.metrics import FEWEST_USERS, METRICS, mean_of
from strec.wording import plural


@dataclass(frozen=True)
class Proposal:
    """A proposed model and why.

    Attributes
    ----------
    model : str
        Name of the proposed model.
    best : str
        Name of the model with the best mean, which may be no better than the proposed one.
    sentence : str
        The reason, with its numbers, in words.
    as_good : tuple of str
        Other models whose paired difference from the proposed one does not exclude 0.
    is_told : bool
        Whether there are users enough to prefer any; else the model stands first by chance.
    """

    model: str
    best: str
    sentence: str
    as_good: tuple[str, ...]
    is_told: bool


def propose(results: Sequence[Result], measure: str = "acc@1") -> Proposal:
    """Propose a model: the best by a measure, or the best counting model if that is as good.

    As good means that the 95 % interval of the paired difference over users includes 0, or that
    there are too few users for one.

    Parameters
    ----------
    results : sequence of Result
        Scored on the same queries; at least one.
    measure : str
        One with a value per query, of which more is better.

    Raises
    ------
    ModelError
        If there is no result, or results are of different queries.

    Examples
    --------
    >>> from strec.evaluation import evaluate
    >>> propose(evaluate(["popularity", "user_counts"], "flights")).model
    'User counts'
    """
    check_results(results, measure)
    ranked = sorted(results, key=lambda each: mean_of(each.queries[measure]) or 0.0, reverse=True)
    best = ranked[0]
    counting = next((each for each in ranked if each.family == "counting"), None)
    proposed, sentence = best, _alone(best, measure)
    if counting is not None and counting is not best:
        gap = difference(best, counting, measure)
        proposed = best if gap["is_real"] else counting
        sentence = _against_counting(best, counting, gap, measure)
    elif counting is not None and any(each.family != "counting" for each in ranked):
        sentence += " No trained model is shown to be better here."
    others = [each for each in ranked if each is not proposed]
    as_good = [each.name for each in others if not difference(proposed, each, measure)["is_real"]]
    unnamed = [name for name in as_good if name != best.name]
    if unnamed:
        sentence += f" Not to be told apart from it here: {', '.join(unnamed)}."
    return Proposal(proposed.name, best.name, sentence, tuple(as_good), is_told=not _too_few(best))


def _alone(best: Result, measure: str) -> str:
    few = _too_few(best)
    sentence = (
        f"{best.name} {'stands first' if few else 'is the best'} by “{METRICS[measure].title}”: "
        f"{best.queries[measure].mean():.3f} over {len(best.queries):,} scored check-ins."
    )
    return f"{sentence} {few}" if few else sentence


def _too_few(result: Result) -> str:
    """Return words about too few users; none where they are enough."""
    n = len(set(blocks_of(result.queries)))
    if n >= FEWEST_USERS:
        return ""
    who = plural(n, "user") if n_users_of(result.queries) else f"{n} starts and days"
    verb = "is" if n == 1 else "are"
    return f"{who} {verb} too few to say which is better: it takes {FEWEST_USERS}."


def _against_counting(best: Result, counting: Result, gap: Difference, measure: str) -> str:
    title = METRICS[measure].title
    if few := _too_few(best):
        return f"{few} Counting needs no training: until then, {counting.name} will do."
    if gap["low"] is None:
        alike = "are right and wrong alike" if not gap["difference"] else "differ alike for all"
        return (
            f"{best.name} and {counting.name} {alike} here. Counting needs no training, so "
            f"{counting.name} is proposed."
        )
    numbers = f"{gap['difference']:+.3f} [{gap['low']:+.3f}, {gap['high']:+.3f}]"
    if gap["is_real"]:
        return (
            f"{best.name} is better than {counting.name}, the best model that only counts: "
            f"“{title}” {numbers}, an interval that excludes 0."
        )
    return (
        f"The two cannot be told apart here: {best.name} differs from {counting.name} by "
        f"“{title}” {numbers}, an interval that includes 0. Counting needs no training, so "
        f"{counting.name} is proposed."
    )
