"""The counter mix: past visits that speak, and a share for somewhere new.

    P(item | query) = [ Σ_{j visited item} exp(w · x_j) + Σ_c exp(b_c + n · z) p_c(item) ] / Z

The first sum runs over the user's visible visits j; x_j holds numbers about the pair of visit
and query (see `visits`). The second runs over sources c of new items (see `newcomers`), which
share the chance of novelty exp(n · z). Z makes the items' probabilities sum to 1. The weights w,
b, n are fitted by maximum likelihood on the last slice of the training check-ins, with counts
from what lies before it; then the counts are taken anew from all of training. P is of the next
check-in, whichever it is; for the ends of sessions it has a temperature of its own, from the ends
of sessions of that slice (see `strec.models.calibration`).
"""

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from strec.models.base import Explanation, Model
from strec.models.calibration import NONE, temperatures
from strec.models.counting import fitted_before, fitting
from strec.models.counting.among_many import NewAmongMany, newcomers
from strec.models.counting.newcomers import (
    NOVELTY,
    SOURCES,
    Newcomers,
    inverse,
    novelty_numbers,
)
from strec.models.counting.reasons import explain_items
from strec.models.counting.statistics import Statistics
from strec.models.counting.visits import N_COLUMNS, Visits, default_weights, visits_of
from strec.models.profiles import moment_at, runs_of
from strec.split import Log, Queries
from strec.train import Watch

#: Numbers held at once per array when scoring many queries: so few stay near the processor.
_CHUNK_NUMBERS = 200_000
_ROWS_AT_ONCE = 4_096


class Mixture(NamedTuple):
    """The two sums of the formula for some queries, before they are added up."""

    visits: Visits
    #: Weight of each visit, shape ``(n_pairs,)``, and of each source, ``(n_queries, n_sources)``.
    loudness: np.ndarray
    rates: np.ndarray
    #: What the sources say of what is new.
    new: Newcomers | NewAmongMany

    def given(self) -> np.ndarray:
        """Return what a source gives to an item for each of what it says, ``(n_queries, C)``."""
        return self.rates * inverse(self.new.totals)

    def spoken(self) -> np.ndarray:
        """Return Z of the formula, shape ``(n_queries,)``."""
        said = (self.rates * (self.new.totals > 0)).sum(axis=1)
        return said + np.bincount(self.visits.query, self.loudness, minlength=len(said))


