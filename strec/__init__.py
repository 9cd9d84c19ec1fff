"""strec: see how behaviour depends on time and place, and recommend from it.

The public names load on first use, so that `import strec` is immediate. Functions that are named
like their module come from it: ``from strec.cleaning import clean``.

Examples
--------
>>> import strec
>>> checkins = strec.read_sample("social")
>>> checkins.columns[:3]
['user_id', 'item_id', 'timestamp']
"""

from importlib import import_module

__version__ = "0.2.0"

_HOMES = {
    "StrecError": "errors",
    "inspect": "io",
    "read": "io",
    "ingest": "io",
    "write": "io",
    "Mapping": "io",
    "samples": "io.samples",
    "read_sample": "io.samples",
    "Dataset": "dataset",
    "Recipe": "cleaning",
    "Store": "store",
    "Filters": "store",
    "CounterMix": "models.counting",
    "Recommender": "recommend",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'strec' has no attribute {name!r}")
    return getattr(import_module(f"strec.{_HOMES[name]}"), name)


def __dir__():
    return sorted(__all__)
