"""From check-ins to a panel: how much happened at each place in each hour of local time."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from strec import schema
from strec.errors import AnalysisError, check_choice
from strec.export import MIN_USERS, enough_people
from strec.store import Filters, HasStore, Store, aggregates, need_store
from strec.store.aggregates import ITEM_CODE, USER_CODE
from strec.wording import plural

#: What is counted, and what one of it is called.
WHAT = {
    "checkins": "check-ins",
    "users": "distinct users",
    "departures": "departures",
    "arrivals": "arrivals",
    "balance": "more arrivals than departures",
    "value": "value",
}
#: Where it is counted.
WHERE = {
    "items": "items that are places: stations, venues",
    "shops": "shops: where items were had that are no places themselves",
    "cells": "hexagons of one width",
    "areas": "areas of the person's own, drawn as polygons",
    "all": "everywhere together: one series",
}
#: Older hours say little of next week, and cost time.
MOST_WEEKS = 26
#: The largest places are forecast one by one.
MOST_PLACES = 500
#: A week to learn the hours from, and three days to test what was learned.
FEWEST_HOURS = 240
#: An hour at whose end the data stop counts only when they reach beyond this minute.
_LAST_MINUTE = 50
#: Nothing anywhere for so many hours is taken for a gap, if at least so much was to be expected.
_GAP_HOURS, _GAP_COUNT = 12, 20


@dataclass(frozen=True)
class Panel:
    """How much happened at each place in each hour: consecutive hours of local time.

    Parameters
    ----------
    values : numpy.ndarray
        Shape ``(n_hours, n_places)``; NaN in hours of which nothing is known.
    start : pandas.Timestamp
        The first hour, local time without a zone.
    places : pandas.DataFrame
        One row per column of `values`: `place` (id), `name`, `lat`, `lon` (NaN where unknown),
        `n_checkins`, `n_users`; `cell` (uint64) where places are hexagons.
    what, where : str
        Keys of `WHAT` and `WHERE`.
    few : numpy.ndarray, optional
        Shape of `values`, bool: hours of so few users that they are not shown.
    beside : numpy.ndarray, optional
        Shape of `values`: the other direction of trips, which the trees may read.
    time_zone : str, optional
        Of the hours, for display.
    notes : tuple of str
        What was left out or noticed.

    Notes
    -----
    Hours are those of the wall clock: once a year one does not exist (it counts 0) and one is two
    hours long.

    Examples
    --------
    >>> counts = np.tile([[0.0, 1.0], [2.0, 3.0]], (100, 1))
    >>> made = Panel.of(counts, "2024-06-03")
    >>> made.n_hours, made.n_places, str(made.end)
    (200, 2, '2024-06-11 08:00:00')
    """

    values: np.ndarray
    start: pd.Timestamp
    places: pd.DataFrame
    what: str = "checkins"
    where: str = "items"
    few: np.ndarray | None = None
    beside: np.ndarray | None = None
    time_zone: str | None = None
    notes: tuple[str, ...] = field(default=())

    @classmethod
    def of(
        cls,
        values: Any,
        start: Any,
        places: pd.DataFrame | None = None,
        *,
        what: str = "checkins",
        beside: Any = None,
    ) -> "Panel":
        """Return a panel of numbers that somebody has counted.

        Parameters
        ----------
        values : array-like
            Shape ``(n_hours, n_places)``; NaN where nothing is known.
        start : str or datetime
            The first hour.
        places : pandas.DataFrame, optional
            `place`, and optionally `name`, `lat`, `lon`.
        what : str
            Key of `WHAT`.
        beside : array-like, optional
            Shape of `values`: the other direction of trips.

        Raises
        ------
        AnalysisError
            If the numbers are no table, or the places are not as many as its columns.
        """
        check_choice(what, WHAT, "What is forecast", AnalysisError)
        table = np.asarray(values, dtype=float)
        if table.ndim == 1:
            table = table[:, None]
        known = pd.DataFrame({"place": [str(n) for n in range(table.shape[-1])]})
        rows = known if places is None else places.reset_index(drop=True)
        if table.ndim != 2 or len(rows) != table.shape[1] or "place" not in rows:
            raise AnalysisError(
                "Demand is a table of numbers, one column per place, one row per hour.",
                f"numbers of shape {table.shape} and {plural(len(rows), 'place')}.",
                "Give (n_hours, n_places), and a frame with the column place for each column.",
            )
        rows = rows.assign(
            place=rows["place"].astype(str),
            name=rows["name"] if "name" in rows else rows["place"].astype(str),
            lat=rows.get("lat", np.nan),
            lon=rows.get("lon", np.nan),
            n_checkins=np.nansum(table, axis=0).astype("int64"),
            n_users=0,
        )
        other = None if beside is None else np.asarray(beside, dtype=float)
        return cls(table, pd.Timestamp(start), rows, what, beside=other)

    @property
    def n_hours(self) -> int:
        """Hours from the first to the last."""
        return self.values.shape[0]

    @property
    def n_places(self) -> int:
        """Places, or 1 where all are together."""
        return self.values.shape[1]

    @property
    def hours(self) -> pd.DatetimeIndex:
        """Each hour's start."""
        return self.clock(0, self.n_hours)

    @property
    def end(self) -> pd.Timestamp:
        """The first hour that is not known."""
        return self.start + pd.Timedelta(hours=self.n_hours)

    @property
    def is_signed(self) -> bool:
        """Whether numbers below zero are possible."""
        return self.what == "balance" or bool(np.nanmin(self.values, initial=0) < 0)

    @property
    def unit(self) -> str:
        """What is counted, in words."""
        return WHAT[self.what]

    def clock(self, first: int, last: int) -> pd.DatetimeIndex:
        """Return the hours from one number to before another; they may lie in the future.

        Parameters
        ----------
        first, last : int
            The first hour, and the one after the last.
        """
        begin = self.start + pd.Timedelta(hours=int(first))
        return pd.date_range(begin, periods=int(last - first), freq="h")

    def part(self, first: int, last: int) -> "Panel":
        """Return the hours from one number to before another.

        Parameters
        ----------
        first, last : int
            The first hour, and the one after the last.
        """
        cut = slice(first, last)
        return replace(
            self,
            values=self.values[cut],
            start=self.start + pd.Timedelta(hours=first),
            few=None if self.few is None else self.few[cut],
            beside=None if self.beside is None else self.beside[cut],
        )

    def shown(self) -> np.ndarray:
        """Return `values` without the hours of few users, which could point at a person.

        Examples
        --------
        >>> hours = Panel.of([[9.0], [2.0]], "2024-06-03")
        >>> replace(hours, few=np.array([[False], [True]])).shown().ravel().tolist()
        [9.0, nan]
        """
        return self.values if self.few is None else np.where(self.few, np.nan, self.values)

    def need(self, hours: int = FEWEST_HOURS) -> None:
        """Refuse what is too short or empty for a forecast.

        Parameters
        ----------
        hours : int
            The fewest.

        Raises
        ------
        AnalysisError
            With what would be needed.
        """
        known = int(np.isfinite(self.values).any(axis=1).sum())
        if known < hours:
            raise AnalysisError(
                f"A forecast per hour needs at least {plural(hours // 24, 'day')}: a week to learn "
                "the hours from, and some days to test it on.",
                f"{plural(known, 'hour')} ({known / 24:.1f} days).",
                "Choose a longer span of dates, or come back with more data.",
            )
        if not np.nansum(np.abs(self.values)):
            raise AnalysisError(
                "A forecast needs something that happened.",
                f"no {self.unit} in {plural(known, 'hour')}.",
                "Loosen the filters, or count something else.",
            )


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
        return _difference(sides[0], sides[1], most)
    sided = replace(filters, side=what) if what in ("departures", "arrivals") else filters
    kept = store._kept(sided)
    keyed, names = _keyed(store, kept, where, resolution, areas)
    found = _counted(store, keyed, what)
    if found.empty:
        raise AnalysisError(
            "Demand needs check-ins.", "none is left.", "Loosen the filters, or map more columns."
        )
    return _assembled(store, keyed, found, names, what, where, weeks, most, min_users)


