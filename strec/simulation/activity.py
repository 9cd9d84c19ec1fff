"""When people check in, and where they are: both know nothing of the items."""

from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl

from strec.simulation.scenario import Peak, Scenario

#: The local hours that count as early; the rest of the day is late.
EARLY_FROM, EARLY_TO = 4, 15
MAX_BURSTINESS = 0.95


def user_counts(
    n_users: int, n_checkins: int, activity_skew: float, rng: np.random.Generator
) -> np.ndarray:
    """Share the check-ins among the users: log-normal weights, at least one each."""
    weight = np.exp(activity_skew * rng.normal(0, 1, n_users))
    return 1 + rng.multinomial(n_checkins - n_users, weight / weight.sum())


def draw_times(
    scenario: Scenario,
    counts: np.ndarray,
    start: date,
    days: int,
    burstiness: float,
    grain_minutes: float,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Draw every check-in's time from the activity process, sorted by user and time.

    A check-in falls on the day of the user's previous draw with probability `burstiness`, else
    on a fresh day, by weekday and season; its time of day always comes afresh from the weekday's
    or the weekend's profile, so that activity comes in bursts and the hours stay independent.

    Returns
    -------
    polars.DataFrame
        ``user`` (number), ``timestamp`` (UTC), ``utc_offset_min``, ``hour_of_week`` (local).
    """
    user = np.repeat(np.arange(len(counts)), counts)
    fresh = _fresh(counts, burstiness, rng)
    day = _draw_days(scenario, user, counts, start, days, rng)[fresh]
    weekend = (start.weekday() + day) % 7 >= 5
    minute = _draw_minutes(scenario, weekend, rng)
    if grain_minutes > 0:
        minute = np.floor(minute / grain_minutes) * grain_minutes
    seconds = (day * 86_400 + np.floor(minute * 60)).astype(np.int64)
    order = np.lexsort((seconds, user))
    midnight = np.datetime64(datetime.combine(start, time()), "us")
    local = midnight + seconds[order].astype("timedelta64[s]")
    return _to_utc(pl.DataFrame({"user": user[order], "local": local}), scenario.time_zone)


def draw_places(
    weight: np.ndarray,
    user: np.ndarray,
    hour_of_week: np.ndarray,
    commuting: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw which of their places each user is at: a walk that often stays where it was.

    With `commuting` above 0 the clock takes over with that probability: at work (place 1) in
    working hours, at home (place 0) otherwise.
    """
    counts = np.bincount(user, minlength=len(weight))
    bounds = np.cumsum(weight, axis=1)[user]
    place = np.minimum((bounds < rng.random(len(user))[:, None]).sum(1), weight.shape[1] - 1)
    place = place[_fresh(counts, 0.5, rng)]
    hour, weekday = hour_of_week % 24, hour_of_week // 24
    clock = ((hour >= 9) & (hour < 18) & (weekday < 5)).astype(place.dtype)
    return np.where(rng.random(len(user)) < commuting, clock, place)


def hour_weights(scenario: Scenario) -> np.ndarray:
    """Return the activity of the 168 hours of a week, summing to one, for centring."""
    day = np.array(scenario.weekday_weights) / sum(scenario.weekday_weights)
    profile = [_profile(scenario.weekday_peaks)] * 5 + [_profile(scenario.weekend_peaks)] * 2
    return (day[:, None] * np.array(profile)).ravel()


def is_early(hour_of_week: np.ndarray) -> np.ndarray:
    """Say whether an hour of the week (0 to 167) belongs to the early half of the day."""
    hour = hour_of_week % 24
    return (hour >= EARLY_FROM) & (hour < EARLY_TO)


def bumps(peaks: tuple[Peak, ...], hours: np.ndarray) -> np.ndarray:
    """Add up bell curves around the peaks on the circle of 24 hours."""
    total = np.zeros(len(hours))
    for peak, width, weight in peaks:
        apart = np.abs((hours - peak + 12) % 24 - 12)
        total += weight * np.exp(-0.5 * (apart / width) ** 2)
    return total


def _profile(peaks: tuple[Peak, ...]) -> np.ndarray:
    """Return a day's activity per hour, early and late hours weighing one half each."""
    hours = np.arange(24)
    profile = bumps(peaks, hours + 0.5) + 0.02
    early = is_early(hours)
    for part in (early, ~early):
        profile[part] *= 0.5 / profile[part].sum()
    return profile


def _fresh(counts: np.ndarray, stay: float, rng: np.random.Generator) -> np.ndarray:
    """Point each row to the row it repeats: itself, or (probability `stay`) the one before."""
    rows = np.arange(counts.sum())
    new = rng.random(len(rows)) >= min(stay, MAX_BURSTINESS)
    new[np.cumsum(counts) - counts] = True
    return np.maximum.accumulate(np.where(new, rows, 0))


def _draw_days(
    scenario: Scenario,
    user: np.ndarray,
    counts: np.ndarray,
    start: date,
    days: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw a day (0 to days - 1) per row, by weekday and season, within the user's stay."""
    day = np.arange(days)
    year_day = np.array([(start + timedelta(days=int(d))).timetuple().tm_yday for d in day])
    peak, amplitude = scenario.season
    weight = np.array(scenario.weekday_weights)[(start.weekday() + day) % 7]
    weight = weight * (1 + amplitude * np.cos(2 * np.pi * (year_day - peak) / 365.25))
    total = np.concatenate([[0.0], np.cumsum(weight)])
    low, high = np.zeros(len(counts), int), np.full(len(counts), days)
    if scenario.stay_days:
        shortest, longest = scenario.stay_days
        # Who checks in more than eight times a day stays longer instead.
        stay = np.maximum(rng.integers(shortest, longest + 1, len(counts)), -(-counts // 8))
        stay = np.minimum(stay, days)
        arrival = np.searchsorted(total, rng.random(len(counts)) * total[-1], side="right") - 1
        low = np.minimum(arrival, days - stay)
        high = low + stay
    share = rng.random(len(user))
    target = total[low][user] + share * (total[high] - total[low])[user]
    return np.clip(np.searchsorted(total, target, side="right") - 1, low[user], high[user] - 1)


def _draw_minutes(scenario: Scenario, weekend: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the local minute of the day from the weekday's or the weekend's profile."""
    share = rng.random(len(weekend))
    hour = np.empty(len(weekend), dtype=np.int64)
    for kind, peaks in ((False, scenario.weekday_peaks), (True, scenario.weekend_peaks)):
        rows = weekend == kind
        hour[rows] = np.searchsorted(np.cumsum(_profile(peaks))[:-1], share[rows], side="right")
    return 60.0 * (hour + rng.random(len(weekend)))


def _to_utc(times: pl.DataFrame, time_zone: str) -> pl.DataFrame:
    """Add the UTC instant, offset and local hour of the week of each wall-clock time."""

    def as_utc(local: pl.Expr) -> pl.Expr:
        return local.dt.replace_time_zone(
            time_zone, ambiguous="earliest", non_existent="null"
        ).dt.convert_time_zone("UTC")

    # The hour that clocks skip in spring does not exist: such a check-in comes an hour later.
    instant = pl.coalesce(as_utc(pl.col("local")), as_utc(pl.col("local").dt.offset_by("1h")))
    wall = pl.col("timestamp").dt.convert_time_zone(time_zone).dt.replace_time_zone(None)
    return (
        times.with_columns(instant.alias("timestamp"))
        .sort("user", "timestamp", maintain_order=True)
        .select(
            "user",
            "timestamp",
            (wall - pl.col("timestamp").dt.replace_time_zone(None))
            .dt.total_minutes()
            .cast(pl.Int16)
            .alias("utc_offset_min"),
            ((wall.dt.weekday().cast(pl.Int16) - 1) * 24 + wall.dt.hour()).alias("hour_of_week"),
        )
    )
