"""All models on Foursquare New York, fitted on `train`, scored on `val`, as a Markdown table.

Scored: the last check-in of each validation session, of known users and items. Known: everything
the user did before, and the time of the target. Intervals are bootstraps over users (95 %), also
those of the paired differences from own counts. Seconds are those of the processor, on one
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

from strec.evaluation import Result, difference, evaluate_model, leaderboard
from strec.io import read
from strec.models import MODELS, Model
from strec.split import Split, split

#: What all models are compared with: no training, only the user's own past.
REFERENCE = "user_counts"
#: Measures with an interval.
WITH_INTERVAL = ("acc@1", "mrr")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kinds", nargs="*", help="kinds of models; all when not given")
    kinds = parser.parse_args().kinds or list(MODELS)
    folder = Path(os.environ["STREC_DATA"]) / "foursquare_nyc"
    parts = split(*(read(folder / f"{name}.csv.gz").checkins for name in ("train", "val")))
    reference, _ = measured(MODELS[REFERENCE](), parts)
    n_items = len(parts.vocabulary.items)
    print(f"{len(reference.queries):,} check-ins scored, {n_items:,} items\n")
    print("| model | Acc@1 | Acc@10 | MRR | discovery Acc@10 | Acc@1 less own counts' "
          "| MRR less own counts' | training, s | scoring, s |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for kind in kinds:
        print(row(*measured(MODELS[kind](), parts), reference), flush=True)


def measured(model: Model, parts: Split) -> tuple[Result, tuple[float, float]]:
    """Fit and score one model; return its result, and the seconds of both."""
    begun = time.process_time()
    model.fit(parts.train)
    trained = time.process_time()
    result = evaluate_model(model, parts)
    return result, (trained - begun, time.process_time() - trained)


def row(result: Result, seconds: tuple[float, float], reference: Result) -> str:
    """Return a model's line of the table."""
    (found,) = leaderboard([result]).to_dicts()
    is_itself = result.kind == reference.kind
    cells = [
        interval(found, "acc@1"),
        f"{found['acc@10']:.3f}",
        interval(found, "mrr"),
        f"{found['discovery acc@10']:.3f}",
        *("" if is_itself else against(result, reference, name) for name in WITH_INTERVAL),
        *(f"{each:.1f}" for each in seconds),
    ]
    return f"| {MODELS[result.kind].label} | {' | '.join(cells)} |"


def interval(found: dict, name: str) -> str:
    return f"{found[name]:.3f} [{found[f'{name} low']:.3f}, {found[f'{name} high']:.3f}]"


def against(result: Result, reference: Result, name: str) -> str:
    """Return the paired difference; in bold where its interval excludes 0."""
    found = difference(result, reference, name)
    text = f"{found['difference']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]"
    return f"**{text}**" if found["is_real"] else text


if __name__ == "__main__":
    main()
