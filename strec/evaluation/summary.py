"""One row per model, one row per measure: leaderboards and paired comparisons with intervals."""

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
import polars as pl

from strec.errors import ModelError
from strec.evaluation.scoring import BLOCK, Result, blocks_of, n_users_of
from strec.metrics import METRICS, user_interval


def leaderboard(results: Sequence[Result]) -> pl.DataFrame:
    """Return one row per model: means, with 95 % intervals over users, where they are enough.

    Parameters
    ----------
    results : sequence of Result
        Scored on the same queries.

    Returns
    -------
    polars.DataFrame
        Columns ``model``, ``kind``, ``n_queries``, ``n_users``, then each of
        `strec.metrics.METRICS`, those with an interval with ``… low`` and ``… high``,
        ``share of returns``, ``score seconds``, ``fit seconds``; best Acc@1 first. Metrics that
        do not apply (calibration of scores that are no probabilities, distances without places)
        are null.

    Raises
    ------
    ModelError
        If there is no result.

    Examples
    --------
    >>> from strec import Dataset, evaluate
    >>> found = evaluate(["popularity", "user_counts"], Dataset.sample("travel"))
    >>> leaderboard(found)["model"].to_list()
    ['User counts', 'Popularity']
    """
    check_results(results)
    columns = [
        name
        for metric in METRICS.values()
        for name in (
            metric.name,
            *((f"{metric.name} low", f"{metric.name} high") if metric.is_paired else ()),
        )
    ]
    floats = dict.fromkeys(
        [*columns, "share of returns", "score seconds", "fit seconds"], pl.Float64
    )
    texts = {"model": pl.String, "kind": pl.String, "n_queries": pl.Int64, "n_users": pl.Int64}
    rows = [_row(result) for result in results]
    return pl.DataFrame(rows, schema=texts | floats).sort("acc@1", "mrr", descending=True)


def check_results(results: Sequence[Result], measure: str = "acc@1") -> None:
    """Refuse what holds no result of `evaluate`, and a measure that results do not have."""
    is_list = isinstance(results, Sequence)
    if not is_list or not results or not all(isinstance(each, Result) for each in results):
        raise ModelError(
            "Evaluated models are needed: what strec.evaluate returns.",
            "an empty list." if is_list else f"a {type(results).__name__}.",
            "Evaluate at least one model first.",
        )
    if not isinstance(measure, str) or measure not in results[0].queries.columns:
        paired = [name for name, metric in METRICS.items() if metric.is_paired]
        raise ModelError(
            f"A measure with a value per query is needed: {', '.join(paired)}.",
            f"{measure!r:.60}.",
            "Choose one of them.",
        )


class Difference(TypedDict):
    """A paired difference: its 95 % interval over users, None where there is none, and whether
    that excludes 0."""

    difference: float
    low: float | None
    high: float | None
    is_real: bool


def difference(first: Result, second: Result, measure: str = "acc@1") -> Difference:
    """Return the paired difference of two models with its interval; real if it excludes 0.

    Below `strec.metrics.FEWEST_USERS` users there is no interval, and no difference is real.

    Parameters
    ----------
    first, second : Result
        Scored on the same queries.
    measure : str
        A metric with a value per query.

    Raises
    ------
    ModelError
        If the two were not scored on the same queries, or a measure does not apply to both.

    Examples
    --------
    >>> from strec import Dataset, evaluate
    >>> found = evaluate(["user_counts", "popularity"], Dataset.sample("travel"))
    >>> difference(*found[:2], "mrr")["is_real"]
    False
    """
    check_results([first, second], measure)
    _check_paired(first, second)
    values = (first.queries[measure] - second.queries[measure]).to_numpy()
    if not np.isfinite(values).all():
        raise ModelError(
            f"Both models state what {measure} is made of.",
            "scores that are no probabilities.",
            "Compare another measure.",
        )
    low, high = user_interval(values, blocks_of(first.queries))
    return {
        "difference": float(values.mean()),
        "low": low,
        "high": high,
        "is_real": low is not None and high is not None and (low > 0 or high < 0),
    }


def compare(first: Result, second: Result) -> pl.DataFrame:
    """Return the paired differences of two models, one row per measure.

    Parameters
    ----------
    first, second : Result
        Scored on the same queries.

    Returns
    -------
    polars.DataFrame
        ``measure, title, first, second, difference, low, high, is_real``; measures that do not
        apply to both are left out.

    Raises
    ------
    ModelError
        If the two were not scored on the same queries.

    Examples
    --------
    >>> from strec import Dataset, evaluate
    >>> found = evaluate(["popularity", "user_counts"], Dataset.sample("travel"))
    >>> compare(*found[:2]).columns
    ['measure', 'title', 'first', 'second', 'difference', 'low', 'high', 'is_real']
    """
    check_results([first, second])
    _check_paired(first, second)
    rows = []
    for measure, metric in METRICS.items():
        if not metric.is_paired:
            continue
        means = first.queries[measure].mean(), second.queries[measure].mean()
        if None not in means:
            found = difference(first, second, measure)
            rows.append(
                {"measure": measure, "title": metric.title, "first": means[0], "second": means[1]}
                | found
            )
    return pl.DataFrame(rows, schema_overrides={"low": pl.Float64, "high": pl.Float64})


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


def _row(result: Result) -> dict[str, Any]:
    frame, known = result.queries, result.known
    row: dict[str, Any] = {
        "model": result.name,
        "kind": result.kind,
        "n_queries": len(frame),
        "n_users": n_users_of(frame),
        "share of returns": None
        if BLOCK in frame.columns
        else known["is_return"].sum() / max(len(known), 1),
        "score seconds": result.score_seconds,
        "fit seconds": result.fit_seconds,
    }
    users = blocks_of(frame)
    for name, metric in METRICS.items():
        row[name] = metric.value(result)
        if metric.is_paired and row[name] is not None:
            values = frame[metric.column].to_numpy()
            row[f"{name} low"], row[f"{name} high"] = user_interval(values, users)
    return row
