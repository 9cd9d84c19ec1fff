"""A simulated world depends on time and place exactly as much as its sliders say."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.stats import kstest

from strec import schema
from strec.errors import StrecError
from strec.simulation import SCENARIOS, simulate

NONE = {"temporal": 0.0, "spatial": 0.0, "interaction": 0.0}
POI_WORLDS = [name for name, s in SCENARIOS.items() if s.item_is_place]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_world_is_a_canonical_table_of_the_size_asked_for(scenario):
    world = simulate(scenario, n_users=30, n_checkins=2_000, seed=4)
    assert_frame_equal(world, schema.validate(world))
    assert world.columns == list(schema.REQUIRED | schema.OPTIONAL)[:6] + [
        "category", "item_name", "event", "value", "text"
    ]  # fmt: skip
    assert len(world) == 2_000
    assert world["user_id"].n_unique() == 30
    assert sum(world.null_count().row(0)) == 0
    assert_frame_equal(world, world.sort("user_id", "timestamp", maintain_order=True))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_names_and_texts_are_distinct_and_belong_to_one_item(scenario):
    world = simulate(scenario, n_users=50, n_checkins=20_000, popularity_skew=0.2)
    items = world.select("item_id", "item_name", "category", "text").unique()
    assert items["item_id"].is_unique().all()
    assert items["item_name"].is_unique().all()
    assert items["text"].n_unique() > 0.4 * len(items)
    assert items["category"].n_unique() == len(SCENARIOS[scenario].categories)
    assert items["text"].str.contains(r"^An? [a-z].*\.$").all()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nobody_leaves_the_city(scenario):
    world = simulate(scenario, n_users=100, n_checkins=3_000, seed=11)
    assert _km_from_centre(world, SCENARIOS[scenario]).max() <= SCENARIOS[scenario].radius_km


@pytest.mark.parametrize("scenario", POI_WORLDS)
def test_a_poi_is_one_place(scenario):
    world = simulate(scenario, n_users=20, n_checkins=2_000)
    assert world.select("item_id", "lat", "lon").n_unique() == world["item_id"].n_unique()


def test_a_shopper_buys_from_a_few_places_and_a_product_is_bought_in_many():
    world = simulate("ecommerce", n_users=20, n_checkins=4_000)
    places = world.group_by("user_id").agg(pl.struct("lat", "lon").n_unique())["lat"]
    assert places.min() >= 2 and places.max() <= 4
    assert world.group_by("item_id").agg(pl.col("lat").n_unique())["lat"].median() > 4


@pytest.mark.slow
@given(seed=st.integers(0, 2**32), scenario=st.sampled_from(sorted(SCENARIOS)))
@settings(max_examples=8, deadline=None)
def test_a_seed_repeats_a_world(seed, scenario):
    size = {"n_users": 10, "n_checkins": 100, "seed": seed}
    assert_frame_equal(simulate(scenario, **size), simulate(scenario, **size))
    other = simulate(scenario, **size | {"seed": seed + 1})
    assert not simulate(scenario, **size).equals(other)


def test_sliders_leave_city_people_and_times_as_they_are():
    still, moved = (simulate(n_users=20, n_checkins=900, **kw) for kw in (NONE, {"temporal": 1.0}))
    assert_frame_equal(still.select("user_id", "timestamp"), moved.select("user_id", "timestamp"))
    columns = ["item_id", "item_name", "lat", "lon"]
    both = still.select(columns).unique().join(moved.select(columns).unique(), on="item_id")
    assert (both["lat"] == both["lat_right"]).all()
    assert not still["item_id"].equals(moved["item_id"])


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["social", "ecommerce"])
def test_without_dependence_p_values_are_uniform(scenario):
    p_values = np.array(
        [
            _p_values(simulate(scenario, n_users=40, n_checkins=1_600, seed=seed, **NONE), 39)
            for seed in range(30)
        ]
    )
    for column in p_values.T:
        # The permutation p-values lie on a grid of 1/40: compare with the middle of each step.
        assert kstest(column - 1 / 80, "uniform").pvalue > 0.003
        assert (column <= 0.05).mean() <= 0.2


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize(("slider", "index"), [("temporal", 0), ("spatial", 1), ("interaction", 2)])
def test_each_slider_raises_its_own_dependence(scenario, slider, index):
    gains = [
        _gains(simulate(scenario, n_users=60, n_checkins=8_000, **NONE | {slider: strength}))[index]
        for strength in (0.0, 0.3, 0.6, 1.0)
    ]
    assert np.all(np.diff(gains) > 0.005), gains
    assert abs(gains[0]) < 0.01


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_space_alone_and_interaction_alone_tell_nothing_about_time(scenario):
    for slider in ("spatial", "interaction"):
        world = simulate(scenario, n_users=100, n_checkins=8_000, **NONE | {slider: 1.0})
        assert abs(_gains(world)[0]) < 0.004, slider


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_pure_interaction_leaves_hardly_a_trace_in_the_margins(scenario):
    world = simulate(scenario, n_users=100, n_checkins=8_000, **NONE | {"interaction": 1.0})
    time, place, joint = _gains(world)
    assert joint > 0.08
    assert abs(time) < 0.05 * joint
    assert abs(place) < 0.1 * joint


@pytest.mark.slow
def test_knobs_turn():
    size = {"n_users": 100, "n_checkins": 10_000, "n_items": 100}

    def top_share(skew):
        return simulate(popularity_skew=skew, **size)["item_id"].value_counts()["count"].max()

    assert top_share(0.0) < top_share(1.0) < top_share(2.0)

    def busiest(skew):
        return simulate(activity_skew=skew, **size)["user_id"].value_counts()["count"].max()

    assert busiest(0.0) < 150 < busiest(1.0) < busiest(2.0)

    def active_days(burstiness):
        world = simulate(burstiness=burstiness, **size)
        return world.select("user_id", pl.col("timestamp").dt.date()).n_unique()

    assert active_days(0.0) > 1.3 * active_days(0.5) > 1.5 * active_days(0.9)

    hourly = simulate(time_grain_minutes=60, **size)["timestamp"]
    assert (hourly.dt.minute() == 0).all() and (hourly.dt.second() == 0).all()


def test_commuting_ties_place_to_the_clock_and_not_to_the_items():
    strict = simulate("ecommerce", n_users=50, n_checkins=5_000, commuting=1.0, **NONE)
    at = strict.with_columns(
        place=pl.struct("lat", "lon").rank("dense"),
        local=schema.local_time(),
    ).with_columns(
        work=pl.col("local").dt.hour().is_between(9, 17) & (pl.col("local").dt.weekday() < 6)
    )
    assert at.group_by("user_id", "work").agg(pl.col("place").n_unique())["place"].max() == 1
    assert abs(_gains(strict)[0]) < 0.01


def test_activity_follows_the_clock_the_week_and_the_season():
    world = simulate(
        "traffic", n_users=200, n_checkins=40_000, days=364, start=date(2024, 1, 1)
    ).with_columns(local=schema.local_time())
    hours = world["local"].dt.hour().value_counts().sort("local")["count"]
    assert hours[8] > 5 * hours[3]
    weekday = world["local"].dt.weekday().value_counts().sort("local")["count"]
    assert weekday[1] > 1.3 * weekday[6]
    month = world["local"].dt.month().value_counts().sort("local")["count"]
    assert month[6] > 1.5 * month[0]
    # Half of the activity is early, which keeps the interaction out of the margin of time.
    assert abs(world["local"].dt.hour().is_between(4, 14).mean() - 0.5) < 0.01


def test_times_have_the_offset_of_their_season_and_skip_the_hour_that_does_not_exist():
    world = simulate("social", n_users=50, n_checkins=20_000, start=date(2024, 3, 29), days=4)
    local = world.select(local=schema.local_time(), offset="utc_offset_min")
    assert set(world["utc_offset_min"].unique()) == {60, 120}
    skipped = local.filter(pl.col("local").dt.date() == date(2024, 3, 31))
    assert 2 not in set(skipped["local"].dt.hour())
    zone = world["timestamp"].dt.convert_time_zone("Europe/Madrid").dt.replace_time_zone(None)
    assert (zone == local["local"]).all()


def test_tourists_stay_a_few_days():
    world = simulate("travel", n_users=200, n_checkins=2_000)
    stays = world.group_by("user_id").agg(
        (pl.col("timestamp").max() - pl.col("timestamp").min()).dt.total_hours() / 24
    )["timestamp"]
    assert stays.max() <= 6.1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"scenario": "mars"}, "ecommerce, social, travel, traffic"),
        ({"temporal": 1.5}, "temporal"),
        ({"spatial": -0.1}, "spatial"),
        ({"interaction": float("nan")}, "interaction"),
        ({"n_checkins": 10}, "n_checkins"),
        ({"n_users": 0}, "n_users"),
        ({"n_items": 5}, "n_items"),
        ({"days": 0}, "days"),
    ],
)
def test_a_number_out_of_range_is_named(wrong, named):
    with pytest.raises(StrecError, match=named):
        simulate(**wrong)


def test_smallest_worlds_work():
    assert len(simulate("social", n_users=1, n_checkins=1)) == 1
    assert len(simulate("ecommerce", n_users=3, n_checkins=3, n_items=20, days=1)) == 3
    assert len(simulate("travel", n_users=1, n_checkins=500, n_items=20, days=2)) == 500


def _codes(values) -> np.ndarray:
    return np.unique(np.asarray(values), return_inverse=True)[1]


def _mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """Mutual information of two codes in nats, from the counts."""
    n_b = b.max() + 1
    joint = np.bincount(a * n_b + b, minlength=(a.max() + 1) * n_b).reshape(-1, n_b) / len(a)
    product = joint.sum(1, keepdims=True) * joint.sum(0)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / product[seen])).sum())


def _statistics(user, category, daypart, cell, poi) -> np.ndarray:
    """Information on the item's category in time, in place, and in both beyond each.

    Rows are sorted by user and time; in a POI world the place is the previous check-in's.
    """
    if poi:
        later = user[1:] == user[:-1]
        place, category, daypart = cell[:-1][later], category[1:][later], daypart[1:][later]
    else:
        place = cell
    both = _codes(daypart * (place.max() + 1) + place)
    time_nats = _mutual_information(daypart, category)
    place_nats = _mutual_information(place, category)
    joint_nats = _mutual_information(both, category)
    return np.array([time_nats, place_nats, joint_nats - time_nats - place_nats])


def _observed_and_null(world: pl.DataFrame, n_permutations: int):
    """Compare with the same users' items in random order: exact when items are exchangeable."""
    rng = np.random.default_rng(5)
    poi = world.select("item_id", "lat").n_unique() == world["item_id"].n_unique()
    user, category = _codes(world["user_id"]), _codes(world["category"])
    daypart = world.select(schema.local_time().dt.hour() // 4).to_series().to_numpy()
    daypart = _codes(np.where(daypart == 0, 5, daypart))
    cell = _codes(schema.cells_of(world["lat"], world["lon"], 7))
    observed = _statistics(user, category, daypart, cell, poi)
    null = []
    for _ in range(n_permutations):
        order = np.lexsort((rng.random(len(user)), user))
        # A POI takes its place along.
        null.append(_statistics(user, category[order], daypart, cell[order] if poi else cell, poi))
    return observed, np.array(null)


def _p_values(world: pl.DataFrame, n_permutations: int) -> np.ndarray:
    observed, null = _observed_and_null(world, n_permutations)
    return (1 + (null >= observed).sum(0)) / (n_permutations + 1)


def _gains(world: pl.DataFrame) -> np.ndarray:
    """Information in nats above what items in random order show."""
    observed, null = _observed_and_null(world, 10)
    return observed - null.mean(0)


def _km_from_centre(world: pl.DataFrame, scenario) -> np.ndarray:
    lat, lon = np.radians(world["lat"].to_numpy()), np.radians(world["lon"].to_numpy())
    lat0, lon0 = np.radians([scenario.lat, scenario.lon])
    half = (
        np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin((lon - lon0) / 2) ** 2
    )
    return 2 * 6371.0088 * np.arcsin(np.sqrt(half))
