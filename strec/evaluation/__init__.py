"""How good is a model? One value per query, leaderboards with intervals, slices, a proposal.

The protocol is in docs/protocol.md: what is scored, what is known, how ties count.
"""

from strec.evaluation.experiment import Evaluation, counting_models, evaluate
from strec.evaluation.export import to_csv, to_html, to_markdown
from strec.evaluation.kept import evaluate_ahead
from strec.evaluation.on_map import errors_on_map
from strec.evaluation.proposal import Proposal, propose
from strec.evaluation.regime import FIRST_LOOK, Regime
from strec.evaluation.scoring import Result, evaluate_model
from strec.evaluation.slices import SLICES, slices
from strec.evaluation.summary import compare, difference, leaderboard

__all__ = [
    "FIRST_LOOK",
    "SLICES",
    "Evaluation",
    "Proposal",
    "Regime",
    "Result",
    "compare",
    "counting_models",
    "difference",
    "errors_on_map",
    "evaluate",
    "evaluate_ahead",
    "evaluate_model",
    "leaderboard",
    "propose",
    "slices",
    "to_csv",
    "to_html",
    "to_markdown",
]
