"""Filling what is missing: from a group's known values, or along its line of time.

A *group* is all check-ins of one user, of one item, or the whole table. The columns given
together (lat and lon) are known together and missing together.
"""

import numpy as np
import polars as pl

from strec.schema import TIME

ROW, GROUP = "_row", "_group"
#: Ways that give all of a group one value.
SUMMARIES = ("mean", "median", "mode")


def fill(
    checkins: pl.DataFrame,
    columns: tuple[str, ...],
    way: str,
    group: str | None = None,
    max_gap_hours: float = 0.0,
) -> pl.DataFrame:
    """Return the table with missing values of `columns` filled where the group allows it.

    Parameters
    ----------
    checkins : polars.DataFrame
        Any order of rows; it is kept.
    columns : tuple of str
        Filled together: null in one means null in all.
    way : str
        ``mean``, ``median`` or ``mode`` of the group's known values; the ``nearest`` known value
        in time; ``linear`` or ``spline`` interpolation in time between the known values before
        and after. The spline is the monotone piecewise cubic of Fritsch and Carlson (SIAM J.
        Numer. Anal. 1980), which never overshoots, as a place in the sea would be.
    group : str, optional
        Column whose values make the groups; the whole table without it.
    max_gap_hours : float
        Nearest: how far away in time. Linear and spline: how long between the two known values.
        0 means any.

    Returns
    -------
    polars.DataFrame
        Same shape. What no known value of the group can fill stays null; in particular nothing
        is interpolated before the first or after the last known value.

    Examples
    --------
    >>> hours = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 1, 3), "1h",
    ...                           time_zone="UTC", eager=True).cast(pl.Datetime("us", "UTC"))
    >>> table = pl.DataFrame({"timestamp": hours, "value": [1.0, None, None, 4.0]})
    >>> fill(table, ("value",), "linear")["value"].to_list()
    [1.0, 2.0, 3.0, 4.0]
    """
    if not checkins[columns[0]].null_count():
        return checkins
    table = checkins.select(
        pl.int_range(pl.len()).alias(ROW),
        (pl.col(group) if group else pl.lit("")).alias(GROUP),
        (pl.col(TIME).to_physical() / 3_600_000_000).alias("hours"),
        *columns,
    )
    if way in SUMMARIES:
        return fill_from(checkins, columns, summary(table, columns, way), group)
    found = _along(table, columns, way, max_gap_hours)
    filled = checkins.select(pl.int_range(pl.len()).alias(ROW)).join(
        found, on=ROW, how="left", maintain_order="left"
    )
    return checkins.with_columns(pl.coalesce(pl.col(name), filled[name]) for name in columns)


def summary(table: pl.DataFrame, columns: tuple[str, ...], way: str) -> pl.DataFrame:
    """Return the mean, median or mode of the known values of each `GROUP`."""
    known = table.filter(pl.col(columns[0]).is_not_null())
    if way == "mode":
        # Of equally frequent values the smallest, so that the order of rows does not matter.
        return (
            known.group_by(GROUP, *columns)
            .len()
            .sort("len", *columns, descending=[True] + [False] * len(columns))
            .unique(GROUP, keep="first", maintain_order=True)
            .drop("len")
        )
    of = {"mean": pl.Expr.mean, "median": pl.Expr.median}[way]
    # Sums of floats depend on their order.
    return known.sort(columns).group_by(GROUP).agg(of(pl.col(name)) for name in columns)


def fill_from(
    checkins: pl.DataFrame, columns: tuple[str, ...], values: pl.DataFrame, group: str | None
) -> pl.DataFrame:
    """Fill missing values of the columns with those of their group."""
    groups = checkins.select((pl.col(group) if group else pl.lit("")).alias(GROUP))
    found = groups.join(values, on=GROUP, how="left", maintain_order="left")
    return checkins.with_columns(pl.coalesce(pl.col(name), found[name]) for name in columns)


def _along(
    table: pl.DataFrame, columns: tuple[str, ...], way: str, max_gap_hours: float
) -> pl.DataFrame:
    known = pl.col(columns[0]).is_not_null()
    where = table.sort(GROUP, "hours", ROW).with_columns(
        pl.when(known).then("hours").forward_fill().over(GROUP).alias("before"),
        pl.when(known).then("hours").backward_fill().over(GROUP).alias("after"),
        *(pl.col(name).forward_fill().over(GROUP).alias(f"{name}_before") for name in columns),
        *(pl.col(name).backward_fill().over(GROUP).alias(f"{name}_after") for name in columns),
    )
    missing = where.filter(~known)
    limit = max_gap_hours or float("inf")
    if way == "nearest":
        return _nearest(missing, columns, limit)
    inside = missing.filter(pl.col("after") - pl.col("before") <= limit)
    if way == "linear":
        return _linear(inside, columns)
    return _spline(where.filter(known), inside, columns)


def _nearest(missing: pl.DataFrame, columns: tuple[str, ...], limit: float) -> pl.DataFrame:
    back = (pl.col("hours") - pl.col("before")).fill_null(float("inf"))
    ahead = (pl.col("after") - pl.col("hours")).fill_null(float("inf"))
    near = missing.filter(pl.min_horizontal(back, ahead).is_between(0, limit))
    near = near.filter(pl.min_horizontal(back, ahead).is_finite())
    return near.select(
        ROW,
        *(
            pl.when(back <= ahead).then(f"{name}_before").otherwise(f"{name}_after").alias(name)
            for name in columns
        ),
    )


def _linear(inside: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    span = pl.col("after") - pl.col("before")
    share = pl.when(span > 0).then((pl.col("hours") - pl.col("before")) / span).otherwise(0.0)
    return inside.select(
        ROW,
        *(
            (
                pl.col(f"{name}_before")
                + share * (pl.col(f"{name}_after") - pl.col(f"{name}_before"))
            ).alias(name)
            for name in columns
        ),
    )


def _spline(known: pl.DataFrame, inside: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    from scipy.interpolate import PchipInterpolator

    # A curve has one value at a time: several known values at one time count as their mean.
    knots = (
        known.filter(pl.col(GROUP).is_in(inside[GROUP].unique().implode()))
        .group_by(GROUP, "hours")
        .agg(pl.col(name).mean() for name in columns)
        .sort(GROUP, "hours")
        .partition_by(GROUP, as_dict=True)
    )
    rows, values = [], []
    for key, gaps in inside.partition_by(GROUP, as_dict=True).items():
        knot, at = knots[key], gaps["hours"].to_numpy()
        if knot.height > 1:
            found = PchipInterpolator(knot["hours"], knot.select(columns).to_numpy())(at)
        else:
            found = np.repeat(knot.select(columns).to_numpy(), len(at), axis=0)
        rows.append(gaps[ROW].to_numpy())
        values.append(found)
    if not rows:
        return inside.select(ROW, *columns)
    table = np.concatenate(values)
    return pl.DataFrame(
        {ROW: np.concatenate(rows)} | {name: table[:, i] for i, name in enumerate(columns)}
    )
