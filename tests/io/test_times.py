"""Times: every notation against the standard library."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.errors import MappingError
from strec.io.times import STATED, WALL, detect_time, parse_time
from strec.io.zones import UTC as UTC_COLUMN
from strec.io.zones import resolve

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
