"""Which check-ins a question is about."""

from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import cast

import ibis
import ibis.expr.types as ir

from strec import schema
from strec.errors import AnalysisError, check_choice
from strec.store.aggregates import (
    END_DATE,
    END_HOUR_OF_WEEK,
    FROM_CELL,
    FROM_ITEM,
    ITEM_CODE,
    parent,
    whole,
)

#: What may be looked at of trips.
SIDES = {"departures": "where and when trips begin", "arrivals": "where and when they end"}


@dataclass(frozen=True)
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
            (schema.CATEGORY, self.categories),
            (schema.EVENT, self.events),
            (schema.USER, self.users),
            (schema.PLACE_ID, self.places),
        ):
            if values is None:
                continue
            if name not in table.columns:
                raise AnalysisError(
                    f"This filter needs a column {name}.",
                    f"columns {', '.join(table.columns)}.",
                    "Remove the filter, or map such a column when reading the file.",
                )
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


def _within(cell: ir.IntegerValue, cells: tuple[int, ...]) -> ir.BooleanValue:
    by_resolution: dict[int, list[int]] = {}
    for each in map(int, cells):
        # Bits 52 to 55 of a cell hold its resolution.
        by_resolution.setdefault(each >> 52 & 0xF, []).append(each)
    inside = [_among(parent(cell, r), some) for r, some in by_resolution.items()]
    return reduce(or_, inside, cast(ir.BooleanValue, ibis.literal(False)))


def _among(column: ir.Value, values: list) -> ir.BooleanValue:
    # An empty IN list is not valid SQL on every engine.
    return column.isin(values) if values else cast(ir.BooleanValue, ibis.literal(False))
