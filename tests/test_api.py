"""The front door: a pandas frame in, answers out."""

import numpy as np
import pytest
from polars.testing import assert_frame_equal

import strec
from strec.errors import AnalysisError, ModelError
from strec.models import CounterMix, Popularity
from strec.privacy import Protection, protect, risk


@pytest.fixture(scope="module")
def frame():
    """A frame with columns of another's choosing."""
    checkins = strec.simulate("social", n_users=30, n_checkins=2_000, seed=3).checkins
    columns = ["user_id", "item_id", "timestamp", "lat", "lon", "category", "item_name"]
    names = ["guest", "venue", "visited", "latitude", "longitude", "kind", "venue_name"]
    return checkins.select(columns).rename(dict(zip(columns, names, strict=True))).to_pandas()


@pytest.fixture(scope="module")
def dataset(frame):
    return strec.Dataset.from_frame(frame, user="guest", item="venue", time="visited", name="mine")


@pytest.fixture(scope="module")
def model(dataset):
    return CounterMix(n_queries=300).fit(dataset)


@pytest.mark.slow
def test_a_frame_becomes_a_leaderboard(dataset, model):
    results = strec.evaluate([model, "popularity"], dataset, strec.Regime(scored="every"))
    board = strec.leaderboard(results)
    assert board["model"].to_list() == ["Counter mix", "Popularity"]
    assert board.equals(results.leaderboard)


def test_a_recommendation_is_a_frame_and_is_explained(dataset, model):
    user = dataset.users["user_id"][0]
    moment = "2024-08-30 18:30"
    listed = model.recommend(dataset, user, moment, k=3)
    reasons = strec.explain(model, dataset, user, moment)
    assert reasons.item_id == listed["item_id"][0] and reasons.sentences
    assert np.isclose(reasons.parts["value"].sum(), listed["probability"][0])
    second = strec.explain(model, dataset, user, moment, item=listed["item_id"][1])
    assert second.item_id == listed["item_id"][1]
    with pytest.raises(ModelError, match="parts"):
        strec.explain(Popularity().fit(dataset), dataset, user, moment)


def test_many_users_are_asked_each_at_their_own_moment_and_place(dataset, model):
    users = dataset.users["user_id"].head(2).to_list()
    moments, places = ["2024-08-01 08:00", "2024-08-02 20:00"], [(52.5, 13.4), None]
    listed = model.recommend(dataset, users, moments, places, k=4)
    for k, user in enumerate(users):
        alone = model.recommend(dataset, user, moments[k], places[k], k=4)
        assert_frame_equal(listed.filter(user_id=user), alone)
    with pytest.raises(ModelError, match="as many"):
        model.recommend(dataset, users, moments[:1])


def test_everybody_is_asked_where_nobody_is_named(dataset, model):
    listed = model.recommend(dataset, k=1)
    assert listed["user_id"].to_list() == dataset.users["user_id"].to_list()
    same = strec.Recommender(dataset, model).recommend(listed["user_id"][0], k=1)
    assert listed["item_id"][0] == same["item_id"][0]


@pytest.mark.slow
def test_the_other_questions_take_the_data_set_too(dataset, tmp_path):
    assert strec.quality(dataset).n_checkins == len(dataset)
    cleaned, report = strec.clean(dataset)
    assert len(cleaned) == report.rows_after
    assert risk(dataset, at_most=20).n_users == risk(dataset.checkins, at_most=20).n_users
    hidden = protect(dataset, Protection(resolution=6), seed=1)
    assert "protected" in hidden.name and not hidden.checkins["lat"].equals(dataset.checkins["lat"])
    result = strec.dependence(dataset, n_permutations=79)
    assert result.n_checkins <= len(dataset.training)
    with pytest.raises(AnalysisError, match="at least 79 shuffled worlds"):
        strec.dependence(dataset, n_permutations=59)


@pytest.mark.slow
def test_a_report_is_written_of_a_frame(frame, tmp_path):
    hours = frame.sort_values("visited").head(8)  # too few to forecast, which takes longest
    html = strec.report(hours, tmp_path / "report.html")
    assert html == (tmp_path / "report.html").read_text(encoding="utf-8") and "When?" in html


def test_public_names_are_there_and_say_what_they_are():
    for name in strec.__all__:
        assert getattr(strec, name) is not None
    assert set(dir(strec)) >= {"Dataset", "evaluate", "explain"}
