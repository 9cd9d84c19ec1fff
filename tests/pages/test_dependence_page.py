"""The Dependence page: dials for the data in use, the full test, the live simulator."""

from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from pages import dependence
from pages.shared import gate, results
from strec import maps
from strec.gate import tested_before
from strec.io.samples import read_sample
from strec.simulation import simulate
from strec.store import Store
from tests.pages.alone import alone

pytestmark = pytest.mark.slow


def page(table: pl.DataFrame, folder: Path) -> AppTest:
    app = alone("dependence")
    app.session_state["store"] = Store.create(table, folder / "store", name="A world")
    return app.run()


def world(n_users=50, n_checkins=2_500, **sliders) -> pl.DataFrame:
    setting = dict(temporal=0, spatial=0, interaction=0) | sliders
    return simulate("social", n_users=n_users, n_checkins=n_checkins, seed=3, **setting)


def kept(app: AppTest, setting: str):
    """Return what all visitors share of the test of this data set."""
    return results.found_before(gate.KIND, app.session_state["store"], setting)


def holidays_setting(app: AppTest) -> str:
    """Return under what the look with the table of dates is kept."""
    ((table, _),) = app.session_state["dependence_dates"].values()
    return gate.setting_of(table, gate.QUICK)


def text_of(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.success, *app.info, *app.error, *app.subheader]
    return "\n".join(str(part.value) for part in parts)


def test_time_that_matters_leads_to_the_st_llm_route(tmp_path):
    app = page(world(temporal=1.0), tmp_path)
    assert not app.exception and not app.error
    assert "Time (the hour of the day; strong, " in app.success[0].value
    assert (
        "Train ST-LLM, for its use of time; keep it if it is ahead of counting."
        in app.success[0].value
    )
    # Four dials, the parts of time, the gains, the nested models.
    assert len(app.get("plotly_chart")) == 7
    assert "No sign of it" in text_of(app)  # of drift
    assert "use time" in " ".join(each.label for each in app.button)


def test_time_that_does_not_matter_leads_to_the_traditional_route(tmp_path):
    app = page(world(), tmp_path)
    assert not app.success and "No help was found in time, place" in app.info[0].value
    assert "Take a traditional recommender" in app.info[0].value
    assert "would mostly have been seen" in text_of(app) and "Other forms may exist" in text_of(app)
    assert "its parts are not looked at" in text_of(app)
    assert "from habits" in " ".join(each.label for each in app.button)
    plain = kept(app, gate.QUICK)
    assert [part.name for part in plain.time_parts if part.name == "public holiday"] == []
    app.selectbox(key="dependence_country").set_value("US")
    next(each for each in app.button if each.label == "Test with these").click().run()
    assert not app.exception and "the public holidays of United States" in text_of(app)
    with_holidays = kept(app, holidays_setting(app))
    assert "public holiday" in with_holidays.time.forms
    app.button(key="dependence_dates_drop").click().run()
    assert not app.exception and "United States" not in text_of(app)


def test_a_sampled_quick_look_says_so_and_offers_the_full_test(tmp_path, monkeypatch):
    monkeypatch.setitem(dependence.QUICK, "max_checkins", 800)
    monkeypatch.setitem(dependence.QUICK, "n_permutations", 19)
    app = page(world(n_users=40, n_checkins=1_500, temporal=1.0), tmp_path)
    assert "quick look" in text_of(app)
    app.button(key="dependence_run_full").click().run()
    assert not app.exception and "quick look" not in text_of(app)
    full = kept(app, gate.FULL)
    assert full.n_checkins == 1_200 and not full.notes


def test_only_the_training_part_is_looked_at(tmp_path):
    app = page(world(), tmp_path)
    assert kept(app, gate.QUICK).n_checkins == 2_000  # four fifths of 2,500


def test_the_numbers_can_be_read_and_taken_along(tmp_path):
    app = page(world(), tmp_path)
    table = app.dataframe[0].value
    assert list(table["ingredient"]) == ["Time", "Place", "Time × place", "Order"]
    assert table["p_holm"].between(0, 1).all()
    assert [each.label for each in app.get("download_button")] == [
        "Data as CSV", "Everything as JSON",
    ]  # fmt: skip


def test_without_places_two_dials_say_why(tmp_path):
    bare = world(temporal=1.0).with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in ("lat", "lon")
    )
    app = page(bare, tmp_path)
    assert not app.exception
    assert "Cannot be tested: the check-ins have no places." in text_of(app)


@pytest.mark.parametrize("n", [3, 40])
def test_too_little_data_is_said_in_words(tmp_path, n):
    app = page(world().head(n), tmp_path)
    assert not app.exception
    # Nothing is wrong: what is said is no error.
    assert "needs at least 5 users" in app.info[0].value and not app.error


def test_the_simulator_follows_its_sliders(tmp_path, monkeypatch):
    monkeypatch.setattr(dependence, "WORLD_USERS", 30)
    monkeypatch.setattr(dependence, "WORLD_CHECKINS", 1_500)
    app = page(world(), tmp_path)
    app.segmented_control(key="dependence_part").set_value("Live simulator").run()
    assert not app.exception and "Take a traditional recommender" in app.info[0].value
    app.slider(key="sim_spatial").set_value(1.0).run()
    assert not app.exception and "Place (strong" in app.success[0].value
    went = []
    monkeypatch.setattr(dependence, "go_to", went.append)
    app.button(key="sim_use").click().run()
    assert not app.exception and went == ["space"]
    # Its map has the streets that the simulator drew for it.
    store = app.session_state["store"]
    assert store.name == "A city of friends, draw 1" and store.meta["n_checkins"] == 1_500
    ground = maps.Ground.load(store.folder / maps.GROUND)
    assert ground.attribution == "Streets: simulated"
    app.selectbox(key="sim_scenario").set_value("ecommerce").run()
    assert not app.exception and len(app.get("plotly_chart")) >= 8


def test_a_sample_shows_its_full_test_at_once_and_can_run_it_again(tmp_path, monkeypatch):
    """That a full test says the same again is checked in tests/gate/test_tested_before.py."""
    results._SHELVES.clear()
    app = page(read_sample("flights"), tmp_path)
    assert not app.exception and "run beforehand" in text_of(app)
    assert kept(app, gate.FULL) is None and kept(app, gate.QUICK) is None  # nothing was run
    shipped = tested_before.result_of(app.session_state["store"].fingerprint)
    assert shipped.sentence.split("(")[0] in app.success[0].value
    small = {"max_checkins": 1_500, "n_permutations": 19}
    monkeypatch.setattr(tested_before, "FULL_TEST", small)
    app.button(key="dependence_run_full").click().run()
    assert not app.exception and "run beforehand" not in text_of(app)
    assert kept(app, gate.FULL).n_checkins <= 1_500
