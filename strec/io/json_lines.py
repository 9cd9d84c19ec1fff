"""JSON as rows: JSON Lines, arrays of objects, and objects within objects as columns."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from strec.errors import ReadError
from strec.io.files import Opened
from strec.io.sniff import unique_names

#: Number of the row in its file, from 0; kept beside the raw columns.
ROW = "__row"
#: A line of a JSON Lines file that is not JSON.
UNREADABLE = "__unreadable"
#: The keys that lead to each column's values.
KeyPaths = dict[str, tuple[str, ...]]


def columns_of(head: str, name: str) -> tuple[KeyPaths, list[str]]:
    """Return the columns of JSON Lines, from their beginning, and notes on names changed.

    An object within an object gives a column per entry: ``{"geo": {"lat": 1}}`` gives `geo.lat`.
    The last line may be cut.

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
            found.setdefault(".".join(path), path)
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
    keys = dict.fromkeys([*(keys[0] for keys in columns.values()), UNREADABLE], pl.String())
    lazy = pl.scan_ndjson(path, schema=keys, row_index_name=ROW)
    values = [
        (pl.col(first).str.json_path_match(_json_path(inner)) if inner else pl.col(first)).alias(
            name
        )
        for name, (first, *inner) in columns.items()
    ]
    return lazy.select(ROW, *values, UNREADABLE)


def lines_of_array(path: Path, name: str, opened: Opened) -> Path:
    """Rewrite a JSON array (or an object that holds one) as JSON Lines."""
    opened.limits.check_whole(path.stat().st_size, name)
    try:
        with open(path, encoding="utf-8") as file:
            parsed = json.load(file)
    except (ValueError, RecursionError) as problem:
        raise ReadError(
            "A complete JSON text is needed.",
            f"{name} is not valid JSON ({problem}).",
            "Export it again, or write one JSON object per line (JSON Lines).",
        ) from problem
    if isinstance(parsed, dict):
        lists = [value for value in parsed.values() if isinstance(value, list)]
        parsed = max(lists, key=len, default=[parsed])
    target = opened.new_path()
    with open(target, "w", encoding="utf-8") as out:
        for entry in parsed:
            if isinstance(entry, list):
                entry = {f"column_{i + 1}": value for i, value in enumerate(entry)}
            out.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return target


def with_marked_damage(
    path: Path, columns: KeyPaths, opened: Opened
) -> tuple[pl.LazyFrame, str] | None:
    """Keep each line that is no object as text in `UNREADABLE`, to be rejected with it."""
    target, n_lines = opened.new_path(), 0
    with open(path, encoding="utf-8") as source, open(target, "w", encoding="utf-8") as out:
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


def _leaves(entry: dict, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Give the path of keys to each value that is no object."""
    for key, value in entry.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key)


def _json_path(keys: list[str]) -> str:
    quoted = (key.replace("'", r"\'") for key in keys)
    return "$" + "".join(f"['{key}']" for key in quoted)
