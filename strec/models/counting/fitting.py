"""Fit the weights of the counter mix by maximum likelihood, inside the training check-ins."""

from dataclasses import dataclass

import numpy as np

from strec.models.counting.among_many import newcomers
from strec.models.counting.newcomers import SOURCES, novelty_numbers
from strec.models.counting.statistics import Statistics
from strec.models.counting.visits import N_COLUMNS, visits_of
from strec.progress import Progress
from strec.split import Log, Queries, queries_of_rows

#: Visits and (query, item) pairs looked at in one fit at most: a bound on time and memory.
MAX_VISITS = 500_000
_MAX_CELLS = 30_000_000
#: Of many items no more are looked at for a query, about (see `among_many`).
_LOOKED_AT = 30_000
#: So few at once stay near the processor.
_CHUNK_CELLS = 200_000
_FEWEST_QUERIES = 20
#: Steps at most between two looks at how the weights hang together; the last round goes on until
#: the likelihood hardly rises.
_ROUNDS = (8, 20, 150)


def fit_weights(
    train: Log,
    start: np.ndarray,
    statistics: Statistics,
    *,
    since_us: int,
    time_known: bool,
    n_queries: int,
    ridge: float,
    seed: int,
    progress: Progress,
) -> np.ndarray:
    """Return the weights under which the latest slice of training is most likely.

    The slice begins at a moment; the statistics come from the check-ins before it alone, so that
    it is as new to them as later check-ins are to the finished model. The start,
    ``(N_COLUMNS + n_sources + n_novelty,)``, is where the ridge pulls; with too few check-ins it
    is returned.
    """
    n_items = len(train.vocabulary.items)
    n_looked = n_items if statistics.item_blocks is None else _LOOKED_AT
    n_queries = min(n_queries, max(_FEWEST_QUERIES, _MAX_CELLS // n_looked))
    queries = _draw(train, since_us, time_known, n_queries, seed)
    if len(queries) < _FEWEST_QUERIES:
        return start
    progress("Reading the past of each check-in", 0.1)
    problem = _problem(queries, statistics, progress)
    return _best(problem, start, ridge, progress)


def _best(problem: "_Problem", start: np.ndarray, ridge: float, progress: Progress) -> np.ndarray:
    """Return the weights that lose least.

    The numbers are strongly correlated, so that plain steps along them creep. Steps are taken in
    coordinates in which the gradients of single queries are uncorrelated (Berndt, Hall, Hall and
    Hausman 1974): the same minimum in a fifth of the steps.
    """
    from scipy.linalg import cholesky, solve_triangular
    from scipy.optimize import minimize

    scale = problem.scale()
    moved, steps = np.zeros_like(start), 0

    def report(_: np.ndarray) -> None:
        nonlocal steps
        steps += 1
        progress("Fitting the weights", 0.5 + 0.4 * (1 - 0.95**steps))

    for most in _ROUNDS:
        gradients = problem.gradients(start + moved / scale) / scale
        spread = gradients.T @ gradients + ridge * np.eye(len(start))
        root = cholesky(spread + 1e-9 * np.trace(spread) * np.eye(len(start)), lower=True)

        def loss(step: np.ndarray, at=moved, root=root) -> tuple[float, np.ndarray]:
            further = at + solve_triangular(root, step, lower=True, trans=1)
            value, gradient = problem.loss(further, start, scale, ridge)
            return value, np.asarray(solve_triangular(root, gradient, lower=True))

        found = minimize(
            loss, np.zeros_like(start), jac=True, method="L-BFGS-B", callback=report,
            options={"maxiter": most, "ftol": 1e-7},
        )  # fmt: skip
        moved = moved + solve_triangular(root, found.x, lower=True, trans=1)
        if found.success:
            break
    return start + moved / scale


@dataclass(frozen=True)
class _Problem:
    """All numbers of the likelihood; F columns, C sources, N novelty numbers."""

    query: np.ndarray  # (n_pairs,)
    hit: np.ndarray  # (n_pairs,) the visit was to the target
    numbers: np.ndarray  # (n_pairs, F)
    novelty: np.ndarray  # (n_queries, N)
    speaks: np.ndarray  # (n_queries, C) the source has something to say
    share: np.ndarray  # (n_queries, C) what the source gives to the target

    def scale(self) -> np.ndarray:
        """Return the spread of each number, by which steps and ridge are measured."""
        n_numbers = self.numbers.shape[1]
        of_visits = self.numbers.std(axis=0) if len(self.numbers) else np.zeros(n_numbers)
        spread = np.r_[of_visits, np.ones(self.share.shape[1]), self.novelty.std(axis=0)]
        return np.where(spread > 1e-6, spread, 1.0)

    def loss(
        self, moved: np.ndarray, start: np.ndarray, scale: np.ndarray, ridge: float
    ) -> tuple[float, np.ndarray]:
        """Return -log likelihood + ridge and its gradient, in scaled steps from the start."""
        by_voice, by_rate, value = self._slopes(start + moved / scale)
        gradient = np.r_[
            by_voice @ self.numbers, by_rate.sum(axis=0), by_rate.sum(axis=1) @ self.novelty
        ]
        value += ridge / 2 * (moved**2).sum()
        return float(value), gradient / scale + ridge * moved

    def gradients(self, weights: np.ndarray) -> np.ndarray:
        """Return the gradient of each query's -log likelihood; shape ``(n_queries, F + C + N)``."""
        from scipy import sparse

        by_voice, by_rate, _ = self._slopes(weights)
        indptr = np.searchsorted(self.query, np.arange(len(self.novelty) + 1))
        shape = (len(self.novelty), len(by_voice))
        of_query = sparse.csr_matrix((by_voice, np.arange(len(by_voice)), indptr), shape)
        return np.hstack(
            [of_query @ self.numbers, by_rate, by_rate.sum(axis=1, keepdims=True) * self.novelty]
        )

    def _slopes(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """Return derivatives by the logarithm of each visit and source, and -log likelihood."""
        ends = [N_COLUMNS, N_COLUMNS + self.share.shape[1]]
        visit, source, novelty = np.split(weights, ends)
        n = len(self.novelty)
        voice = np.exp(np.minimum((self.numbers @ visit.astype(np.float32)).astype(float), 60))
        rates = np.exp((self.novelty @ novelty)[:, None] + source) * self.speaks
        every = np.bincount(self.query, weights=voice, minlength=n) + rates.sum(axis=1)
        # Added to a new array: without any visit, the counts are whole numbers.
        hits = np.bincount(self.query, weights=voice * self.hit, minlength=n)
        right = hits + (rates * self.share).sum(axis=1) + 1e-12 * every
        by_voice = voice * (1 / every[self.query] - self.hit / right[self.query])
        by_rate = rates * (1 / every[:, None] - self.share / right[:, None])
        return by_voice.astype(np.float32), by_rate, np.log(every / right).sum()


def _problem(queries: Queries, statistics: Statistics, progress: Progress) -> _Problem:
    visits = visits_of(queries, statistics)
    n = len(queries)
    speaks = np.zeros((n, len(SOURCES)))
    share = np.zeros((n, len(SOURCES)))
    step = max(1, _CHUNK_CELLS // len(queries.vocabulary.items))
    for first in range(0, n, step):
        part = queries.take(slice(first, first + step))
        said = newcomers(part, statistics)
        speaks[first : first + step] = said.totals > 0
        given = said.at(np.arange(len(part)), part.target)
        share[first : first + step] = given / np.where(said.totals > 0, said.totals, 1.0)
        progress("Reading the past of each check-in", 0.1 + 0.4 * min(first + step, n) / n)
    return _Problem(
        query=visits.query,
        hit=visits.item == queries.target[visits.query],
        numbers=visits.numbers,
        novelty=novelty_numbers(queries),
        speaks=speaks,
        share=share,
    )


def _draw(train: Log, cut: int, time_known: bool, n_queries: int, seed: int) -> Queries:
    """Draw check-ins of the slice as queries, as many as the bounds allow."""
    rows = np.flatnonzero((train.time_us >= cut) & (train.item >= 0))
    rows = np.random.default_rng(seed).permutation(rows)
    length = train.before[rows] - train.indptr[train.owner[rows]]
    rows = rows[: max(int(np.searchsorted(np.cumsum(length), MAX_VISITS)), 1)][:n_queries]
    return queries_of_rows(train, np.sort(rows), time_known=time_known)
