"""Check-ins of two groups, counted by user, stretch of days and cell of each picture."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse

from strec import schema
from strec.errors import AnalysisError
from strec.export import enough_users
from strec.groups.inference import Clusters
from strec.store import Filters, Store
from strec.store.aggregates import ITEM_CODE, NO_CATEGORY, USER_CODE

#: The pictures in which two groups are compared: what their cells are called, one and several.
FACETS = {
    "all": ("everything", "everything"),
    "kind": ("kind", "kinds"),
    "hour": ("hour of the day", "hours of the day"),
    "hour_of_week": ("hour of the week", "hours of the week"),
    "cell": ("hexagon", "hexagons"),
    "item": ("place", "places"),
}
#: Of larger data whole users are drawn.
MOST_CHECKINS = 1_000_000
#: A picture has at most so many cells: those with the most check-ins.
MOST_CELLS = 200
#: From so many weeks in both groups on, weeks in place of days are what varies.
FEWEST_WEEKS = 10
Measure = Literal["rate", "share"]


@dataclass(frozen=True)
class Sides:
    """The rows of both groups, and over what they are counted.

    Attributes
    ----------
    rows : polars.DataFrame
        `group` (0 is A), `user`, `date`, `hour_of_week`, `cell`, `category`, `item`, `n`.
    users : tuple of numpy.ndarray
        Of A and B: whether each user is in the scope of the group; none where nobody is named.
    hours : tuple of pandas.Series
        Of A and B: how many hours of each date are in its scope.
    blocks : pandas.Series
        The stretch of days of each date.
    block_is_week : bool
    has_exposure : bool
        Whether the scopes are known, so that there is a rate.
    note : str
        What was drawn of large data.
    """

    rows: pl.DataFrame
    users: tuple[np.ndarray, np.ndarray]
    hours: tuple[pd.Series, pd.Series]
    blocks: pd.Series
    block_is_week: bool
    has_exposure: bool
    note: str

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is named."""
        return not len(self.users[0])

    @property
    def sizes(self) -> tuple[int, int]:
        """Check-ins of A and of B."""
        n = self.rows.group_by("group").agg(pl.col("n").sum())
        found = dict(n.iter_rows())
        return found.get(0, 0), found.get(1, 0)

    @property
    def n_users(self) -> tuple[int, int]:
        """Users with a check-in in A and in B."""
        each = [self.rows.filter(group=g)["user"].n_unique() for g in (0, 1)]
        return (0, 0) if self.is_anonymous else (each[0], each[1])

    @property
    def n_blocks(self) -> tuple[int, int]:
        """Stretches of days with check-ins of A and of B."""
        blocks = [
            self.blocks.loc[self.rows.filter(group=g)["date"].unique().to_list()].nunique()
            for g in (0, 1)
        ]
        return blocks[0], blocks[1]


def sides(store: Store, a: Filters, b: Filters | None, within: Filters) -> Sides:
    """Return the check-ins of two groups; without B, all others are the second."""
    columns = [USER_CODE, schema.LOCAL_DATE, schema.HOUR_OF_WEEK, schema.CELL, ITEM_CODE]
    columns += [schema.CATEGORY] if store.has(schema.CATEGORY) else []
    one = within.narrowed(a)
    other = within if b is None else within.narrowed(b)
    mine, theirs = (_rows(store, each, columns) for each in (one, other))
    if b is None:
        theirs = _without(theirs, mine)
    rows = pl.concat([mine.with_columns(group=pl.lit(0)), theirs.with_columns(group=pl.lit(1))])
    every = store.summary()
    dates = pd.date_range(every["first_date"], every["last_date"], name="date").as_unit("us")
    hours = (_hours(one, dates), _hours(other, dates))
    users = (_scope(store, one), _scope(store, other))
    has_exposure = True
    if b is None:
        differs_in_time = not hours[0].equals(hours[1])
        differs_in_users = not np.array_equal(*users)
        # What is left of a rectangle is none, if it was cut out of both its sides.
        has_exposure = not (differs_in_time and differs_in_users)
        if differs_in_time:
            hours = (hours[0], hours[1] - hours[0])
        if differs_in_users:
            users = (users[0], users[1] & ~users[0])
    weeks = pd.Series(dates.to_period("W-SUN").start_time, dates)
    enough = all(weeks[each > 0].nunique() >= FEWEST_WEEKS for each in hours)
    blocks = weeks if enough else pd.Series(dates, dates)
    codes = pd.Series(pd.factorize(blocks)[0], dates)
    note = ""
    if store.meta["n_checkins"] > MOST_CHECKINS:
        n = "check-ins" if store.is_anonymous else "users, with all they did,"
        note = f"Of these large data, {n} drawn by chance are compared."
    return Sides(rows, users, hours, codes, enough, has_exposure, note)


