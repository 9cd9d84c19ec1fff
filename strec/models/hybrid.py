"""Hybrid factorisation in the manner of LightFM: users and items are sums of their features.

    s(u, i) = ( Σ_{f ∈ features of u} x_uf p_f ) · ( Σ_{g ∈ features of i} q_g ) + Σ_g b_g

Features of an item: itself, its category, its cell of about 5 km and of about 1 km. Features of
a user: itself, and the categories and cells of the visible history, as shares. So a new item is
known by its category and cell, and a new user by what the first check-ins have in common.

Losses: BPR, -log σ(s(u, i) - s(u, j)) for items j drawn at random; WARP, a hinge on the first
drawn item that comes too close, the more weighty the fewer draws it took: log(rank of i).

References
----------
Kula, "Metadata embeddings for user and item cold-start recommendations", 2015.
Weston, Bengio and Usunier, "WSABIE: scaling up to large vocabulary image annotation" (WARP),
IJCAI 2011.
"""

import numpy as np
from scipy import sparse

from strec import schema
from strec.errors import ModelError
from strec.graph import PLACE_SPREAD_KM, strongest
from strec.models.neural import Inner, NeuralModel, RowTask, device_of
from strec.models.profiles import csr_arrays, csr_restore, profiles
from strec.split import Log, Queries, Vocabulary, queries_of_rows

#: H3 resolutions of the cells that are features of a place.
_RESOLUTIONS = (6, 8)
#: Features of the history that a user has at most: the strongest.
_N_USER_SLOTS = 16


