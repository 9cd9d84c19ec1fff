"""Hexagons are as fine as the data can bear, and what is hidden is said."""

import h3
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, shape

from strec import schema, spatial
from strec.dataset import Dataset
from strec.errors import AnalysisError
from strec.spatial.hexagons import span_km


def cloud(span_deg: float, n: int = 2000, each: int = 10, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "lat": 40 + span_deg * rng.uniform(-0.5, 0.5, n),
            "lon": -74 + span_deg * rng.uniform(-0.5, 0.5, n),
            "n_checkins": each,
        }
    )


@pytest.mark.parametrize(
    ("span_deg", "expected"), [(0.05, 10), (0.3, 9), (0.8, 8), (5.0, 6), (40.0, 4)]
)
def test_the_wider_the_data_the_coarser_the_hexagons(span_deg, expected):
    found = spatial.suggest_resolution(cloud(span_deg, each=1000))
    assert abs(found - expected) <= 1
    assert 25 < span_km(cloud(span_deg)) / spatial.hexagon_width_km(found) < 190 or (found == 10)


def test_sparse_data_gets_coarser_hexagons_and_an_outlier_changes_nothing():
    dense, sparse = cloud(0.3, each=1000), cloud(0.3, n=100, each=1)
    assert spatial.suggest_resolution(sparse) < spatial.suggest_resolution(dense)
    far = pd.DataFrame({"lat": [-33.0], "lon": [151.0], "n_checkins": [1]})
    assert spatial.suggest_resolution(pd.concat([dense, far])) == spatial.suggest_resolution(dense)


def few_rows(n: int = 63) -> pl.DataFrame:
    """So few rows, all over a city of 60 km, that nearly every hexagon holds under five."""
    rng = np.random.default_rng(1)
    return (
        schema.example()
        .sample(n, with_replacement=True, seed=1)
        .with_columns(
            pl.Series(schema.USER, [f"u{k}" for k in range(n)]),
            pl.Series(schema.LAT, rng.uniform(33.8, 34.3, n)),
            pl.Series(schema.LON, rng.uniform(-118.5, -117.9, n)),
        )
    )


@pytest.mark.slow
def test_few_rows_make_no_giants_of_hexagons():
    named = Dataset(few_rows())
    # Coarser would hide fewer people, and show two hexagons of which half is outside the map.
    size = spatial.resolution_that_shows(named)
    assert spatial.hexagon_width_km(size) < span_km(named.store.cells(10, min_users=1)) / 6
    assert spatial.shown_from(named) == 5
    nobody = Dataset(few_rows().with_columns(pl.lit(schema.NOBODY).alias(schema.USER)))
    assert spatial.resolution_that_shows(nobody) == spatial.suggest_resolution(nobody)
    # Nobody is named, and to hide what one row says would leave no map.
    assert spatial.shown_from(nobody) == 1
    assert spatial.shown_from(Dataset(few_rows().head(4))) == 1


def test_one_place_and_none():
    one = pd.DataFrame({"lat": [48.85], "lon": [2.35], "n_checkins": [1]})
    assert 0 <= spatial.suggest_resolution(one) <= 10
    with pytest.raises(AnalysisError, match="filters"):
        spatial.suggest_resolution(one.head(0))


@given(st.lists(st.floats(-180, 180), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_run_of_longitudes_is_as_short_as_can_be(lons):
    lon = np.array(lons)
    run = spatial.one_run(lon)
    turns = (run - lon) / 360
    assert np.allclose(turns, np.round(turns), atol=1e-9)
    gaps = np.diff(np.sort(np.append(lon % 360, (lon % 360).min() + 360)))
    assert np.ptp(run) <= 360 - gaps.max() + 1e-6


def test_a_grid_to_ask_from_has_the_cells_and_their_neighbours():
    cells = [h3.latlng_to_cell(lat, -74.0, 9) for lat in (40.70, 40.75)]
    frame = pd.DataFrame({"cell": np.array([h3.str_to_int(c) for c in cells], dtype=np.uint64)})
    grid = spatial.grid_around(frame, 8, rings=1)
    expected = {near for c in cells for near in h3.grid_disk(h3.cell_to_parent(c, 8), 1)}
    assert {h3.int_to_str(int(c)) for c in grid["cell"]} == expected
    assert grid["cell"].dtype == np.uint64


def test_concentration_agrees_with_adding_up():
    rng = np.random.default_rng(1)
    counts = pd.Series(rng.pareto(1.2, 200))
    k = spatial.concentration(counts)
    ordered = sorted(counts, reverse=True)
    assert sum(ordered[:k]) >= counts.sum() / 2 > sum(ordered[: k - 1])


def test_what_is_hidden_is_said_only_where_something_is():
    frame = pd.DataFrame({"n_checkins": [4]})
    frame.attrs = {"hidden": 1, "hidden_checkins": 1, "min_users": 5}
    words = "1 flow with fewer than 5 users is hidden (1 check-in)."
    assert spatial.hidden_in_words(frame, "flow") == words
    frame.attrs["hidden"] = 0
    assert spatial.hidden_in_words(frame) == ""


def test_check_ins_per_user_keeps_what_is_said_about_the_frame():
    frame = pd.DataFrame({"n_checkins": [10, 3], "n_users": [4, 3]})
    frame.attrs = {"hidden": 1}
    assert spatial.per_user(frame)["per_user"].tolist() == [2.5, 1.0]
    assert spatial.per_user(frame).attrs == {"hidden": 1}
    assert "per_user" not in frame


def test_geojson_is_the_hexagon():
    cell = h3.latlng_to_cell(-17.9, 179.99, 5)
    frame = pd.DataFrame({"cell": [h3.str_to_int(cell)], "n_checkins": [3]})
    (feature,) = spatial.as_geojson(frame)["features"]
    assert feature["properties"] == {"h3": cell, "n_checkins": 3}
    lat, lon = h3.cell_to_latlng(cell)
    hexagon = shape(feature["geometry"])
    assert any(hexagon.contains(Point(lon + turn, lat)) for turn in (-360, 0, 360))
    assert hexagon.area < 1
