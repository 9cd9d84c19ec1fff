"""Coordinates as people write them, and which way round they are."""

import polars as pl
import pytest

from strec.io.places import degrees, detect_order, pair


@pytest.mark.parametrize(
    "text, degree",
    [("40.7", 40.7), ("40,7", 40.7), ("-74", -74), ("40.7° N", 40.7), ("74.006 W", -74.006),
     ("S 33.9", -33.9), ("40°45'36\"N", 40.76), ("4.07e1", 40.7)],
)  # fmt: skip
def test_degrees_as_people_write_them(text, degree):
    assert degrees(pl.Series([text]))[0][0] == pytest.approx(degree, abs=1e-9)


def test_what_is_no_degree():
    assert degrees(pl.Series(["north", "12:30", "1.2.3", "", "NA"]))[0].null_count() == 5


@pytest.mark.parametrize("text", ["40.5, -74.25", "(40.5 -74.25)", "POINT (-74.25 40.5)",
                                  "40,5; -74,25", "40.5|-74.25"])  # fmt: skip
def test_two_coordinates_in_one_cell(text):
    lat, lon = pair(pl.Series([text]))
    assert (lat[0], lon[0]) == (40.5, -74.25)


def test_order_of_coordinates():
    paris = pl.Series([48.85, 48.86]), pl.Series([2.35, 2.34])
    assert detect_order(*paris).order == "lat_lon"
    assert detect_order(paris[1], paris[0]).order is None
    assert detect_order(pl.Series([5e6]), pl.Series([4e5])).projected
    # Spots of bad data do not make a swap.
    assert detect_order(pl.Series([48.85] * 30 + [95.0]), pl.Series([2.35] * 31)).order == "lat_lon"
