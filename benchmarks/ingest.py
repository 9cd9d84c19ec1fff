"""Scale: ingest and the aggregates of each page, beside plain pandas, against the budgets.

Writes a Markdown table::

    python benchmarks/ingest.py                                 # 1 and 10 million check-ins
    python benchmarks/ingest.py --rows 1000000 --no-start       # a part of it
    python benchmarks/ingest.py --out docs/benchmarks.md

Each case runs in a process of its own, so that its peak memory is its own. The check-ins are
generated; nothing is downloaded. Plain pandas does the same job in the same run.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import start

# The pages' own limits are measured; they lie beside this folder.
sys.path.insert(0, str(Path(__file__).parent.parent))

ZONE = "America/New_York"
RESOLUTION = 7
CHUNK_ROWS = 1_000_000


def main() -> None:
    """Run all cases and print, or write, the tables."""
    arguments = _arguments()
    if arguments.case:
        print(json.dumps(CASES[arguments.case](Path(arguments.folder))))
        return
    begun = time.perf_counter()
    parts = [_heading(arguments)]
    # Each part is shown when it is ready: a long run that is stopped has said what it knows.
    for n_rows in arguments.rows:
        parts.append("\n".join(_scale(n_rows)))
        _show(parts, arguments.out)
    if not arguments.no_start:
        parts.append(start.tables())
    parts.append(f"The whole run took {(time.perf_counter() - begun) / 60:.0f} minutes.")
    _show(parts, arguments.out)
    print("\n\n".join(parts))


def _show(parts: list[str], out: str | None) -> None:
    if out:
        Path(out).write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(parts[-1].splitlines()[0], file=sys.stderr)


# ---------------------------------------------------------------- tables


def _scale(n_rows: int) -> list[str]:
    """Return the tables of one size."""
    with tempfile.TemporaryDirectory(prefix="strec-bench-") as name:
        folder = Path(name)
        generate(n_rows, folder)
        sizes = {kind: (folder / f"raw.{kind}").stat().st_size / 1e6 for kind in ("csv", "parquet")}
        found = {case: _run(case, folder) for case in CASES}
    strec, pandas = found["pages"]["times"], found["pandas_parquet"]
    lines = [
        f"## {n_rows:,} check-ins\n",
        f"CSV {sizes['csv']:,.0f} MB, Parquet {sizes['parquet']:,.0f} MB.\n",
        "| from file to store | seconds | rows/s | CPU seconds | peak memory (MB) |",
        "|---|---:|---:|---:|---:|",
        *(
            _ingest_row(title, found[case], n_rows)
            for case, title in (
                ("ingest_parquet", "strec, Parquet: read, check, sort, derive, write"),
                ("ingest_csv", "strec, CSV: the same, with guessed columns and times"),
            )
        ),
        "",
        "| hour × weekday × cell, counts and users | seconds | CPU seconds, with the imports | "
        "peak memory (MB) |",
        "|---|---:|---:|---:|",
        *(
            f"| {title} | {found[case]['seconds']:.2f} | {found[case]['cpu_seconds']:.1f} | "
            f"{found[case]['peak_mb']:,.0f} |"
            for case, title in (
                ("aggregate", "strec, on its store"),
                ("pandas_parquet", "pandas, from the Parquet file"),
                ("pandas_csv", "pandas, from the CSV file"),
            )
        ),
        f"\nStrec and pandas agree on every one of the {pandas['n_groups']:,} groups: "
        f"{_agree(found)}.",
        "\n| aggregate of a page | first (s) | again (s) | CPU (s) | rows out |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {what} | {t['first']:.2f} | {t['again']:.2f} | {t['cpu']:.2f} | {t['rows']:,} |"
            for what, t in strec.items()
        ),
        f"\nPeak memory of all of them together: {found['pages']['peak_mb']:,.0f} MB.",
        "\n| a first visit | seconds | of these drawing users | CPU seconds, with the imports | "
        "peak memory (MB) |\n|---|---:|---:|---:|---:|",
        *(
            f"| {title} | {found[case]['seconds']:.1f} | {found[case]['drawn']:.1f} | "
            f"{found[case]['cpu_seconds']:.1f} | {found[case]['peak_mb']:,.0f} |"
            for case, title in (
                ("recommend", "Recommend: the counter mix and the first answer"),
                ("gate", "Dependence: the quick look"),
            )
        ),
        f"\n{found['recommend']['note']} "
        f"The next answer takes {found['recommend']['again']:.2f} s.",
    ]
    return lines


def _ingest_row(title: str, found: dict, n_rows: int) -> str:
    return (
        f"| {title} | {found['seconds']:.1f} | {n_rows / found['seconds']:,.0f} | "
        f"{found['cpu_seconds']:.1f} | {found['peak_mb']:,.0f} |"
    )


def _agree(found: dict) -> str:
    same = found["aggregate"]["digest"] == found["pandas_parquet"]["digest"]
    return "yes" if same else "NO"


def _heading(arguments) -> str:
    model = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if "model name" in line),
        platform.processor() or "unknown processor",
    )
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    rows = " ".join(str(n) for n in arguments.rows)
    return (
        "# Benchmarks: scale and start\n\n"
        f"`python benchmarks/ingest.py --rows {rows}` on {os.cpu_count()} cores ({model}), "
        f"{platform.system()}, Python {platform.python_version()}, "
        f"{datetime.now(UTC):%Y-%m-%d}; load average at the start {load:.1f}. Generated check-ins: "
        "skewed users and items, a day–night rhythm, one city. Budgets: two cores, ≥ 1 million "
        "rows/s from Parquet, ≤ 2 GB, any aggregate ≤ 1 s at 10 million."
    )


# ---------------------------------------------------------------- cases, each in its own process


def generate(n_rows: int, folder: Path, seed: int = 0, n_items: int = 20_000, csv=True) -> None:
    """Write `raw.parquet` and `raw.csv`: skewed users and items of one city over a year."""
    import polars as pl
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    n_users = max(n_rows // 100, 10)
    lat, lon = 40.72 + 0.06 * rng.normal(size=n_items), -73.95 + 0.06 * rng.normal(size=n_items)
    users = np.array([f"u{k:07d}" for k in range(n_users)])
    items = np.array([f"p{k:05d}" for k in range(n_items)])
    names = np.array([f"category {k:02d}" for k in range(40)])
    writer, first = None, True
    with open(folder / "raw.csv" if csv else os.devnull, "wb") as text:
        for begin in range(0, n_rows, CHUNK_ROWS):
            n = min(CHUNK_ROWS, n_rows - begin)
            item = (n_items * rng.uniform(size=n) ** 2).astype(int)
            day = rng.integers(0, 365, n)
            hour = np.clip(rng.normal(15, 4.5, n), 0, 23.99)
            stamp = 1_704_067_200 + day * 86_400 + (hour * 3600).astype(int)
            frame = pl.DataFrame(
                {
                    "user_id": users[(n_users * rng.uniform(size=n) ** 1.5).astype(int)],
                    "item_id": items[item],
                    "timestamp": pl.Series(stamp * 1_000_000).cast(pl.Datetime("us", "UTC")),
                    "lat": lat[item].round(6),
                    "lon": lon[item].round(6),
                    "category": names[item % 40],
                }
            )
            table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            writer = writer or pq.ParquetWriter(folder / "raw.parquet", table.schema)
            writer.write_table(table)
            if csv:
                written = pl.col("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
                frame.with_columns(written).write_csv(text, include_header=first)
            first = False
    writer.close()


def _ingest(folder: Path, kind: str) -> dict:
    from strec.io import ingest
    from strec.store import Store

    begun = time.perf_counter()
    clean = folder / f"clean-{kind}.parquet"
    ingest(folder / f"raw.{kind}", clean, time_zone=ZONE)
    read = time.perf_counter() - begun
    Store.create(clean, folder / f"store-{kind}", name="generated", time_zone=ZONE)
    clean.unlink()
    return {"seconds": time.perf_counter() - begun, "read_seconds": read}


def _pages(folder: Path) -> dict:
    """Time every aggregate that a page asks for: at first, and again."""
    from strec.store import Store

    store = Store(folder / "store-parquet")
    asked = {
        "summary (every page)": lambda: [store.summary()],
        "hour × weekday (Time)": store.hour_weekday,
        "calendar (Time)": store.calendar,
        "trend by hour (Time)": lambda: store.trend("hour"),
        "categories (Time)": store.by_category,
        "category × hour (Time)": store.category_hours,
        "hexagons (Space)": lambda: store.cells(RESOLUTION),
        "hexagons × hour (Space)": lambda: store.cell_hours(RESOLUTION),
        "flows between hexagons (Space)": lambda: store.flows(resolution=RESOLUTION),
        "flows between places (Space)": lambda: store.flows(min_count=5),
        "points (Space)": store.points,
        "hexagons × hour of the week (Space)": lambda: store.cell_weeks(RESOLUTION),
        "lengths of steps (Space)": store.steps,
        "weeks of users (Space)": store.user_weeks,
        "hour × weekday × cell": lambda: _by_hour_and_cell(store),
    }
    times = {}
    for what, ask in asked.items():
        seconds, cpu = [], time.process_time()
        for _ in range(2):
            begun = time.perf_counter()
            rows = len(ask())
            seconds.append(time.perf_counter() - begun)
        cpu = (time.process_time() - cpu) / 2
        times[what] = {"first": seconds[0], "again": seconds[1], "cpu": cpu, "rows": rows}
    return {"times": times}


def _recommend(folder: Path) -> dict:
    """Open the store and answer somebody's first question, as the Recommend page does."""
    import polars as pl

    from pages.parts.recommend.view import MOST_CHECKINS
    from strec.recommend import Recommender
    from strec.store import Store

    begun = time.perf_counter()
    store = Store(folder / "store-parquet")
    table, note = store.some_users(MOST_CHECKINS)
    drawn = time.perf_counter() - begun
    user = store.users().filter(pl.Series(store.drawn_users(MOST_CHECKINS)))["user_id"][0]
    recommender = Recommender(table)
    recommender.recommend(user, k=10)
    seconds, begun = time.perf_counter() - begun, time.perf_counter()
    recommender.recommend(user, k=10)
    return {"seconds": seconds, "drawn": drawn, "again": time.perf_counter() - begun, "note": note}


