"""JSON as rows: names with dots and quotes, objects in objects, late fields, one object of rows."""

import gzip
import json

import pytest

from strec.errors import ReadError
from strec.io import inspect, read


def rows(n=30):
    return [
        {"user": f"u{i % 3}", "item": f"i{i % 5}", "time": f"2024-05-{1 + i % 28:02d}T08:00:00Z"}
        for i in range(n)
    ]


def lines(entries, path):
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    return path


def test_a_dot_in_a_key_is_a_letter_like_any_other(tmp_path):
    flat = [{"geo.user": row["user"]} | row | {"geo.lat": 52.5, "geo.lon": 13.4} for row in rows()]
    for row in flat:
        del row["user"]
    checkins = read(lines(flat, tmp_path / "flat.jsonl")).checkins
    assert checkins["user_id"].to_list() == [row["user"] for row in rows()]
    assert checkins["lat"].unique().to_list() == [52.5]


def test_objects_in_objects_become_columns_at_any_depth(tmp_path):
    deep = [
        {"who": {"profile": {"user_id": row["user"], "o'k": 1}}, "what": {"item": row["item"]},
         "time": row["time"], "geo": None if i < 3 else {"at": {"lat": 52.5, "lon": 13.4}}}
        for i, row in enumerate(rows())
    ]  # fmt: skip
    look = inspect(lines(deep, tmp_path / "deep.jsonl"))
    assert look.columns == [
        "who.profile.user_id", "who.profile.o'k", "what.item", "time", "geo", "geo.at.lat",
        "geo.at.lon",
    ]  # fmt: skip
    assert look.preview["who.profile.o'k"].to_list() == ["1"] * 30
    checkins = read(lines(deep, tmp_path / "deep.jsonl")).checkins
    assert checkins["user_id"].to_list() == [row["user"] for row in rows()]
    assert checkins["lat"].to_list() == [None] * 3 + [52.5] * 27


def test_a_field_that_comes_late_is_a_column_too(tmp_path):
    late = [row | ({"category": "bar"} if i > 800 else {}) for i, row in enumerate(rows(1000))]
    checkins = read(lines(late, tmp_path / "late.jsonl")).checkins
    assert checkins["category"].null_count() == 801


def test_one_object_that_holds_the_rows(tmp_path):
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"status": "ok", "results": rows()}) + "\n")
    assert read(path).n_checkins == 30


@pytest.mark.slow
def test_a_look_at_a_compressed_array_takes_all_of_it(tmp_path):
    padded = [row | {"text": f"{i:06d}" * 50} for i, row in enumerate(rows(15_000))]
    path = tmp_path / "array.json.gz"
    path.write_bytes(gzip.compress(json.dumps(padded).encode(), 1))
    look = inspect(path)
    assert look.mapping.user_id == "user" and 10_000 < look.n_rows_estimate < 20_000


def test_lines_without_objects_are_refused(tmp_path):
    path = tmp_path / "words.jsonl"
    path.write_text('{"a": 1, \n"b"\n', encoding="utf-8")
    with pytest.raises(ReadError, match="not valid JSON"):
        read(path)
