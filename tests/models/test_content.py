"""Content: likeness worked out by hand, and encoders from outside."""

import numpy as np
import pytest

from strec.errors import ModelError
from strec.models import Content
from strec.split import distance_km, split
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
