"""Under each picture stand the lines that make it: each is run, and draws the same numbers."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

import strec
from pages.shared import ui
from strec import demand, temporal
from strec.project import Project
from strec.simulation import simulate
from strec.store import Store
from tests.pages.alone import alone

#: What a figure shows, whatever its colours.
SHOWN = ("x", "y", "z", "r", "theta", "text", "base", "error_x", "error_y")
PLACES = ("H3HexagonLayer", "HeatmapLayer", "ArcLayer", "ScatterplotLayer", "IconLayer")
#: Pages and what they are asked, with how many pictures tell how they are made.
LOOKS = {
    "time": ("time", {}, 6),
    "rhythms": ("time", {"time_part": "Rhythms"}, 3),
    "unusual": ("time", {"time_part": "Out of the ordinary"}, 1),
    "map": ("space", {}, 1),
    "heat": ("space", {"space_mode": "Heatmap"}, 1),
    "points": ("space", {"space_mode": "Points"}, 1),
    "hotspots": ("space", {"space_part": "Hotspots"}, 1),
    "near": ("space", {"space_part": "Neighbours"}, 1),
    "alike by place": (
        "space",
        {"space_part": "Neighbours", "near_kind": "Users who live alike"},
        1,
    ),
    "alike by time": (
        "space",
        {
            "space_part": "Neighbours",
            "near_kind": "Users who live alike",
            "near_by": "When they are active",
        },
        1,
    ),
    "did it work": ("space", {"space_part": "Did it work?"}, 1),
    "kinds of week": ("space", {"space_part": "Kinds of week"}, 3),
    "flows": ("space", {"space_part": "Flows"}, 3),
    "change": ("space", {"space_part": "Change"}, 1),
    "trends": ("space", {"space_part": "Change", "change_kind": "Trends"}, 1),
    "forecast": ("time", {"time_part": "Forecast"}, 3),
    "demand": ("demand", {}, 3),
    "dependence": ("dependence", {}, 4),
    "evaluate, trust": ("evaluate", {"evaluate_view": "Trust"}, 2),
    "live": ("live", {}, 2),
    "evaluate, differences": ("evaluate", {}, 2),
    "evaluate, slices": ("evaluate", {"evaluate_view": "Slices"}, 2),
    "evaluate, map": ("evaluate", {"evaluate_view": "Map"}, 2),
    "recommend": ("recommend", {"rec_more": "All over the map"}, 5),
    "recommend, a shopper": ("recommend", {}, 5),
    "recommend, a walk": ("recommend", {"rec_more": "Along a walk"}, 5),
    "recommend, by the hour": (
        "recommend",
        {"rec_more": "All over the map", "rec_city_hours": True},
        5,
    ),
    "privacy": ("privacy", {}, 2),
    "privacy, protected": ("privacy", {"privacy_hours": 6}, 2),
    "compare, kinds": ("compare", {}, 1),
    **{
        f"compare, {part}": ("compare", {"compare_part_6": part}, 1)
        for part in ("Hours of the day", "Hours of the week", "Day by day", "Map")
    },
}


#: What is looked at in a sample, in place of a world of one's own.
SAMPLES = {"time": "travel", "recommend, a shopper": "ecommerce"}


def pairs(app) -> list[tuple[Any, str]]:
    """Each picture of a page with the lines below it, in their order."""
    found, last = [], None

    def walk(block) -> None:
        nonlocal last
        for each in block.children.values():
            if each.type in ("plotly_chart", "deck_gl_json_chart"):
                last = each
            elif each.type == "code" and last is not None and each.value.startswith("import strec"):
                found.append((last, each.value))
            elif hasattr(each, "children"):
                walk(each)

    walk(app.main)
    return found


@cache
def after(lines: tuple[str, ...]) -> dict[str, Any]:
    """Run lines and return what they name; once, as pictures of a page share most of theirs."""
    if not lines:
        return {}
    space = dict(after(lines[:-1]))
    exec(lines[-1], space)
    return space


def drawn_by(code: str) -> Any:
    """Run the lines, and return the figure or map that they make."""
    *lines, last = code.splitlines()
    if last.startswith("open("):
        *lines, last = lines
    else:
        assert last.endswith(".show()")
        last = f"deck = {last.removesuffix('.show()')}"
    space = dict(after(tuple(line for line in lines if line)))
    exec(last, space)
    return space["deck"]


def numbers(value: Any) -> Any:
    """Plain numbers and texts of what plotly writes, packed or not."""
    if isinstance(value, dict) and "bdata" in value:
        import base64

        flat = np.frombuffer(base64.b64decode(value["bdata"]), np.dtype(value["dtype"]))
        return [round(float(each), 9) if np.isfinite(each) else None for each in flat]
    if isinstance(value, dict):
        return {name: numbers(each) for name, each in value.items() if name.startswith("array")}
    if isinstance(value, list):
        flat = [numbers(each) for each in value]
        return [one for each in flat for one in (each if isinstance(each, list) else [each])]
    return round(value, 9) if isinstance(value, float) else value


def of_figure(said: dict) -> list:
    return [
        (trace["type"], {name: numbers(trace[name]) for name in SHOWN if name in trace})
        for trace in said["data"]
    ]


def of_map(said: dict) -> list:
    """The places of a map with what each counts; ground, names and rings are the page's."""
    rows = []
    for layer in said["layers"]:
        if layer["@@type"] in PLACES and not layer["id"].startswith(("pick", "here")):
            rows += [
                tuple(sorted((name, str(value)) for name, value in row.items()
                             if name in ("hex", "lat", "lon", "n_checkins", "item_id", "position")))
                for row in layer["data"]
            ]  # fmt: skip
    return sorted(rows)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Store:
    """A small world of one's own, kept as a project with its data beside it."""
    folder = tmp_path_factory.mktemp("world")
    made = simulate("social", n_users=80, n_checkins=4000, seed=3, temporal=0.8, spatial=0.8)
    store = Store.create(made, folder / "store", name="A world", time_zone="Europe/Madrid")
    Project.of(store, with_data=True).save(folder / "a-world.strec")
    return store


