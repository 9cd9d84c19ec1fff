"""The demand page: a forecast in words, choices that stay in the address, notices."""

import json
import threading
import time

import pytest

from pages.shared import results
from pages.shared.later import work_on
from strec import Dataset
from strec.errors import AnalysisError
from strec.serve.turns import Turns
from tests.pages.alone import alone
from tests.trips import trips

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bikes(tmp_path_factory):
    return Dataset(trips(), name="Bikes", folder=tmp_path_factory.mktemp("bikes") / "store").store


def opened(store, **asked: str):
    app = alone("demand")
    app.session_state["store"] = store
    for name, value in asked.items():
        app.query_params[name] = value
    return app.run()


def words(app) -> str:
    return " ".join(str(each.value) for each in [*app.markdown, *app.caption, *app.info])


def test_anonymous_trips_have_a_balance_and_its_risk(bikes):
    app = opened(bikes, what="balance", where="items")
    assert not app.exception
    assert "Will run empty or full" in [each.value for each in app.subheader]
    assert "Tested on" in words(app) and "What stands out" in app.subheader[0].value
    assert "balance" in app.query_params["what"] and app.query_params["hour"]
    # Fewer arrivals than departures have colours of their own.
    legend = next(each.proto.body for each in app.get("html") if "expected" in each.proto.body)
    assert legend.count("background:") == 5 and "</span>-" in legend
    app.selectbox[-1].set_value("S03").run()
    assert not app.exception and "S03" in app.query_params["place"]


def models_compared(app) -> set[str]:
    shown = [each.value for each in app.dataframe if "Model" in each.value]
    return set(shown[0]["Model"])


def finish() -> None:
    """Wait for what is done in the background."""
    for thread in threading.enumerate():
        if thread.name.startswith("later-"):
            thread.join(60)


def test_a_first_forecast_stands_until_all_models_are_compared(bikes):
    app = opened(bikes, what="arrivals", where="all")
    assert not app.exception and "Trees" not in models_compared(app)
    assert "Tested on" in words(app)
    finish()
    app.run()
    assert not app.exception and "Trees" in models_compared(app)


def test_work_ends_in_a_result_an_error_or_when_nobody_waits(bikes, monkeypatch):
    def fails(report):
        raise AnalysisError("A thing is needed.", "none.", "Bring one.")

    work = work_on("once", bikes, "fails", fails)
    assert work_on("once", bikes, "fails", fails) is work
    work.begin()
    finish()
    assert isinstance(work.error, AnalysisError) and not work.is_done()
    assert work_on("once", bikes, "fails", fails) is not work

    done = work_on("once", bikes, "done", lambda report: report("Working", 0.5) or "made")
    done.begin()
    finish()
    assert done.is_done() and done.share == 0.5

    # Who waits for a turn is told the place.
    turns, told = Turns(1, 5), []
    monkeypatch.setattr(results, "_turns", lambda: turns)
    waits = work_on("once", bikes, "waits", lambda report: told.append(waits.text) or "made")
    with turns.turn():
        waits.begin()
        ends = time.monotonic() + 10
        while not waits.text and time.monotonic() < ends:
            time.sleep(0.01)
        assert waits.text == "The server is busy. Your place in the queue: 1."
    finish()
    assert waits.is_done() and told == [""]

    # Of one visitor, who may do one thing at once, the next page does not wait for it.
    turns, ends = Turns(2, 5, each=1), threading.Event()
    monkeypatch.setattr(results.visitor, "who", lambda: "somebody")
    goes_on = work_on("once", bikes, "goes on", lambda report: ends.wait(10) and "made")
    goes_on.begin()
    while not turns._at_work:
        time.sleep(0.01)
    with turns.turn(told.append, "somebody"):
        assert told == [""]
    ends.set()
    finish()
    assert goes_on.is_done()

    monkeypatch.setattr("pages.shared.later._PATIENCE_S", 0.0)
    left = work_on("once", bikes, "left", lambda report: time.sleep(0.01) or report("", 0.1))
    left.begin()
    finish()
    assert left.is_done() and left.error is None


def test_areas_of_ones_own_are_asked_for(bikes):
    app = opened(bikes, where="areas")
    assert "polygons" in words(app)
    # The uploader says the limit that holds.
    assert [each.proto.max_upload_size_mb for each in app.file_uploader] == [5, 5]


def given(app, key: str, content: str):
    """Give a file to an uploader, and run the page."""
    uploader = next(each for each in app.file_uploader if each.key == key)
    ending = "geojson" if content.startswith("{") else "csv"
    uploader.set_value((f"{key}.{ending}", content.encode(), "text/plain"))
    return app.run()


def test_files_of_ones_own_are_read_or_refused_in_words(bikes):
    app = given(opened(bikes, what="balance", where="items"), "demand_capacity", "a,b\n1,2\n")
    assert not app.exception and "column capacity" in words(app)
    app = given(app, "demand_capacity", "place,capacity\nS03,4\n")
    assert not app.exception and "column capacity" not in words(app)
    app = given(app, "demand_columns", "day,rain\n2024-06-03,1\n2024-06-04,0\n")
    assert not app.exception and "rain must be known" in words(app)
    corners = [[-180, -80], [180, -80], [180, 80], [-180, 80], [-180, -80]]
    shape = {"type": "Polygon", "coordinates": [corners]}
    area = {"type": "Feature", "properties": {"name": "Whole town"}, "geometry": shape}
    content = json.dumps({"type": "FeatureCollection", "features": [area]})
    app = given(opened(bikes, what="arrivals", where="areas"), "demand_areas", content)
    assert not app.exception and "Whole town" in words(app)


def test_two_days_are_said_to_be_too_few(bikes, tmp_path):
    short = Dataset(trips().sort("timestamp").head(200), folder=tmp_path / "short").store
    assert "10 days" in words(opened(short))


def test_errors_are_words(bikes):
    from strec.demand import panel

    with pytest.raises(AnalysisError, match="who did what"):
        panel(bikes, "users")


def test_the_lowest_class_of_the_map_holds_the_lowest_hour():
    from types import SimpleNamespace

    import numpy as np
    import pandas as pd

    from pages.parts.demand import map as on_map

    expected = np.array([[0.2, 1.0, 2.0], [3.0, 4.0, 5.0]])
    ahead = SimpleNamespace(
        expected=expected, panel=SimpleNamespace(is_signed=False, unit="check-ins")
    )
    placed = pd.DataFrame({"expected": expected[0]})
    _, scale, _ = on_map._colours(ahead, placed, "", 1)  # type: ignore[arg-type]
    assert scale.breaks[0] == 0.2 and scale.labels()[0].startswith("0.2")
