"""Recurrent networks: over the sequence alone, and over time, place and the item graph."""

import torch
from torch import nn

from strec.models.networks.items import SeekingNetwork
from strec.models.sequences import N_GAP, N_PLACE, N_TIME


class SequenceNetwork(SeekingNetwork):
    """An LSTM over items: h_t = LSTM(e_1 … e_t), and the next item by h_t · e_i + b_i."""

    def __init__(self, log_share: torch.Tensor, dim: int, dropout: float):
        super().__init__(log_share, dim, dropout)
        self.lstm = nn.LSTM(dim, dim, batch_first=True)
        self.out = nn.Linear(dim, dim)

    def forward(self, batch: dict[str, torch.Tensor], items: torch.Tensor) -> torch.Tensor:
        """Return what is looked for at each step, ``(n, P, dim)``."""
        read = self.dropout(items[batch["item"]])  # (n, P, dim)
        states, _ = self.lstm(read)  # (n, P, dim)
        return self.out(self.dropout(states))


class SpatioTemporalNetwork(SeekingNetwork):
    """SAGE over the item graph → LSTM over the check-ins → W [h_t, h_x, user] + b.

    h_t, the state of time: the LSTM's state, moved by the moment asked about. h_x, the state of
    place: the current place, and the current item's state in the graph.
    """

    def __init__(
        self,
        n_users: int,
        log_share: torch.Tensor,
        edges: torch.Tensor,
        *,
        dim: int,
        n_layers: int,
        dropout: float,
        user_dropout: float,
    ):
        super().__init__(log_share, dim, dropout)
        from torch_geometric.nn import SAGEConv

        self.user_dropout = user_dropout
        self.register_buffer("edges", edges, persistent=False)  # (2, n_edges)
        self.user = nn.Embedding(n_users + 1, dim)  # 0 is a user whom training has not seen
        nn.init.normal_(self.user.weight, std=dim**-0.5)
        self.sage = nn.ModuleList(SAGEConv(dim, dim) for _ in range(n_layers))
        self.read = nn.Linear(dim + N_TIME + N_GAP + N_PLACE, dim)
        self.lstm = nn.LSTM(dim, dim, batch_first=True)
        self.time = nn.Sequential(nn.Linear(dim + N_TIME + N_GAP, dim), nn.ReLU())
        self.place = nn.Sequential(nn.Linear(dim + N_PLACE, dim), nn.ReLU())
        self.out = nn.Linear(3 * dim, dim)

    def items(self) -> torch.Tensor:
        """Return the representation of each token in the graph, ``(n_items + 2, dim)``."""
        marks, state = self.embedding.weight[:2], self.embedding.weight[2:]
        for layer in self.sage:
            # Each layer adds what the neighbours say, so that an item stays itself.
            state = state + torch.relu(layer(state, self.edges))  # (n_items, dim)
        return torch.cat([marks, state])

    def forward(self, batch: dict[str, torch.Tensor], items: torch.Tensor) -> torch.Tensor:
        """Return what is looked for at each step, ``(n, P, dim)``."""
        current = self.dropout(items[batch["item"]])  # (n, P, dim)
        read = torch.cat([current, batch["seen"], batch["place"]], dim=-1)
        states, _ = self.lstm(torch.relu(self.read(read)))  # (n, P, dim)
        h_t = self.time(torch.cat([self.dropout(states), batch["asked"]], dim=-1))
        h_x = self.place(torch.cat([current, batch["place"]], dim=-1))
        user = batch["user"] + 1
        if self.training:
            user = user * (torch.rand_like(user, dtype=torch.float) >= self.user_dropout)
        who = self.dropout(self.user(user))[:, None].expand_as(h_t)  # (n, P, dim)
        return self.out(self.dropout(torch.cat([h_t, h_x, who], dim=-1)))
