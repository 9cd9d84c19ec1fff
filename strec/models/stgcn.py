"""ST-GCN for the next item: past visits as signals on the item graph, over slots of age.

    x[c, t, i]   visits of the user to item i in age slot t; c: all, and those at this hour
    block        gated convolution over t  →  Θ₀ x + Θ₁ Â x over the graph  →  gated over t
    P(i)         = softmax_i( z_i · (1 + W ctx)  +  f(ctx) · e_i  +  b_i )

The slots grow with age (hours, days, weeks …), so a few cover months. Weights are shared by
all items, so the network learns how visits fade and spread to neighbours, whoever made them; a
new user needs no training. `DemandSTGCN` (see `strec.models.demand`) is the same network for
counts per cell and hour.

References
----------
Yu, Yin and Zhu, "Spatio-temporal graph convolutional networks: a deep learning framework for
traffic forecasting", IJCAI 2018.
"""

import numpy as np

from strec.graph import item_graph
from strec.models.neural import Inner, NeuralModel, RowTask, device_of
from strec.models.profiles import popularity
from strec.models.sequences import N_PLACE, N_TIME, place_numbers, time_numbers
from strec.split import Log, Queries, Vocabulary, queries_of_rows

#: Ends of the age slots in hours, the oldest first; beyond the first everything counts as oldest.
SLOT_HOURS = (1e9, 1440.0, 504.0, 168.0, 60.0, 14.0)
_KERNEL = 3
_HOURS_APART = 2.0
#: Numbers that the layers of one batch may hold when scoring.
_CHUNK_NUMBERS = 40_000_000


class STGCN(NeuralModel):
    """The next item, from visits that fade in time and spread over the item graph.

    Parameters
    ----------
    n_channels : int
        Signals per item and slot inside the network.
    dim : int
        Size of the vectors that match items with time and place.
    n_follows, n_near : int
        Successors and near places that are an item's neighbours, see `item_graph`.
    n_queries : int
        Training check-ins drawn, the latest first; the network has few weights, and each
        check-in costs a pass over all items.
    time_known : bool
        Whether the time of a query is given; without it the last check-in's stands for it.
    epochs, learning_rate, weight_decay, patience, seed
        See `strec.train.Settings`.
    batch_size : int
        Check-ins in one step of training.

    Notes
    -----
    Time and memory of a query grow with the number of items: meant for up to some ten thousand.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import split
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> model = STGCN(epochs=1).fit(parts.train)
    >>> model.score(parts.queries(scored="every")).shape
    (1, 2)
    """

    kind = "stgcn"
    max_validation = 300

    def __init__(
        self,
        n_channels: int = 8,
        dim: int = 16,
        n_follows: int = 10,
        n_near: int = 5,
        n_queries: int = 2500,
        time_known: bool = True,
        epochs: int = 3,
        learning_rate: float = 5e-3,
        weight_decay: float = 1e-3,
        patience: int = 1,
        batch_size: int = 16,
        seed: int = 0,
    ):
        self.n_channels = n_channels
        self.dim = dim
        self.n_follows = n_follows
        self.n_near = n_near
        self.n_queries = n_queries
        self.time_known = time_known
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.patience = patience
        self.batch_size = batch_size
        self.seed = seed

    def _numbers(self, train: Log, inner: Inner) -> dict[str, np.ndarray]:
        known = train.where(train.time_us < inner.cut_us)
        edges, weights = item_graph(known, n_follows=self.n_follows, n_near=self.n_near).edges()
        share = popularity(train)
        log_share = np.log(share + 0.1 / len(share)).astype(np.float32)
        return {"edges": edges, "weights": weights, "log_share": log_share}

    def _network(self, vocabulary: Vocabulary, numbers: dict[str, np.ndarray]):
        import torch

        from strec.models.networks.stgcn import GraphTrunk, NextItemNetwork

        trunk = GraphTrunk(
            2,
            self.n_channels,
            len(SLOT_HOURS),
            1,
            _KERNEL,
            torch.from_numpy(numbers["edges"].copy()),
            torch.from_numpy(numbers["weights"].copy()),
            len(vocabulary.items),
        )
        log_share = torch.from_numpy(numbers["log_share"].copy())
        return NextItemNetwork(trunk, self.n_channels, N_TIME + N_PLACE, self.dim, log_share)

    def _task(self, network, train: Log, inner: Inner) -> RowTask:
        import torch
        from torch.nn.functional import cross_entropy

        def collate(rows: np.ndarray, rng: np.random.Generator) -> dict[str, torch.Tensor]:
            queries = queries_of_rows(train, np.asarray(rows), time_known=self.time_known)
            arrays = _signals(queries) | {"target": train.item[rows].astype(np.int64)}
            return {name: torch.from_numpy(value) for name, value in arrays.items()}

        def loss(batch: dict[str, torch.Tensor]) -> torch.Tensor:
            return cross_entropy(network(batch["signal"], batch["context"]), batch["target"])

        latest = np.argsort(-train.time_us[inner.fit_rows], kind="stable")[: self.n_queries]
        rows = np.sort(inner.fit_rows[latest])
        return RowTask(network, rows, inner.check_rows, self.batch_size, collate, loss)

    def _scores(self, network, queries: Queries):
        import torch

        device = device_of(network)
        n_items = len(queries.vocabulary.items)
        step = max(1, _CHUNK_NUMBERS // (n_items * self.n_channels * len(SLOT_HOURS)))
        found = []
        for first in range(0, len(queries), step):
            arrays = _signals(queries.take(slice(first, first + step)))
            signal, context = (
                torch.from_numpy(arrays[name]).to(device) for name in ("signal", "context")
            )
            found.append(torch.softmax(network(signal, context).double(), dim=1))
        return torch.cat(found) if found else torch.zeros(0, n_items)


def _signals(queries: Queries) -> dict[str, np.ndarray]:
    """Return visits as signals ``(n, 2, T, n_items)``, and time and place ``(n, n_context)``."""
    log, n_items = queries.log, len(queries.vocabulary.items)
    row, query = queries.indices, queries.pair_query
    item = log.item[row]
    age = np.maximum(queries.time_us[query] - log.time_us[row], 0) / 3.6e9
    # The last slot whose end lies beyond the age.
    slot = len(SLOT_HOURS) - 1 - np.searchsorted(np.array(SLOT_HOURS)[::-1], age)
    apart = np.abs(queries.hour[query] - log.hour[row])
    now = np.nan_to_num(np.minimum(apart, 24 - apart), nan=24.0) <= _HOURS_APART
    shape = (len(queries), 2, len(SLOT_HOURS), n_items)
    signal = np.zeros(shape, dtype=np.float32)
    known = item >= 0
    for channel, counts in enumerate((known, known & now)):
        np.add.at(signal, (query[counts], channel, np.maximum(slot[counts], 0), item[counts]), 1.0)
    has_time = queries.weekday >= 0
    moment = time_numbers(np.nan_to_num(queries.hour), queries.weekday, has_time)
    return {
        "signal": np.log1p(signal),
        "context": np.concatenate([moment, place_numbers(queries.lat, queries.lon)], axis=1),
    }
