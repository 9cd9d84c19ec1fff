"""The item graph against counts by hand, and near places against all distances."""

import numpy as np
from scipy import sparse

from strec.geo import distance_km
from strec.graph import item_graph, near_places, strongest, transitions
from strec.split import Vocabulary, encode
from tests.models import worlds

#: After A comes B twice and C once.
AFTER_A = [
    (f"u{k}", item, h) for k, pair in enumerate(("AB", "AB", "AC")) for h, item in enumerate(pair)
]


def graph_of(rows, places=None, **options):
    table = worlds.table(rows, places)
    return item_graph(encode(table, Vocabulary.of(table)), **options)


def test_transitions_are_counted_within_sessions():
    # A B A within a day, then C after a gap of over 24 hours: B → A counts, A → C does not.
    table = worlds.table([("u", "A", 0), ("u", "B", 1), ("u", "A", 2), ("u", "C", 40)])
    counts = transitions(encode(table, Vocabulary.of(table))).toarray()
    assert counts.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_a_successor_weighs_its_share():
    follows = graph_of(AFTER_A).follows.toarray()
    assert np.allclose(follows[0], [0, 2 / 3, 1 / 3])


def test_only_the_commonest_successors_stay():
    assert graph_of(AFTER_A, n_follows=1).follows.toarray()[0].tolist() == [0, 1, 0]


def test_near_places_are_the_nearest_of_all_distances():
    rng = np.random.default_rng(0)
    places = {f"i{k:02}": (40 + rng.random() / 5, -74 + rng.random() / 5) for k in range(30)}
    vocabulary = Vocabulary.of(
        worlds.table([("u", name, k) for k, name in enumerate(places)], places)
    )
    near = near_places(vocabulary, 3).toarray()
    lat, lon = vocabulary.item_lat, vocabulary.item_lon
    km = distance_km(lat[:, None], lon[:, None], lat, lon)
    np.fill_diagonal(km, np.inf)
    nearest = np.argsort(km, axis=1)[:, :3]
    assert ((near > 0).sum(axis=1) == 3).all()
    assert (np.take_along_axis(near, nearest, axis=1) > 0).all()
    reach = np.median(np.take_along_axis(km, nearest, axis=1))
    assert np.allclose(near[near > 0], np.exp(-km[near > 0] / reach))


def test_items_without_a_place_have_no_near_ones():
    graph = graph_of([("u", "A", 0), ("u", "B", 1)])
    assert graph.near.nnz == 0 and graph.follows.nnz == 1


def test_edges_go_both_ways_once_and_without_loops():
    places = {"A": (40.0, -74.0), "B": (40.0, -74.001), "C": (41.0, -74.0)}
    graph = graph_of([("u", "A", 0), ("u", "A", 1), ("u", "B", 2), ("u", "C", 3)], places)
    edges, weights = graph.edges()
    pairs = set(map(tuple, edges.T.tolist()))
    assert len(pairs) == edges.shape[1] == len(weights)
    assert all((j, i) in pairs and i != j for i, j in pairs)
    assert (0, 1) in pairs and (weights > 0).all() and (weights <= 1).all()


def test_strongest_keeps_rows_and_values():
    rng = np.random.default_rng(1)
    matrix = sparse.random(20, 30, density=0.4, random_state=rng, format="csr")
    kept, dense = strongest(matrix, 4).toarray(), matrix.toarray()
    for row, all_of in zip(kept, dense, strict=True):
        assert sorted(row[row > 0]) == sorted(np.sort(all_of[all_of > 0])[-4:])
