"""Maps as pictures: what the deck holds is drawn, where the projection puts it."""

import re
import xml.etree.ElementTree as ElementTree

import h3
import numpy as np
import pandas as pd
import pytest

from strec import maps
from strec.maps.basemap import COLOURS
from strec.maps.picture import HEIGHT_PX, WIDTH_PX, Camera, to_svg

SVG = "{http://www.w3.org/2000/svg}"
LAT, LON = np.array([40.70, 40.71, 40.72]), np.array([-74.02, -74.0, -73.98])


def cells() -> pd.DataFrame:
    named = [h3.str_to_int(h3.latlng_to_cell(*at, 8)) for at in zip(LAT, LON, strict=True)]
    return pd.DataFrame(
        {
            "cell": np.array(named, dtype=np.uint64),
            "lat": LAT,
            "lon": LON,
            "n_checkins": [30, 7, 12],
            "n_users": [9, 6, 7],
        }
    )


def drawn(deck, **said) -> ElementTree.Element:
    return ElementTree.fromstring(to_svg(deck, **said))


def test_each_hexagon_is_drawn_in_its_colour_and_north_is_up():
    deck = maps.hexagons(cells(), basemap="offline")
    shapes = drawn(deck).findall(f".//{SVG}polygon")
    assert len(shapes) == 3
    corners = [
        np.array([point.split(",") for point in each.get("points").split()], dtype=float)
        for each in shapes
    ]
    middle = np.array([each.mean(axis=0) for each in corners])
    assert (np.diff(middle[:, 0]) > 0).all() and (np.diff(middle[:, 1]) < 0).all()
    assert ((middle > 0) & (middle < [WIDTH_PX, HEIGHT_PX])).all()
    fills = [row["fill"] for row in deck.layers[0].data]
    for shape, (red, green, blue, _) in zip(shapes, fills, strict=True):
        assert shape.get("fill") == f"rgb({red},{green},{blue})"


def test_the_scale_bar_is_as_long_as_its_words_say():
    picture = drawn(maps.hexagons(cells(), basemap="offline"))
    words = [each.text for each in picture.iter(f"{SVG}text") if each.text]
    length = next(word for word in words if word.endswith((" km", " m")))
    km = float(length.split()[0]) / (1 if length.endswith(" km") else 1000)
    ends = picture.find(f".//{SVG}polyline").get("points").split()
    bar_px = float(ends[-1].split(",")[0]) - float(ends[0].split(",")[0])
    shapes = picture.findall(f".//{SVG}polygon")
    xs = [np.mean([float(p.split(",")[0]) for p in s.get("points").split()]) for s in shapes]
    lons = [h3.cell_to_latlng(h3.int_to_str(int(cell)))[1] for cell in cells()["cell"]]
    km_per_px = (lons[2] - lons[0]) * 111.32 * np.cos(np.radians(40.71)) / (xs[2] - xs[0])
    assert bar_px * km_per_px == pytest.approx(km, rel=0.02)


def test_arcs_points_and_warm_spots_are_drawn():
    flows = pd.DataFrame(
        {
            "from_lat": LAT[:2], "from_lon": LON[:2], "to_lat": LAT[1:], "to_lon": LON[1:],
            "from_name": ["a", "b"], "to_name": ["b", "c"], "n_checkins": [9, 6],
            "n_users": [6, 5],
        }
    )  # fmt: skip
    layers = drawn(maps.arcs(flows, basemap="offline")).find(f".//{SVG}g[@class='layers']")
    assert len(layers.findall(f"{SVG}path")) == 2
    for make in (maps.points, maps.heatmap):
        discs = drawn(make(cells(), basemap="offline")).findall(f".//{SVG}circle")
        radii = [float(each.get("r")) for each in discs]
        assert len(radii) == 3 and np.argsort(radii).tolist() == [1, 2, 0]


def test_a_ring_is_seen_in_a_picture():
    """Live's misses are rings, which are filled with nothing."""
    ring = maps.point_layer(cells(), colour="#C0392B", hollow=True)
    deck = maps.deck([ring], maps.view_of(LAT, LON), basemap="offline")
    for circle in drawn(deck).findall(f".//{SVG}circle"):
        assert float(circle.get("fill-opacity")) == 0
        assert circle.get("stroke") == "rgb(192,57,43)" and float(circle.get("stroke-width")) > 2
        assert float(circle.get("stroke-opacity")) == 1


