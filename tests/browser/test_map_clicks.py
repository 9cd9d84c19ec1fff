"""Clicks on maps, with a real mouse: they choose a place, add a visit, look into a hexagon."""

import re
from urllib.parse import parse_qs, urlparse

import pytest

from tests.browser.conftest import Person, leave

pytestmark = pytest.mark.slow

#: Spots tried one after the other, as shares of the map's width and height, from the middle out.
SPOTS = [(0.5 + dx, 0.5 + dy) for dx in (0, 0.04, -0.04, 0.08, -0.08) for dy in (0.06, 0.1, -0.05)]


def click_on_the_map(visitor: Person, tip: str, happened) -> None:
    """Click on what shows `tip` until something happened.

    A map drawn without a graphics card on a busy machine may take a click for a long press; a
    person clicks again, and so does the test.
    """
    page = visitor.page
    chart = page.locator("[data-testid=stDeckGlJsonChart]").last
    chart.scroll_into_view_if_needed()
    chart.locator("canvas").first.wait_for()
    visitor.wait(2000)
    for x, y in SPOTS * 2:
        # The click before may have been heard late; another map may stand below this one now.
        if happened():
            return
        box = chart.bounding_box()
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        page.wait_for_timeout(500)
        if not page.locator(".deck-tooltip", has_text=tip).locator("visible=true").count():
            continue
        page.mouse.down()
        page.wait_for_timeout(80)
        page.mouse.up()
        visitor.wait()
        if happened():
            return
    pytest.fail(f"no click on {tip!r} was heard")


def test_without_a_graphics_card_maps_are_pictures_until_somebody_wants_them(browsers, address):
    visitor = Person(browsers(maps=True), None, True, size=(900, 700))
    page = visitor.page
    chart, picture = (
        page.locator("[data-testid=stDeckGlJsonChart] canvas"),
        page.get_by_test_id("stImage"),
    )
    page.goto(f"{address}/space?sample=social")
    assert visitor.sees(re.compile("draws maps with its processor"))
    picture.first.wait_for()
    visitor.wait()
    assert not chart.count()
    visitor.press("Make the maps movable")
    chart.first.wait_for()
    assert not picture.count()
    # Another page remembers it, and a reload.
    page.get_by_role("link", name="Recommend").click()
    page.get_by_text("Why").first.wait_for()
    chart.first.wait_for()
    page.reload()
    chart.first.wait_for()
    visitor.wait()
    assert not picture.count() and not page.get_by_text("draws maps with its processor").count()
    visitor.nothing_broke()
    leave(visitor.page.context.browser)


def asked_from(visitor: Person) -> str | None:
    return parse_qs(urlparse(visitor.page.url).query).get("at", [None])[0]


def test_a_click_chooses_where_from_and_the_next_one_somewhere_else(address, person):
    visitor = person(maps=True, size=(1400, 1300))
    visitor.open(f"{address}/recommend")
    assert asked_from(visitor) is None
    click_on_the_map(visitor, "Ask from here", lambda: asked_from(visitor))
    assert visitor.sees("What changed with another place")
    first = asked_from(visitor)
    lat, lon = map(float, first.split(","))
    assert 40.2 < lat < 40.6 and -3.9 < lon < -3.5
    click_on_the_map(visitor, "Ask from here", lambda: asked_from(visitor) != first)
    visitor.keep("recommend-from-a-click")
    visitor.nothing_broke()


def test_for_nobody_yet_clicks_add_visits(address, person):
    visitor = person(maps=True, size=(1400, 1300))
    visitor.open(f"{address}/recommend?user=new")
    visitor.page.get_by_text("A click on the map adds a visit").click()
    visitor.wait()
    for n in (1, 2):
        # Two clicks may be heard late.
        said = visitor.page.get_by_text(re.compile(rf"^[{n}-9] so far"))
        click_on_the_map(visitor, "", said.count)
    visitor.keep("recommend-visits-by-click")
    visitor.nothing_broke()


def test_a_click_looks_into_a_hexagon(address, person):
    visitor = person(maps=True, size=(1400, 1300))
    visitor.open(f"{address}/space")
    inside = visitor.page.get_by_text("In this hexagon")
    click_on_the_map(visitor, "check-ins", inside.count)
    visitor.keep("space-hexagon")
    visitor.nothing_broke()


def test_an_area_is_drawn_over_the_map_and_filters_other_pages(address, person):
    visitor = person(maps=True, size=(1400, 1300))
    page = visitor.page
    visitor.open(f"{address}/space")
    chart = page.locator("[data-testid=stDeckGlJsonChart]").last
    chart.locator("canvas").first.wait_for()
    small = chart.bounding_box()["width"]
    chart.hover()
    page.get_by_role("button", name=re.compile("^Fullscreen")).first.click()
    page.wait_for_timeout(1500)
    assert chart.bounding_box()["width"] > 1.2 * small
    page.keyboard.press("Escape")
    visitor.wait()

    page.get_by_text("Draw an area").first.click()
    visitor.wait(1000)
    plot = page.locator(".js-plotly-plot .nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 0.35 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"], steps=8)
    page.mouse.up()
    inside = page.get_by_role("heading", name=re.compile(r"In \d+ hexagons"))
    inside.wait_for()
    visitor.wait()
    visitor.keep("space-area")
    visitor.press("See them alone, on every page")
    page.get_by_role("link", name="Time").click()
    chip = page.locator(".st-key-chip_cells")
    chip.wait_for()
    assert re.fullmatch(r"\d+ hexagons.*", chip.inner_text(), re.DOTALL)
    visitor.nothing_broke()


def test_columns_arcs_and_heat_are_drawn_without_complaint(address, person):
    """The other walks draw no maps: a layer that a browser cannot draw complains here."""
    visitor = person(maps=True, size=(1000, 900))
    for where, choice in (("", None), ("space?part=flows", None), ("space?part=map", "Heatmap")):
        visitor.open(f"{address}/{where}")
        if choice:
            visitor.page.get_by_role("radio", name=choice).click()
        visitor.page.locator("[data-testid=stDeckGlJsonChart] canvas").first.wait_for()
        visitor.wait(1000)
    visitor.nothing_broke()
