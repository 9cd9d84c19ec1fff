"""Spatio-temporal graph convolution: signals on the nodes of a graph, over slots of time."""

import warnings

import numpy as np
import torch
from torch import nn

from strec.models.networks.items import Batch, ItemNetwork, embedding


class GatedTemporalConvolution(nn.Module):
    """(P + x) ⊙ σ(Q), where P and Q are convolutions over time; shorter by ``kernel - 1``."""

    def __init__(self, n_in: int, n_out: int, kernel: int):
        super().__init__()
        self.kernel = kernel
        self.both = nn.Conv2d(n_in, 2 * n_out, (kernel, 1))
        self.same = nn.Conv2d(n_in, n_out, 1) if n_in != n_out else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``(B, n_in, T, N)`` to ``(B, n_out, T - kernel + 1, N)``."""
        value, gate = self.both(x).chunk(2, dim=1)
        return (value + self.same(x[:, :, self.kernel - 1 :])) * torch.sigmoid(gate)


class GraphConvolution(nn.Module):
    """Θ₀ x + Θ₁ Â x: each node and the mean of its neighbours (first-order Chebyshev)."""

    def __init__(self, n_channels: int):
        super().__init__()
        from torch_geometric.nn import SimpleConv

        self.neighbours = SimpleConv(aggr="sum")
        self.mix = nn.Conv2d(2 * n_channels, n_channels, 1)

    def forward(self, x: torch.Tensor, graph: torch.Tensor) -> torch.Tensor:
        """Map ``(B, C, T, N)`` to the same shape; `graph` is ``(N, N)``, sparse."""
        n, c, t, n_nodes = x.shape
        flat = x.permute(3, 0, 1, 2).reshape(n_nodes, -1)  # (N, B · C · T)
        around = self.neighbours(flat, graph).reshape(n_nodes, n, c, t).permute(1, 2, 3, 0)
        return torch.relu(self.mix(torch.cat([x, around], dim=1)))


class SpatioTemporalBlock(nn.Module):
    """Time, graph, time: the sandwich of Yu et al."""

    def __init__(self, n_in: int, n_channels: int, kernel: int):
        super().__init__()
        self.before = GatedTemporalConvolution(n_in, n_channels, kernel)
        self.graph = GraphConvolution(n_channels)
        self.after = GatedTemporalConvolution(n_channels, n_channels, kernel)
        self.norm = nn.GroupNorm(1, n_channels)

    def forward(self, x: torch.Tensor, graph: torch.Tensor) -> torch.Tensor:
        """Map ``(B, n_in, T, N)`` to ``(B, n_channels, T - 2 (kernel - 1), N)``."""
        return self.norm(self.after(self.graph(self.before(x), graph)))


class GraphTrunk(nn.Module):
    """Blocks, and a last convolution over all time that is left: one vector per node."""

    rows: torch.Tensor
    columns: torch.Tensor
    values: torch.Tensor

    def __init__(self, n_in: int, n_channels: int, n_slots: int, n_blocks: int, kernel: int,
                 edges: torch.Tensor, weights: torch.Tensor, n_nodes: int):  # fmt: skip
        super().__init__()
        widths = [n_in, *[n_channels] * n_blocks]
        self.blocks = nn.ModuleList(
            SpatioTemporalBlock(before, after, kernel)
            for before, after in zip(widths, widths[1:], strict=False)
        )
        left = n_slots - 2 * (kernel - 1) * n_blocks
        self.last = GatedTemporalConvolution(n_channels, n_channels, left)
        # A sparse matrix does not move with a module, so its parts do.
        mean = mean_of_neighbours(edges, weights, n_nodes)
        self.register_buffer("rows", mean.crow_indices(), persistent=False)
        self.register_buffer("columns", mean.col_indices(), persistent=False)
        self.register_buffer("values", mean.values(), persistent=False)
        self.n_nodes = n_nodes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map signals ``(B, n_in, T, N)`` to ``(B, n_channels, N)``."""
        graph = _sparse(self.rows, self.columns, self.values, self.n_nodes)
        for block in self.blocks:
            x = block(x, graph)
        return self.last(x).squeeze(2)


class NextItemNetwork(ItemNetwork):
    """The trunk over the item graph, plus what time and place alone say about each item."""

    def __init__(self, trunk: GraphTrunk, n_channels: int, n_context: int, dim: int,
                 log_share: torch.Tensor):  # fmt: skip
        super().__init__()
        self.trunk = trunk
        self.loud = nn.Linear(n_context, n_channels)
        self.context = nn.Sequential(nn.Linear(n_context, 2 * dim), nn.ReLU(),
                                     nn.Linear(2 * dim, dim))  # fmt: skip
        self.items = embedding(len(log_share), dim)
        self.bias = nn.Parameter(log_share.clone())

    def logits(self, batch: Batch) -> torch.Tensor:
        """Return a logit per node; ``signal`` (B, n_in, T, N), ``context`` (B, n_context)."""
        context = batch["context"]
        nodes = self.trunk(batch["signal"])  # (B, n_channels, N)
        own = torch.einsum("bcn,bc->bn", nodes, 1 + self.loud(context))  # (B, N)
        return own + self.context(context) @ self.items.weight.T + self.bias