def _gate(folder: Path) -> dict:
    """Ask the quick look of the Dependence page."""
    from pages.dependence import MOST_READ, QUICK_CHECKINS, QUICK_PERMUTATIONS
    from strec.gate import dependence_test
    from strec.split import split
    from strec.store import Store

    begun = time.perf_counter()
    table, note = Store(folder / "store-parquet").some_users(MOST_READ)
    drawn = time.perf_counter() - begun
    dependence_test(
        split(table).train, max_checkins=QUICK_CHECKINS, n_permutations=QUICK_PERMUTATIONS
    )
    return {"seconds": time.perf_counter() - begun, "drawn": drawn, "note": note}


def _aggregate(folder: Path) -> dict:
    from strec.store import Store

    begun = time.perf_counter()
    found = _by_hour_and_cell(Store(folder / "store-parquet"))
    return {"seconds": time.perf_counter() - begun, "digest": _digest(found)}


def _by_hour_and_cell(store):
    from strec.store.aggregates import parent

    table = store.table
    return store._count(table, hour_of_week=table.hour_of_week, cell=parent(table.cell, RESOLUTION))


def _pandas(folder: Path, kind: str) -> dict:
    """Do the same with pandas: read, local time, cell, group."""
    import pandas as pd
    from h3ronpy import change_resolution
    from h3ronpy.vector import coordinates_to_cells

    begun = time.perf_counter()
    if kind == "csv":
        frame = pd.read_csv(folder / "raw.csv")
    else:
        frame = pd.read_parquet(folder / "raw.parquet")
    local = pd.to_datetime(frame["timestamp"], utc=True).dt.tz_convert(ZONE)
    frame["hour_of_week"] = local.dt.day_of_week * 24 + local.dt.hour
    # By way of the fine cell, as the store does: near an edge the parent of the fine cell need
    # not be the coarse cell of the point.
    fine = coordinates_to_cells(frame["lat"].to_numpy(), frame["lon"].to_numpy(), 10)
    frame["cell"] = np.asarray(change_resolution(fine, RESOLUTION))
    groups = frame.groupby(["hour_of_week", "cell"])["user_id"]
    found = groups.agg(n_checkins="size", n_users="nunique").reset_index()
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "n_groups": len(found), "digest": _digest(found)}


