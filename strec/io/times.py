"""Recognise and read times written in any usual way.

A time is read into two columns: the wall clock as written, and the UTC offset that the text
states (null where it states none). What the wall clock means is decided in `zones`.
"""

import re
from dataclasses import dataclass

import polars as pl

from strec.errors import MappingError
from strec.io.quantities import MISSING, plain_numbers, stated_minutes

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
    if values.dtype == pl.Date or isinstance(values.dtype, pl.Datetime):
        zoned = getattr(values.dtype, "time_zone", None) is not None
        return TimeGuess("iso", 1.0, is_instant=zoned, states_offset=zoned and _is_local(values))
    present = values.drop_nulls() if values.dtype.is_numeric() else _present(values)
    if present.is_empty() or not (present.dtype.is_numeric() or present.dtype == pl.String):
        return TimeGuess(None, 0.0)
    numeric = _detect_number(present)
    if numeric is not None or present.dtype.is_numeric():
        return numeric or TimeGuess(None, 0.0)
    shares = {"iso": present.str.contains(f"{ISO_PARTS}|{COMPACT_PARTS}").mean()}
    shares["twitter"] = present.str.contains(TWITTER).mean()
    shares["slash"] = present.str.contains(SLASH_PARTS).mean()
    best = max(shares, key=shares.get)
    if shares[best] >= 0.5:
        return _detect_order(present) if best == "slash" else _with_share(present, best)
    guesses = [_with_share(present, pattern) for pattern in PATTERNS]
    best_guess = max(guesses, key=lambda guess: guess.share)
    return best_guess if best_guess.share >= 0.5 else TimeGuess(None, best_guess.share)


def parse_time(values: pl.Series, time_format: str) -> pl.DataFrame:
    """Read times into the wall clock and the offset that is stated.

    Parameters
    ----------
    values : polars.Series
        Shape ``(n,)``; text, numbers, dates or datetimes.
    time_format : str
        See `strec.io.Mapping`.

    Returns
    -------
    polars.DataFrame
        Shape ``(n, 2)``: `WALL` Datetime('us') without zone, null where the value cannot be read;
        `STATED` Int16, minutes, null where no offset is stated.

    Examples
    --------
    >>> parse_time(pl.Series(["2012-04-03 18:00+02:00"]), "iso").row(0)
    (datetime.datetime(2012, 4, 3, 18, 0), 120)
    """
    if values.dtype == pl.Date or isinstance(values.dtype, pl.Datetime):
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
        wall = rewritten.str.to_datetime("%Y %b %d %H:%M:%S", time_unit="us", strict=False)
        return _frame(wall, stated_minutes(text.str.slice(20, 5)))
    if time_format in (DAY_FIRST, MONTH_FIRST):
        return _from_slashes(text, time_format)
    return _from_pattern(text, time_format)


def _present(values: pl.Series) -> pl.Series:
    if values.dtype != pl.String:
        return values.drop_nulls()
    text = values.str.strip_chars()
    return text.filter(~text.is_in(MISSING)).drop_nulls()


def _is_local(values: pl.Series) -> bool:
    return values.dtype.time_zone not in ("UTC", "GMT", "Etc/UTC")


def _detect_number(present: pl.Series) -> TimeGuess | None:
    """Return the unit when the values are numbers that make plausible times."""
    numbers = plain_numbers(present)
    share = 1 - numbers.null_count() / len(numbers)
    if share < 0.5:
        return None
    middle = numbers.median()
    for name, per_second in UNIX_PER_SECOND.items():
        if PLAUSIBLE_S[0] <= middle / per_second <= PLAUSIBLE_S[1]:
            return TimeGuess(name, share, is_instant=True)
    text = present.cast(pl.String)
    if text.str.contains(r"^(19|20)\d{6}(\d{6})?$").mean() >= 0.9:
        return TimeGuess("iso", text.str.contains(COMPACT_PARTS).mean())
    if 20_000 <= middle <= 80_000:
        return TimeGuess("excel_days", share)
    return None


