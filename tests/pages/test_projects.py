"""Projects in the app: kept, opened again, shared by address, and private to the visitor."""

import ast
from datetime import date
from pathlib import Path

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.keep import recent, work
from pages.shared import in_use, pins, state, views
from pages.shared.page import Page, all_pages
from strec import schema
from strec.dataset import Dataset
from strec.project import Pin, Project, View
from strec.serve import visitors
from strec.serve.door import Door
from strec.store import Filters, Store
from tests.pages.alone import alone

MINE = Filters(weekdays=(5, 6), hours=(20,))


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(in_use, "_STORES", tmp_path)
    monkeypatch.setattr(visitors, "visits_folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def own(places) -> Store:
    return Store.create(schema.example(), places / ("ab" * 16) / "store-1", name="Own",
                        time_zone="Europe/Berlin", source="visits.csv")  # fmt: skip


def opened(content: bytes, **state) -> AppTest:
    """Somebody who opens a project."""

    def script():
        import io

        import streamlit as st

        from pages.parts.keep import work
        from pages.shared import ui
        from strec.errors import StrecError

        if content := st.session_state.pop("content", None):
            try:
                work.open_file(io.BytesIO(content))
            except StrecError as error:
                ui.show_error(error)
        st.text(ui.current_store().name)

    app = AppTest.from_function(script, default_timeout=60)
    app.session_state["content"] = content
    for name, value in state.items():
        app.session_state[name] = value
    return app.run()


def test_a_project_brings_back_sample_selection_pins_and_page():
    pin = Pin("Week", "Busiest: Monday", "time", MINE, "look here", "{}")
    sidebar = Filters(date_from=date(1990, 1, 1))
    project = Project.of("travel", selection=MINE, sidebar=sidebar, pins=(pin,), address="space")
    app = opened(project.to_bytes())
    assert not app.exception and not app.error
    assert app.text[0].value == in_use.sample_store("travel").name
    assert app.session_state["picks"] == [MINE] and app.session_state["pins"] == (pin,)
    assert app.session_state["project_at"] == "space"
    # A calendar shows no day that the data do not have.
    assert app.session_state["filters"].date_from.year == 2024


def test_data_in_the_file_are_read_and_become_ones_own(own):
    project = Project.of(Dataset.from_store(own), with_data=True)
    app = opened(project.to_bytes())
    store = app.session_state["store"]
    assert not app.error and project.fits(store) and store.time_zone == "Europe/Berlin"
    assert store.folder.parent.name == app.session_state["workspace"]


def test_without_data_the_page_says_which_to_bring_and_then_goes_on(own, places):
    project = Project.of(Dataset.from_store(own), selection=Filters(weekdays=(0,)))
    app = opened(project.to_bytes())
    assert app.session_state["project_waiting"].name == "Own"
    data = alone("data")
    data.session_state["project_waiting"] = project
    data.run()
    assert not data.exception and "“Own” with 4 check-ins, from visits.csv" in data.info[0].value
    # The same check-ins again: the project goes on.
    data.session_state["store"] = own
    again = AppTest.from_function(_goes_on)
    again.session_state["project_waiting"], again.session_state["store"] = project, own
    again.run()
    assert not again.exception and again.session_state["picks"] == [Filters(weekdays=(0,))]


def _goes_on():
    from pages.parts.keep import work
    from pages.shared import ui

    work.waits_for(ui.current_store())


def test_what_is_no_project_is_refused_in_words_and_nothing_changes():
    app = opened(b"no zip")
    assert "A project is a file that strec has saved" in app.error[0].value and not app.exception
    assert "pins" not in app.session_state


def test_neither_of_two_visitors_sees_the_others_projects(own, places):
    anna, ben = (AppTest.from_function(_keeps_and_lists) for _ in range(2))
    anna.session_state["store"] = own
    anna.session_state["project_name"] = "Anna’s secret project"
    anna.session_state["keep_it"] = True
    anna.run()
    ben.run()
    assert not anna.exception and not ben.exception
    assert [each.value for each in anna.text] == ["Anna’s secret project", "True"]
    assert not ben.text
    # Neither is the folder's name in any address, nor does it open as one's data.
    folder = next(places.glob("*/projects")).parent.name
    assert folder not in repr(anna.query_params) + repr(ben.query_params)
    guess = AppTest.from_function(_which_store)
    guess.query_params["data"] = folder
    assert guess.run().text[0].value != "Own"


def _keeps_and_lists():
    import streamlit as st

    from pages.parts.keep import recent, work
    from pages.shared import ui

    store = ui.current_store()
    if "keep_it" in st.session_state:
        recent.keep(work.now("time"), store.folder, recent.folder())
    for each in recent.mine():
        st.text(each.project.name)
        st.text(str(each.store() is not None))


def _which_store():
    import streamlit as st

    from pages.shared import ui

    st.text(ui.current_store().name)


def test_recent_projects_have_a_bound_and_one_place_each(places, own, monkeypatch):
    monkeypatch.setattr(recent, "MOST", 3)
    for name in ("a", "b", "b", "c", "d", "e"):
        recent.keep(Project.of(Dataset.from_store(own), name=name), own.folder, places)
    assert len(list(places.glob("*.strec"))) == len(list(places.glob("*.data"))) == 3


def test_a_cookie_is_given_once_and_only_with_a_page():
    import asyncio

    async def asked(kind: bytes, *cookies: bytes) -> list[bytes]:
        sent = []

        async def page(scope, receive, send):
            await send({"type": "http.response.start", "status": 200,
                        "headers": [(b"content-type", kind)]})  # fmt: skip

        async def send(message):
            sent.extend(value for name, value in message["headers"] if name == b"set-cookie")

        scope = {"type": "http", "headers": [(b"cookie", each) for each in cookies]}
        await Door(page)(scope, None, send)
        return sent

    (given,) = asyncio.run(asked(b"text/html; charset=utf-8"))
    assert b"HttpOnly" in given and b"SameSite=Strict" in given
    assert not asyncio.run(asked(b"application/json"))
    assert not asyncio.run(asked(b"text/html", given.split(b";")[0]))
    assert asyncio.run(asked(b"text/html", b"strec-visitor=../../etc"))
    secret = given.split(b";")[0].split(b"=")[1].decode()
    assert visitors.folder_of(secret) != visitors.folder_of("x" * 43) is not None
    assert visitors.folder_of("../" + secret) is None is visitors.folder_of(None)


def test_a_shared_link_shows_what_was_chosen_and_no_secret():
    app = AppTest.from_function(_link)
    app.session_state["filters"] = Filters(weekdays=(5, 6), users=("ann",))
    app.query_params["me"], app.query_params["part"] = "secret", "map"
    app.run()
    link = app.text[0].value
    assert "secret" not in link and "ann" not in link and "part=map" in link
    other = AppTest.from_function(_take)
    other.query_params["only"] = '{"weekdays":[5,6],"hours":[20]}'
    other.run()
    assert not other.exception and other.session_state["filters"] == MINE
    for wrong in ("{", "[]", '{"evil": 1}', '{"hours": [99]}', "[" * 5000):
        other = AppTest.from_function(_take)
        other.query_params["only"] = wrong
        other.run()
        assert not other.exception and other.toast and "filters" not in other.session_state


def _link():
    import streamlit as st

    from pages.parts.keep import work

    st.text(work.link())


def _take():
    from pages.parts.keep import work

    work.take_from_address()


@pytest.mark.parametrize(
    ("address", "url", "asked"),
    [
        ("space?part=flows&me=secret", "space", [("part", "flows")]),
        ("javascript:alert(1)?x=1", "", [("x", "1")]),
        ("https://evil.example", "", []),
    ],
)
def test_an_address_names_a_page_of_strec_and_no_other(monkeypatch, address, url, asked):
    gone = []
    monkeypatch.setattr(Page, "entry", lambda page: page.url)
    monkeypatch.setattr(
        work.st, "switch_page", lambda page, query_params: gone.append((page, query_params))
    )
    work.go_to(address)
    assert gone == [(url, asked)]


@pytest.mark.slow
def test_a_picture_is_pinned_below_it_with_its_words_and_selection():
    app = alone("time")
    app.session_state["store"] = in_use.sample_store("travel")
    app.session_state["filters"] = Filters(weekdays=(5, 6))
    app.run()
    app.button(key="pin_calendar").click().run()
    (pin,) = app.session_state["pins"]
    assert not app.exception and pin.title == "Check-ins day by day" and pin.address == "time"
    assert "Busiest day" in pin.words and pin.selection == Filters(weekdays=(5, 6))
    assert '"heatmap"' in pin.picture and app.button(key="pin_calendar").label == "Unpin"
    app.button(key="pin_calendar").click().run()
    assert app.session_state["pins"] == ()


@pytest.mark.slow
def test_a_map_is_pinned_as_a_picture_and_single_people_are_not():
    app = alone("space")
    app.session_state["store"] = in_use.sample_store("travel")
    app.run()
    app.button(key="pin_space_hexagons").click().run()
    (pin,) = app.session_state["pins"]
    assert pin.is_map and "<polygon" in pin.picture and "Click" not in pin.words
    app.segmented_control(key="space_part").set_value("Flows").run()
    keys = [each.key for each in app.button if (each.key or "").startswith("pin_")]
    assert "pin_flows_decay" in keys and "pin_flows_roaming" not in keys
    for page in all_pages().values():
        assert page.has_pins is (page.url not in ("", "data", "recommend", "live", "privacy"))


def test_what_is_pinned_has_a_bound(monkeypatch):
    monkeypatch.setattr(pins, "MOST_PINS", 0)
    app = alone("time")
    app.session_state["store"] = in_use.sample_store("travel")
    app.run()
    app.button(key="pin_calendar").click().run()
    assert not app.session_state["pins"] if "pins" in app.session_state else True


@pytest.mark.slow
def test_a_project_brings_back_how_every_page_was_set(monkeypatch):
    """It opened on one page; the others had forgotten what was looked at."""
    space = alone("space")
    space.session_state["store"] = store = in_use.sample_store("travel")
    space.query_params["part"] = "flows"
    space.run()
    space.slider(key="flows_most").set_value(50).run()
    views = space.session_state["views_noted"]
    assert views["space"].asked["part"] == ("flows",) and views["space"].widgets["flows_most"] == 50
    days = (date(2024, 5, 1), date(2024, 5, 2))
    views = views | {"time": View({}, {"time_part": "Forecast", "change_before": days})}
    project = Project.of(Dataset.from_store(store), sample="travel", views=views)
    again = Project.open(project.to_bytes())
    assert again.views == project.views

    app = opened(again.to_bytes())
    waiting = app.session_state["views_waiting"]
    page = alone("space")
    page.session_state["store"], page.session_state["views_waiting"] = store, waiting
    page.run()
    assert not page.exception and page.slider(key="flows_most").value == 50
    assert "space" not in page.session_state["views_waiting"]
    # What is not shown before the project is saved again is not lost.
    assert set(page.session_state["views_waiting"]) == {"time"}


@pytest.mark.parametrize("value", [12, "no such part", ("a", 1), True, None])
def test_what_a_file_says_of_a_page_and_no_page_offers_is_let_go(value):
    page = alone("space")
    page.session_state["store"] = in_use.sample_store("travel")
    widgets = {"space_mode": value, "space_raised": value, "store": "x", "space_play": True}
    page.session_state["views_waiting"] = {"space": View({"part": ("x" * 99,)}, widgets)}
    page.run()
    assert not page.exception and not page.error and page.title[0].value == "Space"
    assert page.session_state["store"].name == in_use.sample_store("travel").name


def test_with_real_ids_on_the_page_a_project_names_nobody(own):
    app = AppTest.from_function(_is_kept)
    app.session_state["store"], app.session_state["rec_real_ids"] = own, True
    app.session_state["views_noted"] = {"recommend": View({"user": ("ann",)})}
    app.run()
    assert not app.exception and "ann" not in app.text[0].value


def _is_kept():
    import streamlit as st

    from pages.parts.keep import work

    st.query_params["user"] = "ann"
    project = work.now("recommend")
    st.text(f"{project.address} {project.views}")


# ---------------------------------------------------------------- widgets

#: Widgets that a project does not bring back as such: what they say stands in the address, in the
#: project itself, in the data or the training, or it names a person; or it is gone when done.
ELSEWHERE = (
    "data_", "filter_", "keep_", "pin_note_", "glossary_", "maps_as_pictures", "background_",
    "compare_way_", "demand_what", "demand_where", "demand_size_", "demand_day", "demand_step",
    "play_step",
    "dependence_country", "effect_day_", "effect_until_", "effect_places_", "live_user",
    "near_user_", "rec_", "space_part", "space_several", "train_", "runs",
)  # fmt: skip
_WIDGETS = {
    "checkbox", "choose", "date_input", "multiselect", "number_input", "pills", "radio",
    "segmented_control", "select_slider", "selectbox", "slider", "text_area", "text_input",
    "time_input", "toggle", "what_to_count",
}  # fmt: skip


def widgets_of(path: Path) -> set[str]:
    """Return how the keys of a file's widgets begin, where they are written there."""
    found = set()
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        given = [each.value for each in call.keywords if each.arg == "key"] or call.args[2:3]
        if name not in _WIDGETS or not given:
            continue
        key = given[0].values[0] if isinstance(given[0], ast.JoinedStr) else given[0]
        if isinstance(key, ast.Constant):
            found.add(str(key.value))
        elif isinstance(key, ast.Attribute) and isinstance(key.value, ast.Attribute):
            found.add(getattr(state, key.value.attr).name)
    return found


def test_each_widget_is_brought_back_by_a_project_or_left_out_on_purpose():
    known = (*views.WIDGETS, *ELSEWHERE)
    pages = Path(views.__file__).parents[1]
    found = {name: path.name for path in pages.rglob("*.py") for name in widgets_of(path)}
    assert len(found) > 90
    unheard = {name: file for name, file in found.items() if not any(
        name.startswith(each) or each.startswith(name) for each in known)}  # fmt: skip
    assert not unheard, "add these to pages.shared.views.WIDGETS, or to ELSEWHERE and say why"


def test_a_picture_without_a_title_is_pinned_by_its_name():
    figure = go.Figure()
    assert pins.title_of(figure, "days") == "days"
    assert pins.title_of(figure.update_layout(title="Each day"), "days") == "Each day"
