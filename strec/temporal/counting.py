"""From check-ins to series: counts per period of local time, for the whole or any slice of it."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import polars as pl
from ibis import _

from strec import schema
from strec.errors import AnalysisError
from strec.export import MIN_USERS, enough_people
from strec.store import Filters, HasStore, Store, aggregates, store_of
from strec.store.engines import ALONE
from strec.temporal import clocks
from strec.temporal.grains import GRAINS, Grain, grain_of
from strec.temporal.timeseries import TimeSeries
from strec.wording import plural

#: More periods than this are a finer grain than a chart or a model can use.
MAX_PERIODS = 200_000
#: A period at either end counts only when the data reach over this share of it.
COVERED = 0.75
#: Seconds, a multiple of every grain: keeps times before 1970 positive, where integer division
#: rounds the same way on every engine.
_SHIFT = 21_600 * 2_000_000


def series(
    data: HasStore | Store | pl.DataFrame,
    grain: str = "hour",
    *,
    filters: Filters | None = None,
    missing: str = "zero",
    measure: str = "checkins",
    time_zone: str | None = None,
    min_users: int = 1,
) -> TimeSeries:
    """Count check-ins per period of local time.

    Parameters
    ----------
    data : Dataset, Store or polars.DataFrame
        A data set, a store, or canonical check-ins.
    grain : str
        `15min`, `30min`, `hour`, `6h`, `day`, `week` (from Monday) or `month`.
    filters : Filters, optional
        The slice: dates, categories, events, users, cells. Hours and weekdays that it leaves out
        are gaps, not zeros.
    missing : str
        What a period without check-ins means: `zero`, nothing happened, or `gap`, nothing is
        known.
    measure : str
        `checkins`, or `users`: distinct users per period.
    time_zone : str, optional
        IANA name of the clock; by default the store's.
    min_users : int
        Periods with check-ins of fewer distinct users are gaps, so that none tells of a person.

    Returns
    -------
    TimeSeries
        From the first to the last period of the whole data set, so that slices share one axis.
        Periods at the ends that the data cover by less than 75 % are left out, with a note. Days
        on which clocks change have 23 or 25 hours.

    Raises
    ------
    AnalysisError
        If there is no check-in in the slice, or the grain is too fine for the span.

    Examples
    --------
    >>> daily = series(schema.example(), "day", time_zone="America/New_York")
    >>> daily.clock.to_list()
    [3.0, 1.0]
    """
    _one_of("missing", missing, ("zero", "gap"))
    _one_of("measure", measure, ("checkins", "users"))
    source = _Source(data, filters, time_zone)
    found = source.count(grain_of(grain))
    n_users = int(
        source.run(source.table.agg(n=aggregates.who(source.table).nunique()))["n"].iloc[0]
    )
    name = _slice_name(source.filters)
    return source.assemble(found, grain_of(grain), missing, measure, name, n_users, min_users)


def series_by(
    data: HasStore | Store | pl.DataFrame,
    by: str,
    grain: str = "hour",
    *,
    top: int = 8,
    groups: Mapping[str, str] | None = None,
    resolution: int = 7,
    filters: Filters | None = None,
    missing: str = "zero",
    measure: str = "checkins",
    time_zone: str | None = None,
    min_users: int = MIN_USERS,
) -> dict[str, TimeSeries]:
    """Count check-ins per period for each of the largest groups, all on one axis.

    Parameters
    ----------
    data, grain, filters, missing, measure, time_zone
        As in `series`.
    by : str
        `category`, `event`, `cell` (H3, as a hexadecimal name) or `user_group`.
    top : int
        How many groups, largest first.
    groups : mapping of str to str, optional
        User to group, for `user_group`; by default thirds of the users by activity.
    resolution : int
        H3 resolution of the cells, 0 to 10.
    min_users : int
        Groups with fewer distinct users are left out.

    Raises
    ------
    AnalysisError
        If no group has enough users, or the check-ins have no such column.

    Examples
    --------
    >>> list(series_by(schema.example(), "category", "day", min_users=1))
    ['Coffee Shop', 'Office', 'Park']
    """
    _one_of("by", by, ("category", "event", "cell", "user_group"))
    _one_of("missing", missing, ("zero", "gap"))
    _one_of("measure", measure, ("checkins", "users"))
    source = _Source(data, filters, time_zone)
    table, key = source.keyed(by, groups, resolution)
    sizes = source.run(aggregates.count(table, key=key))
    sizes = sizes[enough_people(sizes, min_users)].sort_values(
        ["n_checkins", "key"], ascending=[False, True]
    )
    if sizes.empty:
        raise AnalysisError(
            f"A series by {by.replace('_', ' ')} needs a group of at least {min_users} users.",
            "none; a smaller group could point at a person.",
            "Choose another grouping, a coarser resolution, or fewer filters.",
        )
    chosen = sizes.head(top)
    found = source.count(grain_of(grain), table.filter(key.isin(chosen["key"].to_list())), key)
    result = {}
    for group, n_users in zip(chosen["key"].to_list(), chosen["n_users"].to_list(), strict=True):
        rows = found[found["key"] == group].drop(columns="key")
        name = f"{group:x}" if by == "cell" else str(group)
        result[name] = source.assemble(rows, grain_of(grain), missing, measure, name, n_users)
    return result


def has_checkins(data: object) -> bool:
    """Return whether a series can be counted from this."""
    return isinstance(data, pl.DataFrame) or store_of(data) is not None


class _Source:
    """One table of check-ins, its slice, and its clock."""

    def __init__(self, data: object, filters: Filters | None, time_zone: str | None):
        if not isinstance(filters, Filters | None):
            raise AnalysisError(
                "A slice is said by Filters.", f"a {type(filters).__name__}.", "See strec.Filters."
            )
        self.filters = filters or Filters()
        self._store, self._asked = store_of(data), time_zone is not None
        if self._store is not None:
            self.whole: ir.Table = self._store.table
            # A store may name no single zone: each place has its own.
            known = self._store.time_zone
            time_zone = time_zone or (known if clocks.exists(known) else None)
        elif isinstance(data, pl.DataFrame):
            derived = schema.derive(schema.validate(data))
            user = pl.col(schema.USER)
            codes = pl.when(user != schema.NOBODY).then(user.rle_id()).alias(aggregates.USER_CODE)
            self.whole = ibis.memtable(derived.with_columns(codes))
        else:
            raise AnalysisError(
                "Series are counted from a data set, a store, or canonical check-ins.",
                f"{type(data).__name__}.",
                "Make a data set first: strec.Dataset.of(…).",
            )
        if self._asked and not clocks.exists(time_zone):
            raise AnalysisError(
                "A time zone has an IANA name, such as Europe/Paris.",
                f"{time_zone}.",
                "Choose a zone from the list, or leave it out.",
            )
        self.time_zone = time_zone
        self.table = self.filters.apply(self.whole)

    def run(self, expression: ir.Table) -> pd.DataFrame:
        if self._store is not None:
            return self._store._run(expression)
        return expression.to_pyarrow().to_pandas()

    def keyed(
        self, by: str, groups: Mapping[str, str] | None, resolution: int
    ) -> tuple[ir.Table, ir.Value]:
        """The table and the expression of the group of each check-in."""
        if by == "user_group":
            table = self._with_groups(groups)
            return table, table["user_group"]
        column = {"cell": schema.CELL}.get(by, by)
        if column not in self.table.columns:
            raise AnalysisError(
                f"A series by {by} needs that column.",
                f"columns {', '.join(self.table.columns)}.",
                "Map such a column when reading the file, or choose another grouping.",
            )
        table = self.table.filter(self.table[column].notnull())
        if by != "cell":
            return table, table[column]
        if not 0 <= resolution <= schema.CELL_RESOLUTION:
            raise AnalysisError(
                f"Cells have a resolution from 0 (coarse) to {schema.CELL_RESOLUTION} (fine).",
                f"{resolution}.",
                "Choose a resolution in between.",
            )
        return table, aggregates.parent(cast(ir.IntegerColumn, table[schema.CELL]), resolution)

    def _with_groups(self, groups: Mapping[str, str] | None) -> ir.Table:
        if groups is None:
            counted = self.table.group_by(self.table[schema.USER]).agg(n=_.count())
            sizes = self.run(counted).sort_values(["n", schema.USER])
            third = np.arange(len(sizes)) * 3 // max(len(sizes), 1)
            labels = np.array(["light users", "regular users", "heavy users"])[third]
            groups = dict(zip(sizes[schema.USER], labels, strict=True))
        if not groups:
            raise AnalysisError(
                "User groups need at least one user.", "none.", "Name a group for each user."
            )
        names = pl.DataFrame({schema.USER: list(groups), "user_group": list(groups.values())})
        if self._store is not None and self._store.engine.startswith(ALONE):
            # Neither Polars nor Spark reads a table in memory of this process beside its own.
            raise AnalysisError(
                "User groups need the embedded engine.",
                self._store.engine,
                "Open the store with engine='duckdb://'.",
            )
        return self.table.join(ibis.memtable(names), schema.USER)

    def count(self, grain: Grain, table: ir.Table | None = None, key: ir.Value | None = None):
        """Count per wall-clock period, and per offset where hours can repeat."""
        table = self.table if table is None else table
        keys = {} if key is None else {"key": key}
        if grain.hours >= 24:
            local = cast(ir.DateColumn, table[schema.LOCAL_DATE])
            unit = {"week": "W", "month": "M"}.get(grain.name, "D")
            keys["start"] = local.truncate(cast(Any, unit)) if grain.hours > 24 else local
            found = self.run(aggregates.count(table, **keys))
            return found.assign(start=pd.to_datetime(found["start"]).astype("datetime64[s]"))
        seconds = int(grain.hours * 3600)
        local = _local_seconds(table) + _SHIFT
        keys["step"] = (local - local % seconds).cast("int64")
        if grain.has_clock:
            keys["utc_offset_min"] = table[schema.OFFSET].cast("int64")
        found = self.run(aggregates.count(table, **keys))
        start = (found.pop("step") - _SHIFT).to_numpy().astype("datetime64[s]")
        return found.assign(start=start)

    def assemble(
        self, found: pd.DataFrame, grain: Grain, missing: str, measure: str, name: str,
        n_users: int, min_users: int = 1,
    ) -> TimeSeries:  # fmt: skip
        """Put counts on the axis of the whole data set."""
        if found.empty:
            raise AnalysisError(
                "A series needs at least one check-in.",
                f"none in {name}.",
                "Choose another slice, or remove filters.",
            )
        first, last = self._span()
        n_periods = (last - first) / pd.Timedelta("1h") / grain.hours
        if n_periods > MAX_PERIODS:
            raise AnalysisError(
                f"A series has at most {MAX_PERIODS:,} periods.",
                f"{n_periods:,.0f} {grain.many} from {first:%Y-%m-%d} to {last:%Y-%m-%d}.",
                "Choose a coarser grain, or remove the check-ins with impossible dates.",
            )
        axis = clocks.axis(first, last, grain, self.clock)
        axis["n"] = clocks.place(found, axis, "n_checkins")
        values = clocks.place(found, axis, "n_" + measure)
        values = np.where(values == 0, np.nan, values) if missing == "gap" else values
        axis["value"] = np.where(_possible(axis["start"], grain, self.filters), values, np.nan)
        few = pd.Series(clocks.place(found, axis, "n_users")).between(1, min_users - 1)
        axis["value"] = axis["value"].mask(few.to_numpy())
        kept, notes = _without_partial(axis, first, last, grain)
        if few.any():
            periods = plural(int(few.sum()), grain.one, grain.many)
            notes += (f"{periods} with fewer than {min_users} users left out.",)
        # Years of daily data are needed before a yearly season can be told from a trend.
        yearly = (365,) if grain.name == "day" and len(kept) >= 3 * 365 else ()
        return TimeSeries(
            kept.drop(columns="n").reset_index(drop=True),
            grain,
            grain.periods + yearly,
            name=name,
            unit={"checkins": "check-ins"}.get(measure, measure),
            n_checkins=int(kept["n"].sum()),
            n_users=n_users,
            time_zone=self.clock,
            notes=notes,
        )

    @cached_property
    def clock(self) -> str | None:
        """The zone, if the check-ins' own offsets are its, but for a few strays.

        Asked of the whole data set, so that all its slices share one clock.
        """
        if self.time_zone is None:
            return None
        share = clocks.share_on(self.count(GRAINS["hour"], self.whole), self.time_zone)
        if self._asked and share < clocks.AGREE:
            raise AnalysisError(
                f"The check-ins must be in {self.time_zone}.",
                f"{100 * share:.0f} % of them have the offset of that zone.",
                "Choose their zone, or none: then each check-in counts by its own clock.",
            )
        return self.time_zone if share >= clocks.AGREE else None

    def _span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last local time of the data, within the dates of the filter."""
        first, last = self._ends
        # A filter that cuts inside the data cuts at midnight: its first and last day are whole.
        if self.filters.date_from is not None:
            first = max(first, pd.Timestamp(self.filters.date_from))
        if self.filters.date_to is not None:
            last = min(last, pd.Timestamp(self.filters.date_to) + pd.Timedelta("23:59:59"))
        return first, last

    @cached_property
    def _ends(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        local = _local_seconds(self.whole)
        row = self.run(self.whole.agg(first=local.min(), last=local.max())).iloc[0]
        return pd.Timestamp(int(row["first"]), unit="s"), pd.Timestamp(int(row["last"]), unit="s")


def _local_seconds(table: ir.Table) -> ir.IntegerColumn:
    """Wall-clock time of each check-in, in seconds since 1970."""
    time = cast(ir.TimestampColumn, table[schema.TIME])
    offset = cast(ir.IntegerColumn, table[schema.OFFSET].cast("int64"))
    seconds = cast(ir.IntegerColumn, time.epoch_seconds().cast("int64"))
    return cast(ir.IntegerColumn, seconds + offset * 60)


def _possible(starts: pd.Series, grain: Grain, filters: Filters) -> np.ndarray:
    keep = np.ones(len(starts), dtype=bool)
    if grain.hours <= 24 and filters.weekdays is not None:
        keep &= starts.dt.day_of_week.isin(filters.weekdays).to_numpy()
    if grain.hours < 24 and filters.hours is not None:
        reach = [starts.dt.hour + each for each in range(max(1, int(grain.hours)))]
        keep &= np.any([hour.isin(filters.hours) for hour in reach], axis=0)
    return keep


def _without_partial(
    axis: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp, grain: Grain
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Drop an end period of a day or longer that the data do not really cover."""
    if grain.hours < 24:
        return axis, ()
    length = pd.to_timedelta(axis["hours"].iloc[[0, -1]].to_numpy(), unit="h")
    covered = {
        "first": (axis["start"].iloc[0] + length[0] - first) / length[0],
        "last": (last - axis["start"].iloc[-1]) / length[1],
    }
    ends = [word for word, share in covered.items() if share < COVERED]
    if not ends:
        return axis, ()
    partly = f"The {' and '.join(ends)} {grain.one} {'are' if len(ends) > 1 else 'is'}"
    if len(axis) - len(ends) < 3:
        return axis, (f"{partly} only partly covered by the data.",)
    kept = axis.iloc[int("first" in ends) : len(axis) - int("last" in ends)]
    return kept, (f"{partly} left out: the data cover only a part of it.",)


def _slice_name(filters: Filters) -> str:
    def some(values: tuple[str, ...]) -> str:
        more = f" and {len(values) - 3} more" if len(values) > 3 else ""
        return ", ".join(map(str, values[:3])) + more

    parts = [some(values) for values in (filters.categories, filters.events) if values]
    for values, word in ((filters.users, "user"), (filters.cells, "cell")):
        if values:
            parts.append(f"{len(values):,} {word}{'s' * (len(values) > 1)}")
    return " · ".join(parts) or "all check-ins"


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise AnalysisError(
            f"{what} is one of {', '.join(allowed)}.", f"{value}.", "Choose one of them."
        )
