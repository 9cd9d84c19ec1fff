"""Attention over the interactions that matter in each context: for views, carts and purchases.

    contexts c: lately · this session · at this hour · near here · wanted (cart, purchase)
    a_ck = softmax_k( (q + t_c) · key(item, event, pair)_k + f_c · pair_k )     over K interactions
    P(i) = softmax_i( (Σ_c g_c(q) Σ_k a_ck e_k  +  MLP[q, contexts]) · e_i + b_i )

q stands for the moment: its time, the place, the last item. `pair` describes an interaction as
seen from it: age, hours apart, kind of day, nearness, same category as the last item. Each
context reads its K latest interactions alone, which keeps long histories cheap: K is small and
the attention sparse.
"""

from dataclasses import dataclass

import numpy as np

from strec.geo import distance_km
from strec.models.neural import NeuralModel, tensors
from strec.models.profiles import at_rows, recent_rows
from strec.models.saved import Arrays
from strec.models.sequences import item_tokens, place_numbers, time_numbers
from strec.split import Queries

CONTEXTS = ("lately", "this session", "at this hour", "near here", "wanted")
_N_PAIR = 8
_HOURS_APART = 1.5
_NEAR_KM = 0.5
#: Code of `strec.split.EVENTS` from which on an event says that an item is wanted.
_WANTED = 2


@dataclass(kw_only=True, repr=False, eq=False)
class CTR(NeuralModel):
    """Which item is taken next, from the few interactions that matter now.

    Parameters
    ----------
    n_recent : int
        Interactions of the history that are looked through.
    n_per_context : int
        Latest interactions that each context attends to.
    dim, time_known, dropout
        See `strec.models.neural.NeuralModel`.
    epochs, learning_rate, weight_decay, patience, batch_size, seed
        How it is trained; see `strec.models.neural.NeuralModel`.

    References
    ----------
    After "Large-scale sparse temporal interaction network for click-through rate prediction",
    2020, and Zhou et al., "Deep interest network for click-through rate prediction", KDD 2018.

    Examples
    --------
    >>> from strec import schema
    >>> model = CTR(dim=4, epochs=1).fit(schema.example())
    >>> model.recommend(schema.example(), k=2).height
    4
    """

    kind = "ctr"
    label = "Attention per context"
    sentence = (
        "Looks at the few past steps that match this session, hour or place, and at purchases."
    )
    family = "spatio-temporal"
    order = 3
    quick = {"dim": 16, "n_recent": 32, "n_per_context": 6, "epochs": 2}
    is_probability = True
    packages = ("torch",)
    learns_from_all = True

    dim: int = 64
    n_recent: int = 128
    n_per_context: int = 12
    time_known: bool = True
    dropout: float = 0.3
    epochs: int = 8
    batch_size: int = 512

    def _built(self):
        from strec.models.networks.ctr import ContextNetwork

        log_share = tensors(self.numbers_)["log_share"]
        return ContextNetwork(log_share, self.dim, self.dropout, len(CONTEXTS), _N_PAIR)

    def _read(self, queries: Queries) -> Arrays:
        return context_batch(queries, self.n_recent, self.n_per_context)


def context_batch(queries: Queries, n_recent: int, n_per_context: int) -> Arrays:
    """Return the latest interactions of each context as arrays; C contexts of K interactions.

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
    return {
        "item": item_tokens(at_rows(log.item, row), row),
        "event": np.where(there, at_rows(log.event, row), 0).astype(np.int64),
        "pair": chosen.astype(np.float32),
        "last": item_tokens(queries.here, np.maximum(queries.here, queries.last)),
        "asked": time_numbers(queries.hour, queries.weekday),
        "place": place_numbers(queries.lat, queries.lon),
    }


def _pair_numbers(queries: Queries, recent: np.ndarray) -> np.ndarray:
    """Describe interactions as seen from the query, shape ``(n, L, 8)``; zeros where none."""
    log, category = queries.log, queries.vocabulary.item_category
    age = np.log1p(np.maximum(queries.time_us[:, None] - at_rows(log.time_us, recent), 0) / 3.6e9)
    apart = np.abs(queries.hour[:, None] - at_rows(log.hour, recent))
    apart = np.nan_to_num(np.minimum(apart, 24 - apart), nan=12.0)
    weekend = (queries.weekday >= 5)[:, None]
    same_day = ((at_rows(log.weekday, recent) >= 5) == weekend) & (queries.weekday >= 0)[:, None]
    km = distance_km(queries.lat[:, None], queries.lon[:, None],
                     at_rows(log.lat, recent), at_rows(log.lon, recent))  # fmt: skip
    item = at_rows(log.item, recent)
    last = queries.here
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
            there & (at_rows(log.session, recent) == running),
            there & at_hour & (pair[..., 4] > 0),
            there & (pair[..., 5] > np.exp(-1)),
            there & (at_rows(log.event, recent) >= _WANTED),
        ],
        axis=1,
    )
