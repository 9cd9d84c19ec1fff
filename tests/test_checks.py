"""The rules that a machine can check, each by its tool; pyproject.toml says what they are.

Doctests run beside the tests (``--doctest-modules``).
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def passes(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_that_the_linter_finds():
    passes(sys.executable, "-m", "ruff", "check", "--no-cache", ".")


def test_the_format_is_that_of_ruff():
    passes(sys.executable, "-m", "ruff", "format", "--check", "--no-cache", ".")


def test_imports_run_one_way_and_the_library_does_not_know_the_app():
    code = "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])"
    passes(sys.executable, "-c", code)


@pytest.mark.slow
def test_types_are_right():
    passes("pyrefly", "check", "--summary=none", "--python-interpreter-path", sys.executable)


@pytest.mark.slow
def test_the_api_reference_is_made_without_a_warning(tmp_path):
    pytest.importorskip("pdoc", reason="needs pdoc: pip install 'strec-kit[docs]'")
    command = [sys.executable, "docs/api.py", str(tmp_path), "--no-source"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "UserWarning" not in done.stderr, done.stderr
    assert "Dataset" in (tmp_path / "strec.html").read_text(encoding="utf-8")
