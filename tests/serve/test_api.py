"""The API: an event counts in the next answer, and none that was acknowledged is ever lost."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages.shared import in_use
from strec import cli, runs
from strec.dataset import Dataset
from strec.errors import LimitError
from strec.models import MODELS, CounterMix
from strec.serve import merged, routes
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
    routes.forget()
    yield TestClient(Starlette(routes=routes.routes()), headers=HEADERS)
    routes.forget()


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
    routes.forget()
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
    assert "KeyError in " in caplog.text and "fails (test_api.py:" in caplog.text
    assert "ann" not in caplog.text


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


#: One process is made ready and forks those that are killed: a start costs more than the rest.
WRITER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from strec.serve.events import EventLog
for first in map(int, sys.stdin):
    child = os.fork()
    if child:
        print("killed", os.waitpid(child, 0)[1], flush=True)
        continue
    print(os.getpid(), flush=True)
    log = EventLog(Path(sys.argv[2]))
    for number in range(first, first + 100_000):
        log.append([{"number": number, "text": "x" * 200}])
        # In one piece: a kill between a number and its end would join two lines.
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
"""


@pytest.mark.slow
def test_no_acknowledged_event_is_lost_by_fifty_kills(tmp_path):
    acknowledged, chance = set(), random.Random(0)
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, root, str(tmp_path)], text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    for kill in range(50):
        process.stdin.write(f"{kill * 100_000}\n")
        writer = int(process.stdout.readline())
        acknowledged.add(int(process.stdout.readline()))
        time.sleep(chance.uniform(0, 0.02))
        os.kill(writer, signal.SIGKILL)
        while not (line := process.stdout.readline()).startswith("killed"):
            acknowledged.add(int(line))
        assert line == f"killed {signal.SIGKILL}\n"
    process.stdin.close()
    assert process.wait(10) == 0
    kept = [event["number"] for event in EventLog(tmp_path).read()]
    assert acknowledged <= set(kept) and len(kept) == len(set(kept)) and len(acknowledged) > 100


MERGER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from strec.serve import merged
from strec.serve.events import EventLog
store, events, number = Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
log = EventLog(events)
while True:
    number += 1
    log.append([{"user_id": f"n{number}", "item_id": "i", "timestamp": "2024-09-02T08:00:00+00:00",
                 "utc_offset_min": 0, "lat": None, "lon": None}])
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
    merged.merge(store, events)
