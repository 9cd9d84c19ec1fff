"""Speed of the questions about space, side by side with plain pandas; quality of activity maps.

    python benchmarks/space.py                    # one million check-ins
    python benchmarks/space.py --rows 10_000_000
    python benchmarks/space.py --maps             # the activity map against k-means

pandas gets a head start: its table is in memory, with users as integers and cells and hours
worked out; the store reads its Parquet file for each question. Times are the best of three.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from strec import spatial
from strec.geo import EARTH_RADIUS_KM
from strec.store import Store

N_ITEMS = 20_000
CHECKINS_PER_USER = 200
RESOLUTION = 8


def main() -> None:
    """Run the part asked for and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=lambda text: int(text.replace("_", "")), default=1_000_000)
    parser.add_argument("--maps", action="store_true", help="quality of activity maps instead")
    asked = parser.parse_args()
    print(maps() if asked.maps else aggregates(asked.rows))


def aggregates(n_rows: int) -> str:
    """Return a table of seconds per question: store, pandas, and how many times faster."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkins.parquet"
        city(n_rows).write_parquet(path)
        store = Store.create(path, Path(folder) / "store", name="Benchmark")
        table = in_memory(store)
        lines = [
            f"{n_rows:,} check-ins, {store.meta['n_users']:,} users, {N_ITEMS:,} items",
            "| question | store s | pandas s | times as fast |",
            "|---|---:|---:|---:|",
        ]
        for name, ask, by_pandas in questions(store, table):
            ours = best(ask)
            theirs = best(by_pandas) if by_pandas else None
            pair = f"{theirs:.2f} | {theirs / ours:.1f}" if theirs else "– | –"
            lines.append(f"| {name} | {ours:.2f} | {pair} |")
            print(lines[-1], flush=True)
        lines += ["", "| analysis | s |", "|---|---:|"]
        for name, run in analyses(store):
            lines.append(f"| {name} | {best(run, 1):.2f} |")
            print(lines[-1], flush=True)
    return "\n".join(lines)


def questions(store: Store, table: pd.DataFrame):
    """Yield name, question to the store, and the same by pandas."""

    def by(*keys):
        def run():
            grouped = table.groupby(list(keys))["user"]
            return grouped.agg(["size", "nunique"])

        return run

    def moves():
        there = table["from_cell"] >= 0
        moved = table[there & (table["from_cell"] != table["cell"])]
        return moved.groupby(["from_cell", "cell"])["user"].agg(["size", "nunique"])

    def gyration():
        lat, lon = np.radians(table["lat"]), np.radians(table["lon"])
        middle = pd.DataFrame({"user": table["user"], "lat": lat, "lon": lon}).groupby("user")
        north = lat - middle["lat"].transform("mean")
        east = (lon - middle["lon"].transform("mean")) * np.cos(lat)
        square = (north**2 + east**2) * EARTH_RADIUS_KM**2
        return np.sqrt(square.groupby(table["user"]).mean())

    def steps():
        known = table["step_km"].dropna()
        return np.histogram(np.log10(np.maximum(known, 1e-3)), 100)

    yield "cells", lambda: store.cells(RESOLUTION), by("cell")
    yield "cells × hour", lambda: store.cell_hours(RESOLUTION), by("cell", "hour")
    yield (
        "cells × hour of the week",
        lambda: store.cell_weeks(RESOLUTION),
        lambda: table.groupby(["cell", "hour_of_week"]).size(),
    )
    yield (
        "cells × day",
        lambda: store.cell_days(RESOLUTION),
        lambda: table.groupby(["cell", "day"]).size(),
    )
    yield "flows between cells", lambda: store.flows(resolution=RESOLUTION), moves
    yield "points", store.points, by("item", "lat", "lon")
    yield "lengths of steps", store.steps, steps
    yield "radius of gyration", store.gyration, gyration
    yield (
        "users × hour of the week (5,000 users)",
        store.user_weeks,
        lambda: table[table["user"] < 5_000].groupby(["user", "hour_of_week"]).size(),
    )


def analyses(store: Store):
    """Yield name and run of each analysis, the question to the store included."""
    yield "hotspots", lambda: spatial.hotspots(store.cells(RESOLUTION, min_users=1))
    yield (
        "activity map of cells",
        lambda: spatial.activity_map(store.cell_weeks(RESOLUTION), "cell"),
    )
    yield (
        "activity map of 5,000 users",
        lambda: spatial.activity_map(store.user_weeks(min_checkins=20)),
    )
    yield (
        "distance decay",
        lambda: spatial.distance_decay(store.flows(resolution=RESOLUTION, min_users=1)),
    )
    yield "predictability", lambda: spatial.predictability(store.sequences())
    yield "emerging hotspots", lambda: spatial.emerging(store.cell_days(RESOLUTION))


def maps() -> str:
    """Return the errors of the self-organising map and of k-means with as many nodes.

    The topographic error asks whether the two nodes nearest to a unit touch on the grid. k-means
    has no grid: its nodes are laid on one of the same size in the order of their first two
    principal components, which is the best that can be done for it cheaply.
    """
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    from strec.io.samples import read_sample
    from strec.spatial.activity import train_map

    lines = [
        "| weeks of | n | map: quantisation | topographic | s | k-means: quantisation "
        "| topographic | s |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name in ("social", "traffic", "flights"):
        with tempfile.TemporaryDirectory() as folder:
            store = Store.create(read_sample(name), Path(folder) / "store", name=name)
            _, profiles = spatial.time_profiles(store.user_weeks(min_checkins=20))
        points = np.sqrt(profiles)
        start = time.perf_counter()
        som = train_map(points)
        som_s = time.perf_counter() - start
        side = som.get_weights().shape[0]
        start = time.perf_counter()
        means = KMeans(side * side, n_init=1, random_state=0).fit(points)
        means_s = time.perf_counter() - start
        error = np.linalg.norm(points - means.cluster_centers_[means.labels_], axis=1).mean()
        flat = PCA(2).fit_transform(means.cluster_centers_)
        rows = np.argsort(flat[:, 0]).reshape(side, side)
        grid = np.array([row[np.argsort(flat[row, 1])] for row in rows])
        lines.append(
            f"| {name} users | {len(points)} | {som.quantization_error(points):.3f} "
            f"| {som.topographic_error(points):.2f} | {som_s:.1f} "
            f"| {error:.3f} "
            f"| {topographic_error(points, means.cluster_centers_, grid):.2f} | {means_s:.1f} |"
        )
    return "\n".join(lines)


def topographic_error(points: np.ndarray, nodes: np.ndarray, grid: np.ndarray) -> float:
    """Share of points whose two nearest nodes do not touch on the grid (diagonals touch)."""
    place = np.empty((len(nodes), 2))
    for (x, y), node in np.ndenumerate(grid):
        place[node] = x, y
    distance = np.linalg.norm(points[:, None] - nodes[None], axis=2)
    first, second = np.argsort(distance, axis=1)[:, :2].T
    return float((np.abs(place[first] - place[second]).max(axis=1) > 1).mean())


def city(n_rows: int, seed: int = 0) -> pl.DataFrame:
    """Return check-ins of a made-up city over a year."""
    rng = np.random.default_rng(seed)
    share = rng.pareto(1.0, N_ITEMS) + 0.1
    lat, lon = rng.normal(40.7, 0.12, N_ITEMS), rng.normal(-73.95, 0.15, N_ITEMS)
    item = rng.choice(N_ITEMS, n_rows, p=share / share.sum())
    seconds = rng.integers(0, 365, n_rows) * 86_400 + rng.gamma(6, 2.4, n_rows).clip(0, 23) * 3600
    stamp = (1_700_000_000 + seconds.astype(np.int64)) * 1_000_000
    users = max(n_rows // CHECKINS_PER_USER, 1)
    return pl.DataFrame(
        {
            "user_id": pl.Series(rng.integers(0, users, n_rows)).cast(pl.String),
            "item_id": pl.Series(item).cast(pl.String),
            "timestamp": pl.Series(stamp).cast(pl.Datetime("us", "UTC")),
            "utc_offset_min": np.full(n_rows, -300, dtype=np.int16),
            "lat": lat[item],
            "lon": lon[item],
        }
    )


def in_memory(store: Store) -> pd.DataFrame:
    """Return what pandas works on: small integers, cells at the resolution asked for."""
    columns = ["user_code", "item_code", "cell", "from_cell", "step_km", "hour_of_week"]
    frame = pl.read_parquet(
        store.folder / "checkins.parquet", columns=[*columns, "local_date", "lat", "lon"]
    )
    unused = (1 << (3 * (15 - RESOLUTION))) - 1
    head = ~(0xF << 52) & 0xFFFFFFFFFFFFFFFF

    def parent(name: str) -> pl.Expr:
        return (
            (pl.col(name).cast(pl.UInt64) & pl.lit(head, pl.UInt64))
            | pl.lit((RESOLUTION << 52) | unused, pl.UInt64)
        ).cast(pl.Int64)

    return frame.select(
        pl.col("user_code").cast(pl.Int32).alias("user"),
        pl.col("item_code").cast(pl.Int32).alias("item"),
        parent("cell").alias("cell"),
        parent("from_cell").fill_null(-1).alias("from_cell"),
        "step_km",
        pl.col("hour_of_week").cast(pl.Int16),
        (pl.col("hour_of_week") % 24).cast(pl.Int16).alias("hour"),
        pl.col("local_date").to_physical().alias("day"),
        "lat",
        "lon",
    ).to_pandas()


def best(run, times: int = 3) -> float:
    """Return the shortest of a few runs in seconds."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


if __name__ == "__main__":
    main()
