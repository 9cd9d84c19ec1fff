"""Of a data set whose times are days, no page says anything of hours."""

import re

import polars as pl
import pytest

from pages.shared import ui
from strec import schema
from strec.store import Store
from tests.pages.alone import alone
from tests.pages.recommending import open_page


@pytest.fixture(scope="module")
def dates(world, tmp_path_factory) -> Store:
    local_day = schema.local_time().dt.truncate("1d").dt.replace_time_zone("UTC")
    table = world.drop(schema.DERIVED, strict=False).with_columns(
        (local_day - pl.duration(minutes=schema.OFFSET)).cast(pl.Datetime("us", "UTC"))
        .alias(schema.TIME)
    )  # fmt: skip
    return Store.create(table, tmp_path_factory.mktemp("dates") / "store", name="Dates")


def said(app) -> str:
    """Return all words of a page, and the titles of its figures."""
    kinds = (app.markdown, app.caption, app.info, app.error, app.subheader, app.button, app.toggle)
    words = [str(getattr(each, "value", "")) + each.label if hasattr(each, "label") else each.value
             for kind in kinds for each in kind]  # fmt: skip
    # How the methods work is told alike for all data.
    words = [each for each in words if "$" not in each]
    titles = [re.findall(r'"title":\s*\{[^}]*"text":\s*"([^"]*)"', each.proto.spec)
              for each in app.get("plotly_chart")]  # fmt: skip
    return " ".join([*words, *(title for each in titles for title in each)])


@pytest.mark.slow
@pytest.mark.parametrize("url", ["", "time", "space"])
def test_pages_of_the_data(dates, url):
    app = alone(url)
    app.session_state["store"] = dates
    app.run()
    text = said(app)
    assert not app.exception
    assert re.search(r"\d:00|Hour by hour|hours? of the (day|week)", text) is None, text
    assert ("only the day" in text) == (url == "time")


def test_the_map_comes_after_its_picture_though_no_hour_passes(dates, monkeypatch):
    again = []
    fragment = ui.fragment
    monkeypatch.setattr(
        ui, "fragment",
        lambda show, run_every=None: [run_every and again.append(show), fragment(show)][1],
    )  # fmt: skip
    app = alone("")
    app.session_state["store"] = dates
    app.run()
    assert not app.exception and not app.get("deck_gl_json_chart")
    assert [each.__name__ for each in again] == ["when_painted"]
    again.clear()
    app.run()
    assert app.get("deck_gl_json_chart") and not again


def test_a_recommendation(dates):
    app = open_page(dates)
    assert not app.exception
    text = said(app)
    assert re.search(r"\d:\d\d|at this hour", text) is None, text
    assert not [slider for slider in app.select_slider if slider.label == "Hour of the week"]
