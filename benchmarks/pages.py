"""Pages: the first render of each, and the second, on every sample.

Prints a Markdown table::

    python benchmarks/pages.py [--samples social,travel] [--pages time,recommend]

Each page of each sample is run in a process of its own, whose caches are empty, without a browser:
what is timed is the server's part, from the visit to the finished page. The second visit is the
same session again, as after a click. "CPU" are seconds of the processor at the first visit: on a
machine that does other work they say more than the clock.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("start", "data", "time", "space", "dependence", "train", "evaluate", "recommend", "live",
         "privacy")  # fmt: skip


def table(samples: list[str], pages: list[str]) -> str:
    """Return the table of all pages on all samples."""
    lines = [
        "## Pages\n",
        "Seconds of the first visit, of its CPU, and of the second visit.\n",
        "| page | " + " | ".join(samples) + " |",
        "|---|" + "---:|" * len(samples),
    ]
    with tempfile.TemporaryDirectory(prefix="strec-pages-") as cache:
        for sample in samples:
            _run("start", sample, cache)  # The stores of the samples are made once.
        for page in pages:
            found = [_run(page, sample, cache) for sample in samples]
            cells = [
                f"{each['first']:.2f} ({each['cpu']:.2f}), {each['second']:.2f}"
                + (" **error**" if each["error"] else "")
                for each in found
            ]
            lines.append(f"| {page} | " + " | ".join(cells) + " |")
            print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join([*lines, ""])


def _run(page: str, sample: str, cache: str) -> dict:
    """Time a page in a process of its own."""
    result = subprocess.run(
        [sys.executable, __file__, "--one", page, sample],
        cwd=ROOT, env={**os.environ, "STREC_CACHE": cache}, capture_output=True, text=True,
    )  # fmt: skip
    if result.returncode:
        raise SystemExit(result.stderr)
    return json.loads(result.stdout.strip().splitlines()[-1])


def measure(page: str, sample: str) -> dict:
    """Open a page twice in this process and return the seconds; imports of strec come before."""
    import logging

    logging.disable(logging.WARNING)
    sys.path.insert(0, str(ROOT))
    # What a running server has loaded is loaded; what a page needs on top counts as the page's.
    from streamlit.testing.v1 import AppTest

    from pages.shared import ui

    store = ui.sample_store(sample)
    url = "" if page == "start" else page
    script = f"from pages.shared.page import all_pages\nall_pages()[{url!r}].run()\n"
    app = AppTest.from_string(script, default_timeout=120)
    app.session_state["store"] = store
    begun, worked = time.perf_counter(), time.process_time()
    app.run()
    first, cpu = time.perf_counter() - begun, time.process_time() - worked
    begun = time.perf_counter()
    app.run()
    return {
        "first": first,
        "cpu": cpu,
        "second": time.perf_counter() - begun,
        "error": bool(app.exception or app.error),
    }


def main() -> None:
    """Print the table; `--one PAGE SAMPLE` measures a single page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--samples", default="social,ecommerce,travel,traffic,flights")
    parser.add_argument("--pages", default=",".join(PAGES))
    parser.add_argument("--one", nargs=2, metavar=("PAGE", "SAMPLE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(*asked.one)))
    else:
        print(table(asked.samples.split(","), asked.pages.split(",")))


if __name__ == "__main__":
    main()
