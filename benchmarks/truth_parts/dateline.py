"""The date line: where is an item whose visits scatter across 180 degrees, and how widely?"""

import numpy as np
import polars as pl

from strec import Dataset
from strec.geo import distance_km

LAT = -17.0


def table() -> str:
    """Return how far the middle of an item is off, and its spread, at 180 degrees and elsewhere."""
    lines = ["| visits scatter by | around longitude | middle off by | spread |",
             "|---|---:|---:|---:|"]  # fmt: skip
    for metres in (20, 2_000):
        for lon in (180.0, 10.0):
            off, spread = _of(lon, metres)
            lines.append(f"| {metres:,} m | {lon:.0f}° | {off:,.0f} m | {spread:,.0f} m |")
    return "\n".join(lines)


def _of(lon: float, metres: float) -> tuple[float, float]:
    """The distance of an item's shown place from the true one, and its spread, in metres."""
    rng, n = np.random.default_rng(0), 400
    degrees = metres / 111_195
    east = lon + rng.normal(0, degrees / np.cos(np.radians(LAT)), n)
    frame = pl.DataFrame(
        {
            "user_id": [f"u{k % 9}" for k in range(n)],
            "item_id": ["harbour"] * n,
            "timestamp": np.datetime64("2024-01-01", "us") + np.arange(n) * np.timedelta64(1, "h"),
            "utc_offset_min": np.zeros(n, dtype=np.int16),
            "lat": LAT + rng.normal(0, degrees, n),
            "lon": (east + 180) % 360 - 180,
        }
    ).with_columns(pl.col("timestamp").dt.replace_time_zone("UTC"))
    place = Dataset.of(frame).store.items().row(0, named=True)
    off = distance_km(LAT, lon, place["lat"], place["lon"])
    return 1_000 * float(off), 1_000 * float(place["spread_km"])
