"""JSON as rows: JSON Lines, arrays of objects, and objects within objects as columns."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from strec.errors import ReadError
from strec.io.files import Opened
from strec.io.json_shapes import is_geojson, list_to_unroll, tables_in, unrolled
from strec.io.limits import explain
from strec.io.sniff import unique_names

#: What stands before a JSON text in a script, and between two of them.
SCRIPT, BLANKS = re.compile(r"[\w.$\s]*=?\s*(?=[\[{])"), re.compile(r"[\s,;]*")
#: Number of the row in its file, from 0; kept beside the raw columns.
ROW = "__row"
#: A line of a JSON Lines file that is not JSON.
UNREADABLE = "__unreadable"
#: The keys that lead to each column's values.
KeyPaths = dict[str, tuple[str | int, ...]]


def columns_of(head: str, name: str) -> tuple[KeyPaths, list[str]]:
    """Return the columns of JSON Lines, from their beginning, and notes on names changed.

    An object within an object gives a column per entry: ``{"geo": {"lat": 1}}`` gives `geo.lat`.
    What MongoDB writes around a value (``{"$date": …}``) and a search engine around a row has no
    part in the names; the coordinates of a GeoJSON point are called `lon` and `lat`. The last
    line may be cut.

    Raises
    ------
    ReadError
        If no line is an object.

    Examples
    --------
    >>> columns_of('{"id.user": 1, "geo": {"at": {"lat": 1}}}', "x")[0]
    {'id.user': ('id.user',), 'geo.at.lat': ('geo', 'at', 'lat')}
    """
    found: KeyPaths = {}
    for line in head.split("\n"):
        for path in _leaves(_as_object(line) or {}):
            found.setdefault(_name_of(path), path)
    if not found:
        raise ReadError(
            "JSON Lines need an object with fields on each line.",
            f"{name} has none in its first lines.",
            'Write one event per line: {"user_id": "7", "item_id": "42", "timestamp": "…"}.',
        )
    names, notes = unique_names(list(found), len(found))
    return dict(zip(names, found.values(), strict=True)), notes


def scan(path: Path, columns: KeyPaths) -> pl.LazyFrame:
    """Return a lazy frame of text over JSON Lines: `ROW`, the columns, and `UNREADABLE`."""
    keys = dict.fromkeys([*(str(keys[0]) for keys in columns.values()), UNREADABLE], pl.String())
    lazy = pl.scan_ndjson(path, schema=keys, row_index_name=ROW)
    values = [_values(keys).alias(name) for name, keys in columns.items()]
    return lazy.select(ROW, *values, UNREADABLE)


def _values(keys: tuple[str | int, ...]) -> pl.Expr:
    first, *inner = keys
    found = pl.col(str(first))
    return found.str.json_path_match(_json_path(inner)) if inner else found


def tables_of(path: Path, name: str, opened: Opened) -> tuple[str, dict[str, Path], list[str]]:
    """Rewrite each table in a JSON text as JSON Lines.

    Returns what kind of text it is, ``json`` or ``geojson``, where the tables lie by their names,
    and notes.

    Raises
    ------
    ReadError
        If it is cut off or damaged, or holds no rows.
    """
    opened.limits.check_whole(path.stat().st_size, name)
    try:
        parsed = _parsed(path.read_text(encoding="utf-8", errors="replace"))
    except (ValueError, RecursionError) as problem:
        raise ReadError(
            "A complete JSON text is needed.",
            f"{name} is not valid JSON ({explain(problem)}).",
            "Export it again, or write one JSON object per line (JSON Lines).",
        ) from problem
    kind = "geojson" if is_geojson(parsed) else "json"
    found, notes = tables_in(parsed, name)
    targets = {}
    for label, rows in found.items():
        if rows:
            targets[label] = target = opened.new_path()
            with open(target, "w", encoding="utf-8", errors="replace") as out:
                out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return kind, targets, notes


def _parsed(text: str) -> Any:
    """Return a JSON text; several values one after the other are a list, a script's name is no part
    of it (``window.YTD.tweets = [``)."""
    decoder, values = json.JSONDecoder(), []
    begin = SCRIPT.match(text)
    at = begin.end() if begin else 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        gap = BLANKS.match(text, at)
        at = gap.end() if gap else at
    return values[0] if len(values) == 1 else values


def unroll(path: Path, head: str, opened: Opened) -> tuple[Path, str] | None:
    """Write a row for each event where the rows hold lists of them; else None."""
    rows = [row for line in head.split("\n") if (row := _as_object(line)) is not None]
    keys = list_to_unroll(rows)
    if not keys:
        return None
    target = opened.new_path()
    with (
        open(path, encoding="utf-8") as source,
        open(target, "w", encoding="utf-8", errors="replace") as out,
    ):
        for line in source:
            row = _as_object(line)
            if row is None:
                out.write(line)
                continue
            for each in unrolled(row, keys):
                out.write(json.dumps(each, ensure_ascii=False) + "\n")
    return target, f"Lists give a row for each of their entries: {'.'.join(keys)}."


def with_marked_damage(
    path: Path, columns: KeyPaths, opened: Opened
) -> tuple[pl.LazyFrame, str] | None:
    """Keep each line that is no object as text in `UNREADABLE`, to be rejected with it."""
    target, n_lines = opened.new_path(), 0
    with (
        open(path, encoding="utf-8", errors="replace") as source,
        open(target, "w", encoding="utf-8") as out,
    ):
        for line in source:
            if line.strip() and _as_object(line) is None:
                n_lines += 1
                line = json.dumps({UNREADABLE: line.rstrip("\n")}) + "\n"
            out.write(line)
    note = f"Lines that are not JSON objects, among the rejected rows: {n_lines:,}."
    return (scan(target, columns), note) if n_lines else None


def _as_object(line: str) -> dict | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _leaves(entry: dict, above: tuple[str, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the path of keys to each value that is no object; a point's coordinates are two."""
    for key, value in entry.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, key))
        elif key == "coordinates" and entry.get("type") == "Point" and isinstance(value, list):
            yield from ((*above, key, axis) for axis in range(2))
        elif not (value == "Point" and "coordinates" in entry):
            yield (*above, key)


def _name_of(path: tuple[str | int, ...]) -> str:
    """Return the name of a column."""
    *above, last = path
    if isinstance(last, int):
        path = (*above[:-1], ("lon", "lat")[last])
    kept = [str(key) for key in path if str(key)[:1] != "$"]
    kept = kept[1:] if kept[:1] == ["_source"] and len(kept) > 1 else kept
    return ".".join(kept) or ".".join(map(str, path))


def _json_path(keys: list[str | int]) -> str:
    steps = (
        f"[{key}]" if isinstance(key, int) else "['" + key.replace("'", r"\'") + "']"
        for key in keys
    )
    return "$" + "".join(steps)
