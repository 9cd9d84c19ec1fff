"""Pages on data that name nobody, on trips and on shops: nothing is said of a person."""

import re

import pytest

from strec.store import Store
from tests.pages.alone import alone
from tests.pages.recommending import cards, healthy, open_page, text_of
from tests.trips import everybody, shops, trips

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stores(tmp_path_factory) -> dict[str, Store]:
    folder = tmp_path_factory.mktemp("stores")
    tables = {"trips": trips(1_500), "everybody": everybody(600), "shops": shops(900)}
    return {
        name: Store.create(table, folder / name, name=name.capitalize())
        for name, table in tables.items()
    }


def opened(store: Store, page: str):
    app = alone(page)
    app.session_state["store"] = store
    return app.run()


@pytest.mark.parametrize("world", ["trips", "everybody", "shops"])
@pytest.mark.parametrize("page", ["time", "live", "privacy", "data"])
def test_each_page_opens(stores, world, page):
    app = opened(stores[world], page)
    assert healthy(app), text_of(app)
    if world != "shops":
        assert not re.search(r"\b[01] users?\b", text_of(app))


@pytest.mark.parametrize("world", ["trips", "shops"])
@pytest.mark.parametrize("part", ["map", "hotspots", "flows", "neighbours", "week"])
def test_each_part_of_space_opens(stores, world, part):
    app = alone("space")
    app.session_state["store"] = stores[world]
    app.query_params["part"] = part
    app.run()
    assert healthy(app), text_of(app)


def test_recommend_asks_from_where_and_answers_for_nobody(stores):
    app = open_page(stores["trips"])
    assert healthy(app) and "From" in [each.label for each in app.selectbox]
    app.selectbox(key="rec_user").set_value("S03").run()
    app.select_slider(key="rec_hour").set_value(8).run()
    assert healthy(app) and "Station S04" in cards(app)[0]
    said = text_of(app)
    assert "Choose where from and when" in said
    assert "No person is known here" in said and "what everybody does from Station S03" in said
    assert "User " not in said and "habit" not in said.lower().replace("habits", "")
    app.select_slider(key="rec_hour").set_value(18).run()
    assert "Station S08" in cards(app)[0]


def test_recommend_without_starts_has_nobody_to_choose(stores):
    app = open_page(stores["everybody"])
    assert healthy(app) and "what everybody does" in text_of(app)
    assert "rec_user" not in [each.key for each in app.selectbox]
    assert "from here" not in "".join(each.body for each in app.get("html"))


def test_recommend_lists_what_this_shop_sells(stores):
    app = open_page(stores["shops"])
    assert healthy(app)
    app.selectbox(key="rec_where").set_value("shop 1").run()
    sold = shops(900).filter(place_id="shop 1")["item_id"].unique().to_list()
    assert healthy(app)
    assert {each.split("\u2002")[-1].strip("*") for each in cards(app)} <= set(sold)
    assert "In “Wedding” it came " in text_of(app)
    again = open_page(stores["shops"], **app.query_params)
    assert again.selectbox(key="rec_where").value == "shop 1" and cards(again) == cards(app)


def test_filters_offer_departures_and_shops(stores):
    from streamlit.testing.v1 import AppTest

    def page():
        from pages.shared import state
        from pages.shared.frame import filter_widgets
        from strec.store import Filters

        filter_widgets(state.STORE.value, state.STORE.value.summary(Filters()))

    app = AppTest.from_function(page)
    app.session_state["store"] = stores["trips"]
    app.run()
    assert not app.exception
    app.button_group(key="filter_side").set_value("departures").run()
    assert app.session_state["filters"].side == "departures"
    app = AppTest.from_function(page)
    app.session_state["store"] = stores["shops"]
    app.run()
    app.multiselect(key="filter_places").set_value(["shop 2"]).run()
    assert app.session_state["filters"].places == ("shop 2",)
