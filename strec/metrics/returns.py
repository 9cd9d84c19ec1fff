"""Accuracy on returns and on discoveries: two questions of very different difficulty."""

import polars as pl

from strec.metrics.base import Metric, Scored, mean_of


def _metric(
    name: str, title: str, sentence: str, order: int, chosen: pl.Expr, is_short: bool = False
) -> Metric:
    column = name.split()[1]

    def of_all(scored: Scored) -> float | None:
        return mean_of(scored.known.filter(chosen)[column])

    return Metric(
        name=name,
        title=title,
        sentence=sentence,
        order=order,
        of_all=of_all,
        is_short=is_short,
    )


_RETURN, _DISCOVERY = pl.col("is_return"), ~pl.col("is_return")
RETURN_1 = _metric(
    "return acc@1",
    "Returns, Acc@1",
    "Accuracy where what came next is something the user took before.",
    70,
    _RETURN,
    is_short=True,
)
RETURN_10 = _metric(
    "return acc@10", "Returns, Acc@10", "Recall of ten for such returns.", 71, _RETURN
)
DISCOVERY_1 = _metric(
    "discovery acc@1",
    "Discoveries, Acc@1",
    "Accuracy where what came next is new to the user: much harder.",
    72,
    _DISCOVERY,
)
DISCOVERY_10 = _metric(
    "discovery acc@10",
    "Discoveries, Acc@10",
    "Recall of ten for such discoveries.",
    73,
    _DISCOVERY,
    is_short=True,
)
