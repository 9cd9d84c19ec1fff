"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest


@pytest.hookimpl(tryfirst=True)  # Before the process that shares the work reads the marks.
def pytest_collection_modifyitems(items):
    """Keep the tests of a file together where processes share the work: they share what is fitted.

    What needs a browser is one group, so that one app is started.
    """
    for each in items:
        folder = each.path.parent.name
        each.add_marker(pytest.mark.xdist_group(folder if folder == "browser" else str(each.path)))
        if folder == "browser":
            each.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real research data, which is never part of the project."""
    folder = os.environ.get("STREC_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real data: set STREC_DATA to its folder")
    return Path(folder)
