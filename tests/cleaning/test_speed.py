"""Impossible speed: the check-in that causes it goes, the chain after it stays."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.cleaning import ImpossibleSpeed, Recipe, clean
from strec.cleaning.speed import too_fast
from strec.geo import EARTH_RADIUS_KM
from strec.schema import ITEM, LAT, LON, OFFSET, TIME, USER

#: Degrees of latitude that are one kilometre.
KM = 360 / (2 * np.pi * EARTH_RADIUS_KM)


def journey(*stops, user="a", unit_s=60) -> pl.DataFrame:
    """Build check-ins from (minute, kilometres north of the equator); None: no place."""
    start = dt.datetime(2024, 6, 3, 8, 0, 1, tzinfo=dt.UTC)
    return pl.DataFrame(
        {
            USER: [user] * len(stops),
            ITEM: [f"{n:02}" for n in range(len(stops))],
            TIME: [start + dt.timedelta(seconds=minute * unit_s) for minute, _ in stops],
            OFFSET: [0] * len(stops),
            LAT: [None if km is None else km * KM for _, km in stops],
            LON: [None if km is None else 10.0 for _, km in stops],
        },
        schema_overrides={
            TIME: pl.Datetime("us", "UTC"),
            OFFSET: pl.Int16,
            LAT: pl.Float64,
            LON: pl.Float64,
        },
    )


def dropped(checkins, limit_kmh=60.0, slack_km=0.0, resolution_s=1) -> list[int]:
    fast = too_fast(checkins.sort(USER, TIME, ITEM), limit_kmh, slack_km, resolution_s)
    return np.flatnonzero(fast.to_numpy()).tolist()


def test_the_distance_is_the_great_circle():
    # 60 km in an hour: at the limit is allowed, a metre above is not.
    assert dropped(journey((0, 0), (60, 59.999))) == []
    assert dropped(journey((0, 0), (60, 60.001))) == [1]
    assert dropped(journey((0, 0), (60, 60.001)), slack_km=0.01) == []


def test_one_wrong_place_costs_one_check_in_wherever_it_is():
    for wrong in range(5):
        stops = [(10 * n, n) for n in range(5)]
        stops[wrong] = (10 * wrong, 900)
        assert dropped(journey(*stops)) == [wrong]


def test_two_wrong_places_in_a_row_do_not_take_their_neighbours():
    stops = [(0, 0), (10, 1), (20, 900), (30, 901), (40, 2), (50, 3)]
    assert dropped(journey(*stops)) == [2, 3]


def test_a_real_journey_after_an_error_is_kept():
    # Minute 20 is wrong; the long flight from 30 to 600 is not.
    stops = [(0, 0), (10, 1), (20, 5000), (30, 2), (600, 500), (610, 501)]
    assert dropped(journey(*stops)) == [2]


def test_check_ins_without_a_place_are_passed_over():
    assert dropped(journey((0, 0), (5, None), (10, 500), (20, 1))) == [2]
    assert dropped(journey((0, None), (1, None))) == []


def test_users_are_apart_and_long_pauses_end_the_question():
    two = pl.concat([journey((0, 0), (10, 1)), journey((1, 900), (11, 901), user="b")])
    assert dropped(two) == []
    assert dropped(journey((0, 0), (10, 500), (3000, 500), (3010, 501))) == [1]


def test_the_date_line_is_no_jump():
    crossing = journey((0, 0), (10, 0)).with_columns(pl.Series(LON, [179.99, -179.99]))
    assert dropped(crossing) == []


def test_times_known_to_the_day_only_judge_long_journeys():
    days = journey((0, 0), (0, 800), (1440, 30_000), unit_s=60)
    days = days.with_columns(pl.col(TIME).dt.truncate("1d"))
    assert dropped(days, limit_kmh=50, resolution_s=86_400) == []
    cleaned, report = clean(days, Recipe((ImpossibleSpeed(limit_kmh=50, slack_km=0),)))
    assert cleaned.height == 3
    assert "known to the day" in report.steps[0].sentence


def test_a_place_can_be_removed_instead_of_the_check_in():
    stops = journey((0, 0), (10, 900), (20, 1))
    step = ImpossibleSpeed(limit_kmh=60, action="missing")
    cleaned, report = clean(stops, Recipe((step,)))
    assert cleaned[LAT].is_null().to_list() == [False, True, False]
    assert report.changed == 1


def test_a_table_where_speed_means_nothing_is_told_so():
    shared = journey(*[(n, 900 * (n % 2)) for n in range(20)])
    cleaned, report = clean(shared, Recipe((ImpossibleSpeed(),)))
    assert cleaned.height == 10
    assert "share a user id" in report.steps[0].sentence


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40)), min_size=1, max_size=9))
def test_the_fewest_check_ins_go_and_what_stays_is_possible(stops):
    """Against trying every subset."""
    stops = sorted(stops)
    gone = dropped(journey(*stops), slack_km=1e-6)

    def possible(kept):
        return all(
            abs(stops[j][1] - stops[i][1]) <= stops[j][0] - stops[i][0] + 1e-9
            for i, j in zip(kept, kept[1:], strict=False)
        )

    kept = [n for n in range(len(stops)) if n not in gone]
    assert possible(kept)
    subsets = ([n for n in range(len(stops)) if mask >> n & 1] for mask in range(1 << len(stops)))
    assert len(kept) == max(len(subset) for subset in subsets if possible(subset))


@pytest.mark.parametrize("length", [40, 700])
def test_a_long_run_of_errors_does_not_cost_the_rest(length):
    # Seconds apart, so that no error can be reached in time: more errors than the look-back.
    home = [(n, 0) for n in range(800)]
    away = [(800 + n, 9000) for n in range(length)]
    back = [(800 + length + n, 0) for n in range(800)]
    gone = dropped(journey(*home, *away, *back, unit_s=1), limit_kmh=1000)
    assert gone == list(range(800, 800 + length))
