"""Suggestions as a table for people: names, places, distances, earlier visits."""

import numpy as np
import polars as pl

from strec.recommend.diversity import PLACE_SPREAD_KM
from strec.recommend.ranking import ScoredQueries
from strec.split import Queries, local_us


def listing(scored: ScoredQueries, codes: list[np.ndarray]) -> pl.DataFrame:
    """Return one row per suggestion of each query, the columns of `Answer.frame` after `query`.

    Parameters
    ----------
    scored : ScoredQueries
        The queries with their scores.
    codes : list of numpy.ndarray
        For each query the item codes of its list, best first.
    """
    vocabulary = scored.queries.vocabulary
    size = [len(each) for each in codes]
    query = np.repeat(np.arange(len(codes)), size)
    item = np.concatenate(codes).astype(np.int64) if codes else np.zeros(0, dtype=np.int64)
    is_place = vocabulary.item_spread_km[item] <= PLACE_SPREAD_KM
    # Code -1, no category, picks the last entry.
    categories = np.append(vocabulary.categories, None)
    visits = scored.visits[query, item]
    return pl.DataFrame(
        {
            "query": pl.Series(query, dtype=pl.Int64),
            "rank": pl.Series([rank for n in size for rank in range(1, n + 1)], dtype=pl.Int64),
            "item_id": pl.Series(vocabulary.items[item], dtype=pl.String),
            "item_name": pl.Series(vocabulary.item_name[item], dtype=pl.String),
            "category": pl.Series(categories[vocabulary.item_category[item]], dtype=pl.String),
            "lat": np.where(is_place, vocabulary.item_lat[item], np.nan),
            "lon": np.where(is_place, vocabulary.item_lon[item], np.nan),
            "distance_km": scored.away_km[query, item],
            "score": scored.score[query, item],
            "probability": scored.probability[query, item],
            "is_return": visits > 0,
            "n_visits": visits,
            "last_visit": _local_times(scored.queries, latest_visits(scored.queries)[query, item]),
        }
    ).with_columns(pl.col("lat", "lon", "distance_km", "probability").fill_nan(None))


def latest_visits(queries: Queries) -> np.ndarray:
    """Return the log row of the latest visible visit, -1 where none: (n_queries, n_items)."""
    n_items = len(queries.vocabulary.items)
    # Items that the model does not know have code -1 and fall into a last column.
    latest = np.full((len(queries), n_items + 1), -1)
    # History is oldest first, so the last assignment is the latest visit.
    latest[queries.pair_query, queries.log.item[queries.indices]] = queries.indices
    return latest[:, :n_items]


def _local_times(queries: Queries, row: np.ndarray) -> pl.Series:
    log = queries.log
    local = local_us(log.time_us[row], log.offset_min[row]) if len(log) else row
    return pl.Series(local, dtype=pl.Int64).cast(pl.Datetime("us")).set(pl.Series(row < 0), None)
