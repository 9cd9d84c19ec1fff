"""Worlds that share nothing with strec's simulator: no where nothing acts, yes where it does.

The whole calibration, 20 worlds of each kind, is `benchmarks/gate_worlds.py`; docs/gate.md has it.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from strec.gate import dependence_test

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
outside = pytest.importorskip("benchmarks.outside_worlds")


def test_there_are_enough_kinds_and_none_is_made_with_our_own_simulator():
    assert len(outside.NULL) >= 12 and len(outside.POWER) >= 12
    assert "import strec" not in Path(outside.__file__).read_text()
    assert "from strec" not in Path(outside.__file__).read_text()


def test_the_oracle_knows_nothing_where_nothing_acts():
    world = outside.exploration(np.random.default_rng(3))
    table, nats = outside.live(world, np.random.default_rng(3))
    assert nats == 0 and len(table) > 1_000
    _, nats = outside.live(outside.hours(np.random.default_rng(3), 1.0), np.random.default_rng(3))
    assert nats > 0.05


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["second_home", "hours"])
def test_the_gate_sees_what_is_there_and_nothing_else(kind):
    rng = np.random.default_rng([5, len(kind)])
    world = outside.KINDS[kind](rng, *([1.0] if kind == "hours" else []))
    table, _ = outside.live(world, rng)
    found = dependence_test(table, seed=0, n_permutations=79, dates=world.dates)
    yes = {each.name for each in found.ingredients if each.decision}
    assert yes == ({"time"} if kind == "hours" else set())


def test_the_docs_say_what_was_counted():
    """docs/gate.md: at most one false yes in the twenty worlds of each kind without dependence."""
    text = (ROOT / "docs" / "gate.md").read_text().split("### From outside")[1].split("\n### ")[0]
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    rows = [cells for cells in lines if len(cells) == 9 and cells[7].startswith("**")]
    assert {cells[0].replace(" ", "_") for cells in rows} == {e.__name__ for e in outside.NULL}
    for kind, _, n, *_, false, _ in rows:
        assert int(n) >= 20 and int(false.strip("*")) <= 0.05 * int(n), kind