"""


def kept_users(store: Path, events: Path) -> list[str]:
    """Return the user of each event, in the merged store or after it."""
    found, places = merged.latest(store, events)
    table = Store(found).checkins()["user_id"].to_list()
    after = [event["user_id"] for event in EventLog(events).since(places)[0]]
    return sorted(user for user in [*table, *after] if user.startswith("n"))


@pytest.mark.slow
def test_no_event_is_lost_or_doubled_by_kills_while_they_are_merged(folder, tmp_path):
    acknowledged, chance = set(), random.Random(1)
    root = str(Path(__file__).parents[2])
    for kill in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", MERGER, root, str(folder / "store"), str(tmp_path),
             str(kill * 1_000)], stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        acknowledged.add(f"n{kill * 1_000 + 1}")
        time.sleep(chance.uniform(0, 1.0))
        process.kill()
        said, _ = process.communicate()
        acknowledged |= {f"n{int(line)}" for line in said.split(b"\n")[:-1]}
    kept = kept_users(folder / "store", tmp_path)
    assert acknowledged <= set(kept) and len(kept) == len(set(kept))


@pytest.mark.slow
def test_whatever_step_of_merging_fails_nothing_is_lost_or_doubled(folder, tmp_path, monkeypatch):
    store, steps = folder / "store", []
    event = {"item_id": "i", "timestamp": "2024-09-02T08:00:00+00:00", "utc_offset_min": 0}

    class Killed(BaseException):
        """Nothing is tidied up after a kill."""

    def failing(step, real):
        def do(*args, **kwargs):
            steps.append(step)
            if len(steps) == die_at:
                raise Killed
            return real(*args, **kwargs)

        return do

    monkeypatch.setattr(os, "rename", failing("rename", os.rename))
    monkeypatch.setattr(shutil, "rmtree", failing("rmtree", shutil.rmtree))
    on_disk, folder_on_disk = merged._onto_the_disk, failing("fsync", merged._onto_the_disk)
    monkeypatch.setattr(
        merged, "_onto_the_disk",
        lambda path: (folder_on_disk if path.is_dir() else on_disk)(path),
    )  # fmt: skip
    monkeypatch.setattr(Store, "create", failing("create", Store.create))
    written, die_at = 0, 0
    for after in range(1, 30):
        die_at, written = 0, written + 1
        EventLog(tmp_path).append([event | {"user_id": f"n{written:03}"}])
        steps.clear()
        die_at = after
        with suppress(Killed):
            merged.merge(store, tmp_path)
        is_over, die_at = len(steps) < after, 0
        assert kept_users(store, tmp_path) == [f"n{n:03}" for n in range(1, written + 1)], steps
        if is_over:
            break
    assert is_over and {"rename", "create", "fsync"} <= set(steps)
    assert len(list((tmp_path / "merged").glob("[0-9]*"))) <= merged.KEEP
    assert not list((tmp_path / "merged").glob(".draft*")) and merged.merge(store, tmp_path) is None


@pytest.mark.slow
def test_what_was_merged_is_everybodys_and_its_items_are_known(client, folder, monkeypatch):
    table = Store(folder / "store").checkins()
    known = table.filter(table["item_name"].is_not_null()).row(0, named=True)
    came = [
        {"user_id": f"n{n}", "item_id": item, "timestamp": "2024-09-03T08:00:00+02:00"}
        for n in range(40)
        for item in ("never-seen", known["item_id"])
    ]
    assert client.post("/api/events", json={"events": came}).status_code == 200
    before = [row["item_id"] for row in ask(client, time="2024-09-03T08:00", k=40)]
    thread = routes.merger()
    assert thread is not None
    asked_while_merging = {"user_id": "late", "item_id": "never-seen",
                           "timestamp": "2024-09-03T09:00:00+02:00"}  # fmt: skip
    assert client.post("/api/events", json={"events": [asked_while_merging]}).status_code == 200
    thread.ended.set()  # One round.
    thread.run()
    after = [row["item_id"] for row in ask(client, time="2024-09-03T08:00", k=40)]
    assert "never-seen" in after and "never-seen" not in before
    # The pages show it, as a data set like any other.
    found, _ = merged.latest(folder / "store", folder / "events")
    rows = Store(found).checkins()
    same = rows.filter((rows["user_id"] == "n3") & (rows["item_id"] == known["item_id"]))
    assert same["item_name"].to_list() == [known["item_name"]]
    assert same["category"].to_list() == [known["category"]]
    in_use._opened.clear()
    shown = in_use.given_store()
    assert shown is not None and shown.folder == found.resolve()
    # Another store of the operator is not mixed with it.
    other = Store.create(table.head(200), folder / "other", name="y").folder
    assert merged.latest(other, folder / "events") == (other, {})


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["popularity", "trees"])
def test_a_saved_run_answers_as_the_command_does(folder, tmp_path, monkeypatch, capsys, kind):
    store = Store(folder / "store")
    run = runs.create(tmp_path / "run", kind, store)
    data = Dataset.from_store(store)
    MODELS[kind]().fit(data.everything).save(run.folder)
    run.set_state("done")
    for name, value in {"STREC_STORE": folder / "store", routes.EVENTS: tmp_path / "events",
                        routes.TOKEN: "secret", "STREC_RUN": run.folder}.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    routes.forget()
    client = TestClient(Starlette(routes=routes.routes()), headers=HEADERS)
    user, when = data.everything.owner_ids[0], "2024-08-20 12:30"
    with suppress(SystemExit):
        cli.main([
            "recommend", str(store.folder), "--user", user, "--time", when, "--place", "52.5,13.4",
            "--model", str(run.folder), "-k", "20", "--json",
        ])  # fmt: skip
    wanted = json.loads(capsys.readouterr().out)["suggestions"]
    found = client.post(
        "/api/recommend",
        json={"user_id": user, "time": when, "lat": 52.5, "lon": 13.4, "k": 20},
    ).json()
    assert found["model"] == kind
    for mine, theirs in zip(found["suggestions"], wanted, strict=True):
        assert mine["item_id"] == theirs["item_id"]
        assert mine["score"] == pytest.approx(theirs["score"], rel=1e-9)
        assert mine.get("parts", {}) == pytest.approx(theirs.get("parts", {}), rel=1e-6, abs=1e-9)
    assert kind != "trees" or sum(found["suggestions"][0]["parts"].values()) > 0
    (run.folder / "model.json").write_text("{}")
    routes.forget()
    assert client.post("/api/recommend", json={}).status_code == 503
    routes.forget()


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
