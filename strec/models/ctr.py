"""Attention over the interactions that matter in each context: for views, carts and purchases.

    contexts c: lately · this session · at this hour · near here · wanted (cart, purchase)
    a_ck = softmax_k( (q + t_c) · key(item, event, pair)_k + f_c · pair_k )     over K interactions
    P(i) = softmax_i( (Σ_c g_c(q) Σ_k a_ck e_k  +  MLP[q, contexts]) · e_i + b_i )

q stands for the moment: its time, the place, the last item. `pair` describes an interaction as
seen from it: age, hours apart, kind of day, nearness, same category as the last item. Each
context reads its K latest interactions alone, which keeps long histories cheap: K is small and
the attention sparse.

References
----------
After "Large-scale sparse temporal interaction network for click-through rate prediction", 2020,
and Zhou et al., "Deep interest network for click-through rate prediction", KDD 2018.
"""

import numpy as np

from strec.models.neural import Inner, NeuralModel, RowTask, device_of
from strec.models.profiles import popularity, recent_rows
from strec.models.sequences import item_tokens, place_numbers, time_numbers
from strec.split import Log, Queries, Vocabulary, distance_km, queries_of_rows

CONTEXTS = ("lately", "this session", "at this hour", "near here", "wanted")
_N_PAIR = 8
_HOURS_APART = 1.5
_NEAR_KM = 0.5
#: Code of `strec.split.EVENTS` from which on an event says that an item is wanted.
_WANTED = 2


class CTR(NeuralModel):
    """Which item is taken next, from the few interactions that matter now.

    Parameters
    ----------
    dim : int
        Size of item vectors.
    n_recent : int
        Interactions of the history that are looked through.
    n_per_context : int
        Latest interactions that each context attends to.
    time_known : bool
        Whether the time of a query is given; without it the last check-in's stands for it.
    dropout : float
        Share of numbers that rest in each training step.
    epochs, learning_rate, weight_decay, patience, seed
        See `strec.train.Settings`.
    batch_size : int
        Check-ins in one step of training.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import split
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> model = CTR(dim=4, epochs=1).fit(parts.train)
    >>> model.score(parts.queries(scored="every")).shape
    (1, 2)
    """

    kind = "ctr"
    learns_from_all = True

    def __init__(
        self,
        dim: int = 64,
        n_recent: int = 128,
        n_per_context: int = 12,
        time_known: bool = True,
        dropout: float = 0.3,
        epochs: int = 8,
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-4,
        patience: int = 2,
        batch_size: int = 512,
        seed: int = 0,
    ):
        self.dim = dim
        self.n_recent = n_recent
        self.n_per_context = n_per_context
        self.time_known = time_known
        self.dropout = dropout
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.patience = patience
        self.batch_size = batch_size
        self.seed = seed

    def _numbers(self, train: Log, inner: Inner) -> dict[str, np.ndarray]:
        share = popularity(train)
        return {"log_share": np.log(share + 0.1 / len(share)).astype(np.float32)}

    def _network(self, vocabulary: Vocabulary, numbers: dict[str, np.ndarray]):
        import torch

        from strec.models.networks.ctr import ContextNetwork

        log_share = torch.from_numpy(numbers["log_share"].copy())
        return ContextNetwork(len(CONTEXTS), _N_PAIR, self.dim, self.dropout, log_share)

    def _task(self, network, train: Log, inner: Inner) -> RowTask:
        import torch

        from strec.models.networks.loss import item_loss

        def collate(rows: np.ndarray, rng: np.random.Generator) -> dict[str, torch.Tensor]:
            queries = queries_of_rows(train, np.asarray(rows), time_known=self.time_known)
            arrays = context_batch(queries, self.n_recent, self.n_per_context)
            arrays["target"] = train.item[rows].astype(np.int64)
            return {name: torch.from_numpy(value) for name, value in arrays.items()}

        def loss(batch: dict[str, torch.Tensor]) -> torch.Tensor:
            items = network.items()  # (n_items + 2, dim)
            return item_loss(network(batch, items), items[2:], network.bias, batch["target"])

        return RowTask(network, inner.fit_rows, inner.check_rows, self.batch_size, collate, loss)

    def _scores(self, network, queries: Queries):
        import torch

        device = device_of(network)
        arrays = context_batch(queries, self.n_recent, self.n_per_context)
        batch = {name: torch.from_numpy(value).to(device) for name, value in arrays.items()}
        items = network.items()  # (n_items + 2, dim)
        logits = network(batch, items) @ items[2:].T + network.bias  # (n, n_items)
        return torch.softmax(logits.double(), dim=1)


