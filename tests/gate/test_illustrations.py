"""The classical measures, against scikit-learn, statsmodels and plain loops."""

from datetime import UTC, datetime, timedelta

import h3
import numpy as np
import polars as pl
import pytest
from sklearn.metrics import mutual_info_score
from statsmodels.tsa.stattools import acf

from strec import schema, spatial
from strec.gate.illustrations import (
    clustering,
    illustrate,
    knox,
    mutual_information,
    periodicity,
)
from strec.simulation import simulate
from strec.split import Log, Vocabulary, encode


def test_mutual_information_as_counted_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 5, 300)
    b = (a + rng.integers(0, 3, 300)) % 5
    assert mutual_information(a, b).plug_in == pytest.approx(mutual_info_score(a, b))


def test_the_correction_takes_away_what_chance_alone_shows():
    rng = np.random.default_rng(1)
    found = mutual_information(rng.integers(0, 24, 2_000), rng.integers(0, 12, 2_000))
    assert found.plug_in > 0.04
    assert found.shuffled == pytest.approx(found.plug_in, rel=0.2)
    assert abs(found.corrected) < 0.02


def checkins(lat, lon, hours) -> Log:
    n = len(hours)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    table = pl.DataFrame(
        {
            schema.USER: [str(k % 7) for k in range(n)],
            schema.ITEM: [str(k) for k in range(n)],
            schema.TIME: [start + timedelta(hours=float(h)) for h in hours],
            schema.OFFSET: [0] * n,
            schema.LAT: pl.Series(lat, dtype=pl.Float64),
            schema.LON: pl.Series(lon, dtype=pl.Float64),
        },
        schema_overrides={schema.OFFSET: pl.Int16, schema.TIME: pl.Datetime("us", "UTC")},
    )
    return encode(table, Vocabulary.of(table))


def test_knox_counts_the_pairs_near_in_space_and_time():
    rng = np.random.default_rng(2)
    lat, lon, hours = rng.uniform(0, 0.1, 80), rng.uniform(0, 0.1, 80), rng.uniform(0, 40, 80)
    found = knox(checkins(lat, lon, hours), near_km=2.0, near_hours=2.0)
    near_both = near_space = near_time = 0
    for i in range(80):
        for j in range(i):
            north = 111.195 * (lat[i] - lat[j])
            east = 111.195 * (lon[i] - lon[j]) * np.cos(np.radians(0.05))
            space, soon = np.hypot(north, east) <= 2.0, abs(hours[i] - hours[j]) <= 2.0
            near_both, near_space = near_both + (space and soon), near_space + space
            near_time += soon
    assert found.pairs == near_both
    assert found.expected == pytest.approx(near_space * near_time / (80 * 79 / 2))


def test_knox_tells_clusters_from_chance():
    rng = np.random.default_rng(3)
    centre = rng.uniform(0, 0.5, (20, 2))
    moment = rng.uniform(0, 1_000, 20)
    member = np.repeat(np.arange(20), 10)
    place = centre[member] + rng.normal(0, 0.003, (200, 2))
    clustered = knox(checkins(*place.T, moment[member] + rng.uniform(0, 1, 200)))
    assert clustered.p_value < 0.01 and clustered.ratio > 5
    chance = knox(checkins(*place.T, rng.uniform(0, 1_000, 200)))
    assert chance.p_value > 0.05


def test_periodicity_is_the_autocorrelation_of_statsmodels():
    table = simulate("social", n_users=30, n_checkins=3_000, seed=1)
    local = table.select(x=schema.local_time())["x"]
    hours = local.dt.truncate("1h").dt.epoch("s").to_numpy() // 3_600
    found = periodicity(hours)
    wanted = acf(np.bincount(hours - hours.min()), nlags=168, fft=True)
    assert found.day == pytest.approx(wanted[24]) and found.week == pytest.approx(wanted[168])
    assert found.day > 3 * found.bound


def test_a_short_series_has_no_week():
    found = periodicity(np.array([*range(24), 3 * 24 + 3]))
    assert found.week is None and found.day is not None
    assert periodicity(np.full(9, 5)) is None


def test_what_the_table_lacks_is_left_out():
    bare = checkins([None] * 200, [None] * 200, np.arange(200) ** 1.1)
    found = illustrate(bare)
    assert found.mutual_information is None and found.knox is None
    assert found.periodicity is not None
    still = checkins([1.0] * 200, [1.0] * 200, np.arange(200))
    assert illustrate(still).knox is None
    assert illustrate(bare).clustering is None and illustrate(still).clustering is None


def test_moran_tells_a_busy_centre_from_check_ins_spread_evenly():
    from esda.moran import Moran
    from libpysal.graph import Graph

    from strec.spatial import lattice

    rng = np.random.default_rng(3)
    centre = rng.normal(0, 0.01, (3_000, 2)) + (40.7, -74.0)
    whole = h3.grid_disk(h3.latlng_to_cell(40.7, -74.0, 8), 6)
    even = np.array([h3.cell_to_latlng(cell) for cell in whole])[rng.integers(0, 127, 3_000)]
    busy, mixed = (
        clustering(checkins(*place.T.tolist(), np.arange(3_000))) for place in (centre, even)
    )
    assert busy.i > 0.5 and busy.p_value == 0.001 and busy.n == 3_000
    assert abs(mixed.i) < 0.15 and mixed.p_value > 0.05
    # As esda says of the same hexagons, from their width on.
    size = min(range(11), key=lambda r: abs(spatial.hexagon_width_km(r) - busy.width_km))
    cell = schema.cells_of(*(pl.Series(each) for each in centre.T), size)
    counts = dict(cell.value_counts().iter_rows())
    area = lattice.study_area(np.array(list(counts), dtype=np.uint64))
    values = np.array([counts.get(int(each), 0) for each in area], dtype=float)
    touching = lattice.neighbours(area)
    inside = lattice.inside(touching)
    assert inside.sum() == busy.n_hexagons
    graph = Graph.from_sparse(touching[inside][:, inside])
    theirs = Moran(values[inside], graph, permutations=0)
    assert busy.i == pytest.approx(theirs.I)
