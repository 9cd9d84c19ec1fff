"""Which check-ins a question is about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any, cast

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from strec import schema
from strec.errors import AnalysisError, check_choice, check_is
from strec.store.aggregates import (
    END_DATE,
    END_HOUR_OF_WEEK,
    FROM_CELL,
    FROM_ITEM,
    ITEM_CODE,
    parent,
    whole,
)
from strec.wording import WEEKDAYS, days, listed, moment, plural

_NAMED_DAYS: dict[tuple[int, ...], str] = {(5, 6): "weekends", (0, 1, 2, 3, 4): "workdays"}
#: Texts that a question names; of more, its text takes longer than the counting: a table is sent.
MOST_NAMED = 500
#: Engines that take a table with a question; a database may not let its readers make one.
_TAKE_TABLES = ("duckdb", "polars", "pyspark")
#: What may be looked at of trips.
SIDES = {"departures": "where and when trips begin", "arrivals": "where and when they end"}


@dataclass(frozen=True, repr=False)
class Filters:
    """A choice of check-ins: hashable, so that results can be cached by it.

    Parameters
    ----------
    date_from, date_to : datetime.date, optional
        First and last local date, both included.
    hours : tuple of int, optional
        Local hours of the day to keep, 0 to 23.
    weekdays : tuple of int, optional
        Days of the week to keep, 0 is Monday.
    categories, events, users : tuple of str, optional
        Values to keep. `None` keeps everything, an empty tuple keeps nothing.
    cells : tuple of int, optional
        H3 cells, of any resolution down to the stored one, to keep.
    places : tuple of str, optional
        Shops to keep, by id: where an item was had that is not itself a place.
    side : str, optional
        Of trips, ``"departures"``: where and when they begin, or ``"arrivals"``: where and when
        they end. Without it a trip counts where it ends and when it begins.

    Examples
    --------
    >>> Filters(hours=(7, 8, 9)).hours_of_week()[:4]
    [7, 8, 9, 31]
    """

    date_from: date | None = None
    date_to: date | None = None
    hours: tuple[int, ...] | None = None
    weekdays: tuple[int, ...] | None = None
    categories: tuple[str, ...] | None = None
    events: tuple[str, ...] | None = None
    users: tuple[str, ...] | None = None
    cells: tuple[int, ...] | None = None
    places: tuple[str, ...] | None = None
    side: str | None = None

    def __post_init__(self):
        # A list is what JSON and widgets give; a tuple is what a cache key needs.
        for name, value in vars(self).items():
            if isinstance(value, (list, set)):
                object.__setattr__(self, name, tuple(sorted(value)))
        if self.side is not None:
            check_choice(self.side, SIDES, "A side of trips", AnalysisError)

    @property
    def says_whom_or_where(self) -> bool:
        """Whether a count over time says more of people than when something happened."""
        return any(
            values is not None for values in (self.categories, self.events, self.users, self.cells)
        )

    @property
    def words(self) -> dict[str, str]:
        """What is kept in words, by the field that says it; both ends of dates, one entry.

        Examples
        --------
        >>> Filters(weekdays=(5, 6), hours=(20, 21), categories=("Bar",)).words
        {'weekdays': 'weekends', 'hours': '20:00–22:00', 'categories': 'Bar'}
        """
        said = {}
        if self.date_from is not None or self.date_to is not None:
            said["date_from"] = _dates_in_words(self.date_from, self.date_to)
        if self.weekdays is not None:
            said["weekdays"] = _NAMED_DAYS.get(
                self.weekdays, listed([WEEKDAYS[day] for day in self.weekdays])
            )
        if self.hours is not None:
            said["hours"] = _hours_in_words(self.hours)
        for name, values in (("categories", self.categories), ("events", self.events),
                             ("places", self.places)):  # fmt: skip
            if values is not None:
                few = len(values) <= 3
                said[name] = listed(values) if few else f"{len(values):,} {name}"
        for name, values, one in (("users", self.users, "user"), ("cells", self.cells, "hexagon")):
            if values is not None:
                said[name] = plural(len(values), one)
        if self.side is not None:
            said["side"] = self.side
        return said

    def narrowed(self, other: "Filters") -> "Filters":
        """Return what both keep.

        Parameters
        ----------
        other : Filters
            As in this one, `None` keeps everything.

        Raises
        ------
        AnalysisError
            If one looks at departures and the other at arrivals.

        Examples
        --------
        >>> Filters(hours=(7, 8)).narrowed(Filters(hours=(8, 9), weekdays=(0,)))
        Filters(hours=(8,), weekdays=(0,))
        """
        check_is(other, Filters, "Filters are narrowed by filters.", AnalysisError)
        if self.side and other.side and self.side != other.side:
            raise AnalysisError(
                "A trip is looked at from one of its ends.", "departures and arrivals.",
                "Choose one of them.",
            )  # fmt: skip
        first = [day for day in (self.date_from, other.date_from) if day is not None]
        last = [day for day in (self.date_to, other.date_to) if day is not None]
        kept: dict[str, Any] = {
            name: _both(vars(self)[name], vars(other)[name])
            for name in ("hours", "weekdays", "categories", "events", "users", "places")
        }
        return Filters(
            max(first, default=None), min(last, default=None),
            cells=_inner_cells(self.cells, other.cells), side=self.side or other.side, **kept,
        )  # fmt: skip

    @property
    def keeps_nothing(self) -> bool:
        """Whether no check-in at all can pass."""
        if self.date_from and self.date_to and self.date_from > self.date_to:
            return True
        return any(isinstance(value, tuple) and not value for value in vars(self).values())

    def keeps_nothing_of(self, other: "Filters") -> bool:
        """Return whether no check-in at all can pass both.

        Parameters
        ----------
        other : Filters
            The others that it would have to pass.

        Examples
        --------
        >>> Filters(weekdays=(5, 6)).keeps_nothing_of(Filters(weekdays=(0, 1)))
        True
        """
        check_is(other, Filters, "Filters are compared with filters.", AnalysisError)
        if self.side and other.side and self.side != other.side:
            return True
        return self.narrowed(other).keeps_nothing

    def keeps_all_of(self, other: "Filters") -> bool:
        """Return whether whatever passes other filters passes these as well.

        Parameters
        ----------
        other : Filters
            Those that keep less, or the same.

        Examples
        --------
        >>> Filters(hours=(7, 8, 9)).keeps_all_of(Filters(hours=(8,), weekdays=(0,)))
        True
        """
        if self.keeps_nothing_of(other):
            return other.keeps_nothing
        both = self.narrowed(other)
        return all(_as_set(vars(both)[name]) == _as_set(value)
                   for name, value in vars(other).items())  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return what is kept as texts and whole numbers, for JSON.

        Examples
        --------
        >>> Filters(date_from=date(2024, 5, 1), hours=(8,)).to_dict()
        {'date_from': '2024-05-01', 'hours': [8]}
        """
        return {
            name: list(value) if isinstance(value, tuple) else str(value)
            for name, value in vars(self).items()
            if value is not None
        }

    @classmethod
    def from_dict(cls, said: Any) -> "Filters":
        """Return the filters that `to_dict` has written, or refuse what is none.

        Parameters
        ----------
        said : dict
            From JSON, of whatever origin.

        Raises
        ------
        AnalysisError
            If a name is unknown, or a value cannot be one of it.

        Examples
        --------
        >>> Filters.from_dict({"weekdays": [5, 6]})
        Filters(weekdays=(5, 6))
        """
        check_is(said, dict, "Filters are a table of names and values.", AnalysisError)
        values: dict[str, Any] = {}
        for name, value in said.items():
            try:
                values[name] = _READERS[name](value)
            except (KeyError, TypeError, ValueError) as error:
                raise AnalysisError(
                    f"Filters say {', '.join(_READERS)}.",
                    f"{name!r:.40} as {value!r:.40}.",
                    "Correct it, or leave it out.",
                ) from error
        return cls(**values)

    def __repr__(self) -> str:
        said = (f"{name}={value!r}" for name, value in vars(self).items() if value is not None)
        return f"Filters({', '.join(said)})"

    def hours_of_week(self) -> list[int]:
        """Hours of the week kept, 0 (Monday 00:00) to 167."""
        hours = range(24) if self.hours is None else self.hours
        weekdays = range(7) if self.weekdays is None else self.weekdays
        return sorted(24 * weekday + hour for weekday in weekdays for hour in hours)

    def apply(self, table: ir.Table) -> ir.Table:
        """Return the Ibis table of the check-ins kept.

        Parameters
        ----------
        table : ibis Table
            Check-ins of a store.

        Raises
        ------
        AnalysisError
            If a filter needs a column that the table does not have.
        """
        table = self._seen_from(table)
        keep = []
        if self.date_from is not None:
            keep.append(table[schema.LOCAL_DATE] >= ibis.literal(self.date_from))
        if self.date_to is not None:
            keep.append(table[schema.LOCAL_DATE] <= ibis.literal(self.date_to))
        if self.hours is not None or self.weekdays is not None:
            keep.append(_among(table[schema.HOUR_OF_WEEK], self.hours_of_week()))
        if self.cells is not None:
            keep.append(_within(whole(table, schema.CELL), self.cells))
        for name, values in (
            (schema.CATEGORY, self.categories), (schema.EVENT, self.events),
            (schema.USER, self.users), (schema.PLACE_ID, self.places),
        ):  # fmt: skip
            if values is None:
                continue
            if name not in table.columns:
                raise AnalysisError(
                    f"This filter needs a column {name}.",
                    f"columns {', '.join(table.columns)}.",
                    "Remove the filter, or map such a column when reading the file.",
                )
            if len(values) > MOST_NAMED and table.get_backend().name in _TAKE_TABLES:
                table = table.semi_join(ibis.memtable(pa.table({name: list(values)})), name)
            else:
                keep.append(_among(table[name], list(values)))
        return table.filter(keep) if keep else table

    def _seen_from(self, table: ir.Table) -> ir.Table:
        """Return the trips with the place and the time of one of their ends."""
        if self.side is None:
            return table
        if FROM_CELL not in table.columns or not schema.has_origins(table.columns):
            raise AnalysisError(
                "Departures and arrivals need trips: where each began.",
                f"columns {', '.join(table.columns)}.",
                "Map the columns of the start when reading the file, or look at all check-ins.",
            )
        if self.side == "departures":
            start = {schema.CELL: table[FROM_CELL], ITEM_CODE: table[FROM_ITEM]}
            if schema.ORIGIN_LAT in table.columns:
                start |= {
                    schema.LAT: table[schema.ORIGIN_LAT],
                    schema.LON: table[schema.ORIGIN_LON],
                }
            return table.mutate(**start)
        if END_DATE not in table.columns:
            return table
        ended = {
            schema.TIME: schema.END_TIME,
            schema.HOUR_OF_WEEK: END_HOUR_OF_WEEK,
            schema.LOCAL_DATE: END_DATE,
        }
        known = table.filter(table[END_DATE].notnull())
        return known.mutate(**{name: known[end] for name, end in ended.items()})


