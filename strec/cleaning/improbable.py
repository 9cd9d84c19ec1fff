"""Steps about what can be read but cannot be true: places, times and speeds."""

import datetime as dt
import math
from dataclasses import dataclass
from operator import itemgetter
from typing import cast

import numpy as np
import polars as pl

from strec.cleaning.base import Outcome, Step, param
from strec.cleaning.pieces import Pieces
from strec.cleaning.rows import time_resolution_of
from strec.cleaning.speed import too_fast
from strec.schema import LAT, LON, TIME
from strec.wording import plural

#: Half a century of clock drift is an error, a year may be a holiday album.
MIN_CLOCK_MARGIN = dt.timedelta(days=2 * 365)
#: A place nearer than this to latitude 0, longitude 0 is the missing value of some program.
NULL_ISLAND_DEG = 0.0001

ACTIONS = {
    "missing": "remove the place, keep the check-in",
    "drop": "remove the check-in",
}


@dataclass(frozen=True)
class ImpossiblePlaces(Step, title="Impossible places"):
    """Latitude beyond ±90, longitude beyond ±180, and the “null island” at 0/0 in the sea off
    Africa.

    Examples
    --------
    >>> from strec import schema
    >>> table = schema.example().with_columns(lat=pl.Series([95.0, 40.75, 40.71, 40.78]))
    >>> ImpossiblePlaces().apply(table).checkins["lat"].to_list()
    [None, 40.75, 40.71, 40.78]
    """

    action: str = param(
        "missing", "What to do", "A check-in without a place still has a time.", choices=ACTIONS
    )
    null_island: bool = param(
        True, "0/0 is impossible", "Latitude 0, longitude 0 is what many programs write for “none”."
    )

    def _judge(self, checkins: pl.DataFrame, known: None) -> Outcome:
        off_earth, null_island = impossible_place(checkins)
        if not self.null_island:
            null_island &= False
        swapped = (
            off_earth
            & checkins.select(
                ((pl.col(LAT).abs() <= 180) & (pl.col(LON).abs() <= 90)).fill_null(False)
            ).to_series()
        )
        found = {"off": off_earth, "null": null_island, "swapped": swapped}
        return _without(checkins, off_earth | null_island, self.action, found)

    def _say(self, found: dict[str, int], known: None) -> tuple[str, ...]:
        notes = _counts((found["off"], "beyond the edges of the map"), (found["null"], "at 0/0"))
        if found["swapped"]:
            notes += (
                f"{plural(found['swapped'], 'place')} would be possible with latitude and "
                "longitude swapped: check the mapping of the columns.",
            )
        return notes


@dataclass(frozen=True)
class ImpossibleTimes(Step, title="Impossible times"):
    """Times in the future, before the first possible day, or far away from all others, as from
    a camera whose clock was never set.

    Examples
    --------
    >>> from strec import schema
    >>> outcome = ImpossibleTimes(latest="2024-06-03").apply(schema.example())
    >>> outcome.checkins.height, outcome.notes
    (3, ('1 after 2024-06-03.',))
    """

    earliest: str = param(
        "1990-01-01", "Not before", "First day that can be true (UTC).", date=True
    )
    latest: str = param(
        "now",
        "Not after",
        "Last day that can be true (UTC); now is the hour of cleaning.",
        date=True,
    )
    absurd_clocks: bool = param(
        True,
        "Absurd clocks",
        "Also drop times that lie as far outside the middle 98 % of all times as these are "
        "long, and at least two years: clocks that were never set.",
    )

    def _look(self, pieces: Pieces) -> "Clocks":
        times = pl.concat(pieces.each(itemgetter(TIME), (TIME,)))
        return Clocks.of(times, self.earliest, self.latest, self.absurd_clocks)

    def _judge(self, checkins: pl.DataFrame, known: "Clocks") -> Outcome:
        early, late, absurd = known.wrong(checkins[TIME])
        found = {"early": int(early.sum()), "late": int(late.sum()), "absurd": int(absurd.sum())}
        return Outcome(checkins.filter(~(early | late | absurd)), found=found)

    def _say(self, found: dict[str, int], known: "Clocks") -> tuple[str, ...]:
        return _counts(
            (found["early"], f"before {self.earliest}"),
            (found["late"], "in the future" if self.latest == "now" else f"after {self.latest}"),
            (found["absurd"], "by a clock far from all others"),
        )


