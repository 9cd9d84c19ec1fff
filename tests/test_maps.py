"""Maps show the right part of the globe, ask nobody for anything, and say what they show."""

import json
import re
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pydeck as pdk
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, make_valid
from shapely.geometry import shape

from strec import maps
from strec.errors import AnalysisError
from strec.maps import basemap, land
from strec.maps.basemap import declutter

NEW_YORK = maps.view_of([40.55, 40.9], [-74.2, -73.7])


def cells(n: int = 12) -> pd.DataFrame:
    """Neighbouring cells in New York with counts 1, 2, 3, …"""
    import h3

    names = sorted(h3.grid_disk(h3.latlng_to_cell(40.71, -74.0, 8), 2))[:n]
    lat, lon = np.array([h3.cell_to_latlng(name) for name in names]).T
    counts = np.arange(1, n + 1)
    return pd.DataFrame(
        {
            "cell": np.array([h3.str_to_int(name) for name in names], dtype=np.uint64),
            "lat": lat,
            "lon": lon,
            "n_checkins": counts,
            "n_users": counts,
        }
    )


def places() -> pd.DataFrame:
    frame = cells(3).assign(
        item_id=["a", "b", "c"],
        item_name=["<b>Café</b>", "=1+1", None],
        category=["Café", None, "Park"],
    )
    return frame.drop(columns="cell")


def layer(deck: pdk.Deck, layer_id: str) -> dict:
    content = json.loads(deck.to_json())
    return next(each for each in content["layers"] if each["id"] == layer_id)


# ---------------------------------------------------------------- the view


def test_the_view_holds_the_bulk_and_ignores_an_outlier():
    rng = np.random.default_rng(0)
    lat, lon = rng.normal(40.7, 0.05, 500), rng.normal(-74.0, 0.05, 500)
    view = maps.view_of(np.append(lat, 0.0), np.append(lon, 0.0))
    inside = (lat > view.south) & (lat < view.north) & (lon > view.west) & (lon < view.east)
    assert inside.mean() > 0.96
    assert view.span_deg < 0.6


