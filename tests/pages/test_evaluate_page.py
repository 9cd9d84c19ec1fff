"""The Evaluate page: a proposal and a leaderboard at once, other rules, little data."""

import time
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import later
from strec import schema
from strec.models import MODELS
from strec.simulation import simulate
from strec.store import Store
from tests.pages.alone import alone

#: Less than the page's Quick: a pass over the data is made in any case, with few trees beside it.
QUICKER_SECONDS, FEW_TREES = 10, {"members": 1, "n_targets": 4_000}


def page(table: pl.DataFrame, folder: Path) -> AppTest:
    app = alone("evaluate", 90)
    app.session_state["store"] = Store.create(table, folder / "store", name="A world")
    return app.run()


def text_of(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.success, *app.info, *app.error, *app.subheader]
    return "\n".join(str(part.value).replace("\u00a0", " ") for part in parts)


def choose(app: AppTest, key: str, value: str) -> AppTest:
    return app.segmented_control(key=key).set_value(value).run()


@pytest.fixture(scope="module")
def world() -> pl.DataFrame:
    return simulate("social", n_users=60, n_checkins=3_000, temporal=1, spatial=1, seed=5)


@pytest.mark.slow
def test_the_counting_models_are_compared_at_once(world, tmp_path):
    app = page(world, tmp_path)
    assert not app.exception and not app.error
    assert app.success[0].value.startswith("**Proposed: ")
    assert len(app.get("plotly_chart")) == 2  # the leaderboard, the differences
    table = app.dataframe[0].value
    assert set(table["model"]) == {
        "Popularity", "User counts", "Markov, user", "Markov, global", "Counter mix"
    }  # fmt: skip
    words = text_of(app)
    assert "scored check-ins of" in words and "95 % interval" in words
    assert "and the time of the target" in words
    assert "F1 (macro)" in words and "MSE (Brier)" in words


@pytest.mark.slow
def test_other_rules_give_other_numbers(world, tmp_path):
    app = page(world, tmp_path)
    before = app.dataframe[0].value
    app = choose(app, "evaluate_time", "not known")
    assert not app.exception and "not the time of the target" in text_of(app)
    after = app.dataframe[0].value
    mix = [frame.set_index("model").loc["Counter mix", "acc@1"] for frame in (before, after)]
    assert mix[0] > mix[1]
    app = choose(app, "evaluate_scored", "every check-in")
    assert "new users and items included" in text_of(app)


@pytest.mark.slow
def test_two_models_are_looked_at_from_four_sides(world, tmp_path):
    app = page(world, tmp_path)
    app = app.selectbox(key="evaluate_first").set_value("Popularity").run()
    app = app.selectbox(key="evaluate_second").set_value("Counter mix").run()
    assert "**Counter mix** is better" in text_of(app)
    app = choose(app, "evaluate_view", "Slices")
    app = app.selectbox(key="evaluate_by").set_value("weekday").run()
    assert not app.exception and not app.error
    app = choose(app, "evaluate_view", "Trust")
    assert "came true" in text_of(app)
    app = choose(app, "evaluate_view", "Map")
    assert len(app.get("deck_gl_json_chart")) == 1 and "under 5 users" in text_of(app)
    app = app.selectbox(key="evaluate_play_by").set_value("weekday").run()
    app = app.select_slider(key="play_step").set_value(2).run()
    assert not app.exception and len(app.get("deck_gl_json_chart")) == 1
    assert "Wednesday: " in text_of(app) and "with 5 or more users then" in text_of(app)


@pytest.mark.slow
def test_without_places_the_map_is_words(world, tmp_path):
    nowhere = world.with_columns(lat=pl.lit(None, pl.Float64), lon=pl.lit(None, pl.Float64))
    app = page(nowhere, tmp_path)
    assert not app.exception and app.success
    app = choose(app, "evaluate_view", "Map")
    assert not app.exception and not app.error
    assert "A map of errors needs check-ins with a place" in app.info[-1].value


@pytest.mark.slow
@pytest.mark.parametrize(
    "n_users, words",
    [(20, "most differences cannot be told from chance"), (5, "nothing here says which model")],
)
def test_few_users_are_said_and_more_are_one_click_away(n_users, words, world, tmp_path):
    users = world[schema.USER].unique().sort()[:n_users]
    app = page(world.filter(pl.col(schema.USER).is_in(users.implode())), tmp_path)
    assert not app.exception and words in text_of(app)
    # What stands first by chance is not proposed.
    assert bool(app.success) == (n_users >= 10)
    assert any("None is proposed" in each.value for each in app.info) == (n_users < 10)
    app = app.button(key="evaluate_score_every").click().run()
    assert not app.exception and "new users and items included" in text_of(app)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_too_little_data_is_said_in_words(n, tmp_path):
    app = page(schema.example().head(n), tmp_path)
    assert not app.exception
    # Nothing is wrong: what is said is no error.
    assert "check-ins" in app.info[0].value and not app.error


