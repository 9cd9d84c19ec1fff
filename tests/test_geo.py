"""Distances on Earth: by hand, as a metric, and against sklearn and the ellipsoid."""

import ibis
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics.pairwise import haversine_distances

from strec import geo

N = 12
LATS = arrays(float, N, elements=st.floats(-90, 90))
LONS = arrays(float, N, elements=st.floats(-180, 180))


def all_pairs(lat, lon):
    return geo.distance_km(lat[:, None], lon[:, None], lat, lon)


def test_distances_by_hand():
    # A quarter of the Earth's circumference, with a mean radius of 6,371.0088 km.
    assert geo.distance_km(0.0, 0.0, 90.0, 0.0) == pytest.approx(np.pi / 2 * 6371.0088)
    # Across the date line it is near.
    assert geo.distance_km(0.0, 179.5, 0.0, -179.5) == pytest.approx(111.195, abs=0.01)
    assert np.pi / 180 * geo.EARTH_RADIUS_KM == pytest.approx(geo.KM_PER_DEGREE, abs=0.0005)
    assert np.isnan(geo.distance_km(0.0, np.nan, 0.0, 0.0))


@given(LATS, LONS)
def test_the_distance_is_a_metric(lat, lon):
    km = all_pairs(lat, lon)
    assert (km >= 0).all() and (np.diag(km) == 0).all()
    assert km == pytest.approx(km.T, abs=1e-6)
    # The way through any third place is no shorter.
    assert (km[:, None] <= km[:, :, None] + km + 1e-3).all()
    assert km.max() <= np.pi * geo.EARTH_RADIUS_KM + 1e-6


@settings(deadline=None, max_examples=30)
@given(LATS, LONS)
def test_all_forms_agree_and_are_those_of_sklearn(lat, lon):
    km = all_pairs(lat, lon)
    there = haversine_distances(np.radians(np.column_stack([lat, lon])))
    assert km == pytest.approx(geo.EARTH_RADIUS_KM * there, abs=1e-3)
    xyz = geo.unit_vectors(lat, lon)
    chord = np.linalg.norm(xyz[:, None] - xyz, axis=-1)
    # Straight through the globe rounding counts for more, most at the other side.
    assert geo.arc_km(chord / 2) == pytest.approx(km, abs=0.5)
    table = pl.DataFrame({"lat": lat, "lon": lon})
    column = geo.distance_column(pl.col("lat"), pl.col("lon"), pl.lit(lat[0]), pl.lit(lon[0]))
    assert table.select(column).to_series().to_numpy() == pytest.approx(km[:, 0], abs=1e-3)


def test_within_six_in_a_thousand_of_the_ellipsoid():
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    rng = np.random.default_rng(0)
    lat, other_lat = np.degrees(np.arcsin(rng.uniform(-1, 1, (2, 10_000))))
    lon, other_lon = rng.uniform(-180, 180, (2, 10_000))
    true_km = geod.inv(lon, lat, other_lon, other_lat)[2] / 1000
    assert geo.distance_km(lat, lon, other_lat, other_lon) == pytest.approx(true_km, rel=0.006)


@given(st.floats(-89, 89), st.floats(-180, 180), st.floats(0, 19_000), st.floats(0, 2 * np.pi))
def test_a_walk_ends_as_far_away_as_it_is_long(lat, lon, km, bearing):
    there = geo.destination(np.array(lat), np.array(lon), np.array(km), np.array(bearing))
    assert geo.distance_km(lat, lon, *there) == pytest.approx(km, abs=1e-3)
    assert -180 <= there[1] < 180


def test_a_walk_goes_where_it_points():
    lat, lon = geo.destination(
        np.full(4, 10.0), np.full(4, 20.0), np.full(4, 1.0), np.arange(4) * np.pi / 2
    )
    assert np.sign(lat.round(6) - 10).tolist() == [1, 0, -1, 0]
    assert np.sign(lon.round(6) - 20).tolist() == [0, 1, 0, -1]


def test_short_distances_of_polars_and_ibis_are_flat():
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(-60, 60, 200), rng.uniform(-179, 179, 200)
    table = pl.DataFrame(
        {
            "lat": lat,
            "lon": lon,
            "other_lat": lat + rng.normal(0, 0.1, 200),
            "other_lon": lon + rng.normal(0, 0.1, 200),
        }
    )
    km = geo.distance_km(*table.to_numpy().T)
    columns = [pl.col(name) for name in table.columns]
    assert table.select(geo.short_distance_column(*columns)).to_series().to_numpy() == (
        pytest.approx(km, rel=0.01)
    )
    asked = ibis.memtable(table)
    found = asked.select(km=geo.short_distance_column(*(asked[name] for name in table.columns)))
    assert found.execute()["km"].to_numpy() == pytest.approx(km, rel=0.01)


def test_unit_vectors_of_ibis_are_those_of_numpy():
    lat, lon = np.array([0.0, 45.0, -90.0]), np.array([10.0, -120.0, 0.0])
    asked = ibis.memtable(pl.DataFrame({"lat": lat, "lon": lon}))
    found = asked.select(**geo.unit_vector_columns(asked.lat, asked.lon)).execute()
    assert found.to_numpy() == pytest.approx(geo.unit_vectors(lat, lon))


def test_degrees_to_the_east_grow_shorter():
    assert geo.km_per_degree_east(60.0) == pytest.approx(geo.KM_PER_DEGREE / 2)
    assert geo.wrapped(np.array([-180.0, 180.0, 540.5])).tolist() == [-180.0, -180.0, -179.5]


def jittering(n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Visits that scatter by some 100 m around 180°, in Fiji."""
    rng = np.random.default_rng(3)
    lon = 180 + rng.normal(0, 0.001, n)
    return -16.8 + rng.normal(0, 0.001, n), np.where(lon >= 180, lon - 360, lon)


def test_the_middle_of_visits_on_both_sides_of_the_date_line_is_there_on_every_engine():
    lat, lon = jittering()
    table = pl.DataFrame({"lon": lon})
    asked = ibis.memtable(table)
    found = [
        geo.median_longitude(lon),
        table.select(geo.median_longitude_column(pl.col("lon"))).item(),
        asked.aggregate(lon=geo.median_longitude_column(asked.lon)).execute()["lon"].item(),
    ]
    # 0 is where a plain mean or median of +180 and -180 lies.
    assert np.abs(np.abs(found) - 180).max() < 0.001
    assert geo.distance_km(-16.8, np.array(found), -16.8, found[0]).max() < 1e-6


@pytest.mark.parametrize("lon", [[-122.41, -122.42, -122.43], [100.3, 139.7], [-100.0, 5.0, 100.0]])
def test_other_longitudes_have_their_plain_median_to_the_last_bit(lon):
    table = pl.DataFrame({"lon": lon})
    assert geo.median_longitude(np.array(lon)) == np.median(lon)
    assert table.select(geo.median_longitude_column(pl.col("lon"))).item() == np.median(lon)