def need_panel(panel: Any) -> Panel:
    """Return a panel, or say how to make one."""
    if isinstance(panel, Panel):
        return panel
    raise AnalysisError(
        "A panel of counts is needed.",
        f"a {type(panel).__name__}.",
        "Make one: strec.demand.panel(dataset).",
    )


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
    together = int(store._run(lately.agg(n=lately[USER_CODE].nunique()))["n"].iloc[0])
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


def _counted(store: Store, rows: ir.Table, what: str) -> pd.DataFrame:
    """Return `key`, `day`, `hour`, `n_checkins`, `n_users` and, for a value, its sum."""
    keys = {
        "key": rows["place_key"],
        "day": cast(ir.DateColumn, rows[schema.LOCAL_DATE]),
        "hour": aggregates.hour(rows),
    }
    if what != "value":
        return store._run(aggregates.count(rows, **keys))
    value = cast(ir.FloatingColumn, rows[schema.VALUE].cast("float64"))
    users = cast(Any, rows[USER_CODE]).nunique().cast("int64")
    sums = {"n_checkins": rows.count(), "n_users": users, "value": value.sum()}
    return store._run(rows.group_by(**keys).agg(**sums))


def _assembled(
    store: Store, rows: ir.Table, found: pd.DataFrame, names: pd.DataFrame, what: str,
    where: str, weeks: int, most: int, min_users: int,
) -> Panel:  # fmt: skip
    """Put counts into a table of consecutive hours and the largest places."""
    when = pd.to_datetime(found["day"]) + pd.to_timedelta(found["hour"], unit="h")
    last = _last_hour(store, rows, when.max())
    first = max(when.min(), last - pd.Timedelta(hours=168 * weeks - 1))
    keep = (when >= first) & (when <= last)
    found, when = found[keep], when[keep]
    sizes = found.groupby("key", sort=False)[["n_checkins"]].sum()
    lately = rows.filter(rows[schema.LOCAL_DATE] >= ibis.literal(first.date()))
    people = store._run(aggregates.count(lately, key=lately["place_key"])).set_index("key")
    sizes["n_users"] = people["n_users"].reindex(sizes.index)
    shown = enough_people(sizes, min_users)
    notes = ()
    if (~shown).any():
        n = int((~shown).sum())
        notes += (f"{plural(n, 'place')} with too few people {'is' if n == 1 else 'are'} hidden.",)
    kept = sizes[shown].sort_values("n_checkins", ascending=False, kind="stable")
    if len(kept) > most:
        notes += (f"The {most:,} largest of {plural(len(kept), 'place')} are forecast.",)
        kept = kept.head(most)
    if kept.empty:
        raise AnalysisError(
            f"Demand is shown of places with at least {min_users} people.",
            f"none of {plural(len(sizes), 'place')} has as many.",
            "Choose wider hexagons, or everywhere together.",
        )
    column = pd.Series(np.arange(len(kept)), index=kept.index)
    at = found["key"].map(column)
    inside = at.notna()
    row = ((when - first) / pd.Timedelta("1h")).to_numpy().astype(int)[inside]
    place = at[inside].to_numpy().astype(int)
    n_hours = int((last - first) / pd.Timedelta("1h")) + 1
    values = np.zeros((n_hours, len(kept)))
    source = {"users": "n_users", "value": "value"}.get(what, "n_checkins")
    np.add.at(values, (row, place), found.loc[inside, source].to_numpy(dtype=float))
    people = np.zeros(values.shape)
    np.add.at(people, (row, place), found.loc[inside, "n_users"].to_numpy(dtype=float))
    few = (people > 0) & (people < min_users) if min_users > 1 else None
    values, gaps = _with_gaps(values)
    if gaps:
        notes += (f"{plural(gaps, 'hour')} without anything anywhere are taken as unknown.",)
    places = _named(kept, names, where)
    zone = store.time_zone
    return Panel(values, first, places, what, where, few, time_zone=zone, notes=notes)


