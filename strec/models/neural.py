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
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import numpy as np

from strec.models.base import Model
from strec.models.calibration import temperatures
from strec.models.profiles import in_chunks, log_popularity, moment_at
from strec.models.saved import Arrays, Saved, prefixed, under
from strec.progress import part_of, silent
from strec.split import Log, Queries, queries_of_rows
from strec.train import Event, Settings, TrainingHistory, Watch, fit
from strec.train.device import choose

if TYPE_CHECKING:
    import torch

N = TypeVar("N", bound="torch.nn.Module")

_CHUNK_NUMBERS = 20_000_000


@dataclass(kw_only=True, repr=False, eq=False)
class Trained(Saved):
    """A network that the loop of `strec.train` trains.

    Subclasses are dataclasses too: their parameters are the fields, beside these.

    Parameters
    ----------
    epochs : int
        Passes over the training examples at most.
    learning_rate, weight_decay : float
        Of AdamW.
    patience : int
        Stop after this many epochs without a lower loss on what is held out.
    batch_size : int
        Examples in one step of training.
    seed : int
        Seed of the first weights, of batches and of dropout.

    Notes
    -----
    Fitted state: `network_` (a torch module), `numbers_` (arrays counted before training that
    the network is built from), `history_` (a `strec.train.TrainingHistory`; not saved).
    """

    epochs: int = 12
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    patience: int = 2
    batch_size: int = 1024
    seed: int = 0

    #: How the learning rate goes, see `strec.train.Settings`.
    schedule: ClassVar[Literal["constant", "cosine"]] = "constant"

    network_: Any = field(init=False, default=None)
    numbers_: Arrays = field(init=False, default_factory=dict)
    history_: TrainingHistory | None = field(init=False, default=None)

    @abstractmethod
    def _built(self) -> "torch.nn.Module":
        """Return the unfitted network; loading builds it again from the same `numbers_`.

        Buffers that safetensors cannot keep (sparse matrices) are made from `numbers_` and
        registered with ``persistent=False``.
        """

    def _settings(self) -> Settings:
        return Settings(
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            patience=self.patience,
            schedule=self.schedule,
            seed=self.seed,
        )

    def _seeded(self) -> "torch.nn.Module":
        """Return the unfitted network with the first weights of the seed."""
        return seeded(self.seed, self._built)

    @property
    def device(self) -> "torch.device":
        """Where the fitted network is."""
        return device_of(self.network_)

    def _learned(self) -> Arrays:
        """Return `numbers_` and the weights as arrays to save."""
        return prefixed("numbers.", self.numbers_) | prefixed("network.", weights(self.network_))

    def _relearn(self, arrays: Arrays) -> None:
        """Set `numbers_` and `network_` from the arrays of `_learned`."""
        self.numbers_ = under(arrays, "numbers.")
        network = with_weights(self._built(), under(arrays, "network."))
        self.network_ = network.to(choose().kind)