@dataclass(frozen=True)
class ImpossibleSpeed(Step, title="Impossible speed"):
    """From one check-in of a user to the next, nobody can travel faster than the limit. As few
    check-ins as possible are removed, not the whole chain after an error.

    Examples
    --------
    >>> from strec import schema
    >>> table = schema.example().with_columns(lat=pl.Series([40.71, 60.0, 40.71, 40.78]))
    >>> ImpossibleSpeed().apply(table).checkins.height  # 2,100 km in 90 minutes
    3
    """

    of_people = True

    limit_kmh: float = param(
        1200.0, "Fastest, km/h", "1,200 lets flights pass; 150 suits a city.", low=1, high=1_000_000
    )
    slack_km: float = param(
        1.0, "Ignore below, km", "Places are not known better than this.", low=0, high=1_000
    )
    action: str = param(
        "drop", "What to do", "The check-in that causes the speed.", choices=ACTIONS
    )

    def _look(self, pieces: Pieces) -> int:
        return time_resolution_of(pieces)

    def _judge(self, checkins: pl.DataFrame, known: int) -> Outcome:
        fast = too_fast(checkins, self.limit_kmh, self.slack_km, known)
        rows = pl.repeat(True, len(fast), eager=True)
        return _without(checkins, fast, self.action, {"fast": fast, "rows": rows})

    def _say(self, found: dict[str, int], known: int) -> tuple[str, ...]:
        notes: tuple[str, ...] = ()
        if known >= 3600:
            unit = "day" if known == 86_400 else "hour"
            notes = (f"Times are only known to the {unit}, so only longer journeys can be judged.",)
        share = found["fast"] / max(found["rows"], 1)
        if share > 0.05:
            notes += (
                f"This is {100 * share:.0f} % of the table: perhaps several people share a user "
                f"id, "
                "or the places do not say where the user was. Then switch this step off.",
            )
        return notes


def impossible_place(checkins: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Return which places are not on Earth, and which are at 0/0; never null."""
    lat, lon = pl.col(LAT), pl.col(LON)
    flags = checkins.select(
        # Written so that NaN and infinity count as not on Earth.
        (~((lat.abs() <= 90) & (lon.abs() <= 180)) | lat.is_nan() | lon.is_nan())
        .fill_null(False)
        .alias("off"),
        ((lat.abs() < NULL_ISLAND_DEG) & (lon.abs() < NULL_ISLAND_DEG))
        .fill_null(False)
        .alias("null"),
    )
    return flags["off"], flags["null"]


def impossible_time(
    checkins: pl.DataFrame, earliest: str, latest: str
) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Return which times are before `earliest`, after `latest`, and far from all others.

    The clocks are judged on the times that pass the first two: with `q` the 1 % and 99 %
    quantiles, a time is absurd beyond ``q ± max(q99 − q01, 2 years)``. Fewer than 20 times are
    not judged.
    """
    return Clocks.of(checkins[TIME], earliest, latest).wrong(checkins[TIME])


@dataclass(frozen=True)
class Clocks:
    """Between which moments times can be true, and between which they are near all others."""

    earliest: dt.datetime
    latest: dt.datetime
    low: dt.datetime
    high: dt.datetime

    @classmethod
    def of(cls, times: pl.Series, earliest: str, latest: str, judge: bool = True) -> "Clocks":
        """Judge the clocks of a whole table by its times."""
        first, last = _day(earliest), _day(latest, end=True)
        rest = times.filter((times >= first) & (times <= last)) if judge else times.clear()
        if len(rest) < 20:
            return cls(first, last, first, last)
        # Both quantiles at once, in a fifth of the time of one after the other.
        inner = [math.ceil(0.01 * (len(rest) - 1)), math.floor(0.99 * (len(rest) - 1))]
        parted = np.partition(rest.to_physical().to_numpy(), inner)
        low, high = cast(list[dt.datetime], pl.Series(parted[inner]).cast(rest.dtype).to_list())
        margin = max(high - low, MIN_CLOCK_MARGIN)
        return cls(first, last, low - margin, high + margin)

    def wrong(self, times: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
        """Return which times are too early, too late, and far from all others."""
        early, late = times < self.earliest, times > self.latest
        absurd = (times < self.low) | (times > self.high)
        return early, late, absurd & ~early & ~late


def _day(text: str, end: bool = False) -> dt.datetime:
    if text == "now":
        # A table without offsets may be up to 14 hours ahead of UTC.
        return dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    day = dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), dt.UTC)
    return day + dt.timedelta(days=1, microseconds=-1) if end else day


def _without(
    checkins: pl.DataFrame, wrong: pl.Series, action: str, found: dict[str, pl.Series]
) -> Outcome:
    counts = {name: int(flags.sum()) for name, flags in found.items()}
    if action == "drop":
        return Outcome(checkins.filter(~wrong), found=counts)
    kept = checkins.with_columns(
        pl.when(wrong).then(None).otherwise(pl.col(name)).alias(name) for name in (LAT, LON)
    )
    return Outcome(kept, int(wrong.sum()), counts)


def _counts(*counted: tuple[int, str]) -> tuple[str, ...]:
    parts = [f"{count:,} {words}" for count, words in counted if count]
    return (", ".join(parts) + ".",) if parts else ()
