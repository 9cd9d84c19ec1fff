"""A blend: several models answer, and each has the share that it has earned.

    P(i) = Σ_m w_m P_m(i),   w_m ≥ 0,  Σ_m w_m = 1

P_m is the model's own probability, or softmax(score / T_m) over scores measured in their spread
where it has none. T_m and then w are fitted by maximum likelihood (w by expectation
maximisation) on the latest slice of the training check-ins, which the models have not seen;
then all models are fitted anew on all of training.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from strec.errors import ModelError
from strec.models.base import Model
from strec.models.calibration import temperatures
from strec.models.profiles import moment_at
from strec.models.saved import Arrays, prefixed, under
from strec.split import Log, Queries, queries_of_rows
from strec.train import Watch

Member = Model | str | dict[str, Any]

DEFAULT = ("counter_mix", "item_knn", "patterns")
_TEMPERATURES = np.logspace(-2, 1, 13)
_FEWEST_QUERIES = 20
#: Scores of one model held at once while fitting.
_MAX_NUMBERS = 10_000_000


@dataclass(repr=False, eq=False)
class Blend(Model):
    """A learned mean of the answers of other models.

    Parameters
    ----------
    models : sequence of Model, str or dict
        Unfitted models, or their kinds, or ``{"kind": …, "params": {…}}``.
    slice_share : float
        Share of the training check-ins, the latest, on which the weights are fitted.
    n_queries : int
        Check-ins drawn from this slice at most.
    time_known : bool
        Whether the time of a query is given; goes to the models that are named by kind.
    seed : int
        Seed of the draw.

    References
    ----------
    Burke, "Hybrid recommender systems: survey and experiments", 2002 (weighted hybrids).
    Dempster, Laird and Rubin, "Maximum likelihood from incomplete data via the EM algorithm", 1977.

    Examples
    --------
    >>> from strec import schema
    >>> model = Blend(("popularity", "item_knn")).fit(schema.example())
    >>> model.weights_.tolist()  # too few check-ins to tell
    [0.5, 0.5]
    >>> model.params()["models"][0]
    {'kind': 'popularity', 'params': {}}
    """

    kind = "blend"
    label = "Blend"
    sentence = "Several models answer together; each has the weight that it has earned."
    family = "traditional"
    order = 10
    quick = {"models": ["user_counts", "markov", "counter_mix"], "n_queries": 200}
    is_probability = True

    models: Sequence[Member] = DEFAULT
    slice_share: float = 0.1
    n_queries: int = 2000
    time_known: bool = True
    seed: int = 0

    def params(self) -> dict[str, Any]:
        """Return the parameters, the models as kinds and parameters."""
        models = [{"kind": m.kind, "params": m.params()} for m in self._members()]
        return super().params() | {"models": models}

    def _fit(self, train: Log, watch: Watch) -> None:
        cut = moment_at(train.time_us, 1 - self.slice_share)
        inner = train.where(train.time_us < cut)
        rows = np.flatnonzero((train.time_us >= cut) & (train.item >= 0))
        most = min(self.n_queries, max(1, _MAX_NUMBERS // len(train.vocabulary.items)))
        rows = np.sort(np.random.default_rng(self.seed).permutation(rows)[:most])
        members = self._members()
        self.weights_ = np.full(len(members), 1 / len(members))
        self.temperatures_ = np.ones(len(members))
        if len(rows) >= _FEWEST_QUERIES and (inner.item >= 0).any():
            queries = queries_of_rows(train, rows, time_known=self.time_known)
            self._weigh(members, inner, queries, watch)
            watch("Asking for the latest check-ins", 0.5)
            self.members_ = members
            self.calibration_ = temperatures(
                self._score, train, cut, time_known=self.time_known, seed=self.seed
            )
        self.members_ = self._members()
        for number, member in enumerate(self.members_):
            watch(f"Fitting {member.kind}", 0.5 + 0.5 * number / len(members))
            member.fit(train, watch=watch.stage(f"{number}-{member.kind}"))

    def _weigh(self, members: list[Model], inner: Log, queries: Queries, watch: Watch) -> None:
        """Fit temperatures and weights on held-out queries."""
        row, chances = np.arange(len(queries)), np.empty((len(queries), len(members)))
        for number, member in enumerate(members):
            watch(f"Fitting {member.kind} without the latest", 0.5 * number / len(members))
            member.fit(inner, watch=watch.stage(f"{number}-{member.kind}-inner"))
            scores = member.score(queries)
            if member.is_probability:
                self.temperatures_[number] = 0.0
                chances[:, number] = scores[row, queries.target]
                continue
            tried = [_soft(scores, t)[row, queries.target] for t in _TEMPERATURES]
            best = int(np.argmax([np.log(p + 1e-12).sum() for p in tried]))
            self.temperatures_[number] = _TEMPERATURES[best]
            chances[:, number] = tried[best]
        self.weights_ = mixture_weights(chances)

    def _score(self, queries: Queries) -> np.ndarray:
        total = np.zeros((len(queries), len(queries.vocabulary.items)))
        for weight, temperature, member in zip(
            self.weights_, self.temperatures_, self.members_, strict=True
        ):
            scores = member.score(queries)
            total += weight * (scores if temperature == 0 else _soft(scores, temperature))
        return total

    def _members(self) -> list[Model]:
        """Return fresh, unfitted models."""
        from strec.models import MODELS

        members = []
        for given in self.models:
            if isinstance(given, Model):
                kind, params = given.kind, given.params()
            elif isinstance(given, str):
                kind, params = given, {}
            else:
                kind, params = str(given.get("kind")), dict(given.get("params", {}))
            if kind not in MODELS or kind == self.kind:
                raise ModelError(
                    "A blend is made of known kinds of models.",
                    f"{kind!r}.",
                    f"Choose among {', '.join(k for k in MODELS if k != self.kind)}.",
                )
            if "time_known" in inspect.signature(MODELS[kind]).parameters:
                params.setdefault("time_known", self.time_known)
            members.append(MODELS[kind](**params))
        if not members:
            raise ModelError("A blend needs models.", "none.", "Name at least one kind.")
        return members

    def _arrays(self) -> Arrays:
        arrays = {"weights": self.weights_, "temperatures": self.temperatures_}
        for number, member in enumerate(self.members_):
            arrays |= prefixed(f"{number}.", member._arrays())
        return arrays

    def _restore(self, arrays: Arrays) -> None:
        self.weights_, self.temperatures_ = arrays["weights"], arrays["temperatures"]
        self.members_ = self._members()
        for number, member in enumerate(self.members_):
            member.vocabulary_ = self.vocabulary_
            member._restore(under(arrays, f"{number}."))


def mixture_weights(chances: np.ndarray, n_rounds: int = 200) -> np.ndarray:
    """Return the weights under which a mixture makes what came most likely.

    `chances`, ``(n_queries, n_models)``, are what each model gave to the item that came.

    Examples
    --------
    >>> mixture_weights(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])).round(2).tolist()
    [0.67, 0.33]
    """
    chances = chances + 1e-12
    weights = np.full(chances.shape[1], 1 / chances.shape[1])
    for _ in range(n_rounds):
        share = chances * weights
        weights = (share / share.sum(axis=1, keepdims=True)).mean(axis=0)
    return weights


def _soft(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Return softmax of scores measured in their spread; rows sum to 1."""
    spread = scores.std(axis=1, keepdims=True)
    scaled = (scores - scores.max(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    weight = np.exp(scaled / temperature)
    return weight / weight.sum(axis=1, keepdims=True)
