"""A person's own map file, and online tiles that nobody waits for."""

import json
import time
from urllib.parse import unquote

import geopandas
import pytest
import shapely

from strec import maps
from strec.errors import ReadError
from strec.maps import basemap, extract, tiles

OSM = """<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="48.85" lon="2.34"/><node id="2" lat="48.86" lon="2.36"/>
<node id="3" lat="48.86" lon="2.34"/>
<node id="4" lat="48.855" lon="2.35"><tag k="place" v="suburb"/><tag k="name" v="Marais"/></node>
<way id="5"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>
<way id="6"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="leisure" v="park"/></way>
<way id="7"><nd ref="1"/><nd ref="3"/><tag k="waterway" v="river"/></way>
<way id="8"><nd ref="1"/><nd ref="3"/><tag k="highway" v="footway"/></way></osm>"""


def test_an_extract_of_openstreetmap_is_read_and_thanked(tmp_path):
    (tmp_path / "paris.osm").write_text(OSM)
    ground = maps.read_ground(tmp_path / "paris.osm")
    assert {kind: len(found) for kind, found in ground.shapes.items()} == {
        "park": 1, "stream": 1, "avenue": 1,
    }  # fmt: skip
    assert ground.names == (("district", "Marais", 48.855, 2.35),)
    assert "OpenStreetMap" in ground.attribution
    deck = maps.deck([], maps.view_of([48.85, 48.86], [2.34, 2.36]), ground=ground)
    assert "MARAIS" in maps.to_svg(deck)


def test_a_geopackage_in_another_projection_is_read(tmp_path):
    line = shapely.LineString([(2.34, 48.85), (2.36, 48.86)])
    frame = geopandas.GeoDataFrame({"fclass": ["motorway"]}, geometry=[line], crs=4326)
    frame.to_crs(2154).to_file(tmp_path / "roads.gpkg", layer="roads")
    ground = maps.read_ground(tmp_path / "roads.gpkg", name="Paris")
    (road,) = ground.shapes["motorway"]
    assert road.hausdorff_distance(line) < 1e-4 and ground.name == "Paris"


def test_lines_without_tags_are_streets(tmp_path):
    line = shapely.LineString([(2.34, 48.85), (2.36, 48.86)])
    frame = geopandas.GeoDataFrame({"id": [1]}, geometry=[line], crs=4326)
    frame.to_file(tmp_path / "lines.geojson")
    ground = maps.read_ground(tmp_path / "lines.geojson")
    assert list(ground.shapes) == ["street"] and ground.attribution == "Map: lines.geojson"


def test_what_is_no_map_is_said_in_words(tmp_path, monkeypatch):
    with pytest.raises(ReadError, match="no file"):
        maps.read_ground(tmp_path / "nowhere.osm")
    (tmp_path / "broken.gpkg").write_text("hello")
    with pytest.raises(ReadError, match="GDAL"):
        maps.read_ground(tmp_path / "broken.gpkg")
    points = geopandas.GeoDataFrame({"id": [1]}, geometry=[shapely.Point(2, 48)], crs=4326)
    points.to_file(tmp_path / "points.geojson")
    with pytest.raises(ReadError, match="roads, water"):
        maps.read_ground(tmp_path / "points.geojson")
    monkeypatch.setattr(extract, "MAX_MB", 0)
    with pytest.raises(ReadError, match="at most 0 MB"):
        maps.read_ground(tmp_path / "points.geojson")


def test_no_map_waits_for_tiles_that_do_not_answer(monkeypatch):
    def slow(*_, **__):
        time.sleep(3)
        raise OSError

    monkeypatch.delenv("STREC_TILES", raising=False)
    monkeypatch.setattr(tiles, "_WATCH", tiles._Watch())
    monkeypatch.setattr(tiles.urllib.request, "urlopen", slow)
    began = time.monotonic()
    assert not tiles.are_there(wait_s=0) and not tiles.are_there()
    assert time.monotonic() - began < 1


def test_without_tiles_nobody_is_asked(monkeypatch):
    def never(*_, **__):
        raise AssertionError("somebody was asked")

    monkeypatch.setenv("STREC_TILES", "none")
    monkeypatch.setattr(tiles.urllib.request, "urlopen", never)
    monkeypatch.setattr(tiles._WATCH, "ask", never)
    assert basemap.resolve("auto") == "offline"


def test_the_provider_and_its_attribution_are_settings(monkeypatch):
    monkeypatch.setenv("STREC_TILES", "https://tiles.example.org/{z}/{x}/{y}.png")
    monkeypatch.setenv("STREC_TILES_ATTRIBUTION", "© Example")
    style = json.loads(unquote(tiles.style(dark=True).split(",", 1)[1]))
    assert style["sources"]["tiles"]["tiles"] == ["https://tiles.example.org/{z}/{x}/{y}.png"]
    assert maps.attribution("tiles") == "© Example"
    assert tiles.style_address() == "https://tiles.example.org/0/0/0.png"
    monkeypatch.setenv("STREC_TILES", "https://tiles.example.org/style.json")
    assert tiles.style(dark=False) == "https://tiles.example.org/style.json"
