"""Networks over pairs of a user and an item."""

import torch
from torch import nn


class NeuMFNetwork(nn.Module):
    """NeuMF: h · [p_u ∘ q_i, MLP(p'_u, q'_i)] + b_i, a logit.

    Row 0 of the users is one whom training has not seen.
    """

    def __init__(
        self, n_users: int, n_items: int, dim: int, layers: list[int], dropout: float,
        user_dropout: float,
    ):  # fmt: skip
        super().__init__()
        self.user_dropout = user_dropout
        width = layers[0] // 2
        self.users_gmf = _embedding(n_users + 1, dim)
        self.items_gmf = _embedding(n_items, dim)
        self.users_mlp = _embedding(n_users + 1, width)
        self.items_mlp = _embedding(n_items, width)
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


class FeatureNetwork(nn.Module):
    """LightFM: (Σ features of the user) · (Σ features of the item) + the item's biases.

    Features are rows of one table per side; a bag of rows and weights stands for a user or item.
    """

    def __init__(self, n_user_features: int, n_item_features: int, dim: int,
                 item_features: torch.Tensor, item_weights: torch.Tensor):  # fmt: skip
        super().__init__()
        self.user_table = _embedding(n_user_features, dim)
        self.item_table = _embedding(n_item_features, dim)
        self.item_bias = nn.Embedding(n_item_features, 1)
        nn.init.zeros_(self.item_bias.weight)
        # (n_items, n_slots): which features an item has, and how much of each.
        self.register_buffer("item_features", item_features, persistent=False)
        self.register_buffer("item_weights", item_weights, persistent=False)

    def users(self, features: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return the users with these features ``(n, n_slots)``; shape ``(n, dim)``."""
        return torch.einsum("ns,nsd->nd", weights, self.user_table(features))

    def items(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return all items and their biases, ``(n_items, dim)`` and ``(n_items,)``."""
        table = self.item_table(self.item_features)  # (n_items, n_slots, dim)
        bias = self.item_bias(self.item_features).squeeze(-1)  # (n_items, n_slots)
        items = torch.einsum("is,isd->id", self.item_weights, table)
        return items, (self.item_weights * bias).sum(1)


def _embedding(n_rows: int, dim: int) -> nn.Embedding:
    table = nn.Embedding(n_rows, dim)
    nn.init.normal_(table.weight, std=0.1 * dim**-0.5)
    return table
