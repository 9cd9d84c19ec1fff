"""What would change at another hour or place: the same question, asked again."""

from dataclasses import replace

import numpy as np
import polars as pl

from strec.errors import AnalysisError
from strec.explanation.reasons import code_of_rank, need_answer
from strec.geo import wrapped
from strec.models.listing import listing
from strec.recommend import Answer, RankingOptions
from strec.recommend.ranking import ScoredQueries, order
from strec.split import Queries, local_us
from strec.wording import percent

HOURS = np.arange(24)
#: Diversity rearranges this many items at the top.
_LONGEST_SPREAD = 50


def what_if_hours(answer: Answer, n_items: int = 1, *, firsts: int = 0) -> pl.DataFrame:
    """Score the first suggestions again at each hour of the same day.

    The same past is seen at each hour as at the moment asked about, as if the day were young or
    late but nothing else had happened. Ranks are among all items that pass the answer's filters.

    Parameters
    ----------
    answer : Answer
        The question and its list.
    n_items : int
        How many suggestions of the list, from the first.
    firsts : int
        How many others, at most, that would come first at some hour; those of most hours.

    Returns
    -------
    polars.DataFrame
        24 rows of each item: ``hour, item_id, item_name, probability, rank``.

    Examples
    --------
    >>> from datetime import datetime
    >>> from strec import schema
    >>> from strec.models import CounterMix
    >>> from strec.recommend import Recommender
    >>> table = schema.example()
    >>> model = CounterMix(slice_share=0).fit(table)
    >>> answer = Recommender(table, model).answer("ann", datetime(2024, 6, 5, 8))
    >>> strip = what_if_hours(answer)
    >>> bool(abs(strip["probability"][8] - answer.frame["probability"][0]) < 1e-9)
    True
    """
    need_answer(answer)
    scored = answer.ranker.score(_at_hours(answer.query), answer.how)
    codes = answer.codes[:n_items]
    if firsts:
        best = _lists(answer, scored, 1, "hour", HOURS)["item_id"].value_counts(name="n_hours")
        best = best.sort("n_hours", "item_id", descending=[True, False])
        others = answer.query.vocabulary.item_codes(best["item_id"])
        codes = np.append(codes, others[~np.isin(others, codes)][:firsts])
    return _follow(answer, scored, codes, "hour", HOURS)


def what_if_places(answer: Answer, lat: np.ndarray, lon: np.ndarray, rank: int = 1) -> pl.DataFrame:
    """Score one suggestion again from other places.

    Parameters
    ----------
    answer : Answer
        From `Recommender.answer`.
    lat, lon : numpy.ndarray
        Shape ``(n,)``: the places, in degrees.
    rank : int
        Which suggestion.

    Returns
    -------
    polars.DataFrame
        n rows: ``place`` (0 to n - 1), ``item_id, item_name, probability, rank``.

    Examples
    --------
    >>> from strec import Dataset
    >>> from strec.recommend import Recommender
    >>> answer = Recommender(Dataset.sample("travel")).answer(None, "2024-06-05 10:00", k=2)
    >>> what_if_places(answer, np.array([40.41, 40.42]), np.array([-3.7, -3.69])).height
    2
    """
    need_answer(answer)
    scored = answer.ranker.score(_at_places(answer.query, lat, lon), answer.how)
    codes = np.array([code_of_rank(answer, rank)])
    return _follow(answer, scored, codes, "place", np.arange(len(lat)))


def best_by_hour(answer: Answer, k: int = 3) -> pl.DataFrame:
    """Return the list that each hour of the same day would give.

    Parameters
    ----------
    answer : Answer
        The question and its list.
    k : int
        Suggestions per hour.

    Returns
    -------
    polars.DataFrame
        ``hour, rank, item_id, item_name, category, probability``.

    Examples
    --------
    >>> from strec import Dataset
    >>> from strec.recommend import Recommender
    >>> answer = Recommender(Dataset.sample("travel")).answer(None, "2024-06-05 10:00", k=2)
    >>> best_by_hour(answer, k=1)["hour"].n_unique()
    24
    """
    need_answer(answer)
    scored = answer.ranker.score(_at_hours(answer.query), answer.how)
    return _lists(answer, scored, k, "hour", HOURS)


