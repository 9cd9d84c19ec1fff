"""Two groups of check-ins: where they differ, by how much, and whether that is more than chance."""

from strec.groups.comparison import MEASURES, Comparison, capital, compare_groups, in_words
from strec.groups.counts import FACETS
from strec.groups.people import user_groups

__all__ = [
    "FACETS",
    "MEASURES",
    "Comparison",
    "capital",
    "compare_groups",
    "in_words",
    "user_groups",
]
