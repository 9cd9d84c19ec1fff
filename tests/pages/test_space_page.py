"""The Space page: every part on a sample, and words instead of figures on poor data."""

import json
from datetime import date

import numpy as np
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.space import area, common
from pages.shared import playback, ui
from strec import maps, spatial
from strec.io.samples import read_sample
from strec.simulation import simulate
from strec.store import Filters, Store
from tests.pages.alone import alone

pytestmark = pytest.mark.slow

PARTS = ["Map", "Hotspots", "Neighbours", "Kinds of week", "Flows", "Change"]
#: Every control that leads to another figure, by part.
CHOICES = {
    "Map": [("space_value", "per_user"), ("space_mode", "Heatmap"), ("space_mode", "Points")],
    "Hotspots": [("hot_kind", "Alike or exceptional"), ("hot_value", "n_users")],
    "Neighbours": [("near_kind", "Users who live alike"), ("near_by", "When they are active")],
    "Kinds of week": [("week_kind", "Users")],
    "Flows": [("flows_between", True)],
    "Change": [
        ("change_kind", "Weekdays and weekends"),
        ("change_kind", "Two times of day"),
        ("change_kind", "Trends"),
    ],
}


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Store:
    world = simulate("social", n_users=120, n_checkins=9_000, seed=5)
    folder = tmp_path_factory.mktemp("city") / "store"
    return Store.create(world, folder, name="A city", time_zone="Europe/Madrid")


def page(store: Store, part: str = "Map", filters: Filters | None = None) -> AppTest:
    app = alone("space")
    app.session_state["store"] = store
    app.session_state["filters"] = filters or Filters()
    app.query_params["part"] = part.split(" ")[0].lower()
    return app.run()


def words(app: AppTest) -> str:
    shown = [*app.markdown, *app.caption, *app.info, *app.error]
    return "\n".join(str(each.value).replace("\u00a0", " ") for each in shown)


def fine(app: AppTest) -> None:
    assert not app.exception and not app.error, words(app)


def decks(app: AppTest) -> list[dict]:
    return [json.loads(each.proto.json) for each in app.get("deck_gl_json_chart")]


def layer(app: AppTest, layer_id: str) -> dict:
    layers = [each for deck in decks(app) for each in deck["layers"]]
    found = [each for each in layers if each["id"].split("~")[0] == layer_id]
    assert found, f"no layer {layer_id}"
    return found[0]


@pytest.mark.parametrize("part", PARTS)
def test_every_part_and_every_choice_shows_something(city, part):
    app = page(city, part)
    for key, value in [(None, None), *CHOICES[part]]:
        if key:
            app.segmented_control(key=key).set_value(value).run()
        fine(app)
        assert decks(app) or app.get("plotly_chart")
        assert not app.info, words(app)
        assert "check-ins" in words(app) and app.get("download_button")
        notes = "".join(str(json.loads(each.proto.spec)) for each in app.get("plotly_chart"))
        assert "Europe/Madrid" in words(app) + notes


def test_the_map_counts_what_the_store_counts(city):
    app = page(city)
    rows = layer(app, "hexagons")["data"]
    resolution = int(rows[0]["hex"], 16) >> 52 & 0xF
    expected = city.cells(resolution).set_index("cell")["n_checkins"]
    assert len(rows) == len(expected)
    for row in rows[:20]:
        assert row["tip"].startswith(f"{expected[int(row['hex'], 16)]:,} check-in")
    assert "120 users" in words(app) and "times in Europe/Madrid" in words(app)


def test_a_part_has_an_address(city):
    app = alone("space")
    app.session_state["store"], app.query_params["part"] = city, "change"
    app.run()
    fine(app)
    assert app.segmented_control(key="space_part").value == "Change"
    app.segmented_control(key="space_part").set_value("Map").run()
    assert app.query_params["part"] in ("map", ["map"])


def test_what_was_done_has_an_effect_with_its_chance_and_no_few_people(city, monkeypatch):
    app = page(city, "Did it work?")
    assert "Choose the places" in words(app) and not app.get("plotly_chart")
    places = app.multiselect(key="effect_places_items")
    places.set_value(places.options[:2]).run()
    fine(app)
    assert len(app.get("plotly_chart")) == 2 and "95 % between" in words(app)
    assert len(app.query_params["at"]) == 2
    monkeypatch.setattr("pages.parts.space.effect.MIN_USERS", 10_000)
    monkeypatch.setattr(type(city), "users", lambda self: range(20_000))
    app.run()
    assert "could point at one" in words(app) and not app.get("plotly_chart")


