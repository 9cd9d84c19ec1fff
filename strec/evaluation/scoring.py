"""Score a fitted model on one part of a split: one row per query."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np
import polars as pl

from strec import metrics
from strec.errors import ModelError
from strec.evaluation.regime import Regime
from strec.geo import distance_km
from strec.models import CounterMix, Markov, Model, Popularity, UserCounts
from strec.models.base import Progress
from strec.split import Log, Queries, Split, split

#: Lengths of list at which hits are counted.
LENGTHS = (1, 5, 10, 20)
#: Kinds of model that count and are not trained: the reference for all others.
COUNTING = tuple(model.kind for model in (Popularity, UserCounts, Markov, CounterMix))
#: Items whose check-ins lie farther apart than this (median, km) are not places themselves.
PLACE_SPREAD_KM = 1.0
_CHUNK_NUMBERS = 20_000_000


@dataclass(frozen=True)
class Result:
    """The evaluation of one model.

    Attributes
    ----------
    name : str
        The model's name in the leaderboard.
    kind : str
        The kind of model; see `strec.models.KINDS`.
    regime : Regime
        What was scored and known.
    queries : polars.DataFrame
        One row per query: who, when and where, the target and the first guess, the measures.
    coverage : float
        Share of items that stand in at least one list of ten.
    is_probability : bool
        Whether the scores are probabilities, so that calibration and MSE mean something.
    score_seconds : float
        Time for scoring all queries.
    fit_seconds : float, optional
        Time for fitting, where it was measured.
    """

    name: str
    kind: str
    regime: Regime
    queries: pl.DataFrame
    coverage: float
    is_probability: bool
    score_seconds: float
    fit_seconds: float | None = None


def evaluate(
    model: Model,
    parts: Split,
    regime: Regime | None = None,
    *,
    name: str | None = None,
    progress: Progress | None = None,
    fit_seconds: float | None = None,
) -> Result:
    """Score one part of a split with a fitted model.

    Parameters
    ----------
    model : Model
        Fitted on ``parts.train``.
    parts : Split
        The check-ins, cut by time.
    regime : Regime, optional
        What is scored and known.
    name : str, optional
        Name in the leaderboard; the model's kind when not given.
    progress : callable, optional
        Called with a text and the share done.
    fit_seconds : float, optional
        How long fitting took, to be kept with the result.

    Raises
    ------
    SplitError
        If the part holds nothing to score.
    ModelError
        If the model's weights are for the other knowledge of time, or its scores no numbers.

    Examples
    --------
    >>> from strec import schema
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> result = evaluate(UserCounts().fit(parts.train), parts, Regime(scored="every"))
    >>> result.queries["acc@1"].to_list()
    [0.0]
    """
    regime = regime or Regime()
    _check_time_known(model, regime)
    queries = parts.queries(
        regime.part,
        scored=regime.scored,
        history=regime.history,
        time_known=regime.time_known,
        at_most=regime.at_most,
    )
    name = name or model.kind
    frames, listed = [], []
    score_seconds = 0.0
    step = max(1, _CHUNK_NUMBERS // len(queries.vocabulary.items))
    for first in range(0, len(queries), step):
        chunk = queries.take(slice(first, first + step))
        begun = perf_counter()
        scores = model.score(chunk)
        score_seconds += perf_counter() - begun
        _check_numbers(scores, name)
        best = metrics.best_first(scores, max(LENGTHS))
        frames.append(_per_query(chunk, scores, best, parts.train))
        listed.append(best[:, :10])
        if progress:
            progress(f"Scoring {name}", min(first + step, len(queries)) / len(queries))
    frame = pl.concat(frames)
    if not model.is_probability:
        # The square of a distance from a score that is no probability says nothing.
        frame = frame.with_columns(mse=pl.lit(None, pl.Float64))
    return Result(
        name=name,
        kind=model.kind,
        regime=regime,
        queries=frame,
        coverage=metrics.coverage(np.concatenate(listed), len(queries.vocabulary.items)),
        is_probability=model.is_probability,
        score_seconds=score_seconds,
        fit_seconds=fit_seconds,
    )


def evaluate_checkins(
    checkins: pl.DataFrame,
    validation: pl.DataFrame | None = None,
    test: pl.DataFrame | None = None,
    *,
    models: dict[str, Model] | None = None,
    regime: Regime | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """Split check-ins, fit models on the training part, and score another part.

    Parameters
    ----------
    checkins : polars.DataFrame
        Canonical check-ins: all of them, cut 80/10/10 by time, or the training part when
        `validation` is given.
    validation, test : polars.DataFrame, optional
        Later parts, where files give the boundaries.
    models : dict of str to Model, optional
        Unfitted models by name; `counting_models` when not given.
    regime : Regime, optional
        What is scored and known.

    Examples
    --------
    >>> from strec.evaluation import leaderboard
    >>> from strec.io.samples import read_sample
    >>> results = evaluate_checkins(read_sample("travel"), models={"popular": Popularity()})
    >>> leaderboard(results)["model"].to_list()
    ['popular']
    """
    regime = regime or Regime()
    models = models or counting_models(regime.time_known)
    parts = split(checkins, validation, test)
    results = []
    for name, model in models.items():
        if progress:
            progress(f"Fitting {name}", 0.0)
        begun = perf_counter()
        model.fit(parts.train, progress=progress)
        seconds = perf_counter() - begun
        results.append(
            evaluate(model, parts, regime, name=name, progress=progress, fit_seconds=seconds)
        )
    return results


def counting_models(time_known: bool = True) -> dict[str, Model]:
    """Return the unfitted reference models by their names in a leaderboard."""
    return {
        "popularity": Popularity(),
        "user counts": UserCounts(),
        "Markov, user": Markov("user"),
        "Markov, global": Markov("global"),
        "counter mix": CounterMix(time_known=time_known),
    }


def _check_time_known(model: Model, regime: Regime) -> None:
    if model.time_known not in (None, regime.time_known):
        raise ModelError(
            "Model and regime agree on whether the time of the target is known.",
            f"a model with time_known={not regime.time_known}, a regime with {regime.time_known}.",
            f"Fit the model with time_known={regime.time_known}.",
        )


def _check_numbers(scores: np.ndarray, name: str) -> None:
    # Nothing is above or beside NaN, so that it would count as always right.
    if np.isnan(scores).any():
        raise ModelError(
            "Ranking needs a score, a number, for each item.",
            f"{name} gives scores that are no numbers (NaN).",
            "Train it again with a lower learning rate, and look for extreme numbers in the data.",
        )


def _per_query(queries: Queries, scores: np.ndarray, best: np.ndarray, train: Log) -> pl.DataFrame:
    target = queries.target
    better, tied = metrics.standing(scores, target)
    row = np.arange(len(queries))
    on_target = np.where(target >= 0, scores[row, np.maximum(target, 0)], 0.0)
    count = np.bincount(train.item[train.item >= 0], minlength=scores.shape[1])
    return pl.DataFrame(
        {
            **_circumstances(queries),
            **_guesses(queries, best[:, 0]),
            "rank": metrics.expected_rank(better, tied),
            **{f"acc@{k}": metrics.accuracy(better, tied, k) for k in LENGTHS},
            "mrr": metrics.reciprocal_rank(better, tied),
            "ndcg@10": metrics.ndcg(better, tied, 10),
            "score": on_target,
            "guess_score": scores[row, best[:, 0]],
            "mse": (scores**2).sum(axis=1) - 2 * on_target + 1,
            "novelty_bits": metrics.novelty_bits(best[:, :10], count),
        }
    ).with_columns(pl.col("lat", "lon", "distance_km", "distance_error_km").fill_nan(None))


def _circumstances(queries: Queries) -> dict[str, np.ndarray | pl.Series]:
    """Return who, when and where: what slices are made of."""
    log, row, vocabulary = queries.log, queries.row, queries.vocabulary
    names = pl.Series(vocabulary.categories, dtype=pl.String)
    item_of = np.append(vocabulary.item_category, -1)
    return {
        "user_id": pl.Series(log.owner_ids[log.owner[row]], dtype=pl.String),
        "timestamp": pl.Series(log.time_us[row]).cast(pl.Datetime("us", "UTC")),
        "hour": log.hour[row],
        "weekday": log.weekday[row],
        "lat": log.lat[row],
        "lon": log.lon[row],
        "distance_km": distance_km(queries.lat, queries.lon, log.lat[row], log.lon[row]),
        "category": _at(names, item_of[queries.target]),
        "n_history": queries.length,
        "is_return": queries.returns,
        "is_known_user": queries.user >= 0,
        "is_known_item": queries.target >= 0,
    }


def _guesses(queries: Queries, guess: np.ndarray) -> dict[str, np.ndarray | pl.Series]:
    log, vocabulary = queries.log, queries.vocabulary
    km = distance_km(
        vocabulary.item_lat[guess], vocabulary.item_lon[guess],
        log.lat[queries.row], log.lon[queries.row],
    )  # fmt: skip
    # Known only for places: a product is not anywhere.
    km[~(vocabulary.item_spread_km[guess] <= PLACE_SPREAD_KM)] = np.nan
    ids = pl.Series(vocabulary.items, dtype=pl.String)
    return {
        "item_id": _at(ids, queries.target),
        "guess": _at(ids, guess),
        "is_hit": guess == queries.target,
        "distance_error_km": km,
    }


def _at(texts: pl.Series, codes: np.ndarray) -> pl.Series:
    if not len(texts):
        return pl.Series([None] * len(codes), dtype=pl.String)
    return texts.gather(pl.Series(np.where(codes >= 0, codes, 0))).set(pl.Series(codes < 0), None)
