"""An LLM re-ranks the best candidates of the counter mix.

    P(i) ∝ P₁(i) · exp(w · s · cos(h(trajectory), e_i))     for the first k candidates of P₁
    P(i) = P₁(i)                                             for all others

P₁ is the counter mix. The trajectory (moment and recent check-ins) is written as a text; h is the
language model with LoRA adapters reading it, e_i the same model, unadapted, reading the item's
text. The adapters learn to add to P₁ what it misses: the loss is the log-probability of the item
that came among the candidates, P₁ included. The weight w is fitted on check-ins held out; where
the LLM does not help it goes to 0, and the counter mix answers alone. The candidates share what
P₁ gave them, so that the probabilities still sum to 1.
"""

from dataclasses import dataclass, replace

import numpy as np

from strec.errors import ModelError
from strec.llm import Encoder, item_texts
from strec.llm.texts import trajectory_texts
from strec.models.base import Explanation, Model
from strec.models.counting import CounterMix
from strec.models.language import Language
from strec.models.llm_training import (
    Example,
    Ranked,
    examples_of,
    fit_weight,
    train_reader,
    with_words,
)
from strec.models.neural import weights, with_weights
from strec.models.profiles import in_chunks
from strec.models.saved import Arrays, prefixed, under
from strec.split import Log, Queries
from strec.train import Watch

#: Fewer queries than this teach nothing: the counter mix answers alone.
_FEWEST = 20
_CHUNK_NUMBERS = 20_000_000


@dataclass(repr=False, eq=False)
class LLMRanker(Model):
    """The counter mix, its best candidates re-ranked by a language model with LoRA adapters.

    Parameters
    ----------
    llm : str
        ``"minilm"``, ``"smollm2"``, ``"tiny"``, the folder of any transformers model (causal or
        encoder), or a hub id that is on this machine.
    n_candidates : int
        The k of the equation.
    n_queries : int
        Training queries drawn from the latest check-ins; a fifth is held out.
    n_recent : int
        Check-ins told in a trajectory.
    rank : int
        Width of the adapters.
    max_tokens : int
        Longer trajectories are cut at their old end.
    epochs, learning_rate, patience, seed
        See `strec.train.Settings`.
    batch_size : int
        Trajectories in one step of training.
    max_minutes : float
        Time for training the adapters; what is learned by then is kept.
    time_known : bool
        Whether the time of a query is given.

    References
    ----------
    Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022.
    Li et al., "Large language models for next point-of-interest recommendation", SIGIR 2024.

    Examples
    --------
    >>> from strec import schema
    >>> model = LLMRanker("tiny").fit(schema.example())
    >>> model.recommend(schema.example(), k=2).height
    4
    """

    kind = "llm_ranker"
    label = "LLM ranker"
    sentence = (
        "A language model reads the last check-ins as text and re-ranks what counting suggests."
    )
    family = "llm"
    order = 2
    quick = {"llm": "tiny", "n_queries": 120, "n_candidates": 5, "epochs": 1}
    language = Language("llm", ("minilm", "smollm2", "tiny"))
    is_probability = True
    explains = True
    packages = ("torch", "transformers", "peft")

    llm: str = "minilm"
    n_candidates: int = 20
    n_queries: int = 1000
    n_recent: int = 8
    rank: int = 8
    max_tokens: int = 96
    epochs: int = 3
    learning_rate: float = 1e-3
    patience: int = 1
    batch_size: int = 16
    max_minutes: float = 5.0
    time_known: bool = True
    seed: int = 0

    def _fit(self, train: Log, watch: Watch) -> None:
        encoder = Encoder(self.llm)
        self.base_ = encoder.fingerprint
        self.items_ = encoder.encode(item_texts(train.vocabulary, train), progress=watch)
        self.reader_ = self._new_reader()
        self.weight_ = 0.0
        fit, held_out = examples_of(self, train, watch)
        if min(len(fit), len(held_out)) >= _FEWEST:
            minutes = min(self.max_minutes * 60, watch.max_seconds or np.inf)
            train_reader(self, fit, held_out, replace(watch, max_seconds=minutes))
            self.weight_ = fit_weight(held_out, self._likeness(held_out))
        watch("Counting", 0.95)
        self.first_ = self._new_first().fit(train)
        # It moves probability among the first stage's candidates; how sure that is stays.
        self.calibration_ = self.first_.calibration_
        watch("Done", 1.0)

    def _score(self, queries: Queries) -> np.ndarray:
        at_once = max(1, _CHUNK_NUMBERS // max(len(queries.vocabulary.items), 1))
        return in_chunks(queries, self._probability, at_once)

    def explain(self, queries: Queries, row: int, items: np.ndarray) -> list[Explanation]:
        self._check(queries)
        query = queries.take(slice(row, row + 1))
        return with_words(self.first_, query, self.score(query)[0], items)

    def _probability(self, queries: Queries) -> np.ndarray:
        """Return the first stage's probabilities, moved among the best candidates."""
        first = self.first_.score(queries)
        if self.weight_ == 0 or not len(queries):
            return first
        ranked = self._ranked(queries, first)
        moved = ranked.prior + self.weight_ * self._likeness(ranked)
        moved = np.exp(moved - moved.max(axis=1, keepdims=True))
        before = np.take_along_axis(first, ranked.candidates, axis=1)
        share = moved / moved.sum(axis=1, keepdims=True) * before.sum(axis=1, keepdims=True)
        scores = first.copy()
        np.put_along_axis(scores, ranked.candidates, share, axis=1)
        return scores

    def _ranked(self, queries: Queries, first: np.ndarray) -> Ranked:
        """Return the best candidates of each query, and its trajectory as tokens."""
        candidates = np.argsort(-first, axis=1, kind="stable")[:, : self.n_candidates]
        prior = np.log(np.take_along_axis(first, candidates, axis=1) + 1e-12)
        tokens = self.reader_.tokens(trajectory_texts(queries, self.n_recent))
        return Ranked(candidates, prior, tokens)

    def _likeness(self, ranked: Ranked | Example) -> np.ndarray:
        """Return how well each candidate fits its trajectory, shape ``(n_queries, k)``."""
        return ranked.likeness(self.reader_, self.items_)

    def _new_reader(self):
        from strec.llm.adapt import Reader
        from strec.llm.weights import resolve

        return Reader(resolve(self.llm), rank=self.rank, max_tokens=self.max_tokens, seed=self.seed)

    def _new_first(self) -> CounterMix:
        return CounterMix(time_known=self.time_known, seed=self.seed)

    def _arrays(self) -> Arrays:
        own = {
            "items": self.items_,
            "weight": np.array([self.weight_]),
            "base": np.frombuffer(self.base_.encode(), dtype=np.uint8),
        }
        adapters, first = weights(self.reader_), self.first_._arrays()
        return own | prefixed("adapter.", adapters) | prefixed("first.", first)

    def _restore(self, arrays: Arrays) -> None:
        self.items_ = arrays["items"]
        self.weight_ = float(arrays["weight"][0])
        self.base_ = arrays["base"].tobytes().decode()
        found = Encoder(self.llm).fingerprint
        if found != self.base_:
            raise ModelError(
                "Adapters need the very language model they were trained with.",
                f"{self.llm!r} is another one on this machine ({found}, not {self.base_}).",
                "Use that model's files, or train again.",
            )
        self.reader_ = with_weights(self._new_reader(), under(arrays, "adapter."))
        self.first_ = self._new_first()
        self.first_._restore(under(arrays, "first."))
        self.first_.vocabulary_ = self.vocabulary_
