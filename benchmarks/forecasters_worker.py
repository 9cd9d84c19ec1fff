"""Forecast windows with statsforecast and pmdarima; run by forecasters.py in their Python."""

import argparse
import json
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pmdarima
from statsforecast.models import ARIMA, AutoARIMA, AutoETS, SeasonalNaive

LEVEL = 90
Ahead = dict[str, list[float]]
Forecast = Callable[[np.ndarray, int], Ahead]


class LimitReached(Exception):
    """Ends a model that has used its seconds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("asked", type=Path, help="JSON: horizon, windows with past and periods")
    parser.add_argument("answered", type=Path, help="JSON, to be written")
    parser.add_argument("--limit", type=float, default=120.0, help="CPU seconds of each model")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    asked = json.loads(args.asked.read_text())
    signal.signal(signal.SIGPROF, _stop)
    warm_up()
    answers = []
    for (library, name), model in MODELS.items():
        answers.append({"library": library, "model": name} | run(model, asked, args.limit))
    args.answered.write_text(json.dumps(answers))


def run(model: Callable, asked: dict, limit: float) -> dict:
    """Forecast all windows; structure is chosen on the first past."""
    begun = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        windows = list(forecasts(model, asked))
    except LimitReached:
        return {"failed": f"not done in {limit:.0f} s", "cpu_s": time.process_time() - begun}
    except Exception as error:  # A peer's own failure is a result, and no reason to stop.
        return {"failed": f"{type(error).__name__}: {error}", "cpu_s": time.process_time() - begun}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return {"windows": windows, "cpu_s": time.process_time() - begun}


def forecasts(model: Callable, asked: dict) -> Iterator[Ahead]:
    """Yield a forecast per window."""
    first = asked["windows"][0]
    forecast = model(np.array(first["past"]), first["periods"])
    for window in asked["windows"]:
        yield forecast(np.array(window["past"]), asked["horizon"])


def naive(past: np.ndarray, periods: list[int]) -> Forecast:
    """Repeat the longest season, as strec's does."""
    return _stats(SeasonalNaive(max(periods, default=1)))


def ets(past: np.ndarray, periods: list[int]) -> Forecast:
    """Exponential smoothing, its form chosen by AICc for each window."""
    return _stats(AutoETS(season_length=min(periods, default=1)))


def stats_arima(past: np.ndarray, periods: list[int]) -> Forecast:
    """Seasonal ARIMA of the shortest season (one is all it takes), chosen by AICc."""
    season = min(periods, default=1)
    found = AutoARIMA(season_length=season).fit(past).model_
    p, q, seasonal_p, seasonal_q, _, d, seasonal_d = found["arma"]
    return _stats(
        ARIMA(
            order=(p, d, q),
            season_length=season,
            seasonal_order=(seasonal_p, seasonal_d, seasonal_q),
            include_mean="intercept" in found["coef"],
            include_drift="drift" in found["coef"],
        )
    )


def pmd_arima(past: np.ndarray, periods: list[int]) -> Forecast:
    """The same with pmdarima's search."""
    season = min(periods, default=1)
    found = pmdarima.auto_arima(past, m=season, seasonal=season > 1, error_action="ignore")

    def forecast(values: np.ndarray, horizon: int) -> Ahead:
        fitted = pmdarima.ARIMA(found.order, found.seasonal_order,
                                with_intercept=found.with_intercept).fit(values)  # fmt: skip
        mean, ends = fitted.predict(horizon, return_conf_int=True, alpha=1 - LEVEL / 100)
        return _lists(mean, ends[:, 0], ends[:, 1])

    return forecast


MODELS = {
    ("statsforecast", "SeasonalNaive"): naive,
    ("statsforecast", "AutoETS"): ets,
    ("statsforecast", "AutoARIMA"): stats_arima,
    ("pmdarima", "auto_arima"): pmd_arima,
}


def warm_up() -> None:
    """Compile what is compiled at first use, which is not the models' time."""
    past = 10 + np.sin(np.arange(40) * np.pi / 2) + np.random.default_rng(0).normal(size=40)
    for model in (naive, ets, stats_arima):
        model(past, [4])(past, 4)


def _stats(model) -> Forecast:
    def forecast(values: np.ndarray, horizon: int) -> Ahead:
        ahead = model.fit(values).predict(horizon, level=[LEVEL])
        return _lists(ahead["mean"], ahead[f"lo-{LEVEL}"], ahead[f"hi-{LEVEL}"])

    return forecast


def _lists(mean, lower, upper) -> Ahead:
    columns = {"mean": mean, "lower": lower, "upper": upper}
    return {name: np.asarray(values, dtype=float).tolist() for name, values in columns.items()}


def _stop(signum, frame) -> None:
    raise LimitReached


if __name__ == "__main__":
    main()
