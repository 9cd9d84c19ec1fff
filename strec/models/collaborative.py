"""Collaborative filtering: who takes the same, and what is taken together.

    user-KNN   s(u, i) = Σ_{v among the k most similar to u} cos(u, v) · r(v, i)
    item-KNN   s(u, i) = Σ_j r(u, j) · sim(j, i),   sim kept for the k nearest of each item
    ALS        s(u, i) = x_u · y_i,   min Σ c(u, i) (p(u, i) - x_u · y_i)² + λ(‖x‖² + ‖y‖²)
    BPR        s(u, i) = x_u · y_i + b_i,   max Σ log σ(s(u, i) - s(u, j)),  j not by u

Similarities and factors come from `implicit`. The user is not a row of the training matrix but
the visible history of the query, so that new users and new check-ins count at once; BPR alone
knows its training users as they were.
"""

import warnings
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from strec.errors import ModelError
from strec.graph import strongest
from strec.models.profiles import HistoryModel, profiles, user_items
from strec.split import Log, Queries
from strec.train import Watch


class Collaborative(HistoryModel):
    """What the four share: histories and training counts, weighed alike.

    Check-ins count each (`weight` is ``"count"``), as ``log(1 + count)`` (``"log"``), or whether
    there are any (``"once"``). In the history of a query they count half after
    `half_life_days`; the training counts are not touched by it.
    """

    weight = "count"
    half_life_days: float | None = None

    def _learn(self, train: Log, watch: Watch) -> None:
        self._learn_from(self._weigh(user_items(train)), watch)

    def _relate(self, queries: Queries) -> np.ndarray:
        history = self._weigh(profiles(queries, self.half_life_days))
        return self._relate_to(history, queries.user)

    def _weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        ways = {"count": np.positive, "log": np.log1p, "once": np.ones_like}
        way = _one_of(ways, self.weight, "weight")
        parts = (way(counts.data), counts.indices, counts.indptr)
        return sparse.csr_matrix(parts, shape=counts.shape)

    @abstractmethod
    def _learn_from(self, counts: sparse.csr_matrix, watch: Watch) -> None: ...

    @abstractmethod
    def _relate_to(self, history: sparse.csr_matrix, user: np.ndarray) -> np.ndarray:
        """Return scores of shape ``(n_queries, n_items)`` from weighted histories."""


@dataclass(repr=False, eq=False)
class UserKNN(Collaborative):
    """What users with a similar history take.

    Parameters
    ----------
    n_neighbours : int
        Most similar training users that are listened to.
    weight, half_life_days
        See `Collaborative`.

    References
    ----------
    Resnick et al., "GroupLens: an open architecture for collaborative filtering of netnews",
    CSCW 1994.

    Examples
    --------
    >>> from strec import schema
    >>> UserKNN().fit(schema.example()).recommend(schema.example(), k=1)["item_id"].to_list()
    ['cafe', 'cafe']
    """

    kind = "user_knn"
    label = "Similar users"
    sentence = "What the users with the most similar history take."
    family = "traditional"
    order = 2

    n_neighbours: int = 20
    weight: str = "count"
    half_life_days: float | None = None

    def _learn_from(self, counts: sparse.csr_matrix, watch: Watch) -> None:
        self.counts_ = counts

    def _relate_to(self, history: sparse.csr_matrix, user: np.ndarray) -> np.ndarray:
        from sklearn.preprocessing import normalize

        users, others = (sparse.csr_matrix(normalize(each)) for each in (history, self.counts_))
        similar = sparse.csr_matrix(users @ others.T)  # (n_queries, n_users)
        found = strongest(similar, self.n_neighbours) @ self.counts_
        return sparse.csr_matrix(found).toarray()


@dataclass(repr=False, eq=False)
class ItemKNN(Collaborative):
    """What is taken by the same users as the items of the history.

    Parameters
    ----------
    n_neighbours : int
        Most similar items kept of each item, itself among them.
    measure : str
        ``"cosine"``, ``"tfidf"`` or ``"bm25"``, as in `implicit`.
    weight, half_life_days
        See `Collaborative`.

    References
    ----------
    Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001.

    Examples
    --------
    >>> from strec import Dataset, schema
    >>> dataset = Dataset(schema.example())
    >>> ItemKNN(n_neighbours=2).fit(dataset.everything).recommend(dataset, k=1)["item_id"][0]
    'cafe'
    """

    kind = "item_knn"
    label = "Similar items"
    sentence = "Items taken by the same users as those in the history."
    family = "traditional"
    order = 3
    packages = ("implicit",)

    n_neighbours: int = 100
    measure: str = "cosine"
    weight: str = "count"
    half_life_days: float | None = None

    def _learn_from(self, counts: sparse.csr_matrix, watch: Watch) -> None:
        from implicit import nearest_neighbours

        measures = {
            "cosine": nearest_neighbours.CosineRecommender,
            "tfidf": nearest_neighbours.TFIDFRecommender,
            "bm25": nearest_neighbours.BM25Recommender,
        }
        knn = _one_of(measures, self.measure, "measure")(K=self.n_neighbours, num_threads=1)
        # An item taken by every user has no tf-idf weight: its row becomes 0/0. implicit also
        # warns that it converts its own matrix.
        with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            knn.fit(counts, show_progress=False)
        self.similarity_ = sparse.csr_matrix(knn.similarity)
        self.similarity_.data = np.nan_to_num(self.similarity_.data)

    def _relate_to(self, history: sparse.csr_matrix, user: np.ndarray) -> np.ndarray:
        return sparse.csr_matrix(history @ self.similarity_).toarray()


