"""The vocabulary of strec as columns: what a check-in table is.

A *check-in* is one event: a user, an item, a time, a place. Every table inside strec is a
Polars frame with the columns below; local time is ``timestamp + utc_offset_min``.
"""

import re
from collections.abc import Iterable
from datetime import time

import numpy as np
import polars as pl
from h3ronpy.vector import cells_to_coordinates, coordinates_to_cells

from strec.errors import SchemaError, check_is

USER = "user_id"
ITEM = "item_id"
TIME = "timestamp"
OFFSET = "utc_offset_min"
LAT = "lat"
LON = "lon"
CATEGORY = "category"
ITEM_NAME = "item_name"
EVENT = "event"
VALUE = "value"
TEXT = "text"
IMAGE = "image"
# Where an item was had, when the item is not itself a place: the shop of a product.
PLACE_ID = "place_id"
PLACE_NAME = "place_name"
# A trip: where it began, and when it ended. Its `timestamp` is the start, its item the end.
ORIGIN_ID = "origin_id"
ORIGIN_NAME = "origin_name"
ORIGIN_LAT = "origin_lat"
ORIGIN_LON = "origin_lon"
END_TIME = "end_timestamp"
# Derived by `derive`, stored with the check-ins.
CELL = "cell"
SESSION = "session_id"
HOUR_OF_WEEK = "hour_of_week"
LOCAL_DATE = "local_date"

REQUIRED = {
    USER: pl.String,
    ITEM: pl.String,
    TIME: pl.Datetime("us", "UTC"),
    OFFSET: pl.Int16,
    LAT: pl.Float64,
    LON: pl.Float64,
}
OPTIONAL = {
    CATEGORY: pl.String,
    ITEM_NAME: pl.String,
    EVENT: pl.String,
    VALUE: pl.Float64,
    TEXT: pl.String,
    IMAGE: pl.String,
    PLACE_ID: pl.String,
    PLACE_NAME: pl.String,
    ORIGIN_ID: pl.String,
    ORIGIN_NAME: pl.String,
    ORIGIN_LAT: pl.Float64,
    ORIGIN_LON: pl.Float64,
    END_TIME: pl.Datetime("us", "UTC"),
}
DERIVED = {
    CELL: pl.UInt64,
    SESSION: pl.Int64,
    HOUR_OF_WEEK: pl.UInt8,
    LOCAL_DATE: pl.Date,
}

#: What a catalogue tells of an item.
CATALOGUE = {ITEM: pl.String, ITEM_NAME: pl.String, CATEGORY: pl.String, LAT: pl.Float64,
             LON: pl.Float64, TEXT: pl.String}  # fmt: skip
#: Columns that a model reads of where a trip began.
ORIGINS = (ORIGIN_ID, ORIGIN_LAT, ORIGIN_LON)
#: The user of every check-in of a table that names no person: such a table is *anonymous*.
NOBODY = ""

#: The finest H3 resolution stored: cells of about 130 m across.
CELL_RESOLUTION = 10
#: A session ends where the next check-in of the user comes more than this later.
SESSION_GAP_HOURS = 24
#: How H3 writes the name of a cell.
CELL_NAME = "8[0-9a-f]{14}"
#: Trips of nobody in particular that begin in one cell of this resolution (about 1 km across) are
#: looked at together, where their starts have no ids.
START_RESOLUTION = 8
#: With more distinct latitudes per row than this, each place is turned into its cell by itself.
_MOST_DISTINCT = 0.5


