"""What is measured of data that name nobody, and what says in a sentence that it cannot be."""

import polars as pl
import pytest

from strec import schema
from strec.cleaning import clean
from strec.dataset import Dataset
from strec.errors import AnalysisError, ModelError
from strec.evaluation import Regime, evaluate_model, leaderboard, slices, to_html
from strec.evaluation.slices import ways_to_slice
from strec.models import UserCounts
from strec.privacy import risk
from strec.profiling import quality
from strec.profiling.html import facts
from strec.runs.budget import shortage
from strec.spatial import hidden_in_words
from strec.temporal import series
from tests.trips import everybody, trips


@pytest.fixture(scope="module")
def bikes() -> Dataset:
    return Dataset(trips(), name="Bikes", time_zone="America/New_York")


@pytest.fixture(scope="module")
def scored(bikes):
    return evaluate_model(UserCounts().fit(bikes), bikes.split, Regime(), name="counts")


def test_evaluation_draws_starts_and_days_together(scored):
    queries = scored.queries
    assert set(queries["user_id"]) == {schema.NOBODY} and queries["is_return"].null_count() == 300
    days = queries["timestamp"].dt.offset_by("-4h").dt.date()
    # The target's row names its start: one block per start and local day.
    assert queries["block"].n_unique() >= days.n_unique()
    assert (queries["block"] % 1_000_000).n_unique() == days.n_unique()


def test_a_leaderboard_of_nobody_has_no_users_and_no_returns(scored):
    row = leaderboard([scored]).row(0, named=True)
    assert row["n_users"] == 0 and row["share of returns"] is None
    assert row["return acc@1"] is None and row["discovery acc@1"] is None
    assert row["acc@1 low"] < row["acc@1"] < row["acc@1 high"]
    assert "that name nobody" in to_html([scored])


def test_slices_of_people_are_left_out(scored):
    ways = ways_to_slice([scored])
    assert "time" in ways and not {"kind", "activity", "newness"} & set(ways)
    assert slices([scored], "time")["n_queries"].sum() == 300
    with pytest.raises(ModelError, match="way to slice"):
        slices([scored], "kind")


def test_risk_is_of_people(bikes):
    with pytest.raises(AnalysisError, match="name nobody"):
        risk(bikes)


def test_a_series_counts_check_ins_and_no_users(bikes):
    daily = series(bikes, "day")
    assert daily.n_users == 0 and "name nobody" in daily.footer
    assert daily.n_checkins == 3_000
    assert series(trips(), "day", time_zone="America/New_York").n_users == 0


def test_what_is_hidden_is_said_without_users(bikes):
    few = bikes.store.cells(10, min_users=250)
    assert "with fewer than 250 check-ins" in hidden_in_words(few)


def test_cleaning_compares_no_strangers():
    # Two people who take the same trip in the same minute; and the next one across the city.
    table = pl.concat([trips(600), trips(600)[:40]])
    cleaned, report = clean(table)
    assert len(cleaned) == 640 and report.rows_after == 640
    said = {step.step: step.sentence for step in report.steps}
    assert "name nobody" in said["impossible_speed"] and "name nobody" in said["exact_duplicates"]
    assert {step.users_before for step in report.steps} == {0}
    named = clean(table.with_columns(user_id=pl.lit("ann")))[0]
    assert len(named) <= 600


def test_quality_says_that_nobody_is_named(bikes):
    report = quality(bikes.checkins)
    assert report.n_users == 0 and report.n_exact_duplicates == 0
    assert [each.title for each in report.findings if "named" in each.title] == ["Nobody is named"]
    labels = [label for label, *_ in facts(report)]
    assert "Returns" not in labels and "Check-ins" in labels
    assert "Start of the trip" in [column.title for column in report.columns]


def test_models_that_compare_users_compare_starts(bikes):
    assert not shortage("user_knn", bikes.store) and not shortage("stllm", bikes.store)
    assert "names nobody" in (shortage("user_knn", Dataset(everybody(200)).store) or "")
    assert not shortage("counter_mix", Dataset(everybody(200)).store)
