"""The tables in a JSON text, whatever its shape: lists, columns, nested objects, GeoJSON."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from strec.errors import ReadError
from strec.io.roles import guess_roles
from strec.io.sniff import is_data

Row = dict[str, Any]
#: How deep objects may hold the list of rows.
MAX_DEPTH = 6
#: Rows looked at to choose the list that is written out.
N_LOOKED = 200
#: Where the keys of an object tell its entries apart, they are kept under this name.
KEY = "key"
WANTED = ("timestamp", "item_id")


def tables_in(parsed: Any, name: str) -> tuple[dict[str, list[Any]], list[str]]:
    """Return the rows of each table in a JSON text by the table's name, and notes.

    What pandas writes in each of its orientations is one table; so is GeoJSON, and the answer of
    a search engine. Objects are looked through for lists of objects, each of which is a table.

    Raises
    ------
    ReadError
        If there is no row, or GeoJSON holds no point.

    Examples
    --------
    >>> tables_in({"who": {"0": "ann", "1": "ben"}, "what": {"0": "inn", "1": "bar"}}, "x")[0]
    {'': [{'who': 'ann', 'what': 'inn'}, {'who': 'ben', 'what': 'bar'}]}
    >>> list(tables_in({"answer": {"visits": [{"a": 1}], "places": [{"b": 1}]}}, "x")[0])
    ['answer.visits', 'answer.places']
    """
    if is_geojson(parsed):
        rows, notes = _features(parsed, name)
        return {"": rows}, notes
    found = _by_shape(parsed)
    if not any(found.values()):
        raise ReadError(
            "A JSON text with a list of events is needed.",
            f"{name} has none.",
            'Write one event per line: {"user_id": "7", "item_id": "42", "timestamp": "…"}.',
        )
    return {label: [_unwrapped(row) for row in rows] for label, rows in found.items()}, []


def _by_shape(parsed: Any) -> dict[str, list[Any]]:
    if isinstance(parsed, list):
        return {"": _records(parsed)}
    if not isinstance(parsed, dict):
        return {}
    columns, data = parsed.get("columns"), parsed.get("data")
    if isinstance(columns, list) and isinstance(data, list):
        named = [str(each) for each in columns]
        return {"": [dict(zip(named, row, strict=False)) for row in data if isinstance(row, list)]}
    if isinstance(data, list) and isinstance(parsed.get("schema"), dict):
        return {"": _records(data)}
    rows = _of_columns(parsed) or _of_entries(parsed)
    if rows:
        return {"": rows}
    nested = dict(_lists_in(parsed, (), 0))
    return nested if len(nested) > 1 else {"": next(iter(nested.values()), [parsed])}


def _lists_in(parsed: Row, above: tuple[str, ...], depth: int) -> Iterator[tuple[str, list[Any]]]:
    """Give the lists of objects within objects, by the keys that lead there."""
    for key, value in parsed.items():
        path = (*above, str(key))
        if isinstance(value, list) and value and isinstance(value[0], dict | list):
            yield ".".join(path), _records(value)
        elif isinstance(value, dict) and depth < MAX_DEPTH:
            rows = _of_columns(value) or _of_entries(value)
            if rows and len(rows) > 1:
                yield ".".join(path), rows
            else:
                yield from _lists_in(value, path, depth + 1)


def _records(entries: list[Any]) -> list[Any]:
    """Return rows of a list; of lists, the first names the columns where it holds no data."""
    if not entries or not isinstance(entries[0], list):
        return entries
    first, *rest = entries
    is_header = rest and first and all(isinstance(each, str) and each for each in first)
    if is_header and not any(map(is_data, first)) and len(set(first)) == len(first):
        return [dict(zip(first, row, strict=False)) for row in rest if isinstance(row, list)]
    return [
        {f"column_{i + 1}": value for i, value in enumerate(row)} if isinstance(row, list) else row
        for row in entries
    ]


def _of_columns(parsed: Row) -> list[Row]:
    """Return rows of an object of columns: each a list, or an object by the row's label."""
    values = list(parsed.values())
    if len(values) < 2:
        return []
    if all(isinstance(each, list) for each in values):
        lengths = {len(each) for each in values}
        plain = not any(isinstance(cell, dict | list) for each in values for cell in each[:3])
        if len(lengths) > 1 or not plain or lengths == {0}:
            return []
        return [dict(zip(parsed, row, strict=True)) for row in zip(*values, strict=True)]
    if not all(isinstance(each, dict) and each for each in values):
        return []
    labels = list(values[0])
    if any(list(each) != labels for each in values[1:]):
        return []
    plain = not any(isinstance(each[labels[0]], dict | list) for each in values)
    are_numbers = all(label.isdigit() for label in labels)
    if any(not str(key).isdigit() for key in parsed) and (
        are_numbers or (plain and len(labels) > max(len(values), 2))
    ):
        return [{key: column[label] for key, column in parsed.items()} for label in labels]
    return []


