"""Recognise and read coordinates: decimal commas, degree signs, pairs in one column, order."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from strec.io.mapping import Mapping
from strec.io.quantities import absent, share, unread
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


def coordinates(frame: pl.DataFrame, mapping: Mapping) -> tuple[pl.Series, pl.Series, int]:
    """Return latitude and longitude, null where not readable, and how many needed repair.

    Examples
    --------
    >>> frame = pl.DataFrame({"x": ["116,3"], "y": ["39,9"]})
    >>> lat, lon, n = coordinates(frame, Mapping(lat="y", lon="x"))
    >>> lat.to_list(), lon.to_list(), n
    ([39.9], [116.3], 2)
    """
    if not mapping.lat or not mapping.lon:
        nowhere = absent(len(frame), pl.Float64)
        return nowhere, nowhere, 0
    if mapping.lat == mapping.lon:
        (lat, lon), repaired = pair(frame[mapping.lat]), 0
    else:
        (lat, n_lat), (lon, n_lon) = degrees(frame[mapping.lat]), degrees(frame[mapping.lon])
        repaired = n_lat + n_lon
    return (lon, lat, repaired) if mapping.coordinate_order == "lon_lat" else (lat, lon, repaired)


def degrees(values: pl.Series) -> tuple[pl.Series, int]:
    """Read coordinates in degrees, null where a text is no number; and count the repaired ones.

    Takes numbers, and text such as ``40.7``, ``40,7``, ``40.7° N``, ``40°42'46"N``.

    Examples
    --------
    >>> degrees(pl.Series(["40.7", "40,7", '73°59\\'24"W', "x"]))[0].to_list()
    [40.7, 40.7, -73.99, None]
    """
    if values.dtype != pl.String:
        return values.cast(pl.Float64, strict=False).fill_nan(None), 0
    text = values.str.strip_chars()
    plain = text.cast(pl.Float64, strict=False).fill_nan(None)
    missed = unread(text, plain)
    if not missed.any():
        return plain, 0
    parts = text.filter(missed).str.to_uppercase().str.extract_groups(DEGREES_PARTS)
    whole, minutes, seconds = (_decimal(pl.col(name)) for name in ("2", "3", "4"))
    size = whole.abs() + minutes.fill_null(0) / 60 + seconds.fill_null(0) / 3600
    side = pl.coalesce("1", "5").is_in(["S", "W"]).fill_null(False)
    # Rounded so that 73°59'24" is exactly 73.99, as a person expects.
    read = pl.when((whole < 0) | side).then(-size).otherwise(size).round(9)
    repaired = parts.struct.unnest().select(read).to_series()
    return plain.scatter(missed.arg_true(), repaired), len(repaired) - repaired.null_count()


def pair(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Read two coordinates from one text: first and second number; WKT points are (lon lat).

    Examples
    --------
    >>> [series.to_list() for series in pair(pl.Series(["40.7, -74.0", "POINT (-74.0 40.7)"]))]
    [[40.7, 40.7], [-74.0, -74.0]]
    """
    text = values.cast(pl.String).str.strip_chars()
    parts = text.str.extract_groups(PAIR_PARTS).struct.unnest()
    first, second = parts.select(_decimal(pl.col("1", "2"))).get_columns()
    is_wkt = text.str.to_uppercase().str.starts_with("POINT").fill_null(False)
    return second.zip_with(is_wkt, first), first.zip_with(is_wkt, second)


def is_pair(values: pl.Series) -> bool:
    """Tell whether a column of text holds two coordinates in each cell."""
    if values.dtype != pl.String:
        return False
    text = values.drop_nulls().str.strip_chars()
    if share(text.str.contains(PAIR_PARTS) & ~text.str.contains(DECIMAL_COMMA)) < 0.9:
        return False
    lat, lon = pair(text)
    on_earth = (lat.abs() <= 180) & (lon.abs() <= 180)
    return share(on_earth) > 0.9 and share(text.str.contains(r"\d[.,]\d")) > 0.5


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
    lat, lon = places["lat"], places["lon"]
    far = places.max_horizontal().abs() > PROJECTED
    if share(far) > 0.5 or share(lat.abs() > PROJECTED) > 0.5:
        note = (
            "The coordinates are not degrees but metres of a map projection (such as "
            f"{lon[0]:,.0f} / {lat[0]:,.0f})."
        )
        return Order("lat_lon", note, projected=True)
    beyond = share(lat.abs() > 90)
    distinct = places.unique(maintain_order=True)
    some = distinct.gather_every(max(1, len(distinct) // N_LOOKED_AT)).to_numpy()
    here = inhabited_share(some[:, 0], some[:, 1])
    there = inhabited_share(some[:, 1], some[:, 0])
    named_lon_fits = share(lon.abs() <= 90) > 0.99
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


def decimals_share(values: np.ndarray) -> float:
    """Return the share of numbers with at least three decimals, as coordinates have."""
    scaled = np.abs(values) * 100
    return float(np.mean(np.abs(scaled - np.round(scaled)) > 1e-6)) if len(values) else 0.0


def _decimal(text: pl.Expr) -> pl.Expr:
    return text.str.replace(",", ".").cast(pl.Float64, strict=False)