def best_by_place(
    answer: Answer, lat: np.ndarray, lon: np.ndarray, k: int = 1, hour: int | None = None
) -> pl.DataFrame:
    """Return the list that each of some places would give at the same moment.

    Parameters
    ----------
    answer : Answer
        The question and its list.
    lat, lon : numpy.ndarray
        The places, degrees, shape ``(n_places,)``.
    k : int
        Suggestions per place.
    hour : int, optional
        0 to 23: another hour of the same day.

    Raises
    ------
    AnalysisError
        If there is no such hour, or the data know days only.

    Returns
    -------
    polars.DataFrame
        ``place, rank, item_id, item_name, category, probability``.

    Examples
    --------
    >>> from strec import Dataset
    >>> from strec.recommend import Recommender
    >>> answer = Recommender(Dataset.sample("travel")).answer(None, "2024-06-05 10:00", k=2)
    >>> best_by_place(answer, np.array([40.41, 40.42]), np.array([-3.7, -3.69])).height
    2
    """
    need_answer(answer)
    query = answer.query
    if hour is not None:
        if hour not in range(24):
            raise AnalysisError(
                "An hour of the day is 0 to 23.", f"{hour!r:.40}.", "Give a whole number."
            )
        query = _at_hours(query).take(np.array([hour]))
    scored = answer.ranker.score(_at_places(query, lat, lon), answer.how)
    return _lists(answer, scored, k, "place", np.arange(len(lat)))


