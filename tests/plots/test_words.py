"""Sentences below figures do not make much of little."""

import pandas as pd

from strec.plots import in_words


def week(counts: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"weekday": 0, "hour": range(len(counts)), "n_checkins": counts})


def test_the_busiest_of_hardly_any_hours_is_not_named():
    assert "Monday 02:00" in in_words("hour_weekday", week([4, 5, 30]))
    few = in_words("hour_weekday", week([0, 1, 0]))
    assert "more than 1 check-in:" in few and "average" not in few


def test_one_check_in_is_one():
    days = pd.DataFrame({"period": pd.date_range("2024-01-01", periods=2), "n_checkins": [1, 0]})
    assert "with 1 check-in." in in_words("calendar", days)


def test_a_category_of_one_check_in_is_not_the_most_concentrated():
    rows = [("rare", 3, 1), *(("usual", hour, 20 + 40 * (hour == 8)) for hour in range(24))]
    frame = pd.DataFrame(rows, columns=["category", "hour", "n_checkins"])
    every = pd.MultiIndex.from_product([["rare", "usual"], range(24)], names=["category", "hour"])
    frame = frame.set_index(["category", "hour"]).reindex(every, fill_value=0).reset_index()
    words = in_words("category_hours", frame)
    assert "usual" in words and "8:00 and 9:00" in words and "rare" not in words
    assert "too few" in in_words("category_hours", frame[frame["category"] == "rare"])
