"""Steps about what is missing: a place, a category, a value. Each is deleted or filled."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from strec.cleaning.base import Outcome, Step, param
from strec.cleaning.fill import GROUP, SUMMARIES, fill, fill_from, summary
from strec.cleaning.pieces import Pieces
from strec.geo import short_distance_column
from strec.schema import CATEGORY, ITEM, LAT, LON, NOBODY, USER, VALUE
from strec.wording import plural

DELETE = {"delete": "remove these check-ins"}
TYPICAL = {"mean": "mean", "median": "median", "mode": "most frequent"}
NEAREST = {"nearest": "nearest in time"}
CURVES = {"linear": "straight line in time", "spline": "smooth curve in time (spline)"}
GROUPS = {
    "item": "of the same item",
    "user": "of the same user",
    "all": "of all check-ins",
}
#: An item has a place of its own when 9 in 10 of its known places are this close together.
OWN_PLACE_SHARE = 0.9


def _max_gap():
    return param(
        24.0,
        "Bridge at most, hours",
        "Nearest: from the known value. Line and curve: between the known values around. 0: any.",
        low=0,
        high=1_000_000,
    )


@dataclass(frozen=True)
class MissingPlace(Step, title="Missing places"):
    """Where latitude and longitude are missing: first the item's own place, then the chosen way
    along the user's trajectory.

    Examples
    --------
    >>> from strec import schema
    >>> nowhere = pl.Series([40.71, 40.75, None, 40.78]), pl.Series([-74.0, -73.99, None, -73.97])
    >>> table = schema.example().with_columns(lat=nowhere[0], lon=nowhere[1])
    >>> MissingPlace().apply(table).checkins["lat"].to_list()  # the café stays where it was
    [40.71, 40.75, 40.71, 40.78]
    """

    enabled: bool = False
    way: str = param(
        "item",
        "Treatment",
        "How a missing place is treated.",
        choices={"item": "only from the item's own place"}
        | DELETE
        | {key: f"{words} of the user's places" for key, words in TYPICAL.items()}
        | {"nearest": "the user's nearest in time"}
        | CURVES,
    )
    item_first: bool = param(
        True, "Item's own place first", "A café stays where its other check-ins are."
    )
    item_radius_km: float = param(
        1.0,
        "Own place within, km",
        "An item has its own place when 9 in 10 of its places are this near their middle.",
        low=0,
        high=1_000,
    )
    max_gap_hours: float = _max_gap()

    def _look(self, pieces: Pieces) -> pl.DataFrame | None:
        """Return the place of each item that has one, of those that miss it somewhere."""
        if not (self.item_first or self.way == "item"):
            return None
        return _own_places(_of_incomplete(pieces, LAT, ITEM, LON), self.item_radius_km)

    def _judge(self, checkins: pl.DataFrame, known: pl.DataFrame | None) -> Outcome:
        missing = int(checkins[LAT].null_count())
        filled = checkins
        if missing and known is not None:
            places = checkins.select(ITEM).join(known, on=ITEM, how="left", maintain_order="left")
            filled = checkins.with_columns(
                pl.coalesce(pl.col(name), places[f"own_{name}"]) for name in (LAT, LON)
            )
        by_item = missing - int(filled[LAT].null_count())
        if self.way == "delete":
            return _delete(filled, LAT, by_item, {"by_item": by_item})
        if self.way != "item":
            filled = _around_the_world(filled, self.way, self.max_gap_hours)
        left = int(filled[LAT].null_count())
        return Outcome(filled, missing - left, {"by_item": by_item, "left": left})

    def _say(self, found: dict[str, int], known: pl.DataFrame | None) -> tuple[str, ...]:
        by_item = found["by_item"]
        notes = (f"{by_item:,} from the item's own place.",) if by_item else ()
        return notes + _left(found.get("left", 0), "place", "places")


@dataclass(frozen=True)
class _MissingColumn(Step):
    """A missing value of one column is filled from known ones."""

    enabled: bool = False
    way: str = param("delete", "Treatment", "", choices=DELETE)
    within: str = param("item", "Known values", "Where to look.", choices=GROUPS)
    max_gap_hours: float = _max_gap()

    column: ClassVar[str]
    words: ClassVar[tuple[str, str]]

    @property
    def group(self) -> str | None:
        """The column whose values make the groups."""
        return {"item": ITEM, "user": USER, "all": None}[self.within]

    def _look(self, pieces: Pieces) -> pl.DataFrame | None:
        """Return the typical value of each group that misses one and holds several users."""
        if self.within == "user" or self.way not in SUMMARIES:
            return None
        if self.column not in pieces.first().columns:
            return None
        known = _of_incomplete(pieces, self.column, self.group)
        group = (pl.col(self.group) if self.group else pl.lit("")).alias(GROUP)
        column = pl.col(self.column)
        if self.column == VALUE:
            column = column.fill_nan(None)
        return summary(known.select(group, column), (self.column,), self.way)

    def _needs_all(self, known: pl.DataFrame | None) -> bool:
        # What is near in time may be another user's.
        return self.within != "user" and self.way not in ("delete", *SUMMARIES)

    def _judge(self, checkins: pl.DataFrame, known: pl.DataFrame | None) -> Outcome:
        if self.column not in checkins.columns:
            return Outcome(checkins, found={"no column": 1})
        table = checkins
        if self.column == VALUE:
            table = checkins.with_columns(pl.col(VALUE).fill_nan(None))
        missing = int(table[self.column].null_count())
        if self.way == "delete":
            return _delete(table, self.column)
        if known is not None:
            filled = fill_from(table, (self.column,), known, self.group)
        else:
            filled = fill(table, (self.column,), self.way, self.group, self.max_gap_hours)
        left = int(filled[self.column].null_count())
        return Outcome(filled, missing - left, {"left": left})

    def _say(self, found: dict[str, int], known: pl.DataFrame | None) -> tuple[str, ...]:
        if found.get("no column"):
            return (f"The table has no {self.words[0]} column.",)
        return _left(found.get("left", 0), *self.words)


@dataclass(frozen=True)
class MissingCategory(_MissingColumn, title="Missing categories"):
    """Where the category is missing: the one most frequent for the item, or another choice.

    Examples
    --------
    >>> from strec import schema
    >>> table = schema.example().with_columns(category=pl.Series(["Café", None, None, None]))
    >>> outcome = MissingCategory().apply(table)
    >>> outcome.checkins["category"].to_list(), outcome.changed
    (['Café', None, 'Café', None], 1)
    """

    way: str = param(
        "mode",
        "Treatment",
        "How a missing category is treated.",
        choices=DELETE | {"mode": TYPICAL["mode"]} | NEAREST,
    )
    within: str = param("item", "Known categories", "Where to look.", choices=GROUPS)

    column = CATEGORY
    words = ("category", "categories")


@dataclass(frozen=True)
class MissingValue(_MissingColumn, title="Missing values"):
    """Where the value (rating, price, minutes) is missing: a typical value of the item, or
    another choice.

    Examples
    --------
    >>> from strec import schema
    >>> table = schema.example().with_columns(value=pl.Series([4.0, None, None, 5.0]))
    >>> MissingValue(way="mean", within="all").apply(table).checkins["value"].to_list()
    [4.0, 4.5, 4.5, 5.0]
    """

    way: str = param(
        "median",
        "Treatment",
        "How a missing value is treated.",
        choices=DELETE | TYPICAL | NEAREST | CURVES,
    )

    column = VALUE
    words = ("value", "values")


def _delete(
    checkins: pl.DataFrame, column: str, changed: int = 0, found: dict[str, int] | None = None
) -> Outcome:
    return Outcome(checkins.filter(pl.col(column).is_not_null()), changed, found or {})


def _of_incomplete(pieces: Pieces, column: str, group: str | None, *others: str) -> pl.DataFrame:
    """Return the check-ins of the groups that miss a value of the column, and no other columns."""
    taken = [name for name in (group, column, *others) if name]
    if group is None:
        return pl.concat(pieces.each(lambda piece: piece.select(taken)))
    is_missing = pl.col(column).is_null()
    if column == VALUE:
        is_missing |= pl.col(column).is_nan()
    missing = pieces.each(lambda piece: piece.filter(is_missing)[group].unique())
    some = pl.concat(missing).unique().implode()
    of_some = pl.col(group).is_in(some)
    return pl.concat(pieces.each(lambda piece: piece.select(taken).filter(of_some)))


def _left(left: int, one: str, many: str) -> tuple[str, ...]:
    if not left:
        return ()
    stay = "stays" if left == 1 else "stay"
    return (f"{plural(left, one, many)} {stay} missing: nothing known to fill from.",)


def _own_places(checkins: pl.DataFrame, radius_km: float) -> pl.DataFrame:
    """Return the median place of items whose places lie close together."""
    known = _unwrap(checkins.filter(pl.col(LAT).is_not_null()), ITEM)
    middle = known.group_by(ITEM).agg(
        pl.col(LAT).median().alias("own_lat"), pl.col(LON).median().alias("own_lon")
    )
    # Flat distances do: only those around a kilometre decide.
    middle_of_item = pl.col("own_lat"), pl.col("own_lon")
    near = short_distance_column(pl.col(LAT), pl.col(LON), *middle_of_item) <= radius_km
    own = (
        known.join(middle, on=ITEM)
        .group_by(ITEM)
        .agg(near.mean().alias("near"), pl.col("own_lat").first(), pl.col("own_lon").first())
        .filter(pl.col("near") >= OWN_PLACE_SHARE)
    )
    return own.with_columns(_wrap(own["own_lon"]).alias("own_lon"))


def _around_the_world(checkins: pl.DataFrame, way: str, max_gap_hours: float) -> pl.DataFrame:
    """Fill places along the user's trajectory; the date line is no edge for a traveller."""
    filled = fill(_unwrap(checkins, USER), (LAT, LON), way, USER, max_gap_hours)
    # Strangers' check-ins are no trajectory.
    return checkins.with_columns(
        pl.when(pl.col(USER) == NOBODY).then(name).otherwise(pl.coalesce(name, found)).alias(name)
        for name, found in ((LAT, filled[LAT]), (LON, _wrap(filled[LON])))
    )


def _unwrap(checkins: pl.DataFrame, group: str) -> pl.DataFrame:
    """Count longitudes of groups on both sides of the date line from 0 to 360."""
    wide = (pl.col(LON).max() - pl.col(LON).min()).over(group) > 180
    return checkins.with_columns(
        pl.when(wide & (pl.col(LON) < 0)).then(pl.col(LON) + 360).otherwise(pl.col(LON)).alias(LON)
    )


def _wrap(lon: pl.Series) -> pl.Series:
    values = lon.to_numpy()
    return pl.Series(np.where(values > 180, values - 360, values), nan_to_null=True)
