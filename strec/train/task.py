"""What the loop needs to know of a model, how it shall train, and who watches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from strec.errors import Cancelled
from strec.progress import Progress, silent

if TYPE_CHECKING:
    import torch

Event = dict[str, Any]
Batch = dict[str, "torch.Tensor"]
Precision = Literal["auto", "no", "bf16", "fp16"]


class Task(Protocol):
    """One thing to train: a module, its batches, its loss, and a check on data held out.

    Whatever the loss needs beside the batch (features, graphs, counts) is a buffer of the
    module, so that it moves to the device with it. Batches are made on the CPU and moved by the
    loop.

    Attributes
    ----------
    module : torch.nn.Module
        What is trained.
    batch_size : int
        Examples in a batch. The loop lowers it when memory runs out, and shares it among
        processes; `batches` and `n_batches` follow it.
    n_batches : int
        Batches in an epoch, at the present `batch_size`.
    """

    module: "torch.nn.Module"
    batch_size: int

    @property
    def n_batches(self) -> int: ...

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield the batches of an epoch; all chance comes from `rng`.

        Parameters
        ----------
        epoch : int
            Counted from 0.
        rng : numpy.random.Generator
            The same for the same seed and epoch.
        """
        ...

    @property
    def loss(self) -> "Callable[[Batch], torch.Tensor]":
        """Return the mean loss of a batch, a scalar. The module is in training mode."""
        ...

    def validate(self) -> dict[str, float]:
        """Return measures on held-out data, ``"loss"`` among them; lower is better.

        Called without gradients; the module is in evaluation mode.
        """
        ...


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes
    ----------
    epochs : int
        Passes over the training examples at most.
    learning_rate, weight_decay : float
        Of AdamW.
    patience : int
        Stop after this many epochs without a lower validation loss; the best weights stay.
    clip_norm : float
        Longest gradient; 0 for no limit.
    schedule : str
        ``"constant"``, or ``"cosine"``: down to zero over all epochs.
    warmup_share : float
        Share of all steps over which the learning rate rises from zero.
    seed : int
        Seed of batches and dropout.
    precision : str
        ``"auto"`` is bfloat16 where the GPU has it, else full precision.

    Examples
    --------
    >>> Settings(epochs=3).learning_rate_at(0.5)
    0.001
    """

    epochs: int = 10
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    patience: int = 2
    clip_norm: float = 1.0
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_share: float = 0.0
    seed: int = 0
    precision: Precision = "auto"

    def learning_rate_at(self, share: float) -> float:
        """Return the learning rate when this share of all steps is done.

        Parameters
        ----------
        share : float
            0 to 1.

        Examples
        --------
        >>> Settings(learning_rate=0.1, warmup_share=0.5).learning_rate_at(0.25)
        0.05
        """
        rate = self.learning_rate
        if share < self.warmup_share:
            return rate * share / self.warmup_share
        if self.schedule == "cosine":
            after = (share - self.warmup_share) / max(1 - self.warmup_share, 1e-9)
            rate *= 0.5 * (1 + float(np.cos(np.pi * min(after, 1.0))))
        return rate


@dataclass(frozen=True)
class Watch:
    """Who watches a training: listeners, a place for checkpoints, a way to stop it.

    It is also called like a function, ``watch(text, share)``, by whatever reports steps of work;
    that raises `Cancelled` when the training shall stop.

    Attributes
    ----------
    on_event : callable
        Called with a dict per event; its ``"event"`` is ``"start"``, ``"batch"``, ``"epoch"``,
        ``"note"``, ``"end"`` or ``"progress"``.
    progress : callable, optional
        Called with a text and the share done.
    should_stop : callable
        Asked between batches.
    checkpoint : Path, optional
        Folder for checkpoints. A training that finds one there goes on from it.
    max_seconds : float, optional
        Time budget; the epoch that is running when it ends is cut short and still counts. The
        first is made whole, unless it takes four times as long. A training that finds its
        checkpoint and has more time goes on.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.

    Examples
    --------
    >>> Watch(should_stop=lambda: True).should_stop()
    True
    """

    on_event: Callable[[Event], None] = lambda event: None
    progress: Progress = silent
    should_stop: Callable[[], bool] = lambda: False
    checkpoint: Path | None = None
    max_seconds: float | None = None
    device: str = "auto"

    def __call__(self, text: str, share: float) -> None:
        if self.should_stop():
            raise cancelled("before its end")
        self.progress(text, share)
        self.on_event({"event": "progress", "text": text, "share": float(share)})

    def stage(self, name: str) -> "Watch":
        """Return a watch for one of several trainings in a fit, with its own checkpoints.

        Parameters
        ----------
        name : str
            Of the stage; a folder below `checkpoint`.

        Examples
        --------
        >>> Watch(checkpoint=Path("run")).stage("trees").checkpoint.as_posix()
        'run/trees'
        """
        folder = self.checkpoint / name if self.checkpoint else None
        return replace(
            self,
            checkpoint=folder,
            on_event=lambda event: self.on_event({**event, "stage": name}),
        )


@dataclass(frozen=True)
class TrainingHistory:
    """What a training did.

    Attributes
    ----------
    epochs : list of dict
        Per epoch: ``epoch`` (from 1), ``loss``, ``validation`` (dict), ``seconds``.
    best_epoch : int
        The epoch whose weights are kept.
    stopped : str
        Why it ended: ``"epochs"``, ``"patience"`` or ``"time"``.
    seconds : float
        Training time, over all runs of it.
    device : str
        In words.
    batch_size : int
        At the end.
    share : float
        Share of the passes that were made when time ran out; 1 where it did not.

    Examples
    --------
    >>> TrainingHistory(epochs=3).epochs
    3
    """

    epochs: list[dict] = field(default_factory=list)
    best_epoch: int = 0
    stopped: str = ""
    seconds: float = 0.0
    device: str = ""
    batch_size: int = 0
    share: float = 1.0


def cancelled(when: str) -> Cancelled:
    """Return the error of a training that somebody stopped."""
    return Cancelled(
        "A model is ready when its training has run to its end.",
        f"the training was cancelled {when}.",
        "Resume it from its last complete epoch, or start again.",
    )
