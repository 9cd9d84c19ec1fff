"""The parts of time: what they need, their contexts, and how dates are dealt anew."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from strec.errors import AnalysisError
from strec.gate.time_parts import time_parts_of

DAY = 86_400_000_000
#: Days from 1970 to 2024-01-01, a Monday.
NEW_YEAR = 19_723


def parts(n_days, hour=lambda day: day % 24, dates=None):
    days = np.arange(n_days)
    found, contexts = time_parts_of((NEW_YEAR + days) * DAY + hour(days) * 3_600_000_000, dates)
    return {part.name: part for part in found}, contexts


def test_what_the_span_cannot_show_is_not_tested():
    short, _ = parts(80)
    assert not short["weekday"].why and "three months" in short["day of the month"].why
    assert "nineteen months" in short["month"].why and "80 days" in short["month"].why
    assert not parts(600)[0]["month"].why
    assert parts(10)[0]["weekday"].why


def test_dates_without_a_clock_have_no_hour():
    assert "same time of day" in parts(100, hour=lambda day: 0 * day)[0]["hour"].why


def test_days_of_the_month_are_turned_within_their_month():
    found, contexts = parts(91)
    part, day = found["day of the month"], contexts["day of the month"]
    assert day[:32].tolist() == [*range(31), 0]  # January, then the first of February
    turned = part.dealt_anew(np.random.default_rng(0))
    for month in (slice(0, 31), slice(31, 60), slice(60, 91)):
        assert sorted(turned[month]) == sorted(day[month])
        assert len(set(np.diff(turned[month]) % len(day[month]))) == 1
    assert (turned != day).any()


def test_the_month_is_learnt_from_one_year_and_read_in_the_next():
    season = parts(600)[0]["month"]
    assert season.counted.sum() == 365 and season.read.sum() == 600 - 365 - 150
    assert not (season.counted & season.read).any()


def test_a_table_of_dates_gives_parts_of_the_person_s_own():
    every = pl.date_range(date(2024, 1, 1), date(2024, 3, 30), eager=True)
    mm = [float(k) for k in range(len(every))]
    own = pl.DataFrame({"when": every, "sky": ["wet", "dry"] * 45, "mm": mm})
    found, contexts = parts(91, dates=own)
    # The last day is not in the table: it is a level of its own.
    assert found["sky"].n_contexts == 3 and contexts["sky"][90] not in contexts["sky"][:90]
    assert (contexts["sky"][:90:2] == contexts["sky"][0]).all()
    assert np.bincount(contexts["mm"]).tolist() == [18] * 5 + [1]
    assert "same on all dates" in parts(90, dates=own.with_columns(sky=pl.lit("x")))[0]["sky"].why


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame({"date": ["2024-01-01"], "rain": [1]}),
        pl.DataFrame({"date": [date(2024, 1, 1)] * 2, "rain": [1, 2]}),
        pl.DataFrame({"date": [date(2024, 1, 1)]}),
    ],
)
def test_a_table_of_another_form_is_refused_in_words(table):
    with pytest.raises(AnalysisError, match="one column of dates"):
        parts(30, dates=table)
