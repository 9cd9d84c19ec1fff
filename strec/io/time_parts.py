"""Times that a file keeps in several columns: year, month, day; a date and a clock; an hour."""

import polars as pl

from strec.io.column_names import TIME_PARTS, named, plain
from strec.io.mapping import Mapping
from strec.io.quantities import plain_numbers, present, share
from strec.io.tables import Table, with_column
from strec.io.times import detect_time

CLOCK = r"^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp]\.?[Mm]\.?)?$"
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
    if clock is None:
        return table, mapping, notes
    columns, text = clock
    day = pl.col(date).cast(pl.String)
    # Where the clock is missing, the day alone is still a time.
    whole = pl.coalesce(pl.concat_str([day, text], separator=" "), day)
    table, mapping, _ = _mapped(table, mapping, [date, *columns], whole)
    notes.append(f"The date ({date}) and the clock ({', '.join(columns)}) were put together.")
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
    """Return the columns with the clock of dates that have none, and how to write it."""
    days = table.sample[date].cast(pl.String).drop_nulls()
    guess = detect_time(days)
    if days.is_empty() or days.str.contains(":").any() or guess.is_instant:
        return None
    if guess.time_format == "excel_days":
        return None
    others = {name: table.sample[name] for name in table.columns if name != date}
    for name, values in others.items():
        if values.dtype == pl.String and share(present(values).str.contains(CLOCK)) > 0.8:
            return [name], pl.col(name)
    hour, minute = _part(table, "hour"), _part(table, "minute")
    if hour:
        end = _digits(minute, 2) if minute else pl.lit("00")
        return [name for name in (hour, minute) if name], _digits(hour, 2) + ":" + end
    for name, values in others.items():
        # A clock without its colon: 830 is half past eight.
        if named("timestamp", name) and _is_clock_number(values):
            four = _digits(name, 4)
            return [name], four.str.slice(0, 2) + ":" + four.str.slice(2)
    return None


def _part(table: Table, part: str) -> str | None:
    """Return the column that is called like a part of a time and holds such numbers."""
    called = (column for column in table.columns if plain(column) in TIME_PARTS[part])
    low, high = RANGES[part]
    fits = (
        column
        for column in called
        if share(_whole(table.sample[column]).is_between(low, high)) >= SHARE
    )
    return next(fits, None)


def _is_clock_number(values: pl.Series) -> bool:
    whole = _whole(values)
    fits = whole.is_between(0, 2359) & (whole % 100 < 60)
    return share(fits) >= SHARE and bool((whole > 23).any())


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
