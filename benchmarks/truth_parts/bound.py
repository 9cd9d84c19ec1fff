"""What the order of places allows: the limit that is printed beside what is known to be possible.

Worlds written by hand, whose best guess anybody can work out; half of the users' limits lie below
the one that is printed.
"""

import numpy as np
import polars as pl

from strec.spatial import mobility, predictability

USERS = 30
LENGTHS = (60, 120, 300)


def table() -> str:
    """Return the limit beside the best share that who knows the order, or the hour, can reach."""
    lines = [
        "| world | best by order | limit uncorrected | printed | by the hour | best by the hour |",
        "|---|---|---|---|---|---|",
    ]
    for name, (make, by_order, by_hour) in WORLDS.items():
        found = [_measured(make, n) for n in LENGTHS]
        columns = zip(*found, strict=True)
        raw, limit, hour = (" / ".join(f"{each:.2f}" for each in row) for row in columns)
        lines.append(f"| {name} | {by_order:.2f} | {raw} | {limit} | {hour} | {by_hour:.2f} |")
    return "\n".join(lines)


def _measured(make, n: int) -> tuple[float, float, float]:
    rows, raw = [], []
    for user in range(USERS):
        rng = np.random.default_rng([n, user])
        hours = rng.integers(0, 24, n)
        places = np.asarray(make(rng, hours))
        codes = mobility.codes(places.tolist())
        raw.append(mobility.fano(mobility.real_entropy(codes), max(codes) + 1))
        rows.append(pl.DataFrame({"user": user, "item": places, "hour": hours}))
    found = predictability(pl.concat(rows))
    return float(np.median(raw)), float(found.frame["predictability"].median()), found.by_hour


def at_random(n_places: int, power: float = 0.0):
    """Draw each place by its popularity alone."""
    share = np.arange(1, n_places + 1) ** -power
    return lambda rng, hours: rng.choice(n_places, len(hours), p=share / share.sum())


def chain(n_places: int, peak: float):
    """Go to the place that follows, in this share of steps, or anywhere."""

    def places(rng: np.random.Generator, hours: np.ndarray) -> list[int]:
        follows, visits = rng.permutation(n_places), [0]
        for _ in hours[1:]:
            follow = int(follows[visits[-1]])
            visits.append(follow if rng.random() < peak else int(rng.integers(n_places)))
        return visits

    return places


def of_the_hour(rng: np.random.Generator, hours: np.ndarray) -> np.ndarray:
    """Be where one is at that hour, of twelve places, in 97 % of visits."""
    return np.where(rng.random(len(hours)) < 0.97, hours // 2, rng.integers(0, 12, len(hours)))


ZIPF = np.arange(1, 31) ** -1.2
WORLDS = {
    "eight places at random": (at_random(8), 1 / 8, 1 / 8),
    "thirty places by popularity": (at_random(30, 1.2), ZIPF[0] / ZIPF.sum(), ZIPF[0] / ZIPF.sum()),
    "fifty places at random": (at_random(50), 1 / 50, 1 / 50),
    "round of four": (lambda rng, hours: np.arange(len(hours)) % 4, 1.0, 1 / 4),
    "chain of eight, 0.8": (chain(8, 0.8), 0.8 + 0.2 / 8, 1 / 8),
    "chain of eight, 0.5": (chain(8, 0.5), 0.5 + 0.5 / 8, 1 / 8),
    "chain of thirty, 0.6": (chain(30, 0.6), 0.6 + 0.4 / 30, 1 / 30),
    "place by the hour, 0.97": (of_the_hour, 1 / 12, 0.97 + 0.03 / 12),
}
