"""Whatever a stranger typed: no file that leaves the program lets a spreadsheet or browser run it.

Each writer is fed hostile ids, names, kinds and headers, and its file is parsed back: a page has
the same tags as with harmless names, a table the same cells.
"""

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import polars as pl
import pytest

from strec import maps, schema
from strec.evaluation import Regime, evaluate, to_html, to_markdown
from strec.evaluation import to_csv as leaderboard_csv
from strec.explanation import card
from strec.export import html_page, json_text, markdown_cell, safe_table, to_csv
from strec.io import write
from strec.models import Popularity
from strec.profiling import quality
from strec.project import Pin, Project, Source
from strec.reporting import Analysis, Figure, Section, pinned_report
from tests.recommend import worlds

HOSTILE = [
    "</script><script>alert(1)</script>",
    '=HYPERLINK("https://example.org","click")',
    "'=1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "a|b",
    "\"quoted\" & 'quoted' <b>",
    "two\nlines",
    "\r\n</title></style></svg>",
    "{{ 7 * 7 }}{% raw %}",
    '"><img src=x onerror=alert(1)>',
]
FORMULA = re.compile(r"[=+\-@\t\r]")


class Page(HTMLParser):
    """Its tags with the names of their attributes, and its text."""

    def __init__(self, html: str):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, *(name for name, _ in attrs)))

    def handle_data(self, data):
        self.text += data


def harmless(text: str) -> str:
    return "harmless"


def same(text: str) -> str:
    return text


def pages():
    """Each writer of HTML, given how a text is changed before it gets there."""

    def of_quality(text, change):
        return quality(schema.example()).html(change(text), notes=(change(text),))

    def of_analysis(text, change):
        said = change(text)
        figure = go.Figure(go.Bar(x=[said], y=[1], name=said), {"title": said})
        numbers = pd.DataFrame({said: [said], "n": [1]})
        sections = [Section(said, [Figure(said), Figure(said, figure, numbers)], method=said)]
        return re.sub(r'id="[0-9a-f-]{36}"', "", Analysis(said, said, sections).html())

    def of_evaluation(text, change, found=[]):  # noqa: B006
        if not found:
            found += evaluate({"a": Popularity()}, worlds.town(60), Regime(at_most=50))
        named = [replace(each, name=f"{k} {change(text)}") for k, each in enumerate(found)]
        return to_html(named, change(text))

    def of_answer(text, change):
        kinds = pl.col("category") + " " + change(text)
        names = pl.lit(change(text)) + pl.col("item_name")
        town = worlds.town().with_columns(category=kinds, item_name=names)
        answer = worlds.recommender(town).answer("ann", worlds.at(13, 21))
        return card(answer, change(text), where=change(text), source=change(text))

    def of_a_map(text, change):
        return maps.to_html(a_map(change(text)))

    def of_a_legend(text, change):
        return maps.legend_html(change(text), maps.Classes((change(text),), ("#123456",)))

    def of_pins(text, change):
        said = change(text)
        bars = {"data": [{"type": "bar", "x": [said], "y": [1], "name": said}], "layout": {}}
        pins = (Pin(said, said, note=said, picture=json.dumps(bars)),
                Pin(said, picture=maps.to_svg(a_map(said), title=said)))  # fmt: skip
        project = Project(said, Source(said, "1", source=said), pins=pins, note=said)
        return re.sub(r'id="[0-9a-f-]{36}"', "", pinned_report(project))

    return [of_quality, of_analysis, of_evaluation, of_answer, of_a_map, of_a_legend, of_pins]


def a_map(text: str):
    items = pd.DataFrame(
        {"item_id": [text], "item_name": [text], "category": [text], "lat": [40.71], "lon": [-74.0],
         "n_checkins": [7], "n_users": [6]}
    )  # fmt: skip
    return maps.points(items, labels=items, basemap="offline")


#: Pages that bring a program of megabytes are fed everything at once.
HEAVY = ("of_analysis", "of_a_map", "of_pins")
FED = [
    pytest.param(make, text, id=f"{make.__name__}-{k}")
    for make in pages()
    for k, text in enumerate([" ".join(HOSTILE)] if make.__name__ in HEAVY else HOSTILE)
]


