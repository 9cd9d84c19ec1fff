"""Sparse attention over a few recent interactions per context."""

import torch
from torch import nn

from strec.models.networks.items import SeekingNetwork
from strec.models.sequences import N_PLACE, N_TIME
from strec.split import EVENTS


class ContextNetwork(SeekingNetwork):
    """Each context attends over its own interactions; a gate says which contexts count now."""

    def __init__(
        self, log_share: torch.Tensor, dim: int, dropout: float, n_contexts: int, n_pair: int
    ):
        super().__init__(log_share, dim, dropout)
        self.event = nn.Embedding(len(EVENTS), dim)
        nn.init.normal_(self.event.weight, std=0.1)
        self.context = nn.Parameter(torch.zeros(n_contexts, dim))
        self.query = nn.Linear(dim + N_TIME + N_PLACE, dim)
        self.key = nn.Linear(dim + n_pair, dim)
        self.fit = nn.Linear(n_pair, n_contexts)
        self.gate = nn.Linear(dim, n_contexts)
        self.volume = nn.Parameter(torch.tensor(4.0))
        self.out = nn.Sequential(
            nn.Linear((n_contexts + 1) * dim, dim), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(dim, dim),
        )  # fmt: skip

    def forward(self, batch: dict[str, torch.Tensor], items: torch.Tensor) -> torch.Tensor:
        """Return what is looked for by each query, ``(n, dim)``.

        C contexts of K interactions each.
        """
        now = torch.cat([items[batch["last"]], batch["asked"], batch["place"]], dim=-1)
        query = torch.relu(self.query(self.dropout(now)))  # (n, dim)
        there = batch["item"] > 0  # (n, C, K)
        value = items[batch["item"]]  # (n, C, K, dim)
        about = torch.cat([value + self.event(batch["event"]), batch["pair"]], dim=-1)
        key = torch.tanh(self.key(self.dropout(about)))  # (n, C, K, dim)
        asks = query[:, None] + self.context  # (n, C, dim)
        match = torch.einsum("ncd,nckd->nck", asks, key)
        # How well a pair fits, per context: the diagonal of (context of the pair, context's taste).
        fits = torch.einsum("nckc->nck", self.fit(batch["pair"]))
        weight = (match + fits).masked_fill(~there, -1e4).softmax(dim=-1) * there  # (n, C, K)
        heard = torch.einsum("nck,nckd->ncd", weight, value)  # (n, C, dim)
        gate = self.gate(query).masked_fill(~there.any(-1), -1e4).softmax(dim=-1)  # (n, C)
        memory = self.volume * torch.einsum("nc,ncd->nd", gate, heard)  # (n, dim)
        every = torch.cat([query, self.dropout(heard).flatten(1)], dim=-1)
        return memory + self.out(every)
