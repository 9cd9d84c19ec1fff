"""What would change at another hour or place: the same question, asked again."""

from dataclasses import replace

import numpy as np
import polars as pl

from strec.explain.reasons import code_of_rank
from strec.models import Model
from strec.recommend import Answer
from strec.split import Queries, local_us


def what_if_hours(answer: Answer, n_items: int = 1) -> pl.DataFrame:
    """Score the first suggestions again at each hour of the same day.

    The same past is seen at each hour as at the moment asked about, as if the day were young or
    late but nothing else had happened.

    Returns
    -------
    polars.DataFrame
        ``24 * n_items`` rows: ``hour, item_id, item_name, probability, rank``.
    """
    query = answer.query
    since_midnight_us = local_us(query.time_us[0], query.offset_min[0]) % 86_400_000_000
    moments = query.time_us[0] - since_midnight_us + np.arange(24) * 3_600_000_000
    asked = _moved(query, moments, np.full(24, query.lat[0]), np.full(24, query.lon[0]))
    return _what_if(answer.model, asked, answer.codes[:n_items], "hour", np.arange(24))


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
    """
    n = len(lat)
    asked = _moved(answer.query, np.full(n, answer.query.time_us[0]), lat, lon)
    return _what_if(
        answer.model, asked, np.array([code_of_rank(answer, rank)]), "place", np.arange(n)
    )


def _moved(query: Queries, time_us: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> Queries:
    """Return one query repeated at other moments and places, its visible past unchanged."""
    n = len(time_us)
    return replace(
        query.take(np.zeros(n, dtype=int)),
        time_us=time_us,
        lat=np.asarray(lat, dtype=np.float64),
        lon=np.asarray(lon, dtype=np.float64),
    )


def _what_if(
    model: Model, asked: Queries, codes: np.ndarray, name: str, values: np.ndarray
) -> pl.DataFrame:
    scores = model.score(asked)
    vocabulary = asked.vocabulary
    frames = [
        pl.DataFrame(
            {
                name: values,
                "item_id": str(vocabulary.items[code]),
                "item_name": str(vocabulary.item_name[code]),
                "probability": scores[:, code],
                "rank": 1 + (scores > scores[:, code, None]).sum(axis=1),
            }
        )
        for code in codes
    ]
    return pl.concat(frames) if frames else pl.DataFrame()
