"""The Train page: choose, watch, cancel, resume, compare; whatever becomes of the process."""

import json
import time

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

# Imported before a test puts something else in place of what it imports.
import pages.parts.train.board  # noqa: F401
from strec.gate import dependence_test as dependence_of
from strec.models import MODELS
from strec.runs import Run, create, home, parameters, runs_in, train_run
from strec.simulation import simulate
from strec.store import Store
from tests.pages.alone import alone

pytestmark = pytest.mark.slow


def world(n: int = 1_200, **sliders) -> pl.DataFrame:
    setting = dict(temporal=0.5, spatial=0.5, interaction=0.5) | sliders
    return simulate("social", n_users=15, n_checkins=1_200, seed=3, **setting).head(n)


@pytest.fixture
def store(tmp_path, monkeypatch) -> Store:
    monkeypatch.setenv("STREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return Store.create(world(), tmp_path / "data" / "store", name="A world")


def page(store: Store, **state) -> AppTest:
    app = alone("train")
    app.session_state["store"] = store
    for name, value in state.items():
        app.session_state[name] = value
    return app.run()


def text_of(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.error, *app.subheader]
    return "\n".join(str(part.value) for part in parts)


def tick_of(app: AppTest, store: Store, kind: str):
    return app.checkbox(key=f"train_{store.fingerprint[:8]}_{kind}")


def made(store: Store, kind: str = "popularity", **more) -> Run:
    return create(home(store) / f"{kind}-{time.monotonic_ns()}", kind, store, **more)


def test_every_model_is_offered_with_its_sentence(store, monkeypatch):
    # A machine on which a pass of attention per context takes the whole of the time.
    monkeypatch.setattr("strec.runs.pace.speed", lambda: 1e6)
    app = page(store)
    assert not app.exception
    for kind in MODELS:
        assert MODELS[kind].sentence in text_of(app)
    assert tick_of(app, store, "counter_mix").value
    assert app.button(key="train_start").label == "Train 1 model"
    share = 1 / parameters("ctr", "normal")["epochs"]
    told = f"about {100 * share:.0f} % of its passes fit into 10 min here, one pass at least"
    assert told in tick_of(app, store, "ctr").label
    assert "Trains on: " in text_of(app) and "Nothing is trained on this data yet" in text_of(app)


def test_what_the_gate_recommends_is_ticked_and_said(store, monkeypatch):
    result = dependence_of(store.checkins(), n_permutations=9)
    forced = type(result)(**{**fields(result), "recommended_model": "als", "route": "traditional"})
    monkeypatch.setattr("pages.shared.gate.found", lambda store: forced)
    app = page(store)
    assert tick_of(app, store, "als").value and tick_of(app, store, "counter_mix").value
    assert "**traditional** route" in app.info[0].value
    monkeypatch.undo()
    other = page(store)
    assert not tick_of(other, store, "als").value and not other.info


def test_what_is_said_to_be_ticked_is():
    from pages.train import chosen_words, tour_words

    assert "to compare it with" in chosen_words("als", "traditional", None)
    # Counting is not compared with itself, and what cannot be ticked is not.
    assert "compare" not in chosen_words("counter_mix", "traditional", None)
    assert "ticked" not in chosen_words("stllm", "ST-LLM", "torch")
    assert "ticked" in tour_words("ALS", set(), None)
    assert "ticked" not in tour_words("ST-LLM", set(), "torch")
    # Who else's training it is, and when it began, is not known.
    assert "tour" not in tour_words("ALS", {"running"}, None)


def fields(result) -> dict:
    return {k: v for k, v in vars(result).items() if k != "ingredients"}


def test_nothing_chosen_cannot_be_trained(store):
    app = page(store)
    tick_of(app, store, "counter_mix").uncheck()
    app.run()
    assert app.button(key="train_start").disabled


def test_a_click_trains_and_the_result_appears(store):
    app = page(store)
    tick_of(app, store, "counter_mix").uncheck()
    tick_of(app, store, "popularity").check()
    app.segmented_control(key="train_budget").set_value("quick").run()
    app.button(key="train_start").click().run()
    assert not app.exception
    (run,) = runs_in(home(store))
    assert run.config["budget"] == "quick" and run.config["max_seconds"] == 60
    until = time.monotonic() + 60
    while run.poll().is_active and time.monotonic() < until:
        time.sleep(0.1)
    app.run()
    table = app.dataframe[0].value
    assert list(table["Model"]) == ["Popularity"]
    assert table["Right at first try, %"][0] == round(100 * run.results()["measures"]["acc@1"], 1)
    assert "Scored:" in text_of(app)
    # A page opened anew finds it too, and knows how long it took.
    again = page(store)
    assert list(again.dataframe[0].value["Model"]) == ["Popularity"]


def sample_page(**url) -> AppTest:
    app = alone("train")
    for key, value in url.items():
        app.query_params[key] = value
    return app.run()


@pytest.fixture
def shared(tmp_path, monkeypatch) -> Store:
    """A sample on a server that visitors reach over the network."""
    monkeypatch.setenv("STREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("STREC_LOCAL_FILES", "0")
    monkeypatch.setattr("pages.parts.train.begin.start", lambda *_, **__: None)
    return sample_page().session_state["store"]


def test_only_who_started_a_training_on_a_sample_can_cancel_it(shared, monkeypatch):
    mine = sample_page()
    start_one(mine)
    (run,) = runs_in(home(shared, is_shared=True))
    key = f"cancel_{run.folder.name}"
    secret = secret_of(mine)
    assert key in keys(mine) and run.owner
    assert secret not in (run.folder / "run.json").read_text()
    # Another visitor sees it and cannot touch it, whatever they write into the address.
    for url in ({}, {"me": "0" * 32}, {"me": run.owner}, {"me": "x"}):
        other = sample_page(**url)
        assert not other.exception and key not in keys(other)
        assert "Started by another visitor" in text_of(other)
    # A reload keeps control, and so does the person at the computer that runs strec.
    assert key in keys(sample_page(me=secret))
    monkeypatch.setenv("STREC_LOCAL_FILES", "1")
    assert key in keys(sample_page())


def test_what_was_cancelled_is_shown_to_who_started_it(shared):
    mine = sample_page()
    start_one(mine)
    (run,) = runs_in(home(shared, is_shared=True))
    run.set_state("cancelled")
    secret = secret_of(mine)
    assert f"discard_{run.folder.name}" in keys(sample_page(me=secret))
    assert not [key for key in keys(sample_page()) if key.startswith(("discard_", "resume_"))]


def start_one(app: AppTest) -> None:
    """Start the counter mix alone; the test of dependence ticks another model for samples."""
    (other,) = [box for box in app.checkbox if box.value and not box.key.endswith("_counter_mix")]
    other.uncheck()
    app.button(key="train_start").click().run()


def secret_of(app: AppTest) -> str:
    said = app.query_params["me"]
    return said if isinstance(said, str) else said[0]


def keys(app: AppTest) -> list[str]:
    return [str(each.key) for each in app.button]


def test_the_language_model_inside_is_chosen_and_told(store, monkeypatch):
    begun = []
    monkeypatch.setattr("pages.parts.train.begin.start", lambda runs, *_, **__: begun.extend(runs))
    app = page(store)
    key = f"train_{store.fingerprint[:8]}_llm_ranker_language"
    assert key not in [each.key for each in app.selectbox]
    tick_of(app, store, "counter_mix").uncheck()
    tick_of(app, store, "llm_ranker").check().run()
    assert app.selectbox(key=key).value == "minilm"
    app.selectbox(key=key).set_value("tiny").run()
    assert "Tiny demo: random numbers" in text_of(app)
    app.button(key="train_start").click().run()
    assert not app.exception
    (run,) = runs_in(home(store))
    assert run.config["params"]["llm"] == "tiny" and run.label == "LLM ranker (tiny demo)"
    assert made(store, "llm_ranker").label == "LLM ranker"
    bare = made(store, "stllm", params={"text": ""})
    assert bare.label == "ST-LLM (no language model)"


def test_a_running_training_is_shown_live_and_can_be_cancelled(store):
    run = made(store, "lstm")
    run.set_state("running", pid=1)
    run.append({"event": "start", "device": "processor (CPU), 2 cores", "n_processes": 1,
                "n_parameters": 1234, "batch_size": 32})  # fmt: skip
    batch = {"event": "batch", "epoch": 1, "epochs": 4, "batch": 5, "n_batches": 10, "loss": 3.0}
    run.append(batch | {"seconds": 10.0, "seconds_left": 70.0})
    with run.lock:
        app = page(store)
        assert not app.exception
        assert "**LSTM** :blue-badge[running]" in text_of(app)
        assert "1,234 numbers to learn" in text_of(app)
        assert len(app.get("plotly_chart")) == 1
        (bar,) = app.get("progress")
        assert bar.proto.text == "Pass 1 of at most 4 · 10 s · about 70 s left"
        # A tenth stands for what came before the first pass; an eighth of the rest is done.
        assert bar.proto.value == 21
        assert tick_of(app, store, "lstm").disabled
        app.button(key=f"cancel_{run.folder.name}").click().run()
        assert run.is_cancelled() and "stopping" in text_of(app)
    assert "cancelled" in text_of(page(store))


def test_a_cancelled_run_that_waits_leaves_the_one_at_work_alone(store, monkeypatch):
    killed = []
    monkeypatch.setattr("os.kill", lambda pid, signal: killed.append(pid))
    monkeypatch.setattr("pages.parts.train.board.PATIENCE_SECONDS", -1)
    at_work, waits = made(store, "lstm"), made(store, "als")
    at_work.set_state("running", pid=1)
    waits.set_state("waiting", pid=1)
    waits.cancel()
    with at_work.lock, waits.lock:
        app = page(store)
    assert not app.exception and not killed
    assert "will be skipped" in text_of(app) and "blue-badge[running]" in text_of(app)


@pytest.mark.parametrize("state", ["cancelled", "interrupted"])
def test_a_training_that_ended_early_can_be_resumed_or_discarded(store, state):
    run = made(store)
    run.set_state("running", pid=1)
    if state == "cancelled":
        run.cancel()
    app = page(store)
    assert f"badge[{state}]" in text_of(app) and "Resume begins again" in text_of(app)
    app.button(key=f"resume_{run.folder.name}").click().run()
    until = time.monotonic() + 60
    while run.poll().is_active and time.monotonic() < until:
        time.sleep(0.1)
    assert run.poll().state == "done"


def test_a_failure_says_what_to_do_and_can_be_discarded(store):
    run = made(store)
    error = {"needed": "Training needs a *finite* loss.", "found": "nan.", "mend": "Lower it."}
    run.set_state("failed", error=error)
    app = page(store)
    assert not app.exception and r"a \*finite\* loss" in text_of(app) and "Lower it" in text_of(app)
    app.button(key=f"discard_{run.folder.name}").click().run()
    assert not run.folder.exists() and "Nothing is trained" in text_of(app)


def test_finished_models_are_compared_and_can_be_taken_along(store, monkeypatch):
    runs = {kind: made(store, kind) for kind in ("popularity", "counter_mix")}
    for run in runs.values():
        train_run(run, store)
    # The one that the test of dependence chose ran out of time, and lost to counting.
    monkeypatch.setattr("pages.train.recommended", lambda store: ("popularity", "traditional"))
    runs["popularity"].set_state("done", seconds=60.0, share=0.12)
    app = page(store)
    assert "**Popularity** :orange-badge[time ran out at 12 %]" in text_of(app)
    assert app.button(key=f"go_on_{runs['popularity'].folder.name}").label == "Go on"
    assert "**Popularity** was not ahead" in app.warning[0].value
    assert "Recommend with the counter mix" in app.warning[0].value
    table = app.dataframe[0].value
    assert table["Right at first try, %"].is_monotonic_decreasing
    assert [each.label for each in app.get("download_button")] == ["Data as CSV"]


def test_runs_on_other_data_are_not_shown(store, tmp_path):
    train_run(made(store), store)
    other = Store.create(world(1_100), store.folder.parent / "other", name="Another")
    assert home(other) == home(store)
    assert not page(other).dataframe


def test_a_broken_run_folder_does_not_break_the_page(store):
    train_run(made(store), store)
    folder = home(store) / "broken"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps({"format": "strec-run"}))
    app = page(store)
    assert not app.exception and len(app.dataframe[0].value) == 1


def test_models_that_cannot_learn_from_so_little_say_why(tmp_path, monkeypatch):
    monkeypatch.setenv("STREC_CACHE", str(tmp_path / "cache"))
    few = Store.create(world(12), tmp_path / "few" / "store", name="Few")
    app = page(few)
    assert not app.exception
    assert tick_of(app, few, "als").disabled and not tick_of(app, few, "popularity").disabled
    assert "at least 30 check-ins (it has 12)" in text_of(app)


def test_a_server_of_the_person_is_asked_after_its_payload_was_shown(store, monkeypatch):
    def words_of(allowed: str) -> tuple[AppTest, str]:
        monkeypatch.setenv("STREC_LLM_ADDRESSES", allowed)
        app = page(store)
        tick_of(app, store, "counter_mix").uncheck()
        tick_of(app, store, "llm_adviser").check().run()
        key = f"train_{store.fingerprint[:8]}_llm_adviser_language"
        app.selectbox(key=key).select("server").run()
        return app, text_of(app)

    started = []
    monkeypatch.setattr(
        "pages.parts.train.begin.start", lambda runs, *_, **__: started.extend(runs)
    )
    app, words = words_of("")
    assert "its operator has allowed no address" in words
    app.button(key="train_start").click().run()
    assert "needs its address" in text_of(app) and not started and not runs_in(home(store))
    app, _ = words_of("*")
    app.text_input(key="rec_url").input("http://localhost:11434/v1")
    app.text_input(key="rec_url_model").input("llama3.2").run()
    sent = json.loads(app.code[0].value)
    facts = sent["messages"][1]["content"]
    assert sent["model"] == "llama3.2" and "Where next?\nA) " in facts
    assert not [user for user in store.users()["user_id"] if user in facts]
    app.button(key="train_start").click().run()
    assert not app.exception and not app.error
    params = started[0].config["params"]
    assert params["llm"] == "server" and params["server"] == "http://localhost:11434/v1"
