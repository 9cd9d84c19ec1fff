"""Collaborative filtering: who takes the same, and what is taken together.

    user-KNN   s(u, i) = Σ_{v among the k most similar to u} cos(u, v) · r(v, i)
    item-KNN   s(u, i) = Σ_j r(u, j) · sim(j, i),   sim kept for the k nearest of each item
    ALS        s(u, i) = x_u · y_i,   min Σ c(u, i) (p(u, i) - x_u · y_i)² + λ(‖x‖² + ‖y‖²)
    BPR        s(u, i) = x_u · y_i + b_i,   max Σ log σ(s(u, i) - s(u, j)),  j not by u

Similarities and factors come from `implicit`. The user is not a row of the training matrix but
the visible history of the query, so that new users and new check-ins count at once; BPR alone
knows its training users as they were.

References
----------
Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001.
Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008.
Rendle et al., "BPR: Bayesian personalized ranking from implicit feedback", UAI 2009.
"""

import warnings
from abc import abstractmethod

import numpy as np
from scipy import sparse

from strec.errors import ModelError
from strec.graph import strongest
from strec.models.base import Model
from strec.models.profiles import (
    CHUNK_NUMBERS,
    csr_arrays,
    csr_restore,
    popularity,
    profiles,
    user_items,
)
from strec.split import Log, Queries
from strec.train import Watch

#: Weight of popularity, which orders items that a model cannot tell apart.
TIE_BREAK = 1e-6


