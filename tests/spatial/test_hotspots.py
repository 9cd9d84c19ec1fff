"""Hotspots are found where they were put, and rarely where there are none."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from strec import schema, spatial
from strec.dataset import Dataset
from strec.errors import AnalysisError
from strec.geo import destination
from strec.spatial import lattice
from tests.spatial.worlds import counted, disk, steps_from


def test_a_busy_centre_is_one_hot_area_with_a_place_and_a_share():
    cells = disk(6)
    far = steps_from(cells, cells[0])
    found = spatial.hotspots(counted(cells, np.where(far <= 1, 300, 10)))
    hot = found.frame[found.frame["kind"] == "hot"]
    assert set(cells[far <= 1]) <= set(hot["cell"])
    assert steps_from(hot["cell"].to_numpy(), cells[0]).max() <= 2
    (area,) = found.areas.to_dict("records")
    assert area["share"] == pytest.approx(hot["n_checkins"].sum() / found.frame["n_checkins"].sum())
    assert (area["lat"], area["lon"]) == pytest.approx((40.7, -74.0), abs=0.01)
    assert "1 area" in found.sentence and "clearly lie beside busy ones" in found.sentence


def test_the_quiet_middle_of_a_busy_ring_is_cold_not_hot():
    cells = disk(9)
    far = steps_from(cells, cells[0])
    counts = np.where(far <= 3, 1, 60) + np.random.default_rng(0).integers(0, 12, len(cells))
    found = spatial.hotspots(counted(cells, counts)).frame.set_index("cell")
    assert (found.loc[cells[far <= 2], "kind"] == "cold").all()
    assert (found.loc[cells[far <= 2], "quadrant"] == "low among low").all()


@pytest.mark.slow
def test_random_counts_are_rarely_called_hot():
    cells, rng = disk(7), np.random.default_rng(4)
    named = [
        (spatial.hotspots(counted(cells, rng.poisson(30, len(cells))), seed=k, draws=9_999)
         .frame["kind"] != "").any()
        for k in range(20)
    ]  # fmt: skip
    # Without any pattern, one in twenty worlds may name a hexagon.
    assert sum(named) <= 4


def test_cells_of_few_people_count_as_empty():
    cells = disk(5)
    frame = counted(cells, np.where(np.arange(len(cells)) < 7, 500, 10))
    frame.loc[:6, "n_users"] = 2
    found = spatial.hotspots(frame).frame.set_index("cell")
    assert (found.loc[cells[:7], "n_checkins"] == 0).all()
    assert not (found["kind"] == "hot").any()


@pytest.mark.slow
def test_what_is_compared_is_a_choice():
    ring = disk(4)[steps_from(disk(4), disk(4)[0]) >= 2]
    frame = counted(ring, np.arange(len(ring)) + 5)
    sizes = {kind: len(spatial.hotspots(frame, study_area=kind).frame) for kind in
             ("observed", "filled", "hull")}  # fmt: skip
    assert sizes["observed"] == len(ring) < sizes["filled"] <= sizes["hull"]
    per_user = spatial.hotspots(frame, "per_user", "observed").frame
    assert per_user["value"].to_numpy() == pytest.approx(
        (per_user["n_checkins"] / per_user["n_users"]).to_numpy()
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.head(3), "at least 8 hexagons"),
        (lambda frame: frame.head(0), "at least 8 hexagons"),
        (lambda frame: frame.assign(n_checkins=5), "that differ"),
        (lambda frame: frame.assign(n_users=1), "at least 8 hexagons"),
    ],
)
def test_too_little_is_said_in_words(change, words):
    frame = change(counted(disk(3), np.arange(len(disk(3))) + 1))
    with pytest.raises(AnalysisError, match=words):
        spatial.hotspots(frame, study_area="observed")
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        spatial.hotspots(frame, alpha=2)


def test_hexagons_far_apart_have_nothing_to_compare_with():
    cells = np.concatenate([disk(0, 8, 40 + k, -74) for k in range(9)])
    with pytest.raises(AnalysisError, match="none beside another"):
        spatial.hotspots(counted(cells, np.arange(9) + 1), study_area="observed")


def test_neighbours_are_those_of_h3():
    import h3

    cells = np.sort(disk(3))
    touching = lattice.neighbours(cells)
    assert (touching != touching.T).nnz == 0
    for k in (0, 10, 30):
        near = set(h3.grid_ring(h3.int_to_str(int(cells[k])), 1))
        mine = {h3.int_to_str(int(cells[j])) for j in touching[[k]].indices}
        assert mine == near & {h3.int_to_str(int(cell)) for cell in cells}


def test_a_study_area_closes_gaps_and_keeps_the_outline():
    cells = disk(4)
    hollow = cells[steps_from(cells, cells[0]) >= 2]
    assert set(lattice.study_area(hollow)) == set(cells)
    lonely = np.concatenate([disk(0), disk(0, 8, 41.5, -74)])
    assert set(lattice.study_area(lonely)) == set(lonely)
    with pytest.raises(AnalysisError, match="one resolution"):
        lattice.study_area(np.concatenate([disk(0), disk(0, 7)]))
    with pytest.raises(AnalysisError, match="date line"):
        lattice.study_area(np.concatenate([disk(0, 5, 0, 179.9), disk(0, 5, 0, -179)]), "hull")


@pytest.mark.slow
def test_a_data_set_is_enough():
    dataset = Dataset.sample("social")
    found = spatial.hotspots(dataset, draws=200)
    assert found.frame["n_checkins"].sum() <= len(dataset) and found.sentence.startswith("Of ")
    size = spatial.resolution_that_shows(dataset)
    size = spatial.resolution_that_touches(dataset.store.cells, size)
    same = spatial.hotspots(dataset.store.cells(size, min_users=1), draws=200)
    assert found.sentence == same.sentence
    assert spatial.emerging(dataset).sentence == spatial.emerging(dataset.store).sentence
    assert spatial.step_quantiles(dataset) == spatial.step_quantiles(dataset.store.steps())


def points_in_a_disk(seed: int, n: int = 3_000, radius_km: float = 4.0) -> pd.DataFrame:
    """Check-ins of many users at random in a disk, counted per hexagon."""
    rng = np.random.default_rng(seed)
    away, angle = radius_km * np.sqrt(rng.random(n)), 2 * np.pi * rng.random(n)
    lat, lon = destination(40.7, -74.0, away, angle)
    cells, counts = np.unique(
        schema.cells_of(pl.Series(lat), pl.Series(lon), 8), return_counts=True
    )
    return pd.DataFrame({"cell": cells, "n_checkins": counts, "n_users": counts})


@pytest.mark.slow
def test_random_points_in_a_disk_do_not_lie_together():
    found = [
        spatial.hotspots(points_in_a_disk(seed), min_users=1, draws=99).moran for seed in range(8)
    ]
    # The edge alone gave p = 0.001 in every one of them.
    assert sum(each.p <= 0.05 for each in found) <= 1
    assert "cannot be told from chance" in max(found, key=lambda each: each.p).sentence
    everywhere = points_in_a_disk(0)
    touching = lattice.neighbours(everywhere["cell"].to_numpy())
    assert spatial.moran(everywhere["n_checkins"].to_numpy(), touching).p < 0.01


def test_a_busy_middle_lies_together_and_a_strip_cannot_tell():
    rng = np.random.default_rng(0)
    lat, lon = destination(40.7, -74.0, 4 * rng.random(3_000), 2 * np.pi * rng.random(3_000))
    cells, counts = np.unique(
        schema.cells_of(pl.Series(lat), pl.Series(lon), 8), return_counts=True
    )
    busy = pd.DataFrame({"cell": cells, "n_checkins": counts, "n_users": counts})
    assert spatial.hotspots(busy, draws=99).moran.sentence.startswith("Busy hexagons clearly")
    north = np.abs(lattice.centres(cells)[1] + 74.0) < 0.012
    strip = spatial.hotspots(busy[north], draws=99).moran
    assert np.isnan(strip.p) and strip.sentence.startswith("Too few hexagons")
