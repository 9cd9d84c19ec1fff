"""A small world and the Recommend page on it; other pages bring their own."""

from functools import cache

import polars as pl
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, local_script_runner

from strec.simulation import simulate
from strec.store import Store
from tests.pages.recommending import open_page

# Each AppTest reads the metadata of every package that is installed: once is enough.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
# While a page runs, AppTest looks a thousand times a second through all that it has sent so far.
_look_whether_it_ended = local_script_runner.require_widgets_deltas


def _wait_for_its_end(runner: local_script_runner.LocalScriptRunner, timeout: float = 3) -> None:
    if runner._script_thread is not None:
        runner._script_thread.join(timeout)
    _look_whether_it_ended(runner, 0.1)


local_script_runner.require_widgets_deltas = _wait_for_its_end


@pytest.fixture(scope="module")
def world() -> pl.DataFrame:
    return simulate("social", n_users=12, n_checkins=700, seed=3, temporal=0.8, spatial=0.5,
                    interaction=0.3)  # fmt: skip


@pytest.fixture(scope="module")
def store(world, tmp_path_factory) -> Store:
    return Store.create(world, tmp_path_factory.mktemp("store") / "store", name="A world")


@pytest.fixture()
def app(store) -> AppTest:
    return open_page(store)
