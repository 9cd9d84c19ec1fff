"""A series: one value per period, on the clock that people lived by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from strec.errors import AnalysisError
from strec.temporal import clocks
from strec.temporal.grains import GRAINS, Grain, at_in_words, grain_of, span_in_words
from strec.wording import of_users

#: More of a series than this may not be invented by filling gaps.
MAX_FILLED = 0.3
#: Counts of check-ins say something when at least so many periods have any.
MIN_BUSY = 10


@dataclass(frozen=True, eq=False)
class TimeSeries:
    """Values of periods in order, with what a reader must know about them.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per period that existed: `start` (local wall clock, no zone; or 0, 1, … where the
        series has no calendar), `utc_offset_min` (of the start, missing where there is no single
        clock), `hours` (true length: a day may have 23 or 25), `value` (NaN marks a gap).
    grain : Grain
        Length of a period.
    periods : tuple of int
        Season lengths in steps worth looking for, shortest first.
    name, unit : str
        What is counted: "all check-ins", "Coffee Shop"; "check-ins" or "users".
    n_checkins, n_users : int
        How many are behind it; 0 where the series was not counted from check-ins.
    time_zone : str or None
        IANA name of the one clock, or None: each check-in's own.
    notes : tuple of str
        What was done to the series that a reader should know.

    Examples
    --------
    >>> monthly = TimeSeries.of([3, 5, 4, 6], grain="month", start="2024-01-01")
    >>> monthly.future(1)[0].strftime("%Y-%m")
    '2024-05'
    """

    frame: pd.DataFrame
    grain: Grain
    periods: tuple[int, ...] = ()
    name: str = "all check-ins"
    unit: str = "check-ins"
    n_checkins: int = 0
    n_users: int = 0
    time_zone: str | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        values: Sequence[float] | np.ndarray | pd.Series,
        *,
        grain: str | None = None,
        start: str | None = None,
        periods: tuple[int, ...] | None = None,
        name: str = "series",
        unit: str = "",
    ) -> "TimeSeries":
        """Make a series from numbers, or from a pandas series with a regular date index.

        Parameters
        ----------
        values : sequence of float or pandas.Series
            In time order; NaN marks a gap.
        grain : str, optional
            Name of a grain; by default that of the index, else `step`: no calendar.
        start : str, optional
            First period, where `values` has no date index.
        periods : tuple of int, optional
            Season lengths in steps; by default the grain's.
        name, unit : str
            What is measured and in what, for titles.

        Raises
        ------
        AnalysisError
            If the values are no numbers, or no grain fits.

        Examples
        --------
        >>> TimeSeries.of([1.0, 2.0, 1.0, 2.0], periods=(2,)).usable_periods(1)
        (2,)
        """
        numbers = _numbers(values)
        found = None if grain is None else grain_of(grain, tuple(GRAINS))
        starts: pd.Index = pd.RangeIndex(len(numbers))
        if isinstance(values, pd.Series) and isinstance(values.index, pd.DatetimeIndex):
            found = found or _grain_of_index(values.index)
            starts = _period_starts(values.index, found)
        elif found is not None and found.name != "step":
            starts = pd.date_range(start or "2000-01-01", periods=len(numbers), freq=found.freq)
        found = found or GRAINS["step"]
        frame = clocks.periods(starts, None, float(found.hours)).assign(value=numbers)
        return cls(frame, found, found.periods if periods is None else periods, name, unit)

    def __len__(self) -> int:
        return len(self.clock)

    @cached_property
    def clock(self) -> pd.Series:
        """Values on the regular wall clock, for methods that need equal seasons.

        Every day has the same number of steps: the hour that daylight saving repeats is averaged,
        the one that it skips is the mean of its neighbours. NaN marks a gap.
        """
        if self.grain.name == "step" or self.frame.empty:
            return pd.Series(self.frame["value"].to_numpy(), index=pd.RangeIndex(len(self.frame)))
        # A mean would drop the NaN of one of two hours and so hide half a gap, which is right.
        values = self.frame.groupby("start")["value"].mean()
        every = pd.date_range(values.index[0], values.index[-1], freq=self.grain.freq)
        regular = values.reindex(every)
        skipped = ~every.isin(values.index)
        regular[skipped] = regular.interpolate(limit_direction="both")[skipped]
        return regular

    def future(self, horizon: int) -> pd.Index:
        """Return the starts of the next periods on the wall clock.

        Parameters
        ----------
        horizon : int
            How many.

        Examples
        --------
        >>> list(TimeSeries.of([1.0, 2.0]).future(2))
        [2, 3]
        """
        index = self.clock.index
        if isinstance(index, pd.RangeIndex):
            return pd.RangeIndex(len(index), len(index) + horizon)
        return pd.date_range(index[-1], periods=horizon + 1, freq=self.grain.freq)[1:]

    def part(self, first: int, last: int) -> "TimeSeries":
        """Return a piece of the series.

        Parameters
        ----------
        first, last : int
            Steps of the regular clock, `last` not included.

        Examples
        --------
        >>> weeks = TimeSeries.of(range(14), periods=(7,))
        >>> len(weeks.part(0, 7))
        7
        """
        clock = self.clock.iloc[first:last]
        frame = clocks.periods(clock.index, None, float(self.grain.hours))
        return replace(self, frame=frame.assign(value=clock.to_numpy()))

    def filled(self) -> pd.Series:
        """Return the clock with its gaps filled, for methods that cannot skip one.

        A gap takes the mean of the same phase one season before and after where there is one,
        else it is interpolated.

        Raises
        ------
        AnalysisError
            If more than 30 % of the series is missing.

        Examples
        --------
        >>> TimeSeries.of([1.0, 2.0, float("nan"), 4.0]).filled().tolist()
        [1.0, 2.0, 3.0, 4.0]
        """
        clock = self.clock
        share = float(clock.isna().mean())
        if share > MAX_FILLED:
            raise AnalysisError(
                "This method needs a series with few gaps.",
                f"{100 * share:.0f} % of the {self.grain.many} of {self.name} have no value.",
                "Count missing periods as zero, remove filters on hours and weekdays, or choose "
                "a coarser grain.",
            )
        if not share:
            return clock
        for period in self.periods:
            around = pd.concat([clock.shift(period), clock.shift(-period)], axis=1).mean(axis=1)
            clock = clock.fillna(around)
        return clock.interpolate(limit_direction="both")

    def usable_periods(self, cycles: float = 2) -> tuple[int, ...]:
        """Return the season lengths of which the series holds enough.

        Parameters
        ----------
        cycles : float
            More than so many.

        Examples
        --------
        >>> TimeSeries.of(range(15), periods=(7, 30)).usable_periods()
        (7,)
        """
        return tuple(each for each in self.periods if each > 1 and len(self) > cycles * each)

    def need(self, at_least: int, what: str) -> None:
        """Raise an error in words unless the series is long enough, not empty and not constant.

        Parameters
        ----------
        at_least : int
            Known values.
        what : str
            What needs them, for the message.

        Raises
        ------
        AnalysisError
            If it is not.

        Examples
        --------
        >>> TimeSeries.of([1.0, 2.0, 4.0]).need(3, "A mean")
        """
        known = self.clock.dropna()
        if len(known) < at_least:
            raise AnalysisError(
                f"{what} needs at least {at_least} {self.grain.many}.",
                f"{len(known)} of {self.name}.",
                "Choose a finer grain, a longer span of dates, or a larger slice.",
            )
        busy = int((known > 0).sum())
        if self.n_checkins and busy < MIN_BUSY:
            raise AnalysisError(
                f"{what} needs at least {MIN_BUSY} {self.grain.many} with check-ins.",
                f"{busy} of {self.name}.",
                "Choose a larger slice or more data: so few could lie anywhere by chance.",
            )
        if known.nunique() < 2:
            raise AnalysisError(
                f"{what} needs values that change.",
                f"every {self.grain.one} of {self.name} has the value {known.iloc[0]:g}.",
                "Choose another slice or grain.",
            )

    @property
    def footer(self) -> str:
        """What stands under every figure: how much is behind it, and whose clock it is."""
        parts = [f"{len(self):,} {self.grain.many}"]
        if self.n_checkins:
            parts.insert(0, f"{self.n_checkins:,} check-ins {of_users(self.n_users)}")
            parts.append(f"times in {self.time_zone or 'each check-in’s own clock'}")
        return " · ".join(parts)

    @property
    def sentence(self) -> str:
        """The series in words: its level, its busiest period, its longest silence."""
        known = self.clock.dropna()
        if known.empty:
            return f"No {self.grain.one} of {self.name} has a value."
        words = (
            f"On average {known.mean():,.1f} {self.unit} per {self.grain.one}; most, "
            f"{known.max():,.0f}, {at_in_words(known.idxmax(), self.grain)}."
        )
        silence, where = self._longest_silence()
        # Nights are silent in most cities; a silence is worth a word when it outlasts a day.
        if silence * self.grain.hours > 24 and silence > 1 and self.unit:
            words += (
                f" The longest silence lasts {span_in_words(silence * self.grain.hours)} and "
                f"begins {at_in_words(where, self.grain)}: if nothing was recorded then, treat "
                "missing periods as a gap instead of zero."
            )
        return " ".join([words, *self.notes])

    def _longest_silence(self) -> tuple[int, object]:
        silent = (self.clock.fillna(0) == 0).to_numpy()
        edges = np.flatnonzero(np.diff(np.concatenate([[0], silent.view(np.int8), [0]])))
        if not len(edges):
            return 0, None
        lengths = edges[1::2] - edges[::2]
        longest = int(lengths.argmax())
        return int(lengths[longest]), self.clock.index[edges[::2][longest]]


def as_series(data: Any) -> TimeSeries:
    """Return a series itself, one made of numbers, or the hourly counts of check-ins."""
    if isinstance(data, TimeSeries):
        return data
    from strec.temporal import counting

    return counting.series(data) if counting.has_checkins(data) else TimeSeries.of(data)


def _numbers(values: Any) -> np.ndarray:
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    if numbers.ndim != 1:
        raise AnalysisError(
            "A series is a row of numbers, or is counted from a data set or a store.",
            f"{type(values).__name__}.",
            "Give a list or a pandas series of numbers, in the order of time.",
        )
    return numbers


def _period_starts(index: pd.DatetimeIndex, grain: Grain) -> pd.DatetimeIndex:
    """A month may be dated by its last day; here every period is named by its start."""
    naive = index.tz_localize(None) if index.tz is not None else index
    named = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
    if grain.name in named:
        return naive.to_period(named[grain.name]).to_timestamp()
    return naive.floor(grain.freq)


def _grain_of_index(index: pd.DatetimeIndex) -> Grain:
    if len(index) < 2:
        return GRAINS["step"]
    hours = float(np.median(np.diff(index.to_numpy()).astype("m8[s]").astype(float))) / 3600
    closest = min(
        (each for each in GRAINS.values() if each.name != "step"),
        key=lambda each: abs(np.log(each.hours / max(hours, 1e-9))),
    )
    if abs(closest.hours - hours) > 0.1 * hours:
        raise AnalysisError(
            "A series has one value per quarter hour, half hour, hour, six hours, day, week, "
            "month, quarter or year.",
            f"one every {hours:,.2f} hours.",
            "Resample it, or pass the values without dates.",
        )
    return closest
