"""A small town whose right answers anyone can see."""

from datetime import datetime, timedelta

import polars as pl

from strec import schema
from strec.models import CounterMix
from strec.recommend import Recommender
from strec.split import Vocabulary, encode

MONDAY = datetime(2024, 6, 3)
#: Places on a line, about 1.1 km apart, and when they are visited.
PLACES = {
    "cafe": (50.00, 14.40, "Café"),
    "office": (50.01, 14.40, "Office"),
    "bar": (50.02, 14.40, "Bar"),
    "pub": (50.03, 14.40, "Bar"),
    "museum": (50.04, 14.40, "Museum"),
}


def rows(user: str, visits: list[tuple[str, datetime]]) -> list[dict]:
    """Return check-ins; times are local, two hours ahead of UTC."""
    return [
        {
            "user_id": user,
            "item_id": item,
            "timestamp": when - timedelta(hours=2),
            "utc_offset_min": 120,
            "lat": PLACES[item][0],
            "lon": PLACES[item][1],
            "category": PLACES[item][2],
            "item_name": item.capitalize(),
        }
        for item, when in visits
    ]


def table(found: list[dict]) -> pl.DataFrame:
    """Return rows as a canonical table."""
    frame = pl.DataFrame(found).with_columns(
        pl.col("timestamp").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        pl.col("utc_offset_min").cast(pl.Int16),
    )
    return schema.validate(frame)


def town(days: int = 14) -> pl.DataFrame:
    """Ann has coffee at 8, works from 9, drinks at 21; others use all five places."""
    found = []
    for day in range(days):
        at = MONDAY + timedelta(days=day)
        found += rows(
            "ann",
            [("cafe", at + timedelta(hours=8)), ("office", at + timedelta(hours=9)),
             ("bar", at + timedelta(hours=21))],
        )  # fmt: skip
        for k, user in enumerate(("bob", "cid", "dee")):
            found += rows(
                user,
                [("cafe", at + timedelta(hours=8, minutes=k)),
                 (("museum", "pub", "bar")[(day + k) % 3], at + timedelta(hours=15 + 3 * k))],
            )  # fmt: skip
    found += rows("eve", [("museum", MONDAY + timedelta(hours=15))])
    return table(found)


def recommender(checkins: pl.DataFrame | None = None) -> Recommender:
    """Return a recommender whose weights are the defaults, which need no fit."""
    checkins = town() if checkins is None else checkins
    model = CounterMix(slice_share=0).fit(encode(checkins, Vocabulary.of(checkins)))
    return Recommender(checkins, model)


def at(day: int, hour: float) -> datetime:
    """Return a local moment of the town."""
    return MONDAY + timedelta(days=day, hours=hour)