class _Collaborative(Model):
    """What the four share: counts with a weight, popularity for ties, scores in chunks.

    ``weight`` is ``"count"`` (every check-in counts), ``"log"`` (``log(1 + count)``) or
    ``"once"`` (whether at all). ``half_life_days`` lets old check-ins count less in the history
    of a query; the training counts are not touched by it.
    """

    weight: str
    half_life_days: float | None

    def _fit(self, train: Log, watch: Watch) -> None:
        self.popularity_ = popularity(train)
        watch(f"Fitting {self.kind}", 0.05)
        self._learn(self._weigh(user_items(train)), watch)
        watch("Done", 1.0)

    def _score(self, queries: Queries) -> np.ndarray:
        n_items = len(queries.vocabulary.items)
        scores = np.empty((len(queries), n_items))
        step = max(1, CHUNK_NUMBERS // max(n_items, 1))
        for first in range(0, len(queries), step):
            part = queries.take(slice(first, first + step))
            history = self._weigh(profiles(part, self.half_life_days))
            scores[first : first + step] = self._relate(history, part.user)
        # A user without history is told what is popular.
        return scores + TIE_BREAK * self.popularity_

    def _weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        ways = {"count": lambda x: x, "log": np.log1p, "once": np.ones_like}
        if self.weight not in ways:
            raise ModelError(
                f"weight is one of {', '.join(ways)}.", f"{self.weight!r}.", "Choose one of them."
            )
        return sparse.csr_matrix((ways[self.weight](counts.data), counts.indices, counts.indptr),
                                 shape=counts.shape)  # fmt: skip

    @abstractmethod
    def _learn(self, counts: sparse.csr_matrix, watch: Watch) -> None: ...

    @abstractmethod
    def _relate(self, history: sparse.csr_matrix, user: np.ndarray) -> np.ndarray:
        """Return scores of shape ``(n_queries, n_items)`` from weighted histories."""

    def _arrays(self) -> dict[str, np.ndarray]:
        return {"popularity": self.popularity_}

    def _restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.popularity_ = arrays["popularity"]


class UserKNN(_Collaborative):
    """What users with a similar history take.

    Parameters
    ----------
    n_neighbours : int
        Most similar training users that are listened to.
    weight : str
        How check-ins count: ``"count"``, ``"log"`` or ``"once"``.
    half_life_days : float, optional
        After so many days a check-in of the query's history counts half.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.split import split
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> UserKNN().fit(parts.train).score(parts.queries(scored="every")).argmax()
    np.int64(0)
    """

    kind = "user_knn"

    def __init__(
        self, n_neighbours: int = 20, weight: str = "count", half_life_days: float | None = None
    ):
        self.n_neighbours = n_neighbours
        self.weight = weight
        self.half_life_days = half_life_days

    def _learn(self, counts: sparse.csr_matrix, watch: Watch) -> None:
        self.counts_ = counts

    def _relate(self, history: sparse.csr_matrix, user: np.ndarray) -> np.ndarray:
        from sklearn.preprocessing import normalize

        similar = normalize(history) @ normalize(self.counts_).T  # (n_queries, n_users)
        return (strongest(similar, self.n_neighbours) @ self.counts_).toarray()

    def _arrays(self) -> dict[str, np.ndarray]:
        return super()._arrays() | csr_arrays("counts", self.counts_)

    def _restore(self, arrays: dict[str, np.ndarray]) -> None:
        super()._restore(arrays)
        self.counts_ = csr_restore("counts", arrays)


class ItemKNN(_Collaborative):
    """What is taken by the same users as the items of the history.

    Parameters
    ----------
    n_neighbours : int
        Most similar items kept of each item, itself among them.
    measure : str
        ``"cosine"``, ``"tfidf"`` or ``"bm25"``, as in `implicit`.
    weight : str
        How check-ins count: ``"count"``, ``"log"`` or ``"once"``.
    half_life_days : float, optional
        After so many days a check-in of the query's history counts half.
    """

    kind = "item_knn"

    def __init__(
        self,
        n_neighbours: int = 100,
        measure: str = "cosine",
        weight: str = "count",
        half_life_days: float | None = None,
    ):
        self.n_neighbours = n_neighbours
        self.measure = measure
        self.weight = weight
        self.half_life_days = half_life_days

    def _learn(self, counts: sparse.csr_matrix, watch: Watch) -> None:
        from implicit import nearest_neighbours

        measures = {
            "cosine": nearest_neighbours.CosineRecommender,
            "tfidf": nearest_neighbours.TFIDFRecommender,
            "bm25": nearest_neighbours.BM25Recommender,
        }
        if self.measure not in measures:
            raise ModelError(
                f"measure is one of {', '.join(measures)}.",
                f"{self.measure!r}.",
                "Choose one of them.",
            )
        knn = measures[self.measure](K=self.n_neighbours, num_threads=1)
        # An item taken by every user has no tf-idf weight: its row becomes 0/0. implicit also
        # warns that it converts its own matrix.
        with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            knn.fit(counts, show_progress=False)
        similarity = sparse.csr_matrix(knn.similarity)
        similarity.data = np.nan_to_num(similarity.data)
        self.similarity_ = similarity

    def _relate(self, history: sparse.csr_matrix, user: np.ndarray) -> np.ndarray:
        return (history @ self.similarity_).toarray()

    def _arrays(self) -> dict[str, np.ndarray]:
        return super()._arrays() | csr_arrays("similarity", self.similarity_)

    def _restore(self, arrays: dict[str, np.ndarray]) -> None:
        super()._restore(arrays)
        self.similarity_ = csr_restore("similarity", arrays)


class ALS(_Collaborative):
    """Implicit matrix factorisation by alternating least squares; users are folded in.

    Parameters
    ----------
    n_factors, n_iterations : int
        Size of the factors, and rounds of fitting.
    regularisation : float
        Weight of the squared factors (λ).
    confidence : float
        How much surer a check-in makes than its absence (α).
    weight : str
        How check-ins count: ``"count"``, ``"log"`` or ``"once"``.
    half_life_days : float, optional
        After so many days a check-in of the query's history counts half.
    seed : int
        Seed of the first factors.
    """

    kind = "als"

    def __init__(
        self,
        n_factors: int = 512,
        n_iterations: int = 15,
        regularisation: float = 5.0,
        confidence: float = 2.0,
        weight: str = "count",
        half_life_days: float | None = None,
        seed: int = 0,
    ):
        self.n_factors = n_factors
        self.n_iterations = n_iterations
        self.regularisation = regularisation
        self.confidence = confidence
        self.weight = weight
        self.half_life_days = half_life_days
        self.seed = seed

    def _learn(self, counts: sparse.csr_matrix, watch: Watch) -> None:
        from threadpoolctl import threadpool_limits

        als = self._solver()
        done = iter(range(1, self.n_iterations + 1))
        with threadpool_limits(1, "blas"):
            als.fit(
                counts.astype(np.float32),
                show_progress=False,
                callback=lambda *_: watch("Fitting als", next(done) / self.n_iterations),
            )
        self.item_factors_ = als.item_factors

    def _relate(self, history: sparse.csr_matrix, user: np.ndarray) -> np.ndarray:
        from threadpoolctl import threadpool_limits

        als = self._solver()
        als.item_factors = self.item_factors_
        with threadpool_limits(1, "blas"):
            factors = als.recalculate_user(np.arange(history.shape[0]), history.astype(np.float32))
        return (factors @ self.item_factors_.T).astype(np.float64)

    def _solver(self):
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"):  # implicit warns of more threads when it is made
            return AlternatingLeastSquares(
                factors=self.n_factors,
                regularization=self.regularisation,
                alpha=self.confidence,
                iterations=self.n_iterations,
                random_state=self.seed,
                num_threads=1,
            )

    def _arrays(self) -> dict[str, np.ndarray]:
        return super()._arrays() | {"item_factors": self.item_factors_}

    def _restore(self, arrays: dict[str, np.ndarray]) -> None:
        super()._restore(arrays)
        self.item_factors_ = arrays["item_factors"]


class BPR(_Collaborative):
    """Matrix factorisation by pairwise ranking.

    Parameters
    ----------
    n_factors, n_iterations : int
        Size of the factors, and passes over the check-ins, of which each counts (an item taken
        ten times is ten examples).
    learning_rate, regularisation : float
        Step length, and weight of the squared factors.
    seed : int
        Seed of the factors and of the pairs.

    Notes
    -----
    A user whom training has not seen stands where the training users of the same items stand
    on average. One thread: more would make the result depend on their race.
    """

    kind = "bpr"
    weight = "count"
    half_life_days = None

    def __init__(
        self,
        n_factors: int = 128,
        n_iterations: int = 200,
        learning_rate: float = 0.1,
        regularisation: float = 0.005,
        seed: int = 0,
    ):
        self.n_factors = n_factors
        self.n_iterations = n_iterations
        self.learning_rate = learning_rate
        self.regularisation = regularisation
        self.seed = seed

    def _learn(self, counts: sparse.csr_matrix, watch: Watch) -> None:
        from implicit.cpu.bpr import BayesianPersonalizedRanking
        from threadpoolctl import threadpool_limits

        bpr = BayesianPersonalizedRanking(
            factors=self.n_factors,
            learning_rate=self.learning_rate,
            regularization=self.regularisation,
            iterations=self.n_iterations,
            random_state=self.seed,
            num_threads=1,
        )
        done = iter(range(1, self.n_iterations + 1))
        with threadpool_limits(1, "blas"):
            bpr.fit(
                _repeated(counts),
                show_progress=False,
                callback=lambda *_: watch("Fitting bpr", next(done) / self.n_iterations),
            )
        self.user_factors_, self.item_factors_ = bpr.user_factors, bpr.item_factors
        share = counts.T.multiply(1 / np.maximum(counts.T.sum(axis=1), 1e-12))
        #: Shape (n_items, n_factors + 1): where the users of an item stand on average.
        self.takers_ = np.asarray(share.tocsr() @ self.user_factors_)

    def _relate(self, history: sparse.csr_matrix, user: np.ndarray) -> np.ndarray:
        total = np.maximum(np.asarray(history.sum(axis=1)), 1e-12)
        factors = np.asarray(history @ self.takers_) / total
        known = user >= 0
        factors[known] = self.user_factors_[user[known]]
        return (factors @ self.item_factors_.T).astype(np.float64)

    def _arrays(self) -> dict[str, np.ndarray]:
        return super()._arrays() | {
            "user_factors": self.user_factors_,
            "item_factors": self.item_factors_,
            "takers": self.takers_,
        }

    def _restore(self, arrays: dict[str, np.ndarray]) -> None:
        super()._restore(arrays)
        self.user_factors_ = arrays["user_factors"]
        self.item_factors_ = arrays["item_factors"]
        self.takers_ = arrays["takers"]


def _repeated(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return counts as so many entries of 1: implicit draws entries and does not read them."""
    n = counts.data.astype(np.int64)
    ends = np.r_[0, np.cumsum(n)]
    data, columns = np.ones(ends[-1], np.float32), np.repeat(counts.indices, n)
    return sparse.csr_matrix((data, columns, ends[counts.indptr]), shape=counts.shape)