def validate(checkins: pl.DataFrame) -> pl.DataFrame:
    """Return the table with canonical columns in canonical order, or say what is wrong.

    Parameters
    ----------
    checkins : polars.DataFrame
        Any table; columns beyond the canonical ones are dropped, missing optional ones stay
        absent, `lat` and `lon` may be null, but only together.

    Returns
    -------
    polars.DataFrame
        Shape ``(n_checkins, 6 to 23)``: `REQUIRED`, then the `OPTIONAL` and `DERIVED` present.

    Raises
    ------
    SchemaError
        If a required column is missing, has another dtype, or holds nulls where none may be.

    Examples
    --------
    >>> validate(example()).columns[:3]
    ['user_id', 'item_id', 'timestamp']
    """
    check_is(checkins, pl.DataFrame, "A check-in table is a polars frame.", SchemaError)
    known = REQUIRED | OPTIONAL | DERIVED
    missing = [name for name in REQUIRED if name not in checkins.columns]
    if missing:
        raise SchemaError(
            f"A check-in table needs the columns {', '.join(REQUIRED)}.",
            f"columns {', '.join(checkins.columns) or '(none)'}; missing {', '.join(missing)}.",
            "Read the file with strec.read, which maps columns, or rename the columns.",
        )
    present = [name for name in known if name in checkins.columns]
    wrong = [
        f"{name} is {checkins.schema[name]}, needed {known[name]}"
        for name in present
        if checkins.schema[name] != known[name]
    ]
    if wrong:
        raise SchemaError(
            "Each column of a check-in table has one type.",
            "; ".join(wrong) + ".",
            "Cast the columns, or read the file with strec.read.",
        )
    nulls = {name: checkins[name].null_count() for name in (USER, ITEM, TIME, OFFSET)}
    alone = (checkins[LAT].is_null() != checkins[LON].is_null()).sum()
    if any(nulls.values()) or alone:
        parts = [f"{n:,} without {name}" for name, n in nulls.items() if n]
        parts += [f"{alone:,} with only one of lat and lon"] if alone else []
        raise SchemaError(
            "Each check-in has a user, an item, a time and an offset; lat and lon come together.",
            ", ".join(parts) + ".",
            "Read the file with strec.read, which sets such rows aside with a reason.",
        )
    return checkins.select(present)


def catalogue(items: pl.DataFrame) -> pl.DataFrame:
    """Return a list of items as a *catalogue*: a row for each, sorted by its id.

    A catalogue says what there is, also of what nobody took yet.

    Parameters
    ----------
    items : polars.DataFrame
        ``item_id`` and, where known, ``item_name, category, lat, lon, text``; other columns are
        dropped. Of an item that comes twice the first row counts; one without an id is left out,
        and what lies on no place of the Earth has none.

    Returns
    -------
    polars.DataFrame
        Shape ``(n_items, 6)``: `CATALOGUE`.

    Raises
    ------
    SchemaError
        If it does not name its items.

    Examples
    --------
    >>> catalogue(pl.DataFrame({"item_id": ["pool", "pool"], "lat": 95.0, "lon": 7.0})).row(0)
    ('pool', None, None, None, None, None)
    """
    is_table = isinstance(items, pl.DataFrame)
    if not is_table or ITEM not in items.columns:
        found = f"columns {', '.join(items.columns)}" if is_table else type(items).__name__
        raise SchemaError(
            f"A catalogue is a polars frame that names its items in {ITEM}.",
            f"{found:.80}.",
            "Rename the column, or make a frame of the catalogue.",
        )
    on_earth = pl.col(LAT).is_between(-90, 90) & pl.col(LON).is_between(-180, 180)
    return (
        items.select(
            (pl.col(name) if name in items.columns else pl.lit(None))
            .cast(dtype, strict=False)
            .alias(name)
            for name, dtype in CATALOGUE.items()
        )
        .drop_nulls(ITEM)
        .unique(ITEM, keep="first", maintain_order=True)
        .sort(ITEM)
        .with_columns(pl.when(on_earth).then(pl.col(LAT, LON)))
    )


def is_anonymous(checkins: pl.DataFrame) -> bool:
    """Tell whether a table names no person: each user is `NOBODY`.

    Parameters
    ----------
    checkins : polars.DataFrame
        A canonical table (see `validate`).

    Examples
    --------
    >>> is_anonymous(example()), is_anonymous(example().with_columns(user_id=pl.lit(NOBODY)))
    (False, True)
    """
    return len(checkins) > 0 and bool((checkins[USER] == NOBODY).all())


def has_clock(checkins: pl.DataFrame) -> bool:
    """Tell whether the times have a clock: where each is a local midnight, they are mere dates.

    Parameters
    ----------
    checkins : polars.DataFrame
        A canonical table (see `validate`).

    Examples
    --------
    >>> days = example().with_columns(
    ...     timestamp=pl.lit("2024-05-01").str.to_datetime(time_zone="UTC"), utc_offset_min=0)
    >>> has_clock(example()), has_clock(days)
    (True, False)
    """
    clock = checkins.select(local_time().dt.time() != time(0)).to_series()
    return len(checkins) > 0 and bool(clock.any())