def _digest(found) -> str:
    """Return a fingerprint of groups and counts, whatever their order and types."""
    import hashlib

    columns = ["hour_of_week", "cell", "n_checkins", "n_users"]
    values = found[columns].astype("int64").sort_values(columns).to_numpy()
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


CASES = {
    "ingest_parquet": lambda folder: _ingest(folder, "parquet"),
    "ingest_csv": lambda folder: _ingest(folder, "csv"),
    "aggregate": _aggregate,
    "pages": _pages,
    "recommend": _recommend,
    "gate": _gate,
    "pandas_parquet": lambda folder: _pandas(folder, "parquet"),
    "pandas_csv": lambda folder: _pandas(folder, "csv"),
}


def _run(case: str, folder: Path) -> dict:
    """Run one case in a process of its own; return what it measured and its peak memory."""
    command = [sys.executable, __file__, "--case", case, "--folder", str(folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"The case {case} ended with exit code {child.returncode}.")
    # Kilobytes on Linux, bytes on macOS.
    scale = 1e6 if sys.platform == "darwin" else 1e3
    measured = {"peak_mb": usage.ru_maxrss / scale, "cpu_seconds": usage.ru_utime + usage.ru_stime}
    return json.loads(out.splitlines()[-1]) | measured


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def _arguments():
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--no-start", action="store_true", help="leave out benchmarks/start.py")
    parser.add_argument("--out", help="Markdown file to write")
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", default=".", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
