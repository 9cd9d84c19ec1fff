"""The engine that is asked for answers, or is refused; a real cluster gives what DuckDB gives."""

import os
import shutil
import socket
import subprocess
import sys
import time
import types
from importlib import machinery
from pathlib import Path

import pandas as pd
import polars as pl
import polars.testing
import pytest

from benchmarks.spark import cluster as local_cluster
from strec import schema
from strec.cleaning import clean_file
from strec.errors import LimitError, ReadError, StoreError
from strec.io import ingest
from strec.simulation import simulate
from strec.store import Store, engines
from strec.store.cluster import ingest_on_cluster

#: STREC_BIG=1 takes a million check-ins through the whole path.
N_ROWS = 1_000_000 if os.environ.get("STREC_BIG") else 2_000


def some_world() -> pl.DataFrame:
    return simulate(n_users=3 * N_ROWS // 100, n_checkins=N_ROWS)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("pyspark://10.0.0.5:7077", "For a cluster write spark://10.0.0.5:7077"),
        ("spark://", "HOST:PORT"),
        ("spark://master", "HOST:PORT"),
        ("spark://10.0.0.5:seven", "HOST:PORT"),
        ("postgres://10.0.0.5/db", "Write one of them"),
        ("duckdb://other.ddb", "Write one of them"),
        ("fast", "Write one of them"),
    ],
)
def test_an_engine_that_would_not_be_what_it_says_is_refused(url, said):
    with pytest.raises(StoreError, match=said):
        engines.chosen(url)


def test_the_environment_says_which_engine_and_what_is_given_wins(monkeypatch, tmp_path):
    assert engines.chosen() == "duckdb://"
    monkeypatch.setenv(engines.VARIABLE, "polars://")
    store = Store.create(schema.example(), tmp_path / "store", name="Example")
    assert (store.engine, store.summary()["n_checkins"]) == ("polars://", 4)
    assert "Polars" in store.engine_in_words and "in this process" in store.engine_in_words
    assert Store(store.folder, "duckdb://").engine == "duckdb://"


def test_a_cluster_that_is_not_there_is_said_to_be_so(tmp_path):
    pytest.importorskip("pyspark", reason="PySpark is not installed")
    Store.create(schema.example(), tmp_path / "store", name="Example")
    with pytest.raises(StoreError, match="nothing answers"):
        Store(tmp_path / "store", f"spark://127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    ("stopped", "mend"),
    [
        ("[PATH_NOT_FOUND] /data/checkins.parquet", "shared disk"),
        ("Job aborted: java.io.IOException: No space left on device", "SPARK_LOCAL_DIRS"),
        ("ExecutorLostFailure: Command exited with code 52", "Give workers more"),
        ("[PYTHON_VERSION_MISMATCH] 3.12 and 3.11", "strec doctor"),
        ("ModuleNotFoundError: No module named 'strec'", "strec doctor"),
        ("Job 3 cancelled as part of cancellation of all jobs", "open the store again"),
        ("something new", "duckdb://"),
    ],
)
def test_what_stops_a_cluster_is_said_with_how_to_mend_it(stopped, mend):
    said = engines.in_words("spark://10.0.0.5:7077", RuntimeError(stopped))
    assert mend in str(said) and stopped in str(said)
    assert engines.in_words("duckdb://", RuntimeError(stopped)) is None


def test_a_spark_that_does_not_fit_is_refused(monkeypatch, tmp_path):
    old = types.ModuleType("pyspark")
    old.__spec__, old.__version__ = machinery.ModuleSpec("pyspark", None), "3.5.1"
    monkeypatch.setitem(sys.modules, "pyspark", old)
    with pytest.raises(StoreError, match=r"PySpark 3\.5\.1"):
        engines._spark("pyspark://")


def test_a_cluster_is_not_asked_to_fill_a_disk_or_to_read_what_changes(monkeypatch, tmp_path):
    path, out = tmp_path / "visits.csv", tmp_path / "out"
    schema.example().write_csv(path)
    context = types.SimpleNamespace(_session=types.SimpleNamespace(sparkContext=None))
    monkeypatch.setattr(engines, "connect", lambda url, folder: context)
    monkeypatch.setattr(
        "strec.store.cluster._read_all", lambda files, *rest: files[0].write_text("other")
    )
    with pytest.raises(ReadError, match="1 file changed"):
        ingest_on_cluster([path], out, engine="pyspark://", time_zone="UTC")
    schema.example().write_csv(path)
    full = types.SimpleNamespace(free=10)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: full)
    with pytest.raises(LimitError, match="of room"):
        ingest_on_cluster([path], out, engine="pyspark://", time_zone="UTC")
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A master and two workers on the loopback: processes of their own, as on two machines."""
    pytest.importorskip("pyspark", reason="PySpark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    with local_cluster(tmp_path_factory.mktemp("spark")) as started:
        yield started


#: Runs in a process of its own, since a process works with one Spark.
ASKED = """
import pickle, sys
from strec import demand, temporal
from strec.store import Filters, Store
store = Store(sys.argv[1], sys.argv[2])
some = Filters(hours=(7, 8, 9), weekdays=(0, 1, 2))
print(store.engine_in_words)
answers = [store.hour_weekday(), store.calendar(some), store.by_category(3),
           store.cells(8), store.cell_hours(6), store.flows(min_users=1), store.points(),
           store.steps(), store.gyration(), store.user_weeks(most=30), store.cell_days(7),
           demand.panel(store, where="items").places, temporal.series(store, "hour").frame]
