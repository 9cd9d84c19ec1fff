"""How a list is made of a model's scores: strategy, filters, novelty, diversity, a wish."""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from strec.errors import ModelError, check_choice
from strec.geo import distance_km
from strec.models import CounterMix, Model
from strec.models.listing import picked, visit_counts
from strec.recommend.diversity import spread_out
from strec.split import Log, Queries, Vocabulary

Strategy = Literal["balanced", "interest", "context", "learned"]
STRATEGIES: dict[str, str] = {
    "balanced": "what is most probable, all things considered",
    "interest": "who you are: without looking at the clock or the map",
    "context": "what this hour and this place make likelier than usual",
    "learned": "the mix of the three that predicted best on the latest check-ins",
}
#: At half weight a wish multiplies the odds of an item one deviation above the mean by e^1.5, and
#: takes the square root of all odds, so that what fits can pass what is habit.
WISH_STRENGTH = 3.0
#: Diversity chooses among this many times the length of the list.
_POOL = 5


@dataclass(frozen=True)
class RankingOptions:
    """How a list is made of a model's scores.

    Attributes
    ----------
    strategy : str
        ``"balanced"`` ranks by probability P; ``"interest"`` by the probability P₀ that does not
        look at hour, weekday and place; ``"context"`` by P²/P₀, what now and here make likelier
        than usual; ``"learned"`` by P·(P/P₀)^a with `exponent` a.
    exponent : float
        The a of the learned mix, from `learn_mix`; 0 is balanced, -1 interest, 1 context.
    new_only : bool
        Leave out what the user has taken before.
    categories : sequence of str, optional
        Keep these alone.
    max_distance_km : float, optional
        Keep what is at most so far; items that are not places are left out.
    novelty : float
        0 to 1: divide by popularity to this power, so that what few people take comes up.
    diversity : float
        0 to 1: how much an item loses for being like those above it (maximal marginal
        relevance): of the same category, or near them.
    only : numpy.ndarray, optional
        Shape ``(n_items,)``, bool: keep these items alone, such as those that a shop sells.
    wish : numpy.ndarray, optional
        Shape ``(n_items,)``: how well each item fits a wish; higher is better.
    wish_weight : float
        0 to 1: how much the wish counts; at 0 the score alone ranks, at 1 the wish alone.

    References
    ----------
    Carbonell and Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998.

    Examples
    --------
    >>> RankingOptions(diversity=0.3).diversity
    0.3
    """

    strategy: Strategy = "balanced"
    exponent: float = 0.0
    new_only: bool = False
    categories: tuple[str, ...] | list[str] | None = None
    max_distance_km: float | None = None
    novelty: float = 0.0
    diversity: float = 0.0
    only: np.ndarray | None = field(default=None, compare=False)
    wish: np.ndarray | None = field(default=None, compare=False)
    wish_weight: float = 0.5

    def __post_init__(self):
        check_choice(self.strategy, STRATEGIES, "A strategy", ModelError)
        for name in ("novelty", "diversity", "wish_weight"):
            value = vars(self)[name]
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                raise ModelError(
                    f"{name.replace('_', ' ').capitalize()} is a number from 0 to 1.",
                    f"{value!r:.80}.",
                    "Choose 0 for none and 1 for all.",
                )

    def plain(self) -> "RankingOptions":
        """Return the same filters without anything that moves items.

        Examples
        --------
        >>> moved = RankingOptions("context", new_only=True, diversity=0.3)
        >>> moved.plain() == RankingOptions(new_only=True)
        True
        """
        return replace(
            self,
            strategy="balanced",
            exponent=0.0,
            novelty=0.0,
            diversity=0.0,
            wish=None,
            wish_weight=0.5,
        )

    @property
    def is_plain(self) -> bool:
        """Whether nothing but filters shapes the list."""
        return self.wish is None and self == self.plain()


@dataclass(frozen=True)
class ScoredQueries:
    """Queries with what ranks their items; all arrays have shape ``(n_queries, n_items)``.

    Attributes
    ----------
    score : numpy.ndarray
        What the strategy, novelty and wish rank by.
    probability : numpy.ndarray
        What the model gives; NaN where its scores are no probabilities.
    raw : numpy.ndarray
        The model's own scores.
    away_km : numpy.ndarray
        Distance to items that are places, NaN for others.
    visits : numpy.ndarray
        Visible visits of the user.
    keep : numpy.ndarray
        Whether the item passes the filters.
    notes : list of str
        What the person should know.
    """

    queries: Queries
    score: np.ndarray
    probability: np.ndarray
    raw: np.ndarray
    away_km: np.ndarray
    visits: np.ndarray
    keep: np.ndarray
    notes: list[str]

    @property
    def is_probability(self) -> bool:
        """Whether the model's scores are probabilities."""
        return not np.isnan(self.probability).any()


