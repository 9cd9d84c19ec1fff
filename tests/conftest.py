"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real research data, which is never part of the project."""
    folder = os.environ.get("STREC_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real data: set STREC_DATA to its folder")
    return Path(folder)
