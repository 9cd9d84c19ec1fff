"""A query as a text: the latest first, nothing that is not known."""

import numpy as np
import polars as pl

from strec import schema
from strec.llm.texts import trajectory_texts
from strec.split import Vocabulary, ask, encode, queries_of_rows

DAY_US = 86_400_000_000


def log_of(table: pl.DataFrame):
    return encode(table, Vocabulary.of(table))


def test_the_moment_and_the_latest_check_ins():
    log = log_of(schema.example())
    asked = queries_of_rows(log, np.array([1, 3]))
    assert trajectory_texts(asked) == [
        "Monday mornings. Before: Coffee Shop, some hours before.",
        "Tuesday mornings. Before: Coffee Shop, within a day.",
    ]


def test_no_more_than_wanted_the_latest_first():
    log = log_of(schema.example())
    later = log.time_us[log.indptr[1] - 1] + 40 * DAY_US
    asked = ask(log, 0, [later], [-240], [np.nan], [np.nan])
    assert trajectory_texts(asked, 1)[0].endswith("Before: Office, long ago.")
    assert trajectory_texts(asked, 2)[0].endswith("Office, long ago; Coffee Shop, long ago.")


def test_what_is_not_known_is_not_told():
    log = log_of(schema.example())
    nobody = ask(log, -1, [0], [0], [np.nan], [np.nan], time_known=False)
    assert trajectory_texts(nobody) == ["Some time. Before: nothing."]
    assert trajectory_texts(queries_of_rows(log, np.array([1])).blind())[0].startswith("Some time.")
    assert trajectory_texts(queries_of_rows(log, np.array([], dtype=int))) == []
