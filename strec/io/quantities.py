"""Numbers and UTC offsets as people write them."""

import polars as pl

OFFSET_UNITS = {"minutes": 1.0, "hours": 60.0, "seconds": 1 / 60}
#: The largest UTC offset in use is 14 hours; local mean times of the past reach a little further.
MAX_OFFSET_MIN = 16 * 60
#: How a number shows which sign is before its decimals: by two signs, by other than three digits
#: behind one, or by a zero before it.
SHOWS_COMMA = r"\.\d{3},\d|^[^,]*,(\d{1,2}|\d{4,})\D*$|^\D*0,\d"
SHOWS_POINT = r",\d{3}\.\d|^[^.]*\.(\d{1,2}|\d{4,})\D*$|^\D*0\.\d"
#: A number that either reading fits: 1,234 or 1.234.
SHOWS_NEITHER = r"^\D*[1-9]\d{0,2}([.,]\d{3})+\D*$"
#: "+02:00", "-0500" (a sign and four digits are hours and minutes), "UTC-5".
OFFSET_PARTS = (
    r"^(?:UTC|GMT)?\s*([+-])(\d{1,2}):(\d{2})$|^(?:UTC|GMT)?\s*([+-])(0\d|1[0-4])([0-5]\d)$"
    r"|^(?:UTC|GMT)\s*([+-])(\d{1,2})$"
)
#: Hours and minutes in four digits behind a sign.
FOUR_DIGITS = r"^[+-](0\d|1[0-4])[0-5]\d$"
#: Texts that mean "no value".
MISSING = ("", "NA", "N/A", "n/a", "null", "NULL", "None", "nan", "NaN", "<NA>", "\\N", "-")
#: Made once, and asked of a frame of one column: each step on a column is a query of its own.
_IS_PRESENT = ~pl.first().is_in(MISSING)
_IS_UNREAD = pl.col("read").is_null() & ~pl.col("text").str.strip_chars().is_in(MISSING).fill_null(
    True
)


def share(flags: pl.Series) -> float:
    """Return the share of true values, nulls not counted; 0 where there is none.

    Examples
    --------
    >>> share(pl.Series([True, False, None])), share(pl.Series([], dtype=pl.Boolean))
    (0.5, 0.0)
    """
    n = len(flags) - flags.null_count()
    return int(flags.sum()) / n if n else 0.0


