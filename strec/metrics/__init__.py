"""Measures of a ranking; `METRICS` has them all, each an object in a module of this package."""

from strec.metrics.acc_at_k import accuracy
from strec.metrics.base import Metric, Ranked, Scored, mean_of
from strec.metrics.calibration import calibration_error, reliability
from strec.metrics.covered import coverage
from strec.metrics.f1 import macro_f1
from strec.metrics.intervals import FEWEST_USERS, user_interval
from strec.metrics.mrr import reciprocal_rank
from strec.metrics.ndcg_at_k import ndcg
from strec.metrics.novelty import novelty_bits
from strec.metrics.ranks import best_first, expected_rank, standing
from strec.registry import Registry

#: Every metric by its column in a leaderboard, in the order in which they are shown.
METRICS: Registry[Metric] = Registry(
    "strec.metrics",
    belongs=lambda each: isinstance(each, Metric),
    name_of=lambda metric: metric.name,
    order_of=lambda metric: metric.order,
)

__all__ = [
    "FEWEST_USERS",
    "METRICS",
    "Metric",
    "Ranked",
    "Scored",
    "accuracy",
    "best_first",
    "calibration_error",
    "coverage",
    "expected_rank",
    "macro_f1",
    "mean_of",
    "ndcg",
    "novelty_bits",
    "reciprocal_rank",
    "reliability",
    "standing",
    "user_interval",
]
