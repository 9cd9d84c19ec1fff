"""Suggestions as a table for people: names, places, distances, earlier visits."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from strec.geo import distance_km
from strec.split import Queries, local_us


def listing(
    queries: Queries,
    codes: Sequence[np.ndarray] | np.ndarray,
    score: np.ndarray,
    probability: np.ndarray | None,
    number: np.ndarray | None = None,
) -> pl.DataFrame:
    """Return one row per suggestion of each query, with its names, place and earlier visits.

    Parameters
    ----------
    queries : Queries
        Who asks, when and where.
    codes : sequence of numpy.ndarray
        For each query the item codes of its list, best first.
    score, probability : numpy.ndarray
        Shape ``(n_queries, n_items)``; no probability where scores are none.
    number : numpy.ndarray, optional
        How the column ``query`` numbers the queries; from 0 when not given.

    Returns
    -------
    polars.DataFrame
        ``query, rank, item_id, item_name, category, lat, lon, distance_km, score, probability,
        is_return, n_visits, last_visit`` (local time).
    """
    vocabulary = queries.vocabulary
    size = [len(each) for each in codes]
    query = np.repeat(np.arange(len(codes)), size)
    item = np.concatenate(codes).astype(np.int64) if len(codes) else np.zeros(0, dtype=np.int64)
    is_place = vocabulary.item_is_place[item]
    lat, lon = vocabulary.item_lat[item], vocabulary.item_lon[item]
    km = distance_km(queries.lat[query], queries.lon[query], lat, lon)
    visits = visit_counts(queries)[query, item]
    chance = np.full(len(item), np.nan) if probability is None else probability[query, item]
    return pl.DataFrame(
        {
            "query": pl.Series(query if number is None else number[query], dtype=pl.Int64),
            "rank": pl.Series([rank for n in size for rank in range(1, n + 1)], dtype=pl.Int64),
            "item_id": vocabulary.item_ids(item),
            "item_name": pl.Series(vocabulary.item_name[item], dtype=pl.String),
            "category": vocabulary.item_categories(item),
            "lat": np.where(is_place, lat, np.nan),
            "lon": np.where(is_place, lon, np.nan),
            "distance_km": np.where(is_place, km, np.nan),
            "score": score[query, item],
            "probability": chance,
            "is_return": visits > 0,
            "n_visits": visits,
            "last_visit": _local_times(queries, latest_visits(queries)[query, item]),
        }
    ).with_columns(pl.col("lat", "lon", "distance_km", "probability").fill_nan(None))


def visit_counts(queries: Queries) -> np.ndarray:
    """Count the visible visits to each item, shape ``(n_queries, n_items)``."""
    n_items = len(queries.vocabulary.items)
    # Code -1, an item that the model does not know, falls into a last column.
    item = queries.log.item[queries.indices] % (n_items + 1)
    key = queries.pair_query * np.int64(n_items + 1) + item
    counts = np.bincount(key, minlength=len(queries) * (n_items + 1))
    return counts.reshape(len(queries), -1)[:, :n_items]


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
