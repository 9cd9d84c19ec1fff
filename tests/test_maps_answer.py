"""A question and its answer on a map: pins, here, and a grid to click on."""

import base64
import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

from strec import maps
from strec.dataset import Dataset
from strec.errors import AnalysisError
from strec.palette import CATEGORICAL, OTHERS
from strec.recommend import Recommender
from tests.test_maps import cells, layer, places


def test_suggestions_are_numbered_pins_with_the_best_on_top():
    view = maps.view_of(places()["lat"], places()["lon"])
    pins, names = maps.suggestion_layers(places().assign(lat=[40.7, np.nan, 40.8]), view)
    assert [row["item_id"] for row in pins.data] == ["c", "a"]
    numbers = [base64.b64decode(row["icon"]["url"].split(",")[1]).decode() for row in pins.data]
    assert ">3<" in numbers[0] and ">1<" in numbers[1]
    assert [row["name"] for row in names.data] == ["<b>Café</b>", "c"]


def test_a_place_can_be_picked_by_click():
    frame = cells(2)
    view = maps.view_of(frame["lat"], frame["lon"])
    here = maps.here_layer(40.7, -74.0)
    deck = maps.deck([maps.picking_layer(frame), here], view, dark=True, basemap="offline")
    picked = layer(deck, "pick")["data"][1]
    assert (picked["lat"], picked["lon"]) == pytest.approx(
        tuple(frame.loc[1, ["lat", "lon"]]), abs=1e-5
    )
    assert picked["cell"] == str(frame.loc[1, "cell"])
    # The seven parts of a coarser cell have seven shades.
    import h3

    parts = h3.cell_to_children(h3.latlng_to_cell(40.7, -74.0, 7), 8)
    whole = cells(1).loc[[0] * 7].assign(cell=[h3.str_to_int(each) for each in parts])
    assert len({row["fill"][3] for row in maps.picking_layer(whole).data}) == 7
    ids = [each["id"] for each in json.loads(deck.to_json())["layers"]]
    assert len(ids) == len(set(ids)) and ids.index("pick") < ids.index("here")


def test_no_name_lies_over_a_pin_but_that_of_the_first():
    """Another pin stands where the name of one would be: 47 pixels higher."""
    view = maps.view_of([40.7, 40.8], [-74.1, -74.0])
    x, y = view.pixels(np.array([40.75]), np.array([-74.05]))
    near = pd.DataFrame({"item_id": ["a", "b"], "item_name": ["A", "B long"]})
    for right, up, named in (
        (20, -28, ["A"]),
        (200, -28, ["A", "B long"]),
        (20, 28, ["A", "B long"]),
    ):
        lat, lon = view.places(np.append(x, x + right), np.append(y, y + up))
        _, names = maps.suggestion_layers(near.assign(lat=lat, lon=lon), view)
        assert [row["name"] for row in names.data] == named


def test_no_name_lies_over_the_scale_bar():
    view = maps.view_of([40.7, 40.8], [-74.1, -74.0])
    bar = maps.scale_words(view)
    x, y = view.pixels(np.array([bar["lat"]]), np.array([bar["lon"]]))
    two = pd.DataFrame({"item_id": ["a", "b"], "item_name": ["A", "B"]})
    # A name stands 47 pixels over the foot of its pin.
    for up, named in ((-40, ["A"]), (60, ["A", "B"])):
        lat, lon = view.places(np.append(x - 300, x), np.append(y + 200, y + up))
        _, names = maps.suggestion_layers(two.assign(lat=lat, lon=lon), view)
        assert [row["name"] for row in names.data] == named


def test_the_map_of_a_list_shows_the_past_and_where_one_is():
    recommender = Recommender(Dataset.sample("travel"))
    answer = recommender.answer("tourist_0001", "2024-08-11 17:00", 40.41, -3.70, k=4)
    deck = maps.suggestions(answer, basemap="offline")
    past = layer(deck, "history")["data"]
    log, seen = answer.query.log, answer.query.indices
    places = {(round(log.lat[row], 5), round(log.lon[row], 5)) for row in seen}
    assert {tuple(row["position"][::-1]) for row in past} == places
    assert layer(deck, "here")["data"][0]["position"] == [-3.7, 40.41]
    pins = layer(deck, "suggestions")["data"][::-1]
    row = answer.frame.row(0, named=True)
    assert pins[0]["tip"] == f"1. {row['item_name']}\n{row['category']}" and len(pins) == 4
    # Nothing is known of somebody new who is nowhere: the pins stand alone.
    alone = maps.suggestions(recommender.answer(None, "2024-08-11 17:00", k=4))
    assert alone.layers[0].id == "suggestions"


