"""Fixtures that every test may use."""

import compileall
import gc
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import cache_from_source, find_spec
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more of the machine's other work than of the code.
settings.register_profile("strec", deadline=None)
settings.load_profile("strec")

# Processes that share the work share the cores too: threads of each would be in the others' way.
if "PYTEST_XDIST_WORKER" in os.environ:
    for threads in ("OMP_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ.setdefault(threads, "1")


# Coverage of a process that shares the work: slipcover's settings do not come to it.
_covering = getattr(sys.modules.get("slipcover.pytest_plugin"), "_slipcover_instance", None)
if _covering is not None:
    # Before Python 3.12 a line seen 50 times is freed of its probe, in a walk through all that is
    # loaded: the walks cost more than the probes.
    _covering.d_miss_threshold = 1_000_000
    # What no test imports is counted once, by the process that prints.
    _covering.source = None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config) -> int:
    """One more than there are processors: tests wait for pages and browsers."""
    return (os.cpu_count() or 1) + 1


#: What thousands of modules belong to, in two halves that are compiled in about the same time.
COMPILED = (
    "torch, transformers, accelerate, lightgbm, sklearn.ensemble, scipy.stats",
    "streamlit.testing.v1, streamlit.web.cli, ibis, polars, pandas, statsmodels.tsa.api, "
    "plotly.graph_objects, hypothesis, gensim.models, esda, geopandas",
)


def pytest_configure(config) -> None:
    """On a new machine, compile once what each of the processes would compile at the same time."""
    if not getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput"):
        return
    torch = find_spec("torch")
    if torch is None or torch.origin is None or sys.dont_write_bytecode:
        return
    if Path(cache_from_source(torch.origin)).exists():
        return
    halves = [subprocess.Popen([sys.executable, "-c", f"import {each}"], stderr=subprocess.DEVNULL)
              for each in COMPILED]  # fmt: skip
    # Of pytest's inside: where that has changed, each process compiles for itself.
    with suppress(ImportError, AttributeError, TypeError, ValueError, OSError):
        _compile_own(config)
    for each in halves:
        each.wait()


def _compile_own(config) -> None:
    """Compile strec, and the tests with their asserts rewritten, for all of the processes."""
    from _pytest.assertion import rewrite

    here = Path(__file__).parent
    for folder in ("strec", "pages"):
        compileall.compile_dir(here.parent / folder, quiet=2)
    for path in here.rglob("test_*.py"):
        cache = rewrite.get_cache_dir(path)
        cache.mkdir(exist_ok=True)
        source, code = rewrite._rewrite_test(path, config)
        state = config.stash[rewrite.assertstate_key]
        rewrite._write_pyc(state, code, source, cache / f"{path.stem}{rewrite.PYC_TAIL}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file stays in one process (loadfile); all of the browser's share one app, one browser."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduler(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            scope = super()._split_scope(nodeid)
            return "tests/browser" if scope.startswith("tests/browser/") else scope

    return Scheduler(config, log)


#: Begun first: each keeps a process for minutes, and at the end the others would wait for it.
LONGEST = ("tests/browser/", "tests/test_checks.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that the processes end together."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not item.nodeid.startswith(LONGEST), item.path not in slow))


def pytest_collection_finish() -> None:
    """Keep what is imported out of the collector's walks: hundreds of thousands of objects stay."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real research data, which is never part of the project."""
    folder = os.environ.get("STREC_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real data: set STREC_DATA to its folder")
    return Path(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """Write what each test costs into the folder that STREC_TEST_COST names.

    Processes count when they end, so those that a fixture keeps count to the last test it serves.
    """
    folder = os.environ.get("STREC_TEST_COST")
    if not folder:
        return (yield)
    begun, cpu = time.time(), sum(os.times()[:4])
    result = yield
    row = {"test": item.nodeid, "begun": begun, "wall_s": time.time() - begun,
           "cpu_s": sum(os.times()[:4]) - cpu}  # fmt: skip
    with open(f"{folder}/{os.getpid()}.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    return result
