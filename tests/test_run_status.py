"""How far a training is: shares that never fall, whatever the model tells."""

import pytest

from strec import runs
from strec.runs import create
from strec.runs.status import share_done, status_of
from strec.simulation import simulate
from strec.store import Store


def progress(share: float) -> dict:
    return {"event": "progress", "text": "", "share": share}


def batch(epoch: int, done: int, **more) -> dict:
    return {"event": "batch", "epoch": epoch, "epochs": 4, "batch": done, "n_batches": 10} | more


def shares(events: list[dict], makes_passes: bool = True) -> list[float]:
    return [share_done(events[: n + 1], makes_passes) for n in range(len(events))]


def test_preparation_passes_and_what_follows_have_their_stretch_of_the_bar():
    events = [progress(0.95), {"event": "start", "epochs": 4}, batch(1, 5), batch(4, 10)]
    # A tenth for preparation; half of the first pass of four is an eighth of the rest.
    assert shares(events) == pytest.approx([0.095, 0.1, 0.1 + 0.9 / 8, 1.0])


def test_a_last_pass_over_all_checkins_does_not_step_back():
    passes = [batch(epoch, 10, of_whole=4 / 5) for epoch in (1, 2, 3, 4)]
    last = [progress(4 / 5 + 1 / 5 * done) for done in (0.5, 1.0)]
    found = shares([progress(0.0), {"event": "start"}, *passes, *last])
    assert found == sorted(found)
    assert found[-3:] == pytest.approx([0.1 + 0.9 * 0.8, 0.1 + 0.9 * 0.9, 1.0])


def test_a_library_that_tells_less_than_before_does_not_move_the_bar():
    assert shares([progress(0.4), progress(0.1), progress(0.6)], False) == [0.4, 0.4, 0.6]


def test_a_resumed_training_begins_from_the_passes_it_has():
    events = [progress(0.5), {"event": "start"}, batch(3, 5), {"event": "resume"}, progress(0.0),
              {"event": "start", "epochs": 4, "epochs_done": 2}, batch(3, 1)]  # fmt: skip
    found = shares(events)
    assert found[4] == 0.0 and found[5] == pytest.approx(0.1 + 0.9 / 2) and found[6] > found[5]


def test_odd_events_do_no_harm():
    assert share_done([{}, {"event": "note"}, {"event": "start"}]) == 0.0
    assert share_done([progress(7.0)]) == 1.0
    assert status_of({"state": "done"}, []).share == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ctr", "stllm", "lstm"])
def test_the_bar_of_a_real_training_never_steps_back(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("STREC_CACHE", str(tmp_path / "cache"))
    table = simulate("social", n_users=15, n_checkins=900, seed=1)
    store = Store.create(table, tmp_path / "data", name="A world")
    quick = {"ctr": {"dim": 8, "n_recent": 8}, "stllm": {"text": ""}, "lstm": {"dim": 8}}[kind]
    run = create(tmp_path / "run", kind, store, params={"epochs": 2} | quick)
    runs.train_run(run, store)
    found = shares(run.events())
    assert len(found) > 5 and found == sorted(found)
    # The last pass of a model that makes one is on the bar, before its end.
    told = [event.get("text") for event in run.events()]
    assert ("Learning from the latest check-ins too" in told) == (kind == "ctr")
