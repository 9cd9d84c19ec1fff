"""A past made by clicks or pasted is the same as one in the data."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.recommend.visitor import Visit, history, nearest_item, parse_history
from tests.recommend import worlds
from tests.recommend.worlds import at

TOWN = worlds.recommender()


def test_visits_become_check_ins_at_their_places_in_local_time():
    code = int(TOWN.log.vocabulary.item_codes(np.array(["bar"], dtype=object))[0])
    table = history(TOWN.log, [Visit(code, at(2, 21))])
    row = table.row(0, named=True)
    assert (row["item_id"], row["lat"], row["utc_offset_min"]) == ("bar", 50.02, 120)
    assert row["timestamp"].replace(tzinfo=None) == at(2, 19)


def test_the_answer_equals_that_of_a_user_with_the_same_past():
    ann = worlds.town().filter(pl.col("user_id") == "ann")
    visits = [
        Visit(int(code), when)
        for code, when in zip(
            TOWN.log.vocabulary.item_codes(ann["item_id"]),
            ann["timestamp"].dt.offset_by("2h").dt.replace_time_zone(None),
            strict=True,
        )
    ]
    mine = TOWN.recommend(history(TOWN.log, visits), at(13, 23))
    hers = TOWN.recommend("ann", at(13, 23))
    assert mine["item_id"].to_list() == hers["item_id"].to_list()
    np.testing.assert_allclose(mine["probability"], hers["probability"])


def test_the_first_visit_changes_the_answer():
    code = int(TOWN.log.vocabulary.item_codes(np.array(["museum"], dtype=object))[0])
    before = TOWN.recommend(None, at(5, 15))
    after = TOWN.recommend(history(TOWN.log, [Visit(code, at(4, 15))]), at(5, 15))
    chance = {row["item_id"]: row["probability"] for row in before.iter_rows(named=True)}
    again = {row["item_id"]: row["probability"] for row in after.iter_rows(named=True)}
    assert again["museum"] > chance["museum"]


def test_lines_are_read_in_any_order_and_case():
    text = "when,what\n2024-06-05 08:10, CAFE\nbar;2024-06-05T21:00:00\n\n2024-06-06\tMuseum"
    visits, problems = parse_history(text, TOWN.log)
    names = [str(TOWN.log.vocabulary.items[visit.item]) for visit in visits]
    assert names == ["cafe", "bar", "museum"] and not problems
    assert [visit.when.hour for visit in visits] == [8, 21, 12]


def test_what_cannot_be_read_is_said_by_its_line():
    visits, problems = parse_history("2024-06-05 8:00, cafe\nhello\n2024-13-01, bar\n"
                                     "2024-06-05, <b>zoo</b>", TOWN.log)  # fmt: skip
    assert len(visits) == 1
    assert [each.split(":")[0] for each in problems] == ["line 2", "line 3", "line 4"]


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text):
    visits, problems = parse_history(text, TOWN.log)
    assert len(problems) <= 5 and all(0 <= visit.item < 5 for visit in visits)


def test_many_bad_lines_are_counted_not_listed():
    _, problems = parse_history("x\n" + "nonsense\n" * 100, TOWN.log)
    assert len(problems) == 5 and "96 more lines" in problems[-1]


@pytest.mark.parametrize(("lat", "expected"), [(50.001, "cafe"), (50.2, "museum")])
def test_a_click_finds_the_nearest_item(lat, expected):
    assert TOWN.log.vocabulary.items[nearest_item(TOWN.log, lat, 14.4)] == expected


def test_without_places_a_click_finds_nothing():
    bare = worlds.town().with_columns(pl.lit(None, pl.Float64).alias(c) for c in ("lat", "lon"))
    assert nearest_item(worlds.recommender(bare).log, 50, 14) is None
