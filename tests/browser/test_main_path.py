"""The main path in a real browser: a stranger's file becomes a recommendation with its reasons.

Screenshots are kept in the folder that STREC_SCREENSHOTS names: the pictures of the README were
made so.
"""

import os
import re
from datetime import datetime, timedelta

import pytest

pytestmark = pytest.mark.slow

#: A map, or the picture of one where the browser draws none.
MAP = "[data-testid=stDeckGlJsonChart] canvas, [data-testid=stImage], .st-key-start_stage"
#: The workshop is walked on a telephone too: what it opens is opened here for its picture alone.
PAGES = ("data", "dependence", "train", "evaluate")
if "STREC_SCREENSHOTS" in os.environ:
    PAGES += ("time", "space", "recommend")


def spreadsheet() -> str:
    """A table as a spreadsheet exports it in Germany: semicolons, decimal commas, own names."""
    start = datetime(2024, 4, 1, 8)
    lines = ["Kunde;Laden;Zeitpunkt;Breite;Länge"]
    for k in range(420):
        who, day = k % 12, k // 12
        at = start + timedelta(days=day, hours=(who * 2 + day) % 10, minutes=k % 60)
        shop = (who + (at.hour > 13) * 3 + day % 2) % 8
        lat, lon = f"{52.5 + shop * 0.004:.4f}", f"{13.4 + shop * 0.006:.4f}"
        lines.append(
            f"K{who:03d};Laden {shop};{at:%Y-%m-%d %H:%M};"
            f"{lat.replace('.', ',')};{lon.replace('.', ',')}"
        )
    return "\n".join(lines) + "\n"


#: What has the focus: its name, and whether one can see that it has it.
FOCUSED = """() => {
  const each = document.activeElement, look = getComputedStyle(each);
  const name = (each.innerText || each.getAttribute("aria-label") || "").trim();
  const ring = look.outlineStyle != "none" && parseFloat(look.outlineWidth) > 0;
  return [name, ring || look.boxShadow != "none"];
}"""


def by_keyboard(visitor, name: str, role: str = "button", press: str = "Space") -> None:
    """Tab to a button or a link and press it, as somebody without a mouse does."""
    page = visitor.page
    page.get_by_role(role, name=name, exact=True).first.wait_for()
    for _ in range(120):
        page.keyboard.press("Tab")
        focused, is_seen = page.evaluate(FOCUSED)
        if focused.split("\n")[-1] == name:
            assert is_seen, f"nothing shows that {name} has the focus"
            page.keyboard.press(press)
            visitor.wait()
            return
    pytest.fail(f"the Tab key never comes to {name}")


def test_a_strangers_file_becomes_a_recommendation_with_its_reasons(address, person, tmp_path):
    visitor = person()
    visitor.open(address)
    assert visitor.sees("When, where, and what next")
    visitor.page.wait_for_selector(MAP)
    visitor.keep("start")

    # From here to the map by keyboard alone: Tab comes to what is wanted, and shows where it is.
    by_keyboard(visitor, "Bring your own data")
    table = tmp_path / "einkäufe.csv"
    table.write_text(spreadsheet(), encoding="utf-8")
    visitor.page.locator("input[type=file]").first.set_input_files(table)
    visitor.page.get_by_role("button", name="Use this data").wait_for()
    visitor.wait()
    visitor.keep("data")
    by_keyboard(visitor, "Use this data")
    by_keyboard(visitor, "See when people act")
    visitor.page.wait_for_url(re.compile("/time"))
    visitor.page.locator("[data-testid=stPlotlyChart] svg").first.wait_for()
    assert visitor.sees(re.compile("420 check-ins"))
    visitor.keep("time")

    by_keyboard(visitor, "See where")
    visitor.page.wait_for_url(re.compile("/space"))
    visitor.page.wait_for_selector(MAP)
    visitor.keep("space")

    by_keyboard(visitor, "Recommend", "link", "Enter")
    visitor.page.get_by_text("Why").first.wait_for()
    visitor.wait(1500)
    assert visitor.sees(re.compile(r"Laden \d"))
    visitor.keep("recommend")
    before = visitor.page.locator("[data-testid=stMain]").inner_text()
    slider = visitor.page.get_by_role("slider").first
    slider.focus()
    for _ in range(7):
        slider.press("ArrowRight")
    visitor.wait(1500)
    assert visitor.page.locator("[data-testid=stMain]").inner_text() != before
    visitor.nothing_broke()

    # A reload in another tab finds the same data by its secret address.
    again = person()
    again.open(visitor.page.url)
    assert again.sees(re.compile("420 check-ins"))
    again.nothing_broke()


