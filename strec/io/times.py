"""Recognise and read times written in any usual way.

A time is read into two columns: the wall clock as written, and the UTC offset that the text
states (null where it states none). What the wall clock means is decided in `zones`.
"""

from dataclasses import dataclass, replace
from datetime import time
from functools import partial

import numpy as np
import polars as pl

from strec.io.number_times import NUMBER_FORMATS, detect_count, read_count
from strec.io.quantities import absent, present, share
from strec.io.remembered import Remembered
from strec.io.time_patterns import read_pattern, strptime_of
from strec.io.written_times import DAY_FIRST, MONTH_FIRST, STATED, WALL, YEAR_FIRST, Written
from strec.io.zones import offset_at

#: The same with a year of two digits, and a clock.
SHORT_DIGITS = r"^\d{10}$|^\d{12}$"
#: What the formats are, in words and an example.
TIME_FORMATS = {
    "iso": "year first: 2024-05-31 18:05, and ISO's weeks and days",
    "written": "with a month in words: 31 May 2024 18:05",
    DAY_FIRST: "day first: 31/05/2024 or 31.05.2024",
    MONTH_FIRST: "month first: 05/31/2024",
    YEAR_FIRST: "year first, in two digits: 24/05/31 or 240531",
    "unix_s": "seconds since 1970: 1717171717",
    "unix_ms": "milliseconds since 1970",
    "unix_us": "microseconds since 1970",
    "unix_ns": "nanoseconds since 1970",
    "unix": "seconds, milliseconds and so on mixed, each by its size",
    "twitter": "as Twitter writes: Fri May 31 18:05:09 +0000 2024",
    "excel_days": "days as Excel counts: 45443.75",
    "julian_days": "Julian days: 2460462.25",
    "apple_s": "seconds since 2001, as Apple's programs count",
    "webkit_us": "microseconds since 1601, as browsers count",
    "filetime": "Windows' file times: 133616379170000000",
    "dotnet_ticks": ".NET's ticks: 638527755170000000",
}
#: Formats in which the words or the length of the year tell the order of a date.
ORDERED = ("iso", "written", "twitter")
#: Formats of dates in three numbers of which the order is known from elsewhere.
BY_ORDER = (DAY_FIRST, MONTH_FIRST, YEAR_FIRST)
TWITTER = r"^\w{3} \w{3} \d{1,2} \d{2}:\d{2}:\d{2} [+-]\d{4} \d{4}$"
#: Digits that make a date and perhaps a clock: 20240501, 202405011805, …
DIGITS = r"^(19|20)\d{6}(\d{4}|\d{6}|\d{9})?$"


@dataclass(frozen=True)
class TimeGuess:
    """How a column of times is written.

    `time_format` is None when nothing fits, or when only a person can tell (`ambiguous`: `options`
    are the formats that fit). `share` is the part of the values that it reads, `plausible` (0 to 1)
    how sure it is that the column holds times at all, which numbers never say of themselves.
    `is_instant` tells whether the values state an offset, `states_offset` whether any states
    another than zero, `is_mixed` whether some state one and some do not; `unclear_zone` is a name
    with several meanings (CST); `dates_only` tells that no value has a clock; `note` says what
    decided and what was noticed.
    """

    time_format: str | None
    share: float
    ambiguous: bool = False
    is_instant: bool = False
    states_offset: bool = False
    note: str = ""
    options: tuple[str, ...] = ()
    is_mixed: bool = False
    dates_only: bool = False
    unclear_zone: str = ""
    plausible: float = 1.0

    @property
    def is_count(self) -> bool:
        """True for numbers that count, or digits in a row, which may be no times at all."""
        return bool({self.time_format, *self.options} & {*NUMBER_FORMATS}) or self.plausible < 0.9


_REMEMBERED: Remembered[TimeGuess] = Remembered(1000)


def detect_time(values: pl.Series) -> TimeGuess:
    """Return how a column of times is written, from a sample or from all of it.

    Examples
    --------
    >>> detect_time(pl.Series(["2012-04-03T18:00:09Z"])).time_format
    'iso'
    >>> detect_time(pl.Series(["03/04/2012", "05/04/2012"])).ambiguous
    True
    >>> detect_time(pl.Series(["03/04/2012", "25/04/2012"])).time_format
    'day_first'
    """
    if values.dtype != pl.String:
        return _detected(values)
    return _REMEMBERED.of(values.to_frame(), None, partial(_detected, values))


