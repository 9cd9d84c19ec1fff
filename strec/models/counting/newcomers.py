"""Where somebody may go who goes somewhere new: ways to guess items without a past visit.

Each *source* spreads a probability of 1 over the items that the user has not visited yet, or is
silent where it has nothing to say. The mixture gives each source a share.
"""

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from strec.graph import tally
from strec.models.counting.statistics import Statistics, time_cell
from strec.models.profiles import last_items
from strec.split import Queries

#: Sources and the reason that each stands for, with its share before a model has seen data
#: (as a logarithm).
SOURCES: dict[str, tuple[str, float]] = {
    "popular": ("popular", 0.0),
    "popular at this time": ("popular now", 0.0),
    "follows the last item": ("follows", -0.5),
    "a short way": ("close by", 0.0),
    "a middle way": ("close by", 0.5),
    "a long way": ("close by", 0.5),
    "of a liked category, near": ("taste", 0.0),
    "of a liked category": ("taste", 0.0),
}
NEW_REASONS = tuple(dict.fromkeys(reason for reason, _ in SOURCES.values()))

#: What the chance of going somewhere new depends on, with weights before a model has seen data.
NOVELTY: dict[str, float] = {
    "constant": -1.5,
    "log check-ins": -0.4,
    "log items": 1.2,
    "log hours since the last check-in": 0.0,
    "log check-ins of the session": 0.0,
    "weekend": 0.0,
}


def shares_of_sources(queries: Queries, statistics: Statistics) -> Iterator[np.ndarray]:
    """Yield, for each of `SOURCES`, the share of each item that is new to the user.

    Shape ``(n_queries, n_items)``; each row sums to 1, or to 0 where the source is silent.
    """
    for raw, total in unvisited_by_source(queries, statistics):
        yield raw / np.where(total > 0, total, 1.0)[:, None]


def unvisited_by_source(
    queries: Queries, statistics: Statistics
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, for each of `SOURCES`, what it says of each item that is new, and the sum of a row."""
    known = visited(queries)
    for raw in _raw_sources(queries, statistics):
        said = raw if raw.flags.writeable else raw.copy()
        said[known] = 0.0
        yield said, said.sum(axis=1)


def unvisited(queries: Queries) -> np.ndarray:
    """Return which items are not in the visible history; shape ``(n_queries, n_items)``."""
    new = np.ones((len(queries), len(queries.vocabulary.items)), dtype=bool)
    new[visited(queries)] = False
    return new


def visited(queries: Queries) -> tuple[np.ndarray, np.ndarray]:
    """Return the query and the item of each visible visit to a known item."""
    item = queries.log.item[queries.indices]
    return queries.pair_query[item >= 0], item[item >= 0]


def novelty_numbers(queries: Queries) -> np.ndarray:
    """Return the numbers behind the chance of going somewhere new, one column per `NOVELTY`."""
    width = len(queries.vocabulary.items) + 1
    # An item that training has not seen has code -1: together they count as one item.
    key = queries.pair_query * np.int64(width) + queries.log.item[queries.indices] % width
    n_distinct = np.bincount(np.unique(key) // width, minlength=len(queries))
    has_past = (queries.last >= 0) & (not queries.log.is_anonymous)
    gap = np.zeros(len(queries))
    then = queries.log.time_us[queries.last[has_past]]
    gap[has_past] = np.log1p(np.maximum(queries.time_us[has_past] - then, 0) / 3.6e9)
    return np.stack(
        [
            np.ones(len(queries)),
            np.log1p(queries.length),
            np.log1p(n_distinct),
            np.minimum(gap, 4.0),
            np.log1p(queries.session_length),
            queries.weekday >= 5,
        ],
        axis=1,
    )


def _raw_sources(queries: Queries, statistics: Statistics) -> Iterator[np.ndarray]:
    lift = statistics.time_lift[:, time_cell(queries.hour, queries.weekday)].T
    popular = np.broadcast_to(statistics.popularity, lift.shape)
    yield popular
    yield popular * lift
    yield sparse.csr_matrix(last_items(queries) @ statistics.follows).toarray()
    liked = category_lift(queries, statistics)
    if not statistics.has_places:
        yield from [np.zeros(lift.shape)] * 4
        yield popular * lift * liked
        return
    at = statistics.spot_distance_km(queries.lat, queries.lon)
    local = [each * lift for each in _local_counts(at, statistics)]
    yield from local
    yield local[1] * liked
    yield local[2] * liked


def _local_counts(at_km: np.ndarray, statistics: Statistics) -> np.ndarray:
    """Return check-ins of each item, fading with their distance; 0 where the place is unknown.

    Shape ``(n_moves, n_queries, n_items)``: one for each length of `Statistics.move_km`.
    """
    fade = np.exp(-at_km / statistics.move_km[:, None, None])
    fade[:, np.isnan(at_km).any(axis=1)] = 0.0
    counts = statistics.at_spots @ fade.reshape(-1, fade.shape[2]).T
    return counts.T.reshape(*fade.shape[:2], -1)


def category_lift(queries: Queries, statistics: Statistics) -> np.ndarray:
    """Return how much the user likes each item's category, against all; 0 without categories."""
    vocabulary, log = queries.vocabulary, queries.log
    n = len(vocabulary.categories)
    if not n:
        return np.zeros((len(queries), len(vocabulary.items)))
    item = log.item[queries.indices]
    category = np.where(item >= 0, vocabulary.item_category[item], log.category[queries.indices])
    age_us = np.maximum(queries.time_us[queries.pair_query] - log.time_us[queries.indices], 0)
    weight = (1 + age_us / 3.6e9) ** -0.3
    taste = tally(queries.pair_query, category, (len(queries), n), weight).toarray()
    taste /= np.maximum(taste.sum(axis=1, keepdims=True), 1e-12)
    known = vocabulary.item_category >= 0
    share = np.bincount(
        vocabulary.item_category[known], weights=statistics.popularity[known], minlength=n
    )
    lift = np.hstack([taste / (share + 1e-4), np.zeros((len(queries), 1))])
    # Category -1 picks the last column: an item without a category is of no liked category.
    return lift[:, vocabulary.item_category]
