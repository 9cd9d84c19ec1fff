"""A training on disk: weights, optimiser and history after each epoch, never half-written.

A checkpoint is a folder ``epoch-0007`` with ``state.safetensors`` and ``state.json``. It is
written under another name and renamed when complete; then older ones go. A process that dies in
the middle leaves the one before.
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from strec.errors import ModelError

FORMAT_VERSION = 1


@dataclass
class State:
    """Where a training stands after its last complete epoch."""

    epochs: list[dict] = field(default_factory=list)
    best_epoch: int = 0
    best_loss: float = float("inf")
    seconds: float = 0.0
    batch_size: int = 0
    stopped: str = ""

    @property
    def patience_used(self) -> int:
        return len(self.epochs) - self.best_epoch


def save(folder: Path, state: State, identity: dict, parts: dict[str, dict]) -> None:
    """Write a checkpoint; on a full disk earlier ones stay, and ModelError says so.

    `identity` tells this training from another (settings and shapes); `parts` are named groups of
    tensors: the module, the best weights, the optimiser.
    """
    from safetensors.torch import save as to_bytes

    tensors = {
        f"{part}/{name}": value.detach().cpu().contiguous().clone()
        for part, named in parts.items()
        for name, value in named.items()
    }
    data = to_bytes(tensors)
    head = {
        "version": FORMAT_VERSION,
        "sha256": hashlib.sha256(data).hexdigest(),
        "identity": identity,
        "state": asdict(state),
    }
    final = folder / f"epoch-{len(state.epochs):04d}{'-end' if state.stopped else ''}"
    fresh = folder / f".{final.name}.{os.getpid()}"
    try:
        fresh.mkdir(parents=True, exist_ok=True)
        _write(fresh / "state.safetensors", data)
        _write(fresh / "state.json", json.dumps(head).encode())
        if final.exists():
            shutil.rmtree(final)
        fresh.rename(final)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise ModelError(
            f"A checkpoint needs {len(data) / 1e6:,.1f} MB of disk in {folder}.",
            f"it cannot be written ({error.strerror or error}).",
            "Free some space, then resume: earlier checkpoints are as they were.",
        ) from error
    for old in folder.iterdir():
        if old.name != final.name and old.name.lstrip(".").startswith("epoch-"):
            shutil.rmtree(old, ignore_errors=True)


def load(folder: Path, identity: dict) -> tuple[State, dict[str, dict]] | None:
    """Return the last checkpoint of a training, or None if there is none yet.

    ModelError if it was changed, or belongs to another training.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load as from_bytes

    found = sorted(folder.glob("epoch-*")) if folder.is_dir() else []
    if not found:
        return None
    try:
        head = json.loads((found[-1] / "state.json").read_text())
        data = (found[-1] / "state.safetensors").read_bytes()
        if head["version"] != FORMAT_VERSION:
            raise _unfit(found[-1], f"it has format version {head['version']}.")
        if head["sha256"] != hashlib.sha256(data).hexdigest():
            raise _unfit(found[-1], "its weights were changed after they were saved.")
        if head["identity"] != json.loads(json.dumps(identity)):
            raise _unfit(found[-1], "it has other settings, another model or other data.")
        tensors, state = from_bytes(data), State(**head["state"])
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise _unfit(found[-1], f"it cannot be read ({error}).") from error
    parts: dict[str, dict] = {}
    for name, value in tensors.items():
        part, _, rest = name.partition("/")
        parts.setdefault(part, {})[rest] = value
    return state, parts


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Return the running averages of an optimiser as named tensors."""
    return {
        f"{index}/{name}": torch.as_tensor(value)
        for index, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """Give an optimiser back its running averages."""
    state: dict[int, dict] = {}
    for name, value in tensors.items():
        index, _, rest = name.partition("/")
        state.setdefault(int(index), {})[rest] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _unfit(folder: Path, why: str) -> ModelError:
    return ModelError(
        "A training goes on from its own checkpoint, unchanged.",
        f"{folder}: {why}",
        "Delete the checkpoint to start again.",
    )
