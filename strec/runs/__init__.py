"""Trainings that outlive the page that started them: a folder each, a process of their own.

A run folder says all about itself: what was trained on which data with which versions
(``run.json``), where it stands (``state.json``), what happened (``events.jsonl``), how good the
model is (``results.json``), and the model itself, as `strec.models.load_model` reads it.
"""

from strec.runs.budget import (
    BUDGETS,
    Budget,
    expected_seconds,
    language_of,
    needs_several,
    parameters,
    shortage,
)
from strec.runs.create import create
from strec.runs.folder import Run, home, prune, runs_in
from strec.runs.launch import end, start
from strec.runs.pace import reach
from strec.runs.status import Status
from strec.runs.worker import train_run

__all__ = [
    "BUDGETS",
    "Budget",
    "Run",
    "Status",
    "create",
    "end",
    "expected_seconds",
    "home",
    "language_of",
    "needs_several",
    "parameters",
    "prune",
    "reach",
    "runs_in",
    "shortage",
    "start",
    "train_run",
]
