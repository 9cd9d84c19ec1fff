"""Take a probability of the counter mix apart into named parts that add up to it.

A visited item owes its probability to the visits. The weight of a visit is a product of one
factor per reason (recency, hour, weekday, sequence, near), so the worth of each reason is its
Shapley value in the game "which factors are switched on": with none, the item has what habit
alone gives; with all, its probability. This is the only split that is exact, treats reasons
alike, and gives nothing to a factor that changes nothing. A new item owes its probability to
sources, which add up as they are.
"""

from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from strec.models.base import Explanation, ScorePart
from strec.models.counting.newcomers import NEW_REASONS, SOURCES, shares_of_sources
from strec.models.counting.visits import REASONS, Visits, reason_slices, visits_of
from strec.split import Queries

if TYPE_CHECKING:
    from strec.models.counting.mixture import CounterMix

#: Check-ins kept as evidence of one part.
MAX_EVIDENCE = 20


def explain_items(model: "CounterMix", query: Queries, items: np.ndarray) -> list[Explanation]:
    """Return the parts of the probability of each item for one query.

    References
    ----------
    Shapley, "A value for n-person games", 1953.
    """
    visits = visits_of(query, model.statistics_)
    loudness, rates = model.loudness(query, visits)
    sources = np.stack(list(shares_of_sources(query, model.statistics_)))[:, 0]
    spoken = loudness.sum() + rates[0] @ sources.any(axis=1)
    from_sources = rates[0][:, None] * sources[:, items] / spoken
    tones = _tones(model, visits)
    from_visits = loudness.sum() / spoken * _shapley(visits, tones, items)
    return [
        Explanation(
            item=int(item),
            score=float(from_visits[:, i].sum() + from_sources[:, i].sum()),
            parts=(
                *_visit_parts(visits, tones, loudness, from_visits[:, i], item),
                *_source_parts(query, from_sources[:, i], item),
            ),
        )
        for i, item in enumerate(items)
    ]


def _tones(model: "CounterMix", visits: Visits) -> np.ndarray:
    """Return the logarithm of each visit's factor for each reason: (n_reasons, n_visits)."""
    numbers = visits.numbers.astype(np.float64)
    return np.stack(
        [numbers[:, slot] @ model.visit_weights_[slot] for slot in reason_slices().values()]
    )


def _shapley(visits: Visits, tones: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Return what each reason gives to each item's share of the visits: (n_reasons, n_items)."""
    worth = np.zeros((len(REASONS), len(items)))
    if not len(visits.item):
        return worth
    belongs = (visits.item[:, None] == items).astype(np.float64)
    players = range(1, len(REASONS))
    share = {}
    for size in range(len(REASONS)):
        for team in combinations(players, size):
            voice = tones[[0, *team]].sum(axis=0)
            voice = np.exp(voice - voice.max())
            share[team] = (voice / voice.sum()) @ belongs
    worth[0] = share[()]
    n = len(players)
    for team, value in share.items():
        for player in set(players) - set(team):
            chance = factorial(len(team)) * factorial(n - len(team) - 1) / factorial(n)
            worth[player] += chance * (share[tuple(sorted((*team, player)))] - value)
    return worth


def _visit_parts(
    visits: Visits, tones: np.ndarray, loudness: np.ndarray, values: np.ndarray, item: int
) -> list[ScorePart]:
    own = np.flatnonzero(visits.item == item)
    if not len(own):
        return []
    parts = []
    for reason, tone, value in zip(REASONS, tones, values, strict=True):
        # A factor is high or low against the user's other visits, as each is heard now.
        usual = np.average(tone, weights=loudness)
        strength = np.exp(tone[own] - usual)
        order = np.argsort(-strength if value >= 0 else strength, kind="stable")[:MAX_EVIDENCE]
        parts.append(ScorePart(reason, float(value), visits.row[own[order]], strength[order]))
    return parts


def _source_parts(query: Queries, values: np.ndarray, item: int) -> list[ScorePart]:
    if not values.any():
        return []
    reasons = np.array([reason for reason, _ in SOURCES.values()])
    return [
        ScorePart(reason, float(values[reasons == reason].sum()), rows, np.ones(len(rows)))
        for reason in NEW_REASONS
        for rows in [_rows_behind(query, reason, item)]
    ]


def _rows_behind(query: Queries, reason: str, item: int) -> np.ndarray:
    """Return the user's own check-ins behind a source, latest first."""
    if reason == "follows":
        return query.last[query.last >= 0]
    if reason == "taste":
        vocabulary, log = query.vocabulary, query.log
        visited = log.item[query.indices]
        category = np.where(
            visited >= 0, vocabulary.item_category[visited], log.category[query.indices]
        )
        return query.indices[category == vocabulary.item_category[item]][::-1][:MAX_EVIDENCE]
    return np.zeros(0, dtype=np.int64)
