"""Words are alike on every system."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["strec", "pages"])
def test_no_day_is_written_in_a_form_that_windows_refuses(folder):
    """%-d and %-H are for `wording.moment`; plotly's and polars' forms know them everywhere."""
    found = []
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
                form = ast.unparse(node.format_spec)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                is_polars = ast.unparse(node.func.value).startswith("pl.")
                is_strftime = node.func.attr == "strftime" and not is_polars
                form = ast.unparse(node) if is_strftime else ""
            else:
                continue
            if "%-" in form:
                found.append(f"{path.name}, line {node.lineno}: {form}")
    assert not found
