"""Recurrent models: LSTM over the sequence alone, and ST-LSTM over time, place and item graph.

    LSTM       h_t = LSTM(e_1 … e_t)                    P(i) = softmax_i(W h_t · e_i + b_i)

    ST-LSTM    E = SAGE(items, graph)                   every item hears its neighbours
               h_t = f([LSTM(E_1 … E_t), time asked])   the state of time
               h_x = g([E_t, place now])                the state of place
               P(i) = softmax_i((W [h_t, h_x, user] + b) · E_i + b_i)

Every step of a trajectory is a training target. The article's ŷ = σ(W [h_t, h_x] + b) has one
output; here each item is one, so σ is the softmax over items, and the user's embedding joins.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from strec.graph import item_graph
from strec.models.neural import Inner, NeuralModel, RowTask, tensors
from strec.models.saved import Arrays
from strec.models.sequences import query_batch, window_batch, windows
from strec.split import Log, Queries

if TYPE_CHECKING:
    import torch


class _Recurrent(NeuralModel):
    """What both share: windows of trajectories to learn from, recent check-ins to score."""

    n_recent: int

    def _read(self, queries: Queries) -> Arrays:
        return query_batch(queries, self.n_recent)

    def _task(self, network, train: Log, inner: Inner) -> RowTask:
        fit_windows = windows(train, inner.fit_rows, self.n_recent)
        check_windows = windows(train, inner.check_rows, self.n_recent)
        n_fit, n_check = len(fit_windows.first), len(check_windows.first)
        n_steps = max(1, self.n_recent // 2)

        def collate(chosen: np.ndarray, rng: np.random.Generator) -> "dict[str, torch.Tensor]":
            # Numbers below n_fit are windows to learn from, the others are held out.
            held_out = chosen[0] >= n_fit
            pieces = check_windows if held_out else fit_windows
            chosen, known = chosen - n_fit * held_out, self.time_known is not False
            return tensors(window_batch(train, pieces, chosen, time_known=known))

        return RowTask(
            module=network,
            rows=np.arange(n_fit),
            check_rows=n_fit + np.arange(n_check),
            batch_size=max(1, self.batch_size // n_steps),
            collate=collate,
            loss=network.loss,
        )


@dataclass(kw_only=True, repr=False, eq=False)
class LSTM(_Recurrent):
    """The next item from the sequence of items alone.

    Parameters
    ----------
    dim, n_recent, dropout
        See `strec.models.neural.NeuralModel`; the state has size `dim` too.
    epochs, learning_rate, weight_decay, patience, batch_size, seed
        How it is trained; see `strec.models.neural.NeuralModel`.

    References
    ----------
    Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 1997.
    Hidasi et al., "Session-based recommendations with recurrent neural networks", ICLR 2016.

    Examples
    --------
    >>> from strec import schema
    >>> model = LSTM(dim=4, epochs=1).fit(schema.example())
    >>> model.recommend(schema.example(), k=2).height
    4
    """

    kind = "lstm"
    label = "LSTM"
    sentence = "A recurrent network that reads the last items in order."
    family = "traditional"
    order = 11
    quick = {"dim": 24, "n_recent": 16, "epochs": 3}
    is_probability = True
    packages = ("torch",)
    schedule = "cosine"

    dim: int = 96
    n_recent: int = 64
    dropout: float = 0.4
    patience: int = 12

    def _built(self):
        from strec.models.networks.recurrent import SequenceNetwork

        return SequenceNetwork(tensors(self.numbers_)["log_share"], self.dim, self.dropout)


@dataclass(kw_only=True, repr=False, eq=False)
class STLSTM(_Recurrent):
    """The next item from the sequence, the time asked about, the place, and the item graph.

    Parameters
    ----------
    n_layers : int
        Graph layers: how many steps away neighbours are heard.
    dim, n_recent, n_follows, n_near, time_known, dropout, user_dropout
        See `strec.models.neural.NeuralModel`.
    epochs, learning_rate, weight_decay, patience, batch_size, seed
        How it is trained; see `strec.models.neural.NeuralModel`.

    References
    ----------
    Hamilton, Ying and Leskovec, "Inductive representation learning on large graphs"
    (GraphSAGE), NeurIPS 2017. The article's ŷ = σ(W [h_t, h_x] + b), see the module.

    Examples
    --------
    >>> from strec import schema
    >>> model = STLSTM(dim=4, epochs=1).fit(schema.example())
    >>> model.recommend(schema.example(), k=2).height
    4
    """

    kind = "st_lstm"
    label = "ST-LSTM"
    sentence = (
        "A recurrent network over items, times and places, and a graph of which follow which."
    )
    family = "spatio-temporal"
    order = 1
    quick = {"dim": 24, "n_recent": 16, "epochs": 3}
    is_probability = True
    packages = ("torch", "torch_geometric")

    dim: int = 96
    n_layers: int = 1
    n_recent: int = 64
    n_follows: int = 10
    n_near: int = 5
    time_known: bool = True
    dropout: float = 0.4
    user_dropout: float = 0.1

    def _numbers(self, train: Log, inner: Inner) -> Arrays:
        # The graph of training must not hold the held-out transitions, or stopping comes late.
        graph = item_graph(
            train.where(train.time_us < inner.cut_us), n_follows=self.n_follows, n_near=self.n_near
        )
        return super()._numbers(train, inner) | {"edges": graph.edges()[0]}

    def _built(self):
        from strec.models.networks.recurrent import SpatioTemporalNetwork

        numbers = tensors(self.numbers_)
        return SpatioTemporalNetwork(
            int(numbers["n_users"][0]),
            numbers["log_share"],
            numbers["edges"],
            dim=self.dim,
            n_layers=self.n_layers,
            dropout=self.dropout,
            user_dropout=self.user_dropout,
        )
