"""Many visitors at once: how long they wait, what they cost, and what they leave in memory.

Prints Markdown::

    python benchmarks/visitors.py [--visitors 50] [--think 8] [--views 5] [--pages start,time,…]
    python benchmarks/visitors.py --costs            CPU seconds a view of each page
    python benchmarks/visitors.py --minutes 10 --hostile
    python benchmarks/visitors.py --minutes 5 --compare    without the hostile one, then with
    python benchmarks/visitors.py --replicas 2       behind Caddy, by deploy/Caddyfile
    python benchmarks/visitors.py --store FOLDER --first    each page at first and again, then all

Speaks Streamlit's protocol over websockets, without a browser: each visitor opens a session of
their own, asks for the pages in turn, and thinks between two of them. A view lasts from the
request to the end of the script; fragments that run by themselves are left out. "CPU" are seconds
of the servers' processors: on a machine that does other work they say more than the clock. `--url`
visits an app that runs already; its processor is not seen then. `--hostile` sends one more, who
uploads hostile files (`benchmarks/hostile.py`), one after another, for as long as the others are
there; errors that others are shown are counted.
"""

import argparse
import asyncio
import contextlib
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs, UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.typing import Origin, Subprotocol

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("start", "data", "time", "space", "demand", "dependence", "train", "evaluate",
         "recommend", "live", "privacy")  # fmt: skip
#: Nobody waits longer for a page.
PATIENCE_S = 120.0
#: Streamlit keeps a visitor who left for two minutes, in case that they come back; then the server
#: gives free memory back every three minutes.
LEFT_S = 320.0


class Visitor:
    """Somebody at the app: a cookie as a browser has, and a websocket."""

    def __init__(self, url: str):
        self.url, self.cookie, self.session, self.uploader = url, "", "", ""
        self.socket: Any = None
        #: What stands where on the page that was seen last.
        self.shown: dict[tuple[int, ...], str] = {}

    async def come(self) -> None:
        """Ask for the first address, and open the websocket."""
        self.cookie = await asyncio.to_thread(self._first_address)
        self.socket = await connect(
            self.url.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            open_timeout=PATIENCE_S,
            origin=Origin(self.url),
            additional_headers={"Cookie": self.cookie} if self.cookie else None,
        )

    def _first_address(self) -> str:
        cookies = []
        for address in ("/", "/_stcore/health"):
            request = urllib.request.Request(
                self.url + address, headers={"Cookie": "; ".join(cookies)}
            )
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                answer.read()
                given = answer.headers.get_all("Set-Cookie") or []
                cookies += [each.split(";")[0] for each in given]
        return "; ".join(cookies)

    async def view(self, page: str, upload: Any = None) -> tuple[float, list[str]]:
        """Ask for a page; return the seconds it took and the errors it showed."""
        message, begun = BackMsg(), time.perf_counter()
        message.rerun_script.page_name = "" if page == "start" else page
        message.rerun_script.query_string = ""
        if upload is not None:
            widget = message.rerun_script.widget_states.widgets.add(id=self.uploader)
            widget.file_uploader_state_value.uploaded_file_info.append(upload)
        await self.socket.send(message.SerializeToString())
        errors = await asyncio.wait_for(self._finished(), PATIENCE_S)
        return time.perf_counter() - begun, errors

    async def _finished(self) -> list[str]:
        """Read until the script has run to its end."""
        errors = []
        while True:
            message = await self._next()
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session = message.new_session.initialize.session_id
                self.shown = {}
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                what = element.WhichOneof("type") or ""
                # A bar that counts what was played says how many, and stays.
                if what == "progress" and element.progress.text[:1].isdigit():
                    what = "counter"
                self.shown[tuple(message.metadata.delta_path)] = what
                if what == "exception":
                    errors.append(element.exception.message[:200])
                elif what == "alert" and element.alert.format == Alert.ERROR:
                    errors.append(element.alert.body[:200])
                elif what == "file_uploader":
                    self.uploader = element.file_uploader.id
            elif kind == "script_finished" and message.script_finished in (
                ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
            ):  # fmt: skip
                return errors

    async def _next(self) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(await self.socket.recv())
        return message

    async def upload(self, name: str, content: bytes) -> list[str]:
        """Give a file to the Data page as a browser does; return the errors shown."""
        await self.view("data")
        message = BackMsg()
        message.file_urls_request.request_id = "1"
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.session
        await self.socket.send(message.SerializeToString())
        while (answer := await self._next()).WhichOneof("type") != "file_urls_response":
            pass
        urls = answer.file_urls_response.file_urls[0]
        await asyncio.to_thread(self._put, urls, name, content)
        file = UploadedFileInfo(name=name, size=len(content), file_id=urls.file_id, file_urls=urls)
        return (await self.view("data", file))[1]

    def _put(self, urls: FileURLs, name: str, content: bytes) -> None:
        border = secrets.token_hex(16)
        tokens = [each.partition("=")[2] for each in self.cookie.split("; ")
                  if each.startswith("_streamlit_xsrf=")]  # fmt: skip
        request = urllib.request.Request(
            self.url + urls.upload_url,
            method="PUT",
            data=(
                f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            ).encode()
            + content
            + f"\r\n--{border}--\r\n".encode(),
            headers={"Content-Type": f"multipart/form-data; boundary={border}",
                     "Cookie": self.cookie, "X-Xsrftoken": "".join(tokens)},
        )  # fmt: skip
        urllib.request.urlopen(request, timeout=PATIENCE_S).read()

    async def leave(self) -> None:
        """Close the websocket."""
        if self.socket is not None:
            await self.socket.close()


