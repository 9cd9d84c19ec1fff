"""Data of unlike worlds with a structure that is known: trips of nobody, and shops of a chain."""

from datetime import datetime

import numpy as np
import polars as pl

from strec import schema

#: Before noon a trip goes to the next station, after it five further, eight times in ten.
N_STATIONS, FOLLOWS = 12, 0.8
_START = np.datetime64(datetime(2024, 6, 3), "us")


def trips(n: int = 3_000, seed: int = 0) -> pl.DataFrame:
    """Return bike trips between twelve stations whose end depends on hour and start."""
    rng = np.random.default_rng(seed)
    hour = rng.integers(0, 24, n)
    start = rng.integers(0, N_STATIONS, n)
    usual = (start + np.where(hour < 12, 1, 5)) % N_STATIONS
    end = np.where(rng.random(n) < FOLLOWS, usual, rng.integers(0, N_STATIONS, n))
    minutes = rng.integers(0, 28, n) * 1440 + hour * 60 + rng.integers(0, 60, n)
    # Local time is four hours behind.
    time = _START + (minutes + 240).astype("timedelta64[m]")
    lasts = rng.integers(5, 40, n).astype("timedelta64[m]")
    lat = 40.70 + 0.01 * (np.arange(N_STATIONS) // 4)
    lon = -74.00 + 0.012 * (np.arange(N_STATIONS) % 4)
    ids = np.array([f"S{k:02d}" for k in range(N_STATIONS)])
    return _typed(
        {
            schema.USER: [schema.NOBODY] * n,
            schema.ITEM: ids[end],
            schema.TIME: time,
            schema.OFFSET: [-240] * n,
            schema.LAT: lat[end],
            schema.LON: lon[end],
            schema.ITEM_NAME: [f"Station {station}" for station in ids[end]],
            schema.ORIGIN_ID: ids[start],
            schema.ORIGIN_NAME: [f"Station {station}" for station in ids[start]],
            schema.ORIGIN_LAT: lat[start],
            schema.ORIGIN_LON: lon[start],
            schema.END_TIME: time + lasts,
        }
    )


def everybody(n: int = 3_000, seed: int = 0) -> pl.DataFrame:
    """Return the same without where a trip began: tickets of nobody."""
    return trips(n, seed).select(*schema.REQUIRED, schema.ITEM_NAME)


def shops(n: int = 1_500, seed: int = 0) -> pl.DataFrame:
    """Return what 60 people bought in four cafés: of twelve products each shop sells nine."""
    rng = np.random.default_rng(seed)
    who, shop = rng.integers(0, 60, n), rng.integers(0, 4, n)
    product = (3 * shop + rng.integers(0, 9, n)) % 12
    minutes = rng.integers(0, 28, n) * 1440 + rng.integers(7, 19, n) * 60 + rng.integers(0, 60, n)
    return _typed(
        {
            schema.USER: [f"p{k:02d}" for k in who],
            schema.ITEM: [f"product {k:02d}" for k in product],
            schema.TIME: _START + minutes.astype("timedelta64[m]"),
            schema.OFFSET: [120] * n,
            schema.LAT: np.array([52.50, 52.52, 52.54, 52.56])[shop],
            schema.LON: np.array([13.35, 13.39, 13.43, 13.47])[shop],
            schema.CATEGORY: np.where(product % 2, "drink", "cake"),
            schema.PLACE_ID: [f"shop {k}" for k in shop],
            schema.PLACE_NAME: np.array(["Mitte", "Wedding", "Pankow", "Moabit"])[shop],
        }
    )


def _typed(columns: dict) -> pl.DataFrame:
    table = pl.DataFrame(columns)
    times = [name for name in (schema.TIME, schema.END_TIME) if name in table.columns]
    return schema.validate(
        table.with_columns(
            pl.col(times).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            pl.col(schema.OFFSET).cast(pl.Int16),
        )
    )
