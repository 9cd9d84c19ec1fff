"""The devices of this machine, in words."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from strec.errors import ModelError


@dataclass(frozen=True)
class Device:
    """A kind of device and how many of it there are.

    Attributes
    ----------
    kind : str
        ``"cuda"``, ``"mps"`` or ``"cpu"``: a name for torch.
    count : int
        GPUs, or processor cores.
    name : str
        In words, for instance ``"NVIDIA A100"``.
    """

    kind: str
    count: int
    name: str

    def words(self) -> str:
        """Return the device in words.

        Examples
        --------
        >>> Device("cpu", 2, "processor").words()
        'processor (CPU), 2 cores'
        """
        if self.kind == "cpu":
            return f"{self.name} (CPU), {self.count} core{'s' * (self.count > 1)}"
        several = f", {self.count} of them" if self.count > 1 else ""
        return f"{self.name} ({self.kind.upper()}){several}"


def devices() -> list[Device]:
    """Return what can train here, the fastest first; the CPU is always last.

    Examples
    --------
    >>> devices()[-1].kind
    'cpu'
    """
    # The cores this process may use, which a container may have limited.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = [Device("cpu", cores or 1, "processor")]
    if not _may_have_gpu():
        return found
    import torch

    if torch.backends.mps.is_available():
        found.insert(0, Device("mps", 1, "Apple GPU"))
    if torch.cuda.is_available():
        found.insert(0, Device("cuda", torch.cuda.device_count(), torch.cuda.get_device_name(0)))
    return found


def _may_have_gpu() -> bool:
    """Whether it is worth the seconds to load torch and ask it."""
    return (
        "torch" in sys.modules
        or sys.platform in ("darwin", "win32")
        or any(Path(path).exists() for path in ("/proc/driver/nvidia", "/dev/kfd"))
        or which("nvidia-smi") is not None
    )


def choose(name: str = "auto") -> Device:
    """Return the device of this name, or the fastest.

    Raises
    ------
    ModelError
        If this machine has no such device.
    """
    found = devices()
    for device in found:
        if name in ("auto", device.kind):
            return device
    raise ModelError(
        f"Training on {name!r} needs such a device.",
        "this machine has " + " and ".join(each.words() for each in found) + ".",
        "Choose 'auto', or one of these.",
    )