@pytest.mark.parametrize(("make", "text"), FED)
def test_a_page_has_the_tags_that_it_has_with_harmless_names(make, text):
    page, quiet = Page(make(text, same)), Page(make(text, harmless))
    assert page.tags == quiet.tags
    assert not any(name.startswith("on") for tag in page.tags for name in tag[1:])


@pytest.mark.parametrize(("make", "text"), FED)
def test_a_page_shows_what_was_typed(make, text):
    shown = Page(make(text, same)).text
    if make.__name__ == "of_a_map":
        # Names stand in the program's data, as JSON.
        assert "HYPERLINK" in shown and "{{ 7 * 7 }}" in shown
        return
    assert " ".join(text.split()) in " ".join(shown.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_picture_is_a_picture(text):
    deck = a_map(text)
    picture = ElementTree.fromstring(maps.to_svg(deck, title=text, note=text))
    quiet = ElementTree.fromstring(maps.to_svg(a_map("harmless"), title="a", note="b"))
    tags = {each.tag for each in quiet.iter()}
    assert {each.tag for each in picture.iter()} <= tags
    assert not any(name.startswith("on") for each in picture.iter() for name in each.attrib)
    shown = [" ".join(each.split()) for each in picture.itertext()]
    # As title and note, and as the name of a place.
    assert sum(" ".join(text.split())[:20] in each for each in shown) == 3


def cells_of(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline="")))


TABLE = pl.DataFrame({**{each: HOSTILE for each in HOSTILE}, "km": [-1.5] * len(HOSTILE)})


def of_write(folder):
    with open(write(TABLE, folder / "x.csv"), newline="") as file:
        return file.read()


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: to_csv(TABLE),
        lambda folder: to_csv(TABLE.to_pandas()),
        lambda folder: to_csv(TABLE.with_columns(pl.col(HOSTILE).cast(pl.Categorical))),
        of_write,
    ],
    ids=["polars", "pandas", "categories", "write"],
)
def test_neither_cells_nor_headers_are_formulas_and_nothing_is_lost(make, tmp_path):
    header, *rows = cells_of(make(tmp_path))
    led = [f"'{each}" if re.match(r"'*[=+\-@\t\r]", each) else each for each in HOSTILE]
    assert header == [*led, "km"] and len(rows) == len(HOSTILE)
    for row, expected in zip(rows, led, strict=True):
        assert row == [expected] * len(HOSTILE) + ["-1.5"]
        assert not any(FORMULA.match(cell) for cell in row[:-1])


def test_a_frame_of_pandas_keeps_numbers_and_says_nothing_for_nothing():
    frame = pd.DataFrame(
        {
            "n": [1, -2],
            "share": [0.25, np.nan],
            "day": pd.to_datetime(["2024-06-03", None]),
            "name": ["=1", None],
            "mixed": [1, "-x"],
        },
        index=[7, 8],
    )
    assert cells_of(to_csv(frame)) == [
        ["n", "share", "day", "name", "mixed"],
        ["1", "0.25", "2024-06-03", "'=1", "1"],
        ["-2", "", "", "", "'-x"],
    ]
    assert safe_table(pl.DataFrame({"a": [1]})).equals(pl.DataFrame({"a": [1]}))


def test_the_leaderboard_and_its_table_in_markdown_stay_in_their_cells():
    found = evaluate({"a": Popularity()}, worlds.town(60), Regime(at_most=50))
    for text in HOSTILE:
        named = [replace(found[0], name=text)]
        header, row = cells_of(leaderboard_csv(named))
        assert len(row) == len(header) and not any(FORMULA.match(name) for name in header)
        assert text in row[0] and not FORMULA.match(row[0])
        line = to_markdown(named, ["acc@1"]).splitlines()[-1]
        assert len(re.findall(r"(?<!\\)\|", line)) == 3, text
    assert markdown_cell("a\r\nb|c") == "a b\\|c"


def test_json_is_what_a_script_can_read():
    given = {
        "n": np.int64(3),
        1: [np.float64("nan"), 0.5],
        "when": schema.example()["timestamp"][0],
    }
    back = json.loads(json_text(given))
    assert back["n"] == 3 and back["1"] == [None, 0.5] and back["when"].startswith("2024-06-03")


def test_a_template_that_lacks_a_value_says_so():
    import jinja2

    with pytest.raises(jinja2.UndefinedError):
        html_page("evaluation", title="x")
