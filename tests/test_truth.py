"""docs/truth.md: each test that it names is there, and each table has its part of the benchmark."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "truth.md").read_text()


@pytest.mark.slow
def test_every_test_that_is_named_is_there():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
    assert len(named) >= 19
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text())
        assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}, name


def test_every_table_is_computed_by_its_part():
    parts = {path.stem for path in (ROOT / "benchmarks" / "truth_parts").glob("[a-z]*.py")}
    assert set(re.findall(r"<!-- (\w+) -->", TEXT)) == parts
    for part in parts:
        table = TEXT.split(f"<!-- {part} -->")[1].split(f"<!-- /{part} -->")[0]
        assert table.count("\n|") > 2, part
