"""Networks over pairs of a user and an item, and how they are ranked against items drawn."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from strec.models.networks.items import Batch, ItemNetwork, embedding, item_loss

#: (user, item) pairs whose inner layers are held at once when scoring.
_CHUNK_PAIRS = 400_000
#: How loud the items of the history are at first, beside what is learned of the user's id.
FIRST_VOLUME = 4.0


class NeuMFNetwork(ItemNetwork):
    """NeuMF: h · [p ∘ q_i, MLP(p', q'_i)] + b_i, a logit, with users who are more than an id.

    p = p_u + v Σ_j h_j q_j and p' = p'_u + Σ_j h_j q'_j over the items of the history and their
    shares of it. Row 0 of the users is one whom training has not seen.
    """

    def __init__(
        self, n_users: int, n_items: int, dim: int, layers: Sequence[int], dropout: float,
        user_dropout: float,
    ):  # fmt: skip
        super().__init__()
        self.user_dropout = user_dropout
        width = layers[0] // 2
        self.users_gmf = embedding(n_users + 1, dim)
        self.items_gmf = nn.Embedding(n_items, dim)
        nn.init.normal_(self.items_gmf.weight, std=dim**-0.5)
        self.volume = nn.Parameter(torch.tensor(FIRST_VOLUME))
        self.users_mlp = embedding(n_users + 1, width)
        self.items_mlp = embedding(n_items, width)
        steps: list[nn.Module] = []
        for before, after in zip([2 * width, *layers[1:]], layers[1:], strict=False):
            steps += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout)]
        self.mlp = nn.Sequential(*steps)
        self.out = nn.Linear(dim + layers[-1], 1)
        nn.init.ones_(self.out.weight)
        self.bias = nn.Embedding(n_items, 1)
        nn.init.zeros_(self.bias.weight)

    def users(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the users of a batch for both halves, ``(n, dim)`` and ``(n, width)``."""
        user, taken, share = batch["user"] + 1, batch["taken"], batch["share"]
        if self.training:
            user = user * (torch.rand_like(user, dtype=torch.float) >= self.user_dropout)
        gmf = torch.einsum("ns,nsd->nd", share, self.items_gmf(taken))
        mlp = torch.einsum("ns,nsd->nd", share, self.items_mlp(taken))
        return self.users_gmf(user) + self.volume * gmf, self.users_mlp(user) + mlp

    def forward(self, users: tuple[torch.Tensor, torch.Tensor], item: torch.Tensor) -> torch.Tensor:
        """Return logits of users with items (n, m); shape ``(n, m)``."""
        gmf = users[0][:, None] * self.items_gmf(item)  # (n, m, dim)
        both = users[1][:, None].expand(-1, item.shape[1], -1)  # (n, m, width)
        mlp = self.mlp(torch.cat([both, self.items_mlp(item)], dim=-1))  # (n, m, last)
        return (self.out(torch.cat([gmf, mlp], dim=-1)) + self.bias(item)).squeeze(-1)

    def loss(self, batch: Batch) -> torch.Tensor:
        """Return the binary cross-entropy of ``target`` (n,) and ``drawn`` (n, n_negatives)."""
        item = torch.cat([batch["target"][:, None], batch["drawn"]], dim=1)
        truth = (item == item[:, :1]).float()
        return binary_cross_entropy_with_logits(self(self.users(batch), item), truth)

    def logits(self, batch: Batch) -> torch.Tensor:
        users, n, n_items = self.users(batch), len(batch["user"]), len(self.bias.weight)
        every = torch.arange(n_items, device=self.bias.weight.device)
        step = max(1, _CHUNK_PAIRS // max(n, 1))
        return torch.cat([self(users, some.expand(n, -1)) for some in every.split(step)], dim=1)

    def scores(self, batch: Batch) -> torch.Tensor:
        """Return logits: each pair has a chance of its own, so they are no shares of one."""
        return self.logits(batch)


class FeatureNetwork(ItemNetwork):
    """LightFM: (Σ features of the user) · (Σ features of the item) + the item's biases.

    Features are rows of one table per side; a bag of rows and weights stands for a user or item.
    The items of a user's history are features too, whose vectors are those of the items.
    """

    def __init__(self, n_user_features: int, n_item_features: int, dim: int, *,
                 features: torch.Tensor, weights: torch.Tensor, loss: str):  # fmt: skip
        super().__init__()
        self.rank_loss = RANK_LOSSES.get(loss)
        self.user_table = embedding(n_user_features, dim)
        self.item_table = nn.Embedding(n_item_features, dim)
        nn.init.normal_(self.item_table.weight, std=dim**-0.5)
        self.volume = nn.Parameter(torch.tensor(FIRST_VOLUME))
        self.item_bias = nn.Embedding(n_item_features, 1)
        nn.init.zeros_(self.item_bias.weight)
        # (n_items, n_slots): which features an item has, and how much of each.
        self.register_buffer("features", features, persistent=False)
        self.register_buffer("weights", weights, persistent=False)

    def users(self, batch: Batch, items: torch.Tensor) -> torch.Tensor:
        """Return the users of a batch, ``(n, dim)``."""
        own = torch.einsum("ns,nsd->nd", batch["weights"], self.user_table(batch["slots"]))
        taken = torch.einsum("ns,nsd->nd", batch["share"], items[batch["taken"]])
        return own + self.volume * taken

    def items(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return all items and their biases, ``(n_items, dim)`` and ``(n_items,)``."""
        table = self.item_table(self.features)  # (n_items, n_slots, dim)
        bias = self.item_bias(self.features).squeeze(-1)  # (n_items, n_slots)
        items = torch.einsum("is,isd->id", self.weights, table)
        return items, (self.weights * bias).sum(1)

    def loss(self, batch: Batch) -> torch.Tensor:
        """Return the loss of ``target`` (n,) against all, or those ``drawn`` (n, n_negatives)."""
        (items, bias), target = self.items(), batch["target"]
        users = self.users(batch, items)  # (n, dim)
        if self.rank_loss is None:
            return item_loss(users, items, bias, target)
        drawn = batch["drawn"]
        right = (users * items[target]).sum(1) + bias[target]  # (n,)
        wrong = torch.einsum("nd,nmd->nm", users, items[drawn]) + bias[drawn]
        # An item drawn against itself is not wrong.
        wrong = wrong.masked_fill(drawn == target[:, None], float("-inf"))
        return self.rank_loss(right[:, None] - wrong, len(bias))

    def logits(self, batch: Batch) -> torch.Tensor:
        items, bias = self.items()
        return self.users(batch, items) @ items.T + bias

    def scores(self, batch: Batch) -> torch.Tensor:
        """Return probabilities where the loss is one of them, else logits that rank alone."""
        return super().scores(batch) if self.rank_loss is None else self.logits(batch)


def bpr(lead: torch.Tensor, n_items: int) -> torch.Tensor:
    """Return -log σ(lead), the mean over pairs; `lead` has shape ``(n, n_negatives)``."""
    return softplus(-lead).mean()


def warp(lead: torch.Tensor, n_items: int) -> torch.Tensor:
    """Return the hinge on the first item that comes within 1, weighted by the guessed rank."""
    close = lead < 1.0  # (n, n_negatives)
    first = close.int().argmax(dim=1)  # draws before the first that is close
    rank = ((n_items - 1) // (first + 1)).clamp(min=1)
    hinge = (1.0 - lead.gather(1, first[:, None]).squeeze(1)).clamp(min=0)  # (n,)
    weight = torch.log1p(rank.float()) * close.any(dim=1)
    return torch.where(close.any(dim=1), weight * hinge, torch.zeros_like(weight)).mean()


#: Losses that look at how far the target leads items drawn at random.
RANK_LOSSES = {"warp": warp, "bpr": bpr}
