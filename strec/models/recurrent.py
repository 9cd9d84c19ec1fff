"""Recurrent models: LSTM over the sequence alone, and ST-LSTM over time, place and item graph.

    LSTM       h_t = LSTM(e_1 … e_t)                    P(i) = softmax_i(W h_t · e_i + b_i)

    ST-LSTM    E = SAGE(items, graph)                   every item hears its neighbours
               h_t = f([LSTM(E_1 … E_t), time asked])   the state of time
               h_x = g([E_t, place now])                the state of place
               P(i) = softmax_i((W [h_t, h_x, user] + b) · E_i + b_i)

Every step of a trajectory is a training target. The article's ŷ = σ(W [h_t, h_x] + b) has one
output; here each item is one, so σ is the softmax over items, and the user's embedding joins.

References
----------
Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 1997.
Hidasi et al., "Session-based recommendations with recurrent neural networks", ICLR 2016.
Hamilton, Ying and Leskovec, "Inductive representation learning on large graphs" (GraphSAGE),
NeurIPS 2017.
"""

from abc import abstractmethod

import numpy as np

from strec.graph import item_graph
from strec.models.neural import Inner, NeuralModel, RowTask, device_of
from strec.models.profiles import popularity
from strec.models.sequences import query_batch, window_batch, windows
from strec.split import Log, Queries, Vocabulary