def test_check_ins_of_one_place_are_one_disc():
    seen = pl.DataFrame(
        {"item_name": ["Park", "Bar", "Park", "Web"], "lat": [1.0, 2, 1, None],
         "lon": [3.0, 4, 3, None]}
    )  # fmt: skip
    discs = layer(maps.visits(seen, colour="#102030", basemap="offline"), "evidence")
    assert [row["tip"] for row in discs["data"]] == ["Park\n2 check-ins", "Bar\n1 check-in"]
    assert discs["getFillColor"][:3] == [16, 32, 48]


def test_each_step_of_a_way_says_what_comes_first_there():
    steps = pl.DataFrame({"place": [0, 1], "lat": [1.0, 2.0], "lon": [3.0, 4.0]})
    lists = pl.DataFrame({"place": [0, 0], "rank": [1, 2], "item_name": ["Park", "Bar"]})
    deck = maps.way(steps, lists, basemap="offline")
    tips = [row["tip"] for row in layer(deck, "walk")["data"]]
    assert tips == ["First here: Park", "First here: nothing fits from here"]
    assert layer(deck, "here")["data"][0]["position"] == [3.0, 1.0]


def of_best(kinds: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {"place": range(len(kinds)), "rank": 1, "item_name": [f"Item {k}" for k in kinds],
         "category": kinds, "probability": [0.25] * (len(kinds) - 1) + [None]},
        schema_overrides={"category": pl.String, "probability": pl.Float64},
    )  # fmt: skip


def test_kinds_have_a_colour_each_and_what_has_none_is_grey():
    grid = cells(4)
    frame, classes = maps.first_kinds(grid, of_best(["bar", "cafe", "bar"]))
    assert frame["kind"].tolist() == ["bar", "cafe", "bar", "nothing fits from here"]
    assert classes.names == ("bar", "cafe", "nothing fits from here")
    assert classes.colours == (CATEGORICAL[0], CATEGORICAL[1], OTHERS)
    assert frame["tip"].tolist() == ["1. Item bar 25 %", "1. Item cafe 25 %", "1. Item bar", ""]
    # Kinds given keep their colour, whatever is first most often.
    _, given = maps.first_kinds(grid, of_best(["bar", "cafe", "bar"]), ["cafe"])
    assert given.names == ("cafe", "others", "nothing fits from here")
    many, some = maps.first_kinds(cells(12), of_best([f"k{n:02d}" for n in range(12)]))
    assert len(some.names) == 10 and (many["kind"] == "others").sum() == 3
    # Where items have no kinds, their names stand for them.
    bare, _ = maps.first_kinds(cells(1), of_best([None]))
    assert bare["kind"].tolist() == ["Item None"]


def test_lists_of_another_grid_are_refused():
    with pytest.raises(AnalysisError, match="the places of this grid"):
        maps.first_kinds(cells(2), of_best(["bar", "cafe", "bar"]))


def test_a_replay_shows_what_came_and_whether_it_was_guessed():
    came = pl.DataFrame(
        {"item_name": ["Bar", "Park", "Web", "Gym"], "lat": [1.0, 2, None, 3],
         "lon": [4.0, 5, None, 6], "rank": [1, 6, 1, 5], "top": [["Park"], ["Bar"], ["Bar"], ["A"]],
         "guess_lat": [2.0, 1, 1, 1], "guess_lon": [5.0, 4, 4, 4]}
    )  # fmt: skip
    deck = maps.replayed(came, 4, trail=3, basemap="offline")
    assert [row["tip"] for row in layer(deck, "hits")["data"]] == ["Gym\nhit"]
    assert [row["tip"] for row in layer(deck, "misses")["data"]] == ["Park\nmissed"]
    assert layer(deck, "here")["data"][0]["position"] == [6.0, 3.0]
    assert layer(deck, "suggestions")["data"][0]["tip"] == "1. A"
    # What came without a place is no ring.
    ids = [each.id for each in maps.replayed(came, 3, basemap="offline").layers]
    assert "here" not in ids and "hits" in ids
    with pytest.raises(AnalysisError, match="one to all of them"):
        maps.replayed(came, 5)
