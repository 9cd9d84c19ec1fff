"""The frame: navigation, the data set in use, filters, the tour, on any data set."""

import re
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import results
from pages.shared.page import all_pages, go_to
from strec import schema
from strec.store import Store

ROOT = Path(__file__).parents[2]


def app(**state) -> AppTest:
    found = AppTest.from_file(str(ROOT / "pages" / "shared" / "script.py"), default_timeout=60)
    for name, value in state.items():
        found.session_state[name] = value
    return found.run()


def words(found: AppTest) -> str:
    kinds = (found.title, found.markdown, found.caption, found.info, found.error)
    return " ".join(str(each.value) for kind in kinds for each in kind)


@pytest.mark.slow
def test_the_first_run_shows_a_living_world():
    found = app()
    assert not found.exception and not found.error
    assert "When, where, and what next" in words(found)
    assert "A city of friends" in words(found)
    # The map's picture is there before what draws the map.
    assert "data:image/svg+xml" in found.get("html")[-1].proto.body
    assert not found.get("deck_gl_json_chart")
    found.run()
    assert found.get("deck_gl_json_chart")
    labels = {each.label for each in found.button}
    assert {"Explore this world", "Bring your own data", "Take the tour"} <= labels


@pytest.mark.slow
def test_a_phone_gets_a_picture_of_its_own():
    """As wide as others see it, its outer places would be cut."""
    wide, narrow = (
        app(browser_width=each).session_state["start_picture"] for each in ("", "phone")
    )
    assert wide != narrow


@pytest.mark.slow
def test_another_world_is_one_click_away():
    found = app()
    found.button(key="world_flights").click().run()
    assert not found.exception and "Aircraft leaving New York" in words(found)


def test_a_world_chosen_just_before_another_page_is_opened_is_not_lost():
    # The click's own run is cut short where the sample would be loaded: only the wish is kept.
    found = app(wanted_sample="flights")
    assert not found.exception and "Aircraft leaving New York" in words(found)
    assert found.session_state["wanted_sample"] == ""


@pytest.mark.slow
def test_maps_are_pictures_of_the_server_where_the_browser_cannot_draw():
    from tests.pages.alone import alone

    found = alone("space", 60)
    found.session_state["pictures_of_maps"] = True
    found.run()
    assert not found.exception and not found.get("deck_gl_json_chart")
    assert len(found.get("image")) == 1 and "Half of the check-ins" in words(found)


@pytest.mark.slow
def test_what_was_chosen_in_a_picture_filters_every_page_and_can_go_again():
    from pages.shared import state
    from strec.store import Filters

    friday = Filters(weekdays=(4,), hours=(22,))
    found = AppTest.from_string(
        "from pages.parts import selection\nfrom pages.shared import frame\n"
        "from pages.shared.page import all_pages\npage = all_pages()['time']\n"
        "frame.sidebar(page)\nselection.chips()\npage.run()\n",
        default_timeout=60,
    )
    found.session_state[state.PICKS.name] = [friday]
    found.run()
    store = found.session_state["store"]
    n = store.summary(friday)["n_checkins"]
    assert not found.exception and 0 < n < store.summary()["n_checkins"]
    # The calendar counts Friday at ten alone; the week, where it was chosen, shows all hours.
    assert found.session_state["filters"] == friday and f"{n:,} check-ins" in words(found)
    assert len(store.hour_weekday()) > 1 and "Busiest" in words(found)
    chip = found.button(key="chip_weekdays")
    assert chip.label.startswith("Friday 22\\:00–23\\:00")
    chip.click().run()
    assert found.session_state["filters"] == Filters() and "Everything is shown" in words(found)
    found.button(key="chips_undo").click().run()
    assert found.session_state["filters"] == friday


def test_the_tour_survives_a_reload_and_has_an_end():
    reloaded = AppTest.from_file(str(ROOT / "pages" / "shared" / "script.py"), default_timeout=60)
    reloaded.query_params["tour"] = "1"
    reloaded.run()
    assert not reloaded.exception and "Tour 1/" in words(reloaded)