with open(sys.argv[3], "wb") as file:
    pickle.dump(answers, file)
"""


def asked(store: Store, engine: str, answers: Path, meanwhile=None) -> tuple[str, list]:
    command = [sys.executable, "-c", ASKED, str(store.folder), engine, str(answers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        if meanwhile is not None:
            meanwhile()
    assert process.returncode == 0
    return said, pd.read_pickle(answers)


@pytest.mark.slow
def test_a_cluster_gives_what_this_process_gives_also_when_a_worker_dies(cluster, tmp_path):
    url, add_worker = cluster
    made = Store.create(some_world(), tmp_path / "store", name="World")
    _, expected = asked(made, "duckdb://", tmp_path / "duckdb")
    said, found = asked(made, url, tmp_path / "spark")
    assert url in said and "2 workers, 2 cores" in said
    for here, there in zip(expected, found, strict=True):
        assert len(here)
        pd.testing.assert_frame_equal(here, there, check_dtype=False)
    # One of the machines goes away while it works.
    said, found = asked(made, url, tmp_path / "again", add_worker().kill)
    for here, there in zip(expected, found, strict=True):
        pd.testing.assert_frame_equal(here, there, check_dtype=False)


EVERYBODY = """
import sys
from pathlib import Path
import strec.store.by_users as by_users
from strec.recommend import recommend_everybody
from strec.store import Store
by_users.TASK_ROWS = int(sys.argv[4])
store = Store(sys.argv[1], sys.argv[2])
print(store.engine_in_words, flush=True)
print(recommend_everybody(store, sys.argv[3], k=3))
"""


@pytest.mark.slow
def test_the_workers_of_a_cluster_recommend_to_everybody(cluster, tmp_path):
    url, _ = cluster
    made = Store.create(some_world(), tmp_path / "store", name="World")
    for engine, name in (("duckdb://", "here"), (url, "there")):
        command = [sys.executable, "-c", EVERYBODY, str(made.folder), engine, str(tmp_path / name),
                   str(N_ROWS // 8)]  # fmt: skip
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert int(said.split()[-1]) == 3 * made.meta["n_users"]
    assert len(list((tmp_path / "there").glob("part-*.parquet"))) > 2
    here, there = (
        pl.read_parquet(tmp_path / name).sort("user_id", "rank") for name in ("here", "there")
    )
    polars.testing.assert_frame_equal(here, there)


INGESTED = """
import sys
from pathlib import Path
import strec.store.cluster as cluster
cluster.PIECE_ROWS = int(sys.argv[4])
files = sorted(Path(sys.argv[1]).glob("*.csv"))
made = cluster.ingest_on_cluster(files, sys.argv[3], engine=sys.argv[2], time_zone="UTC")
print(made.store.fingerprint, made.result.n_rows, made.result.reasons)
print(made.report.to_dict())
"""


@pytest.mark.slow
def test_a_cluster_reads_sorts_and_cleans_as_one_machine_also_when_a_worker_dies(cluster, tmp_path):
    url, add_worker = cluster
    world = some_world().sample(fraction=1.0, shuffle=True, seed=1)
    # Twice the same, a place that is none, and rows that are no check-ins.
    world = pl.concat([world, world[:50]]).with_columns(
        pl.when(pl.int_range(pl.len()) % 300 == 7).then(95.0).otherwise("lat").alias("lat"),
        pl.col("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    for number in range(4):
        part = world[number::4].select("user_id", "item_id", "timestamp", "lat", "lon", "category")
        part.write_csv(tmp_path / f"part-{number}.csv")
    with (tmp_path / "part-3.csv").open("a") as file:
        file.write("somebody,somewhere,at no time,1,1,Bar\n")
    (tmp_path / "_SUCCESS.csv").touch()
    files = sorted(tmp_path.glob("part-*.csv"))
    read = ingest(files, tmp_path / "read.parquet", time_zone="UTC")
    report = clean_file(tmp_path / "read.parquet", tmp_path / "cleaned.parquet")
    here = Store.create(tmp_path / "cleaned.parquet", tmp_path / "here", name="there")
    worker = add_worker()
    command = [sys.executable, "-c", INGESTED, str(tmp_path), url, str(tmp_path / "there"),
               str(N_ROWS // 5)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        time.sleep(15)
        worker.kill()
        said = process.stdout.read().splitlines()
    assert said[0] == f"{here.fingerprint} {read.n_rows} {read.reasons}" and read.reasons
    assert said[1] == str(report.to_dict())
    assert Store(tmp_path / "there").checkins().equals(here.checkins())
    assert not list(tmp_path.glob(".*"))