def subjects(checkins: pl.DataFrame) -> pl.Series:
    """Return in whose place each check-in speaks: the user, or a group where nobody is named.

    Parameters
    ----------
    checkins : polars.DataFrame
        A canonical table (see `validate`).

    Returns
    -------
    polars.Series
        Shape ``(n_checkins,)``, text: the user. In an anonymous table the start of the trip, its
        id or the name of its H3 cell, and `NOBODY`, which stands for everybody, where none is
        known.

    Examples
    --------
    >>> subjects(example()).unique().sort().to_list()
    ['ann', 'bob']
    >>> trips = example().with_columns(user_id=pl.lit(NOBODY), origin_id=pl.lit("station"))
    >>> subjects(trips).unique().to_list()
    ['station']
    """
    if not is_anonymous(checkins):
        return checkins[USER]
    return origins(checkins, START_RESOLUTION).fill_null(NOBODY).alias(USER)


def origins(checkins: pl.DataFrame, resolution: int = CELL_RESOLUTION) -> pl.Series:
    """Return where each trip began, as an id: its own, or the name of its H3 cell; null if unknown.

    Parameters
    ----------
    checkins : polars.DataFrame
        A canonical table (see `validate`).
    resolution : int
        Of the H3 cells that stand where a start has no id.

    Examples
    --------
    >>> trip = example()[:1].with_columns(origin_lat=pl.lit(40.7), origin_lon=pl.lit(-74.0))
    >>> origins(trip).to_list(), origins(example()).null_count()
    (['8a2a1072d697fff'], 4)
    """
    none = pl.repeat(None, len(checkins), dtype=pl.String, eager=True).alias(ORIGIN_ID)
    own = checkins[ORIGIN_ID] if ORIGIN_ID in checkins.columns else none
    if ORIGIN_LAT not in checkins.columns or not own.has_nulls():
        return own
    return own.zip_with(own.is_not_null(), cell_names(*origin_places(checkins), resolution))


