"""Two groups between which nothing differs: how often is a difference named?

A world of its own: users with heavy-tailed activity and tastes of their own, days with weather
that all of them share (for everything, and for each kind), alike their neighbours or not. A false
yes is a whole comparison, hundreds of rates in five pictures, in which anything is named. Then one
kind is half as likely again on weekends: is that found, and does the interval of its ratio hold?
"""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from strec.dataset import Dataset
from strec.errors import AnalysisError
from strec.groups import compare_groups
from strec.store import Filters

ROUNDS, KINDS, ITEMS = 60, 12, 120
FIRST = date(2024, 1, 1)
WORLDS = {
    "80 users, 6 weeks": {"n_users": 80, "n_days": 42},
    "80 users, 24 weeks": {"n_users": 80, "n_days": 168},
    "80 users, 24 weeks, days alike their neighbours": {
        "n_users": 80, "n_days": 168, "memory": 0.7,
    },
    "25 users, 10 weeks": {"n_users": 25, "n_days": 70},
    "nobody named, 12 weeks": {"n_users": 200, "n_days": 84, "anonymous": True},
}  # fmt: skip


def world(
    rng, n_users: int, n_days: int, memory: float = 0.0, anonymous: bool = False, more: float = 1.0
) -> Dataset:
    """Return a world in which only users and days differ; `more` is of kind 0 on weekends."""
    active = rng.lognormal(-0.7, 1.0, n_users)
    taste = rng.dirichlet(np.full(KINDS, 0.8), n_users)
    noise = rng.normal(0, 0.35, (n_days, KINDS + 1))
    for day in range(1, n_days):
        noise[day] = memory * noise[day - 1] + np.sqrt(1 - memory**2) * noise[day]
    # Times of a kind on a day: weather of all kinds, and of each.
    mood = np.exp(noise[:, :1] + 0.7 * noise[:, 1:])
    mood[np.arange(n_days) % 7 >= 5, 0] *= more
    expected = active[:, None, None] * taste[:, None, :] * mood[None]
    count = rng.poisson(expected)
    user, day, kind = (np.repeat(each, count.ravel()) for each in
                       (each.ravel() for each in np.indices(count.shape)))  # fmt: skip
    hour = rng.choice(24, len(user), p=_hours())
    favourite = rng.integers(ITEMS // KINDS, size=(n_users, KINDS))
    usual = rng.random(len(user)) < 0.6
    which = np.where(usual, favourite[user, kind], rng.integers(ITEMS // KINDS, size=len(user)))
    item = kind * (ITEMS // KINDS) + which
    at = np.random.default_rng(1).normal((52.52, 13.4), (0.03, 0.05), (ITEMS, 2))
    start = datetime(FIRST.year, FIRST.month, FIRST.day)
    times = [start + timedelta(days=int(d), hours=int(h)) for d, h in zip(day, hour, strict=True)]
    frame = pl.DataFrame(
        {
            "user": [f"u{each:04d}" for each in user],
            "item": [f"i{each:03d}" for each in item],
            "time": times, "lat": at[item, 0], "lon": at[item, 1],
            "kind": [f"kind {each}" for each in kind],
        }
    )  # fmt: skip
    if anonymous:
        frame = frame.drop("user")
    who = {"user_from": "nobody"} if anonymous else {"user": "user"}
    return Dataset.from_frame(
        frame, time="time", item="item", category="kind", time_zone="UTC", **who
    )


def _hours() -> np.ndarray:
    # The same at 8 to 12 as at 14 to 18, so that the two can be compared.
    weight = np.array([0.2] * 7 + [1, 2, 3, 2, 1, 1.5, 1, 1, 2, 3, 2, 1, 2, 2, 1, 0.5, 0.3])
    weight[14:18] = weight[8:12]
    return weight / weight.sum()


def questions(n_users: int, n_days: int, rng) -> dict[str, tuple[Filters, Filters | None]]:
    """Return pairs of groups between which nothing differs."""
    middle = FIRST + timedelta(days=n_days // 2)
    some = tuple(f"u{each:04d}" for each in rng.permutation(n_users)[: n_users // 2])
    return {
        "before and after": (
            Filters(date_to=middle - timedelta(days=1)), Filters(date_from=middle),
        ),
        "weekends and workdays": (Filters(weekdays=(5, 6)), Filters(weekdays=(0, 1, 2, 3, 4))),
        "half of the users and the rest": (Filters(users=some), None),
        "two spans of hours": (Filters(hours=(8, 9, 10, 11)), Filters(hours=(14, 15, 16, 17))),
    }  # fmt: skip


def tried(name: str, rounds: int, seed: int = 0) -> list[str]:
    """Return one row: the false yes of each question, and what is found of a true difference."""
    setting, rng = WORLDS[name], np.random.default_rng(seed)
    wrong: dict[str, list[bool]] = {}
    found, held = [], []
    for _ in range(rounds):
        data = world(rng, **setting)
        asked = questions(setting["n_users"], setting["n_days"], rng)
        for what, (a, b) in asked.items():
            if a.users is not None and setting.get("anonymous"):
                continue
            try:
                wrong.setdefault(what, []).append(bool(len(compare_groups(data, a, b).found)))
            except AnalysisError:
                continue
        data = world(rng, **setting, more=1.5)
        told = compare_groups(data, *asked["weekends and workdays"])
        row = told.of("kind").set_index("key").loc["kind 0"]
        found.append(bool(row["differs"]))
        # A named one's interval is wider; each by itself is what is asked here.
        held.append(row["low"] <= 1.5 <= row["high"])
    cells = [f"{np.mean(wrong[what]):.1%}" if what in wrong else "–"
             for what in questions(10, 10, rng)]  # fmt: skip
    return [name, *cells, f"{np.mean(found):.0%}", f"{np.mean(held):.0%}"]


def table(rounds: int = ROUNDS) -> str:
    """Return how often a whole comparison names anything where nothing differs; 5 % is right."""
    heads = [
        *questions(10, 10, np.random.default_rng(0)),
        "1.5 times is found",
        "interval holds 1.5",
    ]
    lines = [f"| world | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    rows = (tried(name, rounds, seed) for seed, name in enumerate(WORLDS))
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
