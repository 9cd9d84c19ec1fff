"""Measure a table of check-ins: completeness, duplicates, span, sparsity, returns, places."""

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import numpy as np
import polars as pl

from strec import schema
from strec.cleaning.improbable import impossible_place
from strec.cleaning.rows import exact_duplicates, near_duplicates
from strec.errors import AnalysisError
from strec.geo import distance_column, median_longitude
from strec.profiling.findings import Finding, find
from strec.schema import ITEM, LAT, LON, OFFSET, TIME, USER, VALUE

TITLES = {
    USER: "User",
    ITEM: "Item",
    TIME: "Time",
    "place": "Place",
    schema.CATEGORY: "Category",
    schema.ITEM_NAME: "Name of the item",
    schema.EVENT: "Event",
    VALUE: "Value",
    schema.TEXT: "Text",
    schema.IMAGE: "Picture",
    schema.PLACE_ID: "Shop",
    schema.PLACE_NAME: "Name of the shop",
    schema.ORIGIN_ID: "Start of the trip",
    schema.ORIGIN_NAME: "Name of the start",
    schema.ORIGIN_LAT: "Latitude of the start",
    schema.ORIGIN_LON: "Longitude of the start",
    schema.END_TIME: "End of the trip",
}
#: A timeline has at most this many bars, each of one of these lengths in days.
MOST_BARS, BAR_DAYS = 200, (1, 7, 28, 91, 364, 3640)


@dataclass(frozen=True)
class Column:
    """How complete a column is: known and missing values, and how many different ones."""

    name: str
    title: str
    n_known: int
    n_missing: int
    n_distinct: int

    @property
    def share_known(self) -> float:
        """Known values per check-in, 0 to 1."""
        return self.n_known / max(self.n_known + self.n_missing, 1)