def _detected(values: pl.Series) -> TimeGuess:
    if isinstance(values.dtype, pl.Date | pl.Datetime):
        zone = _zone(values)
        is_local = zone not in (None, "UTC", "GMT", "Etc/UTC")
        guess = TimeGuess("iso", 1.0, is_instant=zone is not None, states_offset=is_local)
        return replace(guess, dates_only=_all_midnight(parse_time(values, "iso")[WALL]))
    written = present(values)
    if written.is_empty() or not (written.dtype.is_numeric() or written.dtype == pl.String):
        return TimeGuess(None, 0.0)
    text = _as_text(written)
    if share(text.str.contains(DIGITS)) >= 0.9:
        guess = _with_facts(TimeGuess("iso", 0.0), Written(text).read())
        if guess.share >= 0.9:
            return replace(guess, plausible=0.9)
    if share(text.str.contains(SHORT_DIGITS)) >= 0.9:
        # 2301030927 would be a time in 2042 as well; hardly any count of seconds is a date too.
        guess = _detect_order(Written(_apart(text)))
        if guess.share >= 0.98 and len(text) > 9:
            return replace(guess, plausible=0.8)
    count = detect_count(written)
    if count is not None:
        is_open = bool(count.others)
        guess = TimeGuess(
            None if is_open else count.name, count.share, is_open, note=count.note,
            options=(count.name, *count.others) if is_open else (), plausible=count.plausible,
        )  # fmt: skip
        return replace(_with_facts(guess, read_count(written, count.name)), share=count.share)
    if written.dtype.is_numeric() or share(text.str.contains(r"^[+-]?\d+(\.\d*)?$")) >= 0.5:
        sixes = share(text.str.contains(r"^\d{6}$")) >= 0.9
        guess = _detect_order(Written(text)) if sixes else TimeGuess(None, 0.0)
        return replace(guess, plausible=0.2) if guess.share >= 0.9 else TimeGuess(None, 0.0)
    times = Written(text)
    if times.is_open.mean() >= 0.5:
        return _detect_order(times)
    name = "written" if times.names_month else "iso"
    name = "twitter" if share(text.str.contains(TWITTER)) > 0.5 else name
    guess = _with_facts(TimeGuess(name, 0.0), times.read())
    if guess.share < 0.5:
        return TimeGuess(None, guess.share)
    return replace(guess, unclear_zone=", ".join(times.unclear_zones))


def parse_time(values: pl.Series, time_format: str) -> pl.DataFrame:
    """Read times into the wall clock and the offset that is stated.

    Takes text, numbers, dates or datetimes, shape ``(n,)``, and a format of `strec.io.Mapping`.
    Gives `WALL`, Datetime('us') without zone, null where the value cannot be read, and `STATED`,
    Int16, minutes, null where no offset is stated.

    Examples
    --------
    >>> parse_time(pl.Series(["2012-04-03 18:00+02:00"]), "iso").row(0)
    (datetime.datetime(2012, 4, 3, 18, 0), 120)
    """
    if isinstance(values.dtype, pl.Date | pl.Datetime):
        return _from_datetimes(values)
    if time_format in NUMBER_FORMATS:
        return read_count(values, time_format)
    text = _as_text(values)
    if time_format in ORDERED:
        return Written(text).read()
    if time_format in BY_ORDER:
        return Written(_apart(text)).read(time_format)
    return read_pattern(text, strptime_of(time_format))


def applied(values: pl.Series, time_format: str, n: int = 10) -> pl.DataFrame:
    """Show what a format or a pattern makes of the first values of a column.

    Parameters
    ----------
    values : polars.Series
        The column, shape ``(m,)``.
    time_format : str
        A format of `strec.io.Mapping`, a strptime pattern, or one such as ``dd.MM.yyyy HH:mm``.
    n : int
        How many values to show.

    Returns
    -------
    polars.DataFrame
        `written`, and `read`: the time as text with its offset where one is stated, null where it
        is not understood; at most ``n`` rows.

    Raises
    ------
    MappingError
        If the pattern is none.

    Examples
    --------
    >>> applied(pl.Series(["03.01.2023 09:27", "x"]), "dd.MM.yyyy HH:mm")["read"].to_list()
    ['2023-01-03 09:27:00', None]
    """
    some = present(values).head(n)
    parsed = parse_time(some, time_format)
    stated = parsed[STATED]
    ends = [
        "" if minutes is None else f" {'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:"
        f"{abs(minutes) % 60:02d}"
        for minutes in stated
    ]  # fmt: skip
    read = parsed[WALL].dt.strftime("%Y-%m-%d %H:%M:%S") + pl.Series(ends, dtype=pl.String)
    return pl.DataFrame({"written": some.cast(pl.String), "read": read})


