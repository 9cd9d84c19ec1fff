"""How good is a model? One value per query, leaderboards with intervals, slices, a proposal.

The protocol is in docs/protocol.md: what is scored, what is known, how ties count.
"""

from strec.evaluation.export import to_csv, to_html, to_markdown
from strec.evaluation.of_store import split_of_store
from strec.evaluation.on_map import errors_on_map
from strec.evaluation.proposal import Proposal, propose
from strec.evaluation.regime import Regime
from strec.evaluation.scoring import (
    COUNTING,
    LENGTHS,
    Result,
    counting_models,
    evaluate,
    evaluate_checkins,
)
from strec.evaluation.slices import SLICES, slices
from strec.evaluation.summary import MEASURES, PAIRED, Measure, compare, difference, leaderboard

__all__ = [
    "COUNTING",
    "LENGTHS",
    "MEASURES",
    "PAIRED",
    "SLICES",
    "Measure",
    "Proposal",
    "Regime",
    "Result",
    "compare",
    "counting_models",
    "difference",
    "errors_on_map",
    "evaluate",
    "evaluate_checkins",
    "leaderboard",
    "propose",
    "slices",
    "split_of_store",
    "to_csv",
    "to_html",
    "to_markdown",
]
