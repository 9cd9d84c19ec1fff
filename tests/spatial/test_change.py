"""Two windows and trends: planted changes are found, by hand and by scipy the numbers are right."""

import numpy as np
import pandas as pd
import pytest
from esda.getisord import G_Local
from libpysal.graph import Graph
from scipy.signal import lfilter

from strec import spatial
from strec.errors import AnalysisError
from strec.spatial import lattice
from strec.spatial.emerging import heat, trend, trend_of_users
from tests.spatial.worlds import counted, disk, steps_from

CELLS = np.sort(disk(3))
DAYS = pd.date_range("2024-01-01", periods=40)


def days(rates: np.ndarray, when=DAYS, seed: int = 0, cells=CELLS) -> pd.DataFrame:
    """Poisson check-ins per cell and day; `rates` of shape (cells,) or (cells, days)."""
    rng = np.random.default_rng(seed)
    rates = np.broadcast_to(np.asarray(rates).reshape(len(cells), -1), (len(cells), len(when)))
    frame = pd.DataFrame(
        {
            "cell": np.repeat(cells, len(when)),
            "period": np.tile(when, len(cells)),
            "n_checkins": rng.poisson(rates).ravel(),
        }
    )
    return frame[frame["n_checkins"] > 0].reset_index(drop=True)


