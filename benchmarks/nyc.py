"""Counter mix, boosted trees and ST-LLM on Foursquare New York; newcomers, other cities.

Fitted on `train`, scored on `val` (the last check-in of each session, of known users and items;
everything before is known, and the time of the target). Prints Markdown, writes JSON::

    STREC_DATA=folder python benchmarks/nyc.py                       # or: strec bench nyc
    STREC_DATA=folder python benchmarks/nyc.py --only main ablations # some of it
    STREC_DATA=folder python benchmarks/nyc.py --seeds 1 --out nyc.json
    STREC_DATA=folder python benchmarks/nyc.py --only main --on test # test.csv.gz, once, at the end

Parts: main (three models, seeds, paired differences), baselines, regimes, ablations, newcomers,
transfer, small (thirty small data sets made of the training users), untaken (items that a catalogue
alone tells of), text (what it is worth that a language model reads the items, paired), and, without
data, early (the samples, after no step, one pass and the end) and million (scores over a million
items).
Seconds are those of the processor.
"""

import argparse
import json
import os
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from strec import Dataset
from strec.evaluation import Regime, evaluate_model
from strec.io import read
from strec.metrics import user_interval
from strec.models import STLLM, CounterMix, Model, Trees
from strec.split import Split, split

PARTS = (
    "main", "baselines", "regimes", "ablations", "newcomers", "transfer", "small", "early",
    "untaken", "million", "text",
)  # fmt: skip
MEASURES = ("acc@1", "acc@5", "acc@10", "acc@20", "mrr", "ndcg@10")
HELD_OUT = 0.1
N_SMALL = 30
TOURS = ("Edin", "Toro")
SAMPLES = ("social", "ecommerce", "travel", "traffic", "flights")
SMALL_MODELS: dict[str, Callable[[], Model]] = {
    "counter mix": CounterMix, "trees": Trees, "ST-LLM": STLLM
}  # fmt: skip

Row = dict[str, float | str]
Say = Callable[[str], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="the first of the seeds")
    parser.add_argument("--on", choices=("val", "test"), default="val", help="what is scored")
    parser.add_argument("--out", type=Path, help="write the rows here as JSON")
    args = parser.parse_args()
    folder, seeds = Path(os.environ["STREC_DATA"]), range(args.first, args.first + args.seeds)
    rows = run(folder, args.only, seeds, print, args.on)
    if args.out:
        args.out.write_text(json.dumps(rows, indent=2))


