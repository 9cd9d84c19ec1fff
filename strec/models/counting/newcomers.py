"""Where somebody may go who goes somewhere new: ways to guess items without a past visit.

Each *source* spreads a probability of 1 over the items that the user has not visited yet, or is
silent where it has nothing to say. The mixture gives each source a share.
"""

from collections.abc import Iterator

import numpy as np

from strec.graph import tally
from strec.models.counting.statistics import Statistics, time_cell
from strec.models.counting.visits import after_last
from strec.models.keys import distinct
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
    said = Newcomers(queries, statistics)
    for source in range(len(SOURCES)):
        yield said.each(source) * inverse(said.totals[:, source])[:, None]


class Newcomers:
    """What the sources say of the items that are new to the users of some queries.

    What several sources share (the hour, the way, the taste) is held once, and what is asked is
    made of it: all of it at once takes a fifth of the time of one source after another.

    Parameters
    ----------
    queries : Queries
        As many as fit into memory with five numbers for each item.
    statistics : Statistics
        Of the training check-ins.
    """

    def __init__(self, queries: Queries, statistics: Statistics):
        self._popularity = statistics.popularity
        query, item = visited(queries)
        n_items = len(self._popularity)
        #: Query and item of what is not new, as one number each, in order.
        self._known = distinct(query * np.int64(n_items) + item)
        self._at_known = np.divmod(self._known, n_items)
        cell = time_cell(queries.hour, queries.weekday)
        self._lift = statistics.lift_by_time[cell].astype(np.float64)
        self._lift[self._at_known] = 0.0
        self._follows = after_last(queries, statistics).copy()
        rows = np.repeat(np.arange(len(queries)), np.diff(self._follows.indptr))
        self._follows.data[self._is_known(rows, self._follows.indices)] = 0.0
        self._liked = category_lift(queries, statistics)
        #: Check-ins near, fading with the way, without and with what the hour makes of them.
        self._near, self._placed = None, self._lift
        if statistics.has_places:
            self._near, weight = _local_counts(queries, statistics)
            self._placed = self._lift if weight is None else self._lift * weight
        self.totals = heard(self._totals())

    def each(self, source: int) -> np.ndarray:
        """Return what one source says of each item; shape ``(n_queries, n_items)``."""
        if source == 0:
            said = np.tile(self._popularity, (len(self._lift), 1))
            said[self._at_known] = 0.0
            return said
        if source == 2:
            return self._follows.toarray()
        if self._near is None or source == 1:
            said = self._lift * self._popularity if source in (1, 7) else np.zeros_like(self._lift)
        else:
            said = self._near[source - 3 if source < 6 else source - 5] * self._placed
        return said * self._liked if source > 5 else said

    def at(self, query: np.ndarray, item: np.ndarray) -> np.ndarray:
        """Return what each source says of some items; shape ``(n_pairs, n_sources)``."""
        popular, lift = self._popularity[item], self._lift[query, item]
        said = np.zeros((len(query), len(SOURCES)))
        said[:, 0] = np.where(self._is_known(query, item), 0.0, popular)
        said[:, 1] = popular * lift
        said[:, 2] = np.asarray(self._follows[query, item]).ravel() if len(query) else 0.0
        liked = self._liked[query, item]
        if self._near is None:
            said[:, 7] = said[:, 1] * liked
            return said
        said[:, 3:6] = (self._near[:, query, item] * self._placed[query, item]).T
        said[:, 6:] = said[:, 4:6] * liked[:, None]
        return said

    def together(self, weights: np.ndarray) -> np.ndarray:
        """Return the sum of what all sources say, each times its weight.

        Parameters
        ----------
        weights : numpy.ndarray
            Shape ``(n_queries, n_sources)``.
        """
        each = weights[:, :, None]
        if self._near is None:
            said = self._liked * each[:, 7]
            said += each[:, 1]
            said *= self._popularity
            said *= self._lift
        else:
            # Of what is liked, a middle and a long way.
            said, far = self._liked * each[:, 6], self._liked * each[:, 7]
            said += each[:, 4]
            said *= self._near[1]
            far += each[:, 5]
            far *= self._near[2]
            said += far
            np.multiply(self._near[0], each[:, 3], out=far)
            said += far
            said *= self._placed
            np.multiply(self._lift, each[:, 1], out=far)
            far *= self._popularity
            said += far
        said += self._popularity * each[:, 0]
        said[self._at_known] = 0.0
        rows = np.repeat(np.arange(len(said)), np.diff(self._follows.indptr))
        said[rows, self._follows.indices] += weights[rows, 2] * self._follows.data
        return said

    def _totals(self) -> np.ndarray:
        """Return the sum of what each source says; shape ``(n_queries, n_sources)``."""
        found = np.zeros((len(self._lift), len(SOURCES)))
        query, item = self._at_known
        seen = np.bincount(query, weights=self._popularity[item], minlength=len(found))
        found[:, 0] = self._popularity.sum() - seen
        # Where hardly anything is new, what is left is no rounding.
        for row in np.flatnonzero(found[:, 0] < 1e-6):
            found[row, 0] = np.delete(self._popularity, item[query == row]).sum()
        found[:, 1] = _dots(self._lift, self._popularity)
        found[:, 2] = np.asarray(self._follows.sum(axis=1)).ravel()
        if self._near is None:
            found[:, 7] = _dots(self._lift * self._liked, self._popularity)
            return found
        for move, near in enumerate(self._near):
            found[:, 3 + move] = _dots(near, self._placed)
        liked = self._placed * self._liked
        found[:, 6], found[:, 7] = _dots(self._near[1], liked), _dots(self._near[2], liked)
        return found

    def _is_known(self, query: np.ndarray, item: np.ndarray) -> np.ndarray:
        key = query * np.int64(len(self._popularity)) + item
        if not len(self._known):
            return np.zeros(len(key), dtype=bool)
        place = np.minimum(np.searchsorted(self._known, key), len(self._known) - 1)
        return self._known[place] == key


