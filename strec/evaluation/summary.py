"""One row per model, one row per measure: leaderboards and paired comparisons with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from strec import metrics
from strec.errors import ModelError
from strec.evaluation.scoring import LENGTHS, Result


@dataclass(frozen=True)
class Measure:
    """What a column of the leaderboard is called, and what it means, in one sentence."""

    title: str
    sentence: str
    more_is_better: bool = True
    digits: int = 3


#: All measures of a leaderboard, in the order in which they are shown.
MEASURES = {
    "acc@1": Measure(
        "Accuracy (Acc@1)", "How often the first suggestion is what came next."
    ),
    "acc@5": Measure("Acc@5", "How often what came next is among the first five suggestions."),
    "acc@10": Measure(
        "Recall (Acc@10)",
        "How often what came next is among the first ten suggestions; with one right answer per "
        "question this is also recall and hit rate.",
    ),
    "acc@20": Measure("Acc@20", "How often what came next is among the first twenty."),
    "mrr": Measure(
        "MRR", "The mean of 1 / rank of what came next: 1 when always first, 0.5 when second."
    ),
    "ndcg@10": Measure(
        "NDCG@10", "Like MRR within the first ten, with a gentler discount: 1 / log2(1 + rank)."
    ),
    "macro f1": Measure(
        "F1 (macro)",
        "Precision and recall of the first suggestion in one number, each item counting the same, "
        "however rare it is.",
    ),
    "mse": Measure(
        "MSE (Brier)",
        "The squared distance of the stated probabilities from what came, summed over all items: "
        "0 is certain and right, about 1 says nothing, 2 is certain and wrong.",
        more_is_better=False,
    ),
    "return acc@1": Measure(
        "Returns, Acc@1", "Accuracy where what came next is something the user took before."
    ),
    "return acc@10": Measure("Returns, Acc@10", "Recall of ten for such returns."),
    "discovery acc@1": Measure(
        "Discoveries, Acc@1", "Accuracy where what came next is new to the user: much harder."
    ),
    "discovery acc@10": Measure("Discoveries, Acc@10", "Recall of ten for such discoveries."),
    "distance error km": Measure(
        "Distance error (km)",
        "How far the first suggestion lies from where the user went (median).",
        more_is_better=False, digits=2,
    ),
    "coverage@10": Measure(
        "Coverage", "The share of all items that stand in at least one list of ten."
    ),
    "novelty bits": Measure(
        "Novelty (bits)", "How rare the suggested items are; popular items alone give little.",
        digits=1,
    ),
    "calibration error": Measure(
        "Calibration error",
        "How far stated probabilities are from how often they come true (ECE).",
        more_is_better=False,
    ),
    "mean log score": Measure(
        "Log score (nats)", "The mean log probability given to what came next.", digits=2
    ),
}  # fmt: skip

#: Measures with one value per query, which can be compared pair by pair.
PAIRED = (*(f"acc@{k}" for k in LENGTHS), "mrr", "ndcg@10", "mse")


def leaderboard(results: Sequence[Result], *, n_draws: int = 2000, seed: int = 0) -> pl.DataFrame:
    """Return one row per model: means, with 95 % intervals over users where they apply.

    Returns
    -------
    polars.DataFrame
        Columns ``model``, ``kind``, ``n_queries``, ``n_users``, then each of `MEASURES`, for
        those with one value per query with ``… low`` and ``… high``; best Acc@1 first. Measures
        that do not apply (calibration of scores that are no probabilities, distances without
        places) are null.
    """
    rows = [_summary(result, n_draws, seed) for result in results]
    floats = dict.fromkeys(
        [*MEASURES, *(f"{m} {end}" for m in PAIRED for end in ("low", "high")), "fit seconds"],
        pl.Float64,
    )
    table = pl.DataFrame(rows, infer_schema_length=None, schema_overrides=floats)
    return table.sort("acc@1", "mrr", descending=True)


def difference(
    first: Result, second: Result, measure: str = "acc@1", *, n_draws: int = 2000, seed: int = 0
) -> dict[str, float | bool]:
    """Return the paired difference of two models with its interval; real if it excludes 0.

    Raises
    ------
    ModelError
        If the two were not scored on the same queries, or a measure does not apply to both.
    """
    _check_paired(first, second)
    values = (first.queries[measure] - second.queries[measure]).to_numpy()
    if not np.isfinite(values).all():
        raise ModelError(
            f"Both models state what {measure} is made of.",
            "scores that are no probabilities.",
            "Compare another measure.",
        )
    users = first.queries["user_id"].to_numpy()
    low, high = metrics.user_interval(values, users, n_draws=n_draws, seed=seed)
    return {
        "difference": float(values.mean()),
        "low": low,
        "high": high,
        "is_real": low > 0 or high < 0,
    }


def compare(first: Result, second: Result, *, n_draws: int = 2000, seed: int = 0) -> pl.DataFrame:
    """Return the paired differences of two models, one row per measure.

    Returns
    -------
    polars.DataFrame
        ``measure, title, first, second, difference, low, high, is_real``; measures that do not
        apply to both are left out.

    Raises
    ------
    ModelError
        If the two were not scored on the same queries.
    """
    _check_paired(first, second)
    rows = []
    for measure in PAIRED:
        means = first.queries[measure].mean(), second.queries[measure].mean()
        if None not in means:
            found = difference(first, second, measure, n_draws=n_draws, seed=seed)
            title = MEASURES[measure].title
            rows.append(
                {"measure": measure, "title": title, "first": means[0], "second": means[1]} | found
            )
    return pl.DataFrame(rows)


def _check_paired(first: Result, second: Result) -> None:
    key = ["user_id", "timestamp", "item_id"]
    if first.regime != second.regime or not first.queries.select(key).equals(
        second.queries.select(key)
    ):
        raise ModelError(
            "A paired difference needs the same queries under the same regime.",
            f"{len(first.queries):,} and {len(second.queries):,} queries that differ.",
            "Evaluate both models on one split and regime.",
        )


def _summary(result: Result, n_draws: int, seed: int) -> dict[str, float | int | str | None]:
    frame = result.queries
    users = frame["user_id"].to_numpy()
    row: dict[str, float | int | str | None] = {
        "model": result.name,
        "kind": result.kind,
        "n_queries": len(frame),
        "n_users": frame["user_id"].n_unique(),
    }
    for measure in PAIRED:
        row[measure] = frame[measure].mean()
        if row[measure] is not None:
            row[f"{measure} low"], row[f"{measure} high"] = metrics.user_interval(
                frame[measure].to_numpy(), users, n_draws=n_draws, seed=seed
            )
    known = frame.filter("is_known_item")
    returns, discoveries = known.filter("is_return"), known.filter(~pl.col("is_return"))
    return row | {
        "share of returns": len(returns) / max(len(known), 1),
        "return acc@1": returns["acc@1"].mean(),
        "return acc@10": returns["acc@10"].mean(),
        "discovery acc@1": discoveries["acc@1"].mean(),
        "discovery acc@10": discoveries["acc@10"].mean(),
        "macro f1": _macro_f1(known),
        "distance error km": frame["distance_error_km"].median(),
        "coverage@10": result.coverage,
        "novelty bits": frame["novelty_bits"].mean(),
        **_of_probabilities(result, known),
        "score seconds": result.score_seconds,
        "fit seconds": result.fit_seconds,
    }


def _macro_f1(known: pl.DataFrame) -> float | None:
    if known.is_empty():
        return None
    both = pl.concat([known["item_id"], known["guess"]]).rank("dense").to_numpy()
    return metrics.macro_f1(both[: len(known)], both[len(known) :])


def _of_probabilities(result: Result, known: pl.DataFrame) -> dict[str, float | None]:
    if not result.is_probability:
        return {"calibration error": None, "mean log score": None}
    frame = result.queries
    error = metrics.calibration_error(frame["guess_score"].to_numpy(), frame["is_hit"].to_numpy())
    # A target of probability 0 would make the mean infinite; this floor is far below 1 / n_items.
    log_score = (known["score"] + 1e-12).log().mean()
    return {"calibration error": error, "mean log score": log_score}