@dataclass(frozen=True, eq=False)
class QualityReport:
    """What `quality` has measured.

    Parameters
    ----------
    n_checkins, n_users, n_items : int
        Size of the table.
    columns : tuple of Column
        Completeness; `place` stands for latitude and longitude together.
    n_exact_duplicates : int
        Rows that agree with an earlier one in every column.
    n_near_duplicates, near_minutes : int, float
        Further rows that repeat a user's check-in at the same item within this many minutes.
    first, last : datetime
        Earliest and latest local time.
    n_days, n_days_without : int
        Local days from first to last, both included; those without a check-in.
    silence_hours, silence_from, silence_to : float, datetime, datetime
        The longest time without any check-in, between two of them (UTC).
    per_user, per_item : dict
        Check-ins per user and per item: `min`, `median`, `mean`, `max`.
    n_pairs : int
        Different pairs of user and item.
    sparsity : float
        Share of all possible pairs that never happen, 0 to 1.
    return_share : float
        Share of check-ins at an item where the user was before, 0 to 1.
    n_without_place, n_places : int
        Check-ins without a place on Earth; different places.
    middle : tuple of float, optional
        Median latitude and longitude.
    spread_km, reach_km : float, optional
        Half, and 95 %, of the places lie this near the middle.
    timeline : polars.DataFrame
        `start` (local date), `n_checkins`, in bars of `bar_days` days.
    hours : tuple of int
        Check-ins per local hour of the day, 24 numbers.
    users_by_checkins : polars.DataFrame
        `from`, `to` (check-ins), `n_users`: how many users have how many.
    findings : tuple of Finding
        What looks suspicious, most serious first.
    bar_days : int
        Width of a bar of the timeline, in days.
    """

    n_checkins: int
    n_users: int
    n_items: int
    columns: tuple[Column, ...]
    n_exact_duplicates: int
    n_near_duplicates: int
    near_minutes: float
    first: dt.datetime
    last: dt.datetime
    n_days: int
    n_days_without: int
    silence_hours: float
    silence_from: dt.datetime
    silence_to: dt.datetime
    per_user: dict[str, float]
    per_item: dict[str, float]
    n_pairs: int
    sparsity: float
    return_share: float
    n_without_place: int
    n_places: int
    middle: tuple[float, float] | None
    spread_km: float | None
    reach_km: float | None
    bar_days: int
    timeline: pl.DataFrame = field(repr=False)
    hours: tuple[int, ...] = field(repr=False)
    users_by_checkins: pl.DataFrame = field(repr=False)
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain numbers and texts, for JSON."""
        plain = {
            name: value
            for name, value in vars(self).items()
            if name not in ("timeline", "users_by_checkins", "columns", "findings")
        }
        for name in ("first", "last", "silence_from", "silence_to"):
            plain[name] = plain[name].isoformat()
        return plain | {
            "columns": [asdict(column) for column in self.columns],
            "findings": [asdict(finding) for finding in self.findings],
            "timeline": self.timeline.with_columns(pl.col("start").cast(pl.String)).to_dicts(),
            "users_by_checkins": self.users_by_checkins.to_dicts(),
        }

    def html(self, name: str = "Check-ins", notes: tuple[str, ...] = ()) -> str:
        """Return the report as one self-contained HTML page.

        Parameters
        ----------
        name : str
            How the data set is called; shown as it is, never as markup.
        notes : tuple of str
            Further sentences to show, such as what reading has assumed.

        Examples
        --------
        >>> from strec import Dataset, quality
        >>> quality(Dataset.sample("travel")).html("Travel").startswith("<!doctype html>")
        True
        """
        from strec.profiling.html import page

        return page(self, name, notes)


def quality(checkins: pl.DataFrame, *, near_minutes: float = 10.0) -> QualityReport:
    """Measure the quality of a table of check-ins.

    Parameters
    ----------
    checkins : polars.DataFrame
        A canonical table, in any order; it is not changed.
    near_minutes : float
        The same user at the same item again within this time is a near duplicate.

    Raises
    ------
    SchemaError
        If the table is not canonical.
    AnalysisError
        If it is empty.

    Examples
    --------
    >>> report = quality(schema.example())
    >>> report.n_users, report.n_items, report.n_pairs, round(report.sparsity, 2)
    (2, 3, 4, 0.33)
    """
    table = schema.validate(checkins)
    if table.is_empty():
        raise AnalysisError(
            "A quality report needs at least one check-in.",
            "the table is empty.",
            "Choose another file, or loosen the cleaning steps that removed every row.",
        )
    table = table.drop(name for name in schema.DERIVED if name in table.columns)
    table = table.sort(USER, TIME, ITEM)
    named = table.filter(pl.col(USER) != schema.NOBODY)
    repeated = exact_duplicates(named)
    again = near_duplicates(named.filter(~repeated), near_minutes)
    users, items = _counts(named, USER), _counts(table, ITEM)
    n_pairs = named.select(USER, ITEM).n_unique()
    measured: dict[str, Any] = {
        "n_checkins": table.height,
        "n_users": len(users),
        "n_items": len(items),
        "columns": _columns(table),
        "n_exact_duplicates": int(repeated.sum()),
        "n_near_duplicates": int(again.sum()),
        "near_minutes": near_minutes,
        "per_user": _spread_of(users),
        "per_item": _spread_of(items),
        "n_pairs": n_pairs,
        "sparsity": 1 - n_pairs / max(len(users) * len(items), 1),
        "return_share": (named.height - n_pairs) / max(named.height, 1),
        "users_by_checkins": _histogram(users),
        **_times(table),
        **_places(table),
    }
    return QualityReport(**measured, findings=find(table, measured))


def _counts(table: pl.DataFrame, column: str) -> pl.Series:
    return table.group_by(column).len()["len"]


def _spread_of(counts: pl.Series) -> dict[str, float]:
    n = counts.to_numpy() if len(counts) else np.zeros(1, dtype=int)
    spread = {"min": n.min(), "median": np.median(n), "mean": n.mean(), "max": n.max()}
    return {name: value.item() for name, value in spread.items()}


def _columns(table: pl.DataFrame) -> tuple[Column, ...]:
    known = {
        name: table[name].fill_nan(None) if name == VALUE else table[name]
        for name in table.columns
        if name not in (OFFSET, LAT, LON) and not (name == USER and schema.is_anonymous(table))
    }
    parts = {
        name: (len(values) - values.null_count(), values.drop_nulls().n_unique())
        for name, values in known.items()
    }
    places = table.select(LAT, LON).drop_nulls()
    parts["place"] = (places.height, places.n_unique() if places.height else 0)
    return tuple(
        Column(name, TITLES[name], parts[name][0], table.height - parts[name][0], parts[name][1])
        for name in TITLES
        if name in parts
    )


def _times(table: pl.DataFrame) -> dict[str, Any]:
    local = table.select(schema.local_time().alias("local"))["local"]
    days = local.dt.date()
    first, last = cast(dt.date, days.min()), cast(dt.date, days.max())
    n_days = (last - first).days + 1
    moments = table[TIME].sort()
    gaps = moments.diff().dt.total_microseconds()
    longest = gaps.arg_max() or 0
    before = moments[max(longest - 1, 0)]
    bar_days = next((d for d in BAR_DAYS if n_days <= d * MOST_BARS), BAR_DAYS[-1])
    return {
        "first": local.min(),
        "last": local.max(),
        "n_days": n_days,
        "n_days_without": n_days - days.n_unique(),
        "silence_hours": (moments[longest] - before).total_seconds() / 3600,
        "silence_from": before,
        "silence_to": moments[longest],
        "bar_days": bar_days,
        "timeline": _timeline(days, first, n_days, bar_days),
        "hours": tuple(
            local.dt.hour().cast(pl.Int64).value_counts().rename({"local": "hour"})
            .join(pl.DataFrame({"hour": range(24)}), on="hour", how="right")
            .sort("hour")["count"].fill_null(0)
        ),
    }  # fmt: skip


def _timeline(days: pl.Series, first: dt.date, n_days: int, bar_days: int) -> pl.DataFrame:
    bars = (days - first).dt.total_days() // bar_days
    counted = bars.alias("bar").value_counts(name="n_checkins")
    every = pl.DataFrame({"bar": range((n_days - 1) // bar_days + 1)})
    return (
        every.join(counted, on="bar", how="left")
        .sort("bar")
        .select(
            (pl.lit(first) + pl.duration(days=pl.col("bar") * bar_days)).cast(pl.Date)
            .alias("start"),
            pl.col("n_checkins").fill_null(0).cast(pl.Int64),
        )
    )  # fmt: skip


def _histogram(counts: pl.Series) -> pl.DataFrame:
    """Count users by their number of check-ins, in steps of about 2: 1, 2, 3–5, 6–10, 11–20 …"""
    edges, step, most = [1, 2, 3], 5, max(counts.to_list(), default=0)
    while edges[-1] <= most:
        edges.append(step + 1)
        step *= 2
    rows = [
        (low, high - 1, int(counts.is_between(low, high - 1).sum()))
        for low, high in zip(edges[:-1], edges[1:], strict=True)
    ]
    return pl.DataFrame(rows, schema=["from", "to", "n_users"], orient="row")


def _places(table: pl.DataFrame) -> dict[str, Any]:
    off_earth, null_island = impossible_place(table)
    known = table.select(LAT, LON).filter(~(off_earth | null_island)).drop_nulls()
    found: dict[str, Any] = {
        "n_without_place": table.height - known.height,
        "n_places": known.n_unique() if known.height else 0,
        "middle": None,
        "spread_km": None,
        "reach_km": None,
    }
    if known.height:
        lat, lon = float(np.median(known[LAT].to_numpy())), median_longitude(known[LON].to_numpy())
        km = known.select(
            distance_column(pl.col(LAT), pl.col(LON), pl.lit(lat), pl.lit(lon))
        ).to_series()
        found["middle"] = (lat, lon)
        found["spread_km"] = float(np.median(km.to_numpy()))
        found["reach_km"] = km.quantile(0.95)
    return found
