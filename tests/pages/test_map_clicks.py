"""Each click on a map is an event, and nothing stays selected."""

import json

from streamlit.testing.v1 import AppTest


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
