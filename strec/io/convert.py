"""Raw columns to canonical check-ins, and the rows that cannot be check-ins with the reason."""

import polars as pl

from strec import schema
from strec.io.mapping import ZONE_OF_PLACE, Mapping
from strec.io.settle import coordinates
from strec.io.tables import ROW, SURPLUS, UNREADABLE
from strec.io.times import MISSING, WALL, parse_time
from strec.io.zones import OFFSET, UTC, resolve, zones_of

_PER_MINUTE = {"minutes": 1.0, "hours": 60.0, "seconds": 1 / 60}
#: Thousands separators: 1,539 and 1,234,567.
_THOUSANDS = r"^-?\d{1,3}(,\d{3})+(\.\d+)?$"


def convert(
    raw: pl.DataFrame, mapping: Mapping, columns: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int]]:
    """Turn rows of a file into check-ins.

    Parameters
    ----------
    raw : polars.DataFrame
        `ROW` and the raw columns.
    mapping : Mapping
        Settled: see `strec.io.settle.settle`.
    columns : list of str
        The raw columns to show of a rejected row.

    Returns
    -------
    tuple
        Canonical check-ins; rejected rows (`row`, `reason`, raw columns as text); and counts of
        what was noticed: `skipped` and `double` clock times, `half_places`.
    """
    blank = pl.all_horizontal(pl.col(columns).is_null())
    raw = raw.filter(~blank | _damaged(raw))
    lat, lon = coordinates(raw, mapping)
    unreadable_place = _unreadable(raw, mapping, lat, lon)
    if mapping.coordinate_order == "lon_lat" and mapping.lat != mapping.lon:
        lat, lon = lon, lat
    half = lat.is_null() != lon.is_null()
    place = pl.DataFrame({"lat": lat, "lon": lon}).with_columns(
        pl.when(half).then(None).otherwise(pl.col(name)).alias(name) for name in ("lat", "lon")
    )
    user, item = _user(raw, mapping), _item(raw, mapping, place)
    parsed = parse_time(raw[mapping.timestamp], mapping.time_format)
    zones = (
        zones_of(place["lat"], place["lon"])
        if mapping.time_zone == ZONE_OF_PLACE
        else mapping.time_zone or "UTC"
    )
    clock, counts = resolve(parsed, _offsets(raw, mapping), zones, mapping.time_is or "local")
    table = pl.DataFrame(
        {
            schema.USER: user,
            schema.ITEM: item,
            schema.TIME: clock[UTC].dt.replace_time_zone("UTC"),
            schema.OFFSET: clock[OFFSET].fill_null(0).cast(pl.Int16),
            schema.LAT: place["lat"],
            schema.LON: place["lon"],
            **_optional(raw, mapping),
        }
    )
    reason = _reasons(raw, mapping, user, item, parsed[WALL], unreadable_place)
    bad = reason.is_not_null()
    rejected = raw.filter(bad).select(
        (pl.col(ROW).cast(pl.Int64) + 1).alias("row"),
        reason.filter(bad).alias("reason"),
        *(pl.col(name).cast(pl.String) for name in columns),
    )
    noticed = {"skipped": counts.skipped, "double": counts.double, "half_places": int(half.sum())}
    return schema.validate(table.filter(~bad)), rejected, noticed


def _reasons(
    raw: pl.DataFrame,
    mapping: Mapping,
    user: pl.Series,
    item: pl.Series,
    wall: pl.Series,
    unreadable_place: pl.Series,
) -> pl.Series:
    no_time = _is_missing(raw[mapping.timestamp])
    chain = pl.when(_damaged(raw)).then(
        pl.lit("the line is damaged: more cells than the header, or not JSON")
    )
    chain = chain.when(user.is_null()).then(pl.lit("no user"))
    chain = chain.when(item.is_null()).then(pl.lit("no item"))
    chain = chain.when(no_time).then(pl.lit("no time"))
    chain = chain.when(wall.is_null()).then(pl.lit("the time is not understood"))
    chain = chain.when(unreadable_place).then(pl.lit("a coordinate is not a number"))
    return raw.select(chain.otherwise(None).cast(pl.String).alias("reason"))["reason"]


