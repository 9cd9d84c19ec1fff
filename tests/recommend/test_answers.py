"""Who, when, where → the right list, and words where the question is odd."""

import numpy as np
import polars as pl
import pytest

from strec.errors import ModelError, SchemaError
from strec.models import Popularity, UserCounts
from strec.recommend import Recommender
from strec.split import Vocabulary, encode
from tests.recommend import worlds
from tests.recommend.worlds import at


@pytest.fixture(scope="module")
def town():
    return worlds.recommender()


def first(town, *args, **how) -> str:
    return town.recommend(*args, **how)["item_id"][0]


def test_the_hour_decides_for_somebody_with_habits(town):
    assert first(town, "ann", at(13, 8)) == "cafe"
    assert first(town, "ann", at(13, 21)) == "bar"


def test_probabilities_are_those_of_the_model_and_sum_to_one(town):
    answer = town.answer("ann", at(13, 8), k=5)
    score = town.model.score(answer.query)[0]
    assert answer.frame["probability"].to_list() == score[answer.codes].tolist()
    assert answer.frame["probability"].sum() == pytest.approx(1.0)
    assert answer.frame["probability"].is_sorted(descending=True)
    assert answer.hit_chance == answer.best_chance == pytest.approx(1.0)


def test_only_earlier_check_ins_are_seen(town):
    answer = town.answer("ann", at(3, 8.5))
    seen = answer.query.log.time_us[answer.query.indices]
    assert len(seen) == 10 and (seen < answer.query.time_us[0]).all()
    row = answer.frame.filter(pl.col("item_id") == "cafe").row(0, named=True)
    assert row["n_visits"] == 4 and row["last_visit"] == at(3, 8)


def test_without_a_time_the_last_check_in_is_the_last_thing_seen(town):
    query, _ = town.query("ann")
    assert query.length[0] == 42 and query.hour[0] == pytest.approx(21.0)


def test_the_place_is_that_of_the_last_check_in_or_the_one_given(town):
    assert town.answer("ann", at(13, 8.5)).query.lat[0] == 50.00
    near = town.answer("ann", at(13, 8.5), 50.04, 14.40).frame
    assert near.filter(pl.col("item_id") == "museum")["distance_km"][0] == pytest.approx(
        0, abs=0.01
    )
    km = near.filter(pl.col("item_id") == "cafe")["distance_km"][0]
    assert km == pytest.approx(4.448, abs=0.01)  # 0.04 degrees of latitude


def test_one_check_in_is_enough_to_be_served(town):
    answer = town.answer("eve", at(1, 15))
    assert answer.query.length[0] == 1 and not answer.notes
    assert answer.frame.filter("is_return")["item_id"].to_list() == ["museum"]


def test_somebody_new_gets_what_is_popular_and_a_note(town):
    answer = town.answer(None, at(13, 8))
    assert answer.frame["item_id"][0] == "cafe" and not answer.frame["is_return"].any()
    assert "popular" in answer.notes[0] and answer.new_share == pytest.approx(1.0)


def test_before_the_first_check_in_a_user_is_somebody_new(town):
    answer = town.answer("eve", at(0, 6))
    assert "as for somebody new" in answer.notes[0]
    assert answer.frame["n_visits"].sum() == 0


def test_a_history_of_somebody_else_is_answered_as_if_it_were_in_the_data(town):
    ann = worlds.town().filter(pl.col("user_id") == "ann")
    theirs = town.recommend(ann.with_columns(pl.lit("zoe").alias("user_id")), at(13, 21))
    own = town.recommend("ann", at(13, 21))
    assert theirs["item_id"].to_list() == own["item_id"].to_list()
    np.testing.assert_allclose(theirs["probability"], own["probability"])


def test_data_without_any_place_works():
    bare = worlds.town().with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in ("lat", "lon")
    )
    answer = worlds.recommender(bare).answer("ann", at(13, 21), max_distance_km=1)
    assert answer.frame["item_id"][0] == "bar" and answer.frame["distance_km"].null_count() == 5
    assert "distance limit was not used" in " ".join(answer.notes)


def test_odd_moments_and_places_are_answered_with_a_note(town):
    assert "days outside the data" in town.answer("ann", at(400, 8)).notes[0]
    assert "days outside the data" in town.answer(None, at(-400, 8)).notes[1]
    assert "nearest known place is" in town.answer("ann", at(5, 8), 0.0, 0.0).notes[0]
    assert "Nobody checked in near" in town.answer("ann", at(5, 8), 50.5, 14.4).notes[0]
    assert not town.answer("ann", at(5, 8), 50.02, 14.4).notes


