"""Items as texts: kind, name, and when they are busy."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from strec.llm import item_texts
from strec.split import Vocabulary, encode

MONDAY, SATURDAY = datetime(2024, 6, 3), datetime(2024, 6, 8)


def table(rows: list[tuple[str, str | None, str | None, datetime]]) -> pl.DataFrame:
    n = len(rows)
    item, name, category, time = zip(*rows, strict=True)
    return pl.DataFrame(
        {
            "user_id": ["u"] * n, "item_id": item,
            "timestamp": pl.Series(time, dtype=pl.Datetime("us", "UTC")),
            "utc_offset_min": pl.Series([0] * n, dtype=pl.Int16),
            "lat": pl.Series([None] * n, dtype=pl.Float64),
            "lon": pl.Series([None] * n, dtype=pl.Float64),
            "category": pl.Series(category, dtype=pl.String),
            "item_name": pl.Series(name, dtype=pl.String),
        }
    )  # fmt: skip


def texts_of(rows, with_times=True):
    checkins = table(rows)
    vocabulary = Vocabulary.of(checkins)
    texts = item_texts(vocabulary, encode(checkins, vocabulary) if with_times else None)
    return [texts[code] for code in np.argsort(vocabulary.items)]


def test_what_is_known_is_said():
    assert texts_of(
        [
            ("i1", "Third Rail", "Coffee Shop", MONDAY),
            ("i2", "Joe's", None, MONDAY),
            ("i3", None, "Bar", MONDAY),
            ("i4", None, None, MONDAY),
        ]
    ) == ["Coffee Shop: Third Rail", "Joe's", "Bar", "i4"]


def test_a_description_is_said_but_no_review():
    rows = [("i1", "Third Rail", "Coffee Shop", MONDAY)] * 3 + [("i2", "Bar None", "Bar", MONDAY)]
    checkins = table(rows).with_columns(
        text=pl.Series(["Roasts its own beans.", "Roasts its own beans.", "so-so", "x" * 900])
    )
    first, second = item_texts(Vocabulary.of(checkins))
    assert first == "Coffee Shop: Third Rail. Roasts its own beans"
    assert second == "Bar: Bar None. " + "x" * 300
    reviews = checkins.with_columns(text=pl.Series(["good", "bad", "so-so", None]))
    assert item_texts(Vocabulary.of(reviews)) == ["Coffee Shop: Third Rail", "Bar: Bar None"]


def test_the_time_that_stands_out_is_said():
    morning = [("a", "A", "Bar", MONDAY + timedelta(days=i % 5, hours=8)) for i in range(10)]
    night = [("b", "B", "Bar", SATURDAY + timedelta(hours=h)) for h in (0, 1, 2, 0, 1, 2, 0, 1)]
    always = [("c", "C", "Bar", MONDAY + timedelta(hours=h)) for h in range(7 * 24)]
    few = [("d", "D", "Bar", MONDAY + timedelta(hours=8))] * 7
    assert texts_of(morning + night + always + few) == [
        "Bar: A, busiest weekday mornings",
        "Bar: B, busiest at night on weekends",
        "Bar: C",
        "Bar: D",
    ]
    assert texts_of(morning, with_times=False) == ["Bar: A"]
