"""Emerging hotspots: how many maps without a trend name one, and how often is a real one named?

Counts per hexagon, week and group of users are made here, by other means than strec's simulation.
"""

from collections.abc import Callable

import h3
import numpy as np
import pandas as pd

from strec.spatial import emerging

MAPS, REAL = 20, 5
WEEKS = (26,)
GROUPS, USERS = 30, 400
TRENDS = ("emerging", "intensifying", "rising", "cooling", "falling")
MIDDLE = h3.latlng_to_cell(40.7, -74, 8)
CELLS = np.sort(np.array([int(each, 16) for each in h3.grid_disk(MIDDLE, 4)], dtype=np.uint64))
#: A hexagon and those that it touches.
RISING = np.isin(CELLS, [int(each, 16) for each in h3.grid_disk(MIDDLE, 1)])
#: What a user takes part in: check-ins of shape (users, cells, weeks).
World = Callable[[np.random.Generator, int], np.ndarray]


def table() -> str:
    """Return the share of maps with a false trend, and the share of real trends that are named."""
    weeks = " / ".join(map(str, WEEKS))
    lines = [f"| no trend | maps that name one ({weeks} weeks) |", "|---|---|"]
    for name, world in NULLS.items():
        shares = [np.mean([named(world, n, k).any() for k in range(MAPS)]) for n in WEEKS]
        lines.append(f"| {name} | {_row(shares)} |")
    lines += ["", f"| seven neighbours rise | named ({weeks} weeks) |", "|---|---|"]
    for name, world in REALS.items():
        shares = [np.mean([named(world, n, k)[RISING].mean() for k in range(REAL)]) for n in WEEKS]
        lines.append(f"| {name} | {_row(shares)} |")
    return "\n".join(lines)


def _row(shares) -> str:
    return " / ".join(f"{share:.0%}" for share in shares)


def named(world: World, n_weeks: int, seed: int) -> np.ndarray:
    """Return which hexagons are named to have a trend, in the order of `CELLS`."""
    counts = world(np.random.default_rng([seed, n_weeks]), n_weeks)
    if counts.ndim == 2:
        # Anybody's: each check-in is of a user drawn by lot.
        lot = np.random.default_rng([seed, n_weeks, 1])
        by_group = lot.multinomial(counts, np.full(GROUPS, 1 / GROUPS)).transpose(2, 0, 1)
    else:
        by_group = np.zeros((GROUPS, *counts.shape[1:]), dtype=int)
        np.add.at(by_group, np.arange(len(counts)) % GROUPS, counts)
    group, cell, week = np.nonzero(by_group)
    frame = pd.DataFrame(
        {
            "cell": CELLS[cell],
            "period": pd.Timestamp("2024-01-01") + pd.to_timedelta(7 * week + 6, unit="D"),
            "group": group,
            "n_checkins": by_group[group, cell, week],
        }
    )
    # The first week is whole only if a day of its beginning is there.
    first = frame.iloc[[int(np.argmin(week))]].assign(
        period=pd.Timestamp("2024-01-01"), n_checkins=0
    )
    found = emerging(pd.concat([frame, first], ignore_index=True)).frame
    return np.isin(CELLS, found.loc[found["kind"].isin(TRENDS), "cell"])


def rates(rng: np.random.Generator, level: float = 12.0) -> np.ndarray:
    """Check-ins per week of hexagons that are unlike each other."""
    return level * np.exp(0.6 * rng.normal(size=len(CELLS)))


def memory(rng: np.random.Generator, n_rows: int, n_weeks: int, strength: float) -> np.ndarray:
    """An autoregression of order 1 with variance 1 in each row."""
    values = rng.normal(size=(n_rows, n_weeks))
    for k in range(1, n_weeks):
        values[:, k] = strength * values[:, k - 1] + np.sqrt(1 - strength**2) * values[:, k]
    return values


def steady(rng, n):
    """Poisson, the same every week."""
    return rng.poisson(np.tile(rates(rng)[:, None], n))


