"""The API: an event counts in the next answer, and none that was acknowledged is ever lost."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from strec.dataset import Dataset
from strec.errors import LimitError
from strec.models import CounterMix
from strec.serve import routes
from strec.serve.events import EventLog
from strec.simulation import simulate
from strec.store import Store

EVENT = b'{"events": [{"user_id": "u", "item_id": "i", "timestamp": "LATER"}]}'
HEADERS = {"Authorization": "Bearer secret"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("api")
    Store.create(simulate("social", n_users=12, n_checkins=600, seed=2), path / "store", name="x")
    return path


@pytest.fixture
def client(folder, monkeypatch):
    monkeypatch.setenv("STREC_STORE", str(folder / "store"))
    monkeypatch.setenv(routes.EVENTS, str(folder / "events"))
    monkeypatch.setenv(routes.TOKEN, "secret")
    routes._made.cache_clear()
    yield TestClient(Starlette(routes=routes.routes()), headers=HEADERS)
    routes._made.cache_clear()


def ask(client, **question) -> list[dict]:
    found = client.post("/api/recommend", json=question)
    assert found.status_code == 200, found.text
    return found.json()["suggestions"]


def test_an_event_counts_in_the_next_answer_without_training(client):
    first = ask(client, time="2024-09-02T18:00", k=5)
    assert [row["rank"] for row in first] == [1, 2, 3, 4, 5]
    assert sum(first[0]["parts"].values()) == pytest.approx(first[0]["probability"])
    item = first[4]["item_id"]
    new = {"user_id": "newcomer", "item_id": item, "timestamp": "2024-09-02T08:00:00+02:00"}
    found = client.post("/api/events", json={"events": [new]})
    assert found.json() == {"accepted": 1, "events": 1}
    after = ask(client, user_id="newcomer", time="2024-09-02T18:00", k=1)
    assert after[0]["item_id"] == item and after[0]["is_return"]
    # The next process knows it too, and somebody of whom only events are known.
    routes._made.cache_clear()
    assert ask(client, user_id="newcomer", time="2024-09-02T18:00", k=1)[0]["item_id"] == item


def test_the_answers_are_those_of_the_model_alone_and_parts_add_up(
    client, folder, tmp_path, monkeypatch
):
    monkeypatch.setenv(routes.EVENTS, str(tmp_path))
    data = Dataset(Store(folder / "store").checkins())
    model = CounterMix().fit(data.everything)
    for user in data.everything.owner_ids[:6]:
        when = "2024-08-20 12:30"
        wanted = model.recommend(data, user, when, (52.5, 13.4), k=20).to_dicts()
        got = ask(client, user_id=user, time=when, lat=52.5, lon=13.4, k=20)
        assert [row["item_id"] for row in got] == [row["item_id"] for row in wanted]
        for mine, theirs in zip(got, wanted, strict=True):
            assert mine["probability"] == pytest.approx(theirs["probability"], rel=1e-12)
            assert sum(mine["parts"].values()) == pytest.approx(mine["probability"])
            assert mine["n_visits"] == theirs["n_visits"]
            seen = theirs["last_visit"]
            assert mine["last_visit"] == (None if seen is None else str(seen))


def test_a_past_with_events_is_kept_until_the_next_event(client):
    def item() -> str:
        return ask(client, user_id="walker", time="2024-09-02T18:00", k=1)[0]["item_id"]

    known = [row["item_id"] for row in ask(client, time="2024-09-02T18:00", k=2)]
    for day, visited in enumerate(known, 1):
        event = {"user_id": "walker", "item_id": visited, "timestamp": f"2024-09-0{day}T09:00"}
        assert client.post("/api/events", json={"events": [event]}).status_code == 200
        assert item() == item()
    rows = ask(client, user_id="walker", time="2024-09-02T18:00", k=5)
    assert {row["item_id"] for row in rows if row["is_return"]} == set(known)


def test_only_the_token_opens_it_and_without_one_it_is_closed(client, monkeypatch):
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "secret"}):
        client.headers.pop("Authorization", None)
        assert client.post("/api/events", json={}, headers=header).status_code == 403
    monkeypatch.delenv(routes.TOKEN)
    assert client.post("/api/recommend", json={}, headers=HEADERS).status_code == 403
    assert client.get("/api/health").json()["status"] == "ok"
    assert client.get("/api/openapi.json").json()["openapi"] == "3.1.0"


def test_the_log_of_a_failure_names_nobody(client, monkeypatch, caplog):
    def fails(self, given):
        raise KeyError(f"no row of {given['user_id']}")

    monkeypatch.setattr(routes.Answers, "recommend", fails)
    found = client.post("/api/recommend", json={"user_id": "ann-of-berlin"})
    assert found.status_code == 500 and "ann" not in found.text
    assert "KeyError in fails" in caplog.text and "ann" not in caplog.text


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        ("events", b"{", 400), ("events", b"[" * 100_000, 400), ("events", b"[]", 422),
        ("events", b'{"events": [{"user_id": "u"}]}', 422),
        ("events", EVENT.replace(b"LATER", b"soon"), 422),
        ("events", EVENT.replace(b'LATER"', b'2024-01-01", "lat": 1'), 422),
        ("events", b" " * 3_000_000, 422), ("recommend", b'{"k": 0}', 422),
        ("recommend", b'{"user_id": "nobody knows"}', 422), ("recommend", b'{"lat": NaN}', 422),
        ("recommend", b'"x"', 422),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_in_words(client, address, body, status):
    found = client.post(f"/api/{address}", content=body)
    assert found.status_code == status and set(found.json()) == {"needed", "found", "mend"}


WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from strec.serve.events import EventLog
log, first = EventLog(Path(sys.argv[2])), int(sys.argv[3])
for number in range(first, first + 100_000):
    log.append([{"number": number, "text": "x" * 200}])
    print(number, flush=True)
"""


