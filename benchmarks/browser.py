"""The app in a browser, beside an empty Streamlit page on the same machine at the same moment.

Prints a Markdown table of seconds and of ratios, which hold on a busy machine too::

    python benchmarks/browser.py [--sample social] [--rounds 3]
    python benchmarks/browser.py --profile     # what the browser does while a map is drawn
    python benchmarks/browser.py --store FOLDER   # one's own large store

What is timed is what a person waits for: from the address to the first picture, and from a click in
the sidebar until the page stands there, the server has finished and the browser has drawn it: a
figure that is still being drawn would hold up the next click. Pages are visited twice after each
loading of the app, *first* and again; the server has been asked for all of them before. It
is timed in a browser whose WebGL the processor draws, as it is (maps are then the server's
pictures) and after *Make the maps movable*, and in one without WebGL; a person's graphics card
lies between.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BY_PROCESSOR = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
#: The choice of somebody who has pressed the button, as the page keeps it.
MOVABLE = "try { sessionStorage.setItem('strec_maps', 'movable'); } catch { }"
#: How browsers are started, and what each page runs first.
WAYS = {
    "WebGL by the processor": (BY_PROCESSOR, ""),
    "maps movable": (BY_PROCESSOR, MOVABLE),
    "without WebGL": (["--no-sandbox", "--disable-gpu", "--disable-3d-apis"], ""),
}
PAGES = ("Data", "Time", "Space", "Compare", "Demand", "Dependence", "Train", "Evaluate",
         "Recommend", "Live", "Privacy")  # fmt: skip
#: Whether the browser has drawn all that it was sent.
DRAWN = """() => new Promise(done => requestAnimationFrame(() =>
    requestAnimationFrame(() => requestIdleCallback(done))))"""
#: What says that something is being worked out; the bar of a replay stands beside its buttons.
BUSY = """(document.querySelector('[data-testid=stSpinner]') || (!document.querySelector(
    '.st-key-live_play') && document.querySelector('[data-testid=stProgress]')))"""
#: Whether a page shows its first picture, or all it has.
SHOWS = f"""() => document.querySelector('.js-plotly-plot .main-svg, [data-testid=stImage] img, ' +
    '[data-testid=stDeckGlJsonChart]') !== null || !{BUSY}"""
READY = f"() => !document.querySelector('[data-test-script-state=running]') && !{BUSY}"
#: Whether another page than the one with this title stands there.
OTHER_TITLE = """title => {
    const shown = document.querySelector('h1');
    return shown && shown.textContent !== title;
}"""
#: How long a page must look finished to count as such.
STAYS_S = 2.0
#: Two pages with a title and nothing else.
EMPTY = """import streamlit as st
def one(): st.title("One", anchor=False)
def two(): st.title("Two", anchor=False)
st.navigation([st.Page(one, title="One", url_path="one"), st.Page(two, title="Two")]).run()
"""


def table(sample: str, rounds: int) -> str:
    """Return the table of first pictures and of all pages."""
    ways = {way: _waits(sample, rounds, *started) for way, started in WAYS.items()}
    rows = ["| what | " + " | ".join(f"{way}, s | times an empty page" for way in ways) + " |"]
    rows.append("|---" + "|---:" * (2 * len(ways)) + "|")
    for name in next(iter(ways.values())):
        cells = [f"{middle[name]:.2f} | {middle[name] / middle[_beside(name)]:.1f}"
                 for middle in ways.values()]  # fmt: skip
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _waits(sample: str, rounds: int, switches: list[str], first: str) -> dict[str, float]:
    """Return the median seconds of everything in one browser, beside an empty page."""
    from playwright.sync_api import sync_playwright

    browser = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))))
    waits: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        with serving(ROOT / "app.py", folder) as app, serving(empty, folder) as bare:
            chromium = play.chromium.launch(executable_path=browser, args=switches)
            page, other = (chromium.new_page(viewport={"width": 1400, "height": 900}) for _ in "ab")
            page.add_init_script(first)
            for number in range(rounds + 1):
                found = {"empty, by its address": opened(other, bare, "h1")}
                found["Start, first picture"] = opened(
                    page, f"{app}/?sample={sample}", ".st-key-start_stage"
                )
                # A person looks at the first page before the next one.
                page.wait_for_timeout(4_000)
                for name in (*(f"{each}, first" for each in PAGES), *PAGES):
                    found["empty, by a click"] = clicked(other, "Two")
                    found[name] = clicked(page, name.removesuffix(", first"))
                    clicked(other, "One")
                # The first round makes everything warm.
                for name, seconds in found.items() if number else ():
                    waits.setdefault(name, []).append(seconds)
            chromium.close()
    return {name: statistics.median(each) for name, each in waits.items()}


def of_store(folder: str) -> str:
    """Return a table of a store's pages: until each shows something, and until all is there."""
    from playwright.sync_api import sync_playwright

    browser = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))))
    rows = [
        "| page | first visit: stands, s | first picture, s | all worked out, s | again, s |",
        "|---|---:|---:|---:|---:|",
    ]
    with (
        tempfile.TemporaryDirectory() as cache,
        sync_playwright() as play,
        serving(ROOT / "app.py", cache, STREC_STORE=folder) as app,
    ):
        page = play.chromium.launch(executable_path=browser, args=BY_PROCESSOR).new_page()
        opened(page, app, ".st-key-start_stage")

        for name in PAGES:
            begun = time.perf_counter()
            took = [clicked(page, name), *settled(page, begun)]
            clicked(page, "Start")
            begun = time.perf_counter()
            clicked(page, name)
            took.append(settled(page, begun)[0])
            rows.append(f"| {name} | " + " | ".join(f"{each:.2f}" for each in took) + " |")
    return "\n".join(rows)


