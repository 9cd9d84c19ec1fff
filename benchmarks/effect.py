"""Is an effect seen where there is none, and does its interval hold where there is one?

    python benchmarks/effect.py [HOW MANY] [FIRST SEED] [WHICH WORLDS …]

Worlds of twenty places and 90 days: weekdays, a mood that all share and one of each place, both
with memory, and counts. Something is done at two places on day 69. 200 worlds from seed 0
on, of all five kinds; a kind is named by its number. Result: docs/demand.md.
"""

import sys

import numpy as np

from strec.demand import Panel, effect

N_DAYS, N_PLACES, BEGUN = 90, 20, 69


def world(seed: int, change: float, drift: bool = False) -> tuple[Panel, float]:
    """Return counts of a world, and how much of them the change has brought."""
    rng = np.random.default_rng(seed)
    week = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(N_DAYS) % 7) / 7)
    mood = _wander(rng, 1, 0.6, 0.12)
    own = _wander(rng, N_PLACES, 0.4, 0.08)
    if drift:
        mood = mood + np.cumsum(rng.normal(0, 0.02, N_DAYS))[:, None]
    level = rng.gamma(3, 20, N_PLACES)
    rate = level * week[:, None] * np.exp(mood * rng.uniform(0.7, 1.3, N_PLACES) + own)
    counts = rng.poisson(rate)
    added = np.zeros_like(counts)
    if change:
        added[BEGUN:, :2] = rng.poisson(change * rate[BEGUN:, :2])
    hourly = np.repeat(counts + added, 24, axis=0) / 24
    return Panel.of(hourly, "2024-01-01"), float(added.sum())


def _wander(rng: np.random.Generator, n: int, memory: float, size: float) -> np.ndarray:
    found = np.zeros((N_DAYS, n))
    for day in range(1, N_DAYS):
        found[day] = memory * found[day - 1] + rng.normal(0, size, n)
    return found


KINDS = (
    ("nothing", 0.0, False), ("nothing, drifting", 0.0, True), ("+10 %", 0.1, False),
    ("+20 %", 0.2, False), ("+20 %, drifting", 0.2, True),
)  # fmt: skip


def main(n: int = 200, first: int = 0, *kinds: int) -> None:
    """Print false alarms, coverage and power."""
    when = "2024-03-10"
    for label, change, drift in (KINDS[k] for k in kinds or range(len(KINDS))):
        shown, held, outside = 0, 0, 0
        for seed in range(first, first + n):
            counted, truth = world(seed, change, drift)
            found = effect(counted, when, ["0", "1"])
            shown += found.is_shown
            held += found.low <= truth <= found.high
            outside += found.low > 0 or found.high < 0
        print(f"{label:20s} yes {shown / n:6.1%}  interval without 0 {outside / n:6.1%}  "
              f"interval holds {held / n:6.1%}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
