"""Two models that are equally good: how often is their difference called one?

Users differ in how much they are asked (several laws) and in which model suits them; the mean over
all is 0, so that every interval without 0 is an error. A percentile bootstrap stands beside it.
"""

import numpy as np

from strec.metrics import user_interval

ROUNDS, USERS = 3_000, (10, 20, 40, 100)
SIZES = {
    "equal": lambda rng, n: np.full(n, 12),
    "lognormal, σ = 0.7": lambda rng, n: np.ceil(np.exp(rng.normal(2.5, 0.7, n))).astype(int),
    "lognormal, σ = 1.2": lambda rng, n: np.ceil(np.exp(rng.normal(2.5, 1.2, n))).astype(int),
    "Pareto, α = 1.5": lambda rng, n: np.ceil(3 * rng.pareto(1.5, n) + 2).astype(int),
}
TASTES = {
    "normal": lambda rng, n: rng.normal(0, 0.15, n),
    "skewed (gamma, shape 0.5)": lambda rng, n: rng.gamma(0.5, 0.2, n) - 0.1,
}


def bootstrap(values: np.ndarray, users: np.ndarray, rng) -> tuple[float, float]:
    """Return the percentile interval of 400 draws of users: what was used before."""
    total, size = np.bincount(users, weights=values), np.bincount(users)
    drawn = rng.multinomial(len(size), np.full(len(size), 1 / len(size)), size=400)
    low, high = np.quantile(drawn @ total / (drawn @ size), (0.025, 0.975))
    return low, high


def table() -> str:
    """Return the share of rounds in which equal models are told apart; 5 % is right."""
    rng, lines = np.random.default_rng(0), []
    for of_size, sizes in SIZES.items():
        for of_taste, tastes in TASTES.items():
            cells = []
            for n_users in USERS:
                wrong = np.zeros(2)
                for _ in range(ROUNDS):
                    users = np.repeat(np.arange(n_users), sizes(rng, n_users))
                    # Right alone, both or neither, wrong alone.
                    luck = rng.choice((-1, 0, 1), len(users), p=(0.2, 0.6, 0.2))
                    values = tastes(rng, n_users)[users] + luck
                    ends = user_interval(values, users), bootstrap(values, users, rng)
                    wrong += [low is not None and not low <= 0 <= high for low, high in ends]
                ours, before = 100 * wrong / ROUNDS
                cells.append(f"{ours:.1f} % ({before:.1f} %)")
            lines.append(f"| {of_size} | {of_taste} | {' | '.join(cells)} |")
    head = f"| queries per user | taste | {' | '.join(f'{n} users' for n in USERS)} |"
    return "\n".join([head, "|---|---|---:|---:|---:|---:|", *lines])
