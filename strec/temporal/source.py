"""One table of check-ins, its slice and its clock: what series are counted from."""

from collections.abc import Mapping
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import polars as pl
from ibis import _

from strec import schema
from strec.errors import AnalysisError
from strec.store import Filters, Store, aggregates
from strec.temporal import clocks
from strec.temporal.grains import GRAINS, Grain
from strec.temporal.timeseries import TimeSeries

#: More periods than this are a finer grain than a chart or a model can use.
MAX_PERIODS = 200_000
#: A period at either end counts only when the data reach over this share of it.
COVERED = 0.75
#: Seconds, a multiple of every grain: keeps times before 1970 positive, where integer division
#: rounds the same way on every engine.
_SHIFT = 21_600 * 2_000_000


class Source:
    """One table of check-ins, its slice, and its clock."""

    def __init__(self, data, filters, cells, time_zone):
        self.filters = filters or Filters()
        if isinstance(data, Store):
            self.whole, self._store = data.table, data
            # A store may name no single zone: each place has its own.
            self.time_zone = time_zone or (
                data.time_zone if clocks.exists(data.time_zone) else None
            )
        else:
            self.whole, self._store = _in_memory(data), None
            self.time_zone = time_zone
        self._asked = time_zone is not None
        if self._asked and not clocks.exists(time_zone):
            raise AnalysisError(
                "A time zone has an IANA name, such as Europe/Paris.",
                f"{time_zone}.",
                "Choose a zone from the list, or leave it out.",
            )
        self.table = self.filters.apply(self.whole)
        self.cells = None if cells is None else [int(cell) for cell in cells]
        if self.cells is not None:
            self.table = _among_cells(self.table, self.cells)

    def run(self, expression: ir.Table) -> pd.DataFrame:
        if self._store is not None:
            return self._store._run(expression)
        return expression.to_pyarrow().to_pandas()

    def keyed(self, by: str, groups, resolution: int) -> tuple[ir.Table, ir.Value]:
        """The table and the expression of the group of each check-in."""
        if by == "user_group":
            table = _with_groups(self, groups)
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
        _check_resolution(resolution)
        return table, aggregates.parent(table[schema.CELL], resolution)

    def count(self, grain: Grain, table: ir.Table | None = None, key: ir.Value | None = None):
        """Count per wall-clock period, and per offset where hours can repeat."""
        table = self.table if table is None else table
        keys = {} if key is None else {"key": key}
        if grain.hours >= 24:
            local = table[schema.LOCAL_DATE]
            unit = {"week": "W", "month": "M"}.get(grain.name)
            keys["start"] = local.truncate(unit) if unit else local
            found = self.run(aggregates.count(table, **keys))
            return found.assign(start=pd.to_datetime(found["start"]).astype("datetime64[s]"))
        seconds = int(grain.hours * 3600)
        offset = table[schema.OFFSET].cast("int64")
        local = table[schema.TIME].epoch_seconds().cast("int64") + offset * 60 + _SHIFT
        keys["step"] = (local - local % seconds).cast("int64")
        if grain.has_clock:
            keys["utc_offset_min"] = offset
        found = self.run(aggregates.count(table, **keys))
        start = (found.pop("step") - _SHIFT).to_numpy().astype("datetime64[s]")
        return found.assign(start=start)

    def assemble(
        self,
        found: pd.DataFrame,
        grain: Grain,
        missing: str,
        measure: str,
        name: str,
        n_users: int,
    ) -> TimeSeries:
        """Put counts on the axis of the whole data set."""
        if found.empty:
            raise AnalysisError(
                "A series needs at least one check-in.",
                f"none in {name}.",
                "Choose another slice, or remove filters.",
            )
        first, last = self._span()
        hours = (last - first) / np.timedelta64(1, "h")
        if hours / grain.hours > MAX_PERIODS:
            raise AnalysisError(
                f"A series has at most {MAX_PERIODS:,} periods.",
                f"{hours / grain.hours:,.0f} {grain.many} from {first:%Y-%m-%d} to "
                f"{last:%Y-%m-%d}.",
                "Choose a coarser grain, or remove the check-ins with impossible dates.",
            )
        axis = clocks.axis(first, last, grain, self.clock)
        axis["n"] = clocks.place(found, axis, "n_checkins")
        values = clocks.place(found, axis, "n_" + measure)
        values = np.where(values == 0, np.nan, values) if missing == "gap" else values
        axis["value"] = np.where(_possible(axis["start"], grain, self.filters), values, np.nan)
        kept, notes = _without_partial(axis, first, last, grain)
        return TimeSeries(
            kept.drop(columns="n").reset_index(drop=True),
            grain,
            _seasons(grain, len(kept)),
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
                f"{share:.0%} of them have the offset of that zone.",
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
        offset_s = self.whole[schema.OFFSET].cast("int64") * 60
        local = self.whole[schema.TIME].epoch_seconds().cast("int64") + offset_s
        row = self.run(self.whole.mutate(local=local).agg(a=_.local.min(), b=_.local.max())).iloc[0]
        return pd.Timestamp(int(row.a), unit="s"), pd.Timestamp(int(row.b), unit="s")


def _in_memory(checkins: pl.DataFrame) -> ir.Table:
    derived = schema.derive(schema.validate(checkins))
    codes = derived[schema.USER].rle_id().alias(aggregates.USER_CODE)
    return ibis.memtable(derived.with_columns(codes))


def _among_cells(table: ir.Table, cells: list[int]) -> ir.Table:
    resolutions = {cell >> 52 & 0xF for cell in cells}
    if len(resolutions) != 1:
        raise AnalysisError(
            "Cells of one H3 resolution are needed.",
            f"resolutions {sorted(resolutions) or 'none'}.",
            "Give the cells of one map.",
        )
    _check_resolution(resolution := resolutions.pop())
    placed = table.filter(table[schema.CELL].notnull())
    return placed.filter(aggregates.parent(placed[schema.CELL], resolution).isin(cells))


def _check_resolution(resolution: int) -> None:
    if not 0 <= resolution <= schema.CELL_RESOLUTION:
        raise AnalysisError(
            f"Cells have a resolution from 0 (coarse) to {schema.CELL_RESOLUTION} (fine).",
            f"{resolution}.",
            "Choose a resolution in between.",
        )


def _with_groups(source: Source, groups: Mapping[str, str] | None) -> ir.Table:
    if groups is None:
        sizes = source.run(
            source.table.group_by(source.table[schema.USER]).agg(n=_.count())
        ).sort_values(["n", schema.USER])
        third = np.arange(len(sizes)) * 3 // max(len(sizes), 1)
        labels = np.array(["light users", "regular users", "heavy users"])[third]
        groups = dict(zip(sizes[schema.USER], labels, strict=True))
    if not groups:
        raise AnalysisError(
            "User groups need at least one user.", "none.", "Name a group for each user."
        )
    names = pl.DataFrame({schema.USER: list(groups), "user_group": list(groups.values())})
    if source._store is not None and source._store.engine != "duckdb://":
        # Only the embedded engine reads a table in memory of this process beside its own.
        raise AnalysisError(
            "User groups need the embedded engine.",
            source._store.engine,
            "Open the store with engine='duckdb://'.",
        )
    return source.table.join(ibis.memtable(names), schema.USER)


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
    covered = (
        (axis["start"].iloc[0] + length[0] - first) / length[0],
        (last - axis["start"].iloc[-1]) / length[1],
    )
    ends = [word for word, c in zip(("first", "last"), covered, strict=True) if c < COVERED]
    if not ends:
        return axis, ()
    partly = f"The {' and '.join(ends)} {grain.one} {'are' if len(ends) > 1 else 'is'}"
    if len(axis) - len(ends) < 3:
        return axis, (f"{partly} only partly covered by the data.",)
    kept = axis.iloc[int("first" in ends) : len(axis) - int("last" in ends)]
    return kept, (f"{partly} left out: the data cover only a part of it.",)


def _seasons(grain: Grain, length: int) -> tuple[int, ...]:
    # Years of daily data are needed before a yearly season can be told from a trend.
    yearly = (365,) if grain.name == "day" and length >= 3 * 365 else ()
    return GRAINS[grain.name].periods + yearly