def _each(kind: type, most: int = 0) -> Callable[[Any], tuple]:
    """Return what reads a list of texts, or of whole numbers below a bound."""

    def read(values: Any) -> tuple:
        if not isinstance(values, list | tuple) or not all(
            isinstance(each, kind) and (kind is str or 0 <= each < most) for each in values
        ):
            raise ValueError(values)
        return tuple(values)

    return read


_READERS: dict[str, Callable[[Any], Any]] = {
    "date_from": date.fromisoformat, "date_to": date.fromisoformat,
    "hours": _each(int, 24), "weekdays": _each(int, 7), "cells": _each(int, 2**63),
    "categories": _each(str), "events": _each(str), "users": _each(str), "places": _each(str),
    "side": str,
}  # fmt: skip


def _within(cell: ir.IntegerValue, cells: tuple[int, ...]) -> ir.BooleanValue:
    by_resolution: dict[int, list[int]] = {}
    for each in map(int, cells):
        # Bits 52 to 55 of a cell hold its resolution.
        by_resolution.setdefault(each >> 52 & 0xF, []).append(each)
    inside = [_among(parent(cell, r), some) for r, some in by_resolution.items()]
    return reduce(or_, inside, cast(ir.BooleanValue, ibis.literal(False)))


def _dates_in_words(first: date | None, last: date | None) -> str:
    if first is not None and last is not None:
        return days(first, last)
    return moment(first, "from %-d %B %Y") if first else moment(last or date.max, "until %-d %B %Y")


