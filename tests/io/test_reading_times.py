"""Times: every notation against the standard library, zones against zoneinfo."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.errors import MappingError
from strec.io.times import STATED, WALL, detect_time, parse_time
from strec.io.zones import OFFSET, check_zone, localise, offset_at, resolve, zone_near, zones_of
from strec.io.zones import UTC as UTC_COLUMN

moments = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)
#: Notation of each named format, as strftime patterns.
NOTATIONS = {
    "iso": ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S",
            "%Y%m%dT%H%M%S", "%Y-%m-%d %H:%M:%S.000", "%Y.%m.%d, %H:%M:%S",
            "%Y-%m-%d %I:%M:%S %p", "%Y/%m/%d %I:%M:%S%p"],
    "day_first": ["%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d-%m-%Y, %H:%M:%S"],
    "month_first": ["%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p"],
    "%d %b %Y %H:%M:%S": ["%d %b %Y %H:%M:%S"],
    "%b %d, %Y %I:%M:%S %p": ["%b %d, %Y %I:%M:%S %p"],
}  # fmt: skip
CASES = [(name, pattern) for name, patterns in NOTATIONS.items() for pattern in patterns]


@pytest.mark.parametrize("time_format, pattern", CASES)
@given(wanted=st.lists(moments, min_size=1, max_size=5))
@settings(max_examples=20, deadline=None)
def test_a_written_time_is_read_back(time_format, pattern, wanted):
    text = pl.Series([moment.strftime(pattern) for moment in wanted])
    read = parse_time(text, time_format)
    assert read[WALL].to_list() == wanted and read[STATED].null_count() == len(wanted)


@pytest.mark.parametrize("time_format, pattern", CASES)
def test_a_notation_is_recognised(time_format, pattern):
    some = [datetime(2024, 1, 25, 13, 5, 6) + timedelta(days=i, hours=i) for i in range(40)]
    guess = detect_time(pl.Series([moment.strftime(pattern) for moment in some]))
    assert (guess.time_format, guess.share) == (time_format, 1.0)
    assert not guess.is_instant


@given(moment=moments, minutes=st.integers(-14 * 4, 14 * 4).map(lambda n: n * 15))
@settings(max_examples=50, deadline=None)
def test_offsets_in_the_text(moment, minutes):
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    ends = [f"{sign}{size // 60:02d}:{size % 60:02d}", f"{sign}{size // 60:02d}{size % 60:02d}"]
    text = pl.Series([moment.isoformat() + end for end in ends])
    read = parse_time(text, "iso")
    assert read.rows() == [(moment, minutes)] * 2
    utc = resolve(read, None, "UTC", "local")[0][UTC_COLUMN][0]
    expected = datetime.fromisoformat(moment.isoformat() + ends[0]).astimezone(UTC)
    assert utc == expected.replace(tzinfo=None)


@given(moment=moments)
@settings(max_examples=30, deadline=None)
def test_unix_times_in_every_unit_and_twitter(moment):
    seconds = int(moment.replace(tzinfo=UTC).timestamp())
    for unit, factor in (("unix_s", 1), ("unix_ms", 10**3), ("unix_us", 10**6)):
        for values in (pl.Series([str(seconds * factor)]), pl.Series([seconds * factor])):
            assert parse_time(values, unit).row(0) == (moment, 0)
    written = pl.Series([moment.strftime("%a %b %d %H:%M:%S +0000 %Y")])
    assert parse_time(written, "twitter").row(0) == (moment, 0)
    assert detect_time(written).time_format == "twitter"


@pytest.mark.parametrize("unit, digits", [("unix_s", 0), ("unix_ms", 3), ("unix_us", 6)])
def test_the_unit_of_unix_times_is_told_by_size(unit, digits):
    values = [str((1_340_000_000 + i * 86_400) * 10**digits) for i in range(20)]
    # One camera clock is a century off; the rest decide.
    assert detect_time(pl.Series([*values, "-2000000000"])).time_format == unit


def test_only_a_number_above_12_tells_day_from_month():
    assert detect_time(pl.Series(["01/02/2024", "05/06/2024"])).ambiguous
    assert detect_time(pl.Series(["01/02/2024", "05/13/2024"])).time_format == "month_first"
    assert detect_time(pl.Series(["01/02/2024", "13/05/2024"])).time_format == "day_first"
    both = detect_time(pl.Series(["13/02/2024", "14/02/2024", "05/13/2024"]))
    assert both.time_format == "day_first" and "other way" in both.note


def test_what_is_no_time():
    for values in (["a", "b"], ["1", "2"], ["12", "300"], ["yesterday"], [], [None]):
        assert detect_time(pl.Series(values, dtype=pl.String)).share < 0.5
    texts = ["2024-02-30", "2024-13-01", "24:00", "x", "2024-01-01 25:00:00", None]
    assert parse_time(pl.Series(texts), "iso")[WALL].null_count() == len(texts)
    assert parse_time(pl.Series(["31/02/2024"]), "day_first")[WALL][0] is None


def test_midnight_and_noon_in_twelve_hours():
    texts = pl.Series(["1/2/24 12:00 AM", "1/2/24 12:30 pm", "1/2/1999 1:05 p.m."])
    assert parse_time(texts, "month_first")[WALL].to_list() == [
        datetime(2024, 1, 2, 0, 0),
        datetime(2024, 1, 2, 12, 30),
        datetime(1999, 1, 2, 13, 5),
    ]
    texts = pl.Series(["2024-05-01 12:00 AM", "2024-05-01 8:05 p.m.", "2024-05-01 20:05"])
    assert parse_time(texts, "iso")[WALL].to_list() == [
        datetime(2024, 5, 1, 0, 0),
        datetime(2024, 5, 1, 20, 5),
        datetime(2024, 5, 1, 20, 5),
    ]


def test_excel_days_count_from_1900():
    assert detect_time(pl.Series(["41002.75", "41003.5"])).time_format == "excel_days"
    assert parse_time(pl.Series(["41002.75"]), "excel_days")[WALL][0] == datetime(2012, 4, 3, 18)


def test_typed_columns_keep_their_zone():
    zoned = pl.Series([datetime(2024, 7, 1, 12)]).dt.replace_time_zone("Europe/Berlin")
    assert parse_time(zoned, "iso").row(0) == (datetime(2024, 7, 1, 12), 120)
    assert detect_time(zoned).states_offset
    assert not detect_time(zoned.dt.convert_time_zone("UTC")).states_offset
    days = pl.Series([datetime(2024, 7, 1).date()])
    assert parse_time(days, "iso").row(0) == (datetime(2024, 7, 1), None)


def test_a_pattern_that_is_none_says_so():
    for pattern in ("%H:%M", "unix", "dd/mm/yyyy"):
        with pytest.raises(MappingError, match="strptime"):
            parse_time(pl.Series(["2024"]), pattern)


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
