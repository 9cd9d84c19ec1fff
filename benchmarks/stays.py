"""Stays of raw tracks beside trackintel's, beside what was lived, and how fast they are found.

trackintel pins what strec does not, so it lives in an environment of its own and answers through
files::

    python -m venv FOLDER && FOLDER/bin/pip install trackintel
    python benchmarks/stays.py --python FOLDER/bin/python     # F1 beside trackintel
    python benchmarks/stays.py --speed                        # 24 million fixes: seconds, peak
    python benchmarks/stays.py --file points.csv              # F1 on a file of tracks too

Tracks are generated: people at home, at work and elsewhere, who walk or drive between with a fix
every one to five seconds; a receiver's error drifts, jumps, and is silent for hours indoors.
"""

import argparse
import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from strec.geo import distance_km
from strec.io import read
from strec.schema import END_TIME, ITEM, LAT, LON, OFFSET, TIME, USER
from strec.stays import DISTANCE_M, MINUTES, StayPoints, Track, stay_points, stays

SEEDS = (1, 2, 3)
METRES = 111_195.0
EPOCH_US = 1_230_768_000_000_000
SILENCE_MINUTES = 24 * 60
#: Two stays are one when they share this much of the time that they cover together.
LEAST_SHARED = 0.5
TRACKINTEL = """
import json, sys, time
import geopandas, pandas, trackintel
table = pandas.read_csv(sys.argv[1])
fixes = geopandas.GeoDataFrame(
    {"user_id": table.user, "tracked_at": pandas.to_datetime(table.time_us, unit="us", utc=True)},
    geometry=geopandas.points_from_xy(table.lon, table.lat), crs=4326)
fixes = trackintel.Positionfixes(fixes)
begun = time.process_time()
_, found = fixes.generate_staypoints(
    method="sliding", dist_threshold=float(sys.argv[3]), time_threshold=float(sys.argv[4]),
    gap_threshold=float(sys.argv[5]), include_last=True, exclude_duplicate_pfs=False)
seconds = time.process_time() - begun
pandas.DataFrame({
    "user": found.user_id.astype(int),
    "start": found.started_at.dt.as_unit("us").astype("int64"),
    "end": found.finished_at.dt.as_unit("us").astype("int64"),
}).to_csv(sys.argv[2], index=False)
print(json.dumps({"version": trackintel.__version__, "seconds": round(seconds, 1)}))
"""


def main() -> None:
    """Print what was asked for as tables."""
    parser = argparse.ArgumentParser(description="Stays of raw tracks")
    parser.add_argument("--python", help="the Python of trackintel's environment")
    parser.add_argument("--speed", action="store_true", help="time a large table instead")
    parser.add_argument("--fixes", type=int, default=24_000_000, help="how large")
    parser.add_argument("--file", type=Path, help="a file of tracks to compare on too")
    args = parser.parse_args()
    if args.speed:
        speed(args.fixes)
        return
    worlds: dict = {f"generated, seed {seed}": tracks(6, 10, seed) for seed in SEEDS}
    if args.file:
        worlds[args.file.name] = (_of_file(args.file), None)
    print("| tracks | fixes | stays | F1 beside trackintel | beside what was lived | as check-ins "
          "| the paper's loop |\n|---|---|---|---|---|---|---|")  # fmt: skip
    said = ""
    for name, (track, lived) in worlds.items():
        own = _intervals(track, stay_points(track))
        row = [name, f"{len(track.user):,}", f"{len(own):,}", "–", "–", "–", "–"]
        if args.python:
            other, said = trackintel(track, args.python)
            row[3] = f"{f1(own, other):.3f}"
        if lived is not None:
            whole = stays(_table(track)).sort(USER, TIME)
            times = (whole[column].to_physical() for column in (TIME, END_TIME))
            merged = np.column_stack([whole[USER].cast(pl.Int64), *times])
            loop = _intervals(track, as_in_the_paper(track))
            row[4:] = (f"{f1(each, lived):.3f}" for each in (own, merged, loop))
        print(f"| {' | '.join(row)} |", flush=True)
    print(f"\n{said or 'trackintel was not asked (--python).'}")


