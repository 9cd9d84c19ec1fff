"""Forecasts: how often do 90 % bands hold what comes, for all forecasters and kinds of series?

The series are written here and know nothing of the forecasters. Each is backtested as the Time page
does it: bands for a window are made of errors from before that window. About 25 minutes of one
processor; in pieces with ``--into`` and ``--minutes``.
"""

import os
import sys
import warnings
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np

from strec.metrics import user_interval
from strec.temporal import TimeSeries, backtest, standard_models

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.piecewise import in_pieces, only_if_done

LEVEL, WINDOWS, SEARCH_S = 0.9, 3, 0.3
#: What is asked for.
LEAST, MOST = 0.85, 0.95
#: Series of each kind, by what the models cost; a real series is ended at so many moments, at most
#: four.
SERIES = {"Seasonal naive": 12, "Exponential smoothing": 3, "Harmonic regression": 4,
          "SARIMA": 2, "LSTM": 1}  # fmt: skip
REAL_ENDS = 4
#: Of the first series others were looked at while the method was made.
FIRST = 100

Make = Callable[[np.random.Generator], np.ndarray]


def table(file: Path | None = None, minutes: float = 600, processes: int = 2) -> str:
    """Return the share of values inside the band, per kind of series and forecaster."""
    work = jobs()
    rows = in_pieces(run, work, file, processes, minutes)
    return only_if_done(tables(rows), rows, work)


def jobs() -> list[dict]:
    """Return a job for each series and forecaster; quick ones come first, then first series."""
    real = [f"{name}, check-ins per {grain}" for name, grain, _ in REAL]
    real = real if "STREC_DATA" in os.environ else []
    return [
        {"kind": kind, "seed": FIRST + seed, "model": model}
        for model, n in SERIES.items()
        for seed in range(n)
        for kind in [*KINDS, *(real if seed < REAL_ENDS else ())]
    ]


