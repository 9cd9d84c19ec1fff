"""An onlooker who takes the mean of what is shown: noise that is drawn anew goes away in a mean."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from strec import schema
from strec.geo import distance_column, distance_km
from strec.privacy.exposure import LEAST_CHECKINS, NIGHT

#: Whoever comes so near has found the place.
NEAR_M = 100
_SHOWN = ("shown_lat", "shown_lon")


@dataclass(frozen=True)
class Averaged:
    """How often the mean of the shown places comes within `NEAR_M` of the true place.

    Attributes
    ----------
    items : float
        Share of the check-ins at items that are places, by the mean over all that is shown of
        an item; NaN where items are not told apart, or none is a place.
    homes : float
        Share of the users with at least three check-ins at home at night, by the mean of their
        nights; NaN without any.
    """

    items: float
    homes: float


def averaged(true: pl.DataFrame, given: pl.DataFrame, row: str, *, items: bool) -> Averaged:
    """Take means of the shown places as an onlooker would, and compare with the true ones.

    Parameters
    ----------
    true, given : polars.DataFrame
        Check-ins as they are, and as they are given away; `row` numbers the same in both.
    row : str
        The name of that column.
    items : bool
        Whether items can be told apart in what is given away.
    """
    shown = given.select(row, pl.col(schema.LAT, schema.LON).name.prefix("shown_"))
    both = true.join(shown, on=row).drop_nulls([schema.LAT, schema.LON, *_SHOWN])
    at_night = both.filter(schema.local_time().dt.hour().is_in(NIGHT))
    # A home is where most of the nights are: what is far from it in truth is another place.
    fixed = at_night.filter(_from_the_middle(schema.USER) <= NEAR_M)
    of_homes = _means(fixed, schema.USER).filter(pl.col("n") >= LEAST_CHECKINS)
    if not items:
        return Averaged(float("nan"), _share(of_homes, by=None))
    # An item whose check-ins lie far apart is no place: its middle is nobody's secret.
    is_place = _from_the_middle(schema.ITEM).median().over(schema.ITEM) <= NEAR_M
    return Averaged(
        _share(_means(both.filter(is_place), schema.ITEM), by="n"), _share(of_homes, by=None)
    )


def _from_the_middle(key: str) -> pl.Expr:
    """Return how far each check-in is from the middle of those with the same key, in metres."""
    lat, lon = (pl.col(name).median().over(key) for name in (schema.LAT, schema.LON))
    return 1000 * distance_column(pl.col(schema.LAT), pl.col(schema.LON), lat, lon)


def _means(checkins: pl.DataFrame, key: str) -> pl.DataFrame:
    places = (schema.LAT, schema.LON, *_SHOWN)
    return checkins.group_by(key).agg(pl.col(places).mean(), n=pl.len())


def _share(means: pl.DataFrame, by: str | None) -> float:
    """Return the share of the means that are near the truth; each counts for its check-ins."""
    if means.is_empty():
        return float("nan")
    lat, lon, shown_lat, shown_lon = (
        means[name].to_numpy() for name in (schema.LAT, schema.LON, *_SHOWN)
    )
    near = distance_km(lat, lon, shown_lat, shown_lon) * 1000 <= NEAR_M
    return float(np.average(near, weights=None if by is None else means[by].to_numpy()))
