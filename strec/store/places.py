"""Questions of a store about places: cells, flows, points, steps."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any, cast

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import polars as pl

from strec import schema
from strec.errors import AnalysisError, check_choice
from strec.export import MIN_USERS, enough_people
from strec.store import aggregates
from strec.store.aggregates import ITEM_CODE, USER_CODE
from strec.store.base import OpenStore, largest_first
from strec.store.filters import Filters

#: More points than this are too many for a browser; use hexagons.
MAX_POINTS = 20_000


class PlaceQuestions(OpenStore):
    """What `Store` answers about places."""

    def cells(
        self, resolution: int, filters: Filters | None = None, min_users: int = MIN_USERS
    ) -> pd.DataFrame:
        """Return counts per H3 cell: `cell` (uint64), centre `lat`, `lon`, counts.

        Parameters
        ----------
        resolution : int
            Of the H3 cells, 0 (coarse) to 10 (fine).
        filters : Filters, optional
            Which check-ins; all without it.
        min_users : int
            Groups with fewer distinct users are hidden and counted in `attrs`.

        Raises
        ------
        AnalysisError
            If no check-in of the store has a place, or the resolution is not 0 to 10.
        """
        return self._cells(resolution, filters, min_users)

    def cell_hours(
        self, resolution: int, filters: Filters | None = None, min_users: int = MIN_USERS
    ) -> pd.DataFrame:
        """Return counts per H3 cell and local hour of the day.

        Parameters
        ----------
        resolution, filters, min_users
            As in `cells`.
        """
        return self._cells(resolution, filters, min_users, hour=aggregates.hour)

    def cell_steps(
        self,
        resolution: int,
        by: str,
        filters: Filters | None = None,
        min_users: int = MIN_USERS,
    ) -> pd.DataFrame:
        """Return counts per H3 cell and step of time, as a map is played through them.

        Parameters
        ----------
        resolution, filters, min_users
            As in `cells`.
        by : str
            What a `step` is: ``hour`` of the day, ``weekday`` (0 is Monday), ``day``, ``week``,
            ``month`` or ``year``, which are the first day of the span.

        Raises
        ------
        AnalysisError
            If `by` is none of these, or as in `cells`.

        Examples
        --------
        >>> from strec import Dataset
        >>> store = Dataset.sample("travel").store
        >>> sorted(set(store.cell_steps(6, "weekday")["step"].tolist()))[:3]
        [0, 1, 2]
        """
        check_choice(by, tuple(_STEPS), "A step of time", AnalysisError)
        found = self._cells(resolution, filters, min_users, step=_STEPS[by])
        if by not in ("hour", "weekday"):
            # Making an object of each of a million dates takes a while.
            code, distinct = pd.factorize(pd.to_datetime(found["step"]))
            found["step"] = pd.DatetimeIndex(distinct).date[code]
        return found

    def flows(
        self,
        filters: Filters | None = None,
        resolution: int | None = None,
        min_count: int = 1,
        min_users: int = MIN_USERS,
    ) -> pd.DataFrame:
        """Return how often one place follows another within a session, largest first.

        Parameters
        ----------
        filters : Filters, optional
            Applied to the check-in that arrives.
        resolution : int, optional
            Between H3 cells of this resolution; between items where it is not given.
        min_count : int
            Leave out flows with fewer check-ins.
        min_users : int
            Groups with fewer distinct users are hidden and counted in `attrs`.

        Returns
        -------
        pandas.DataFrame
            `origin`, `destination` (cell, or item id), `from_lat`, `from_lon`, `to_lat`,
            `to_lon`, `from_name`, `to_name` (items only), `n_checkins`, `n_users`.
        """
        if filters is not None and filters.side == "departures":
            filters = replace(filters, side=None)  # A flow has both its ends.
        kept = self._kept(filters)
        if resolution is None:
            groups = aggregates.item_flows(kept)
        else:
            self._need_places(resolution)
            groups = aggregates.cell_flows(kept, resolution)
        found = self._shown(groups, min_users, min_count)
        return self._with_items(found) if resolution is None else _with_centres(found)

    def busiest_flows(
        self, resolution: int, filters: Filters | None = None, most: int = 400
    ) -> pd.DataFrame:
        """Return the flows between the busiest cells, of however few users: for a law, not a map.

        Parameters
        ----------
        resolution : int
            Of the H3 cells.
        filters : Filters, optional
            Applied to the check-in that arrives.
        most : int
            How many cells, by the check-ins that come or leave.

        Returns
        -------
        pandas.DataFrame
            `origin`, `destination`, `from_lat`, `from_lon`, `to_lat`, `to_lon`, `n_checkins`,
            largest first.

        Examples
        --------
        >>> from strec import Dataset
        >>> found = Dataset.sample("travel").store.busiest_flows(8, most=5)
        >>> found["origin"].nunique() <= 5, bool((found["origin"] != found["destination"]).all())
        (True, True)
        """
        self._need_places(resolution)
        if filters is not None and filters.side == "departures":
            filters = replace(filters, side=None)
        found = self._run(aggregates.busiest_flows(self._kept(filters), resolution, most))
        return _with_centres(largest_first(found, ["origin", "destination"]))

    def points(
        self,
        filters: Filters | None = None,
        limit: int = MAX_POINTS,
        min_users: int = MIN_USERS,
    ) -> pd.DataFrame:
        """Return counts per item and exact place, largest first.

        Parameters
        ----------
        filters : Filters, optional
            Which check-ins; all without it.
        limit : int
            The most points.
        min_users : int
            Groups with fewer distinct users are hidden and counted in `attrs`.

        Returns
        -------
        pandas.DataFrame
            `item_id`, `item_name`, `category`, `lat`, `lon`, `n_checkins`, `n_users`;
            `attrs['n_points']` counts those that are not hidden, before the limit.
        """
        self._need_places()
        items = self.items()
        rows = aggregates.placed(self._kept(filters))
        item = aggregates.whole(rows, ITEM_CODE)
        # Stores of earlier versions do not say whether each item has one place.
        if self.meta.get("items_stay", False) and (filters is None or filters.side is None):
            found = self._of_items(items, filters, lambda: self._count(rows, item=item), min_users)
        else:
            if filters is not None and filters.side == "departures":
                rows = rows.filter(rows[ITEM_CODE].notnull())
            points = aggregates.count(rows, item=item, lat=rows[schema.LAT], lon=rows[schema.LON])
            found = self._shown(points, min_users)
        attrs = found.attrs | {"n_points": len(found)}
        labels = items.select("item_id", "item_name", "category").to_pandas()
        found = found.head(limit)
        labels = labels.iloc[found.pop("item")].reset_index(drop=True)
        named = pd.concat([labels, found.reset_index(drop=True)], axis=1)
        named.attrs = attrs
        return named

    def _of_items(
        self,
        items: pl.DataFrame,
        filters: Filters | None,
        count: Callable[[], pd.DataFrame],
        min_users: int,
    ) -> pd.DataFrame:
        """Return the points of items that stay: of all check-ins they are counted already."""
        all_placed = self.meta["n_places"] == self.meta["n_checkins"]
        if all_placed and filters in (None, Filters()):
            counted = items.select("n_checkins", "n_users").with_row_index("item").to_pandas()
        else:
            counted = count()
        for number, name in enumerate(("lat", "lon"), 1):
            counted.insert(number, name, items[name].to_numpy()[counted["item"]])
        return _only_shown(largest_first(counted, ["item"]), min_users)

    def shops(
        self,
        filters: Filters | None = None,
        limit: int | None = None,
        min_users: int = MIN_USERS,
    ) -> pd.DataFrame:
        """Return counts per shop: where items were had that are no places themselves.

        Parameters
        ----------
        filters : Filters, optional
            Which check-ins; all without it.
        limit : int, optional
            The most shops, largest first.
        min_users : int
            Groups with fewer distinct users are hidden and counted in `attrs`.

        Returns
        -------
        pandas.DataFrame
            `place_id`, `place_name` (the id where there is no name), `lat`, `lon` (the median of
            its check-ins, NaN where unknown), `n_items`, `n_checkins`, `n_users`.

        Raises
        ------
        AnalysisError
            If the store does not say in which shop items were had.
        """
        self._need(schema.PLACE_ID)
        kept = self._kept(filters)
        kept = kept.filter(kept[schema.PLACE_ID].notnull())
        counted = self._count(kept, place_id=kept[schema.PLACE_ID])
        found = _only_shown(largest_first(counted, ["place_id"]), min_users)
        about = kept.group_by(place_id=kept[schema.PLACE_ID]).agg(
            lat=kept[schema.LAT].median(),
            lon=kept[schema.LON].median(),
            n_items=kept[ITEM_CODE].nunique(),
        )
        attrs, found = found.attrs, found.merge(self._run(about), on="place_id", how="left")
        found.insert(1, "place_name", found["place_id"])
        if self.has(schema.PLACE_NAME):
            named = kept.filter(kept[schema.PLACE_NAME].notnull())
            names = self._run(
                aggregates.checkins_per(
                    named, place_id=named[schema.PLACE_ID], name=named[schema.PLACE_NAME]
                )
            )
            first = largest_first(names, ["place_id", "name"]).drop_duplicates("place_id")
            known = found["place_id"].map(first.set_index("place_id")["name"])
            found["place_name"] = known.fillna(found["place_id"])
        columns = ["place_id", "place_name", "lat", "lon", "n_items", "n_checkins", "n_users"]
        shops = found[columns].head(limit) if limit else found[columns]
        shops.attrs = attrs
        return shops

    def cell_weeks(
        self, resolution: int, filters: Filters | None = None, min_users: int = MIN_USERS
    ) -> pd.DataFrame:
        """Return check-ins per H3 cell and hour of the week (0 is Monday 00:00), largest first.

        Cells, not single hours, are left out for having too few users.

        Parameters
        ----------
        resolution, filters, min_users
            As in `cells`.
        """
        return self._over_time(resolution, filters, min_users, hour_of_week=_hour_of_week)

    def cell_days(
        self,
        resolution: int,
        filters: Filters | None = None,
        min_users: int = MIN_USERS,
        user_groups: int = 0,
    ) -> pd.DataFrame:
        """Return check-ins per H3 cell and local day (`period`), largest first.

        Cells, not single days, are left out for having too few users.

        Parameters
        ----------
        resolution, filters, min_users
            As in `cells`.
        user_groups : int
            Counts are also by `group`, of so many into which the users are dealt: for tests, not
            to be shown, as a group may have one user in a cell.
        """
        keys: dict[str, Callable[[ir.Table], Any]] = {"period": _day}
        if user_groups and not self.is_anonymous:
            keys["group"] = lambda table: cast(Any, table[USER_CODE].cast("int64")) % user_groups
        found = self._over_time(resolution, filters, min_users, **keys)
        found["period"] = pd.to_datetime(found["period"])
        return found

    def steps(self, filters: Filters | None = None) -> pd.DataFrame:
        """Return how many steps within a session are how long.

        Parameters
        ----------
        filters : Filters, optional
            Applied to the check-in that arrives.

        Returns
        -------
        pandas.DataFrame
            `bin` (twenty to a factor of ten: 10^(bin/20) km is the lower edge), `n_checkins`,
            `km` (sum of the lengths); `attrs['n_still']` counts steps under ten metres, which
            stay at the place, and `attrs['n_users']` the users with a step.
        """
        self._need_places()
        found = self._run(aggregates.steps(self._kept(filters))).sort_values("bin")
        still = found["bin"] < aggregates.SHORTEST_STEP_BIN
        moves = aggregates.placed(self._kept(filters), aggregates.STEP_KM)
        n_users = self._run(moves.agg(n_users=aggregates.who(moves).nunique()))["n_users"].iloc[0]
        moved = found[~still].reset_index(drop=True)
        moved.attrs = {"n_still": int(found.n_checkins[still].sum()), "n_users": int(n_users)}
        return moved

    def _cells(
        self,
        resolution: int,
        filters: Filters | None,
        min_users: int,
        **keys: Callable[[ir.Table], ir.Value],
    ) -> pd.DataFrame:
        self._need_places(resolution)
        rows = aggregates.placed(self._kept(filters))
        values = {"cell": aggregates.cell(rows, resolution)}
        values |= {name: key(rows) for name, key in keys.items()}
        found = largest_first(self._count(rows, **values), list(values))
        kept = _only_shown(found, min_users)
        return _with_centre(kept, "cell", "lat", "lon")

    def _shown(self, groups: ir.Table, min_users: int, min_count: int = 1) -> pd.DataFrame:
        """The groups that may be shown, largest first, with the number of the others."""
        found = self._run(aggregates.enough(groups, min_users, min_count))
        hidden = found[found["fate"] == 1]
        kept = found[found["fate"] == 0].drop(columns=["fate", "n_groups"])
        keys = [name for name in map(str, kept) if not name.startswith("n_")]
        kept = largest_first(kept, keys)
        kept.attrs = {
            "hidden": int(hidden["n_groups"].sum()),
            "hidden_checkins": int(hidden["n_checkins"].sum()),
            "min_users": min_users,
        }
        return kept

    def _over_time(
        self,
        resolution: int,
        filters: Filters | None,
        min_users: int,
        **by: Callable[[ir.Table], ir.Value],
    ) -> pd.DataFrame:
        self._need_places(resolution)
        rows = aggregates.placed(self._kept(filters))
        keys = {"cell": aggregates.cell(rows, resolution)}
        keys |= {name: key(rows) for name, key in by.items()}
        found = self._run(aggregates.checkins_per(rows, **keys))
        found["cell"] = found["cell"].astype("uint64")
        attrs: dict[Hashable, int] = {"hidden": 0, "hidden_checkins": 0, "min_users": min_users}
        if min_users > 1:
            cells = self.cells(resolution, filters, min_users)
            found, attrs = found[found["cell"].isin(cells["cell"])], dict(cells.attrs)
        kept = largest_first(found, ["cell", *by])
        kept.attrs = attrs
        return kept

    def _with_items(self, flows: pd.DataFrame) -> pd.DataFrame:
        items = self.items().to_pandas()
        for column, side in (("origin", "from"), ("destination", "to")):
            known = items.iloc[flows[column]]
            flows[f"{side}_lat"] = known.lat.to_numpy()
            flows[f"{side}_lon"] = known.lon.to_numpy()
            flows[f"{side}_name"] = known.item_name.fillna(known.item_id).to_numpy()
            flows[column] = known.item_id.to_numpy()
        return flows


def _only_shown(found: pd.DataFrame, min_users: int) -> pd.DataFrame:
    """The groups that may be shown, with the number of the others in `attrs`."""
    shown = enough_people(found, min_users)
    kept = found[shown].reset_index(drop=True)
    kept.attrs = {
        "hidden": int((~shown).sum()),
        "hidden_checkins": int(found.n_checkins[~shown].sum()),
        "min_users": min_users,
    }
    return kept


def _with_centres(flows: pd.DataFrame) -> pd.DataFrame:
    flows = _with_centre(flows, "origin", "from_lat", "from_lon")
    return _with_centre(flows, "destination", "to_lat", "to_lon")


def _with_centre(found: pd.DataFrame, cell: str, lat: str, lon: str) -> pd.DataFrame:
    """Add the centre of an H3 cell, and make the cell itself uint64."""
    from h3ronpy.vector import cells_to_coordinates

    found[cell] = found[cell].astype("uint64")
    code, distinct = pd.factorize(found[cell].to_numpy())
    centre = cells_to_coordinates(distinct)
    found[lat], found[lon] = (np.asarray(centre[name])[code] for name in ("lat", "lng"))
    return found


def _hour_of_week(table: ir.Table) -> ir.Value:
    return aggregates.whole(table, schema.HOUR_OF_WEEK)


def _day(table: ir.Table) -> ir.Value:
    return aggregates.period(table, "D")


_STEPS: dict[str, Callable[[ir.Table], ir.Value]] = {
    "hour": aggregates.hour,
    "weekday": lambda table: aggregates.whole(table, schema.HOUR_OF_WEEK) // 24,
    "day": _day,
    "week": lambda table: aggregates.period(table, "W"),
    "month": lambda table: aggregates.period(table, "M"),
    "year": lambda table: aggregates.period(table, "Y"),
}
