"""All models on Foursquare New York, fitted on `train`, scored on `val`, as a Markdown table.

Scored: the last check-in of each validation session, of known users and items. Known: everything
the user did before, and the time of the target. Seconds are those of the processor, on one
thread::

    STREC_DATA=folder python benchmarks/models.py                # every kind in strec.models
    STREC_DATA=folder python benchmarks/models.py lstm st_lstm   # some of them
"""

import argparse
import os
import time
from pathlib import Path

# One thread: times of different models compare, whatever else the machine does.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from strec import metrics
from strec.io import read
from strec.models import ABOUT, KINDS, Model
from strec.split import Queries, Split, split

CHUNK = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kinds", nargs="*", help="kinds of models; all when not given")
    kinds = parser.parse_args().kinds or list(KINDS)
    folder = Path(os.environ["STREC_DATA"]) / "foursquare_nyc"
    parts = split(*(read(folder / f"{name}.csv.gz").checkins for name in ("train", "val")))
    queries = parts.queries()
    print(f"{len(queries):,} check-ins scored, {len(parts.vocabulary.items):,} items\n")
    print("| model | Acc@1 | Acc@10 | MRR | discovery Acc@10 | training, s | scoring, s |")
    print("|---|---|---|---|---|---|---|")
    for kind in kinds:
        print(row(KINDS[kind](), parts, queries), flush=True)


def row(model: Model, parts: Split, queries: Queries) -> str:
    """Fit and score one model, and return its line of the table."""
    begun = time.process_time()
    model.fit(parts.train)
    trained = time.process_time()
    standing = [
        metrics.standing(model.score(chunk), chunk.target)
        for first in range(0, len(queries), CHUNK)
        for chunk in [queries.take(slice(first, first + CHUNK))]
    ]
    scored = time.process_time()
    better, tied = (np.concatenate(values) for values in zip(*standing, strict=True))
    new = ~queries.returns
    numbers = [
        metrics.accuracy(better, tied, 1).mean(),
        metrics.accuracy(better, tied, 10).mean(),
        metrics.reciprocal_rank(better, tied).mean(),
        metrics.accuracy(better, tied, 10)[new].mean(),
    ]
    cells = [*(f"{number:.3f}" for number in numbers)]
    cells += [f"{trained - begun:.1f}", f"{scored - trained:.1f}"]
    return f"| {ABOUT[model.kind].label} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
