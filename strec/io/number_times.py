"""Times kept as numbers: counts of seconds or days since some day, in the unit that fits."""

import time
from dataclasses import dataclass

import numpy as np
import polars as pl

from strec.io.quantities import plain_numbers, share, unread
from strec.io.written_times import STATED, WALL

DAY_S = 86_400
YEAR_S = 365.25 * DAY_S
#: Name: units per second, and the day from which they count, in seconds after 1970.
COUNTS = {
    "unix_s": (1.0, 0.0),
    "unix_ms": (1e3, 0.0),
    "unix_us": (1e6, 0.0),
    "unix_ns": (1e9, 0.0),
    "apple_s": (1.0, 978_307_200.0),
    "webkit_us": (1e6, -11_644_473_600.0),
    "filetime": (1e7, -11_644_473_600.0),
    "dotnet_ticks": (1e7, -62_135_596_800.0),
    "excel_days": (1 / DAY_S, -25_569.0 * DAY_S),
    "julian_days": (1 / DAY_S, -2_440_587.5 * DAY_S),
}
#: Unix times whose unit each number shows by its size: s, ms, µs and ns mixed in one column.
MIXED = "unix"
NUMBER_FORMATS = (*COUNTS, MIXED)
#: Of these days a cell holds no zone: the clock is a local one.
LOCAL = ("excel_days",)
#: Seconds since 1970 that a column of times may have as its median: 1985 to 2065.
PLAUSIBLE_S = (4.7e8, 3.0e9)
#: Beyond this many seconds (year 5138) a number is no time.
MAX_S = 1e11
#: A spreadsheet's rounding that is worth a word, seconds.
COARSE_S = 2.0
SCIENTIFIC = r"^[+-]?\d(?:[.,](\d*))?[eE]\+?(\d+)$"


@dataclass(frozen=True)
class NumberGuess:
    """What a column of numbers counts, what it may count as well, how plausible, what to say."""

    name: str
    others: tuple[str, ...]
    share: float
    plausible: float
    note: str = ""


def time_numbers(values: pl.Series) -> pl.Series:
    """Return numbers (Float64) as spreadsheets and programs write times, null where it is none.

    Examples
    --------
    >>> time_numbers(pl.Series(["44929,3941", "1.672.756.054", "'1672756054'", "x"])).to_list()
    [44929.3941, 1672756054.0, 1672756054.0, None]
    """
    numbers = plain_numbers(values)
    if values.dtype != pl.String:
        return numbers
    missed = unread(values, numbers)
    if not missed.any():
        return numbers
    text = values.filter(missed).str.strip_chars(" '\"`‘’“”")
    in_thousands = text.str.contains(r"^\d{1,3}([.,' ]\d{3}){3,}$")
    bare = text.str.replace_all(r"[.,' ]", "").zip_with(in_thousands, text)
    read = bare.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    return numbers.scatter(missed.arg_true(), read)


def detect_count(written: pl.Series) -> NumberGuess | None:
    """Return what numbers count when they make plausible times, None when they do not."""
    numbers = time_numbers(written)
    readable = share(numbers.is_not_null())
    if readable < 0.5:
        return None
    known = numbers.drop_nulls().to_numpy()
    middle, now = float(np.median(known)), time.time()
    places = {name: middle / per + start for name, (per, start) in COUNTS.items()}
    recent = (YEAR_S * 30, now + YEAR_S)
    fitting = [name for name, at in places.items() if _fits(name, at, now)]
    if not fitting:
        return None
    # Where two counts fit, the one that ends in our days is meant.
    names = sorted(fitting, key=lambda name: not recent[0] <= places[name] <= recent[1])
    seconds = _seconds(known, names[0])
    note = _rounded(written, names[0])
    if names[0].startswith("unix") and len(known) >= 0.5 * len(written):
        by_size = _by_size(known)
        in_range = (by_size >= PLAUSIBLE_S[0]) & (by_size <= PLAUSIBLE_S[1])
        units = np.rint(known[in_range] / by_size[in_range])
        _, n_each = np.unique(units, return_counts=True)
        if in_range.mean() > 0.95 and (n_each >= max(2, 0.01 * len(known))).sum() > 1:
            note = "The times are seconds, milliseconds and so on mixed: each is read by its size."
            names, seconds = [MIXED], by_size
    is_recent = ((seconds >= recent[0]) & (seconds <= recent[1])).mean()
    is_whole = bool((known % 1 == 0).all()) or names[0] in ("excel_days", "julian_days")
    varied = len(np.unique(known)) >= 0.2 * len(known)
    plausible = float(is_recent) * (1 if is_whole else 0.6) * (1 if varied else 0.5)
    plausible *= 0.6 if names[0] in ("excel_days", "julian_days") else 1
    others = tuple(names[1:]) if "apple_s" in names else ()
    return NumberGuess(names[0], others, readable, plausible, note)


