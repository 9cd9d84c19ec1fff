"""Raw columns to canonical check-ins, and the rows that cannot be check-ins with the reason."""

from dataclasses import dataclass

import polars as pl

from strec import schema
from strec.io.infer_mapping import coordinates
from strec.io.json_lines import ROW, UNREADABLE
from strec.io.mapping import ZONE_OF_PLACE, Mapping
from strec.io.quantities import MISSING, numbers_of, offset_minutes
from strec.io.tables import FILE, SURPLUS
from strec.io.times import WALL, parse_time
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
    """Turn rows of a file into check-ins.

    Parameters
    ----------
    raw : polars.DataFrame
        `ROW` and the raw columns, shape ``(n, 1 + n_columns)``.
    mapping : Mapping
        InferredMapping: see `strec.io.infer_mapping`.
    columns : list of str
        The raw columns to show of a rejected row.

    Returns
    -------
    Converted
        Canonical check-ins in the order of the file; rejected rows (`row` from 1, `file` where
        there are several, `reason`, raw columns as text); and the counts. Blank lines are neither.

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
    content = pl.any_horizontal(pl.col(columns).is_not_null())
    raw = raw.filter(content | _has(raw, SURPLUS) | _has(raw, UNREADABLE))
    lat, lon, n_repaired = coordinates(raw, mapping)
    bad_place = _unreadable(raw, mapping.lat, lat if mapping.coordinate_order != "lon_lat" else lon)
    bad_place |= _unreadable(
        raw, mapping.lon, lon if mapping.coordinate_order != "lon_lat" else lat
    )
    half = lat.is_null() != lon.is_null()
    place = pl.DataFrame({"lat": lat, "lon": lon}).with_columns(
        pl.when(half).then(None).otherwise(pl.col(name)).alias(name) for name in ("lat", "lon")
    )
    parsed = parse_time(raw[mapping.timestamp], mapping.time_format)
    offsets = None
    if mapping.utc_offset_min:
        offsets = offset_minutes(raw[mapping.utc_offset_min], mapping.offset_unit or "minutes")
    clock, counts = resolve(parsed, offsets, _zones(mapping, place), mapping.time_is or "local")
    value = numbers_of(raw[mapping.value], mapping.decimal) if mapping.value else None
    table = pl.DataFrame(
        {
            schema.USER: _user(raw, mapping),
            schema.ITEM: _item(raw, mapping, place),
            schema.TIME: clock[UTC].dt.replace_time_zone("UTC"),
            schema.OFFSET: clock[OFFSET].fill_null(0).cast(pl.Int16),
            schema.LAT: place["lat"],
            schema.LON: place["lon"],
            **_optional(raw, mapping, value),
        }
    )
    reason = _reasons(raw, mapping, table, parsed[WALL], bad_place)
    good = reason.is_null()
    noticed = {
        "skipped": counts.skipped,
        "double": counts.double,
        "half_places": int((half & good).sum()),
        "repaired_coordinates": n_repaired,
        "no_offset": int((offsets.is_null() & good).sum()) if offsets is not None else 0,
        "bad_values": _n_bad(raw, mapping.value, value),
        "surplus": raw.select((_has(raw, SURPLUS) & good).sum()).item(),
    }
    return Converted(
        schema.validate(table.filter(good)), _rejected(raw, ~good, reason, columns), noticed
    )


def _has(raw: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name).is_not_null() if name in raw.columns else pl.lit(False)


def _zones(mapping: Mapping, place: pl.DataFrame) -> pl.Series | str:
    if mapping.time_zone == ZONE_OF_PLACE:
        return zones_of(place["lat"], place["lon"])
    return mapping.time_zone or "UTC"


def _reasons(
    raw: pl.DataFrame,
    mapping: Mapping,
    table: pl.DataFrame,
    wall: pl.Series,
    bad_place: pl.Series,
) -> pl.Series:
    """Return why each row is no check-in, null where it is one."""
    no_item = NO_ITEM if mapping.item_id else NO_PLACE
    reason = (
        pl.when(_has(raw, UNREADABLE))
        .then(pl.lit(NOT_JSON))
        .when(table[schema.USER].is_null())
        .then(pl.lit(NO_USER))
        .when(bad_place)
        .then(pl.lit(BAD_PLACE))
        .when(table[schema.ITEM].is_null())
        .then(pl.lit(no_item))
        .when(_is_missing(raw[mapping.timestamp], wall))
        .then(pl.lit(NO_TIME))
        .when(wall.is_null())
        .then(pl.lit(BAD_TIME))
    )
    shifted = pl.when(_has(raw, SURPLUS)).then(pl.lit(SHIFTED)).otherwise(pl.lit(""))
    return raw.select((reason + shifted).cast(pl.String).alias("reason"))["reason"]


def _rejected(
    raw: pl.DataFrame, bad: pl.Series, reason: pl.Series, columns: list[str]
) -> pl.DataFrame:
    shown = [pl.col(name).cast(pl.String) for name in columns]
    shown += [pl.col(UNREADABLE).alias("line")] if UNREADABLE in raw.columns else []
    file = [pl.col(FILE).alias("file")] if FILE in raw.columns else []
    return raw.filter(bad).select(
        (pl.col(ROW).cast(pl.Int64) + 1).alias("row"), *file, reason.filter(bad), *shown
    )


def _is_missing(values: pl.Series, read: pl.Series) -> pl.Series:
    """Tell which values are absent, looking only where something was not read."""
    if values.dtype != pl.String or not read.has_nulls():
        return values.is_null()
    return values.is_null() | values.str.strip_chars().is_in(MISSING).fill_null(True)


def _unreadable(raw: pl.DataFrame, column: str | None, read: pl.Series) -> pl.Series:
    """Tell where a coordinate is written but is no number."""
    if column is None:
        return pl.Series([False]).new_from_index(0, len(raw))
    return read.is_null() & ~_is_missing(raw[column], read)


def _ids(values: pl.Series) -> pl.Series:
    """Return ids as text; whole floats lose their '.0', text keeps its leading zeros."""
    if values.dtype.is_float():
        values = values.fill_nan(None)
        whole = values.cast(pl.Int64, strict=False)
        is_whole = (whole.cast(pl.Float64) == values).fill_null(False)
        return pl.select(
            pl.when(is_whole).then(whole.cast(pl.String)).otherwise(values.cast(pl.String))
        ).to_series()
    text = values.cast(pl.String).str.strip_chars()
    return pl.select(pl.when(~text.is_in(NO_ID)).then(text)).to_series()


def _user(raw: pl.DataFrame, mapping: Mapping) -> pl.Series:
    if mapping.user_id:
        return _ids(raw[mapping.user_id])
    if mapping.user_from == "row":
        number = (raw[ROW].cast(pl.Int64) + 1).cast(pl.String)
        return number + " " + raw[FILE] if FILE in raw.columns else number
    return pl.Series(["one user"]).new_from_index(0, len(raw))


def _item(raw: pl.DataFrame, mapping: Mapping, place: pl.DataFrame) -> pl.Series:
    if mapping.item_id:
        return _ids(raw[mapping.item_id])
    cells = schema.cells_of(place["lat"], place["lon"])
    distinct = cells.drop_nulls().unique()
    names = pl.Series([f"{cell:x}" for cell in distinct], dtype=pl.String)
    return cells.replace_strict(distinct, names, default=None, return_dtype=pl.String)


def _optional(raw: pl.DataFrame, mapping: Mapping, value: pl.Series | None) -> dict[str, pl.Series]:
    found = {}
    for name in schema.OPTIONAL:
        column = getattr(mapping, name)
        if column is not None:
            found[name] = value if name == schema.VALUE else _text(raw[column])
    return found


def _text(values: pl.Series) -> pl.Series:
    text = values.cast(pl.String).str.strip_chars()
    return pl.select(pl.when(text != "").then(text)).to_series()


def _n_bad(raw: pl.DataFrame, column: str | None, value: pl.Series | None) -> int:
    if column is None or value is None:
        return 0
    return int((value.is_null() & ~_is_missing(raw[column], value)).sum())
