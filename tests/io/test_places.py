"""Coordinates as people and programs write them, what they are, and which way round."""

from datetime import datetime, timedelta

import h3
import numpy as np
import polars as pl
import pyproj
import pytest
import shapely

from strec.errors import MappingError
from strec.io import Mapping, inspect, read
from strec.io.places import degrees, detect_order, is_pair, pair

LAT = [40.712776 + i * 0.003217 for i in range(20)]
LON = [-74.005974 + i * 0.004123 for i in range(20)]


@pytest.mark.parametrize(
    "text, degree",
    [("40.7", 40.7), ("40,7", 40.7), ("-74", -74), ("40.7° N", 40.7), ("74.006 W", -74.006),
     ("S 33.9", -33.9), ("40°45'36\"N", 40.76), ("4.07e1", 40.7), ("\u221274.5", -74.5),
     ("74.5-", -74.5), ("+40.7", 40.7), ("40.7°", 40.7), ("40º 45′ 36″ N", 40.76),
     ("40 45 36 S", -40.76), ("40:45:36", 40.76), ("40d45m36s", 40.76), ("40° 45.6' N", 40.76),
     ("-0°30'", -0.5), ("'40.7'", 40.7), ("\u00a040.7", 40.7), ("40.748.817", 40748817)],
)  # fmt: skip
def test_degrees_as_people_write_them(text, degree):
    assert degrees(pl.Series([text]))[0][0] == pytest.approx(degree, abs=1e-9)


@pytest.mark.parametrize(
    "text", ["north", "12:75", "1.2.3", "", "NA", "40°61'", "13.4 O", "40.5°30'"]
)
def test_what_is_no_degree(text):
    assert degrees(pl.Series([text]))[0][0] is None


def test_o_is_east_beside_w_and_west_beside_e():
    assert degrees(pl.Series(["13.4 O", "2.1 W"]))[0].to_list() == [13.4, -2.1]
    assert degrees(pl.Series(["3.7 O", "2.1 E"]))[0].to_list() == [-3.7, 2.1]


POINT = shapely.Point(-74.25, 40.5)
PAIRS = ["40.5, -74.25", "(40.5 -74.25)", "POINT (-74.25 40.5)", "40,5; -74,25", "40.5|-74.25",
         "40.5°, -74.25°", "geo:40.5,-74.25;u=35", "geo:40.5,-74.25?z=11", "[40.5, -74.25]",
         "SRID=4326;POINT(-74.25 40.5)", "POINT Z (-74.25 40.5 12.3)", "40°30'N 74°15'W",
         "N40.5 W74.25", "40.5N, 74.25W", "lat: 40.5, lon: -74.25", "40.5 / \u221274.25",
         '{"type": "Point", "coordinates": [-74.25, 40.5]}',
         POINT.wkb_hex, shapely.to_wkb(POINT, hex=True, byte_order=0),
         shapely.to_wkb(shapely.set_srid(POINT, 4326), hex=True, include_srid=True)]  # fmt: skip


@pytest.mark.parametrize("text", PAIRS)
def test_two_coordinates_in_one_cell(text):
    assert is_pair(pl.Series([text]))
    lat, lon = pair(pl.Series([text, None]))
    assert (lat[0], lon[0], lat[1]) == (40.5, -74.25, None)


def test_codes_are_read_at_their_middle():
    cell = h3.latlng_to_cell(40.5, -74.25, 9)
    for values in ([cell], [str(h3.str_to_int(cell))], [h3.str_to_int(cell)], [cell.upper()]):
        assert is_pair(pl.Series(values))
        assert pair(pl.Series(values))[0][0] == pytest.approx(h3.cell_to_latlng(cell)[0])
    # The example of the geohash's inventor: ezs42 is around 42.605, -5.603.
    lat, lon = pair(pl.Series(["ezs42"]))
    assert (lat[0], lon[0]) == pytest.approx((42.605, -5.603), abs=0.001)
    assert is_pair(pl.Series("geohash", ["ezs42"])) and not is_pair(pl.Series("code", ["ezs42"]))
    assert is_pair(pl.Series([shapely.Point(1.5, 2.5).wkb]))
    for other in (["u1, p2"], ["12.50"], ["3,5"], ["a1b2c3"], ["between 2 and 3"], [123456]):
        assert not is_pair(pl.Series(other))


def test_order_of_coordinates():
    paris = pl.Series([48.85, 48.86]), pl.Series([2.35, 2.34])
    assert detect_order(*paris).order == "lat_lon"
    assert detect_order(paris[1], paris[0]).order is None
    # Spots of bad data do not make a swap.
    assert detect_order(pl.Series([48.85] * 30 + [95.0]), pl.Series([2.35] * 31)).order == "lat_lon"


