"""Decide how times are written and in which zone they are, or ask."""

from collections.abc import Iterable
from dataclasses import replace

import polars as pl

from strec.errors import MappingError
from strec.io.column_names import named
from strec.io.mapping import ZONE_OF_PLACE, Option
from strec.io.places import coordinates
from strec.io.quantities import FOUR_DIGITS, offset_minutes, plain_numbers, present, share
from strec.io.recognise import Recognised
from strec.io.tables import Table
from strec.io.time_words import UNCLEAR
from strec.io.times import (
    BY_ORDER,
    STATED,
    TIME_FORMATS,
    WALL,
    TimeGuess,
    applied,
    described,
    detect_time,
    parse_time,
)
from strec.io.written_times import DAY_FIRST, MONTH_FIRST
from strec.io.zones import check_zone, offset_at, zone_near, zone_of_writing, zones_of

#: Times known as UTC take the zone of each place when more than this share lies elsewhere.
FAR_SHARE = 0.1
#: A column of numbers is offered as times from this plausibility on, and taken from the second.
OFFERED, TAKEN = 0.3, 0.85
#: Rows whose letters are looked at.
N_LETTERS = 300
DATES_ONLY = "The times are dates without a clock: they say nothing about hours of the day."


def ask_time(table: Table, done: Recognised) -> None:
    """Ask which column says when: those called so, and numbers that would make plausible times.

    Raises
    ------
    MappingError
        If no column can be meant.
    """
    free = [name for name in table.columns if name not in done.mapping.columns().values()]
    guesses = {name: detect_time(table.sample[name]) for name in free}
    plausible = {
        name: guess.plausible
        for name, guess in guesses.items()
        if guess.share >= 0.8 and (guess.time_format or guess.ambiguous)
        and guess.plausible >= OFFERED
    }  # fmt: skip
    ranked = sorted(plausible, key=lambda name: -plausible[name])
    others = [name for name in free if named("timestamp", name) and name not in plausible]
    is_cut = len(table.columns) > 1
    if not ranked and not (others and is_cut):
        raise MappingError(
            "A column with the time of each event is needed.",
            f"no column of {table.name} holds dates or times ({', '.join(table.columns[:12])}).",
            "Add such a column, for example 2024-05-31 18:05, or give another file."
            if is_cut
            else "Separate the columns by commas, semicolons, tabs or bars, and export it again.",
        )
    options = [
        Option(f"the column {name!r}", _as_read(table, name, guesses[name]), {"timestamp": name})
        for name in [*ranked, *others]
    ]
    is_sure = len(ranked) == 1 and not others and plausible[ranked[0]] >= TAKEN
    done.ask("timestamp", "Which column says when?", *options, default=0 if is_sure else None)


def _as_read(table: Table, column: str, guess: TimeGuess) -> str:
    """Show how the first value of a column would be read."""
    if guess.time_format is None:
        return first(table, column)
    shown = applied(table.sample[column], guess.time_format, 1)
    return " is ".join(f"{text}" for text in shown.row(0) if text) if len(shown) else ""


def infer_times(table: Table, done: Recognised, column: str, day_first: bool | None) -> None:
    """Decide the format, what a time without an offset means, and the zone.

    Raises
    ------
    MappingError
        If nothing reads the times, or the given zone is unknown.
    """
    given = done.mapping.time_format
    guess = described(table.sample[column], given) if given else detect_time(table.sample[column])
    if given is None:
        guess = _time_format(table, done, column, guess, day_first)
        done.set(time_format=guess.time_format)
    if done.mapping.time_is is None:
        is_utc = guess.is_instant and not guess.is_mixed
        says_utc = "utc" in column.lower() or "gmt" in column.lower()
        done.set(time_is="utc" if is_utc or (says_utc and not guess.dates_only) else "local")
    if guess.dates_only:
        done.notes.append(DATES_ONLY)
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
    elif zone is None and not mapping.utc_offset_min:
        if guess.unclear_zone:
            _ask_unclear_zone(table, done, column, guess)
        elif guess.is_mixed:
            _ask_zone_of_some(table, done, column)
        elif not guess.states_offset:
            _ask_zone(table, done, guess)


def _time_format(
    table: Table, done: Recognised, column: str, guess: TimeGuess, day_first: bool | None
) -> TimeGuess:
    """Return how the time is written; ask for the order of day and month if nothing tells it."""
    by_order = guess.time_format in BY_ORDER or set(guess.options) & set(BY_ORDER)
    if by_order and day_first is not None:
        order = DAY_FIRST if day_first else MONTH_FIRST
        return described(table.sample[column], order)
    if guess.ambiguous and by_order:
        # Only a day above 12 can tell, and it may come late in the file.
        guess = detect_time(_all_distinct(table, column))
    if guess.ambiguous:
        text = (
            f"Does the day or the month come first in dates such as {first(table, column)}?"
            if by_order
            else f"From when do the numbers count, such as {first(table, column)}?"
        )
        options = []
        for name in guess.options:
            example = _as_read(table, column, replace(guess, time_format=name))
            label = TIME_FORMATS[name].partition(":")[0]
            options.append(Option(label, example, {"time_format": name}))
        done.ask("time_format", text, *options)
    elif guess.time_format is None:
        raise MappingError(
            "The time column holds dates, times or Unix seconds.",
            f"{column!r} holds for instance {first(table, column)!r}.",
            "Choose another column, or give its pattern, such as time_format='%d %b %Y %H:%M' or "
            "time_format='dd.MM.yyyy HH:mm'.",
        )
    done.notes += [guess.note] if guess.note else []
    return guess


