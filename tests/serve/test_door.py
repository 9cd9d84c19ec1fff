"""What is before the app: uploads have a bound for a visit and for all, before they are read."""

import asyncio

import pytest

from strec.serve.door import UPLOADS, UPLOADS_EACH, Door


@pytest.fixture(autouse=True)
def bounds(monkeypatch):
    monkeypatch.setenv(UPLOADS_EACH, "4")
    monkeypatch.setenv(UPLOADS, "6")


async def put(door: Door, session: str, mb: float | None) -> int:
    """Upload so many MB, and return the status."""
    sent = []

    async def send(message):
        sent.append(message)

    length = [] if mb is None else [(b"content-length", str(int(mb * 1e6)).encode())]
    path = f"/_stcore/upload_file/{session}/file"
    scope = {"type": "http", "method": "PUT", "path": path, "headers": length, "query_string": b""}
    await door(scope, None, send)
    return sent[0]["status"]


def test_a_visit_and_the_server_hold_so_much():
    held = {"anna": 3_000_000, "ben": 2_000_000}

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})

    door = Door(app, lambda session: (held.get(session, 0), sum(held.values())))
    tried = {("anna", 0.5): 204, ("anna", 1.5): 413, ("carl", 0.5): 204, ("carl", 1.5): 503,
             ("carl", None): 411}  # fmt: skip
    for (session, mb), status in tried.items():
        assert asyncio.run(put(door, session, mb)) == status


def test_what_is_on_its_way_counts_and_is_forgotten_when_it_came():
    async def both() -> list[int]:
        ended = asyncio.Event()

        async def app(scope, receive, send):
            await ended.wait()
            await send({"type": "http.response.start", "status": 204, "headers": []})

        door = Door(app)
        first = asyncio.create_task(put(door, "anna", 3))
        await asyncio.sleep(0)
        refused = [await put(door, "anna", 2), await put(door, "ben", 3.5)]
        ended.set()
        return [await first, *refused, await put(door, "anna", 2)]

    assert asyncio.run(both()) == [204, 413, 503, 204]
