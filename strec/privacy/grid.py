"""What an onlooker may know of somebody: that they were in this cell in these hours."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from strec import schema

PLACE_COLUMN, BIN_COLUMN = "place", "bin"
_US_PER_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Grid:
    """How finely an onlooker tells places and times apart.

    Attributes
    ----------
    resolution : int
        H3 resolution of the cells, 0 to 10; 9 means about 350 m across.
    hours : int
        Width of the time bins in hours of local time.
    by : str
        ``"place"``: cell and time. ``"item"``: item and time, for data without places, and for
        onlookers who know what somebody took.
    """

    resolution: int = 9
    hours: int = 1
    by: str = "place"


def located(checkins: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    """Return who was where in which time bin, a row for each check-in, in the same order.

    Returns
    -------
    polars.DataFrame
        ``user_id, place, bin``; `place` is the cell (null where unknown) or the item.

    Examples
    --------
    >>> located(schema.example(), Grid(by="item", hours=24))["bin"].to_list()
    [19877, 19877, 19877, 19878]
    """
    place = checkins[schema.ITEM] if grid.by == "item" else coarse_cells(checkins, grid.resolution)
    local_hour = schema.local_time().dt.epoch("us") // _US_PER_HOUR
    return checkins.select(
        schema.USER,
        place.alias(PLACE_COLUMN),
        (local_hour // grid.hours).alias(BIN_COLUMN),
    )


def coarse_cells(checkins: pl.DataFrame, resolution: int) -> pl.Series:
    """Return the H3 cell of each check-in, as the parent of its finest cell.

    Parents nest exactly, so that a coarser grid never tells two check-ins apart that a finer one
    does not.
    """
    from h3ronpy import change_resolution

    finest = with_cells(checkins)[schema.CELL]
    known = finest.is_not_null().to_numpy()
    cells = np.zeros(len(finest), dtype=np.uint64)
    if known.any():
        cells[known] = pl.Series(change_resolution(finest.drop_nulls().to_numpy(), resolution))
    return pl.select(pl.when(pl.Series(known)).then(pl.Series(cells))).to_series()


def with_cells(checkins: pl.DataFrame) -> pl.DataFrame:
    """Return check-ins with the finest cell of each, which is worked out once."""
    if schema.CELL in checkins.columns:
        return checkins
    cells = schema.cells_of(checkins[schema.LAT], checkins[schema.LON])
    return checkins.with_columns(cells.alias(schema.CELL))