def described(values: pl.Series, time_format: str) -> TimeGuess:
    """Return what is said of a column of times when its format is given.

    Examples
    --------
    >>> described(pl.Series(["2024-05-01 08:00Z"]), "iso").is_instant
    True
    """
    written = present(values)
    guess = _with_facts(TimeGuess(time_format, 0.0), parse_time(written, time_format))
    if written.dtype != pl.String or time_format not in (*ORDERED, *BY_ORDER):
        return guess
    return replace(guess, unclear_zone=", ".join(Written(_as_text(written)).unclear_zones))


def _with_facts(guess: TimeGuess, parsed: pl.DataFrame) -> TimeGuess:
    """Add what the times read say of themselves."""
    read = parsed.filter(pl.col(WALL).is_not_null())
    stated = read[STATED].drop_nulls()
    return replace(
        guess,
        share=len(read) / max(len(parsed), 1),
        is_instant=len(stated) > len(read) / 2,
        states_offset=bool((stated != 0).any()),
        is_mixed=0 < len(stated) < len(read),
        dates_only=_all_midnight(read[WALL]),
    )


def _all_midnight(wall: pl.Series) -> bool:
    known = wall.drop_nulls().dt.time()
    return len(known) > 0 and bool((known == time(0)).all())


def _detect_order(times: Written) -> TimeGuess:
    """Tell the order of dates in three numbers: by those that fit no other way."""
    is_open = times.is_open
    read = {order: times.read(order) for order in BY_ORDER}
    fits = {order: int((each[WALL].is_not_null().to_numpy() & is_open).sum())
            for order, each in read.items()}  # fmt: skip
    best = max(fits.values())
    n_day_first, n_month_first, n_year_first = fits.values()
    options = [order for order in BY_ORDER if fits[order] == best]
    note = ""
    if n_year_first and n_year_first == max(n_day_first, n_month_first):
        # 230103: the year is what hardly changes.
        n_first, n_last = (len(np.unique(times.numbers(part)[0][is_open])) for part in "ac")
        if 2 * min(n_first, n_last) <= max(n_first, n_last):
            keep = n_first < n_last
            options = [order for order in options if (order == YEAR_FIRST) == keep]
            note = "Dates are read year first: their first number hardly changes." if keep else ""
    if len(options) != 1:
        readable = best / max(len(is_open), 1)
        guess = _with_facts(TimeGuess(None, 0.0), read[DAY_FIRST])
        return replace(guess, share=readable, ambiguous=True, options=tuple(options))
    name = options[0]
    other = {DAY_FIRST: MONTH_FIRST, MONTH_FIRST: DAY_FIRST}.get(name)
    if other:
        note = f"Dates are read {name.replace('_', ' ')}: some have a number above 12 there."
        fewer = int((read[name][WALL].is_null() & read[other][WALL].is_not_null()).sum())
        if fewer:
            note += f" {fewer:,} of the dates looked at are written the other way and are rejected."
    return replace(_with_facts(TimeGuess(name, 0.0), read[name]), note=note)


def _apart(text: pl.Series) -> pl.Series:
    """Put a blank between date and clock of 230103092734, which starts with a short year."""
    if not text.str.contains(SHORT_DIGITS).any():
        return text
    return text.str.replace(r"^(\d{6})(\d{4}|\d{6})$", "$1 $2")


def _as_text(values: pl.Series) -> pl.Series:
    """Return values as text; whole floats, as tables with gaps have them, without their '.0'."""
    if values.dtype.is_float():
        whole = values.cast(pl.Int64, strict=False)
        is_whole = (whole.cast(pl.Float64) == values).fill_null(False)
        return whole.cast(pl.String).zip_with(is_whole, values.cast(pl.String))
    return values.cast(pl.String).str.strip_chars()


def _frame(wall: pl.Series, stated: pl.Series | None = None) -> pl.DataFrame:
    stated = absent(len(wall), pl.Int16) if stated is None else stated
    return pl.DataFrame({WALL: wall.cast(pl.Datetime("us")), STATED: stated})


def _zone(values: pl.Series) -> str | None:
    return values.dtype.time_zone if isinstance(values.dtype, pl.Datetime) else None


def _from_datetimes(values: pl.Series) -> pl.DataFrame:
    zone = _zone(values)
    if zone is None:
        return _frame(values)
    instants = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return _frame(values.dt.replace_time_zone(None), offset_at(instants, zone))
