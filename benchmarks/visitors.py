"""Many visitors at once: how long they wait, what they cost, and what they leave in memory.

Prints a Markdown table::

    python benchmarks/visitors.py [--visitors 50] [--think 8] [--views 5] [--pages start,time,…]

Speaks Streamlit's protocol over websockets, without a browser: each visitor opens a session of
their own, asks for the pages in turn, and thinks between two of them. A view lasts from the
request to the end of the script; fragments that run by themselves are left out. "CPU" are seconds
of the server's processor: on a machine that does other work they say more than the clock. `--url`
visits an app that runs already, such as one behind a proxy; its processor is not seen then.
"""

import argparse
import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from pathlib import Path

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.typing import Origin, Subprotocol

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("start", "data", "time", "space", "dependence", "train", "evaluate", "recommend", "live",
         "privacy")  # fmt: skip
#: Nobody waits longer for a page.
PATIENCE_S = 120.0


async def visit(url: str, pages: list[str], views: int, think_s: float, seed: int, seen: dict):
    """Be one visitor, and note seconds per page; what fails is noted under ``failed``."""
    chance = random.Random(seed)
    await asyncio.sleep(chance.uniform(0, think_s))
    first = chance.randrange(len(pages))
    begun = time.perf_counter()
    try:
        stream = url.replace("http", "ws", 1) + "/_stcore/stream"
        async with connect(
            stream,
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            open_timeout=PATIENCE_S,
            origin=Origin(url),
        ) as socket_:
            for number in range(views):
                page = pages[(first + number) % len(pages)]
                begun = time.perf_counter()
                await socket_.send(_ask(page))
                await asyncio.wait_for(_finished(socket_), PATIENCE_S)
                seen[page].append(time.perf_counter() - begun)
                await asyncio.sleep(chance.expovariate(1 / think_s) if think_s else 0)
    except Exception as error:
        seen["failed"].append(f"{type(error).__name__} after {time.perf_counter() - begun:.0f} s")


def _ask(page: str) -> bytes:
    message = BackMsg()
    message.rerun_script.page_name = "" if page == "start" else page
    message.rerun_script.query_string = ""
    return message.SerializeToString()


async def _finished(socket_) -> None:
    """Read until the script has run to its end."""
    while True:
        message = ForwardMsg()
        message.ParseFromString(await socket_.recv())
        if message.WhichOneof("type") == "script_finished" and message.script_finished in (
            ForwardMsg.FINISHED_SUCCESSFULLY,
            ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
        ):
            return


async def crowd(url: str, n: int, pages: list[str], views: int, think_s: float) -> dict:
    """Send so many visitors at once and return seconds per page."""
    seen: dict = defaultdict(list)
    await asyncio.gather(*(visit(url, pages, views, think_s, seed, seen) for seed in range(n)))
    return seen


def serve(cache: str) -> tuple[subprocess.Popen, str]:
    """Start the app and return its process and address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true",
         "--server.port", str(port), "--server.address", "127.0.0.1",
         "--server.fileWatcherType", "none"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "STREC_CACHE": cache, "TMPDIR": cache},
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    for _ in range(480):
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            return process, url
        except OSError:
            time.sleep(0.25)
    raise SystemExit("the app did not start")


def used(process: subprocess.Popen | None) -> tuple[float, float]:
    """Return CPU seconds and MB of memory of a process, NaN where they are not seen."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()  # type: ignore[union-attr]
    except (OSError, AttributeError):
        return float("nan"), float("nan")
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    return (int(fields[11]) + int(fields[12])) / ticks, int(fields[21]) * page / 2**20


def table(seen: dict, cpu_s: float, grown_mb: float, n: int) -> str:
    """Return what was measured as Markdown."""
    failed = seen.pop("failed", [])
    everything = [seconds for each in seen.values() for seconds in each]
    lines = ["| page | views | median s | p95 s | most s |", "|---|---:|---:|---:|---:|"]
    for page, found in [*seen.items(), ("all", everything)]:
        if found:
            middle, late = np.quantile(found, [0.5, 0.95])
            lines.append(
                f"| {page} | {len(found)} | {middle:.2f} | {late:.2f} | {max(found):.2f} |"
            )
    lines.append("")
    cost = cpu_s / max(len(everything), 1)
    lines.append(
        f"{cost:.3f} CPU s a view; {len(failed)} of {n} gave up; "
        f"{grown_mb / n:.1f} MB a visitor remain."
    )
    lines += [f"- {each}" for each in failed[:5]]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument(
        "--think", type=float, default=8.0, help="seconds between views, in the mean"
    )
    parser.add_argument("--views", type=int, default=5, help="of each visitor")
    parser.add_argument("--pages", default=",".join(PAGES))
    parser.add_argument("--url", help="of an app that runs already")
    given = parser.parse_args()
    pages = given.pages.split(",")
    with tempfile.TemporaryDirectory(prefix="strec-visitors-") as cache:
        process, url = (None, given.url.rstrip("/")) if given.url else serve(cache)
        try:
            # What a server has after its first visitor.
            first = asyncio.run(crowd(url, 1, pages, len(pages), 0))
            waits = [f"{page} {found[0]:.1f} s" for page, found in first.items()]
            print("first visitor: " + ", ".join(waits))
            cpu_s, mb = used(process)
            seen = asyncio.run(crowd(url, given.visitors, pages, given.views, given.think))
            after_s, _ = used(process)
            time.sleep(3)
            print(table(seen, after_s - cpu_s, used(process)[1] - mb, given.visitors))
        finally:
            if process is not None:
                process.terminate()
                process.wait(20)


if __name__ == "__main__":
    main()