class Hybrid(NeuralModel):
    """Factorisation over ids, categories and cells of users and items.

    Parameters
    ----------
    dim : int
        Size of the feature vectors.
    loss : str
        ``"warp"`` or ``"bpr"``.
    n_negatives : int
        Items drawn against each check-in.
    half_life_days : float, optional
        After so many days a check-in of the history counts half in the user's features.
    user_dropout : float
        Share of check-ins read as those of an unknown user, so that one is served too.
    epochs, learning_rate, weight_decay, patience, seed
        See `strec.train.Settings`.
    batch_size : int
        Check-ins in one step of training.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import split
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> model = Hybrid(dim=4, epochs=1).fit(parts.train)
    >>> model.score(parts.queries(scored="every")).shape
    (1, 2)
    """

    kind = "hybrid"

    def __init__(
        self,
        dim: int = 64,
        loss: str = "warp",
        n_negatives: int = 32,
        half_life_days: float | None = 30.0,
        user_dropout: float = 0.05,
        epochs: int = 15,
        learning_rate: float = 5e-3,
        weight_decay: float = 1e-4,
        patience: int = 2,
        batch_size: int = 1024,
        seed: int = 0,
    ):
        self.dim = dim
        self.loss = loss
        self.n_negatives = n_negatives
        self.half_life_days = half_life_days
        self.user_dropout = user_dropout
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.patience = patience
        self.batch_size = batch_size
        self.seed = seed

    def _numbers(self, train: Log, inner: Inner) -> dict[str, np.ndarray]:
        return csr_arrays("features", item_features(train.vocabulary))

    def _network(self, vocabulary: Vocabulary, numbers: dict[str, np.ndarray]):
        import torch

        from strec.models.networks.pairs import FeatureNetwork

        features = csr_restore("features", numbers)
        n_items, n_shared = features.shape
        # Slot 0 is the item itself; its number comes after the shared features.
        slots, weights = _slots(features, 1 + len(_RESOLUTIONS))
        own = n_shared + np.arange(n_items)[:, None]
        slots = np.concatenate([own, slots], axis=1)
        weights = np.concatenate([np.ones((n_items, 1)), weights], axis=1)
        return FeatureNetwork(
            n_shared + 1 + len(vocabulary.users),
            n_shared + n_items,
            self.dim,
            torch.from_numpy(slots),
            torch.from_numpy(weights.astype(np.float32)),
        )

    def _task(self, network, train: Log, inner: Inner) -> RowTask:
        import torch

        losses = {"warp": _warp, "bpr": _bpr}
        if self.loss not in losses:
            raise ModelError(
                "The loss is warp or bpr.", f"{self.loss!r}.", "Choose one of the two."
            )
        n_items = len(train.vocabulary.items)

        def collate(rows: np.ndarray, rng: np.random.Generator) -> dict[str, torch.Tensor]:
            queries = queries_of_rows(train, np.asarray(rows))
            unknown = rng.random(len(rows)) < self.user_dropout
            slots, weights = self._user_slots(queries, np.where(unknown, -1, queries.user))
            batch = {
                "slots": slots,
                "weights": weights,
                "target": train.item[rows].astype(np.int64),
                "drawn": rng.integers(n_items, size=(len(rows), self.n_negatives)),
            }
            return {name: torch.from_numpy(value) for name, value in batch.items()}

        def loss(batch: dict[str, torch.Tensor]) -> torch.Tensor:
            users = network.users(batch["slots"], batch["weights"])  # (n, dim)
            items, bias = network.items()
            right = (users * items[batch["target"]]).sum(1) + bias[batch["target"]]  # (n,)
            drawn = batch["drawn"]  # (n, n_negatives)
            wrong = torch.einsum("nd,nmd->nm", users, items[drawn]) + bias[drawn]
            # An item drawn against itself is not wrong.
            wrong = wrong.masked_fill(drawn == batch["target"][:, None], float("-inf"))
            return losses[self.loss](right[:, None] - wrong, n_items)

        return RowTask(network, inner.fit_rows, inner.check_rows, self.batch_size, collate, loss)

    def _scores(self, network, queries: Queries):
        import torch

        device = device_of(network)
        slots, weights = self._user_slots(queries, queries.user)
        users = network.users(
            torch.from_numpy(slots).to(device), torch.from_numpy(weights).to(device)
        )
        items, bias = network.items()
        return users @ items.T + bias  # (n, n_items)

    def _user_slots(self, queries: Queries, user: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return feature numbers and weights of users, shape ``(n, 1 + _N_USER_SLOTS)`` each."""
        features = csr_restore("features", self.numbers_)
        history = profiles(queries, self.half_life_days)
        total = np.maximum(np.asarray(history.sum(axis=1)), 1e-300)
        shares = sparse.csr_matrix((history @ features).multiply(1 / total))
        slots, weights = _slots(strongest(shares, _N_USER_SLOTS), _N_USER_SLOTS)
        own = features.shape[1] + 1 + user.astype(np.int64)
        slots = np.concatenate([own[:, None], slots], axis=1)
        weights = np.concatenate([np.ones((len(user), 1)), weights], axis=1)
        return slots, weights.astype(np.float32)


def item_features(vocabulary: Vocabulary) -> sparse.csr_matrix:
    """Return which items share a category or a cell, shape ``(n_items, n_features)``, 0 or 1.

    Examples
    --------
    >>> from strec import schema
    >>> item_features(Vocabulary.of(schema.example())).toarray()[:, :3].tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    import polars as pl

    n_items = len(vocabulary.items)
    item = np.flatnonzero(vocabulary.item_category >= 0)
    pairs = [(item, vocabulary.item_category[item], len(vocabulary.categories))]
    place = np.flatnonzero(vocabulary.item_spread_km <= PLACE_SPREAD_KM)
    for resolution in _RESOLUTIONS:
        lat, lon = vocabulary.item_lat[place], vocabulary.item_lon[place]
        cell = schema.cells_of(pl.Series(lat), pl.Series(lon), resolution).fill_null(0)
        known, code = np.unique(cell.to_numpy(), return_inverse=True)
        pairs.append((place, code, len(known)))
    blocks = [
        sparse.csr_matrix((np.ones(len(row)), (row, code)), shape=(n_items, width))
        for row, code, width in pairs
    ]
    return sparse.csr_matrix(sparse.hstack(blocks))


def _slots(matrix: sparse.csr_matrix, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and values of each row, padded with column 0 and value 0."""
    matrix = sparse.csr_matrix(matrix)
    length = np.diff(matrix.indptr)
    row = np.repeat(np.arange(matrix.shape[0]), length)
    position = np.arange(len(row)) - matrix.indptr[row]
    columns = np.zeros((matrix.shape[0], width), dtype=np.int64)
    values = np.zeros((matrix.shape[0], width))
    columns[row, position], values[row, position] = matrix.indices, matrix.data
    return columns, values


def _bpr(lead, n_items: int):
    """Return -log σ(lead), the mean over pairs; `lead` has shape ``(n, n_negatives)``."""
    from torch.nn.functional import softplus

    return softplus(-lead).mean()


def _warp(lead, n_items: int):
    """Return the hinge on the first item that comes within 1, weighted by the guessed rank."""
    import torch

    close = lead < 1.0  # (n, n_negatives)
    first = close.int().argmax(dim=1)  # draws before the first that is close
    rank = ((n_items - 1) // (first + 1)).clamp(min=1)
    hinge = (1.0 - lead.gather(1, first[:, None]).squeeze(1)).clamp(min=0)  # (n,)
    weight = torch.log1p(rank.float()) * close.any(dim=1)
    return torch.where(close.any(dim=1), weight * hinge, torch.zeros_like(weight)).mean()
