"""Groups of rhythm: people are put where their week belongs, and small groups are not told."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from strec.recommend import Recommender
from strec.recommend.rhythms import Rhythms, hours_of_week, rhythms
from tests.recommend import worlds
from tests.recommend.worlds import MONDAY, at

#: Hours of the week: weekday mornings from Monday on, and weekend nights.
MORNING = [24 * day + hour for day in range(5) for hour in (8, 9)]
NIGHT = [120 + 22, 120 + 23, 144 + 22, 144 + 23]


def habits(n_mornings: int, n_nights: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(n_mornings + n_nights):
        hours = rng.choice(MORNING if user < n_mornings else NIGHT, 60)
        own, count = np.unique(hours, return_counts=True)
        rows += [(user, hour, n) for hour, n in zip(own, count, strict=True)]
    return pd.DataFrame(rows, columns=["user", "hour_of_week", "n_checkins"])


@pytest.fixture(scope="module")
def found() -> Rhythms:
    return rhythms(habits(30, 12))


@pytest.fixture(scope="module")
def early_bird() -> Recommender:
    visits = [("cafe", MONDAY + timedelta(days=7 * week + day, hours=8))
              for week in range(6) for day in range(5)]  # fmt: skip
    return Recommender(worlds.table(worlds.rows("ann", visits)), worlds.recommender().model)


def test_the_largest_group_comes_first_with_its_name(found):
    assert found.n_users == [30, 12]
    assert "weekday" in found.names[0] and "weekend" in found.names[1]


def test_somebody_is_put_where_their_week_belongs(found, early_bird):
    query = early_bird.query("ann", MONDAY + timedelta(days=60))[0]
    assert found.group_of(query) == 0
    assert found.words(query, min_users=5).startswith("Week: group 1 of 2, weekday")
    assert found.words(query, min_users=5).endswith(", 30 people.")


def test_a_group_of_few_is_not_told(found, early_bird):
    query = early_bird.query("ann", MONDAY + timedelta(days=60))[0]
    said = found.words(query, min_users=31)
    assert "not shown" in said and "weekday" not in said and "30" not in said


def test_a_short_past_has_no_group(found, early_bird):
    query = early_bird.query("ann", MONDAY + timedelta(days=5))[0]
    assert found.group_of(query) is None and "takes 20 check-ins" in found.words(query, 5)
    assert found.group_of(early_bird.query(None)[0]) is None


def test_weeks_that_differ_by_chance_alone_make_no_groups(early_bird):
    none = rhythms(habits(40, 0))
    assert none.names == []
    assert "cannot be told from chance" in none.words(early_bird.query("ann")[0], 5)
    assert "too few people" in rhythms(habits(5, 5)).words(early_bird.query("ann")[0], 5)


def test_hours_are_counted_in_local_time():
    seen = hours_of_week(worlds.recommender().query("ann", at(2, 8.5))[0])
    assert seen.sum() == 7 and seen[8] == seen[24 + 8] == seen[48 + 8] == 1 and seen[21] == 1
