"""Each treatment of missing values against pandas, scipy, or a result computed by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from strec.cleaning import MissingCategory, MissingPlace, MissingValue, Recipe, clean
from strec.schema import CATEGORY, ITEM, LAT, LON, OFFSET, TEXT, TIME, USER, VALUE

START = dt.datetime(2024, 6, 3, tzinfo=dt.UTC)
HOURS = [0, 1, 4, 5, 9, 10, 12, 20]
VALUES = [1.0, None, 3.0, None, None, 10.0, 2.0, None]


def table(**columns) -> pl.DataFrame:
    """Build check-ins of user a, one hour apart unless `hours` says otherwise."""
    n = len(next(iter(columns.values())))
    hours = columns.pop("hours", range(n))
    base = {
        USER: ["a"] * n,
        ITEM: [f"i{k}" for k in range(n)],
        TIME: [START + dt.timedelta(hours=float(hour)) for hour in hours],
        OFFSET: [0] * n,
        LAT: [None] * n,
        LON: [None] * n,
    }
    return pl.DataFrame(
        base | columns,
        schema_overrides={
            TIME: pl.Datetime("us", "UTC"), OFFSET: pl.Int16, LAT: pl.Float64, LON: pl.Float64,
            VALUE: pl.Float64, CATEGORY: pl.String,
        } if VALUE in columns or CATEGORY in columns else {
            TIME: pl.Datetime("us", "UTC"), OFFSET: pl.Int16, LAT: pl.Float64, LON: pl.Float64,
        },
    )  # fmt: skip


def run(checkins, step):
    return clean(checkins, Recipe((step,)))


def series() -> pd.Series:
    index = pd.DatetimeIndex([START + dt.timedelta(hours=hour) for hour in HOURS])
    return pd.Series(VALUES, index=index, dtype=float)


# ---------------------------------------------------------------- value


@pytest.mark.parametrize("way", ["mean", "median"])
def test_mean_and_median_of_the_group_are_those_of_pandas(way):
    rng = np.random.default_rng(3)
    value = np.where(rng.random(60) < 0.3, np.nan, rng.normal(size=60).round(2))
    checkins = table(
        value=[None if np.isnan(v) else v for v in value],
        item_id=[f"i{k}" for k in rng.integers(0, 5, 60)],
    )
    frame = checkins.to_pandas()
    expected = frame["value"].fillna(frame.groupby("item_id")["value"].transform(way))
    filled, _ = run(checkins, MissingValue(enabled=True, way=way, within="item"))
    np.testing.assert_allclose(filled["value"], expected)
    whole, _ = run(checkins, MissingValue(enabled=True, way=way, within="all"))
    np.testing.assert_allclose(whole["value"], frame["value"].fillna(frame["value"].agg(way)))


def test_the_mode_is_the_most_frequent_and_the_smallest_of_a_tie():
    checkins = table(value=[5.0, 4.0, 4.0, 5.0, 1.0, None])
    filled, _ = run(checkins, MissingValue(enabled=True, way="mode", within="all"))
    assert filled[VALUE][5] == 4.0


def test_nearest_is_that_of_pandas():
    expected = series().interpolate(method="nearest").ffill()
    filled, _ = run(
        table(value=VALUES, hours=HOURS), MissingValue(enabled=True, way="nearest", within="user")
    )
    # Hour 20 has only a known value before it, 8 hours away.
    assert filled[VALUE].to_list() == expected.to_list()


def test_nearest_takes_the_earlier_of_two_equally_near():
    checkins = table(value=[1.0, None, 2.0])
    filled, _ = run(checkins, MissingValue(enabled=True, way="nearest", within="user"))
    assert filled[VALUE].to_list() == [1.0, 1.0, 2.0]


def test_linear_in_time_is_that_of_pandas():
    expected = series().interpolate(method="time", limit_area="inside")
    filled, report = run(
        table(value=VALUES, hours=HOURS), MissingValue(enabled=True, way="linear", within="user")
    )
    np.testing.assert_allclose(filled[VALUE].to_numpy(), expected)
    assert report.steps[0].sentence == (
        "3 values changed. 1 value stays missing: nothing known to fill from."
    )


def test_spline_in_time_is_that_of_pandas_and_of_the_paper():
    expected = series().interpolate(method="pchip", limit_area="inside")
    filled, _ = run(
        table(value=VALUES, hours=HOURS), MissingValue(enabled=True, way="spline", within="user")
    )
    np.testing.assert_allclose(filled[VALUE].to_numpy()[:7], expected[:7])
    assert filled[VALUE][7] is None
    # By hand: slopes 0.5, 7/6, -4 change sign at the knot (10, 10), so the curve is flat there
    # and never passes it.
    assert max(filled[VALUE][3:5].to_list()) < 10.0


def test_a_curve_through_two_known_values_is_the_straight_line():
    checkins = table(value=[0.0, None, None, 6.0], hours=[0, 1, 2, 3])
    filled, _ = run(checkins, MissingValue(enabled=True, way="spline", within="user"))
    np.testing.assert_allclose(filled[VALUE], [0, 2, 4, 6])


def test_known_values_at_the_same_time_count_once():
    checkins = table(value=[0.0, 2.0, None, 5.0], hours=[0, 0, 1, 2])
    for way, expected in (("linear", 3.5), ("spline", 3.0)):
        filled, _ = run(checkins, MissingValue(enabled=True, way=way, within="all"))
        assert filled[VALUE][2] == pytest.approx(expected)


def test_too_long_a_gap_is_not_bridged():
    checkins = table(value=[0.0, None, 10.0, None], hours=[0, 1, 10, 19])
    for way, expected in (("linear", [0, 1, 10, None]), ("nearest", [0, 0, 10, 10])):
        wide = MissingValue(enabled=True, way=way, within="user", max_gap_hours=10)
        assert run(checkins, wide)[0][VALUE].to_list() == pytest.approx(expected)
    narrow = MissingValue(enabled=True, way="linear", within="user", max_gap_hours=9)
    assert run(checkins, narrow)[0][VALUE].to_list() == [0, None, 10, None]
    near = MissingValue(enabled=True, way="nearest", within="user", max_gap_hours=5)
    assert run(checkins, near)[0][VALUE].to_list() == [0, 0, 10, None]


def test_deletion_keeps_what_is_known():
    filled, report = run(table(value=VALUES), MissingValue(enabled=True, way="delete"))
    assert filled[VALUE].to_list() == [1.0, 3.0, 10.0, 2.0]
    assert report.steps[0].sentence == "4 check-ins removed (50 %)."


def test_not_a_number_is_missing():
    filled, report = run(
        table(value=[1.0, float("nan")]), MissingValue(enabled=True, way="mean", within="all")
    )
    assert filled[VALUE].to_list() == [1.0, 1.0] and report.changed == 1


def test_a_table_without_the_column_is_told_so():
    filled, report = run(table(item_id=["x"]), MissingValue(enabled=True))
    assert filled.height == 1
    assert "no value column" in report.steps[0].sentence


# ---------------------------------------------------------------- category


def test_the_category_of_the_item_or_the_nearest():
    checkins = table(
        item_id=["x", "x", "x", "x", "y"], category=["Bar", "Café", "Café", None, None]
    )
    filled, report = run(checkins, MissingCategory(enabled=True))
    assert filled[CATEGORY].to_list() == ["Bar", "Café", "Café", "Café", None]
    assert "1 category stays missing" in report.steps[0].sentence
    near, _ = run(checkins, MissingCategory(enabled=True, way="nearest", within="user"))
    assert near[CATEGORY].to_list() == ["Bar", "Café", "Café", "Café", "Café"]
    gone, _ = run(checkins, MissingCategory(enabled=True, way="delete"))
    assert gone.height == 3


# ---------------------------------------------------------------- place


def places(item, lat, lon, **more) -> pl.DataFrame:
    return table(item_id=item, lat=lat, lon=lon, **more)


def test_an_item_with_a_place_of_its_own_gives_it():
    # x stays within 100 m (but for one wild reading in ten), y is sold everywhere.
    checkins = places(
        ["x"] * 11 + ["y"] * 3,
        [40.0] * 9 + [55.0, None, 10.0, 20.0, None],
        [-74.0] * 9 + [9.0, None, 10.0, 20.0, None],
    )
    filled, report = run(checkins, MissingPlace(enabled=True))
    assert (filled[LAT][10], filled[LON][10]) == (40.0, -74.0)
    assert filled[LAT][13] is None
    assert report.steps[0].sentence == (
        "1 value changed. 1 from the item's own place. "
        "1 place stays missing: nothing known to fill from."
    )


def test_places_along_the_trajectory_against_scipy():
    hours = [0, 1, 3, 4, 8]
    lat, lon = [40.0, None, 41.0, None, 40.5], [-74.0, None, -73.0, None, -75.0]
    known = [0, 2, 4]
    checkins = places([f"i{n}" for n in range(5)], lat, lon, hours=hours)
    spline, _ = run(checkins, MissingPlace(enabled=True, way="spline"))
    linear, _ = run(checkins, MissingPlace(enabled=True, way="linear"))
    at = np.array(hours, dtype=float)
    for name, values in ((LAT, lat), (LON, lon)):
        y = [values[k] for k in known]
        np.testing.assert_allclose(spline[name], PchipInterpolator(at[known], y)(at))
        np.testing.assert_allclose(linear[name], np.interp(at, at[known], y))


def test_typical_places_are_the_users_own():
    checkins = places(
        list("vwxyz"), [40.0, 40.0, 43.0, None, None], [10.0, 10.0, 13.0, None, None],
        user_id=["a", "a", "a", "a", "b"],
    )  # fmt: skip
    for way, lat, lon in (("mean", 41.0, 11.0), ("median", 40.0, 10.0), ("mode", 40.0, 10.0)):
        filled, _ = run(checkins, MissingPlace(enabled=True, way=way))
        assert (filled[LAT][3], filled[LON][3]) == (lat, lon)
        # Nobody knows where b ever was.
        assert filled[LAT][4] is None
    near, _ = run(checkins, MissingPlace(enabled=True, way="nearest"))
    assert near[LAT].to_list() == [40.0, 40.0, 43.0, 43.0, None]
    gone, _ = run(checkins, MissingPlace(enabled=True, way="delete"))
    assert gone.height == 3


def test_the_date_line_is_crossed_the_short_way():
    checkins = places(list("xyz"), [0.0, None, 0.0], [179.0, None, -179.0])
    for way in ("linear", "spline", "mean"):
        filled, _ = run(checkins, MissingPlace(enabled=True, way=way))
        assert abs(filled[LON][1]) == 180.0
        assert (filled[LON][0], filled[LON][2]) == (179.0, -179.0)


def test_item_first_can_be_switched_off():
    checkins = places(list("xyx"), [40.0, 41.0, None], [10.0, 10.0, None])
    first, _ = run(checkins, MissingPlace(enabled=True, way="nearest"))
    along, _ = run(checkins, MissingPlace(enabled=True, way="nearest", item_first=False))
    assert (first[LAT][2], along[LAT][2]) == (40.0, 41.0)


WAYS = ["item", "delete", "mean", "median", "mode", "nearest", "linear", "spline"]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from("xy"),
            st.integers(0, 60),
            st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
        ),
        min_size=1,
        max_size=25,
    )
)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_known_is_never_changed_and_what_is_filled_is_on_earth(way, rows):
    checkins = places(
        [item for _, item, _, _ in rows],
        [place[0] if place else None for *_, place in rows],
        [place[1] if place else None for *_, place in rows],
        hours=[hour for _, _, hour, _ in rows],
        user_id=[user for user, *_ in rows],
        text=[f"row {number:02}" for number in range(len(rows))],
    )
    before = clean(checkins, Recipe(()))[0].sort(TEXT)
    after, report = run(checkins, MissingPlace(enabled=True, way=way))
    after = after.sort(TEXT)
    known = before.filter(pl.col(LAT).is_not_null())
    if way == "delete":
        assert after.height >= known.height
        assert after[LAT].null_count() == 0
        return
    assert after.filter(before[LAT].is_not_null()).equals(known)
    assert (after[LAT].is_null() == after[LON].is_null()).all()
    assert after[LAT].drop_nulls().abs().le(90 + 1e-9).all()
    assert after[LON].drop_nulls().abs().le(180 + 1e-9).all()
    assert report.changed == before[LAT].null_count() - after[LAT].null_count()
