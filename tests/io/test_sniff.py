"""The shape of a text: delimiters, quotes, header."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.io import read
from strec.io.sniff import sniff

plain_cells = st.text("abcXYZ019 _-éß中🍕", min_size=1, max_size=8).map(lambda s: f"x{s}x")


@given(
    rows=st.lists(st.lists(plain_cells, min_size=3, max_size=3), min_size=1, max_size=12),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=60, deadline=None)
def test_any_delimiter_is_seen(rows, delimiter, end):
    text = end.join(delimiter.join(row) for row in [["who", "what", "note"], *rows]) + end
    shape = sniff(text, "x.csv", complete=True)
    assert (shape.delimiter, shape.columns) == (delimiter, ("who", "what", "note"))


@pytest.mark.slow
@given(delimiter=st.sampled_from([",", ";", "\t", "|"]), seed=st.integers(0, 10**6))
@settings(max_examples=12, deadline=None)
def test_quoted_cells_may_hold_anything(tmp_path_factory, delimiter, seed):
    rng = random.Random(seed)
    pieces = [",", ";", "\t", "|", "'", " ", "ü", "9", "a", "\n"]
    cells = ["c" + "".join(rng.choices(pieces, k=6)).strip() + "c" for _ in range(12)]
    rows = [["u1", cell, "2024-05-01 08:00:00"] for cell in cells]
    lines = [["user", "item", "time"], *([a, '"' + b + '"', c] for a, b, c in rows)]
    path = tmp_path_factory.mktemp("quoted") / "x.csv"
    path.write_text("\n".join(delimiter.join(line) for line in lines), newline="")
    assert read(path).checkins["item_id"].to_list() == cells


def test_a_table_without_header_is_seen():
    shape = sniff("7\t2024-05-01\tbar\n8\t2024-05-02\tpub\n", "x.txt", True)
    assert not shape.has_header and shape.columns == ("column_1", "column_2", "column_3")
    assert sniff("a;b\n1,5;2,5\n3,5;4,5\n", "x.csv", True).delimiter == ";"


@pytest.mark.parametrize(
    ("text", "skipped", "columns"),
    [
        ("Trips,,Store 5,,\n,,Made 2024-01-02,,\nuser,item,when,lat,kind\n", 2, "user"),
        ("Trips,,Store 5,,\nuser,item,when,lat,kind\n", 1, "user"),
        # Both sides have the same names: what stands above tells them apart.
        ("Start,,End,,\nlat,lon,lat,lon,kind\n", 0, "Start"),
        ("user,,when,,kind\n", 0, "user"),
    ],
)
def test_titles_of_several_cells_stand_above_the_names(text, skipped, columns):
    rows = "".join(f"u{i},p{i % 3},2024-01-{i + 1:02d} 09:00,1.5,x\n" for i in range(9))
    shape = sniff(text + rows, "x.csv", complete=True)
    assert (shape.skip_lines, shape.columns[0]) == (skipped, columns)
    assert shape.has_header
