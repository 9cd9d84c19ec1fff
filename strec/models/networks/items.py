"""What the networks of neural models have in common: a loss over a batch, scores of all items."""

from abc import abstractmethod

import torch
from torch import nn
from torch.nn.functional import cross_entropy

Batch = dict[str, torch.Tensor]
#: Up to so many items every item is in the denominator of a loss.
FULL_SOFTMAX = 100_000
#: Items drawn for a batch above that.
N_SAMPLED = 8_192


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


def item_loss(
    query: torch.Tensor, items: torch.Tensor, bias: torch.Tensor, target: torch.Tensor
) -> torch.Tensor:
    """Return the mean of ``-log softmax(query · items + bias)[target]``.

    Above `FULL_SOFTMAX` items the denominator is estimated from items drawn evenly, each
    counting for as many as it was drawn from; what the target gives is exact. Shapes: query
    ``(n, dim)``, items ``(n_items, dim)``, bias ``(n_items,)``, target ``(n,)``.
    """
    n_items = len(items)
    if n_items <= FULL_SOFTMAX:
        return cross_entropy(query @ items.T + bias, target)  # (n, n_items)
    drawn = torch.randint(n_items, (N_SAMPLED,), device=query.device)
    right = (query * items[target]).sum(-1) + bias[target]  # (n,)
    wrong = query @ items[drawn].T + bias[drawn]  # (n, n_sampled)
    wrong = wrong + torch.log(torch.tensor((n_items - 1) / N_SAMPLED))
    wrong = wrong.masked_fill(drawn == target[:, None], float("-inf"))
    logits = torch.cat([right[:, None], wrong], dim=1)  # (n, 1 + n_sampled)
    return cross_entropy(logits, torch.zeros_like(target))
