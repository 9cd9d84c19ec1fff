"""A table of dates is read without doubt, or refused in words."""

from datetime import date

import polars as pl
import pytest

from strec.errors import AnalysisError
from strec.gate.dates import holidays_of, joined, read_dates


def written(tmp_path, text: str):
    path = tmp_path / "dates.csv"
    path.write_text(text)
    return path


def test_words_stay_words_and_numbers_become_numbers(tmp_path):
    found = read_dates(written(tmp_path, "rain;day;mm\nwet;31.01.2024;2.5\ndry;01.02.2024;\n"))
    assert found.columns == ["day", "rain", "mm"]
    assert found.row(0) == (date(2024, 1, 31), "wet", 2.5) and found["mm"][1] is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("day,rain\n03/04/2024,wet\n05/06/2024,dry\n", "day may come first or the month"),
        ("city,rain\nOslo,wet\nRome,dry\n", "0 such columns among city, rain"),
        ("date,rain\n2024-01-01,wet\n2024-01-01,dry\n", "2024-01-01 stands there several times"),
        ("date\n2024-01-01\n2024-01-02\n", "1 such columns"),
    ],
)
def test_what_is_no_table_of_dates_is_refused_in_words(tmp_path, text, words):
    with pytest.raises(AnalysisError, match=words):
        read_dates(written(tmp_path, text))


def test_holidays_join_a_table_of_one_s_own():
    own = pl.DataFrame({"day": [date(2024, 7, 4)], "rain": ["wet"]})
    both = joined(own, holidays_of("US-NY", date(2024, 7, 4), date(2024, 7, 5))).sort("day")
    assert both.rows() == [(date(2024, 7, 4), "wet", "yes"), (date(2024, 7, 5), None, "no")]
    with pytest.raises(AnalysisError, match="two letters"):
        holidays_of("Atlantis", date(2024, 1, 1), date(2024, 1, 2))
