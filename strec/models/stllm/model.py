"""ST-LLM as a model of strec: training, scores, explanation, another city without training."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import compress
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from strec.errors import ModelError
from strec.models.base import Explanation, Model, with_scores
from strec.models.calibration import temperatures
from strec.models.features.candidates import CANDIDATE_FEATURES
from strec.models.features.numbers import KINDS_OF_NUMBER, REASONS, STEP_REASONS
from strec.models.features.training_data import TrainingData, training_data_of
from strec.models.features.world import World, meaning_of
from strec.models.language import Language
from strec.models.neural import RowTask, seeded, tensors, weights, with_weights
from strec.models.saved import Arrays, prefixed, under
from strec.models.stllm.together import (
    MAX_CELLS,
    added,
    combined,
    ends_held_out,
    held_out,
    trust,
    weights_for,
)
from strec.models.trees import Trees
from strec.models.trees.boosting import Binned
from strec.progress import part_of, silent
from strec.split import Log, Queries, queries_of_rows
from strec.threads import one_thread
from strec.train import Settings, Watch, fit, give_back

if TYPE_CHECKING:
    from strec.models.stllm.network import Network

#: What can be left out, to see what it is worth.
INGREDIENTS = ("history", "graph", "time", "place", "text", "identity", "trees")
#: Trees know these too: without one of them the network answers alone.
_ALSO_OF_TREES = {"history", "graph", "time", "place", "trees"}
#: Reasons that are silent when an ingredient is left out.
_SILENT = {
    "graph": {"follows", "others"},
    "time": {"hour", "weekday", "popular now"},
    "place": {"near", "close by"},
    "text": {"text"},
}
#: Weights where nothing tells whether what was learned is ahead of counting.
_COUNTING = np.array([0.0, 0.0, 1.0])
#: An epoch has so many steps where targets are few, down to batches of this size.
_FEWEST_STEPS = 40
_FEWEST_IN_BATCH = 16


@dataclass(repr=False, eq=False)
class STLLM(Model):
    """A pointer over the user's past, aware of time and place, and a generator for the new.

    Parameters
    ----------
    time_known : bool
        Whether the time of a query is given; else that of the last check-in stands for it.
    epochs : int
        Passes over the training targets.
    batch_size : int
        Targets in a batch.
    learning_rate, weight_decay : float
        Of AdamW; the rate falls to zero along a cosine.
    n_history : int
        Latest check-ins that are read of each history.
    end_weight : float
        How much the last check-in of a session counts among the targets, against 1 for others.
    fade : float
        Later targets count more: the weight falls by e over this share of the training time.
    dropout : float
        Share of hidden numbers dropped in training.
    text : str
        ``"minilm"``, another encoder of `strec.llm`, or ``""`` to do without.
    members : int
        Networks trained from different seeds, whose probabilities are averaged.
    without : list of str
        Ingredients left out: ``"history"``, ``"graph"``, ``"time"``, ``"place"``, ``"text"``,
        ``"identity"``, ``"trees"``. Trees and network make one model; without history, graph,
        time or place, which trees know too, the network answers alone.
    trees : dict
        Parameters of the `Trees` inside that are not to be as they are by default.
    seed : int
        Seed of everything drawn.

    Examples
    --------
    >>> from strec import schema
    >>> model = STLLM(epochs=1, text="").fit(schema.example())
    >>> model.recommend(schema.example(), k=2).height
    4
    """

    kind = "stllm"
    label = "ST-LLM"
    sentence = (
        "Past visits speak by time, place, order and meaning; a language model helps with the new."
    )
    family = "llm"
    order = 1
    quick = {"epochs": 4, "text": ""}
    language = Language("text", ("minilm", "e5", "smollm2", ""))
    is_probability = True
    explains = True
    packages = ("torch", "lightgbm")
    uses_loop = True

    time_known: bool = True
    epochs: int = 5
    batch_size: int = 512
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3
    n_history: int = 200
    end_weight: float = 3.0
    fade: float = 0.5
    dropout: float = 0.2
    text: str = "minilm"
    members: int = 1
    without: Sequence[str] = ()
    trees: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    #: The trees beside the network, and the weights of network, trees and the counter mix that is
    #: inside the trees (see `together`).
    trees_: Trees | None = field(init=False, default=None)
    weights_: np.ndarray = field(init=False, default_factory=lambda: _COUNTING.copy())

    # ------------------------------------------------------------ training

    def _settings(self, seed: int, batch_size: int) -> Settings:
        return Settings(
            epochs=self.epochs,
            # Small batches are noisy: they take smaller steps.
            learning_rate=self.learning_rate * (batch_size / self.batch_size) ** 0.5,
            weight_decay=self.weight_decay,
            patience=max(self.epochs, 1),
            schedule="cosine",
            warmup_share=0.05,
            seed=seed,
        )

    def _fit(self, train: Log, watch: Watch) -> None:
        unknown = set(self.without) - set(INGREDIENTS)
        if unknown:
            raise ModelError(
                f"What is left out is one of {', '.join(INGREDIENTS)}.",
                f"{', '.join(sorted(unknown))}.",
                "Correct the names in without.",
            )
        held, earlier = held_out(train, self.seed)
        since = int(train.time_us[~earlier].min(initial=train.time_us.max()))
        more = ends_held_out(train, held, since, self.seed)
        # The network alone needs none to be weighed by.
        unseen = np.union1d(held, more) if self._has_trees else held[:0]
        self.trees_, self.weights_ = None, _COUNTING.copy()
        worlds: dict[float, World] = {}
        lessons: list[Binned | None] = []
        if self._has_trees:
            counting = Watch(progress=part_of(watch, 0.0, 0.5), should_stop=watch.should_stop)
            self.trees_ = self._new_trees()
            _, lessons = self.trees_.study(train, unseen, counting, worlds)
            self.trees_.vocabulary_ = train.vocabulary
        with one_thread(), _growing(self.trees_, lessons, watch):
            meaning = self._learn(train, unseen, worlds, watch)
        if self.trees_ is not None and len(held):
            now = self.world_
            self.world_ = World.of(train.where(earlier), meaning)
            self._weigh(self.trees_.adapt(self.world_), train, held, more, since)
            self.world_ = now

    def _learn(
        self,
        train: Log,
        held: np.ndarray,
        worlds: dict[float, World],
        watch: Watch,
    ) -> np.ndarray:
        """Train the networks, on what is not held out; return what items mean."""
        meaning, self.directions_ = meaning_of(train.vocabulary, self._encoder, None, watch)
        give_back()
        data = training_data_of(
            train,
            meaning,
            held,
            n_history=self.n_history,
            time_known=self.time_known,
            end_weight=self.end_weight,
            fade=self.fade,
            remember=self.remembers,
            seed=self.seed,
            progress=watch,
            worlds=worlds,
        )
        worlds.clear()
        give_back()
        watch("Counting over all check-ins", 0.95)
        if self.trees_ is None:
            self.world_ = World.of(train, meaning).awaiting(train)
        else:
            self.world_ = replace(self.trees_.world_, meaning=meaning.astype(np.float32))
        self.reasons_ = data.reasons
        self.networks_ = []
        for member in range(self.members):
            network = seeded(self.seed + member, self._network)
            _measure(network, data)
            task = self._training_task(network, data)
            stage = watch.stage(f"network {member + 1}") if self.members > 1 else watch
            settings = self._settings(self.seed + member, task.batch_size)
            self.history_ = fit(task, settings, watch=stage)
            self.networks_.append(network.cpu().eval())
        return meaning

    # As in `strec.models.features.training_data`: products are small.
    @threadpool_limits.wrap(limits=1, user_api="blas")
    def _weigh(
        self, adapted: Trees, train: Log, held: np.ndarray, more: np.ndarray, since: int
    ) -> None:
        """Weigh the network against the trees, and find how sure to be, from rows held out.

        Each row is scored once, from counts of what was before all of them.
        """
        asked = np.union1d(held, more[: MAX_CELLS // max(len(train.vocabulary.items), 1)])
        queries = queries_of_rows(train, asked, time_known=self.time_known)
        network, trees = self._network_scores(queries), adapted._score(queries)
        drawn = np.isin(asked, held)
        ends = (train.ends_session & ~train.is_alone)[held]
        told = np.where(ends, self.end_weight, 1.0)
        learned = weights_for(network[drawn], trees[drawn], train.item[held], told)
        scores, counted = combined([network, trees], learned), adapted.mix_._score(queries)
        trusted = trust(scores[drawn], counted[drawn], train.item[held], told, train.owner[held])
        self.weights_ = np.r_[learned * trusted, 1 - trusted]
        scores = combined([scores, counted], np.array([trusted, 1 - trusted]))
        self.calibration_ = temperatures(
            lambda some: scores[np.searchsorted(asked, some.row)],
            train,
            since,
            every=held,
            ends=asked,
            time_known=self.time_known,
            seed=self.seed,
        )

    def _training_task(self, network: "Network", data: TrainingData) -> RowTask:
        # A few targets are held out to watch, not to stop: the latest check-ins teach most.
        order = np.random.default_rng(self.seed).permutation(len(data.target))
        n_check = min(1_000, len(order) // 30)
        return RowTask(
            module=network,
            rows=np.sort(order[n_check:]),
            check_rows=np.sort(order[:n_check] if n_check else order),
            batch_size=_batch_size(self.batch_size, len(order)),
            collate=lambda rows, rng: data.batch(rows, self.remembers),
            loss=network.loss,
        )

    def _network(self) -> "Network":
        from strec.models.stllm.network import Network

        start = np.array([weight for _, weight in CANDIDATE_FEATURES.values()], dtype=np.float32)
        # Meaning alone tells what items are: hours and popularity of all training would tell
        # targets of training.
        given, on = tensors({"traits": self.world_.meaning, "start": start}), tensors(self._on())
        return Network(
            traits=given["traits"],
            sizes={name: len(value) for name, value in on.items()},
            start=given["start"],
            on=on,
            dropout=self.dropout,
            identity="identity" not in self.without,
        )

    def _on(self) -> dict[str, np.ndarray]:
        """Return which columns speak, by kind of number: 1, or 0 for what is left out."""
        reasons = self.reasons_ | {
            "step": STEP_REASONS, "spread": [reason for reason, _ in CANDIDATE_FEATURES.values()]
        }  # fmt: skip
        silent = set().union(*(_SILENT.get(name, set()) for name in self.without))
        return {
            name: np.array([each not in silent for each in found], dtype=np.float32)
            for name, found in reasons.items()
        }

    @property
    def remembers(self) -> bool:
        return "history" not in self.without

    @property
    def _encoder(self) -> str:
        return "" if "text" in self.without else self.text

    # ------------------------------------------------------------ scores

    def _score(self, queries: Queries) -> np.ndarray:
        if self.trees_ is None:
            return self._network_scores(queries)
        ask = (self._network_scores, self.trees_._score, self.trees_.mix_._score)
        told = self.weights_ > 0
        return combined([each(queries) for each in compress(ask, told)], self.weights_[told])

    def _network_scores(self, queries: Queries) -> np.ndarray:
        from strec.models.stllm.scoring import scores_of

        return scores_of(self, queries)

    def explain(self, queries: Queries, row: int, items: np.ndarray) -> list[Explanation]:
        from strec.models.counting.reasons import explain_items as counted
        from strec.models.stllm.explain import explain_items

        self._check(queries)
        query, items = queries.take(slice(row, row + 1)), np.asarray(items)
        scores, trees = self.score(query)[0], self.trees_
        if trees is None:
            return with_scores(explain_items(self, query, items), scores)
        # Trees of a file, or for another city, come without one of their own.
        trees.vocabulary_ = self.vocabulary_
        ask = (
            lambda: explain_items(self, query, items),
            lambda: trees.explain(query, 0, items),
            lambda: counted(trees.mix_, query, items),
        )
        told = self.weights_ > 0
        found = zip(*(each() for each in compress(ask, told)), strict=True)
        return [
            added(float(scores[item]), each, self.weights_[told])
            for item, each in zip(items, found, strict=True)
        ]

    def adapt(self, train: Log) -> "STLLM":
        """Return the same model for other items and users, without training.

        What is learned stays (how time, place, order and meaning speak); counts and meanings
        are taken from the other check-ins, and items have no residual of their own.

        Parameters
        ----------
        train : Log
            Check-ins of the other place, with a vocabulary of their own.
        """
        self._fitted()
        other = STLLM(**self.params())
        directions = self.directions_ if len(self.directions_) else None
        meaning, other.directions_ = meaning_of(train.vocabulary, self._encoder, directions, silent)
        other.world_ = World.of(train, meaning).awaiting(train)
        other.reasons_ = self.reasons_
        other.trees_ = None if self.trees_ is None else self.trees_.adapt(other.world_)
        other.weights_ = self.weights_
        other.vocabulary_ = train.vocabulary
        other.networks_ = []
        for network in self.networks_:
            own = {k: v for k, v in network.state_dict().items() if k != "identity.weight"}
            adapted = other._network()
            adapted.load_state_dict(own, strict=False)
            other.networks_.append(adapted.eval())
        return other

    # ------------------------------------------------------------ files

    def _arrays(self) -> Arrays:
        reasons = {
            f"reasons.{kind}": np.array([REASONS.index(each) for each in found])
            for kind, found in self.reasons_.items()
        }
        arrays = prefixed("world.", self.world_.arrays())
        for member, network in enumerate(self.networks_):
            arrays |= prefixed(f"network{member}.", weights(network))
        if self.trees_ is not None:
            arrays |= prefixed("trees.", self.trees_._arrays()) | {"weights": self.weights_}
        return arrays | reasons | {"directions": self.directions_}

    def _restore(self, arrays: Arrays) -> None:
        self.world_ = World.restore(under(arrays, "world."))
        self.directions_ = arrays["directions"]
        self.reasons_ = {
            kind: [REASONS[code] for code in arrays[f"reasons.{kind}"]] for kind in KINDS_OF_NUMBER
        }
        self.networks_ = [
            with_weights(self._network(), _widened(under(arrays, f"network{member}.")))
            for member in range(self.members)
        ]
        # Models of 0.3 and before are a network alone.
        self.trees_, self.weights_ = None, _COUNTING.copy()
        if "weights" in arrays:
            # Before December 2026 the counter mix had no voice of its own.
            self.weights_ = np.append(arrays["weights"], 0.0)[:3]
            self.trees_ = self._new_trees()
            self.trees_._restore(under(arrays, "trees."))

    def _new_trees(self) -> Trees:
        return Trees(time_known=self.time_known, seed=self.seed, **self.trees)

    @property
    def _has_trees(self) -> bool:
        return not _ALSO_OF_TREES & set(self.without)


@contextmanager
def _growing(trees: Trees | None, lessons: list[Binned | None], watch: Watch) -> Iterator[None]:
    """Grow trees on a thread of their own while a network learns; both end together."""
    over = Event()
    asked = Watch(should_stop=lambda: over.is_set() or watch.should_stop())
    with ThreadPoolExecutor(1, "trees") as pool:
        grown = pool.submit(trees.grow, lessons, asked, 1) if trees else None
        try:
            yield
        except BaseException:
            over.set()
            raise
        if grown:
            watch("Growing trees", 0.95)
            grown.result()


def _batch_size(wanted: int, n_targets: int) -> int:
    """Return a batch size that leaves enough steps where there are few targets."""
    return min(wanted, max(_FEWEST_IN_BATCH, n_targets // _FEWEST_STEPS))


def _widened(arrays: Arrays) -> Arrays:
    """Return weights that say nothing of columns about new items that came after them."""
    n = len(CANDIDATE_FEATURES) - len(arrays["spread_mean"])
    if n <= 0:
        return arrays
    silent = {
        name: np.concatenate([arrays[name], np.zeros((n, *arrays[name].shape[1:]), np.float32)])
        for name in ("spread_mean", "weigh.2.weight", "weigh.2.bias")
    }
    spread = np.concatenate([arrays["spread_spread"], np.ones(n, np.float32)])
    return arrays | silent | {"spread_spread": spread}


def _measure(network: "Network", data: TrainingData) -> None:
    """Tell the network the mean and spread of each column."""
    import torch

    rng = np.random.default_rng(0)
    numbers = data.numbers
    tables = {
        "context": numbers.context,
        "item": numbers.item_numbers,
        "visit": numbers.visit_numbers,
        "spread": data.spread.reshape(-1, len(CANDIDATE_FEATURES)),
    }
    for name, table in tables.items():
        if not len(table):
            continue
        drawn = table[rng.integers(len(table), size=min(len(table), 200_000))].astype(np.float64)
        spread = drawn.std(axis=0)
        # A column that never varies says nothing: it stays at its mean.
        spread = np.where(spread > 1e-3, spread, 1.0)
        network.get_buffer(f"{name}_mean").copy_(torch.from_numpy(drawn.mean(axis=0)))
        network.get_buffer(f"{name}_spread").copy_(torch.from_numpy(spread))
