"""Make the folder of a new run, which says what shall be trained on what."""

import os
import platform
import secrets
import shutil
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import strec
from strec.errors import ModelError, as_path
from strec.models import MODELS, Model
from strec.runs.folder import FORMAT, FORMAT_VERSION, Run, write_json
from strec.sealed import sealed
from strec.store import Store, need_store

#: Space that must be free before a training starts.
MIN_FREE_BYTES = 200_000_000
_PACKAGES = ("torch", "accelerate", "numpy", "polars", "safetensors", "implicit", "gensim")


def create(
    folder: Path | str,
    kind: str,
    store: Store,
    *,
    params: dict[str, Any] | None = None,
    budget: str = "normal",
    max_seconds: float | None = None,
    device: str = "auto",
    owner: str = "",
) -> Run:
    """Make the folder of a new run; nothing is trained yet.

    Parameters
    ----------
    folder : path
        A new or empty folder.
    kind : str
        A key of `strec.models.MODELS`.
    store : Store
        The data.
    params : dict, optional
        Parameters of the model.
    budget : str
        Its name, for people.
    max_seconds : float, optional
        Time after which the best weights so far are taken.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    owner : str
        A mark of who starts it, where several people share a folder of runs; nothing secret.

    Raises
    ------
    ModelError
        If there is no such model, a parameter it does not have, no space, or another run there.

    Examples
    --------
    >>> import tempfile
    >>> from strec import Dataset, schema
    >>> run = create(tempfile.mkdtemp(), "popularity", Dataset(schema.example()).store)
    >>> run.kind
    'popularity'
    """
    folder, store = as_path(folder), need_store(store)
    model = _unfitted(kind, params or {})
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise ModelError(
            "A new run needs a new folder.",
            f"{folder} is {'a file' if folder.is_file() else 'not empty'}.",
            "Choose another folder, or resume the run in it.",
        )
    summary = {name: store.meta[name] for name in ("n_checkins", "n_users", "n_items")}
    config = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "id": f"{kind}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        "kind": MODELS[kind].kind,
        "params": model.params(),
        "seed": model.params().get("seed"),
        "budget": budget,
        "max_seconds": max_seconds,
        "device": device,
        "owner": owner,
        "created": datetime.now(UTC).isoformat(timespec="microseconds"),
        "data": {"name": store.name, "fingerprint": store.fingerprint} | summary,
        "versions": _versions(),
        "machine": {
            "system": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
        },
    }
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(folder).free
        if free < MIN_FREE_BYTES:
            raise ModelError(
                f"A training needs {MIN_FREE_BYTES / 1e6:.0f} MB of free disk.",
                f"{free / 1e6:.0f} MB free in {folder}.",
                "Free some space, or choose another folder.",
            )
        write_json(folder / "run.json", sealed(config))
        write_json(folder / "state.json", sealed({"state": "waiting", "since": time.time()}))
    except OSError as error:
        raise ModelError(
            "A run needs a folder that can be written to.",
            f"{folder}: {error.strerror or error}.",
            "Choose another folder, or free some space.",
        ) from error
    return Run(folder)


def _unfitted(kind: str, params: dict) -> Model:
    if not isinstance(kind, str) or kind not in MODELS:
        raise ModelError(
            "A training needs the name of a model.",
            f"{kind!r}.",
            f"Choose one of {', '.join(MODELS)}.",
        )
    try:
        return MODELS[kind](**params)
    except TypeError as error:
        raise ModelError(
            f"{kind} knows the parameters {', '.join(MODELS[kind]().params()) or '(none)'}.",
            f"{', '.join(params)} ({error}).",
            "Correct or leave out the parameter.",
        ) from error


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "strec": strec.__version__}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
