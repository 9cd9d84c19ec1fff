"""Score a fitted model on one part of a split: one row per query."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np
import polars as pl

from strec.errors import ModelError, SplitError, check_is
from strec.evaluation.regime import Regime
from strec.geo import distance_km
from strec.metrics import METRICS, Ranked, Scored, expected_rank, reliability
from strec.models import Model
from strec.progress import Progress, silent
from strec.schema import NOBODY
from strec.split import Queries, Split, local_us
from strec.wording import of_users

_MOST_NUMBERS = 20_000_000
#: The column of queries that says what hangs together where nobody is named.
BLOCK = "block"


def blocks_of(queries: pl.DataFrame) -> np.ndarray:
    """Return what a bootstrap draws together: all of a user, or of a start and day of nobody.

    Parameters
    ----------
    queries : polars.DataFrame
        As in a `Result`.
    """
    return queries[BLOCK if BLOCK in queries.columns else "user_id"].to_numpy()


def n_users_of(queries: pl.DataFrame) -> int:
    """Return how many users the queries are of, 0 where nobody is named.

    Parameters
    ----------
    queries : polars.DataFrame
        As in a `Result`.
    """
    return queries["user_id"].filter(queries["user_id"] != NOBODY).n_unique()


def rules_of_nobody(queries: pl.DataFrame) -> str:
    """Return by which rules check-ins are scored that name nobody; empty where users are named.

    Parameters
    ----------
    queries : polars.DataFrame
        As in a `Result`.
    """
    if BLOCK not in queries.columns:
        return ""
    return (
        "These check-ins name nobody: each is scored by itself, known is what everybody did "
        "before, of trips those from the same start. The place is where a trip begins. Intervals "
        "draw whole days of a start, or hours where none is known."
    )


def in_words(queries: pl.DataFrame) -> str:
    """Return how much was scored.

    Parameters
    ----------
    queries : polars.DataFrame
        As in a `Result`.
    """
    return f"{len(queries):,} scored check-ins {of_users(n_users_of(queries))}"


@dataclass(frozen=True, kw_only=True)
class Result(Scored):
    """The evaluation of one model: all its queries, with what each metric gave.

    Attributes
    ----------
    queries, listed, n_items, is_probability
        See `strec.metrics.Scored`.
    name : str
        The model's name in the leaderboard.
    kind, family : str
        What kind of model it is, and of which family; see `strec.models.MODELS`.
    regime : Regime
        What was scored and known.
    score_seconds : float
        Time for scoring all queries.
    fit_seconds : float, optional
        Time for fitting, where it was measured.
    remark : str
        What a reader should know of the fitted model; see `Model.remark`.
    is_calibrated : bool
        Whether its probabilities were fitted, inside training, to what is scored; see
        `Model.calibrated`.
    """

    name: str
    kind: str
    family: str
    regime: Regime
    score_seconds: float
    fit_seconds: float | None = None
    remark: str = ""
    is_calibrated: bool = False

    def reliability(self) -> dict[str, np.ndarray]:
        """Return how often first suggestions came true, by the probability stated.

        Returns
        -------
        dict of str to numpy.ndarray
            See `strec.metrics.reliability`; intervals are over users.

        Raises
        ------
        ModelError
            If the model states no probabilities.

        Examples
        --------
        >>> from strec import Dataset, evaluate
        >>> mix, *_ = evaluate(["counter_mix"], Dataset.sample("travel"))
        >>> bool((mix.reliability()["n"] > 0).all())
        True
        """
        if not self.is_probability:
            raise ModelError(
                "What comes true is compared with probabilities.",
                self.probability_in_words,
                "Take a model that states them, such as the counter mix.",
            )
        guess, hit = (self.queries[name].to_numpy() for name in ("guess_score", "is_hit"))
        return reliability(guess, hit, users=blocks_of(self.queries))

    @property
    def probability_in_words(self) -> str:
        """What a stated probability is of, and whether it was fitted to what is scored."""
        if not self.is_probability:
            return f"{self.name} ranks, but states no probabilities: there is nothing to check."
        if self.regime.scored == "every" or BLOCK in self.queries.columns:
            fitted = ", fitted on the latest check-ins of training" if self.is_calibrated else ""
            return f"{self.name} states the probability of the next check-in{fitted}."
        if self.is_calibrated:
            return (
                f"{self.name} states the probability of the last check-in of a session, fitted on "
                "the latest sessions of training."
            )
        return (
            f"{self.name} states the probability of the next check-in, whichever it is. Nothing "
            "was fitted for ends of sessions, which may be easier or harder to foresee."
        )


def evaluate_model(
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
    >>> from strec.models import UserCounts
    >>> from strec.split import split
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> result = evaluate_model(UserCounts().fit(parts.train), parts, Regime(scored="every"))
    >>> result.queries["acc@1"].to_list()
    [0.0]
    """
    check_is(model, Model, "A fitted model is needed.", ModelError)
    check_is(parts, Split, "The parts are what strec.split.split returns.", SplitError)
    regime, name, tell = regime or Regime(), name or model.kind, progress or silent
    _check_time_known(model, regime)
    # Where nobody is named there are no sessions: each check-in is asked.
    asked = "every" if parts.log.is_anonymous else regime.scored
    queries = parts.queries(
        regime.part,
        scored=regime.scored,
        history=regime.history,
        time_known=regime.time_known,
        at_most=regime.at_most,
    )
    n_items = len(queries.vocabulary.items)
    counts = np.bincount(parts.train.item[parts.train.item >= 0], minlength=n_items)
    frames, listed, score_seconds = [], [], 0.0
    for chunk in queries.pieces(_MOST_NUMBERS):
        begun = perf_counter()
        scores = model.calibrated(model.score(chunk), asked)
        score_seconds += perf_counter() - begun
        _check_numbers(scores, name)
        ranked = Ranked(chunk, scores, counts)
        frames.append(_per_query(ranked, model.is_probability))
        listed.append(ranked.listed)
        tell(f"Scoring {name}", sum(map(len, listed)) / len(queries))
    return Result(
        name=name,
        kind=model.kind,
        family=model.family,
        regime=regime,
        queries=pl.concat(frames),
        listed=np.concatenate(listed),
        n_items=n_items,
        is_probability=model.is_probability,
        score_seconds=score_seconds,
        fit_seconds=fit_seconds,
        remark=model.remark,
        is_calibrated=model.is_probability and model.is_calibrated(asked),
    )


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


