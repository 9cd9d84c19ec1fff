"""The rules that a machine can check, each by its tool; pyproject.toml says what they are.

Doctests run beside the tests (``--doctest-modules``).
"""

import subprocess
import sys
from pathlib import Path

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
