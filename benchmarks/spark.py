"""One machine or a cluster: DuckDB and a standalone Spark cluster on the same work, in one run.

Starts a master and two workers on the loopback (PySpark and Java 17), and prints what each takes by
whole path: questions of the pages, files to a clean store, a list for everybody of a tenth of the
users; then what that says of more cores and of a billion check-ins::

    python benchmarks/spark.py                          # 1 and 10 million generated check-ins
    python benchmarks/spark.py --rows 100000 1000000

Linux only: CPU seconds are read from /proc. The check-ins lie below TMPDIR, and go at the end.
"""

import argparse
import json
import math
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE, MEMORY, N_FILES = "duckdb://", "3g", 8
#: Machines of eight cores on paper.
WORKERS = 10
COLUMNS = {name: name for name in ("user_id", "item_id", "timestamp", "lat", "lon", "category")}


def main() -> None:
    """Measure and print the table."""
    arguments = _arguments()
    if arguments.case:
        _in_child(arguments.case, arguments.engine, Path(arguments.folder))
        return
    sizes = sorted(arguments.rows)
    measured: dict[tuple, dict] = {}
    for n in sizes:
        with tempfile.TemporaryDirectory(prefix="strec-spark-") as name:
            folder = Path(name)
            _files(n, folder)
            with cluster(folder / "spark", memory=MEMORY) as (url, _):
                for case in CASES:
                    for engine in (HERE, url):
                        found = _run(case, engine, folder)
                        measured[case, engine == url, n] = found
                        print(f"{n:,} {case} {engine}: {found}", file=sys.stderr)
    _table(measured, sizes)


def _table(measured: dict[tuple, dict], sizes: list[int]) -> None:
    """Print CPU seconds, their exponents, and what follows from them."""
    print("| | engine | " + " | ".join(f"{n / 1e6:g} M" for n in sizes) + " | exponent |")
    print("|---|---|" + "---|" * (len(sizes) + 1))
    for case, (title, _) in CASES.items():
        for is_spark in (False, True):
            found = [measured[case, is_spark, n] for n in sizes]
            cells = [f"{one['cpu']:.0f} / {one['wall']:.0f} / {one['gb']:.1f}" for one in found]
            name = "Spark" if is_spark else "DuckDB"
            print(f"| {title} | {name} | {' | '.join(cells)} | {_exponent(found, sizes)} |")
    print("\nCPU s of all processes / wall s / GB resident at most.\n")
    if len(sizes) < 2:
        return
    heads = ("DuckDB, each million", "Spark, at first", "each million", "of that on one machine",
             "cores for one of DuckDB", "a billion: DuckDB on 8 cores",
             f"Spark on {WORKERS} x 8 cores")  # fmt: skip
    print(f"| CPU s | {' | '.join(heads)} |")
    print("|---|" + "---|" * len(heads))
    millions = (sizes[-1] - sizes[-2]) / 1e6
    for case, (title, _) in CASES.items():
        here, there, alone = (
            (measured[case, is_spark, sizes[-1]][what] - measured[case, is_spark, sizes[-2]][what])
            / millions
            for is_spark, what in ((False, "cpu"), (True, "cpu"), (True, "driver"))
        )
        last = measured[case, True, sizes[-1]]
        first = last["cpu"] - there * sizes[-1] / 1e6
        billion = last["start"] + 1000 * (alone + (there - alone) / (8 * WORKERS))
        cells = f"{here:.2f} | {first:.0f} | {there:.2f} | {alone:.2f} | {there / here:.1f}"
        print(f"| {title} | {cells} | {1000 * here / 8 / 60:.1f} min | {billion / 60:.1f} min |")


def _exponent(found: list[dict], sizes: list[int]) -> str:
    if len(sizes) < 2:
        return "–"
    few, many = (each["cpu"] for each in found[-2:])
    return f"{math.log(many / few) / math.log(sizes[-1] / sizes[-2]):.2f}"


# ---------------------------------------------------------------- what is compared


def _questions(engine: str, folder: Path) -> None:
    from strec.store import Filters, Store

    store, some = Store(folder / "store", engine), Filters(hours=(7, 8, 9), weekdays=(0, 1, 2))
    for ask in (store.summary, store.hour_weekday, store.calendar, lambda: store.calendar(some),
                store.by_category, lambda: store.cells(8), lambda: store.cell_hours(8),
                lambda: store.cell_days(8), lambda: store.flows(resolution=8), store.points,
                store.steps, store.gyration):  # fmt: skip
        ask()


def _clean(engine: str, folder: Path) -> None:
    from strec.cleaning import clean_file
    from strec.io import Mapping, ingest
    from strec.store import Store
    from strec.store.cluster import ingest_on_cluster

    files, out = sorted((folder / "files").glob("*.parquet")), folder / "made"
    mapping = Mapping(**COLUMNS)
    if engine != HERE:
        ingest_on_cluster(files, out, mapping=mapping, engine=engine, time_zone="UTC")
        return
    ingest(files, folder / "read.parquet", mapping, time_zone="UTC")
    clean_file(folder / "read.parquet", folder / "cleaned.parquet")
    Store.create(folder / "cleaned.parquet", out, name="made")


def _everybody(engine: str, folder: Path) -> None:
    from strec.recommend import recommend_everybody
    from strec.store import Store

    recommend_everybody(Store(folder / "tenth", engine), folder / f"lists-{engine == HERE}")


