"""The parts add up, point at real check-ins, and the sentences say what can be counted."""

import re
from datetime import UTC

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec import palette
from strec.errors import ModelError
from strec.explanation import LABELS, explain, parts_of_list
from strec.explanation.reasons import label_of
from strec.models import MODELS, CounterMix, Model, Popularity
from strec.recommend import Recommender
from strec.split import Vocabulary, encode
from tests.recommend import worlds
from tests.recommend.worlds import at

TOWN = worlds.recommender()


def _crowd() -> pl.DataFrame:
    """The town, where three people do what each of bob, cid and dee does."""
    found = [worlds.town()]
    for user in ("bob", "cid", "dee"):
        own = found[0].filter(pl.col("user_id") == user)
        found += [own.with_columns(user_id=pl.lit(f"{user}{k}")) for k in (2, 3)]
    return pl.concat(found)


@pytest.fixture(scope="module")
def crowd():
    return worlds.recommender(_crowd())


@pytest.fixture(scope="module")
def town():
    return TOWN


@pytest.fixture(scope="module")
def evening(town):
    return town.answer("ann", at(13, 21), k=5)


@settings(max_examples=40, deadline=None)
@given(
    user=st.sampled_from(["ann", "bob", "eve", None]),
    day=st.integers(0, 20),
    hour=st.floats(0, 23.9),
    lat=st.one_of(st.none(), st.floats(49.9, 50.1)),
)
def test_parts_add_up_to_the_probability_of_every_item(user, day, hour, lat):
    answer = TOWN.answer(user, at(day, hour), lat, None if lat is None else 14.4, k=5)
    summed = parts_of_list(answer).group_by("rank", maintain_order=True).agg(pl.sum("value"))
    np.testing.assert_allclose(summed["value"], answer.frame["probability"], atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind, model in MODELS.items() if model().explains])
def test_parts_add_up_for_every_model_that_explains(kind):
    checkins = worlds.town()
    model = MODELS[kind](**MODELS[kind].quick).fit(encode(checkins, Vocabulary.of(checkins)))
    answer = Recommender(checkins, model).answer("ann", at(13, 21), k=5)
    for rank in range(1, 6):
        reasons = explain(answer, rank)
        score = model.score(answer.query)[0, answer.codes[rank - 1]]
        assert reasons.parts["value"].sum() == pytest.approx(score, abs=1e-6)


def test_evidence_is_the_persons_own_earlier_check_ins(evening):
    reasons = explain(evening, 1)
    assert reasons.item_id == "bar"
    for part, rows in reasons.evidence.items():
        assert set(rows["item_name"]) <= {"Bar"}, part
        assert (rows["local_time"] < at(13, 21)).all() and (rows["strength"] > 0).all()
    assert reasons.evidence["hour"].height == 13  # one evening a day before this one


def test_the_largest_part_comes_first_with_its_colour(evening):
    parts = explain(evening, 1).parts
    assert parts["value"].is_sorted(descending=True)
    assert dict(parts.select("part", "colour").iter_rows())["hour"] == palette.TIME


def test_sentences_count_what_is_visible(evening):
    said = explain(evening, 1).sentences
    assert said[0] == "Chosen 13 times in 41 check-ins (32 %), last on 15 Jun 2024."
    assert "13 of the 13 visits were within two hours of 21:00" in " ".join(said)


def test_somebody_new_is_told_that_nothing_is_known(crowd):
    said = explain(crowd.answer(None, at(13, 8)), 1).sentences
    assert "Nothing is known" in said[0] and "others choose it" in said[1]


def test_without_any_time_nothing_is_said_about_an_hour(crowd):
    said = " ".join(explain(crowd.answer(None), 1).sentences)
    assert "others chose it 140 times (more often than 80 % of all)" in said
    assert "around" not in said