@pytest.mark.parametrize(
    ("args", "how", "needed"),
    [
        (("nobody",), {}, "has check-ins in this data set"),
        (("ann", None, 95.0, 0.0), {}, "latitude from -90 to 90"),
        (("ann", None, 50.0, None), {}, "latitude from -90 to 90"),
        (("ann",), {"strategy": "best"}, "A strategy is"),
        (("ann",), {"categories": ["Zoo"]}, "Categories are those"),
        (("ann",), {"diversity": 2}, "number from 0 to 1"),
        (("ann",), {"wish": np.zeros(3)}, "one number per item"),
    ],
)
def test_what_cannot_be_is_refused_in_words(town, args, how, needed):
    with pytest.raises(ModelError, match=needed):
        town.answer(*args, **how)


def test_two_people_are_no_history(town):
    with pytest.raises(ModelError, match="check-ins of one person"):
        town.answer(worlds.town())


def test_a_model_of_other_items_is_refused(town):
    other = worlds.town().with_columns(pl.col("item_id") + " elsewhere")
    with pytest.raises(ModelError, match="trained on"):
        Recommender(other, town.model)


def test_an_empty_table_is_refused():
    with pytest.raises(SchemaError, match="at least one check-in"):
        Recommender(worlds.town().clear())


def test_scores_that_are_no_probabilities_are_not_called_so():
    checkins = worlds.town()
    model = UserCounts().fit(encode(checkins, Vocabulary.of(checkins)))
    answer = Recommender(checkins, model).answer("ann", at(13, 21), strategy="context")
    raw = model.score(answer.query)[0]
    if np.isclose(raw.sum(), 1):
        pytest.skip("user counts are probabilities")
    assert answer.frame["probability"].null_count() == len(answer.frame)


def test_a_model_that_knows_no_context_answers_too():
    checkins = worlds.town()
    model = Popularity().fit(encode(checkins, Vocabulary.of(checkins)))
    assert first(Recommender(checkins, model), "ann", at(13, 21)) == "cafe"


# ---------------------------------------------------------------- many questions at once


def test_a_table_of_questions_gets_the_same_answers_one_by_one(town):
    asked = pl.DataFrame(
        {
            "user_id": ["ann", None, "eve", "ann", "bob"],
            "time": [at(13, 21), at(13, 8), at(2, 9), at(6, 8), None],
            "lat": [None, 50.03, None, 50.01, None],
            "lon": [None, 14.40, None, 14.40, None],
        }
    )
    for how in ({}, {"strategy": "context"}, {"new_only": True, "diversity": 0.5}):
        together = town.answer_many(asked, k=3, **how)
        for number, row in enumerate(asked.iter_rows()):
            alone = town.recommend(*row, k=3, **how)
            own = together.filter(pl.col("query") == number).drop("query")
            assert own.drop("score", "probability").equals(alone.drop("score", "probability"))
            np.testing.assert_allclose(own["score"], alone["score"], rtol=1e-9)


def test_times_as_text_and_somebody_new_without_a_time(town):
    asked = pl.DataFrame({"user_id": ["ann", ""], "time": ["2024-06-16 21:00", None]})
    found = town.answer_many(asked, k=1)
    assert found["query"].to_list() == [0, 1] and found["item_id"].to_list() == ["bar", "cafe"]


def test_no_question_no_answer(town):
    asked = pl.DataFrame(schema={"user_id": pl.String})
    found = town.answer_many(asked)
    assert len(found) == 0 and found.columns[0] == "query"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"who": ["ann"]}, "columns who"),
        ({"user_id": ["ann", "nobody"]}, "question 2"),
        ({"user_id": ["ann"], "time": ["tomorrow"]}, "tomorrow"),
        ({"user_id": ["ann"], "lat": ["north"], "lon": ["1"]}, "north"),
        ({"user_id": ["ann"], "lat": [123.0], "lon": [1.0]}, "question 1"),
    ],
)
def test_a_bad_table_of_questions_says_what_is_wrong(town, asked, found):
    with pytest.raises(ModelError) as caught:
        town.answer_many(pl.DataFrame(asked))
    assert found in caught.value.found