def settled(page, begun: float) -> tuple[float, float]:
    """Return the seconds until a page shows something, and until all is there, for good.

    It may look finished for a moment, between two steps of what it works out.
    """
    since: list[float | None] = [None, None]
    while since[1] is None or time.perf_counter() - begun - since[1] < STAYS_S:
        if time.perf_counter() - begun > 120:
            raise SystemExit("A page has not finished after two minutes.")
        now = time.perf_counter() - begun
        for k, is_so in enumerate(page.evaluate(f"() => [({SHOWS})(), ({READY})()]")):
            since[k] = (since[k] or now) if is_so else None
        page.wait_for_timeout(50)
    return since[0] or since[1], since[1]


def profile(sample: str, most: int = 6) -> str:
    """Return a table of what takes a warm browser's time where WebGL is the processor's."""
    from playwright.sync_api import sync_playwright

    browser = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))))
    rows = ["| page | s | function | s of them |", "|---|---:|---|---:|"]
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as play,
        serving(ROOT / "app.py", folder) as app,
    ):
        page = play.chromium.launch(executable_path=browser, args=BY_PROCESSOR).new_page()
        page.add_init_script(MOVABLE)
        opened(page, f"{app}/?sample={sample}", ".st-key-start_stage")
        asked = page.context.new_cdp_session(page)
        asked.send("Profiler.enable")
        for name in ("Space", "Recommend"):
            clicked(page, name)  # The first visit makes it warm.
            clicked(page, "Time")
            asked.send("Profiler.start")
            seconds = clicked(page, name)
            found = asked.send("Profiler.stop")["profile"]
            clicked(page, "Time")
            called = {each["id"]: each["callFrame"]["functionName"] for each in found["nodes"]}
            spent: Counter[str] = Counter()
            for node, took in zip(found["samples"], found["timeDeltas"], strict=True):
                spent[called[node] or "(no name)"] += took / 1e6
            for function, took in spent.most_common(most):
                rows.append(f"| {name} | {seconds:.2f} | `{function}` | {took:.2f} |")
    return "\n".join(rows)


def _beside(name: str) -> str:
    by_address = name.startswith("Start") or name.endswith("address")
    return "empty, by its address" if by_address else "empty, by a click"


def opened(page, address: str, shown: str) -> float:
    """Return the seconds until something of an address is shown."""
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(shown, timeout=120_000)
    seconds = time.perf_counter() - begun
    _finished(page)
    return seconds


def clicked(page, name: str) -> float:
    """Return the seconds until a page stands there after a click in the sidebar."""
    before, title = page.url, page.text_content("h1")
    begun = time.perf_counter()
    page.get_by_role("link", name=name, exact=True).click()
    page.wait_for_function("url => location.href !== url", arg=before, timeout=120_000)
    # The page before may still stand under the new address.
    page.wait_for_function(OTHER_TITLE, arg=title, timeout=120_000)
    _finished(page)
    return time.perf_counter() - begun


def _finished(page) -> None:
    page.wait_for_function(
        "() => !document.querySelector('[data-test-script-state=running]')", timeout=120_000
    )
    page.evaluate(DRAWN)


@contextmanager
def serving(script: Path, folder: str, **settings: str) -> Iterator[str]:
    """Run a Streamlit server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true",
         "--server.port", str(port), "--server.address", "127.0.0.1",
         "--server.fileWatcherType", "none"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "STREC_CACHE": f"{folder}/cache", **settings},
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(480):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.25)
        yield address
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", default="social")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--store", metavar="FOLDER")
    given = parser.parse_args()
    if given.store:
        print(of_store(given.store))
    else:
        print(profile(given.sample) if given.profile else table(given.sample, given.rounds))
