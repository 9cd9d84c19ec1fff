"""Boosted trees (LightGBM) that correct what days alike say.

    log ŷ(p, t) = log alike(p, t) + trees(last hours, neighbours, weeks before, calendar …)

The trees start at what days alike let expect and learn only the rest. Counts are fitted by the
Poisson likelihood; what can be below zero is fitted additively, by least squares.
"""

from typing import Any, NamedTuple

import numpy as np

from strec.demand.base import HOURS_OF_WEEK, DemandModel
from strec.demand.counting import DaysAlike, Rates, day_of
from strec.demand.neighbours import around
from strec.demand.panels import Panel
from strec.parts import require

#: What a person is told of the columns that the trees read, by its beginning.
GROUPS = {
    "last": "last hours",
    "near": "neighbours",
    "all": "everywhere",
    "week": "weeks before",
    "trend": "trend",
    "clock": "hour of the week",
    "holiday": "holiday",
    "beside": "the other direction",
    "own": "own columns",
    "place": "level",
    "ahead": "trend",
}
_SHIFT = 0.05
#: Weeks of the target's own hour that are read.
_WEEKS = 3


class Table(NamedTuple):
    """What the trees read, shape ``(n_rows, n_features)``, and where they start."""

    features: np.ndarray
    names: list[str]
    base: np.ndarray


