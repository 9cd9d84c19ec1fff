"""The card says what the answer says, adds up, and takes no name for markup."""

import re
from html.parser import HTMLParser

import polars as pl
import pytest
from PIL import Image

from strec.explanation import card, explain
from strec.io.pictures import Pictures
from strec.models import Popularity
from strec.recommend import Recommender
from strec.split import Vocabulary, encode
from tests.recommend import worlds
from tests.recommend.worlds import at


class Tags(HTMLParser):
    """Collects tags and text of a page, and checks that tags are closed."""

    void = {"meta"}

    def __init__(self, page: str):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def evening():
    return worlds.recommender().answer("ann", at(13, 21), k=5)


def test_the_card_has_the_list_and_parts_that_add_up(evening):
    page = Tags(card(evening, "User 7", 1, where="at Café", source="A town"))
    assert not page.open and "What next for User 7?" in page.text
    assert "Sunday, 16 June 2024, 21:00 · at Café · A town" in page.text
    assert all(name in page.text for name in evening.frame["item_name"])
    *parts, total = (float(each) for each in re.findall(r"([+-]?\d+\.\d\d) %", page.text))
    assert sum(parts) == pytest.approx(total, abs=0.05)
    assert total == pytest.approx(100 * explain(evening, 1).probability, abs=0.01)


def test_the_id_is_not_on_a_card_for_a_pseudonym(evening):
    assert "ann" not in Tags(card(evening, "User 7")).text.lower().replace("what", "")


def test_pictures_are_part_of_the_card_only_where_allowed(tmp_path):
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "bar.png")
    names = {"bar": "bar.png", "cafe": "https://img.example.org/c.png", "pub": "gone.png"}
    town = worlds.town().with_columns(
        image=pl.col("item_id").replace_strict(names, default=None, return_dtype=pl.String)
    )
    log = encode(town, Vocabulary.of(town))
    answer = Recommender(town, Popularity().fit(log)).answer("ann", at(13, 21), k=5)
    found = dict(answer.frame.select("item_id", "image").iter_rows())
    assert found == names | {"office": None, "museum": None}
    assert 'role="img"' not in card(answer, "User 7")
    beside = card(answer, "User 7", pictures=Pictures(tmp_path))
    assert "example.org" not in beside and not Tags(beside).open
    assert beside.count('role="img"') == 5 and beside.count("data:image/webp") == 1
    assert "https://img.example.org/c.png" in card(answer, "User 7", pictures=Pictures(web=True))


def test_names_are_text_and_there_is_no_script():
    evil = worlds.town().with_columns(
        (pl.lit("<script>alert('1')</script>\"><img src=x onerror=y>") + pl.col("item_id")).alias(
            "item_name"
        )
    )
    page = Tags(card(worlds.recommender(evil).answer("ann", at(13, 21)), "<b>x</b>"))
    assert "script" not in page.tags and "img" not in page.tags and "b" not in page.tags
    assert "<script>alert('1')</script>" in page.text


def test_models_without_parts_and_empty_lists_have_a_card_too(evening):
    checkins = worlds.town()
    model = Popularity().fit(encode(checkins, Vocabulary.of(checkins)))
    assert "table" not in Tags(card(Recommender(checkins, model).answer("ann"), "x")).tags
    town = worlds.recommender()
    nothing = town.answer("ann", at(13, 21), 0.0, 0.0, max_distance_km=1)
    assert "Nothing fits." in Tags(card(nothing, "x")).text
