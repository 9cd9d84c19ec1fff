"""Cross-entropy over items: exact where they are few, over a sample where they are many."""

import torch
from torch.nn.functional import cross_entropy

#: Up to so many items every item is in the denominator.
FULL_SOFTMAX = 100_000
#: Items drawn for a batch above that.
N_SAMPLED = 8_192


def item_loss(
    query: torch.Tensor, items: torch.Tensor, bias: torch.Tensor, target: torch.Tensor
) -> torch.Tensor:
    """Return the mean of ``-log softmax(query · items + bias)[target]``.

    Above `FULL_SOFTMAX` items the denominator is estimated from items drawn evenly, each
    counting for as many as it was drawn from; what the target gives is exact.

    Parameters
    ----------
    query : torch.Tensor
        Shape ``(n, dim)``.
    items, bias : torch.Tensor
        Shapes ``(n_items, dim)`` and ``(n_items,)``.
    target : torch.Tensor
        Shape ``(n,)``, item codes.

    Examples
    --------
    >>> query, items = torch.zeros(1, 2), torch.zeros(4, 2)
    >>> round(float(item_loss(query, items, torch.zeros(4), torch.tensor([3])).exp()), 3)
    4.0
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