class _Recurrent(NeuralModel):
    """What both share: windows of trajectories to learn from, recent check-ins to score."""

    batch_size: int
    n_recent: int
    #: Whether the time of a query is known; without it the last check-in's stands for it.
    time_known: bool

    def _numbers(self, train: Log, inner: Inner) -> dict[str, np.ndarray]:
        share = popularity(train)
        return {"log_share": np.log(share + 0.1 / len(share)).astype(np.float32)}

    def _task(self, network, train: Log, inner: Inner) -> RowTask:
        import torch

        fit_windows = windows(train, inner.fit_rows, self.n_recent)
        check_windows = windows(train, inner.check_rows, self.n_recent)
        n_fit, n_check = len(fit_windows.first), len(check_windows.first)
        n_steps = max(1, self.n_recent // 2)

        def collate(chosen: np.ndarray, rng: np.random.Generator) -> dict[str, torch.Tensor]:
            # Numbers below n_fit are windows to learn from, the others are held out.
            held_out = chosen[0] >= n_fit
            pieces = check_windows if held_out else fit_windows
            batch = window_batch(
                train, pieces, chosen - n_fit * held_out, time_known=self.time_known
            )
            return {name: torch.from_numpy(value) for name, value in batch.items()}

        def loss(batch: dict[str, torch.Tensor]) -> torch.Tensor:
            from strec.models.networks.loss import item_loss

            items = network.items()  # (n_items + 2, dim)
            wanted = network(batch, items)  # (n, P, dim)
            counts = batch["target"] >= 0  # (n, P)
            return item_loss(wanted[counts], items[2:], network.bias, batch["target"][counts])

        return RowTask(
            module=network,
            rows=np.arange(n_fit),
            check_rows=n_fit + np.arange(n_check),
            batch_size=max(1, self.batch_size // n_steps),
            collate=collate,
            loss=loss,
        )

    def _scores(self, network, queries: Queries):
        import torch

        device = device_of(network)
        arrays = query_batch(queries, self.n_recent)
        last = torch.from_numpy(arrays.pop("last")).to(device)
        batch = {name: torch.from_numpy(value).to(device) for name, value in arrays.items()}
        items = network.items()  # (n_items + 2, dim)
        states = network(batch, items)  # (n, P, dim)
        wanted = states[torch.arange(len(queries), device=device), last]  # (n, dim)
        logits = wanted @ items[2:].T + network.bias  # (n, n_items)
        return torch.softmax(logits.double(), dim=1)

    @abstractmethod
    def _network(self, vocabulary: Vocabulary, numbers: dict[str, np.ndarray]): ...


class LSTM(_Recurrent):
    """The next item from the sequence of items alone.

    Parameters
    ----------
    dim : int
        Size of item vectors and of the state.
    n_recent : int
        Check-ins read before a query.
    dropout : float
        Share of numbers that rest in each training step.
    epochs, learning_rate, weight_decay, patience, seed
        See `strec.train.Settings`.
    batch_size : int
        Check-ins asked for in one step of training.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import split
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> model = LSTM(dim=4, epochs=1).fit(parts.train)
    >>> scores = model.score(parts.queries(scored="every"))
    >>> scores.shape, float(scores.sum().round(6))
    ((1, 2), 1.0)
    """

    kind = "lstm"
    time_known = True

    def __init__(
        self,
        dim: int = 96,
        n_recent: int = 64,
        dropout: float = 0.4,
        epochs: int = 12,
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-4,
        patience: int = 2,
        batch_size: int = 1024,
        seed: int = 0,
    ):
        self.dim = dim
        self.n_recent = n_recent
        self.dropout = dropout
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.patience = patience
        self.batch_size = batch_size
        self.seed = seed

    def _network(self, vocabulary: Vocabulary, numbers: dict[str, np.ndarray]):
        import torch

        from strec.models.networks.recurrent import SequenceNetwork

        log_share = torch.from_numpy(numbers["log_share"].copy())
        return SequenceNetwork(len(log_share), self.dim, self.dropout, log_share)


class STLSTM(_Recurrent):
    """The next item from the sequence, the time asked about, the place, and the item graph.

    Parameters
    ----------
    dim : int
        Size of item vectors and of the states.
    n_layers : int
        Graph layers: how many steps away neighbours are heard.
    n_recent : int
        Check-ins read before a query.
    n_follows, n_near : int
        Successors and near places that are an item's neighbours, see `item_graph`.
    time_known : bool
        Whether the time of a query is given; without it the last check-in's stands for it.
    dropout : float
        Share of numbers that rest in each training step.
    user_dropout : float
        Share of trajectories read as those of an unknown user, so that one is served too.
    epochs, learning_rate, weight_decay, patience, seed
        See `strec.train.Settings`.
    batch_size : int
        Check-ins asked for in one step of training.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import split
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> model = STLSTM(dim=4, epochs=1).fit(parts.train)
    >>> model.score(parts.queries(scored="every")).shape
    (1, 2)
    """

    kind = "st_lstm"

    def __init__(
        self,
        dim: int = 96,
        n_layers: int = 1,
        n_recent: int = 64,
        n_follows: int = 10,
        n_near: int = 5,
        time_known: bool = True,
        dropout: float = 0.4,
        user_dropout: float = 0.1,
        epochs: int = 12,
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-4,
        patience: int = 2,
        batch_size: int = 1024,
        seed: int = 0,
    ):
        self.dim = dim
        self.n_layers = n_layers
        self.n_recent = n_recent
        self.n_follows = n_follows
        self.n_near = n_near
        self.time_known = time_known
        self.dropout = dropout
        self.user_dropout = user_dropout
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.patience = patience
        self.batch_size = batch_size
        self.seed = seed

    def _numbers(self, train: Log, inner: Inner) -> dict[str, np.ndarray]:
        # The graph of training must not hold the held-out transitions, or stopping comes late.
        graph = item_graph(
            train.where(train.time_us < inner.cut_us), n_follows=self.n_follows, n_near=self.n_near
        )
        return super()._numbers(train, inner) | {"edges": graph.edges()[0]}

    def _network(self, vocabulary: Vocabulary, numbers: dict[str, np.ndarray]):
        import torch

        from strec.models.networks.recurrent import SpatioTemporalNetwork

        return SpatioTemporalNetwork(
            len(vocabulary.users),
            torch.from_numpy(numbers["log_share"].copy()),
            torch.from_numpy(numbers["edges"].copy()),
            dim=self.dim,
            n_layers=self.n_layers,
            dropout=self.dropout,
            user_dropout=self.user_dropout,
        )
