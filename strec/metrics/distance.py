"""How far the first suggestion lies from where the user went."""

from typing import cast

import numpy as np

from strec.geo import distance_km
from strec.metrics.base import Metric, Ranked, Scored


def distance_error_km(ranked: Ranked) -> np.ndarray:
    """Return km from the first suggestion to where each target was, NaN where one is no place."""
    queries, vocabulary, guess = ranked.queries, ranked.queries.vocabulary, ranked.listed[:, 0]
    log = queries.log
    km = distance_km(
        vocabulary.item_lat[guess],
        vocabulary.item_lon[guess],
        log.lat[queries.row],
        log.lon[queries.row],
    )
    # Known only for places: a product is not anywhere.
    return np.where(vocabulary.item_is_place[guess], km, np.nan)


def _median(scored: Scored) -> float | None:
    km = scored.queries["distance_error_km"]
    return None if km.count() == 0 else float(cast(float, km.median()))


DISTANCE = Metric(
    name="distance error km",
    title="Distance error (km)",
    sentence="How far the first suggestion lies from where the user went (median).",
    order=80,
    of_query=distance_error_km,
    of_all=_median,
    column="distance_error_km",
    more_is_better=False,
    digits=2,
)