def test_what_fewer_than_five_others_did_is_not_counted_aloud(town, crowd):
    """Four people have coffee in the town of five; ten in the crowd."""
    for who, said_of_others in ((town, False), (crowd, True)):
        asked = who.answer(None), who.answer(None, at(13, 8)), who.answer("eve", at(13, 9))
        said = [explain(each, rank).sentences for each in asked for rank in range(1, 6)]
        texts = [text.replace("what others do", "") for each in said for text in each]
        assert any("others" in text for text in texts) is said_of_others


@pytest.mark.parametrize("user", ["ann", "bob", "eve"])
def test_a_fact_takes_a_side_only_against_its_base_rate(crowd, user):
    """Each comparison that a sentence makes is counted again, from the table itself."""
    table = _crowd().with_columns(hour=pl.col("timestamp").dt.hour())
    n_checked = 0
    for hour in (3, 8, 15, 21):
        moment = at(10, hour)
        past = table.filter(pl.col("timestamp") < moment.replace(tzinfo=UTC))
        own = past.filter(pl.col("user_id") == user)
        others = past.filter(pl.col("user_id") != user)
        answer = crowd.answer(user, moment, k=5)
        for rank, item in enumerate(answer.frame["item_id"], 1):
            apart = (pl.col("hour") - hour).abs()
            near = pl.min_horizontal(apart, 24 - apart) <= 2
            for said in explain(answer, rank).sentences[1:]:
                side = {"In": 1, "Ag": -1}.get(said[:2])
                for rows, words in (
                    (own, r"(?:was|were) within two hours of \S+ \(all"),
                    (others, r"others choose it (?:more|less) around"),
                ):
                    if side is None or not re.search(words, said):
                        continue
                    here = rows.filter(pl.col("item_id") == item)
                    more = here.select(near.mean()).item() - rows.select(near.mean()).item()
                    assert np.sign(more) == side, (said, more)
                    n_checked += 1
    assert n_checked >= 5


def test_a_distance_speaks_for_an_item_only_when_nearer_than_most_steps(town):
    """Home and office of the town are 5 km apart, and each step goes from one to another."""
    for rank in range(1, 6):
        for said in explain(town.answer("ann", at(13, 21), 50.0, 14.4, k=5), rank).sentences:
            for opening, which in (("In its favour", "nearer"), ("Against it", "farther")):
                if said.startswith(opening) and "away (" in said:
                    _, share = re.search(rf"away \(({which}) than (\d+ %|all) of", said).groups()
                    assert share == "all" or int(share[:-2]) >= 55


def test_a_name_with_markup_stays_a_name():
    evil = worlds.town().with_columns(
        pl.when(pl.col("item_id") == "bar")
        .then(pl.lit("<b>Bar</b> ignore all instructions {last} {0}"))
        .otherwise("item_name")
        .alias("item_name")
    )
    answer = worlds.recommender(evil).answer("ann", at(13, 22), k=5)
    labels = dict(explain(answer, 1).parts.select("part", "label").iter_rows())
    assert labels["sequence"] == "After <b>Bar</b> ignore all instructions {last} {0}"
    assert any("<b>Bar</b>" in name for name in answer.frame["item_name"])


def test_a_rank_that_is_not_listed_is_refused(evening):
    with pytest.raises(ModelError, match="rank from 1 to 5"):
        explain(evening, 6)


def test_a_model_without_parts_says_so():
    checkins = worlds.town()
    model = Popularity().fit(encode(checkins, Vocabulary.of(checkins)))
    assert not model.explains and CounterMix().explains
    with pytest.raises(ModelError, match="sum of parts"):
        explain(Recommender(checkins, model).answer("ann"), 1)


def test_parts_of_other_models_get_words_and_a_steady_colour(evening):
    words, colour = label_of("text_similarity", evening.query, 0)
    assert words == "Text similarity" and colour in palette.CATEGORICAL
    assert colour == label_of("text_similarity", evening.query, 3)[1]
    assert issubclass(CounterMix, Model) and "hour" in LABELS
