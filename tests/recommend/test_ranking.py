"""Strategies, filters, novelty, diversity and wishes change what they should."""

import numpy as np
import polars as pl
import pytest

from strec.recommend.diversity import alike, spread_out
from tests.recommend import worlds
from tests.recommend.worlds import at


@pytest.fixture(scope="module")
def town():
    return worlds.recommender()


def ids(town, **how) -> list[str]:
    return town.recommend("ann", at(13, 21), **how)["item_id"].to_list()


def test_interest_does_not_look_at_the_clock_or_the_map(town):
    morning = town.answer("ann", at(13, 8), strategy="interest")
    other = town.answer("ann", at(13, 8), 50.04, 14.40, strategy="interest")
    assert morning.frame["item_id"].to_list() == other.frame["item_id"].to_list()
    blind = town.model.score(morning.query.blind())[0]
    np.testing.assert_allclose(morning.frame["score"], blind[morning.codes])


def test_context_ranks_by_what_now_makes_likelier(town):
    answer = town.answer("ann", at(13, 21), strategy="context")
    p = answer.frame["probability"].to_numpy()
    floor = 1 / 5
    usual = town.model.score(answer.query.blind())[0][answer.codes]
    np.testing.assert_allclose(answer.frame["score"], p * (p + floor) / (usual + floor))


def test_the_learned_mix_runs_from_interest_to_context(town):
    assert ids(town, strategy="learned", exponent=0.0) == ids(town)
    assert ids(town, strategy="learned", exponent=1.0) == ids(town, strategy="context")


def test_new_only_leaves_out_what_was_taken(town):
    assert set(ids(town, new_only=True)) == {"pub", "museum"}


def test_categories_and_distance_keep_what_fits(town):
    assert set(ids(town, categories=["Bar"])) == {"bar", "pub"}
    frame = town.recommend("ann", at(13, 21), 50.0, 14.4, max_distance_km=1.2)
    assert set(frame["item_id"]) == {"cafe", "office"} and (frame["distance_km"] <= 1.2).all()


def test_nothing_left_is_said(town):
    answer = town.answer("ann", at(13, 21), categories=["Bar"], max_distance_km=0.01, lat=50.0,
                         lon=14.4)  # fmt: skip
    assert answer.frame.is_empty() and "Nothing fits" in answer.notes[-1]


def test_novelty_divides_by_popularity(town):
    answer = town.answer("ann", at(13, 21), novelty=1.0, k=5)
    counts = worlds.town().group_by("item_id").len()
    count = dict(counts.iter_rows())
    share = {item: (n + 0.5) / (sum(count.values()) + 2.5) for item, n in count.items()}
    frame = answer.frame
    expected = [
        np.log(p) - np.log(share[item])
        for item, p in frame.select("item_id", "probability").iter_rows()
    ]
    np.testing.assert_allclose(frame["score"], expected)
    assert frame["score"].is_sorted(descending=True)


def test_the_price_is_the_probability_that_the_list_gives_up(town):
    plain = town.answer("ann", at(13, 21), k=2)
    moved = town.answer("ann", at(13, 21), k=2, novelty=1.0, diversity=0.5)
    assert moved.best_chance == pytest.approx(plain.hit_chance)
    assert moved.hit_chance == pytest.approx(moved.frame["probability"].sum())
    assert moved.hit_chance <= moved.best_chance


def test_a_wish_moves_items_by_how_well_they_fit(town):
    names = town.log.vocabulary.items.tolist()
    wish = np.array([float(name == "museum") for name in names])
    assert ids(town, wish=wish, wish_weight=1.0)[0] == "museum"
    assert ids(town, wish=wish, wish_weight=0.0) == ids(town)
    answer = town.answer("ann", at(13, 21), wish=wish, wish_weight=0.5, k=5)
    z = (wish - wish.mean()) / wish.std()
    p = town.model.score(answer.query)[0]
    np.testing.assert_allclose(answer.frame["score"], (0.5 * np.log(p) + 1.5 * z)[answer.codes])


def test_no_wish_at_all_moves_nothing(town):
    assert ids(town, wish=np.zeros(5)) == ids(town)


def test_diversity_puts_unlike_items_next_to_each_other(town):
    plain = ids(town, categories=["Bar", "Museum"])
    spread = ids(town, categories=["Bar", "Museum"], diversity=0.9)
    assert plain[:2] == ["bar", "pub"] and spread[:2] == ["bar", "museum"]
    assert sorted(spread) == sorted(plain)


def test_likeness_counts_kind_and_place_half_each(town):
    vocabulary = town.log.vocabulary
    codes = vocabulary.item_codes(np.array(["bar", "pub", "cafe"], dtype=object))
    like = alike(vocabulary, codes)
    assert np.allclose(np.diag(like), 1.0) and np.allclose(like, like.T)
    km = 1.11195  # 0.01 degrees
    assert like[0, 1] == pytest.approx(0.5 + 0.5 / (1 + km), abs=1e-4)
    assert like[0, 2] == pytest.approx(0.5 / (1 + 2 * km), abs=1e-4)


def test_without_diversity_the_order_stays(town):
    codes = np.arange(5)
    assert spread_out(town.log.vocabulary, codes, 0.0, 5).tolist() == [0, 1, 2, 3, 4]


def test_equal_scores_keep_the_order_of_codes_however_short_the_list():
    many = pl.concat(
        [
            worlds.table(worlds.rows("ann", [("cafe", at(0, 8))])).with_columns(
                pl.lit(f"item {k:03d}").alias("item_id"), pl.lit(f"user {k}").alias("user_id")
            )
            for k in range(60)
        ]
    )
    town = worlds.recommender(many)
    whole = town.recommend(None, at(1, 8), k=60)["item_id"].to_list()
    assert town.recommend(None, at(1, 8), k=3)["item_id"].to_list() == whole[:3]
