"""Formulas in the pages are written so that the browser can set them."""

import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "pages/methods").glob("*.md"))


@pytest.mark.parametrize("path", PAGES, ids=lambda each: each.stem)
def test_a_formula_of_several_lines_stands_between_lines_of_dollars(path):
    """Otherwise Markdown takes its first line for a title and never finds the end."""
    for formula in re.findall(r"\$\$(.*?)\$\$", path.read_text(), flags=re.S):
        if "\n" in formula:
            assert formula.startswith("\n") and formula.endswith("\n"), formula