def window(frame: pd.DataFrame, n_users=9) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The two frames that a window needs."""
    total = frame.groupby("cell")["n_checkins"].sum()
    return counted(total.index.to_numpy(dtype=np.uint64), total.to_numpy(), n_users), frame


def test_a_cell_that_triples_is_found_and_the_others_only_lose_share():
    later = np.full(len(CELLS), 5.0)
    later[7] = 15
    found = spatial.change(
        *window(days(np.full(len(CELLS), 5.0))),
        *window(days(later, DAYS + pd.Timedelta(days=40), seed=1)),
    )
    frame = found.frame.set_index("cell")
    assert frame.loc[CELLS[7], "kind"] == "more"
    assert (frame["kind"] == "more").sum() == 1
    assert frame.loc[CELLS[7], "ratio"] == pytest.approx(2.85, rel=0.25)
    assert frame["share_before"].sum() == pytest.approx(1) == frame["share_after"].sum()
    assert (found.days_before, found.days_after, found.paired) == (40, 40, False)
    assert "gained" in found.sentence


def test_growth_everywhere_is_no_change_of_shares():
    found = spatial.change(
        *window(days(np.full(len(CELLS), 4.0))),
        *window(days(np.full(len(CELLS), 12.0), DAYS + pd.Timedelta(days=40), seed=2)),
    )
    assert (found.frame["kind"] == "").mean() > 0.9
    assert "of" in found.sentence


def test_one_wild_day_is_not_taken_for_a_change():
    """A festival brings 300 check-ins to a cell on one day: days differ, the period does not."""
    before, after = days(np.full(len(CELLS), 5.0)), days(np.full(len(CELLS), 5.0), DAYS, seed=3)
    after["period"] += pd.Timedelta(days=40)
    wild = after.index[(after["cell"] == CELLS[3])][0]
    after.loc[wild, "n_checkins"] = 300
    found = spatial.change(*window(before), *window(after)).frame.set_index("cell")
    assert found.loc[CELLS[3], "ratio"] > 2 and found.loc[CELLS[3], "kind"] == ""


def test_windows_of_the_same_days_swap_their_labels():
    morning, evening = np.full(len(CELLS), 4.0), np.full(len(CELLS), 4.0)
    evening[0] = 12
    found = spatial.change(*window(days(morning)), *window(days(evening, seed=5)))
    assert found.paired and found.frame.set_index("cell").loc[CELLS[0], "kind"] == "more"


def test_p_values_are_uniform_without_a_change():
    p = []
    for seed in range(12):
        first, second = (days(np.full(len(CELLS), 4.0), seed=2 * seed + k) for k in (0, 1))
        second["period"] += pd.Timedelta(days=40)
        found = spatial.change(*window(first), *window(second), permutations=199, seed=seed)
        p.append(found.frame["p"].to_numpy())
    p = np.concatenate(p)
    assert 0.02 < (p <= 0.05).mean() < 0.09 and 0.45 < p.mean() < 0.55


def test_cells_of_few_people_in_either_window_are_hidden():
    before, after = window(days(np.full(len(CELLS), 5.0))), window(days(np.full(len(CELLS), 5.0)))
    before[0].loc[0, "n_users"] = 2
    after = (after[0], after[1].assign(period=after[1]["period"] + pd.Timedelta(days=40)))
    found = spatial.change(*before, *after, min_users=5).frame
    assert len(found) == len(CELLS) - 1 and found.attrs["hidden"] == 1


def test_few_days_are_said_in_words():
    short = days(np.full(len(CELLS), 5.0), DAYS[:2])
    with pytest.raises(AnalysisError, match="4 days"):
        spatial.change(*window(short), *window(days(np.full(len(CELLS), 5.0))))


# ---------------------------------------------------------------- trends


def test_the_rise_is_that_of_the_fitted_line():
    z = np.random.default_rng(0).normal(size=(5, 20))
    slopes = [np.polyfit(np.arange(20), row, 1)[0] for row in z]
    rise, p = trend(z)
    assert rise == pytest.approx(19 * np.array(slopes))
    assert (p > 0).all() and (p <= 1).all()
    assert trend(np.ones((3, 20)))[1].tolist() == [1, 1, 1]


@pytest.mark.parametrize("r", [0.0, 0.6, 0.9])
def test_heat_that_wanders_is_rarely_taken_for_a_trend(r):
    noise = np.random.default_rng(0).normal(size=(1_000, 126))
    wander = lfilter([1], [1, -r], noise, axis=1)[:, 100:]
    # As if weeks were independent, 60 % of the rows would be called a trend for r = 0.9.
    assert (trend(wander)[1] < 0.05).mean() < 0.07
    rising = wander + np.linspace(0, 12 * wander.std(), 26)
    assert (trend(rising)[1] < 0.05).mean() > 0.8


def test_what_one_group_of_users_makes_alone_is_no_trend():
    rng = np.random.default_rng(0)
    touching = lattice.neighbours(CELLS)
    by_group = rng.poisson(3.0, (20, len(CELLS), 16)).astype(float)
    grow = np.linspace(0, 60, 16)
    alone, shared = by_group.copy(), by_group.copy()
    alone[4, 7] += grow
    shared[:, 7] += grow / 20
    p_alone = trend_of_users(alone.sum(axis=0), alone, touching)[7]
    p_shared = trend_of_users(shared.sum(axis=0), shared, touching)[7]
    assert p_alone > 0.1 and p_shared < 0.02


def test_heat_is_gi_star_of_each_period():
    counts = np.random.default_rng(1).poisson(5, (len(CELLS), 3)).astype(float)
    touching = lattice.neighbours(CELLS)
    found = heat(counts, touching)
    graph = Graph.from_sparse(touching)
    for k in range(3):
        theirs = G_Local(counts[:, k], graph, transform="B", star=True, permutations=0).Zs
        assert found[:, k] == pytest.approx(theirs)
    assert (heat(np.ones((len(CELLS), 2)), touching) == 0).all()


def test_a_spot_that_heats_up_is_emerging_and_one_that_cools_down_is_not():
    cells = np.sort(disk(7))
    centre = disk(7)[0]
    hot = steps_from(cells, centre) <= 1
    cold = steps_from(cells, disk(5)[-1]) <= 1
    weeks = np.arange(28) // 7
    when = pd.date_range("2024-01-01", periods=28 * 4)
    weeks = np.arange(len(when)) // 7
    rates = np.full((len(cells), len(when)), 2.0)
    rates[hot] = 2 + 12 * weeks / weeks.max()
    rates[cold] = 14 - 12 * weeks / weeks.max()
    found = spatial.emerging(days(rates, when, cells=cells))
    kinds = found.frame.set_index("cell")["kind"]
    assert (kinds[cells[hot]] == "emerging").all()
    assert kinds[cells[cold]].isin(["cooling", "falling"]).all()
    assert found.series.shape == (len(cells), 16) and "emerging" in found.sentence


def test_growth_of_the_whole_is_no_trend_of_a_part():
    when = pd.date_range("2024-01-01", periods=84)
    rates = np.tile(np.linspace(2, 12, len(when)), (len(CELLS), 1))
    found = spatial.emerging(days(rates, when))
    assert (found.frame["q"] <= 0.05).sum() == 0


def test_short_or_narrow_data_is_said_in_words():
    with pytest.raises(AnalysisError, match="8 whole weeks"):
        spatial.emerging(days(np.full(len(CELLS), 5.0)))
    assert len(spatial.emerging(days(np.full(len(CELLS), 5.0)), "day").frame) == len(CELLS)
    with pytest.raises(AnalysisError, match="8 hexagons"):
        spatial.emerging(days(np.full(2, 5.0), cells=CELLS[:2]), "day")
    with pytest.raises(AnalysisError, match="weeks or days"):
        spatial.emerging(days(np.full(len(CELLS), 5.0)), "month")
