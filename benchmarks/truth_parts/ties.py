"""Baskets in which nothing can be known: no model may beat a draw."""

import numpy as np
import polars as pl

from strec import Dataset, evaluate
from strec.evaluation import Regime

N_ITEMS, BASKET, SEEDS = 100, 8, 6


def baskets(seed: int, apart_min: int, n_users: int = 100, n_days: int = 20) -> pl.DataFrame:
    """Return baskets of 8 of 100 items, drawn anew each time: at one moment, or a minute apart."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"u{user:03d}", f"2024-01-{2 + day:02d} 12:{place * apart_min:02d}", f"i{item:03d}")
        for user in range(n_users)
        for day in range(n_days)
        for place, item in enumerate(rng.choice(N_ITEMS, BASKET, replace=False))
    ]
    return pl.DataFrame(rows, schema=["user_id", "timestamp", "item_id"], orient="row")


def table() -> str:
    """Return Acc@10 of each counting model, where 10 of 100 items hold a tenth."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for seed in range(SEEDS):
        for apart_min, when in ((0, "at one moment"), (1, "a minute apart")):
            dataset = Dataset.of(baskets(seed, apart_min))
            for scored in ("every", "session_end")[: 2 - apart_min]:
                for each in evaluate(None, dataset, Regime(scored=scored)):
                    hits = each.queries["acc@10"].to_numpy()
                    found.setdefault((each.name, when, scored), []).append(hits.mean())
    lines = [
        f"| {' | '.join(key)} | {np.mean(v):.3f} | {min(v):.3f}–{max(v):.3f} |"
        for key, v in sorted(found.items())
    ]
    head = f"| model | baskets | scored | Acc@10, mean | lowest and highest of {SEEDS} |"
    return "\n".join([head, "|---|---|---|---:|---:|", *lines])
