"""The lengths of time that check-ins are counted in."""

from dataclasses import dataclass

import pandas as pd

from strec import wording
from strec.errors import AnalysisError


@dataclass(frozen=True)
class Grain:
    """One length of time.

    Parameters
    ----------
    name : str
        How it is asked for: `hour`, `day`, ….
    one, many : str
        In words: "hour", "hours".
    freq : str
        pandas offset alias of regular periods on the wall clock.
    hours : float
        Length in hours; for months and longer, on average.
    periods : tuple of int
        Season lengths in steps that people's habits suggest, shortest first.
    """

    name: str
    one: str
    many: str
    freq: str
    hours: float
    periods: tuple[int, ...] = ()

    @property
    def has_clock(self) -> bool:
        """Whether daylight saving can repeat or skip a whole step."""
        return self.hours <= 1


GRAINS = {
    each.name: each
    for each in (
        Grain("15min", "quarter hour", "quarter hours", "15min", 0.25, (96, 672)),
        Grain("30min", "half hour", "half hours", "30min", 0.5, (48, 336)),
        Grain("hour", "hour", "hours", "h", 1, (24, 168)),
        Grain("6h", "six hours", "six-hour spans", "6h", 6, (4, 28)),
        Grain("day", "day", "days", "D", 24, (7,)),
        Grain("week", "week", "weeks", "W-MON", 168, (52,)),
        Grain("month", "month", "months", "MS", 730.5, (12,)),
        Grain("quarter", "quarter", "quarters", "QS", 2191.5, (4,)),
        Grain("year", "year", "years", "YS", 8766, ()),
        # A series that comes without a calendar.
        Grain("step", "step", "steps", "", 1, ()),
    )
}

#: The grains that check-ins can be counted in.
COUNTED = ("15min", "30min", "hour", "6h", "day", "week", "month")


def grain_of(name: str, among: tuple[str, ...] = COUNTED) -> Grain:
    """Return the grain of this name, or raise an error that lists all."""
    if not isinstance(name, str) or name not in among:
        raise AnalysisError(
            f"Check-ins are counted per {', '.join(among)}.", f"{name}.", "Choose one of them."
        )
    return GRAINS[name]


def in_words(steps: float, grain: Grain) -> str:
    """Say a number of steps as a person would: "1 day" for 24 hours.

    Examples
    --------
    >>> [in_words(n, GRAINS["hour"]) for n in (1, 12, 24, 36, 168, 30.5, 755)]
    ['1 hour', '12 hours', '1 day', '36 hours', '1 week', '30.5 hours', '31.5 days']
    >>> in_words(365, GRAINS["day"]), in_words(12, GRAINS["month"]), in_words(11, GRAINS["year"])
    ('1 year', '1 year', '11 years')
    """
    if grain.name == "step":
        return _counted(steps, "step", "steps")
    hours = steps * grain.hours
    for one, size, at_most in (("year", 8766, 366 * 24), ("week", 168, 24), ("day", 24, 6)):
        count = round(hours / size)
        # A year is 52 weeks or 365 days: near enough to be called one.
        near = 0.01 * hours if one == "year" else 0.005 * size
        if grain.hours <= at_most and count >= 1 and abs(hours - count * size) <= near:
            return _counted(count, one, f"{one}s")
    if hours > 48 and grain.hours < 24:
        return _counted(hours / 24, "day", "days")
    if hours > 2 * 8766:
        return _counted(hours / 8766, "year", "years")
    return _counted(steps, grain.one, grain.many)


def span_in_words(hours: float) -> str:
    """Say a length of time, rounded to what matters.

    Examples
    --------
    >>> [span_in_words(h) for h in (30, 419, 1000, 20000)]
    ['30 hours', '17 days', '6 weeks', '2.3 years']
    """
    for many, size, at_least in (("years", 8766, 1.5), ("weeks", 168, 4), ("days", 24, 2.5)):
        if hours >= at_least * size:
            count = hours / size
            return _counted(round(count, 1) if many == "years" else round(count), many[:-1], many)
    return _counted(round(hours, 1), "hour", "hours")


def at_in_words(start: object, grain: Grain) -> str:
    """Say when a period is: "on Mon 3 Jun 2024, 08:00"."""
    if not isinstance(start, pd.Timestamp):
        return f"at step {start}"
    if grain.hours < 24:
        return f"on {wording.moment(start, '%a %-d %b %Y, %H:%M')}"
    if grain.hours < 168:
        return f"on {wording.moment(start, '%a %-d %b %Y')}"
    if grain.name == "week":
        return f"in the week of {wording.moment(start, '%-d %b %Y')}"
    return f"in {start:%Y}" if grain.name == "year" else f"in {start:%b %Y}"


def _counted(count: float, one: str, many: str) -> str:
    text = f"{count:,.1f}".removesuffix(".0")
    return f"{text} {one if text == '1' else many}"