def over_week(found: Sides, least: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return check-ins of A and of B per hour of the week: `weekday`, `hour` and counts."""
    made = []
    for frame in _over(found, "hour_of_week", pd.RangeIndex(168), least):
        frame.insert(0, "weekday", frame["hour_of_week"] // 24)
        frame.insert(1, "hour", frame.pop("hour_of_week") % 24)
        made.append(frame)
    return made[0], made[1]


def over_days(found: Sides, least: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return check-ins of A and of B per day that is in their scope: `period` and counts."""
    dates = [hours.index[hours > 0] for hours in found.hours]
    made = _over(found, "date", found.blocks.index, least)
    of_a, of_b = (
        frame.rename(columns={"date": "period"}).pipe(
            lambda each, mine=mine: each[each["period"].isin(mine)].reset_index(drop=True)
        )
        for frame, mine in zip(made, dates, strict=True)
    )
    return of_a, of_b


def _over(found: Sides, by: str, every: pd.Index, least: int) -> list[pd.DataFrame]:
    made = []
    for g in (0, 1):
        mine = found.rows.filter(group=g).group_by(by)
        users = pl.lit(0) if found.is_anonymous else pl.col("user").n_unique()
        counts = mine.agg(n_checkins=pl.col("n").sum(), n_users=users).to_pandas().set_index(by)
        full = counts.reindex(every, fill_value=0).rename_axis(by).reset_index()
        made.append(enough_users(full, least))
    return made


def _rows(store: Store, filters: Filters, columns: list[str]) -> pl.DataFrame:
    found, _ = store.some_users(MOST_CHECKINS, columns, filters)
    kind = pl.col(schema.CATEGORY).fill_null(NO_CATEGORY) if schema.CATEGORY in columns else None
    return (
        found.select(
            user=pl.col(USER_CODE).cast(pl.Int64),
            date=pl.col(schema.LOCAL_DATE).cast(pl.Datetime("us")),
            hour_of_week=pl.col(schema.HOUR_OF_WEEK).cast(pl.Int64),
            cell=pl.col(schema.CELL).cast(pl.UInt64),
            item=pl.col(ITEM_CODE).cast(pl.Int64),
            category=pl.lit(None, pl.String) if kind is None else kind,
        )
        .group_by(pl.all())
        .agg(n=pl.len().cast(pl.Int64))
    )


def _without(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Return the rows but for others, which are among them."""
    keys = [name for name in rows.columns if name != "n"]
    left = rows.join(others, on=keys, how="left", nulls_equal=True, suffix="_other")
    left = left.with_columns(n=pl.col("n") - pl.col("n_other").fill_null(0)).drop("n_other")
    return left.filter(pl.col("n") > 0)


def _hours(filters: Filters, dates: pd.DatetimeIndex) -> pd.Series:
    """Return how many hours of each date a filter keeps."""
    kept = np.ones(len(dates), dtype=bool)
    if filters.date_from is not None:
        kept &= dates >= pd.Timestamp(filters.date_from)
    if filters.date_to is not None:
        kept &= dates <= pd.Timestamp(filters.date_to)
    if filters.weekdays is not None:
        kept &= dates.day_of_week.isin(filters.weekdays)
    return pd.Series(
        np.where(kept, 24 if filters.hours is None else len(filters.hours), 0.0), dates
    )


def _scope(store: Store, filters: Filters) -> np.ndarray:
    if store.is_anonymous:
        return np.zeros(0, dtype=bool)
    drawn = store.drawn_users(MOST_CHECKINS)
    if filters.users is None:
        return drawn
    return drawn & np.isin(store.users()[schema.USER].to_numpy(), list(filters.users))


# ---------------------------------------------------------------- pictures


@dataclass(frozen=True)
class Picture:
    """The cells of one picture, and what each cluster has in each of them.

    Attributes
    ----------
    keys : numpy.ndarray
        What each cell is: a category, an hour, an H3 cell, the code of an item.
    counts, users : tuple of numpy.ndarray
        Check-ins and distinct users of A and B in each cell.
    exposure : tuple of float
    ways : list of Clusters
    both : Clusters, optional
    left_out : int
        Cells with fewer check-ins that are not looked at.
    """

    keys: np.ndarray
    counts: tuple[np.ndarray, np.ndarray]
    users: tuple[np.ndarray, np.ndarray]
    exposure: tuple[float, float]
    ways: list[Clusters]
    both: Clusters | None
    left_out: int


def picture(found: Sides, facet: str, measure: Measure, resolution: int, least: int) -> Picture:
    """Count the cells of a picture; those with fewer than `least` check-ins are left out."""
    rows = found.rows.select("group", "user", "date", "n", key=_key(facet, resolution))
    rows = rows.filter(pl.col("key").is_not_null())
    total = rows.group_by("key").agg(pl.col("n").sum()).sort("n", "key", descending=[True, False])
    keys = total.filter(pl.col("n") >= least)["key"].head(MOST_CELLS)
    pairs = rows.group_by("group", "user", "date", "key").agg(pl.col("n").sum())
    frame = pairs.to_pandas()
    block = found.blocks.loc[frame["date"]].to_numpy()
    user = np.zeros(len(frame), dtype=int) if found.is_anonymous else frame["user"].to_numpy()
    # Pairs of a user and a stretch of days, those with check-ins alone.
    n_blocks = int(found.blocks.max()) + 1
    pair, both = np.unique(user.astype(np.int64) * n_blocks + block, return_inverse=True)
    group, n = frame["group"].to_numpy(), frame["n"].to_numpy(dtype=float)
    place = pd.Index(keys.to_list()).get_indexer(pd.Index(frame["key"]))

    def clusters(code: np.ndarray, size: int, x=None, squares=None) -> Clusters:
        y = tuple(
            sparse.csr_array((n[mine], (code[mine], place[mine])), shape=(size, len(keys)))
            for mine in ((group == g) & (place >= 0) for g in (0, 1))
        )
        if x is None:
            x = tuple(
                np.bincount(code[group == g], weights=n[group == g], minlength=size) for g in (0, 1)
            )
        return Clusters(y, x, squares)  # type: ignore[arg-type]

    people = [] if found.is_anonymous else [(user, len(found.users[0]))]
    if measure == "share":
        ways = [clusters(code, size) for code, size in [*people, (block, n_blocks)]]
        exposure = tuple(float(n[group == g].sum()) for g in (0, 1))
        crossed = clusters(both, len(pair)) if people else None
    else:
        ways, crossed, exposure = _by_exposure(found, clusters, block, n_blocks, people, pair, both)
    counts, n_users = [], []
    whom = pairs.group_by("group", "key").agg(pl.col("user").n_unique().alias("n_users"))
    for g in (0, 1):
        mine = (group == g) & (place >= 0)
        counts.append(np.bincount(place[mine], weights=n[mine], minlength=len(keys)))
        named = keys.to_frame().join(whom.filter(group=g), "key", "left", maintain_order="left")
        named = named["n_users"].fill_null(0).to_numpy()
        n_users.append(np.zeros_like(named) if found.is_anonymous else named)
    return Picture(
        keys.to_numpy(), (counts[0], counts[1]), (n_users[0], n_users[1]),
        (exposure[0], exposure[1]), ways, crossed, len(total) - len(keys),
    )  # fmt: skip


def _by_exposure(found: Sides, clusters, block, n_blocks: int, people: list, pair, both):
    """Return clusters and exposure where check-ins are counted per person and time."""
    per_day = found.hours[0].max() == found.hours[1].max()
    unit = found.hours[0].max() if per_day else 1.0
    spent = [
        np.bincount(found.blocks.to_numpy(), weights=hours.to_numpy() / unit, minlength=n_blocks)
        for hours in found.hours
    ]
    whom = [mask.astype(float) if people else np.ones(1) for mask in found.users]
    in_users = [mask * time.sum() for mask, time in zip(whom, spent, strict=True)]
    in_blocks = [mask.sum() * time for mask, time in zip(whom, spent, strict=True)]
    ways = [clusters(code, size, tuple(in_users)) for code, size in people]
    ways.append(clusters(block, n_blocks, tuple(in_blocks)))
    exposure = tuple(float(each.sum()) for each in in_blocks)
    if not people:
        return ways, None, exposure
    x = tuple(
        mask[pair // n_blocks] * time[pair % n_blocks]
        for mask, time in zip(whom, spent, strict=True)
    )
    squares = tuple(
        float((whom[i] * whom[j]).sum() * (spent[i] * spent[j]).sum())
        for i, j in ((0, 0), (0, 1), (1, 1))
    )
    return ways, clusters(both, len(pair), x, squares), exposure


def _key(facet: str, resolution: int) -> pl.Expr:
    if facet == "all":
        return pl.lit(0)
    if facet == "cell":
        unused = (1 << (3 * (15 - resolution))) - 1
        cleared = pl.col("cell") & pl.lit(~(0xF << 52) & (2**64 - 1), pl.UInt64)
        return cleared | pl.lit((resolution << 52) | unused, pl.UInt64)
    return {
        "kind": pl.col("category"),
        "hour": pl.col("hour_of_week") % 24,
        "hour_of_week": pl.col("hour_of_week"),
        "item": pl.col("item"),
    }[facet]


def need_apart(one: Filters, other: Filters, names: tuple[str, str]) -> None:
    """Refuse two groups to which one check-in could belong."""
    both = one.narrowed(other)
    if not both.keeps_nothing:
        raise AnalysisError(
            "Two groups that have no check-in in common are compared.",
            f"{names[0]} and {names[1]}, to which the same check-in may belong.",
            "Choose dates, days, hours, kinds, users or areas that exclude each other, or compare "
            "one group with all the rest.",
        )
