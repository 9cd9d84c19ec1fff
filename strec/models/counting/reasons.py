"""Take a probability of the counter mix apart into named parts that add up to it.

A visited item owes its probability to the visits. The weight of a visit is a product of one
factor per reason (recency, hour, weekday, sequence, near), so the worth of each reason is its
Shapley value in the game "which factors are switched on": with none, the item has what habit
alone gives; with all, its probability. This is the only split that is exact, treats reasons
alike, and gives nothing to a factor that changes nothing. A new item owes its probability to
sources, which add up as they are.
"""

from collections.abc import Callable, Sequence
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
    """Return the parts of the probability of each item for one query."""
    visits = visits_of(query, model.statistics_)
    loudness, rates = model.loudness(query, visits)
    sources = np.stack(list(shares_of_sources(query, model.statistics_)))[:, 0]
    spoken = loudness.sum() + rates[0] @ sources.any(axis=1)
    from_sources = rates[0][:, None] * sources[:, items] / spoken
    tones = tones_of(model, visits)
    from_visits = loudness.sum() / spoken * _worth(visits, tones, items)
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


def shapley(
    players: Sequence[str], worth: Callable[[frozenset[str]], np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the Shapley value of each player, and under ``""`` the worth of nobody.

    References
    ----------
    Shapley, "A value for n-person games", 1953.

    Examples
    --------
    >>> glove = lambda team: np.array([float(len(team) == 2)])
    >>> {name: float(value[0]) for name, value in shapley(("left", "right"), glove).items()}
    {'': 0.0, 'left': 0.5, 'right': 0.5}
    """
    n = len(players)
    teams = {
        frozenset(team): worth(frozenset(team))
        for size in range(n + 1)
        for team in combinations(players, size)
    }
    nobody = teams[frozenset()]
    values = {"": nobody} | {player: np.zeros_like(nobody) for player in players}
    for team, value in teams.items():
        chance = factorial(len(team)) * factorial(max(n - len(team) - 1, 0)) / factorial(n)
        for player in set(players) - team:
            values[player] = values[player] + chance * (teams[team | {player}] - value)
    return values


def visit_part(
    name: str, value: float, rows: np.ndarray, tone: np.ndarray, own: np.ndarray, loud: np.ndarray
) -> ScorePart:
    """Return a part with the visits behind it: high or low against the user's other visits.

    `tone` is the logarithm of each visit's factor, `own` are the visits to the item, `rows` their
    rows in the log, `loud` how each visit is heard now.
    """
    strength = np.exp(np.clip(tone[own] - np.average(tone, weights=loud), -30, 30))
    order = np.argsort(-strength if value >= 0 else strength, kind="stable")[:MAX_EVIDENCE]
    return ScorePart(name, value, rows[order], strength[order])


def rows_behind(query: Queries, reason: str, item: int) -> np.ndarray:
    """Return the user's own check-ins behind a reason for something new, latest first."""
    if reason == "follows":
        return query.last[(query.last >= 0) & (not query.log.is_anonymous)]
    if reason == "taste":
        vocabulary, log = query.vocabulary, query.log
        taken = log.item[query.indices]
        kind = np.where(taken >= 0, vocabulary.item_category[taken], log.category[query.indices])
        same = (kind == vocabulary.item_category[item]) & (kind >= 0)
        return query.indices[same][::-1][:MAX_EVIDENCE]
    return np.zeros(0, dtype=np.int64)


def tones_of(model: "CounterMix", visits: Visits) -> np.ndarray:
    """Return the logarithm of each visit's factor for each reason: (n_reasons, n_visits)."""
    numbers = visits.numbers.astype(np.float64)
    return np.stack(
        [numbers[:, slot] @ model.visit_weights_[slot] for slot in reason_slices().values()]
    )


def _worth(visits: Visits, tones: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Return what each reason gives to each item's share of the visits: (n_reasons, n_items)."""
    if not len(visits.item):
        return np.zeros((len(REASONS), len(items)))
    belongs = (visits.item[:, None] == items).astype(np.float64)
    habit, *players = REASONS

    def share(team: frozenset[str]) -> np.ndarray:
        heard = [i for i, reason in enumerate(REASONS) if reason in team or reason == habit]
        voice = tones[heard].sum(axis=0)
        voice = np.exp(voice - voice.max())
        return (voice / voice.sum()) @ belongs

    # Habit is what is there without any other: the worth of nobody comes first.
    return np.stack(list(shapley(players, share).values()))


def _visit_parts(
    visits: Visits, tones: np.ndarray, loudness: np.ndarray, values: np.ndarray, item: int
) -> list[ScorePart]:
    own = np.flatnonzero(visits.item == item)
    if not len(own):
        return []
    return [
        visit_part(reason, float(value), visits.row[own], tone, own, loudness)
        for reason, tone, value in zip(REASONS, tones, values, strict=True)
    ]


def _source_parts(query: Queries, values: np.ndarray, item: int) -> list[ScorePart]:
    if not values.any():
        return []
    reasons = np.array([reason for reason, _ in SOURCES.values()])
    return [
        ScorePart(reason, float(values[reasons == reason].sum()), rows, np.ones(len(rows)))
        for reason in NEW_REASONS
        for rows in [rows_behind(query, reason, item)]
    ]
