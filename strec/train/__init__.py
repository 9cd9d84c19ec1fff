"""The one training loop; it knows no model.

A model gives a `Task`; `fit` trains it on whatever device there is, reports to a `Watch`, stops
early, keeps the best weights, and goes on from its last checkpoint. torch is loaded by `fit`.
"""

from strec.memory import give_back
from strec.parts import require
from strec.train.device import devices
from strec.train.task import Event, Settings, Task, TrainingHistory, Watch


def fit(task: Task, settings: Settings, *, watch: Watch | None = None) -> TrainingHistory:
    """Train a task's module in place; it ends with the best weights, in evaluation mode.

    The result depends on task and seed alone, on one kind of device: a training that was
    cancelled or killed and then resumed gives the same weights as one that ran through.

    Parameters
    ----------
    task : Task
        What to train.
    settings : Settings
        How to train.
    watch : Watch, optional
        Listeners, checkpoint folder, time budget, a way to stop.

    Raises
    ------
    Cancelled
        If the watch stopped it.
    ModelError
        If the loss is not a number, memory does not suffice for the smallest batch, or the
        checkpoint belongs to another training.

    Examples
    --------
    >>> import torch
    >>> class Line:
    ...     module, batch_size, n_batches = torch.nn.Linear(1, 1), 4, 1
    ...     def batches(self, epoch, rng):
    ...         yield {"x": torch.tensor([[0.0], [1.0], [2.0], [3.0]])}
    ...     def loss(self, batch):
    ...         return ((self.module(batch["x"]) - 2 * batch["x"]) ** 2).mean()
    ...     def validate(self):
    ...         return {"loss": float(self.loss(next(self.batches(0, None))))}
    >>> history = fit(Line(), Settings(epochs=200, learning_rate=0.1, patience=200))
    >>> history.epochs[-1]["validation"]["loss"] < 0.01
    True
    """
    require("torch", "accelerate")
    from strec.train.loop import Loop

    return Loop(task, settings, watch or Watch()).run()


def leave() -> None:
    """Take leave of the other processes of a training, if there are any, before this one ends.

    Examples
    --------
    >>> leave()
    """
    import sys

    # Only a process that has trained can have company.
    torch = sys.modules.get("torch")
    if torch and torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


__all__ = [
    "Event",
    "TrainingHistory",
    "Settings",
    "Task",
    "Watch",
    "devices",
    "fit",
    "give_back",
    "leave",
]
