"""Recognise and read times written in any usual way.

A time is read into two columns: the wall clock as written, and the UTC offset that the text
states (null where it states none). What the wall clock means is decided in `zones`.
"""

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from strec.errors import MappingError
from strec.io.quantities import absent, plain_numbers, present, share, stated_minutes

WALL = "wall"
STATED = "stated_offset_min"
DAY_FIRST, MONTH_FIRST = "day_first", "month_first"
UNIX_PER_SECOND = {"unix_s": 1, "unix_ms": 10**3, "unix_us": 10**6, "unix_ns": 10**9}
#: Seconds since 1970 that a column of times may have as its median: 1985 to 2065.
PLAUSIBLE_S = (4.7e8, 3.0e9)
#: Beyond this many seconds (year 5138) a number is no time.
MAX_S = 1e11
EXCEL_EPOCH_DAYS = 25569
#: Patterns tried when a text is none of the named formats; month names are English.
PATTERNS = (
    "%d %b %Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%d %b %Y %H:%M",
    "%d-%b-%Y %H:%M",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y %H:%M:%S",
    "%b %d, %Y %H:%M",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y",
    "%d/%b/%Y:%H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S GMT",
    "%H:%M:%S %d.%m.%Y",
)
ISO_PARTS = (
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T ,]+(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2}))?[秒分]?(?:[.,](\d+))?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\s*([AaPp])\.?[Mm]\.?)?$"
)
TAIL_PARTS = r"^(?:[.,](\d+))?\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
COMPACT_PARTS = (
    r"^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2}):?(\d{2}):?(\d{2})?(?:[.,](\d+))?)?"
    r"\s*(Z|[+-]\d{2}(?::?\d{2})?)?$"
)
SLASH_PARTS = (
    r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})"
    r"(?:[T ,]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:[.,](\d+))?)?"
    r"\s*(?:([AaPp])\.?[Mm]\.?)?$"
)
YEAR_DIRECTIVE = r"%[-_0]?[YyCFDcxs+]"
TWITTER = r"^\w{3} \w{3} \d{1,2} \d{2}:\d{2}:\d{2} [+-]\d{4} \d{4}$"


@dataclass(frozen=True)
class TimeGuess:
    """How a column of times is written.

    `time_format` is None when nothing fits, or when only a person can tell (`ambiguous`: no day
    above 12 shows which number is the month). `share` is the part of the values that it reads;
    `states_offset` tells whether any value states an offset other than zero, `is_instant` whether
    they state an offset at all; `note` says what decided.
    """

    time_format: str | None
    share: float
    ambiguous: bool = False
    is_instant: bool = False
    states_offset: bool = False
    note: str = ""


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
    if isinstance(values.dtype, pl.Date | pl.Datetime):
        zone = _zone(values)
        is_local = zone not in (None, "UTC", "GMT", "Etc/UTC")
        return TimeGuess("iso", 1.0, is_instant=zone is not None, states_offset=is_local)
    written = present(values)
    if written.is_empty() or not (written.dtype.is_numeric() or written.dtype == pl.String):
        return TimeGuess(None, 0.0)
    numeric = _detect_number(written)
    if numeric is not None or written.dtype.is_numeric():
        return numeric or TimeGuess(None, 0.0)
    patterns = {"iso": f"{ISO_PARTS}|{COMPACT_PARTS}", "twitter": TWITTER, "slash": SLASH_PARTS}
    shares = {name: share(written.str.contains(each)) for name, each in patterns.items()}
    best = max(shares, key=lambda name: shares[name])
    if shares[best] >= 0.5:
        return _detect_order(written) if best == "slash" else _with_share(written, best)
    guess = max((_with_share(written, each) for each in PATTERNS), key=lambda each: each.share)
    return guess if guess.share >= 0.5 else TimeGuess(None, guess.share)


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
    if time_format in UNIX_PER_SECOND:
        return _from_seconds(plain_numbers(values) / UNIX_PER_SECOND[time_format])
    if time_format == "excel_days":
        seconds = (plain_numbers(values) - EXCEL_EPOCH_DAYS) * 86400
        return _from_seconds(seconds).with_columns(pl.lit(None, pl.Int16).alias(STATED))
    text = values.cast(pl.String).str.strip_chars()
    if time_format == "iso":
        return _from_iso(text)
    if time_format == "twitter":
        rewritten = text.str.slice(26, 4) + " " + text.str.slice(4, 15)
        return _frame(
            _strptime(rewritten, "%Y %b %d %H:%M:%S"), stated_minutes(text.str.slice(20, 5))
        )
    if time_format in (DAY_FIRST, MONTH_FIRST):
        day, month = ("1", "2") if time_format == DAY_FIRST else ("2", "1")
        parts = text.str.extract_groups(SLASH_PARTS).struct.unnest()
        return _frame(
            _in_twelve_hours(_from_parts(parts, ("3", month, day)), parts["4"], parts["8"])
        )
    if re.search(YEAR_DIRECTIVE, time_format) is None:
        raise MappingError(
            "time_format is a named format, or a strptime pattern that has at least the year.",
            f"time_format={time_format!r}.",
            "Use iso, unix_s, unix_ms, twitter, day_first, month_first, or for instance "
            "'%d %b %Y %H:%M'.",
        )
    return _from_datetimes(_strptime(text, time_format))