@pytest.mark.slow
def test_one_user_is_enough(world, tmp_path):
    busiest = world[schema.USER].mode()[0]
    app = page(world.filter(pl.col(schema.USER) == busiest), tmp_path)
    assert not app.exception
    (rescue,) = (each for each in app.button if each.label == "Score every check-in")
    app = rescue.click().run()
    assert not app.exception and not app.error
    assert any("None is proposed" in each.value for each in app.info)


@pytest.mark.slow
def test_names_from_the_data_are_shown_as_they_are(world, tmp_path):
    odd = world.with_columns(pl.lit("*<b>$x$").alias(schema.CATEGORY))
    app = page(odd, tmp_path)
    app = choose(app, "evaluate_view", "Slices")
    app = app.selectbox(key="evaluate_by").set_value("category").run()
    assert not app.exception and not app.error


@pytest.mark.slow
def test_a_finished_training_joins_the_leaderboard(world, tmp_path):
    from strec.runs import create, home, train_run

    store = Store.create(world, tmp_path / "store", name="A world")
    for kind in ("item_knn", "popularity", "counter_mix", "markov"):
        train_run(create(home(store) / kind, kind, store), store)
    app = alone("evaluate", 90)
    app.session_state["store"] = store
    app.run()
    assert not app.exception and not app.error
    names = app.dataframe[0].value["model"].tolist()
    assert MODELS["item_knn"].label in names
    assert "All of these only count" not in text_of(app)
    # A count that was trained too stands there once.
    assert len(names) == 6 and sum(name.startswith("Counter mix") for name in names) == 1


def test_a_training_that_was_tampered_with_is_left_out_and_said(world, tmp_path):
    from strec.runs import create, home, train_run

    store = Store.create(world, tmp_path / "store", name="A world")
    run = create(home(store) / "one", "item_knn", store)
    train_run(run, store)
    weights = run.folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    app = alone("evaluate", 90)
    app.session_state["store"] = store
    app.run()
    assert not app.exception and not app.error and app.success
    assert run.label not in set(app.dataframe[0].value["model"])
    assert "changed after it was saved" in text_of(app) and str(tmp_path) not in text_of(app)


def test_a_training_whose_scores_are_no_numbers_is_left_out_and_said(world, tmp_path, monkeypatch):
    import numpy as np

    from strec.models import MODELS
    from strec.runs import create, home, train_run

    store = Store.create(world, tmp_path / "store", name="A world")
    run = create(home(store) / "one", "item_knn", store)
    train_run(run, store)
    monkeypatch.setattr(
        MODELS["item_knn"], "_score",
        lambda self, queries: np.full((len(queries), len(queries.vocabulary.items)), np.nan),
    )  # fmt: skip
    app = alone("evaluate", 90)
    app.session_state["store"] = store
    app.run()
    assert not app.exception and not app.error and app.success
    assert "no numbers" in text_of(app)


@pytest.mark.slow
def test_in_the_city_of_friends_a_training_ends_in_counting_is_enough(tmp_path):
    from strec.io.samples import read_sample
    from strec.runs import create, home, parameters, train_run

    store = Store.create(read_sample("social"), tmp_path / "store", name="A city of friends")
    params = parameters("stllm", "quick", store=store, trees=FEW_TREES)
    run = create(home(store) / "one", "stllm", store, params=params, max_seconds=QUICKER_SECONDS)
    train_run(run, store)
    app = alone("evaluate", 90)
    app.session_state["store"] = store
    app.run()
    assert not app.exception and not app.error
    assert "ST-LLM" in app.dataframe[0].value["model"].tolist()
    said = app.success[0].value
    assert said.startswith("**Proposed: Counter mix.**")
    assert "cannot be told apart" in said or "No trained model is shown to be better" in said


@pytest.mark.slow
def test_of_a_large_store_models_join_as_they_are_ready(tmp_path, monkeypatch):
    monkeypatch.setattr(later, "LEAST_CHECKINS", 500)
    app = page(simulate("social", n_users=30, n_checkins=900, seed=9), tmp_path)
    # The page is there at once and says what is done meanwhile.
    assert not app.exception and not app.success and "worked out once" in text_of(app)
    ends = time.monotonic() + 60
    shown: list[int] = []
    while not app.success and time.monotonic() < ends:
        app.run()
        shown += [len(app.dataframe[0].value)] if app.dataframe else []
        time.sleep(0.1)
    assert not app.exception and not app.error
    assert app.success[0].value.startswith("**Proposed: ") and shown[-1] == 5
    assert shown == sorted(shown)
    app.run()
    assert "worked out once" not in text_of(app)
