"""Steps about whole rows: tidy text, repeated check-ins, bots, and the k-core filter."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from strec.cleaning.base import Outcome, Step, param
from strec.cleaning.pieces import Pieces
from strec.ordered import ITEM_CODE, with_item_codes
from strec.schema import (
    CATEGORY,
    EVENT,
    ITEM,
    ITEM_NAME,
    OFFSET,
    TEXT,
    TIME,
    USER,
    local_time,
)
from strec.wording import plural

#: Words that stand for a missing category or event in exported tables.
MISSING_WORDS = ("", "null", "nan", "n/a", "#n/a", "<na>")


@dataclass(frozen=True)
class TidyText(Step, title="Tidy texts"):
    """Removes spaces around and doubled inside categories, names and texts, so that “Café ” and
    “Café” are one. Words such as “null” or “n/a” count as missing. Ids are never touched.

    Examples
    --------
    >>> from strec import schema
    >>> table = schema.example().with_columns(category=pl.Series(["Café ", "n/a", "Café", None]))
    >>> TidyText().apply(table).checkins["category"].to_list()
    ['Café', None, 'Café', None]
    """

    def _judge(self, checkins: pl.DataFrame, known: None) -> Outcome:
        columns = [c for c in (CATEGORY, ITEM_NAME, EVENT, TEXT) if c in checkins.columns]
        tidy = checkins.with_columns(_tidy(checkins[column]) for column in columns)
        changed = sum(int(checkins[c].ne_missing(tidy[c]).sum()) for c in columns)
        return Outcome(tidy, changed)


@dataclass(frozen=True)
class ExactDuplicates(Step, title="Exact duplicates"):
    """Rows that agree in every column are kept once.

    Examples
    --------
    >>> from strec import schema
    >>> ExactDuplicates().apply(pl.concat([schema.example()] * 2)).checkins.height
    4
    """

    of_people = True

    def _judge(self, checkins: pl.DataFrame, known: None) -> Outcome:
        return Outcome(checkins.filter(~exact_duplicates(checkins)))


@dataclass(frozen=True)
class NearDuplicates(Step, title="Near duplicates"):
    """The same user at the same item again within minutes (a double tap, a page reload) counts
    once: the first is kept.

    Examples
    --------
    >>> from strec import schema
    >>> table = schema.example().with_columns(item_id=pl.lit("cafe"))  # ann's are 90 minutes apart
    >>> [NearDuplicates(minutes=m).apply(table).checkins.height for m in (10, 100)]
    [4, 3]
    """

    of_people = True

    enabled: bool = False
    minutes: float = param(
        10.0,
        "Within minutes",
        "A user's check-in at the same item this soon after a kept one is dropped.",
        low=0,
        high=1_000_000,
    )

    def _judge(self, checkins: pl.DataFrame, known: None) -> Outcome:
        return Outcome(checkins.filter(~near_duplicates(checkins, self.minutes)))


@dataclass(frozen=True)
class Bots(Step, title="Bots"):
    """Users with implausibly many check-ins per day, or with a clockwork rhythm, are removed.

    Examples
    --------
    >>> from strec import schema
    >>> outcome = Bots(max_per_day=1.5).apply(schema.example())
    >>> outcome.checkins["user_id"].to_list(), outcome.notes
    (['bob', 'bob'], ('1 user with more than 1.5 check-ins per active day (the busiest 2).',))
    """

    of_people = True

    enabled: bool = False
    max_per_day: float = param(
        100.0,
        "Most check-ins per active day",
        "Users with more than this, averaged over the days on which they were active.",
        low=1,
        high=1_000_000,
    )
    regular_share: float = param(
        0.8,
        "Share of equal intervals",
        "Users whose most frequent interval between check-ins, to the second, makes up more "
        "than this share. 1 switches this rule off.",
        low=0.05,
        high=1,
    )
    min_checkins: int = param(
        50,
        "Judge from check-ins",
        "The regularity of users with fewer check-ins is not judged.",
        low=3,
        high=1_000_000,
    )

    def _look(self, pieces: Pieces) -> tuple[pl.Series, tuple[str, ...]]:
        users = pl.concat(pieces.each(rhythm))
        busy = users.filter(pl.col("per_day") > self.max_per_day)
        # Where times are only known to the hour or the day, equal intervals mean nothing.
        judged = time_resolution_of(pieces) < 3600
        regular = users.filter(
            judged & (pl.col("n") >= self.min_checkins) & (pl.col("regular") > self.regular_share)
        )
        notes = []
        if busy.height:
            notes.append(
                f"{plural(busy.height, 'user')} with more than {self.max_per_day:g} check-ins "
                f"per active day (the busiest {busy['per_day'].max():,.0f})."
            )
        if regular.height:
            notes.append(
                f"{plural(regular.height, 'user')} with one interval in more than "
                f"{100 * self.regular_share:.0f} % of the cases."
            )
        if not judged and self.regular_share < 1:
            notes.append("Times are only known to the hour, so regularity was not judged.")
        return pl.concat([busy[USER], regular[USER]]), tuple(notes)

    def _judge(self, checkins: pl.DataFrame, known: tuple) -> Outcome:
        return Outcome(checkins.filter(~pl.col(USER).is_in(known[0].implode())))

    def _say(self, found: dict[str, int], known: tuple) -> tuple[str, ...]:
        return known[1]


@dataclass(frozen=True)
class KCore(Step, title="Rare users and items (k-core)"):
    """Items and users with very few check-ins are dropped. Makes results comparable with the
    literature, and hides newcomers.

    Examples
    --------
    >>> from strec import schema
    >>> KCore(min_per_item=2, min_per_user=1).apply(schema.example()).checkins["item_id"].to_list()
    ['cafe', 'cafe']
    """

    enabled: bool = False
    min_per_item: int = param(
        10, "Least check-ins per item", "Items with fewer are dropped.", low=1, high=1_000_000
    )
    min_per_user: int = param(
        10, "Least check-ins per user", "Users with fewer are dropped.", low=1, high=1_000_000
    )
    way: str = param(
        "iterated",
        "How often",
        "Dropping users lowers the counts of items, and the other way round.",
        choices={
            "iterated": "repeat until all that stay have enough",
            "one_pass": "items once, then users once (as GETNext and STHGCN do)",
        },
    )

    def _look(self, pieces: Pieces) -> tuple[pl.Series, pl.Series, int]:
        """Return the items and the users that stay, and how many rounds it took."""
        item_ids, users, user_ids, n_users = _Codes(), [], [], 0
        items, last = [], None
        for own, code, ids, lengths in pieces.each(_of_whom_and_what):
            items.append(item_ids.of(own)[code])
            # Nobody's check-ins go on in the next piece, and are those of one user there too.
            goes_on = int(len(ids) > 0 and ids[0] == last)
            first = n_users - goes_on
            users.append(np.repeat(np.arange(first, first + len(ids)), lengths))
            user_ids.append(ids[goes_on:])
            n_users += len(ids) - goes_on
            last = ids[-1] if len(ids) else last
        item, user = np.concatenate(items), np.concatenate(users)
        stays = [np.ones(len(item_ids.known), dtype=bool), np.ones(n_users, dtype=bool)]
        rounds, n = 0, -1
        while len(item) not in (0, n):
            n = len(item)
            for side, least in ((0, self.min_per_item), (1, self.min_per_user)):
                codes = (item, user)[side]
                stays[side] &= np.bincount(codes, minlength=len(stays[side])) >= least
                keep = stays[side][codes]
                item, user = item[keep], user[keep]
            rounds += 1
            if self.way == "one_pass":
                break
        kept = pl.concat(user_ids).filter(pl.Series(stays[1]))
        return item_ids.known[ITEM].filter(pl.Series(stays[0])), kept, rounds

    def _judge(self, checkins: pl.DataFrame, known: tuple) -> Outcome:
        items, users, _ = known
        kept = pl.col(ITEM).is_in(items.implode()) & pl.col(USER).is_in(users.implode())
        return Outcome(checkins.filter(kept))

    def _say(self, found: dict[str, int], known: tuple) -> tuple[str, ...]:
        several = self.way == "iterated" and known[2] > 1
        return (f"{plural(known[2], 'round')}.",) if several else ()


def exact_duplicates(checkins: pl.DataFrame) -> pl.Series:
    """Return which rows agree in every column with an earlier one."""
    # Comparing every column is slow: only rows that share user, item and time need it. Where rows
    # are in order, these are among those that share user and time with the row before or after.
    rows = checkins.with_row_index("row")
    user, time = pl.col(USER), pl.col(TIME)
    again = (time == time.shift()) & (user == user.shift())
    later = (user > user.shift()) | ((user == user.shift()) & (time >= time.shift()))
    if checkins.select(later.fill_null(True).all()).item():
        rows = rows.filter((again | again.shift(-1)).fill_null(False))
    suspects = rows.filter(rows.select(USER, ITEM, TIME).is_duplicated())
    kept = suspects.unique(subset=checkins.columns, keep="first", maintain_order=True)["row"]
    repeats = np.zeros(checkins.height, dtype=bool)
    repeats[suspects["row"].to_numpy()] = True
    repeats[kept.to_numpy()] = False
    return pl.Series(repeats)


def near_duplicates(checkins: pl.DataFrame, minutes: float) -> pl.Series:
    """Return which rows repeat a kept one of the same user and item within `minutes`.

    Rows come back in the order of `checkins`, which may be any.
    """
    span_us = int(minutes * 60_000_000)
    order = (
        checkins.select(USER, ITEM, TIME).with_row_index("row").sort(USER, ITEM, TIME, "row")
    ).with_columns(
        pl.col(TIME).to_physical().alias("us"),
        ((pl.col(USER) != pl.col(USER).shift()) | (pl.col(ITEM) != pl.col(ITEM).shift()))
        .fill_null(True)
        .cum_sum()
        .alias("group"),
    )
    group, time_us = order["group"].to_numpy(), order["us"].to_numpy()
    repeats = np.zeros(checkins.height, dtype=bool)
    close = np.flatnonzero((group[1:] == group[:-1]) & (time_us[1:] - time_us[:-1] <= span_us)) + 1
    kept = -1
    for row in close.tolist():
        # A row is in `close` when it soon follows the one before: if that one was kept, it is
        # what this row is measured against; if it was dropped, what dropped it still is.
        if not repeats[row - 1]:
            kept = row - 1
        repeats[row] = time_us[row] - time_us[kept] <= span_us
    return pl.DataFrame({"row": order["row"], "repeats": repeats}).sort("row")["repeats"]


def rhythm(checkins: pl.DataFrame) -> pl.DataFrame:
    """Return how often and how regularly each user acts; `checkins` is sorted by user and time.

    Returns
    -------
    polars.DataFrame
        `user_id`, `n` check-ins, `days` (active local days), `per_day`, and `regular`: the share
        of the most frequent interval, to the second, among all that are not 0.
    """
    days = checkins.group_by(USER).agg(
        pl.len().alias("n"), local_time().dt.date().n_unique().alias("days")
    )
    gaps = (
        checkins.select(USER, pl.col(TIME).dt.truncate("1s").diff().over(USER).alias("gap"))
        .filter(pl.col("gap") > pl.duration(seconds=0))
        .group_by(USER, "gap")
        .len()
        .group_by(USER)
        .agg((pl.col("len").max() / pl.col("len").sum()).alias("regular"))
    )
    return days.join(gaps, on=USER, how="left").with_columns(
        (pl.col("n") / pl.col("days")).alias("per_day"), pl.col("regular").fill_null(0)
    )


def time_resolution_s(checkins: pl.DataFrame) -> int:
    """Return the seconds to which times are known: 86,400, 3,600, 60 or 1.

    Examples
    --------
    >>> from strec.schema import example
    >>> time_resolution_s(example())
    60
    """
    return time_resolution_of(Pieces([checkins]))


def time_resolution_of(pieces: Pieces) -> int:
    """Return the seconds to which times are known in a table that comes in pieces."""
    finest = 0
    for seconds in pieces.each(_resolution, (TIME, OFFSET)):
        finest = min(finest or seconds, seconds or finest)
        if finest == 1:
            break
    return finest or 1


def _resolution(piece: pl.DataFrame) -> int:
    """Return the seconds to which times are known, 0 where there are none."""
    local_us = piece.select(local_time().to_physical()).to_series()
    if not len(local_us):
        return 0
    steps = (86_400, 3_600, 60)
    return next((each for each in steps if (local_us % (each * 1_000_000) == 0).all()), 1)


def _of_whom_and_what(
    piece: pl.DataFrame,
) -> tuple[pl.Series, np.ndarray, pl.Series, np.ndarray]:
    """Return item ids and each row's number among them, user ids and how many rows each has."""
    own = piece[ITEM].unique()
    code = with_item_codes(piece.select(ITEM), own)[ITEM_CODE].to_numpy()
    runs = piece[USER].rle().struct
    return own, code, runs.field("value"), runs.field("len").to_numpy()


class _Codes:
    """Numbers for ids that come piece by piece, in the order in which they come."""

    def __init__(self):
        self.known = pl.DataFrame(schema={ITEM: pl.String, "code": pl.UInt32})

    def of(self, ids: pl.Series) -> np.ndarray:
        asked = ids.to_frame()
        new = asked.unique(maintain_order=True).join(self.known, on=ITEM, how="anti")
        added = new.select(ITEM, pl.int_range(pl.len(), dtype=pl.UInt32).alias("code"))
        n = self.known.height
        self.known = pl.concat([self.known, added.with_columns(pl.col("code") + n)])
        return asked.join(self.known, on=ITEM, how="left", maintain_order="left")["code"].to_numpy()


def _tidy(texts: pl.Series) -> pl.Series:
    distinct = texts.unique().drop_nulls()
    clean = distinct.str.normalize("NFC").str.replace_all(r"\s+", " ").str.strip_chars()
    if texts.name in (CATEGORY, EVENT):
        clean = clean.set(clean.str.to_lowercase().is_in(MISSING_WORDS), None)
    else:
        clean = clean.set(clean == "", None)
    changed = clean.ne_missing(distinct)
    return texts.replace(distinct.filter(changed), clean.filter(changed))