def _detect_number(written: pl.Series) -> TimeGuess | None:
    """Return the unit when the values are numbers that make plausible times."""
    numbers = plain_numbers(written)
    readable = 1 - numbers.null_count() / len(numbers)
    if readable < 0.5:
        return None
    middle = float(np.nanmedian(numbers.to_numpy()))
    for name, per_second in UNIX_PER_SECOND.items():
        if PLAUSIBLE_S[0] <= middle / per_second <= PLAUSIBLE_S[1]:
            return TimeGuess(name, readable, is_instant=True)
    text = written.cast(pl.String)
    if share(text.str.contains(r"^(19|20)\d{6}(\d{6})?$")) >= 0.9:
        return TimeGuess("iso", share(text.str.contains(COMPACT_PARTS)))
    return TimeGuess("excel_days", readable) if 20_000 <= middle <= 80_000 else None


def _with_share(written: pl.Series, time_format: str) -> TimeGuess:
    parsed = parse_time(written, time_format)
    stated = parsed[STATED].drop_nulls()
    return TimeGuess(
        time_format,
        share(parsed[WALL].is_not_null()),
        is_instant=len(stated) > len(written) / 2,
        states_offset=bool((stated != 0).any()),
    )


def _detect_order(written: pl.Series) -> TimeGuess:
    """Tell day-first from month-first: only a number above 12 can."""
    parts = written.str.extract_groups(SLASH_PARTS).struct.unnest()
    first, second = (parts[name].cast(pl.Int32, strict=False) for name in ("1", "2"))
    n_day_first, n_month_first = (first > 12).sum(), (second > 12).sum()
    readable = share(first.is_not_null() & second.is_not_null())
    if not n_day_first and not n_month_first:
        return TimeGuess(None, readable, ambiguous=True)
    name = DAY_FIRST if n_day_first >= n_month_first else MONTH_FIRST
    note = f"Dates are read {name.replace('_', ' ')}: some have a number above 12 there."
    if n_day_first and n_month_first:
        fewer = min(n_day_first, n_month_first)
        note += f" {fewer:,} of the dates looked at are written the other way and are rejected."
    return TimeGuess(name, readable, note=note)


def _frame(wall: pl.Series, stated: pl.Series | None = None) -> pl.DataFrame:
    stated = absent(len(wall), pl.Int16) if stated is None else stated
    return pl.DataFrame({WALL: wall.cast(pl.Datetime("us")), STATED: stated})


def _strptime(text: pl.Series, pattern: str) -> pl.Series:
    return text.str.to_datetime(pattern, time_unit="us", strict=False)


def _zone(values: pl.Series) -> str | None:
    return values.dtype.time_zone if isinstance(values.dtype, pl.Datetime) else None


def _from_datetimes(values: pl.Series) -> pl.DataFrame:
    if _zone(values) is None:
        return _frame(values)
    minutes = (values.dt.base_utc_offset() + values.dt.dst_offset()).dt.total_minutes()
    return _frame(values.dt.replace_time_zone(None), minutes.cast(pl.Int16))


