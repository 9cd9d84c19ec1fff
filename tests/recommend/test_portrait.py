"""A portrait says what the check-ins say, coarsely; pseudonyms tell nothing and stay."""

import numpy as np
import pytest

from strec.recommend.portrait import history_table, portrait, pseudonyms
from tests.recommend import worlds
from tests.recommend.worlds import at


@pytest.fixture(scope="module")
def town():
    return worlds.recommender()


def test_a_portrait_counts_what_is_visible(town):
    seen = portrait(town.query("ann", at(2, 8.5))[0])
    assert (seen.n_checkins, seen.n_items) == (7, 3)
    assert seen.hours[8] == 3 and seen.hours[9] == 2 and seen.hours[21] == 2
    assert seen.categories[0] == ("Café", pytest.approx(3 / 7))
    assert seen.return_share == pytest.approx(4 / 7)
    assert str(seen.first) == "2024-06-03" and str(seen.last) == "2024-06-05"
    assert seen.radius_km == 2  # half within 1.1 km of the middle, in steps


def test_the_line_reads_well_and_knows_when_it_knows_nothing(town):
    assert portrait(town.query(None)[0]).words() == "Nobody yet: no check-ins are known."
    assert "too little for habits" in portrait(town.query("eve")[0]).words()
    line = portrait(town.query("ann")[0]).words("places")
    assert line.startswith("42 check-ins · 3 different places") and "93 % returns" in line


def test_the_history_is_counted_by_item_and_place(town):
    frame = history_table(town.query("ann", at(2, 8.5))[0])
    assert frame["n_checkins"].to_list() == [3, 2, 2] and frame["item_id"][0] == "cafe"


def test_pseudonyms_are_unique_stable_and_depend_on_the_data_set():
    users = [f"user{k}" for k in range(300)]
    names = pseudonyms(users, "data a", "member")
    assert len(set(names.values())) == 300 and min(names.values()) == "Member 001"
    assert names == pseudonyms(reversed(users), "data a", "member")
    other = pseudonyms(users, "data b", "member")
    same = np.mean([names[user] == other[user] for user in users])
    assert same < 0.05
