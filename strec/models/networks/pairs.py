"""Networks over pairs of a user and an item, and how they are ranked against items drawn."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from strec.models.networks.items import Batch, ItemNetwork, embedding

#: (user, item) pairs whose inner layers are held at once when scoring.
_CHUNK_PAIRS = 400_000


class NeuMFNetwork(ItemNetwork):
    """NeuMF: h · [p_u ∘ q_i, MLP(p'_u, q'_i)] + b_i, a logit.

    Row 0 of the users is one whom training has not seen.
    """

    def __init__(
        self, n_users: int, n_items: int, dim: int, layers: Sequence[int], dropout: float,
        user_dropout: float,
    ):  # fmt: skip
        super().__init__()
        self.user_dropout = user_dropout
        width = layers[0] // 2
        self.users_gmf = embedding(n_users + 1, dim)
        self.items_gmf = embedding(n_items, dim)
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

    def forward(self, user: torch.Tensor, item: torch.Tensor) -> torch.Tensor:
        """Return logits of users (n, 1), codes from -1, with items (n, m); shape ``(n, m)``."""
        user = user + 1
        if self.training:
            user = user * (torch.rand_like(user, dtype=torch.float) >= self.user_dropout)
        gmf = self.users_gmf(user) * self.items_gmf(item)  # (n, m, dim)
        both = self.users_mlp(user).expand(-1, item.shape[1], -1)  # (n, m, width)
        mlp = self.mlp(torch.cat([both, self.items_mlp(item)], dim=-1))  # (n, m, last)
        return (self.out(torch.cat([gmf, mlp], dim=-1)) + self.bias(item)).squeeze(-1)

    def loss(self, batch: Batch) -> torch.Tensor:
        """Return the binary cross-entropy of ``target`` (n,) and ``drawn`` (n, n_negatives)."""
        item = torch.cat([batch["target"][:, None], batch["drawn"]], dim=1)
        truth = (item == item[:, :1]).float()
        return binary_cross_entropy_with_logits(self(batch["user"][:, None], item), truth)

    def logits(self, batch: Batch) -> torch.Tensor:
        user, n_items = batch["user"][:, None], len(self.bias.weight)
        step = max(1, _CHUNK_PAIRS // max(len(user), 1))
        every = torch.arange(n_items, device=user.device)
        return torch.cat([self(user, some.expand(len(user), -1)) for some in every.split(step)], 1)

    def scores(self, batch: Batch) -> torch.Tensor:
        """Return logits: each pair has a chance of its own, so they are no shares of one."""
        return self.logits(batch)


class FeatureNetwork(ItemNetwork):
    """LightFM: (Σ features of the user) · (Σ features of the item) + the item's biases.

    Features are rows of one table per side; a bag of rows and weights stands for a user or item.
    """

    def __init__(self, n_user_features: int, n_item_features: int, dim: int, *,
                 features: torch.Tensor, weights: torch.Tensor, loss: str):  # fmt: skip
        super().__init__()
        self.rank_loss = LOSSES[loss]
        self.user_table = embedding(n_user_features, dim)
        self.item_table = embedding(n_item_features, dim)
        self.item_bias = nn.Embedding(n_item_features, 1)
        nn.init.zeros_(self.item_bias.weight)
        # (n_items, n_slots): which features an item has, and how much of each.
        self.register_buffer("features", features, persistent=False)
        self.register_buffer("weights", weights, persistent=False)

    def users(self, features: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return the users with these features ``(n, n_slots)``; shape ``(n, dim)``."""
        return torch.einsum("ns,nsd->nd", weights, self.user_table(features))

    def items(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return all items and their biases, ``(n_items, dim)`` and ``(n_items,)``."""
        table = self.item_table(self.features)  # (n_items, n_slots, dim)
        bias = self.item_bias(self.features).squeeze(-1)  # (n_items, n_slots)
        items = torch.einsum("is,isd->id", self.weights, table)
        return items, (self.weights * bias).sum(1)

    def loss(self, batch: Batch) -> torch.Tensor:
        """Return the loss of ``target`` (n,) against the items ``drawn`` (n, n_negatives)."""
        users = self.users(batch["slots"], batch["weights"])  # (n, dim)
        (items, bias), target, drawn = self.items(), batch["target"], batch["drawn"]
        right = (users * items[target]).sum(1) + bias[target]  # (n,)
        wrong = torch.einsum("nd,nmd->nm", users, items[drawn]) + bias[drawn]
        # An item drawn against itself is not wrong.
        wrong = wrong.masked_fill(drawn == target[:, None], float("-inf"))
        return self.rank_loss(right[:, None] - wrong, len(bias))

    def logits(self, batch: Batch) -> torch.Tensor:
        items, bias = self.items()
        return self.users(batch["slots"], batch["weights"]) @ items.T + bias

    def scores(self, batch: Batch) -> torch.Tensor:
        """Return logits: a ranking loss says which is ahead, not how probable."""
        return self.logits(batch)


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


LOSSES = {"warp": warp, "bpr": bpr}