CASES: dict[str, tuple[str, Callable]] = {
    "questions": ("twelve questions of the pages", _questions),
    "clean": ("files to a clean store", _clean),
    "everybody": ("a list for everybody of a tenth of the users", _everybody),
}


def _files(n: int, folder: Path) -> None:
    """Write files as a log has them, the store of all, and that of a tenth of the users."""
    import ingest
    import polars as pl

    from strec.io import Mapping
    from strec.io import ingest as read
    from strec.store import Store
    from strec.store import answers as kept

    # What is asked is counted, not found.
    kept.LEAST_CHECKINS = 10**12
    ingest.generate(n, folder, csv=False)
    (folder / "files").mkdir()
    raw = pl.scan_parquet(folder / "raw.parquet")
    for part in range(N_FILES):
        begin, end = n * part // N_FILES, n * (part + 1) // N_FILES
        raw.slice(begin, end - begin).sink_parquet(folder / "files" / f"part-{part}.parquet")
    whole = folder / "canonical.parquet"
    read(folder / "raw.parquet", whole, Mapping(**COLUMNS), time_zone="UTC")
    store = Store.create(whole, folder / "store", name="all")
    Store.create(store.some_users(n // 10)[0], folder / "tenth", name="tenth")


# ---------------------------------------------------------------- a process for each


def _run(case: str, engine: str, folder: Path) -> dict:
    """Return CPU seconds of this process and all below it, while a child does the work."""
    command = [sys.executable, __file__, "--case", case, "--engine", engine, "--folder", folder]
    # Half of a worker is for the processes of Python beside the JVM.
    set_up = "--conf spark.executor.memory=1500m --conf spark.driver.memory=1500m pyspark-shell"
    own = os.environ | {"PYSPARK_SUBMIT_ARGS": set_up}
    before, most = _used()[0], 0.0
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(command, stdout=said, stdin=subprocess.PIPE, env=own)
        found: dict = {}
        while not found:
            time.sleep(0.2)
            cpu, gb = _used()
            most = max(most, gb)
            said.seek(0)
            lines = [line for line in said.read().splitlines() if line.startswith('{"wall"')]
            # The work is done, and all who did it are still there to be counted.
            found = json.loads(lines[0]) | {"cpu": _used()[0] - before} if lines else {}
            if child.poll() is not None and not lines:
                raise SystemExit(f"{case} with {engine} failed.")
        child.communicate(b"\n")
    return found | {"gb": round(most, 2)}


def _in_child(case: str, engine: str, folder: Path) -> None:
    from strec.store import answers, engines

    answers.LEAST_CHECKINS = 10**12
    begun = time.perf_counter()
    engines.connect(engine, folder)
    start = time.perf_counter() - begun
    CASES[case][1](engine, folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    said = {"wall": time.perf_counter() - begun, "start": start}
    print(json.dumps(said | {"driver": used.ru_utime + used.ru_stime}), flush=True)
    sys.stdin.readline()


def _used() -> tuple[float, float]:
    """Return CPU seconds, those of ended children too, and resident GB of all below this."""
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    known = {}
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = each.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        cpu = sum(map(int, fields[11:15])) / tick
        known[int(each.parent.name)] = int(fields[1]), cpu, int(fields[21]) * page / 1e9
    mine, found = {os.getpid()}, 0
    while len(mine) > found:
        found = len(mine)
        mine |= {pid for pid, (parent, *_) in known.items() if parent in mine}
    used = [known[pid] for pid in mine if pid in known]
    return sum(each[1] for each in used), sum(each[2] for each in used)


# ---------------------------------------------------------------- a cluster


@contextmanager
def cluster(
    folder: Path, *, n_workers: int = 2, memory: str = "1g"
) -> Iterator[tuple[str, Callable[[], subprocess.Popen]]]:
    """Give the URL of a master on the loopback, and what starts one more worker of one core."""
    import pyspark

    home = Path(pyspark.__file__).parent
    folder.mkdir(exist_ok=True)
    # As Spark's own launcher does for Java 17.
    inner = "java.lang java.lang.invoke java.net java.nio java.util java.util.concurrent"
    inner += " sun.nio.ch sun.security.action sun.util.calendar"
    opens = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in inner.split()]
    begun = [str(shutil.which("java")), "-Xmx512m", *opens, "-cp", f"{home / 'jars'}/*"]
    own = os.environ | {"SPARK_HOME": str(home), "SPARK_SCALA_VERSION": "2.13"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, started = f"spark://127.0.0.1:{port}", []

    def start(what: str, *words: str) -> subprocess.Popen:
        command = [*begun, f"org.apache.spark.deploy.{what}", "--host", "127.0.0.1", *words]
        started.append(subprocess.Popen(
            [*command, "--webui-port", "0"], cwd=folder, env=own, stderr=subprocess.DEVNULL
        ))  # fmt: skip
        return started[-1]

    def add_worker() -> subprocess.Popen:
        place = str(folder / f"worker{len(started)}")
        return start("worker.Worker", "--cores", "1", "--memory", memory, "--work-dir", place, url)

    start("master.Master", "--port", str(port))
    for _ in range(n_workers):
        add_worker()
    try:
        for _ in range(600):
            with socket.socket() as asked:
                if not asked.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.1)
        yield url, add_worker
    finally:
        for process in started:
            process.kill()
            process.wait()


def _arguments():
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--engine", default=HERE, help=argparse.SUPPRESS)
    parser.add_argument("--folder", default=".", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
