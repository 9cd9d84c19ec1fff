"""Calibration of what strec says: is every interval honest, every sentence true?

Each part is a module of `truth_parts` whose ``table()`` returns Markdown; none of them makes its
worlds with `strec.simulation`::

    python benchmarks/truth.py                    # every part
    python benchmarks/truth.py ties intervals     # some of them
    python benchmarks/truth.py ties --write       # the tables into docs/truth.md
    STREC_DATA=folder python benchmarks/truth.py probabilities
    python benchmarks/truth.py bands gate --into folder --minutes 8    # a piece; again for the next

`bands` and `gate` keep each result in the folder given, and do not do again what lies there. The
whole calibration of the gate, of which `gate` is a part, is ``benchmarks/gate_worlds.py``.
"""

import argparse
import importlib
import inspect
import os
import re
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.piecewise import Unfinished

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs" / "truth.md"
PARTS = [path.stem for path in sorted((HERE / "truth_parts").glob("[a-z]*.py"))]


def write(part: str, table: str) -> None:
    """Put a table between its two marks in docs/truth.md."""
    text, marks = DOCS.read_text(), (f"<!-- {part} -->", f"<!-- /{part} -->")
    between = re.compile(f"{marks[0]}.*?{marks[1]}", re.DOTALL)
    if not between.search(text):
        sys.exit(f"docs/truth.md has no {marks[0]} … {marks[1]}")
    DOCS.write_text(between.sub(lambda _: f"{marks[0]}\n{table}\n{marks[1]}", text))


def _table(part: str, into: Path | None, minutes: float, processes: int) -> str:
    make = importlib.import_module(f"truth_parts.{part}").table
    if "file" not in inspect.signature(make).parameters:
        return make().strip()
    return make(into and into / f"{part}.jsonl", minutes, processes).strip()


def main() -> None:
    """Run the parts that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "parts", nargs="*", choices=[*PARTS, []], metavar="part", help=", ".join(PARTS)
    )
    parser.add_argument("--write", action="store_true", help="put the tables into docs/truth.md")
    parser.add_argument("--into", type=Path, help="keep results of bands and gate in this folder")
    parser.add_argument("--minutes", type=float, default=600, help="begin nothing after so long")
    parser.add_argument("--processes", type=int, default=2, help="of bands and gate")
    given = parser.parse_args()
    for part in given.parts or PARTS:
        began = time.perf_counter()
        try:
            table, is_done = _table(part, given.into, given.minutes, given.processes), True
        except Unfinished as some:
            table, is_done = str(some), False
        print(f"\n## {part}\n\n{table}\n\n{time.perf_counter() - began:.0f} s", flush=True)
        if given.write and is_done:
            write(part, table)


if __name__ == "__main__":
    main()
