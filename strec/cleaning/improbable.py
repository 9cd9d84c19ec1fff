"""Steps about what can be read but cannot be true: places, times and speeds."""

import datetime as dt
from dataclasses import dataclass
from typing import cast

import polars as pl

from strec.cleaning.base import Outcome, Step, param
from strec.cleaning.rows import time_resolution_s
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

    def apply(self, checkins: pl.DataFrame) -> Outcome:
        off_earth, null_island = impossible_place(checkins)
        wrong = off_earth | null_island if self.null_island else off_earth
        swapped = checkins.filter(
            off_earth & (pl.col(LAT).abs() <= 180) & (pl.col(LON).abs() <= 90)
        )
        notes = _counts(
            (int(off_earth.sum()), "beyond the edges of the map"),
            (int(null_island.sum()) if self.null_island else 0, "at 0/0"),
        )
        if swapped.height:
            notes += (
                f"{plural(swapped.height, 'place')} would be possible with latitude and "
                "longitude swapped: check the mapping of the columns.",
            )
        return _without(checkins, wrong, self.action, notes)


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

    def apply(self, checkins: pl.DataFrame) -> Outcome:
        early, late, absurd = impossible_time(checkins, self.earliest, self.latest)
        absurd = absurd if self.absurd_clocks else absurd & False
        notes = _counts(
            (int(early.sum()), f"before {self.earliest}"),
            (int(late.sum()), "in the future" if self.latest == "now" else f"after {self.latest}"),
            (int((absurd & ~early & ~late).sum()), "by a clock far from all others"),
        )
        return Outcome(checkins.filter(~(early | late | absurd)), notes=notes)


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

    def apply(self, checkins: pl.DataFrame) -> Outcome:
        resolution_s = time_resolution_s(checkins)
        fast = too_fast(checkins, self.limit_kmh, self.slack_km, resolution_s)
        notes: tuple[str, ...] = ()
        if resolution_s >= 3600:
            unit = "day" if resolution_s == 86_400 else "hour"
            notes = (f"Times are only known to the {unit}, so only longer journeys can be judged.",)
        share = fast.sum() / max(len(fast), 1)
        if share > 0.05:
            notes += (
                f"This is {share:.0%} of the table: perhaps several people share a user id, "
                "or the places do not say where the user was. Then switch this step off.",
            )
        return _without(checkins, fast, self.action, notes)


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
    time = checkins[TIME]
    early, late = time < _day(earliest), time > _day(latest, end=True)
    rest = time.filter(~(early | late))
    if len(rest) < 20:
        return early, late, early & False
    low = cast(dt.datetime, rest.quantile(0.01, interpolation="higher"))
    high = cast(dt.datetime, rest.quantile(0.99, interpolation="lower"))
    margin = max(high - low, MIN_CLOCK_MARGIN)
    absurd = (time < low - margin) | (time > high + margin)
    return early, late, absurd & ~early & ~late


def _day(text: str, end: bool = False) -> dt.datetime:
    if text == "now":
        # A table without offsets may be up to 14 hours ahead of UTC.
        return dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    day = dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), dt.UTC)
    return day + dt.timedelta(days=1, microseconds=-1) if end else day


def _without(checkins: pl.DataFrame, wrong: pl.Series, action: str, notes) -> Outcome:
    if action == "drop":
        return Outcome(checkins.filter(~wrong), notes=tuple(notes))
    kept = checkins.with_columns(
        pl.when(wrong).then(None).otherwise(pl.col(name)).alias(name) for name in (LAT, LON)
    )
    return Outcome(kept, int(wrong.sum()), tuple(notes))


def _counts(*counted: tuple[int, str]) -> tuple[str, ...]:
    parts = [f"{count:,} {words}" for count, words in counted if count]
    return (", ".join(parts) + ".",) if parts else ()
