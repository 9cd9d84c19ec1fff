"""Hours hidden for privacy leave gaps, which no sentence takes for the largest."""

import numpy as np
import pandas as pd

from strec.plots.words import _category_hours


def test_a_hidden_hour_is_never_the_most_concentrated():
    frame = pd.DataFrame({"category": "Cinema", "hour": range(24), "n_checkins": 10.0})
    frame.loc[frame["hour"] == 3, "n_checkins"] = np.nan
    frame.loc[frame["hour"] == 20, "n_checkins"] = 200.0
    said = _category_hours(frame)
    assert "Cinema" in said and "20:00 and 21:00" in said and "nan" not in said