def _of_entries(parsed: Row) -> list[Row]:
    """Return rows of an object whose entries are alike: objects, or lists of objects, by key."""
    values = list(parsed.values())
    if len(values) < 2:
        return []
    if all(isinstance(each, list) and each and isinstance(each[0], dict) for each in values):
        if not _are_alike([each[0] for each in values]):
            return []
        return [
            {KEY: key, **row}
            for key, rows in parsed.items()
            for row in rows
            if isinstance(row, dict)
        ]
    if all(isinstance(each, dict) and len(each) > 1 for each in values) and _are_alike(values):
        counted = all(str(key).isdigit() for key in parsed)
        return [row if counted else {KEY: key, **row} for key, row in parsed.items()]
    return []


def _are_alike(rows: list[Row]) -> bool:
    """Tell whether objects have mostly the same keys, as rows have."""
    every = set().union(*rows[:N_LOOKED])
    mean = sum(len(row) for row in rows[:N_LOOKED]) / len(rows[:N_LOOKED])
    return mean > 0.6 * len(every)


def _unwrapped(row: Any) -> Any:
    """Return the document of a search hit as the row."""
    if isinstance(row, dict) and isinstance(row.get("_source"), dict):
        return {name: row[name] for name in ("_id",) if name in row} | row["_source"]
    return row


# ---------------------------------------------------------------- lists within rows


def list_to_unroll(rows: list[Row]) -> tuple[str, ...]:
    """Return the keys that lead to the lists whose entries are events, or nothing.

    Entries are events where they hold the time or the item that the rows themselves lack. Lists
    as long as each other belong together; only one is returned, `lists_beside` gives the others.
    """
    looked = [row for row in rows[:N_LOOKED] if isinstance(row, dict)]
    paths: dict[tuple[str, ...], int] = {}
    for row in looked:
        for path, value in _lists_of(row):
            paths[path] = max(paths.get(path, 0), len(value))
    candidates = [path for path, longest in paths.items() if longest > 1]
    if not candidates:
        return ()
    have = _roles([_without_lists(row) for row in looked])
    if have >= set(WANTED):
        return ()
    gains = {
        path: len(_roles([flat for row in looked for flat in unrolled(row, path)][:1000]) - have)
        for path in candidates
    }
    best = max(gains, key=lambda path: (gains[path], paths[path]))
    return best if gains[best] else ()


def unrolled(row: Row, path: tuple[str, ...]) -> list[Row]:
    """Return a row for each entry of the list at the path, and of the lists as long beside it.

    Examples
    --------
    >>> unrolled({"who": "ann", "buys": [{"what": "tea"}, {"what": "cup"}]}, ("buys",))
    [{'who': 'ann', 'buys': {'what': 'tea'}}, {'who': 'ann', 'buys': {'what': 'cup'}}]
    """
    entries = _at(row, path)
    if not isinstance(entries, list) or not entries:
        return [row]
    beside = [
        other for other, value in _lists_of(row) if other != path and len(value) == len(entries)
    ]
    found = []
    for i in range(len(entries)):
        new = row
        for each in (path, *beside):
            new = _with(new, each, _at(row, each)[i])
        found.append(new)
    return found


def _at(row: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        row = row.get(key) if isinstance(row, dict) else None
    return row


def _with(row: Row, path: tuple[str, ...], value: Any) -> Row:
    key, *rest = path
    return row | {key: _with(row[key], tuple(rest), value) if rest else value}


def _lists_of(row: Row, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list]]:
    for key, value in row.items():
        if isinstance(value, list):
            if not (key == "coordinates" and _is_pair(value)):
                yield (*above, key), value
        elif isinstance(value, dict):
            yield from _lists_of(value, (*above, key))


