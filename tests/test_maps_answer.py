"""A question and its answer on a map: pins, here, and a grid to click on."""

import base64
import json

import numpy as np
import pytest

from strec import maps
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