def run(job: dict) -> dict:
    """Backtest one forecaster on one series."""
    data, horizon = _series(job["kind"], job["seed"])
    asked = {job["model"]: standard_models(SEARCH_S)[job["model"]]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = backtest(data, asked, horizon=horizon, windows=WINDOWS, level=LEVEL)
    return {"held": float(found.table["coverage"].iloc[0])}


def _series(kind: str, seed: int) -> tuple[TimeSeries, int]:
    if kind in KINDS:
        grain, n, horizon, make = KINDS[kind]
        values = make(np.random.default_rng([seed, len(kind)]), n)
        return TimeSeries.of(values, grain=grain, start="2022-01-03"), horizon
    name, _, grain = kind.partition(", check-ins per ")
    (horizon,) = (ahead for of, per, ahead in REAL if (of, per) == (name, grain))
    data = _real(name, grain)
    # One series has few windows: it is ended at several moments.
    return data.part(0, len(data) - (seed - FIRST) * WINDOWS * horizon), horizon


@cache
def _real(name: str, grain: str) -> TimeSeries:
    from strec.io import read_sample
    from strec.temporal import series

    return series(read_sample(name), grain)


def tables(rows: list[dict]) -> str:
    """Return the table of kinds, what all kinds say together, and which lie outside."""
    names = list(SERIES)
    lines = [f"| series | values | ahead | {' | '.join(names)} | all | interval |",
             "|---|---:|---:|" + "---:|" * (len(names) + 2)]  # fmt: skip
    outside = []
    for kind in dict.fromkeys(row["job"]["kind"] for row in rows):
        data, horizon = _series(kind, FIRST)
        some = [row for row in rows if row["job"]["kind"] == kind]
        cells = [_mean([r for r in some if r["job"]["model"] == name]) for name in names]
        low, high = _interval(some)
        lines.append(f"| {kind} | {len(data):,} | {horizon} | {' | '.join(cells)} "
                     f"| {_mean(some)} | {_in_words(low, high)} |")  # fmt: skip
        if low is not None and high is not None and (low > MOST or high < LEAST):
            outside.append(kind)
    of_model = [[row for row in rows if row["job"]["model"] == name] for name in names]
    lines += [
        f"| **all** | | | {' | '.join(map(_mean, of_model))} | {_mean(rows)} | |",
        "| 95 % interval | | | "
        + " | ".join(_in_words(*_interval(some)) for some in of_model)
        + f" | {_in_words(*_interval(rows))} | |",
        "| series | | | " + " | ".join(f"{len(some)}" for some in of_model) + f" | {len(rows)} | |",
    ]
    said = ", ".join(outside) or "none"
    return "\n".join([*lines, "", f"Outside {LEAST:.0%} to {MOST:.0%} beyond chance: {said}."])


def _mean(rows: list[dict]) -> str:
    return f"{np.mean([row['held'] for row in rows]):.0%}" if rows else "–"


def _interval(rows: list[dict]) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of the mean over series: forecasts of one resemble each other."""
    series = [f"{row['job']['kind']} {row['job']['seed']}" for row in rows]
    return user_interval(np.array([row["held"] for row in rows]), np.array(series))


def _in_words(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{100 * low:.0f}–{100 * high:.0f}%"


def memory(rng: np.random.Generator, n: int, strength: float) -> np.ndarray:
    """An autoregression of order 1 with variance 1."""
    values = np.empty(n)
    values[0] = rng.normal()
    steps = rng.normal(size=n) * np.sqrt(1 - strength**2)
    for k in range(1, n):
        values[k] = strength * values[k - 1] + steps[k]
    return values


def weekly(n: int, swing: float = 0.5) -> np.ndarray:
    """Logarithm of a rate that is higher at weekends and lower on Mondays."""
    return swing * np.array([-1, -0.3, 0, 0, 0.3, 1, 0.8])[np.arange(n) % 7]


def yearly(n: int, period: int = 12) -> np.ndarray:
    """A season of two waves, between about -1 and 1."""
    angle = 2 * np.pi * np.arange(n) / period
    return 0.8 * np.sin(angle) + 0.3 * np.cos(2 * angle)


def white(rng, n):
    """Nothing but noise around 50."""
    return 50 + 5 * rng.normal(size=n)


def walk(rng, n):
    """A random walk."""
    return 200 + rng.normal(size=n).cumsum()


def wandering(rng, n, strength=0.9):
    """An AR(1) around 50."""
    return 50 + 8 * memory(rng, n, strength)


def trend(rng, n):
    """A straight line and noise."""
    return 50 + 0.3 * np.arange(n) + 6 * rng.normal(size=n)


def bent_trend(rng, n):
    """A line that changes its slope half-way."""
    return 100 + 0.4 * np.abs(np.arange(n) - n // 2) + 6 * rng.normal(size=n)


def growing_season(rng, n):
    """A season and noise in proportion to a level that grows, as of airline passengers."""
    return np.exp(4 + 0.008 * np.arange(n) + 0.25 * yearly(n) + 0.05 * memory(rng, n, 0.7))


def season(rng, n):
    """A season of months with steady noise."""
    return 100 + 30 * yearly(n) + 8 * rng.normal(size=n)


def weekly_counts(rng, n, level=20.0):
    """Counts per day with a week."""
    return rng.poisson(level * np.exp(weekly(n))).astype(float)


def crowded_counts(rng, n):
    """Counts with a week that scatter three times as much as Poisson's."""
    return rng.poisson(20 * np.exp(weekly(n)) * rng.gamma(5, 1 / 5, n)).astype(float)


def wandering_counts(rng, n):
    """Counts with a week whose rate wanders."""
    return rng.poisson(20 * np.exp(weekly(n) + 0.3 * memory(rng, n, 0.95))).astype(float)


def bursts(rng, n):
    """Counts that are tripled for some days now and then."""
    busy = np.zeros(n)
    for start in np.flatnonzero(rng.random(n) < 1 / 25):
        busy[start : start + 1 + rng.geometric(1 / 3)] = 1
    return rng.poisson(12 * 3**busy).astype(float)


def few_counts(rng, n):
    """Counts around 1."""
    return rng.poisson(1.2 * np.exp(weekly(n))).astype(float)


def zeros(rng, n):
    """Counts of which half are 0, the others around 6."""
    return (rng.random(n) < 0.5) * rng.poisson(6, n).astype(float)


def intermittent(rng, n):
    """Orders of several pieces every five days or so."""
    return (rng.random(n) < 0.2) * rng.geometric(1 / 5, n).astype(float)


def moved(rng, n):
    """Counts whose level doubles at three fifths."""
    return rng.poisson(20 * (1.0 + (np.arange(n) > 0.6 * n))).astype(float)


def moving(rng, n):
    """Counts whose level jumps every forty days or so."""
    return (
        rng.poisson(np.exp(3 + 0.4 * rng.normal(size=n)[(rng.random(n) < 1 / 40).cumsum()])) * 1.0
    )


def heavy(rng, n):
    """Noise with heavy tails (Student's t with three degrees of freedom)."""
    return 100 + 6 * rng.standard_t(3, n)


def louder(rng, n):
    """Noise that comes in spells (GARCH)."""
    values, variance, last = np.empty(n), 1.0, 0.0
    for k in range(n):
        variance = 0.1 + 0.15 * last**2 + 0.75 * variance
        values[k] = last = np.sqrt(variance) * rng.normal()
    return 60 + 6 * values


def cycle(rng, n):
    """A cycle of no fixed length, as of sunspots."""
    values = np.zeros(n + 100)
    for k in range(2, n + 100):
        values[k] = 1.55 * values[k - 1] - 0.85 * values[k - 2] + rng.normal()
    return 60 + 5 * values[100:]


def day_and_week(rng, n, level=4.0):
    """Counts per hour with a day and a week."""
    hour = np.arange(n)
    return (
        rng.poisson(
            level * np.exp(np.sin(2 * np.pi * hour / 24) + weekly(n // 24 + 1).repeat(24)[:n])
        )
        * 1.0
    )


def day_with_weather(rng, n):
    """The same, on days that differ."""
    days = np.exp(0.4 * memory(rng, n // 24 + 1, 0.6)).repeat(24)[:n]
    hour = np.arange(n)
    return rng.poisson(5 * days * np.exp(np.sin(2 * np.pi * hour / 24))).astype(float)


#: Grain, values, horizon, and who makes them.
KINDS = {
    "white noise": ("day", 200, 7, white),
    "random walk": ("day", 250, 7, walk),
    "AR(.9)": ("day", 250, 7, wandering),
    "AR(.5), two months": ("day", 90, 7, partial(wandering, strength=0.5)),
    "trend": ("day", 200, 7, trend),
    "trend that bends": ("day", 200, 7, bent_trend),
    "growing season": ("month", 144, 12, growing_season),
    "steady season": ("month", 144, 12, season),
    "counts with a week": ("day", 180, 7, weekly_counts),
    "counts with a week, crowded": ("day", 180, 7, crowded_counts),
    "counts with a week, wandering": ("day", 250, 7, wandering_counts),
    "bursts": ("day", 250, 7, bursts),
    "few counts": ("day", 200, 7, few_counts),
    "half zeros": ("day", 200, 7, zeros),
    "intermittent": ("day", 200, 7, intermittent),
    "level that doubles once": ("day", 200, 7, moved),
    "level that jumps": ("day", 300, 7, moving),
    "heavy tails": ("day", 200, 7, heavy),
    "spells of noise": ("day", 300, 7, louder),
    "cycle of no fixed length": ("year", 250, 11, cycle),
    "hours with day and week": ("hour", 24 * 35, 24, day_and_week),
    "hours on unlike days": ("hour", 24 * 35, 24, day_with_weather),
}

#: Samples that come with strec's data, their grain and horizon.
REAL = (
    ("social", "day", 7),
    ("flights", "day", 7),
    ("social", "hour", 24),
    ("flights", "hour", 24),
)
