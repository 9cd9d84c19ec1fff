"""The gate says yes to what acts, no to what does not, and says why it cannot say."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from strec import gate, schema
from strec.dataset import Dataset
from strec.errors import AnalysisError, SchemaError
from strec.gate.result import Ingredient, route_of
from strec.gate.sentences import verdict_of
from strec.models import MODELS
from strec.simulation import simulate
from strec.split import split

FAST = dict(n_permutations=79)
#: Too few for a yes, enough where it is asked what is tested at all.
FEW = dict(n_permutations=3)
NONE = dict(temporal=0, spatial=0, interaction=0)


def world(scenario="social", n_users=60, n_checkins=3_000, seed=3, **sliders) -> pl.DataFrame:
    setting = NONE | sliders
    return simulate(scenario, n_users=n_users, n_checkins=n_checkins, seed=seed, **setting)


def decisions(result) -> tuple[bool, ...]:
    """Time, place, their combination, order."""
    return tuple(each.decision for each in result.ingredients)


@pytest.fixture(scope="module")
def nothing():
    return gate.dependence_test(world(), **FAST)


@pytest.fixture(scope="module")
def timely():
    return gate.dependence_test(world(temporal=0.7), **FAST)


@pytest.fixture(scope="module")
def without_places():
    bare = world(temporal=0.7).with_columns(
        pl.lit(None, pl.Float64).alias(c) for c in ("lat", "lon")
    )
    return gate.dependence_test(bare, **FAST)


@pytest.mark.slow
def test_a_world_without_dependence_takes_the_traditional_route(nothing):
    assert decisions(nothing) == (False, False, False, False)
    assert nothing.route == "traditional" and nothing.recommended_model != "stllm"
    assert {each.effect for each in nothing.ingredients} == {"none"}
    # Where the gain alone says no, not all null worlds are drawn.
    assert {each.why for each in nothing.ingredients} == {"the gain is too small to matter"}
    assert max(each.n_permutations for each in nothing.ingredients) <= 19
    assert nothing.sentence.startswith(
        "No help was found in time, place, time and place in combination or order"
    )
    assert len(nothing.sentence) < 220


def test_a_no_says_what_was_looked_for_and_how_small_it_could_have_been(nothing):
    said = " ".join(nothing.details)
    for each in nothing.ingredients:
        assert each.forms in said
        # With 60 users nothing below the size that matters can be promised to be seen.
        assert 0.005 < each.detectable_nats < 0.2
    assert "the hour of the day" in nothing.time.forms and "the weekday" in nothing.time.forms
    assert "month of the year" not in nothing.time.forms  # half a year is too short
    assert "four of five such tables" in said
    assert "Other forms may exist." in said


@pytest.mark.slow
def test_more_users_see_smaller_effects(nothing):
    few = gate.dependence_test(world(n_users=15, n_checkins=750), n_permutations=9)
    assert nothing.time.detectable_nats < few.time.detectable_nats


@pytest.mark.slow
def test_the_hour_is_named_where_the_hour_acts(timely):
    named = {each.name: each for each in timely.time_parts}
    assert named["hour"].decision and named["hour"].low > 0
    assert not named["day of the month"].decision
    assert timely.sentence.startswith("Time (the hour of the day; strong, ")
    assert "nineteen months" in named["month"].why


@pytest.mark.parametrize(
    ("yes", "route", "take", "button"),
    [
        (
            "time",
            "ST-LLM",
            "for its use of time; keep it if it is ahead of counting.",
            "that use time",
        ),
        ("space", "ST-LLM", "for its use of place; keep it if", "that use place"),
        (
            "interaction",
            "ST-LLM",
            "in combination; keep it if it is ahead of counting.",
            "that use time and place in combination",
        ),
        ("order", "sequence", "reads what came before", "that use order"),
        ("drift", "traditional", "train it again as check-ins come", "from habits, the latest"),
        (None, "traditional", "knows only who likes what", "from habits"),
    ],
)
def test_sentence_route_and_button_follow_from_what_helps(yes, route, take, button, nothing):
    from pages.dependence import next_label

    found = [replace(each, decision=each.name == yes, effect="weak", effect_nats=0.02)
             for each in nothing.ingredients]  # fmt: skip
    drift = Ingredient("drift", tested=True, decision=yes == "drift")
    chosen, model = route_of(found, 0.9, True)
    assert chosen == route and (chosen == "traditional" or MODELS[model].reads_order)
    words = verdict_of(found, (), chosen, drift)
    assert take in words and len(words) < 240
    time, space, interaction, order = found
    result = replace(nothing, time=time, space=space, interaction=interaction, order=order,
                     drift=drift)  # fmt: skip
    assert button in next_label(result)
    # What was not found is not said to be used.
    for name, noun in (("time", "time"), ("space", "place"), ("order", "order")):
        is_used = yes == name or (yes == "interaction" and name != "order")
        assert (noun in next_label(result)) == is_used


@pytest.mark.parametrize("decision", [True, False])
@pytest.mark.parametrize("share_returns", [0.1, 0.9])
@pytest.mark.parametrize("has_words", [True, False])
def test_what_is_recommended_is_a_kind_of_model(decision, share_returns, has_words):
    found = [Ingredient("time", tested=True, decision=decision)]
    assert route_of(found, share_returns, has_words)[1] in MODELS


def test_time_alone_is_found_and_nothing_else(timely):
    assert decisions(timely) == (True, False, False, False)
    assert timely.time.effect == "strong" and timely.time.low > 0
    assert timely.route == "ST-LLM" and timely.recommended_model == "stllm"


@pytest.mark.slow
def test_place_alone_is_found_where_items_are_places():
    result = gate.dependence_test(world(spatial=0.7), **FAST)
    assert decisions(result) == (False, True, False, False)
    assert "previous check-in" in result.place


@pytest.mark.slow
def test_place_alone_is_found_where_items_have_no_place():
    result = gate.dependence_test(world("ecommerce", spatial=1.0), **FAST)
    assert decisions(result) == (False, True, False, False)
    assert "check-in itself" in result.place


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["travel", "ecommerce"])
def test_the_interaction_alone_is_found(scenario):
    result = gate.dependence_test(world(scenario, interaction=1.0), **FAST)
    assert decisions(result) == (False, False, True, False)


@pytest.mark.slow
def test_time_is_not_taken_for_place_where_the_clock_decides_the_place():
    together = world("ecommerce", temporal=1.0, commuting=0.9)
    result = gate.dependence_test(together, **FAST)
    assert result.time.decision and not result.space.decision


def test_gains_of_nested_models_add_up(timely):
    gain = {each.name: each.gain_nats for each in timely.models}
    steps = {(each.model, each.over): each.gain_nats for each in timely.steps}
    assert gain["M0"] == 0
    assert gain["M_TS"] == pytest.approx(gain["M_S"] + steps["M_TS", "M_S"])
    assert gain["M_TS"] == pytest.approx(gain["M_T"] + steps["M_TS", "M_T"])
    assert gain["M_TxS"] == pytest.approx(gain["M_TS"] + steps["M_TxS", "M_TS"])
    assert timely.time.gain_nats == steps["M_TS", "M_S"]


def test_knowing_the_hour_puts_more_right_items_first(timely):
    acc1 = {each.name: each.acc1 for each in timely.models}
    assert acc1["M_T"] > acc1["M0"] + 0.02
    assert timely.time.acc1_gain > 0.02


def test_the_result_travels_as_json(timely):
    found = json.loads(json.dumps(timely.to_dict()))
    assert found["time"]["decision"] is True
    assert found["sentence"] == timely.sentence
    assert found["illustrations"]["mutual_information"]["n"] == 3_000
    assert {step["tests"] for step in found["steps"]} == {
        None, "time", "space", "interaction", "order", "drift",
    }  # fmt: skip


def test_a_result_of_an_earlier_version_opens(timely):
    kept = timely.to_dict()
    for name in ("order", "drift", "time_parts"):
        del kept[name]
    opened = gate.DependenceResult.from_dict(json.loads(json.dumps(kept)))
    assert opened.time == timely.time and not opened.order.tested
    assert "earlier version" in opened.order.why and "earlier version" in opened.drift.why


@pytest.mark.slow
def test_the_same_seed_gives_the_same_answer_whatever_the_order_of_rows():
    table = world(n_users=30, n_checkins=900, temporal=0.7)
    shuffled = table.sample(fraction=1.0, shuffle=True, seed=5)
    before = shuffled.clone()
    once, again = (gate.dependence_test(each, n_permutations=9) for each in (table, shuffled))
    assert again.time == once.time and again.interaction == once.interaction
    assert once.time.gain_nats > 0 and shuffled.equals(before)


@pytest.mark.slow
def test_without_places_only_time_is_tested(without_places):
    assert without_places.time.decision
    assert not without_places.space.tested and not without_places.interaction.tested
    assert "no places" in " ".join(without_places.details)
    assert "place and time and place in combination cannot be tested" in without_places.sentence
    assert [model.name for model in without_places.models] == ["M0", "M_T", "M_O"]
    assert without_places.order.tested


def of_steps(items: np.ndarray, days: np.ndarray, **columns) -> pl.DataFrame:
    """Return check-ins of users (rows) who take these items, at these days, without places."""
    start = pl.datetime(2024, 1, 1, 12, time_zone="UTC", time_unit="us")
    return pl.DataFrame(
        {
            schema.USER: np.repeat([f"u{u:03d}" for u in range(len(items))], items.shape[1]),
            schema.ITEM: [f"i{i:03d}" for i in items.ravel()],
            "day": days.ravel(),
        }
    ).select(
        schema.USER, schema.ITEM,
        (start + pl.duration(minutes=(1_440 * pl.col("day")).cast(pl.Int64))).alias(schema.TIME),
        pl.lit(0, pl.Int16).alias(schema.OFFSET),
        *(pl.lit(None, pl.Float64).alias(name) for name in (schema.LAT, schema.LON)),
    ).with_columns(pl.Series(name, values) for name, values in columns.items())  # fmt: skip


@pytest.mark.slow
def test_home_elsewhere_home_leads_to_a_model_of_sequences():
    rng = np.random.default_rng(5)
    items = rng.integers(0, 40, (40, 40))
    items[:, ::2] = rng.integers(0, 40, (40, 1))
    days = np.sort(rng.random(items.shape) * 150, axis=1)
    result = gate.dependence_test(of_steps(items, days), **FAST)
    assert result.order.decision and result.order.effect == "strong"
    assert not result.time.decision and result.route == "sequence"
    assert "Train ST-LLM, which reads what came before;" in result.sentence


@pytest.mark.slow
def test_a_move_of_home_is_drift_and_nobody_else_s_credit():
    """Each user takes what is near home, and moves once: the place before says nothing more."""
    rng = np.random.default_rng(6)
    n_users, n, n_items = 60, 40, 60
    at = rng.uniform(0, 0.2, (n_items, 2))
    homes = rng.uniform(0, 0.2, (2, n_users, 2))
    days = np.sort(rng.random((n_users, n)) * 180, axis=1)
    moved = (days > rng.uniform(20, 160, (n_users, 1))).astype(int)
    far = np.linalg.norm(homes[:, :, None] - at, axis=-1)
    chance = np.exp(-far / 0.02)[moved, np.arange(n_users)[:, None]]
    chance = chance.cumsum(axis=-1) / chance.sum(axis=-1, keepdims=True)
    items = (chance < rng.random((n_users, n, 1))).sum(axis=-1)
    table = of_steps(items, days).with_columns(
        pl.Series(schema.LAT, at[items.ravel(), 0]), pl.Series(schema.LON, at[items.ravel(), 1])
    )
    result = gate.dependence_test(table, **FAST)
    assert decisions(result) == (False, False, False, False)
    assert result.drift.decision and result.drift.effect_nats > 0.2
    assert "what was taken lately says more" in result.sentence


@pytest.mark.slow
def test_a_column_of_the_person_s_own_is_a_part_of_time():
    rng = np.random.default_rng(7)
    days = np.sort(rng.integers(0, 180, (50, 40)), axis=1) + 0.0
    wet = rng.random(180) < 0.4
    indoors = wet[days.astype(int)] & (rng.random(days.shape) < 0.5)
    items = np.where(indoors, rng.integers(0, 4, days.shape), rng.integers(0, 30, days.shape))
    table = of_steps(items, days)
    dates = pl.DataFrame(
        {"date": pl.date_range(date(2024, 1, 1), date(2024, 6, 28), eager=True),
         "rain": np.where(wet, "wet", "dry")}
    )  # fmt: skip
    assert not gate.dependence_test(table, **FAST).time.decision
    result = gate.dependence_test(table, dates=dates, **FAST)
    assert result.time.decision and result.sentence.startswith("Time (rain;")
    assert {part.name for part in result.time_parts if part.decision} == {"rain"}
    assert "same time of day" in result.time_parts[0].why


@pytest.mark.slow
def test_where_nobody_is_named_no_order_is_asked_for():
    rng = np.random.default_rng(8)
    items, days = rng.integers(0, 20, (1, 900)), np.sort(rng.random((1, 900)) * 100, axis=1)
    nameless = of_steps(items, days).with_columns(pl.lit(schema.NOBODY).alias(schema.USER))
    result = gate.dependence_test(nameless, n_permutations=9)
    assert not result.order.tested and "nobody is named" in result.order.why


@pytest.mark.slow
def test_one_place_for_all_cannot_be_tested():
    still = world("ecommerce", n_users=40, n_checkins=800).with_columns(lat=30.0, lon=104.0)
    result = gate.dependence_test(still, **FEW)
    assert not result.space.tested and "same place" in result.space.why


@pytest.mark.slow
def test_one_time_for_all_cannot_be_tested():
    day = pl.int_range(pl.len()) % 10
    noon = world(n_users=40, n_checkins=800).with_columns(
        (pl.datetime(2024, 3, 4, 12, time_zone="UTC", time_unit="us") + pl.duration(days=day))
        .alias(schema.TIME),
        pl.lit(0, pl.Int16).alias(schema.OFFSET),
    )  # fmt: skip
    result = gate.dependence_test(noon, **FEW)
    assert not result.time.tested and "same time of day" in " ".join(result.details)


@pytest.mark.slow
def test_shuffled_times_never_matter():
    mixed = world(temporal=1.0).with_columns(pl.col(schema.TIME).shuffle(seed=1).over(schema.USER))
    assert not gate.dependence_test(mixed, **FAST).time.decision


@pytest.mark.slow
def test_equal_times_carry_no_order():
    """Sorted by item, the days' items would follow each other in a pattern that nobody made."""
    days = world("travel", n_users=50, n_checkins=3_000, seed=4, time_grain_minutes=1_440)
    assert days.group_by(schema.USER, schema.TIME).len()["len"].mean() > 1.5
    found = gate.dependence_test(days, **FAST)
    assert decisions(found) == (False, False, False, False)
    assert found.space.p_value > 0.05


