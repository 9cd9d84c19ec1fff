"""strec beside RecBole and implicit on Foursquare New York: same split, same questions, one run.

RecBole pins what strec does not, so it lives in an environment of its own and answers through
files: it is given training sequences and histories, never a target, and gives scores back. All
measures are computed here, by `strec.metrics`, for all rows alike::

    python benchmarks/peers.py --env FOLDER                  # prints how to make the environment
    STREC_DATA=folder python benchmarks/peers.py --python FOLDER/bin/python
    STREC_DATA=folder python benchmarks/peers.py --python … --rows SASRec stllm --budget 600
    STREC_DATA=folder python benchmarks/peers.py --python … --quick      # a tiny slice, to try it

Each row is a process of its own, one after the other, on one thread.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

# One thread: times of different models compare, whatever else the machine does.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import polars as pl

from strec import metrics
from strec.io import read
from strec.split import Split, split

WORKER = Path(__file__).with_name("peers_worker.py")
CHUNK = 500
MAKE = """python3.11 -m venv {env}
{env}/bin/pip install recbole==1.2.1 "numpy<2" "scipy<1.12" "pandas<2.2" "setuptools<80" torch"""
#: Row: (label, library, what it cannot know).
ROWS = {
    "FPMC": ("FPMC", "RecBole", "time, place, names, all but the last visit"),
    "GRU4Rec": ("GRU4Rec", "RecBole", "time, place, names, user"),
    "SASRec": ("SASRec", "RecBole", "time, place, names, user"),
    "item_knn": ("item-KNN", "implicit", "time, place, names, order"),
    "als": ("ALS", "implicit", "time, place, names, order"),
    "bpr": ("BPR", "implicit", "time, place, names, order"),
    "counting_blind": ("counter mix", "strec", "time of the target"),
    "counter_mix": ("counter mix", "strec", "names"),
    "stllm_blind": ("ST-LLM", "strec", "time of the target"),
    "stllm": ("ST-LLM", "strec", ""),
}
RECBOLE = ("FPMC", "GRU4Rec", "SASRec")
COLUMNS = ("model", "library", "Acc@1", "Acc@10", "MRR", "returns, Acc@1", "discoveries, Acc@10",
           "training, CPU s", "wall s", "peak, MB", "cannot know")  # fmt: skip


def main() -> None:
    args = _arguments()
    if args.env:
        print(MAKE.format(env=args.env))
        return
    rows = [row for row in args.rows if args.python or row not in RECBOLE]
    parts = new_york(args.quick)
    queries = parts.queries()
    found = []
    print(f"{len(queries):,} questions, {len(parts.vocabulary.items):,} places\n")
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export(parts, folder)
        for row in rows:
            note = (
                run_recbole(row, folder, args) if row in RECBOLE else run_strec(row, folder, args)
            )
            numbers = measures(np.load(folder / "scores.npy"), parts) | note
            found.append({"row": row, **numbers})
            print(line(row, numbers), flush=True)
    if args.out:
        args.out.write_text(json.dumps(found, indent=2))


def new_york(quick: bool = False) -> Split:
    """Read New York as it was published; a few users of it for a quick try."""
    folder = Path(os.environ["STREC_DATA"]) / "foursquare_nyc"
    tables = [
        read([folder / f"{part}.csv.gz", folder / "pois.csv"]).checkins for part in ("train", "val")
    ]
    if quick:
        few = tables[1]["user_id"].unique().sort().head(60).implode()
        tables = [table.filter(pl.col("user_id").is_in(few)) for table in tables]
    return split(*tables)


def export(parts: Split, folder: Path) -> None:
    """Write training sequences, and the history of each question without its target."""
    train, queries = parts.train, parts.queries()
    known = train.item >= 0
    # Order alone matters to sequence models, and single precision would blur microseconds.
    order = np.argsort(np.argsort(train.time_us[known], kind="stable"), kind="stable")
    np.savez(folder / "train.npz", user=train.user[known], item=train.item[known], order=order)
    item = queries.log.item[queries.indices]
    length = np.bincount(queries.pair_query[item >= 0], minlength=len(queries))
    np.savez(
        folder / "queries.npz",
        user=queries.user,
        item=item[item >= 0],
        indptr=np.r_[0, np.cumsum(length)],
        n_items=len(parts.vocabulary.items),
    )


def run_recbole(name: str, folder: Path, args: argparse.Namespace) -> dict:
    """Train a model of RecBole in its own environment; its scores are left in the folder."""
    command = [args.python, WORKER, name, folder, "--budget", args.budget, "--seed", args.seed,
               "--max-length", args.max_length, "--batch", args.batch]  # fmt: skip
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"RecBole's {name} failed:\n{done.stderr[-3000:]}")
    return json.loads((folder / "note.json").read_text())


def run_strec(name: str, folder: Path, args: argparse.Namespace) -> dict:
    """Fit a model of strec in a process of its own; its scores are left in the folder."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as one:
        return one.submit(_fit_and_score, name, folder, args.quick).result()


