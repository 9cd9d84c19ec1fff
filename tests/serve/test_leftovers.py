"""What is left behind goes when its time comes, also after a crash; nothing that is in use does."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from strec import runs, schema
from strec.errors import ModelError
from strec.serve import leftovers, trainings
from strec.store import Store

HOUR = 3600


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("STREC_CACHE", str(tmp_path / "cache"))
    return tmp_path


def workspace(name: str, hours_ago: float) -> Path:
    """A visitor's folder with a store, last used so long ago."""
    folder = leftovers.visits_folder() / name
    (folder / "store-1").mkdir(parents=True)
    (folder / "store-1" / "checkins.parquet").write_text("x")
    for path in (folder / "store-1" / "checkins.parquet", folder / "store-1", folder):
        os.utime(path, (time.time() - hours_ago * HOUR,) * 2)
    return folder


def test_what_a_visitor_brought_goes_a_day_after_its_last_use(monkeypatch):
    old, used, fresh = workspace("a", 30), workspace("b", 30), workspace("c", 1)
    (used / "current").write_text("store-1")  # As each step of a visitor does.
    assert leftovers.sweep() == [old]
    assert not old.exists() and used.exists() and fresh.exists()
    monkeypatch.setenv("STREC_KEEP_HOURS", "0.5")
    assert leftovers.sweep() == [fresh]


def test_what_a_killed_process_left_goes_and_what_a_living_one_holds_stays(places):
    program = (
        "import os, tempfile, time\n"
        "print(tempfile.mkdtemp(prefix=f'strec-apart-p{os.getpid()}-'), flush=True)\n"
        "time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", program], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"TMPDIR": str(places)},
    )  # fmt: skip
    assert process.stdout is not None
    left = Path(process.stdout.readline().strip())
    mine = places / f"strec-p{os.getpid()}-x"
    mine.mkdir()
    assert leftovers.sweep() == [] and left.is_dir()
    process.kill()
    process.communicate()
    assert leftovers.sweep() == [left] and not left.exists() and mine.is_dir()


def test_a_training_on_a_sample_has_an_age_and_an_owner(places):
    store = Store.create(schema.example(), places / "s" / "store", name="s")
    root = runs.home(store, is_shared=True)
    for number in range(3):
        runs.create(root / f"a{number}", "popularity", store, owner="a").set_state("done")
    theirs = runs.create(root / "b", "popularity", store, owner="b")
    theirs.set_state("done")
    runs.create(root / "a9", "popularity", store, owner="a").set_state("done")
    # Many trainings of one visitor delete none of another's.
    runs.prune(root, keep=1, owner="a")
    assert {run.folder.name for run in runs.runs_in(root)} == {"a9", "b"}
    gone = leftovers.sweep(time.time() + 366 * 24 * HOUR)
    assert theirs.folder in gone and not runs.runs_in(root)


def test_the_thread_sweeps_though_nobody_comes():
    old, done = workspace("a", 30), threading.Event()
    sweeper = leftovers.Sweeper(also=done.set)
    sweeper.start()
    assert done.wait(10) and not old.exists()
    sweeper.stop()
    sweeper.join(5)
    assert not sweeper.is_alive()


def test_trainings_have_a_bound_for_a_visitor_and_for_the_server(places, monkeypatch):
    store = Store.create(schema.example(), places / "s" / "store", name="s")
    root = runs.home(store, is_shared=True)
    monkeypatch.setenv("STREC_PUBLIC", "1")
    for number in range(3):
        runs.create(root / f"a{number}", "popularity", store, owner="a")
    trainings.check_room(root, 1, "a")
    with pytest.raises(ModelError, match="3 of yours run or wait, and 2 more"):
        trainings.check_room(root, 2, "a")
    trainings.check_room(root, 4, "b")
    # Many own data sets are one server's: what runs on others counts.
    mine = leftovers.visits_folder() / "c" / "runs"
    for number in range(9):
        runs.create(leftovers.visits_folder() / f"v{number}/runs/r", "popularity", store)
    with pytest.raises(ModelError, match="12 wait or run before yours"):
        trainings.check_room(mine)
    monkeypatch.setenv("STREC_TRAININGS_EACH", "0")
    with pytest.raises(ModelError, match="not trained on this server"):
        trainings.check_room(root, 1, "c")
