"""What a metric is, and what it sees."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import polars as pl

from strec.metrics.ranks import best_first, standing
from strec.split import Queries

#: Length of the lists of suggestions that metrics look at.
LISTED = 10


@dataclass(frozen=True)
class Ranked:
    """Some queries with the scores of all items: what a metric of one query sees.

    Attributes
    ----------
    queries : Queries
        With their targets.
    scores : numpy.ndarray
        Shape ``(n, n_items)``, float64.
    counts : numpy.ndarray
        Shape ``(n_items,)``: check-ins of each item in training.

    Examples
    --------
    >>> from strec import Dataset, schema
    >>> from strec.split import queries_of_rows
    >>> log = Dataset(schema.example()).everything
    >>> scores = np.array([[0.5, 0.3, 0.2]])
    >>> ranked = Ranked(queries_of_rows(log, np.array([1])), scores, np.ones(3))
    >>> ranked.listed.tolist(), ranked.on_target.tolist()
    ([[0, 1, 2]], [0.3])
    """

    queries: Queries
    scores: np.ndarray
    counts: np.ndarray

    @cached_property
    def standing(self) -> tuple[np.ndarray, np.ndarray]:
        """Items above each target, and as high as it; see `strec.metrics.standing`."""
        return standing(self.scores, self.queries.target)

    @cached_property
    def listed(self) -> np.ndarray:
        """Shape ``(n, 10)``: codes of the suggestions, best first."""
        return best_first(self.scores, LISTED)

    @cached_property
    def on_target(self) -> np.ndarray:
        """Shape ``(n,)``: the score of what came, 0 where the model does not know it."""
        target = self.queries.target
        own = self.scores[np.arange(len(target)), np.maximum(target, 0)]
        return np.where(target >= 0, own, 0.0)


@dataclass(frozen=True, kw_only=True)
class Scored:
    """All queries of one model: what a metric over all of them sees.

    Attributes
    ----------
    queries : polars.DataFrame
        One row per query: who, when and where, target and first guess, and what the metrics of
        one query gave, each in its `Metric.column`.
    listed : numpy.ndarray
        Shape ``(n, 10)``: codes of the suggestions, best first.
    n_items : int
        Items of the vocabulary.
    is_probability : bool
        Whether the scores are probabilities.

    Examples
    --------
    >>> queries = pl.DataFrame({"is_known_item": [True, False]})
    >>> scored = Scored(queries=queries, listed=np.zeros((2, 10)), n_items=3, is_probability=True)
    >>> scored.known.height
    1
    """

    queries: pl.DataFrame
    listed: np.ndarray
    n_items: int
    is_probability: bool

    @cached_property
    def known(self) -> pl.DataFrame:
        """The queries whose target the model knows."""
        return self.queries.filter("is_known_item")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One measure of a ranking: a name, words, and how it is computed.

    An object of this class in a module of `strec.metrics`, or behind an entry point of that
    group, is a metric of every leaderboard, page, command and export.

    Parameters
    ----------
    name : str
        The column of a leaderboard.
    title, sentence : str
        What it is called, and what it means, for people.
    order : int
        Where it stands among the others.
    of_query : callable, optional
        From `Ranked` to one value per query, shape ``(n,)``, NaN where it does not apply. The
        leaderboard has the mean.
    of_all : callable, optional
        From `Scored` to one number, None where it does not apply, in place of the mean.
    column : str, optional
        How `Scored.queries` calls the values per query; `name` when not given.
    is_paired : bool
        Whether the values per query make a 95 % interval over users, and paired differences of
        two models.
    needs_probability : bool
        Whether it says something only where scores are probabilities.
    more_is_better : bool
        Whether higher is better.
    digits : int
        Decimals to show.
    is_short : bool
        Whether it belongs to a table for reading, beside the one with everything.
    citation : str
        Where it comes from.

    Examples
    --------
    >>> sure = Metric(name="sure", title="Sure", sentence="…", needs_probability=True)
    >>> queries = pl.DataFrame({"sure": [0.9, 0.5]})
    >>> listed = np.zeros((2, 10), dtype=int)
    >>> sure.value(Scored(queries=queries, listed=listed, n_items=3, is_probability=True))
    0.7
    """

    name: str
    title: str
    sentence: str
    order: int = 1000
    of_query: Callable[[Ranked], np.ndarray] | None = None
    of_all: Callable[[Scored], float | None] | None = None
    column: str = ""
    is_paired: bool = False
    needs_probability: bool = False
    more_is_better: bool = True
    digits: int = 3
    is_short: bool = False
    citation: str = ""

    def __post_init__(self):
        object.__setattr__(self, "column", self.column or self.name)

    def value(self, scored: Scored) -> float | None:
        """Return the metric over all queries, None where it does not apply.

        Parameters
        ----------
        scored : Scored
            All queries of one model.
        """
        if self.needs_probability and not scored.is_probability:
            return None
        if self.of_all is not None:
            return self.of_all(scored)
        return mean_of(scored.queries[self.column])


def mean_of(values: pl.Series) -> float | None:
    """Return the mean of what is there, None where nothing is.

    Parameters
    ----------
    values : polars.Series
        Numbers; null where nothing was measured.

    Examples
    --------
    >>> mean_of(pl.Series([1.0, None, 3.0])), mean_of(pl.Series([None], dtype=pl.Float64))
    (2.0, None)
    """
    return None if values.count() == 0 else float(cast(float, values.mean()))
