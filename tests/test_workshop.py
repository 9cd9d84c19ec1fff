"""What docs/workshop.md asks has the answers that it gives, for more than one seed."""

from datetime import datetime

import pandas as pd
import polars as pl
import pytest

from strec import Dataset, explanation, schema, spatial, temporal
from strec.io.samples import read_sample, samples
from strec.recommend import Recommender
from strec.simulation import simulate

SEEDS = (None, 1, 2)


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed {seed or 'shipped'}")
def city(request) -> Dataset:
    """The city of friends, as it ships and as other seeds make it."""
    if request.param is None:
        return Dataset.sample("social")
    return Dataset(simulate("social", seed=request.param, n_users=150, n_checkins=15_000))


@pytest.fixture(scope="module")
def asked() -> Recommender:
    return Recommender(Dataset.sample("social"))


def by_hour(city: Dataset) -> pd.DataFrame:
    """Check-ins, a row per category and a column per hour."""
    counts = city.store.category_hours()
    return counts.pivot(index="category", columns="hour", values="n_checkins")


def test_nightclubs_have_their_time_at_night(city):
    assert by_hour(city).loc["Nightclub"].idxmax() in (22, 23, 0, 1, 2)


def test_nothing_is_as_concentrated_as_the_nightclubs_of_the_city_that_ships():
    hours = by_hour(Dataset.sample("social"))
    assert hours.div(hours.sum(axis=1), axis=0).max(axis=1).idxmax() == "Nightclub"


def test_a_day_and_a_week_are_the_rhythms_and_days_show_the_week_alone(city):
    assert "1 day" in (said := temporal.periodogram(temporal.series(city, "hour")).sentence)
    assert "1 week" in said and said.startswith("Real rhythms: ")
    said = temporal.periodogram(temporal.series(city, "day")).sentence
    assert said.startswith("Real rhythm: 1 week") and "1 day" not in said


def test_the_blizzard_stands_out():
    found = temporal.anomalies(temporal.series(Dataset.sample("flights"), "day"))
    day = found.frame.loc[found.frame["p"].idxmin()]
    assert day.name == pd.Timestamp("2013-02-09") and day["unusual"]
    assert day["observed"] == 31 and day["expected"] == pytest.approx(70, abs=2)


def test_offices_and_cafes_in_the_morning_bars_at_night(city):
    counts, early, late = by_hour(city), ["Office", "Coffee Shop"], ["Bar", "Nightclub"]
    assert counts.loc[early, 9].min() > counts.loc[late, 9].max()
    assert counts.loc[late, 23].min() > counts.loc[early, 23].max()


def test_the_choice_of_a_place_falls_with_its_distance(city):
    found = spatial.distance_decay(city.store)
    assert found.p < 0.05 and "less often" in found.sentence


@pytest.mark.parametrize("name", [sample.name for sample in samples()])
def test_the_bars_add_up(name):
    data = Dataset.sample(name)
    recommender = Recommender(data)
    reasons = explanation.explain(recommender.answer(data.store.users()["user_id"][0]))
    assert reasons.parts["value"].sum() == pytest.approx(reasons.probability, abs=1e-6)


def test_what_changes_between_friday_night_and_monday_morning_is_mostly_the_hour(asked):
    users = [str(user) for user in asked.log.vocabulary.users[:10]]
    parts = []
    for user in users:
        night, morning = (
            asked.answer(user, when)
            for when in (datetime(2024, 8, 30, 22), datetime(2024, 9, 2, 9))
        )
        moved = explanation.changes(night, morning)[0]
        parts.append(max(moved.parts, key=lambda part: abs(moved.parts[part])))
    assert parts.count("hour") > 5


def test_somebody_new_has_no_habit_until_the_first_visit(asked):
    of_others, when = read_sample("social").head(2), datetime(2024, 8, 30, 22)
    nobody = explanation.explain(asked.answer(None, when, 40.42, -3.70)).parts
    visits = of_others.with_columns(pl.lit("you").alias(schema.USER))
    known = asked.answer(visits, when, 40.42, -3.70)
    ranks = range(1, len(known.frame) + 1)
    parts = {part for rank in ranks for part in explanation.explain(known, rank).parts["part"]}
    own = {"habit", "recency"}
    assert own <= parts and not own & set(nobody["part"])