def file_of(folder, columns):
    start = datetime(2023, 1, 3, 9)
    rows = {"user": [f"u{i % 5}" for i in range(20)], "item": [f"p{i % 4}" for i in range(20)],
            "time": [f"{start + timedelta(hours=i)}" for i in range(20)]}  # fmt: skip
    path = folder / "visits.csv"
    pl.DataFrame(rows | columns).write_csv(path)
    return path


def in_minutes(value):
    return f"{int(value) * 100 + np.sign(value) * (abs(value) % 1) * 60:.6f}"


def in_seconds(value):
    size = round(abs(value) * 3600)
    return f"{int(np.sign(value)) * (size // 3600 * 10000 + size // 60 % 60 * 100 + size % 60)}"


def in_thousands(value):
    return f"{round(value * 10**6):,}".replace(",", ".")


#: What is in the file, and within how many degrees the places must be right.
FORMS = {
    "e5": (lambda v: f"{round(v * 1e5)}", 1e-5),
    "e6": (lambda v: f"{round(v * 1e6)}", 1e-6),
    "e7": (lambda v: f"{round(v * 1e7)}", 1e-6),
    "nmea": (in_minutes, 1e-6),
    "ddmmss": (in_seconds, 3e-4),
    "radians": (lambda v: f"{np.radians(v):.9f}", 1e-6),
    "thousands": (in_thousands, 1e-6),
    "lon_360": (lambda v: f"{v % 360:.6f}", 1e-6),
}


@pytest.mark.parametrize("form", FORMS)
def test_numbers_that_are_no_degrees_are_read_or_asked_about_and_said(form, tmp_path):
    write, near = FORMS[form]
    path = file_of(tmp_path, {"lat": [*map(write, LAT)], "lon": [*map(write, LON)]})
    look, mapping = inspect(path), None
    for asked in (each for each in look.questions if each.key == "places"):
        # Whole numbers may be metres as well: then one of the answers is right.
        option = next(each for each in asked.options if form in each.changes.values())
        mapping = look.mapping.replace(**option.changes, time_zone=None)
    result = read(path, mapping)
    assert result.checkins["lat"].to_list() == pytest.approx(LAT, abs=near)
    assert result.checkins["lon"].to_list() == pytest.approx(LON, abs=near)
    assert result.mapping.time_zone == "America/New_York"
    assert any("places are read as" in note for note in result.notes)
    assert read(path, result.mapping).checkins.equals(result.checkins)


@pytest.mark.parametrize("is_swapped", [False, True])
def test_metres_of_a_projection_are_asked_about_and_read(tmp_path, is_swapped):
    to_metres = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:27700", always_xy=True)
    lat, lon = np.linspace(51.4, 51.6, 20), np.linspace(-0.2, 0.1, 20)
    x, y = to_metres.transform(lon, lat)
    path = file_of(tmp_path, {"x": y if is_swapped else x, "y": x if is_swapped else y})
    question = next(
        each for each in inspect(path, mapping=MAPPED).questions if each.key == "places"
    )
    assert question.must_be_answered
    order = "lon_lat" if is_swapped else "lat_lon"
    wanted = {"crs": "EPSG:27700", "coordinate_order": order}
    option = next(each for each in question.options if each.changes == wanted)
    result = read(path, MAPPED.replace(**option.changes))
    assert result.checkins["lat"].to_list() == pytest.approx(lat.tolist(), abs=1e-5)
    assert result.checkins["lon"].to_list() == pytest.approx(lon.tolist(), abs=1e-5)
    with pytest.raises(MappingError, match="EPSG"):
        read(path, MAPPED.replace(crs="EPSG:99"))


MAPPED = Mapping(user_id="user", item_id="item", timestamp="time", lat="y", lon="x")


def test_sides_in_columns_of_their_own(tmp_path):
    columns = {
        "latitude": LAT,
        "N/S": ["N"] * 20,
        "longitude": [-v for v in LON],
        "E/W": ["W"] * 20,
    }
    result = read(file_of(tmp_path, columns))
    assert result.checkins["lon"].to_list() == pytest.approx(LON)
    assert result.mapping.time_zone == "America/New_York"
    assert any("put together" in note for note in result.notes)


def test_what_is_named_like_a_place_and_not_understood_is_asked_about(tmp_path):
    look = inspect(file_of(tmp_path, {"lat": ["here"] * 20, "lon": ["there"] * 20}))
    question = next(each for each in look.questions if each.key == "places")
    assert "'lat' (here)" in question.text and not question.must_be_answered


def test_places_far_from_the_stated_offset_are_said(tmp_path):
    columns = {"lat": LAT, "lon": [-v for v in LON]}
    path = file_of(tmp_path, columns)
    text = path.read_text().replace(":00,", ":00-05:00,")
    path.write_text(text)
    assert any("state UTC-5, but the places lie in Asia/Bishkek" in n for n in read(path).notes)