def wandering(strength: float, swing: float, share: float = 1.0) -> World:
    """Rates that wander from week to week, in a share of the hexagons."""

    def world(rng, n):
        wander = swing * memory(rng, len(CELLS), n, strength)
        wander[rng.random(len(CELLS)) >= share] = 0
        return rng.poisson(rates(rng)[:, None] * np.exp(wander))

    return world


def neighbourhoods(rng, n):
    """Rates that wander together in each third of the map."""
    third = np.arange(len(CELLS)) // (len(CELLS) // 3 + 1)
    return rng.poisson(rates(rng)[:, None] * np.exp(0.4 * memory(rng, 3, n, 0.8))[third])


def together(rng, n):
    """The whole city grows threefold, every hexagon alike."""
    return rng.poisson(rates(rng)[:, None] * np.linspace(1, 3, n))


def events(rng, n):
    """Now and then a hexagon has four times its check-ins for one to three weeks."""
    busy = np.ones((len(CELLS), n))
    for cell, week in zip(*np.nonzero(rng.random(busy.shape) < 0.03), strict=True):
        busy[cell, week : week + 1 + rng.integers(3)] = 4
    return rng.poisson(rates(rng)[:, None] * busy)


def people(stay: float, per_week: float, n_users: int = USERS, spread: float = 0.0) -> World:
    """Users who arrive at any time, stay for some weeks and live around a few hexagons."""

    def world(rng, n):
        begin = rng.uniform(-3 * stay, n, n_users * 2)
        end = begin + rng.exponential(stay, len(begin))
        week = np.arange(n)
        here = (week >= begin[:, None]) & (week < end[:, None])
        eager = per_week * np.exp(spread * rng.normal(size=len(begin)) - spread**2 / 2)
        haunts = np.zeros((len(begin), len(CELLS)))
        liked = np.exp(0.5 * rng.normal(size=len(CELLS)))
        for each in haunts:
            each[rng.choice(len(CELLS), 3, replace=False, p=liked / liked.sum())] = (0.6, 0.3, 0.1)
        return rng.poisson(eager[:, None, None] * haunts[:, :, None] * here[:, None])

    return world


def moods(rng, n):
    """Users who are active for some weeks and then not for some, again and again."""
    active = memory(rng, USERS, n, 0.9) > 0.3
    haunts = np.zeros((USERS, len(CELLS)))
    for each in haunts:
        each[rng.choice(len(CELLS), 3, replace=False)] = (0.6, 0.3, 0.1)
    return rng.poisson(4 * haunts[:, :, None] * active[:, None])


def rising(times: float, world: World) -> World:
    """Check-ins of seven neighbours that grow to so many times as many, beside another world."""

    def more(rng, n):
        counts = world(rng, n)
        grow = np.linspace(0, times - 1, n)
        usual = counts[..., RISING, :].mean(axis=-1, keepdims=True)
        counts[..., RISING, :] += rng.poisson(usual * grow)
        return counts

    return more


NULLS: dict[str, World] = {
    "Poisson": steady,
    "weekly AR(.5)": wandering(0.5, 0.5),
    "weekly AR(.8)": wandering(0.8, 0.5),
    "weekly AR(.8), mild": wandering(0.8, 0.25),
    "weekly AR(.8), a third of the hexagons": wandering(0.8, 0.6, 1 / 3),
    "weekly AR(.9)": wandering(0.9, 0.5),
    "AR(.8), a third of the map together": neighbourhoods,
    "events of one to three weeks": events,
    "the whole grows threefold": together,
    "users who stay 8 weeks": people(8, 4),
    "users who stay 25 weeks": people(25, 4),
    "few users, unlike": people(15, 6, 60, 1.0),
    "users active by spells": moods,
}
REALS: dict[str, World] = {
    "× 2, Poisson": rising(2, steady),
    "× 4, Poisson": rising(4, steady),
    "× 2, AR(.5)": rising(2, wandering(0.5, 0.5)),
    "× 4, AR(.8)": rising(4, wandering(0.8, 0.5)),
    "× 8, AR(.8)": rising(8, wandering(0.8, 0.5)),
}
