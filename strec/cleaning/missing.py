"""Steps about what is missing: a place, a category, a value. Each is deleted or filled."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from strec.cleaning.base import Outcome, Step, param
from strec.cleaning.fill import fill
from strec.geo import short_distance_column
from strec.schema import CATEGORY, ITEM, LAT, LON, USER, VALUE, is_anonymous
from strec.wording import plural

DELETE = {"delete": "remove these check-ins"}
SUMMARIES = {"mean": "mean", "median": "median", "mode": "most frequent"}
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
        | {key: f"{words} of the user's places" for key, words in SUMMARIES.items()}
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

    def apply(self, checkins: pl.DataFrame) -> Outcome:
        missing = int(checkins[LAT].null_count())
        filled = checkins
        if missing and (self.item_first or self.way == "item"):
            filled = _from_item(checkins, self.item_radius_km)
        by_item = missing - int(filled[LAT].null_count())
        notes = (f"{by_item:,} from the item's own place.",) if by_item else ()
        if self.way == "delete":
            return _delete(filled, LAT, by_item, notes)
        if self.way != "item":
            filled = _around_the_world(filled, self.way, self.max_gap_hours)
        left = int(filled[LAT].null_count())
        return Outcome(filled, missing - left, notes + _left(left, "place", "places"))


@dataclass(frozen=True)
class _MissingColumn(Step):
    """A missing value of one column is filled from known ones."""

    enabled: bool = False
    way: str = param("delete", "Treatment", "", choices=DELETE)
    within: str = param("item", "Known values", "Where to look.", choices=GROUPS)
    max_gap_hours: float = _max_gap()

    column: ClassVar[str]
    words: ClassVar[tuple[str, str]]

    def apply(self, checkins: pl.DataFrame) -> Outcome:
        if self.column not in checkins.columns:
            return Outcome(checkins, notes=(f"The table has no {self.words[0]} column.",))
        table = checkins
        if self.column == VALUE:
            table = checkins.with_columns(pl.col(VALUE).fill_nan(None))
        missing = int(table[self.column].null_count())
        if self.way == "delete":
            return _delete(table, self.column)
        group = {"item": ITEM, "user": USER, "all": None}[self.within]
        filled = fill(table, (self.column,), self.way, group, self.max_gap_hours)
        left = int(filled[self.column].null_count())
        return Outcome(filled, missing - left, _left(left, *self.words))


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
        choices=DELETE | {"mode": SUMMARIES["mode"]} | NEAREST,
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
        choices=DELETE | SUMMARIES | NEAREST | CURVES,
    )

    column = VALUE
    words = ("value", "values")


def _delete(checkins: pl.DataFrame, column: str, changed: int = 0, notes=()) -> Outcome:
    return Outcome(checkins.filter(pl.col(column).is_not_null()), changed, tuple(notes))


def _left(left: int, one: str, many: str) -> tuple[str, ...]:
    if not left:
        return ()
    stay = "stays" if left == 1 else "stay"
    return (f"{plural(left, one, many)} {stay} missing: nothing known to fill from.",)


def _from_item(checkins: pl.DataFrame, radius_km: float) -> pl.DataFrame:
    """Fill missing places with the median place of items whose places lie close together."""
    known = _unwrap(checkins.filter(pl.col(LAT).is_not_null()), ITEM)
    middle = known.group_by(ITEM).agg(
        pl.col(LAT).median().alias("mid_lat"), pl.col(LON).median().alias("mid_lon")
    )
    # Flat distances do: only those around a kilometre decide.
    middle_of_item = pl.col("mid_lat"), pl.col("mid_lon")
    near = short_distance_column(pl.col(LAT), pl.col(LON), *middle_of_item) <= radius_km
    own = (
        known.select(ITEM, LAT, LON)
        .join(middle, on=ITEM)
        .group_by(ITEM)
        .agg(near.mean().alias("near"), pl.col("mid_lat").first(), pl.col("mid_lon").first())
        .filter(pl.col("near") >= OWN_PLACE_SHARE)
    )
    places = checkins.select(ITEM).join(own, on=ITEM, how="left", maintain_order="left")
    return checkins.with_columns(
        pl.coalesce(pl.col(LAT), places["mid_lat"]).alias(LAT),
        pl.coalesce(pl.col(LON), _wrap(places["mid_lon"])).alias(LON),
    )


def _around_the_world(checkins: pl.DataFrame, way: str, max_gap_hours: float) -> pl.DataFrame:
    """Fill places along the user's trajectory; the date line is no edge for a traveller."""
    if is_anonymous(checkins):
        return checkins  # Strangers' check-ins are no trajectory.
    filled = fill(_unwrap(checkins, USER), (LAT, LON), way, USER, max_gap_hours)
    return checkins.with_columns(
        pl.coalesce(pl.col(LAT), filled[LAT]).alias(LAT),
        pl.coalesce(pl.col(LON), _wrap(filled[LON])).alias(LON),
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
