"""The loop: batches, steps, validation, early stopping, checkpoints."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import Any, cast

import numpy as np
import torch

from strec.errors import ModelError
from strec.memory import give_back
from strec.optimizer import without_compiler
from strec.train import checkpoint
from strec.train.checkpoint import State
from strec.train.device import choose
from strec.train.task import Settings, Task, TrainingHistory, Watch, cancelled

#: Shortest time between two events about batches, in seconds and as a share of the time so far:
#: a training of an hour tells about 2,000 of them.
REPORT_SECONDS, REPORT_SHARE = 0.25, 0.002
#: Memory that batches let go of is given back so often, in seconds: in pieces between those still
#: in use it adds up to several times what a batch takes.
GIVE_BACK_SECONDS = 0.4
#: The first pass is made whole, unless it takes so many times the whole budget.
GRACE = 4


class Loop:
    """One training; see `strec.train.fit`."""

    def __init__(self, task: Task, settings: Settings, watch: Watch):
        self.task, self.settings, self.watch = task, settings, watch
        self.device = choose(watch.device)
        self.accelerator = _accelerator(self.device.kind, settings.precision)
        self.world = self.accelerator.num_processes
        self.state = State()
        self.best: dict[str, torch.Tensor] = {}

    def run(self) -> TrainingHistory:
        cuda = [self.accelerator.device] if self.device.kind == "cuda" else []
        with torch.random.fork_rng(devices=cuda), _same_sums():
            self._prepare()
            while not self.state.stopped:
                self._epoch(len(self.state.epochs))
        self.task.module.load_state_dict(self.best)
        self.task.module.eval()
        state = self.state
        self._tell("end", stopped=state.stopped, best_epoch=state.best_epoch, seconds=state.seconds)
        return TrainingHistory(
            epochs=state.epochs,
            best_epoch=state.best_epoch,
            stopped=state.stopped,
            seconds=state.seconds,
            device=self.device.words(),
            batch_size=self.task.batch_size * self.world,
            share=self._share_done if state.stopped == "time" else 1.0,
        )

    @property
    def _share_done(self) -> float:
        """Return the share of all passes that was made, whole or in part."""
        return sum(each.get("share", 1.0) for each in self.state.epochs) / self.settings.epochs

    # ------------------------------------------------------------ before

    def _prepare(self) -> None:
        task, settings = self.task, self.settings
        # Processes share a batch, so that several train as one does.
        task.batch_size = max(1, task.batch_size // self.world)
        task.module.to(self.accelerator.device)
        optimizer = without_compiler(torch.optim.AdamW)(
            task.module.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self._resume(optimizer)
        self.optimizer = self.accelerator.prepare_optimizer(optimizer)
        self.begun = time.perf_counter() - self.state.seconds
        self.share_at_start = len(self.state.epochs) / settings.epochs
        self.reported = 0.0
        give_back()
        self.given_back = time.perf_counter()
        self._tell(
            "start",
            device=self.device.words(),
            precision=self.accelerator.mixed_precision,
            n_processes=self.world,
            n_parameters=sum(p.numel() for p in task.module.parameters()),
            epochs=settings.epochs,
            epochs_done=len(self.state.epochs),
            batch_size=task.batch_size * self.world,
        )

    def _identity(self) -> dict:
        shapes = {name: list(value.shape) for name, value in self.task.module.state_dict().items()}
        return {"settings": asdict(self.settings), "shapes": shapes}

    def _resume(self, optimizer: torch.optim.Optimizer) -> None:
        folder = self.watch.checkpoint
        found = checkpoint.load(folder, self._identity()) if folder else None
        if found is None:
            return
        self.state, parts = found
        self.best = parts["best"]
        self.task.batch_size = max(1, self.state.batch_size // self.world)
        budget = self.watch.max_seconds or np.inf
        if self.state.stopped == "time" and self.state.seconds < budget and "module" in parts:
            # With more time it goes on; the pass that was cut short is made again.
            self.state.stopped = ""
            if self.state.epochs[-1].get("share", 1.0) < 1:
                self.state.epochs.pop()
        if not self.state.stopped:
            self.task.module.load_state_dict(parts["module"])
            checkpoint.restore_optimizer(optimizer, parts.get("optimizer", {}))

    # ------------------------------------------------------------ an epoch

    def _epoch(self, epoch: int) -> None:
        loss, share = self._with_memory(lambda: self._pass(epoch))
        measures = self._with_memory(self._validate)
        give_back()
        if not np.isfinite(measures["loss"]):
            raise self._not_a_number(epoch, measures["loss"], "validation loss")
        state = self.state
        state.seconds = time.perf_counter() - self.begun
        state.batch_size = self.task.batch_size * self.world
        state.epochs.append(
            {"epoch": epoch + 1, "loss": loss, "validation": measures, "seconds": state.seconds,
             "share": share}
        )  # fmt: skip
        is_best = measures["loss"] < state.best_loss
        if is_best:
            state.best_loss, state.best_epoch = measures["loss"], epoch + 1
            self.best = _on_cpu(self.task.module)
        is_last = epoch + 1 >= self.settings.epochs
        if share < 1 or (not is_last and state.seconds > (self.watch.max_seconds or np.inf)):
            state.stopped = "time"
        elif is_last:
            state.stopped = "epochs"
        elif state.patience_used >= self.settings.patience:
            state.stopped = "patience"
        self._save()
        left = 0.0 if state.stopped else self._seconds_left(epoch + 1.0)
        self._tell("epoch", **state.epochs[-1], is_best=is_best, epochs=self.settings.epochs,
                   seconds_left=left)  # fmt: skip

    def _with_memory(self, work: Callable[[], Any]) -> Any:
        """Return what some work gives; when memory runs out, halve the batch and do it again."""
        from accelerate.utils.memory import should_reduce_batch_size

        while True:
            try:
                return work()
            except (RuntimeError, MemoryError) as error:
                if isinstance(error, MemoryError) or should_reduce_batch_size(error):
                    self._halve(error)
                elif "CUDA error" in str(error) or "MPS" in str(error):
                    raise ModelError(
                        "A training needs its device until the end.",
                        f"the device failed ({str(error).splitlines()[0]}).",
                        "Resume from the last complete epoch, perhaps on the CPU.",
                    ) from error
                else:
                    raise

    def _pass(self, epoch: int) -> tuple[float, float]:
        """Train on every batch once; returns the mean loss and the share that time allowed."""
        task, device = self.task, self.accelerator.device
        task.module.train()
        # Each epoch has its own seed, so that a resumed training meets the same chance.
        torch.manual_seed(self.settings.seed * 100_003 + epoch * self.world
                          + self.accelerator.process_index)  # fmt: skip
        n_steps = max(1, -(-task.n_batches // self.world))
        total, n_done, stop = torch.zeros((), device=device), 0, 0
        for batch, weight in self._batches(epoch):
            self._set_rate((epoch + min(n_done / n_steps, 1.0)) / self.settings.epochs)
            batch = {name: value.to(device) for name, value in batch.items()}
            with self.accelerator.autocast():
                loss = task.loss(batch)
            self.accelerator.backward(loss * weight)
            self._average_gradients()
            if self.settings.clip_norm:
                self.accelerator.clip_grad_norm_(task.module.parameters(), self.settings.clip_norm)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            shared, stop = self._share(loss.detach() * weight)
            total += shared
            n_done += 1
            if stop == 2:
                raise cancelled(f"in epoch {epoch + 1}")
            self._report(epoch, n_done, n_steps, total)
            if time.perf_counter() - self.given_back > GIVE_BACK_SECONDS:
                give_back()
                self.given_back = time.perf_counter()
            if stop and n_done < n_steps:
                break
        if not n_done:
            raise ModelError("Training needs at least one example.", "none.", "Use more check-ins.")
        loss = float(total) / n_done
        if not np.isfinite(loss):
            raise self._not_a_number(epoch, loss, "loss")
        return loss, min(n_done / n_steps, 1.0) if stop else 1.0

    def _batches(self, epoch: int) -> Iterator[tuple[dict[str, torch.Tensor], float]]:
        """Yield this process's batches with their weight.

        One step takes as many batches as there are processes. Where the last step lacks some,
        the processes without one go along with weight 0 and the others count for them.
        """
        rng = np.random.default_rng([self.settings.seed, epoch])
        batches, mine = self.task.batches(epoch, rng), self.accelerator.process_index
        while group := list(islice(batches, self.world)):
            has_one = mine < len(group)
            yield group[mine if has_one else 0], self.world / len(group) if has_one else 0.0

    def _set_rate(self, share: float) -> None:
        rate = self.settings.learning_rate
        for group in self.optimizer.param_groups:
            group["lr"] = rate * (self.settings.learning_rate_at(share) / rate)

    def _share(self, loss: torch.Tensor) -> tuple[torch.Tensor, int]:
        """Return the loss over all processes, and 0 to go on, 1 when time is up, 2 to cancel."""
        watch, elapsed = self.watch, time.perf_counter() - self.begun
        # Weights from a part of the first pass are hardly better than none.
        budget = (watch.max_seconds or np.inf) * (1 if self.state.epochs else GRACE)
        stop = 2 if watch.should_stop() else int(elapsed > budget)
        if self.world == 1:
            return loss, stop
        told = torch.stack([loss.float(), torch.tensor(float(stop), device=loss.device)])
        every = self.accelerator.gather(told[None])
        return every[:, 0].mean(), int(every[:, 1].max())

    def _average_gradients(self) -> None:
        """Average over processes; a task need not know of them, nor use every parameter."""
        if self.world == 1:
            return
        parameters = [p for p in self.task.module.parameters() if p.requires_grad]
        flat = torch.cat(
            [(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters]
        )
        mean = cast(torch.Tensor, self.accelerator.reduce(flat, "mean"))
        for p, grad in zip(parameters, mean.split([p.numel() for p in parameters]), strict=True):
            p.grad = grad.view_as(p)

    def _halve(self, error: BaseException) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        if self.device.kind == "cuda":
            torch.cuda.empty_cache()
        if self.task.batch_size <= 1 or self.world > 1:
            raise ModelError(
                "Training needs memory for "
                + ("each process's batch." if self.world > 1 else "a batch of one example."),
                f"memory ran out with {self.task.batch_size} in a batch.",
                "Use a smaller model or batch, fewer items, or a machine with more memory.",
            ) from error
        self.task.batch_size //= 2
        self._tell("note", text=f"Memory ran out; going on with {self.task.batch_size} in a batch.")

    # ------------------------------------------------------------ telling and keeping

    def _validate(self) -> dict[str, float]:
        """Validate in one process and tell the others, so that all stop at the same epoch."""
        from accelerate.utils import broadcast_object_list

        self.task.module.eval()
        with torch.no_grad(), self.accelerator.autocast():
            told = [self.task.validate() if self.accelerator.is_main_process else {}]
        broadcast_object_list(told)
        return {k: float(v) for k, v in told[0].items()}

    def _report(self, epoch: int, n_done: int, n_steps: int, total: torch.Tensor) -> None:
        now = time.perf_counter()
        pause = max(REPORT_SECONDS, REPORT_SHARE * (now - self.begun))
        if now - self.reported < pause and n_done < n_steps:
            return
        self.reported = now
        loss = float(total) / n_done
        if not np.isfinite(loss):
            raise self._not_a_number(epoch, loss, "loss")
        self._tell("batch", epoch=epoch + 1, epochs=self.settings.epochs, batch=n_done,
                   n_batches=n_steps, loss=loss, seconds=now - self.begun,
                   seconds_left=self._seconds_left(epoch + min(n_done / n_steps, 1.0)))  # fmt: skip

    def _seconds_left(self, epochs_done: float) -> float:
        """Return the time to the last epoch at the pace of this run, within the budget."""
        seconds = time.perf_counter() - self.begun
        share = epochs_done / self.settings.epochs
        mine = max(share - self.share_at_start, 1e-9)
        pace = (seconds - self._seconds_before) / mine
        left = pace * (1 - share)
        return max(0.0, min(left, (self.watch.max_seconds or np.inf) - seconds))

    @property
    def _seconds_before(self) -> float:
        done = round(self.share_at_start * self.settings.epochs)
        return self.state.epochs[done - 1]["seconds"] if done else 0.0

    def _tell(self, event: str, **what) -> None:
        if not self.accelerator.is_main_process:
            return
        self.watch.on_event({"event": event, **what})
        if event == "batch":
            share = (what["epoch"] - 1 + what["batch"] / what["n_batches"]) / what["epochs"]
            self.watch.progress(f"Pass {what['epoch']}: loss {what['loss']:.3f}", share)

    def _save(self) -> None:
        if self.watch.checkpoint is None or not self.accelerator.is_main_process:
            return
        parts = {"best": self.best}
        if self.state.stopped in ("", "time"):
            parts |= {
                "module": self.task.module.state_dict(),
                "optimizer": checkpoint.optimizer_tensors(self.optimizer),
            }
        checkpoint.save(self.watch.checkpoint, self.state, self._identity(), parts)

    def _not_a_number(self, epoch: int, value: float, name: str) -> ModelError:
        return ModelError(
            f"Training needs a finite {name}.",
            f"{value} in epoch {epoch + 1}.",
            f"Lower the learning rate (now {self.settings.learning_rate:g}), and look for "
            "extreme numbers in the data.",
        )


def _accelerator(kind: str, precision: str):
    """Return Accelerate's handle on the device and the other processes."""
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    if precision == "auto":
        precision = "bf16" if kind == "cuda" and torch.cuda.is_bf16_supported() else "no"
    is_alone = not torch.distributed.is_available() or not torch.distributed.is_initialized()
    # Accelerate remembers the first device and precision of a process; each training has its own.
    AcceleratorState._reset_state(reset_partial_state=is_alone)
    return Accelerator(cpu=kind == "cpu", mixed_precision=precision)


def _on_cpu(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}


@contextmanager
def _same_sums():
    """Add numbers in the same order in each run: several threads would not, and a seed is not
    enough then for the same model."""
    before = torch.get_deterministic_debug_mode()
    # What torch.use_deterministic_algorithms does, which would load torch's compiler to tell it.
    torch.set_deterministic_debug_mode("warn")
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(before)