def test_words_cannot_become_markup():
    picture = drawn(maps.points(cells(), basemap="offline"), title="<script>", note="a & b")
    assert {"<script>", "a & b"} <= {each.text for each in picture.iter(f"{SVG}text")}


def test_a_tilted_map_is_seen_as_deck_gl_sees_it():
    """Heights of 1.5 pictures away, tilted by 60°: by hand from the definition."""
    view = maps.view_of(LAT, LON)
    camera = Camera(view, 1000, 400, 60)
    assert camera(view.lon, view.lat) == pytest.approx((500, 200))
    (lat,), (lon,) = view.places(np.array([30.0]), np.array([100.0]))
    away = 600
    shrunk = away / (away + 100 * np.sqrt(3) / 2)
    assert camera(lon, lat) == pytest.approx((500 + 30 * shrunk, 200 - 50 * shrunk), abs=1e-6)
    grown = away / (away - 80 * 0.5)
    top = camera(view.lon, view.lat, 80 * view.metres_per_px)
    assert top == pytest.approx((500, 200 - 80 * np.sqrt(3) / 2 * grown), abs=1e-6)


def test_metres_of_a_pixel_are_those_of_the_map():
    view = maps.view_of(LAT, LON)
    (_, north), (_, _) = view.places(np.array([0.0, 0.0]), np.array([0.0, 1.0]))
    assert (north - view.lat) * 111_320 == pytest.approx(view.metres_per_px, rel=0.01)


def test_columns_stand_the_higher_the_more_they_count():
    deck = maps.columns(cells(), radius_m=60, basemap="offline")
    layers = drawn(deck).find(f".//{SVG}g[@class='layers']")
    tops = [float(each.get("cy")) for each in layers.iter(f"{SVG}ellipse")]
    feet = [float(each.get("d").split(",")[1].split("A")[0]) for each in layers.iter(f"{SVG}path")]
    heights = np.subtract(feet, tops)  # from north to south: 12, 7 and 30 check-ins
    assert len(heights) == 3 and np.argsort(heights).tolist() == [1, 0, 2]


@pytest.mark.parametrize(("lat", "lon", "is_land"), [(40.4, -3.7, True), (35.0, -40.0, False)])
def test_land_lies_under_a_city_and_not_under_a_ship(lat, lon, is_land):
    there = pd.DataFrame({"lat": [lat, lat + 0.02], "lon": [lon, lon + 0.02], "n_checkins": [3, 4],
                          "n_users": [3, 4], "tip": ["a", "b"]})  # fmt: skip
    ground = drawn(maps.points(there, basemap="offline")).find(f".//{SVG}g[@class='ground']")
    paper = ground.find(f"{SVG}rect")
    assert paper is not None
    assert paper.get("fill") == COLOURS[False]["land" if is_land else "water"]


def test_a_picture_has_a_legend_and_letters_that_browsers_take():
    cells = pd.DataFrame(
        {"cell": [608725924560502783], "lat": [40.71], "lon": [-74.0], "n_checkins": [7],
         "n_users": [3]}
    )  # fmt: skip
    scale = maps.Classes(("hot <b>", "cold"), ("#ff0000", "#0000ff"))
    svg = maps.to_svg(maps.hexagons(cells, basemap="offline"), legend=("Heat", scale))
    assert 'fill="#ff0000"' in svg and "hot &lt;b&gt;" in svg and ">Heat<" in svg
    # A name with a digit is a name only in quotation marks; without, all fonts were dropped.
    assert "'Source Sans 3'" in svg and "sans-serif" in svg


def test_pins_stand_in_a_picture_with_their_numbers():
    at = {"lat": [40.71, 40.72, 40.73], "lon": [-74.0, -74.01, -73.99]}
    frame = pd.DataFrame({"item_id": list("abc"), "item_name": ["A", "B", "C"], **at})
    view = maps.view_of(at["lat"], at["lon"])
    picture = maps.to_svg(maps.deck(maps.suggestion_layers(frame, view), view, basemap="offline"))
    (pins,) = re.findall(r'<g class="layers">(.*?)</g>', picture, flags=re.DOTALL)
    # The best is drawn last, on top.
    assert re.findall(r'text-anchor="middle">(\d)</text></svg>', pins) == ["3", "2", "1"]
    ElementTree.fromstring(picture)
