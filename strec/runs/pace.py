"""How far a training will come in the time it is given, before it begins.

A model that learns in passes over the data needs time for each, in proportion to the check-ins.
What it needed here before is the best witness. Without one, it is what it needed on another
machine, times how fast this one is now, which is measured by a piece of the same sort of work.
"""

import time
from functools import lru_cache

import numpy as np

from strec.errors import ModelError, check_choice
from strec.models import MODELS
from strec.runs.budget import BUDGETS, parameters
from strec.runs.folder import Run
from strec.store import Store, need_store
from strec.train import devices

#: Units of work (see `unit_of_work`) that a pass needs per 1,000 check-ins it goes through, by
#: ``benchmarks/pace.py``; ST-LLM's is that of New York, as small data need more.
UNITS: dict[str, float] = {
    "hybrid": 9.7,
    "neumf": 12,
    "lstm": 13,
    "st_lstm": 13,
    "stgcn": 280,
    "ctr": 25,
    "stllm": 55,
}
#: Share of the check-ins that is learned from, as the data is cut.
_LEARNED = 0.8
#: A measurement of this machine is good for so long.
_GOOD_FOR_SECONDS = 60.0
_REPEATS = 5


def reach(kind: str, store: Store, budget: str, past: list[Run]) -> float | None:
    """Return the share of its passes that a model's training will make in its time, 0 to 1.

    None where it makes no passes, or nothing is known of its pace. One pass is always made.

    Parameters
    ----------
    kind : str
        A key of `strec.models.MODELS`.
    store : Store
        The data.
    budget : str
        A key of `BUDGETS`.
    past : list of Run
        Finished and other runs, the newest first.

    Examples
    --------
    >>> from strec import Dataset, schema
    >>> reach("popularity", Dataset(schema.example()).store, "quick", []) is None
    True
    """
    check_choice(kind, MODELS, "A kind of model", ModelError)
    check_choice(budget, BUDGETS, "A budget", ModelError)
    passes = parameters(kind, budget).get("epochs") if MODELS[kind].uses_loop else None
    pace = pace_seen(kind, past) or pace_expected(kind)
    if passes is None or pace is None:
        return None
    seconds = pace * _targets(kind, need_store(store).meta["n_checkins"]) / 1_000
    affordable = BUDGETS[budget].max_seconds / max(seconds, 1e-9)
    return min(1.0, max(1.0, affordable) / passes)


def pace_seen(kind: str, past: list[Run]) -> float | None:
    """Return the seconds of a pass per 1,000 check-ins of it in the latest training here.

    Parameters
    ----------
    kind : str
        Of the model.
    past : list of Run
        The newest first.

    Examples
    --------
    >>> pace_seen("lstm", []) is None
    True
    """
    for run in past:
        if run.kind != kind:
            continue
        passes = [event for event in run.events() if event["event"] == "epoch"]
        made = sum(float(each.get("share", 1.0)) for each in passes)
        n = _targets(kind, run.config["data"]["n_checkins"])
        if made and n:
            return passes[-1]["seconds"] / made / n * 1_000
    return None


def _targets(kind: str, n_checkins: int) -> float:
    """Return how many check-ins a pass goes through; some models draw a number of them."""
    return min(_LEARNED * n_checkins, getattr(MODELS[kind], "n_queries", np.inf))


def pace_expected(kind: str) -> float | None:
    """Return the seconds that a pass should need here per 1,000 check-ins of it.

    Parameters
    ----------
    kind : str
        Of the model; None for one whose work is not known, and where a GPU trains.

    Examples
    --------
    >>> pace_expected("popularity") is None
    True
    """
    # The units are those of a processor.
    known = kind in UNITS and devices()[0].kind == "cpu"
    return UNITS[kind] * speed() if known else None


def speed() -> float:
    """Return the seconds that this machine needs now for a unit of work; measured once a minute.

    Examples
    --------
    >>> speed() > 0
    True
    """
    return _speed(int(time.monotonic() // _GOOD_FOR_SECONDS))


@lru_cache(maxsize=1)
def _speed(minute: int) -> float:
    unit_of_work()
    found = []
    for _ in range(_REPEATS):
        begun = time.perf_counter()
        unit_of_work()
        found.append(time.perf_counter() - begun)
    return sorted(found)[_REPEATS // 2]


def unit_of_work() -> None:
    """Do the products and curves that a few steps of a small network are made of."""
    rng = np.random.default_rng(0)
    rows, weights = rng.random((2_000, 64), dtype=np.float32), rng.random((64, 64), np.float32)
    for _ in range(8):
        rows = np.tanh(rows @ weights / 64)