def context_batch(queries: Queries, n_recent: int, n_per_context: int) -> dict[str, np.ndarray]:
    """Return the latest interactions of each context as arrays; C contexts of K interactions.

    Returns
    -------
    dict of numpy.ndarray
        ``item`` (n, C, K): tokens, 0 where there is none; ``event`` (n, C, K); ``pair``
        (n, C, K, 8); ``last`` (n,): token of the last item; ``asked`` (n, N_TIME); ``place``
        (n, N_PLACE).
    """
    log = queries.log
    recent = recent_rows(queries, n_recent)[:, ::-1]  # (n, L), the latest first
    pair = _pair_numbers(queries, recent)  # (n, L, 8)
    belongs = _contexts(queries, recent, pair)  # (n, C, L)
    # A stable sort of "does not belong" keeps the latest first.
    order = np.argsort(~belongs, axis=2, kind="stable")[:, :, :n_per_context]  # (n, C, K)
    there = np.take_along_axis(belongs, order, axis=2)
    row = np.where(there, np.take_along_axis(recent[:, None], order, axis=2), -1)
    chosen = pair[np.arange(len(queries))[:, None, None], order] * there[..., None]
    last = queries.last
    known = queries.weekday >= 0
    return {
        "item": item_tokens(_at(log.item, row), row),
        "event": np.where(there, _at(log.event, row), 0).astype(np.int64),
        "pair": chosen.astype(np.float32),
        "last": item_tokens(_at(log.item, last), last),
        "asked": time_numbers(np.nan_to_num(queries.hour), queries.weekday, known),
        "place": place_numbers(queries.lat, queries.lon),
    }


def _pair_numbers(queries: Queries, recent: np.ndarray) -> np.ndarray:
    """Describe interactions as seen from the query, shape ``(n, L, 8)``; zeros where none."""
    log, category = queries.log, queries.vocabulary.item_category
    age = np.log1p(np.maximum(queries.time_us[:, None] - _at(log.time_us, recent), 0) / 3.6e9)
    apart = np.abs(queries.hour[:, None] - _at(log.hour, recent))
    apart = np.nan_to_num(np.minimum(apart, 24 - apart), nan=12.0)
    weekend = (queries.weekday >= 5)[:, None]
    same_day = ((_at(log.weekday, recent) >= 5) == weekend) & (queries.weekday >= 0)[:, None]
    km = distance_km(queries.lat[:, None], queries.lon[:, None],
                     _at(log.lat, recent), _at(log.lon, recent))  # fmt: skip
    item, last = _at(log.item, recent), np.where(queries.last >= 0, _at(log.item, queries.last), -1)
    kind = np.where(item >= 0, category[item], -1)
    last_kind = np.where(last >= 0, category[last], -2)
    numbers = np.stack(
        [
            age / 6,
            np.maximum(0, 3 - age),
            np.maximum(0, 1 - apart / 2),
            np.maximum(0, 1 - apart / 6),
            same_day,
            np.nan_to_num(np.exp(-km / _NEAR_KM)),
            item == last[:, None],
            kind == last_kind[:, None],
        ],
        axis=-1,
    )
    return numbers * (recent >= 0)[..., None]


def _contexts(queries: Queries, recent: np.ndarray, pair: np.ndarray) -> np.ndarray:
    """Return which interactions belong to which context, shape ``(n, C, L)``."""
    log, there = queries.log, recent >= 0
    running = queries.running_session[:, None]
    at_hour = pair[..., 2] > 1 - _HOURS_APART / 2
    return np.stack(
        [
            there,
            there & (_at(log.session, recent) == running),
            there & at_hour & (pair[..., 4] > 0),
            there & (pair[..., 5] > np.exp(-1)),
            there & (_at(log.event, recent) >= _WANTED),
        ],
        axis=1,
    )


def _at(values: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Return values at rows; -1 gives that of some row, or 0 where there is none at all."""
    return values[row] if len(values) else np.zeros(row.shape, values.dtype)