@pytest.mark.slow
def test_a_large_table_is_sampled_by_whole_users_and_says_so_while_progress_rises_to_one():
    table, heard = world(), []
    result = gate.dependence_test(
        table, max_checkins=2_000, progress=lambda text, share: heard.append(share), **FEW
    )
    assert heard == sorted(heard) and heard[0] == 0 and heard[-1] == 1
    assert result.n_checkins <= 2_000 and result.n_users < 60
    assert "3,000 check-ins of 60 users" in result.notes[0]
    counts = set(table[schema.USER].value_counts()["count"].to_list())
    assert result.n_checkins >= 2_000 - max(counts)


@pytest.mark.slow
def test_of_a_data_set_the_training_part_is_tested():
    table = world(n_users=30, n_checkins=900, temporal=0.7)
    found, train = (
        gate.dependence_test(data, n_permutations=3)
        for data in (Dataset(table), split(table).train)
    )
    assert found.n_checkins == 720
    assert found.models == train.models and found.time == train.time


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(lambda: schema.example().clear(), id="empty"),
        pytest.param(schema.example, id="tiny"),
        pytest.param(lambda: world(n_users=1, n_checkins=500), id="one user"),
        pytest.param(lambda: world().with_columns(pl.lit("x").alias("item_id")), id="one item"),
    ],
)
def test_too_little_is_said_in_words(table):
    with pytest.raises(AnalysisError, match="needs at least 5 users"):
        gate.dependence_test(table())


