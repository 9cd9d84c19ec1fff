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

#: The normal approximation of Mann and Kendall's statistic is good from about here on.
MIN_PERIODS = 8
MIN_CELLS = 8
#: A standardised Gi* from here on is called hot (two-sided 5 %).
HOT_Z = 1.96
#: A memory is not taken to be stronger than this: an estimate of 1 would allow no trend at all.
_MOST_MEMORY = 0.9
#: What all hexagons say about memory counts as so many periods of one's own.
_SHARED_PERIODS = 30
KINDS = {
    "emerging": "rising, and hot now for the first time",
    "intensifying": "rising, and hot before",
    "rising": "rising, not hot yet",
    "persistent": "hot nearly always, without a trend",
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
        last third of the periods), `hot_share` (of periods), `s` (Mann and Kendall's), `tau`,
        `p`, `q` (p after Benjamini-Hochberg) and `kind` (a key of `KINDS`, or "").
    series : pandas.DataFrame
        Check-ins, index cell, one column per period.
    grain : str
        `week` or `day`.
    alpha : float
    """

    frame: pd.DataFrame
    series: pd.DataFrame
    grain: str
    alpha: float

    @property
    def sentence(self) -> str:
        """What was found, with its basis and its risk of error."""
        counts = self.frame["kind"].value_counts()
        n_periods = self.series.shape[1]
        basis = f"Over {n_periods:,} {self.grain}s and {len(self.frame):,} hexagons"
        words = [f"{counts[kind]:,} {kind}" for kind in KINDS if counts.get(kind)]
        if not words:
            return f"{basis}, none is hot for long, and none has a trend beyond chance."
        risk = (
            f" About {self.alpha:.0%} of the trends named are false if {self.grain}s resemble "
            "each other by a mild memory alone; where users come and go, far more may be."
        )
        trends = (self.frame["q"] <= self.alpha).any()
        return f"{basis}: {', '.join(words)}.{risk if trends else ' No trend is beyond chance.'}"


def emerging(
    cell_days: pd.DataFrame | HasStore | Store, grain: str = "week", alpha: float = 0.05
) -> Emerging:
    """Find hexagons whose surroundings get hotter or cooler.

    Parameters
    ----------
    cell_days : pandas.DataFrame, Dataset or Store
        `cell` (uint64, one resolution), `period` (days), `n_checkins`: `Store.cell_days`.
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
    Ord and Getis 1995, *Local spatial autocorrelation statistics*; Mann 1945, *Nonparametric tests
    against trend*; Kendall 1975, *Rank correlation methods*; Yue and Wang 2004, *The Mann-Kendall
    test modified by effective sample size*.

    Notes
    -----
    In each period the Gi* of each hexagon is taken, which compares it and those it touches with
    the whole area in that period, so that growth of the whole is no trend. Its series is tested for
    a monotonic trend by Mann and Kendall's test, by the normal approximation with correction for
    ties. Where one period resembles the next, the variance of their statistic is larger than over
    all orders of the periods; it is multiplied by `memory`, or chance alone would name a third of
    the hexagons.

    Examples
    --------
    >>> from strec import Dataset
    >>> len(emerging(Dataset.sample("social").store.cell_days(6)).frame) > 0
    True
    """
    cell_days = frame_of(
        cell_days,
        ("cell", "period", "n_checkins"),
        lambda store: store.cell_days(resolution_to_compare(store)),
    )
    series = _series(cell_days, grain)
    if len(series) < MIN_CELLS:
        raise AnalysisError(
            f"Trends of hotspots compare at least {MIN_CELLS} hexagons.",
            f"{len(series):,}.",
            "Choose smaller hexagons, or loosen the filters.",
        )
    cells = series.index.to_numpy(dtype=np.uint64)
    z = heat(series.to_numpy(dtype=float), lattice.neighbours(cells))
    s, tau, p = mann_kendall(z, memory(z))
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
            "s": s,
            "tau": tau,
            "p": p,
            "q": false_discovery(p),
        }
    )
    frame["kind"] = _kinds(frame, alpha)
    frame = frame.sort_values(["n_checkins", "cell"], ascending=[False, True], ignore_index=True)
    frame.attrs = dict(cell_days.attrs)
    return Emerging(frame, series, grain, alpha)


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


def mann_kendall(
    values: np.ndarray, variance_times: np.ndarray | float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return Mann and Kendall's test of a monotonic trend for each row, shape ``(n, n_periods)``.

    Concordant minus discordant pairs, that number as a share of all pairs, and the two-sided
    p-value (normal approximation, corrected for ties and continuity), each of shape ``(n,)``. The
    variance is multiplied by what `memory` says; by 1 for independent periods.
    """
    from scipy.stats import norm

    # Equal numbers may differ in their last bits after standardising.
    values = np.round(np.asarray(values, dtype=float), 9)
    n = values.shape[1]
    s = np.zeros(len(values))
    for lag in range(1, n):
        s += np.sign(values[:, lag:] - values[:, :-lag]).sum(axis=1)
    # scipy's kendalltau takes one row at a time, and knows no memory.
    repeats = [np.unique(row, return_counts=True)[1] for row in values]
    ties = np.array([(t * (t - 1) * (2 * t + 5)).sum() for t in repeats], dtype=float)
    variance = (n * (n - 1) * (2 * n + 5) - ties) / 18 * variance_times
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(variance > 0, (s - np.sign(s)) / np.sqrt(variance), 0.0)
    return s, s / (n * (n - 1) / 2), 2 * norm.sf(np.abs(z))


def memory(values: np.ndarray) -> np.ndarray:
    r"""Return by how much memory inflates the variance of Mann and Kendall's statistic, per row.

    It is :math:`1 + 2 \sum_k (1 - k / T)\, r^k`, with `r` the correlation of neighbouring periods
    beneath a smooth trend (a parabola), freed of its bias, drawn towards the median of all rows
    (few periods say little about one), and at least 0. Values have shape ``(n, n_periods)``.
    """
    n = values.shape[1]
    smooth, _ = np.linalg.qr(np.vander(np.linspace(-1, 1, n), 3))
    rest = values - (values @ smooth) @ smooth.T
    power = (rest**2).sum(axis=1)
    varies = power > 1e-9 * n
    r = (rest[:, 1:] * rest[:, :-1]).sum(axis=1) / np.where(varies, power, 1.0)
    # Taking out a parabola lowers the estimate by about (3 + 5 r) / n (as in Kendall 1954).
    r = np.where(varies, (n * r + 3) / (n - 5), 0.0)
    own = n / (n + _SHARED_PERIODS)
    r = own * r + (1 - own) * np.median(r)
    lag = np.arange(1, n)
    return 1 + 2 * (np.clip(r, 0, _MOST_MEMORY)[:, None] ** lag * (1 - lag / n)).sum(axis=1)


def _series(cell_days: pd.DataFrame, grain: str) -> pd.DataFrame:
    if grain not in ("week", "day"):
        raise AnalysisError(
            "Trends are taken over weeks or days.", f"{grain}.", "Choose one of the two."
        )
    days = pd.to_datetime(cell_days["period"])
    first, last = days.min(), days.max()
    period = days - pd.to_timedelta(days.dt.day_of_week, unit="D") if grain == "week" else days
    counts = cell_days.assign(period=period).pivot_table(
        index="cell", columns="period", values="n_checkins", aggfunc="sum", fill_value=0
    )
    if grain == "week" and len(days):
        # A week cut off by the edges of the data would look like a fall.
        starts = pd.DatetimeIndex(counts.columns)
        counts = counts.loc[:, (starts >= first) & (starts + pd.Timedelta(days=6) <= last)]
    if counts.shape[1]:
        step = "7D" if grain == "week" else "D"
        every = pd.date_range(counts.columns.min(), counts.columns.max(), freq=step)
        counts = counts.reindex(every, axis=1, fill_value=0)
    if counts.shape[1] < MIN_PERIODS:
        raise AnalysisError(
            f"A trend needs at least {MIN_PERIODS} whole {grain}s.",
            f"{counts.shape[1]:,}.",
            "Choose days instead of weeks, or add data over a longer time.",
        )
    return counts.loc[counts.to_numpy().sum(axis=1) > 0]


def _kinds(frame: pd.DataFrame, alpha: float) -> np.ndarray:
    trend = np.where(frame["q"] <= alpha, np.sign(frame["s"]), 0)
    hot_first, hot_last = frame["z_first"] >= HOT_Z, frame["z_last"] >= HOT_Z
    kind = np.full(len(frame), "", dtype=object)
    kind[(trend == 0) & (frame["hot_share"] >= 0.9)] = "persistent"
    kind[trend < 0] = "falling"
    kind[(trend < 0) & hot_first] = "cooling"
    kind[trend > 0] = "rising"
    kind[(trend > 0) & hot_last] = "emerging"
    kind[(trend > 0) & hot_last & hot_first] = "intensifying"
    return kind