def absent(length: int, dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    """Return a column of nulls."""
    return pl.repeat(None, length, dtype=dtype, eager=True)


def present(values: pl.Series) -> pl.Series:
    """Return the values that mean something; texts lose the blanks around them."""
    if values.dtype != pl.String:
        return values.drop_nulls()
    text = values.str.strip_chars()
    return text.filter(text.to_frame().select(_IS_PRESENT).to_series())


def plain_numbers(values: pl.Series) -> pl.Series:
    """Return plain numbers (Float64), null where a value is none or not a number."""
    if values.dtype == pl.String:
        values = values.str.strip_chars()
    return values.cast(pl.Float64, strict=False).fill_nan(None)


def unread(values: pl.Series, read: pl.Series) -> pl.Series:
    """Tell which texts hold something that was not read."""
    if not read.null_count():
        return pl.repeat(False, len(read), eager=True)
    both = pl.DataFrame([values.alias("text"), read.alias("read")])
    return both.select(_IS_UNREAD).to_series()


def numbers_of(values: pl.Series, decimal: str | None = None) -> pl.Series:
    """Read numbers as people write them (Float64), null where it is none.

    Takes thousands separators (1,539 and 1.234,56), decimal commas, and currency signs. `decimal`
    says which sign is before the decimals in the whole column, ``point`` or ``comma``; without it
    each number decides for itself, and 1,539 and 1.539 are read as in English.

    Examples
    --------
    >>> numbers_of(pl.Series(["1,539", "1.234,56", "2,5", "€ 3.20", "x"])).to_list()
    [1539.0, 1234.56, 2.5, 3.2, None]
    >>> numbers_of(pl.Series(["1,539", "1.234", "2,5"]), "comma").to_list()
    [1.539, 1234.0, 2.5]
    """
    if decimal == "comma" and values.dtype == pl.String:
        # A point that separates no thousands is left to be read as it is.
        points = values.str.contains(r"\.\d{3}(\D|$)") | ~values.str.contains(".", literal=True)
        bare = values.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        values = bare.zip_with(points, values)
    plain = plain_numbers(values)
    if values.dtype != pl.String:
        return plain
    missed = unread(values, plain)
    if not missed.any():
        return plain
    other = values.filter(missed).str.replace_all(r"^[^\d+\-.,]+|[^\d.,]+$|[\s'’]", "")
    as_english = other.str.contains(r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$")
    as_german = other.str.contains(r"^[+-]?[\d.]*,\d+$") & ~as_english
    german = other.str.replace_all(".", "", literal=True).str.replace(",", ".")
    repaired = german.zip_with(
        as_german, other.str.replace_all(",", "").zip_with(as_english, other)
    )
    return plain.scatter(missed.arg_true(), repaired.cast(pl.Float64, strict=False))


def offset_minutes(values: pl.Series, unit: str) -> pl.Series:
    """Read a column of UTC offsets as minutes (Int16), null where it is none.

    Takes numbers in `unit` (a key of `OFFSET_UNITS`), and text such as ``+02:00`` or ``UTC-5``.

    Examples
    --------
    >>> offset_minutes(pl.Series(["-240", "+02:00", "UTC-5", "x"]), "minutes").to_list()
    [-240, 120, -300, None]
    """
    minutes = plain_numbers(values) * OFFSET_UNITS[unit]
    read = minutes.set(minutes.abs() > MAX_OFFSET_MIN, None).round().cast(pl.Int16)
    if values.dtype != pl.String:
        return read
    text = values.str.strip_chars().str.replace("\u2212", "-")
    parts = text.str.extract_groups(OFFSET_PARTS).struct.unnest()
    spelled = parts.select(
        pl.coalesce(
            pl.col("1") + pl.col("2").str.pad_start(2, "0") + ":" + pl.col("3"),
            pl.when(unit != "seconds").then(pl.col("4") + pl.col("5") + ":" + pl.col("6")),
            pl.col("7") + pl.col("8").str.pad_start(2, "0"),
        )
    ).to_series()
    return pl.select(pl.coalesce(stated_minutes(spelled), read)).to_series()


def stated_minutes(text: pl.Series) -> pl.Series:
    """Return "+02:00", "-0700", "+09" or "Z" as minutes (Int16), null where there is none.

    Examples
    --------
    >>> stated_minutes(pl.Series(["+02:00", "-0730", "Z", None])).to_list()
    [120, -450, 0, None]
    """
    distinct = text.drop_nulls().unique()
    if distinct.is_empty():
        return absent(len(text), pl.Int16)
    minutes: list[int | None] = []
    for each in distinct:
        digits = each.strip("+-").replace(":", "")
        if digits.isdigit():
            sign = -1 if each.startswith("-") else 1
            minutes.append(sign * (int(digits[:2]) * 60 + int(digits[2:4] or 0)))
        else:
            minutes.append(0 if each else None)
    return text.replace_strict(distinct, pl.Series(minutes, dtype=pl.Int16), default=None)


def decimal_sign(values: pl.Series) -> tuple[str | None, bool]:
    """Return which sign is before the decimals of a column, and whether it could be the other.

    The first is ``comma`` or ``point`` where numbers show one of them alone, else None; the second
    tells that some numbers, such as 1,234, mean one thing with a comma and another with a point.

    Examples
    --------
    >>> decimal_sign(pl.Series(["1.234", "12,5"])), decimal_sign(pl.Series(["1,234", "7"]))
    (('comma', True), (None, True))
    """
    if values.dtype != pl.String:
        return None, False
    text = values.str.strip_chars()
    signs = {"comma": SHOWS_COMMA, "point": SHOWS_POINT}
    shown = [sign for sign, pattern in signs.items() if text.str.contains(pattern).any()]
    return (shown[0] if len(shown) == 1 else None), bool(text.str.contains(SHOWS_NEITHER).any())
