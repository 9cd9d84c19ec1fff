"""What the networks of neural models have in common: a loss over a batch, scores of all items."""

from abc import abstractmethod

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from strec.models.networks.loss import item_loss

Batch = dict[str, torch.Tensor]


class ItemNetwork(nn.Module):
    """A network that answers a batch of queries with a number per item."""

    @abstractmethod
    def logits(self, batch: Batch) -> torch.Tensor:
        """Return a logit per query and item, ``(n, n_items)``."""

    def loss(self, batch: Batch) -> torch.Tensor:
        """Return the mean of -log P(target) of a batch that has ``target`` (n,)."""
        return cross_entropy(self.logits(batch), batch["target"])

    def scores(self, batch: Batch) -> torch.Tensor:
        """Return the probability of each item, ``(n, n_items)``."""
        # Not every device knows double precision.
        return torch.softmax(self.logits(batch).cpu().double(), dim=1)


class SeekingNetwork(ItemNetwork):
    """A network that says what is looked for, as a vector: P(i) = softmax_i(wanted · e_i + b_i).

    Subclasses give ``forward(batch, items)``, what is looked for by each query, ``(n, dim)``, or
    at each step of its sequence, ``(n, P, dim)``; the step ``batch["last"]`` is then the query's.
    """

    def __init__(self, log_share: torch.Tensor, dim: int, dropout: float):
        super().__init__()
        # 0 is "no check-in", 1 an unknown item, then the items.
        self.embedding = nn.Embedding(len(log_share) + 2, dim)
        nn.init.normal_(self.embedding.weight, std=dim**-0.5)
        self.dropout = nn.Dropout(dropout)
        self.bias = nn.Parameter(log_share.clone())

    def items(self) -> torch.Tensor:
        """Return the representation of each token, ``(n_items + 2, dim)``."""
        return self.embedding.weight

    def logits(self, batch: Batch) -> torch.Tensor:
        items = self.items()  # (n_items + 2, dim)
        wanted = self(batch, items)
        if wanted.ndim == 3:
            wanted = wanted[torch.arange(len(wanted), device=wanted.device), batch["last"]]
        return wanted @ items[2:].T + self.bias

    def loss(self, batch: Batch) -> torch.Tensor:
        """Return the mean of -log P(target) where there is one (not -1): ``(n,)`` or ``(n, P)``."""
        items, counts = self.items(), batch["target"] >= 0
        wanted = self(batch, items)[counts]
        return item_loss(wanted, items[2:], self.bias, batch["target"][counts])


def embedding(n_rows: int, dim: int) -> nn.Embedding:
    """Return a table of vectors that starts small, so that products start near 0."""
    table = nn.Embedding(n_rows, dim)
    nn.init.normal_(table.weight, std=0.1 * dim**-0.5)
    return table
