"""Figures with plotly: each takes a small frame and returns a figure that says what it is.

Backgrounds are transparent and nothing is coloured by page, so a figure sits on a light and on a
dark page; `dark` only turns colour scales round, so that large values stand out.
"""

from strec.plots.categories import category_bars, category_hours
from strec.plots.groups import group_days, group_hours, group_ratios
from strec.plots.parts import parts, what_if_hours
from strec.plots.style import note
from strec.plots.times import calendar, clock, hour_weekday, trend, weekdays
from strec.plots.words import in_words

__all__ = [
    "calendar", "category_bars", "category_hours", "clock", "group_days", "group_hours",
    "group_ratios", "hour_weekday", "in_words", "note", "parts", "trend", "weekdays",
    "what_if_hours",
]  # fmt: skip
