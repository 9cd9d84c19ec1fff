"""Content: likeness worked out by hand, and encoders from outside."""

from datetime import datetime

import numpy as np
import pytest

from strec import schema
from strec.errors import ModelError
from strec.geo import distance_km
from strec.models import Content
from strec.recommend import Recommender
from strec.split import Vocabulary, encode, split
from tests.models import worlds

PLACES = {"ax": (40.0, -74.0), "ay": (40.0, -74.002), "bx": (40.01, -74.0), "by": (41.0, -74.0)}
ROWS = [("u", "ax", 0), ("v", "ay", 1), ("v", "bx", 2), ("v", "by", 3), ("u", "ax", 4)]
PARTS = split(worlds.table(ROWS, PLACES), fractions=(0.8, 0.2, 0))
QUERIES = PARTS.queries(scored="every")
ONLY = {"text_weight": 0.0, "category_weight": 0.0, "place_weight": 0.0}


def scores(**options) -> np.ndarray:
    return Content(**(ONLY | options)).fit(PARTS.train).score(QUERIES)[0]


def test_a_category_is_like_itself_alone():
    # The user took ax; the category is the first letter.
    assert scores(category_weight=3.0) == pytest.approx([3, 3, 0, 0], abs=1e-5)


def test_places_are_like_by_their_distance():
    found = scores(place_weight=1.0, reach_km=0.5, n_place_features=4096)
    vocabulary = PARTS.vocabulary
    km = distance_km(40.0, -74.0, vocabulary.item_lat, vocabulary.item_lon)
    assert found == pytest.approx(np.exp(-((km / 0.5) ** 2) / 2), abs=0.06)


def test_any_function_from_texts_to_vectors_may_be_the_encoder():
    model = Content(**(ONLY | {"text_weight": 1.0}))
    model.encode = lambda texts: np.array([[3, 4], [4, 3], [0, 1], [1, 0]])
    assert model.fit(PARTS.train).score(QUERIES)[0] == pytest.approx([1, 0.96, 0.8, 0.6], abs=1e-5)


def test_a_negative_weight_is_refused():
    with pytest.raises(ModelError, match="negative"):
        scores(text_weight=-1.0)


def test_given_vectors_join_the_other_blocks(tmp_path):
    table = schema.example()
    log = encode(table, Vocabulary.of(table))
    plain = Content().fit(log)
    given = np.array([[3.0, 4.0], [0.0, 0.0]])
    model = Content(given_weight=4).with_vectors(["park", "elsewhere"], given).fit(log)
    n = plain.items_.shape[1]
    assert np.array_equal(model.items_[:, :n], plain.items_)
    # The direction counts, by √4; items without a vector have none.
    park = log.vocabulary.items.tolist().index("park")
    expected = np.zeros((3, 2))
    expected[park] = [2 * 0.6, 2 * 0.8]
    assert model.items_[:, n:] == pytest.approx(expected)
    parts = split(table, fractions=(0.75, 0.25, 0))
    again = Content().with_vectors(parts.vocabulary.items, np.eye(len(parts.vocabulary.items)))
    queries = parts.queries(scored="every")
    loaded = Content.load(again.fit(parts.train).save(tmp_path))
    assert np.array_equal(loaded.score(queries), again.score(queries))


def test_pictures_alone_can_rank():
    table = schema.example()
    log = encode(table, Vocabulary.of(table))
    alike = {"cafe": [1.0, 0.0], "office": [0.0, 1.0], "park": [0.9, 0.1]}
    model = Content(text_weight=0, category_weight=0, place_weight=0)
    model.with_vectors(list(alike), np.array(list(alike.values()))).fit(log)
    answer = Recommender(table, model).recommend("ann", datetime(2024, 6, 3, 9), k=3)
    # By nine Ann has only had coffee: what looks like a café stands above the office.
    assert answer["item_id"].to_list() == ["cafe", "park", "office"]


@pytest.mark.parametrize("vectors", [np.ones(2), np.ones((3, 2)), np.array([[1, np.nan], [1, 2]])])
def test_vectors_that_do_not_fit_are_refused(vectors):
    with pytest.raises(ModelError, match="one row of finite numbers"):
        Content().with_vectors(["cafe", "park"], vectors)
