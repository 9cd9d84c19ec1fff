"""The ground of maps: streets, water, parks and names, of simulated cities and of one's own."""

import dataclasses
import json
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
import shapely

from strec import maps, simulation
from strec.errors import AnalysisError, ReadError
from strec.io.samples import read_sample
from strec.maps.ground import LINES, line_width

SIMULATED = ("social", "ecommerce", "travel", "traffic")
SOUTH_SEA = maps.view_of([-40.0, -40.1], [-120.0, -120.1])


def places_of(name: str) -> np.ndarray:
    return read_sample(name).select("lon", "lat").unique().to_numpy()


def km(ground: maps.Ground, lon_lat: np.ndarray, kind: str) -> np.ndarray:
    """How far places are from the nearest shape of a kind."""
    scale = np.array([111.195 * np.cos(np.radians(lon_lat[:, 1].mean())), 111.195])
    shapes = shapely.transform(ground.shapes[kind], lambda at: at * scale)
    tree = shapely.STRtree(shapes)
    points = shapely.points(lon_lat * scale)
    return shapely.distance(points, shapes[tree.nearest(points)])


def style_of(deck) -> dict:
    return json.loads(unquote(json.loads(deck.to_json())["mapStyle"].split(",", 1)[1]))


@pytest.mark.parametrize("name", SIMULATED)
def test_the_ground_of_a_simulated_city_fits_its_places(name):
    ground, places = maps.Ground.sample(name), places_of(name)
    assert (km(ground, places, "water") > 0.02).all()  # nobody checks in in the river
    streets = np.minimum(km(ground, places, "street"), km(ground, places, "lane"))
    assert (streets < 0.003).mean() > 0.9
    urban = shapely.union_all(ground.shapes["urban"])
    assert shapely.contains_xy(urban, *places.T).all()
    districts = {each for kind, each, *_ in ground.names if kind == "district"}
    assert districts == {each for each, _ in simulation.SCENARIOS[name].districts}
    assert maps.attribution(ground=ground) == "Streets: simulated"


def test_the_river_comes_near_the_centre_and_passes_through_the_city():
    for name in SIMULATED:
        ground, world = maps.Ground.sample(name), simulation.SCENARIOS[name]
        centre = np.array([[world.lon, world.lat]])
        assert km(ground, centre, "water")[0] < 0.6 * world.radius_km


def test_the_same_seed_draws_the_same_ground_and_another_does_not():
    lon, lat = places_of("travel").T
    one = maps.Ground.simulated("travel", 13, lat, lon)
    assert one == maps.Ground.simulated("travel", 13, lat[::-1], lon[::-1])
    assert one != maps.Ground.simulated("travel", 14, lat, lon)
    assert one == maps.Ground.sample("travel")
    assert maps.Ground.sample("flights") is None


def test_a_ground_is_kept_and_opened_again(tmp_path):
    ground = maps.Ground.sample("travel")
    ground.save(tmp_path / "ground.parquet")
    assert maps.Ground.load(tmp_path / "ground.parquet") == ground
    (tmp_path / "other").write_text("hello")
    with pytest.raises(ReadError):
        maps.Ground.load(tmp_path / "other")


def test_a_map_shows_the_ground_in_the_app_and_as_a_picture_and_page():
    ground, (lon, lat) = maps.Ground.sample("social"), places_of("social").T
    deck = maps.deck([], maps.view_of(lat, lon), basemap="auto", ground=ground)
    style = style_of(deck)
    ids = [each["id"] for each in style["layers"]]
    assert len(ids) == len(set(ids))
    assert {"ground-street", "ground-park", "ground-water", "ground-motorway"} <= set(ids)
    assert style["sources"]["ground"]["attribution"] == "Streets: simulated"
    assert len(deck.to_json()) < 200_000
    assert "http" not in deck.to_json()
    picture = maps.to_svg(deck)
    assert "Streets: simulated" in picture and "PLAZA" in picture and picture.count("<path") >= 8
    page = maps.to_html(deck)
    assert "ground-street" in page and ">Streets: simulated</div>" in page
    # Without a ground of its own a map thanks for its land; a hostile name ends nothing.
    plain = maps.deck([], maps.view_of([-40, 50], [0, 90]), basemap="offline")
    for made in (maps.to_svg(plain), maps.to_html(plain)):
        assert "Natural Earth (public domain)</" in made
    named = dataclasses.replace(ground, attribution="</div><script>x</script>")
    assert "<script>x" not in maps.to_html(maps.deck([], maps.view_of(lat, lon), ground=named))


def test_a_ground_is_left_out_where_it_does_not_reach():
    deck = maps.deck([], SOUTH_SEA, basemap="offline", ground=maps.Ground.sample("social"))
    assert "ground" not in style_of(deck)["sources"]


def test_small_roads_come_later_and_widths_grow():
    width = ["interpolate", ["exponential", 1.5], ["zoom"], 10, 1.0, 16, 9.0]
    widths = [line_width(width, zoom) for zoom in (8, 10, 13, 16, 18)]
    assert widths[0] == widths[1] == 1.0 and widths[3] == widths[4] == pytest.approx(9.0)
    assert 1 < widths[2] < 9 and line_width(2, 5) == 2
    style = style_of(
        maps.deck(
            [], maps.view_of(*places_of("travel").T[::-1]), ground=maps.Ground.sample("travel")
        )
    )
    first = {each["id"]: each["minzoom"] for each in style["layers"] if "minzoom" in each}
    shown = [first[f"ground-{kind}"] for kind in LINES if f"ground-{kind}" in first]
    assert shown == sorted(shown, reverse=True)


def test_what_is_no_ground_is_said():
    with pytest.raises(AnalysisError, match="ground"):
        maps.deck([], SOUTH_SEA, ground="social")
    with pytest.raises(AnalysisError, match="scenario"):
        maps.Ground.simulated("atlantis", 1, [1.0], [1.0])


def test_names_of_the_ground_give_way_to_those_of_suggestions():
    ground = maps.Ground.sample("travel")
    (_, name, lat, lon), *_ = ground.names
    view = maps.view_of([lat - 0.01, lat + 0.01], [lon - 0.01, lon + 0.01])

    def names(layers) -> list[str]:
        shown = maps.deck(layers, view, basemap="offline", ground=ground).layers
        (found,) = (each.data for each in shown if each.id == "ground-names")
        return [row["name"].replace("  ", " ").casefold() for row in found]

    # A pin's name stands above its foot, here where the ground's name would be.
    low = float(view.places(np.array([0.0]), view.pixels(lat, lon)[1] - 47)[0])
    at = {"item_id": ["a"], "item_name": ["A bar with a long name"], "lat": [low], "lon": [lon]}
    assert name.casefold() in names([])
    assert name.casefold() not in names(maps.suggestion_layers(pd.DataFrame(at), view))
