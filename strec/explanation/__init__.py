"""Why this suggestion: parts that add up, the check-ins behind them, and what would change it."""

from strec.explanation.card import card
from strec.explanation.changes import Change, changes, rank_moves
from strec.explanation.reasons import LABELS, Reasons, explain, parts_of_list
from strec.explanation.what_if import (
    best_by_hour,
    best_by_place,
    counterfactual,
    walk,
    what_if_hours,
    what_if_places,
    wished,
)

__all__ = [
    "LABELS", "Change", "Reasons", "best_by_hour", "best_by_place", "card", "changes",
    "counterfactual", "explain", "parts_of_list", "rank_moves", "walk",
    "what_if_hours", "what_if_places", "wished",
]  # fmt: skip
