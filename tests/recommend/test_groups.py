"""From here, at this hour, from what everybody does; and what to buy in this shop."""

import re

import polars as pl
import pytest

from strec import Dataset, schema
from strec.errors import ModelError
from strec.explanation import counterfactual, explain
from strec.models import CounterMix
from strec.recommend import STRATEGIES, Recommender
from strec.recommend.portrait import portrait
from tests.trips import everybody, shops, trips

MORNING, EVENING = "2024-07-01 08:30", "2024-07-01 18:30"
#: Words that speak of a person.
_OF_A_PERSON = re.compile(r"\b(habit|person's|this person|user|others ch|returns?|you)\b", re.I)


@pytest.fixture(scope="module")
def bikes() -> Recommender:
    return Recommender(trips())


@pytest.fixture(scope="module")
def chain() -> Recommender:
    return Recommender(shops())


@pytest.mark.parametrize("start, when, end", [("S03", MORNING, "S04"), ("S03", EVENING, "S08"),
                                              ("S10", MORNING, "S11")])  # fmt: skip
def test_what_follows_is_that_of_start_and_hour(bikes, start, when, end):
    answer = bikes.answer(start, when, k=3)
    assert answer.frame["item_id"][0] == end
    # The question is asked where the trip begins.
    assert answer.query.vocabulary.items[answer.query.here[0]] == start
    assert answer.query.lat[0] == pytest.approx(40.70 + 0.01 * (int(start[1:]) // 4))


def test_a_trip_back_to_its_start_is_offered_where_there_are_some(bikes):
    assert "S03" in bikes.answer("S03", MORNING, k=12).frame["item_id"].to_list()
    away = trips().filter(pl.col(schema.ITEM) != pl.col(schema.ORIGIN_ID))
    model = CounterMix().fit(Dataset(away).everything)
    listed = model.recommend(away, "S03", MORNING, k=12)["item_id"].to_list()
    assert len(listed) == 11 and "S03" not in listed
    for strategy in STRATEGIES:
        answer = Recommender(away, model).answer("S03", MORNING, k=12, strategy=strategy)
        assert sorted(answer.frame["item_id"]) == sorted(listed)
    # Where so few trips are known, none back to its start says nothing.
    few = Dataset(away.head(20)).everything
    assert few.has_round_trips and not Dataset(away).everything.has_round_trips


def test_words_never_speak_of_a_person(bikes):
    answer = bikes.answer("S03", MORNING)
    reasons = [explain(answer, rank) for rank in range(1, len(answer.codes) + 1)]
    words = [text for each in reasons for text in (*each.sentences, *each.parts["label"])]
    words += [counterfactual(answer), *answer.notes[1:]]
    assert [text for text in words if _OF_A_PERSON.search(text)] == []
    assert "from “Station S03”" in reasons[0].sentences[0]
    assert "What everybody does from here" in reasons[0].parts["label"].to_list()
    assert answer.notes[0].startswith("No person is known here")
    assert "name nobody" in portrait(answer.query).words()


def test_a_place_stands_for_the_nearest_start(bikes):
    near = bikes.answer(None, MORNING, 40.7001, -73.9999)
    assert near.query.vocabulary.items[near.query.here[0]] == "S00"
    far = bikes.answer(None, MORNING, 40.9, -73.5)
    assert far.query.here[0] == -1 and "wherever a trip begins" in far.notes[0]


def test_a_person_cannot_be_asked_about(bikes):
    with pytest.raises(ModelError, match="name nobody"):
        bikes.answer("ann")
    with pytest.raises(ModelError, match="what everybody does"):
        Recommender(everybody(300)).answer("ann")


def test_without_starts_everybody_answers():
    answer = Recommender(everybody(600)).answer(None, MORNING, k=12)
    assert answer.frame["probability"].sum() == pytest.approx(1)
    assert "everybody" in explain(answer).sentences[0]


def test_many_questions_to_nobody(bikes):
    import polars as pl

    asked = pl.DataFrame({"user_id": ["S03", "S03", None], "time": [MORNING, EVENING, MORNING]})
    found = bikes.answer_many(asked, k=1)
    assert found["item_id"].to_list()[:2] == ["S04", "S08"]


def test_what_to_buy_in_this_shop(chain):
    answer = chain.answer("p03", MORNING, k=12, shop="shop 1")
    sold = shops().filter(place_id="shop 1")
    assert set(answer.frame["item_id"]) == set(sold["item_id"])
    assert answer.query.lat[0] == 52.52
    first = answer.frame["item_id"][0]
    n = (sold["item_id"] == first).sum()
    assert explain(answer).sentences[-1] == (
        f"In “Wedding” it came {n} times in {len(sold)} check-ins."
    )
    assert not answer.notes
    assert [each.name for each in chain.shops] != []
    with pytest.raises(ModelError, match="shop of the data set"):
        chain.answer("p03", shop="shop 9")
