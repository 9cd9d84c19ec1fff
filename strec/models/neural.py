"""What all neural models share: training through the one loop, scoring in chunks, files.

A subclass gives its parameters in ``__init__`` (``epochs``, ``learning_rate``, ``batch_size``,
``seed`` and others), a network, a task, and how the network scores:

    class Mine(NeuralModel):
        kind = "mine"

        def _network(self, vocabulary, numbers): ...      # an unfitted torch.nn.Module
        def _task(self, network, train, inner): ...       # a Task, mostly a RowTask
        def _scores(self, network, queries): ...          # a tensor (n_queries, n_items)

Modules of models import torch where they use it, or keep networks in a file of their own, so
that the list of models is there at once.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from strec.models.base import Model
from strec.split import Log, Queries, Vocabulary
from strec.train import Event, History, Settings, Task, Watch, fit
from strec.train.device import choose

if TYPE_CHECKING:
    import torch

_CHUNK_NUMBERS = 20_000_000
_PARAMETERS = ("epochs", "learning_rate", "weight_decay", "patience", "clip_norm", "schedule",
               "warmup_share", "seed", "precision")  # fmt: skip


class NeuralModel(Model):
    """The base of all neural models; see the module.

    Fitted state: `network_` (a torch module), `numbers_` (arrays counted before training that
    the network is built from), `history_` (what the training did; not saved).
    """

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

    history_: History | None = None

    @abstractmethod
    def _network(self, vocabulary: Vocabulary, numbers: dict[str, np.ndarray]) -> "torch.nn.Module":
        """Return the unfitted network; loading builds it again from the same two.

        Buffers that safetensors cannot keep (sparse matrices) are made from `numbers` and
        registered with ``persistent=False``.
        """

    @abstractmethod
    def _task(self, network: "torch.nn.Module", train: Log, inner: "Inner") -> Task:
        """Return what to train; its validation looks at ``inner.check_rows``."""

    @abstractmethod
    def _scores(self, network: "torch.nn.Module", queries: Queries) -> "torch.Tensor":
        """Return scores of some queries, shape ``(n_queries, n_items)``; no gradients here."""

    def _numbers(self, train: Log, inner: "Inner") -> dict[str, np.ndarray]:
        """Return what is counted before training and kept in the file: a graph, popularity…"""
        return {}

    def _settings(self) -> Settings:
        """Return how to train: parameters of the model that are named like `Settings`'."""
        given = {name: getattr(self, name) for name in _PARAMETERS if hasattr(self, name)}
        return Settings(**given)

    def _fit(self, train: Log, watch: Watch) -> None:
        import torch

        inner = inner_split(
            train, self.validation_share, most=self.max_validation, seed=self._settings().seed
        )
        watch("Counting what the network starts from", 0.0)
        self.numbers_ = self._numbers(train, inner)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._settings().seed)
            network = self._network(train.vocabulary, self.numbers_)
        task = self._task(network, train, inner)
        passes = 1 - _last_share(self._settings()) if self.learns_from_all else 1.0
        self.history_ = fit(task, self._settings(), watch=_first_passes(watch, passes))
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
        done = fit(task, once, watch=_last_pass(watch, left, _last_share(settings)))
        self.history_ = replace(history, seconds=history.seconds + done.seconds)

    def _score(self, queries: Queries) -> np.ndarray:
        import torch

        n_items = len(queries.vocabulary.items)
        step = max(1, min(self.score_batch, _CHUNK_NUMBERS // max(n_items, 1)))
        scores = np.empty((len(queries), n_items))
        self.network_.eval()
        with torch.inference_mode():
            for first in range(0, len(queries), step):
                rows = slice(first, first + step)
                found = self._scores(self.network_, queries.take(rows))
                # Not every device knows double precision.
                scores[rows] = found.cpu().double().numpy()
        return scores

    @property
    def device(self) -> "torch.device":
        """Where the fitted network is."""
        return device_of(self.network_)

    def _arrays(self) -> dict[str, np.ndarray]:
        state = self.network_.state_dict()
        return {f"numbers.{name}": value for name, value in self.numbers_.items()} | {
            f"network.{name}": value.detach().cpu().numpy() for name, value in state.items()
        }

    def _restore(self, arrays: dict[str, np.ndarray]) -> None:
        import torch

        self.numbers_ = _under(arrays, "numbers.")
        network = self._network(self._fitted(), self.numbers_)
        # from_numpy needs memory it may write to.
        state = {k: torch.from_numpy(v.copy()) for k, v in _under(arrays, "network.").items()}
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            raise ValueError(" ".join(str(error).split())) from error
        self.network_ = network.to(choose().kind).eval()


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
    >>> from strec.split import encode
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


def device_of(module: "torch.nn.Module") -> "torch.device":
    """Return where a module's parameters are."""
    return next(module.parameters()).device


def _last_share(settings: Settings) -> float:
    """Return the share of the whole fit that its last pass takes at least."""
    return 1 / (settings.epochs + 1)


def _first_passes(watch: Watch, share: float) -> Watch:
    """Return a watch whose progress ends at a share of the whole; its events say which."""
    tell = watch.on_progress
    return replace(
        watch,
        on_progress=tell and (lambda text, done: tell(text, done * share)),
        on_event=lambda event: watch.on_event({**event, "of_whole": share}),
    )


def _last_pass(watch: Watch, seconds_left: float, share: float) -> Watch:
    """Return a watch of the pass over all check-ins: its batches are told as progress.

    Its epoch is none of the learning curve's, since it looks at what it learns from.
    """

    def on_event(event: Event) -> None:
        if event["event"] == "note":
            watch.on_event(event)
        elif event["event"] == "batch":
            text = "Learning from the latest check-ins too"
            done = 1 - share * (1 - event["batch"] / event["n_batches"])
            if watch.on_progress:
                watch.on_progress(text, done)
            watch.on_event({"event": "progress", "text": text, "share": done})

    folder = watch.checkpoint / "last-pass" if watch.checkpoint else None
    return replace(
        watch, on_event=on_event, on_progress=None, checkpoint=folder, max_seconds=seconds_left
    )


def _under(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
