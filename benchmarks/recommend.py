"""Time of one recommendation and of a file of 1,000 questions, with and without wishes.

Prints a Markdown table::

    python benchmarks/recommend.py                   # simulated, 5,000 items
    STREC_DATA=folder python benchmarks/recommend.py # and the New York check-ins
    python benchmarks/recommend.py --items 1000000   # so many items, in one city, in a hundred

Budgets on two cores: one at most 20 ms, 1,000 at most 2 s after loading. CPU seconds are stated
beside the clock's, which other work on the machine stretches.
"""

import argparse
import os
import resource
import time
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np
import polars as pl

from strec import schema
from strec.dataset import Dataset
from strec.explanation import counterfactual, explain, parts_of_list, what_if_hours
from strec.metrics import best_first
from strec.models import CounterMix
from strec.recommend import Recommender
from strec.split import queries_of_rows

N_ITEMS, N_USERS, N_CHECKINS = 5_000, 1_000, 200_000
WAYS = {
    "balanced": {},
    "context": {"strategy": "context"},
    "diversity 0.5, novelty 0.3": {"diversity": 0.5, "novelty": 0.3},
}
EXPLAINED = {
    "reasons of one": explain,
    "parts of ten": parts_of_list,
    "24 hours of five": lambda answer: what_if_hours(answer, 5),
    "counterfactual": counterfactual,
}


