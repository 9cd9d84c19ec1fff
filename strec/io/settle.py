"""Decide what a mapping leaves open, say what was decided, and ask what only a person knows."""

import polars as pl

from strec.errors import MappingError
from strec.io.mapping import ZONE_OF_PLACE, Mapping, Option, Question
from strec.io.places import degrees, detect_order, pair
from strec.io.tables import Table
from strec.io.times import TimeGuess, detect_time
from strec.io.zones import check_zone, zone_near


def settle(table: Table, mapping: Mapping) -> tuple[Mapping, list[Question], list[str]]:
    """Fill the open settings of a mapping from the file's content.

    Returns
    -------
    tuple of Mapping, list of Question and list of str
        The mapping with all that could be decided; what must or may be asked; what was noticed.

    Raises
    ------
    MappingError
        If a mapped column is not in the file, or the time zone is unknown.
    """
    _check_columns(table, mapping)
    questions, notes = [], []
    mapping = _who_and_what(table, mapping, questions, notes)
    lat, lon = coordinates(table.sample, mapping)
    if mapping.lat and mapping.coordinate_order is None:
        order = detect_order(lat, lon)
        if order.projected:
            raise MappingError(
                "Coordinates must be degrees of latitude and longitude (WGS 84).",
                order.note,
                "Convert them to degrees (EPSG:4326) and read the file again.",
            )
        notes += [order.note] if order.note else []
        if order.order is None:
            questions.append(_order_question(order.note))
        mapping = mapping.replace(coordinate_order=order.order)
    if mapping.coordinate_order == "lon_lat":
        lat, lon = lon, lat
    if mapping.timestamp:
        mapping = _when(table, mapping, lat, lon, questions, notes)
    return mapping, questions, notes


def coordinates(frame: pl.DataFrame, mapping: Mapping) -> tuple[pl.Series, pl.Series]:
    """Return latitude and longitude as named, before any swap; null where not readable."""
    if not mapping.lat or not mapping.lon:
        empty = pl.Series([None], dtype=pl.Float64).new_from_index(0, len(frame))
        return empty, empty
    if mapping.lat == mapping.lon:
        return pair(frame[mapping.lat])
    return degrees(frame[mapping.lat])[0], degrees(frame[mapping.lon])[0]


def _check_columns(table: Table, mapping: Mapping) -> None:
    for field, column in mapping.columns().items():
        if column not in table.columns:
            raise MappingError(
                f"{field} is mapped to a column of the file.",
                f"no column {column!r}; the file has {', '.join(table.columns[:20])}.",
                "Choose one of the file's columns.",
            )


def _who_and_what(
    table: Table, mapping: Mapping, questions: list[Question], notes: list[str]
) -> Mapping:
    free = [name for name in table.columns if name not in mapping.columns().values()]
    if not mapping.user_id and not mapping.user_from:
        options = [Option(f"the column {name!r}", _first(table, name), {"user_id": name})
                   for name in free[:12]]  # fmt: skip
        options += [
            Option("all rows are one user", "", {"user_from": "constant"}),
            Option("each row is a user of its own", "", {"user_from": "row"}),
        ]
        questions.append(Question("user", "Which column says who?", tuple(options)))
    if not mapping.item_id and not mapping.item_from_place:
        if mapping.lat:
            mapping = mapping.replace(item_from_place=True)
            notes.append("There is no item column: each place (an H3 cell of 130 m) is an item.")
        else:
            options = [Option(f"the column {name!r}", _first(table, name), {"item_id": name})
                       for name in free[:12]]  # fmt: skip
            questions.append(Question("item", "Which column says what (the item)?", tuple(options)))
    if not mapping.timestamp:
        options = [Option(f"the column {name!r}", _first(table, name), {"timestamp": name})
                   for name in free[:12]]  # fmt: skip
        questions.append(Question("timestamp", "Which column says when?", tuple(options)))
    return mapping


def _when(
    table: Table,
    mapping: Mapping,
    lat: pl.Series,
    lon: pl.Series,
    questions: list[Question],
    notes: list[str],
) -> Mapping:
    guess = detect_time(table.sample[mapping.timestamp])
    if guess.ambiguous and mapping.time_format is None:
        # Only a day above 12 can tell, and it may come late in the file.
        guess = detect_time(table.lazy.select(mapping.timestamp).unique().collect().to_series())
    if mapping.time_format is None:
        if guess.ambiguous:
            questions.append(_day_question(_first(table, mapping.timestamp)))
        elif guess.time_format is None:
            raise MappingError(
                "The time column holds dates, times or Unix seconds.",
                f"{mapping.timestamp!r} holds for instance {_first(table, mapping.timestamp)!r}.",
                "Choose another column, or give its pattern, such as '%d %b %Y %H:%M'.",
            )
        mapping = mapping.replace(time_format=guess.time_format)
        notes += [guess.note] if guess.note else []
    if mapping.time_is is None:
        mapping = mapping.replace(time_is=_time_is(mapping, guess))
    if mapping.utc_offset_min and mapping.offset_unit is None:
        mapping = mapping.replace(offset_unit=_offset_unit(table.sample[mapping.utc_offset_min]))
    if mapping.time_zone not in (None, ZONE_OF_PLACE):
        check_zone(mapping.time_zone)
    elif mapping.time_zone is None and not mapping.utc_offset_min and not guess.states_offset:
        zone = zone_near(lat, lon)
        questions.append(_zone_question(zone, mapping.time_is, mapping.lat is not None))
        mapping = mapping.replace(time_zone=zone or "UTC")
    return mapping


def _time_is(mapping: Mapping, guess: TimeGuess) -> str:
    name = mapping.timestamp.lower()
    return "utc" if guess.is_instant or "utc" in name or "gmt" in name else "local"


def _offset_unit(values: pl.Series) -> str:
    largest = values.cast(pl.Float64, strict=False).abs().max() or 0
    if largest <= 16:
        return "hours"
    return "minutes" if largest <= 960 else "seconds"


def _day_question(example: str) -> Question:
    return Question(
        "time_format",
        f"Is the day or the month first in dates such as {example}?",
        (
            Option("day first", "03/04 is the 3rd of April", {"time_format": "day_first"}),
            Option("month first", "03/04 is March the 4th", {"time_format": "month_first"}),
        ),
    )


def _zone_question(zone: str | None, time_is: str, has_places: bool) -> Question:
    options = [Option(zone, "the zone of the median place", {"time_zone": zone})] if zone else []
    if has_places:
        options.append(Option("the zone of each place", "", {"time_zone": ZONE_OF_PLACE}))
    options.append(Option("UTC", "", {"time_zone": "UTC"}))
    text = (
        "The times are local, without a zone. In which time zone?"
        if time_is == "local"
        else "The times are UTC. In which time zone do people live?"
    )
    return Question("time_zone", text, tuple(options), default=0)


def _order_question(note: str) -> Question:
    return Question(
        "coordinate_order",
        f"{note} Are latitude and longitude swapped?",
        (
            Option("swapped: read them the other way round", "", {"coordinate_order": "lon_lat"}),
            Option("as named", "", {"coordinate_order": "lat_lon"}),
        ),
    )


def _first(table: Table, column: str) -> str:
    present = table.sample[column].drop_nulls()
    return str(present[0]) if len(present) else ""