@dataclass
class Seen:
    """What visitors saw: seconds per page, errors, and who gave up."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)
    n_hostile: int = 0

    def table(self) -> str:
        """Return the seconds as Markdown."""
        everything = [seconds for each in self.seconds.values() for seconds in each]
        lines = ["| page | views | median s | p95 s | most s |", "|---|---:|---:|---:|---:|"]
        for page, found in [*self.seconds.items(), ("all", everything)]:
            if found:
                middle, late = np.quantile(found, [0.5, 0.95])
                lines.append(
                    f"| {page} | {len(found)} | {middle:.2f} | {late:.2f} | {max(found):.2f} |"
                )
        return "\n".join(lines)

    @property
    def n_views(self) -> int:
        """How many pages were seen."""
        return sum(map(len, self.seconds.values()))


async def visit(url: str, pages: list[str], views: float, until: float, think_s: float, seed: int,
                seen: Seen) -> None:  # fmt: skip
    """Be one visitor, for so many views or until then."""
    chance = random.Random(seed)
    await asyncio.sleep(chance.uniform(0, think_s))
    first, number, visitor = chance.randrange(len(pages)), 0, Visitor(url)
    begun = time.perf_counter()
    try:
        await visitor.come()
        while number < views and time.perf_counter() < until:
            page = pages[(first + number) % len(pages)]
            begun = time.perf_counter()
            seconds, errors = await visitor.view(page)
            seen.seconds[page].append(seconds)
            seen.errors += [f"{page}: {each}" for each in errors]
            number += 1
            await asyncio.sleep(chance.expovariate(1 / think_s) if think_s else 0)
        await visitor.leave()
    except Exception as error:
        seen.gave_up.append(f"{type(error).__name__} after {time.perf_counter() - begun:.0f} s")


def hostile_files() -> dict[str, bytes]:
    """Make the hostile files, beforehand: who attacks makes them on their own computer."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.hostile import HOSTILE

    chance = random.Random(13)
    return {f"{make.__name__[1:]}.csv": make(chance) for make in HOSTILE}


async def harm(url: str, seen: Seen, files: dict[str, bytes]) -> None:
    """Upload one hostile file after another, until cancelled."""
    for name in cycle(files):
        visitor = Visitor(url)
        try:
            await visitor.come()
            # What the file makes of this visitor's page is for nobody else to notice.
            await visitor.upload(name, files[name])
            await visitor.leave()
        except (OSError, TimeoutError) as error:
            print(f"hostile {name}: {type(error).__name__} {error}", file=sys.stderr)
        seen.n_hostile += 1


async def crowd(url: str, n: int, pages: list[str], views: float, think_s: float,
                minutes: float = 0, hostile: dict[str, bytes] | None = None) -> Seen:  # fmt: skip
    """Send so many visitors at once."""
    seen, until = Seen(), time.perf_counter() + 60 * minutes if minutes else float("inf")
    harming = asyncio.create_task(harm(url, seen, hostile)) if hostile else None
    await asyncio.gather(
        *(visit(url, pages, views, until, think_s, seed, seen) for seed in range(n))
    )
    if harming is not None:
        harming.cancel()
        await asyncio.gather(harming, return_exceptions=True)
    return seen


