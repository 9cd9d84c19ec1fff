"""What changed between two windows of time: where did the share of check-ins rise or fall?"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
from scipy import sparse

from strec.errors import AnalysisError
from strec.export import enough_people
from strec.spatial.autocorrelation import false_discovery
from strec.store import frame_of

PERMUTATIONS = 4_999
#: A window needs this many days, or shuffling days says nothing.
MIN_DAYS = 4
#: A hexagon with fewer check-ins in both windows together is not tested.
MIN_CHECKINS = 10
MORE, LESS = "more", "less"
_CHUNK = 250


@dataclass(frozen=True)
class Change:
    """The difference between two windows, hexagon by hexagon.

    Attributes
    ----------
    frame : pandas.DataFrame
        `cell`, `lat`, `lon`, `n_before`, `n_after`, `share_before`, `share_after` (of all
        check-ins of the window), `ratio` (of the shares, half a check-in added to each count),
        `p`, `q` (p after Benjamini-Hochberg; NaN where there are too few check-ins to test) and
        `kind` ("more", "less" or ""). `attrs` say what is hidden.
    n_before, n_after : int
        Check-ins of each window.
    days_before, days_after : int
        Days with check-ins.
    paired : bool
        Whether both windows cover the same days (such as mornings and evenings).
    permutations : int
    alpha : float
    """

    frame: pd.DataFrame
    n_before: int
    n_after: int
    days_before: int
    days_after: int
    paired: bool
    permutations: int
    alpha: float

    @property
    def sentence(self) -> str:
        """What changed, with its basis and its risk of error."""
        more, less = ((self.frame["kind"] == kind).sum() for kind in (MORE, LESS))
        tested = int(self.frame["q"].notna().sum())
        if not more + less:
            return (
                f"None of {tested:,} hexagons with enough check-ins can be told to have changed "
                "its share by more than days differ among themselves."
            )
        return (
            f"Of {tested:,} hexagons with enough check-ins, {more:,} gained and {less:,} lost "
            f"share, more than days differ among themselves. If days were independent, at most "
            f"{100 * self.alpha:.0f} % of those named would be false; a few users who came or "
            "left between the windows, or a week unlike the others, can make more."
        )


def change(
    before: pd.DataFrame,
    days_before: pd.DataFrame,
    after: pd.DataFrame,
    days_after: pd.DataFrame,
    min_users: int = 5,
    alpha: float = 0.05,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> Change:
    """Compare two windows of time hexagon by hexagon.

    Parameters
    ----------
    before, after : pandas.DataFrame
        `Store.cells` of each window with `min_users=1`.
    days_before, days_after : pandas.DataFrame
        `Store.cell_days` of each window with `min_users=1`.
    min_users : int
        A hexagon is hidden where either window has check-ins of fewer users than this.
    alpha : float
        Share of false discoveries that is accepted among the hexagons named.
    permutations, seed : int
        Shuffles of whole days between the windows, and where they start.

    Raises
    ------
    AnalysisError
        If a window has fewer than `MIN_DAYS` days with check-ins.

    Notes
    -----
    The statistic is the difference of shares. Whole days are shuffled, not check-ins, since
    check-ins of one day and one person come together. Windows that cover the same days swap
    their labels day by day. The p-value is two-sided, (1 + as extreme) / (1 + permutations).

    Examples
    --------
    >>> cells = pd.DataFrame({"cell": np.arange(2, dtype=np.uint64), "lat": 0.0, "lon": 0.0,
    ...                       "n_checkins": 60, "n_users": 9})
    >>> days = pd.DataFrame([(cell, day, 10) for cell in (0, 1) for day in range(6)],
    ...                     columns=["cell", "period", "n_checkins"])
    >>> later = days.assign(period=days.period + 6, n_checkins=[10] * 6 + [90] * 6)
    >>> found = change(cells, days, cells.assign(n_checkins=[60, 540]), later)
    >>> found.frame.kind.to_list()
    ['more', 'less']
    """
    before, after = (
        frame_of(each, ("cell", "lat", "lon", "n_checkins", "n_users")) for each in (before, after)
    )
    days_before, days_after = (
        frame_of(each, ("cell", "period", "n_checkins")) for each in (days_before, days_after)
    )
    frame = _side_by_side(before, after, min_users)
    first, second = _by_day(days_before, frame), _by_day(days_after, frame)
    _refuse_few_days(first, second)
    paired = bool(first.days.isin(second.days).any())
    n_before, n_after = (int(each["n_checkins"].sum()) for each in (before, after))
    frame["share_before"] = frame["n_before"] / n_before
    frame["share_after"] = frame["n_after"] / n_after
    frame["ratio"] = (
        (frame["n_after"] + 0.5) / (n_after + 0.5) / ((frame["n_before"] + 0.5) / (n_before + 0.5))
    )
    tested = (frame["n_before"] + frame["n_after"] >= MIN_CHECKINS).to_numpy()
    frame["p"] = np.nan
    if tested.any():
        found = _shuffled(first, second, tested, paired, permutations, seed)
        frame.loc[tested, "p"] = found
    frame["q"] = false_discovery(frame["p"].to_numpy())
    significant = frame["q"] <= alpha
    rose = frame["share_after"] > frame["share_before"]
    frame["kind"] = np.where(significant, np.where(rose, MORE, LESS), "")
    order = ["share_after", "n_before", "cell"]
    frame = frame.sort_values(order, ascending=[False, False, True], ignore_index=True)
    sizes = (len(first.days), len(second.days))
    return Change(frame, n_before, n_after, *sizes, paired, permutations, alpha)


@dataclass(frozen=True)
class _Days:
    """Check-ins by day: `counts` of shape (days, cells), `totals` of all cells, hidden or not."""

    days: pd.Index
    counts: sparse.csr_array
    totals: np.ndarray


def _side_by_side(before: pd.DataFrame, after: pd.DataFrame, min_users: int) -> pd.DataFrame:
    both = before.merge(after, on="cell", how="outer", suffixes=("_before", "_after"))
    few = np.zeros(len(both), dtype=bool)
    for when in ("before", "after"):
        both[f"n_{when}"] = both[f"n_checkins_{when}"].fillna(0).astype("int64")
        counted = both[[f"n_users_{when}", f"n_{when}"]].fillna(0)
        counted.columns = ["n_users", "n_checkins"]
        few |= (~enough_people(counted, min_users) & (counted["n_checkins"] > 0)).to_numpy()
    for place in ("lat", "lon"):
        both[place] = both[f"{place}_before"].fillna(both[f"{place}_after"])
    frame = both.loc[~few, ["cell", "lat", "lon", "n_before", "n_after"]].reset_index(drop=True)
    frame["cell"] = frame["cell"].astype("uint64")
    hidden = both.loc[few, ["n_before", "n_after"]].to_numpy().sum()
    frame.attrs = {"hidden": int(few.sum()), "hidden_checkins": int(hidden), "min_users": min_users}
    return frame


def _by_day(days: pd.DataFrame, frame: pd.DataFrame) -> _Days:
    totals = days.groupby("period")["n_checkins"].sum().sort_index()
    place = pd.Index(frame["cell"]).get_indexer(pd.Index(days["cell"].astype("uint64")))
    known = place >= 0
    row = totals.index.get_indexer(pd.Index(days["period"]))
    counts = sparse.csr_array(
        (days["n_checkins"].to_numpy(dtype=float)[known], (row[known], place[known])),
        shape=(len(totals), len(frame)),
    )
    return _Days(totals.index, counts, totals.to_numpy(dtype=float))


def _shuffled(first: _Days, second: _Days, tested, paired: bool, permutations: int, seed: int):
    rng = np.random.default_rng(seed)
    a, b = (cast(sparse.csr_array, each.counts[:, tested]) for each in (first, second))
    a_totals, b_totals = first.totals, second.totals
    if paired:
        every = first.days.union(second.days)
        a, a_totals = _on(every, first.days, a, a_totals)
        b, b_totals = _on(every, second.days, b, b_totals)
    cells = sparse.csr_array(sparse.vstack([a, b]))
    totals = np.concatenate([a_totals, b_totals])
    whole_cells, whole = np.asarray(cells.sum(axis=0)).ravel(), totals.sum()

    def difference(label):
        mine = label @ cells
        n = (label @ totals)[:, None]
        return mine / np.maximum(n, 1) - (whole_cells - mine) / np.maximum(whole - n, 1)

    truth = np.zeros((1, len(totals)))
    truth[0, : len(a_totals)] = 1
    observed = np.abs(difference(truth)[0]) - 1e-12
    extreme = np.zeros(len(whole_cells))
    for start in range(0, permutations, _CHUNK):
        size = min(_CHUNK, permutations - start)
        if paired:
            kept = rng.random((size, len(a_totals))) < 0.5
            label = np.hstack([kept, ~kept]).astype(float)
        else:
            label = rng.permuted(np.repeat(truth, size, axis=0), axis=1)
        extreme += (np.abs(difference(label)) >= observed).sum(axis=0)
    return (1 + extreme) / (1 + permutations)


def _on(every: pd.Index, days: pd.Index, counts: sparse.csr_array, totals: np.ndarray):
    """The counts on a longer list of days, zero where there were none."""
    row = every.get_indexer(days)
    spread = sparse.csr_array(
        (np.ones(len(days)), (row, np.arange(len(days)))), shape=(len(every), len(days))
    )
    return spread @ counts, spread @ totals


def _refuse_few_days(first: _Days, second: _Days) -> None:
    fewest = min(len(first.days), len(second.days))
    if fewest < MIN_DAYS:
        raise AnalysisError(
            f"A change is judged against how days differ: each window needs {MIN_DAYS} days.",
            f"{len(first.days):,} and {len(second.days):,} days with check-ins.",
            "Choose longer windows, or add data over more days.",
        )
