"""A file of dates says nothing about hours, anywhere."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from strec import Dataset, plots, schema
from strec.explanation import explain
from strec.recommend import Recommender
from strec.recommend.portrait import portrait
from strec.store import Store


@pytest.fixture(scope="module")
def dates(tmp_path_factory) -> Dataset:
    """Check-ins of twelve users whose times are days."""
    rows = [
        (f"u{i % 12}", f"p{(i * i) % 7}", (datetime(2023, 1, 2) + timedelta(days=i // 4)).date())
        for i in range(400)
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["user", "item", "date"], orient="row")
    folder = tmp_path_factory.mktemp("dates")
    path = folder / "dates.csv"
    frame.with_columns(lat=40.7, lon=-74.0).write_csv(path)
    return Dataset.from_files(path, folder=folder / "store")


def test_the_data_know_whether_they_have_a_clock(dates, tmp_path):
    assert not dates.has_clock and not dates.store.has_clock and not dates.log.has_clock
    assert Dataset.sample("travel").has_clock
    clocked = dates.checkins.with_columns(pl.col(schema.TIME).dt.offset_by("9h"))
    store = Store.create(clocked, tmp_path / "s", name="x")
    assert store.has_clock
    del store.meta["has_clock"]  # as stores of earlier versions
    del store.has_clock
    assert store.has_clock


def test_a_question_has_no_hour_either(dates):
    recommender = Recommender(dates)
    lists = [recommender.answer("u1", datetime(2023, 4, 3, hour)) for hour in (0, 9, 22)]
    assert {answer.query.hour[0] for answer in lists} == {0.0}
    assert lists[0].frame.equals(lists[2].frame)


def test_no_sentence_names_an_hour(dates):
    recommender = Recommender(dates)
    for user in ("u1", "u2", "u3", None):
        answer = recommender.answer(user, datetime(2023, 4, 3, 15), k=5)
        for rank in range(1, len(answer.frame) + 1):
            said = " ".join(explain(answer, rank).sentences)
            assert ":00" not in said and "hour" not in said, said
    assert "mostly" not in portrait(recommender.answer("u1").query).words()


def test_weekdays_are_drawn_and_said(dates):
    week = dates.store.hour_weekday()
    bars: Any = plots.weekdays(week).data[0]
    assert bars.y.sum() == 400
    assert plots.in_words("weekdays", week).startswith("Busiest: ")