@dataclass(repr=False, eq=False)
class CounterMix(Model):
    """Counts × recency × hour × weekday × sequence × nearness, plus a share for new items.

    Parameters
    ----------
    time_known : bool
        Fit the weights for queries whose time is given, or for queries that know only when the
        last check-in was.
    slice_share : float
        Share of the training check-ins, the latest, on which the weights are fitted; 0 keeps
        the default weights.
    n_queries : int
        Check-ins drawn from this slice at most.
    ridge : float
        How strongly weights are held at their defaults.
    seed : int
        Seed of the draw.

    Examples
    --------
    >>> from strec import schema
    >>> model = CounterMix(slice_share=0).fit(schema.example())
    >>> model.recommend(schema.example(), k=2).height
    4
    """

    kind = "counter_mix"
    former_kinds = ("counting",)
    label = "Counter mix"
    sentence = "Past visits weighed by how recent they are, hour, weekday, sequence and distance."
    family = "counting"
    order = 4
    quick = {"n_queries": 300}
    is_probability = True
    explains = True

    time_known: bool = True
    slice_share: float = 0.15
    n_queries: int = 3000
    ridge: float = 3.0
    seed: int = 0

    #: Whether ends of sessions get a temperature. A model that goes on from the weights needs none:
    #: it would take a third of the fit.
    calibrates = True
    #: The question that was answered last, by what was fitted, and its `Mixture`.
    _last = None

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_last"}

    # Products are small: a second thread of BLAS does next to nothing, and spins between them.
    @threadpool_limits.wrap(limits=1, user_api="blas")
    def _fit(self, train: Log, watch: Watch) -> None:
        weights = np.r_[default_weights(), [b for _, b in SOURCES.values()], *NOVELTY.values()]
        known = fitted_before.weights_of(train, self.settings()) if self.slice_share > 0 else None
        if known is not None:
            weights, heat = known[:-1], known[-1]
            self.calibration_ = np.array([heat if heat != 1 else np.nan, np.nan])
        elif self.slice_share > 0:
            since = moment_at(train.time_us, 1 - self.slice_share)
            self.statistics_ = Statistics.of(train.where(train.time_us < since))
            weights = fitting.fit_weights(
                train,
                weights,
                self.statistics_,
                since_us=since,
                time_known=self.time_known,
                n_queries=self.n_queries,
                ridge=self.ridge,
                seed=self.seed,
                progress=watch,
            )
        self.visit_weights_ = weights[:N_COLUMNS]
        self.source_weights_ = weights[N_COLUMNS : N_COLUMNS + len(SOURCES)]
        self.novelty_weights_ = weights[N_COLUMNS + len(SOURCES) :]
        if known is None and self.slice_share > 0 and self.calibrates:
            watch("Asking for the ends of sessions", 0.9)
            self._calibrate(train, since)  # pyrefly: ignore[unbound-name]
        watch("Counting", 0.95)
        self.statistics_ = Statistics.of(train).awaiting(train)
        watch("Done", 1.0)

    def _calibrate(self, train: Log, since_us: int) -> None:
        """Find the temperature of ends of sessions: for any check-in the weights were fitted."""
        given = {"time_known": self.time_known, "seed": self.seed}
        self.calibration_ = temperatures(self._score, train, since_us, every=NONE, **given)

    def settings(self) -> tuple:
        """Return what the fit depends on besides the check-ins.

        Examples
        --------
        >>> CounterMix(n_queries=500).settings()
        (True, 0.15, 500, 3.0, 0)
        """
        return self.time_known, self.slice_share, self.n_queries, self.ridge, self.seed

    def weights(self) -> np.ndarray:
        """Return all that is fitted: weights of visits, sources and novelty; the temperature.

        Examples
        --------
        >>> from strec import schema
        >>> CounterMix(slice_share=0).fit(schema.example()).weights()[-1:]  # the temperature
        array([1.])
        """
        fitted = self.visit_weights_, self.source_weights_, self.novelty_weights_
        return np.r_[*fitted, self.temperature("session_end")]

    def _score(self, queries: Queries) -> np.ndarray:
        if len(queries) == 1:
            return self._added(queries)
        scores = np.empty((len(queries), len(queries.vocabulary.items)))
        # As in the fit: half of the processor's time.
        with threadpool_limits(1, user_api="blas"):
            for rows in chunks(queries, _CHUNK_NUMBERS):
                scores[rows] = self._added(queries.take(rows))
        return scores

    @property
    def looks_at_few(self) -> bool:
        """Whether the best of its many items are found without scoring them all (`best`)."""
        return self.statistics_.item_blocks is not None and self.temperature("every") == 1.0

    def top(self, queries: Queries, k: int = 10) -> tuple[np.ndarray, np.ndarray]:
        same = isinstance(queries, Queries) and queries.vocabulary.digest == self._fitted().digest
        if not same or not self.looks_at_few or not len(queries):
            return super().top(queries, k)
        rows = range(len(queries))
        found = [self.best(queries.take(slice(row, row + 1)), k)[:2] for row in rows]
        codes, scores = zip(*found, strict=True)
        return np.stack(codes), np.stack(scores)

    def best(
        self, query: Queries, k: int, among: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Return the best items of one query without scoring all, where `looks_at_few`.

        Parameters
        ----------
        query : Queries
            One.
        k : int
            How many at most.
        among : numpy.ndarray, optional
            Shape ``(n_items,)``, bool: no others.

        Returns
        -------
        tuple
            Item codes and probabilities, best first, ties by code; and the probability that the
            next item is new.

        Examples
        --------
        >>> from strec import Dataset, schema
        >>> from strec.split import queries_of_rows
        >>> log = Dataset(schema.example()).everything
        >>> model = CounterMix(slice_share=0).fit(log)
        >>> model.looks_at_few  # Three items are all looked at.
        False
        """
        both = self.mixture(query)
        assert isinstance(both.new, NewAmongMany)
        item, of = np.unique(both.visits.item, return_inverse=True)
        voices = np.bincount(of, weights=both.loudness, minlength=len(item))
        codes, scores = both.new.best(both.given()[0], (item, voices), k, among)
        spoken = both.spoken()[0]
        return codes, scores / spoken, float(1 - voices.sum() / spoken)

    def _added(self, queries: Queries) -> np.ndarray:
        n = len(queries.vocabulary.items)
        both = self.mixture(queries)
        total = both.new.together(both.given())
        key = both.visits.query * np.int64(n) + both.visits.item
        known, of = np.unique(key, return_inverse=True)
        total[np.divmod(known, n)] += np.bincount(of, weights=both.loudness, minlength=len(known))
        return total / both.spoken()[:, None]

    def mixture(self, queries: Queries) -> Mixture:
        """Return the visits and the sources with their weights; of one question they are kept.

        Parameters
        ----------
        queries : Queries
            Who asks, when and where.

        Examples
        --------
        >>> from strec import Dataset, schema
        >>> from strec.split import queries_of_rows
        >>> log = Dataset(schema.example()).everything
        >>> model = CounterMix(slice_share=0).fit(log)
        >>> model.mixture(queries_of_rows(log, np.array([1, 3]))).spoken().shape
        (2,)
        """
        fitted = (
            self.statistics_, self.visit_weights_, self.source_weights_, self.novelty_weights_
        )  # fmt: skip
        if self._last is not None:
            asked, by, kept = self._last
            if asked() is queries and all(a is b for a, b in zip(by, fitted, strict=True)):
                return kept
        visits = visits_of(queries, self.statistics_)
        said = newcomers(queries, self.statistics_)
        found = Mixture(visits, *self.loudness(queries, visits), said)
        if len(queries) == 1:
            # A list and its reasons ask the same.
            self._last = weakref.ref(queries), fitted, found
        return found

    def loudness(self, queries: Queries, visits: Visits) -> tuple[np.ndarray, np.ndarray]:
        """Return the weight of each visit and of each source, up to a factor per query.

        Parameters
        ----------
        queries : Queries
            Who asks, when and where.
        visits : Visits
            The ``n_pairs`` visits that their pasts see.

        Returns
        -------
        tuple of numpy.ndarray
            Shapes ``(n_pairs,)`` and ``(n_queries, n_sources)``.

        Examples
        --------
        >>> from strec import Dataset, schema
        >>> from strec.split import queries_of_rows
        >>> log = Dataset(schema.example()).everything
        >>> model = CounterMix(slice_share=0).fit(log)
        >>> queries = queries_of_rows(log, np.array([1, 3]))
        >>> of_visits, of_sources = model.loudness(queries, visits_of(queries, model.statistics_))
        >>> of_visits.shape, of_sources.shape
        ((2,), (2, 8))
        """
        voice = np.empty(len(visits.numbers))
        # Piece by piece: a copy of all in double precision would take longer than the product.
        for rows in (slice(at, at + _ROWS_AT_ONCE) for at in range(0, len(voice), _ROWS_AT_ONCE)):
            voice[rows] = visits.numbers[rows].astype(np.float64) @ self.visit_weights_
        rate = novelty_numbers(queries) @ self.novelty_weights_
        rates = rate[:, None] + self.source_weights_
        # The factor keeps exp in range; it falls out when scores are divided by their sum.
        top = rates.max(axis=1)
        np.maximum.at(top, visits.query, voice)
        return np.exp(voice - top[visits.query]), np.exp(rates - top[:, None])

    def explain(self, queries: Queries, row: int, items: np.ndarray) -> list[Explanation]:
        self._check(queries)
        query = queries if len(queries) == 1 else queries.take(slice(row, row + 1))
        return explain_items(self, query, np.asarray(items))

    def _arrays(self) -> dict[str, np.ndarray]:
        return self.statistics_.arrays() | {
            "visit_weights": self.visit_weights_,
            "source_weights": self.source_weights_,
            "novelty_weights": self.novelty_weights_,
        }

    def _restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.statistics_ = Statistics.restore(arrays)
        self.visit_weights_ = _sized(arrays["visit_weights"], N_COLUMNS)
        self.source_weights_ = _sized(arrays["source_weights"], len(SOURCES))
        self.novelty_weights_ = _sized(arrays["novelty_weights"], len(NOVELTY))
        if "temperature" in arrays:
            # Of models saved before all kinds had one.
            self.calibration_ = np.append(_sized(arrays["temperature"], 1), np.nan)


def _sized(weights: np.ndarray, size: int) -> np.ndarray:
    """Return saved weights; ValueError where another version had more or fewer."""
    if weights.shape != (size,):
        raise ValueError(f"weights have shape {weights.shape}, not ({size},)")
    return weights


def chunks(queries: Queries, numbers: int) -> Iterator[slice]:
    """Return slices of queries that keep arrays over items or visits within a size."""
    per_query = max(len(queries.vocabulary.items), 1)
    visits = np.maximum(queries.length, 1) * N_COLUMNS
    return runs_of(np.maximum(visits, per_query), numbers)