def read_count(values: pl.Series, name: str) -> pl.DataFrame:
    """Return `WALL` and `STATED` of numbers that count what `name` says."""
    seconds = pl.Series(_seconds(time_numbers(values).to_numpy(), name), dtype=pl.Float64)
    # A spreadsheet keeps 02:00 as 0.08333333333: the second that it means is the nearest one.
    step = 1e6 if name in ("excel_days", "julian_days") else 1.0
    moment = pl.when(pl.col("s").is_finite() & (pl.col("s").abs() < MAX_S)).then(
        (pl.col("s") * (1e6 / step)).round() * step
    )
    stated = pl.lit(None if name in LOCAL else 0, pl.Int16)
    return pl.DataFrame({"s": seconds}).select(
        moment.cast(pl.Int64).cast(pl.Datetime("us")).alias(WALL), stated.alias(STATED)
    )


def _fits(name: str, at: float, now: float) -> bool:
    if name in ("apple_s", "webkit_us", "filetime", "dotnet_ticks"):
        return 4 * YEAR_S + COUNTS["apple_s"][1] <= at <= now + YEAR_S
    if name == "excel_days":
        return 0 <= at <= 2.8e9
    return PLAUSIBLE_S[0] <= at <= PLAUSIBLE_S[1]


def _seconds(numbers: np.ndarray, name: str) -> np.ndarray:
    if name == MIXED:
        return _by_size(numbers)
    per, start = COUNTS[name]
    return numbers / per + start


def _by_size(numbers: np.ndarray) -> np.ndarray:
    size = np.abs(numbers)
    per = np.select([size < 1e11, size < 1e14, size < 1e17], [1.0, 1e3, 1e6], 1e9)
    return numbers / per


def _rounded(written: pl.Series, name: str) -> str:
    """Say how much of the times a spreadsheet's rounding has cost, if it is worth a word."""
    if written.dtype != pl.String:
        return ""
    text = written.str.strip_chars()
    is_short = text.str.contains(SCIENTIFIC)
    if share(is_short) > 0.5:
        # Of 1.67E+09 the last digit counts ten millions.
        parts = text.filter(is_short).str.extract_groups(SCIENTIFIC).struct.unnest()
        decimals, exponent = parts.select(
            pl.col("1").str.len_chars().fill_null(0).cast(pl.Int64), pl.col("2").cast(pl.Int64)
        )
        step = 10.0 ** int((exponent - decimals).min()) / COUNTS[name][0]  # type: ignore[arg-type]
    elif name == "excel_days":
        most = text.str.extract(r"[.,](\d+)$").str.len_chars().max()
        step = DAY_S / 10.0**most if isinstance(most, int) else 0.0
    else:
        return ""
    if step < COARSE_S:
        return ""
    words = f"{step:,.0f} seconds" + (f" ({step / 3600:,.1f} hours)" if step >= 3600 else "")
    return f"A spreadsheet has rounded the times: they come in steps of {words}. Export all digits."
