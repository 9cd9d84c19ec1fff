"""Beginning trainings: a folder for each run, and the process that trains them."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pages.parts.train import owner
from pages.shared import ui
from strec.errors import ModelError
from strec.runs import BUDGETS, create, needs_several, prune, runs_in, start
from strec.serve import settings
from strec.store import Store
from strec.train import devices

#: How many trainings of a data set are kept and may wait, for all visitors together.
KEPT, WAITING = "STREC_TRAININGS_KEPT", "STREC_TRAININGS_WAITING"


def begin(params: Mapping[str, dict[str, Any]], store: Store, root: Path, budget: str) -> None:
    """Train kinds of model with their parameters; what is trained lies in `root`."""
    mine = "" if ui.current_sample() is None else owner.mark()
    # On a shared sample nobody's trainings make room for another's.
    prune(root, owner=mine or None)
    check_room(root)
    runs = [
        create(
            root / f"{kind}-{secrets.token_hex(4)}",
            kind,
            store,
            params=given,
            budget=budget,
            max_seconds=BUDGETS[budget].max_seconds,
            owner=mine,
        )
        for kind, given in params.items()
    ]
    device = devices()[0]
    together = device.count if device.kind == "cuda" else 1
    alone = [run for run in runs if together == 1 or not needs_several(run.kind)]
    if alone:
        start(alone, store.folder)
    for run in runs:
        if run not in alone:
            start([run], store.folder, n_processes=together)


def check_room(root: Path) -> None:
    """Refuse another training where all visitors together have too many kept or waiting."""
    runs = runs_in(root)
    kept, waiting = settings.number(KEPT, 1000, 200), settings.number(WAITING, 100, 12)
    n_active = sum(run.poll().is_active for run in runs)
    if len(runs) >= kept or n_active >= waiting:
        full = n_active < waiting
        raise ModelError(
            "Room for one more training is needed.",
            f"{len(runs):,} are kept here." if full else f"{n_active:,} wait or run before yours.",
            "Discard some of yours, or come back later: old ones are deleted in time." if full
            else "Come back in some minutes, or take a model that is trained already.",
        )  # fmt: skip
