"""Gi*, local and global Moran agree with PySAL on its example data and on hexagons."""

import numpy as np
import pytest
from esda.getisord import G_Local
from esda.moran import Moran, Moran_Local
from libpysal import examples
from libpysal import io as psio
from libpysal.graph import Graph
from scipy import sparse
from scipy.stats import false_discovery_control

from strec.spatial import autocorrelation, lattice
from tests.spatial.worlds import disk, steps_from


@pytest.fixture(scope="module")
def carolina():
    """Sudden infant deaths in North Carolina: rates of 100 counties and who touches whom."""
    rate = np.array(psio.open(examples.get_path("sids2.dbf")).by_col("SIDR74"), dtype=float)
    weights = psio.open(examples.get_path("sids2.gal")).read()
    return rate, sparse.csr_array(weights.sparse, dtype=float), weights


def test_global_moran_is_that_of_the_manual(carolina):
    rate, touching, weights = carolina
    found = autocorrelation.moran(rate, touching, permutations=999, seed=1)
    # esda's manual: I = 0.248 on these data.
    assert round(found.i, 3) == 0.248
    assert found.expected == pytest.approx(-1 / 99)
    weights.transform = "r"
    theirs = Moran(rate, weights, permutations=0)
    assert (found.i, found.z) == pytest.approx((theirs.I, theirs.z_rand))
    assert found.p == 0.001


@pytest.mark.slow
def test_moran_of_shuffled_values_is_not_significant(carolina):
    rate, touching, _ = carolina
    rng = np.random.default_rng(3)
    p = [autocorrelation.moran(rng.permutation(rate), touching, 199, seed=k).p for k in range(40)]
    assert 0.3 < np.mean(p) < 0.7 and np.mean(np.array(p) <= 0.05) <= 0.15


def test_gi_star_is_that_of_the_manual():
    xy = np.array([(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)], dtype=float)
    away = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    touching = sparse.csr_array(((away <= 15) & (away > 0)).astype(float))
    values = np.array([2, 3, 3.2, 5, 8, 7])
    found = autocorrelation.local_statistics(values, touching, draws=99)
    manual = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]
    assert found["gi_z"].to_numpy() == pytest.approx(manual)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:esda")
def test_local_p_values_are_those_of_esda(carolina):
    rate, touching, _ = carolina
    graph = Graph.from_sparse(touching)
    found = autocorrelation.local_statistics(rate, touching, draws=9_999, seed=5)
    local = Moran_Local(rate, graph, permutations=9_999, seed=7)
    gi = G_Local(rate, graph, transform="B", star=True, permutations=9_999, seed=7)
    assert found["local_i"].to_numpy() == pytest.approx(local.Is)
    one_sided = found[["upper_p", "lower_p"]].min(axis=1).to_numpy()
    # Two Monte Carlo estimates from 9,999 draws each.
    for theirs in (local.p_sim, gi.p_sim):
        assert np.abs(one_sided - theirs).max() < 0.03
        assert np.abs(one_sided - theirs).mean() < 0.004


@pytest.mark.parametrize("star", ["gi_z", "local_i"])
def test_hexagons_agree_with_esda(star):
    cells = np.sort(disk(5))
    values = np.random.default_rng(0).gamma(0.4, 100, len(cells)).round()
    touching = lattice.neighbours(cells)
    found = autocorrelation.local_statistics(values, touching, draws=99)
    graph = Graph.from_sparse(touching)
    theirs = (
        G_Local(values, graph, transform="B", star=True, permutations=0).Zs
        if star == "gi_z"
        else Moran_Local(values, graph, permutations=0).Is
    )
    assert found[star].to_numpy() == pytest.approx(theirs)


def test_gi_star_by_hand():
    cells = np.sort(disk(2))
    values = np.arange(len(cells), dtype=float)
    found = autocorrelation.local_statistics(values, lattice.neighbours(cells), draws=99)
    k = 4
    near = steps_from(cells, cells[k]) <= 1
    n, size = len(cells), near.sum()
    spread = np.sqrt((values**2).mean() - values.mean() ** 2)
    scale = spread * np.sqrt((n * size - size**2) / (n - 1))
    assert found["gi_z"][k] == pytest.approx((values[near].sum() - size * values.mean()) / scale)


def test_conditional_p_values_by_counting_every_draw():
    """On a line of six, the neighbours of a unit can be any pair of the other five."""
    from itertools import combinations

    values = np.array([1.0, 7.0, 3.0, 9.0, 4.0, 2.0])
    line = sparse.csr_array(np.eye(6, k=1) + np.eye(6, k=-1))
    upper, lower = autocorrelation.conditional_p(values, line, draws=60_000, seed=2)
    for unit in range(1, 5):
        others = np.delete(values, unit)
        sums = np.array([sum(pair) for pair in combinations(others, 2)])
        observed = values[unit - 1] + values[unit + 1]
        assert upper[unit] == pytest.approx((sums >= observed).mean(), abs=0.01)
        assert lower[unit] == pytest.approx((sums <= observed).mean(), abs=0.01)


def test_false_discovery_leaves_out_what_was_not_tested():
    p = np.array([0.01, np.nan, 0.04, 0.5])
    found = autocorrelation.false_discovery(p)
    assert np.isnan(found[1])
    assert found[[0, 2, 3]] == pytest.approx(false_discovery_control(p[[0, 2, 3]]))
    assert np.isnan(autocorrelation.false_discovery(np.array([np.nan]))).all()