class Trees(DemandModel):
    """Trees on lags, neighbours, calendar and place.

    Parameters
    ----------
    n_trees, n_leaves : int
        Size of the model.
    most_rows : int
        Hours of places that it learns from; drawn where there are more.
    seed : int
        Of the draw and of the trees.

    References
    ----------
    Ke et al. 2017, *LightGBM: a highly efficient gradient boosting decision tree*, NeurIPS.
    """

    label = "Trees"
    sentence = (
        "Boosted trees that correct days alike by the last hours, the neighbours, the weeks before "
        "and the calendar."
    )

    base = DaysAlike

    def __init__(
        self, n_trees: int = 150, n_leaves: int = 24, most_rows: int = 120_000, seed: int = 0
    ):
        self.n_trees, self.n_leaves = n_trees, n_leaves
        self.most_rows, self.seed = most_rows, seed

    def _fit(self, panel: Panel) -> None:
        require("lightgbm")
        import lightgbm

        self.counting = self.base().fit(panel, self.horizon, self.calendar)
        self.near = around(panel)
        origins, ahead = self._drawn(panel)
        rates = self.counting.rates(panel, panel.n_hours)
        table = self._table(panel, origins, ahead, rates, learning=True)
        target = panel.values[origins + ahead].ravel()
        known = np.isfinite(target)
        signed = panel.is_signed
        data = lightgbm.Dataset(
            table.features[known],
            target[known],
            init_score=table.base[known] if signed else np.log(table.base[known] + _SHIFT),
            feature_name=table.names,
            free_raw_data=True,
        )
        settings = {
            "objective": "regression" if signed else "poisson",
            "num_leaves": self.n_leaves,
            "learning_rate": 0.06,
            "min_data_in_leaf": 60,
            "feature_fraction": 0.7,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "max_bin": 127,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbosity": -1,
            "boost_from_average": False,
        }
        self.booster: Any = lightgbm.train(settings, data, self._n_trees(panel))
        self.names = table.names

    def _predict(self, panel: Panel, origins: np.ndarray, horizon: int) -> np.ndarray:
        found = np.empty((len(origins), horizon, panel.n_places))
        steps = np.arange(horizon)
        for known, mine in self.counting.by_day(origins):
            at, ahead = np.repeat(origins[mine], horizon), np.tile(steps, len(mine))
            table = self._table(panel, at, ahead, self.counting.rates(panel, known))
            raw = self.booster.predict(table.features, raw_score=True)
            found[mine] = self._from_raw(panel, raw, table.base).reshape(len(mine), horizon, -1)
        return found

    def _parts(self, panel: Panel, origin: int, horizon: int, place: int) -> dict[str, np.ndarray]:
        steps = np.arange(horizon)
        rates = self.counting.rates(panel, day_of(origin))
        table = self._table(panel, np.full(horizon, origin), steps, rates)
        mine = slice(place, None, panel.n_places)
        features, base = table.features[mine], table.base[mine]
        found = np.asarray(self.booster.predict(features, pred_contrib=True))
        # On the scale of logarithms shares add up; their mean takes them to counts exactly.
        scale = np.ones(horizon)
        if not panel.is_signed:
            ratio, begun = found.sum(axis=1), base + _SHIFT
            small = np.abs(ratio) < 1e-9
            scale = np.where(small, begun, begun * np.expm1(ratio) / np.where(small, 1.0, ratio))
        parts = self.counting.usual_parts(panel, origin, horizon, place)
        groups = {name: GROUPS[name.split("_")[0]] for name in self.names}
        for words in dict.fromkeys(groups.values()):
            columns = [k for k, name in enumerate(self.names) if groups[name] == words]
            parts[words] = parts.get(words, 0) + found[:, columns].sum(axis=1) * scale
        parts["level"] = parts["level"] + found[:, -1] * scale
        if not panel.is_signed:
            parts["level"] = parts["level"] + np.where(base > 0, _SHIFT, 0.0)
        return parts

    def _from_raw(self, panel: Panel, raw: Any, base: np.ndarray) -> np.ndarray:
        score = np.asarray(raw, dtype=float)
        if panel.is_signed:
            return base + score
        found = (base + _SHIFT) * np.exp(np.minimum(score, 6))
        # Where days alike are sure that a place is closed, nothing is expected.
        return np.where(base <= 0, 0.0, np.maximum(found, 0.0))

    def _n_trees(self, panel: Panel) -> int:
        """Return how many trees the days can bear: those ahead share a day's weather and mood."""
        return self.n_trees if self.horizon == 1 else min(self.n_trees, panel.n_hours // 8)

    def _drawn(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """Return origins and hours ahead to learn from, each of all places."""
        rng = np.random.default_rng(self.seed)
        # A day ahead and more, each day is another lesson, and there are few of them.
        week = HOURS_OF_WEEK + 24 if self.horizon == 1 else 48
        first = min(week, panel.n_hours // 2)
        n_pairs = max(1, self.most_rows // panel.n_places)
        possible = panel.n_hours - first
        if self.horizon == 1:
            origins = np.arange(first, panel.n_hours)
            if len(origins) > n_pairs:
                origins = np.sort(rng.choice(origins, n_pairs, replace=False))
            return origins, np.zeros(len(origins), dtype=int)
        n_pairs = min(n_pairs, possible * 6)
        target = rng.integers(first, panel.n_hours, n_pairs)
        ahead = rng.integers(0, self.horizon, n_pairs)
        origins = np.maximum(target - ahead, 24)
        return origins, target - origins

    def _table(self, panel: Panel, origins: np.ndarray, ahead: np.ndarray, rates: Rates,
               learning: bool = False) -> Table:  # fmt: skip
        """Return what is known of ``origin + ahead`` at `origin`, of all places."""
        target = origins + ahead
        n_hours = panel.n_hours
        week = self.counting.rows(panel, 0, n_hours + self.horizon + 1)
        usual = rates.expected[week]
        values = panel.values
        filled = np.where(np.isfinite(values), values, usual[:n_hours])
        # How hours seen would look had they not been seen: as those to come will.
        base = usual[target]
        if learning:
            fade = self.counting.fade(n_hours)
            base = rates.without(week[target], values[target], fade[target])
        columns: dict[str, np.ndarray] = {}
        shape = base.shape

        def put(name: str, value: np.ndarray) -> None:
            value = value[:, None] if value.ndim == 1 else value
            columns[name] = np.broadcast_to(value, shape).astype(np.float32)

        running = np.vstack([np.zeros((1, panel.n_places)), np.cumsum(filled, axis=0)])
        expected = np.vstack([np.zeros((1, panel.n_places)), np.cumsum(usual[:n_hours], axis=0)])

        def last(hours: int, sums: np.ndarray) -> np.ndarray:
            return sums[origins] - sums[np.maximum(origins - hours, 0)]

        def away(hours: int) -> np.ndarray:
            """How the last hours compare with what is usual then."""
            seen, normal = last(hours, running), last(hours, expected)
            if panel.is_signed:
                return (seen - normal) / hours
            return np.log((seen + 0.5) / (np.maximum(normal, 0) + 0.5))

        log = (lambda x: x) if panel.is_signed else (lambda x: np.log(np.maximum(x, 0) + _SHIFT))
        scale = (lambda x: x) if panel.is_signed else (lambda x: np.log1p(np.maximum(x, 0)))
        put("place_usual", log(base))
        put("place_level", log(rates.level)[None, :])
        hour = week[target]
        put("clock_hour", hour % 24)
        put("clock_weekday", hour // 24)
        put("clock_shape", log(rates.prior[hour]))
        put("ahead_hours", ahead)
        one = np.maximum(origins - 1, 0)
        put("last_1", scale(filled[one]))
        put("last_2", scale(filled[np.maximum(origins - 2, 0)]))
        put("last_3", scale(filled[np.maximum(origins - 3, 0)]))
        put("last_away_1", away(1))
        three = away(3)
        put("last_away_3", three)
        put("last_away_6", away(6))
        put("last_away_24", away(24))
        put("trend_away_168", away(HOURS_OF_WEEK))
        put("near_1", scale(filled[one] @ self.near.T))
        put("near_away_3", three @ self.near.T)
        put("near_away_24", away(24) @ self.near.T)
        total, normal = running.sum(axis=1), expected.sum(axis=1)
        for hours in (1, 3, 24):
            put(f"all_away_{hours}", np.log((np.abs(last(hours, total)) + 1)
                                            / (np.abs(last(hours, normal)) + 1)))  # fmt: skip
        day = target - 24 * (ahead // 24 + 1)
        put("week_yesterday", np.where((day >= 0)[:, None], scale(filled[day]), np.nan))
        seen = []
        skipped = ahead // HOURS_OF_WEEK
        for k in range(1, _WEEKS + 1):
            back = target - HOURS_OF_WEEK * (k + skipped)
            lag = np.where((back >= 0)[:, None], filled[np.maximum(back, 0)], np.nan)
            put(f"week_{k}", scale(lag))
            seen.append(lag)
        # One of the same weekday in the neighbouring hours steadies what a single hour says.
        back = target - HOURS_OF_WEEK * (1 + skipped)
        sides = [np.clip(back + step, 0, n_hours - 1) for step in (-1, 0, 1)]
        put("week_around", scale(np.mean([filled[each] for each in sides], axis=0)))
        if panel.beside is not None:
            other = np.nan_to_num(panel.beside)
            for k in (1, 2, 3):
                put(f"beside_{k}", scale(other[np.maximum(origins - k, 0)]))
            put("beside_near", scale(other[one] @ self.near.T))
            put("beside_all", np.log1p(other[one].sum(axis=1)))
        first, final = int(target.min()), int(target.max()) + 1
        if self.calendar.country is not None:
            off = self.calendar.holidays(panel.clock(first, final))
            put("holiday", off[target - first].astype(float))
        if self.calendar.names:
            own = self.calendar.own(panel, first, final)
            for k, name in enumerate(self.calendar.names):
                put(f"own_{k}_{_word(name)}", own[target - first, k])
        features = np.stack([each.ravel() for each in columns.values()], axis=1)
        return Table(features, list(columns), base.ravel())


def _word(name: str) -> str:
    """Return a name that LightGBM takes."""
    return "".join(each if each.isalnum() else "-" for each in name)