def _from_seconds(seconds: pl.Series) -> pl.DataFrame:
    moment = pl.when(pl.col("s").is_finite() & (pl.col("s").abs() < MAX_S)).then(
        (pl.col("s") * 1e6).round()
    )
    return pl.DataFrame({"s": seconds}).select(
        moment.cast(pl.Int64).cast(pl.Datetime("us")).alias(WALL),
        pl.lit(0, pl.Int16).alias(STATED),
    )


def _from_iso(text: pl.Series) -> pl.DataFrame:
    """Read ISO 8601 and its relatives: the common form fast, the rest by its parts."""
    start, rest = text.str.slice(0, 19), text.str.slice(19)
    first = next(iter(text.drop_nulls().head(1)), "")
    wall = _strptime(start, "%Y-%m-%dT%H:%M:%S" if first[10:11] == "T" else "%Y-%m-%d %H:%M:%S")
    read = _frame(wall)
    if (rest != "").any():
        tail = _tails(rest)
        read = _frame(wall + tail["after"], tail[STATED])
    missed = read[WALL].is_null() & text.is_not_null()
    if not missed.any():
        return read
    other = text.filter(missed)
    parts = other.str.extract_groups(ISO_PARTS).struct.unnest()
    compact = other.str.extract_groups(COMPACT_PARTS).struct.unnest()
    parts = parts.with_columns(
        pl.coalesce(pl.col(name), compact[name]).alias(name) for name in compact.columns
    )
    wall = _in_twelve_hours(_from_parts(parts, ("1", "2", "3")), parts["4"], parts["9"])
    slow, where = _frame(wall, stated_minutes(parts["8"])), missed.arg_true()
    return pl.DataFrame({name: read[name].scatter(where, slow[name]) for name in read.columns})


def _tails(rest: pl.Series) -> pl.DataFrame:
    """Read what follows the seconds: fraction and offset; `after` is null where it is neither."""
    distinct = rest.unique().drop_nulls()
    # Offsets repeat, fractions do not: few distinct tails are read once each.
    few = len(distinct) <= 1000
    tails = distinct if few else rest
    parts = tails.str.extract_groups(TAIL_PARTS).struct.unnest()
    read = parts.select(
        tails.alias("tail"),
        pl.when(tails.str.contains(TAIL_PARTS)).then(_fraction("1")).alias("after"),
        stated_minutes(parts["2"]).alias(STATED),
    )
    if not few:
        return read
    return pl.DataFrame({"tail": rest}).join(read, on="tail", how="left", maintain_order="left")


def _in_twelve_hours(wall: pl.Series, hour: pl.Series, letter: pl.Series) -> pl.Series:
    """Move a clock to the half of the day that the letter of AM or PM says, where there is one."""
    if letter.null_count() == len(letter):
        return wall
    hour, letter = hour.cast(pl.Int32, strict=False), letter.str.to_lowercase()
    later, earlier = (letter == "p") & (hour < 12), (letter == "a") & (hour == 12)
    shift = pl.when(later).then(12).when(earlier).then(-12).otherwise(0)
    return pl.select(wall + pl.duration(hours=shift)).to_series()


def _from_parts(parts: pl.DataFrame, order: tuple[str, str, str]) -> pl.Series:
    """Join year, month, day and the time groups 4 to 7 into datetimes, null where impossible."""
    year, month, day = (pl.col(name) for name in order)
    century = pl.when(year < "70").then(pl.lit("20")).otherwise(pl.lit("19"))
    full_year = pl.when(year.str.len_chars() == 2).then(century + year).otherwise(year)
    date = pl.concat_str([full_year, month, day], separator="-")
    clock = pl.concat_str(pl.col("4", "5", "6").fill_null("00"), separator=":")
    wall = _strptime(parts.select(date + " " + clock).to_series(), "%Y-%m-%d %H:%M:%S")
    return parts.select(wall + _fraction("7")).to_series()


def _fraction(digits: str) -> pl.Expr:
    """Return the digits after the decimal point as a duration, 0 where there are none."""
    micros = pl.col(digits).fill_null("").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64)
    return pl.duration(microseconds=micros)
