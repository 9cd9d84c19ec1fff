"""The columns of a database's table as those of check-ins: expressions, which it works out."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import polars as pl

from strec import schema
from strec.errors import MappingError
from strec.io import Mapping
from strec.io.zones import check_zone, offset_at
from strec.store.aggregates import FROM_CELL, FROM_ITEM, ITEM_CODE, STEP_KM, USER_CODE, WHO

_INSTANT = dt.Timestamp(timezone="UTC")
#: Of each column that is no text.
TYPES: dict[str, Any] = {
    schema.USER: "string", schema.ITEM: "string", schema.TIME: _INSTANT, schema.OFFSET: "int64",
    schema.LAT: "float64", schema.LON: "float64", schema.VALUE: "float64", WHO: "string",
    schema.HOUR_OF_WEEK: "int64", schema.LOCAL_DATE: "date", USER_CODE: "int64",
    ITEM_CODE: "int64", schema.CELL: "int64", FROM_ITEM: "int64", FROM_CELL: "int64",
    STEP_KM: "float32",
}  # fmt: skip
_TEXTS = (schema.CATEGORY, schema.ITEM_NAME, schema.EVENT, schema.TEXT, schema.IMAGE,
          schema.PLACE_ID, schema.PLACE_NAME)  # fmt: skip

#: What of a mapping an expression can say; anything else needs a copy.
_SAYS = {*schema.REQUIRED, *_TEXTS, schema.VALUE, "time_is", "time_zone", "offset_unit",
         "user_from"}  # fmt: skip
#: How typed columns are read anyway.
_OF_TYPES = {"coordinate_order": "lat_lon", "coordinate_form": "degrees", "decimal": "point",
             "returns": "count"}  # fmt: skip
_OFFSET_MINUTES = {"minutes": 1.0, "hours": 60.0, "seconds": 1 / 60}
#: Changes of clocks are looked for between these years, in steps that none of them is between.
_YEARS, _STEP = (1900, 2100), "15m"


def understood(mapping: Mapping | dict, time_zone: str | None) -> Mapping:
    """Return the mapping, or refuse what no expression can say.

    Parameters
    ----------
    mapping : Mapping or dict
        Which column is what.
    time_zone : str, optional
        In place of that of the mapping.

    Raises
    ------
    MappingError
        If user, item or time are missing, or something needs a copy of the table.

    Examples
    --------
    >>> understood({"user_id": "who", "item_id": "what", "timestamp": "at"}, "UTC").time_zone
    'UTC'
    """
    mapping = mapping if isinstance(mapping, Mapping) else Mapping.from_dict(mapping)
    if time_zone is not None:
        mapping = mapping.replace(time_zone=time_zone)
    if mapping.time_zone not in (None, "place"):
        check_zone(mapping.time_zone)
    said = {
        name: value for name, value in mapping.to_dict().items() if _OF_TYPES.get(name) != value
    }
    # Which form texts of time have; that the column is a time is seen by its type.
    said.pop("time_format", None)
    beyond = [f"{name}={said[name]}" for name in said if name not in _SAYS]
    beyond += ["time_zone=place"] if mapping.time_zone == "place" else []
    beyond += ["user_from=" + mapping.user_from] if mapping.user_from in ("row", "constant") else []
    if beyond:
        raise MappingError(
            "Of a database's table as it is, columns hold degrees, times, texts and numbers.",
            f"{', '.join(beyond)}.",
            "Give a query that makes such columns, or copy the table with strec clean.",
        )
    missing = [name for name in (schema.ITEM, schema.TIME) if name not in said]
    missing += [] if mapping.user_id or mapping.user_from else [schema.USER]
    if missing:
        raise MappingError(
            "A check-in has a user, an item and a time.",
            f"no column for {', '.join(missing)}.",
            "Name them in the mapping; where nobody is named, user_from='nobody'.",
        )
    return mapping


def as_checkins(
    rows: ir.Table, mapping: Mapping, ask: Callable[[ir.Table], pl.DataFrame]
) -> ir.Table:
    """Return the rows that are check-ins, with their columns as expressions.

    Parameters
    ----------
    rows : ibis Table
        Of a database.
    mapping : Mapping
        From `understood`.
    ask : callable
        Runs an expression: the first and the last time are asked for.
    """
    item = _id(rows, str(mapping.item_id))
    user = _id(rows, mapping.user_id) if mapping.user_id else ibis.literal(schema.NOBODY)
    utc, offset = _clock(rows, mapping, ask)
    local = utc + offset.as_interval("m")
    weekday, hour = local.day_of_week.index().cast("int64"), local.hour().cast("int64")
    columns: dict[str, Any] = {
        schema.USER: user,
        schema.ITEM: item,
        schema.TIME: utc,
        schema.OFFSET: offset,
        schema.HOUR_OF_WEEK: weekday * 24 + hour,
        schema.LOCAL_DATE: local.date(),
        WHO: user if mapping.user_id else ibis.null("string"),
    }
    columns |= _place(rows, mapping)
    for name, column in mapping.columns().items():
        if name in _TEXTS:
            columns[name] = _text(rows, column)
    if mapping.value:
        columns[schema.VALUE] = rows[mapping.value]
    typed = {name: value.cast(TYPES.get(name, "string")) for name, value in columns.items()}
    made = rows.select(**typed)
    return made.filter([made[name].notnull() for name in (schema.USER, schema.ITEM, schema.TIME)])


def _clock(
    rows: ir.Table, mapping: Mapping, ask: Callable[[ir.Table], pl.DataFrame]
) -> tuple[Any, Any]:
    """Return the time in UTC, without a zone, and the minutes that clocks were ahead of it."""
    written = cast(Any, rows[str(mapping.timestamp)])
    kind = written.type()
    if not isinstance(kind, dt.Timestamp | dt.Date):
        raise MappingError(
            "The time is a column of a type of time.",
            f"{mapping.timestamp} is {kind}.",
            "Give a query that makes it one, or copy the table with strec clean.",
        )
    stated = isinstance(kind, dt.Timestamp) and kind.timezone is not None
    wall = written.cast(_INSTANT).cast("timestamp") if stated else written.cast("timestamp")
    ends = ask(rows.agg(first=wall.min(), last=wall.max())).row(0)
    start, changes = _changes(mapping.time_zone or "UTC", *ends)
    own: Any = None
    if mapping.utc_offset_min:
        per = _OFFSET_MINUTES[mapping.offset_unit or "minutes"]
        offset = cast(ir.FloatingColumn, rows[mapping.utc_offset_min].cast("float64"))
        own = (offset * per).round().cast("int64")
    utc = wall
    if not stated and mapping.time_is != "utc":
        # A skipped hour is read with the offset before; of a repeated one the first is taken.
        on_clocks = [
            (at + timedelta(minutes=max(before, after)), before, after)
            for at, before, after in changes
        ]
        ahead = _stepwise(wall, start, on_clocks)
        utc = wall - (ahead if own is None else own.fill_null(ahead)).as_interval("m")
    offset = _stepwise(utc, start, changes)
    return utc, offset if own is None else own.fill_null(offset)


def _changes(
    zone: str, first: datetime | None, last: datetime | None
) -> tuple[int, list[tuple[datetime, int, int]]]:
    """Return the first offset in minutes, and each change: when (UTC), from what, to what."""
    day = timedelta(days=2)
    low, high = (datetime(year, 1, 1) for year in _YEARS)
    first, last = max((first or low), low) - day, min((last or low), high) + day
    moments = pl.datetime_range(first, max(first, last), _STEP, time_unit="us", eager=True)
    moments = moments.dt.truncate(_STEP)
    offsets = pl.DataFrame({"at": moments, "after": offset_at(moments, zone)})
    steps = offsets.with_columns(before=pl.col("after").shift())
    changes = steps.filter(pl.col("after") != pl.col("before")).select("at", "before", "after")
    return offsets["after"][0], changes.rows()


def _stepwise(time: Any, start: int, changes: list[tuple[datetime, int, int]]) -> Any:
    """Return what is in force at a time, as an expression; the changes are in their order."""
    if not changes:
        return ibis.literal(start, "int64")
    ends = [(time < ibis.literal(at, "timestamp"), before) for at, before, _ in changes]
    return ibis.cases(*ends, else_=changes[-1][2]).cast("int64")


def _text(rows: ir.Table, column: str) -> Any:
    return cast(Any, rows[column].cast("string")).strip().nullif("")


def _id(rows: ir.Table, column: str) -> Any:
    kind = rows[column].type()
    if isinstance(kind, dt.Floating | dt.Decimal) and not getattr(kind, "scale", 1) == 0:
        raise MappingError(
            "Ids are texts or whole numbers.",
            f"{column} is {kind}.",
            "Give a query that makes it one, or copy the table with strec clean.",
        )
    return _text(rows, column)


def _place(rows: ir.Table, mapping: Mapping) -> dict[str, Any]:
    """Return latitude and longitude, both null where they are none on the Earth."""
    none = ibis.null("float64")
    if not (mapping.lat and mapping.lon):
        return {schema.LAT: none, schema.LON: none}
    lat, lon = (cast(Any, rows[name].cast("float64")) for name in (mapping.lat, mapping.lon))
    is_place = lat.between(-90, 90) & lon.between(-180, 180)
    return {name: ibis.ifelse(is_place, value, none) for name, value in
            ((schema.LAT, lat), (schema.LON, lon))}  # fmt: skip
