"""Which forecaster would have been right, and what comes next?

A rolling-origin backtest of all forecasters on the same windows, and forecasts with bands that are
made of past errors.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from strec.errors import AnalysisError, StrecError
from strec.progress import Progress, silent
from strec.temporal.conformal import MIN_SPANS, Reach, conformal, lie_on_one_side
from strec.temporal.forecasting import MIN_POINTS, Forecaster, choose_scale
from strec.temporal.grains import at_in_words, in_words
from strec.temporal.timeseries import TimeSeries, as_series
from strec.wording import plural

NAIVE = "Seasonal naive"
#: A band is made of at most so many horizons of past errors, and from so many moments.
_SPANS, _ORIGINS = 10, 150
#: On the way a model learns so many times, as it does for the forecast itself: what one that has
#: learned from the beginning alone misses by is more than what one misses by that knows the rest.
_FITS = 3


class Rolled(NamedTuple):
    """What a model said at past moments, each time having learned from some of what was before.

    Steps of the clock after each of which it said something, shape ``(origins,)``, and what it
    expected, shape ``(origins, horizon)``.
    """

    origins: np.ndarray
    means: np.ndarray


@dataclass(frozen=True)
class Backtest:
    """Forecasts made in the past, and what came.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per model, smallest error first: `model`, `mae`, `mse`, `rmse`, `mase`, `coverage`
        (share of values inside the band; NaN without one), `width` (of the band, mean), `wins`
        (windows with a smaller error than the seasonal naive's), `seconds` (all fits).
    forecasts : pandas.DataFrame
        `model`, `window` (from 0), `start`, `step` (from 1), `observed`, `mean`, `lower`, `upper`
        (of the band that errors from before the window make; NaN where they are too few).
    failed : dict
        Model to the reason why it could not take part.
    series : TimeSeries
    horizon, windows : int
    level : float
    rolled : dict
        Model to what it said at many past moments, of which the bands are made.
    """

    table: pd.DataFrame
    forecasts: pd.DataFrame
    failed: dict[str, str]
    series: TimeSeries
    horizon: int
    windows: int
    level: float
    rolled: dict[str, Rolled]

    @property
    def best(self) -> str:
        """The model with the smallest mean absolute error."""
        return str(self.table["model"].iloc[0])

    @property
    def sentence(self) -> str:
        """Who wins, by how much, how reliably, and how often its band held."""
        rows = self.table.set_index("model").astype(float)
        grain, unit = self.series.grain, f" {self.series.unit}" if self.series.unit else ""
        error, coverage = rows[["mae", "coverage"]].iloc[0]
        words = (
            f"In {plural(self.windows, 'window')} of {in_words(self.horizon, grain)}, "
            f"{self.best} errs least: by {error:,.1f}{unit} per {grain.one} on average."
        )
        if NAIVE in rows.index:
            wins = rows["wins"].iloc[0]
            words += f" {_against_naive(self.best, error, rows['mae'][NAIVE], wins, self.windows)}"
        held = f" {self.held(self.best)}" if np.isfinite(coverage) else ""
        reasons = [f" {name} took no part: {why}" for name, why in self.failed.items()]
        return words + held + "".join(reasons)

    def held(self, name: str) -> str:
        """Return in words how often a model's band held in the windows, and in how many values.

        Parameters
        ----------
        name : str
            The model's.

        Examples
        --------
        >>> from strec.temporal.baselines import SeasonalNaive
        >>> found = backtest([1.0, 5.0] * 20, {"Repeat": SeasonalNaive(2)}, horizon=4, windows=2)
        >>> found.held("Repeat").partition(":")[0]
        'Its 90 % bands, each made of errors from before, held 100 % of 8 values'
        """
        rows = self.forecasts[self.forecasts["model"] == name].dropna()
        if rows.empty:
            return "Past forecasts were too few to say how often a band holds."
        inside = rows["observed"].between(rows["lower"], rows["upper"]).mean()
        return (
            f"Its {100 * self.level:.0f} % bands, each made of errors from before, held "
            f"{100 * inside:.0f} % of "
            f"{plural(len(rows), 'value')}{_promise(inside, self.level)}."
        )


def backtest(
    series: Any,
    models: Mapping[str, Forecaster] | None = None,
    *,
    horizon: int | None = None,
    windows: int = 5,
    level: float = 0.9,
    progress: Progress | None = None,
) -> Backtest:
    """Forecast the last windows of a series from what came before each, and compare.

    Parameters
    ----------
    series : TimeSeries, sequence of float, Dataset or Store
        Check-ins are counted per hour.
    models : mapping of str to Forecaster, optional
        Name to unfitted model; by default `standard_models`.
    horizon : int, optional
        Steps per window; by default one longest season, at most a tenth of the series.
    windows : int
        They do not overlap and end with the series; fewer where it is too short.
    level : float
        Of the bands.
    progress : callable, optional
        Called with what is fitted next, and the share of fits done.

    Raises
    ------
    AnalysisError
        If the series is too short for one window.

    Notes
    -----
    Each model chooses its structure (orders, waves) on the first window's past only, and is fitted
    again for each window. Its bands are `conformal`: fitted on half of that past or more, it
    forecasts from up to 150 moments between that part and the window, learning anew from what came
    since at a third and at two thirds of the way; later windows add theirs. MASE is the mean
    absolute error over that of the seasonal naive within the past. Gaps are not scored.

    References
    ----------
    Hyndman & Koehler 2006, *Another look at measures of forecast accuracy*; Vovk, Gammerman &
    Shafer 2005, *Algorithmic learning in a random world*.

    Examples
    --------
    >>> from strec.temporal.baselines import SeasonalNaive
    >>> found = backtest([1.0, 5.0] * 20, {"Repeat": SeasonalNaive(2)}, horizon=4, windows=2)
    >>> float(found.table["mae"].iloc[0])
    0.0
    """
    data = as_series(series)
    tell, models = progress or silent, standard_models() if models is None else models
    if not isinstance(models, Mapping) or not all(
        isinstance(each, Forecaster) for each in models.values()
    ):
        raise AnalysisError(
            "A backtest compares forecasters by name.",
            f"a {type(models).__name__}.",
            'Give {"Repeat": SeasonalNaive(7)}, or nothing for the standard ones.',
        )
    horizon, windows = _fit_in(data, horizon, windows)
    data.need(MIN_POINTS, "A backtest")
    parts, failed, seconds, rolled = [], {}, {}, {}
    first = len(data) - windows * horizon
    begin = _calibration_start(data, first, horizon)
    spacing = _spacing(begin, first)
    for number, (name, blank) in enumerate(models.items()):
        model = copy.deepcopy(blank)
        rows = []
        for window in range(windows):
            done = (number * windows + window) / (len(models) * windows)
            tell(f"{name}, window {window + 1}", done)
            split = first + window * horizon
            past = data.part(0, split)
            try:
                if not window:
                    rolled[name], seconds[name] = _roll(model, data, begin, first, horizon)
                ahead = (model.refit(past) if window else model.fit(past)).forecast(horizon, level)
                _put_band(ahead, data, rolled[name], split, level)
                span = split, split + horizon
                rolled[name] = _and_then(rolled[name], model, data, span, horizon, spacing)
            except StrecError as error:
                failed[name] = f"{error.needed} {error.found}"
                break
            except (ValueError, ArithmeticError, np.linalg.LinAlgError):
                failed[name] = "it could not be fitted to these values."
                break
            seconds[name] += model.seconds_
            rows.append(_window(name, window, ahead, data, past, split))
        if name not in failed:
            parts += rows
    if not parts:
        raise AnalysisError(
            "A backtest needs one model that fits.",
            "; ".join(f"{name}: {why}" for name, why in failed.items()),
            "Choose a longer span of dates or a coarser grain.",
        )
    forecasts = pd.concat(parts, ignore_index=True)
    table = _table(forecasts, seconds)
    columns = ["model", "window", "start", "step", "observed", "mean", "lower", "upper"]
    rolled = {name: each for name, each in rolled.items() if name not in failed}
    return Backtest(table, forecasts[columns], failed, data, horizon, windows, level, rolled)


@dataclass(frozen=True)
class Outlook:
    """A forecast, ready to show.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by the regular clock: `mean`, `lower`, `upper` (NaN where past forecasts are too
        few for a band).
    model : Forecaster
        Fitted on the whole series.
    series : TimeSeries
        The whole series.
    level : float
        Share of the values that should fall inside the band.
    reach : Reach
        What the band was made of.
    held : str
        How often such bands held in a backtest; empty without one.
    """

    frame: pd.DataFrame
    model: Forecaster
    series: TimeSeries
    level: float
    reach: Reach
    held: str = ""

    @property
    def sentence(self) -> str:
        """The forecast in words: its total, its busiest period, and what its band is worth."""
        grain, unit = self.series.grain, f" {self.series.unit}" if self.series.unit else ""
        span = in_words(len(self.frame), grain)
        top = int(self.frame["mean"].argmax())
        mean, lower, upper = self.frame[["mean", "lower", "upper"]].iloc[top]
        words = f"Expected in the next {span}: about {self.frame['mean'].sum():,.0f}{unit} in all"
        if not self.series.unit:
            words = f"Expected on average in the next {span}: {self.frame['mean'].mean():,.1f}"
        words += f"; most {at_in_words(self.frame.index[top], grain)}, {mean:,.0f}"
        if not self.reach.is_known:
            return (
                f"{words}. There is no band: one is made of past errors over at least "
                f"{in_words(int(MIN_SPANS * len(self.frame)), grain)}, and there are "
                f"{in_words(round(self.reach.spans * len(self.frame)), grain)}. Look less far "
                "ahead, or add data over a longer time."
            )
        return (
            f"{words}, and by the errors of the past between {lower:,.0f} and {upper:,.0f} "
            f"({100 * self.level:.0f} %, if the future is like the past). The band is made of what "
            f"forecasts from {plural(self.reach.n_origins, 'past moment')} missed by. {self.held}"
        ).strip()


def outlook(
    series: Any,
    model: Forecaster,
    horizon: int,
    *,
    level: float = 0.9,
    past: Backtest | None = None,
    name: str | None = None,
) -> Outlook:
    """Fit a model on the whole series and forecast.

    Parameters
    ----------
    series : TimeSeries, sequence of float, Dataset or Store
        Check-ins are counted per hour.
    model : Forecaster
        Is fitted.
    horizon : int
        Steps.
    level : float
        Of the band.
    past : Backtest, optional
        Of the same series: saves forecasting from the past again, and tells how often bands held.
    name : str, optional
        The model's name in the backtest; by default its label.

    Examples
    --------
    >>> from strec.temporal.baselines import SeasonalNaive
    >>> float(outlook([1.0, 5.0] * 20, SeasonalNaive(2), 2).frame["mean"].iloc[1])
    5.0
    """
    data = as_series(series)
    if not isinstance(model, Forecaster):
        raise AnalysisError(
            "A forecast needs a forecaster.", f"a {type(model).__name__}.", "Give SeasonalNaive()."
        )
    frame = model.fit(data).forecast(horizon, level)
    known = past.rolled.get(name or model.label) if past is not None else None
    if known is None or known.means.shape[1] < horizon:
        begin = _calibration_start(data, len(data), horizon)
        known, _ = _roll(copy.deepcopy(model), data, begin, len(data), horizon)
    reach = _put_band(frame, data, known, len(data), level)
    held = past.held(name or model.label) if past is not None else ""
    return Outlook(frame, model, data, level, reach, held)


def _calibration_start(data: TimeSeries, known: int, horizon: int) -> int:
    """The step at which the part ends that a model learns from before its errors are collected."""
    shortest = min((each for each in data.periods if each > 1), default=1)
    first = max(known - _SPANS * horizon, known // 2, MIN_POINTS, 2 * shortest + 1)
    return min(first, known)


def _roll(
    model: Forecaster, data: TimeSeries, begin: int, end: int, horizon: int
) -> tuple[Rolled, float]:
    """What a model that first learns from the steps before `begin` says until `end`.

    And the seconds that learning took.
    """
    said, seconds = Rolled(np.empty(0, int), np.empty((0, horizon))), 0.0
    spacing = _spacing(begin, end)
    stops = np.linspace(begin, end, _FITS + 1).round().astype(int).tolist()
    for start, stop in zip(stops[:-1], stops[1:], strict=True):
        if start < stop:
            (model.fit if start == begin else model.refit)(data.part(0, start))
            seconds += model.seconds_
            said = _and_then(said, model, data, (start, stop), horizon, spacing)
    return said, seconds


def _spacing(begin: int, end: int) -> int:
    """Steps from one moment to the next, so that there are not too many of them."""
    return max(1, -(-(end - begin) // _ORIGINS))


def _and_then(
    said: Rolled,
    model: Forecaster,
    data: TimeSeries,
    span: tuple[int, int],
    horizon: int,
    spacing: int,
) -> Rolled:
    """Add what a model that has learned from the steps before a span says within it."""
    first = said.origins[-1] + spacing if len(said.origins) else span[0] - 1
    origins = np.arange(first, span[1] - 1, spacing)
    if not len(origins):
        return said
    means = model.roll(data, origins, horizon)
    return Rolled(np.r_[said.origins, origins], np.concatenate([said.means, means]))


def _put_band(
    ahead: pd.DataFrame, data: TimeSeries, past: Rolled, known: int, level: float
) -> Reach:
    """Put the band that errors before step `known` make around a forecast's mean."""
    horizon = len(ahead)
    early = past.origins < known - 1
    origins, means = past.origins[early], past.means[early, :horizon]
    target = origins[:, None] + 1 + np.arange(horizon)
    values = data.clock.to_numpy()
    observed = np.where(target < known, values[np.minimum(target, known - 1)], np.nan)
    scale = choose_scale(data.part(0, known).filled().to_numpy(), data.usable_periods())
    spacing = float(origins[1] - origins[0]) if len(origins) > 1 else 1.0
    # A model that has learned from what its past forecasts missed may miss on the other side.
    either_side = lie_on_one_side(observed - means, spacing)
    errors = scale.to(observed) - scale.to(means)
    reach = conformal(errors, level, horizon, spacing, either_side=either_side)
    centre = scale.to(ahead["mean"].to_numpy())
    # A square of a root is a little off: a band of no width would miss the very values it is of.
    for name, side, sign in (("lower", reach.lower, -1), ("upper", reach.upper, 1)):
        edge = scale.back(centre + side)
        ahead[name] = edge + sign * 1e-14 * np.abs(edge)
    return reach


def standard_models(budget_s: float = 8.0) -> dict[str, Forecaster]:
    """Return one of each kind by its label, unfitted.

    Parameters
    ----------
    budget_s : float
        Seconds for each search of an ARIMA order.

    Examples
    --------
    >>> list(standard_models())
    ['Seasonal naive', 'Exponential smoothing', 'Harmonic regression', 'SARIMA', 'LSTM']
    """
    from strec.temporal.arima import HarmonicRegression, Sarima
    from strec.temporal.baselines import ExponentialSmoothing, SeasonalNaive
    from strec.temporal.lstm import LSTMForecaster

    models: list[Forecaster] = [SeasonalNaive(), ExponentialSmoothing()]
    models += [HarmonicRegression(budget_s), Sarima(budget_s=budget_s), LSTMForecaster()]
    return {model.label: model for model in models}


def mase_scale(past: Any) -> float:
    """Return the mean absolute error of the seasonal naive within a series.

    Parameters
    ----------
    past : TimeSeries or sequence of float

    Examples
    --------
    >>> mase_scale([1.0, 3.0, 6.0])
    2.5
    """
    past = as_series(past)
    values = past.clock.to_numpy()
    period = max(past.usable_periods(), default=1)
    errors = np.abs(values[period:] - values[:-period])
    return float(np.nanmean(errors)) if np.isfinite(errors).any() else float("nan")


def _fit_in(data: TimeSeries, horizon: int | None, windows: int) -> tuple[int, int]:
    longest = max(data.usable_periods(), default=max(1, len(data) // 10))
    # A window's past must hold two cycles of the shortest season, or models fall back to none.
    shortest = min((each for each in data.periods if each > 1), default=1)
    if horizon is None:
        horizon = min(longest, max(1, len(data) // 10))
        horizon -= horizon % shortest if horizon > shortest else 0
    asked = (horizon, windows)
    if not all(isinstance(n, int | np.integer) for n in asked) or min(asked) < 1:
        raise AnalysisError(
            "A backtest needs at least one window of one period.",
            f"{windows} of {horizon}.",
            "Ask for 1 or more of each.",
        )
    past = max(MIN_POINTS, 2 * shortest + 1)
    possible = (len(data) - past) // horizon
    if possible < 1:
        raise AnalysisError(
            f"A backtest with windows of {in_words(horizon, data.grain)} needs at least "
            f"{past + horizon} {data.grain.many}.",
            f"{len(data)} of {data.name}.",
            "Choose a shorter horizon, a finer grain, or a longer span of dates.",
        )
    return horizon, min(windows, possible)


def _window(
    name: str, window: int, ahead: pd.DataFrame, data: TimeSeries, past: TimeSeries, split: int
) -> pd.DataFrame:
    observed = data.clock.to_numpy()[split : split + len(ahead)]
    return pd.DataFrame(
        {
            "model": name,
            "window": window,
            "start": ahead.index,
            "step": np.arange(1, len(ahead) + 1),
            "observed": observed,
            **{column: ahead[column].to_numpy() for column in ("mean", "lower", "upper")},
            "scale": mase_scale(past),
        }
    )


def _table(forecasts: pd.DataFrame, seconds: dict[str, float]) -> pd.DataFrame:
    known = forecasts[forecasts["observed"].notna()]
    error = known["observed"] - known["mean"]
    scored = known.assign(
        absolute=error.abs(),
        squared=error**2,
        scaled=error.abs() / known["scale"],
        inside=known["observed"].between(known["lower"], known["upper"]),
        width=known["upper"] - known["lower"],
    )
    scored["inside"] = scored["inside"].where(scored["width"].notna()).astype(float)
    table = scored.groupby("model", sort=False).agg(
        mae=("absolute", "mean"),
        mse=("squared", "mean"),
        mase=("scaled", "mean"),
        coverage=("inside", "mean"),
        width=("width", "mean"),
    )
    table.insert(2, "rmse", np.sqrt(table["mse"]))
    per_window = scored.pivot_table(index="window", columns="model", values="absolute")
    naive = per_window.get(NAIVE)
    table["wins"] = [
        np.nan if naive is None or name == NAIVE else int((per_window[name] < naive).sum())
        for name in table.index
    ]
    table["seconds"] = [seconds[name] for name in table.index]
    return table.sort_values("mae").reset_index()


def _against_naive(best: str, error: float, naive_error: float, wins: float, windows: int) -> str:
    if best == NAIVE:
        return (
            "No model beat repeating the last season here: use that, and look for what the models "
            "lack (events, weather, prices) rather than for a cleverer model."
        )
    if naive_error == 0:
        return ""
    words = (
        f"That is {100 * (1 - error / naive_error):.0f} % less than repeating the last season, "
        f"and less in {wins:.0f} of {plural(windows, 'window')}."
    )
    if windows > 1 and wins <= windows / 2 + 0.5:
        words += (
            " So the advantage is not reliable: repeating the last season may be as good a choice."
        )
    return words


def _promise(coverage: float, level: float) -> str:
    if coverage < level - 0.1:
        return ": too narrow in these windows"
    if coverage > level + 0.08:
        return ": wider than these windows needed"
    return ""
