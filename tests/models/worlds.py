"""Tiny worlds whose right answer anyone can see."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from strec import schema

START = datetime(2024, 1, 1, tzinfo=UTC)


def table(rows: list[tuple], places: dict[str, tuple[float, float]] | None = None) -> pl.DataFrame:
    """Return canonical check-ins of (user, item, hours since the start)."""
    users, items, hours = zip(*rows, strict=True)
    spots = [(places or {}).get(item, (None, None)) for item in items]
    return schema.validate(
        pl.DataFrame(
            {
                schema.USER: users,
                schema.ITEM: items,
                schema.TIME: [START + timedelta(hours=h) for h in hours],
                schema.OFFSET: [0] * len(rows),
                schema.LAT: [lat for lat, _ in spots],
                schema.LON: [lon for _, lon in spots],
                schema.CATEGORY: [f"kind of {item[0]}" for item in items],
            },
            schema_overrides={
                schema.TIME: pl.Datetime("us", "UTC"),
                schema.OFFSET: pl.Int16,
                schema.LAT: pl.Float64,
                schema.LON: pl.Float64,
            },
        )
    )


def alternating(n_users: int = 8, n_steps: int = 40) -> pl.DataFrame:
    """Users alternate between two items, A/B or C/D; every 7 hours, so that no hour tells."""
    pairs = [("A", "B"), ("C", "D")]
    rows = [
        (f"u{u}", pairs[u % 2][(step + u // 2) % 2], 7 * step + 0.1 * u)
        for u in range(n_users)
        for step in range(n_steps)
    ]
    return table(rows)


def nightly(n_users: int = 10, n_days: int = 25, seed: int = 0) -> pl.DataFrame:
    """Everyone takes X at night; by day anything else, by chance."""
    rng = np.random.default_rng(seed)
    rows = []
    for u in range(n_users):
        for day in range(n_days):
            rows.append((f"u{u}", f"day{rng.integers(4)}", 24 * day + 11 + rng.random()))
            rows.append((f"u{u}", "X", 24 * day + 22 + rng.random()))
    return table(rows)


def paired(n_users: int = 10, n_steps: int = 30, seed: int = 0) -> pl.DataFrame:
    """Six towns of two items 100 m apart: somebody who comes to a town takes both in turn."""
    rng = np.random.default_rng(seed)
    places = {
        f"town{town}-{side}": (40.0 + town, -74.0 + 0.001 * side)
        for town in range(6)
        for side in range(2)
    }
    rows = []
    for u in range(n_users):
        for step in range(n_steps):
            town, first = rng.integers(6), rng.integers(2)
            hour = 37 * step + 3 * u
            rows.append((f"u{u}", f"town{town}-{first}", hour))
            rows.append((f"u{u}", f"town{town}-{1 - first}", hour + 1))
    return table(rows, places)