def _hours_in_words(hours: tuple[int, ...]) -> str:
    """Return hours as spans: those that follow each other go together."""
    spans: list[list[int]] = []
    for hour in hours:
        if spans and spans[-1][1] == hour:
            spans[-1][1] = hour + 1
        else:
            spans.append([hour, hour + 1])
    return listed([f"{low}:00–{high}:00" for low, high in spans])


def _both(mine: tuple | None, others: tuple | None) -> tuple | None:
    if mine is None or others is None:
        return others if mine is None else mine
    return tuple(sorted(set(mine) & set(others)))


def _as_set(value: Any) -> Any:
    return frozenset(value) if isinstance(value, tuple) else value


def _inner_cells(mine: tuple[int, ...] | None, others: tuple[int, ...] | None):
    """Return the smaller of cells that lie in each other."""
    if mine is None or others is None:
        return others if mine is None else mine
    kept = {a for a in mine for b in others if _lies_in(a, b)}
    return tuple(sorted(kept | {b for b in others for a in mine if _lies_in(b, a)}))


def _lies_in(inner: int, outer: int) -> bool:
    resolution = outer >> 52 & 0xF
    if inner >> 52 & 0xF < resolution:
        return False
    unused = (1 << (3 * (15 - resolution))) - 1
    return (inner & ~(0xF << 52)) | (resolution << 52) | unused == outer


def _among(column: ir.Value, values: list) -> ir.BooleanValue:
    # An empty IN list is not valid SQL on every engine.
    return column.isin(values) if values else cast(ir.BooleanValue, ibis.literal(False))
