"""Does the gate choose the better route? Both are fitted and scored on each data set.

The gate reads training data only and says "ST-LLM", "sequence" or "traditional". Then the best
traditional recommender and the best one that knows time and place are scored on later check-ins::

    STREC_DATA=folder python benchmarks/route.py            # Markdown table
    python benchmarks/route.py --samples                    # the samples of strec instead
    python benchmarks/route.py --samples --only travel --models counting,stllm
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")

from strec import evaluation, read, read_sample
from strec.gate import dependence_test
from strec.io.samples import samples
from strec.models import MODELS
from strec.split import split

TRADITIONAL = ("popularity", "user_counts", "item_knn", "als")
WITH_TIME_AND_PLACE = ("counter_mix", "stllm")
SETS = {
    "Foursquare New York": ["foursquare_nyc/train.csv.gz"],
    "Foursquare Calgary": ["foursquare_calgary/checkins.csv.gz"],
    "Divvy Chicago": ["divvy_2013/trips.csv.gz"],
    "Flickr Edinburgh": ["flickr_tours/traj-Edin.csv", "flickr_tours/poi-Edin.csv"],
    "Flickr Osaka": ["flickr_tours/traj-Osak.csv", "flickr_tours/poi-Osak.csv"],
    "MovieLens 100k": ["movielens_100k/u.data"],
}


def main() -> None:
    arguments = _arguments()
    print("| data | gate | traditional: best, Acc@1 | time and place: best, Acc@1 | "
          "difference [95 %] | gate right? |\n|---|---|---|---|---|---|")  # fmt: skip
    for name, checkins in _data(arguments):
        began = time.perf_counter()
        print(_row(name, checkins, arguments.models), flush=True)
        print(f"<!-- {name}: {time.perf_counter() - began:.0f} s -->", flush=True)


def _row(name: str, checkins, models: tuple[str, ...] | None) -> str:
    parts = split(checkins)
    gate = dependence_test(parts.train, max_checkins=50_000, n_permutations=79)
    regime = evaluation.Regime(scored="every")
    plain = _best(parts, regime, [k for k in TRADITIONAL if not models or k in models])
    timed = _best(parts, regime, [k for k in WITH_TIME_AND_PLACE if not models or k in models])
    gap = evaluation.difference(timed, plain)
    # Below ten users there is no interval, and nothing to be said.
    low, high = gap["low"] or 0.0, gap["high"] or 0.0
    better = "ST-LLM" if low > 0 else "traditional" if high < 0 else "either"
    # A model of sequences is of the side that knows what came before.
    side = "traditional" if gate.route == "traditional" else "ST-LLM"
    right = "yes" if better in ("either", side) else "no"
    return (
        f"| {name} | {gate.route} | {plain.name}, {_acc(plain):.3f} | {timed.name}, "
        f"{_acc(timed):.3f} | {gap['difference']:+.3f} [{low:+.3f}, {high:+.3f}] | "
        f"{right} ({better} is better) |"
    )


def _best(parts, regime, kinds: list[str]):
    results = []
    for kind in kinds:
        model = MODELS[kind]().fit(parts.train)
        results.append(evaluation.evaluate_model(model, parts, regime, name=kind))
    return max(results, key=_acc)


def _acc(result) -> float:
    return float(result.queries["acc@1"].mean())


def _data(arguments):
    if arguments.samples:
        for sample in samples():
            if not arguments.only or sample.name in arguments.only:
                yield sample.title, read_sample(sample.name)
        return
    folder = Path(os.environ["STREC_DATA"])
    for name, files in SETS.items():
        if not arguments.only or any(each in name for each in arguments.only):
            yield name, read([folder / file for file in files]).checkins


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--samples", action="store_true", help="the samples of strec")
    parser.add_argument("--only", nargs="*", default=[], help="some data sets, by name")
    parser.add_argument("--models", type=lambda text: tuple(text.split(",")), default=None)
    return parser.parse_args()


if __name__ == "__main__":
    main()
