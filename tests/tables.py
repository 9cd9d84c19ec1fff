"""Check-ins typed by hand."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from strec import schema

START = datetime(2024, 6, 3, tzinfo=UTC)
METRES = 1 / 111_195


def table(*rows: tuple[str, str, float]) -> pl.DataFrame:
    """Return check-ins from (user, item, hours since the start)."""
    users, items, hours = zip(*rows, strict=True) if rows else ((), (), ())
    n = len(rows)
    return pl.DataFrame(
        {
            schema.USER: pl.Series(users, dtype=pl.String),
            schema.ITEM: pl.Series(items, dtype=pl.String),
            schema.TIME: pl.Series(
                [START + timedelta(hours=h) for h in hours], dtype=pl.Datetime("us", "UTC")
            ),
            schema.OFFSET: pl.Series([0] * n, dtype=pl.Int16),
            schema.LAT: pl.Series(
                [40.0 + 0.01 * (ord(i[0]) - 97) for i in items], dtype=pl.Float64
            ),
            schema.LON: pl.Series([-74.0] * n, dtype=pl.Float64),
        }
    )


def fixes(user: str = "ann", lon: float = 0.0, days: int = 1) -> pl.DataFrame:
    """Return a track, a fix a minute: home to 8, at work 5 km away from 9 to 17, home at 18."""
    minute = np.arange(1440)
    way = np.clip((minute - 480) / 60, 0, 1) - np.clip((minute - 1020) / 60, 0, 1)
    # The receiver's error goes round in a circle of 20 m.
    lat = 48 + 5_000 * METRES * way + 20 * METRES * np.sin(minute)
    start_us = int(START.timestamp() * 1e6)
    time_us = [start_us + (day * 1440 + minute) * 60_000_000 for day in range(days)]
    columns = {
        schema.USER: user,
        schema.ITEM: "x",
        schema.TIME: pl.Series(np.concatenate(time_us)).cast(pl.Datetime("us", "UTC")),
        schema.OFFSET: 0,
        schema.LAT: np.tile(lat, days),
        schema.LON: np.tile(lon + 20 * METRES * np.cos(minute), days),
    }
    return pl.DataFrame(columns, schema_overrides={schema.OFFSET: pl.Int16})