@dataclass(repr=False, eq=False)
class ALS(Collaborative):
    """Implicit matrix factorisation by alternating least squares; users are folded in.

    Parameters
    ----------
    n_factors, n_iterations : int
        Size of the factors, and rounds of fitting.
    regularisation : float
        Weight of the squared factors (λ).
    confidence : float
        How much surer a check-in makes than its absence (α).
    weight, half_life_days
        See `Collaborative`.
    seed : int
        Seed of the first factors.

    References
    ----------
    Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008.

    Examples
    --------
    >>> from strec.simulation import simulate
    >>> town = simulate("travel", n_users=12, n_checkins=300, seed=1)
    >>> len(ALS(n_factors=4).fit(town).recommend(town, k=2))
    24
    """

    kind = "als"
    label = "Matrix factorisation (ALS)"
    sentence = "Hidden tastes that explain who took what how often."
    family = "traditional"
    order = 4
    quick = {"n_factors": 16, "n_iterations": 5}
    packages = ("implicit",)

    n_factors: int = 512
    n_iterations: int = 15
    regularisation: float = 5.0
    confidence: float = 2.0
    weight: str = "count"
    half_life_days: float | None = None
    seed: int = 0

    def _learn_from(self, counts: sparse.csr_matrix, watch: Watch) -> None:
        als = self._solver()
        _factorise(
            als, sparse.csr_matrix(counts, dtype=np.float32), self.kind, self.n_iterations, watch
        )
        self.item_factors_ = np.asarray(als.item_factors)

    def _relate_to(self, history: sparse.csr_matrix, user: np.ndarray) -> np.ndarray:
        from threadpoolctl import threadpool_limits

        als = self._solver()
        als.item_factors = self.item_factors_
        with threadpool_limits(1, "blas"):
            factors = als.recalculate_user(np.arange(len(user)), history.astype(np.float32))
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


@dataclass(repr=False, eq=False)
class BPR(Collaborative):
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

    References
    ----------
    Rendle et al., "BPR: Bayesian personalized ranking from implicit feedback", UAI 2009.

    Examples
    --------
    >>> from strec.simulation import simulate
    >>> town = simulate("travel", n_users=12, n_checkins=300, seed=1)
    >>> len(BPR(n_factors=4, n_iterations=5).fit(town).recommend(town, k=2))
    24
    """

    kind = "bpr"
    label = "Matrix factorisation (BPR)"
    sentence = "Hidden tastes that rank what a user took above what the user did not."
    family = "traditional"
    order = 5
    quick = {"n_factors": 16, "n_iterations": 30}
    packages = ("implicit",)

    n_factors: int = 128
    n_iterations: int = 200
    learning_rate: float = 0.1
    regularisation: float = 0.005
    seed: int = 0

    def _learn_from(self, counts: sparse.csr_matrix, watch: Watch) -> None:
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        bpr = BayesianPersonalizedRanking(
            factors=self.n_factors,
            learning_rate=self.learning_rate,
            regularization=self.regularisation,
            iterations=self.n_iterations,
            random_state=self.seed,
            num_threads=1,
        )
        _factorise(bpr, _repeated(counts), self.kind, self.n_iterations, watch)
        self.user_factors_, self.item_factors_ = bpr.user_factors, bpr.item_factors
        share = counts.T.multiply(1 / np.maximum(counts.T.sum(axis=1), 1e-12))
        #: Shape (n_items, n_factors + 1): where the users of an item stand on average.
        self.takers_ = np.asarray(share.tocsr() @ self.user_factors_)

    def _relate_to(self, history: sparse.csr_matrix, user: np.ndarray) -> np.ndarray:
        total = np.maximum(np.asarray(history.sum(axis=1)), 1e-12)
        factors = np.asarray(history @ self.takers_) / total
        known = user >= 0
        factors[known] = self.user_factors_[user[known]]
        return (factors @ self.item_factors_.T).astype(np.float64)


def _one_of(choices: dict, chosen: str, name: str):
    """Return a choice by its name."""
    if chosen not in choices:
        raise ModelError(
            f"{name} is one of {', '.join(choices)}.", f"{chosen!r}.", "Choose one of them."
        )
    return choices[chosen]


def _factorise(solver, counts: sparse.csr_matrix, kind: str, n_rounds: int, watch: Watch) -> None:
    """Fit one of implicit's solvers, a word to the watch after each round."""
    from threadpoolctl import threadpool_limits

    done = iter(range(1, n_rounds + 1))
    with threadpool_limits(1, "blas"):
        solver.fit(
            counts,
            show_progress=False,
            callback=lambda *_: watch(f"Fitting {kind}", next(done) / n_rounds),
        )


def _repeated(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return counts as so many entries of 1: implicit draws entries and does not read them."""
    n = counts.data.astype(np.int64)
    ends = np.r_[0, np.cumsum(n)]
    data, columns = np.ones(ends[-1], np.float32), np.repeat(counts.indices, n)
    return sparse.csr_matrix((data, columns, ends[counts.indptr]), shape=counts.shape)
