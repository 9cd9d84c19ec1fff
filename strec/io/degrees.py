"""Degrees as people write them: decimal commas, degree signs, sides, signs of many kinds."""

import polars as pl

from strec.io.quantities import unread

_SIDE = "NSEWO"
DEGREES_PARTS = (
    rf"^([{_SIDE}])?\s*([+-]?\d+(?:[.,]\d+)?)\s*[°º:]?\s*"
    r"(?:(\d+(?:[.,]\d+)?)\s*['′’´:]?\s*)?"
    rf"(?:(\d+(?:[.,]\d+)?)\s*(?:\"|″|”|''|′′)?\s*)?([{_SIDE}])?$"
)
#: Points for thousands, as a spreadsheet makes of 40.748817.
THOUSANDS = r"^[+-]?\d{1,3}([.,' ]\d{3}){2,}$"
#: 40d42m46s
IN_LETTERS = r"(\d)\s*D(?:EG)?\s*(\d+)\s*M(?:IN)?\s*([\d.]+)\s*S(?:EC)?"


def degrees(values: pl.Series) -> tuple[pl.Series, int]:
    """Read coordinates, null where a text is no number; and count the repaired ones.

    Takes numbers, and text such as ``40.7``, ``40,7``, ``40.7° N``, ``40°42'46"N``, ``74.0-``. Of
    40.748.817, which a spreadsheet has made of degrees, it is the whole number without the points.

    Examples
    --------
    >>> degrees(pl.Series(["40.7", "40,7", '73°59\\'24"W', "x"]))[0].to_list()
    [40.7, 40.7, -73.99, None]
    """
    if values.dtype != pl.String:
        return values.cast(pl.Float64, strict=False).fill_nan(None), 0
    text = values.str.strip_chars(' \t\u00a0"`')
    plain = text.cast(pl.Float64, strict=False).fill_nan(None)
    missed = unread(text, plain)
    if not missed.any():
        return plain, 0
    other = text.filter(missed).str.to_uppercase().str.strip_chars("'")
    other = other.str.replace_many(["\u2212", "–"], ["-", "-"]).str.replace(r"^([\d.,]+)-$", "-$1")
    other = other.str.replace(IN_LETTERS, "$1°$2'$3\"")
    bare = other.str.replace_all(r"[.,' ]", "").zip_with(other.str.contains(THOUSANDS), other)
    parts = bare.str.extract_groups(DEGREES_PARTS)
    whole, minutes, seconds = (_decimal(pl.col(name)) for name in ("2", "3", "4"))
    size = whole.abs() + minutes.fill_null(0) / 60 + seconds.fill_null(0) / 3600
    fits = (minutes.fill_null(0) < 60) & (seconds.fill_null(0) < 60)
    fits &= minutes.is_null() | (whole % 1 == 0)
    side = pl.coalesce("1", "5")
    minus, unclear = _sides(other)
    negative = pl.col("2").str.starts_with("-") | side.is_in(minus).fill_null(False)
    fits &= ~side.is_in(unclear).fill_null(False)
    # Rounded so that 73°59'24" is exactly 73.99, as a person expects.
    read = pl.when(fits).then(pl.when(negative).then(-size).otherwise(size).round(9))
    repaired = parts.struct.unnest().select(read).to_series()
    return plain.scatter(missed.arg_true(), repaired), len(repaired) - repaired.null_count()


def _sides(text: pl.Series) -> tuple[list[str], list[str]]:
    """Return the letters that mean south or west, and those that could mean either.

    O is east in German and Dutch (W and O), west in French, Spanish and Italian (O and E).
    """
    has_west, has_east = (text.str.contains(rf"^{side}|{side}$").any() for side in "WE")
    if has_west == has_east:
        return ["S", "W"], ["O"]
    return (["S", "W"], []) if has_west else (["S", "O"], [])


def _decimal(text: pl.Expr) -> pl.Expr:
    return text.str.replace(",", ".").cast(pl.Float64, strict=False)
