"""Recognise and read coordinates: decimal commas, degree signs, pairs in one column, order."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from strec.io.quantities import MISSING
from strec.io.zones import inhabited_share

#: Two numbers in one text: "40.7, -74.0", "POINT (-74.0 40.7)", "40,7; -74,0".
PAIR_PARTS = r"^[^\d+-]*([+-]?\d+(?:[.,]\d+)?)\s*[,;|/ ]\s*([+-]?\d+(?:[.,]\d+)?)\s*[)\]]?$"
#: One number with a decimal comma, not two whole numbers.
DECIMAL_COMMA = r"^[+-]?\d+,\d+$"
DEGREES_PARTS = (
    r"^([NSEWO])?\s*([+-]?\d+(?:[.,]\d+)?)\s*[°º]?\s*"
    r"(?:(\d+(?:[.,]\d+)?)\s*['′’]\s*)?(?:(\d+(?:[.,]\d+)?)\s*(?:\"|″|”|'')\s*)?([NSEWO])?$"
)
#: Beyond this, a number is no degree but a projected coordinate in metres.
PROJECTED = 1000
#: Places looked at to tell which way round a pair is.
N_LOOKED_AT = 40


@dataclass(frozen=True)
class Order:
    """Which way round a pair of coordinates is.

    `order` is ``lat_lon``, ``lon_lat``, or None when only a person can tell; `note` says what was
    seen; `projected` tells that the numbers are no degrees at all.
    """

    order: str | None
    note: str = ""
    projected: bool = False


def degrees(values: pl.Series) -> tuple[pl.Series, int]:
    """Read coordinates in degrees; null where a text is no number.

    Parameters
    ----------
    values : polars.Series
        Shape ``(n,)``; numbers, or text such as ``40.7``, ``40,7``, ``40.7° N``, ``40°42'46"N``.

    Returns
    -------
    tuple of polars.Series and int
        Float64, shape ``(n,)``; and how many needed more than a plain number.

    Examples
    --------
    >>> degrees(pl.Series(["40.7", "40,7", '73°59\\'24"W', "x"]))[0].to_list()
    [40.7, 40.7, -73.99, None]
    """
    if values.dtype != pl.String:
        plain = values.cast(pl.Float64, strict=False)
        return plain.fill_nan(None), 0
    text = values.str.strip_chars()
    plain = text.cast(pl.Float64, strict=False).fill_nan(None)
    missed = plain.is_null() & text.is_not_null() & ~text.is_in(MISSING)
    if not missed.any():
        return plain, 0
    parts = text.filter(missed).str.to_uppercase().str.extract_groups(DEGREES_PARTS)
    parts = parts.struct.unnest()
    whole, minutes, seconds = (
        parts[name].str.replace(",", ".").cast(pl.Float64, strict=False) for name in ("2", "3", "4")
    )
    size = whole.abs() + minutes.fill_null(0) / 60 + seconds.fill_null(0) / 3600
    side = pl.coalesce(parts["1"], parts["5"])
    negative = (whole < 0) | pl.select(side.is_in(["S", "W"]).fill_null(False)).to_series()
    # Written so that 73°59'24" is exactly 73.99 as a person expects.
    read = pl.select(pl.when(negative).then(-size).otherwise(size)).to_series().round(9)
    repaired = plain.scatter(missed.arg_true(), read)
    return repaired, int(read.is_not_null().sum())


def pair(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Read two coordinates from one text: first and second number; WKT points are (lon lat).

    Examples
    --------
    >>> [series.to_list() for series in pair(pl.Series(["40.7, -74.0", "POINT (-74.0 40.7)"]))]
    [[40.7, 40.7], [-74.0, -74.0]]
    """
    text = values.cast(pl.String).str.strip_chars()
    parts = text.str.extract_groups(PAIR_PARTS).struct.unnest()
    first, second = (
        parts[name].str.replace(",", ".").cast(pl.Float64, strict=False) for name in ("1", "2")
    )
    is_wkt = text.str.to_uppercase().str.starts_with("POINT").fill_null(False)
    lat = pl.select(pl.when(is_wkt).then(second).otherwise(first)).to_series()
    lon = pl.select(pl.when(is_wkt).then(first).otherwise(second)).to_series()
    return lat, lon


def is_pair(values: pl.Series) -> bool:
    """Tell whether a column of text holds two coordinates in each cell."""
    if values.dtype != pl.String:
        return False
    present = values.drop_nulls().str.strip_chars()
    fits = present.str.contains(PAIR_PARTS) & ~present.str.contains(DECIMAL_COMMA)
    if present.is_empty() or fits.mean() < 0.9:
        return False
    lat, lon = pair(present)
    return bool(((lat.abs() <= 180) & (lon.abs() <= 180)).mean() > 0.9) and (
        present.str.contains(r"\d[.,]\d").mean() > 0.5
    )


def detect_order(lat: pl.Series, lon: pl.Series) -> Order:
    """Tell whether a pair of coordinate columns is named the right way round.

    A latitude beyond 90 whose partner stays within settles it. Otherwise the places themselves
    do: when nearly all of them lie on the open sea or in Antarctica as named, and on inhabited
    land when swapped, a person is asked.

    Examples
    --------
    >>> detect_order(pl.Series([116.3, 116.4]), pl.Series([39.9, 40.0])).order
    'lon_lat'
    """
    places = pl.DataFrame({"lat": lat, "lon": lon}).drop_nulls()
    places = places.filter((pl.col("lat") != 0) | (pl.col("lon") != 0))
    if places.is_empty():
        return Order("lat_lon")
    if (places.max_horizontal().abs() > PROJECTED).mean() > 0.5 or (
        (places["lat"].abs() > PROJECTED).mean() > 0.5
    ):
        return Order("lat_lon", _projected_note(places), projected=True)
    beyond = (places["lat"].abs() > 90).mean()
    named_lon_fits = (places["lon"].abs() <= 90).mean() > 0.99
    distinct = places.unique(maintain_order=True)
    some = distinct.gather_every(max(1, len(distinct) // N_LOOKED_AT))
    here = inhabited_share(some["lat"].to_numpy(), some["lon"].to_numpy())
    there = inhabited_share(some["lon"].to_numpy(), some["lat"].to_numpy())
    if named_lon_fits and (beyond > 0.5 or (beyond > 0.02 and there > here + 0.3)):
        return Order(
            "lon_lat",
            f"Latitude and longitude are swapped: {beyond:.0%} of the values named latitude are "
            "beyond 90. They are read the other way round.",
        )
    if here > 0.2 or there < 0.8:
        return Order("lat_lon")
    return Order(
        None,
        f"As named, {1 - here:.0%} of the places lie on the open sea or in Antarctica; with "
        f"latitude and longitude swapped, {there:.0%} lie where people live.",
    )


def _projected_note(places: pl.DataFrame) -> str:
    lat, lon = places.row(0)
    return (
        f"The coordinates are not degrees but metres of a map projection (such as {lon:,.0f} / "
        f"{lat:,.0f})."
    )


def decimals_share(values: np.ndarray) -> float:
    """Return the share of numbers with at least three decimals, as coordinates have."""
    scaled = np.abs(values) * 100
    return float(np.mean(np.abs(scaled - np.round(scaled)) > 1e-6)) if len(values) else 0.0
