"""What was so on which date: a table of the person's own, and public holidays."""

import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from strec.demand import Calendar
from strec.errors import AnalysisError
from strec.io.files import open_files
from strec.io.tables import open_tables
from strec.io.times import WALL, detect_time, parse_time
from strec.parts import require

#: More is no table of dates.
MAX_DATES = 100_000


def read_dates(path: str | Path, name: str | None = None) -> pl.DataFrame:
    """Return the table of dates in a file, as `dependence_test` takes it.

    Parameters
    ----------
    path : str or Path
        A table of any kind that strec reads: one column of dates, a row per date, and columns of
        what was so, as words or as numbers.
    name : str, optional
        What the file is called in messages.

    Returns
    -------
    polars.DataFrame
        A date column, then the others.

    Raises
    ------
    AnalysisError
        If there is no column of dates that can be read without doubt, or nothing beside it.
    ReadError
        If the file is no table.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "weather.csv"
    ...     _ = file.write_text("date,rain_mm\\n2024-01-01,0\\n2024-01-02,3.5\\n")
    ...     read_dates(file).schema
    Schema([('date', Date), ('rain_mm', Float64)])
    """
    with open_files([path], [name] if name else None) as opened:
        table = open_tables(opened.files[0], opened, whole=True)[0]
        frame = table.lazy.select(table.columns).head(MAX_DATES).collect()
    key, reading = _column_of_dates(frame)
    day = parse_time(frame[key], reading)[WALL].cast(pl.Date).alias(key)
    if (twice := day.is_duplicated()).any():
        raise AnalysisError(
            "A table of dates has each date once.",
            f"{day.filter(twice)[0]:%Y-%m-%d} stands there several times.",
            "Give one row per date, for example the mean of its hours.",
        )
    return pl.DataFrame([day, *(_numbers(frame[name]) for name in frame.columns if name != key)])


def holidays_of(country: str, first: date, last: date) -> pl.DataFrame:
    """Return which dates of a country are public holidays: every date from the first to the last.

    Parameters
    ----------
    country : str
        Two letters of ISO 3166, such as US; with a part of it after a dash, such as US-NY.
    first, last : date
        Both included.

    Raises
    ------
    AnalysisError
        If there is no such country, or its holidays are not known.
    MissingPartError
        If the package that knows them is not installed.

    Examples
    --------
    >>> holidays_of("US", date(2024, 7, 3), date(2024, 7, 4))["public holiday"].to_list()
    ['no', 'yes']
    """
    day = pl.date_range(first, last, eager=True).alias("date")
    is_one = Calendar(country.strip().upper()).holidays(pd.DatetimeIndex(day.to_numpy()))
    return pl.DataFrame([day, pl.Series("public holiday", np.where(is_one, "yes", "no"))])


def countries() -> dict[str, str]:
    """Return the countries whose public holidays are known: a name by the two letters of each.

    Raises
    ------
    MissingPartError
        If the package that knows them is not installed.

    Examples
    --------
    >>> countries()["NZ"]
    'New Zealand'
    """
    require("holidays")
    from holidays.registry import COUNTRIES

    known = ((name, code) for name, code, *_ in COUNTRIES.values())
    return {code: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name) for name, code in sorted(known)}


def joined(dates: pl.DataFrame | None, more: pl.DataFrame) -> pl.DataFrame:
    """Return two tables of dates as one, with the column of dates of the first.

    Parameters
    ----------
    dates : polars.DataFrame or None
        A table of dates, if there is one.
    more : polars.DataFrame
        Another.

    Examples
    --------
    >>> one = pl.DataFrame({"day": [date(2024, 1, 1)], "rain": ["wet"]})
    >>> two = pl.DataFrame({"date": [date(2024, 1, 1)], "public holiday": ["yes"]})
    >>> joined(one, two).row(0)
    (datetime.date(2024, 1, 1), 'wet', 'yes')
    """
    if dates is None:
        return more
    key = next(name for name, dtype in dates.schema.items() if dtype == pl.Date)
    other = next(name for name, dtype in more.schema.items() if dtype == pl.Date)
    return dates.join(more.rename({other: key}), on=key, how="full", coalesce=True)


def _column_of_dates(frame: pl.DataFrame) -> tuple[str, str]:
    """Return the only column that can be dates, and how they are written."""
    guesses = {name: detect_time(frame[name]) for name in frame.columns}
    whole = {name: each for name, each in guesses.items()
             if each.share == 1.0 and not each.is_count}  # fmt: skip
    sure = [name for name, each in whole.items() if each.time_format and not each.ambiguous]
    if len(sure) == 1 and frame.width > 1:
        return sure[0], str(whole[sure[0]].time_format)
    if open_ := [name for name, each in whole.items() if each.ambiguous]:
        found = f"in {open_[0]} the day may come first or the month: {frame[open_[0]][0]}."
    else:
        found = f"{len(sure)} such columns among {', '.join(frame.columns[:8])}."
    raise AnalysisError(
        "A table of dates has one column of dates, such as 2024-01-31, and what was so on them.",
        found,
        "Give a table such as date, rain, with one row per date.",
    )


def _numbers(values: pl.Series) -> pl.Series:
    """Return text as numbers where all of it is."""
    if values.dtype != pl.String:
        return values
    blank = values.str.strip_chars().replace("", None)
    number = blank.cast(pl.Float64, strict=False)
    return number if number.null_count() == blank.null_count() else blank