async def costs(servers: "Servers", pages: list[str], n: int) -> str:
    """Return CPU and clock per view of each page, by visitors who come one after another."""
    spent: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(n):
        visitor = Visitor(servers.url)
        await visitor.come()
        for page in pages:
            before = servers.cpu_s()
            seconds, errors = await visitor.view(page)
            if errors:
                print(f"{page}: {errors}", file=sys.stderr)
            await asyncio.sleep(0.1)  # What is done after the script's end belongs to it.
            spent[page].append((servers.cpu_s() - before, seconds))
        await visitor.leave()
    lines = ["| page | CPU s a view | most | median s | most s |", "|---|---:|---:|---:|---:|"]
    spent["all"] = [each for found in spent.values() for each in found]
    for page, found in spent.items():
        cpu, clock = np.array(found).T
        lines.append(f"| {page} | {cpu.mean():.3f} | {cpu.max():.2f} | {np.median(clock):.2f} | "
                     f"{clock.max():.2f} |")  # fmt: skip
    return "\n".join(lines)


async def firsts(servers: "Servers", pages: list[str]) -> str:
    """Return how long each page takes at first, until nothing is worked out any more, and again."""
    lines = ["| page | first s | CPU s | all there s | again s | MB |",
             "|---|---:|---:|---:|---:|---:|"]  # fmt: skip
    for page in pages:
        visitor, begun, before = Visitor(servers.url), time.perf_counter(), servers.cpu_s()
        await visitor.come()
        first, errors = await visitor.view(page)
        # A browser asks again each second while something is worked out.
        while "progress" in visitor.shown.values() and time.perf_counter() - begun < PATIENCE_S:
            await asyncio.sleep(1)
            errors += (await visitor.view(page))[1]
        whole, cpu = time.perf_counter() - begun, servers.cpu_s() - before
        again = (await visitor.view(page))[0]
        await visitor.leave()
        lines.append(f"| {page} | {first:.1f} | {cpu:.1f} | {whole:.1f} | {again:.2f} | "
                     f"{servers.mb():.0f} |")  # fmt: skip
        print(lines[-1], *errors, file=sys.stderr, flush=True)
    return "\n".join(lines)


# ---------------------------------------------------------------- the servers


@dataclass
class Servers:
    """The address that is visited, and the processes of the app behind it."""

    url: str
    processes: list[subprocess.Popen] = field(default_factory=list)

    def cpu_s(self) -> float:
        """CPU seconds of the app so far, processes that read files included; NaN if not seen."""
        ticks = os.sysconf("SC_CLK_TCK")
        # User and system time, of the process and of its children that ended.
        return sum(sum(map(int, each[11:15])) / ticks for each in self._stats()) or float("nan")

    def mb(self) -> float:
        """MB of the app's own memory, without the files that it maps; NaN if not seen."""
        status = [Path(f"/proc/{each.pid}/status").read_text() for each in self.processes]
        own = [int(each.split("RssAnon:")[1].split()[0]) / 1024 for each in status]
        return sum(own) or float("nan")

    def _stats(self) -> list[list[str]]:
        return [Path(f"/proc/{each.pid}/stat").read_text().rsplit(")", 1)[1].split()
                for each in self.processes]  # fmt: skip


@contextlib.contextmanager
def serving(replicas: int, store: Path | None, public: bool) -> Iterator[Servers]:
    """Start the app, so many of it behind Caddy where more than one is asked for."""
    begun: list[subprocess.Popen] = []
    with tempfile.TemporaryDirectory(prefix="strec-visitors-") as folder:
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if log := os.environ.get("LOG"):
            quiet = {"stdout": open(log, "ab"), "stderr": subprocess.STDOUT}  # noqa: SIM115
        ports, front = [_free_port() for _ in range(max(replicas, 1))], _free_port()
        try:
            for port in ports:
                work = Path(folder) / f"work-{port}"
                work.mkdir()
                environment = os.environ | {
                    "STREC_CACHE": f"{folder}/cache", "TMPDIR": str(work),
                    "STREC_PUBLIC": str(int(public)),
                    "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
                } | ({} if store is None else {"STREC_STORE": str(store)})  # fmt: skip
                if replicas:
                    environment["STREAMLIT_BROWSER_SERVER_ADDRESS"] = "127.0.0.1"
                command = [sys.executable, "-m", "strec", "app", "--no-browser",
                           "--host", "127.0.0.1", "--port", str(port)]  # fmt: skip
                begun.append(subprocess.Popen(command, cwd=ROOT, env=environment, **quiet))
            for port in ports:
                _wait(f"http://127.0.0.1:{port}")
            apps, url = list(begun), f"http://127.0.0.1:{ports[0]}"
            if replicas:
                begun.append(_proxy(front, ports, Path(folder), quiet))
                url = f"http://127.0.0.1:{front}"
                _wait(url)
            yield Servers(url, apps)
        finally:
            for each in reversed(begun):
                each.terminate()
            for each in begun:
                each.wait(20)