@dataclass(kw_only=True, repr=False, eq=False)
class NeuralModel(Trained, Model):
    """The base of all neural models; see the module and `Trained`.

    Parameters that several models have mean the same in each.

    Parameters
    ----------
    dim : int
        Size of the vectors of items.
    n_recent : int
        Check-ins read before a query.
    time_known : bool
        Whether the time of a query is given; without it the last check-in's stands for it.
    dropout : float
        Share of numbers that rest in each training step, 0 to 1.
    user_dropout : float
        Share of check-ins read as those of an unknown user, so that one is served too.
    half_life_days : float, optional
        After so many days a check-in of the history counts half.
    n_negatives : int
        Items drawn at random against each check-in.
    n_follows, n_near : int
        Successors and near places that are an item's neighbours, see `strec.graph.item_graph`.
    epochs, learning_rate, weight_decay, patience, batch_size, seed
        See `Trained`.
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

    def _task(self, network: Any, train: Log, inner: "Inner") -> "RowTask":
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
        # The share of the whole fit that one more pass over all takes at least.
        last = 1 / (settings.epochs + 1) if self.learns_from_all else 0.0
        self.history_ = fit(task, settings, watch=_first_passes(watch, 1 - last))
        self.network_ = network
        rows = np.flatnonzero(train.item >= 0)
        if self.is_probability and len(inner.fit_rows) < len(rows):
            watch.progress("Asking for the latest check-ins", 1 - last)
            self.calibration_ = temperatures(
                self._score,
                train,
                inner.cut_us,
                time_known=self.time_known is not False,
                at_most=min(self.max_validation, 1_000),
                seed=settings.seed,
            )
        if self.learns_from_all and len(inner.fit_rows) < len(rows):
            again = self._task(network, train, replace(inner, fit_rows=rows))
            self.history_ = _learn_from_all(again, settings, self.history_, watch, last)
        watch("Done", 1.0)

    def _score(self, queries: Queries) -> np.ndarray:
        each = max(len(queries.vocabulary.items), 1) * self.numbers_per_score
        self.network_.eval()
        at_once = max(1, min(self.score_batch, _CHUNK_NUMBERS // each))
        return in_chunks(queries, self._network_scores, at_once)

    def _network_scores(self, queries: Queries) -> np.ndarray:
        import torch

        with torch.inference_mode():
            batch = tensors(self._read(queries), self.device)
            return self.network_.scores(batch).cpu().numpy()

    def _arrays(self) -> Arrays:
        return self._learned()

    def _restore(self, arrays: Arrays) -> None:
        self._relearn(arrays)


def _first_passes(watch: Watch, share: float) -> Watch:
    """Return a watch whose progress ends at a share of the whole; its events say which."""
    return replace(
        watch,
        progress=part_of(watch.progress, 0.0, share),
        on_event=lambda event: watch.on_event({**event, "of_whole": share}),
    )


def _learn_from_all(
    task: "RowTask", settings: Settings, history: TrainingHistory, watch: Watch, share: float
) -> TrainingHistory:
    """Make one pass over all training check-ins, from the best weights on.

    What comes next is most like the latest check-ins, which have only told when to stop. The
    epoch is none of the learning curve's, since it looks at what it learns from: its batches are
    told as progress.
    """
    left = np.inf if watch.max_seconds is None else watch.max_seconds - history.seconds
    if history.stopped == "time" or left <= 0:
        return history

    def on_event(event: Event) -> None:
        if event["event"] == "note":
            watch.on_event(event)
        elif event["event"] == "batch":
            text = "Learning from the latest check-ins too"
            done = 1 - share * (1 - event["batch"] / event["n_batches"])
            watch.progress(text, done)
            watch.on_event({"event": "progress", "text": text, "share": done})

    folder = watch.checkpoint / "last-pass" if watch.checkpoint else None
    once = replace(watch, on_event=on_event, progress=silent, checkpoint=folder, max_seconds=left)
    task.batch_size = history.batch_size
    done = fit(task, replace(settings, epochs=1, seed=settings.seed + 1), watch=once)
    return replace(history, seconds=history.seconds + done.seconds)


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
    cut = moment_at(train.time_us[rows], 1 - share)
    before, after = rows[train.time_us[rows] < cut], rows[train.time_us[rows] >= cut]
    if not len(before):
        return Inner(rows, rows, cut)
    if len(after) > most:
        after = np.sort(np.random.default_rng(seed).choice(after, most, replace=False))
    return Inner(before, after, cut)


@dataclass
class RowTask:
    """The `Task` of most models: batches of target rows, made into tensors by `collate`."""

    module: "torch.nn.Module"
    #: Targets to learn from, and held out.
    rows: np.ndarray
    check_rows: np.ndarray
    batch_size: int
    #: ``(rows, rng) -> dict of tensors``, on the CPU.
    collate: Callable[[np.ndarray, np.random.Generator], dict[str, "torch.Tensor"]]
    #: ``batch -> mean loss``, a scalar tensor.
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


def seeded(seed: int, build: Callable[[], N]) -> N:
    """Return a network whose first weights are those of a seed."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def device_of(module: "torch.nn.Module") -> "torch.device":
    """Return where a module's parameters are."""
    return next(module.parameters()).device


def tensors(arrays: Arrays, device: "torch.device | None" = None) -> dict[str, "torch.Tensor"]:
    """Return arrays as tensors that may be written to, on a device.

    Examples
    --------
    >>> tensors({"a": np.arange(2)})["a"].tolist()
    [0, 1]
    """
    import torch

    return {name: torch.tensor(value, device=device) for name, value in arrays.items()}


def weights(module: "torch.nn.Module") -> Arrays:
    """Return a module's weights as arrays to save."""
    return {name: value.detach().cpu().numpy() for name, value in module.state_dict().items()}


def with_weights(module: N, arrays: Arrays) -> N:
    """Return a module with saved weights, ready to score; ValueError where they do not fit."""
    try:
        module.load_state_dict(tensors(arrays))
    except RuntimeError as error:
        raise ValueError(" ".join(str(error).split())) from error
    return module.eval()
