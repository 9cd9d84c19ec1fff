"""The tour: it shows the sample whose story closes, and has ready what it comes to."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import tour
from pages.shared import results
from pages.shared.page import all_pages
from strec.gate import tested_before
from strec.io.samples import read_sample, samples
from strec.runs import home, runs_in
from strec.simulation import simulate
from strec.store import Store
from tests.pages.alone import alone

ROOT = Path(__file__).parents[2]
#: What takes long on a page, by the name it is kept under.
KINDS = ("demand", "result", "split", "recommender", "replay", "risk")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    folder = tmp_path_factory.mktemp("store") / "store"
    return Store.create(read_sample(tour.SAMPLE), folder, name="Flights")


def test_the_tour_begins_on_its_sample_and_trains_beforehand(tmp_path, monkeypatch):
    monkeypatch.setenv("STREC_CACHE", str(tmp_path))
    # What tests of other pages have found out about the same sample.
    monkeypatch.setattr(results, "_SHELVES", {})
    begun, looked = [], []
    monkeypatch.setattr("pages.parts.train.begin.start", lambda runs, *_, **__: begun.extend(runs))
    monkeypatch.setattr(tour, "look_beforehand", looked.append)
    app = AppTest.from_file(str(ROOT / "pages" / "shared" / "script.py"), default_timeout=90)
    app.run()
    next(each for each in app.button if each.label == "Take the tour").click().run()
    assert not app.exception and not app.error
    words = " ".join(str(each.value) for each in app.markdown)
    assert "Tour 1/" in words and "These are real departures" in words
    (shown,) = looked
    assert app.session_state["store"].fingerprint == shown.fingerprint
    (run,) = begun
    assert run.kind == "stllm" and run.config["budget"] == "quick"
    # Nobody else's tour trains it again.
    tour.train_beforehand(shown)
    assert len(begun) == 1 and len(runs_in(home(shown, is_shared=True))) == 1


def test_what_the_tour_says_of_its_sample_is_true(store):
    sample = next(each for each in samples() if each.name == tour.SAMPLE)
    found = tested_before.result_of(store.fingerprint)
    assert not sample.simulated and store.has_clock and store.has_places
    assert found is not None and found.recommended_model == "stllm" and found.time.decision
    # One of the few places and one of the hours is the busiest: there is something to watch.
    hours = store.hour_weekday().groupby("hour")["n_checkins"].sum()
    assert hours.max() > 2 * hours.min()


def test_the_steps_are_counted_to_the_last_and_none_says_what_is_false():
    """Overlapping intervals do not make models alike, and nothing is ticked by being added."""
    stops = [page for page in all_pages().values() if page.tour]
    assert [page.url for page in stops][-1] == "privacy"
    said = []
    for at, page in enumerate(stops, 1):
        app = AppTest.from_string(
            f"from pages.parts import tour\nfrom pages.shared.page import all_pages\n"
            f"tour.card(all_pages()[{page.url!r}])\n",
            default_timeout=60,
        )
        app.query_params["tour"] = "1"
        app.run()
        assert not app.exception and f"Tour {at}/{len(stops)}" in app.markdown[0].value
        ends = [each.label for each in app.button]
        assert ends[-1].startswith("That was the tour" if at == len(stops) else "End the tour")
        said.append(app.markdown[0].value)
    assert not [each for each in said if "overlap" in each or re.search(r"\badd\b.*ST-LLM", each)]


@pytest.mark.parametrize("url", ["demand", "evaluate", "live", "privacy", "recommend"])
def test_what_is_worked_out_beforehand_is_what_the_page_asks(url, tmp_path):
    world = simulate("social", n_users=12, n_checkins=700, seed=3, temporal=0.8, spatial=0.5,
                     interaction=0.3)  # fmt: skip
    store = Store.create(world, tmp_path / url / "store", name=url)
    page = all_pages()[url]
    assert page.tour and page.beforehand is not None

    def known() -> set:
        return {
            (kind, str(key))
            for kind, shelf in results._SHELVES.items()
            for key in shelf
            if store.fingerprint in str(key) and kind in KINDS
        }

    app = alone(url)
    app.session_state["store"] = store
    # Within a visit: what is worked out beforehand knows what the data set in use is called.
    page.beforehand(store)()
    before = known()
    app.run()
    assert not app.exception and before and known() == before
