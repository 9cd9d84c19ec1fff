"""NeuMF: neural collaborative filtering.

    ŷ(u, i) = σ( h · [ p_u ∘ q_i , MLP(p'_u, q'_i) ] + b_i )

Two tables of users and items each: one for the generalised product ∘, one for the layers of the
MLP. Trained on every training check-in against items drawn at random (binary cross-entropy).

References
----------
He et al., "Neural collaborative filtering", WWW 2017.
"""

from collections.abc import Sequence

import numpy as np

from strec.models.neural import Inner, NeuralModel, RowTask, device_of
from strec.split import Log, Queries, Vocabulary

#: (user, item) pairs whose inner layers are held at once when scoring.
_CHUNK_PAIRS = 400_000


class NeuMF(NeuralModel):
    """Who takes what, by a product and by layers together.

    Parameters
    ----------
    dim : int
        Size of the vectors that are multiplied.
    layers : sequence of int
        Widths of the MLP: what goes in (both sides together), then each layer.
    n_negatives : int
        Items drawn against each check-in.
    dropout : float
        Share of the layers' numbers that rest in each training step.
    user_dropout : float
        Share of check-ins read as those of an unknown user, so that one is served too.
    epochs, learning_rate, weight_decay, patience, seed
        See `strec.train.Settings`.
    batch_size : int
        Check-ins in one step of training.

    Notes
    -----
    It knows the user by id alone: neither time, nor place, nor what came after training.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import split
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> model = NeuMF(dim=4, layers=(8, 4), epochs=1).fit(parts.train)
    >>> model.score(parts.queries(scored="every")).shape
    (1, 2)
    """

    kind = "neumf"

    def __init__(
        self,
        dim: int = 64,
        layers: Sequence[int] = (64, 32, 16),
        n_negatives: int = 8,
        dropout: float = 0.1,
        user_dropout: float = 0.02,
        epochs: int = 15,
        learning_rate: float = 1e-2,
        weight_decay: float = 0.0,
        patience: int = 2,
        batch_size: int = 1024,
        seed: int = 0,
    ):
        self.dim = dim
        self.layers = layers
        self.n_negatives = n_negatives
        self.dropout = dropout
        self.user_dropout = user_dropout
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.patience = patience
        self.batch_size = batch_size
        self.seed = seed

    def _network(self, vocabulary: Vocabulary, numbers: dict[str, np.ndarray]):
        from strec.models.networks.pairs import NeuMFNetwork

        return NeuMFNetwork(
            len(vocabulary.users),
            len(vocabulary.items),
            self.dim,
            list(self.layers),
            self.dropout,
            self.user_dropout,
        )

    def _task(self, network, train: Log, inner: Inner) -> RowTask:
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits

        n_items = len(train.vocabulary.items)

        def collate(rows: np.ndarray, rng: np.random.Generator) -> dict[str, torch.Tensor]:
            drawn = rng.integers(n_items, size=(len(rows), self.n_negatives))
            item = np.concatenate([train.item[rows][:, None], drawn], axis=1).astype(np.int64)
            user = train.user[rows][:, None].astype(np.int64)
            return {"user": torch.from_numpy(user), "item": torch.from_numpy(item)}

        def loss(batch: dict[str, torch.Tensor]) -> torch.Tensor:
            logits = network(batch["user"], batch["item"])  # (n, 1 + n_negatives)
            truth = (batch["item"] == batch["item"][:, :1]).float()
            return binary_cross_entropy_with_logits(logits, truth)

        return RowTask(network, inner.fit_rows, inner.check_rows, self.batch_size, collate, loss)

    def _scores(self, network, queries: Queries):
        import torch

        device = device_of(network)
        n_items = len(queries.vocabulary.items)
        # The answer depends on the user alone, so each is asked once.
        users, where = np.unique(queries.user, return_inverse=True)
        scores = torch.empty(len(users), n_items, device=device)
        step = max(1, _CHUNK_PAIRS // len(users))
        user = torch.from_numpy(users.astype(np.int64))[:, None].to(device)
        for first in range(0, n_items, step):
            item = torch.arange(first, min(first + step, n_items), device=device)
            scores[:, first : first + step] = network(user, item.expand(len(users), -1))
        return scores[torch.from_numpy(where).to(device)]
