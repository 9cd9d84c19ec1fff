"""Hybrid factorisation in the manner of LightFM: users and items are sums of their features.

    s(u, i) = ( Σ_{f ∈ features of u} x_uf p_f  +  v Σ_{j ∈ history of u} h_uj q̃_j ) · q̃_i + b̃_i
    q̃_i     = Σ_{g ∈ features of i} q_g,   b̃_i = Σ_g b_g

Features of an item: itself, its category, its cell of about 5 km and of about 1 km. Features of
a user: itself, the categories and cells of the visible history, and its items, whose vectors are
those of the items themselves; all as shares in which recent check-ins count more. So a new item
is known by its category and cell, and a new user by the first check-ins.

Losses: softmax, -log P(i) over all items; BPR, -log σ(s(u, i) - s(u, j)) for items j drawn at
random; WARP, a hinge on the first drawn item that comes too close, the more weighty the fewer
draws it took: log(rank of i).
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from strec import schema
from strec.errors import ModelError
from strec.graph import strongest
from strec.models.neural import Inner, NeuralModel, tensors
from strec.models.profiles import history_slots, padded, profiles
from strec.models.saved import Arrays, packed, unpacked
from strec.split import Log, Queries, Vocabulary, queries_of_rows

#: H3 resolutions of the cells that are features of a place.
_RESOLUTIONS = (6, 8)
#: Features of the history that a user has at most, and items of it: the strongest.
_N_USER_SLOTS = 16
_N_ITEM_SLOTS = 32


@dataclass(kw_only=True, repr=False, eq=False)
class Hybrid(NeuralModel):
    """Factorisation over ids, categories and cells of users and items.

    Parameters
    ----------
    loss : str
        ``"softmax"``, ``"warp"`` or ``"bpr"``; the last two draw `n_negatives`.
    dim, n_negatives, half_life_days, user_dropout
        See `strec.models.neural.NeuralModel`.
    epochs, learning_rate, weight_decay, patience, batch_size, seed
        How it is trained; see `strec.models.neural.NeuralModel`.

    References
    ----------
    Kula, "Metadata embeddings for user and item cold-start recommendations", 2015.
    Weston, Bengio and Usunier, "WSABIE: scaling up to large vocabulary image annotation" (WARP),
    IJCAI 2011.

    Examples
    --------
    >>> from strec import schema
    >>> model = Hybrid(dim=4, epochs=1).fit(schema.example())
    >>> model.recommend(schema.example(), k=2).height
    4
    """

    kind = "hybrid"
    reads_order = False
    label = "Hybrid factorisation"
    sentence = "Hidden tastes for users and items, helped by categories and areas of the city."
    family = "traditional"
    order = 6
    quick = {"dim": 16, "epochs": 3}
    is_probability = True
    packages = ("torch",)

    dim: int = 64
    loss: str = "softmax"
    n_negatives: int = 32
    half_life_days: float | None = 30.0
    user_dropout: float = 0.05
    epochs: int = 15
    learning_rate: float = 5e-3

    def _numbers(self, train: Log, inner: Inner) -> Arrays:
        features = packed({"features": item_features(train.vocabulary)})
        return super()._numbers(train, inner) | features

    def _built(self):
        from strec.models.networks.pairs import RANK_LOSSES, FeatureNetwork

        if self.loss not in ("softmax", *RANK_LOSSES):
            raise ModelError(
                f"The loss is softmax, {' or '.join(RANK_LOSSES)}.",
                f"{self.loss!r}.",
                "Choose one of them.",
            )
        # The other losses give logits that rank alone.
        self.is_probability = self.loss == "softmax"
        features = unpacked(self.numbers_)["features"]
        n_items, n_shared = features.shape
        # Slot 0 is the item itself; its number comes after the shared features.
        slots, weights = padded(features, 1 + len(_RESOLUTIONS))
        own = n_shared + np.arange(n_items)[:, None]
        of_items = tensors(
            {
                "features": np.concatenate([own, slots], axis=1),
                "weights": np.concatenate([np.ones((n_items, 1)), weights], axis=1, dtype="f4"),
            }
        )
        n_users = n_shared + 1 + int(self.numbers_["n_users"][0])
        return FeatureNetwork(n_users, n_shared + n_items, self.dim, loss=self.loss, **of_items)

    def _read(self, queries: Queries) -> Arrays:
        return self._of_users(queries, queries.user)

    def _lesson(self, train: Log, rows: np.ndarray, rng: np.random.Generator) -> Arrays:
        queries = queries_of_rows(train, np.asarray(rows))
        unknown = rng.random(len(rows)) < self.user_dropout
        batch = self._of_users(queries, np.where(unknown, -1, queries.user))
        batch["target"] = train.item[rows].astype(np.int64)
        if self.loss != "softmax":
            n_items = len(train.vocabulary.items)
            batch["drawn"] = rng.integers(n_items, size=(len(rows), self.n_negatives))
        return batch

    def _of_users(self, queries: Queries, user: np.ndarray) -> Arrays:
        """Return the features of users, the id first, and the items of their histories."""
        features = unpacked(self.numbers_)["features"]
        history = profiles(queries, self.half_life_days)
        total = np.maximum(np.asarray(history.sum(axis=1)), 1e-300)
        shares = sparse.csr_matrix((history @ features).multiply(1 / total))
        slots, weights = padded(strongest(shares, _N_USER_SLOTS), _N_USER_SLOTS)
        own = features.shape[1] + 1 + user.astype(np.int64)
        taken, share = history_slots(queries, self.half_life_days, _N_ITEM_SLOTS)
        return {
            "slots": np.concatenate([own[:, None], slots], axis=1),
            "weights": np.concatenate([np.ones((len(user), 1)), weights], axis=1, dtype="f4"),
            "taken": taken,
            "share": share,
        }


def item_features(vocabulary: Vocabulary) -> sparse.csr_matrix:
    """Return which items share a category or a cell, shape ``(n_items, n_features)``, 0 or 1."""
    import polars as pl

    n_items = len(vocabulary.items)
    item = np.flatnonzero(vocabulary.item_category >= 0)
    pairs = [(item, vocabulary.item_category[item], len(vocabulary.categories))]
    place = np.flatnonzero(vocabulary.item_is_place)
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
