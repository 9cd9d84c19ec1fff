"""Where somebody may go who goes somewhere new: numbers about every item.

Each column spreads evidence over all items; the generator weighs the columns by context.
"""

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from strec.graph import tally
from strec.models.counting.newcomers import category_lift
from strec.models.counting.statistics import time_cell
from strec.models.features.world import World
from strec.models.profiles import last_items, profiles
from strec.split import Queries

#: Columns with the reason of each and its weight before any training.
CANDIDATE_FEATURES: dict[str, tuple[str, float]] = {
    "log popularity": ("popular", 1.0),
    "log popularity lately": ("popular", 0.2),
    "log lift at this time": ("popular now", 0.5),
    "log lift after the last item": ("follows", 0.5),
    "log lift after the last but one": ("follows", 0.1),
    "a short way": ("close by", 0.3),
    "a middle way": ("close by", 0.3),
    "a long way": ("close by", 0.3),
    "in the user's own area": ("close by", 0.1),
    "in the user's own part of town": ("close by", 0.1),
    "log lift of the category": ("taste", 0.3),
    "company of the user's items": ("others", 0.3),
    "meaning of the user's items": ("text", 0.1),
    "log people it was new to": ("popular", 0.0),
    "log share of them in the last four weeks": ("popular", 0.0),
    "log share of these in the last week": ("popular", 0.0),
}
#: Of these the last, which models of before do not know.
N_NEW_TO = 3
REASONS = tuple(dict.fromkeys(reason for reason, _ in CANDIDATE_FEATURES.values()))
#: Check-ins whose meaning stands for the user's.
_N_MEANING = 20


def candidate_features(queries: Queries, world: World) -> Iterator[np.ndarray]:
    """Yield each of `CANDIDATE_FEATURES`, a number per query and item, shape ``(Q, n_items)``."""
    statistics = world.statistics
    n, n_items = len(queries), len(statistics.count)
    alike = (n, n_items)
    yield np.broadcast_to(np.log(statistics.popularity), alike)
    lately = (world.lately + 0.3) / (statistics.count + 1.0)
    yield np.broadcast_to(np.log(lately), alike)
    lift = np.log(statistics.time_lift).T  # (49, n_items)
    yield lift[time_cell(queries.hour, queries.weekday)]
    for back in (0, 1):
        yield _transitions(world, last_items(queries, back))
    yield from _places(queries, world)
    yield np.log(category_lift(queries, statistics) + 0.05)
    taken = sparse.csr_matrix(profiles(queries) > 0, dtype=np.float32)
    company = sparse.csr_matrix(taken @ world.company).toarray() if n else np.zeros(alike)
    yield np.log(company / np.maximum(np.log1p(queries.length), 1)[:, None] + 0.01)
    yield _meaning(queries, world)
    for column in new_to(world):
        yield np.broadcast_to(column, alike)


def new_to(world: World) -> np.ndarray:
    """Return to how many people each item was new, ever and lately, shape ``(3, n_items)``."""
    ever, month, week = world.new_to
    return np.log([ever + 0.5, (month + 0.3) / (ever + 1.0), (week + 0.1) / (month + 1.0)])


def _transitions(world: World, last: sparse.csr_matrix) -> np.ndarray:
    """Return log(P(item after last) / P(item)), smoothed; 0 without a last item."""
    statistics = world.statistics
    share = statistics.popularity
    seen = sparse.csr_matrix(last @ statistics.follows)
    total = np.asarray(seen.sum(axis=1)).ravel()
    # Most items never followed: their lift is the same but for the few that did.
    lift = np.repeat(np.log(5 / (total + 5))[:, None], len(share), axis=1)
    row = np.repeat(np.arange(len(total)), np.diff(seen.indptr))
    lift[row, seen.indices] = np.log(
        (seen.data + 5 * share[seen.indices]) / ((total[row] + 5) * share[seen.indices])
    )
    lift[np.diff(last.indptr) == 0] = 0.0
    return lift


def _places(queries: Queries, world: World) -> Iterator[np.ndarray]:
    statistics = world.statistics
    shape = (len(queries), len(statistics.count))
    if not statistics.has_places:
        yield from [np.zeros(shape, dtype=np.float32)] * 5
        return
    at_km = statistics.spot_distance_km(queries.lat, queries.lon).astype(np.float32)
    nowhere = np.isnan(queries.lat)
    spots = statistics.at_spots.astype(np.float32)
    size = np.where(statistics.expected > 0, statistics.expected, 1.0).astype(np.float32)
    for reach_km in statistics.move_km:
        fade = np.exp(-np.nan_to_num(at_km) / np.float32(reach_km))
        near = np.log((spots @ fade.T).T / size + np.float32(2e-3))
        near[nowhere] = 0.0
        yield near
    item = queries.log.item[queries.indices]
    n_squares = world.area.shape[1]
    here = np.where(item >= 0, world.square[np.maximum(item, 0)], n_squares - 1)
    visits = tally(queries.pair_query, here, (len(queries), n_squares)).astype(np.float32)
    total = np.maximum(queries.length, 1).astype(np.float32)[:, None]
    for area in world.area:
        yield np.log((visits @ area) / total + np.float32(2e-3))[:, world.square]


def _meaning(queries: Queries, world: World) -> np.ndarray:
    """Return the cosine of each item with the mean meaning of the last check-ins."""
    late = np.arange(len(queries.indices)) >= queries.indptr[1:][queries.pair_query] - _N_MEANING
    item, query = queries.log.item[queries.indices[late]], queries.pair_query[late]
    recent = tally(query, item, (len(queries), len(world.meaning))).astype(np.float32)
    mean = recent @ world.meaning
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-6)
    own = world.meaning / np.maximum(np.linalg.norm(world.meaning, axis=1, keepdims=True), 1e-6)
    return mean @ own.T