@pytest.mark.skipif(
    "STREC_SCREENSHOTS" not in os.environ,
    reason="makes a picture: set STREC_SCREENSHOTS; the walks see the same page",
)
def test_the_picture_of_the_readme(address, person):
    visitor = person(size=(1400, 1180))
    visitor.open(f"{address}/recommend")
    assert visitor.sees(re.compile("Why .* is number 1"))
    visitor.page.wait_for_selector(MAP)
    visitor.keep("app", whole=False)
    visitor.nothing_broke()


def test_a_narrow_window_without_webgl_gets_maps_as_pictures(address, person):
    visitor = person(size=(500, 800))
    visitor.page.add_init_script(
        "const draw = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...how) {"
        "  return /webgl/.test(kind) ? null : draw.call(this, kind, ...how); }"
    )
    asked: list[str] = []
    visitor.page.on("request", lambda each: asked.append(each.url))
    visitor.page.goto(f"{address}/space?sample=social")
    assert visitor.sees(re.compile("This browser cannot draw maps"))
    picture = visitor.page.locator("[data-testid=stImage] img, [data-testid=stImage] svg").first
    picture.wait_for()
    assert not visitor.page.locator("[data-testid=stDeckGlJsonChart]").count()
    # As high as on a phone: what is twice as wide as high would be a strip here.
    box = picture.bounding_box()
    assert box["height"] > box["width"]
    visitor.keep("space-narrow-no-webgl")
    # Nothing comes from elsewhere, not even the icon in the browser's tab.
    here = (address, address.replace("http", "ws"), "data:", "blob:")
    assert len(asked) > 5 and not [each for each in asked if not each.startswith(here)]


#: Pictures and maps without a name for those who hear the page, toolbars that cover a title,
#: choices and words in figures that are cut off at a side.
FAULTS = """() => {
  const faults = [], box = each => each.getBoundingClientRect();
  for (const each of document.querySelectorAll(
      '[data-testid=stPlotlyChart], [data-testid=stDeckGlJsonChart]'))
    if (each.getAttribute('role') !== 'figure' || !(each.getAttribute('aria-label') || '').trim())
      faults.push('no name: ' + each.outerHTML.slice(0, 200));
  for (const each of document.querySelectorAll('.js-plotly-plot')) {
    const title = each.querySelector('.gtitle'), bar = each.querySelector('.modebar');
    if (!title || !bar || !box(bar).width) continue;
    const a = box(title), b = box(bar);
    if (a.right > b.left && b.right > a.left && a.bottom > b.top && b.bottom > a.top)
      faults.push('covered: ' + title.textContent);
  }
  for (const each of document.querySelectorAll(
      '[data-testid=stMain] [data-testid=stButtonGroup] button'))
    if (box(each).width && (box(each).right > innerWidth || box(each).left < 0))
      faults.push('cut: ' + each.textContent);
  for (const each of document.querySelectorAll('.js-plotly-plot .annotation-text')) {
    const plot = box(each.closest('.js-plotly-plot'));
    if (box(each).right > plot.right + 2 || box(each).left < plot.left - 2)
      faults.push('cut: ' + each.textContent);
  }
  return faults;
}"""
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 Chrome/125.0 Mobile Safari/537.36"
)


def test_pages_of_a_sample_in_the_dark_and_on_a_telephone(address, person):
    visitor = person(size=(390, 844), color_scheme="dark", user_agent=PHONE)
    for page in PAGES:
        visitor.open(f"{address}/{page}")
        visitor.page.get_by_role("heading", level=1).wait_for()
        visitor.page.locator("[data-testid=stProgress]").wait_for(state="detached")
        visitor.wait()
        visitor.keep(f"{page}-dark-narrow")
        main = visitor.page.locator("[data-testid=stMain]")
        assert main.evaluate("each => each.scrollWidth <= each.clientWidth + 2"), page
        assert not visitor.page.evaluate(FAULTS), page
    visitor.nothing_broke()
    # On a tablet figures stand below each other, with their toolbars.
    tablet = person(size=(820, 1180))
    for page in ("time", "evaluate", "dependence"):
        tablet.open(f"{address}/{page}")
        tablet.page.locator("[data-testid=stProgress]").wait_for(state="detached")
        tablet.page.locator(".js-plotly-plot .modebar").first.wait_for(state="attached")
        assert not tablet.page.evaluate(FAULTS), page
        tablet.keep(f"{page}-tablet")
    tablet.nothing_broke()
