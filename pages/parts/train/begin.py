"""Beginning trainings: a folder for each run, and the process that trains them."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pages.parts.train import owner
from pages.shared import ui
from strec.runs import BUDGETS, create, needs_several, prune, start
from strec.serve.trainings import check_room
from strec.store import Store
from strec.train import devices


def begin(params: Mapping[str, dict[str, Any]], store: Store, root: Path, budget: str) -> None:
    """Train kinds of model with their parameters; what is trained lies in `root`."""
    mine = "" if ui.current_sample() is None else owner.mark()
    # On a shared sample nobody's trainings make room for another's.
    prune(root, owner=mine or None)
    check_room(root, len(params), mine)
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
