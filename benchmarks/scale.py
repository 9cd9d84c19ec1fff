"""What grows with the number of check-ins, and how: CPU seconds, peak memory, exponents.

Prints two Markdown tables, each measurement in a process of its own::

    python benchmarks/scale.py                  # 0.1 to 100 million: 25 GB of disk, an hour
    python benchmarks/scale.py --rows 1000000   # some sizes

The check-ins lie in a temporary folder and are deleted at the end; TMPDIR chooses the disk.
"""

import argparse
import contextlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ingest

#: Disk for a check-in: the file, what the sort and the pieces take, the store.
BYTES_EACH = 250


def main() -> None:
    """Measure and print the table."""
    arguments = _arguments()
    if arguments.case == "generate":
        ingest.generate(arguments.rows[0], Path(arguments.folder), csv=False)
        print("{}")
        return
    if arguments.case:
        begun = time.perf_counter()
        found = CASES[arguments.case][1](Path(arguments.folder)) or {}
        print(json.dumps({"seconds": time.perf_counter() - begun} | found))
        return
    sizes, begun = sorted(arguments.rows), time.perf_counter()
    _need_room(sizes[-1])
    measured = {}
    for n in sizes:
        measured[n] = _size(n)
        # A long run that is stopped has said what it knows.
        print(f"\n{_table(measured)}\n\n{_of_pages(n, measured[n])}\n", file=sys.stderr)
    print(_table(measured))
    print(
        "\nCPU seconds with the imports, wall seconds of the work, peak memory of a process in GB."
    )
    print(f"\n{_of_pages(sizes[-1], measured[sizes[-1]])}")
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(
        f"\nThe run took {(time.perf_counter() - begun) / 60:.0f} minutes; load at its end {load}."
    )


def _table(measured: dict[int, dict]) -> str:
    lines = [
        "| | " + " | ".join(f"{n / 1e6:g} M" for n in measured) + " | exponent of CPU |",
        "|---|" + "---|" * (len(measured) + 1),
    ]
    for case, (title, _) in CASES.items():
        cells = [_cell(found[case]) for found in measured.values()]
        lines.append(f"| {title} | {' | '.join(cells)} | {_exponent(measured, case)} |")
    return "\n".join(lines)


def _of_pages(n_rows: int, found: dict[str, dict]) -> str:
    """Return what each aggregate took at one size, first asked and again."""
    lines = [
        f"| aggregate of a page, {n_rows / 1e6:g} M, nothing kept | first: s (CPU s) | again: s |",
        "|---|---:|---:|",
    ]
    for what, took in found["pages"].get("times", {}).items():
        first = f"{took['first']:.2f} ({2 * took['cpu']:.1f})"
        lines.append(f"| {what} | {first} | {took['again']:.2f} |")
    return "\n".join(lines)


def _need_room(n_rows: int) -> None:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < BYTES_EACH * n_rows:
        raise SystemExit(
            f"{n_rows:,} check-ins need {BYTES_EACH * n_rows / 1e9:.0f} GB in {folder}; "
            f"{free / 1e9:.0f} GB are free. Set TMPDIR to a larger disk, or give fewer --rows."
        )


def _size(n_rows: int) -> dict[str, dict]:
    """Return what each case takes at one size."""
    with tempfile.TemporaryDirectory(prefix="strec-scale-") as name:
        folder, found = Path(name), {}
        # A process has the peak of the one that started it: what makes the file is one apart too.
        _run("generate", folder, n_rows)
        for case in CASES:
            found[case] = _run(case, folder)
            print(f"{n_rows:,} {case}: {_cell(found[case])}", file=sys.stderr)
        return found


