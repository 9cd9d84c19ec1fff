"""From check-ins to a panel: what is asked of the store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, cast

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from strec import schema
from strec.demand.assembling import assembled, difference, largest, named
from strec.demand.panels import WHAT, WHERE, Panel
from strec.errors import AnalysisError, check_choice
from strec.export import MIN_USERS, enough_people
from strec.store import Filters, HasStore, Store, aggregates, need_store
from strec.store.aggregates import ITEM_CODE

#: Older hours say little of next week, and cost time.
MOST_WEEKS = 26
#: The largest places are forecast one by one.
MOST_PLACES = 500
#: An hour at whose end the data stop counts only when they reach beyond this minute.
_LAST_MINUTE = 50


def panel(
    data: HasStore | Store,
    what: str = "checkins",
    where: str | None = None,
    *,
    resolution: int | None = None,
    areas: Any = None,
    filters: Filters | None = None,
    weeks: int = MOST_WEEKS,
    most: int = MOST_PLACES,
    min_users: int = MIN_USERS,
) -> Panel:
    """Count what happened per place and local hour, by one question to the store.

    Parameters
    ----------
    data : Dataset or Store
        Users need not be named.
    what : str
        Key of `WHAT`. `departures`, `arrivals` and `balance` need trips, `value` a value.
    where : str, optional
        Key of `WHERE`; by default hexagons where there are places, else one series.
    resolution : int, optional
        Of the hexagons; by default the size that hides little.
    areas : geopandas.GeoDataFrame, optional
        Polygons for `where="areas"`; a column `name` names them.
    filters : Filters, optional
        Which check-ins. Hours and weekdays cannot be left out.
    weeks : int
        The last so many weeks.
    most : int
        The largest so many places.
    min_users : int
        Places of fewer distinct users are left out, and hours of fewer are not shown.

    Raises
    ------
    AnalysisError
        If the store cannot answer, or nothing is left.

    Examples
    --------
    >>> from strec import Dataset
    >>> counted = panel(Dataset.sample("travel"), where="items", most=3)
    >>> counted.n_places, counted.unit
    (3, 'check-ins')
    """
    store = need_store(data)
    check_choice(what, WHAT, "What is forecast", AnalysisError)
    if where is None:
        where = "cells" if store.has_places else "all"
    check_choice(where, WHERE, "Where it is forecast", AnalysisError)
    filters = filters or Filters()
    _possible(store, what, filters)
    if len(store.users()) < min_users and not store.is_anonymous:
        min_users = 1  # Data of fewer people in all are their owner's.
    if what == "balance":
        sides = [
            panel(
                store, side, where, resolution=resolution, areas=areas, filters=filters,
                weeks=weeks, most=most * 2, min_users=min_users,
            )
            for side in ("arrivals", "departures")
        ]  # fmt: skip
        return difference(sides[0], sides[1], most)
    sided = replace(filters, side=what) if what in ("departures", "arrivals") else filters
    kept = store._kept(sided)
    keyed, names = _keyed(store, kept, where, resolution, areas)
    span, rows = _span(store, keyed, weeks)
    # In an order of their own, or answers that are kept would not be found again.
    sizes = store._count(rows, key=rows["place_key"]).set_index("key").sort_index()
    kept, notes = largest(sizes, most, min_users)
    if len(kept) < len(sizes):
        # What is not shown is not counted hour by hour: of many places that takes longest.
        rows = rows.filter(rows["place_key"].isin(cast(Any, kept.index.to_list())))
    found = _counted(store, rows, what)
    counts = {"users": "n_users", "value": "value"}.get(what, "n_checkins")
    made = assembled(found, counts, kept, span, named(kept, names, where), min_users)
    return replace(
        made, what=what, where=where, time_zone=store.time_zone, notes=(*notes, *made.notes)
    )


def usual_question(data: HasStore | Store) -> tuple[str, str]:
    """Return what is forecast, and where, before anybody has chosen: `what`, `where` of `panel`.

    Parameters
    ----------
    data : Dataset or Store
        Users need not be named.

    Examples
    --------
    >>> from strec import Dataset
    >>> usual_question(Dataset.sample("travel"))
    ('checkins', 'cells')
    """
    store = need_store(data)
    what = "departures" if store.has_trips else "checkins"
    return what, "cells" if store.has_places else "items"


def people_at(
    data: HasStore | Store,
    places: Sequence[str],
    since: Any,
    what: str = "checkins",
    where: str = "items",
    *,
    filters: Filters | None = None,
) -> tuple[pd.Series, int]:
    """Return how many distinct users each day had at some places, and all days from one on.

    What is shown of few people could point at one of them.

    Parameters
    ----------
    data, what, where, filters
        As in `panel`.
    places : sequence of str
        Ids as in `Panel.places`.
    since : date or str
        The first day of the second number.

    Returns
    -------
    tuple of pandas.Series and int
        Users by day (a timestamp), and the users of all days from `since` on.

    Examples
    --------
    >>> from strec import Dataset
    >>> travel = Dataset.sample("travel")
    >>> largest = panel(travel, where="items", most=3).places["place"]
    >>> by_day, together = people_at(travel, largest, "2024-06-05")
    >>> bool(by_day.max() <= together)
    True
    """
    store, filters = need_store(data), filters or Filters()
    sided = replace(filters, side=what) if what in ("departures", "arrivals") else filters
    rows, names = _keyed(store, store._kept(sided), where, None, None)
    if where == "cells":
        keys = [int(place, 16) for place in places]
    else:
        keys = names.loc[names["place"].isin(list(places)), "key"].tolist()
    rows = rows.filter(rows["place_key"].isin(cast(Any, keys)))
    day = rows[schema.LOCAL_DATE]
    found = store._run(aggregates.count(rows, day=day))
    lately = rows.filter(day >= ibis.literal(pd.Timestamp(since).date()))
    together = int(store._run(lately.agg(n=aggregates.who(lately).nunique()))["n"].iloc[0])
    return pd.Series(found["n_users"].to_numpy(), pd.to_datetime(found["day"])), together


def usual_resolution(store: Store) -> int:
    """Return the resolution of hexagons wide enough that hours differ by more than chance.

    Parameters
    ----------
    store : Store
        With places.

    Examples
    --------
    >>> from strec import Dataset
    >>> usual_resolution(Dataset.sample("travel").store)
    9
    """
    from strec import spatial

    return max(spatial.resolution_that_shows(need_store(store)) - 1, 0)


def _possible(store: Store, what: str, filters: Filters) -> None:
    """Refuse what this store cannot be asked."""
    if not store.has_clock:
        raise AnalysisError(
            "Demand per hour needs times with a clock.",
            f"{store.name}, whose times say only the day.",
            "Forecast its days on the Time page.",
        )
    if what in ("departures", "arrivals", "balance") and not store.has_trips:
        raise AnalysisError(
            f"{WHAT[what].capitalize()} need trips: where each began.",
            f"{store.name}, which says only where people were.",
            "Count check-ins, or map the columns of the start when reading the file.",
        )
    if what == "users":
        store.need_people()
    if what == "value":
        store._need(schema.VALUE)
    if filters.hours is not None or filters.weekdays is not None:
        raise AnalysisError(
            "A forecast goes through all hours of the week.",
            "filters that leave out hours or weekdays.",
            "Remove them in the sidebar; the other filters stay.",
        )


def _keyed(
    store: Store, kept: ir.Table, where: str, resolution: int | None, areas: Any
) -> tuple[ir.Table, pd.DataFrame]:
    """Return the check-ins with a column `place_key`, and how places are called, by that key."""
    if where == "all":
        names = pd.DataFrame({"key": [0], "place": ["all"], "name": ["Everywhere"]})
        return kept.mutate(place_key=ibis.literal(0, "int64")), names.assign(lat=np.nan, lon=np.nan)
    if where == "items":
        rows = kept.filter(kept[ITEM_CODE].notnull())
        items = store.items().to_pandas()
        names = pd.DataFrame({"key": np.arange(len(items)), "place": items["item_id"]})
        names["name"] = items["item_name"].fillna(items["item_id"])
        names[["lat", "lon"]] = items[["lat", "lon"]]
        return rows.mutate(place_key=aggregates.whole(rows, ITEM_CODE)), names
    if where == "shops":
        shops = store.shops(min_users=1)
        rows = kept.filter(kept[schema.PLACE_ID].notnull())
        shops = shops.rename(columns={"place_id": "place", "place_name": "name"})
        return rows.mutate(place_key=rows[schema.PLACE_ID]), shops.assign(key=shops["place"])
    store._need_places(resolution or 0)
    if where == "areas":
        return _in_areas(store, kept, areas)
    size = usual_resolution(store) if resolution is None else resolution
    rows = aggregates.placed(kept)
    return rows.mutate(place_key=aggregates.cell(rows, size)), _landmarks(store, size)


def _landmarks(store: Store, resolution: int) -> pd.DataFrame:
    """Return the largest named item of each hexagon: `key`, `name`; a hexagon is called by it."""
    from h3ronpy.vector import coordinates_to_cells

    items = store.items().to_pandas()
    # Where an item has no name its id may be one; that of a hexagon is none.
    ids = items["item_id"].mask(items["item_id"].str.fullmatch(schema.CELL_NAME))
    items["item_name"] = items["item_name"].fillna(ids)
    shown = items.dropna(subset=["lat", "lon", "item_name"])
    shown = shown[enough_people(shown)].sort_values("n_checkins", ascending=False, kind="stable")
    if shown.empty:
        return pd.DataFrame({"key": [], "name": []})
    lat, lon = (shown[name].to_numpy(dtype=float) for name in ("lat", "lon"))
    cells = np.asarray(coordinates_to_cells(lat, lon, resolution))
    named = shown.assign(key=cells.astype("int64")).drop_duplicates("key")
    return named[["key", "item_name"]].rename(columns={"item_name": "name"})


def _in_areas(store: Store, kept: ir.Table, areas: Any) -> tuple[ir.Table, pd.DataFrame]:
    """Join the finest cells with the polygons that hold their centres."""
    import geopandas

    known = isinstance(areas, geopandas.GeoDataFrame)
    if not known or areas.empty:
        raise AnalysisError(
            "Areas are polygons.",
            "none." if known or areas is None else f"a {type(areas).__name__}.",
            "Give a GeoDataFrame, for instance geopandas.read_file('areas.geojson').",
        )
    if not areas.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        raise AnalysisError(
            "Areas are polygons.",
            f"{', '.join(sorted(areas.geom_type.dropna().unique())) or 'rows without any'}.",
            "Leave out what is no polygon.",
        )
    areas = areas.to_crs(4326) if areas.crs is not None else areas.set_crs(4326)
    areas = areas.reset_index(drop=True)
    cells = store.cells(schema.CELL_RESOLUTION, min_users=1)
    points = geopandas.GeoDataFrame(
        cells[["cell"]], geometry=geopandas.points_from_xy(cells["lon"], cells["lat"]), crs=4326
    )
    inside = points.sjoin(areas[["geometry"]], predicate="within").drop_duplicates("cell")
    if inside.empty:
        raise AnalysisError(
            "Areas must hold check-ins.", "none lies in them.", "Check their coordinates (WGS 84)."
        )
    lookup = pd.DataFrame(
        {"at_cell": inside["cell"].astype("int64"), "place_key": inside["index_right"].astype(int)}
    )
    rows = aggregates.placed(kept)
    rows = rows.mutate(at_cell=aggregates.cell(rows, schema.CELL_RESOLUTION))
    joined = rows.join(ibis.memtable(lookup), "at_cell")
    centres = areas.geometry.representative_point()
    named = areas["name"] if "name" in areas else pd.Series([f"Area {n + 1}" for n in areas.index])
    names = pd.DataFrame({"key": areas.index, "place": named.astype(str), "name": named})
    return joined, names.assign(lat=centres.y, lon=centres.x)


def _span(
    store: Store, rows: ir.Table, weeks: int
) -> tuple[tuple[pd.Timestamp, pd.Timestamp], ir.Table]:
    """Return the first and the last hour that are counted, and the check-ins between them.

    The last hour is one that the data cover nearly to its end.
    """
    day = cast(ir.DateColumn, rows[schema.LOCAL_DATE])
    days = store._run(rows.agg(first=day.min(), last=day.max())).iloc[0]
    if days.isna().any():
        raise AnalysisError(
            "Demand needs check-ins.", "none is left.", "Loosen the filters, or map more columns."
        )
    # The clock is read on the first and the last day alone: of all it takes as long as counting.
    outer = rows.filter(day.isin([_date(days["first"]), _date(days["last"])]))
    time = cast(ir.TimestampColumn, outer[schema.TIME]).epoch_seconds().cast("int64")
    local: Any = time + cast(Any, outer[schema.OFFSET].cast("int64")) * 60
    ends = store._run(outer.agg(first=local.min(), last=local.max())).iloc[0]
    hour = pd.Timedelta("1h")
    begin, end = (pd.Timestamp(int(ends[name]), unit="s") for name in ("first", "last"))
    last = end.floor("h") if end.minute >= _LAST_MINUTE else end.floor("h") - hour
    first = max(begin.floor("h"), last - (168 * weeks - 1) * hour)
    clock, after = cast(Any, aggregates.hour(rows)), last + hour
    return (first, last), rows.filter(
        (day > _date(first)) | ((day == _date(first)) & (clock >= first.hour)),
        (day < _date(after)) | ((day == _date(after)) & (clock < after.hour)),
    )


def _date(moment: Any) -> date:
    return pd.Timestamp(moment).date()


def _counted(store: Store, rows: ir.Table, what: str) -> pd.DataFrame:
    """Return `key`, `day`, `hour`, `n_checkins`, `n_users` and, for a value, its sum."""
    keys = {
        "key": rows["place_key"],
        "day": cast(ir.DateColumn, rows[schema.LOCAL_DATE]),
        "hour": aggregates.hour(rows).cast("int8"),
    }
    amount = (
        cast(ir.FloatingColumn, rows[schema.VALUE].cast("float64")) if what == "value" else None
    )
    value = {} if amount is None else {"value": amount.sum()}
    by_user: Any = rows.group_by(user=aggregates.who(rows), **keys).agg(n=rows.count(), **value)
    # Small numbers, and not part by part: there may be millions of hours and places.
    sums = {"n_checkins": by_user["n"].sum(), "n_users": by_user["user"].count()}
    sums = {name: each.cast("int32") for name, each in sums.items()}
    if value:
        sums["value"] = by_user["value"].sum()
    return store._run(by_user.group_by(list(keys)).agg(**sums))
