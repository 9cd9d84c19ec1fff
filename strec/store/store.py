"""A store: cleaned check-ins in a folder, and the questions that can be put to them."""

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import polars as pl

from strec import schema
from strec.errors import AnalysisError, StoreError
from strec.export import MIN_USERS, enough_users
from strec.ordered import InOrder
from strec.store import aggregates, engines, writer
from strec.store.base import largest_first
from strec.store.filters import Filters
from strec.store.items import item_table
from strec.store.people import PeopleQuestions
from strec.store.places import PlaceQuestions

#: Per grain of a trend: what the engine groups by, and pandas' name of the frequency.
FREQUENCIES: dict[str, tuple[Literal["D", "W", "M"], str]] = {
    "hour": ("D", "h"),
    "day": ("D", "D"),
    "week": ("W", "W-MON"),
    "month": ("M", "MS"),
}


class Store(PlaceQuestions, PeopleQuestions):
    """Check-ins in a folder, answered by an engine that Ibis can reach.

    Parameters
    ----------
    folder : path
        A folder made by `Store.create`: `checkins.parquet`, `items.parquet`, `users.parquet`
        and `meta.json`.
    engine : str, optional
        What answers: `duckdb://` or `polars://` (in this process), `pyspark://` (Spark on this
        computer) or `spark://HOST:PORT` (a cluster whose workers see the folder). Without it the
        environment variable `STREC_ENGINE` counts, and without that DuckDB.

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
        checkins: pl.DataFrame | Path | InOrder,
        folder: Path | str,
        *,
        name: str,
        time_zone: str | None = None,
        source: str = "",
        recipe: dict | None = None,
        pictures: Path | None = None,
        catalogue: pl.DataFrame | None = None,
        engine: str | None = None,
    ) -> "Store":
        """Write check-ins as a store and open it.

        Parameters
        ----------
        checkins : polars.DataFrame, Path or InOrder
            Canonical check-ins, a Parquet file of them, which may be larger than memory, or what
            `strec.cleaning.run.cleaned` gives of one.
        folder : path
            A new folder, or the folder of a store, which is replaced only when all went well.
        name, source : str
            How the data set is called, and where it comes from.
        time_zone : str, optional
            IANA name of the local times, for display.
        recipe : dict, optional
            The cleaning recipe that made this table.
        pictures : Path, optional
            The folder below which files that the column `image` names may be shown.
        catalogue : polars.DataFrame, optional
            Items that may have no check-in yet; see `strec.schema.catalogue`.
        engine : str, optional
            What answers the questions of the store; see `Store`.

        Raises
        ------
        SchemaError, StoreError
            If the table is not canonical or is empty, or the folder holds something else.

        Examples
        --------
        >>> import tempfile
        >>> store = Store.create(schema.example(), tempfile.mkdtemp() + "/store", name="Example")
        >>> store.name, store.meta["n_checkins"]
        ('Example', 4)
        """
        folder = Path(folder)
        with writer.replacing(folder) as fresh:
            meta: dict[str, Any] = {
                "name": name,
                "time_zone": time_zone,
                "source": source,
                "recipe": recipe,
            }
            meta["pictures"] = None if pictures is None else str(Path(pictures).resolve())
            written = writer.write_checkins(checkins, fresh)
            meta |= written.meta
            writer.write_meta(fresh, meta)
            draft = cls(fresh, engines.EMBEDDED)
            items, meta["items_stay"] = item_table(
                draft._polars, draft.table, written.items, meta["n_checkins"]
            )
            items.write_parquet(fresh / writer.ITEMS)
            written.users.write_parquet(fresh / writer.USERS)
            draft._connection.disconnect()
            writer.seal(fresh, writer.write_catalogue(fresh, catalogue, meta))
        return cls(folder, engine)

    def with_catalogue(
        self, items: pl.DataFrame | None, folder: Path | str, *, name: str | None = None
    ) -> "Store":
        """Make a store of the same check-ins that is told of items that nobody took yet.

        Models suggest them too; what is counted of check-ins stays as it is.

        Parameters
        ----------
        items : polars.DataFrame, optional
            See `strec.schema.catalogue`; without it the new store is told of none.
        folder : path
            A new folder, as for `create`.
        name : str, optional
            How it is called; as this one without it.

        Raises
        ------
        SchemaError, StoreError
            If the table does not name its items, the folder holds something else, or the
            check-ins are in a database.

        Examples
        --------
        >>> import tempfile
        >>> from strec import Dataset
        >>> store, pool = Dataset(schema.example()).store, pl.DataFrame({"item_id": ["pool"]})
        >>> told = store.with_catalogue(pool, tempfile.mkdtemp() + "/told")
        >>> told.catalogue["item_id"].to_list(), told.fingerprint == store.fingerprint
        (['pool'], False)
        """
        if self.is_elsewhere:
            raise StoreError(
                "Items that nobody took yet are kept beside check-ins, in the folder of a store.",
                f"{self.name}, a table of a database.",
                "Copy the table first: on the Data page, or with strec clean.",
            )
        with writer.replacing(Path(folder)) as fresh, self._in_words():
            writer.copy_checkins(self.folder, fresh)
            meta = self.meta if name is None else self.meta | {"name": name}
            writer.seal(fresh, writer.write_catalogue(fresh, items, meta))
        return Store(folder, self.engine)

    def summary(self, filters: Filters | None = None) -> dict:
        """Return counts and span of the check-ins kept.

        Parameters
        ----------
        filters : Filters, optional
            Which check-ins; all without it.

        Returns
        -------
        dict
            `n_checkins`, `n_users`, `n_items`, `n_places` (check-ins with a place), `n_days`
            (from first to last, both included), `first_date`, `last_date` (date, or None).

        Examples
        --------
        >>> from strec import Dataset
        >>> Dataset(schema.example()).store.summary()["n_items"]
        3
        """
        row = self._run(aggregates.summary(self._kept(filters))).iloc[0].to_dict()
        first, last = row.pop("first_date"), row.pop("last_date")
        counts = {str(name): int(value) for name, value in row.items()}
        if not counts["n_checkins"]:
            return counts | {"n_days": 0, "first_date": None, "last_date": None}
        n_days = (last - first).days + 1
        return counts | {"n_days": n_days, "first_date": first, "last_date": last}

    def hour_weekday(self, filters: Filters | None = None) -> pd.DataFrame:
        """Return counts per hour of the week, zeros included.

        Parameters
        ----------
        filters : Filters, optional
            Which check-ins; all without it.

        Returns
        -------
        pandas.DataFrame
            `weekday` (0 is Monday), `hour`, `n_checkins`, `n_users`: 168 rows, fewer where the
            filters leave out hours or weekdays, or the dates do not span a week. Where the
            filters say whom, what or where, counts of fewer than `MIN_USERS` users are blank.

        Examples
        --------
        >>> from strec import Dataset
        >>> len(Dataset(schema.example()).store.hour_weekday())
        48
        """
        filters = filters or Filters()
        there = self._weekdays(filters)
        every = [hour for hour in filters.hours_of_week() if hour // 24 in there]
        kept = self._kept(filters)
        hour = aggregates.whole(kept, schema.HOUR_OF_WEEK)
        found = self._count(kept, hour_of_week=hour)
        full = found.set_index("hour_of_week").reindex(every, fill_value=0)
        full = full.rename_axis("hour_of_week").reset_index()
        full.insert(0, "weekday", full.hour_of_week // 24)
        full.insert(1, "hour", full.hour_of_week % 24)
        return self._of_enough(full.drop(columns="hour_of_week"), filters)

    def day_hours(self, filters: Filters | None = None) -> pd.DataFrame:
        """Return counts per hour of the day, zeros included: `hour`, `n_checkins`, `n_users`.

        Parameters
        ----------
        filters : Filters, optional
            Which check-ins; all without it. As in `hour_weekday`, small counts may be blank.

        Examples
        --------
        >>> from strec import Dataset
        >>> Dataset.sample("travel").store.day_hours()["n_checkins"].idxmax()
        13
        """
        filters = filters or Filters()
        kept = self._kept(filters)
        found = self._count(kept, hour=aggregates.hour(kept))
        every = list(range(24)) if filters.hours is None else sorted(filters.hours)
        full = found.set_index("hour").reindex(every, fill_value=0)
        return self._of_enough(full.rename_axis("hour").reset_index(), filters)

    def calendar(self, filters: Filters | None = None) -> pd.DataFrame:
        """Return one row per local day from first to last: `period`, `n_checkins`, `n_users`.

        Parameters
        ----------
        filters : Filters, optional
            Which check-ins; all without it.

        Examples
        --------
        >>> from strec import Dataset
        >>> Dataset(schema.example()).store.calendar()["n_checkins"].tolist()
        [3, 1]
        """
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
            `period` (local time, no zone), `n_checkins`, `n_users`; where the filters say whom,
            what or where, counts of fewer than `MIN_USERS` users are blank.

        Examples
        --------
        >>> from strec import Dataset
        >>> Dataset(schema.example()).store.trend("day")["n_checkins"].tolist()
        [3, 1]
        """
        if grain not in FREQUENCIES:
            raise AnalysisError(
                f"A trend is counted per {', '.join(FREQUENCIES)}.",
                f"{grain}.",
                "Choose one of them.",
            )
        unit, frequency = FREQUENCIES[grain]
        kept = self._kept(filters)
        keys: dict[str, ir.Value] = {"period": aggregates.period(kept, unit)}
        if grain == "hour":
            keys["hour"] = aggregates.hour(kept)
        found = self._count(kept, **keys)
        found["period"] = pd.to_datetime(found["period"])
        if grain == "hour":
            found["period"] += pd.to_timedelta(found.pop("hour"), unit="h")
        if found.empty:
            return found
        every = pd.date_range(found["period"].min(), found["period"].max(), freq=frequency)
        every = every[_possible(every, grain, filters or Filters())]
        found = found.set_index("period").reindex(every, fill_value=0)
        return self._of_enough(found.rename_axis("period").reset_index(), filters or Filters())

    def by_category(self, top: int | None = 20, filters: Filters | None = None) -> pd.DataFrame:
        """Return the largest categories first; `attrs['n_categories']` counts them all.

        Categories of fewer than `MIN_USERS` users are left out.

        Parameters
        ----------
        top : int, optional
            How many of them; all where it is None.
        filters : Filters, optional
            Which check-ins; all without it.

        Raises
        ------
        AnalysisError
            If the store has no categories.

        Examples
        --------
        >>> from strec import Dataset
        >>> Dataset.sample("travel").store.by_category(top=2)["category"].tolist()
        ['Museum', 'Night Bar']
        """
        self._need(schema.CATEGORY)
        kept = self._kept(filters)
        found = self._count(kept, category=aggregates.category(kept))
        who = "n_checkins" if self.is_anonymous else "n_users"
        found = largest_first(found[found[who] >= self.least_users], ["category"])
        largest = found.head(top) if top else found
        largest.attrs["n_categories"] = len(found)
        return largest

    def category_hours(self, top: int = 12, filters: Filters | None = None) -> pd.DataFrame:
        """Return `category`, `hour` and counts, 24 rows for each of the largest categories.

        Counts of fewer than `MIN_USERS` users are blank.

        Parameters
        ----------
        top : int
            How many categories.
        filters : Filters, optional
            Which check-ins; all without it.

        Raises
        ------
        AnalysisError
            If the store has no categories.

        Examples
        --------
        >>> from strec import Dataset
        >>> len(Dataset.sample("travel").store.category_hours(top=2))
        48
        """
        self._need(schema.CATEGORY)
        names = self.by_category(top, filters).category
        kept = self._kept(filters)
        # The people of what is not shown need not be counted.
        kept = kept.filter(aggregates.category(kept).isin(names.tolist()))
        keys = {"category": aggregates.category(kept), "hour": aggregates.hour(kept)}
        found = self._count(kept, **keys)
        every = pd.MultiIndex.from_product([names, range(24)], names=["category", "hour"])
        full = found.set_index(["category", "hour"]).reindex(every, fill_value=0).reset_index()
        return enough_users(full, self.least_users)

    def event_kinds(self) -> list[str]:
        """Return the kinds of event, the most frequent first; none where nothing says them.

        Examples
        --------
        >>> from strec import Dataset
        >>> Dataset.sample("ecommerce").store.event_kinds()
        ['view', 'purchase', 'cart']
        """
        if not self.has(schema.EVENT):
            return []
        rows = self.table.filter(self.table[schema.EVENT].notnull())
        found = self._run(aggregates.checkins_per(rows, event=rows[schema.EVENT]))
        return largest_first(found, ["event"])["event"].tolist()

    def _of_enough(self, counts: pd.DataFrame, filters: Filters) -> pd.DataFrame:
        """Hide small counts over time where the filters say more than when."""
        return enough_users(counts, self.least_users if filters.says_whom_or_where else 1)

    @cached_property
    def least_users(self) -> int:
        """Users that a shown group has; data of fewer people in all are shown to their owner."""
        # Of data that name nobody, groups are hidden by their check-ins.
        return 1 if not self.is_anonymous and self.meta["n_users"] < MIN_USERS else MIN_USERS

    def _weekdays(self, filters: Filters) -> set[int]:
        """Weekdays between the first and the last date: what did not come is not zero."""
        dates = Filters(date_from=filters.date_from, date_to=filters.date_to).apply(self.table)
        day = dates[schema.LOCAL_DATE]
        first, last = self._run(dates.agg(first=day.min(), last=day.max())).iloc[0]
        if pd.isna(first):
            return set(range(7))
        days = pd.date_range(first, last)[:7]
        return set(days.day_of_week)


def _possible(periods: pd.DatetimeIndex, grain: str, filters: Filters) -> np.ndarray:
    keep = np.ones(len(periods), dtype=bool)
    if grain in ("hour", "day") and filters.weekdays is not None:
        keep &= periods.day_of_week.isin(filters.weekdays)
    if grain == "hour" and filters.hours is not None:
        keep &= periods.hour.isin(filters.hours)
    return keep
