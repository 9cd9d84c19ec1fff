"""The house rules that a machine can check: imports run one way, and strec knows no app."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STREC = ROOT / "strec"


def rooms() -> list[str]:
    """Return the modules in the order of the table in docs/architecture.md."""
    names = []
    for line in (ROOT / "docs" / "architecture.md").read_text().splitlines():
        if line.startswith("| `"):
            names += [name.strip("/") for name in line.split("|")[1].split("`")[1::2]]
    return names


def imports_of(path: Path) -> set[str]:
    """Return the rooms of strec that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "strec":
                found |= {alias.name for alias in node.names}
            elif node.module.startswith("strec."):
                found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("strec.")}
    return found


def room_of(path: Path) -> str:
    return path.relative_to(STREC).parts[0].removesuffix(".py")


FILES = [
    path
    for path in sorted(STREC.rglob("*.py"))
    if path.parent.name != "data" and path != STREC / "__init__.py"
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(STREC)))
def test_a_module_imports_only_from_rooms_above(path):
    order = rooms()
    room = room_of(path)
    assert room in order, f"{room} has no line in docs/architecture.md"
    below = {name for name in imports_of(path) - {room} if order.index(name) > order.index(room)}
    assert not below, f"{room} imports from below: {sorted(below)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(STREC)))
def test_the_library_does_not_know_the_app(path):
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
    }
    assert "streamlit" not in names and "pages" not in names


def test_importing_strec_loads_nothing_heavy():
    heavy = "torch transformers streamlit plotly geopandas statsmodels sklearn polars pandas"
    code = f"import strec, sys; print([m for m in {heavy.split()!r} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
