"""Small tables whose answers anyone can count."""

from datetime import UTC, datetime, timedelta

import polars as pl

from strec import schema

#: Places some kilometres apart, by letter.
PLACES = {"A": (40.70, -74.00), "B": (40.75, -73.95), "C": (40.80, -73.90), "D": (40.60, -74.10)}
MONDAY = datetime(2024, 6, 3, tzinfo=UTC)


def table(rows: list[tuple[str, str, float]]) -> pl.DataFrame:
    """Return check-ins from (user, place letter, hours after Monday midnight), in UTC."""
    return pl.DataFrame(
        {
            schema.USER: [user for user, _, _ in rows],
            schema.ITEM: [place for _, place, _ in rows],
            schema.TIME: [MONDAY + timedelta(hours=hours) for _, _, hours in rows],
            schema.OFFSET: [0] * len(rows),
            schema.LAT: [PLACES[place][0] for _, place, _ in rows],
            schema.LON: [PLACES[place][1] for _, place, _ in rows],
        },
        schema=schema.REQUIRED,
    )


def without_places(checkins: pl.DataFrame) -> pl.DataFrame:
    return checkins.with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in (schema.LAT, schema.LON)
    )
