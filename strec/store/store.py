"""A store: cleaned check-ins in a folder, and the questions that can be put to them."""

import json
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from strec import schema
from strec.errors import AnalysisError, StoreError
from strec.store import aggregates, writer
from strec.store.aggregates import ITEM_CODE, USER_CODE
from strec.store.filters import Filters

#: Groups with fewer distinct users than this are hidden, unless the caller chooses otherwise.
MIN_USERS = 5
#: More points than this are too many for a browser; use hexagons.
MAX_POINTS = 20_000
#: Check-ins per pass when medians are taken, which need all values at once.
PASS_ROWS = 15_000_000


class Store:
    """Check-ins in a folder, answered by an engine that Ibis can reach.

    Parameters
    ----------
    folder : path
        A folder made by `Store.create`: `checkins.parquet`, `items.parquet`, `users.parquet`
        and `meta.json`.
    engine : str
        URL for `ibis.connect`: `duckdb://` (in this process), `polars://`, `pyspark://…`.

    Raises
    ------
    StoreError
        If the folder is missing or broken, or the engine cannot be reached.

    Notes
    -----
    All aggregates return a pandas frame with `n_checkins` and `n_users`; counts are exact, times
    are local. Those that can point at a person (cells, flows, points) leave out groups with fewer
    than `min_users` distinct users and say so in `frame.attrs`: `hidden` (groups left out) and
    `hidden_checkins`.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "example"
    >>> store = Store.create(schema.example(), folder, name="Example")
    >>> store.summary()["n_checkins"]
    4
    >>> store.by_category().category.to_list()
    ['Coffee Shop', 'Office', 'Park']
    """

    @classmethod
    def create(
        cls,
        checkins: pl.DataFrame | Path,
        folder: Path | str,
        *,
        name: str,
        time_zone: str | None = None,
        source: str = "",
        recipe: dict | None = None,
        engine: str = "duckdb://",
    ) -> "Store":
        """Write check-ins as a store and open it.

        Parameters
        ----------
        checkins : polars.DataFrame or Path
            Canonical check-ins, or a Parquet file of them, which may be larger than memory.
        folder : path
            A new folder, or the folder of a store, which is replaced only when all went well.
        name, source : str
            How the data set is called, and where it comes from.
        time_zone : str, optional
            IANA name of the local times, for display.
        recipe : dict, optional
            The cleaning recipe that made this table.

        Raises
        ------
        SchemaError, StoreError
            If the table is not canonical or is empty, or the folder holds something else.
        """
        folder = Path(folder)
        with writer.replacing(folder) as fresh:
            meta = {"name": name, "time_zone": time_zone, "source": source, "recipe": recipe}
            meta |= writer.write_checkins(checkins, fresh)
            writer.write_meta(fresh, meta)
            draft = cls(fresh)
            draft._item_table().write_parquet(fresh / writer.ITEMS)
            draft._user_table().write_parquet(fresh / writer.USERS)
            draft._connection.disconnect()
        return cls(folder, engine)

    def __init__(self, folder: Path | str, engine: str = "duckdb://"):
        self.folder = Path(folder)
        self.engine = engine
        self.meta = _read_meta(self.folder)
        self._connection = _connect(engine, self.folder)
        self.table = self._connection.read_parquet(str(self.folder / writer.CHECKINS))
        # One connection answers one question at a time; pages run in several threads.
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """How the data set is called."""
        return self.meta["name"]

    @property
    def fingerprint(self) -> str:
        """A hash of the canonical content: equal for equal check-ins."""
        return self.meta["fingerprint"]

    @property
    def time_zone(self) -> str | None:
        """IANA name of the local times, if it is known."""
        return self.meta["time_zone"]

    @property
    def has_places(self) -> bool:
        """Whether any check-in has a place."""
        return self.meta["n_places"] > 0

    def has(self, column: str) -> bool:
        """Whether the check-ins have this optional column."""
        return column in self.meta["columns"]

    def checkins(
        self, filters: Filters | None = None, columns: list[str] | None = None
    ) -> pl.DataFrame:
        """Return canonical and derived columns of the check-ins kept, by user and time."""
        dtypes = schema.REQUIRED | schema.OPTIONAL | schema.DERIVED
        columns = columns or [name for name in dtypes if name in self.table.columns]
        self._need(*columns)
        kept = self._kept(filters)
        order = [name for name in (USER_CODE, schema.TIME, ITEM_CODE) if name not in columns]
        rows = kept.select(*columns, *order)
        with self._lock:
            frame = pl.from_arrow(rows.to_pyarrow())
        # Engines keep no order; sorting rows that are in order already costs little.
        frame = frame.sort(USER_CODE, schema.TIME, ITEM_CODE).select(columns)
        return frame.cast({name: dtypes[name] for name in columns if name in dtypes})

    def items(self) -> pl.DataFrame:
        """Return one row per item, by item id: name, category, median place, spread, counts.

        Returns
        -------
        polars.DataFrame
            `item_id`, `item_name`, `category` (null where unknown), `lat`, `lon` (medians),
            `spread_km` (half of the check-ins are this close to the median place; 0 for a POI),
            `n_checkins`, `n_users`. A row's position is the item's code in `table`.
        """
        return pl.read_parquet(self.folder / writer.ITEMS)

    def users(self) -> pl.DataFrame:
        """Return one row per user, by user id: `n_checkins`, `n_items`, `first`, `last` (UTC)."""
        return pl.read_parquet(self.folder / writer.USERS)

    def summary(self, filters: Filters | None = None) -> dict:
        """Return counts and span of the check-ins kept.

        Returns
        -------
        dict
            `n_checkins`, `n_users`, `n_items`, `n_places` (check-ins with a place), `n_days`
            (from first to last, both included), `first_date`, `last_date` (date, or None).
        """
        row = self._run(aggregates.summary(self._kept(filters))).iloc[0].to_dict()
        dates = {k: row.pop(k) for k in ("first_date", "last_date")}
        found = bool(row["n_checkins"])
        counts = {name: int(value) for name, value in row.items()}
        dates = {k: v if found else None for k, v in dates.items()}
        n_days = (dates["last_date"] - dates["first_date"]).days + 1 if found else 0
        return counts | {"n_days": n_days} | dates

    def hour_weekday(self, filters: Filters | None = None) -> pd.DataFrame:
        """Return counts per hour of the week, zeros included.

        Returns
        -------
        pandas.DataFrame
            `weekday` (0 is Monday), `hour`, `n_checkins`, `n_users`: 168 rows, fewer where the
            filters leave out hours or weekdays.
        """
        every = (filters or Filters()).hours_of_week()
        found = self._run(aggregates.hours_of_week(self._kept(filters)))
        full = found.set_index("hour_of_week").reindex(every, fill_value=0)
        full = full.rename_axis("hour_of_week").reset_index()
        full.insert(0, "weekday", full.hour_of_week // 24)
        full.insert(1, "hour", full.hour_of_week % 24)
        return full.drop(columns="hour_of_week")

    def calendar(self, filters: Filters | None = None) -> pd.DataFrame:
        """Return one row per local day from first to last: `period`, `n_checkins`, `n_users`."""
        return self.trend("day", filters)

    def trend(self, grain: str = "day", filters: Filters | None = None) -> pd.DataFrame:
        """Return counts per period from first to last; periods without check-ins are zero.

        Parameters
        ----------
        grain : str
            `hour`, `day`, `week` (named by its Monday) or `month`.
        filters : Filters, optional
            Hours and weekdays that the filter leaves out are not listed as zero.

        Returns
        -------
        pandas.DataFrame
            `period` (local time, no zone), `n_checkins`, `n_users`.
        """
        kept = self._kept(filters)
        builder, frequency = _grain(grain)
        found = self._run(builder(kept))
        found["period"] = pd.to_datetime(found["period"])
        if grain == "hour":
            found["period"] += pd.to_timedelta(found.pop("hour"), unit="h")
        if found.empty:
            return found
        every = pd.date_range(found["period"].min(), found["period"].max(), freq=frequency)
        every = every[_possible(every, grain, filters or Filters())]
        found = found.set_index("period").reindex(every, fill_value=0)
        return found.rename_axis("period").reset_index()

    def by_category(self, top: int | None = 20, filters: Filters | None = None) -> pd.DataFrame:
        """Return the largest categories first; `attrs['n_categories']` counts them all."""
        self._need(schema.CATEGORY)
        found = self._run(aggregates.categories(self._kept(filters)))
        found = _largest_first(found, ["category"])
        largest = found.head(top) if top else found
        largest.attrs["n_categories"] = len(found)
        return largest

    def category_hours(self, top: int = 12, filters: Filters | None = None) -> pd.DataFrame:
        """Return `category`, `hour` and counts, 24 rows for each of the largest categories."""
        self._need(schema.CATEGORY)
        found = self._run(aggregates.category_hours(self._kept(filters)))
        totals = found.groupby("category").n_checkins.sum().reset_index()
        names = _largest_first(totals, ["category"]).head(top).category
        every = pd.MultiIndex.from_product([names, range(24)], names=["category", "hour"])
        return found.set_index(["category", "hour"]).reindex(every, fill_value=0).reset_index()

    def cells(
        self, resolution: int, filters: Filters | None = None, min_users: int = MIN_USERS
    ) -> pd.DataFrame:
        """Return counts per H3 cell: `cell` (uint64), centre `lat`, `lon`, counts.

        Raises
        ------
        AnalysisError
            If no check-in of the store has a place, or the resolution is not 0 to 10.
        """
        self._need_places(resolution)
        found = self._run(aggregates.cells(self._kept(filters), resolution))
        found = _suppress(_largest_first(found, ["cell"]), min_users)
        return _with_centre(found, "cell", "lat", "lon")

    def cell_hours(
        self, resolution: int, filters: Filters | None = None, min_users: int = MIN_USERS
    ) -> pd.DataFrame:
        """Return counts per H3 cell and local hour of the day, as `cells` does."""
        self._need_places(resolution)
        found = self._run(aggregates.cell_hours(self._kept(filters), resolution))
        found = _suppress(_largest_first(found, ["cell", "hour"]), min_users)
        return _with_centre(found, "cell", "lat", "lon")

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

        Returns
        -------
        pandas.DataFrame
            `origin`, `destination` (cell, or item id), `from_lat`, `from_lon`, `to_lat`,
            `to_lon`, `from_name`, `to_name` (items only), `n_checkins`, `n_users`.
        """
        kept = self._kept(filters)
        if resolution is None:
            found = self._run(aggregates.item_flows(kept))
        else:
            self._need_places(resolution)
            found = self._run(aggregates.cell_flows(kept, resolution))
        found = found[found.n_checkins >= min_count]
        found = _suppress(_largest_first(found, ["origin", "destination"]), min_users)
        if resolution is None:
            return self._with_items(found)
        found = _with_centre(found, "origin", "from_lat", "from_lon")
        return _with_centre(found, "destination", "to_lat", "to_lon")

    def points(
        self,
        filters: Filters | None = None,
        limit: int = MAX_POINTS,
        min_users: int = MIN_USERS,
    ) -> pd.DataFrame:
        """Return counts per item and exact place, largest first, at most `limit` of them.

        Returns
        -------
        pandas.DataFrame
            `item_id`, `item_name`, `category`, `lat`, `lon`, `n_checkins`, `n_users`;
            `attrs['n_points']` counts those that are not hidden, before the limit.
        """
        self._need_places()
        found = self._run(aggregates.points(self._kept(filters)))
        found = _suppress(_largest_first(found, ["item", "lat", "lon"]), min_users)
        attrs = found.attrs | {"n_points": len(found)}
        labels = self.items().select("item_id", "item_name", "category").to_pandas()
        found = found.head(limit)
        labels = labels.iloc[found.pop("item")].reset_index(drop=True)
        points = pd.concat([labels, found.reset_index(drop=True)], axis=1)
        points.attrs = attrs
        return points

    def _kept(self, filters: Filters | None):
        return (filters or Filters()).apply(self.table)

    def _run(self, expression) -> pd.DataFrame:
        with self._lock:
            return expression.to_pyarrow().to_pandas()

    def _need(self, *columns: str) -> None:
        missing = [name for name in columns if name not in self.table.columns]
        if missing:
            raise AnalysisError(
                f"This view needs the column {', '.join(missing)}.",
                f"{self.name} has {', '.join(self.meta['columns'])}.",
                "Map such a column when reading the file, or choose another view.",
            )

    def _need_places(self, resolution: int = 0) -> None:
        if not self.has_places:
            raise AnalysisError(
                "This view needs places (latitude and longitude).",
                f"no check-in of {self.name} has one.",
                "Map latitude and longitude when reading the file; the views of time work without.",
            )
        if not 0 <= resolution <= schema.CELL_RESOLUTION:
            raise AnalysisError(
                f"Cells have a resolution from 0 (coarse) to {schema.CELL_RESOLUTION} (fine).",
                f"{resolution}.",
                "Choose a resolution in between.",
            )

    def _item_table(self) -> pl.DataFrame:
        # Label counts are small next to the check-ins; medians are taken in passes over the items.
        n_items, n_rows = self.meta["n_items"], self.meta["n_checkins"]
        edges = np.linspace(0, n_items, 2 + n_rows // PASS_ROWS).astype(int)
        parts = []
        for low, high in zip(edges[:-1], edges[1:], strict=True):
            some = self.table.filter(self.table[ITEM_CODE].between(int(low), int(high) - 1))
            ids = some.group_by(item=some[ITEM_CODE].cast("int64")).agg(
                item_id=some[schema.ITEM].min()
            )
            part = self._polars(ids)
            for builder in (aggregates.item_counts, aggregates.item_places):
                part = part.join(self._polars(builder(some)), on="item", how="left")
            for column in (schema.ITEM_NAME, schema.CATEGORY):
                part = part.join(self._labels(some, column), on="item", how="left")
            parts.append(part)
        columns = ["item_id", "item_name", "category", "lat", "lon", "spread_km"]
        return pl.concat(parts).sort("item").select(*columns, "n_checkins", "n_users")

    def _labels(self, table, column: str) -> pl.DataFrame:
        """The most frequent label of each item; the first by alphabet where two are."""
        if column not in table.columns:
            return pl.DataFrame(schema={"item": pl.Int64, column: pl.String})
        labels = self._polars(aggregates.item_labels(table, column))
        ranked = labels.sort("item", "n", "label", descending=[False, True, False])
        return ranked.unique("item", keep="first").select("item", pl.col("label").alias(column))

    def _user_table(self) -> pl.DataFrame:
        n_users, n_rows = self.meta["n_users"], self.meta["n_checkins"]
        edges = np.linspace(0, n_users, 2 + n_rows // PASS_ROWS).astype(int)
        parts = []
        for low, high in zip(edges[:-1], edges[1:], strict=True):
            some = self.table.filter(self.table[USER_CODE].between(int(low), int(high) - 1))
            parts.append(self._polars(aggregates.users(some)))
        return pl.concat(parts).sort("user").drop("user")

    def _polars(self, expression) -> pl.DataFrame:
        with self._lock:
            return pl.from_arrow(expression.to_pyarrow())

    def _with_items(self, flows: pd.DataFrame) -> pd.DataFrame:
        items = self.items().to_pandas()
        for column, side in (("origin", "from"), ("destination", "to")):
            known = items.iloc[flows[column]]
            flows[f"{side}_lat"] = known.lat.to_numpy()
            flows[f"{side}_lon"] = known.lon.to_numpy()
            flows[f"{side}_name"] = known.item_name.fillna(known.item_id).to_numpy()
            flows[column] = known.item_id.to_numpy()
        return flows


def _read_meta(folder: Path) -> dict:
    mend = "Load the data again on the Data page, or with strec clean."
    try:
        meta = json.loads((folder / writer.META).read_text(encoding="utf-8"))
    except OSError as error:
        raise StoreError("A folder made by strec is needed.", f"no store in {folder}.", mend) from (
            error
        )
    except ValueError as error:
        raise StoreError("meta.json must be JSON.", f"it is damaged in {folder}.", mend) from error
    if not isinstance(meta, dict) or meta.get("format") != writer.FORMAT:
        raise StoreError(
            f"A store of format {writer.FORMAT} is needed.",
            f"{folder} has format {meta.get('format') if isinstance(meta, dict) else 'unknown'}.",
            mend,
        )
    if not (folder / writer.CHECKINS).exists():
        raise StoreError("A store holds checkins.parquet.", f"{folder} has only meta.json.", mend)
    return meta


def _connect(engine: str, folder: Path):
    import ibis

    try:
        connection = ibis.connect(engine)
    except Exception as error:
        raise StoreError(
            "The engine is a URL that Ibis can connect to, such as duckdb://.",
            f"{engine} ({error}).",
            "Install the engine (pip install 'ibis-framework[…]'), or use duckdb://.",
        ) from error
    if connection.name == "duckdb":
        # By default DuckDB spills into the working directory.
        connection.raw_sql(f"SET temp_directory = '{str(folder / 'spill').replace(chr(39), '')}'")
    return connection


def _grain(grain: str):
    grains = {
        "hour": (aggregates.day_hours, "h"),
        "day": (aggregates.days, "D"),
        "week": (aggregates.weeks, "W-MON"),
        "month": (aggregates.months, "MS"),
    }
    if grain not in grains:
        raise AnalysisError(
            f"A trend is counted per {', '.join(grains)}.", f"{grain}.", "Choose one of them."
        )
    return grains[grain]


def _possible(periods: pd.DatetimeIndex, grain: str, filters: Filters) -> np.ndarray:
    keep = np.ones(len(periods), dtype=bool)
    if grain in ("hour", "day") and filters.weekdays is not None:
        keep &= periods.day_of_week.isin(filters.weekdays)
    if grain == "hour" and filters.hours is not None:
        keep &= periods.hour.isin(filters.hours)
    return keep


def _largest_first(found: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    order = [False] + [True] * len(keys)
    return found.sort_values(["n_checkins", *keys], ascending=order, ignore_index=True)


def _suppress(found: pd.DataFrame, min_users: int) -> pd.DataFrame:
    enough = found.n_users >= min_users
    kept = found[enough].reset_index(drop=True)
    kept.attrs = {
        "hidden": int((~enough).sum()),
        "hidden_checkins": int(found.n_checkins[~enough].sum()),
        "min_users": min_users,
    }
    return kept


def _with_centre(found: pd.DataFrame, cell: str, lat: str, lon: str) -> pd.DataFrame:
    from h3ronpy.vector import cells_to_coordinates

    found[cell] = found[cell].astype("uint64")
    centre = cells_to_coordinates(found[cell].to_numpy())
    found[lat], found[lon] = (np.asarray(centre[name]) for name in ("lat", "lng"))
    return found
