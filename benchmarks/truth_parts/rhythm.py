"""Rhythms: how often is one named in noise that has none, and how often is a real one found?

The noises are written here by hand, hour by hour, and know nothing of how strec looks.
"""

import warnings
from collections.abc import Callable

import numpy as np
from scipy import signal

from strec.temporal import TimeSeries, periodogram

#: A month, two, and half a year.
HOURS = (24 * 30, 24 * 60, 24 * 180)
SERIES, REAL = 100, 40

Noise = Callable[[np.random.Generator, int], np.ndarray]


def table() -> str:
    """Return the share of series in which a rhythm is named, of noise and of real rhythms."""
    lines = ["| series | days | rhythm named |", "|---|---|---|"]
    for name, noise in NOISES.items():
        found = [share(noise, SERIES, n, 1) for n in HOURS]
        lines.append(f"| {name} | {_days(HOURS)} | {_percents(found)} |")
    lines += ["", "| real rhythm | swing | found in 60 days |", "|---|---|---|"]
    for name, real in REALS.items():
        period, swings, make = real
        found = [share(make(swing), REAL, HOURS[1], 2, period) for swing in swings]
        lines.append(f"| {name} | {' / '.join(map(str, swings))} | {_percents(found)} |")
    return "\n".join(lines)


def linear(*memory: float, floor: float = 0.0) -> Noise:
    """Return an autoregression with these coefficients, and white noise on top."""

    def noise(rng: np.random.Generator, n: int) -> np.ndarray:
        drawn = rng.normal(size=n + 500)
        filtered = signal.lfilter([1], [1, *(-each for each in memory)], drawn)
        values = np.asarray(filtered)[500:]
        return values + floor * values.std() * rng.normal(size=n)

    return noise


def slow_counts(rng: np.random.Generator, n: int, memory: float = 0.98) -> np.ndarray:
    """Poisson counts whose rate wanders slowly: its logarithm is an AR(1)."""
    wander = linear(memory)(rng, n)
    return rng.poisson(5 * np.exp(0.7 * wander / wander.std())).astype(float)


def smooth_counts(rng: np.random.Generator, n: int) -> np.ndarray:
    """Poisson counts whose rate is smoothed over some days."""
    bell = np.exp(-0.5 * (np.arange(-200, 201) / 48) ** 2)
    wander = np.convolve(rng.normal(size=n + 400), bell, "valid")
    return rng.poisson(5 * np.exp(0.5 * wander[:n] / wander.std())).astype(float)


def sessions(rng: np.random.Generator, n: int) -> np.ndarray:
    """Check-ins of people who arrive at any hour and stay active for some hours."""
    first = rng.integers(-48, n, size=n // 3)
    length = 1 + rng.geometric(1 / 8, size=len(first))
    counts = np.zeros(n)
    for start, hours in zip(first, length, strict=True):
        at = np.arange(max(start, 0), min(start + hours, n))
        np.add.at(counts, at, rng.poisson(1.5, size=len(at)))
    return counts


def equal_sessions(rng: np.random.Generator, n: int) -> np.ndarray:
    """Stays of exactly six hours: a moving average."""
    began = rng.poisson(0.5, size=n + 5)
    return rng.poisson(np.convolve(began, np.ones(6), "valid")).astype(float)


def outings(rng: np.random.Generator, n: int) -> np.ndarray:
    """Few people of very unequal diligence whose bursts last a day or two."""
    counts = np.zeros(n)
    for diligence in rng.pareto(1.5, size=20) + 0.2:
        active = linear(0.97)(rng, n) > 1.5
        counts += rng.poisson(np.minimum(diligence, 20) * active)
    return counts


NOISES: dict[str, Noise] = {
    "white": linear(),
    "AR(1), 0.6": linear(0.6),
    "AR(1), 0.9": linear(0.9),
    "AR(.95) + white": linear(0.95, floor=1.0),
    "AR(.99) + white": linear(0.99, floor=0.5),
    "AR(2), smooth": linear(1.3, -0.4),
    "AR(2), bumpy": linear(1.5, -0.75),
    "counts, rate AR(.98)": slow_counts,
    "counts, rate smooth": smooth_counts,
    "sessions": sessions,
    "stays of six hours": equal_sessions,
    "outings of few": outings,
}


def daily(swing: float, noise: Noise = slow_counts) -> Noise:
    """Return counts whose rate swings through the day."""

    def counts(rng, n):
        hour = np.arange(n)
        return rng.poisson(noise(rng, n) * np.exp(swing * np.sin(2 * np.pi * hour / 24))) * 1.0

    return counts


def weekly(swing: float, noise: Noise = slow_counts) -> Noise:
    """Return counts that are more at weekends."""

    def counts(rng, n):
        weekend = (np.arange(n) // 24) % 7 >= 5
        return rng.poisson(noise(rng, n) * np.exp(swing * weekend)) * 1.0

    return counts


def flat(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return five expected check-ins per hour."""
    return np.full(n, 5.0)


#: Hours, swings of the logarithm of the rate (as of five check-ins an hour), and who makes them.
REALS = {
    "daily, Poisson": (24.0, (0.05, 0.1, 0.2), lambda swing: daily(swing, flat)),
    "weekly, Poisson": (168.0, (0.1, 0.2, 0.4), lambda swing: weekly(swing, flat)),
    "daily, rate AR(.98)": (24.0, (0.1, 0.2, 0.4), daily),
    "weekly, rate AR(.98)": (168.0, (0.4, 0.8, 1.6), weekly),
}


def _days(hours) -> str:
    return " / ".join(str(n // 24) for n in hours)


def _percents(shares) -> str:
    return " / ".join(f"{each:.0%}" for each in shares)


def share(noise: Noise, n_series: int, hours: int, seed: int, what: float | None = None) -> float:
    """Return the share of series in which a rhythm, or that of this many hours, is named."""
    named = 0
    for k in range(n_series):
        values = noise(np.random.default_rng([seed, k]), hours)
        series = TimeSeries.of(values, grain="hour", start="2024-01-01")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = periodogram(series).rhythms
        real = found[found["real"]]
        named += bool(len(real)) if what is None else bool((real["period"] == what).any())
    return named / n_series
