"""Fit the weights of the counter mix by maximum likelihood, inside the training check-ins."""

from dataclasses import dataclass

import numpy as np

from strec.models.base import Progress
from strec.models.counting.newcomers import SOURCES, novelty_numbers, shares_of_sources
from strec.models.counting.statistics import Statistics
from strec.models.counting.visits import N_COLUMNS, visits_of
from strec.split import Log, Queries, queries_of_rows

#: Visits and (query, item) pairs looked at in one fit at most: a bound on time and memory.
MAX_VISITS = 500_000
_MAX_CELLS = 30_000_000
_CHUNK_CELLS = 2_000_000
_FEWEST_QUERIES = 20
_MAX_STEPS = 100


def fit_weights(
    train: Log,
    start: np.ndarray,
    *,
    share: float,
    time_known: bool,
    n_queries: int,
    ridge: float,
    seed: int,
    progress: Progress,
) -> np.ndarray:
    """Return the weights under which the latest slice of training is most likely.

    Counts come from the check-ins before the slice alone, so the slice is as new to them as
    later check-ins are to the finished model. With too few check-ins the start is returned.

    Parameters
    ----------
    train : Log
        Training check-ins.
    start : numpy.ndarray
        Shape ``(N_COLUMNS + n_sources + n_novelty,)``: default weights, where the ridge pulls.
    """
    from scipy.optimize import minimize

    moments = np.sort(train.time_us)
    cut = moments[min(int((1 - share) * len(moments)), len(moments) - 1)]
    statistics = Statistics.of(train.where(train.time_us < cut))
    queries = _draw(train, cut, time_known, n_queries, seed)
    if len(queries) < _FEWEST_QUERIES:
        return start
    progress("Reading the past of each check-in", 0.1)
    problem = _problem(queries, statistics, progress)
    scale = problem.scale()
    steps = 0

    def report(_: np.ndarray) -> None:
        nonlocal steps
        steps += 1
        progress("Fitting the weights", 0.5 + 0.4 * min(steps / _MAX_STEPS, 1.0))

    found = minimize(
        lambda moved: problem.loss(moved, start, scale, ridge),
        np.zeros_like(start),
        jac=True,
        method="L-BFGS-B",
        callback=report,
        options={"maxiter": _MAX_STEPS},
    )
    return start + found.x / scale


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
        spread = np.r_[
            self.numbers.std(axis=0), np.ones(self.share.shape[1]), self.novelty.std(axis=0)
        ]
        return np.where(spread > 1e-6, spread, 1.0)

    def loss(
        self, moved: np.ndarray, start: np.ndarray, scale: np.ndarray, ridge: float
    ) -> tuple[float, np.ndarray]:
        """Return -log likelihood + ridge and its gradient, in scaled steps from the start."""
        weights = start + moved / scale
        n_sources = self.share.shape[1]
        visit, source, novelty = np.split(weights, [N_COLUMNS, N_COLUMNS + n_sources])
        n = len(self.novelty)
        voice = np.exp(np.minimum((self.numbers @ visit.astype(np.float32)).astype(float), 60))
        rates = np.exp((self.novelty @ novelty)[:, None] + source) * self.speaks
        every = np.bincount(self.query, weights=voice, minlength=n) + rates.sum(axis=1)
        right = np.bincount(self.query, weights=voice * self.hit, minlength=n)
        right += (rates * self.share).sum(axis=1) + 1e-12 * every
        # Derivatives by each visit's and each source's logarithm.
        by_voice = voice * (1 / every[self.query] - self.hit / right[self.query])
        by_rate = rates * (1 / every[:, None] - self.share / right[:, None])
        gradient = np.r_[
            by_voice.astype(np.float32) @ self.numbers,
            by_rate.sum(axis=0),
            by_rate.sum(axis=1) @ self.novelty,
        ]
        value = np.log(every / right).sum() + ridge / 2 * (moved**2).sum()
        return float(value), gradient / scale + ridge * moved


def _problem(queries: Queries, statistics: Statistics, progress: Progress) -> _Problem:
    visits = visits_of(queries, statistics)
    n = len(queries)
    speaks = np.zeros((n, len(SOURCES)))
    share = np.zeros((n, len(SOURCES)))
    step = max(1, _CHUNK_CELLS // len(queries.vocabulary.items))
    for first in range(0, n, step):
        part = queries.take(slice(first, first + step))
        row = np.arange(len(part))
        for column, spread in enumerate(shares_of_sources(part, statistics)):
            speaks[first : first + step, column] = spread.any(axis=1)
            share[first : first + step, column] = spread[row, part.target]
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
    n_queries = min(n_queries, max(_FEWEST_QUERIES, _MAX_CELLS // len(train.vocabulary.items)))
    length = train.before[rows] - train.indptr[train.owner[rows]]
    rows = rows[: max(int(np.searchsorted(np.cumsum(length), MAX_VISITS)), 1)][:n_queries]
    return queries_of_rows(train, np.sort(rows), time_known=time_known)
