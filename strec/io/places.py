"""Recognise and read coordinates: decimal commas, degree signs, sides, forms, order."""

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from strec.io.degrees import degrees
from strec.io.mapping import Mapping
from strec.io.place_codes import CALLED_GEOHASH, CODES, DECIMAL_COMMA, GEOHASH, PAIR_PARTS, pair
from strec.io.place_forms import in_degrees
from strec.io.quantities import absent, share
from strec.io.zones import inhabited_share

#: Places looked at to tell which way round a pair is.
N_LOOKED_AT = 40


@dataclass(frozen=True)
class Order:
    """Which way round a pair of coordinates is.

    `order` is ``lat_lon``, ``lon_lat``, or None when only a person can tell; `note` says what was
    seen.
    """

    order: str | None
    note: str = ""


def coordinates(frame: pl.DataFrame, mapping: Mapping) -> tuple[pl.Series, pl.Series, int]:
    """Return latitude and longitude, null where not readable, and how many needed repair.

    Examples
    --------
    >>> frame = pl.DataFrame({"x": ["116,3"], "y": ["39,9"]})
    >>> lat, lon, n = coordinates(frame, Mapping(lat="y", lon="x"))
    >>> lat.to_list(), lon.to_list(), n
    ([39.9], [116.3], 2)
    """
    lat, lon, repaired = numbers(frame, mapping)
    if mapping.coordinate_order == "lon_lat":
        lat, lon = lon, lat
    form = mapping.coordinate_form or "degrees"
    if form != "degrees" or mapping.crs:
        pair_ = in_degrees(lat.to_numpy(), lon.to_numpy(), form, mapping.crs)
        lat, lon = (pl.Series(each, dtype=pl.Float64).fill_nan(None) for each in pair_)
    return lat, lon, repaired


def numbers(frame: pl.DataFrame, mapping: Mapping) -> tuple[pl.Series, pl.Series, int]:
    """Return the numbers of the columns mapped to latitude and longitude, and the repaired ones."""
    if not mapping.lat or not mapping.lon:
        nowhere = absent(len(frame), pl.Float64)
        return nowhere, nowhere, 0
    if mapping.lat == mapping.lon:
        return *pair(frame[mapping.lat]), 0
    (lat, n_lat), (lon, n_lon) = degrees(frame[mapping.lat]), degrees(frame[mapping.lon])
    return lat, lon, n_lat + n_lon


def is_pair(values: pl.Series) -> bool:
    """Tell whether a column holds a whole place in each cell.

    A geohash looks like any code, and is one only where the column is called so.

    Examples
    --------
    >>> is_pair(pl.Series(["40.71, -74.02", "40.7,-74"])), is_pair(pl.Series(["872a1072dffffff"]))
    (True, True)
    >>> is_pair(pl.Series("id", ["dr5rej"])), is_pair(pl.Series("geohash", ["dr5rej"]))
    (False, True)
    """
    if values.dtype == pl.Binary:
        return share(pair(values.drop_nulls().head(20))[0].is_not_null()) > 0.9
    if not (values.dtype == pl.String or values.dtype.is_integer()):
        return False
    text = values.drop_nulls().cast(pl.String).str.strip_chars().str.replace_all("\u2212", "-")
    is_code = text.str.contains(CODES)
    if re.search(CALLED_GEOHASH, values.name):
        is_code |= text.str.contains(GEOHASH)
    two = text.str.contains(PAIR_PARTS) & ~text.str.contains(DECIMAL_COMMA)
    if share(is_code | two) < 0.9:
        return False
    lat, lon = pair(text)
    on_earth = share((lat.abs() <= 180) & (lon.abs() <= 180)) > 0.9
    return on_earth and (share(is_code) > 0.5 or share(text.str.contains(r"\d[.,]\d")) > 0.5)


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
    beyond = share(lat.abs() > 90)
    distinct = places.unique(maintain_order=True)
    some = distinct.gather_every(max(1, len(distinct) // N_LOOKED_AT)).to_numpy()
    here = inhabited_share(some[:, 0], some[:, 1])
    there = inhabited_share(some[:, 1], some[:, 0])
    named_lon_fits = share(lon.abs() <= 90) > 0.99
    if named_lon_fits and (beyond > 0.5 or (beyond > 0.02 and there > here + 0.3)):
        return Order(
            "lon_lat",
            f"Latitude and longitude are swapped: {100 * beyond:.0f} % of the values named "
            "latitude are beyond 90. They are read the other way round.",
        )
    if here > 0.2 or there < 0.8:
        return Order("lat_lon")
    return Order(
        None,
        f"As named, {100 * (1 - here):.0f} % of the places lie on the open sea or in "
        f"Antarctica; with "
        f"latitude and longitude swapped, {100 * there:.0f} % lie where people live.",
    )


def decimals_share(values: np.ndarray) -> float:
    """Return the share of numbers with at least three decimals, as coordinates have."""
    scaled = np.abs(values) * 100
    return float(np.mean(np.abs(scaled - np.round(scaled)) > 1e-6)) if len(values) else 0.0
