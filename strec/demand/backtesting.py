"""Which model of demand would have been right: forecasts from many past hours on, and what came."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from strec.demand.bands import Bands
from strec.demand.base import HOURS_OF_WEEK, DemandModel
from strec.demand.calendar import Calendar
from strec.demand.counting import DaysAlike, HourOfWeek, LastWeek
from strec.demand.harmonic import Harmonic
from strec.demand.panels import Panel, need_panel
from strec.demand.scoring import crossed, gained, scored
from strec.demand.trees import Trees
from strec.errors import AnalysisError, MissingPartError
from strec.parts import require
from strec.progress import Progress, silent
from strec.wording import percent

BLEND = "Blend"
#: Beyond this an 80 % band is said to hold more than it promises, and why.
_MORE_THAN_PROMISED = 0.85
#: Forecasts that are scored: more say no more, and take time.
_MOST_FORECASTS = 250_000
_MOST_ORIGINS = 40
#: Trees need so many hours before the test.
_TREE_HOURS = 2 * HOURS_OF_WEEK
#: An origin every so many hours goes through all hours of the day.
_STEP = 11


@dataclass(frozen=True)
class Backtest:
    """Forecasts made in the past, what came, and who was right.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per model, best first: `model`, `mae`, `rmse`, `mase` (error over that of the same
        hour of the week before, within the past), `wql` (weighted quantile loss), `cover_80`,
        `cover_95` (share inside the bands), `gain` (how much less `wql` than counting), `gain_low`,
        `gain_high` (95 % interval over days), `seconds`.
    expected : dict of str to numpy.ndarray
        Model to its forecasts, ``(n_origins, horizon, n_places)``.
    truth : numpy.ndarray
        The same shape; NaN where unknown.
    origins : numpy.ndarray
        First hour forecast, by number.
    weights : dict of str to float
        Of the models in the blend.
    panel : Panel
    failed : dict of str to str
        Models that took no part, and why.
    fitted : dict of str to DemandModel
        As they were for the test; of one that was kept, those that its forecast needs.
    daily : dict of str to numpy.ndarray
        Model to its weighted quantile loss on each day of the test.

    Examples
    --------
    >>> from strec.demand import LastWeek
    >>> week = Panel.of(np.tile(np.arange(168.0), 4), "2024-06-03")
    >>> past = backtest(week, {"Last week": LastWeek()}, horizon=24)
    >>> past.by("ahead", "Last week")["mae"].head(2).tolist()
    [0.0, 0.0]
    >>> past.bands("Last week").around(np.full((1, 1, 1), 5.0), (0.1, 0.9)).ravel().tolist()
    [5.0, 5.0]
    >>> day = past.sum_bands("Last week", 24)
    >>> day.around(np.full((1, 1, 1), 276.0), (0.1, 0.9)).ravel().tolist()
    [276.0, 276.0]
    >>> past.worth(past).endswith("That may be chance.")
    True
    """

    table: pd.DataFrame
    expected: dict[str, np.ndarray]
    truth: np.ndarray
    origins: np.ndarray
    weights: dict[str, float]
    panel: Panel
    failed: dict[str, str]
    fitted: dict[str, DemandModel]
    daily: dict[str, np.ndarray]

    @property
    def proposed(self) -> str:
        """The model to use: the best one, or counting where nothing is shown to be better."""
        best = self.table.iloc[0]
        is_better = best["model"] == HourOfWeek.label or best["gain_low"] > 0
        return str(best["model"]) if is_better else HourOfWeek.label

    @property
    def horizon(self) -> int:
        """Hours ahead."""
        return self.truth.shape[1]

    @property
    def sentence(self) -> str:
        """Who wins, by how much, whether that is more than chance, and whether bands hold."""
        best = self.table.iloc[0]
        rows = self.table.set_index("model")
        days = len(np.unique(self._days()))
        words = f"Tested on {days} past days: "
        if len(rows) == 1:
            words += "counting the hours of the week, alone. "
        elif best["model"] == HourOfWeek.label:
            words += "no model erred less than counting the hours of the week. "
        else:
            # A gain of less than a hundredth needs a digit more: "0 % better" says nothing.
            digits = 0 if best["gain"] >= 0.01 else 1
            gain, low, high = (100 * best[name] for name in ("gain", "gain_low", "gain_high"))
            shares = (
                f"{gain:.{digits}f} % better than counting the hours of the week (95 % between "
            )
            shares += f"{low:+.{digits}f} % and {high:+.{digits}f} %)"
            words += f"{best['model']} is {shares}. "
            if self.proposed == HourOfWeek.label:
                words += "That may be chance: counting is used. "
        held = rows.loc[[self.proposed], ["cover_80", "cover_95"]].to_numpy(dtype=float)[0]
        words += (
            f"Its 80 % bands held {percent(held[0])} of what came, its 95 % bands "
            f"{percent(held[1])}"
        )
        none = float((self.truth[np.isfinite(self.truth)] == 0).mean())
        if self.panel.is_whole and none > 0.5 and held[0] > _MORE_THAN_PROMISED:
            words += (
                ": more than they promise, for counts are whole, and nothing came in "
                f"{percent(none)} of these hours"
            )
        return f"{words}."

    def worth(self, without: "Backtest") -> str:
        """Return in words what this backtest's columns are worth beside one without them.

        Parameters
        ----------
        without : Backtest
            Of the same panel and horizon, with another calendar.
        """
        mean, low, high = gained(without.daily[without.proposed], self.daily[self.proposed])
        if low > 0:
            said = "They make the forecast better"
        elif high < 0:
            said = "They make the forecast worse: leave them out"
        else:
            said = "That may be chance"
        return (
            f"Your columns change the error by {-100 * mean:+.1f} % (95 % between "
            f"{-100 * high:+.1f} % and {-100 * low:+.1f} %). {said}."
        )

    def bands(self, model: str) -> Bands:
        """Return the bands that all past forecasts of a model give, hour by hour.

        Parameters
        ----------
        model : str
            Its name in the table.
        """
        return Bands(self.expected[model], self.truth, self.panel.is_signed)

    def sum_bands(self, model: str, n_hours: int) -> Bands:
        """Return the bands of sums over so many hours.

        Parameters
        ----------
        model : str
            Its name in the table.
        n_hours : int
            At most the horizon.
        """
        made = np.stack([_sums(each, n_hours) for each in (self.expected[model], self.truth)])
        return Bands(made[0], made[1], self.panel.is_signed)

    def by(self, what: str, model: str | None = None) -> pd.DataFrame:
        """Return errors apart by place, hour of the day or hours ahead, with 95 % intervals.

        Parameters
        ----------
        what : str
            `place`, `hour` or `ahead`.
        model : str, optional
            The proposed one by default.

        Returns
        -------
        pandas.DataFrame
            The key, `mae`, `low`, `high`, `mae_counting`, `n`.
        """
        name = model or self.proposed
        shape = self.truth.shape
        keys = {
            "place": np.arange(shape[2])[None, None, :],
            "hour": self.panel.clock(0, 1)[0].hour + self._at(),
            "ahead": np.arange(1, shape[1] + 1)[None, :, None],
        }
        if what not in keys:
            raise AnalysisError(
                f"Errors are told apart by {', '.join(keys)}.", f"{what}.", "Choose one of them."
            )
        key = keys[what] % 24 if what == "hour" else keys[what]
        error = {each: np.abs(self.expected[each] - self.truth) for each in (name, _COUNTING)}
        frame = pd.DataFrame(
            {
                what: np.broadcast_to(key, shape).ravel(),
                "day": np.broadcast_to(self._at() // 24, shape).ravel(),
                "mae": error[name].ravel(),
                "mae_counting": error[_COUNTING].ravel(),
            }
        ).dropna()
        # Errors of one day go together: days are the units of the interval.
        days = frame.groupby([what, "day"])["mae"].mean().groupby(level=0)
        half = 1.96 * days.std().fillna(0) / np.sqrt(days.count())
        found = frame.groupby(what)[["mae", "mae_counting"]].mean()
        found = found.assign(low=found["mae"] - half, high=found["mae"] + half)
        found["n"] = frame.groupby(what).size()
        found = found.reset_index()
        if what == "place":
            found["place"] = self.panel.places["place"].to_numpy()[found["place"]]
        return found[[what, "mae", "low", "high", "mae_counting", "n"]]

    def _at(self) -> np.ndarray:
        """The hour forecast, by number, ``(n_origins, horizon, 1)``."""
        return self.origins[:, None, None] + np.arange(self.horizon)[None, :, None]

    def _days(self) -> np.ndarray:
        return self._at() // 24


_COUNTING = HourOfWeek.label


def _sums(values: np.ndarray, n_hours: int) -> np.ndarray:
    """Return sums over runs of hours, ``(n_origins · runs, 1, n_places)``."""
    n_origins, horizon, n_places = values.shape
    runs = max(horizon // n_hours, 1)
    cut = values[:, : runs * n_hours].reshape(n_origins * runs, -1, n_places)
    return cut.sum(axis=1, keepdims=True)


def standard_models(n_hours: int | None = None) -> dict[str, DemandModel]:
    """Return one of each kind by its label, unfitted; those that need more hours are left out.

    Parameters
    ----------
    n_hours : int, optional
        How much past there is to learn from.

    Examples
    --------
    >>> list(standard_models(240))
    ['Counting', 'Days alike', 'Harmonic', 'Same hour last week']
    """
    models: list[DemandModel] = [HourOfWeek(), DaysAlike(), Harmonic()]
    if n_hours is None or n_hours >= _TREE_HOURS:
        try:
            require("lightgbm")
            models.append(Trees())
        except MissingPartError:
            pass
    models.append(LastWeek())
    return {model.label: model for model in models}


def backtest(
    panel: Panel,
    models: Mapping[str, DemandModel] | None = None,
    *,
    horizon: int = 24,
    calendar: Calendar | None = None,
    test_hours: int | None = None,
    known: Backtest | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Forecast from many past hours on, each time from what was known then, and compare.

    Parameters
    ----------
    panel : Panel
        At least ten days.
    models : mapping of str to DemandModel, optional
        Name to unfitted model; `standard_models` by default. Counting always takes part.
    horizon : int
        Hours ahead, 1 to 168; fewer where the data are short.
    calendar : Calendar, optional
        Holidays and the person's own columns.
    test_hours : int, optional
        The last so many hours are the test; four weeks or a quarter of the data by default.
    known : Backtest, optional
        Of fewer models, on the same panel and calendar: those that it tested are not tested again.
    progress : callable, optional
        Called with what is fitted next, and the share done.

    Raises
    ------
    AnalysisError
        If the panel is too short or empty, or what is known is of another one.

    Notes
    -----
    Models are fitted once, on what is before the test, and then see each hour of the test as it
    goes by. The blend's weights and all bands that are scored come from the other half of the
    origins.

    Examples
    --------
    >>> week = np.tile(np.arange(168.0), 4)
    >>> found = backtest(Panel.of(week, "2024-06-03"), horizon=24)
    >>> float(found.table.set_index("model").loc["Counting", "mae"].round(6))
    0.0
    """
    panel = need_panel(panel)
    panel.need()
    if not 1 <= horizon <= HOURS_OF_WEEK:
        raise AnalysisError(
            "Demand is forecast 1 to 168 hours ahead.", f"{horizon}.", "Choose one of these."
        )
    calendar = calendar or Calendar()
    calendar.need(panel, panel.n_hours)
    tell = progress or silent
    test = test_hours or min(4 * HOURS_OF_WEEK, panel.n_hours // 4)
    horizon = min(horizon, max(test // 2, 1))
    split = panel.n_hours - test
    chosen = dict(standard_models(split) if models is None else models)
    chosen = {_COUNTING: HourOfWeek()} | chosen
    origins = _origins(panel, split, horizon)
    truth = panel.values[origins[:, None] + np.arange(horizon)]
    past = panel.part(0, split)
    expected, seconds, failed = {}, {}, {}
    before, took = None, {}
    if known is not None:
        _need_same(known, panel, origins, horizon)
        took = dict(zip(known.table["model"], known.table["seconds"], strict=True))
        # The blend of fewer models is another one.
        before = known.table[known.table["model"] != BLEND], known.daily
    for number, (name, model) in enumerate(chosen.items()):
        if known is not None and name in known.expected:
            expected[name], seconds[name] = known.expected[name], took[name]
            continue
        tell(f"{name} is tested", number / (len(chosen) + 1))
        began = time.perf_counter()
        try:
            expected[name] = model.fit(past, horizon, calendar).predict(panel, origins, horizon)
        except (AnalysisError, MissingPartError) as error:
            if name == _COUNTING:
                raise
            failed[name] = f"{error.needed} {error.found}"
            continue
        seconds[name] = time.perf_counter() - began
    tell("Blending", len(chosen) / (len(chosen) + 1))
    members = [name for name in expected if name != LastWeek.label]
    weights = dict.fromkeys(members, 0.0)
    if len(members) > 1:
        found = _weights([expected[name] for name in members], truth)
        weights = dict(zip(members, found.tolist(), strict=True))
        made = [expected[name] for name in members]

        def mixed(fit: slice, use: slice) -> np.ndarray:
            parts = _weights([each[fit] for each in made], truth[fit])
            return _mixed([each[use] for each in made], parts)

        expected[BLEND] = crossed(len(origins), truth.shape, mixed)
        seconds[BLEND] = sum(seconds[name] for name in members)
    table, daily = scored(panel, past, expected, truth, origins, seconds, before)
    fitted = {name: model for name, model in chosen.items() if model.is_fitted}
    if known is not None:
        fitted |= known.fitted
    return Backtest(table, expected, truth, origins, weights, panel, failed, fitted, daily)


def _need_same(known: Backtest, panel: Panel, origins: np.ndarray, horizon: int) -> None:
    same = known.panel is panel and known.horizon == horizon
    if not (same and np.array_equal(known.origins, origins)):
        raise AnalysisError(
            "What is known is of the same panel and test.",
            "a backtest of another one.",
            "Leave it out.",
        )


def _origins(panel: Panel, split: int, horizon: int) -> np.ndarray:
    last = panel.n_hours - horizon
    most = int(np.clip(_MOST_FORECASTS // (horizon * panel.n_places), 6, _MOST_ORIGINS))
    if horizon == 1:
        most = max(most, min(last - split + 1, _MOST_FORECASTS // panel.n_places))
    step = max(1, -(-(last - split + 1) // most))
    if horizon > 1:
        step = max(step, min(_STEP, max(1, (last - split) // 6)))
        # A step that shares no factor with 24 goes through all hours of the day.
        while step > 1 and np.gcd(step, 24) > 1:
            step += 1
    return np.arange(split, last + 1, step)


def _weights(forecasts: list[np.ndarray], truth: np.ndarray) -> np.ndarray:
    """Return weights of a mean that errs least, none negative, adding up to 1."""
    from scipy.optimize import nnls

    known = np.isfinite(truth)
    columns = np.stack([each[known] for each in forecasts], axis=1)
    y = truth[known]
    # Counts are as noisy as they are large.
    scale = 1 / np.sqrt(np.abs(columns.mean(axis=1)) + 0.25)
    strength = 100.0 * float(np.sqrt((scale**2 * y**2).sum()) + 1e-9)
    rows = np.vstack([columns * scale[:, None], np.full((1, len(forecasts)), strength)])
    # The normal equations hold all that matters, in a few numbers.
    gram, right = rows.T @ rows, rows.T @ np.append(y * scale, strength)
    root = np.linalg.cholesky(gram + 1e-9 * np.trace(gram) * np.eye(len(gram)))
    found = nnls(root.T, np.linalg.solve(root, right))[0]
    return found / found.sum() if found.sum() > 0 else np.full(len(found), 1 / len(found))


def _mixed(forecasts: list[np.ndarray], weights: np.ndarray) -> np.ndarray:
    return sum((w * each for w, each in zip(weights, forecasts, strict=True)), np.zeros(()))