def main() -> None:
    """Print one table per data set."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--items", type=int, help="time lists of so many items")
    if n_items := parser.parse_args().items:
        return many_items(n_items)
    worlds = {f"random, {N_ITEMS:,} items": random_world()}
    if folder := os.environ.get("STREC_DATA"):
        worlds["Foursquare New York"] = new_york(Path(folder))
    for name, checkins in worlds.items():
        begun = time.perf_counter()
        recommender = Recommender(checkins)
        fitted = time.perf_counter() - begun
        n_items = len(recommender.log.vocabulary.items)
        print(f"\n{name}: {len(checkins):,} check-ins, {n_items:,} items; fit {fitted:.1f} s\n")
        print("| what | one: ms (CPU ms) | 1,000 questions: s (CPU s) |\n|---|---:|---:|")
        questions = asked(checkins)
        for way, how in WAYS.items():
            rows = list(questions.head(50).iter_rows())
            one = spent([partial(recommender.answer, *row, **how) for row in rows])
            many = spent([partial(recommender.answer_many, questions, **how)])
            print(f"| list, {way} | {in_ms(one)} | {many[0]:.2f} ({many[1]:.2f}) |")
        answer = recommender.answer(questions["user_id"][0])
        for label, work in EXPLAINED.items():
            print(f"| {label} | {in_ms(spent([partial(work, answer)] * 20))} | |")


def many_items(n_items: int) -> None:
    """Print what lists take where items are many, with all scores, and with those that matter."""
    print(
        "| cities | fit: CPU s | one list: CPU ms | slowest | of all scores | same lists | "
        "with exact ways: the same lists | the same first | the same items | GB |"
    )
    print("|---:" * 10 + "|")
    for n_cities in (1, 100):
        begun = time.process_time()
        log = Dataset(cities(n_items, n_cities)).everything
        made, model = time.process_time(), CounterMix().fit(log)
        fitted = time.process_time()
        rows = np.random.default_rng(1).integers(0, len(log), 200)
        queries = [queries_of_rows(log, rows[place : place + 1]) for place in range(len(rows))]
        model.top(queries[0])
        few = [spent([partial(model.top, query)])[1] for query in queries]
        every = [spent([partial(model.score, query)])[1] for query in queries[:20]]
        same = sum((model.top(q)[0] == best_first(model.score(q), 10)).all() for q in queries[:20])
        exact = with_exact_ways(model)
        lists = [(model.top(q)[0][0], best_first(exact.score(q), 10)[0]) for q in queries]
        alike = [
            sum((one == other).all() for one, other in lists),
            sum(one[0] == other[0] for one, other in lists),
            sum(len(np.intersect1d(one, other)) for one, other in lists),
        ]
        gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"| {n_cities} | {fitted - made:.0f} (and {made - begun:.0f} to encode) | "
            f"{1000 * median(few):.1f} | {1000 * max(few):.1f} | {1000 * median(every):.1f} | "
            f"{same} of 20 | {alike[0]} of {len(lists)} | {alike[1]} | "
            f"{alike[2]} of {10 * len(lists):,} | {gb:.1f} |",
            flush=True,
        )


def with_exact_ways(model: CounterMix) -> CounterMix:
    """Return the same model that measures the way to each place, and looks at all items."""
    exact = copy(model)
    exact.statistics_ = replace(model.statistics_)
    vars(exact.statistics_).update(spot_blocks=None, item_blocks=None)
    return exact


def cities(n_items: int, n_cities: int, seed: int = 0) -> pl.DataFrame:
    """Return two check-ins for each of many items, by people who stay in their city."""
    rng = np.random.default_rng(seed)
    centre = np.c_[rng.uniform(25, 60, n_cities), rng.uniform(-120, 140, n_cities)]
    city = np.sort(rng.choice(n_cities, n_items, p=rng.dirichlet(np.ones(n_cities))))
    place = centre[city] + rng.normal(0, 0.08, (n_items, 2))
    first = np.searchsorted(city, np.arange(n_cities + 1))
    # People are numbered by city too: some 25 items for each.
    user = np.tile(np.arange(n_items) // 25, 2)
    begin, end = first[city[25 * user]], first[city[25 * user] + 1]
    own = begin + (rng.random(2 * n_items) ** 2 * (end - begin)).astype(int)
    item = np.r_[np.arange(n_items), own[n_items:]]
    kind = rng.zipf(1.4, n_items) % 300
    start = np.datetime64("2024-01-01T00:00:00", "us")
    return pl.DataFrame(
        {
            "user_id": pl.Series(user).cast(pl.String),
            "item_id": pl.Series(item).cast(pl.String),
            "timestamp": start + rng.integers(0, 180 * 86_400, len(user)).astype("m8[s]"),
            "utc_offset_min": np.full(len(user), -240, dtype=np.int16),
            "lat": place[item, 0],
            "lon": place[item, 1],
            "category": pl.Series(kind[item]).cast(pl.String),
        }
    ).with_columns(pl.col("timestamp").dt.replace_time_zone("UTC"))


def spent(calls) -> tuple[float, float]:
    """Return seconds by the clock and of CPU of a call, the medians over all."""
    clock, cpu = [], []
    for call in calls:
        begun = time.perf_counter(), time.process_time()
        call()
        clock.append(time.perf_counter() - begun[0])
        cpu.append(time.process_time() - begun[1])
    return median(clock), median(cpu)


def in_ms(seconds: tuple[float, float]) -> str:
    """Return seconds by the clock and of CPU in milliseconds."""
    return f"{1000 * seconds[0]:.1f} ({1000 * seconds[1]:.1f})"


def asked(checkins: pl.DataFrame) -> pl.DataFrame:
    """Return 1,000 questions at moments and places of the check-ins."""
    drawn = checkins.sample(1_000, seed=0)
    return drawn.select("user_id", time=schema.local_time(), lat=pl.col("lat"), lon=pl.col("lon"))


def random_world(seed: int = 0) -> pl.DataFrame:
    """Return check-ins of people who go back to their own few of many places."""
    rng = np.random.default_rng(seed)
    place = rng.normal([40.7, -74.0], 0.08, (N_ITEMS, 2))
    user = rng.integers(0, N_USERS, N_CHECKINS)
    own = rng.integers(0, N_ITEMS, (N_USERS, 30))
    item = own[user, np.minimum(rng.geometric(0.15, N_CHECKINS) - 1, 29)]
    start = np.datetime64("2024-01-01T00:00:00", "us")
    return pl.DataFrame(
        {
            "user_id": [f"u{each:04d}" for each in user],
            "item_id": [f"i{each:04d}" for each in item],
            "timestamp": start + rng.integers(0, 180 * 86_400, N_CHECKINS).astype("m8[s]"),
            "utc_offset_min": np.full(N_CHECKINS, -240, dtype=np.int16),
            "lat": place[item, 0],
            "lon": place[item, 1],
            "category": [f"kind {each % 40}" for each in item],
        }
    ).with_columns(pl.col("timestamp").dt.replace_time_zone("UTC"))


def new_york(folder: Path) -> pl.DataFrame:
    """Return the training and validation check-ins of New York."""
    from strec.io import read

    nyc = folder / "foursquare_nyc"
    return pl.concat(
        [read([nyc / f"{part}.csv.gz", nyc / "pois.csv"]).checkins for part in ("train", "val")]
    )


if __name__ == "__main__":
    main()
