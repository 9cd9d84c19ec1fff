"""A list of items that nobody took yet: which column is what, what is left out, what is refused."""

import polars as pl
import pytest

from strec.errors import LimitError, MappingError, ReadError
from strec.io import Limits
from strec.io.catalogue import read_catalogue


def read(tmp_path, text: str, name: str = "shops.csv", **more):
    path = tmp_path / name
    path.write_text(text)
    return read_catalogue(path, **more)


def test_columns_are_known_by_their_names(tmp_path):
    found = read(tmp_path, "id;title;type;latitude;longitude\n007;Pool;sport;52,5;13,4\n")
    assert found.items.rows() == [("007", "Pool", "sport", 52.5, 13.4, None)]
    assert found.columns == {"lat": "latitude", "lon": "longitude", "item_id": "id",
                             "item_name": "title", "category": "type"}  # fmt: skip
    assert not found.notes


@pytest.mark.parametrize("header", ["item_id", "venueId", "poi", "商品编号", "product_code"])
def test_what_an_item_may_be_called(tmp_path, header):
    assert read(tmp_path, f"{header},price\na,1\nb,2\n").items["item_id"].to_list() == ["a", "b"]


def test_items_may_go_by_their_names(tmp_path):
    assert read(tmp_path, "name,kind\nPool,sport\n").items.row(0)[:3] == ("Pool", "Pool", "sport")


def test_a_place_in_one_column_and_one_the_wrong_way_round(tmp_path):
    one = read(tmp_path, 'item,where\na,"52.5123, 13.4123"\nb,"52.5, 13.4"\n').items
    assert one.row(0)[3:5] == (52.5123, 13.4123)
    swapped = read(tmp_path, "item,lat,lon\na,116.31,39.91\nb,116.32,39.92\n")
    assert swapped.items.row(0)[3:5] == (39.91, 116.31) and "swapped" in swapped.notes[0]


def test_what_is_left_out_and_what_is_not_known_is_said(tmp_path):
    found = read(tmp_path, "item,kind,lat,lon\na,x,52.5,13.4\na,y,52.5,13.4\n,x,52.5,13.4\n"
                           "b,,52.5,\nc,x,95.1,13.4\n")  # fmt: skip
    assert found.items.rows() == [("a", None, "x", 52.5, 13.4, None),
                                  ("b", None, None, None, None, None),
                                  ("c", None, "x", None, None, None)]  # fmt: skip
    assert found.notes == [
        "Left out: 1 row without an item, 1 row that names an item again.",
        "2 items without a place, 1 item without a kind: what is not known tells nothing of them.",
    ]


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("", ReadError, "empty"),
        ("item,kind\n", ReadError, "a header and no rows"),
        ("item,kind\n,x\n,y\n", ReadError, "2 rows, and nothing in 'item'"),
        ("height,colour\n1.5,red\n2.5,blue\n", MappingError, "Name that column item_id"),
    ],
)
def test_what_is_refused(tmp_path, text, error, said):
    with pytest.raises(error, match=said):
        read(tmp_path, text)


def test_so_many_items_and_no_more(tmp_path):
    with pytest.raises(LimitError, match="At most 2 rows"):
        read(tmp_path, "item\na\nb\nc\n", limits=Limits(max_rows=2))


def test_a_frame_is_read_like_a_file():
    frame = pl.DataFrame({"poi": [7, 8], "category": ["x", None], "lat": [1.0, 2.0], "lon": 3.0})
    found = read_catalogue(frame)
    assert found.items["item_id"].to_list() == ["7", "8"]
    with pytest.raises(ReadError, match="at least one row"):
        read_catalogue(frame.clear())
