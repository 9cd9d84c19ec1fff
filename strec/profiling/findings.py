"""What looks suspicious in a table of check-ins, in words, with what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from strec.cleaning.improbable import impossible_place, impossible_time
from strec.cleaning.rows import Bots, rhythm, time_resolution_s
from strec.cleaning.speed import too_fast
from strec.schema import CATEGORY, ITEM, LAT, LON, TIME, local_time
from strec.wording import plural

#: From worst to mildest: results would be wrong; look at it; good to know.
SEVERITIES = ("serious", "check", "note")
#: A share of the table above this makes a fault serious.
SERIOUS_SHARE = 0.02
FASTEST_KMH, SLACK_KM = 1200.0, 1.0
FIRST_DAY = "1990-01-01"
#: Fewer check-ins than this are too few for the tests of dependence and for training.
FEW_CHECKINS = 500
FEW_PER_USER = 3
MOSTLY_NIGHT, MOSTLY_MIDNIGHT = 0.5, 0.2
ONE_USER_SHARE = 0.3


@dataclass(frozen=True)
class Finding:
    """Something suspicious.

    Parameters
    ----------
    severity : str
        ``serious``, ``check`` or ``note``.
    title, text : str
        What was found; what it means and what to do.
    count : int
        Check-ins concerned.

    Examples
    --------
    >>> Finding("check", "Mostly at night", "Is the time zone right?", count=4).severity
    'check'
    """

    severity: str
    title: str
    text: str
    count: int = 0


def find(table: pl.DataFrame, measured: dict[str, Any]) -> tuple[Finding, ...]:
    """Return what looks suspicious, most serious first.

    Parameters
    ----------
    table : polars.DataFrame
        Canonical, sorted by user and time, not empty.
    measured : dict
        The other fields of a `strec.profiling.QualityReport`.
    """
    of_people = () if measured["n_users"] == 0 else (_speed, _repeats, _robots)
    looks = (_size, _times, _clock, _places, *of_people, _gaps, _categories)
    found = [finding for look in looks for finding in look(table, measured)]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _graded(count: int, n: int) -> str:
    return "serious" if count > SERIOUS_SHARE * n else "check"


def _size(table: pl.DataFrame, measured: dict) -> Iterator[Finding]:
    n = measured["n_checkins"]
    if measured["n_users"] == 0:
        yield Finding("note", "Nobody is named", "Time, space, flows and demand can be looked at, "
                      "and recommended is what everybody does from here at this hour. Nothing can "
                      "be said of a person: no habits, no returns, no risk.", n)  # fmt: skip
    elif measured["n_users"] == 1:
        yield Finding("serious", "Only one user", "Nothing can be learned from one user for "
                      "others. Check which column says who.", n)  # fmt: skip
    elif measured["per_user"]["max"] > ONE_USER_SHARE * n and measured["n_users"] > 5:
        yield Finding("check", f"One user makes {100 * (measured['per_user']['max'] / n):.0f} % of "
                      "all check-ins", "Perhaps an id that stands for “unknown” or “guest”. If so, "
                      "leave it out of the file.", measured["per_user"]["max"])  # fmt: skip
    if measured["n_items"] == 1:
        yield Finding("serious", "Only one item", "There is nothing to choose from, so nothing "
                      "can be recommended. Check which column says what.", n)  # fmt: skip
    if n < FEW_CHECKINS:
        yield Finding("check", f"Only {plural(n, 'check-in')}", "Pictures work; tests and "
                      f"models need more, {FEW_CHECKINS} at the very least.", n)  # fmt: skip
    elif measured["n_users"] > 1 and measured["per_user"]["median"] < FEW_PER_USER:
        yield Finding("check", "Most users have very short histories", "Half of the users have "
                      f"at most {plural(int(measured['per_user']['median']), 'check-in')}: what "
                      "they like can hardly be told, and popular items will lead.")  # fmt: skip


def _times(table: pl.DataFrame, measured: dict) -> Iterator[Finding]:
    n = measured["n_checkins"]
    if n > 1 and table[TIME].n_unique() == 1:
        yield Finding("serious", "All check-ins have the same time", "Nothing can be said about "
                      "when. Check which column holds the time.", n)  # fmt: skip
    early, late, absurd = (int(part.sum()) for part in impossible_time(table, FIRST_DAY, "now"))
    how = "The cleaning step “Impossible times” removes them."
    if late:
        yield Finding(_graded(late, n), f"{plural(late, 'check-in')} in the future", how, late)
    if early:
        yield Finding(_graded(early, n), f"{plural(early, 'check-in')} before 1990", how, early)
    if absurd:
        yield Finding(_graded(absurd, n), f"{plural(absurd, 'check-in')} years away from all "
                      "others", "Probably clocks that were never set. " + how, absurd)  # fmt: skip


def _clock(table: pl.DataFrame, measured: dict) -> Iterator[Finding]:
    n, seconds = measured["n_checkins"], time_resolution_s(table)
    if n < 20 or table[TIME].n_unique() == 1:
        return
    if seconds == 86_400:
        yield Finding("check", "Times are only known to the day", "Weekdays and seasons can be "
                      "studied, hours of the day cannot.", n)  # fmt: skip
        return
    if seconds == 3_600:
        yield Finding("note", "Times are only known to the hour", "The order within an hour is "
                      "unknown.", n)  # fmt: skip
    midnight = table.select((local_time().dt.time() == pl.time(0, 0, 0)).sum()).item()
    night = sum(measured["hours"][:5])
    if midnight > MOSTLY_MIDNIGHT * n:
        yield Finding("check", f"{100 * (midnight / n):.0f} % of the check-ins are at exactly 0:00",
                      "Probably days without a clock time among times with one.",
                      midnight)  # fmt: skip
    elif night > MOSTLY_NIGHT * n:
        yield Finding("check", f"{100 * (night / n):.0f} % of the check-ins are between "
                      "0:00 and 5:00",
                      "Unusual for people: check the time zone.", night)  # fmt: skip


def _places(table: pl.DataFrame, measured: dict) -> Iterator[Finding]:
    n = measured["n_checkins"]
    n_null = int(table[LAT].null_count())
    if n_null == n:
        yield Finding("note", "No places", "Maps and all about space need latitude and "
                      "longitude; everything about time works without.", n)  # fmt: skip
        return
    off_earth, null_island = impossible_place(table)
    n_off, n_zero = int(off_earth.sum()), int(null_island.sum())
    how = "The cleaning step “Impossible places” treats them as missing."
    if n_off:
        swapped = table.filter(off_earth, pl.col(LAT).abs() <= 180, pl.col(LON).abs() <= 90).height
        hint = " Latitude and longitude may be swapped: check the columns." if swapped else ""
        yield Finding(_graded(n_off, n), f"{plural(n_off, 'place')} not on Earth", how + hint,
                      n_off)  # fmt: skip
    if n_zero:
        yield Finding(_graded(n_zero, n), f"{plural(n_zero, 'place')} at latitude 0, longitude 0",
                      "What many programs write for “none”. " + how, n_zero)  # fmt: skip
    if n_null:
        yield Finding("check" if n_null > 0.2 * n else "note", f"{100 * (n_null / n):.1f} % of the "
                      "check-ins have no place", "They count in time and are absent from maps. "
                      "The cleaning step “Missing places” can fill them.", n_null)  # fmt: skip
    if measured["n_places"] == 1 and n > 1:
        yield Finding("check", "All places are the same", "Nothing can be said about where.", n)


def _speed(table: pl.DataFrame, measured: dict) -> Iterator[Finding]:
    fast = int(too_fast(table, FASTEST_KMH, SLACK_KM, time_resolution_s(table)).sum())
    n = measured["n_checkins"]
    if not fast:
        return
    why = (
        "Perhaps several people share an id, or the places do not say where the user was; then "
        "switch the cleaning step “Impossible speed” off."
        if fast > 0.05 * n
        else "The cleaning step “Impossible speed” removes them."
    )
    title = f"{plural(fast, 'check-in')} reached faster than an airliner"
    yield Finding(_graded(fast, n), title, why, fast)


def _repeats(table: pl.DataFrame, measured: dict) -> Iterator[Finding]:
    exact, near, n = (
        measured[name] for name in ("n_exact_duplicates", "n_near_duplicates", "n_checkins")
    )
    if exact:
        yield Finding(_graded(exact, n), f"{plural(exact, 'exact duplicate')}", "Rows that agree "
                      "in every column; the cleaning step “Exact duplicates” keeps one of each.",
                      exact)  # fmt: skip
    if near:
        yield Finding("check" if near > SERIOUS_SHARE * n else "note",
                      f"{plural(near, 'near duplicate')}",
                      "The same user at the same item again within "
                      f"{measured['near_minutes']:g} minutes. If these are double taps, switch on "
                      "the cleaning step “Near duplicates”.", near)  # fmt: skip


def _robots(table: pl.DataFrame, measured: dict) -> Iterator[Finding]:
    bots = Bots()
    users = rhythm(table).with_columns(
        (pl.col("per_day") > bots.max_per_day).alias("busy"),
        (
            (pl.col("n") >= bots.min_checkins) & (pl.col("regular") > bots.regular_share)
            & (time_resolution_s(table) < 3600)
        ).alias("clockwork"),
    )  # fmt: skip
    suspects = users.filter(pl.col("busy") | pl.col("clockwork"))
    if suspects.height:
        n = int(suspects["n"].sum())
        # Never serious: people who rate all they know in one evening look the same.
        yield Finding("check", f"{plural(suspects.height, 'user')} who may be a program "
                      f"({plural(n, 'check-in')})",
                      f"More than {bots.max_per_day:g} check-ins per active day, or a clockwork "
                      "rhythm. If these are no people, switch on the cleaning step “Bots”.",
                      n)  # fmt: skip


def _gaps(table: pl.DataFrame, measured: dict) -> Iterator[Finding]:
    days = measured["silence_hours"] / 24
    if days >= 7 and days > 0.1 * measured["n_days"]:
        yield Finding("check", f"{days:,.0f} days without any check-in",
                      f"From {measured['silence_from']:%Y-%m-%d} to "
                      f"{measured['silence_to']:%Y-%m-%d}. A part of the data may be missing, or "
                      "a few times may be wrong.")  # fmt: skip


def _categories(table: pl.DataFrame, measured: dict) -> Iterator[Finding]:
    if CATEGORY not in table.columns:
        return
    n_null = int(table[CATEGORY].null_count())
    if n_null:
        yield Finding("note", f"{100 * (n_null / table.height):.1f} % of the check-ins have "
                      "no category",
                      "The cleaning step “Missing categories” can fill them from other check-ins "
                      "at the same item.", n_null)  # fmt: skip
    per_item = (
        table.filter(pl.col(CATEGORY).is_not_null())
        .group_by(ITEM)
        .agg(pl.col(CATEGORY).n_unique().alias("n"), pl.len())
        .filter(pl.col("n") > 1)
    )
    if per_item.height > 0.05 * measured["n_items"]:
        yield Finding("note", f"{plural(per_item.height, 'item')} with several categories",
                      "Each check-in keeps its own; for an item the most frequent one counts.",
                      int(per_item["len"].sum()))  # fmt: skip