@dataclass(frozen=True)
class Ranker:
    """A model with what ranks its items in other ways than by its scores alone.

    Attributes
    ----------
    model : Model
        A fitted model.
    popularity : numpy.ndarray
        Shape ``(n_items,)``: share of check-ins, smoothed.
    """

    model: Model
    popularity: np.ndarray

    @classmethod
    def of(cls, model: Model, log: Log) -> "Ranker":
        """Return a ranker whose popularity is counted over a log.

        Parameters
        ----------
        model : Model
            A fitted model.
        log : Log
            Whose visits count, with the model's vocabulary.
        """
        count = np.bincount(log.item[log.item >= 0], minlength=len(log.vocabulary.items)) + 0.5
        return cls(model, count / count.sum())

    def score(self, queries: Queries, how: RankingOptions) -> ScoredQueries:
        """Score all items of some queries in a given way.

        Parameters
        ----------
        queries : Queries
            With the model's vocabulary.
        how : RankingOptions
            What is wanted of the list.
        """
        raw = self.model.score(queries)
        probable = self.model.is_probability
        visits = visit_counts(queries)
        away = away_km(queries)
        keep, notes = _filtered(queries, how, visits, away)
        moved = raw
        if how.strategy != "balanced":
            moved = _by_strategy(raw, self.model.score(queries.blind()), how, probable)
        if how.novelty or how.wish is not None:
            # A wish leaves a trace of the score, which decides among items that fit it equally.
            kept = 1.0 if how.wish is None else max(1 - how.wish_weight, 1e-6)
            moved = kept * _logits(moved, probable) + self._moves(how)
        return ScoredQueries(
            queries=queries,
            score=moved,
            probability=raw if probable else np.full(raw.shape, np.nan),
            raw=raw,
            away_km=away,
            visits=visits,
            keep=keep,
            notes=notes,
        )

    def _moves(self, how: RankingOptions) -> np.ndarray:
        """Return what novelty and a wish add to the logarithm of each item's score."""
        moved = -how.novelty * np.log(self.popularity)
        if how.wish is not None:
            fit = np.asarray(how.wish, dtype=np.float64)
            if fit.shape != moved.shape:
                raise ModelError(
                    "A wish has one number per item of the model.",
                    f"{fit.size:,} numbers for {len(moved):,} items.",
                    "Score the items of the model's vocabulary.",
                )
            moved += how.wish_weight * WISH_STRENGTH * (fit - fit.mean()) / max(fit.std(), 1e-9)
        return moved


def order(scored: ScoredQueries, row: int, how: RankingOptions, k: int) -> np.ndarray:
    """Return the item codes of the list of one query, best first.

    Equal scores keep the order of item codes.
    """
    values = (scored.raw if how.is_plain else scored.score)[row]
    kept = np.flatnonzero(scored.keep[row])
    wanted = k * _POOL if how.diversity else k
    if len(kept) > 4 * wanted:
        # Ties at the border are all kept, so that their order is that of the codes.
        border = np.partition(values[kept], len(kept) - wanted)[len(kept) - wanted]
        kept = kept[values[kept] >= border]
    best = kept[np.argsort(-values[kept], kind="stable")][:wanted]
    if not how.diversity or len(best) < 2:
        return best[:k]
    return best[spread_out(scored.queries.vocabulary, best, how.diversity, k)]


@dataclass(frozen=True)
class Ranked:
    """Lists of some queries, with what is said of their items.

    Attributes
    ----------
    codes : list of numpy.ndarray
        Item codes of each list, best first.
    score : numpy.ndarray
        What ranks the suggestions, list after list.
    probability : numpy.ndarray or None
        What the model gives to them; None where its scores are no probabilities.
    new_share, best_chance : numpy.ndarray
        Shape ``(n_queries,)``; see `strec.recommend.Answer`.
    notes : list of str
        What the person should know.
    """

    queries: Queries
    codes: list[np.ndarray]
    score: np.ndarray
    probability: np.ndarray | None
    new_share: np.ndarray
    best_chance: np.ndarray
    notes: list[str]