def _is_pair(value: list) -> bool:
    return len(value) in (2, 3) and all(isinstance(each, int | float) for each in value)


def _without_lists(row: Row) -> Row:
    return {
        key: _without_lists(value) if isinstance(value, dict) else value
        for key, value in row.items()
        if not isinstance(value, list)
    }


def _roles(rows: list[Row]) -> set[str]:
    """Return which of the fields that an event needs are seen in rows."""
    flat = [dict(_flat(row)) for row in rows]
    names = dict.fromkeys(name for row in flat for name in row)
    if not names:
        return set()
    frame = pl.DataFrame(
        {name: [row.get(name) for row in flat] for name in names},
        schema=dict.fromkeys(names, pl.String()),
    )
    return set(guess_roles(frame).mapping.columns()) & set(WANTED)


def _flat(row: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, str | None]]:
    if isinstance(row, dict):
        for key, value in row.items():
            yield from _flat(value, above if key[:1] == "$" else (*above, key))
    else:
        yield ".".join(above), None if row is None else str(row)


# ---------------------------------------------------------------- GeoJSON


def is_geojson(parsed: Any) -> bool:
    """Tell GeoJSON features from other JSON.

    Examples
    --------
    >>> is_geojson({"type": "FeatureCollection", "features": []})
    True
    """
    kind = parsed.get("type") if isinstance(parsed, dict) else None
    return kind == "FeatureCollection" or (kind == "Feature" and "geometry" in parsed)


def _features(parsed: Row, name: str) -> tuple[list[Row], list[str]]:
    """Return the properties of features, with the degrees of those that are points."""
    found = parsed.get("features", []) if parsed["type"] == "FeatureCollection" else [parsed]
    features = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    places = [_point(each.get("geometry")) for each in features]
    n_shapes = sum(bool(each.get("geometry")) for each in features)
    if not any(places):
        kinds = {str((each.get("geometry") or {}).get("type", ""))[:30] for each in features
                 if isinstance(each.get("geometry"), dict)}  # fmt: skip
        raise ReadError(
            "A geographic file with points is needed: one per event.",
            f"{name} holds {', '.join(sorted(kinds)) or 'no geometry'}.",
            "Export points, for example the vertices of a track or the centre of each area.",
        )
    notes = []
    n_others = n_shapes - sum(each is not None for each in places)
    if n_others:
        notes.append(f"{n_others:,} shapes are not points; they have no place here.")
    places, said = _in_degrees(places, parsed.get("crs"), name)
    rows = []
    for feature, place in zip(features, places, strict=True):
        own = feature.get("properties")
        row = dict(own) if isinstance(own, dict) else {}
        for axis, value in zip(("lat", "lon"), place or (None, None), strict=True):
            row[axis if axis not in row else f"{axis}_of_point"] = value
        if "id" in feature and "id" not in row:
            row["id"] = feature["id"]
        rows.append(row)
    return rows, [*notes, *said]


def _point(geometry: Any) -> tuple[float, float] | None:
    """Return latitude and longitude of a point, else None."""
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return None
    where = geometry.get("coordinates")
    if not isinstance(where, list) or not _is_pair(where):
        return None
    return float(where[1]), float(where[0])


def _in_degrees(
    places: list[tuple[float, float] | None], crs: Any, name: str
) -> tuple[list[tuple[float, float] | None], list[str]]:
    """Convert points of another coordinate system, as older GeoJSON names one."""
    stated = crs.get("properties") if isinstance(crs, dict) else None
    stated = stated.get("name") if isinstance(stated, dict) else None
    if not isinstance(stated, str) or "CRS84" in stated or stated.endswith("4326"):
        return places, []
    from strec.io.geofiles import to_degrees

    known = [place for place in places if place is not None]
    lat, lon, title = to_degrees([p[1] for p in known], [p[0] for p in known], stated, name)
    moved = iter(zip(lat, lon, strict=True))
    note = f"Coordinates were converted from {title} to degrees (WGS 84)."
    return [next(moved) if place is not None else None for place in places], [note]