def _last_hour(store: Store, rows: ir.Table, last: pd.Timestamp) -> pd.Timestamp:
    """Return the last hour that the data cover nearly to its end."""
    time = cast(ir.TimestampColumn, rows[schema.TIME]).epoch_seconds().cast("int64")
    local = cast(ir.IntegerColumn, time + rows[schema.OFFSET].cast("int64") * 60)
    end = pd.Timestamp(int(store._run(rows.agg(end=local.max()))["end"].iloc[0]), unit="s")
    is_covered = end.minute >= _LAST_MINUTE or end.floor("h") != last
    return last if is_covered else last - pd.Timedelta("1h")


def _with_gaps(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Set hours in which nothing is known to NaN: long silences where much was to be expected."""
    total = values.sum(axis=1)
    silent = total == 0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(int)))
    unknown = np.zeros(len(values), dtype=bool)
    hour = np.arange(len(values)) % 24
    usual = np.array([total[hour == each].mean() for each in range(24)])[hour]
    for begin, end in edges.reshape(-1, 2):
        if end - begin >= _GAP_HOURS and usual[begin:end].sum() >= _GAP_COUNT:
            unknown[begin:end] = True
    return np.where(unknown[:, None], np.nan, values), int(unknown.sum())


def _named(kept: pd.DataFrame, names: pd.DataFrame, where: str) -> pd.DataFrame:
    places = kept.reset_index().rename(columns={"index": "key"})
    if where != "cells":
        return places.merge(names.drop(columns=["n_checkins", "n_users"], errors="ignore"),
                            on="key", how="left").drop(columns="key")  # fmt: skip
    from h3ronpy.vector import cells_to_coordinates

    known = places["key"].map(names.set_index("key")["name"])
    cells = places.pop("key").astype("uint64")
    centre = cells_to_coordinates(cells.to_numpy())
    hexes = [f"{cell:x}" for cell in cells]
    named = [f"Around {name}" if isinstance(name, str) else f"Hexagon {cell}"
             for name, cell in zip(known, hexes, strict=True)]  # fmt: skip
    lat, lon = (np.asarray(centre[name]) for name in ("lat", "lng"))
    return places.assign(place=hexes, name=named, lat=lat, lon=lon, cell=cells.to_numpy())


def _difference(arrivals: Panel, departures: Panel, most: int) -> Panel:
    """Return arrivals less departures of the places that have either."""
    sides = arrivals, departures
    first, last = min(side.start for side in sides), min(side.end for side in sides)
    n_hours = int((last - first) / pd.Timedelta("1h"))
    both = pd.concat([side.places for side in sides])
    sizes = both.groupby("place")["n_checkins"].sum().sort_values(ascending=False, kind="stable")
    ids = sizes.index[:most]
    places = both.drop_duplicates("place").set_index("place").loc[ids].reset_index()
    places["n_checkins"] = sizes.loc[ids].to_numpy()
    tables, few = [], np.zeros((n_hours, len(ids)), dtype=bool)
    for side in sides:
        shift = int((side.start - first) / pd.Timedelta("1h"))
        column = pd.Series(np.arange(side.n_places), index=side.places["place"]).reindex(ids)
        known = column.notna().to_numpy()
        take = column[known].astype(int).to_numpy()
        rows = slice(0, n_hours - shift)
        table = np.zeros((n_hours, len(ids)))
        table[shift:, known] = side.values[rows][:, take]
        if side.few is not None:
            few[shift:, known] |= side.few[rows][:, take]
        tables.append(table)
    return replace(
        arrivals, values=tables[0] - tables[1], start=first, places=places, what="balance", few=few
    )
