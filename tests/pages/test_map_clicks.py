"""Each click on a map is an event, and nothing stays selected."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import ui
from pages.shared.background import WIDTH_PX
from strec import maps, schema, spatial
from strec.dataset import Dataset


def script():
    from types import SimpleNamespace

    import pandas as pd
    import streamlit as st

    from pages.shared import map_clicks
    from strec import maps

    def remember(layer, clicked):
        st.session_state["heard"] = [*st.session_state.get("heard", []), (layer, clicked["a"])]

    # AppTest cannot click on a map: the page hears what Streamlit would have said.
    if "objects" in st.session_state:
        st.session_state["map"] = SimpleNamespace(
            selection={"objects": st.session_state["objects"]}
        )
        map_clicks._clicked("map", remember)
        del st.session_state["map"]
    frame = pd.DataFrame({"lat": [1.0], "lon": [2.0], "n_checkins": [1], "n_users": [1]})
    deck = maps.deck([maps.point_layer(frame)], maps.view_of([1.0], [2.0]), basemap="offline")
    map_clicks.clickable(deck, "map", remember, caption="Below")


def point_layer_id(app: AppTest) -> str:
    (deck,) = app.get("deck_gl_json_chart")
    return json.loads(deck.proto.json)["layers"][0]["id"]


def test_the_same_object_can_be_clicked_again_and_again():
    app = AppTest.from_function(script, default_timeout=60).run()
    ids = [point_layer_id(app)]
    for _ in range(2):
        app.session_state["objects"] = {ids[-1]: [{"a": 7}]}
        app.run()
        ids.append(point_layer_id(app))
    assert not app.exception and app.session_state["heard"] == [("points", 7)] * 2
    assert len(set(ids)) == 3 and all(each.startswith("points~") for each in ids)


def test_an_empty_click_changes_nothing():
    app = AppTest.from_function(script, default_timeout=60).run()
    before = point_layer_id(app)
    for nothing in ({}, {before: []}):
        app.session_state["objects"] = nothing
        app.run()
    assert not app.exception and "heard" not in app.session_state
    assert point_layer_id(app) == before and app.caption[0].value == "Below"


def told_by_a_browser():
    import pandas as pd
    import streamlit as st

    from pages.shared import browser, map_clicks
    from strec import maps

    # AppTest has no browser: the page hears what one would have said.
    if said := st.session_state.pop("said", ""):
        st.session_state["browser"] = {"draws": said}
        browser._draws()
        del st.session_state["browser"]
    browser.toggle()
    if "no_map" in st.session_state:
        return
    frame = pd.DataFrame({"lat": [1.0], "lon": [2.0], "n_checkins": [1], "n_users": [1]})
    deck = maps.deck([maps.point_layer(frame)], maps.view_of([1.0], [2.0]), basemap="offline")
    map_clicks.clickable(deck, "map", lambda *_: None, caption="Below", hint="Click it.")


def test_a_browser_without_a_graphics_card_gets_pictures_until_somebody_wants_maps():
    def told(said: str) -> tuple[int, int, bool]:
        app.session_state["said"] = said
        app.run()
        assert not app.exception
        return shown()

    def shown() -> tuple[int, int, bool]:
        maps = app.get("deck_gl_json_chart")
        return len(maps), len(app.get("image")), app.toggle(key="maps_as_pictures").value

    app = AppTest.from_function(told_by_a_browser, default_timeout=60)
    # A page without a map says nothing of maps.
    app.session_state["no_map"] = True
    assert told("slowly") == (0, 0, True) and not app.toast
    del app.session_state["no_map"]
    app.run()
    assert shown() == (0, 1, True)
    assert "draws maps with its processor" in app.toast[0].value
    assert app.caption[0].value == "Below"  # Nobody is told to click on a picture.
    app.button(key="movable_map").click().run()
    assert shown() == (1, 0, False) and app.caption[0].value == "Below Click it."
    # What somebody has chosen is not undone, in either way.
    assert told("slowly") == (1, 0, False) and not app.toast
    app.toggle(key="maps_as_pictures").set_value(True).run()
    assert shown() == (0, 1, True)
    app.button(key="movable_map").click().run()
    # Without WebGL there would be nothing to see, and no button brings it.
    assert told("not") == (0, 1, True)
    assert not app.button


@pytest.mark.parametrize("name", ["social", "travel", "traffic", "flights"])
@pytest.mark.parametrize("window", ["", "tablet", "phone"])
def test_a_picture_that_nobody_can_move_shows_the_outer_hexagons_whole(name, window):
    store = Dataset.sample(name).store
    everywhere = store.cells(schema.CELL_RESOLUTION, min_users=1)
    resolution = spatial.suggest_resolution(everywhere)
    cells = store.cells(resolution)
    view = maps.view_of(
        everywhere["lat"], everywhere["lon"], 15, ui.PHONE_PX if window == "phone" else WIDTH_PX
    )
    size, enlarge = ui.frame_of(520, False, window)
    deck = maps.hexagons(cells, view=view, basemap="offline")
    at = maps.pixels(deck, cells["lat"], cells["lon"], size_px=size, enlarge=enlarge)
    half = 500 * spatial.hexagon_width_km(resolution) / view.metres_per_px * enlarge
    assert at.min() >= half and (at <= size - np.array(half)).all()