def run(
    folder: Path, only: Sequence[str], seeds: Sequence[int], say: Say, scored: str = "val"
) -> list[Row]:
    """Compute the rows of some parts, say each as a line of a Markdown table, and return them."""
    parts = nyc(folder, scored)
    sources = {
        "main": lambda: main_rows(parts, seeds, scored),
        "baselines": lambda: [measured("counter mix", CounterMix(), parts)[1]],
        "regimes": lambda: regime_rows(parts),
        "ablations": lambda: ablation_rows(parts),
        "text": lambda: text_rows(parts, seeds),
        "newcomers": lambda: newcomer_rows(parts),
        "transfer": lambda: transfer_rows(folder, parts),
        "small": lambda: small_rows(folder),
        "untaken": lambda: untaken_rows(folder),
        "early": early_rows,
        "million": lambda: [million_row()],
    }
    rows: list[Row] = []
    columns = ("row", "queries", *MEASURES, "return acc@1", "discovery acc@10", "fit s", "score s")
    say(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for name in only:
        for row in sources[name]():
            rows.append({"part": name, **row})
            say(f"| {' | '.join(_cell(row, column) for column in columns)} |")
    return rows


def _cell(row: Row, column: str) -> str:
    value = row.get(column, "")
    if not isinstance(value, float):
        return str(value)
    low, high = row.get(f"{column} low"), row.get(f"{column} high")
    return f"{value:.3f}" + (f" [{low:.3f}, {high:.3f}]" if low is not None else "")


def nyc(folder: Path, scored: str = "val") -> Split:
    """Read New York as it was published: training and validation or test files, venue names.

    What lies between training and test is history of the test, as the streaming regime has it.
    """
    if scored == "val":
        return split(*(read_nyc(folder, part) for part in ("train", "val")))
    return split(*(read_nyc(folder, part) for part in ("train", "val", "test")))


def read_nyc(folder: Path, part: str) -> pl.DataFrame:
    folder = folder / "foursquare_nyc"
    return read([folder / f"{part}.csv.gz", folder / "pois.csv"]).checkins


def main_rows(parts: Split, seeds: Sequence[int], scored: str = "val") -> Iterator[Row]:
    """Yield counting, trees, ST-LLM per seed, means, and differences paired over users."""
    regime = Regime(part="validation" if scored == "val" else "test")
    counted, row = measured("counter mix", CounterMix(), parts, regime)
    yield row
    found: dict[tuple[str, int], pl.DataFrame] = {}
    for name, make in (("trees", Trees), ("ST-LLM", STLLM)):
        rows: list[Row] = []
        for seed in seeds:
            found[name, seed], row = measured(
                f"{name}, seed {seed}", make(seed=seed), parts, regime
            )
            rows.append(row)
            yield row
        if len(seeds) > 1:
            yield mean_row(f"{name}, mean of {len(seeds)} seeds", rows)
    for seed in seeds:
        trees, both = found["trees", seed], found["ST-LLM", seed]
        yield paired(f"trees, seed {seed}, less counter mix", trees, counted)
        yield paired(f"ST-LLM, seed {seed}, less counter mix", both, counted)
        yield paired(f"ST-LLM, seed {seed}, less trees", both, trees)


def mean_row(name: str, rows: list[Row]) -> Row:
    """Return the mean and the standard deviation of the measures of several seeds."""
    numbers = [key for key, value in rows[0].items() if isinstance(value, float)]
    values = {key: [float(row[key]) for row in rows] for key in numbers}
    spread: Row = {f"{key} ±": float(np.std(values[key], ddof=1)) for key in MEASURES}
    mean: Row = {key: float(np.mean(each)) for key, each in values.items()}
    return {"row": name, "queries": rows[0]["queries"]} | mean | spread


def paired(name: str, ours: pl.DataFrame, theirs: pl.DataFrame) -> Row:
    """Return the differences of two models on the same queries, with intervals over users."""
    row: Row = {"row": name, "queries": len(ours)}
    for measure in ("acc@1", "acc@10", "mrr"):
        gain = (ours[measure] - theirs[measure]).to_numpy()
        low, high = user_interval(gain, ours["user_id"].to_numpy())
        row |= {measure: float(gain.mean()), f"{measure} low": low, f"{measure} high": high}
    return row


def regime_rows(parts: Split) -> Iterator[Row]:
    """Yield the rows with less knowledge."""
    blind = STLLM(time_known=False)
    yield measured("time of the target not given", blind, parts, Regime(time_known=False))[1]
    regime = Regime(history="train")
    yield measured("training history and running session", STLLM(), parts, regime)[1]


def ablation_rows(parts: Split) -> Iterator[Row]:
    """Yield a row of the network alone, and one for each ingredient that it is left without."""
    yield measured("network alone", STLLM(without=["trees"]), parts)[1]
    for name in ("history", "graph", "time", "place", "text", "identity"):
        model = STLLM(without=["trees", name])
        yield measured(f"network alone without {name}", model, parts)[1]


def text_rows(parts: Split, seeds: Sequence[int]) -> Iterator[Row]:
    """Yield what the item texts, read by the language model, are worth, by seed and for all."""
    read_by: list[pl.DataFrame] = []
    unread: list[pl.DataFrame] = []
    for seed in seeds:
        for said, without, found in (("", [], read_by), (" without text", ["text"], unread)):
            name = f"ST-LLM{said}, seed {seed}"
            queries, row = measured(name, STLLM(seed=seed, without=without), parts)
            found.append(queries)
            yield row
        yield paired(f"worth of the text, seed {seed}", read_by[-1], unread[-1])
    if len(seeds) > 1:
        yield paired("worth of the text, all seeds", pl.concat(read_by), pl.concat(unread))


def newcomer_rows(parts: Split) -> Iterator[Row]:
    """Yield rows for users, then items, without a row in training, beside a model that saw them."""
    rng, train = np.random.default_rng(0), parts.train
    seen, _ = measured("", STLLM(), parts)
    users = rng.permutation(train.owner_ids)[: round(HELD_OUT * len(train.owner_ids))]
    items = rng.permutation(len(parts.vocabulary.items))
    items = items[: round(HELD_OUT * len(items))]
    item_ids = parts.vocabulary.items[items]
    for what, column, ids, kept in (
        ("users", "user_id", users, ~np.isin(train.owner_ids[train.owner], users)),
        ("items", "item_id", item_ids, ~np.isin(train.item, items)),
    ):
        chosen = pl.col(column).is_in(pl.Series(ids, dtype=pl.String).implode())
        for name, model in (("ST-LLM", STLLM()), ("counter mix", CounterMix())):
            model.fit(train.where(kept))
            found = evaluate_model(model, parts).queries.filter(chosen)
            yield summary(f"{name}, new {what}", found)
        yield summary(f"ST-LLM that saw these {what}", seen.filter(chosen))


def untaken_rows(folder: Path) -> Iterator[Row]:
    """Yield what counting finds of items without a check-in: three draws of a tenth of the items.

    Only a catalogue tells of them: name, category and place.
    """
    train, val = (read_nyc(folder, part) for part in ("train", "val"))
    items = train["item_id"].unique().sort().to_numpy()
    columns = ("item_name", "category", "lat", "lon")
    found: list[pl.DataFrame] = []
    others: list[pl.DataFrame] = []
    for draw in range(3):
        out = np.random.default_rng(draw).permutation(items)[: round(HELD_OUT * len(items))]
        is_out = pl.col("item_id").is_in(out.tolist())
        catalogue = train.filter(is_out).group_by("item_id").agg(pl.col(columns).first())
        parts = split(train.filter(~is_out), val, catalogue=catalogue)
        queries = evaluate_model(CounterMix().fit(parts.train), parts).queries
        found.append(queries.filter(is_out))
        others.append(queries.filter(~is_out))
    yield summary("counter mix, items without a check-in", pl.concat(found))
    yield summary("counter mix, the other items", pl.concat(others))


def transfer_rows(folder: Path, parts: Split) -> Iterator[Row]:
    """Yield rows of other cities: trained on New York alone, beside the counter mix tuned there."""
    model = STLLM().fit(parts.train)
    files = {"Calgary": [folder / "foursquare_calgary" / "checkins.csv.gz"]} | {
        f"tours, {city}": [folder / "flickr_tours" / f"{kind}-{city}.csv" for kind in
                           ("traj", "poi")] for city in TOURS
    }  # fmt: skip
    for city, paths in files.items():
        there = split(read(paths).checkins)
        for name, each in (
            ("ST-LLM trained on New York", model.adapt(there.train)),
            ("counter mix tuned there", CounterMix().fit(there.train)),
            ("ST-LLM trained there", STLLM().fit(there.train)),
        ):
            yield summary(f"{city}: {name}", evaluate_model(each, there).queries)


def small_rows(folder: Path) -> Iterator[Row]:
    """Yield rows over many small data sets: the training users, dealt into groups."""
    checkins = read_nyc(folder, "train")
    users = checkins["user_id"].unique().sort().to_numpy().copy()
    np.random.default_rng(0).shuffle(users)
    found: dict[str, list[pl.DataFrame]] = {name: [] for name in SMALL_MODELS}
    for group in np.array_split(users, N_SMALL):
        parts = split(
            checkins.filter(pl.col("user_id").is_in(group.tolist())), fractions=(0.88, 0.12, 0)
        )
        for name, make in SMALL_MODELS.items():
            found[name].append(evaluate_model(make().fit(parts.train), parts).queries)
    name = f"{N_SMALL} data sets of {len(users) // N_SMALL} users"
    both = {model: pl.concat(each) for model, each in found.items()}
    for model, queries in both.items():
        yield summary(f"{model}, {name}", queries)
    for model in ("trees", "ST-LLM"):
        yield paired(f"{model} less counter mix, the same", both[model], both["counter mix"])


def early_rows() -> Iterator[Row]:
    """Yield how far ST-LLM is from counting on each sample after no step, one pass, and the end.

    No step is a pass with steps of no length.
    """
    for sample in SAMPLES:
        parts = Dataset.of(sample).split
        counted = evaluate_model(CounterMix().fit(parts.train), parts).queries
        for name, given in (
            ("no step", {"epochs": 1, "learning_rate": 1e-12}),
            ("one pass", {"epochs": 1}),
            ("the end", {}),
        ):
            model = STLLM(text="", **given).fit(parts.train)
            ours = evaluate_model(model, parts).queries
            yield paired(f"{sample}, {name}: ST-LLM less counter mix", ours, counted)


def measured(
    name: str, model: Model, parts: Split, regime: Regime | None = None
) -> tuple[pl.DataFrame, Row]:
    """Fit and score a model; return one row per query, and their summary."""
    begun = time.process_time()
    model.fit(parts.train)
    fitted = time.process_time()
    found = evaluate_model(model, parts, regime).queries
    seconds = {"fit s": fitted - begun, "score s": time.process_time() - fitted}
    return found, summary(name, found) | seconds


def summary(name: str, found: pl.DataFrame) -> Row:
    """Return the means over queries, with 95 % intervals over users for Acc@1 and MRR."""
    row: Row = {"row": name, "queries": len(found)}
    if not len(found):
        return row
    row |= {measure: float(found[measure].mean()) for measure in MEASURES}
    for measure in ("acc@1", "mrr"):
        low, high = user_interval(found[measure].to_numpy(), found["user_id"].to_numpy())
        row |= {f"{measure} low": low, f"{measure} high": high}
    for kind, some in (
        ("return", found.filter("is_return")),
        ("discovery", found.filter(~pl.col("is_return"))),
    ):
        if len(some):
            row |= {f"{kind} {m}": float(some[m].mean()) for m in ("acc@1", "acc@10", "mrr")}
    return row


def million_row(n_items: int = 1_000_000, n_users: int = 2_000) -> Row:
    """Return time and memory of one query over a million items, with counts of random check-ins."""
    rng = np.random.default_rng(0)
    n = n_items + 50_000
    item = np.r_[np.arange(n_items), rng.zipf(1.5, n - n_items) % n_items]
    frame = pl.DataFrame(
        {
            "user_id": pl.Series(rng.integers(n_users, size=n)).cast(pl.String),
            "item_id": pl.Series(item).cast(pl.String),
            "timestamp": pl.Series(1_700_000_000_000_000 + np.sort(rng.integers(10**13, size=n)))
            .cast(pl.Datetime("us", "UTC")),
            "utc_offset_min": pl.Series(np.zeros(n), dtype=pl.Int16),
            "lat": 40 + rng.random(n),
            "lon": -74 + rng.random(n),
        }
    )  # fmt: skip
    parts = split(frame, fractions=(0.99, 0.01, 0.0))
    begun = time.process_time()
    model = STLLM(epochs=1, text="").fit(parts.train)
    fitted = time.process_time()
    queries = parts.queries(scored="every").take(slice(0, 10))
    model.score(queries.take(slice(0, 1)))
    warm = time.process_time()
    for row in range(10):
        model.score(queries.take(slice(row, row + 1)))
    return {
        "row": f"{n_items:,} items, one query",
        "queries": 10,
        "fit s": fitted - begun,
        "score s": (time.process_time() - warm) / 10,
        "peak GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


if __name__ == "__main__":
    main()
