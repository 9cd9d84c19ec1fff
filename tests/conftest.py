"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

# Processes that share the work share the cores too: threads of each would be in the others' way.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real research data, which is never part of the project."""
    folder = os.environ.get("STREC_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real data: set STREC_DATA to its folder")
    return Path(folder)
