"""The best of many items without scoring all of them, against scoring all of them."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.geo import distance_km
from strec.metrics import best_first
from strec.models import CounterMix
from strec.models.counting import blocks
from strec.models.counting.among_many import NewAmongMany
from strec.models.counting.newcomers import Newcomers
from strec.recommend import Recommender
from strec.simulation import simulate
from strec.split import Vocabulary, encode, queries_of_rows


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch):
    monkeypatch.setattr(blocks, "MANY", 2)
    monkeypatch.setattr(blocks, "SIZE", 3)


def fitted(seed: int, places: str, weights: np.ndarray | None = None):
    """Return check-ins of all, of half or of no places, and a mix with any weights."""
    table = simulate("social", n_users=12, n_checkins=700, seed=seed)
    without = {"all": [], "half": table["item_id"].unique().sort()[::2], "none": table["item_id"]}
    nowhere = pl.col("item_id").is_in(list(without[places]))
    table = table.with_columns(
        pl.when(nowhere).then(None).otherwise(pl.col(name)).alias(name) for name in ("lat", "lon")
    )
    log = encode(table, Vocabulary.of(table))
    model = CounterMix(slice_share=0).fit(log)
    if weights is not None:
        model.source_weights_ = weights
    return table, log, model


@pytest.mark.slow
@given(
    seed=st.integers(0, 50),
    places=st.sampled_from(["all", "half", "none"]),
    weights=st.lists(st.floats(-6, 6), min_size=8, max_size=8),
    k=st.integers(1, 12),
    kept=st.sampled_from([0.05, 0.5, 1.0]),
)
@settings(max_examples=25, deadline=None)
def test_the_best_are_those_of_all_scores(seed, places, weights, k, kept):
    _, log, model = fitted(seed, places, np.array(weights))
    rng = np.random.default_rng(seed)
    rows = np.r_[0, rng.integers(len(log), size=6)]
    queries = queries_of_rows(log, rows)
    scores = model.score(queries)
    codes, chances = model.top(queries, k)
    np.testing.assert_allclose(chances, np.take_along_axis(scores, best_first(scores, k), 1), 1e-6)
    np.testing.assert_allclose(np.take_along_axis(scores, codes, axis=1), chances, 1e-6)
    among = rng.random(scores.shape[1]) < kept
    new = np.ones(scores.shape, dtype=bool)
    item = queries.log.item[queries.indices]
    new[queries.pair_query[item >= 0], item[item >= 0]] = False
    for row in range(len(rows)):
        query = queries.take(slice(row, row + 1))
        listed, stated, new_share = model.best(query, k, among)
        best = np.sort(scores[row, among])[::-1][:k]
        np.testing.assert_allclose(stated, best, 1e-6)
        assert among[listed].all() and len(set(listed.tolist())) == len(listed)
        assert new_share == pytest.approx(scores[row, new[row]].sum(), abs=1e-6)


@pytest.mark.parametrize("places", ["all", "half", "none"])
def test_sources_say_the_same_among_many(places):
    _, log, model = fitted(3, places)
    items = np.arange(len(log.vocabulary.items))
    for row in (0, 5, 200, 600):
        query = queries_of_rows(log, np.array([row]))
        all_, few = (kind(query, model.statistics_) for kind in (Newcomers, NewAmongMany))
        np.testing.assert_allclose(few.totals, all_.totals, rtol=1e-6)
        at = np.zeros_like(items)
        np.testing.assert_allclose(few.at(at, items), all_.at(at, items), rtol=1e-9, atol=1e-300)


def test_a_way_is_off_by_the_radius_of_a_block_at_most():
    _, log, model = fitted(1, "all")
    places = model.statistics_.spot_blocks
    lat, lon = np.array([40.7, 40.8]), np.array([-74.0, -73.9])
    spot = np.degrees(np.arctan2(places.xyz[:, 2], np.hypot(*places.xyz[:, :2].T)))
    east = np.degrees(np.arctan2(places.xyz[:, 1], places.xyz[:, 0]))
    km = distance_km(lat[:, None], lon[:, None], spot, east)
    radius = places.radius_km[places.position // places.member.shape[1]]
    off = np.abs(places.each_km(lat, lon) - km)
    assert (off <= np.minimum(radius, 0.1 / 0.9 * km) + 1e-4).all()
    assert sorted(places.member[places.member >= 0]) == list(range(len(places.xyz)))


def test_lists_of_a_recommender_are_the_same_among_many(monkeypatch):
    table, log, _ = fitted(2, "all")
    asked = pl.DataFrame({"user_id": [*log.owner_ids[:4], None], "time": "2024-06-05 10:00"})
    kind = log.vocabulary.categories[0]
    hows = [{}, {"new_only": True}, {"categories": [kind]}, {"max_distance_km": 3.0}]
    lists, answers = [], []
    for many in (2, 1_000_000):
        monkeypatch.setattr(blocks, "MANY", many)
        recommender = Recommender(table)
        assert recommender.model.looks_at_few == (many == 2)
        lists.append([recommender.answer_many(asked, k=5, **how) for how in hows])
        answers.append(recommender.answer(log.owner_ids[1], "2024-06-05 10:00", k=5))
    for few, all_ in zip(*lists, strict=True):
        assert few["rank"].to_list() == all_["rank"].to_list() and len(few)
    few, all_ = answers
    assert few.hit_chance <= few.best_chance <= 1
    assert few.new_share == pytest.approx(all_.new_share, rel=0.1)
