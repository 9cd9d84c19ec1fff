"""What something done has changed: nothing where nothing was, its size where something was."""

import numpy as np
import pandas as pd
import pytest

from strec.demand import Panel, effect
from strec.errors import AnalysisError


def counted(added: float, n_places: int = 8) -> Panel:
    rng = np.random.default_rng(1)
    mood = np.cumsum(rng.normal(0, 0.05, 70))
    daily = rng.poisson(40 * np.exp(mood)[:, None] * np.ones(n_places)).astype(float)
    daily[50:, 0] += added
    return Panel.of(np.repeat(daily, 24, axis=0) / 24, "2024-01-01")


def test_an_effect_is_found_and_its_interval_holds_it():
    found = effect(counted(25.0), "2024-02-20", ["0"])
    assert found.is_shown and found.low < 20 * 25 < found.high
    assert "more than chance" in found.sentence
    after = found.frame[found.frame["day"] >= "2024-02-20"]
    assert found.total == pytest.approx((after["came"] - after["expected"]).sum())


def test_what_all_places_share_is_no_effect():
    found = effect(counted(0.0), "2024-02-20", ["0"])
    assert not found.is_shown and "chance" in found.sentence
    # The mood of all moved far; the other places knew it.
    assert abs(found.total) < 150


def test_one_place_alone_is_compared_with_its_own_past():
    found = effect(counted(0.0, 1), "2024-02-20", ["0"])
    assert not found.n_others and "no other place" in found.sentence


def test_placebos_are_other_places_and_earlier_times():
    found = effect(counted(25.0), "2024-02-20", ["0"])
    assert len(found.in_places) == 7 and len(found.in_time) >= 2
    assert np.abs(found.in_places).max() < abs(found.score)


@pytest.mark.parametrize(
    ("day", "places"),
    [("2024-01-05", ["0"]), ("2024-03-10", ["0"]), ("2024-02-20", ["x"]), ("2024-02-20", [])],
)
def test_what_cannot_be_told_is_said(day, places):
    with pytest.raises(AnalysisError):
        effect(counted(0.0), day, places)


def test_days_run_from_midnight():
    panel = Panel.of(np.ones((24 * 40, 2)) + np.arange(960)[:, None] % 5, "2024-01-01 05:00")
    found = effect(panel, "2024-02-01", ["0"])
    assert found.frame["day"].iloc[0] == pd.Timestamp("2024-01-02")
