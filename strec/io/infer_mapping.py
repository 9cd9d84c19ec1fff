"""Decide what a mapping leaves open, say what was decided, and ask what only a person knows."""

from dataclasses import replace

import polars as pl

from strec.errors import MappingError
from strec.io.mapping import ZONE_OF_PLACE, Mapping, Option
from strec.io.places import coordinates, detect_order
from strec.io.quantities import decimal_sign, offset_minutes, plain_numbers, share
from strec.io.recognise import Recognised
from strec.io.roles import named, rank_identities
from strec.io.tables import Table
from strec.io.times import DAY_FIRST, MONTH_FIRST, TimeGuess, detect_time
from strec.io.zones import check_zone, zone_near, zones_of

#: Columns offered as an answer.
N_OFFERED = 12
#: Times known as UTC take the zone of each place when more than this share lies elsewhere.
FAR_SHARE = 0.1


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
    if mapping.timestamp:
        _when(table, done, mapping.timestamp, day_first)
    else:
        _ask_time(table, done)
    return done


def _choices(table: Table, mapping: Mapping, name: str) -> list[Option]:
    """Return the columns that may be meant, the likeliest first."""
    free = [column for column in table.columns if column not in mapping.columns().values()]
    if name != "timestamp":
        free = rank_identities(table.sample, free)
    return [
        Option(f"the column {column!r}", _first(table, column), {name: column})
        for column in free[:N_OFFERED]
    ]


def _ask_time(table: Table, done: Recognised) -> None:
    """Ask which column says when, if one is called so; without one there is nothing to ask."""
    options = _choices(table, done.mapping, "timestamp")
    called_so = [each for each in options if named("timestamp", each.changes["timestamp"])]
    if not called_so:
        is_cut = len(table.columns) > 1
        raise MappingError(
            "A column with the time of each event is needed.",
            f"no column of {table.name} holds dates or times ({', '.join(table.columns[:12])}).",
            "Add such a column, for example 2024-05-31 18:05, or give another file."
            if is_cut
            else "Separate the columns by commas, semicolons, tabs or bars, and export it again.",
        )
    done.ask("timestamp", "Which column says when?", *called_so)


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


def _when(table: Table, done: Recognised, column: str, day_first: bool | None) -> None:
    guess = detect_time(table.sample[column])
    if done.mapping.time_format is None:
        guess = _time_format(table, done, column, guess, day_first)
        done.set(time_format=guess.time_format)
    if done.mapping.time_is is None:
        is_utc = guess.is_instant or "utc" in column.lower() or "gmt" in column.lower()
        done.set(time_is="utc" if is_utc else "local")
    mapping = done.mapping
    if mapping.utc_offset_min:
        offsets = table.sample[mapping.utc_offset_min]
        unit = mapping.offset_unit or _offset_unit(offsets)
        done.set(offset_unit=unit)
        if mapping.time_zone is None and offset_minutes(offsets, unit).has_nulls():
            lat, lon, _ = coordinates(table.sample, mapping)
            done.set(time_zone=zone_near(lat, lon))
    zone = done.mapping.time_zone
    if zone not in (None, ZONE_OF_PLACE):
        check_zone(zone)
    elif zone is None and not mapping.utc_offset_min and not guess.states_offset:
        _ask_zone(table, done)


def _time_format(
    table: Table, done: Recognised, column: str, guess: TimeGuess, day_first: bool | None
) -> TimeGuess:
    """Return how the time is written; ask for the order of day and month if nothing tells it."""
    slashes = guess.ambiguous or guess.time_format in (DAY_FIRST, MONTH_FIRST)
    if slashes and day_first is not None:
        return replace(guess, time_format=DAY_FIRST if day_first else MONTH_FIRST)
    if guess.ambiguous:
        # Only a day above 12 can tell, and it may come late in the file.
        guess = detect_time(_all_distinct(table, column))
    if guess.ambiguous:
        done.ask(
            "time_format",
            f"Does the day or the month come first in dates such as {_first(table, column)}?",
            Option("day first", "03/04 is the 3rd of April", {"time_format": DAY_FIRST}),
            Option("month first", "03/04 is March the 4th", {"time_format": MONTH_FIRST}),
        )
    elif guess.time_format is None:
        raise MappingError(
            "The time column holds dates, times or Unix seconds.",
            f"{column!r} holds for instance {_first(table, column)!r}.",
            "Choose another column, or give its pattern, such as '%d %b %Y %H:%M'.",
        )
    done.notes += [guess.note] if guess.note else []
    return guess


def _all_distinct(table: Table, column: str) -> pl.Series:
    try:
        return table.lazy.select(pl.col(column).unique()).collect(engine="streaming").to_series()
    except pl.exceptions.PolarsError:
        # A damaged file is mended, or refused, when it is read.
        return table.sample[column]


def _ask_zone(table: Table, done: Recognised) -> None:
    """Offer the zone of the median place, or of each place where they are far apart."""
    is_local = done.mapping.time_is == "local"
    lat, lon, _ = coordinates(table.sample, done.mapping)
    zone = zone_near(lat, lon)
    options = []
    if zone:
        found = zones_of(lat, lon).drop_nulls()
        one = Option(zone, "the zone of the median place", {"time_zone": zone})
        each = {"time_zone": ZONE_OF_PLACE}
        options = [one, Option("the zone of each place", f"{found.n_unique()} zones here", each)]
        # A local time may be that of the place or of the office: then the median is safer.
        if not is_local and share(found != zone) > FAR_SHARE:
            options.reverse()
    options.append(Option("UTC", "hours as they are written", {"time_zone": "UTC"}))
    text = (
        "The times are local, without a zone. Which zone are they in?"
        if is_local
        else "The times are UTC. In which zone do people live, for hours of the day?"
    )
    done.ask("time_zone", text, *options, default=0)


def _offset_unit(values: pl.Series) -> str:
    sizes = plain_numbers(values).abs()
    if (sizes > 960).any():
        return "seconds"
    return "minutes" if (sizes > 16).any() else "hours"


def _first(table: Table, column: str) -> str:
    return next((str(each) for each in table.sample[column].drop_nulls().head(1)), "")
