"""Neighbours agree with sorting all distances, and profiles with their definitions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec import spatial
from strec.errors import AnalysisError
from strec.geo import distance_km


def places(n: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "item_id": [f"i{k:02d}" for k in range(n)],
            "category": [f"kind {k % 3}" for k in range(n)],
            "lat": rng.uniform(-80, 80, n),
            "lon": rng.uniform(-180, 180, n),
        }
    )


def test_nearest_places_are_those_of_sorting_all_distances():
    frame = places()
    lat, lon = frame["lat"].to_numpy(), frame["lon"].to_numpy()
    away = distance_km(lat[:, None], lon[:, None], lat, lon)
    for k in (0, 17, 59):
        found = spatial.nearest_places(frame, f"i{k:02d}", 5)
        order = np.argsort(away[k], kind="stable")[1:6]
        assert found["item_id"].to_list() == frame["item_id"].iloc[order].to_list()
        assert found["distance_km"].to_numpy() == pytest.approx(away[k, order])


def test_the_same_category_and_missing_places():
    frame = places().assign(lat=lambda f: f["lat"].where(f["item_id"] != "i03"))
    near = spatial.nearest_places(frame, "i00", 100, same_category=True)
    assert set(near["category"]) == {"kind 0"} and len(near) == 18
    for item in ("i03", "nobody"):
        with pytest.raises(AnalysisError, match="latitude"):
            spatial.nearest_places(frame, item)
    with pytest.raises(AnalysisError, match="other"):
        spatial.nearest_places(frame.head(1), "i00")


def test_place_profiles_by_hand():
    visits = pd.DataFrame(
        {"user": [0, 0, 1, 2], "cell": [10, 11, 10, 12], "n_checkins": [1, 3, 2, 5]}
    )
    users, profiles = spatial.place_profiles(visits)
    rare = 1 + np.log(3)  # of three users, one
    common = 1 + np.log(3 / 2)
    raw = np.array([1 * common, (1 + np.log(3)) * rare, 0])
    assert users.tolist() == [0, 1, 2]
    assert profiles.toarray()[0] == pytest.approx(raw / np.linalg.norm(raw))
    similar = spatial.similar_users(users, profiles, 0, 5)
    assert similar["user"].to_list() == [1, 2]
    assert similar["similarity"].to_list() == pytest.approx([raw[0] / np.linalg.norm(raw), 0])


def test_time_profiles_keep_the_sum_and_go_around_the_week():
    habit = pd.DataFrame({"user": [7, 8], "hour_of_week": [167, 0], "n_checkins": [4, 9]})
    users, profiles = spatial.time_profiles(habit)
    assert profiles.sum(axis=1) == pytest.approx([1, 1])
    # Sunday 23:00 and Monday 0:00 are an hour apart.
    assert spatial.similar_users(users, profiles, 7)["similarity"][0] > 0.8
    sharp = spatial.time_profiles(habit, blur_hours=0)[1]
    assert sharp[0, 167] == 1 and sharp[1, 0] == 1


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 167)), min_size=2, max_size=40))
@settings(max_examples=30, deadline=None)
def test_similarity_is_symmetric_and_between_0_and_1(rows):
    frame = pd.DataFrame(rows, columns=["user", "hour_of_week"])
    habit = frame.value_counts().rename("n_checkins").reset_index()
    users, profiles = spatial.time_profiles(habit)
    if len(users) < 2:
        with pytest.raises(AnalysisError):
            spatial.similar_users(users, profiles, users[0])
        return
    tables = {u: spatial.similar_users(users, profiles, u, 9).set_index("user") for u in users}
    for u, table in tables.items():
        assert u not in table.index and table["similarity"].between(0, 1).all()
        for v in table.index:
            mirrored = tables[v].loc[u, "similarity"]
            assert table.loc[v, "similarity"] == pytest.approx(mirrored, abs=1e-9)


def test_a_user_without_a_profile_is_said_in_words():
    habit = pd.DataFrame({"user": [1, 2], "hour_of_week": [3, 4], "n_checkins": 1})
    with pytest.raises(AnalysisError, match="not this one"):
        spatial.similar_users(*spatial.time_profiles(habit), user=5)
