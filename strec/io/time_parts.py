"""Times that a file keeps in several columns: year, month, day; a date and a clock; an hour."""

import re

import polars as pl

from strec.io.column_synonyms import named
from strec.io.mapping import Mapping
from strec.io.quantities import MISSING, plain_numbers
from strec.io.tables import Table, with_column
from strec.io.times import detect_time

CLOCK = r"^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp]\.?[Mm]\.?)?$"
#: Names of the parts of a time, compared without case and punctuation, and their range.
PARTS = {
    "year": ("year yyyy yr jahr année annee anio año anno ano 年", 1900, 2100),
    "month": ("month mon mm monat mois mes mese 月", 1, 12),
    "day": ("day dayofmonth dd tag jour dia día giorno 日", 1, 31),
    "hour": ("hour hours hr hh hourofday stunde heure hora ora 时 小时", 0, 23),
    "minute": ("minute minutes min mi minuten minutos minuti 分 分钟", 0, 59),
}
#: A column is a part of a time when at least this share of its values can be.
SHARE = 0.95


def with_whole_times(table: Table, mapping: Mapping) -> tuple[Table, Mapping, list[str]]:
    """Join the columns in which a table keeps the parts of its times, and say so.

    Parameters
    ----------
    table : Table
        A table of no known format.
    mapping : Mapping
        Its guessed mapping.

    Returns
    -------
    tuple of Table, Mapping and list of str
        The table with a column for the whole time, mapped to it; both as they were when the
        times are whole already; and notes.
    """
    if mapping.time_format is not None:
        return table, mapping, []
    notes: list[str] = []
    if mapping.timestamp is None:
        days = [_part(table, name) for name in ("year", "month", "day")]
        if None in days:
            return table, mapping, []
        texts = [_digits(name, 2) for name in days]
        table, mapping = _mapped(table, mapping, days, pl.concat_str(texts, separator="-"))
        notes.append(f"The date was put together from {', '.join(days)}.")
    date, clock = mapping.timestamp, _clock(table, mapping.timestamp)
    if clock is None:
        return table, mapping, notes
    columns, text = clock
    day = pl.col(date).cast(pl.String)
    # Where the clock is missing, the day alone is still a time.
    whole = pl.coalesce(pl.concat_str([day, text], separator=" "), day)
    table, mapping = _mapped(table, mapping, [date, *columns], whole)
    notes.append(f"The date ({date}) and the clock ({', '.join(columns)}) were put together.")
    return table, mapping, notes


def _mapped(
    table: Table, mapping: Mapping, columns: list[str], whole: pl.Expr
) -> tuple[Table, Mapping]:
    """Add a column for the whole time; what its parts were guessed to be is free again."""
    name = " ".join(columns)
    freed = {field: None for field, column in mapping.columns().items() if column in columns}
    return with_column(table, name, whole), mapping.replace(**freed | {"timestamp": name})


def _clock(table: Table, date: str) -> tuple[list[str], pl.Expr] | None:
    """Return the columns with the clock of dates that have none, and how to write it."""
    days = table.sample[date].cast(pl.String).drop_nulls()
    guess = detect_time(days)
    if days.is_empty() or days.str.contains(":").any() or guess.is_instant:
        return None
    if guess.time_format == "excel_days":
        return None
    others = [name for name in table.columns if name != date]
    for name in others:
        if table.sample.schema[name] == pl.String and _share(table, name, CLOCK) > 0.8:
            return [name], pl.col(name)
    hour, minute = _part(table, "hour"), _part(table, "minute")
    if hour:
        end = _digits(minute, 2) if minute else pl.lit("00")
        return [name for name in (hour, minute) if name], _digits(hour, 2) + ":" + end
    for name in others:
        # A clock without its colon: 830 is half past eight.
        if named("timestamp", name) and _is_clock_number(table.sample[name]):
            four = _digits(name, 4)
            return [name], four.str.slice(0, 2) + ":" + four.str.slice(2)
    return None


def _share(table: Table, name: str, pattern: str) -> float:
    values = table.sample[name].str.strip_chars()
    values = values.filter(~values.is_in(MISSING)).drop_nulls()
    return values.str.contains(pattern).mean() or 0.0


def _part(table: Table, part: str) -> str | None:
    """Return the column that is called like a part of a time and holds such numbers."""
    names, low, high = PARTS[part]
    for column in table.columns:
        if re.sub(r"[\W_]", "", column).lower() in names.split():
            whole = _whole(table.sample[column])
            if len(whole) and whole.is_between(low, high).mean() >= SHARE:
                return column
    return None


def _is_clock_number(values: pl.Series) -> bool:
    whole = _whole(values)
    if not len(whole):
        return False
    fits = whole.is_between(0, 2359) & (whole % 100 < 60)
    return bool(fits.mean() >= SHARE and whole.max() > 23)


def _whole(values: pl.Series) -> pl.Series:
    """Return the numbers of a column if it holds hardly anything but whole ones."""
    present = values.drop_nulls()
    if not (present.dtype == pl.String or present.dtype.is_numeric()):
        return pl.Series(dtype=pl.Float64)
    numbers = plain_numbers(present).drop_nulls()
    is_whole = len(numbers) >= SHARE * len(present) and (numbers % 1 == 0).all()
    return numbers if is_whole else numbers.clear()


def _digits(column: str, width: int) -> pl.Expr:
    number = pl.col(column).cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    return number.cast(pl.Int64, strict=False).cast(pl.String).str.zfill(width)