def _proxy(front: int, ports: list[int], folder: Path, quiet: dict[str, Any]) -> subprocess.Popen:
    """Start Caddy with the deployment's own configuration."""
    caddy = shutil.which("caddy")
    if caddy is None:
        raise SystemExit("--replicas needs Caddy on the path.")
    apps = " ".join(f"127.0.0.1:{port}" for port in ports)
    return subprocess.Popen(
        [caddy, "run", "--config", str(ROOT / "deploy" / "Caddyfile"), "--adapter", "caddyfile"],
        env=os.environ | {"DOMAIN": f"http://127.0.0.1:{front}", "STREC_APPS": f"to {apps}",
                          "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        **quiet,
    )  # fmt: skip


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait(url: str) -> None:
    for _ in range(480):
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            return
        except OSError:
            time.sleep(0.25)
    raise SystemExit("the app did not start")


def report(given: argparse.Namespace, servers: Servers) -> None:
    """Measure, and print it."""
    pages = given.pages.split(",")
    if given.first:
        print(asyncio.run(firsts(servers, pages)), end="\n\n", flush=True)
        _crowd(given, servers, pages, None)
        return
    # What a server has after its first visitors; each replica has one.
    for _ in range(2 * max(given.replicas, 1)):
        first = asyncio.run(crowd(servers.url, 1, pages, len(pages), 0))
        waits = [f"{page} {found[0]:.1f} s" for page, found in first.seconds.items()]
        print("a visitor alone: " + ", ".join(waits), flush=True)
    if given.costs:
        print(asyncio.run(costs(servers, pages, given.views)))
        return
    files = hostile_files() if given.hostile or given.compare else None
    if given.compare:
        alone, beside = (_crowd(given, servers, pages, hostile) for hostile in (None, files))
        print(f"p95 with the hostile one {beside:.2f} s, without {alone:.2f} s: "
              f"{beside / alone:.2f} times.")  # fmt: skip
    else:
        for _ in range(given.crowds):
            _crowd(given, servers, pages, files)


def _crowd(
    given: argparse.Namespace, servers: Servers, pages: list[str], hostile: dict[str, bytes] | None
) -> float:
    """Send the visitors, print what they saw, and return the p95 of all views in seconds."""
    cpu_s, mb = servers.cpu_s(), servers.mb()
    seen = asyncio.run(
        crowd(servers.url, given.visitors, pages, float("inf") if given.minutes else given.views,
              given.think, given.minutes, hostile)
    )  # fmt: skip
    cpu_s, most_mb = servers.cpu_s() - cpu_s, servers.mb()
    print(seen.table())
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(
        f"\n{cpu_s / max(seen.n_views, 1):.3f} CPU s a view; {len(seen.gave_up)} of "
        f"{given.visitors} gave up; {len(seen.errors)} errors shown; {seen.n_hostile} hostile "
        f"files; {(most_mb - mb) / given.visitors:.1f} MB a visitor; load of the machine {load}."
    )
    for each in sorted({*seen.gave_up, *seen.errors})[:8]:
        print(f"- {each}")
    if given.leave:
        time.sleep(LEFT_S)
        print(f"{servers.mb() - mb:.0f} MB more than before, {LEFT_S:.0f} s after all have left.")
    return float(np.quantile([each for found in seen.seconds.values() for each in found], 0.95))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument(
        "--think", type=float, default=8.0, help="seconds between views, in the mean"
    )
    parser.add_argument("--views", type=int, default=5, help="of each visitor; rounds of --costs")
    parser.add_argument("--minutes", type=float, default=0, help="in place of --views")
    parser.add_argument("--pages", default=",".join(PAGES))
    parser.add_argument("--costs", action="store_true", help="CPU seconds a view of each page")
    parser.add_argument("--first", action="store_true", help="each page at first, and again")
    parser.add_argument("--hostile", action="store_true", help="one more uploads hostile files")
    parser.add_argument("--compare", action="store_true", help="without the hostile one, then with")
    parser.add_argument("--replicas", type=int, default=0, help="processes behind Caddy")
    parser.add_argument("--store", type=Path, help="what visitors are shown, in place of a sample")
    parser.add_argument("--leave", action="store_true", help="memory after all have left")
    parser.add_argument("--crowds", type=int, default=1, help="one after another")
    parser.add_argument("--url", help="of an app that runs already")
    given = parser.parse_args()
    if given.url:
        report(given, Servers(given.url.rstrip("/")))
        return
    with serving(given.replicas, given.store, public=True) as servers:
        report(given, servers)


if __name__ == "__main__":
    main()
