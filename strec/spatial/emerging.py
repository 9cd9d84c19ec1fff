"""Emerging hotspots: where does the heat of a neighbourhood rise or fall from period to period?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from strec.errors import AnalysisError
from strec.spatial import lattice
from strec.spatial.autocorrelation import false_discovery
from strec.spatial.hexagons import resolution_to_compare
from strec.store import HasStore, Store, frame_of

#: A line cannot be told from slow waves in fewer.
MIN_PERIODS = 8
MIN_CELLS = 8
#: With fewer groups of users, how much a trend owes to few of them cannot be said.
MIN_GROUPS = 8
#: Groups that the users are dealt into.
USER_GROUPS = 30
#: A standardised Gi* from here on is called hot (two-sided 5 %).
HOT_Z = 1.96
#: Slow waves that a line is compared with, and waves that tell about memory.
_WAVES, _MOST_WAVES = 6, 60
#: The slowest is left out: a rise that levels off bends like it.
_FIRST = 2
#: Memories and shares of noise that are tried.
_MEMORIES = (0.0, *np.linspace(0.1, 0.9, 9), 0.93, 0.96, 0.98)
#: Twice a log-likelihood may differ by so much by chance in one case of twenty (chi-square).
_LIKELY = 3.84
_NOISES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9)
KINDS = {
    "emerging": "rising, and hot now for the first time",
    "intensifying": "rising, and hot before",
    "rising": "rising, not hot yet",
    "persistent": "hot nearly always, no trend shown",
    "cooling": "falling, and hot before",
    "falling": "falling",
}


@dataclass(frozen=True)
class Emerging:
    """Trends of heat.

    Attributes
    ----------
    frame : pandas.DataFrame
        `cell`, `lat`, `lon`, `n_checkins`, `z_first`, `z_last` (mean Gi* of the first and the
        last third of the periods), `hot_share` (of periods), `rise` (of Gi* along the straight
        line through all periods), `p`, `q` (p after Benjamini-Hochberg) and `kind` (a key of
        `KINDS`, or "").
    series : pandas.DataFrame
        Check-ins, index cell, one column per period.
    grain : str
        `week` or `day`.
    alpha : float
    knows_users : bool
        Whether trends were also tested against users who come and go.
    """

    frame: pd.DataFrame
    series: pd.DataFrame
    grain: str
    alpha: float
    knows_users: bool

    @property
    def sentence(self) -> str:
        """What was found, with its basis and its risk of error."""
        counts = self.frame["kind"].value_counts()
        n_periods = self.series.shape[1]
        basis = f"Over {n_periods:,} {self.grain}s and {len(self.frame):,} hexagons"
        words = [f"{counts[kind]:,} {kind}" for kind in KINDS if counts.get(kind)]
        unseen = f"Where {self.grain}s resemble each other, only strong and long trends are seen."
        if not words:
            return f"{basis}, none is hot for long, and no trend can be told from chance. {unseen}"
        if not (self.frame["q"] <= self.alpha).any():
            return f"{basis}: {', '.join(words)}. No trend can be told from chance. {unseen}"
        chance = f"{self.grain}s that resemble each other"
        chance += " or users who come and go" if self.knows_users else ""
        risk = f" By its test a trend is more than {chance} make; about "
        risk += f"{100 * self.alpha:.0f} % of the trends named are expected to be false."
        if not self.knows_users:
            risk += " Who checked in is not known here: a few who come or leave can look like one."
        return f"{basis}: {', '.join(words)}.{risk}"


def emerging(
    cell_days: pd.DataFrame | HasStore | Store, grain: str = "week", alpha: float = 0.05
) -> Emerging:
    """Find hexagons whose surroundings get hotter or cooler.

    Parameters
    ----------
    cell_days : pandas.DataFrame, Dataset or Store
        `cell` (uint64, one resolution), `period` (days), `n_checkins`: `Store.cell_days`. With
        `group` (of users, at least eight), trends are tested against users who come and go.
    grain : str
        `week` or `day`. Weeks cut off by the edges of the data are left out.
    alpha : float
        Share of false discoveries that is accepted among the trends named.

    Raises
    ------
    AnalysisError
        If there are fewer than `MIN_PERIODS` periods or `MIN_CELLS` hexagons.

    References
    ----------
    Ord and Getis 1995, *Local spatial autocorrelation statistics*; Lazarus, Lewis, Stock and Watson
    2018, *HAR inference: recommendations for practice*; Kish and Frankel 1974, *Inference from
    complex samples*.

    Notes
    -----
    In each period the Gi* of each hexagon is taken, which compares it and those it touches with
    the whole area in that period, so that growth of the whole is no trend. The line through its
    series must be more than memory makes (`trend`) and, where groups of users are known, more than
    users who come and go make (`trend_of_users`): the larger of the two p-values counts.

    Examples
    --------
    >>> from strec import Dataset
    >>> len(emerging(Dataset.sample("social").store.cell_days(6)).frame) > 0
    True
    """
    cell_days = frame_of(
        cell_days,
        ("cell", "period", "n_checkins"),
        lambda store: store.cell_days(resolution_to_compare(store), user_groups=USER_GROUPS),
    )
    series, by_group = _series(cell_days, grain)
    if len(series) < MIN_CELLS:
        raise AnalysisError(
            f"Trends of hotspots compare at least {MIN_CELLS} hexagons.",
            f"{len(series):,}.",
            "Choose smaller hexagons, or loosen the filters.",
        )
    cells = series.index.to_numpy(dtype=np.uint64)
    counts, touching = series.to_numpy(dtype=float), lattice.neighbours(cells)
    z = heat(counts, touching)
    rise, p = trend(z)
    if by_group is not None:
        p = np.maximum(p, trend_of_users(counts, by_group, touching))
    third = max(z.shape[1] // 3, 1)
    lat, lon = lattice.centres(cells)
    frame = pd.DataFrame(
        {
            "cell": cells,
            "lat": lat,
            "lon": lon,
            "n_checkins": series.sum(axis=1).to_numpy(),
            "z_first": z[:, :third].mean(axis=1),
            "z_last": z[:, -third:].mean(axis=1),
            "hot_share": (z >= HOT_Z).mean(axis=1),
            "rise": rise,
            "p": p,
            "q": false_discovery(p),
        }
    )
    frame["kind"] = _kinds(frame, alpha)
    frame = frame.sort_values(["n_checkins", "cell"], ascending=[False, True], ignore_index=True)
    frame.attrs = dict(cell_days.attrs)
    return Emerging(frame, series, grain, alpha, by_group is not None)


def heat(counts: np.ndarray, touching: sparse.csr_array) -> np.ndarray:
    """Return Gi* of every cell in every period, standardised within the period.

    Counts have shape ``(n_cells, n_periods)``, the 0/1 neighbours ``(n_cells, n_cells)``; where
    all cells of a period are equal it is 0. esda's `G_Local` gives the same, a period at a time.
    """
    n = len(counts)
    size = (np.diff(touching.indptr) + 1)[:, None]
    total = touching @ counts + counts
    mean, spread = counts.mean(axis=0), counts.std(axis=0)
    scale = spread * np.sqrt(size * (n - size) / (n - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (total - size * mean) / scale
    return np.where(scale > 0, z, 0.0)


def trend(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rise of each row of heat along its line, and how improbable that is by its memory.

    The coefficient of the straight line is compared with those of slow waves around it, which
    memory makes large too (Lazarus, Lewis, Stock & Watson 2018): their mean square, of
    `_WAVES` waves, gives a t-statistic with so many degrees of freedom. Memory makes slow waves
    larger than quick ones; by how much follows from all rows together. z has shape
    ``(n, n_periods)``; rise and two-sided p-value have shape ``(n,)``.
    """
    from scipy.stats import t as student

    n = z.shape[1]
    waves = _waves(n)
    parts = z @ waves
    n_waves = min(_WAVES, max(n // 4, 2))
    sizes = _sizes(parts, waves)
    slow = slice(_FIRST, _FIRST + n_waves)
    usual = parts[:, slow] ** 2 / (sizes[slow] / sizes[0])
    scale = np.sqrt(usual.mean(axis=1))
    line = parts[:, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(scale > 1e-9, 2 * student.sf(np.abs(line) / scale, n_waves), 1.0)
    return line * np.ptp(waves[:, 0]), p


def trend_of_users(
    counts: np.ndarray, by_group: np.ndarray, touching: sparse.csr_array
) -> np.ndarray:
    """Return how improbable each cell's rise is if users come and go as they please.

    Leaves out one group of users after the other (delete-a-group jackknife): users decide for
    themselves, so what a rise owes to few of them differs from group to group. Counts have shape
    ``(n_cells, n_periods)``, those by group ``(n_groups, n_cells, n_periods)``; the two-sided
    p-value has shape ``(n_cells,)``.
    """
    from scipy.stats import t as student

    line = _waves(counts.shape[1])[:, 0]
    n = len(by_group)
    whole = heat(counts, touching) @ line
    without = np.array([heat(counts - each, touching) @ line for each in by_group])
    off = (without - without.mean(axis=0)) ** 2
    scale = np.sqrt((n - 1) / n * off.sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        # As many degrees of freedom as groups that matter (Satterthwaite; 3 is the kurtosis).
        freedom = np.clip(3 * off.sum(axis=0) ** 2 / (off**2).sum(axis=0) - 2, 1, n - 1)
        return np.where(scale > 1e-9, 2 * student.sf(np.abs(whole) / scale, freedom), 1.0)


def _waves(n: int) -> np.ndarray:
    """A rising line, then ever quicker waves, orthonormal and without a mean: ``(n, waves)``."""
    at = np.arange(n)
    cosines = np.cos(np.pi * np.outer(at + 0.5, np.arange(2, min(n - 1, _MOST_WAVES))) / n)
    found, _ = np.linalg.qr(np.column_stack([np.ones(n), at, cosines]))
    return found[:, 1:] * np.sign(found[-1, 1:])


def _sizes(parts: np.ndarray, waves: np.ndarray) -> np.ndarray:
    """Expected square of each wave's coefficient, shape ``(waves,)``, up to a common factor.

    Of memory that fades by `r` a period, with noise on top. Of the memories that all rows together
    do not exclude (Whittle's likelihood, 5 %, the line left out), it is the one that makes the line
    largest beside the slow waves: in doubt for chance.
    """
    n = len(waves)
    varies = (parts[:, _FIRST:] ** 2).sum(axis=1) > 1e-9 * n
    if not varies.any():
        return np.ones(waves.shape[1])
    rows = parts[varies, _FIRST:]
    rows = rows / np.sqrt((rows**2).mean(axis=1, keepdims=True))
    found = (rows**2).mean(axis=0)
    lags = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    tried, losses = [], []
    for r in _MEMORIES:
        of_memory = np.einsum("tk,tk->k", waves, (r**lags) @ waves)
        for noise in _NOISES if r else (0.0,):
            sizes = (1 - noise) * of_memory + noise
            relative = sizes[_FIRST:]
            level = (found / relative).mean()
            tried.append(sizes)
            losses.append(np.log(level * relative).sum() + (found / (level * relative)).sum())
    tried, losses = np.array(tried), np.array(losses)
    possible = tried[losses <= losses.min() + _LIKELY / _independent(rows)]
    slow = possible[:, _FIRST : _FIRST + _WAVES].mean(axis=1)
    return possible[np.argmax(possible[:, 0] / slow)]


def _independent(rows: np.ndarray) -> float:
    """How many rows that know nothing of each other tell as much: neighbours wander together."""
    n, n_waves = rows.shape
    alike = (rows @ rows.T / n_waves) ** 2
    return n**2 / max(alike.sum() - n * (n - 1) / n_waves, n)


def _series(cell_days: pd.DataFrame, grain: str) -> tuple[pd.DataFrame, np.ndarray | None]:
    """Check-ins per cell and period, and by group of users where they are known."""
    if grain not in ("week", "day"):
        raise AnalysisError(
            "Trends are taken over weeks or days.", f"{grain}.", "Choose one of the two."
        )
    days = pd.to_datetime(cell_days["period"])
    first, last = days.min(), days.max()
    period = days - pd.to_timedelta(days.dt.day_of_week, unit="D") if grain == "week" else days
    counts = _table(cell_days.assign(period=period))
    starts = pd.DatetimeIndex(counts.columns)
    if grain == "week" and len(days):
        # A week cut off by the edges of the data would look like a fall.
        starts = starts[(starts >= first) & (starts + pd.Timedelta(days=6) <= last)]
    if len(starts):
        starts = pd.date_range(starts.min(), starts.max(), freq="7D" if grain == "week" else "D")
    if len(starts) < MIN_PERIODS:
        raise AnalysisError(
            f"A trend needs at least {MIN_PERIODS} whole {grain}s.",
            f"{len(starts):,}.",
            "Choose days instead of weeks, or add data over a longer time.",
        )
    counts = counts.reindex(columns=starts, fill_value=0)
    counts = counts.loc[counts.to_numpy().sum(axis=1) > 0]
    if "group" not in cell_days or cell_days["group"].nunique() < MIN_GROUPS:
        return counts, None
    groups = [
        _table(each).reindex(index=counts.index, columns=starts, fill_value=0).to_numpy(dtype=float)
        for _, each in cell_days.assign(period=period).groupby("group")
    ]
    return counts, np.stack(groups)


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.pivot_table(
        index="cell", columns="period", values="n_checkins", aggfunc="sum", fill_value=0
    )


def _kinds(frame: pd.DataFrame, alpha: float) -> np.ndarray:
    trend = np.where(frame["q"] <= alpha, np.sign(frame["rise"]), 0)
    hot_first, hot_last = frame["z_first"] >= HOT_Z, frame["z_last"] >= HOT_Z
    kind = np.full(len(frame), "", dtype=object)
    kind[(trend == 0) & (frame["hot_share"] >= 0.9)] = "persistent"
    kind[trend < 0] = "falling"
    kind[(trend < 0) & hot_first] = "cooling"
    kind[trend > 0] = "rising"
    kind[(trend > 0) & hot_last] = "emerging"
    kind[(trend > 0) & hot_last & hot_first] = "intensifying"
    return kind