def walk(
    answer: Answer, lat: float, lon: float, *, n_steps: int = 24, k: int = 3
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the lists along the straight way from the place asked about to another.

    Parameters
    ----------
    answer : Answer
        The question, asked with a place, and its list.
    lat, lon : float
        Where the way ends, degrees.
    n_steps : int
        Places on the way, both ends included.
    k : int
        Suggestions per place.

    Returns
    -------
    tuple of polars.DataFrame
        The steps ``place, lat, lon``, and the lists as `best_by_place` gives them.

    Examples
    --------
    >>> from strec import Dataset
    >>> from strec.recommend import Recommender
    >>> recommender = Recommender(Dataset.sample("travel"))
    >>> answer = recommender.answer(None, "2024-06-05 10:00", 40.41, -3.70, k=2)
    >>> steps, lists = walk(answer, 40.42, -3.69, n_steps=4)
    >>> steps.height
    4
    """
    need_answer(answer)
    share = np.linspace(0, 1, n_steps)
    # The short way round, over the date line where that is nearer.
    east = wrapped(lon - answer.query.lon[0])
    lats = answer.query.lat[0] + share * (lat - answer.query.lat[0])
    lons = wrapped(answer.query.lon[0] + share * east)
    steps = pl.DataFrame({"place": np.arange(n_steps), "lat": lats, "lon": lons})
    return steps, best_by_place(answer, lats, lons, k)


def counterfactual(answer: Answer, rank: int = 1) -> str:
    """Say in one sentence how another hour would move a suggestion.

    The ranks and probabilities are those that the same question gives at that hour; "" where the
    data's times say only the day.

    Parameters
    ----------
    answer : Answer
        The question and its list.
    rank : int
        Which suggestion of the list, from 1.

    Examples
    --------
    >>> from strec import Dataset
    >>> from strec.recommend import Recommender
    >>> answer = Recommender(Dataset.sample("travel")).answer(None, "2024-06-05 10:00", k=2)
    >>> counterfactual(answer)
    'At 20:00 it would drop to rank 14 (1.4 %).'
    """
    code = code_of_rank(answer, rank)
    if not answer.query.log.has_clock:
        return ""
    scored = answer.ranker.score(_at_hours(answer.query), answer.how)
    strip = _follow(answer, scored, np.array([code]), "hour", HOURS)
    # Among hours of equal rank the probability decides.
    ordered = strip.sort("rank", pl.col("probability").fill_null(0) * -1, "hour")
    best, worst = ordered.row(0, named=True), ordered.row(-1, named=True)
    if worst["rank"] == best["rank"] == rank:
        return f"It would be number {rank} at any hour of this day."
    said = [
        f"at {hour['hour']}:00 it would {verb} to rank {hour['rank']:,}{_chance(hour)}"
        for verb, hour, holds in (
            ("drop", worst, worst["rank"] > rank),
            ("rise", best, best["rank"] < rank),
        )
        if holds
    ]
    text = ", and ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if text else "No full hour of this day would move it."


def wished(answer: Answer, rank: int = 1) -> str:
    """Say in one sentence what the wish does to a suggestion; "" where there is no wish.

    Parameters
    ----------
    answer : Answer
        The question and its list.
    rank : int
        Which suggestion of the list, from 1.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.models import CounterMix
    >>> from strec.recommend import Recommender
    >>> recommender = Recommender(schema.example(), CounterMix(slice_share=0).fit(schema.example()))
    >>> wish = np.array([0.1, 0.9])  # how well each item fits
    >>> wished(recommender.answer("ann", "2024-06-05 08:00", wish=wish, wish_weight=0.9))
    'It fits the wish better than 50 % of all there is: without the wish it would be number 2.'
    """
    code, how = code_of_rank(answer, rank), answer.how
    if how.wish is None or not how.wish_weight:
        return ""
    fit = np.asarray(how.wish)
    better = float((fit < fit[code]).mean())
    plain = replace(how, wish=None)
    scored = answer.ranker.score(answer.query, plain)
    before = int(_standing(scored, np.array([code]), plain)[0, 0])
    there = (
        f"it would be number {before:,} without the wish too"
        if before == rank
        else f"without the wish it would be number {before:,}"
    )
    return f"It fits the wish better than {percent(better)} of all there is: {there}."


def _chance(hour: dict) -> str:
    return "" if hour["probability"] is None else f" ({percent(hour['probability'])})"


def _at_hours(query: Queries) -> Queries:
    if not query.log.has_clock:
        raise AnalysisError(
            "Hours are compared where the data know them.",
            "every time of this data set is a day without a clock.",
            "Read the data with a time of day, or compare places.",
        )
    since_midnight_us = local_us(query.time_us[0], query.offset_min[0]) % 86_400_000_000
    moments = query.time_us[0] - since_midnight_us + HOURS * 3_600_000_000
    return _moved(query, moments, np.full(24, query.lat[0]), np.full(24, query.lon[0]))


def _at_places(query: Queries, lat: np.ndarray, lon: np.ndarray) -> Queries:
    return _moved(query, np.full(len(lat), query.time_us[0]), lat, lon)


def _moved(query: Queries, time_us: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> Queries:
    """Return one query repeated at other moments and places, its visible past unchanged."""
    n = len(time_us)
    return replace(
        query.take(np.zeros(n, dtype=int)),
        time_us=time_us,
        lat=np.asarray(lat, dtype=np.float64),
        lon=np.asarray(lon, dtype=np.float64),
    )


def _follow(
    answer: Answer, scored: ScoredQueries, codes: np.ndarray, name: str, values: np.ndarray
) -> pl.DataFrame:
    """Return probability and rank of some items in each of the lists."""
    vocabulary = scored.queries.vocabulary
    standing = _standing(scored, codes, answer.how)
    frames = [
        pl.DataFrame(
            {
                name: values,
                "item_id": str(vocabulary.items[code]),
                "item_name": str(vocabulary.item_name[code]),
                "probability": scored.probability[:, code],
                "rank": standing[:, k],
            }
        ).with_columns(
            pl.col("probability").fill_nan(None),
            pl.when(pl.col("rank") > 0).then("rank"),
        )
        for k, code in enumerate(codes)
    ]
    return pl.concat(frames) if frames else pl.DataFrame()


def _standing(scored: ScoredQueries, codes: np.ndarray, how: RankingOptions) -> np.ndarray:
    """Return the rank of items in each list, 0 where filters leave it out: (n_lists, n_codes)."""
    own = scored.score[:, codes, None]
    # Of equal scores the lower code comes first, as in `order`.
    first = np.arange(scored.score.shape[1]) < codes[:, None]
    above = (scored.score[:, None] > own) | ((scored.score[:, None] == own) & first)
    rank = 1 + (above & scored.keep[:, None]).sum(axis=2)
    if how.diversity:
        for row in range(len(rank)):
            listed = order(scored, row, how, _LONGEST_SPREAD)
            for k, code in enumerate(codes):
                found = np.flatnonzero(listed == code)
                # Behind the list items stand as their score says.
                rank[row, k] = found[0] + 1 if len(found) else max(rank[row, k], len(listed) + 1)
    return np.where(scored.keep[:, codes], rank, 0)


def _lists(
    answer: Answer, scored: ScoredQueries, k: int, name: str, values: np.ndarray
) -> pl.DataFrame:
    codes = [order(scored, row, answer.how, k) for row in range(len(values))]
    frame = listing(scored.queries, codes, scored.score, scored.probability)
    columns = ["rank", "item_id", "item_name", "category", "probability"]
    numbers = pl.Series(name, values)[frame["query"]]
    return frame.select(columns).insert_column(0, numbers)
