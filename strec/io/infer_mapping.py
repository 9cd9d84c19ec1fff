"""Decide what a mapping leaves open, say what was decided, and ask what only a person knows."""

from dataclasses import dataclass, field, replace

import polars as pl

from strec.errors import MappingError
from strec.io.column_synonyms import named
from strec.io.columns import rank_identities
from strec.io.mapping import ZONE_OF_PLACE, Mapping, Option, Question
from strec.io.places import degrees, detect_order, pair
from strec.io.quantities import decimal_sign, offset_minutes, plain_numbers
from strec.io.tables import Table
from strec.io.times import DAY_FIRST, MONTH_FIRST, TimeGuess, detect_time
from strec.io.zones import check_zone, zone_near, zones_of

#: Columns offered as an answer.
N_OFFERED = 12
#: Times known as UTC take the zone of each place when more than this share lies elsewhere.
FAR_SHARE = 0.1


@dataclass
class InferredMapping:
    """A mapping with all that could be decided, what must or may be asked, what was noticed."""

    mapping: Mapping
    questions: list[Question] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Add a note, unless there is nothing to say."""
        self.notes += [text] if text else []


def infer_mapping(table: Table, mapping: Mapping, day_first: bool | None = None) -> InferredMapping:
    """Fill the open settings of a mapping from the file's content.

    Parameters
    ----------
    table : Table
        Its sample decides; the whole column is read only to tell day from month.
    mapping : Mapping
        Settings that are given are kept as they are.
    day_first : bool, optional
        The order of day and month, for dates such as 03/04/2024.

    Raises
    ------
    MappingError
        If a mapped column is not in the file, a time cannot be read at all, or the time zone is
        unknown.
    """
    mapping.check_columns(table.columns)
    if (mapping.lat is None) != (mapping.lon is None):
        raise MappingError(
            "Latitude and longitude are mapped together, or neither.",
            f"lat={mapping.lat!r}, lon={mapping.lon!r}.",
            "Choose both columns; where one column holds both, choose it twice.",
        )
    done = InferredMapping(mapping)
    _who_and_what(table, done)
    _where(table, done)
    _how_much(table, done)
    if mapping.timestamp:
        _when(table, done, day_first)
    else:
        done.questions.append(_ask_time(table, mapping))
    return done


def coordinates(frame: pl.DataFrame, mapping: Mapping) -> tuple[pl.Series, pl.Series, int]:
    """Return latitude and longitude, null where not readable, and how many needed repair.

    Examples
    --------
    >>> frame = pl.DataFrame({"x": ["116,3"], "y": ["39,9"]})
    >>> lat, lon, n = coordinates(frame, Mapping(lat="y", lon="x"))
    >>> lat.to_list(), lon.to_list(), n
    ([39.9], [116.3], 2)
    """
    if not mapping.lat or not mapping.lon:
        empty = pl.Series([None], dtype=pl.Float64).new_from_index(0, len(frame))
        return empty, empty, 0
    if mapping.lat == mapping.lon:
        (lat, lon), repaired = pair(frame[mapping.lat]), 0
    else:
        (lat, n_lat), (lon, n_lon) = degrees(frame[mapping.lat]), degrees(frame[mapping.lon])
        repaired = n_lat + n_lon
    return (lon, lat, repaired) if mapping.coordinate_order == "lon_lat" else (lat, lon, repaired)


def _which(table: Table, mapping: Mapping, key: str, name: str, verb: str) -> Question:
    """Ask which column is meant, the likeliest first."""
    free = [column for column in table.columns if column not in mapping.columns().values()]
    if key != "timestamp":
        free = rank_identities(table.sample, free)
    options = tuple(
        Option(f"the column {column!r}", _first(table, column), {name: column})
        for column in free[:N_OFFERED]
    )
    return Question(key, f"Which column {verb}", options)


def _ask_time(table: Table, mapping: Mapping) -> Question:
    """Ask which column says when, if one is called so; without one there is nothing to ask."""
    question = _which(table, mapping, "timestamp", "timestamp", "says when?")
    called_so = [each for each in question.options if named("timestamp", each.changes["timestamp"])]
    if not called_so:
        is_cut = len(table.columns) > 1
        raise MappingError(
            "A column with the time of each event is needed.",
            f"no column of {table.name} holds dates or times ({', '.join(table.columns[:12])}).",
            "Add such a column, for example 2024-05-31 18:05, or give another file."
            if is_cut
            else "Separate the columns by commas, semicolons, tabs or bars, and export it again.",
        )
    return Question("timestamp", question.text, tuple(called_so))


def _who_and_what(table: Table, done: InferredMapping) -> None:
    mapping = done.mapping
    if not mapping.user_id and not mapping.user_from:
        question = _which(table, mapping, "user", "user_id", "says who?")
        alone = (
            Option("none: all rows are one user", "", {"user_from": "constant"}),
            Option("none: each row is a user of its own", "", {"user_from": "row"}),
        )
        done.questions.append(Question("user", question.text, (*question.options, *alone)))
    if mapping.item_id or mapping.item_from_place:
        return
    question = _which(table, mapping, "item", "item_id", "says what (the item)?")
    if not mapping.lat:
        done.questions.append(question)
        return
    cell = Option("none: each place (a hexagon of 130 m)", "", {"item_from_place": True})
    done.questions.append(Question("item", question.text, (cell, *question.options), default=0))
    done.mapping = mapping.replace(item_from_place=True)


def _where(table: Table, done: InferredMapping) -> None:
    """Settle the order of the coordinates, or ask."""
    mapping = done.mapping
    if not mapping.lat or mapping.coordinate_order is not None:
        return
    lat, lon, _ = coordinates(table.sample, mapping)
    order = detect_order(lat, lon)
    if order.projected:
        text = f"{order.note} Convert them to degrees (EPSG:4326), or read without places."
        without = {"lat": None, "lon": None}
        if mapping.item_from_place:
            without |= {"item_from_place": False}
        label = "read the file without places"
        done.questions.append(Question("places", text, (Option(label, "", without),)))
    elif order.order is None:
        done.questions.append(_order_question(order.note))
    else:
        done.note(order.note)
        done.mapping = mapping.replace(coordinate_order=order.order)


def _how_much(table: Table, done: InferredMapping) -> None:
    """Settle whether a comma or a point is before the decimals of the value, and say so."""
    mapping = done.mapping
    if not mapping.value or mapping.decimal is not None or table.kind != "csv":
        return
    sign, is_open = decimal_sign(table.sample[mapping.value])
    if sign is None and is_open:
        # Where semicolons separate the columns, commas are left for decimals.
        sign = "comma" if table.facts.get("delimiter") == ";" else "point"
        done.note(
            f"Whether {mapping.value!r} has decimal points or commas is not certain: a {sign} is "
            f"taken (another may be set: decimal={'point' if sign == 'comma' else 'comma'})."
        )
    if sign is not None:
        done.mapping = mapping.replace(decimal=sign)


def _when(table: Table, done: InferredMapping, day_first: bool | None) -> None:
    mapping = done.mapping
    guess = detect_time(table.sample[mapping.timestamp])
    if mapping.time_format is None:
        guess = _time_format(table, done, guess, day_first)
        mapping = mapping.replace(time_format=guess.time_format)
    if mapping.time_is is None:
        mapping = mapping.replace(time_is=_time_is(mapping, guess))
    if mapping.utc_offset_min:
        offsets = table.sample[mapping.utc_offset_min]
        mapping = mapping.replace(offset_unit=mapping.offset_unit or _offset_unit(offsets))
        if mapping.time_zone is None and offset_minutes(offsets, mapping.offset_unit).has_nulls():
            lat, lon, _ = coordinates(table.sample, mapping)
            mapping = mapping.replace(time_zone=zone_near(lat, lon))
    done.mapping = mapping
    if mapping.time_zone not in (None, ZONE_OF_PLACE):
        check_zone(mapping.time_zone)
    elif mapping.time_zone is None and not mapping.utc_offset_min and not guess.states_offset:
        _ask_zone(table, done)


def _time_format(
    table: Table, done: InferredMapping, guess: TimeGuess, day_first: bool | None
) -> TimeGuess:
    """Return how the time is written; ask for the order of day and month if nothing tells it."""
    column = done.mapping.timestamp
    slashes = guess.ambiguous or guess.time_format in (DAY_FIRST, MONTH_FIRST)
    if slashes and day_first is not None:
        return replace(guess, time_format=DAY_FIRST if day_first else MONTH_FIRST)
    if guess.ambiguous:
        # Only a day above 12 can tell, and it may come late in the file.
        guess = detect_time(_all_distinct(table, column))
    if guess.ambiguous:
        done.questions.append(_day_question(_first(table, column)))
    elif guess.time_format is None:
        raise MappingError(
            "The time column holds dates, times or Unix seconds.",
            f"{column!r} holds for instance {_first(table, column)!r}.",
            "Choose another column, or give its pattern, such as '%d %b %Y %H:%M'.",
        )
    done.note(guess.note)
    return guess


def _all_distinct(table: Table, column: str) -> pl.Series:
    try:
        return table.lazy.select(pl.col(column).unique()).collect(engine="streaming").to_series()
    except pl.exceptions.PolarsError:
        # A damaged file is mended, or refused, when it is read.
        return table.sample[column]


def _ask_zone(table: Table, done: InferredMapping) -> None:
    """Offer the zone of the median place, or of each place where they are far apart."""
    mapping = done.mapping
    lat, lon, _ = coordinates(table.sample, mapping)
    zone = zone_near(lat, lon)
    options = []
    if zone:
        found = zones_of(lat, lon).drop_nulls()
        elsewhere = (found != zone).mean() or 0.0
        own = Option("the zone of each place", f"{found.n_unique()} zones here",
                     {"time_zone": ZONE_OF_PLACE})  # fmt: skip
        options = [Option(zone, "the zone of the median place", {"time_zone": zone}), own]
        # A local time may be that of the place or of the office: then the median is safer.
        if mapping.time_is == "utc" and elsewhere > FAR_SHARE:
            options.reverse()
    options.append(Option("UTC", "hours as they are written", {"time_zone": "UTC"}))
    text = (
        "The times are local, without a zone. Which zone are they in?"
        if mapping.time_is == "local"
        else "The times are UTC. In which zone do people live, for hours of the day?"
    )
    done.questions.append(Question("time_zone", text, tuple(options), default=0))
    done.mapping = mapping.replace(**options[0].changes)


def _time_is(mapping: Mapping, guess: TimeGuess) -> str:
    name = mapping.timestamp.lower()
    return "utc" if guess.is_instant or "utc" in name or "gmt" in name else "local"


def _offset_unit(values: pl.Series) -> str:
    largest = plain_numbers(values).abs().max() or 0
    if largest <= 16:
        return "hours"
    return "minutes" if largest <= 960 else "seconds"


def _day_question(example: str) -> Question:
    return Question(
        "time_format",
        f"Does the day or the month come first in dates such as {example}?",
        (
            Option("day first", "03/04 is the 3rd of April", {"time_format": "day_first"}),
            Option("month first", "03/04 is March the 4th", {"time_format": "month_first"}),
        ),
    )


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
