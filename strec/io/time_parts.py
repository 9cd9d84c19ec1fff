"""Times kept in several columns: year, month, day; a date and a clock; an hour; a zone."""

import re
from os.path import commonprefix
from zoneinfo import available_timezones

import polars as pl

from strec.io.column_names import TIME_PARTS, named, plain
from strec.io.mapping import Mapping
from strec.io.number_times import time_numbers
from strec.io.quantities import plain_numbers, present, share
from strec.io.tables import Table, with_column
from strec.io.time_words import HALVES, ZONES, plain_word
from strec.io.times import detect_time
from strec.io.written_times import WALL, Written

#: A clock that is one whatever its column is called; 9.27 is one only by its name.
SURE_CLOCK = r"\d:\d\d"
#: Columns whose clocks are lengths of time.
LENGTHS = r"(?i)dur|elapsed|length|dauer|lasted|时长"
#: A day at midnight, whose clock stands in another column.
MIDNIGHT = r"[ T]0?0:00(:00(\.0+)?)?$"
#: Columns called so hold zones.
CALLED_ZONE = r"(?i)time.?zone|^tz|zeitzone|zona.?horaria|fuseau|时区|時區|タイムゾーン"
#: What the parts of a time lie between.
RANGES = {
    "year": (1900, 2100),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
}
#: A column is a part of a time when at least this share of its values can be.
SHARE = 0.95
#: Values looked at to tell what a column holds.
N_VALUES = 300


def with_whole_times(table: Table, mapping: Mapping) -> tuple[Table, Mapping, list[str]]:
    """Join the columns in which a table keeps the parts of its times, and say so.

    Takes a table of no known format and its guessed mapping. Gives the table with a column for
    the whole time, mapped to it; both as they were when the times are whole already; and notes.
    """
    if mapping.time_format is not None:
        return table, mapping, []
    notes: list[str] = []
    date = mapping.timestamp
    if date is None:
        days = [column for part in ("year", "month", "day") if (column := _part(table, part))]
        if len(days) < 3:
            return table, mapping, []
        whole = pl.concat_str([_digits(name, 2) for name in days], separator="-")
        table, mapping, date = _mapped(table, mapping, days, whole)
        notes.append(f"The date was put together from {', '.join(days)}.")
    clock = _clock(table, date)
    if clock is not None:
        columns, whole = clock
        table, mapping, date = _mapped(table, mapping, [date, *columns], whole)
        notes.append(
            f"{' and '.join(columns)} {'holds' if len(columns) == 1 else 'hold'} the clock of the "
            "dates; they were put together."
        )
    zone = _zone_column(table, date)
    if zone is not None:
        whole = pl.concat_str(pl.col(date).cast(pl.String), pl.col(zone), separator=" ")
        table, mapping, _ = _mapped(table, mapping, [date, zone], whole)
        notes.append(f"{zone!r} names the zone of each time; they were put together.")
    return table, mapping, notes


def _mapped(
    table: Table, mapping: Mapping, columns: list[str], whole: pl.Expr
) -> tuple[Table, Mapping, str]:
    """Add a column for the whole time; what its parts were guessed to be is free again."""
    name = " ".join(columns)
    freed = {field: None for field, column in mapping.columns().items() if column in columns}
    changed = mapping.replace(**freed | {"timestamp": name})
    return with_column(table, name, whole), changed, name


def _clock(table: Table, date: str) -> tuple[list[str], pl.Expr] | None:
    """Return the columns with the clock of dates that have none, and the whole time."""
    guess = detect_time(table.sample[date])
    if not guess.dates_only or guess.is_instant:
        return None
    others = [name for name in table.columns if name != date]
    day = pl.col(date).cast(pl.String).str.strip_chars()
    if guess.time_format == "excel_days":
        for name in others:
            if named("timestamp", name) and _is_part_of_day(table.sample[name]):
                number = day.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
                return [name], (number + _decimal(name)).cast(pl.String)
        return None
    day = day.str.replace(MIDNIGHT, "")
    found = _clock_text(table, others, date)
    if found is None:
        return None
    columns, clock = found
    # Where the clock is missing, the day alone is still a time.
    return columns, pl.coalesce(pl.concat_str([day, clock], separator=" "), day)


