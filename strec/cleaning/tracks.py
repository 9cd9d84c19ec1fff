"""The step that turns a raw track into stays."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from strec.cleaning.base import Outcome, Step, param
from strec.cleaning.pieces import Pieces
from strec.schema import ITEM
from strec.stays import DISTANCE_M, LOOKED_AT, MINUTES, is_raw_track, stays
from strec.wording import plural


@dataclass(frozen=True)
class Stays(Step, title="Stays of raw tracks"):
    """A raw track (a fix of each person every few seconds or minutes) becomes stays: where
    somebody was within a distance for a time, at places found over all people. A table of events
    is left as it is.

    Examples
    --------
    >>> from strec import schema
    >>> fixes = schema.example().with_columns(user_id=pl.lit("ann"), lat=40.71, lon=-74.0)
    >>> step = Stays(when="always")
    >>> step.concerns(fixes), step.made_of(fixes).remade
    (True, '4 fixes became 1 stay at 1 place.')
    """

    distance_m: float = param(
        DISTANCE_M,
        "Within metres",
        "A fix further than this from the first one of a stay ends it; a place is half as wide "
        "around its middle.",
        low=10,
        high=5_000,
    )
    minutes: float = param(
        MINUTES, "For at least minutes", "Who is there for less passes by.", low=1, high=1_440
    )
    when: str = param(
        "recognised",
        "To which tables",
        "What a raw track is, is told by its content.",
        choices={"recognised": "where it is a raw track", "always": "to any table with places"},
    )

    def _look(self, pieces: Pieces) -> bool:
        return self.concerns(pieces.first())

    def _needs_all(self, known: bool) -> bool:
        # Places are found over all people.
        return known

    def _judge(self, checkins: pl.DataFrame, known: bool) -> Outcome:
        return self.made_of(checkins) if known else Outcome(checkins)

    def concerns(self, checkins: pl.DataFrame | Path) -> bool:
        """Tell whether there is something to do in a table, or in a Parquet file of one.

        Parameters
        ----------
        checkins : polars.DataFrame or Path
            Canonical; of a file the first rows are looked at.
        """
        if self.when == "always":
            return True
        if isinstance(checkins, Path):
            checkins = pl.scan_parquet(checkins).head(LOOKED_AT).collect()
        return is_raw_track(checkins)

    def made_of(self, checkins: pl.DataFrame | Path) -> Outcome:
        """Return the stays of a table, or of a Parquet file of one, a part at a time.

        Parameters
        ----------
        checkins : polars.DataFrame or Path
            Canonical.
        """
        found = stays(checkins, self.distance_m, self.minutes)
        is_table = isinstance(checkins, pl.DataFrame)
        lazy = checkins.lazy() if is_table else pl.scan_parquet(checkins)
        n_fixes = plural(lazy.select(pl.len()).collect().item(), "fix", "fixes")
        places = plural(found[ITEM].n_unique(), "place")
        said = f"{n_fixes} became {plural(found.height, 'stay')} at {places}."
        recognised = self.when == "recognised"
        return Outcome(found, remade=f"This looks like a raw track: {said}" if recognised else said)