def _per_query(ranked: Ranked, is_probability: bool) -> pl.DataFrame:
    queries, scores, guess = ranked.queries, ranked.scores, ranked.listed[:, 0]
    values = {
        metric.column: None
        if metric.needs_probability and not is_probability
        else pl.Series(metric.of_query(ranked), dtype=pl.Float64, nan_to_null=True)
        for metric in METRICS.values()
        if metric.of_query is not None
    }
    frame = pl.DataFrame(
        {
            **_circumstances(queries),
            "item_id": queries.vocabulary.item_ids(queries.target),
            "guess": queries.vocabulary.item_ids(guess),
            "is_hit": guess == queries.target,
            "rank": expected_rank(*ranked.standing),
            "score": ranked.on_target,
            "guess_score": scores[np.arange(len(queries)), guess],
            **values,
        },
        schema_overrides=dict.fromkeys(values, pl.Float64),
    )
    return frame.with_columns(pl.col("lat", "lon", "distance_km").fill_nan(None))


def _circumstances(queries: Queries) -> dict[str, np.ndarray | pl.Series]:
    """Return who, when and where: what slices are made of."""
    log, row, vocabulary = queries.log, queries.row, queries.vocabulary
    whose: dict[str, np.ndarray | pl.Series] = {"is_return": queries.returns}
    if log.is_anonymous:
        # Nobody comes back; what hangs together are the trips of one start on one day, and where
        # no start is known what everybody does within an hour.
        hours = 24 if log.has_origins else 1
        day = local_us(log.time_us[row], log.offset_min[row]) // (hours * 3_600_000_000)
        whose = {
            "is_return": pl.repeat(None, len(row), dtype=pl.Boolean, eager=True),
            BLOCK: pl.Series(log.owner[row] * np.int64(1_000_000) + day),
        }
    return {
        "user_id": pl.repeat(NOBODY, len(row), dtype=pl.String, eager=True)
        if log.is_anonymous
        else pl.Series(log.owner_ids[log.owner[row]], dtype=pl.String),
        "timestamp": pl.Series(log.time_us[row]).cast(pl.Datetime("us", "UTC")),
        "hour": log.hour[row],
        "weekday": log.weekday[row],
        "lat": log.lat[row],
        "lon": log.lon[row],
        "distance_km": distance_km(queries.lat, queries.lon, log.lat[row], log.lon[row]),
        "category": vocabulary.item_categories(queries.target),
        "n_history": queries.length,
        **whose,
        "is_known_user": queries.user >= 0,
        "is_known_item": queries.target >= 0,
    }
