"""Moran's I: does it call random points in a window a pattern, and does it see a real one?"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl

from strec import schema
from strec.geo import KM_PER_DEGREE, km_per_degree_east
from strec.spatial import hotspots

MAPS = 60
SIZES = (500, 3_000, 20_000)
RESOLUTION = 8
LAT, LON = 40.7, -74.0

Points = Callable[[np.random.Generator, int], np.ndarray]


def table() -> str:
    """Return the share of maps that are called a pattern, of random points and of others."""
    sizes = " / ".join(f"{n:,}" for n in SIZES)
    lines = [f"| points ({sizes}) | p ≤ 0.05 | mean I | p ≤ 0.05 with the edge | mean I |",
             "|---|---|---|---|---|"]  # fmt: skip
    for name, points in WORLDS.items():
        found = np.array([[_of(points, n, seed) for seed in range(MAPS)] for n in SIZES])
        said, i, edge_said, edge_i = found.mean(axis=1).T
        lines.append(
            f"| {name} | {_row(said, '.0%')} | {_row(i, '.2f')} "
            f"| {_row(edge_said, '.0%')} | {_row(edge_i, '.2f')} |"
        )
    return "\n".join(lines)


def _row(values, form: str) -> str:
    return " / ".join(format(float(each), form) for each in values)


def _of(points: Points, n: int, seed: int) -> tuple[float, float, float, float]:
    from strec.spatial import lattice, moran

    east, north = points(np.random.default_rng([seed, n]), n).T
    lat = LAT + north / KM_PER_DEGREE
    lon = LON + east / km_per_degree_east(LAT)
    cell = schema.cells_of(pl.Series(lat), pl.Series(lon), RESOLUTION)
    cells, counts = np.unique(cell.to_numpy(), return_counts=True)
    frame = pd.DataFrame({"cell": cells, "n_checkins": counts, "n_users": counts})
    inside = hotspots(frame, min_users=1, draws=99).moran
    area = lattice.study_area(cells)
    values = pd.Series(counts, index=cells).reindex(area, fill_value=0).to_numpy(dtype=float)
    whole = moran(values, lattice.neighbours(area))
    return inside.p <= 0.05, inside.i, whole.p <= 0.05, whole.i


def square(rng: np.random.Generator, n: int) -> np.ndarray:
    """Anywhere in a square of 9 km."""
    return rng.uniform(-4.5, 4.5, (n, 2))


def disk(rng: np.random.Generator, n: int) -> np.ndarray:
    """Anywhere in a disk of 10 km."""
    away, angle = 5 * np.sqrt(rng.random(n)), 2 * np.pi * rng.random(n)
    return np.column_stack([away * np.cos(angle), away * np.sin(angle)])


def corner(rng: np.random.Generator, n: int) -> np.ndarray:
    """Anywhere in a square of 11 km that lacks a quarter: a bay."""
    drawn = rng.uniform(-5.5, 5.5, (2 * n, 2))
    return drawn[(drawn < 0).any(axis=1)][:n]


def strip(rng: np.random.Generator, n: int) -> np.ndarray:
    """Anywhere in a valley of 4 by 20 km."""
    return rng.uniform((-2, -10), (2, 10), (n, 2))


def unlike(rng: np.random.Generator, n: int) -> np.ndarray:
    """Venues at random in a square, some much busier than others: clumps without a pattern."""
    venues, weight = rng.uniform(-4.5, 4.5, (300, 2)), rng.pareto(1.5, 300) + 0.1
    return venues[rng.choice(300, n, p=weight / weight.sum())]


def centre(rng: np.random.Generator, n: int) -> np.ndarray:
    """A town that thins out."""
    return rng.normal(0, 2.5, (n, 2))


def quarters(rng: np.random.Generator, n: int) -> np.ndarray:
    """Half of the check-ins in four quarters of a square, half anywhere."""
    middle = rng.uniform(-3.5, 3.5, (4, 2))[rng.integers(4, size=n)]
    inside = np.clip(middle + rng.normal(0, 0.7, (n, 2)), -4.5, 4.5)
    return np.where(rng.random((n, 1)) < 0.5, inside, square(rng, n))


WORLDS: dict[str, Points] = {
    "random in a square": square,
    "random in a disk": disk,
    "random around a bay": corner,
    "random in a valley": strip,
    "venues at random, unlike": unlike,
    "a town (pattern)": centre,
    "four quarters (pattern)": quarters,
}
