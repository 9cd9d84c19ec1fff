"""How much happened at each place in each hour of local time: a panel."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from strec.errors import AnalysisError, check_choice
from strec.wording import plural

WHAT = {
    "checkins": "check-ins",
    "users": "distinct users",
    "departures": "departures",
    "arrivals": "arrivals",
    "balance": "more arrivals than departures",
    "value": "value",
}
#: Where it is counted.
WHERE = {
    "items": "items that are places: stations, venues",
    "shops": "shops: where items were had that are no places themselves",
    "cells": "hexagons of one width",
    "areas": "areas of the person's own, drawn as polygons",
    "all": "everywhere together: one series",
}
#: Older hours say little of next week, and cost time.
MOST_WEEKS = 26
#: A week to learn the hours from, and three days to test what was learned.
FEWEST_HOURS = 240


@dataclass(frozen=True)
class Panel:
    """How much happened at each place in each hour: consecutive hours of local time.

    Parameters
    ----------
    values : numpy.ndarray
        Shape ``(n_hours, n_places)``; NaN in hours of which nothing is known.
    start : pandas.Timestamp
        The first hour, local time without a zone.
    places : pandas.DataFrame
        One row per column of `values`: `place` (id), `name`, `lat`, `lon` (NaN where unknown),
        `n_checkins`, `n_users`; `cell` (uint64) where places are hexagons.
    what, where : str
        Keys of `WHAT` and `WHERE`.
    few : numpy.ndarray, optional
        Shape of `values`, bool: hours of so few users that they are not shown.
    beside : numpy.ndarray, optional
        Shape of `values`: the other direction of trips, which the trees may read.
    time_zone : str, optional
        Of the hours, for display.
    notes : tuple of str
        What was left out or noticed.

    Notes
    -----
    Hours are those of the wall clock: once a year one does not exist (it counts 0) and one is two
    hours long.

    Examples
    --------
    >>> counts = np.tile([[0.0, 1.0], [2.0, 3.0]], (100, 1))
    >>> made = Panel.of(counts, "2024-06-03")
    >>> made.n_hours, made.n_places, str(made.end)
    (200, 2, '2024-06-11 08:00:00')
    """

    values: np.ndarray
    start: pd.Timestamp
    places: pd.DataFrame
    what: str = "checkins"
    where: str = "items"
    few: np.ndarray | None = None
    beside: np.ndarray | None = None
    time_zone: str | None = None
    notes: tuple[str, ...] = field(default=())

    @classmethod
    def of(
        cls,
        values: Any,
        start: Any,
        places: pd.DataFrame | None = None,
        *,
        what: str = "checkins",
        beside: Any = None,
    ) -> "Panel":
        """Return a panel of numbers that somebody has counted.

        Parameters
        ----------
        values : array-like
            Shape ``(n_hours, n_places)``; NaN where nothing is known.
        start : str or datetime
            The first hour.
        places : pandas.DataFrame, optional
            `place`, and optionally `name`, `lat`, `lon`.
        what : str
            Key of `WHAT`.
        beside : array-like, optional
            Shape of `values`: the other direction of trips.

        Raises
        ------
        AnalysisError
            If the numbers are no table, or the places are not as many as its columns.
        """
        check_choice(what, WHAT, "What is forecast", AnalysisError)
        table = np.asarray(values, dtype=float)
        if table.ndim == 1:
            table = table[:, None]
        known = pd.DataFrame({"place": [str(n) for n in range(table.shape[-1])]})
        rows = known if places is None else places.reset_index(drop=True)
        if table.ndim != 2 or len(rows) != table.shape[1] or "place" not in rows:
            raise AnalysisError(
                "Demand is a table of numbers, one column per place, one row per hour.",
                f"numbers of shape {table.shape} and {plural(len(rows), 'place')}.",
                "Give (n_hours, n_places), and a frame with the column place for each column.",
            )
        rows = rows.assign(
            place=rows["place"].astype(str),
            name=rows["name"] if "name" in rows else rows["place"].astype(str),
            lat=rows.get("lat", np.nan),
            lon=rows.get("lon", np.nan),
            n_checkins=np.nansum(table, axis=0).astype("int64"),
            n_users=0,
        )
        other = None if beside is None else np.asarray(beside, dtype=float)
        return cls(table, pd.Timestamp(start), rows, what, beside=other)

    @property
    def n_hours(self) -> int:
        """Hours from the first to the last."""
        return self.values.shape[0]

    @property
    def n_places(self) -> int:
        """Places, or 1 where all are together."""
        return self.values.shape[1]

    @property
    def hours(self) -> pd.DatetimeIndex:
        """Each hour's start."""
        return self.clock(0, self.n_hours)

    @property
    def end(self) -> pd.Timestamp:
        """The first hour that is not known."""
        return self.start + pd.Timedelta(hours=self.n_hours)

    @cached_property
    def is_signed(self) -> bool:
        """Whether numbers below zero are possible."""
        return self.what == "balance" or bool(np.nanmin(self.values, initial=0) < 0)

    @cached_property
    def is_whole(self) -> bool:
        """Whether what comes is counted, and so a whole number."""
        known = self.values[np.isfinite(self.values)]
        return self.what != "value" and bool((known == np.round(known)).all())

    @property
    def unit(self) -> str:
        """What is counted, in words."""
        return WHAT[self.what]

    def clock(self, first: int, last: int) -> pd.DatetimeIndex:
        """Return the hours from one number to before another; they may lie in the future.

        Parameters
        ----------
        first, last : int
            The first hour, and the one after the last.
        """
        begin = self.start + pd.Timedelta(hours=int(first))
        return pd.date_range(begin, periods=int(last - first), freq="h")

    def part(self, first: int, last: int) -> "Panel":
        """Return the hours from one number to before another.

        Parameters
        ----------
        first, last : int
            The first hour, and the one after the last.
        """
        cut = slice(first, last)
        return replace(
            self,
            values=self.values[cut],
            start=self.start + pd.Timedelta(hours=first),
            few=None if self.few is None else self.few[cut],
            beside=None if self.beside is None else self.beside[cut],
        )

    def shown(self) -> np.ndarray:
        """Return `values` without the hours of few users, which could point at a person.

        Examples
        --------
        >>> hours = Panel.of([[9.0], [2.0]], "2024-06-03")
        >>> replace(hours, few=np.array([[False], [True]])).shown().ravel().tolist()
        [9.0, nan]
        """
        return self.values if self.few is None else np.where(self.few, np.nan, self.values)

    def need(self, hours: int = FEWEST_HOURS) -> None:
        """Refuse what is too short or empty for a forecast.

        Parameters
        ----------
        hours : int
            The fewest.

        Raises
        ------
        AnalysisError
            With what would be needed.
        """
        known = int(np.isfinite(self.values).any(axis=1).sum())
        if known < hours:
            raise AnalysisError(
                f"A forecast per hour needs at least {plural(hours // 24, 'day')}: a week to learn "
                "the hours from, and some days to test it on.",
                f"{plural(known, 'hour')} ({known / 24:.1f} days).",
                "Choose a longer span of dates, or come back with more data.",
            )
        if not np.nansum(np.abs(self.values)):
            raise AnalysisError(
                "A forecast needs something that happened.",
                f"no {self.unit} in {plural(known, 'hour')}.",
                "Loosen the filters, or count something else.",
            )


def need_panel(panel: Any) -> Panel:
    """Return a panel, or say how to make one."""
    if isinstance(panel, Panel):
        return panel
    raise AnalysisError(
        "A panel of counts is needed.",
        f"a {type(panel).__name__}.",
        "Make one: strec.demand.panel(dataset).",
    )