@given(st.lists(st.tuples(st.floats(-80, 80), st.floats(-180, 180)), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_the_view_is_on_the_globe_and_near_the_data(pairs):
    lat, lon = np.array(pairs).T
    view = maps.view_of(lat, lon)
    assert -180 <= view.lon <= 180 and -85 <= view.lat <= 85
    assert view.west < view.lon < view.east and view.south < view.lat < view.north
    assert np.all(np.abs(view.unwrap(lon) - view.lon) <= 180)


def test_on_a_phone_the_same_places_are_seen_from_further_away():
    lat, lon = [40.4, 40.5], [-3.9, -3.6]
    wide, narrow = maps.view_of(lat, lon), maps.view_of(lat, lon, width_px=340)
    for view, width in ((wide, 560), (narrow, 340)):
        x, _ = view.pixels(np.array(lat), np.array(lon))
        assert (abs(x) < width / 2).all()
    assert narrow.zoom < wide.zoom and (narrow.lat, narrow.lon) == (wide.lat, wide.lon)


def test_the_view_crosses_the_date_line_the_short_way():
    view = maps.view_of([-17, -18, -19], [177.0, 179.0, -178.0])
    assert view.span_deg < 12
    assert view.west < 177 < 182 < view.east


def test_one_place_is_shown_close_and_none_is_an_error():
    assert maps.view_of([48.85], [2.35]).zoom == 15
    with pytest.raises(AnalysisError, match="no place"):
        maps.view_of([np.nan, None], [1.0, 2.0])


# ---------------------------------------------------------------- the background

GROUND = {
    "Kansas": (38.5, -98.0, True),
    "Paris": (48.85, 2.35, True),
    "Fiji": (-17.8, 178.0, True),
    "Chukotka, beyond 180°": (67.0, -176.0, True),
    "Siberia": (65.0, 120.0, True),
    "Antarctica": (-82.0, 30.0, True),
    "Atlantic": (35.0, -45.0, False),
    "Pacific": (0.0, -150.0, False),
    "Caspian Sea": (41.0, 50.5, False),
}
VIEWS = {
    "New York": NEW_YORK,
    "United States": maps.view_of([25, 48], [-122, -71]),
    "world": maps.view_of([-50, 70], [-170, 170]),
    "Fiji": maps.view_of([-17, -19], [177, -178]),
    "Paris": maps.view_of([48.8, 48.9], [2.2, 2.5]),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_land_is_land_and_sea_is_sea_at_every_level(view):
    background = make_valid(shape(land.background(view)["land"]))
    for name, (lat, lon, is_land) in GROUND.items():
        found = any(background.contains(Point(lon + turn, lat)) for turn in (-360, 0, 360))
        assert found == is_land, name


def test_a_city_map_is_detailed():
    background = shape(land.background(NEW_YORK)["land"])
    assert background.contains(Point(-73.97, 40.78))  # Manhattan
    assert not background.contains(Point(-74.05, 40.66))  # Upper Bay


#: Cities by what is seen of them, a place on land and one in the water of each.
COASTS = {
    "Chicago": (([41.78, 41.98], [-87.75, -87.58]), (41.88, -87.66), (41.85, -87.55)),
    "Los Angeles": (([33.75, 34.15], [-118.5, -118.1]), (34.05, -118.25), (33.9, -118.5)),
    "New York": (([40.6, 40.85], [-74.05, -73.85]), (40.78, -73.97), (40.78, -73.997)),
    "Geneva": (([46.1, 46.3], [6.0, 6.3]), (46.2, 6.13), (46.25, 6.18)),
}


@pytest.mark.parametrize("bounds, dry, wet", COASTS.values(), ids=COASTS)
def test_a_city_has_its_sea_lakes_and_rivers_without_a_network(bounds, dry, wet):
    view = maps.view_of(*bounds)
    water = make_valid(shape(land.water(view)))
    assert water.contains(Point(wet[1], wet[0])) and not water.contains(Point(dry[1], dry[0]))
    assert "OpenStreetMap" in maps.attribution("offline", view=view)
    assert "OpenStreetMap" in maps.to_svg(maps.deck([], view, basemap="offline"))


def test_no_coast_is_drawn_where_it_would_be_wrong():
    a_street = maps.view_of([40.70, 40.71], [-74.02, -74.01])
    a_fjord_without_a_city = maps.view_of([70.9, 70.92], [25.7, 25.75])
    for view in (a_street, a_fjord_without_a_city):
        assert land.water(view) is None
        assert "need a network" in maps.attribution("offline", view=view)


def test_offline_maps_make_no_request():
    deck = maps.hexagons(cells(), labels=places(), basemap="offline")
    text = deck.to_json().replace("http://www.w3.org/2000/svg", "")
    assert "http" not in text
    address = json.loads(deck.to_json())["mapStyle"]
    assert address.startswith("data:application/json,")
    style = json.loads(unquote(address.split(",", 1)[1]))
    assert len(deck.to_json()) < 300_000
    layers = {each["id"] for each in style["layers"]}
    # Every outline is too coarse for a few streets; a country has it.
    assert layers == {"water", "grid"}
    wide = maps.deck([], VIEWS["United States"], basemap="offline").map_style
    layers = {each["id"] for each in json.loads(unquote(wide.split(",", 1)[1]))["layers"]}
    assert layers >= {"water", "land", "coast", "grid"}


def test_tiles_are_used_only_with_a_network(monkeypatch):
    for there, expected in ((True, "tiles"), (False, "offline")):
        monkeypatch.setattr(basemap, "has_network", lambda there=there: there)
        assert basemap.resolve("auto") == expected
    assert "OpenStreetMap" in maps.attribution("tiles")
    assert basemap.style(NEW_YORK, True, "tiles").startswith("https://basemaps.cartocdn.com")
    assert basemap.resolve("offline") == "offline"


def test_countries_are_named_where_they_have_room():
    names = [row["name"] for row in land.countries(VIEWS["United States"])]
    assert names[0] == "United States of America" and "Mexico" in names
    assert "Luxembourg" not in [row["name"] for row in land.countries(VIEWS["world"])]


def test_degrees_give_way_to_names():
    plain = maps.deck([], NEW_YORK, basemap="offline")
    degrees = next(layer for layer in plain.layers if layer.id == "degrees").data
    lon, lat = degrees[0]["position"]
    park = pd.DataFrame({"item_name": ["Park"], "lat": [lat - 0.002], "lon": [lon],
                         "n_checkins": [9], "n_users": [5]})  # fmt: skip
    named = maps.points(park, view=NEW_YORK, labels=park, basemap="offline")
    kept = next(layer for layer in named.layers if layer.id == "degrees").data
    assert [row["name"] for row in kept] == [row["name"] for row in degrees[1:]]


def test_names_give_way_to_the_scale_bar():
    bar = basemap.scale_words(NEW_YORK)
    parks = pd.DataFrame({"item_name": ["Over it", "Far"], "lat": [bar["lat"], 40.8],
                          "lon": [bar["lon"], -74.0], "n_checkins": [9, 8],
                          "n_users": [5, 5]})  # fmt: skip
    named = maps.points(parks, view=NEW_YORK, labels=parks, basemap="offline")
    assert [row["name"] for row in named.layers[1].data] == ["Far"]


def test_writing_of_somebody_s_own_stands_on_a_map():
    words = pdk.Layer("TextLayer", [{"said": "Hi", "at": [-74, 40.7]}], get_text="said")
    deck = maps.deck([words], NEW_YORK, basemap="offline")
    assert deck.layers[0] is words


def test_the_scale_bar_is_as_long_as_it_says():
    bar, text = basemap.scale_bar(NEW_YORK, dark=False)
    (west, lat), (east, _) = bar.data[0]["path"]
    km = float(text.data[0]["name"].removesuffix(" km"))
    assert (east - west) * 111.195 * np.cos(np.radians(lat)) == pytest.approx(km, rel=0.01)


@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=9), st.floats(40.5, 41), st.floats(-74.3, -73.6))
    )
)
@settings(max_examples=25, deadline=None)
def test_names_kept_do_not_run_into_each_other(rows):
    rows = [{"name": name, "lat": lat, "lon": lon} for name, lat, lon in rows]
    kept = declutter(rows, NEW_YORK)
    assert all(row in rows for row in kept)
    assert not rows or kept[0] == rows[0]
    for k, one in enumerate(kept):
        for other in kept[k + 1 :]:
            x, y = np.abs(
                np.array(NEW_YORK.pixels(one["lat"], one["lon"]))
                - NEW_YORK.pixels(other["lat"], other["lon"])
            )
            assert y > 12 or x > 3 * (len(one["name"]) + len(other["name"]))


