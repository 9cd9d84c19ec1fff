"""Words are alike on every system."""

import ast
import re
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


@pytest.mark.parametrize("folder", ["strec", "pages"])
def test_a_number_and_its_per_cent_have_one_form(folder):
    """``15 %`` everywhere: neither Python's nor plotly's own form, which leave out the space."""
    found = []
    for path in (ROOT / folder).rglob("*.py"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            is_form = re.search(r":[.~]?\d?\{?\w*\}?%\}|tickformat=.*[~\d]%", line)
            is_glued = re.search(r"\df?\}%[^{\w]|[^\w%.]\d+%(?=[ .,)])", line)
            if (is_form or is_glued) and "width" not in line and "strftime" not in line:
                found.append(f"{path.name}, line {number}: {line.strip()}")
    assert not found


def test_days_are_asked_for_in_one_form():
    used = [path.name for path in (ROOT / "pages").rglob("*.py")
            if re.search(r"(?<!ui)\.date_input\(", path.read_text(encoding="utf-8"))]  # fmt: skip
    assert used == ["ui.py"]