def _with_share(present: pl.Series, time_format: str) -> TimeGuess:
    parsed = parse_time(present, time_format)
    stated = parsed[STATED].drop_nulls()
    return TimeGuess(
        time_format,
        1 - parsed[WALL].null_count() / len(present),
        is_instant=len(stated) > len(present) / 2,
        states_offset=bool((stated != 0).any()),
    )


def _detect_order(present: pl.Series) -> TimeGuess:
    """Tell day-first from month-first: only a number above 12 can."""
    parts = present.str.extract_groups(SLASH_PARTS).struct.unnest()
    first, second = (parts[name].cast(pl.Int32, strict=False) for name in ("1", "2"))
    n_day_first, n_month_first = (first > 12).sum(), (second > 12).sum()
    share = (first.is_not_null() & second.is_not_null()).mean()
    if not n_day_first and not n_month_first:
        return TimeGuess(None, share, ambiguous=True)
    name = DAY_FIRST if n_day_first >= n_month_first else MONTH_FIRST
    note = f"Dates are read {name.replace('_', ' ')}: some have a number above 12 there."
    if n_day_first and n_month_first:
        fewer = min(n_day_first, n_month_first)
        note += f" {fewer:,} of the dates looked at are written the other way and are rejected."
    return TimeGuess(name, share, note=note)


def _frame(wall: pl.Series, stated: pl.Series | None = None) -> pl.DataFrame:
    empty = pl.Series([None], dtype=pl.Int16).new_from_index(0, len(wall))
    return pl.DataFrame(
        {WALL: wall.cast(pl.Datetime("us")), STATED: empty if stated is None else stated}
    )


def _from_datetimes(values: pl.Series) -> pl.DataFrame:
    zone = getattr(values.dtype, "time_zone", None)
    if zone is None:
        return _frame(values)
    minutes = (values.dt.base_utc_offset() + values.dt.dst_offset()).dt.total_minutes()
    return _frame(values.dt.replace_time_zone(None), minutes.cast(pl.Int16))


def _from_seconds(seconds: pl.Series) -> pl.DataFrame:
    readable = pl.DataFrame({"s": seconds}).select(
        pl.when(pl.col("s").is_finite() & (pl.col("s").abs() < MAX_S))
        .then((pl.col("s") * 1e6).round())
        .cast(pl.Int64)
        .cast(pl.Datetime("us"))
        .alias(WALL),
        pl.lit(0, pl.Int16).alias(STATED),
    )
    return readable


def _from_iso(text: pl.Series) -> pl.DataFrame:
    """Read ISO 8601 and its relatives: the common form fast, the rest by its parts."""
    start, rest = text.str.slice(0, 19), text.str.slice(19)
    first = next(iter(text.drop_nulls().head(1)), "")
    pattern = "%Y-%m-%dT%H:%M:%S" if first[10:11] == "T" else "%Y-%m-%d %H:%M:%S"
    wall = start.str.to_datetime(pattern, time_unit="us", strict=False)
    stated = None
    if (rest != "").any():
        tail = _tails(rest)
        wall = pl.select(wall + tail["after"]).to_series()
        stated = tail[STATED]
    read = _frame(wall, stated)
    missed = wall.is_null() & text.is_not_null()
    if not missed.any():
        return read
    other = text.filter(missed)
    parts = other.str.extract_groups(ISO_PARTS).struct.unnest()
    compact = other.str.extract_groups(COMPACT_PARTS).struct.unnest()
    parts = parts.with_columns(
        pl.coalesce(pl.col(name), compact[name]).alias(name) for name in compact.columns
    )
    wall = _in_twelve_hours(_from_parts(parts, ("1", "2", "3")), parts["4"], parts["9"])
    slow = _frame(wall, stated_minutes(parts["8"]))
    return _fill(read, missed, slow)