def test_privacy_and_size_are_changeable(city):
    app = page(city)
    before = len(layer(app, "hexagons")["data"])
    app.number_input(key="space_min_users_5").set_value(40).run()
    fine(app)
    assert len(layer(app, "hexagons")["data"]) < before
    assert "with fewer than 40 users" in words(app)
    size = next(each for each in app.select_slider if each.label == "Width of a hexagon")
    size.set_value(size.options[0] if isinstance(size.options[0], int) else size.value - 1).run()
    fine(app)


@pytest.mark.parametrize(("by", "at"), [("hour", 19), ("weekday", 5), ("calendar", 3)])
def test_a_map_is_played_through_time_with_the_colours_of_the_whole(city, by, at):
    app = page(city)
    whole = {tuple(row["fill"][:3]) for row in layer(app, "hexagons")["data"]}
    app.selectbox(key="space_play_by").set_value(by).run()
    app.select_slider(key="play_step").set_value(at).run()
    fine(app)
    rows = layer(app, "hexagons")["data"]
    resolution = int(rows[0]["hex"], 16) >> 52 & 0xF
    film = playback.film(city, Filters(), by)
    alone = city.cells(resolution, film.steps[at].within(Filters()))
    assert len(rows) == len(alone)
    expected = alone.set_index("cell")["n_checkins"]
    for row in rows[:20]:
        assert row["tip"].startswith(f"{expected[int(row['hex'], 16)]:,} check-in")
    assert {tuple(row["fill"][:3]) for row in rows} <= whole
    assert f"{expected.sum():,} check-ins" in words(app) and "steps with fewer" in words(app)


def test_the_steps_of_a_film_hold_every_check_in_once(city):
    for by in ("hour", "weekday", "calendar"):
        steps = playback.film(city, Filters(), by).steps
        assert 1 < len(steps) <= playback.MOST_STEPS
        n = [city.summary(step.within(Filters()))["n_checkins"] for step in steps]
        assert sum(n) == city.meta["n_checkins"]
    some = Filters(hours=(8, 9), date_from=date(2024, 5, 1), date_to=date(2024, 5, 9))
    assert [step.value for step in playback.film(city, some, "hour").steps] == [8, 9]
    days = playback.film(city, some, "calendar")
    assert days.unit == "day" and days.steps[0].within(some).date_from >= some.date_from
    assert days.steps[-1].within(some).date_to <= some.date_to


@pytest.mark.parametrize(("part", "key"), [("Hotspots", "hot"), ("Flows", "flows")])
def test_other_maps_are_played_too(city, part, key):
    app = page(city, part)
    app.selectbox(key=f"{key}_play_by").set_value("weekday").run()
    app.select_slider(key="play_step").set_value(6).run()
    fine(app)
    assert decks(app) or "shown" in words(app) or app.info


def test_an_outline_chooses_the_hexagons_within(city):
    at = np.array([[10, 10], [20, 10], [30, 40], [90, 90]])
    box = {"box": [{"x": [35, 5], "y": [0, 15]}], "lasso": []}
    assert area.within(box, at).tolist() == [True, True, False, False]
    # A figure of eight holds both of its halves, a line nothing.
    eight = {"box": [], "lasso": [{"x": [0, 40, 0, 40], "y": [0, 0, 50, 50]}]}
    assert area.within(eight, at).tolist() == [True, True, True, False]
    assert not area.within({"box": [], "lasso": [{"x": [0, 9], "y": [0, 9]}]}, at).any()
    app = page(city)
    app.toggle(key="space_draw").set_value(True).run()
    fine(app)
    assert not decks(app) and "Drag over the map" in words(app)
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert figure["layout"]["images"][0]["source"].startswith("data:image/svg+xml;base64,")


def test_filters_reach_every_part(city):
    for part in PARTS:
        app = page(city, part, Filters(hours=(18, 19, 20), weekdays=(4, 5)))
        fine(app)


def test_a_period_without_check_ins_is_said_in_words(city):
    app = page(city, "Map", Filters(date_from=date(2031, 1, 1)))
    fine(app)
    assert "No check-ins with a place match" in words(app)


def test_a_hexagon_can_be_looked_into_and_stays_the_same_when_filters_change(city):
    app = page(city)
    rows = layer(app, "hexagons")["data"]
    busiest = max(rows, key=lambda row: int(row["tip"].split(" ")[0].replace(",", "")))
    cell = int(busiest["cell"])
    app.session_state["space_cells"] = {city.fingerprint: (cell,)}
    app.run()
    fine(app)
    n = next(each.value for each in app.metric if each.label == "Check-ins")
    assert busiest["tip"].startswith(f"{n} check-in") and layer(app, "chosen")
    app.session_state["filters"] = Filters(hours=(18, 19, 20))
    app.run()
    fine(app)
    fewer = next(each.value for each in app.metric if each.label == "Check-ins")
    inside = city.summary(Filters(hours=(18, 19, 20), cells=(int(busiest["cell"]),)))
    assert fewer == f"{inside['n_checkins']:,}" != n
    another = next(int(row["cell"]) for row in rows if int(row["cell"]) != cell)
    app.session_state["space_cells"] = {city.fingerprint: (cell, another)}
    app.run()
    fine(app)
    both = next(each.value for each in app.metric if each.label == "Check-ins")
    inside = city.summary(Filters(hours=(18, 19, 20), cells=(cell, another)))
    assert both == f"{inside['n_checkins']:,}"
    assert "In 2 hexagons" in [each.value for each in app.subheader]


