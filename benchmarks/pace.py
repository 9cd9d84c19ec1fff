"""Units of work that a pass of each model needs per 1,000 check-ins: `strec.runs.pace.UNITS`.

Trains one pass of each model on a sample and divides by what this machine needs for a unit at that
time, so that the number holds elsewhere, about::

    python benchmarks/pace.py                 # all models that learn in passes
    python benchmarks/pace.py lstm ctr
"""

import os
import sys

# One thread, as trainings here have.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import polars as pl

from strec import Dataset
from strec.models import MODELS
from strec.runs import pace
from strec.train import Watch

SAMPLE, N_USERS = "social", 40


def main() -> None:
    checkins = Dataset.of(SAMPLE).checkins
    users = checkins["user_id"].unique().sort().head(N_USERS).implode()
    train = Dataset(checkins.filter(pl.col("user_id").is_in(users))).split.train
    kinds = sys.argv[1:] or [kind for kind, model in MODELS.items() if model.uses_loop]
    for kind in kinds:
        pace._speed.cache_clear()
        before, seconds = pace.speed(), []

        def told(event, seconds=seconds) -> None:
            if event["event"] == "epoch":
                seconds.append(event["seconds"])

        # What comes before the passes does not count.
        given = {"text": "", "without": ["trees"]} if kind == "stllm" else {}
        MODELS[kind](**given | {"epochs": 1}).fit(train, watch=Watch(on_event=told))
        pace._speed.cache_clear()
        unit = (before + pace.speed()) / 2
        if seconds:
            n = min(len(train), getattr(MODELS[kind], "n_queries", len(train)))
            found = seconds[-1] / unit / n * 1_000
            print(
                f'    "{kind}": {found:.3g},  # {seconds[-1]:.1f} s, unit {unit:.4f} s', flush=True
            )


if __name__ == "__main__":
    main()