def _tails(rest: pl.Series) -> pl.DataFrame:
    """Read what follows the seconds: fraction and offset; `after` is null where it is neither."""
    distinct = rest.unique().drop_nulls()
    # Offsets repeat, fractions do not: few distinct tails are read once each.
    few = len(distinct) <= 1000
    tails = distinct if few else rest
    parts = tails.str.extract_groups(TAIL_PARTS).struct.unnest()
    good = tails.str.contains(TAIL_PARTS)
    read = pl.DataFrame(
        {
            "tail": tails,
            "after": pl.select(pl.when(good).then(pl.duration(microseconds=_micros(parts["1"])))),
            STATED: stated_minutes(parts["2"]),
        }
    )
    if not few:
        return read
    if len(distinct) == 1 and not rest.has_nulls():
        return read.select(pl.all().repeat_by(len(rest)).explode())
    return pl.DataFrame({"tail": rest}).join(read, on="tail", how="left", maintain_order="left")


def _fill(read: pl.DataFrame, missed: pl.Series, slow: pl.DataFrame) -> pl.DataFrame:
    """Put the rows of `slow` where `missed` is true."""
    where = pl.DataFrame({"i": missed.arg_true()})
    columns = {}
    for name in (WALL, STATED):
        columns[name] = read[name].scatter(where["i"], slow[name])
    return pl.DataFrame(columns)


def _from_slashes(text: pl.Series, order: str) -> pl.DataFrame:
    parts = text.str.extract_groups(SLASH_PARTS).struct.unnest()
    day, month = ("1", "2") if order == DAY_FIRST else ("2", "1")
    wall = _from_parts(parts, ("3", month, day))
    return _frame(_in_twelve_hours(wall, parts["4"], parts["8"]))


def _in_twelve_hours(wall: pl.Series, hour: pl.Series, letter: pl.Series) -> pl.Series:
    """Move a clock to the half of the day that the letter of AM or PM says, where there is one."""
    if letter.null_count() == len(letter):
        return wall
    hour, letter = hour.cast(pl.Int32, strict=False), letter.str.to_lowercase()
    shift = (
        pl.when((letter == "p") & (hour < 12))
        .then(12)
        .when((letter == "a") & (hour == 12))
        .then(-12)
    ).otherwise(0)
    return pl.select((pl.lit(wall) + pl.duration(hours=shift)).alias(WALL))[WALL]


def _from_parts(parts: pl.DataFrame, order: tuple[str, str, str]) -> pl.Series:
    """Join year, month, day and the time groups 4 to 7 into datetimes, null where impossible."""
    year, month, day = order
    full_year = (
        pl.when(pl.col(year).str.len_chars() == 2)
        .then(
            pl.when(pl.col(year) < "70").then(pl.lit("20")).otherwise(pl.lit("19")) + pl.col(year)
        )
        .otherwise(pl.col(year))
    )
    clock = [pl.col(group).fill_null("00") for group in ("4", "5", "6")]
    joined = pl.concat_str(
        [
            pl.concat_str([full_year, month, day], separator="-"),
            pl.concat_str(clock, separator=":"),
        ],
        separator=" ",
    )
    text = parts.select(joined.alias(WALL))[WALL]
    wall = text.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    if parts["7"].null_count() == len(parts):
        return wall
    return pl.select((pl.lit(wall) + pl.duration(microseconds=_micros(parts["7"]))).alias(WALL))[
        WALL
    ]


def _micros(digits: pl.Series) -> pl.Series:
    """Return the digits after the decimal point as microseconds, 0 where there are none."""
    return digits.fill_null("").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64)


def _from_pattern(text: pl.Series, pattern: str) -> pl.DataFrame:
    if re.search(YEAR_DIRECTIVE, pattern) is None:
        raise MappingError(
            "time_format is a named format, or a strptime pattern that has at least the year.",
            f"time_format={pattern!r}.",
            "Use iso, unix_s, unix_ms, twitter, day_first, month_first, or for instance "
            "'%d %b %Y %H:%M'.",
        )
    return _from_datetimes(text.str.to_datetime(pattern, time_unit="us", strict=False))
