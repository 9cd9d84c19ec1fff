"""From check-ins to series: counts per period, for the whole or any slice of it."""

from collections.abc import Iterable, Mapping

import polars as pl
from ibis import _

from strec import schema
from strec.errors import AnalysisError
from strec.export import MIN_USERS
from strec.store import Filters, Store, aggregates
from strec.temporal.grains import grain_of
from strec.temporal.source import Source
from strec.temporal.timeseries import TimeSeries

_BY = ("category", "event", "cell", "user_group")


def series(
    data: Store | pl.DataFrame,
    grain: str = "hour",
    *,
    filters: Filters | None = None,
    cells: Iterable[int] | None = None,
    missing: str = "zero",
    measure: str = "checkins",
    time_zone: str | None = None,
) -> TimeSeries:
    """Count check-ins per period of local time.

    Parameters
    ----------
    data : Store or polars.DataFrame
        A store, or canonical check-ins.
    grain : str
        `15min`, `30min`, `hour`, `6h`, `day`, `week` (from Monday) or `month`.
    filters : Filters, optional
        The slice: dates, categories, events, users. Hours and weekdays that it leaves out are
        gaps, not zeros.
    cells : iterable of int, optional
        H3 cells, of one resolution from 0 to 10, to keep.
    missing : str
        What a period without check-ins means: `zero`, nothing happened, or `gap`, nothing is
        known.
    measure : str
        `checkins`, or `users`: distinct users per period.
    time_zone : str, optional
        IANA name of the clock; by default the store's.

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
    source = Source(data, filters, cells, time_zone)
    found = source.count(grain_of(grain))
    n_users = int(source.run(source.table.agg(n=_[schema.USER].nunique())).n.iloc[0])
    name = _slice_name(source.filters, source.cells)
    return source.assemble(found, grain_of(grain), missing, measure, name, n_users)


def series_by(
    data: Store | pl.DataFrame,
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

    Other parameters are those of `series`.

    Returns
    -------
    dict of str to TimeSeries

    Examples
    --------
    >>> list(series_by(schema.example(), "category", "day", min_users=1))
    ['Coffee Shop', 'Office', 'Park']
    """
    _one_of("by", by, _BY)
    _one_of("missing", missing, ("zero", "gap"))
    _one_of("measure", measure, ("checkins", "users"))
    source = Source(data, filters, None, time_zone)
    table, key = source.keyed(by, groups, resolution)
    sizes = source.run(aggregates.count(table, key=key))
    sizes = sizes[sizes.n_users >= min_users].sort_values(
        ["n_checkins", "key"], ascending=[False, True]
    )
    if sizes.empty:
        raise AnalysisError(
            f"A series by {by.replace('_', ' ')} needs a group of at least {min_users} users.",
            "none; a smaller group could point at a person.",
            "Choose another grouping, a coarser resolution, or fewer filters.",
        )
    chosen = sizes.head(top)
    kept = table.filter(key.isin(chosen.key.to_list()))
    found = source.count(grain_of(grain), kept, key)
    result = {}
    for row in chosen.itertuples():
        rows = found[found.key == row.key].drop(columns="key")
        name = f"{int(row.key):x}" if by == "cell" else str(row.key)
        result[name] = source.assemble(
            rows, grain_of(grain), missing, measure, name, int(row.n_users)
        )
    return result


def _slice_name(filters: Filters, cells: list[int] | None) -> str:
    def some(values) -> str:
        more = f" and {len(values) - 3} more" if len(values) > 3 else ""
        return ", ".join(map(str, values[:3])) + more

    parts = [some(values) for values in (filters.categories, filters.events) if values]
    if filters.users:
        parts.append(f"{len(filters.users):,} user{'s' * (len(filters.users) > 1)}")
    if cells:
        parts.append(f"{len(cells):,} cell{'s' * (len(cells) > 1)}")
    return " · ".join(parts) or "all check-ins"


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise AnalysisError(
            f"{what} is one of {', '.join(allowed)}.", f"{value}.", "Choose one of them."
        )