@pytest.mark.slow
def test_no_acknowledged_event_is_lost_by_fifty_kills(tmp_path):
    acknowledged, chance = set(), random.Random(0)
    root = str(Path(__file__).parents[2])
    for kill in range(50):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, root, str(tmp_path), str(kill * 100_000)],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        acknowledged.add(kill * 100_000)
        time.sleep(chance.uniform(0, 0.02))
        process.kill()
        said, _ = process.communicate()
        acknowledged |= {int(line) for line in said.split(b"\n")[:-1]}
    kept = [event["number"] for event in EventLog(tmp_path).read()]
    assert acknowledged <= set(kept) and len(kept) == len(set(kept)) and len(acknowledged) > 100


def test_a_torn_line_is_left_out_and_a_full_disk_takes_nothing(tmp_path, monkeypatch):
    log = EventLog(tmp_path)
    log.append([{"number": 1}])
    with next(tmp_path.glob("events-*")).open("ab") as file:
        file.write(b'{"number": 2')
    again = EventLog(tmp_path)
    again.append([{"number": 3}])
    with monkeypatch.context() as patch:

        def full(_):
            raise OSError(28, "No space left on device")

        patch.setattr(os, "fsync", full)
        with pytest.raises(LimitError, match="no space left"):
            again.append([{"number": 4}])
    again.append([{"number": 5}])
    assert [json.dumps(each) for each in EventLog(tmp_path).read()] == [
        '{"number": 1}', '{"number": 3}', '{"number": 5}'
    ]  # fmt: skip


def test_the_latest_events_are_read_from_the_end_over_segments(tmp_path):
    for first in (0, 5):
        EventLog(tmp_path).append([{"number": first + k} for k in range(5)])
    os.utime(tmp_path / "events-00000001.jsonl", (1, 1))
    found = [event["number"] for event in EventLog(tmp_path).latest(7)]
    assert found == [9, 8, 7, 6, 5, 4, 3]
