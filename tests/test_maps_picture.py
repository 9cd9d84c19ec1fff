"""Maps as pictures: what the deck holds is drawn, where the projection puts it."""

import xml.etree.ElementTree as ElementTree

import h3
import numpy as np
import pandas as pd
import pytest

from strec import maps
from strec.maps.picture import HEIGHT_PX, WIDTH_PX, to_svg

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
    assert len(drawn(maps.arcs(flows, basemap="offline")).findall(f".//{SVG}path")) == 2
    for make in (maps.points, maps.heatmap):
        discs = drawn(make(cells(), basemap="offline")).findall(f".//{SVG}circle")
        radii = [float(each.get("r")) for each in discs]
        assert len(radii) == 3 and np.argsort(radii).tolist() == [1, 2, 0]


def test_words_cannot_become_markup():
    picture = drawn(maps.points(cells(), basemap="offline"), title="<script>", note="a & b")
    assert {"<script>", "a & b"} <= {each.text for each in picture.iter(f"{SVG}text")}
