"""Local times and the zones of places, against zoneinfo."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.errors import MappingError
from strec.io.times import STATED, WALL, parse_time
from strec.io.zones import (
    OFFSET,
    check_zone,
    localise,
    offset_at,
    resolve,
    zone_near,
    zone_of_writing,
    zones_of,
)
from strec.io.zones import UTC as UTC_COLUMN

moments = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)


def test_letters_tell_a_zone():
    shop = pl.Series(["Кафе 1", "Bar", "Кафе 2"])
    assert zone_of_writing(["who", "what"], [shop]) == "Europe/Moscow"
    assert zone_of_writing(["注文", "ユーザー"], []) == "Asia/Tokyo"  # Kana among Chinese signs
    rare = pl.Series(["Café"] * 30 + ["Łódź"])
    assert zone_of_writing(["who", "what"], [rare, pl.Series(["ann", "bob"])]) is None


ZONES = ["America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Tokyo"]


@pytest.mark.parametrize("zone", ZONES)
@given(wall=st.lists(moments, min_size=1, max_size=8))
@settings(max_examples=30, deadline=None)
def test_local_times_against_zoneinfo(zone, wall):
    read, _ = localise(pl.Series(wall, dtype=pl.Datetime("us")), zone)
    # fold=0: the first of two, and the offset before the change where the hour is skipped.
    aware = [moment.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC) for moment in wall]
    assert read[UTC_COLUMN].to_list() == [moment.replace(tzinfo=None) for moment in aware]
    expected = [m.astimezone(ZoneInfo(zone)).utcoffset().total_seconds() / 60 for m in aware]
    assert read[OFFSET].to_list() == expected


@pytest.mark.parametrize("zone", ZONES)
def test_every_half_hour_around_the_changes_of_2024_against_zoneinfo(zone):
    wall = pl.datetime_range(
        datetime(2024, 1, 1), datetime(2025, 1, 1), "30m", time_unit="us", eager=True
    )
    read, counts = localise(wall, zone)
    info = ZoneInfo(zone)
    expected = [m.replace(tzinfo=info).astimezone(UTC).replace(tzinfo=None) for m in wall]
    assert read[UTC_COLUMN].to_list() == expected
    folds = sum(m.replace(tzinfo=info).utcoffset() != m.replace(tzinfo=info, fold=1).utcoffset()
                for m in wall)  # fmt: skip
    assert counts.skipped + counts.double == folds


def test_a_day_that_an_island_skipped():
    # Samoa had no 30 December 2011.
    read, counts = localise(pl.Series([datetime(2011, 12, 30, 12)]), "Pacific/Apia")
    expected = datetime(2011, 12, 30, 12, tzinfo=ZoneInfo("Pacific/Apia")).astimezone(UTC)
    assert read[UTC_COLUMN][0] == expected.replace(tzinfo=None) and counts.skipped == 1


def test_what_decides_utc_and_offset():
    wall = datetime(2024, 7, 1, 12)

    def one(stated, offset, zone, time_is):
        parsed = pl.DataFrame(
            {WALL: [wall], STATED: [stated]}, schema_overrides={STATED: pl.Int16}
        ).with_columns(pl.col(WALL).cast(pl.Datetime("us")))
        offsets = None if offset == "none" else pl.Series([offset], dtype=pl.Int16)
        row = resolve(parsed, offsets, zone, time_is)[0].row(0)
        return row[0].hour + 24 * (row[0].day - 1), row[1]

    berlin = "Europe/Berlin"
    assert one(None, -240, berlin, "utc") == (12, -240)  # Foursquare: UTC, offset beside it
    assert one(None, -240, berlin, "local") == (16, -240)  # local, offset beside it
    assert one(120, "none", "UTC", "local") == (10, 120)  # the text states the local offset
    assert one(0, "none", berlin, "local") == (12, 120)  # "Z": an instant; the zone gives the hour
    assert one(None, "none", berlin, "utc") == (12, 120)
    assert one(None, "none", berlin, "local") == (10, 120)
    assert one(None, None, berlin, "local") == (10, 120)  # the offset is missing in this row


def test_zones_of_places():
    lat, lon = pl.Series([40.7, 48.85, None, 95.0]), pl.Series([-74.0, 2.35, 1.0, 0.0])
    assert zones_of(lat, lon).to_list() == ["America/New_York", "Europe/Paris", None, None]
    assert zone_near(pl.Series([35.6, 35.7, 0.0]), pl.Series([139.7, 139.8, 0.0])) == "Asia/Tokyo"
    assert (
        zone_near(pl.Series([None], dtype=pl.Float64), pl.Series([None], dtype=pl.Float64)) is None
    )


def test_each_row_in_the_zone_of_its_place():
    parsed = parse_time(pl.Series(["2024-07-01 12:00:00"] * 3), "iso")
    zones = pl.Series(["America/New_York", "Asia/Tokyo", None])
    read, _ = resolve(parsed, None, zones, "local")
    assert read[OFFSET].to_list() == [-240, 540, 0]
    assert [stamp.hour for stamp in read[UTC_COLUMN]] == [16, 3, 12]


def test_an_unknown_zone_suggests_a_known_one():
    with pytest.raises(MappingError, match="Europe/Berlin"):
        check_zone("berlin")
    assert offset_at(pl.Series([datetime(2024, 1, 1)]), "UTC").to_list() == [0]


def test_the_order_of_rows_tells_the_two_hours_of_a_clock_set_back():
    # New York, 5 November 2023: 01:00 to 01:59 came twice.
    clocks = ["00:50", "01:00", "01:40", "01:00", "01:40", "02:10"]
    wall = pl.Series([datetime.fromisoformat(f"2023-11-05 {clock}") for clock in clocks])
    who = pl.Series(["a"] * 6)
    for step in (1, -1):
        read, counts = localise(wall[::step], "America/New_York", who)
        minutes = [
            (each - datetime(2023, 11, 5)).seconds // 60 for each in read[UTC_COLUMN][::step]
        ]
        assert minutes == [290, 300, 340, 360, 400, 430] and counts.double == 4
    # Rows in no order tell nothing: the first of the two is taken.
    jumbled = pl.concat([wall, wall.dt.offset_by("9d"), wall.dt.offset_by("2d")])
    read, _ = localise(jumbled, "America/New_York", pl.Series(["a"] * 18))
    assert read[OFFSET][3:5].to_list() == [-240, -240]


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Amsterdam", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
def test_offsets_of_many_moments_are_those_of_each_alone(zone):
    # Amsterdam was 19 minutes and 32 seconds ahead until 1937: clocks changed at any second.
    begin = datetime(1937, 6, 30, 23)
    seconds = np.random.default_rng(0).integers(0, 9_000, 300).tolist()
    moments = pl.Series([None, *(begin + timedelta(seconds=each) for each in seconds)])
    local = moments.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    alone = (local.dt.base_utc_offset() + local.dt.dst_offset()).dt.total_minutes().to_list()
    assert offset_at(moments, zone).to_list() == alone
    assert offset_at(moments.cast(pl.Datetime("ms")), zone).to_list() == alone
