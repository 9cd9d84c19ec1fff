"""NeuMF: neural collaborative filtering.

    ŷ(u, i) = σ( h · [ p ∘ q_i , MLP(p', q'_i) ] + b_i )
    p       = p_u + v Σ_j h_uj q_j,    p' = p'_u + Σ_j h_uj q'_j

Two tables of users and items each: one for the generalised product ∘, one for the layers of the
MLP. A user is an id, as published, and the items of the history (the features that the article
leaves room for) with shares h in which recent check-ins count more, so that newcomers and
later check-ins are heard. Trained on every training check-in against items drawn at random
(binary cross-entropy).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from strec.models.neural import NeuralModel
from strec.models.profiles import history_slots
from strec.models.saved import Arrays
from strec.split import Log, Queries

#: Items of the history that a user has at most: the strongest.
_N_ITEM_SLOTS = 32


@dataclass(kw_only=True, repr=False, eq=False)
class NeuMF(NeuralModel):
    """Who takes what, by a product and by layers together.

    Parameters
    ----------
    dim : int
        Size of the vectors that are multiplied.
    layers : sequence of int
        Widths of the MLP: what goes in (both sides together), then each layer.
    n_negatives, dropout, user_dropout, half_life_days
        See `strec.models.neural.NeuralModel`.
    epochs, learning_rate, weight_decay, patience, batch_size, seed
        How it is trained; see `strec.models.neural.NeuralModel`.

    References
    ----------
    He et al., "Neural collaborative filtering", WWW 2017.

    Examples
    --------
    >>> from strec import schema
    >>> model = NeuMF(dim=4, layers=(8, 4), epochs=1).fit(schema.example())
    >>> model.recommend(schema.example(), k=2).height
    4
    """

    kind = "neumf"
    reads_order = False
    label = "Neural collaborative filtering"
    sentence = "A network that learns who takes what, from who it is and what was taken before."
    family = "traditional"
    order = 7
    quick = {"dim": 16, "layers": [16, 8], "epochs": 3}
    packages = ("torch",)

    dim: int = 64
    layers: Sequence[int] = (64, 32, 16)
    n_negatives: int = 8
    dropout: float = 0.1
    user_dropout: float = 0.02
    half_life_days: float | None = 90.0
    epochs: int = 15
    learning_rate: float = 1e-2
    weight_decay: float = 0.0

    def _built(self):
        from strec.models.networks.pairs import NeuMFNetwork

        return NeuMFNetwork(
            int(self.numbers_["n_users"][0]),
            len(self.numbers_["log_share"]),
            self.dim,
            list(self.layers),
            self.dropout,
            self.user_dropout,
        )

    def _read(self, queries: Queries) -> Arrays:
        taken, share = history_slots(queries, self.half_life_days, _N_ITEM_SLOTS)
        return {"user": queries.user.astype(np.int64), "taken": taken, "share": share}

    def _lesson(self, train: Log, rows: np.ndarray, rng: np.random.Generator) -> Arrays:
        drawn = rng.integers(len(train.vocabulary.items), size=(len(rows), self.n_negatives))
        return super()._lesson(train, rows, rng) | {"drawn": drawn}
