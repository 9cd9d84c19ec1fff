"""One real server and one real headless Chromium; skipped, saying so, where there is none."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MINUTE_MS = 60_000
#: What Chromium says when a machine has no network, and what an old path of Streamlit asks for.
HARMLESS = ("ERR_NAME_NOT_RESOLVED", "ERR_INTERNET_DISCONNECTED", "404", "ERR_CONNECTION")
#: No calls home.
SWITCHES = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-quic", "--disable-gpu-compositing",
]  # fmt: skip
#: Maps by software, so that they are drawn without a graphics card.
MAPS = [
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]  # fmt: skip
#: Software draws a map at the price of a processor: walks that are not about maps go without.
NO_MAPS = ["--disable-gpu", "--disable-3d-apis"]
#: What the map says in a browser that draws none; the page tells the visitor what to do.
NOT_DRAWN = "Failed to create WebGL context: disabled by"
#: What moves while the app is at work is drawn by the processor, sixty times a second.
STILL = """document.addEventListener("DOMContentLoaded", () => {
  const look = document.createElement("style");
  look.textContent = "*, *::before, *::after { animation: none !important; }";
  document.head.append(look);
});"""
#: The choice of somebody who has pressed "Make the maps movable" before.
MOVABLE = "try { sessionStorage.setItem('strec_maps', 'movable'); } catch { }"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="package")
def browsers():
    """Give a function: the browser that draws maps, or the one that does not."""
    path = os.environ.get("STREC_BROWSER") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip("needs Chromium: install it, or set STREC_BROWSER to its path")
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install it")
    with api.sync_playwright() as play:
        found = {}

        def launched(maps: bool = False):
            # A picture that somebody keeps shows its maps.
            maps = maps or "STREC_SCREENSHOTS" in os.environ
            if maps not in found:
                switches = SWITCHES + (MAPS if maps else NO_MAPS)
                found[maps] = play.chromium.launch(executable_path=path, args=switches)
            return found[maps]

        yield launched
        for each in found.values():
            each.close()


@pytest.fixture
def browser(browsers):
    """Give a browser without maps, and close its pages after the test."""
    found = browsers()
    yield found
    leave(found)


def leave(browser) -> None:
    """Close the pages of a browser: open maps go on drawing."""
    for context in browser.contexts:
        context.close()


@pytest.fixture(scope="package")
def address(browsers, tmp_path_factory):
    """The address of one app that all tests visit, each as another visitor."""
    with an_app(tmp_path_factory.mktemp("app")) as found:
        yield found


def a_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def an_app(folder: Path, port: int | None = None, *options: str, **variables: str) -> Iterator[str]:
    port = port or a_free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true",
         "--server.port", str(port), "--server.address", "127.0.0.1",
         "--server.fileWatcherType", "none", *options],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(folder), "STREC_CACHE": str(folder / "cache"),
             **variables},
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(480):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.25)
        else:
            pytest.fail("the app did not start within two minutes")
        yield address
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def person(browsers, pictures):
    """Give a function that brings somebody in front of a browser, which draws maps if asked to."""
    used = []

    def come(maps: bool = False, **look) -> Person:
        used.append(browsers(maps))
        visitor = Person(used[-1], pictures, maps or pictures is not None, **look)
        if visitor.has_maps:
            visitor.page.add_init_script(MOVABLE)
        return visitor

    yield come
    for browser in used:
        leave(browser)


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """The folder in which screenshots are kept, if anybody wants them."""
    if "STREC_SCREENSHOTS" not in os.environ:
        return None
    folder = Path(os.environ["STREC_SCREENSHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Person:
    """Somebody in front of a browser."""

    def __init__(self, browser, pictures, has_maps, **look):
        size = look.pop("size", (1400, 900))
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, service_workers="block", **look
        )
        context.add_init_script(STILL)
        self.page = context.new_page()
        self.page.set_default_timeout(2 * MINUTE_MS)
        self.pictures, self.has_maps, self.complaints = pictures, has_maps, []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self._hear(str(error)))

    def _listen(self, message):
        if message.type == "error":
            self._hear(message.text)

    def _hear(self, complaint: str) -> None:
        if NOT_DRAWN not in complaint and not any(word in complaint for word in HARMLESS):
            self.complaints.append(complaint)

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.wait()
        if not self.has_maps:
            # It tells the page so, which is shown anew with pictures of the server.
            told = self.page.locator(".st-key-maps_as_pictures input:checked")
            told.wait_for(state="attached")
            self.wait()

    def wait(self, pause: int = 400) -> None:
        """Wait until the app has nothing more to do."""
        self.page.wait_for_selector("[data-testid=stApp]")
        self.page.wait_for_timeout(pause)
        running = self.page.locator("[data-testid=stApp][data-test-script-state=running]")
        for _ in range(240):
            if not running.count():
                break
            self.page.wait_for_timeout(250)
        self.page.wait_for_timeout(pause)

    def keep(self, name: str, whole: bool = True) -> None:
        """Keep a screenshot of the whole page, or of what the window shows, where one is wanted."""
        if self.pictures is None:
            return
        # A map is drawn a while after the app has nothing more to do.
        self.wait(2500)
        if not whole:
            self.page.screenshot(path=self.pictures / f"{name}.png")
            return
        tall = self.page.evaluate(
            "(document.querySelector('[data-testid=stMain]') || document.body).scrollHeight"
        )
        size = self.page.viewport_size
        self.page.set_viewport_size({"width": size["width"], "height": min(int(tall) + 20, 5000)})
        self.page.wait_for_timeout(1500)
        self.page.screenshot(path=self.pictures / f"{name}.png")
        self.page.set_viewport_size(size)

    def sees(self, text) -> bool:
        """Wait until a text is there to read."""
        self.page.get_by_text(text).locator("visible=true").first.wait_for()
        return True

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()
        self.wait()

    def press_until(self, name: str, other: str) -> None:
        """Press a button until it has turned into another.

        While a map is first drawn without a graphics card a click may be lost; a person presses
        again, and so does the test.
        """
        turned = self.page.get_by_role("button", name=other)
        for _ in range(10):
            if turned.count():
                return
            self.press(name)
        turned.wait_for()

    def nothing_broke(self) -> None:
        assert not self.page.locator("[data-testid=stException]").count()
        assert not self.complaints, self.complaints
