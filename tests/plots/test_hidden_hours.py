"""Hours hidden for privacy leave gaps, which no sentence takes for the largest."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl

from strec import Dataset, Filters, plots
from strec.groups import compare_groups
from strec.plots.words import _category_hours


def test_a_hidden_hour_is_never_the_most_concentrated():
    frame = pd.DataFrame({"category": "Cinema", "hour": range(24), "n_checkins": 10.0})
    frame.loc[frame["hour"] == 3, "n_checkins"] = np.nan
    frame.loc[frame["hour"] == 20, "n_checkins"] = 200.0
    said = _category_hours(frame)
    assert "Cinema" in said and "20:00 and 21:00" in said and "nan" not in said


def test_no_line_goes_through_hours_that_are_not_compared():
    days = [datetime(2024, 6, 3) + timedelta(days=k, hours=h) for k in range(28) for h in (8, 11)]
    rows = [(f"u{k}", "a", day) for k in range(14) for day in days]
    table = pl.DataFrame(rows, schema=["user", "item", "time"], orient="row")
    dataset = Dataset.from_frame(table, user="user", item="item", time="time", time_zone="UTC")
    figure = plots.group_hours(compare_groups(dataset, Filters(weekdays=(5, 6))))
    for line in figure.data[:2]:
        known = [x for x, y in zip(line.x, line.y, strict=True) if np.isfinite(y)]
        assert known == [8, 11] and len(line.x) == 24 and not line.connectgaps
