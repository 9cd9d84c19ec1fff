"""strec: see how behaviour depends on time and place, and recommend from it.

The public names load on first use, so that `import strec` is immediate.

Examples
--------
>>> import strec
>>> dataset = strec.Dataset.sample("travel")
>>> results = strec.evaluate(["popularity", "user_counts"], dataset)
>>> results.leaderboard["model"][0]
'User counts'
"""

import os
from importlib import import_module

# Threads of torch and LightGBM sleep while they wait for each other. On a machine with other work
# they would wait running: a training then took more than ten times the processor seconds.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Importing typing takes most of the ten milliseconds that importing strec may take.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from strec import privacy
    from strec.api import clean, compare_groups, dependence, explain, quality, report, simulate
    from strec.cleaning import Recipe
    from strec.dataset import Dataset
    from strec.errors import StrecError
    from strec.evaluation import Regime, compare, evaluate, leaderboard, slices
    from strec.io import Mapping, ingest, inspect, read, read_sample, samples, write
    from strec.metrics import METRICS
    from strec.models import MODELS, STLLM, Blend, CounterMix, load_model
    from strec.project import Project
    from strec.recommend import Recommender
    from strec.store import Filters, Store, Warehouse

__version__ = "0.2.0"

_HOMES = {
    "StrecError": "errors",
    "Dataset": "dataset",
    "inspect": "io",
    "read": "io",
    "ingest": "io",
    "write": "io",
    "Mapping": "io",
    "samples": "io",
    "read_sample": "io",
    "quality": "api",
    "clean": "api",
    "Recipe": "cleaning",
    "simulate": "api",
    "Store": "store",
    "Filters": "store",
    "Warehouse": "store",
    "dependence": "api",
    "compare_groups": "api",
    "METRICS": "metrics",
    "MODELS": "models",
    "Blend": "models",
    "CounterMix": "models",
    "STLLM": "models",
    "load_model": "models",
    "Project": "project",
    "Regime": "evaluation",
    "compare": "evaluation",
    "evaluate": "evaluation",
    "leaderboard": "evaluation",
    "slices": "evaluation",
    "Recommender": "recommend",
    "explain": "api",
    "report": "api",
    "privacy": "",
}

__all__ = [
    "METRICS",
    "MODELS",
    "STLLM",
    "Blend",
    "CounterMix",
    "Dataset",
    "Filters",
    "Mapping",
    "Project",
    "Recipe",
    "Recommender",
    "Regime",
    "Store",
    "StrecError",
    "Warehouse",
    "__version__",
    "clean",
    "compare",
    "compare_groups",
    "dependence",
    "evaluate",
    "explain",
    "ingest",
    "inspect",
    "leaderboard",
    "load_model",
    "privacy",
    "quality",
    "read",
    "read_sample",
    "report",
    "samples",
    "simulate",
    "slices",
    "write",
]


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module 'strec' has no attribute {name!r}")
    home = _HOMES[name]
    return vars(import_module(f"strec.{home}"))[name] if home else import_module(f"strec.{name}")


def __dir__() -> list[str]:
    return sorted(__all__)
