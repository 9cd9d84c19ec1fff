"""What the mean of many noisy places gives away: homes by GPS, items by their visitors."""

import numpy as np
import polars as pl

from strec import schema
from strec.geo import distance_km
from strec.privacy import Protection

WITHIN_M, N_PLACES = 500, 300


def places(n_each: int, scatter_m: float, by_user: bool, seed: int) -> pl.DataFrame:
    """Return places far apart, each recorded so often, by one user or by a new one each time."""
    random = np.random.default_rng(seed)
    place = np.repeat(np.arange(N_PLACES), n_each)
    who = place if by_user else np.arange(len(place))
    lat, lon = random.uniform(-55, 55, N_PLACES)[place], random.uniform(-170, 170, N_PLACES)[place]
    north, east = random.normal(0, scatter_m / 111_195, (2, len(place)))
    return pl.DataFrame(
        {
            schema.USER: who.astype(str),
            schema.ITEM: place.astype(str),
            schema.TIME: np.full(len(place), np.datetime64("2024-06-03T23:00", "us")),
            schema.OFFSET: np.zeros(len(place), dtype=np.int16),
            schema.LAT: lat + north,
            schema.LON: lon + east / np.cos(np.radians(lat)),
        }
    ).with_columns(pl.col(schema.TIME).dt.replace_time_zone("UTC"))


def table() -> str:
    """Return how far the mean of what is shown lies from the mean of the truth."""
    lines = [
        "| who averages | one place is shown off by (median) | the mean is off by (median) | "
        "means within 100 m |",
        "|---|---:|---:|---:|",
    ]
    for name, n_each, scatter_m, by_user in (
        ("200 nights of one user, GPS ± 8 m", 200, 8, True),
        ("200 nights of one user, GPS ± 30 m", 200, 30, True),
        ("40 users of one item, at its exact place", 40, 0, False),
        ("40 users of one item, GPS ± 30 m", 40, 30, False),
    ):
        true = places(n_each, scatter_m, by_user, seed=1)
        setting = Protection(noise_m=WITHIN_M, items="pseudonyms")
        shown = setting.apply(true, key="a key of sixteen letters or more", seed=2)
        single = distance_km(*_columns(true), *_columns(shown))
        means = true.with_columns(
            shown[schema.LAT].alias("shown_lat"), shown[schema.LON].alias("shown_lon")
        ).group_by(schema.ITEM).agg(pl.col(pl.Float64).mean())  # fmt: skip
        of_mean = distance_km(
            *_columns(means), means["shown_lat"].to_numpy(), means["shown_lon"].to_numpy()
        )
        lines.append(
            f"| {name} | {1000 * np.median(single):.0f} m | {1000 * np.median(of_mean):.0f} m | "
            f"{np.mean(of_mean < 0.1):.0%} |"
        )
    return "\n".join(lines)


def _columns(frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return frame[schema.LAT].to_numpy(), frame[schema.LON].to_numpy()