def _all_distinct(table: Table, column: str) -> pl.Series:
    try:
        return table.lazy.select(pl.col(column).unique()).collect(engine="streaming").to_series()
    except pl.exceptions.PolarsError:
        # A damaged file is mended, or refused, when it is read.
        return table.sample[column]


def _ask_zone(table: Table, done: Recognised, guess: TimeGuess) -> None:
    """Offer the zone of the median place, or of each place where they are far apart."""
    is_local = done.mapping.time_is == "local"
    places, zone = _zones_here(table, done)
    options = _zone_options(places, zone)
    if not options and (zone := _zone_of_letters(table)):
        options = [Option(zone, "as the table is written", {"time_zone": zone})]
    # A local time may be that of the place or of the office: then the median is safer.
    if len(options) > 1 and not is_local and share(places != zone) > FAR_SHARE:
        options.reverse()
    utc = Option("UTC", "hours as they are written", {"time_zone": "UTC"})
    # A date kept as midnight in UTC would be the evening before in America.
    options = [utc, *options] if guess.dates_only and not is_local else [*options, utc]
    text = (
        "The times are local, without a zone. Which zone are they in?"
        if is_local
        else "The times are UTC. In which zone do people live, for hours of the day?"
    )
    done.ask("time_zone", text, *options, default=0)


def _ask_zone_of_some(table: Table, done: Recognised, column: str) -> None:
    """Ask for the zone of times without an offset among times with one."""
    parsed = parse_time(table.sample[column], done.mapping.time_format or "iso")
    parsed = parsed.filter(pl.col(WALL).is_not_null())
    n_without, stated = parsed[STATED].null_count(), parsed[STATED].drop_nulls()
    places, zone = _zones_here(table, done)
    options = _zone_options(places, zone)
    for minutes in stated.value_counts(sort=True)[STATED].head(3):
        options += _fixed_zone(minutes)
    if not any(option.label == "UTC" for option in options):
        options.append(Option("UTC", "", {"time_zone": "UTC"}))
    done.ask(
        "time_zone",
        f"{n_without:,} of {len(parsed):,} times looked at state no UTC offset, the others do. "
        "In which zone are those without one?",
        *options,
        default=0 if zone else None,
    )


def _ask_unclear_zone(table: Table, done: Recognised, column: str, guess: TimeGuess) -> None:
    """Ask what a name of a zone means that has several meanings; the places may tell."""
    places, zone = _zones_here(table, done)
    candidates = [each for name in guess.unclear_zone.split(", ") for each in UNCLEAR[name.lower()]]
    wall = parse_time(table.sample[column], done.mapping.time_format or "iso")[WALL].drop_nulls()
    fits = bool(zone) and any(_same_clock(wall, zone, each) for each in candidates)
    options = _zone_options(places, zone) if fits else []
    done.ask(
        "time_zone",
        f"{guess.unclear_zone} in the times has several meanings. Which zone are they in?",
        *options,
        *(Option(each, "", {"time_zone": each}) for each in candidates if each != zone),
        default=0 if fits else None,
    )


def _same_clock(wall: pl.Series, one: str | None, other: str) -> bool:
    return one is not None and bool((offset_at(wall, one) == offset_at(wall, other)).all())


def _zones_here(table: Table, done: Recognised) -> tuple[pl.Series, str | None]:
    """Return the zones of the places, and the zone of the median place."""
    lat, lon, _ = coordinates(table.sample, done.mapping)
    zone = zone_near(lat, lon)
    return (zones_of(lat, lon).drop_nulls() if zone else pl.Series(dtype=pl.String)), zone


def _zone_options(places: pl.Series, zone: str | None) -> list[Option]:
    if zone is None:
        return []
    each = f"{places.n_unique()} zones here"
    return [
        Option(zone, "the zone of the median place", {"time_zone": zone}),
        Option("the zone of each place", each, {"time_zone": ZONE_OF_PLACE}),
    ]


def _zone_of_letters(table: Table) -> str | None:
    texts = table.sample.head(N_LETTERS).select(pl.selectors.string())
    return zone_of_writing(table.columns, texts.iter_columns())


def _fixed_zone(minutes: int) -> Iterable[Option]:
    """Offer a constant offset as a zone: Etc/GMT-1 is one hour east."""
    if minutes == 0:
        yield Option("UTC", "", {"time_zone": "UTC"})
    elif minutes % 60 == 0:
        sign = "-" if minutes > 0 else "+"
        label = f"UTC{'+' if minutes > 0 else '-'}{abs(minutes) // 60}"
        yield Option(label, "", {"time_zone": f"Etc/GMT{sign}{abs(minutes) // 60}"})


def _offset_unit(values: pl.Series) -> str:
    if share(present(values).cast(pl.String).str.contains(FOUR_DIGITS)) > 0.9:
        return "minutes"
    sizes = plain_numbers(values).abs()
    if (sizes > 960).any():
        return "seconds"
    return "minutes" if (sizes > 16).any() else "hours"


def first(table: Table, column: str) -> str:
    """Return the first value of a column as text.

    Examples
    --------
    >>> from strec.io.tables import table_of
    >>> first(table_of(pl.DataFrame({"when": [None, "noon"]})), "when")
    'noon'
    """
    return next((str(each) for each in present(table.sample[column]).head(1)), "")
