"""The API: how long an answer takes at so many requests a second.

Prints a line::

    python benchmarks/api.py [--items 5000] [--rate 50] [--seconds 10] [--no-parts] [--model trees]

A server of the API alone runs in a process of its own; every tenth request brings an event.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SERVER = (
    "import uvicorn\n"
    "from starlette.applications import Starlette\n"
    "from strec.serve.routes import routes\n"
    "uvicorn.run(Starlette(routes=routes()), port={port}, log_level='error')\n"
)
PORT = 8799


async def post(address: str, content: dict) -> float:
    """Return the seconds that a request took."""
    body = json.dumps(content).encode()
    begun = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(
        f"POST {address} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    answer = await reader.read()
    writer.close()
    if b" 200 " not in answer[:20]:
        raise SystemExit(answer.decode())
    return time.perf_counter() - begun


async def load(users: list[str], items: list[str], rate: float, seconds: float, parts: bool):
    """Ask at a steady rate, and return seconds per answer."""
    chance, begun, asked = random.Random(0), time.perf_counter(), []
    await post("/api/recommend", {})  # Made at the first request.
    begun = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        user = chance.choice(users)
        if number % 10 == 0:
            event = {"user_id": user, "item_id": chance.choice(items), "timestamp": "2025-01-05"}
            asked.append(asyncio.create_task(post("/api/events", {"events": [event]})))
        question = {"user_id": user, "time": "2025-01-06T18:00", "parts": parts}
        asked.append(asyncio.create_task(post("/api/recommend", question)))
    return await asyncio.gather(*asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--model", help="trained on the world first, such as trees; counts else")
    parser.add_argument("--parts", action=argparse.BooleanOptionalAction, default=True)
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from strec.simulation import simulate
    from strec.store import Store

    with tempfile.TemporaryDirectory(prefix="strec-api-") as folder:
        world = simulate("social", n_users=500, n_checkins=60_000, n_items=given.items, seed=1)
        Store.create(world, Path(folder) / "store", name="A world")
        env = os.environ | {
            "STREC_STORE": f"{folder}/store", "STREC_EVENTS": f"{folder}/events",
            "STREC_API_TOKEN": "t", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        if given.model:
            from strec import Dataset
            from strec.models import MODELS

            MODELS[given.model]().fit(Dataset(world).everything).save(f"{folder}/model")
            env |= {"STREC_RUN": f"{folder}/model"}
        server = subprocess.Popen([sys.executable, "-c", SERVER.format(port=PORT)], env=env)
        try:
            users, items = world["user_id"].unique().to_list(), world["item_id"].unique().to_list()
            for _ in range(240):
                try:
                    asyncio.run(post("/api/recommend", {}))
                    break
                except OSError:
                    time.sleep(0.5)
            cpu = cpu_s(server.pid)
            took = asyncio.run(load(users, items, given.rate, given.seconds, given.parts))
            middle, late = 1000 * np.quantile(took, [0.5, 0.95])
            cost = 1000 * (cpu_s(server.pid) - cpu) / len(took)
            print(f"{len(items):,} items, {given.rate:g} requests/s: median {middle:.0f} ms, "
                  f"p95 {late:.0f} ms, {cost:.1f} ms CPU a request")  # fmt: skip
        finally:
            server.terminate()
            server.wait(10)


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
