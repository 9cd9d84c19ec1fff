"""Homes and workplaces as a stranger would guess them, and cells with few people."""

from dataclasses import dataclass

import polars as pl
import polars.selectors as cs

from strec import schema
from strec.privacy.grid import PLACE_COLUMN, Grid, coarse_cells

#: Local hours in which people are mostly at home: from 22:00 to 06:00.
NIGHT = (22, 23, 0, 1, 2, 3, 4, 5)
#: Local hours of work, Monday to Friday: from 9:00 to 17:00.
OFFICE = tuple(range(9, 17))
#: Of fewer check-ins than this nobody would guess a home.
LEAST_CHECKINS = 3


@dataclass(frozen=True)
class Exposure:
    """How many people share what a stranger would guess.

    Attributes
    ----------
    n_guessed : int
        Users with enough check-ins for a guess.
    n_exposed : int
        Those of them whose guessed cell is that of fewer than k users.

    Examples
    --------
    >>> Exposure(n_guessed=40, n_exposed=10).share
    0.25
    """

    n_guessed: int
    n_exposed: int

    @property
    def share(self) -> float:
        """Return the share of exposed users among those guessed; not a number without any."""
        return self.n_exposed / self.n_guessed if self.n_guessed else float("nan")


def homes(checkins: pl.DataFrame, resolution: int) -> pl.DataFrame:
    """Return the most frequent cell of each user at night: ``user_id, place``.

    Ties go to the cell with the smaller number. Users with fewer than three check-ins at night
    are left out.
    """
    return _usual(checkins, resolution, schema.local_time().dt.hour().is_in(NIGHT))


def workplaces(checkins: pl.DataFrame, resolution: int) -> pl.DataFrame:
    """Return the most frequent cell of each user in office hours: ``user_id, place``."""
    local = schema.local_time()
    return _usual(checkins, resolution, local.dt.hour().is_in(OFFICE) & (local.dt.weekday() <= 5))


def exposure(guessed: pl.DataFrame, k: int) -> Exposure:
    """Return how many users share their guessed cell (or cells) with fewer than k, them included.

    Examples
    --------
    >>> guessed = pl.DataFrame({"user_id": ["a", "b", "c"], "place": [1, 1, 2]})
    >>> exposure(guessed, k=2)
    Exposure(n_guessed=3, n_exposed=1)
    """
    cells = [name for name in guessed.columns if name != schema.USER]
    sizes = guessed.group_by(cells).len("n")
    return Exposure(len(guessed), int(sizes.filter(pl.col("n") < k)["n"].sum()))


def both(home: pl.DataFrame, work: pl.DataFrame) -> pl.DataFrame:
    """Return home and work of the users for whom both are guessed (Golle & Partridge 2009)."""
    return home.join(work.rename({PLACE_COLUMN: "work"}), on=schema.USER)


def users_per_cell(checkins: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    """Return ``place, n_users, n_checkins`` of every cell."""
    located = checkins.select(
        schema.USER, coarse_cells(checkins, grid.resolution).alias(PLACE_COLUMN)
    )
    return (
        located.drop_nulls()
        .group_by(PLACE_COLUMN)
        .agg(n_users=pl.col(schema.USER).n_unique(), n_checkins=pl.len())
        .sort(PLACE_COLUMN)
    )


def _usual(checkins: pl.DataFrame, resolution: int, when: pl.Expr) -> pl.DataFrame:
    placed = checkins.lazy().filter(when, pl.col(schema.LAT).is_not_null())
    chosen = placed.select(
        schema.USER, schema.LAT, schema.LON, cs.by_name(schema.CELL, require_all=False)
    ).collect()
    cells = chosen.select(schema.USER, coarse_cells(chosen, resolution).alias(PLACE_COLUMN))
    counted = cells.drop_nulls().group_by(schema.USER, PLACE_COLUMN).len("n")
    enough = pl.col("n").sum().over(schema.USER) >= LEAST_CHECKINS
    return (
        counted.filter(enough)
        .sort(schema.USER, "n", PLACE_COLUMN, descending=[False, True, False])
        .unique(schema.USER, keep="first", maintain_order=True)
        .select(schema.USER, PLACE_COLUMN)
    )