def _fit_and_score(name: str, folder: Path, quick: bool) -> dict:
    from strec.models import MODELS

    parts = new_york(quick)
    kind, blind, _ = name.partition("_blind")
    model = MODELS[kind](time_known=False) if blind else MODELS[kind]()
    cpu, wall = time.process_time(), time.perf_counter()
    model.fit(parts.train)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    queries = parts.queries(time_known=not blind)
    chunks = (queries.take(slice(at, at + CHUNK)) for at in range(0, len(queries), CHUNK))
    np.save(folder / "scores.npy", np.concatenate([model.score(chunk) for chunk in chunks]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu_s": cpu, "wall_s": wall, "peak_mb": peak}


def measures(scores: np.ndarray, parts: Split) -> dict:
    """Return means over questions, with 95 % intervals over users."""
    queries = parts.queries()
    better, tied = metrics.standing(scores, queries.target)
    per_query = {
        "acc@1": metrics.accuracy(better, tied, 1),
        "acc@10": metrics.accuracy(better, tied, 10),
        "mrr": metrics.reciprocal_rank(better, tied),
    }
    found = {name: float(values.mean()) for name, values in per_query.items()}
    for name in ("acc@1", "mrr"):
        found[f"{name} interval"] = metrics.user_interval(per_query[name], queries.user)
    found["return acc@1"] = float(per_query["acc@1"][queries.returns].mean())
    found["discovery acc@10"] = float(per_query["acc@10"][~queries.returns].mean())
    return found


def line(row: str, found: dict) -> str:
    """Return a line of the Markdown table."""
    label, library, lacks = ROWS[row]
    if "epochs" in found:
        ended = "stopped early" if found["converged"] else "budget used"
        label += f" ({found['epochs']} epochs, {ended}; best {found['best_epoch']})"

    def spread(name: str) -> str:
        low, high = found[f"{name} interval"]
        return f"{found[name]:.3f} [{low:.3f}, {high:.3f}]"

    cells = [label, library, spread("acc@1"), f"{found['acc@10']:.3f}", spread("mrr"),
             f"{found['return acc@1']:.3f}", f"{found['discovery acc@10']:.3f}",
             f"{found['cpu_s']:.0f}", f"{found['wall_s']:.0f}", f"{found['peak_mb']:,.0f}",
             lacks]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--env", help="print how to make RecBole's environment in this folder")
    parser.add_argument("--python", help="Python of that environment; without it no RecBole rows")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--budget", type=float, default=1800.0, metavar="SECONDS",
                        help="CPU seconds of training for each model of RecBole")  # fmt: skip
    parser.add_argument("--max-length", type=int, default=50,
                        help="visits that RecBole's models look back")  # fmt: skip
    parser.add_argument("--batch", type=int, default=256,
                        help="questions per step of RecBole; its own 2048 suit a GPU")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="60 users, 20 s for each model")
    parser.add_argument("--out", type=Path, help="write the rows here as JSON")
    args = parser.parse_args()
    if args.quick:
        args.budget = min(args.budget, 20.0)
    return args


if __name__ == "__main__":
    main()