# ---------------------------------------------------------------- colours


def test_each_class_has_values_and_the_ranges_say_which():
    values = np.array([1, 1, 1, 2, 3, 5, 9, 14, 40, 90, 2300])
    scale = maps.Scale.fit(values)
    edges = [*scale.breaks, np.inf]
    assert all(((values >= a) & (values < b)).any() for a, b in zip(edges, edges[1:], strict=False))
    assert scale.labels()[0].startswith("1") and scale.labels()[-1].endswith("2,300")
    colours = scale.rgba(values)
    assert colours[0] != colours[-1] and colours[0] == colours[2]


@pytest.mark.parametrize("values", [[], [7], [7, 7, 7], [0, 0, 1], [0.001, 0.002, 0.5]])
def test_scales_of_few_values(values):
    scale = maps.Scale.fit(values)
    assert len(scale.labels()) == len(scale.colours) == len(scale.breaks) >= 1
    assert len(scale.rgba(values)) == len(values)
    assert "<script" not in maps.legend_html("<script>", scale)


def test_large_values_stand_out_from_either_page():
    def brightness(dark: bool) -> list[int]:
        return [sum(colour[:3]) for colour in maps.Scale.fit(range(60), dark).rgba(range(60))]

    light, dark = brightness(False), brightness(True)
    assert light == sorted(light, reverse=True) and dark == sorted(dark)


def test_kinds_have_a_colour_each_and_the_rest_is_faint():
    kinds = maps.Classes(("hot", "<cold>"), ("#ff0000", "#0000ff"))
    assert kinds.rgba(["<cold>", "hot", ""], 200)[:2] == [[0, 0, 255, 200], [255, 0, 0, 200]]
    assert kinds.rgba([""], 200)[0][3] < 100
    legend = maps.legend_html("Heat", kinds)
    assert "hot" in legend and "<cold>" not in legend and "&lt;cold&gt;" in legend
    frame = cells(3).assign(kind=["hot", "", "<cold>"], tip=["a", "b", "c"])
    rows = layer(maps.hexagons(frame, "kind", scale=kinds, basemap="offline"), "hexagons")["data"]
    assert [row["fill"][:3] for row in rows[::2]] == [[255, 0, 0], [0, 0, 255]]
    assert [row["tip"] for row in rows] == ["a", "b", "c"]


