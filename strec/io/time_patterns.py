"""Times by a pattern that a person types: strptime's, or one such as dd.MM.yyyy HH:mm."""

import re

import polars as pl

from strec.errors import MappingError
from strec.io.quantities import absent, stated_minutes
from strec.io.time_words import HALVES, months_in, plain_word
from strec.io.written_times import STATED, WALL

YEAR_DIRECTIVE = r"%[-_0]?[YyCFDcxs+]"
ENGLISH = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WORD = r"[ap]\.\s?m\b\.?|[^\W\d_]+\.?"
#: Parts of patterns that are words, and the letters that they stand for.
NAMES = (
    (r"HH?24", "HH"), (r"HH?12", "hh"), (r"(?i)month", "MMMM"), (r"(?i)mon", "MMM"), ("MI", "mm"),
    (r"[aA]\.?[mM]\.?|[pP]\.?[mM]\.?|tt|aa?|AA?", "a"),
)  # fmt: skip
#: What a letter means, and what it is to strptime by how often it is repeated.
SAME: dict[str, str] = dict(zip("YJjRDTtAeZXxkKFS", "yyyyddaaEzzzHhff", strict=True))
DIRECTIVES = {
    "y": {2: "%y", 4: "%Y"}, "d": {1: "%d", 2: "%d", 3: "%a", 4: "%A"},
    "M": {1: "%m", 2: "%m", 3: "%b", 4: "%B"}, "H": {1: "%H", 2: "%H"}, "h": {1: "%I", 2: "%I"},
    "m": {1: "%M", 2: "%M"}, "s": {1: "%S", 2: "%S"}, "f": {n: "%f" for n in range(1, 10)},
    "a": {1: "%p"}, "E": {3: "%a", 4: "%A"}, "z": {n: "%z" for n in range(1, 6)},
}  # fmt: skip


def strptime_of(pattern: str) -> str:
    """Return a pattern as strptime knows it.

    Behind an hour, the letters of a month mean minutes: DD/MM/YYYY HH:MM is understood.

    Raises
    ------
    MappingError
        If it is no pattern, or has no year.

    Examples
    --------
    >>> strptime_of("dd.MM.yyyy HH:mm"), strptime_of("DD-MON-RR HH.MI.SS AM")
    ('%d.%m.%Y %H:%M', '%d-%b-%y %I.%M.%S %p')
    """
    found = pattern if "%" in pattern else _translated(pattern)
    if re.search(YEAR_DIRECTIVE, found) is None:
        raise MappingError(
            "time_format is a named format, or a strptime pattern that has at least the year.",
            f"time_format={pattern!r}.",
            "Use iso, written, unix_s, unix_ms, day_first, month_first, or for instance "
            "'%d %b %Y %H:%M' or 'dd.MM.yyyy HH:mm'.",
        )
    return found.replace(".%f", "%.f")


def _translated(pattern: str) -> str:
    """Turn the letters of a pattern into directives; empty when one of them is none."""
    for name, letters in NAMES:
        pattern = re.sub(name, letters, pattern)
    written, last = "", ""
    for piece in re.finditer(r"'([^']*)'|([A-Za-z])\2*|[^A-Za-z']", pattern):
        text, letter = piece[0], piece[2]
        if letter is None or text == "T":
            written += piece[1] if piece[1] is not None else text
            continue
        key = SAME.get(letter, letter)
        if key in "mM":
            # Minutes follow an hour; otherwise it is the month.
            key = "m" if last in ("H", "h") or (letter == "m" and "%m" in written) else "M"
        elif key == "f" and "%S" not in written:
            key = "s"
        if len(text) not in DIRECTIVES.get(key, {}):
            return ""
        written, last = written + DIRECTIVES[key][len(text)], key
    if "%p" in written:
        return written.replace("%H", "%I")
    # Without a half of the day, hh means all 24 hours.
    return written.replace("%I", "%H")


def read_pattern(text: pl.Series, pattern: str) -> pl.DataFrame:
    """Return `WALL` and `STATED` of texts by a strptime pattern, null where it does not fit.

    Names of months and halves of the day may be in any of the languages of `time_words`.

    Examples
    --------
    >>> read_pattern(pl.Series(["3 juin 2023 09:27"]), "%d %B %Y %H:%M")[WALL].to_list()
    [datetime.datetime(2023, 6, 3, 9, 27)]
    """
    read = _strptime(text, pattern)
    missed = read[WALL].is_null() & text.is_not_null()
    if not (missed.any() and re.search(r"%[bBhp]", pattern)):
        return read
    words = text.filter(missed).str.extract_all(WORD).explode().unique().drop_nulls()
    plain = {word: re.sub(r"\W", "", plain_word(word)) for word in words}
    months = months_in(plain.values())
    halves = {half: half.upper() for half in ("am", "pm")}
    english = {
        word: ENGLISH[months[bare] - 1] if bare in months else halves[HALVES[bare]]
        for word, bare in plain.items()
        if bare in months or HALVES.get(bare) in halves
    }
    if not english:
        return read
    longest: list[str] = sorted(english, key=len, reverse=True)
    as_english = text.str.replace_many(longest, [english[word] for word in longest], leftmost=True)
    again = _strptime(as_english, pattern)
    return read.select(again[name].zip_with(missed, read[name]) for name in read.columns)


def _strptime(text: pl.Series, pattern: str) -> pl.DataFrame:
    read = text.str.to_datetime(pattern, time_unit="us", strict=False)
    frame = pl.DataFrame(
        {WALL: read.dt.replace_time_zone(None), STATED: absent(len(text), pl.Int16)}
    )
    if "%z" in pattern:
        stated = stated_minutes(text.str.extract(r"([+-]\d{2}:?\d{2}|Z)\D*$")).fill_null(0)
        frame = frame.with_columns(stated.alias(STATED)).with_columns(
            pl.col(WALL) + pl.duration(minutes=STATED)
        )
    elif re.search(r"(?<![%\w])(Z|UTC|GMT)$|%[SMf]Z$", pattern):
        frame = frame.with_columns(pl.lit(0, pl.Int16).alias(STATED))
    return frame.with_columns(pl.col(WALL).cast(pl.Datetime("us")))
