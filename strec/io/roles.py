"""Which column is what: each role is scored by the name of a column and by what it holds."""

import re
import tomllib
from pathlib import Path

import polars as pl

from strec.io.mapping import FIELDS, Mapping
from strec.io.places import decimals_share, degrees, is_pair
from strec.io.quantities import numbers_of, offset_minutes, present, share
from strec.io.times import TimeGuess, detect_time

_NAMES = tomllib.loads((Path(__file__).parents[1] / "data/column_names.toml").read_text("utf-8"))
#: Names of each field, and of each part of a time, likeliest first.
SYNONYMS: dict[str, list[str]] = {name: text.split() for name, text in _NAMES["fields"].items()}
TIME_PARTS: dict[str, list[str]] = {name: text.split() for name, text in _NAMES["parts"].items()}
#: RecBole writes the type of a column behind its name.
TYPE_SUFFIX = re.compile(r":(token|float|token_seq|float_seq)$")
#: First words of columns that belong to one end of a trip.
ENDS = dict.fromkeys(["start", "from", "origin", "pickup", "pu", "src"], 0) | dict.fromkeys(
    ["end", "to", "dest", "destination", "dropoff", "do", "target"], 1
)
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
    """Guess the mapping of a table that is in no known format, and how sure each field is.

    Names in several languages propose, the content decides: a column called "time" that holds no
    times is no time, and coordinates are found without a name too. What is given stands, and its
    columns are not guessed to be anything else. Confidence is 1 for a usual name that the content
    fits.

    Examples
    --------
    >>> sample = pl.DataFrame({"Kunde": ["1", "1"], "Filiale": ["a", "b"],
    ...                        "Datum": ["2024-05-01", "2024-05-02"]})
    >>> guess_mapping(sample)[0].to_dict()
    {'user_id': 'Kunde', 'item_id': 'Filiale', 'timestamp': 'Datum'}
    """
    given = given or Mapping()
    taken = given.columns()
    decided = set(taken) | ({"user_id"} if given.user_from else set())
    decided |= {"item_id"} if given.item_from_place else set()
    free = [column for column in sample.columns if column not in taken.values()]
    looked = {column: present(sample[column]).head(N_VALUES) for column in free}
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
    return Mapping().replace(**found).under(given), confidence | dict.fromkeys(taken, 1.0)


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
        values = present(sample[column]).head(N_VALUES)
        if values.is_empty():
            return 3, 0
        if detect_time(values).share >= SHARE or share(numbers_of(values) % 1 != 0) > 0.2:
            return 2, 0
        repeats = 1 - values.n_unique() / len(values)
        return (0 if repeats > 0 else 1), -min(repeats, 0.95)

    return sorted(columns, key=rank)


def named(field: str, column: str) -> float:
    """Return how well a column's name fits a field: 0 not at all, near 1 when it is usual.

    Examples
    --------
    >>> named("user_id", "User ID") > named("user_id", "venue of user") > 0
    True
    >>> named("timestamp", "下单时间") > 0, named("lat", "latency")
    (True, 0)
    """
    bare = TYPE_SUFFIX.sub("", column)
    name, words = plain(bare), SYNONYMS.get(field, [])
    if name in words:
        return 1 - 0.3 * words.index(name) / len(words)
    parts = tokens(bare)
    # Scripts without blanks between words are looked at letter by letter.
    inside = [word for word in words if word in parts or (not word.isascii() and word in name)]
    return 0.4 if inside else 0


def plain(column: str) -> str:
    """Return a column's name without case, blanks and punctuation."""
    return re.sub(r"[\W_]", "", column).lower()


def tokens(column: str) -> list[str]:
    """Return the words of a column's name.

    Examples
    --------
    >>> tokens("pickupStation_id")
    ['pickup', 'station', 'id']
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", column)
    return re.findall(r"[^\W_]+", spaced.lower())


def end_of(column: str) -> int | None:
    """Return which end of a trip a column belongs to: 0 the start, 1 the destination.

    Examples
    --------
    >>> end_of("start_lat"), end_of("dropoff_longitude"), end_of("latitude")
    (0, 1, None)
    """
    first = (tokens(column) or [""])[0]
    return ENDS.get(first)


def _assigned(scores: dict[tuple[str, str], float]) -> tuple[dict[str, str], dict[str, float]]:
    """Give each field its best column, each column to one field; ends of a trip stay together."""
    found: dict[str, str] = {}
    confidence: dict[str, float] = {}
    items = [
        (score - 0.1 * (end_of(column) == 0), column)
        for (field, column), score in scores.items()
        if field == "item_id"
    ]
    end = end_of(max(items, key=lambda item: item[0])[1]) if items else None
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
        is_written = time.time_format is not None or time.ambiguous
        is_number = (time.time_format or "").startswith(("unix", "excel"))
        # Any number may be a count of seconds; only a date is a time without being called one.
        fits = time.share >= SHARE and is_written and (name > 0 or not is_number)
        return 0.5 + name / 2 if fits else 0
    if field == "image":
        if values.dtype != pl.String:
            return 0
        if share(values.str.contains(PICTURE)) >= SHARE:
            return 0.5 + name / 2
        # A usual name is believed of web addresses too.
        return name if share(values.str.contains(WEB)) >= SHARE else 0
    if not name or values.is_empty():
        return name
    if field in ("lat", "lon", "value", "utc_offset_min"):
        return name * _readable(field, values)
    is_time = time.share >= SHARE and (time.time_format == "iso" or time.ambiguous)
    if field in ("user_id", "item_id", "category") and is_time and values.dtype != pl.Int64:
        return 0
    if field == "category" and len(values) > 50 and values.n_unique() > 0.9 * len(values):
        return 0
    return name


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
    readable = share(numbers.is_not_null())
    return readable if readable >= SHARE else 0


def _places_by_content(
    looked: dict[str, pl.Series], found: dict[str, str], confidence: dict[str, float]
) -> None:
    """Find coordinates that no name gives away: a pair in one column, or two with decimals."""
    if {"lat", "lon"} <= found.keys():
        return
    free = [name for name in looked if name not in found.values()]
    pairs, fine, sure = [name for name in free if is_pair(looked[name])], [], 0.4
    for name in free:
        numbers = degrees(looked[name])[0].drop_nulls().to_numpy()
        many = len(numbers) >= max(0.8 * len(looked[name]), 1)
        if many and abs(numbers).max() <= 180 and decimals_share(numbers) > 0.8:
            fine.append(name)
    if pairs:
        fine, sure = [pairs[0], pairs[0]], 0.7
    if len(fine) == 2:
        found["lat"], found["lon"] = fine
        confidence["lat"] = confidence["lon"] = sure
