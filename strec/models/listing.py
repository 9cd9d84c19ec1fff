"""Suggestions as a table for people: names, places, distances, earlier visits."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from strec.geo import distance_km
from strec.split import Queries, local_us

#: Columns of texts, of whole numbers, and those of numbers that may not be known.
_TYPES = {
    "query": pl.Int64, "rank": pl.Int64, "last_visit": pl.Int64,
    "item_id": pl.String, "item_name": pl.String, "category": pl.String, "image": pl.String,
}  # fmt: skip
_MAY_LACK = ("lat", "lon", "distance_km", "probability")


def listing(
    queries: Queries,
    codes: Sequence[np.ndarray] | np.ndarray,
    score: np.ndarray,
    probability: np.ndarray | None,
    number: np.ndarray | None = None,
) -> pl.DataFrame:
    """Return one row per suggestion of each query, with its names, place and earlier visits.

    Parameters and columns are those of `columns`, but that scores and probabilities are those of
    all items, shape ``(n_queries, n_items)``.
    """
    chances = None if probability is None else picked(probability, codes)
    return framed(columns(queries, codes, picked(score, codes), chances, number))


def picked(values: np.ndarray, codes: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Return the values of listed items, list after list, of those of all: (n_queries, n_items)."""
    found = [row[listed] for row, listed in zip(values, codes, strict=True)]
    return np.concatenate(found) if found else np.zeros(0)


def columns(
    queries: Queries,
    codes: Sequence[np.ndarray] | np.ndarray,
    score: np.ndarray,
    probability: np.ndarray | None,
    number: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Return a value per suggestion of each query: its names, place and earlier visits.

    Parameters
    ----------
    queries : Queries
        Who asks, when and where.
    codes : sequence of numpy.ndarray
        For each query the item codes of its list, best first.
    score, probability : numpy.ndarray
        Of each suggestion, list after list; no probability where scores are none.
    number : numpy.ndarray, optional
        How the column ``query`` numbers the queries; from 0 when not given.

    Returns
    -------
    dict of str to numpy.ndarray
        ``query, rank, item_id, item_name, category, lat, lon, distance_km, score, probability,
        is_return, n_visits, last_visit`` (local microseconds since 1970, -1 for never).
    """
    vocabulary = queries.vocabulary
    size = [len(each) for each in codes]
    query = np.repeat(np.arange(len(codes)), size)
    item = np.concatenate(codes).astype(np.int64) if len(codes) else np.zeros(0, dtype=np.int64)
    is_place = vocabulary.item_is_place[item]
    lat, lon = vocabulary.item_lat[item], vocabulary.item_lon[item]
    km = distance_km(queries.lat[query], queries.lon[query], lat, lon)
    visits, row = _visits_to(queries, query, item)
    chance = np.full(len(item), np.nan) if probability is None else probability
    category = vocabulary.item_category[item]
    named = vocabulary.categories[category] if len(vocabulary.categories) else category
    log = queries.log
    latest = local_us(log.time_us[row], log.offset_min[row]) if len(log) else row
    return {
        "query": query if number is None else number[query],
        "rank": np.arange(len(item)) - np.repeat(np.cumsum([0, *size])[:-1], size) + 1,
        "item_id": vocabulary.items[item],
        "item_name": vocabulary.item_name[item],
        "category": np.where(category >= 0, named, np.array(None)),
        "lat": np.where(is_place, lat, np.nan),
        "lon": np.where(is_place, lon, np.nan),
        "distance_km": np.where(is_place, km, np.nan),
        "score": score,
        "probability": chance,
        "is_return": visits > 0,
        "n_visits": visits,
        "last_visit": np.where(row < 0, -1, latest),
    }


def framed(listed: dict[str, np.ndarray]) -> pl.DataFrame:
    """Return `columns` as a table, null where nothing is known."""
    series = {
        name: pl.Series(values, dtype=_TYPES.get(name), nan_to_null=name in _MAY_LACK)
        for name, values in listed.items()
    }
    us = series["last_visit"]
    series["last_visit"] = us.cast(pl.Datetime("us")).set(us < 0, None)
    return pl.DataFrame(series)


def records(listed: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return `columns` as rows of plain values, as `framed(…).to_dicts()` gives them."""
    plain = {name: values.tolist() for name, values in listed.items()}
    for name in _MAY_LACK:
        plain[name] = [None if value != value else value for value in plain[name]]
    plain["last_visit"] = [
        None if us < 0 else datetime(1970, 1, 1) + timedelta(microseconds=us)
        for us in plain["last_visit"]
    ]
    return [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]


def visit_counts(queries: Queries) -> np.ndarray:
    """Count the visible visits to each item, shape ``(n_queries, n_items)``."""
    n_items = len(queries.vocabulary.items)
    # Code -1, an item that the model does not know, falls into a last column.
    item = queries.log.item[queries.indices] % (n_items + 1)
    key = queries.pair_query * np.int64(n_items + 1) + item
    counts = np.bincount(key, minlength=len(queries) * (n_items + 1))
    return counts.reshape(len(queries), -1)[:, :n_items]


def _visits_to(
    queries: Queries, query: np.ndarray, item: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many visible visits go to items, and the log row of the latest, -1 where none."""
    width = np.int64(len(queries.vocabulary.items) + 1)
    # Items that the model does not know have code -1 and fall into a last column.
    key = queries.pair_query * width + queries.log.item[queries.indices] % width
    # History is oldest first, so from its end the first is the latest visit.
    known, first, count = np.unique(key[::-1], return_index=True, return_counts=True)
    if not len(known):
        return np.zeros(len(item), dtype=np.int64), np.full(len(item), -1)
    wanted = query * width + item
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    same = known[place] == wanted
    latest = queries.indices[::-1][first]
    return np.where(same, count[place], 0), np.where(same, latest[place], -1)
