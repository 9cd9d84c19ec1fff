"""Raw columns to canonical check-ins, and the rows that cannot be check-ins with the reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from strec import schema
from strec.errors import MappingError
from strec.io.json_lines import ROW, UNREADABLE
from strec.io.mapping import ZONE_OF_PLACE, Mapping
from strec.io.places import coordinates
from strec.io.quantities import MISSING, numbers_of, offset_minutes
from strec.io.returns import RETURNED, returned
from strec.io.tables import FILE, SURPLUS
from strec.io.times import STATED, WALL, parse_time
from strec.io.zones import OFFSET, UTC, resolve, zones_of

#: Texts that are no id. "NA" and "None" may be one: Namibia, or a track of that name.
NO_ID = ("", "null", "NULL", "nan", "NaN", "<NA>", "\\N")
NOT_JSON = "the line is not a JSON object"
NO_USER = "no user"
NO_ITEM = "no item"
NO_PLACE = "no place, which is the item here"
NO_TIME = "no time"
BAD_TIME = "the time is not understood"
BAD_PLACE = "a coordinate is not a number"
SHIFTED = " (the line has more cells than the header)"


@dataclass(frozen=True)
class Converted:
    """Check-ins of some rows; rejected rows with reasons; counts of what was noticed."""

    checkins: pl.DataFrame
    rejected: pl.DataFrame
    noticed: dict[str, int]


def convert(raw: pl.DataFrame, mapping: Mapping, columns: list[str]) -> Converted:
    """Turn rows of a file, by a mapping without open settings, into check-ins.

    Gives canonical check-ins in the order of the file; rejected rows (`row` from 1, `file` where
    there are several, `reason`, the raw columns as text); and counts. Blank lines are neither.

    Examples
    --------
    >>> raw = pl.DataFrame({ROW: [0, 1], "who": ["007", None], "what": ["a", "b"],
    ...                     "when": ["2024-05-01", "2024-05-01"]})
    >>> mapping = Mapping(user_id="who", item_id="what", timestamp="when", time_format="iso",
    ...                   time_is="local", time_zone="UTC")
    >>> done = convert(raw, mapping, ["who", "what", "when"])
    >>> done.checkins["user_id"].to_list(), done.rejected["reason"].to_list()
    (['007'], ['no user'])
    """
    if mapping.timestamp is None or mapping.time_format is None:
        raise MappingError(
            "A column with the time of each event is needed, and how it is written.",
            f"timestamp={mapping.timestamp!r}, time_format={mapping.time_format!r}.",
            "Complete the mapping: strec.inspect asks for what is open.",
        )
    content = pl.any_horizontal(pl.col(columns).is_not_null())
    raw = raw.filter(content | _has(raw, SURPLUS) | _has(raw, UNREADABLE))
    lat, lon, n_repaired = coordinates(raw, mapping)
    written = (lon, lat) if mapping.coordinate_order == "lon_lat" else (lat, lon)
    bad_place = _unreadable(raw, mapping.lat, written[0]) | _unreadable(
        raw, mapping.lon, written[1]
    )
    half = lat.is_null() != lon.is_null()
    place = pl.DataFrame({"lat": lat, "lon": lon}).with_columns(pl.when(~half).then(pl.all()))
    parsed = parse_time(raw[mapping.timestamp], mapping.time_format)
    offsets = None
    if mapping.utc_offset_min:
        offsets = offset_minutes(raw[mapping.utc_offset_min], mapping.offset_unit or "minutes")
    zones = mapping.time_zone or "UTC"
    if zones == ZONE_OF_PLACE:
        zones = zones_of(place["lat"], place["lon"])
    user = _user(raw, mapping)
    clock, counts = resolve(parsed, offsets, zones, mapping.time_is or "local", user)
    stated = parsed[STATED]
    n_unstated = stated.null_count() - parsed[WALL].null_count()
    is_mixed = mapping.time_is == "utc" and 0 < n_unstated < len(stated) and (stated != 0).any()
    read = {}
    n_bad_values = 0
    for name, column in mapping.columns().items():
        if name == schema.VALUE:
            read[name] = numbers_of(raw[column], mapping.decimal)
            n_bad_values = _unreadable(raw, column, read[name]).sum()
        elif name in (schema.ORIGIN_LAT, schema.ORIGIN_LON):
            continue
        elif name == schema.END_TIME:
            read[name] = _end(raw[column], mapping, offsets, zones)
        elif name in schema.OPTIONAL:
            read[name] = _text(raw[column], ("",))
    item = _item(raw, mapping, place)
    if not mapping.item_id and schema.ITEM_NAME not in read:
        read[schema.ITEM_NAME] = schema.cell_places(item)
    if mapping.origin_lat and mapping.origin_lon:
        origin = mapping.replace(lat=mapping.origin_lat, lon=mapping.origin_lon)
        at, along, _ = coordinates(raw, origin)
        half = at.is_null() != along.is_null()
        read[schema.ORIGIN_LAT], read[schema.ORIGIN_LON] = at.set(half, None), along.set(half, None)
    table = pl.DataFrame(
        {
            schema.USER: user,
            schema.ITEM: item,
            schema.TIME: clock[UTC].dt.replace_time_zone("UTC"),
            schema.OFFSET: clock[OFFSET].fill_null(0).cast(pl.Int16),
            schema.LAT: place["lat"],
            schema.LON: place["lon"],
            **{name: read[name] for name in schema.OPTIONAL if name in read},
        }
    )
    gives_back = returned(raw, mapping)
    missing_time = _is_missing(raw[mapping.timestamp], parsed[WALL])
    reasons = (
        (_has(raw, UNREADABLE), NOT_JSON),
        (table[schema.USER].is_null(), NO_USER),
        (bad_place, BAD_PLACE),
        (table[schema.ITEM].is_null(), NO_ITEM if mapping.item_id else NO_PLACE),
        (missing_time, NO_TIME),
        (parsed[WALL].is_null(), BAD_TIME),
        (gives_back & (mapping.returns == "aside"), RETURNED),
    )
    reason = _first_reason(raw, reasons)
    good = reason.is_null()
    noticed: dict[str, Any] = {
        "skipped": counts.skipped,
        "double": counts.double,
        "half_places": (half & good).sum(),
        "repaired_coordinates": n_repaired,
        "no_offset": (offsets.is_null() & good).sum() if offsets is not None else 0,
        "no_stated": n_unstated if is_mixed else 0,
        "bad_values": n_bad_values,
        "returns": (gives_back & good).sum() if mapping.returns is None else 0,
        "surplus": raw.select((_has(raw, SURPLUS) & good).sum()).item(),
    }
    rejected = _rejected(raw, ~good, reason, columns)
    return Converted(schema.validate(table.filter(good)), rejected, noticed)


def _first_reason(
    raw: pl.DataFrame, reasons: Iterable[tuple[pl.Expr | pl.Series, str]]
) -> pl.Series:
    """Return why each row is no check-in, null where it is one."""
    reasons = list(reasons)
    if not raw.select(pl.any_horizontal(flags for flags, _ in reasons).any()).item():
        return pl.repeat(None, len(raw), dtype=pl.String, eager=True).alias("reason")
    reason = pl.coalesce(pl.when(flags).then(pl.lit(text)) for flags, text in reasons)
    shifted = pl.when(_has(raw, SURPLUS)).then(pl.lit(SHIFTED)).otherwise(pl.lit(""))
    return raw.select((reason + shifted).alias("reason")).to_series()


def _rejected(
    raw: pl.DataFrame, bad: pl.Series, reason: pl.Series, columns: list[str]
) -> pl.DataFrame:
    own = ("row", "file", "reason", "line")
    shown = [
        pl.col(name).cast(pl.String).alias(f"{name} (column)" if name in own else name)
        for name in columns
    ]
    shown += [pl.col(UNREADABLE).alias("line")] if UNREADABLE in raw.columns else []
    file = [pl.col(FILE).alias("file")] if FILE in raw.columns else []
    row = (pl.col(ROW).cast(pl.Int64) + 1).alias("row")
    return raw.filter(bad).select(row, *file, reason.filter(bad), *shown)


def _has(raw: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name).is_not_null() if name in raw.columns else pl.lit(False)


def _is_missing(values: pl.Series, read: pl.Series) -> pl.Series:
    """Tell which values are absent, looking only where something was not read."""
    if values.dtype != pl.String or not read.has_nulls():
        return values.is_null()
    return values.is_null() | values.str.strip_chars().is_in(MISSING).fill_null(True)


def _unreadable(raw: pl.DataFrame, column: str | None, read: pl.Series) -> pl.Series:
    """Tell where a number is written but could not be read."""
    if column is None:
        return pl.repeat(False, len(raw), eager=True)
    return read.is_null() & ~_is_missing(raw[column], read)


def _text(values: pl.Series, none: tuple[str, ...]) -> pl.Series:
    """Return texts without the blanks around them; those that mean nothing are null."""
    text = values.cast(pl.String).str.strip_chars()
    # Few texts are as short as these, and hardly any is one of them.
    short = (text.str.len_bytes() <= max(map(len, none))).arg_true()
    mean_nothing = short.filter(text.gather(short).is_in(none)) if len(short) else short
    return text.scatter(mean_nothing, None) if len(mean_nothing) else text


def _ids(values: pl.Series) -> pl.Series:
    """Return ids as text; whole floats lose their '.0', text keeps its leading zeros."""
    if not values.dtype.is_float():
        return _text(values, NO_ID)
    values = values.fill_nan(None)
    whole = values.cast(pl.Int64, strict=False)
    is_whole = (whole.cast(pl.Float64) == values).fill_null(False)
    return whole.cast(pl.String).zip_with(is_whole, values.cast(pl.String))


def _end(
    values: pl.Series, mapping: Mapping, offsets: pl.Series | None, zones: str | pl.Series
) -> pl.Series:
    """Return when trips ended, in UTC; null where it is not understood."""
    parsed = parse_time(values, mapping.time_format or "iso")
    clock, _ = resolve(parsed, offsets, zones, mapping.time_is or "local")
    return clock[UTC].dt.replace_time_zone("UTC")


def _user(raw: pl.DataFrame, mapping: Mapping) -> pl.Series:
    if mapping.user_id:
        return _ids(raw[mapping.user_id])
    if mapping.user_from == "row":
        number = (raw[ROW].cast(pl.Int64) + 1).cast(pl.String)
        return number + " " + raw[FILE] if FILE in raw.columns else number
    who = schema.NOBODY if mapping.user_from == "nobody" else "one user"
    return pl.repeat(who, len(raw), eager=True)


def _item(raw: pl.DataFrame, mapping: Mapping, place: pl.DataFrame) -> pl.Series:
    if mapping.item_id:
        return _ids(raw[mapping.item_id])
    return schema.cell_names(place["lat"], place["lon"])