# ---------------------------------------------------------------- poor data


def table(n: int = 3, users: int = 1, places: int = 1, days: int = 1) -> pl.DataFrame:
    """Return n check-ins of so many users at so many places on so many days."""
    start = pl.datetime(2024, 5, 6, 8, time_unit="us", time_zone="UTC")
    return pl.select(k=pl.int_range(n)).select(
        user_id=pl.format("u{}", pl.col("k") % users),
        item_id=pl.format("i{}", pl.col("k") % places),
        timestamp=start + pl.duration(days=pl.col("k") % days, minutes=pl.col("k") // days),
        utc_offset_min=pl.lit(120, pl.Int16),
        lat=40.4 + 0.01 * (pl.col("k") % places),
        lon=-3.7 + 0.02 * ((pl.col("k") % places) % 7),
    )


POOR = {
    "three check-ins": table(3, users=3, places=3),
    "one check-in": table(1),
    "one user": table(300, users=1, places=12, days=60),
    "one place": table(300, users=30, places=1, days=60),
    "one day": table(300, users=30, places=12, days=1),
    "two distant places": table(60, users=20, places=2, days=20).with_columns(
        lat=pl.when(pl.col("item_id") == "i0").then(-17.8).otherwise(51.5),
        lon=pl.when(pl.col("item_id") == "i0").then(179.9).otherwise(-0.1),
    ),
}


@pytest.mark.parametrize("kind", POOR)
def test_poor_data_gets_words_instead_of_a_figure(tmp_path, kind):
    store = Store.create(POOR[kind], tmp_path / "store", name="Poor")
    for part in PARTS:
        app = page(store, part)
        fine(app)
        for key, value in CHOICES[part]:
            if any(each.key == key for each in app.segmented_control):
                app.segmented_control(key=key).set_value(value).run()
                fine(app)
        assert app.info or decks(app) or app.get("plotly_chart"), f"{kind}: {part} is silent"


def test_without_places_the_page_leads_on(tmp_path):
    bare = table(20).with_columns(pl.lit(None, pl.Float64).alias(c) for c in ("lat", "lon"))
    app = page(Store.create(bare, tmp_path / "store", name="Shop"))
    fine(app)
    assert "no places" in words(app) and not decks(app)


def test_names_from_the_data_are_not_markup(tmp_path):
    rows = table(400, users=20, places=20, days=40).with_columns(
        item_name=pl.lit("**bold** [link](http://x) <b>=1+1</b>"), category=pl.lit("$x$")
    )
    store = Store.create(rows, tmp_path / "store", name="Names")
    for part in ("Map", "Neighbours", "Flows"):
        app = page(store, part)
        fine(app)
        assert "](http" not in words(app).replace("\\]", "").replace("\\[", "")


def test_a_world_of_airports_instead_of_venues_of_a_city(tmp_path):
    store = Store.create(read_sample("flights"), tmp_path / "store", name="Flights")
    for part in PARTS:
        app = page(store, part)
        fine(app)
        assert not app.info, f"{part}: {words(app)}"


@pytest.mark.parametrize(("name", "km"), [("social", 0.9), ("travel", 0.35), ("traffic", 0.35)])
def test_hexagons_are_no_specks_at_first(name, km):
    store = ui.sample_store(name)
    cells = store.cells(10, min_users=1)
    view = maps.view_of(cells["lat"], cells["lon"])
    app = alone("space")
    app.session_state["store"] = store
    app.run()
    chosen = next(each for each in app.select_slider if each.label == "Width of a hexagon").value
    assert common.width_px(chosen, view) >= common.FEWEST_PX
    assert spatial.hexagon_width_km(chosen) == pytest.approx(km, rel=0.05)


def test_a_place_is_named_after_what_is_near_it_not_after_what_is_busy_far_away(monkeypatch):
    items = pl.DataFrame(
        {"item_id": ["a", "b"], "item_name": ["Corner", "Station"], "lat": [48.10, 48.14],
         "lon": [11.5, 11.5], "n_checkins": [7, 900]}
    )  # fmt: skip
    monkeypatch.setattr(common, "_named_places", lambda store: items)
    assert common.near_landmark(None, 48.101, 11.5) == "Corner"  # type: ignore[arg-type]
    assert common.near_landmark(None, 48.139, 11.5) == "Station"  # type: ignore[arg-type]