class DemandNetwork(nn.Module):
    """The trunk over cells, and one number per cell: how far demand is from last season's."""

    def __init__(self, trunk: GraphTrunk, n_channels: int, n_nodes: int):
        super().__init__()
        self.trunk = trunk
        self.out = nn.Conv1d(n_channels, 1, 1)
        nn.init.zeros_(self.out.weight)
        self.scale = nn.Parameter(torch.ones(n_nodes))
        self.bias = nn.Parameter(torch.zeros(n_nodes))

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """Map ``(B, n_in, T, N)`` to ``(B, N)``."""
        return self.out(self.trunk(signal)).squeeze(1) * self.scale + self.bias


class StateNetwork(nn.Module):
    """ŷ(t, x) = σ(W [h_t, h_x] + b): a state of time and a state of place, as the article has it.

    h_t is the last state of an LSTM over the hours, whose input is each place beside the mean of
    its neighbours (a graph convolution); h_x is a vector of the place, mixed with its neighbours'.
    """

    rows: torch.Tensor
    columns: torch.Tensor
    values: torch.Tensor

    def __init__(self, n_in: int, n_channels: int, edges: torch.Tensor, n_nodes: int,
                 reach: float = 4.0):  # fmt: skip
        super().__init__()
        self.lstm = nn.LSTM(2 * n_in, n_channels, batch_first=True)
        self.places = embedding(n_nodes, n_channels)
        self.mix = nn.Linear(2 * n_channels, n_channels)
        self.out = nn.Linear(2 * n_channels, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        mean = mean_of_neighbours(edges, torch.ones(edges.shape[1]), n_nodes)
        self.register_buffer("rows", mean.crow_indices(), persistent=False)
        self.register_buffer("columns", mean.col_indices(), persistent=False)
        self.register_buffer("values", mean.values(), persistent=False)
        self.n_nodes, self.reach = n_nodes, reach

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """Map ``(B, n_in, T, N)`` to ``(B, N)``, between ``-reach`` and ``reach``."""
        graph = _sparse(self.rows, self.columns, self.values, self.n_nodes)
        n, c, t, n_nodes = signal.shape
        flat = signal.permute(3, 0, 1, 2).reshape(n_nodes, -1)
        around = (graph @ flat).reshape(n_nodes, n, c, t)
        own = signal.permute(3, 0, 1, 2)
        hours = torch.cat([own, around], dim=2).permute(1, 0, 3, 2)  # (B, N, T, 2 n_in)
        state = self.lstm(hours.reshape(n * n_nodes, t, 2 * c))[0][:, -1]  # h_t
        place = self.places.weight
        place = torch.relu(self.mix(torch.cat([place, graph @ place], dim=1)))  # h_x
        both = torch.cat([state.reshape(n, n_nodes, -1), place.expand(n, -1, -1)], dim=2)
        # σ lies between 0 and 1: stretched to how far demand can be from that of last season.
        return self.reach * (2 * torch.sigmoid(self.out(both)).squeeze(2) - 1)


def mean_of_neighbours(edges: torch.Tensor, weights: torch.Tensor, n_nodes: int) -> torch.Tensor:
    """Return D^(-1/2) A D^(-1/2) as a sparse matrix in rows, ``(n_nodes, n_nodes)``.

    Examples
    --------
    >>> edges = torch.tensor([[0, 1], [1, 0]])
    >>> mean_of_neighbours(edges, torch.ones(2), 2).to_dense().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    from scipy import sparse

    at = edges.numpy()
    matrix = sparse.csr_array((weights.numpy(), (at[0], at[1])), shape=(n_nodes, n_nodes))
    degree = np.sqrt(np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1e-12))
    half = sparse.diags_array(1 / degree)
    scaled = sparse.csr_array(half @ matrix @ half)
    return _sparse(
        torch.from_numpy(scaled.indptr.astype(np.int64)),
        torch.from_numpy(scaled.indices.astype(np.int64)),
        torch.from_numpy(scaled.data.astype(np.float32)),
        n_nodes,
    )


def _sparse(
    rows: torch.Tensor, columns: torch.Tensor, values: torch.Tensor, n_nodes: int
) -> torch.Tensor:
    with warnings.catch_warnings():
        # torch says at the first use that this format is young.
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(rows, columns, values, (n_nodes, n_nodes))