def tracks(n_users: int, n_days: int, seed: int) -> tuple[Track, np.ndarray]:
    """Return the tracks of people over days, as a receiver would write them, and where they were:
    user, start and end of each stay that is long enough."""
    rng = np.random.default_rng(seed)
    pieces, lived = [], []
    for user in range(n_users):
        middle = np.array([39.9, 116.4]) + rng.normal(0, 0.05, 2)
        places = middle + rng.normal(0, 0.02, (8, 2))
        time_s, where, visits = _of_person(places, n_days, rng)
        pieces.append((np.full(len(time_s), user), time_s, where))
        lived += [(user, *visit) for visit in visits if visit[1] - visit[0] >= MINUTES * 60]
    user, time_s, where = (np.concatenate(part) for part in zip(*pieces, strict=True))
    time_us = (time_s * 1e6).astype(np.int64) + EPOCH_US
    visited = np.array(lived)
    visited = np.column_stack([visited[:, :1], visited[:, 1:] * 1e6 + EPOCH_US]).astype(np.int64)
    return Track(user, time_us, where[:, 0].copy(), where[:, 1].copy()), visited


def _of_person(places: np.ndarray, n_days: int, rng) -> tuple[np.ndarray, np.ndarray, list]:
    """Return seconds, degrees and stays: home, work, and two other places a day."""
    clock, here = 0.0, places[0]
    times, spots, stayed = [], [], []
    for day in range(n_days):
        clock = max(clock, day * 86_400 + rng.normal(7.5, 0.5) * 3600)
        visits = [(1, 8.0), (rng.integers(2, 8), rng.exponential(0.8)), (0, 1.5),
                  (rng.integers(2, 8), rng.exponential(0.5)), (0, 3.0)]  # fmt: skip
        for place, hours in visits:
            there = places[place]
            if stayed:
                stayed[-1] = (stayed[-1][0], clock)
            way_m = np.hypot(*(there - here)) * METRES
            n = max(int(way_m / rng.choice([1.4, 8.0])), 2)
            step = rng.integers(1, 6)
            share = np.arange(0, n, step) / n
            bend = np.sin(share * np.pi) * rng.normal(0, 0.1)
            way = here + share[:, None] * (there - here) + bend[:, None] * (there - here)[::-1]
            times.append(clock + share * n)
            spots.append(way + _error(len(way), 4.0, rng))
            clock += n
            stay_s = hours * 3600
            indoors = np.arange(0, stay_s, step * 2.0)
            if rng.random() < 0.4:  # no reception indoors, but at the door
                indoors = indoors[(indoors < 180) | (indoors > stay_s - 60)]
            times.append(clock + indoors)
            spots.append(there + _error(len(indoors), 20.0, rng))
            stayed.append((clock, clock + stay_s))
            clock, here = clock + stay_s, there
    return np.concatenate(times), np.concatenate(spots), stayed


def _error(n: int, metres: float, rng) -> np.ndarray:
    """Return a receiver's error in degrees: it drifts, and one fix of a thousand is far off."""
    from scipy.signal import lfilter

    drift = lfilter([np.sqrt(1 - 0.98**2)], [1, -0.98], rng.normal(0, metres, (n, 2)), axis=0)
    jumps = rng.random(n) < 0.0003
    return (drift + jumps[:, None] * rng.normal(0, 250, (n, 2))) / METRES


def as_in_the_paper(
    track: Track, distance_m: float = DISTANCE_M, minutes: float = MINUTES
) -> StayPoints:
    """Return the stays by the double loop of Li et al. 2008, written down line by line."""
    start, stop, end = [], [], []
    day, least = SILENCE_MINUTES * 60_000_000, int(minutes * 60e6)
    bounds = [0, *(np.flatnonzero((np.diff(track.user) != 0) | (np.diff(track.time_us) > day)) + 1),
              len(track.user)]  # fmt: skip
    for first, last in zip(bounds[:-1], bounds[1:], strict=True):
        i = first
        while i < last:
            j = i + 1
            step = 1_000
            while j < last:
                far = (
                    1000
                    * distance_km(
                        track.lat[i], track.lon[i], track.lat[j : j + step], track.lon[j : j + step]
                    )[: last - j]
                    > distance_m
                )
                if far.any():
                    j += int(far.argmax())
                    break
                j = min(j + step, last)
            ends = int(track.time_us[min(j, last - 1)])
            if ends - int(track.time_us[i]) >= least:
                start, stop, end = [*start, i], [*stop, j], [*end, ends]
                i = j
            else:
                i += 1
    nowhere = np.zeros(len(start))
    return StayPoints(np.array(start), np.array(stop), np.array(end), nowhere, nowhere)