def _damaged(raw: pl.DataFrame) -> pl.Expr:
    marks = [pl.col(name).is_not_null() for name in (SURPLUS, UNREADABLE) if name in raw.columns]
    return pl.any_horizontal(marks) if marks else pl.lit(False)


def _is_missing(values: pl.Series) -> pl.Series:
    if values.dtype != pl.String:
        return values.is_null()
    return values.is_null() | values.str.strip_chars().is_in(MISSING).fill_null(True)


def _unreadable(
    raw: pl.DataFrame, mapping: Mapping, lat: pl.Series, lon: pl.Series
) -> pl.Series:
    if not mapping.lat:
        return pl.Series([False]).new_from_index(0, len(raw))
    return (lat.is_null() & ~_is_missing(raw[mapping.lat])) | (
        lon.is_null() & ~_is_missing(raw[mapping.lon])
    )


def _ids(values: pl.Series) -> pl.Series:
    """Return ids as text; whole floats lose their '.0', text keeps its leading zeros."""
    if values.dtype.is_float():
        whole = (values.fill_null(0) % 1 == 0).all()
        return values.cast(pl.Int64 if whole else pl.String, strict=False).cast(pl.String)
    text = values.cast(pl.String).str.strip_chars()
    return pl.select(pl.when(~_is_missing(text)).then(text)).to_series()


def _user(raw: pl.DataFrame, mapping: Mapping) -> pl.Series:
    if mapping.user_id:
        return _ids(raw[mapping.user_id])
    if mapping.user_from == "row":
        return (raw[ROW].cast(pl.Int64) + 1).cast(pl.String)
    return pl.Series(["one user"]).new_from_index(0, len(raw))


def _item(raw: pl.DataFrame, mapping: Mapping, place: pl.DataFrame) -> pl.Series:
    if mapping.item_id:
        return _ids(raw[mapping.item_id])
    cells = schema.cells_of(place["lat"], place["lon"])
    distinct = cells.drop_nulls().unique()
    names = pl.Series([f"{cell:x}" for cell in distinct], dtype=pl.String)
    if not len(distinct):
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(raw))
    return cells.replace_strict(distinct, names, default=None, return_dtype=pl.String)


def _offsets(raw: pl.DataFrame, mapping: Mapping) -> pl.Series | None:
    if not mapping.utc_offset_min:
        return None
    numbers = raw[mapping.utc_offset_min].cast(pl.Float64, strict=False)
    minutes = numbers * _PER_MINUTE[mapping.offset_unit or "minutes"]
    sane = minutes.abs() <= 960
    return pl.select(pl.when(sane).then(minutes.round()).cast(pl.Int16)).to_series()


def _optional(raw: pl.DataFrame, mapping: Mapping) -> dict[str, pl.Series]:
    found = {}
    for name in schema.OPTIONAL:
        column = getattr(mapping, name)
        if column is None:
            continue
        values = raw[column]
        found[name] = _numbers(values) if name == schema.VALUE else _text(values)
    return found


def _text(values: pl.Series) -> pl.Series:
    text = values.cast(pl.String).str.strip_chars()
    return pl.select(pl.when(text != "").then(text)).to_series()


def _numbers(values: pl.Series) -> pl.Series:
    if values.dtype != pl.String:
        return values.cast(pl.Float64, strict=False)
    text = values.str.strip_chars()
    text = pl.select(
        pl.when(text.str.contains(_THOUSANDS))
        .then(text.str.replace_all(",", ""))
        .otherwise(text.str.replace(",", "."))
    ).to_series()
    return text.cast(pl.Float64, strict=False).fill_nan(None)
