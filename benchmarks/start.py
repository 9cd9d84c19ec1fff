"""Start: imports, the command line, one recommendation, the app's first picture in a browser.

Prints a Markdown table::

    python benchmarks/start.py
"""

import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


def tables() -> str:
    """Return the table of starting times."""
    recommend = _recommend()
    shell = [sys.executable, "-c", "from strec.cli import main; main()", "--help"]
    rows = [
        (
            "`import strec`, beyond Python itself",
            _import_seconds("import strec") * 1000,
            "ms",
            "≤ 300",
        ),
        ("`strec --help`", _seconds(shell) * 1000, "ms", "≤ 500"),
        ("one recommendation, sample *social*, fitted", recommend["one_ms"], "ms", "≤ 20"),
        ("1,000 questions, the same", recommend["thousand_s"], "s", "≤ 2"),
        *((what, seconds, "s", budget) for what, seconds, budget in _app_seconds()),
    ]
    return "\n".join(
        [
            "## Start\n",
            "| what | median | budget |",
            "|---|---:|---:|",
            *(f"| {what} | {value:,.2f} {unit} | {limit} |" for what, value, unit, limit in rows),
            "",
        ]
    )


def _recommend() -> dict:
    """Return the time of one recommendation and of 1,000 questions; fitting is not counted."""
    import polars as pl

    from strec.io.samples import read_sample
    from strec.recommend import Recommender

    checkins = read_sample("social")
    recommender = Recommender(checkins)
    users = checkins["user_id"].unique().sort().to_list()
    seconds = []
    for user in users[:60]:
        begun = time.perf_counter()
        recommender.recommend(user)
        seconds.append(time.perf_counter() - begun)
    questions = pl.DataFrame({"user_id": (users * 10)[:1000]})
    begun = time.perf_counter()
    recommender.answer_many(questions)
    return {
        "one_ms": statistics.median(seconds[10:]) * 1000,
        "thousand_s": time.perf_counter() - begun,
    }


def _import_seconds(code: str) -> float:
    """Return how long an import takes beyond the start of Python itself."""
    return _seconds([sys.executable, "-c", code]) - _seconds([sys.executable, "-c", "pass"])


def _seconds(command: list[str], n: int = 7) -> float:
    found = []
    for _ in range(n):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found.append(time.perf_counter() - begun)
    return statistics.median(found)


def _app_seconds() -> list[tuple[str, float, str]]:
    """Start the app and open it in a headless browser; return what took how long."""
    browser = next((path for path in CHROMIUM if Path(path).exists()), None)
    if browser is None:
        print("No Chromium found: the app is not measured.", file=sys.stderr)
        return []
    from playwright.sync_api import sync_playwright

    root = Path(__file__).resolve().parents[1]
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    begun = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true",
         "--server.port", str(port)],
        cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=browser,
                args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
            )
            _wait_for(port)
            up = time.perf_counter() - begun
            cold, *later = (_first_picture(chromium, port) for _ in range(6))
            chromium.close()
    finally:
        server.terminate()
        server.wait()
    picture, map_itself = (statistics.median(each) for each in zip(*later, strict=True))
    return [
        ("the server answers", up, "–"),
        ("first visit to first picture", cold[0], "–"),
        ("next visit to first picture", picture, "≤ 3"),
        ("next visit until the map can be turned", map_itself, "–"),
    ]


def _wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("The app did not start within 30 seconds.")


def _first_picture(chromium, port: int) -> tuple[float, float]:
    """Return the seconds to the map's picture, and to the map itself that takes its place."""
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    # Its processor draws: the app would leave it at pictures if nobody had chosen otherwise.
    page.add_init_script("try { sessionStorage.setItem('strec_maps', 'movable'); } catch { }")
    begun = time.perf_counter()
    # Not the load of everything: a person looks as soon as there is something to see.
    page.goto(f"http://localhost:{port}", wait_until="commit")
    seconds = []
    for shown in (".st-key-start_stage", "[data-testid=stDeckGlJsonChart] canvas"):
        page.wait_for_selector(shown, timeout=60_000)
        seconds.append(time.perf_counter() - begun)
    page.close()
    return seconds[0], seconds[1]


if __name__ == "__main__":
    print(tables())