# ---------------------------------------------------------------- layers


def test_hexagons_keep_their_identity_and_say_their_counts():
    frame = cells()
    found = layer(maps.hexagons(frame, basemap="offline"), "hexagons")["data"]
    assert [int(row["hex"], 16) for row in found] == frame["cell"].tolist()
    assert [row["cell"] for row in found] == frame["cell"].astype(str).tolist()
    assert found[0]["tip"] == "1 check-in\n1 user"
    assert found[11]["tip"] == "12 check-ins\n12 users"


def test_hexagons_need_no_centres_where_the_view_is_given():
    frame = cells(3).drop(columns=["lat", "lon"])
    assert maps.hexagons(frame, view=NEW_YORK, basemap="offline").initial_view_state.zoom > 0
    with pytest.raises(AnalysisError, match="cell, n_checkins, lat, lon"):
        maps.hexagons(frame, basemap="offline")


def test_names_on_hover_are_plain_text():
    deck = maps.points(places(), basemap="offline")
    assert "html" not in deck._tooltip
    tips = [row["tip"] for row in layer(deck, "points")["data"]]
    assert tips[0] == "<b>Café</b>\nCafé\n1 check-in\n1 user"
    assert tips[2].startswith("c\nPark\n")


def test_heights_follow_the_counts():
    found = layer(maps.hexagons(cells(), elevation="n_checkins", basemap="offline"), "hexagons")
    heights = [row["height"] for row in found["data"]]
    assert heights == pytest.approx(np.arange(1, 13) / 12 * max(heights))
    columns = layer(maps.columns(cells(), top=24, basemap="offline"), "columns")["data"]
    full = layer(maps.columns(cells(), top=12, basemap="offline"), "columns")["data"]
    assert columns[-1]["height"] == pytest.approx(full[-1]["height"] / 2)


def test_the_heatmap_weighs_and_cannot_be_clicked():
    heat = layer(maps.heatmap(cells(), basemap="offline"), "heat")
    assert [row["weight"] for row in heat["data"]] == list(range(1, 13))
    assert heat["pickable"] is False


def test_a_map_as_a_page_loads_nothing_from_elsewhere():
    page = maps.to_html(maps.hexagons(cells(), basemap="offline"))
    outside = re.findall(r"<(?:link|script|img|iframe)[^>]*(?:src|href)=[^>]*>", page[:20_000])
    assert not outside and "12 check-ins" in page and len(page) > 1_000_000


def test_too_many_points_are_refused_kindly():
    frame = pd.concat([cells(12)] * 1700)
    with pytest.raises(AnalysisError, match="hexagons"):
        maps.points(frame, basemap="offline")


def test_arcs_draw_the_largest_flows_that_have_both_ends():
    flows = pd.DataFrame(
        {
            "from_lat": [40.7, 40.7, np.nan, 40.8],
            "from_lon": [-74.0] * 4,
            "to_lat": [40.8] * 4,
            "to_lon": [-73.9] * 4,
            "from_name": ["A", "B", "C", "D"],
            "to_name": ["E"] * 4,
            "n_checkins": [9, 4, 4, 1],
            "n_users": [3, 2, 2, 1],
        }
    )
    found = layer(maps.arcs(flows, most=2, basemap="offline"), "arcs")["data"]
    assert [row["tip"].split("\n")[0] for row in found] == ["A → E", "B → E"]
    assert found[0]["width"] > found[1]["width"]
    with pytest.raises(AnalysisError):
        maps.arcs(flows[2:3].assign(to_lat=np.nan), basemap="offline")


def test_one_cell_makes_every_kind_of_map():
    one = cells(1)
    for make in (maps.hexagons, maps.heatmap, maps.points, maps.columns):
        assert json.loads(make(one, basemap="offline").to_json())["initialViewState"]["zoom"] == 15


def test_a_low_map_looks_from_further_away_so_that_nothing_lies_outside():
    lat, lon = np.array([35.66, 35.70]), np.array([139.70, 139.70])
    for height_px in (450, 230):
        view = maps.view_of(lat, lon, height_px=height_px)
        _, y = view.pixels(lat, lon)
        assert np.abs(y).max() < height_px / 2 and view.south < lat[0] and view.north > lat[1]