def ranked(ranker: Ranker, queries: Queries, how: RankingOptions, k: int) -> Ranked:
    """Return the lists of some queries; of many items without scoring all, where that can be."""
    model = ranker.model
    if how.is_plain and isinstance(model, CounterMix) and model.looks_at_few:
        return _ranked_among_many(model, queries, how, k)
    scored = ranker.score(queries, how)
    codes = [order(scored, row, how, k) for row in range(len(queries))]
    if not scored.is_probability:
        unknown = np.full(len(queries), np.nan)
        return Ranked(queries, codes, picked(scored.score, codes), None, unknown, unknown,
                      scored.notes)  # fmt: skip
    plain = [order(scored, row, how.plain(), k) for row in range(len(queries))]
    chances = scored.probability
    return Ranked(
        queries=queries,
        codes=codes,
        score=picked(scored.score, codes),
        probability=picked(chances, codes),
        new_share=np.array(
            [row[n == 0].sum() for row, n in zip(chances, scored.visits, strict=True)]
        ),
        best_chance=np.array([row[best].sum() for row, best in zip(chances, plain, strict=True)]),
        notes=scored.notes,
    )


def _ranked_among_many(model: CounterMix, queries: Queries, how: RankingOptions, k: int) -> Ranked:
    found, notes = [], []
    for row in range(len(queries)):
        query = queries if len(queries) == 1 else queries.take(slice(row, row + 1))
        among = None
        if how != RankingOptions() or how.only is not None or not query.log.has_round_trips:
            keep, notes = _filtered(query, how, visit_counts(query), away_km(query))
            among = keep[0]
        found.append(model.best(query, k, among))
    codes, chances, new = zip(*found, strict=True)
    return Ranked(
        queries=queries,
        codes=list(codes),
        score=np.concatenate(chances),
        probability=np.concatenate(chances),
        new_share=np.array(new),
        best_chance=np.array([each.sum() for each in chances]),
        notes=notes,
    )


def away_km(queries: Queries) -> np.ndarray:
    """Return km from each query to each item that is a place, NaN for others."""
    vocabulary = queries.vocabulary
    km = distance_km(
        queries.lat[:, None], queries.lon[:, None], vocabulary.item_lat, vocabulary.item_lon
    )
    return np.where(vocabulary.item_is_place, km, np.nan)


def _by_strategy(
    raw: np.ndarray, interest: np.ndarray, how: RankingOptions, probable: bool
) -> np.ndarray:
    if how.strategy == "interest":
        return interest
    if not probable:
        lift = _logits(raw, False) - _logits(interest, False)
        return _logits(raw, False) + (1.0 if how.strategy == "context" else how.exponent) * lift
    exponent = 1.0 if how.strategy == "context" else how.exponent
    return raw * context_lift(raw, interest) ** exponent


def context_lift(probability: np.ndarray, interest: np.ndarray) -> np.ndarray:
    """Return how much likelier hour, weekday and place make each item.

    The floor keeps items that hardly anybody takes from winning by their ratio alone.
    """
    floor = 1.0 / probability.shape[1]
    return (probability + floor) / (interest + floor)


def _filtered(
    queries: Queries, how: RankingOptions, visits: np.ndarray, away: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    keep, notes = queries.may_come.copy(), []
    if how.only is not None:
        keep &= how.only
    if how.new_only:
        keep &= visits == 0
    if how.categories:
        keep &= _in_categories(queries.vocabulary, list(how.categories))
    if how.max_distance_km is not None:
        known = ~np.isnan(queries.lat)
        if not known.all():
            notes.append("No place is known, so the distance limit was not used.")
        elif np.isnan(away).all():
            notes.append("These items are not places, so the distance limit was not used.")
            known = np.zeros(len(queries), dtype=bool)
        keep[known] &= away[known] <= how.max_distance_km
    return keep, notes


def _in_categories(vocabulary: Vocabulary, categories: list[str]) -> np.ndarray:
    wanted = vocabulary.category_codes(np.array(categories, dtype=object))
    if (wanted < 0).any():
        unknown = [name for name, code in zip(categories, wanted, strict=True) if code < 0]
        raise ModelError(
            "Categories are those of the data set.",
            f"unknown: {', '.join(unknown[:5])}.",
            f"Choose among {', '.join(vocabulary.categories[:8]) or '(none)'}.",
        )
    return np.isin(vocabulary.item_category, wanted)


def _logits(scores: np.ndarray, probable: bool) -> np.ndarray:
    """Return scores on a scale on which moves can be added: logarithms, or deviations."""
    if probable:
        return np.log(np.maximum(scores, 1e-300))
    spread = np.maximum(scores.std(axis=1, keepdims=True), 1e-12)
    return (scores - scores.mean(axis=1, keepdims=True)) / spread
