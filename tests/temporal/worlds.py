"""Small check-in tables and textbook series that the tests of time share."""

import numpy as np
import pandas as pd
import polars as pl

#: Box & Jenkins (1976), series G: thousands of airline passengers per month, 1949 to 1960.
# fmt: off
AIR_PASSENGERS = np.array([
    112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149,
    170, 170, 158, 133, 114, 140, 145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166,
    171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194, 196, 196, 236, 235, 229, 243,
    264, 272, 237, 211, 180, 201, 204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229,
    242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278, 284, 277, 317, 313, 318, 374,
    413, 405, 355, 306, 271, 306, 315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336,
    340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337, 360, 342, 406, 396, 420, 472,
    548, 559, 463, 407, 362, 405, 417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
], dtype=float)
# fmt: on


def air_passengers():
    from strec.temporal import TimeSeries

    return TimeSeries.of(AIR_PASSENGERS, grain="month", start="1949-01-01", name="passengers")


def checkins_at(utc: list[str], zone: str = "America/New_York", **columns) -> pl.DataFrame:
    """Check-ins at these UTC times, with the offset that the zone had."""
    times = pd.DatetimeIndex(utc).tz_localize("UTC")
    local = times.tz_convert(zone).tz_localize(None)
    offset = ((local - times.tz_localize(None)) / pd.Timedelta("1min")).astype("int16")
    n = len(times)
    return pl.DataFrame(
        {
            "user_id": columns.pop("user_id", [f"u{k % 7}" for k in range(n)]),
            "item_id": [f"i{k % 5}" for k in range(n)],
            "timestamp": times.tz_localize(None).to_numpy().astype("datetime64[us]"),
            "utc_offset_min": offset.to_numpy(),
            "lat": columns.pop("lat", [40.7] * n),
            "lon": columns.pop("lon", [-74.0] * n),
            **columns,
        },
        schema_overrides={"lat": pl.Float64, "lon": pl.Float64},
    ).with_columns(pl.col("timestamp").dt.replace_time_zone("UTC"))


def hourly_checkins(start: str, hours: int, zone: str = "America/New_York") -> pl.DataFrame:
    """One check-in in the middle of every hour of real time."""
    times = pd.date_range(start, periods=hours, freq="h") + pd.Timedelta("30min")
    return checkins_at([str(each) for each in times], zone)


def daily_wave(days: int, seed: int = 0, level: float = 20.0):
    """Hourly Poisson counts with a daily and a weekly rhythm."""
    from strec.temporal import TimeSeries

    hour = np.arange(24 * days)
    mean = level * np.exp(np.sin(2 * np.pi * hour / 24) + 0.4 * np.cos(2 * np.pi * hour / 168))
    counts = np.random.default_rng(seed).poisson(mean).astype(float)
    return TimeSeries.of(
        counts, grain="hour", start="2024-01-01", name="all check-ins", unit="check-ins"
    )
