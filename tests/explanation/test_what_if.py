"""Another hour or place is exactly the same question asked there."""

from collections import Counter

import numpy as np
import polars as pl
import pytest

from strec.explanation import (
    best_by_hour,
    best_by_place,
    changes,
    counterfactual,
    rank_moves,
    walk,
    what_if_hours,
    what_if_places,
    wished,
)
from strec.wording import percent
from tests.recommend import worlds
from tests.recommend.worlds import at


@pytest.fixture(scope="module")
def town():
    return worlds.recommender()


@pytest.fixture(scope="module")
def evening(town):
    return town.answer("ann", at(13, 20.9), k=5)


HOWS = [
    {},
    {"strategy": "context"},
    {"categories": ("Bar", "Museum")},
    {"diversity": 0.6},
    {"novelty": 0.8},
]


def asked_at(hour: float, town, **how):
    """Ask at another hour, the past ending where that of the evening ends."""
    past = pl.col("timestamp").dt.replace_time_zone(None) < at(13, 18.9)
    history = worlds.town().filter((pl.col("user_id") == "ann") & past)
    return town.answer(history, at(13, hour), k=5, **how)


@pytest.mark.parametrize("how", HOWS, ids=str)
def test_the_strip_equals_the_question_asked_at_that_hour(town, how):
    answer = town.answer("ann", at(13, 20.9), k=5, **how)
    strip = what_if_hours(answer, len(answer.codes))
    for hour in (21, 22, 23):  # hours at which nothing of the past is hidden
        for row in asked_at(hour, town, **how).frame.iter_rows(named=True):
            same = strip.filter((pl.col("hour") == hour) & (pl.col("item_id") == row["item_id"]))
            assert same["probability"][0] == pytest.approx(row["probability"], rel=1e-6)
            assert same["rank"][0] == row["rank"]


def test_a_wish_is_named_with_the_rank_without_it(town, evening):
    assert wished(evening) == ""
    last = evening.frame["item_id"][-1]
    fit = (town.log.vocabulary.items == last).astype(float)
    answer = town.answer("ann", at(13, 20.9), k=5, wish=fit, wish_weight=1.0)
    assert answer.frame["item_id"][0] == last
    assert wished(answer) == (
        f"It fits the wish better than {percent(0.8)} of all there is: without the wish it would "
        f"be number {len(evening.frame)}."
    )


def test_the_counterfactual_is_the_rank_and_score_recomputed(town, evening):
    said = counterfactual(evening, 1)
    strip = what_if_hours(evening, 1)
    worst = strip.sort("rank", "probability", descending=[True, False]).row(0, named=True)
    assert f"at {worst['hour']}:00 it would drop to rank {worst['rank']}" in said.lower()
    assert percent(worst["probability"]) in said


def test_where_no_hour_matters_the_sentence_says_so(town):
    answer = town.answer("ann", at(13, 20.9), k=5, strategy="interest")
    assert counterfactual(answer, 1) == "It would be number 1 at any hour of this day."


def test_the_first_of_each_hour_is_the_list_of_that_hour(town, evening):
    best = best_by_hour(evening, 2)
    assert best.height == 48
    strip = what_if_hours(evening, 5)
    for hour in range(24):
        own = best.filter(pl.col("hour") == hour)
        top = strip.filter(pl.col("hour") == hour).sort("rank")
        assert own["item_id"].to_list() == top["item_id"].to_list()[:2]


def test_what_would_come_first_at_another_hour_is_followed_too(town, evening):
    best = best_by_hour(evening, 1)
    assert best["item_id"].n_unique() > 1
    strip = what_if_hours(evening, 1, firsts=10)
    own = {evening.frame["item_id"][0], *best["item_id"]}
    assert set(strip["item_id"]) == own and strip.height == 24 * len(own)
    for hour, item in best.select("hour", "item_id").iter_rows():
        row = strip.filter((pl.col("hour") == hour) & (pl.col("item_id") == item))
        assert row["rank"].to_list() == [1]
    others = Counter(best["item_id"])
    del others[evening.frame["item_id"][0]]
    one = what_if_hours(evening, 1, firsts=1)["item_id"].unique(maintain_order=True)
    assert others[one[1]] == max(others.values()) and len(one) == 2


def test_other_places_are_the_same_question_asked_there(town):
    answer = town.answer("ann", at(13, 20.9), k=5)
    lat, lon = np.array([50.0, 50.04]), np.array([14.4, 14.4])
    strip = what_if_places(answer, lat, lon, rank=1)
    best = best_by_place(answer, lat, lon)
    for k in range(2):
        there = town.answer("ann", at(13, 20.9), lat[k], lon[k], k=5).frame
        row = there.filter(pl.col("item_id") == answer.frame["item_id"][0])
        assert strip["probability"][k] == pytest.approx(row["probability"][0])
        assert strip["rank"][k] == row["rank"][0]
        assert best.filter(pl.col("place") == k)["item_id"][0] == there["item_id"][0]


def test_a_place_beyond_the_distance_limit_has_no_rank(town):
    answer = town.answer("ann", at(13, 20.9), 50.02, 14.4, max_distance_km=0.5)
    strip = what_if_places(answer, np.array([50.02, 50.2]), np.array([14.4, 14.4]))
    assert strip["rank"].to_list() == [1, None]


def test_a_walk_begins_here_and_ends_there(town):
    answer = town.answer("ann", at(13, 20.9), 50.0, 14.4)
    steps, lists = walk(answer, 50.04, 14.4, n_steps=5, k=1)
    np.testing.assert_allclose(steps["lat"], [50.0, 50.01, 50.02, 50.03, 50.04])
    assert lists["item_id"][0] == answer.frame["item_id"][0] and lists.height == 5


def test_a_walk_takes_the_short_way_round_the_globe(town):
    answer = town.answer("ann", at(13, 20.9), 0.0, 179.0)
    steps, _ = walk(answer, 0.0, -179.0, n_steps=3)
    assert abs(steps["lon"][1]) == pytest.approx(180.0)


# ---------------------------------------------------------------- what changed


def test_what_moved_is_split_into_parts_that_add_up(town):
    morning, evening = (town.answer("ann", at(13, hour), k=5) for hour in (8, 20.9))
    moved = {each.item_id: each for each in changes(morning, evening, most=5)}
    for each in moved.values():
        gain = each.probability_after - each.probability_before
        assert sum(each.parts.values()) == pytest.approx(gain, abs=1e-12)
    assert moved["bar"].rank_after == 1 and moved["bar"].because == "This hour"
    assert moved["bar"].probability_after > moved["bar"].probability_before


def test_the_same_question_changes_nothing(town, evening):
    assert changes(evening, town.answer("ann", at(13, 20.9), k=5)) == []


def test_ranks_before_are_those_of_the_old_list(town):
    morning, evening = (town.answer("ann", at(13, hour), k=2) for hour in (8, 20.9))
    moves = rank_moves(morning, evening)
    old = dict(morning.frame.select("item_id", "rank").iter_rows())
    assert moves["rank_before"].to_list() == [old.get(item) for item in moves["item_id"]]
