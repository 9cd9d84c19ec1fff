"""Why this suggestion: parts that add up, the check-ins behind them, and what would change it."""

from strec.explain.reasons import LABELS, Reasons, explain, parts_of_list
from strec.explain.what_if import what_if_hours, what_if_places

__all__ = ["LABELS", "Reasons", "explain", "parts_of_list", "what_if_hours", "what_if_places"]
