"""A self-organising map of activity: who, or which part of town, lives at which hours.

Each unit (a user or a cell) has a profile: the share of its check-ins in each hour of the week.
A self-organising map (Kohonen 1982) lays typical profiles on a small grid so that neighbours on
the grid are alike, and puts each unit on the one most like it. The typical profiles are then
joined into a few clusters with names in words.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from strec.errors import AnalysisError
from strec.spatial.hexagons import resolution_that_shows
from strec.spatial.knn import time_profiles
from strec.store import HasStore, Store, frame_of
from strec.wording import listed, plural

NOUNS = {"user": "users", "cell": "hexagons"}
#: Fewer units than this make no map.
MIN_UNITS = 20
#: A profile of fewer check-ins than this is mostly chance.
MIN_CHECKINS = 20
MAX_CLUSTERS = 6
REDRAWS = 99
#: The weeks of a random sample of so many units are redrawn: enough to see a difference.
REDRAWN_UNITS = 500
#: Hours of the day that a part spans, first included, last excluded.
DAY_PARTS = {
    "nights": (0, 5),
    "early mornings": (5, 8),
    "mornings": (8, 11),
    "middays": (11, 14),
    "afternoons": (14, 18),
    "evenings": (18, 22),
    "late evenings": (22, 24),
}
#: A part is named when it holds so many times the share that it holds for everybody.
CLEAR, SLIGHT = 1.15, 1.02
#: A mean silhouette below this means groups without a clear border.
CLEAR_GROUPS = 0.15


@dataclass(frozen=True)
class ActivityMap:
    """Units on a map of weekly rhythms.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row per unit: `user` or `cell`, `n_checkins`, `x`, `y` (its node), `cluster` (largest
        is 0), `distance` (to its node).
    nodes : pandas.DataFrame
        One row per node: `x`, `y`, `n_units`, `cluster`.
    clusters : pandas.DataFrame
        `cluster`, `name`, `n_units`, `n_checkins`, `share` (of units).
    profiles : numpy.ndarray
        Mean profile of each cluster, shape ``(n_clusters, 168)``; rows add up to 1.
    overall : numpy.ndarray
        Mean profile of all units, shape ``(168,)``.
    quantisation_error, topographic_error : float
        Mean distance of a unit to its node; share of units whose two best nodes do not touch.
    spread, spread_by_chance : float
        How much profiles differ (mean squared distance from the overall one), and how much they
        would if everybody drew their check-ins from the overall one.
    p : float
        Share of such redraws that differ as much, (1 + as extreme) / (1 + redraws).
    silhouette : float
        Mean silhouette of the groups, -1 to 1; 0 where there is one group.
    unit : str
        `user` or `cell`.
    """

    frame: pd.DataFrame
    nodes: pd.DataFrame
    clusters: pd.DataFrame
    profiles: np.ndarray
    overall: np.ndarray
    quantisation_error: float
    topographic_error: float
    spread: float
    spread_by_chance: float
    p: float
    silhouette: float
    unit: str

    @property
    def sentence(self) -> str:
        """What was found, and whether it is more than chance."""
        noun = NOUNS[self.unit]
        kinds = ", ".join(
            f"{row['name']} ({100 * row['share']:.0f} %)" for _, row in self.clusters.iterrows()
        )
        if self.p > 0.05:
            return (
                f"That the weeks of {len(self.frame):,} {noun} differ cannot be told from chance "
                f"(p = {self.p:.2f}): the groups below are not to be relied on."
            )
        times = self.spread / self.spread_by_chance
        degree = "only a little more than" if times < 1.25 else f"{times:.1f} times as much as"
        border = "" if self.silhouette >= CLEAR_GROUPS else ", and one group passes into the next"
        return (
            f"{len(self.frame):,} {noun} in {plural(len(self.clusters), 'group')}: "
            f"{kinds}. Their weeks differ "
            f"{degree} chance would make them (p = {self.p:.2f}){border}."
        )


def activity_map(
    habits: pd.DataFrame | HasStore | Store,
    unit: str = "user",
    n_clusters: int | None = None,
    min_checkins: int = MIN_CHECKINS,
    seed: int = 0,
) -> ActivityMap:
    """Lay users or cells on a map of weekly rhythms.

    Parameters
    ----------
    habits : pandas.DataFrame, Dataset or Store
        `user` or `cell`, `hour_of_week`, `n_checkins`: `Store.user_weeks`, `Store.cell_weeks`.
    unit : str
        `user` or `cell`.
    n_clusters : int, optional
        How many groups; the number from 2 to 6 with the best silhouette otherwise.
    min_checkins : int
        Leave out units with fewer.
    seed : int
        Of the map, and of the redraws behind the p-value.

    Raises
    ------
    AnalysisError
        If fewer than `MIN_UNITS` units have enough check-ins.

    References
    ----------
    Kohonen 1982, *Self-organized formation of topologically correct feature maps*; Vesanto and
    Alhoniemi 2000, *Clustering of the self-organizing map*.

    Notes
    -----
    Distances are taken between square roots of shares (Hellinger), which keeps a few busy hours
    from drowning the others. The map is MiniSom's; its nodes are joined by Ward's method.

    Examples
    --------
    >>> weeks = pd.DataFrame({"user": range(24), "hour_of_week": [9, 20] * 12, "n_checkins": 30})
    >>> found = activity_map(weeks)
    >>> found.clusters["n_units"].to_list(), found.p
    ([12, 12], 0.01)
    """
    from scipy.spatial.distance import cdist

    habits = _habits(habits, unit, min_checkins)
    total = habits.groupby(unit)["n_checkins"].transform("sum")
    kept = habits[total >= min_checkins]
    n_units = kept[unit].nunique()
    if n_units < MIN_UNITS:
        raise AnalysisError(
            f"A map of weeks needs {MIN_UNITS} {NOUNS[unit]} of {min_checkins} or more check-ins.",
            f"{n_units:,}.",
            "Loosen the filters, add data"
            + (", or choose larger hexagons." if unit == "cell" else ", or map hexagons instead."),
        )
    units, profiles = time_profiles(kept, unit)
    points = np.sqrt(profiles)
    som = train_map(points, seed)
    weights = som.get_weights()
    width, height, _ = weights.shape
    weights = weights.reshape(width * height, -1)
    distance = cdist(points, weights)
    winner = distance.argmin(axis=1)
    node_cluster, silhouette = _clusters(weights, winner, points, n_clusters, seed)
    label = node_cluster[winner]
    means = np.array([profiles[label == k].mean(axis=0) for k in range(label.max() + 1)])
    spread, by_chance, p = differ(kept, unit, seed)
    frame = pd.DataFrame(
        {
            unit: units,
            "n_checkins": kept.groupby(unit)["n_checkins"].sum().reindex(units).to_numpy(),
            "x": winner // height,
            "y": winner % height,
            "cluster": label,
            "distance": distance.min(axis=1),
        }
    )
    clusters = frame.groupby("cluster").agg(
        n_units=(unit, "size"), n_checkins=("n_checkins", "sum")
    )
    overall = profiles.mean(axis=0)
    clusters.insert(0, "name", name_clusters(means, overall))
    nodes = pd.DataFrame(
        {
            "x": np.repeat(np.arange(width), height),
            "y": np.tile(np.arange(height), width),
            "n_units": np.bincount(winner, minlength=width * height),
            "cluster": node_cluster,
        }
    )
    return ActivityMap(
        frame,
        nodes,
        clusters.assign(share=clusters["n_units"] / len(frame)).reset_index(),
        means,
        overall,
        float(distance.min(axis=1).mean()),
        float(som.topographic_error(points)),
        spread,
        by_chance,
        p,
        silhouette,
        unit,
    )


def _habits(data: pd.DataFrame | HasStore | Store, unit: str, min_checkins: int) -> pd.DataFrame:
    if unit not in NOUNS:
        raise AnalysisError(
            f"A map of weeks is of {' or '.join(NOUNS)}.", f"{unit}.", "Choose one of them."
        )

    def ask(store: Store) -> pd.DataFrame:
        if unit == "user":
            return store.user_weeks(min_checkins=min_checkins)
        return store.cell_weeks(resolution_that_shows(store))

    return frame_of(data, (unit, "hour_of_week", "n_checkins"), ask)


def train_map(points: np.ndarray, seed: int = 0):
    """Return a MiniSom trained on points, shape ``(n, n_features)``.

    The grid has about 5·√n nodes (Vesanto and Alhoniemi 2000), 4 × 4 to 10 × 10; it starts from
    the two principal components and is trained with a neighbourhood that shrinks.
    """
    from minisom import MiniSom

    side = int(np.clip(round(np.sqrt(5 * np.sqrt(len(points)))), 4, 10))
    width: Any = side / 2  # MiniSom's signature says int and takes any number.
    som = MiniSom(side, side, points.shape[1], sigma=width, learning_rate=0.5, random_seed=seed)
    if np.ptp(points, axis=0).max() > 0:
        som.pca_weights_init(points)
    som.train(points, min(max(20 * len(points), 5_000), 20_000), random_order=True)
    return som


def differ(habits: pd.DataFrame, unit: str, seed: int = 0) -> tuple[float, float, float]:
    """Return how much profiles differ, how much chance alone would make them, and the p-value.

    Chance: every unit draws as many check-ins as it has from the profile of all together. Of
    more than `REDRAWN_UNITS` units a random sample stands for all.
    """
    rng = np.random.default_rng(seed)
    units = np.unique(habits[unit].to_numpy())
    if len(units) > REDRAWN_UNITS:
        chosen = rng.choice(units, REDRAWN_UNITS, replace=False)
        habits = habits[habits[unit].isin(chosen)]
    units, row = np.unique(habits[unit].to_numpy(), return_inverse=True)
    hour = habits["hour_of_week"].to_numpy()
    counts = np.zeros((len(units), 168))
    np.add.at(counts, (row, hour), habits["n_checkins"].to_numpy())
    size = counts.sum(axis=1)
    whole = counts.sum(axis=0) / counts.sum()

    def spread(table: np.ndarray) -> float:
        share = table / size[:, None]
        return float(((share - whole) ** 2).sum(axis=1).mean())

    drawn = [
        spread(rng.multinomial(size.astype(np.int64), whole).astype(float)) for _ in range(REDRAWS)
    ]
    observed = spread(counts)
    p = (1 + int((np.array(drawn) >= observed).sum())) / (1 + REDRAWS)
    return observed, float(np.mean(drawn)), p


def _clusters(
    nodes: np.ndarray, winner: np.ndarray, points: np.ndarray, n_clusters: int | None, seed: int
) -> tuple[np.ndarray, float]:
    """The cluster of every node; empty nodes get that of the nearest node that is not empty."""
    from scipy.spatial.distance import cdist
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.metrics import silhouette_score

    used = np.unique(winner)
    if len(used) < 2:
        return np.zeros(len(nodes), dtype=int), 0.0
    most = min(MAX_CLUSTERS, max(len(used) - 1, 2))
    options = [n_clusters] if n_clusters else range(2, most + 1)
    best, best_score = np.zeros(len(nodes), dtype=int), -np.inf
    for n in options:
        found = AgglomerativeClustering(min(n, len(used))).fit_predict(nodes[used])
        label = np.full(len(nodes), -1)
        label[used] = found
        mine = label[winner]
        score = 0.0
        if 1 < len(np.unique(mine)) < len(points):
            size = min(len(points), 1_000)
            score = silhouette_score(points, mine, sample_size=size, random_state=seed)
        if score > best_score:
            best, best_score = label, score
    # The largest cluster is the first.
    rank = np.argsort(np.argsort(-np.bincount(best[winner]), kind="stable"))
    nearest = cdist(nodes, nodes[used]).argmin(axis=1)
    return rank[best[used[nearest]]], float(best_score)


def name_clusters(profiles: np.ndarray, overall: np.ndarray) -> list[str]:
    """A name for each profile, shape ``(n, 168)``, that tells it from the others."""
    parts = _parts()
    names: list[str] = []
    for profile in profiles:
        ranked = _ranked(profile, overall, parts, CLEAR)
        options = [_phrase(ranked[:n]) for n in (1, 2, 3) if len(ranked) >= n]
        if not options:
            slight = _ranked(profile, overall, parts, SLIGHT)
            options = [f"a little more on {_phrase(slight[:n])}" for n in (1, 2) if slight[:n]]
        if not options:
            options = ["all week, as everybody"]
        name = next((each for each in options if each not in names), None)
        names.append(
            name or f"{options[0]} ({1 + sum(each.startswith(options[0]) for each in names)})"
        )
    return names


def _parts() -> dict[str, np.ndarray]:
    hour, weekend = np.arange(168) % 24, np.arange(168) >= 120
    parts = {}
    for name, (start, end) in DAY_PARTS.items():
        inside = (hour >= start) & (hour < end)
        parts[f"weekday {name}"] = inside & ~weekend
        parts[f"weekend {name}"] = inside & weekend
    return parts


def _ranked(profile, overall, parts: dict[str, np.ndarray], times: float) -> list[str]:
    """Parts that hold so many times what they hold for everybody, the largest surplus first."""
    surplus = {}
    for name, inside in parts.items():
        mine, usual = profile[inside].sum(), overall[inside].sum()
        if mine > times * usual:
            surplus[name] = mine - usual
    return sorted(surplus, key=lambda name: -surplus[name])


def _phrase(names: list[str]) -> str:
    """Join parts, saying "weekday" once: "weekday mornings and middays"."""
    words = []
    for name in names:
        kind, part = name.split(" ", 1)
        same = words and words[-1].split(" ", 1)[0] == kind
        words.append(part if same and len(words) == 1 else name)
    return listed(words)
