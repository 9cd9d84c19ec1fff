"""The past of somebody who is not in the data: visits added one by one, or pasted as text."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from strec import schema
from strec.split import Log

#: Rows of a pasted history that are read at most, and characters of it.
MOST_ROWS, MOST_CHARACTERS = 2_000, 200_000
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]+(\d{1,2}:\d{2})(?::\d{2})?)?")


@dataclass(frozen=True)
class Visit:
    """One check-in of a visitor: the code of an item, and a local time."""

    item: int
    when: datetime


def history(log: Log, visits: list[Visit], user: str = "visitor") -> pl.DataFrame:
    """Return visits as a canonical table, for `Recommender.answer`.

    Each visit is at its item's place, in the local time of the data.

    Parameters
    ----------
    log : Log
        The data: its vocabulary knows the items, its check-ins the offset from UTC.
    visits : list of Visit
        In any order.
    user : str
        An id to give to the visitor.

    Examples
    --------
    >>> from strec.split import Vocabulary, encode
    >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
    >>> history(log, [Visit(0, datetime(2024, 6, 5, 8))])["item_id"].to_list()
    ['cafe']
    """
    vocabulary = log.vocabulary
    codes = np.array([visit.item for visit in visits], dtype=int)
    offset = int(np.median(log.offset_min))
    nan_as_null = pl.col(schema.LAT, schema.LON).fill_nan(None)
    table = pl.DataFrame(
        {
            schema.USER: [user] * len(visits),
            schema.ITEM: vocabulary.item_ids(codes),
            schema.TIME: pl.Series(
                [visit.when - timedelta(minutes=offset) for visit in visits],
                dtype=pl.Datetime("us"),
            ).dt.replace_time_zone("UTC"),
            schema.OFFSET: pl.Series([offset] * len(visits), dtype=pl.Int16),
            schema.LAT: pl.Series(vocabulary.item_lat[codes], dtype=pl.Float64),
            schema.LON: pl.Series(vocabulary.item_lon[codes], dtype=pl.Float64),
            schema.CATEGORY: vocabulary.item_categories(codes),
        }
    ).with_columns(nan_as_null)
    return schema.validate(table)


def parse_history(text: str, log: Log) -> tuple[list[Visit], list[str]]:
    """Read a pasted history: one line per visit, a time and the name or id of an item.

    Time and item come in any order, with a comma, a semicolon or a tab between:
    ``2024-06-05 18:30, Third Rail``.

    Returns
    -------
    tuple
        The visits, and what could not be read, in words, at most five entries.

    Examples
    --------
    >>> from strec.split import Vocabulary, encode
    >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
    >>> visits, problems = parse_history("2024-06-05 08:10, cafe\\nzoo; 2024-06-05", log)
    >>> len(visits), problems
    (1, ['line 2: no item is called “zoo”'])
    """
    known = _names(log)
    visits, problems = [], []
    lines = text[:MOST_CHARACTERS].splitlines()[:MOST_ROWS]
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = _TIME.search(line)
        if found is None:
            if number > 1:  # The first line may be a heading.
                problems.append(f"line {number}: no time like 2024-06-05 18:30")
            continue
        try:
            when = datetime.fromisoformat(f"{found[1]}T{(found[2] or '12:00').zfill(5)}")
        except ValueError:
            problems.append(f"line {number}: {found[0]} is no date")
            continue
        name = (line[: found.start()] + line[found.end() :]).strip(" ,;\t\"'")
        code = known.get(name.casefold())
        if code is None:
            problems.append(f"line {number}: no item is called “{name[:40]}”")
            continue
        visits.append(Visit(code, when))
    if len(problems) > 5:
        problems = [*problems[:4], f"and {len(problems) - 4:,} more lines"]
    return visits, problems


def nearest_item(log: Log, lat: float, lon: float) -> int | None:
    """Return the code of the item nearest to a place, None where no item has a place."""
    from strec.geo import distance_km

    km = distance_km(lat, lon, log.vocabulary.item_lat, log.vocabulary.item_lon)
    return None if np.isnan(km).all() else int(np.nanargmin(km))


def _names(log: Log) -> dict[str, int]:
    """Return codes by name and by id, in any case; an id goes before a name."""
    vocabulary = log.vocabulary
    names = {str(name).casefold(): code for code, name in enumerate(vocabulary.item_name)}
    return names | {str(item).casefold(): code for code, item in enumerate(vocabulary.items)}
