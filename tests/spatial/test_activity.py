"""The activity map finds groups that were put there, names them, and knows chance."""

import numpy as np
import pandas as pd
import pytest

from strec.errors import AnalysisError
from strec.spatial.activity import activity_map, differ, name_clusters

MORNING = [24 * day + hour for day in range(5) for hour in (8, 9, 10)]
EVENING = [24 * day + hour for day in (5, 6) for hour in (19, 20, 21)]


def habits(groups: list[list[int]], n_each: int = 30, n_checkins: int = 60, seed: int = 0):
    """Users who act at the hours of their group, one in five times at any hour."""
    rng = np.random.default_rng(seed)
    rows = []
    for g, hours in enumerate(groups):
        for user in range(n_each):
            own = rng.choice(hours, n_checkins)
            any_hour = rng.integers(0, 168, n_checkins)
            chosen = np.where(rng.random(n_checkins) < 0.2, any_hour, own)
            rows += [(g * n_each + user, int(hour)) for hour in chosen]
    frame = pd.DataFrame(rows, columns=["user", "hour_of_week"])
    return frame.value_counts().rename("n_checkins").reset_index()


@pytest.fixture(scope="module")
def two_groups():
    return activity_map(habits([MORNING, EVENING]))


def test_groups_that_were_put_there_are_found_and_named(two_groups):
    assert sorted(two_groups.clusters["name"]) == ["weekday mornings", "weekend evenings"]
    label = two_groups.frame.set_index("user")["cluster"]
    assert label[:30].nunique() == 1 == label[30:].nunique() and label[0] != label[59]
    assert two_groups.p == 0.01 and two_groups.spread > 2 * two_groups.spread_by_chance
    assert "weekday mornings (50 %)" in two_groups.sentence


def test_the_map_adds_up(two_groups):
    assert two_groups.nodes["n_units"].sum() == 60 == two_groups.clusters["n_units"].sum()
    assert two_groups.profiles.sum(axis=1) == pytest.approx([1, 1])
    assert 0 <= two_groups.topographic_error <= 1
    assert two_groups.quantisation_error == pytest.approx(two_groups.frame["distance"].mean())
    assert two_groups.frame["n_checkins"].eq(60).all()


def test_the_same_seed_gives_the_same_map(two_groups):
    again = activity_map(habits([MORNING, EVENING]))
    pd.testing.assert_frame_equal(again.frame, two_groups.frame)


def test_one_week_for_all_is_called_chance():
    everybody = activity_map(habits([MORNING], n_each=40))
    assert everybody.p > 0.05 and "not to be relied on" in everybody.sentence


def test_p_values_without_a_difference_are_spread_out():
    p = [differ(habits([MORNING], n_each=20, seed=k), "user", k)[2] for k in range(20)]
    assert np.mean(np.array(p) <= 0.05) <= 0.2 and 0.3 < np.mean(p) < 0.7


def test_the_number_of_groups_can_be_chosen():
    assert len(activity_map(habits([MORNING, EVENING]), n_clusters=4).clusters) == 4


def test_names_differ_and_say_when_there_is_little_to_say():
    flat = np.full(168, 1 / 168)
    slight = flat.copy()
    slight[MORNING] *= 1.08
    names = name_clusters(np.array([flat, slight / slight.sum()]), flat)
    assert names == ["all week, as everybody", "a little more on weekday mornings"]
    twice = np.zeros(168)
    twice[MORNING] = 0.8 / len(MORNING)
    twice[EVENING] = 0.2 / len(EVENING)
    one = np.zeros(168)
    one[MORNING] = 1 / len(MORNING)
    assert len(set(name_clusters(np.array([one, twice, one]), flat))) == 3


def test_few_units_are_said_in_words():
    with pytest.raises(AnalysisError, match="20 users"):
        activity_map(habits([MORNING], n_each=5))
    with pytest.raises(AnalysisError, match="20 hexagons"):
        activity_map(habits([MORNING], n_each=5).rename(columns={"user": "cell"}), "cell")
