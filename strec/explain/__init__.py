"""Why this suggestion: parts that add up, the check-ins behind them, and what would change it."""

from strec.explain.reasons import LABELS, Reasons, explain, parts_of_list
from strec.explain.what_if import (
    best_by_hour,
    best_by_place,
    counterfactual,
    walk,
    what_if_hours,
    what_if_places,
)

__all__ = [
    "LABELS", "Reasons", "best_by_hour", "best_by_place", "counterfactual", "explain",
    "parts_of_list", "walk", "what_if_hours", "what_if_places",
]  # fmt: skip