QUICK_MODELS = ("Seasonal naive", "Exponential smoothing")
#: In the fast lane one figure, one map and one comparison.
QUICK = ("unusual", "map", "compare, kinds")


@pytest.mark.parametrize(
    "look", [pytest.param(each, marks=[] if each in QUICK else pytest.mark.slow) for each in LOOKS]
)
def test_the_lines_below_a_picture_draw_it(look, world, monkeypatch):
    monkeypatch.chdir(world.folder.parent)
    url, asked, least = LOOKS[look]
    app = alone(url)
    sample = SAMPLES.get(look, SAMPLES.get(url))
    app.session_state["store"] = ui.sample_store(sample) if sample else world
    for name, value in asked.items():
        app.session_state[name] = value
    if look == "forecast":
        # Two that are quick stand for all.
        models = {name: temporal.standard_models()[name] for name in QUICK_MODELS}
        monkeypatch.setattr(temporal, "standard_models", lambda search_s=1.0: models)
    if look == "dependence":
        monkeypatch.setattr("pages.dependence.QUICK", {"max_checkins": 1_000, "n_permutations": 79})
    if look == "demand":
        models = {
            name: each for name, each in demand.standard_models().items() if name == "Counting"
        }
        for room in (demand.backtesting, demand.forecast):
            monkeypatch.setattr(room, "standard_models", lambda n_hours=None: dict(models))
    app.run()
    if look == "forecast":
        app.button(key="run_backtest").click().run()
    if look == "did it work":
        places = app.multiselect(key="effect_places_items")
        places.set_value(places.options[:2]).run()
    if look == "live":
        app.button(key="live_end").click().run()
    if look.startswith("recommend"):
        # What was looked at before belongs to the data set before.
        for name, value in asked.items():
            app.session_state[name] = value
        app.run()
    assert not app.exception and not app.error
    found = pairs(app)
    assert len(found) >= least, "\n\n".join(code for _, code in found)
    for picture, code in found:
        assert 4 <= len(code.splitlines()) <= 12, code
        mine = drawn_by(code)
        if picture.type == "plotly_chart":
            shown, again = json.loads(picture.proto.spec), json.loads(mine.to_json())
            drawn = of_figure(shown)
            # Points that can be clicked lie over the cells of a heatmap.
            if [kind for kind, _ in drawn] == ["heatmap", "scatter"]:
                drawn = drawn[:1]
            assert of_figure(again) == drawn, code
        else:
            shown, again = json.loads(picture.proto.json), json.loads(mine.to_json())
            assert of_map(shown), code
            assert of_map(again) == of_map(shown), code


@pytest.mark.slow
def test_nothing_is_said_of_a_table_that_was_changed():
    from pages.shared.made import call, made, of
    from strec.store import Filters

    frame = strec.Dataset.sample("travel").store.calendar()
    store = strec.Dataset.sample("travel").store
    how = call(Store.calendar, store, Filters(weekdays=(5, 6)))
    assert how is not None and how.text == "data.store.calendar(Filters(weekdays=(5, 6)))"
    made(frame, how)
    assert of(frame) is how and of(frame.head(3)) is None


@pytest.mark.slow
def test_the_lines_below_a_learning_curve_train_such_a_model(world):
    from types import SimpleNamespace
    from typing import cast

    from pages.parts.train.board import in_python
    from strec.runs import Run

    params = {"epochs": 2, "dim": 8, "seed": 3}
    run = cast(Run, SimpleNamespace(kind="neumf", config={"params": params}))
    how = in_python(run)
    assert how is not None
    space: dict[str, Any] = {"data": strec.Dataset.from_store(world), "strec": strec}
    exec("\n".join([*how.imports, *how.lines, f"figure = {how.text}"]), space)
    assert len(space["figure"].data) >= 3
    # What lies on this machine is not told.
    run.config["params"]["model"] = "/home/somebody/llama"
    assert in_python(run) is None