def _run(case: str, folder: Path, n_rows: int = 0) -> dict:
    """Run one case in a process of its own, its children counted."""
    command = [sys.executable, __file__, "--case", case, "--folder", str(folder)]
    command += ["--rows", str(n_rows)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        return {}
    unit = 1e9 if sys.platform == "darwin" else 1e6
    used = {"cpu": usage.ru_utime + usage.ru_stime, "gb": usage.ru_maxrss / unit}
    return json.loads(out.splitlines()[-1]) | used


def _cell(found: dict) -> str:
    if not found:
        return "failed"
    return f"{found['cpu']:.1f} CPU s / {found['seconds']:.1f} s / {found['gb']:.1f} GB"


def _exponent(measured: dict[int, dict], case: str) -> str:
    """Return by which power CPU seconds grow between the two largest sizes."""
    known = [(n, found[case]["cpu"]) for n, found in sorted(measured.items()) if found[case]]
    if len(known) < 2:
        return "–"
    (n, few), (more, many) = known[-2:]
    return f"{math.log(many / few) / math.log(more / n):.2f}"


def _clean(folder: Path) -> None:
    out = str(folder / "store-parquet")
    command = ["clean", str(folder / "raw.parquet"), "--out", out, "--no-ahead"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(
        [sys.executable, "-m", "strec", *command, "--time-zone", ingest.ZONE], check=True, **quiet
    )


def _privacy(folder: Path) -> None:
    from strec.privacy import risk
    from strec.store import Store

    risk(Store(folder / "store-parquet"))


def _ahead(folder: Path) -> None:
    from strec.cli.clean import ask_ahead
    from strec.progress import silent
    from strec.store import Store

    ask_ahead(Store(folder / "store-parquet"), silent)


def _looks(folder: Path) -> None:
    """Ask what the first looks of the app ask, in a process that has counted nothing."""
    _ahead(folder)


def _pages(folder: Path) -> dict:
    # What was counted ahead is asked anew.
    shutil.rmtree(folder / "store-parquet" / "answers", ignore_errors=True)
    times = ingest._pages(folder)["times"]
    return {"seconds": max(each["first"] for each in times.values()), "times": times}


def _recommend(folder: Path) -> None:
    from strec.recommend import kept

    # What was fitted ahead is fitted anew, and kept for the next process.
    shutil.rmtree(folder / "store-parquet" / kept.FOLDER, ignore_errors=True)
    _first_answer(folder)


def _first_answer(folder: Path) -> None:
    from strec.recommend import Recommender
    from strec.store import Store

    recommender = Recommender.of_store(Store(folder / "store-parquet"))
    recommender.recommend(recommender.log.owner_ids[0], k=10)


def _prepare(folder: Path) -> dict:
    """Prepare ST-LLM up to its first step; trees grow beside, on a thread that is told apart."""
    began = time.process_time()
    import lightgbm  # noqa: F401
    import torch  # noqa: F401

    imports = time.process_time() - began
    from strec.dataset import MOST_CHECKINS
    from strec.models import STLLM
    from strec.models.trees import Trees
    from strec.split import split
    from strec.store import Store
    from strec.train import Watch

    class Prepared(Exception):
        """What the first step would learn from is there."""

    class Timed(Trees):
        grown = 0.0

        def grow(self, *given):
            begun = time.thread_time()
            try:
                super().grow(*given)
            finally:
                Timed.grown = time.thread_time() - begun

    class Ours(STLLM):
        def _new_trees(self):
            return Timed()

    def at_first_step(event: dict) -> None:
        if event["event"] == "start":
            raise Prepared

    # As many as app and shell train on: of a larger store some whole users.
    table, _ = Store(folder / "store-parquet").some_users(MOST_CHECKINS)
    train = split(table, fractions=(0.99, 0.01, 0.0)).train
    begun, cpu = time.perf_counter(), time.process_time()
    with contextlib.suppress(Prepared):
        Ours(text="").fit(train, watch=Watch(on_event=at_first_step))
    cpu = time.process_time() - cpu - Timed.grown
    print(
        f"prepared in {cpu:.1f} CPU s, trees grown in {Timed.grown:.1f}, imports {imports:.1f}",
        file=sys.stderr,
    )
    return {"seconds": time.perf_counter() - begun}


CASES = {
    "clean": ("`strec clean`, default recipe, file to store", _clean),
    "ahead": ("what every first look asks, ahead and once", _ahead),
    "looks": ("the same in the next process", _looks),
    "pages": ("every aggregate of every page, nothing kept; the slowest in seconds", _pages),
    "recommend": ("Recommend: fitting the counter mix, and the first answer", _recommend),
    "again": ("Recommend: the first answer in the next process", _first_answer),
    "gate": ("gate, quick look", lambda folder: ingest._gate(folder)),
    "prepare": ("ST-LLM before its first step", _prepare),
    "privacy": ("privacy risk, 2,000 users looked for among all", _privacy),
}


def _arguments():
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    sizes = [100_000, 1_000_000, 10_000_000, 100_000_000]
    parser.add_argument("--rows", type=int, nargs="+", default=sizes)
    parser.add_argument("--case", choices=["generate", *CASES], help=argparse.SUPPRESS)
    parser.add_argument("--folder", default=".", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
