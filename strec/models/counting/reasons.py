"""Take a probability of the counter mix apart into named parts that add up to it.

A visited item owes its probability to the visits. The weight of a visit is a product of one
factor per reason (recency, hour, weekday, sequence, near), so the worth of each reason is its
Shapley value in the game "which factors are switched on": with none, the item has what habit
alone gives; with all, its probability. This is the only split that is exact, treats reasons
alike, and gives nothing to a factor that changes nothing. A new item owes its probability to
sources, which add up as they are.
"""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import compress
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from strec.models.base import Explanation, ScorePart
from strec.models.counting.newcomers import NEW_REASONS, SOURCES
from strec.models.counting.visits import REASONS, Visits, reason_slices
from strec.split import Queries

if TYPE_CHECKING:
    from strec.models.counting.mixture import CounterMix

#: Check-ins kept as evidence of one part.
MAX_EVIDENCE = 20


def explain_items(model: "CounterMix", query: Queries, items: np.ndarray) -> list[Explanation]:
    """Return the parts of the probability of each item for one query."""
    both = model.mixture(query)
    visits, loudness, spoken = both.visits, both.loudness, both.spoken()[0]
    said = both.new.at(np.zeros(len(items), dtype=np.int64), items)
    from_sources = (both.given() * said / spoken).T
    tones = tones_of(model, visits)
    # How loud each reason is on the whole, against which a visit is high or low.
    usual = np.average(tones, axis=1, weights=loudness) if len(visits.item) else tones.sum(axis=1)
    from_visits = loudness.sum() / spoken * _worth(visits, tones, items)
    return [
        Explanation(
            item=int(item),
            score=float(from_visits[:, i].sum() + from_sources[:, i].sum()),
            parts=(
                *_visit_parts(visits, tones - usual[:, None], from_visits[:, i], item),
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
    teams, weights = _teams(len(players))
    worths = np.stack([worth(frozenset(compress(players, team))) for team in teams])
    values = np.tensordot(weights, worths, axes=1)
    # What changes nothing counts for nothing, not for the rounding of a sum.
    values[np.abs(values) < 1e-14] = 0.0
    return {"": worths[0]} | dict(zip(players, values, strict=True))


@cache
def _teams(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all teams of n players, nobody first, and how each team's worth counts for each.

    Shapes ``(2 ** n, n)``, bool, and ``(n, 2 ** n)``.
    """
    teams = (np.arange(2**n)[:, None] >> np.arange(n)) % 2 == 1
    size = teams.sum(axis=1)
    # What a team of k counts for who is not in it.
    share = np.array([factorial(k) * factorial(max(n - k - 1, 0)) for k in range(n + 1)])
    share = share / factorial(n)
    weights = np.where(teams, share[size - 1, None], -share[size, None]).T
    return teams, weights


def visit_part(name: str, value: float, rows: np.ndarray, tone: np.ndarray) -> ScorePart:
    """Return a part with the visits behind it: high or low against the user's other visits.

    `rows` are the visits to the item in the log, `tone` the logarithm of the factor of each,
    against that of all visits as they are heard now.
    """
    strength = np.exp(np.clip(tone, -30, 30))
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
    # Habit is what is there without any other: the worth of nobody comes first.
    teams, weights = _teams(len(REASONS) - 1)
    voices = tones[0] + teams @ tones[1:]
    voices = np.exp(voices - voices.max(axis=1, keepdims=True))
    worths = (voices / voices.sum(axis=1, keepdims=True)) @ belongs
    values = weights @ worths
    values[np.abs(values) < 1e-14] = 0.0  # As in `shapley`.
    return np.vstack([worths[:1], values])


def _visit_parts(
    visits: Visits, tones: np.ndarray, values: np.ndarray, item: int
) -> list[ScorePart]:
    own = np.flatnonzero(visits.item == item)
    if not len(own):
        return []
    return [
        visit_part(reason, float(value), visits.row[own], tone[own])
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
