"""How good is a model? One value per query, and a leaderboard with intervals.

The protocol is in docs/protocol.md: what is scored, what is known, how ties count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import polars as pl

from strec import metrics
from strec.errors import ModelError
from strec.models import CounterMix, Markov, Model, Popularity, UserCounts
from strec.models.base import Progress
from strec.split import Queries, Split, distance_km, split

#: Lengths of list at which hits are counted.
LENGTHS = (1, 5, 10, 20)
_CHUNK_NUMBERS = 20_000_000


@dataclass(frozen=True)
class Regime:
    """What is scored and what the model may know.

    Attributes
    ----------
    part : str
        ``"validation"`` or ``"test"``.
    scored : str
        ``"session_end"`` or ``"every"``; see `Split.queries`.
    history : str
        ``"streaming"`` or ``"train"``.
    time_known : bool
        Whether the time of the target is given.
    """

    part: str = "validation"
    scored: str = "session_end"
    history: str = "streaming"
    time_known: bool = True

    def words(self) -> str:
        """Return the regime in plain words.

        Examples
        --------
        >>> Regime(history="train", time_known=False).words()
        'Scored: the last check-in of each session in the validation part, of known users and \
items. Known: the training check-ins and the running session, not the time of the target. Place: \
that of the last check-in.'
        """
        scored = {
            "session_end": "the last check-in of each session in the {} part, of known users "
            "and items",
            "every": "every check-in of the {} part, new users and items included",
        }[self.scored].format(self.part)
        history = {
            "streaming": "everything the user did before",
            "train": "the training check-ins and the running session",
        }[self.history]
        time = "and the time of the target" if self.time_known else "not the time of the target"
        return f"Scored: {scored}. Known: {history}, {time}. Place: that of the last check-in."


@dataclass(frozen=True)
class Result:
    """The evaluation of one model.

    Attributes
    ----------
    name : str
        The model's name in the leaderboard.
    regime : Regime
        What was scored and known.
    queries : polars.DataFrame
        One row per query: who, when, the target and the first guess, and the measures.
    coverage : float
        Share of items that stand in at least one list of ten.
    is_probability : bool
        Whether the scores are probabilities, so that calibration means something.
    score_seconds : float
        Time for scoring all queries.
    """

    name: str
    regime: Regime
    queries: pl.DataFrame
    coverage: float
    is_probability: bool
    score_seconds: float


def evaluate(
    model: Model,
    parts: Split,
    regime: Regime | None = None,
    *,
    name: str | None = None,
    progress: Progress | None = None,
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

    Raises
    ------
    SplitError
        If the part holds nothing to score.
    ModelError
        If the model's weights are for the other knowledge of time.

    Examples
    --------
    >>> from strec import schema
    >>> parts = split(schema.example(), fractions=(0.75, 0.25, 0))
    >>> result = evaluate(UserCounts().fit(parts.train), parts, Regime(scored="every"))
    >>> result.queries["acc@1"].to_list()
    [0.0]
    """
    regime = regime or Regime()
    if getattr(model, "time_known", regime.time_known) != regime.time_known:
        raise ModelError(
            "Model and regime agree on whether the time of the target is known.",
            f"a model with time_known={not regime.time_known}, a regime with {regime.time_known}.",
            f"Fit the model with time_known={regime.time_known}.",
        )
    queries = parts.queries(
        regime.part, scored=regime.scored, history=regime.history, time_known=regime.time_known
    )
    name = name or model.kind
    frames, listed, is_probability = [], [], True
    begun = perf_counter()
    step = max(1, _CHUNK_NUMBERS // len(queries.vocabulary.items))
    for first in range(0, len(queries), step):
        chunk = queries.take(slice(first, first + step))
        scores = model.score(chunk)
        best = np.argsort(-scores, axis=1, kind="stable")[:, : max(LENGTHS)]
        is_probability &= bool(np.allclose(scores.sum(axis=1), 1.0, atol=1e-6))
        frames.append(_per_query(chunk, scores, best, parts))
        listed.append(best[:, :10])
        if progress:
            progress(f"Scoring {name}", min(first + step, len(queries)) / len(queries))
    return Result(
        name=name,
        regime=regime,
        queries=pl.concat(frames),
        coverage=metrics.coverage(np.concatenate(listed), len(queries.vocabulary.items)),
        is_probability=is_probability,
        score_seconds=perf_counter() - begun,
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
    >>> from strec.io.samples import read_sample
    >>> results = evaluate_checkins(read_sample("travel"), models={"popular": Popularity()})
    >>> leaderboard(results)["model"].to_list()
    ['popular']
    """
    regime = regime or Regime()
    parts = split(checkins, validation, test)
    results = []
    for name, model in (models or counting_models(regime.time_known)).items():
        if progress:
            progress(f"Fitting {name}", 0.0)
        model.fit(parts.train, progress=progress)
        results.append(evaluate(model, parts, regime, name=name, progress=progress))
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


def leaderboard(results: Sequence[Result], *, n_draws: int = 2000, seed: int = 0) -> pl.DataFrame:
    """Return one row per model: means, with 95 % intervals over users where they apply.

    Returns
    -------
    polars.DataFrame
        Columns ``model``, ``n_queries``, ``n_users``, then each measure, for Acc@k, MRR and
        NDCG@10 with ``… low`` and ``… high``; best Acc@1 first. Measures that do not apply
        (calibration of scores that are no probabilities, distances without places) are null.
    """
    rows = [_summary(result, n_draws, seed) for result in results]
    return pl.DataFrame(rows, infer_schema_length=None).sort("acc@1", descending=True)


def difference(
    first: Result, second: Result, measure: str = "acc@1", *, n_draws: int = 2000, seed: int = 0
) -> dict[str, float | bool]:
    """Return the paired difference of two models with its interval; real if it excludes 0.

    Raises
    ------
    ModelError
        If the two were not scored on the same queries.
    """
    key = ["user_id", "timestamp", "item_id"]
    if first.regime != second.regime or not first.queries.select(key).equals(
        second.queries.select(key)
    ):
        raise ModelError(
            "A paired difference needs the same queries under the same regime.",
            f"{len(first.queries):,} and {len(second.queries):,} queries that differ.",
            "Evaluate both models on one split and regime.",
        )
    values = (first.queries[measure] - second.queries[measure]).to_numpy()
    users = first.queries["user_id"].to_numpy()
    low, high = metrics.user_interval(values, users, n_draws=n_draws, seed=seed)
    return {
        "difference": float(values.mean()),
        "low": low,
        "high": high,
        "is_real": low > 0 or high < 0,
    }


def _per_query(
    queries: Queries, scores: np.ndarray, best: np.ndarray, parts: Split
) -> pl.DataFrame:
    log, vocabulary, target = queries.log, queries.vocabulary, queries.target
    better, tied = metrics.standing(scores, target)
    guess = best[:, 0]
    row = np.arange(len(queries))
    on_target = scores[row, np.maximum(target, 0)]
    count = np.bincount(parts.train.item[parts.train.item >= 0], minlength=scores.shape[1])
    km = distance_km(
        vocabulary.item_lat[guess], vocabulary.item_lon[guess],
        log.lat[queries.row], log.lon[queries.row],
    )  # fmt: skip
    # Known only for places: a product is not anywhere.
    km[~(vocabulary.item_spread_km[guess] <= 1.0)] = np.nan
    ids = pl.Series(vocabulary.items, dtype=pl.String)
    return pl.DataFrame(
        {
            "user_id": pl.Series(log.owner_ids[log.owner[queries.row]], dtype=pl.String),
            "timestamp": pl.Series(log.time_us[queries.row]).cast(pl.Datetime("us", "UTC")),
            "item_id": _at(ids, target),
            "guess": _at(ids, guess),
            "n_history": queries.length,
            "is_return": queries.returns,
            "is_known_user": queries.user >= 0,
            "is_known_item": target >= 0,
            "rank": metrics.expected_rank(better, tied),
            **{f"acc@{k}": metrics.accuracy(better, tied, k) for k in LENGTHS},
            "mrr": metrics.reciprocal_rank(better, tied),
            "ndcg@10": metrics.ndcg(better, tied, 10),
            "score": np.where(target >= 0, on_target, 0.0),
            "guess_score": scores[row, guess],
            "is_hit": guess == target,
            "distance_error_km": km,
            "novelty_bits": metrics.novelty_bits(best[:, :10], count),
        }
    ).with_columns(pl.col("distance_error_km").fill_nan(None))


def _at(ids: pl.Series, codes: np.ndarray) -> pl.Series:
    return ids.gather(pl.Series(np.where(codes >= 0, codes, 0))).set(pl.Series(codes < 0), None)


def _summary(result: Result, n_draws: int, seed: int) -> dict[str, float | int | str | None]:
    frame = result.queries
    users = frame["user_id"].to_numpy()
    row: dict[str, float | int | str | None] = {
        "model": result.name,
        "n_queries": len(frame),
        "n_users": frame["user_id"].n_unique(),
    }
    for measure in (*(f"acc@{k}" for k in LENGTHS), "mrr", "ndcg@10"):
        values = frame[measure].to_numpy()
        row[measure] = float(values.mean())
        row[f"{measure} low"], row[f"{measure} high"] = metrics.user_interval(
            values, users, n_draws=n_draws, seed=seed
        )
    known = frame.filter("is_known_item")
    returns, discoveries = known.filter("is_return"), known.filter(~pl.col("is_return"))
    calibration = metrics.calibration_error(
        frame["guess_score"].clip(0, 1).to_numpy(), frame["is_hit"].to_numpy()
    )
    return row | {
        "share of returns": len(returns) / max(len(known), 1),
        "return acc@1": returns["acc@1"].mean(),
        "return acc@10": returns["acc@10"].mean(),
        "discovery acc@1": discoveries["acc@1"].mean(),
        "discovery acc@10": discoveries["acc@10"].mean(),
        "macro f1": metrics.macro_f1(
            *(np.unique(known[["item_id", "guess"]].to_numpy(), return_inverse=True)[1]
              .reshape(-1, 2).T)
        ) if len(known) else None,
        "distance error km": frame["distance_error_km"].median(),
        "coverage@10": result.coverage,
        "novelty bits": frame["novelty_bits"].mean(),
        "calibration error": calibration if result.is_probability else None,
        "mean log score": float(np.log(known["score"].to_numpy() + 1e-12).mean())
        if result.is_probability and len(known) else None,
        "seconds": result.score_seconds,
    }  # fmt: skip
