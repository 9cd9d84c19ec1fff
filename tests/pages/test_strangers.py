"""Two visitors of one server: neither sees the other; work is done once; damage ends in words."""

import threading
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.keep import work
from pages.shared import in_use, results
from strec import schema
from strec.errors import StoreError
from strec.serve.turns import Turns
from strec.store import Store
from tests.pages.alone import alone

NAME = "Anna’s secret diary"


@pytest.fixture
def places(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(in_use, "_STORES", tmp_path / "workspaces")
    monkeypatch.setenv("STREC_CACHE", str(tmp_path / "cache"))
    return tmp_path


def all_words(app: AppTest) -> str:
    kinds = (app.title, app.markdown, app.caption, app.info, app.error, app.text_input, app.code)
    return " ".join(f"{each.value}" for kind in kinds for each in kind) + repr(app.query_params)


def test_neither_of_two_visitors_sees_the_others_data_or_address(places, page="train"):
    token = "0123456789abcdef" * 2
    folder = places / "workspaces" / token / "store-1"
    anna, own = alone(page), Store.create(schema.example(), folder, name=NAME)
    anna.session_state["workspace"], anna.session_state["store"] = token, own
    anna.run()
    other = alone(page).run()
    assert not anna.exception and not other.exception
    said = all_words(other)
    assert NAME not in said and token not in said and str(places) not in said
    assert other.session_state["store"].name != NAME
    # Nor by guessing: a wrong token, or a way out of the folder, opens a sample.
    for guess in ("f" * 32, "../" + token, f"{token}/store-1"):
        opened = AppTest.from_function(_which_store)
        opened.query_params["data"] = guess
        assert opened.run().text[0].value != NAME


def test_two_who_ask_at_once_compute_once():
    store = Store.create(schema.example(), _folder(), name="x")
    made, begun = [], threading.Barrier(2)

    def make():
        time.sleep(0.05)
        made.append(1)
        return "made"

    def ask():
        begun.wait()
        assert results.kept("test", store, "setting", make) == "made"

    both = [threading.Thread(target=ask) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert made == [1] and not results._MAKING


@pytest.mark.parametrize("how", ["asked", "kept", "file"])
def test_one_visitors_heavy_work_is_bounded_and_another_is_not_held_up(monkeypatch, how):
    store = Store.create(schema.example(), _folder(), name="x")
    turns = Turns(2, 9, 5, each=1, waiting_each=1)
    monkeypatch.setattr(results, "_turns", lambda: turns)
    told, at_work = [], []
    monkeypatch.setattr(results.st, "empty", lambda: _Place(told))
    slow = results.by_content("Working…")(_slow)

    def ask(who: str, number: int):
        monkeypatch.setattr(results.visitor, "who", lambda: names[threading.get_ident()])
        names[threading.get_ident()] = who

        def work():
            return _slow(at_work, who, number)

        if how == "asked":
            slow(at_work, who, number)
        elif how == "kept":
            results.kept("test bound", store, (how, who, number), work)
        else:
            results.made_in_turn(work)()

    names: dict[int, str] = {}
    asked = [("anna", 1), ("anna", 2), ("ben", 1)]
    threads = [threading.Thread(target=ask, args=each) for each in asked]
    for each in threads:
        each.start()
        time.sleep(0.03)
    for each in threads:
        each.join(10)
    # Anna's second waited for her first; Ben, who came last, did not.
    assert [each for each in at_work if each[2] == "begins"][1][:2] == ("ben", 1)
    assert [each[:2] for each in at_work][-1] == ("anna", 2) and not turns._at_work
    assert how == "file" or told[0] == "What you asked for before this is worked out first."


def _slow(at_work: list, who: str, number: int) -> str:
    at_work.append((who, number, "begins"))
    time.sleep(0.3)
    at_work.append((who, number, "ends"))
    return "made"


class _Place:
    """Where a page tells something, for a thread that has none."""

    def __init__(self, told: list):
        self.told = told

    def info(self, words: str, **_) -> None:
        self.told.append(words)

    def empty(self) -> None:
        pass


def test_what_is_kept_goes_without_anybody_asking(monkeypatch):
    store = Store.create(schema.example(), _folder(), name="x")
    results.keep("test age", store, 1, "value")
    monkeypatch.setattr(results, "AGE", -1)
    results.expire()
    assert not results._SHELVES["test age"]


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "changed", "lost"])
def test_a_damaged_store_says_so_and_a_sample_is_made_anew(places, monkeypatch, damage):
    in_use.sample_store.clear()
    folder = in_use.sample_store("flights").folder
    in_use.sample_store.clear()
    path = folder / "checkins.parquet"
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "changed":
        path.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    else:
        (folder / "users.parquet").unlink()
    with pytest.raises(StoreError, match="changed, cut short or lost"):
        Store(folder)
    again = in_use.sample_store("flights")
    assert again.summary()["n_checkins"] == again.meta["n_checkins"]
    in_use.sample_store.clear()


def test_a_full_disk_and_a_panic_end_in_words():
    def script():
        from pages.shared import ui

        class PanicException(BaseException):
            """As libraries in Rust raise."""

        def panic():
            raise PanicException("index out of bounds")

        def full():
            raise OSError(28, "No space left on device")

        ui.guarded(full)
        ui.guarded(panic)
        ui.fragment(panic)()

    app = AppTest.from_function(script).run()
    said = [each.value for each in app.error]
    assert "no space left" in said[0] and all("Something went wrong" in each for each in said[1:])
    assert len(said) == 3
    assert not app.exception


def test_a_project_at_which_a_library_panics_ends_in_words(places, monkeypatch):
    class PanicException(BaseException):
        """As libraries in Rust raise."""

    def panic(*_):
        raise PanicException("index out of bounds")

    monkeypatch.setattr(work.Project, "open", panic)
    app = alone("data").run()
    app.file_uploader(key="data_upload").set_value(("my.strec", b"x", "text/plain")).run()
    assert "broke down" in " ".join(each.value for each in app.error) and not app.exception


def test_an_upload_that_finds_the_disk_full_leaves_nothing_half_written(places, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    app = alone("data").run()
    app.file_uploader(key="data_upload").set_value(("visits.csv", b"user,item\n", "text/csv")).run()
    assert "no space left" in " ".join(each.value for each in app.error)
    assert not list((places / "workspaces").glob("*/draft-*"))


def test_who_must_sign_in_sees_nothing_before(places, monkeypatch):
    monkeypatch.setenv("STREC_SIGN_IN", "1")
    script = Path(__file__).parents[2] / "pages" / "shared" / "script.py"
    app = AppTest.from_file(str(script), default_timeout=60).run()
    assert not app.exception and [each.value for each in app.title] == ["Sign in"]
    assert [each.label for each in app.button] == ["Sign in"] and "store" not in app.session_state
    app.button[0].click().run()
    assert not app.exception and "not set up" in app.error[0].value


def _which_store():
    import streamlit as st

    from pages.shared import ui

    st.text(ui.current_store().name)


def _folder() -> Path:
    import tempfile

    return Path(tempfile.mkdtemp()) / "store"