def test_one_user_is_called_a_user():
    with pytest.raises(AnalysisError) as caught:
        gate.dependence_test(world(n_users=1, n_checkins=500))
    assert "500 check-ins, 1 such user, " in caught.value.found


def test_a_table_of_another_shape_is_refused():
    with pytest.raises(SchemaError):
        gate.dependence_test(pl.DataFrame({"user": ["a"]}))


@pytest.mark.slow
def test_p_values_are_uniform_or_larger_when_nothing_acts():
    """A small calibration; the large one is benchmarks/gate.py."""
    found = []
    for seed in range(4):
        small = world(("social", "ecommerce")[seed % 2], n_users=30, n_checkins=900, seed=seed)
        found += [
            each.p_value
            for each in gate.dependence_test(small, seed=seed, n_permutations=19).ingredients
        ]
    # Of 16 p-values 0.8 are expected at or below 0.05; more than 4 has a chance of 0.1 %.
    assert (np.array(found) <= 0.05).sum() <= 4


@pytest.mark.slow
def test_new_york_depends_on_time_and_place(data_dir):
    from strec.io import read

    nyc = read(data_dir / "foursquare_nyc" / "train.csv.gz").checkins
    result = gate.dependence_test(nyc, max_checkins=4_000, **FAST)
    assert result.time.decision and result.space.decision


@pytest.mark.slow
def test_shuffled_movielens_does_not(data_dir):
    from strec.io import read

    ratings = read(data_dir / "movielens_100k" / "u.data").checkins
    mixed = ratings.with_columns(pl.col(schema.TIME).shuffle(seed=1).over(schema.USER))
    result = gate.dependence_test(mixed, **FAST)
    assert result.route == "traditional" and not result.space.tested
