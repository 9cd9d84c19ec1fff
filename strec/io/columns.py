"""Guess which column of an unknown table is the user, the item, the time, the place."""

import polars as pl

from strec.io.column_synonyms import end_of, named
from strec.io.mapping import FIELDS, Mapping
from strec.io.places import decimals_share, degrees, is_pair
from strec.io.quantities import MISSING, numbers_of, offset_minutes
from strec.io.times import TimeGuess, detect_time

#: A column is a time, or a coordinate, when at least this share of its values reads as one.
SHARE = 0.8
#: Values looked at to tell what a column holds.
N_VALUES = 300
#: How the name of a picture ends, and how a web address begins.
PICTURE = r"(?i)\.(png|jpe?g|webp|gif|bmp|avif)([?#].*)?$"
WEB = r"(?i)^https?://"


def guess_mapping(
    sample: pl.DataFrame, given: Mapping | None = None
) -> tuple[Mapping, dict[str, float]]:
    """Guess the mapping of a table that is in no known format.

    Names in several languages propose, the content decides: a column called "time" that holds no
    times is no time, and coordinates are found without a name too.

    Parameters
    ----------
    sample : polars.DataFrame
        The first rows of the table.
    given : Mapping, optional
        What is known already: it stands, and its columns are not guessed to be anything else.

    Returns
    -------
    tuple of Mapping and dict
        The guess; and the confidence per field, 0 to 1 (1: a usual name and fitting content).

    Examples
    --------
    >>> sample = pl.DataFrame({"Kunde": ["1", "1"], "Filiale": ["a", "b"],
    ...                        "Datum": ["2024-05-01", "2024-05-02"]})
    >>> guess_mapping(sample)[0].to_dict()
    {'user_id': 'Kunde', 'item_id': 'Filiale', 'timestamp': 'Datum'}
    """
    given = given or Mapping()
    taken = given.columns()
    decided = {
        *taken,
        "user_id" if given.user_from else "",
        "item_id" if given.item_from_place else "",
    }
    free = [column for column in sample.columns if column not in taken.values()]
    looked = {column: _values(sample[column]) for column in free}
    times = {column: detect_time(values) for column, values in looked.items()}
    scores = {
        (field, column): score
        for field in FIELDS
        if field not in decided
        for column in looked
        if (score := _score(field, column, looked[column], times[column])) > 0
    }
    found, confidence = _assigned(scores)
    if not taken.keys() & {"lat", "lon"}:
        _places_by_content(looked, found, confidence)
    if "item_id" not in {*found, *decided} and "item_name" in found:
        found["item_id"] = found.pop("item_name")
        confidence["item_id"] = min(confidence.pop("item_name"), 0.6)
    for half in ("lat", "lon"):
        if not {"lat", "lon"} <= {*found, *taken}:
            found.pop(half, None)
            confidence.pop(half, None)
    return Mapping(**found).under(given), confidence | dict.fromkeys(taken, 1.0)


def rank_identities(sample: pl.DataFrame, columns: list[str]) -> list[str]:
    """Return the columns that may say who or what, likeliest first.

    Such a column repeats its values, and holds neither times nor decimals.

    Examples
    --------
    >>> frame = pl.DataFrame({"row": ["1", "2", "3"], "who": ["a", "a", "b"],
    ...                       "temp": ["0.5", "1.25", "0.5"]})
    >>> rank_identities(frame, frame.columns)
    ['who', 'row', 'temp']
    """

    def rank(column: str) -> tuple[int, float]:
        values = _values(sample[column])
        if not len(values):
            return 3, 0
        plain = numbers_of(values).drop_nulls()
        if detect_time(values).share >= SHARE or (len(plain) and (plain % 1 != 0).mean() > 0.2):
            return 2, 0
        repeats = 1 - values.n_unique() / len(values)
        return (0 if repeats > 0 else 1), -min(repeats, 0.95)

    return sorted(columns, key=rank)


