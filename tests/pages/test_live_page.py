"""The Live page: guesses before events, hits and misses that add up, odd data."""

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from strec import schema
from strec.simulation import simulate
from strec.store import Store
from tests.pages.alone import alone


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    world = simulate("social", n_users=12, n_checkins=700, seed=3, temporal=0.8, spatial=0.5,
                     interaction=0.3)  # fmt: skip
    return Store.create(world, tmp_path_factory.mktemp("store") / "store", name="A world")


def open_page(store: Store) -> AppTest:
    app = alone("live")
    app.session_state["store"] = store
    return app.run()


def text_of(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.error]
    return "\n".join(str(part.value) for part in parts)


def test_the_page_waits_for_play(store):
    app = open_page(store)
    assert not app.exception and not app.error and "Press **Play**" in app.info[0].value


def test_a_step_shows_a_guess_and_what_came(store):
    app = open_page(store)
    app.button(key="live_step").click().run()
    assert not app.exception and "Guessed before:" in text_of(app) and "Came: **" in text_of(app)
    assert "User " in text_of(app)


def test_hits_and_misses_add_up_and_the_curves_are_drawn(store):
    app = open_page(store)
    app.button(key="live_end").click().run()
    first, among, missed = (int(each.value.replace(",", "")) for each in app.metric)
    assert first <= among and among + missed == 210  # 30 % of 700 at most
    assert "growing history" in text_of(app) and len(app.get("plotly_chart")) == 1
    # What the history is worth is said with what chance may have done.
    said = text_of(app).replace("\u00a0", " ")
    assert "95 % interval " in said or "too few people for an interval" in said
    app.button(key="live_restart").click().run()
    assert "Press **Play**" in app.info[0].value


def test_playing_moves_on_and_pauses(store):
    app = open_page(store)
    app.button(key="live_play").click().run()
    assert app.button(key="live_play").label == "Pause" and app.session_state["live_at"] >= 3
    app.button(key="live_play").click().run()
    assert app.button(key="live_play").label == "Play" and not app.exception


def test_one_user_can_be_followed(store):
    app = open_page(store)
    user = app.selectbox(key="live_user")
    user.set_value(store.users()["user_id"][0]).run()
    app.button(key="live_end").click().run()
    assert not app.exception and not app.error and "of 1 users" in text_of(app)


def test_without_places_there_is_no_map(tmp_path):
    world = simulate("social", n_users=8, n_checkins=300, seed=1)
    bare = world.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("lat", "lon"))
    app = open_page(Store.create(bare, tmp_path / "s", name="Films"))
    app.button(key="live_step").click().run()
    assert not app.exception and "No map" in text_of(app)


def test_too_little_data_is_said_in_words(tmp_path):
    app = open_page(Store.create(schema.example(), tmp_path / "s", name="Example"))
    assert not app.exception and "A replay needs" in app.error[0].value


def test_check_ins_that_come_through_the_api_are_seen_without_new_ids(tmp_path, monkeypatch):
    from pages.parts.recommend import arriving
    from strec.serve.events import EventLog

    monkeypatch.setenv("STREC_EVENTS", str(tmp_path))
    time = "2024-09-02T16:00:00+00:00"
    event = {"user_id": "ann-of-berlin", "item_id": "venue_12", "timestamp": time}
    EventLog(tmp_path).append([event | {"utc_offset_min": 120}])

    def script():
        from pages.parts.recommend import arriving, view
        from pages.shared import ui

        store = ui.current_store()
        arriving.show(store, view.people(store))

    app = AppTest.from_function(script, default_timeout=120).run()
    assert not app.exception and arriving._EVERY_S <= 5
    said = app.markdown[0].value
    assert "Mon 2 Sep, 18:00" in said and "somebody new" in said and "ann" not in said
