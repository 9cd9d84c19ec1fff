"""Decide what a mapping leaves open, say what was decided, and ask what only a person knows."""

from dataclasses import replace

from strec.errors import MappingError
from strec.io.infer_times import ask_time, first, infer_times
from strec.io.mapping import Mapping, Option
from strec.io.places import coordinates, detect_order
from strec.io.quantities import decimal_sign
from strec.io.recognise import Recognised
from strec.io.roles import rank_identities
from strec.io.tables import Table

#: Columns offered as an answer.
N_OFFERED = 12


def infer_mapping(found: Recognised, mapping: Mapping, day_first: bool | None = None) -> Recognised:
    """Fill the open settings of a mapping from the content of what was recognised.

    The table's sample decides; the whole column is read only to tell day from month. Settings that
    are given are kept as they are, and so is `day_first`, the order in dates such as 03/04/2024.
    What cannot be decided is among the questions.

    Raises
    ------
    MappingError
        If a mapped column is not in the file, a time cannot be read at all, or the time zone is
        unknown.
    """
    table = found.table
    mapping.check_columns(table.columns)
    if (mapping.lat is None) != (mapping.lon is None):
        raise MappingError(
            "Latitude and longitude are mapped together, or neither.",
            f"lat={mapping.lat!r}, lon={mapping.lon!r}.",
            "Choose both columns; where one column holds both, choose it twice.",
        )
    done = replace(found, mapping=mapping, notes=[*found.notes])
    _who_and_what(table, done)
    _where(table, done)
    _how_much(table, done)
    if not mapping.timestamp:
        ask_time(table, done)
    if done.mapping.timestamp:
        infer_times(table, done, done.mapping.timestamp, day_first)
    return done


def _choices(table: Table, mapping: Mapping, name: str) -> list[Option]:
    """Return the columns that may be meant, the likeliest first."""
    free = [column for column in table.columns if column not in mapping.columns().values()]
    if name != "timestamp":
        free = rank_identities(table.sample, free)
    return [
        Option(f"the column {column!r}", first(table, column), {name: column})
        for column in free[:N_OFFERED]
    ]


def _who_and_what(table: Table, done: Recognised) -> None:
    mapping = done.mapping
    if not mapping.user_id and not mapping.user_from:
        done.ask(
            "user",
            "Which column says who?",
            *_choices(table, mapping, "user_id"),
            Option("none: all rows are one user", "", {"user_from": "constant"}),
            Option("none: each row is a user of its own", "", {"user_from": "row"}),
        )
    if not mapping.item_id and not mapping.item_from_place:
        cell = Option("none: each place (a hexagon of 130 m)", "", {"item_from_place": True})
        columns = _choices(table, mapping, "item_id")
        options, default = ([cell, *columns], 0) if mapping.lat else (columns, None)
        done.ask("item", "Which column says what (the item)?", *options, default=default)


def _where(table: Table, done: Recognised) -> None:
    """Decide the order of the coordinates, or ask."""
    mapping = done.mapping
    if not mapping.lat or mapping.coordinate_order is not None:
        return
    lat, lon, _ = coordinates(table.sample, mapping)
    order = detect_order(lat, lon)
    if order.projected:
        text = f"{order.note} Convert them to degrees (EPSG:4326), or read without places."
        without: dict = {"lat": None, "lon": None}
        if mapping.item_from_place:
            without["item_from_place"] = False
        done.ask("places", text, Option("read the file without places", "", without))
    elif order.order is None:
        done.ask(
            "coordinate_order",
            f"{order.note} Are latitude and longitude swapped?",
            Option("swapped: read them the other way round", "", {"coordinate_order": "lon_lat"}),
            Option("as named", "", {"coordinate_order": "lat_lon"}),
        )
    else:
        done.notes += [order.note] if order.note else []
        done.set(coordinate_order=order.order)


def _how_much(table: Table, done: Recognised) -> None:
    """Decide whether a comma or a point is before the decimals of the value, and say so."""
    mapping = done.mapping
    if not mapping.value or mapping.decimal is not None or table.kind != "csv":
        return
    sign, is_open = decimal_sign(table.sample[mapping.value])
    if sign is None and is_open:
        # Where semicolons separate the columns, commas are left for decimals.
        sign = "comma" if table.facts.get("delimiter") == ";" else "point"
        done.notes.append(
            f"Whether {mapping.value!r} has decimal points or commas is not certain: a {sign} is "
            f"taken (another may be set: decimal={'point' if sign == 'comma' else 'comma'})."
        )
    done.set(decimal=sign)