def _clock_text(table: Table, others: list[str], date: str) -> tuple[list[str], pl.Expr] | None:
    called = sorted(others, key=lambda name: -named("timestamp", name))
    for name in called:
        if _is_clock(table.sample[name], named("timestamp", name) > 0, name):
            half = next((each for each in others if _is_half(table.sample[each])), None)
            columns = [name, half] if half and half != name else [name]
            return columns, pl.concat_str(
                [pl.col(c).cast(pl.String) for c in columns], separator=" "
            )
    hour, minute = _part(table, "hour", date), _part(table, "minute", date)
    if hour:
        end = _digits(minute, 2) if minute else pl.lit("00")
        return [name for name in (hour, minute) if name], _digits(hour, 2) + ":" + end
    for name in called:
        # A clock without its colons: 830 is half past eight.
        width = _clock_width(table.sample[name]) if named("timestamp", name) else 0
        if width:
            return [name], _digits(name, width)
    return None


def _is_clock(values: pl.Series, is_named: bool, name: str) -> bool:
    """Tell whether texts are clocks; those without a colon need a name that says so."""
    if values.dtype == pl.Time:
        return True
    if values.dtype != pl.String or re.search(LENGTHS, name):
        return False
    text = present(values).head(N_VALUES)
    has_signs = share(text.str.contains(SURE_CLOCK if not is_named else r"\D")) > 0.8
    if not has_signs:
        return False
    times = Written("2000-01-01 " + text)
    return share(times.read()[WALL].is_not_null() & pl.Series(times.has_clock)) > 0.8


def _is_half(values: pl.Series) -> bool:
    """Tell whether a column holds AM and PM, in some language."""
    if values.dtype != pl.String:
        return False
    words = {plain_word(word).replace(".", "") for word in present(values).unique().head(6)}
    return 0 < len(words) <= 3 and words <= HALVES.keys() and not words <= {"a", "p"}


def _is_part_of_day(values: pl.Series) -> bool:
    numbers = time_numbers(present(values))
    return share(numbers.is_between(0, 1, closed="left")) >= SHARE


def _decimal(name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String).str.replace(",", ".", literal=True)
    return text.cast(pl.Float64, strict=False).fill_null(0)


def _zone_column(table: Table, date: str) -> str | None:
    """Return the column that names the zone of times that state none."""
    for name in table.columns:
        values = table.sample[name]
        if values.dtype != pl.String or not re.search(CALLED_ZONE, name) or name == date:
            continue
        zones = present(values).unique().head(200)
        is_known = [zone in available_timezones() or zone.lower() in ZONES for zone in zones]
        guess = detect_time(table.sample[date].head(N_VALUES))
        if is_known and all(is_known) and not guess.is_instant and not guess.dates_only:
            return name
    return None


def _part(table: Table, part: str, date: str = "") -> str | None:
    """Return the column that is called like a part of a time and holds such numbers.

    Beside `visit_date` it may be `visit_hour`.
    """
    called = (
        column
        for column in table.columns
        if {plain(column), plain(column.removeprefix(commonprefix([column, date])))}
        & set(TIME_PARTS[part])
    )
    low, high = RANGES[part]
    fits = (
        column
        for column in called
        if share(_whole(table.sample[column]).is_between(low, high)) >= SHARE
    )
    return next(fits, None)


def _clock_width(values: pl.Series) -> int:
    """Return how many digits a clock without colons has, 4 or 6; 0 when it is none."""
    whole = _whole(values)
    for width, unit in ((4, 1), (6, 100)):
        hours, minutes, seconds = whole // (100 * unit), whole // unit % 100, whole % unit
        fits = (hours < 24) & (minutes < 60) & (seconds < 60) & (whole >= 0)
        if share(fits) >= SHARE and bool((whole > 23).any()):
            return width
    return 0


def _whole(values: pl.Series) -> pl.Series:
    """Return the numbers of a column if it holds hardly anything but whole ones."""
    written = values.drop_nulls()
    if not (written.dtype == pl.String or written.dtype.is_numeric()):
        return pl.Series(dtype=pl.Float64)
    numbers = plain_numbers(written).drop_nulls()
    is_whole = len(numbers) >= SHARE * len(written) and (numbers % 1 == 0).all()
    return numbers if is_whole else numbers.clear()


def _digits(column: str, width: int) -> pl.Expr:
    number = pl.col(column).cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    return number.cast(pl.Int64, strict=False).cast(pl.String).str.zfill(width)