def _values(values: pl.Series) -> pl.Series:
    """Return some values that are present."""
    present = values.drop_nulls()
    if present.dtype == pl.String:
        present = present.filter(~present.str.strip_chars().is_in(MISSING))
    return present.head(N_VALUES)


def _assigned(scores: dict[tuple[str, str], float]) -> tuple[dict[str, str], dict[str, float]]:
    """Give each field its best column, each column to one field; ends of a trip stay together."""
    found: dict[str, str] = {}
    confidence: dict[str, float] = {}
    items = {column: s - 0.1 * (end_of(column) == 0) for (f, column), s in scores.items()
             if f == "item_id"}  # fmt: skip
    end = end_of(max(items, key=items.get)) if items else None
    for (field, column), score in scores.items():
        own = end_of(column)
        if field in ("item_id", "lat", "lon", "item_name") and own is not None:
            # Without a named item a trip is told by where it goes.
            shift = 0.1 if own == (1 if end is None else end) else -0.1
            scores[field, column] = min(max(score + shift, 0.05), 1.0)
    for (field, column), score in sorted(scores.items(), key=lambda entry: -entry[1]):
        if field not in found and column not in found.values():
            found[field], confidence[field] = column, round(score, 2)
    return found, confidence


def _score(field: str, column: str, values: pl.Series, time: TimeGuess) -> float:
    """Return how well a column fits a field: by its name, refused or helped by its content."""
    name = named(field, column)
    if field == "timestamp":
        return _score_time(name, time)
    if field == "image":
        return _score_image(name, values)
    if not name or not len(values):
        return name
    if field in ("lat", "lon", "value", "utc_offset_min"):
        return name * _readable(field, values)
    is_time = time.share >= SHARE and (time.time_format == "iso" or time.ambiguous)
    if field in ("user_id", "item_id", "category") and is_time and values.dtype != pl.Int64:
        return 0
    if field == "category" and len(values) > 50 and values.n_unique() > 0.9 * len(values):
        return 0
    return name


def _score_time(name: float, time: TimeGuess) -> float:
    if time.share < SHARE or (time.time_format is None and not time.ambiguous):
        return 0
    is_number = (time.time_format or "").startswith(("unix", "excel"))
    # Any number may be a count of seconds; only a date is a time without being called one.
    return 0.5 + name / 2 if name or not is_number else 0


def _score_image(name: float, values: pl.Series) -> float:
    """Return how well a column names pictures: a usual name is believed of web addresses too."""
    if values.dtype != pl.String or not len(values):
        return 0
    plain = values.str.strip_chars()
    if plain.str.contains(PICTURE).mean() >= SHARE:
        return 0.5 + name / 2
    is_web = plain.str.contains(WEB).mean() >= SHARE
    return name if is_web else 0


def _readable(field: str, values: pl.Series) -> float:
    """Return the share of values that are numbers, 0 when they are too few or too large."""
    if field == "utc_offset_min":
        numbers = offset_minutes(values, "minutes")
    elif field == "value":
        numbers = numbers_of(values)
    elif is_pair(values):
        return 0
    else:
        numbers = degrees(values)[0]
    share = 1 - numbers.null_count() / len(values)
    return share if share >= SHARE else 0


def _places_by_content(
    looked: dict[str, pl.Series], found: dict[str, str], confidence: dict[str, float]
) -> None:
    """Find coordinates that no name gives away: a pair in one column, or two with decimals."""
    if {"lat", "lon"} <= found.keys():
        return
    free = [name for name in looked if name not in found.values()]
    for name in free:
        if len(looked[name]) and is_pair(looked[name]):
            found["lat"] = found["lon"] = name
            confidence["lat"] = confidence["lon"] = 0.7
            return
    fine = []
    for name in free:
        numbers = degrees(looked[name])[0].drop_nulls()
        if (
            len(numbers) >= max(0.8 * len(looked[name]), 1)
            and numbers.abs().max() <= 180
            and decimals_share(numbers.to_numpy()) > 0.8
        ):
            fine.append(name)
    if len(fine) == 2:
        found["lat"], found["lon"] = fine
        confidence["lat"] = confidence["lon"] = 0.4