def trackintel(track: Track, python: str) -> tuple[np.ndarray, str]:
    """Return trackintel's stays at the same thresholds, and its version and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder) / "fixes.csv", Path(folder) / "stays.csv"
        pl.DataFrame(vars(track)).write_csv(given)
        thresholds = [str(DISTANCE_M), str(MINUTES), str(SILENCE_MINUTES)]
        done = subprocess.run(
            [python, "-W", "ignore", "-c", TRACKINTEL, str(given), str(answer), *thresholds],
            check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        facts = json.loads(done.stdout.splitlines()[-1])
        said = f"trackintel {facts['version']}; its last run took {facts['seconds']} CPU s."
        return pl.read_csv(answer).sort("user", "start").to_numpy(), said


def _intervals(track: Track, found: StayPoints) -> np.ndarray:
    """Return user, start and end of each stay."""
    return np.column_stack([track.user[found.start], track.time_us[found.start], found.end_us])


def f1(one: np.ndarray, other: np.ndarray) -> float:
    """Return the F1 of two lists of (user, start, end): a stay is found by the one it shares most
    time with, if that is at least half of what both cover, and each counts once."""
    pairs = []
    for i, (user, start, end) in enumerate(one):
        near = np.flatnonzero((other[:, 0] == user) & (other[:, 1] < end) & (other[:, 2] > start))
        for j in near:
            both = min(end, other[j, 2]) - max(start, other[j, 1])
            shared = both / (max(end, other[j, 2]) - min(start, other[j, 1]))
            pairs += [(shared, i, int(j))] if shared >= LEAST_SHARED else []
    seen: tuple[set, set] = (set(), set())
    for _, i, j in sorted(pairs, reverse=True):
        if i not in seen[0] and j not in seen[1]:
            seen[0].add(i)
            seen[1].add(j)
    return 2 * len(seen[0]) / max(len(one) + len(other), 1)


def speed(n_fixes: int) -> None:
    """Time the way from a Parquet file of fixes to stays at places."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fixes.parquet"
        child = subprocess.run(
            [__import__("sys").executable, "-c",
             f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
             f"import stays; stays.write({n_fixes}, {str(file)!r})"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        n = int(child.stdout.split()[-1])
        begun, cpu = time.perf_counter(), time.process_time()
        found = stays(file)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{n:,} fixes became {found.height:,} stays at {found[ITEM].n_unique():,} places: "
              f"{time.perf_counter() - begun:.0f} s ({time.process_time() - cpu:.0f} CPU s), "
              f"peak {peak:.2f} GB.")  # fmt: skip


def write(n_fixes: int, file: str) -> None:
    """Write a Parquet file of at least so many fixes, and print how many."""
    import pyarrow.parquet as pq

    total, seed, writer = 0, 0, None
    while total < n_fixes:
        track, _ = tracks(1, 14, 1000 + seed)
        arrow = _table(track, seed).to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(file, arrow.schema)
        writer.write_table(arrow)
        total, seed = total + len(track.user), seed + 1
    if writer is not None:
        writer.close()
    print(total)


def _table(track: Track, first_user: int = 0) -> pl.DataFrame:
    """Return fixes as a canonical table."""
    return pl.DataFrame(vars(track)).select(
        (pl.col("user") + first_user).cast(pl.String).alias(USER),
        pl.lit("").alias(ITEM),
        pl.col("time_us").cast(pl.Datetime("us", "UTC")).alias(TIME),
        pl.lit(480, dtype=pl.Int16).alias(OFFSET),
        pl.col("lat").alias(LAT),
        pl.col("lon").alias(LON),
    )


def _of_file(path: Path) -> Track:
    table = read(path).checkins.sort(USER, TIME)
    return Track(
        table[USER].rle_id().to_numpy(),
        table[TIME].to_physical().to_numpy(),
        table[LAT].to_numpy(),
        table[LON].to_numpy(),
    )


if __name__ == "__main__":
    main()