def _dots(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the sum of the products of each row."""
    if others.ndim == 1:
        return some @ others
    return np.einsum("qi,qi->q", some, others)


def heard(totals: np.ndarray) -> np.ndarray:
    """Return what sources say together, 0 where it is so little that its inverse is no number."""
    return np.where(totals > 1e-290, totals, 0.0)


def inverse(totals: np.ndarray) -> np.ndarray:
    """Return 1 over what sources say together, 0 where they are silent."""
    return np.divide(1.0, totals, out=np.zeros_like(totals), where=totals > 0)


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
    n_distinct = np.bincount(distinct(key) // width, minlength=len(queries))
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


def spots_km(queries: Queries, statistics: Statistics) -> np.ndarray:
    """Return the way from each query to each spot, ``(n_queries, n_spots)``, not to be changed."""
    by, found = queries.kept.get("spots km", (None, None))
    if by is not statistics or found is None:
        found = statistics.spot_distance_km(queries.lat, queries.lon)
        queries.kept["spots km"] = statistics, found
    return found


def _local_counts(queries: Queries, statistics: Statistics) -> tuple[np.ndarray, np.ndarray | None]:
    """Return check-ins of each item, fading with their distance; 0 where the place is unknown.

    Shape ``(n_moves, n_queries, n_items)``: one for each length of `Statistics.move_km`. Where each
    item has one place, they are still to be multiplied by the counts, which come second.
    """
    at_km = spots_km(queries, statistics)
    fade = np.multiply(at_km, -1 / statistics.move_km[:, None, None])
    np.exp(fade, out=fade)
    fade[:, np.isnan(at_km).any(axis=1)] = 0.0
    if statistics.single_spots is not None:
        spot, count = statistics.single_spots
        is_same = len(spot) == fade.shape[2] and (spot == np.arange(len(spot))).all()
        return fade if is_same else np.take(fade, spot, axis=2), count
    counts = statistics.at_spots @ fade.reshape(-1, fade.shape[2]).T
    return np.ascontiguousarray(counts.T).reshape(*fade.shape[:2], -1), None


def category_lift(queries: Queries, statistics: Statistics) -> np.ndarray:
    """Return how much the user likes each item's category, against all; 0 without categories."""
    # Category -1 picks the last column: an item without a category is of no liked category.
    return np.take(taste_of(queries, statistics), queries.vocabulary.item_category, axis=1)


def taste_of(queries: Queries, statistics: Statistics) -> np.ndarray:
    """Return how much the user likes each category, against all, and a last column of 0."""
    vocabulary, log = queries.vocabulary, queries.log
    n = len(vocabulary.categories)
    if not n:
        return np.zeros((len(queries), 1))
    item = log.item[queries.indices]
    category = np.where(item >= 0, vocabulary.item_category[item], log.category[queries.indices])
    age_us = np.maximum(queries.time_us[queries.pair_query] - log.time_us[queries.indices], 0)
    weight = (1 + age_us / 3.6e9) ** -0.3
    taste = tally(queries.pair_query, category, (len(queries), n), weight).toarray()
    taste /= np.maximum(taste.sum(axis=1, keepdims=True), 1e-12)
    share = statistics.category_share(vocabulary.item_category, n)
    return np.hstack([taste / (share + 1e-4), np.zeros((len(queries), 1))])