def origin_places(checkins: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Return latitude and longitude of where trips began, null where unknown.

    Parameters
    ----------
    checkins : polars.DataFrame
        A canonical table (see `validate`).

    Examples
    --------
    >>> [places.to_list() for places in origin_places(example().head(1))]
    [[None], [None]]
    """
    none = pl.repeat(None, len(checkins), dtype=pl.Float64, eager=True)
    if ORIGIN_LAT not in checkins.columns or ORIGIN_LON not in checkins.columns:
        return none, none
    return checkins[ORIGIN_LAT], checkins[ORIGIN_LON]


def has_origins(columns: Iterable[str]) -> bool:
    """Tell whether a table with these columns holds trips: it says where they began.

    Parameters
    ----------
    columns : iterable of str
        Names of columns.

    Examples
    --------
    >>> has_origins(["user_id", "origin_id"]), has_origins(["user_id", "lat"])
    (True, False)
    """
    return ORIGIN_ID in columns or ORIGIN_LAT in columns


def item_place(columns: Iterable[str]) -> tuple[pl.Expr, pl.Expr]:
    """Return latitude and longitude of the item itself: null where it was had in a shop.

    Parameters
    ----------
    columns : iterable of str
        Names of columns of the table.

    Examples
    --------
    >>> bought = example().with_columns(place_id=pl.lit("shop 1"))
    >>> bought.select(item_place(bought.columns))["lat"].null_count()
    4
    """
    if PLACE_ID not in columns:
        return pl.col(LAT), pl.col(LON)
    own = pl.col(PLACE_ID).is_null() | (pl.col(PLACE_ID) == pl.col(ITEM))
    return pl.when(own).then(LAT).alias(LAT), pl.when(own).then(LON).alias(LON)


def derive(
    checkins: pl.DataFrame, *, in_order: bool = False, code: pl.Series | None = None
) -> pl.DataFrame:
    """Sort by user and time and add cell, session, hour of week and local date.

    Parameters
    ----------
    checkins : polars.DataFrame
        A canonical table (see `validate`).
    in_order : bool
        Whether the rows are sorted by user, time and item already; then they are not sorted again.
    code : polars.Series, optional
        Numbers of the items of rows in order, which make it quicker.

    Returns
    -------
    polars.DataFrame
        The same rows, sorted by user, time and item, with the `DERIVED` columns. `hour_of_week`
        counts from Monday 00:00 local time, 0 to 167; `session_id` counts from 0 over the whole
        table, and each check-in of `NOBODY` is one of its own; `cell` is null where the place is
        missing or not on Earth.

    Examples
    --------
    >>> derive(example())["hour_of_week"].to_list()
    [8, 9, 10, 32]
    """
    ordered = checkins if in_order else checkins.sort(USER, TIME, ITEM)
    local = local_time()
    new_session = (
        (pl.col(USER) != pl.col(USER).shift()).fill_null(True)
        | (pl.col(TIME).diff() > pl.duration(hours=SESSION_GAP_HOURS)).fill_null(False)
        | (pl.col(USER) == NOBODY)
    )
    return ordered.with_columns(
        cells_of(ordered[LAT], ordered[LON], code=code).alias(CELL),
        (new_session.cum_sum() - 1).cast(pl.Int64).alias(SESSION),
        hour_of_week(local).alias(HOUR_OF_WEEK),
        local.dt.date().alias(LOCAL_DATE),
    )


def hour_of_week(local: pl.Expr) -> pl.Expr:
    """Return the hour of the week of local times, 0 is Monday 00:00.

    Parameters
    ----------
    local : polars.Expr
        As from `local_time`.

    Examples
    --------
    >>> example().select(hour_of_week(local_time()))["timestamp"].to_list()
    [8, 9, 10, 32]
    """
    # 1970 began on a Thursday. Weekday and hour, each by the calendar, take three times as long.
    hours = local.cast(pl.Datetime("us")).to_physical() // 3_600_000_000
    return ((hours + 3 * 24) % 168).cast(pl.UInt8)


def local_time(column: str = TIME) -> pl.Expr:
    """Return the local wall-clock time of each check-in, a naive datetime, as an expression.

    Parameters
    ----------
    column : str
        The time: of the check-in, or `END_TIME` of a trip.

    Examples
    --------
    >>> example().select(local_time()).row(0)
    (datetime.datetime(2024, 6, 3, 8, 0),)
    """
    return pl.col(column).dt.replace_time_zone(None) + pl.duration(minutes=pl.col(OFFSET))


def cells_of(
    lat: pl.Series,
    lon: pl.Series,
    resolution: int = CELL_RESOLUTION,
    code: pl.Series | None = None,
) -> pl.Series:
    """Return the H3 cell of each place, null where it is missing or not on Earth.

    Parameters
    ----------
    lat, lon : polars.Series
        Degrees, shape ``(n,)``, may hold nulls.
    resolution : int
        H3 resolution, 0 (coarse) to 15 (fine).
    code : polars.Series, optional
        Whole numbers from 0; what has the same number is mostly in the same place, as an item is.

    Examples
    --------
    >>> cells_of(pl.Series([40.7, None, 95.0]), pl.Series([-74.0, None, 0.0])).null_count()
    2
    """
    places = pl.DataFrame({LAT: lat.cast(pl.Float64), LON: lon.cast(pl.Float64)})
    if code is not None and len(code):
        return _cells_by(places, code.to_numpy(), resolution)
    # Check-ins repeat places, and finding the distinct ones is cheaper than converting all; an
    # estimate of their number, which is cheap, tells whether it is worth it.
    n_distinct = int(places.select(pl.col(LAT).approx_n_unique()).item())
    if n_distinct > len(places) * _MOST_DISTINCT:
        return _cells_of_each(places, resolution)[CELL]
    distinct = _cells_of_each(places.unique(), resolution)
    return places.join(
        distinct, on=[LAT, LON], how="left", nulls_equal=True, maintain_order="left"
    )[CELL]


def cell_names(lat: pl.Series, lon: pl.Series, resolution: int = CELL_RESOLUTION) -> pl.Series:
    """Return the name of the H3 cell of each place, null where it is missing or not on Earth.

    Parameters
    ----------
    lat, lon, resolution
        As in `cells_of`.

    Examples
    --------
    >>> cell_names(pl.Series([40.7]), pl.Series([-74.0])).to_list()
    ['8a2a1072d697fff']
    """
    cells = cells_of(lat, lon, resolution)
    distinct = cells.drop_nulls().unique()
    names = pl.Series([f"{cell:x}" for cell in distinct], dtype=pl.String)
    return cells.replace_strict(distinct, names, default=None, return_dtype=pl.String)


def is_cell_name(text: str) -> bool:
    """Return whether a text is the name of an H3 cell.

    Parameters
    ----------
    text : str
        An id.

    Examples
    --------
    >>> is_cell_name("8a2a1072d697fff"), is_cell_name("cafe")
    (True, False)
    """
    return re.fullmatch(CELL_NAME, text) is not None


def cell_places(names: pl.Series) -> pl.Series:
    """Return where the centre of each H3 cell is, as people write it; null for a null.

    Parameters
    ----------
    names : polars.Series
        From `cell_names`, of the finest resolution: their centres differ in four digits.

    Examples
    --------
    >>> cell_places(pl.Series(["8a2a1072d697fff", None])).to_list()
    ['40.6997, -74.0003', None]
    """
    distinct = names.drop_nulls().unique()
    cells = np.array([int(name, 16) for name in distinct], dtype=np.uint64)
    centres = cells_to_coordinates(cells)
    degrees = zip(np.asarray(centres["lat"]), np.asarray(centres["lng"]), strict=True)
    written = pl.Series([f"{lat:.4f}, {lon:.4f}" for lat, lon in degrees], dtype=pl.String)
    return names.replace_strict(distinct, written, default=None, return_dtype=pl.String)


def _cells_by(places: pl.DataFrame, code: np.ndarray, resolution: int) -> pl.Series:
    """Return the cells of places by that of one place of each code; the others are looked up."""
    one = np.full(code.max() + 1, -1)
    one[code] = np.arange(len(code))
    own, there = np.flatnonzero(one >= 0), one[code]
    values = (places[name].to_numpy() for name in (LAT, LON))
    elsewhere = np.zeros(len(code), dtype=bool)
    for degrees in values:
        other = degrees[there]
        differs = degrees != other
        if differs.any():
            # What has no place is not elsewhere.
            differs &= ~(np.isnan(degrees) & np.isnan(other))
            elsewhere |= differs
    cell = _cells_of_each(places[one[own]], resolution)[CELL]
    position = np.zeros(len(one), dtype=np.uint32)
    position[own] = np.arange(len(own))
    cells = cell.gather(position[code])
    if not elsewhere.any():
        return cells
    rows = np.flatnonzero(elsewhere)
    others = places[rows]
    return cells.scatter(rows, cells_of(others[LAT], others[LON], resolution))


def _cells_of_each(places: pl.DataFrame, resolution: int) -> pl.DataFrame:
    lat_deg, lon_deg = (places[name].fill_null(float("nan")).to_numpy() for name in (LAT, LON))
    # NaN compares false, so a missing place is not on Earth either.
    on_earth = (np.abs(lat_deg) <= 90) & (np.abs(lon_deg) <= 180)
    values = np.zeros(len(places), dtype=np.uint64)
    if on_earth.any():
        cells = coordinates_to_cells(lat_deg[on_earth], lon_deg[on_earth], resolution)
        values[on_earth] = pl.Series(cells).to_numpy()
    known = pl.Series(on_earth)
    return places.with_columns(
        pl.when(known).then(pl.Series(CELL, values)).otherwise(None).alias(CELL)
    )


def example() -> pl.DataFrame:
    """Return four check-ins of two users in New York, for docstrings and tests."""
    return pl.DataFrame(
        {
            USER: ["ann", "ann", "bob", "bob"],
            ITEM: ["cafe", "office", "cafe", "park"],
            TIME: [
                "2024-06-03T12:00:00Z",
                "2024-06-03T13:30:00Z",
                "2024-06-03T14:00:00Z",
                "2024-06-04T12:00:00Z",
            ],
            OFFSET: [-240] * 4,
            LAT: [40.71, 40.75, 40.71, 40.78],
            LON: [-74.00, -73.99, -74.00, -73.97],
            CATEGORY: ["Coffee Shop", "Office", "Coffee Shop", "Park"],
        },
        schema_overrides={OFFSET: pl.Int16},
    ).with_columns(pl.col(TIME).str.to_datetime(time_unit="us", time_zone="UTC"))
