"""Check-ins typed by hand."""

from datetime import UTC, datetime, timedelta

import polars as pl

from strec import schema

START = datetime(2024, 6, 3, tzinfo=UTC)


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
