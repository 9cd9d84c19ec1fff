"""ST-GCN for the next item: past visits as signals on the item graph, over slots of age.

    x[c, t, i]   visits of the user to item i in age slot t; c: all, and those at this hour
    block        gated convolution over t  →  Θ₀ x + Θ₁ Â x over the graph  →  gated over t
    P(i)         = softmax_i( z_i · (1 + W ctx)  +  f(ctx) · e_i  +  b_i )

The slots grow with age (hours, days, weeks …), so a few cover months. Weights are shared by
all items, so the network learns how visits fade and spread to neighbours, whoever made them; a
new user needs no training. `DemandSTGCN` (see `strec.models.demand`) is the same network for
counts per cell and hour.
"""

from dataclasses import dataclass, replace

import numpy as np

from strec.graph import item_graph
from strec.models.neural import Inner, NeuralModel, RowTask, tensors
from strec.models.saved import Arrays
from strec.models.sequences import N_PLACE, N_TIME, place_numbers, time_numbers
from strec.split import Log, Queries

#: Ends of the age slots in hours, the oldest first; beyond the first everything counts as oldest.
SLOT_HOURS = (1e9, 1440.0, 504.0, 168.0, 60.0, 14.0)
_KERNEL = 3
_HOURS_APART = 2.0


@dataclass(kw_only=True, repr=False, eq=False)
class STGCN(NeuralModel):
    """The next item, from visits that fade in time and spread over the item graph.

    Parameters
    ----------
    n_channels : int
        Signals per item and slot inside the network.
    dim : int
        Size of the vectors that match items with time and place.
    n_queries : int
        Training check-ins drawn, the latest first; the network has few weights, and each
        check-in costs a pass over all items.
    n_follows, n_near, time_known
        See `strec.models.neural.NeuralModel`.
    epochs, learning_rate, weight_decay, patience, batch_size, seed
        How it is trained; see `strec.models.neural.NeuralModel`.

    Notes
    -----
    Time and memory of a query grow with the number of items: meant for up to some ten thousand.

    References
    ----------
    Yu, Yin and Zhu, "Spatio-temporal graph convolutional networks: a deep learning framework
    for traffic forecasting", IJCAI 2018.

    Examples
    --------
    >>> from strec import schema
    >>> model = STGCN(epochs=1).fit(schema.example())
    >>> model.recommend(schema.example(), k=2).height
    4
    """

    kind = "stgcn"
    label = "ST-GCN"
    sentence = (
        "A graph network in which past visits fade with time and spread to neighbouring items."
    )
    family = "spatio-temporal"
    order = 2
    quick = {"n_channels": 4, "n_queries": 64, "epochs": 2}
    is_probability = True
    packages = ("torch", "torch_geometric")
    max_validation = 300

    n_channels: int = 8
    dim: int = 16
    n_follows: int = 10
    n_near: int = 5
    n_queries: int = 2500
    time_known: bool = True
    epochs: int = 3
    learning_rate: float = 5e-3
    weight_decay: float = 1e-3
    patience: int = 1
    batch_size: int = 16

    @property
    def numbers_per_score(self) -> int:
        return self.n_channels * len(SLOT_HOURS)

    def _numbers(self, train: Log, inner: Inner) -> Arrays:
        known = train.where(train.time_us < inner.cut_us)
        edges, weights = item_graph(known, n_follows=self.n_follows, n_near=self.n_near).edges()
        return super()._numbers(train, inner) | {"edges": edges, "weights": weights}

    def _built(self):
        from strec.models.networks.stgcn import GraphTrunk, NextItemNetwork

        numbers = tensors(self.numbers_)
        graph = numbers["edges"], numbers["weights"], len(numbers["log_share"])
        trunk = GraphTrunk(2, self.n_channels, len(SLOT_HOURS), 1, _KERNEL, *graph)
        n_context = N_TIME + N_PLACE
        return NextItemNetwork(trunk, self.n_channels, n_context, self.dim, numbers["log_share"])

    def _task(self, network, train: Log, inner: Inner) -> RowTask:
        latest = np.argsort(-train.time_us[inner.fit_rows], kind="stable")[: self.n_queries]
        rows = np.sort(inner.fit_rows[latest])
        return super()._task(network, train, replace(inner, fit_rows=rows))

    def _read(self, queries: Queries) -> Arrays:
        return _signals(queries)


def _signals(queries: Queries) -> Arrays:
    """Return visits as signals ``(n, 2, T, n_items)``, and time and place ``(n, n_context)``."""
    log, n_items = queries.log, len(queries.vocabulary.items)
    row, query = queries.indices, queries.pair_query
    item = log.item[row]
    age = np.maximum(queries.time_us[query] - log.time_us[row], 0) / 3.6e9
    # The last slot whose end lies beyond the age.
    slot = len(SLOT_HOURS) - 1 - np.searchsorted(np.array(SLOT_HOURS)[::-1], age)
    apart = np.abs(queries.hour[query] - log.hour[row])
    now = np.nan_to_num(np.minimum(apart, 24 - apart), nan=24.0) <= _HOURS_APART
    shape = (len(queries), len(SLOT_HOURS), n_items)
    channels = []
    for counts in (item >= 0, (item >= 0) & now):
        at = query[counts], np.maximum(slot[counts], 0), item[counts]
        count = np.bincount(np.ravel_multi_index(at, shape), minlength=int(np.prod(shape)))
        channels.append(count.reshape(shape).astype(np.float32))
    moment = time_numbers(queries.hour, queries.weekday)
    return {
        "signal": np.log1p(np.stack(channels, axis=1)),
        "context": np.concatenate([moment, place_numbers(queries.lat, queries.lon)], axis=1),
    }
