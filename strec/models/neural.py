"""What all neural models share: training through the one loop, scoring in chunks, files.

A subclass is a dataclass whose fields are its parameters, beside those of `Trained`. It says what
its network reads and how the network is built; the network (an `ItemNetwork`) has a loss and
scores:

    @dataclass(kw_only=True, repr=False, eq=False)
    class Mine(NeuralModel):
        kind = "mine"
        dim: int = 64

        def _built(self): ...            # an unfitted ItemNetwork, from self.numbers_
        def _read(self, queries): ...    # arrays about some queries, the network's batch

Modules of models import torch where they use it, or keep networks in a file of their own, so
that the list of models is there at once.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from strec.models.base import Model
from strec.models.passes import first_passes, last_pass, last_share
from strec.models.profiles import log_popularity
from strec.models.saved import Arrays
from strec.models.trained import Trained, device_of, tensors
from strec.split import Log, Queries, queries_of_rows
from strec.train import Task, Watch, fit

if TYPE_CHECKING:
    import torch

_CHUNK_NUMBERS = 20_000_000


@dataclass(kw_only=True, repr=False, eq=False)
class NeuralModel(Trained, Model):
    """The base of all neural models; see the module and `Trained`."""

    uses_loop: ClassVar[bool] = True
    #: Share of training check-ins, the latest, that are held out to know when to stop.
    validation_share: ClassVar[float] = 0.1
    #: Held-out check-ins looked at after each epoch at most.
    max_validation: ClassVar[int] = 3_000
    #: Whether one more pass, after the best epoch is known, learns from the held-out ones too.
    #: It helps some models and unsettles others (docs/models.md), so each says it for itself.
    learns_from_all: ClassVar[bool] = False
    #: Queries scored at once at most.
    score_batch: ClassVar[int] = 512

    @property
    def numbers_per_score(self) -> int:
        """How many numbers the network holds at once for each query and item that it scores."""
        return 1

    @abstractmethod
    def _read(self, queries: Queries) -> Arrays:
        """Return what the network reads about some queries: a batch without targets."""

    def _numbers(self, train: Log, inner: "Inner") -> Arrays:
        """Return what is counted before training and kept in the file: a graph, popularity…"""
        n_users = np.array([len(train.vocabulary.users)])
        return {"log_share": log_popularity(train), "n_users": n_users}

    def _lesson(self, train: Log, rows: np.ndarray, rng: np.random.Generator) -> Arrays:
        """Return a batch of targets: what the network reads, and ``target``, the items."""
        known = self.time_known is not False
        queries = queries_of_rows(train, np.asarray(rows), time_known=known)
        return self._read(queries) | {"target": train.item[rows].astype(np.int64)}

    def _task(self, network: "torch.nn.Module", train: Log, inner: "Inner") -> Task:
        """Return what to train; its validation looks at ``inner.check_rows``."""

        def collate(rows: np.ndarray, rng: np.random.Generator) -> dict[str, "torch.Tensor"]:
            return tensors(self._lesson(train, rows, rng))

        rows, check_rows = inner.fit_rows, inner.check_rows
        return RowTask(network, rows, check_rows, self.batch_size, collate, network.loss)

    def _fit(self, train: Log, watch: Watch) -> None:
        settings = self._settings()
        inner = inner_split(
            train, self.validation_share, most=self.max_validation, seed=settings.seed
        )
        watch("Counting what the network starts from", 0.0)
        self.numbers_ = self._numbers(train, inner)
        network = self._seeded()
        task = self._task(network, train, inner)
        passes = 1 - last_share(settings) if self.learns_from_all else 1.0
        self.history_ = fit(task, settings, watch=first_passes(watch, passes))
        rows = np.flatnonzero(train.item >= 0)
        if self.learns_from_all and len(inner.fit_rows) < len(rows):
            self._learn_from_all(self._task(network, train, replace(inner, fit_rows=rows)), watch)
        self.network_ = network
        watch("Done", 1.0)

    def _learn_from_all(self, task: Task, watch: Watch) -> None:
        """Make one pass over all training check-ins, from the best weights on.

        What comes next is most like the latest check-ins, which have only told when to stop.
        """
        settings, history = self._settings(), self.history_
        left = np.inf if watch.max_seconds is None else watch.max_seconds - history.seconds
        if history.stopped == "time" or left <= 0:
            return
        task.batch_size = history.batch_size
        once = replace(settings, epochs=1, seed=settings.seed + 1)
        done = fit(task, once, watch=last_pass(watch, left, last_share(settings)))
        self.history_ = replace(history, seconds=history.seconds + done.seconds)

    def _score(self, queries: Queries) -> np.ndarray:
        import torch

        n_items = len(queries.vocabulary.items)
        each = max(n_items, 1) * self.numbers_per_score
        step = max(1, min(self.score_batch, _CHUNK_NUMBERS // each))
        scores = np.empty((len(queries), n_items))
        self.network_.eval()
        with torch.inference_mode():
            for first in range(0, len(queries), step):
                rows = slice(first, first + step)
                batch = tensors(self._read(queries.take(rows)), self.device)
                scores[rows] = self.network_.scores(batch).cpu().numpy()
        return scores

    def _arrays(self) -> Arrays:
        return self._learned()

    def _restore(self, arrays: Arrays) -> None:
        self._relearn(arrays)


@dataclass(frozen=True)
class Inner:
    """The training check-ins cut once more by time, to know when to stop.

    Attributes
    ----------
    fit_rows, check_rows : numpy.ndarray
        Rows of the training log that are targets: to learn from, and held out. Items are known.
    cut_us : int
        The moment between the two. Counts that must not know the held-out targets come from
        ``train.where(train.time_us < cut_us)``.
    """

    fit_rows: np.ndarray
    check_rows: np.ndarray
    cut_us: int


def inner_split(train: Log, share: float = 0.1, *, most: int = 3_000, seed: int = 0) -> Inner:
    """Hold out the latest share of training check-ins.

    With too few check-ins for both sides, both have all of them: there is nothing to hold out.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import Vocabulary, encode
    >>> log = encode(schema.example(), Vocabulary.of(schema.example()))
    >>> inner = inner_split(log, 0.25)
    >>> inner.fit_rows.tolist(), inner.check_rows.tolist()
    ([0, 1, 2], [3])
    """
    rows = np.flatnonzero(train.item >= 0)
    moments = np.sort(train.time_us[rows])
    cut = int(moments[min(int((1 - share) * len(moments)), len(moments) - 1)])
    before, after = rows[train.time_us[rows] < cut], rows[train.time_us[rows] >= cut]
    if not len(before):
        return Inner(rows, rows, cut)
    if len(after) > most:
        after = np.sort(np.random.default_rng(seed).choice(after, most, replace=False))
    return Inner(before, after, cut)


@dataclass
class RowTask:
    """The task of most models: batches of target rows, made into tensors by `collate`.

    Attributes
    ----------
    module : torch.nn.Module
        What is trained.
    rows, check_rows : numpy.ndarray
        Targets to learn from, and held out.
    batch_size : int
        Targets in a batch.
    collate : callable
        ``(rows, rng) -> dict of tensors``, on the CPU.
    loss : callable
        ``batch -> mean loss``, a scalar tensor.
    """

    module: "torch.nn.Module"
    rows: np.ndarray
    check_rows: np.ndarray
    batch_size: int
    collate: Callable[[np.ndarray, np.random.Generator], dict[str, "torch.Tensor"]]
    loss: Callable[[dict[str, "torch.Tensor"]], "torch.Tensor"]

    @property
    def n_batches(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def batches(self, epoch: int, rng: np.random.Generator) -> Iterator[dict[str, "torch.Tensor"]]:
        order = rng.permutation(self.rows)
        for first in range(0, len(order), self.batch_size):
            yield self.collate(order[first : first + self.batch_size], rng)

    def validate(self) -> dict[str, float]:
        rng, device, total = np.random.default_rng(0), device_of(self.module), 0.0
        for first in range(0, len(self.check_rows), self.batch_size):
            rows = self.check_rows[first : first + self.batch_size]
            batch = self.collate(rows, rng)
            loss = self.loss({name: value.to(device) for name, value in batch.items()})
            total += float(loss) * len(rows)
        return {"loss": total / len(self.check_rows)}