def test_own_data_that_is_called_like_a_sample_is_not_taken_for_it(tmp_path, monkeypatch):
    """Trainings on samples are seen by all visitors."""
    from pages.shared import in_use
    from strec.io import samples
    from strec.io.samples import FOLDER

    title = samples()[0].title
    monkeypatch.setattr(in_use, "_STORES", tmp_path)
    own = Store.create(schema.example(), tmp_path / "token" / "store", name=title)
    folder = tmp_path.parent / "sample" / "store"
    other = Store.create(schema.example(), folder, name=title, pictures=FOLDER)
    found = []
    for store in (own, other):
        monkeypatch.setattr(in_use, "current_store", lambda store=store: store)
        found.append(in_use.current_sample())
    assert found == [None, samples()[0]]


def test_every_page_is_one_object_in_one_file_with_all_that_the_app_shows_of_it():
    files = {path.stem for path in (ROOT / "pages").glob("*.py")} - {"__init__"}
    pages = all_pages()
    assert {page.url or "start" for page in pages.values()} == files
    assert list(pages)[0] == "" and list(pages)[-2:] == ["live", "privacy"]
    assert len({page.order for page in pages.values()}) == len(pages)
    for page in pages.values():
        assert page.title and page.icon and page.tour and page.content.__doc__
        assert page.question or not page.heading


def test_no_key_of_the_session_is_written_twice():
    """Keys that more than their widget reads are in `pages/shared/state.py`, and only there."""
    said = Counter()
    for path in (ROOT / "pages").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name != "state.py":
            assert not re.search(r"session_state(\.\w+\(|\[)f?[\"']", text), path
        said.update(re.findall(r'(?:\bkey=|\bKey\()"(\w+)"', text))
    assert len(said) > 80 and not [key for key, times in said.items() if times > 1]


def test_every_cache_of_the_pages_has_a_bound_and_an_age():
    for path in (ROOT / "pages").rglob("*.py"):
        for call in re.findall(r"cache_(?:data|resource)\((.*?)\)\n", path.read_text(), re.S):
            assert "max_entries=" in call and "ttl=" in call, (path, call)


def test_what_is_kept_of_a_data_set_is_shared_until_it_is_old_or_makes_room(tmp_path, monkeypatch):
    store = Store.create(schema.example(), tmp_path / "s", name="Kept")
    made = iter(range(9))
    first = results.kept("a test", store, "setting", lambda: next(made))
    assert results.kept("a test", store, "setting", lambda: next(made)) == first
    assert results.kept("a test", store, "another", lambda: next(made)) != first
    monkeypatch.setattr(results, "AGE", -1)
    assert results.kept("a test", store, "setting", lambda: next(made)) != first
    monkeypatch.setattr(results, "AGE", 60)
    monkeypatch.setitem(results.ROOM, "a test", 2)
    for name in ("one", "two", "three"):
        results.keep("a test", store, name, name)
    assert results.found_before("a test", store, "one") is None
    assert results.found_before("a test", store, "three") == "three"


def test_the_tour_begins_on_the_start_page_and_can_be_ended():
    found = app(tour=True)
    assert "Tour 1/" in words(found)
    found.button(key="tour_end").click().run()
    assert "Tour 1/" not in words(found)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["time", "space"])
def test_a_data_set_without_categories_has_a_sidebar(tmp_path, page, monkeypatch):
    bare = schema.example().drop("category")
    store = Store.create(bare, tmp_path / "s", name="Bare")
    found = app(store=store)
    monkeypatch.setattr("pages.start.go_to", lambda _: go_to(page))
    found = next(each for each in found.button if each.label == "Explore this world").click().run()
    assert not found.exception and not found.error
    assert found.title[0].value.lower() == page and "Bare" in words(found)
    assert found.sidebar.slider(key="filter_hours").value == (0, 24)


def test_the_start_page_of_data_without_places_says_so(tmp_path):
    nowhere = schema.example().with_columns(
        pl.lit(None, pl.Float64).alias("lat"), pl.lit(None, pl.Float64).alias("lon")
    )
    found = app(store=Store.create(nowhere, tmp_path / "s", name="Nowhere"))
    assert not found.exception and "no places" in words(found)
