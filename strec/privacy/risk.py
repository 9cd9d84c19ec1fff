"""How much a table of check-ins gives away of the people in it, in numbers and in words."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from strec import schema
from strec.dataset import Dataset
from strec.errors import AnalysisError
from strec.privacy import exposure as homes_and_work
from strec.privacy.averaging import Averaged, averaged
from strec.privacy.exposure import Exposure
from strec.privacy.grid import PLACE_COLUMN, Grid, located, with_cells
from strec.privacy.protection import Protection
from strec.privacy.unique import draw_known, share_found

if TYPE_CHECKING:
    from strec.dataset import DatasetLike

#: Of a store with more check-ins users are looked for among some of all: more take over 2 GB.
MOST_CHECKINS = 6_000_000
#: Against noise an onlooker may look at coarser cells: up to so many resolutions.
_COARSER = 4
#: A protected table is made in memory: of so many check-ins at most.
MOST_PROTECTED = 20_000_000
_ROW = "_row"


@dataclass(frozen=True)
class RiskReport:
    """What a stranger with some knowledge could find out.

    Attributes
    ----------
    n_checkins, n_users, n_without_place : int
        Size of the table as given away.
    n_tried : int
        Users that were looked for (drawn where there are more).
    resolution, hours, k : int
        H3 resolution and width of the time bins of the onlooker; users that make a crowd.
    found : list of float or None
        Share of users found by 1, 2, 3 and 4 random points (cell and time bin) of their own.
    found_by_items : list of float
        The same where the onlooker knows which item was taken when.
    home, work, both : Exposure or None
        Users whose home, workplace, or pair of both a stranger guesses right and shares with
        fewer than k.
    n_cells, n_cells_below, share_below : int, int, float
        Cells, those with fewer than k users, and the share of check-ins in them.
    averaged : Averaged or None
        What the mean of the shown places gives away, where noise was drawn.
    drawn : str
        Of a store too large to be read whole: among whom users were looked for, in words. Among
        fewer people one is found more easily, so that shares are too high, if anything.

    Examples
    --------
    >>> from strec import Dataset
    >>> risk(Dataset.sample("travel"), at_most=20).n_users
    2200
    """

    n_checkins: int
    n_users: int
    n_without_place: int
    n_tried: int
    resolution: int
    hours: int
    k: int
    found: list[float] | None
    found_by_items: list[float]
    home: Exposure | None
    work: Exposure | None
    both: Exposure | None
    n_cells: int
    n_cells_below: int
    share_below: float
    averaged: Averaged | None = None
    drawn: str = ""

    @property
    def by_points(self) -> list[float]:
        """Return the share of users found by 1 to 4 points, or by items where none has a place."""
        return self.found_by_items if self.found is None else self.found

    @property
    def knowledge(self) -> str:
        """Return what the onlooker of `by_points` knows, in the plural."""
        return "items with their hour" if self.found is None else "points"

    @property
    def guessed(self) -> dict[str, tuple[int, int]]:
        """Return how many users are exposed, of how many guessed, by what is guessed of them."""
        parts = {"home": self.home, "workplace": self.work, "both": self.both}
        return {name: (p.n_exposed, p.n_guessed) for name, p in parts.items() if p and p.n_guessed}

    def sentences(self) -> list[str]:
        """Return the report in words, the most telling first.

        Examples
        --------
        >>> from strec import schema
        >>> risk(schema.example()).sentences()[0].partition(". ")[0]
        'Only 2 users with 4 check-ins: there is no crowd to hide in'
        """
        from strec.privacy.sentences import sentences

        return sentences(self)

    def to_dict(self) -> dict:
        """Return plain numbers and texts."""
        return asdict(self) | {"sentences": self.sentences()}


def risk(
    checkins: "DatasetLike",
    protection: Protection | None = None,
    *,
    resolution: int = 9,
    hours: int = 1,
    k: int = 5,
    at_most: int = 2000,
    seed: int = 0,
) -> RiskReport:
    """Measure what check-ins give away, as they are or after a protection.

    The onlooker knows true points of somebody and looks for them in what is given away. Before
    and after a protection the onlooker knows the same points of the same users, and knows how
    places and times were coarsened, but not the noise; against noise the coarser cell that
    serves the onlooker best counts, and homes are guessed from the start or the middle of coarse
    times, whichever exposes more; and the mean of what is shown of an item, or of somebody's
    nights, is compared with the true place.

    Parameters
    ----------
    checkins : Dataset
        Check-ins as they are; or what `strec.Dataset.of` makes a data set of.
    protection : Protection, optional
        What is done before they are given away.
    resolution, hours : int
        How finely the onlooker knows places (H3 resolution, 9 is about 350 m) and local times.
    k : int
        Users that make a crowd.
    at_most, seed : int
        Users looked for, and the seed of their draw and of their points (and of the noise).

    Raises
    ------
    StrecError
        If it is no data set.

    Examples
    --------
    >>> report = risk(schema.example())
    >>> report.found, report.n_cells_below
    ([1.0, 1.0, 1.0, 1.0], 3)
    """
    checkins, drawn = Dataset.of(checkins).some_users(MOST_CHECKINS, list(schema.REQUIRED))
    if schema.is_anonymous(checkins):
        raise AnalysisError(
            "What check-ins give away of people is measured where they say who did what.",
            "check-ins that name nobody.",
            "There is nothing to find by a name; whoever knows when and where somebody set out "
            "may still find that one row.",
        )
    protection = protection or Protection()
    true = checkins.select(*schema.REQUIRED).with_row_index(_ROW)
    del checkins
    changes = not protection.without_pseudonyms().does_nothing
    given = protection.without_pseudonyms().apply(true, seed=seed) if changes else true
    # What the onlooker makes of what they know: coarsened as the table is, without the noise.
    seen = protection.only_coarse().apply(true) if changes else true
    true, given, seen = _coded(true, given, seen)
    steps = range(_COARSER + 1) if protection.noise_m else (0,)
    grids = [Grid(max(resolution - step, 0), hours) for step in steps]
    draw = {"at_most": at_most, "seed": seed}
    has_places = true[schema.LAT].is_not_null().any()
    # Where people truly live follows from the true times, also if only coarse ones are given away.
    real = seen.with_columns(true[schema.TIME])
    # The start of a coarse time may lie before the night of which its middle is a part.
    views = [given if changes else real]
    if protection.hours:
        views.append(_in_the_middle(given, protection.hours))
    cells = homes_and_work.users_per_cell(given, grids[0])
    below = cells.filter(pl.col("n_users") < k)
    return RiskReport(
        n_checkins=len(given),
        n_users=given[schema.USER].n_unique(),
        n_without_place=given[schema.LAT].null_count(),
        n_tried=min(at_most, true[schema.USER].n_unique()),
        resolution=resolution,
        hours=hours,
        k=k,
        found=_found(true, seen, given, grids, draw) if has_places else None,
        found_by_items=_found(true, seen, given, [Grid(hours=hours, by="item")], draw),
        **(_exposures(real, views, grids, k) if has_places else _NO_EXPOSURE),
        n_cells=len(cells),
        n_cells_below=len(below),
        share_below=int(below["n_checkins"].sum()) / max(int(cells["n_checkins"].sum()), 1),
        averaged=averaged(true, given, _ROW, items=protection.items != "kind")
        if has_places and protection.noise_m
        else None,
        drawn=drawn,
    )


def need_room(data: "DatasetLike") -> Dataset:
    """Return a data set whose protected table can be made in memory, or refuse.

    Parameters
    ----------
    data : Dataset
        Or what `strec.Dataset.of` makes one of.

    Raises
    ------
    AnalysisError
        If it has more than `MOST_PROTECTED` check-ins.

    Examples
    --------
    >>> need_room("travel").name
    'travel'
    """
    dataset = Dataset.of(data)
    if len(dataset) > MOST_PROTECTED:
        raise AnalysisError(
            f"A protected table is made in memory, of up to {MOST_PROTECTED:,} check-ins.",
            f"{len(dataset):,}.",
            "Protect whole users drawn by chance: Protection(…).apply(dataset.some_users(…)[0]).",
        )
    return dataset


def _coded(*tables: pl.DataFrame) -> list[pl.DataFrame]:
    """Return tables with the finest cell of each check-in, and ids kept as numbers in their order.

    What is one table stays one. Items that were renamed stay as they are.
    """
    true, *others = tables
    ids = [schema.USER] if any(each is not true for each in others) else [schema.USER, schema.ITEM]
    kinds = {name: pl.Enum(true[name].unique().sort()) for name in ids}
    different = {id(each): each for each in tables}
    made = {key: with_cells(each).cast(kinds) for key, each in different.items()}  # type: ignore[arg-type]
    return [made[id(each)] for each in tables]


_NO_EXPOSURE = {"home": None, "work": None, "both": None}


def _found(true, seen, given, grids: list[Grid], draw: dict) -> list[float]:
    """Return the shares found, for each number of points on the grid that finds most."""
    # Always the same points: those that differ on the onlooker's finest grid.
    points = located(true, grids[0]).with_columns(true[_ROW])
    known = draw_known(points, **draw).select(schema.USER, "order", _ROW)
    drawn = seen.join(known.select(_ROW), on=_ROW, how="semi")
    shares = []
    for grid in grids:
        view = located(drawn, grid).with_columns(drawn[_ROW]).drop(schema.USER)
        shown = points if given is true else located(given, grid)
        shares.append(share_found(shown, known.join(view, on=_ROW)))
    return np.max(shares, axis=0).tolist()


def _exposures(real, views, grids: list[Grid], k: int) -> dict[str, Exposure]:
    """Return who is exposed, on the grid and with the reading of the times that expose most."""
    best: dict[str, Exposure] = {}
    for grid in grids:
        truth = _guesses(real, grid.resolution)
        for view in views:
            guesses = truth if view is real else _guesses(view, grid.resolution)
            for name, guess in guesses.items():
                found = _right_and_rare(truth[name], guess, k)
                if name not in best or found.n_exposed > best[name].n_exposed:
                    best[name] = found
    return best


def _in_the_middle(given: pl.DataFrame, hours: int) -> pl.DataFrame:
    return given.with_columns(pl.col(schema.TIME) + pl.duration(minutes=30 * hours))


def _guesses(checkins: pl.DataFrame, resolution: int) -> dict[str, pl.DataFrame]:
    home = homes_and_work.homes(checkins, resolution)
    work = homes_and_work.workplaces(checkins, resolution)
    return {"home": home, "work": work, "both": homes_and_work.both(home, work)}


def _right_and_rare(truth: pl.DataFrame, guess: pl.DataFrame, k: int) -> Exposure:
    cells = [name for name in (PLACE_COLUMN, "work") if name in truth.columns]
    sharing = truth.with_columns(n=pl.len().over(cells))
    rare = sharing.filter(pl.col("n") < k).join(guess, on=[schema.USER, *cells])
    return Exposure(len(truth), len(rare))
