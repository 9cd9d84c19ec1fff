"""Tests: what each file costs in processor seconds, and what runs last.

Runs pytest, with the options given, and prints Markdown tables::

    python benchmarks/costs_of_tests.py -n auto
    python benchmarks/costs_of_tests.py -m "not slow" tests/pages
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

MOST = 25


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
        done = subprocess.run(command, env=os.environ | {"STREC_TEST_COST": folder})
        tests = [
            json.loads(line) for path in Path(folder).iterdir() for line in path.open("rb")
        ]  # fmt: skip
    print(tables(tests))
    sys.exit(done.returncode)


def tables(tests: list[dict]) -> str:
    """Return the dearest files, the dearest tests, and the files that ended last."""
    files = defaultdict(list)
    for test in tests:
        files[test["test"].split("::")[0]].append(test)
    begun = min(test["begun"] for test in tests)
    ends = {
        name: max(each["begun"] + each["wall_s"] for each in of) - begun
        for name, of in files.items()
    }
    cost = {name: sum(each["cpu_s"] for each in of) for name, of in files.items()}
    lines = [f"{sum(cost.values()):,.0f} CPU s in {max(ends.values()):,.0f} s, once collected", ""]
    lines += ["| file | tests | CPU s | ends after s |", "|---|---|---|---|"]
    dearest = sorted(files, key=lambda name: -cost[name])[:MOST]
    last = sorted(files.keys() - set(dearest), key=lambda name: -ends[name])[:5]
    lines += [
        f"| {name} | {len(files[name])} | {cost[name]:.1f} | {ends[name]:.0f} |"
        for name in (*dearest, *last)
    ]
    lines += ["", "| test | CPU s | s |", "|---|---|---|"]
    lines += [
        f"| {each['test']} | {each['cpu_s']:.1f} | {each['wall_s']:.1f} |"
        for each in sorted(tests, key=lambda each: -each["cpu_s"])[:MOST]
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
