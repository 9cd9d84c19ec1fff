"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more of the machine's other work than of the code.
settings.register_profile("strec", deadline=None)
settings.load_profile("strec")

# Processes that share the work share the cores too: threads of each would be in the others' way.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config) -> int:
    """One more than there are processors: tests wait for pages and browsers."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file stays in one process (loadfile); all of the browser's share one app, one browser."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduler(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            scope = super()._split_scope(nodeid)
            return "tests/browser" if scope.startswith("tests/browser/") else scope

    return Scheduler(config, log)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real research data, which is never part of the project."""
    folder = os.environ.get("STREC_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real data: set STREC_DATA to its folder")
    return Path(folder)
