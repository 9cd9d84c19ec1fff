"""The plainest counts: what everybody takes, what the user takes, what follows what."""

import numpy as np
from scipy import sparse

from strec.graph import transitions
from strec.models.base import Model
from strec.split import Log, Queries
from strec.train import Watch


class Popularity(Model):
    """The share of training check-ins of each item: the same answer to everybody.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import split
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> Popularity().fit(parts.train).score(parts.queries(scored="every")).round(2).tolist()
    [[0.67, 0.33]]
    """

    kind = "popularity"

    def _fit(self, train: Log, watch: Watch) -> None:
        self.share_ = _popularity(train)

    def _score(self, queries: Queries) -> np.ndarray:
        return np.tile(self.share_, (len(queries), 1))

    def _arrays(self) -> dict[str, np.ndarray]:
        return {"share": self.share_}

    def _restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.share_ = arrays["share"]


class UserCounts(Popularity):
    """How often the user has taken each item; equal counts go by popularity."""

    kind = "user_counts"

    def _score(self, queries: Queries) -> np.ndarray:
        item = queries.log.item[queries.indices]
        # Shares of popularity are below 1, so they only order equal counts.
        return _count(queries, item >= 0) + self.share_


class Markov(Popularity):
    """What followed the last item before: in the user's own past, or in everybody's.

    Parameters
    ----------
    scope : str
        ``"user"``: transitions in the visible history of the user. ``"global"``: transitions
        within sessions of the training check-ins.

    Notes
    -----
    Equal counts, and users whose last item is new, go by popularity.
    """

    kind = "markov"

    def __init__(self, scope: str = "user"):
        self.scope = scope

    def _fit(self, train: Log, watch: Watch) -> None:
        self.share_ = _popularity(train)
        self.follows_ = transitions(train)

    def _score(self, queries: Queries) -> np.ndarray:
        last = np.where(queries.last >= 0, queries.log.item[queries.last], -1)
        if self.scope == "user":
            item = queries.log.item[queries.indices]
            position = np.arange(len(item))
            inner = position > queries.indptr[queries.pair_query]
            before = np.where(inner, item[position - 1], -1)
            counts = _count(queries, (before == last[queries.pair_query]) & (before >= 0))
        else:
            counts = self.follows_[np.maximum(last, 0)].multiply((last >= 0)[:, None]).toarray()
        return counts + self.share_

    def _arrays(self) -> dict[str, np.ndarray]:
        follows = self.follows_
        return {"share": self.share_, "next_indptr": follows.indptr,
                "next_indices": follows.indices, "next_count": follows.data}  # fmt: skip

    def _restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.share_ = arrays["share"]
        n = len(self.share_)
        parts = (arrays["next_count"], arrays["next_indices"], arrays["next_indptr"])
        self.follows_ = sparse.csr_matrix(parts, shape=(n, n))


def _popularity(train: Log) -> np.ndarray:
    known = train.item[train.item >= 0]
    return np.bincount(known, minlength=len(train.vocabulary.items)) / len(known)


def _count(queries: Queries, chosen: np.ndarray) -> np.ndarray:
    """Count the chosen visible visits per query and item, shape ``(n_queries, n_items)``."""
    item = queries.log.item[queries.indices]
    chosen = chosen & (item >= 0)
    width = len(queries.vocabulary.items)
    key = queries.pair_query[chosen] * np.int64(width) + item[chosen]
    counts = np.bincount(key, minlength=len(queries) * width)
    return counts.reshape(len(queries), width).astype(np.float64)
