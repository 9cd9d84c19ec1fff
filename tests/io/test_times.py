"""Times: every notation against the standard library."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from babel.dates import format_date
from hypothesis import given, settings
from hypothesis import strategies as st

from strec.errors import MappingError
from strec.io.times import STATED, WALL, applied, detect_time, parse_time
from strec.io.zones import UTC as UTC_COLUMN
from strec.io.zones import resolve

moments = st.datetimes(datetime(1990, 1, 1), datetime(2059, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)
#: Notation of each named format, as strftime patterns.
NOTATIONS = {
    "iso": ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S",
            "%Y%m%dT%H%M%S", "%Y-%m-%d %H:%M:%S.000", "%Y.%m.%d, %H:%M:%S",
            "%Y-%m-%d %I:%M:%S %p", "%Y/%m/%d %I:%M:%S%p", "'%Y-%m-%d %H:%M:%S'",
            "%Y-%jT%H:%M:%S", "%G-W%V-%uT%H:%M:%S", "%GW%V%uT%H%M%S", "%Y-%m-%d-%H.%M.%S.000000",
            "%Y%m%d %H%M%S", "%Y-%m-%d_%H-%M-%S", "%Y:%m:%d %H:%M:%S", "%Y年%m月%d日 %H时%M分%S秒",
            "%Y年%m月%d日 %H時%M分%S秒", "%Y년 %m월 %d일 %H시 %M분 %S초", "%Y. %m. %d. %H:%M:%S"],
    "day_first": ["%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d-%m-%Y, %H:%M:%S",
                  "%d.%m.%Y %H.%M.%S", "%d.%m.%Y %H:%M:%S Uhr", "%d/%m/%y %Hh%Mm%Ss",
                  "%d/%m/%Y %I:%M:%S %p"],
    "month_first": ["%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p"],
    "year_first": ["%y%m%d %H%M%S", "%y/%m/%d %H:%M:%S", "%y%m%d%H%M%S"],
    "written": ["%d %b %Y %H:%M:%S", "%b %d, %Y %I:%M:%S %p", "%A, %d %B %Y %H.%M.%S",
                "%d-%b-%y %I.%M.%S.000000 %p", "%d%b%Y:%H:%M:%S", "%a %b %d %H:%M:%S %Y",
                "%b %d %Y %I:%M:%S:000%p", "%I:%M:%S %p · %b %d, %Y", "%Y-%b-%d %H:%M:%S"],
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


@pytest.mark.slow
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
    assert detect_time(pl.Series(["01/02/2024", "05/06/2024"])).options == (
        "day_first",
        "month_first",
    )
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


def test_excel_days_are_rounded_to_the_second_that_they_mean():
    hours = [datetime(2023, 3, 15) + timedelta(hours=i) for i in range(48)]
    days = [(hour - datetime(1899, 12, 30)) / timedelta(days=1) for hour in hours]
    for written in (
        [f"{day:.10f}" for day in days],
        [f"{day:.6f}".replace(".", ",") for day in days],
    ):
        values = pl.Series(written)
        assert detect_time(values).time_format == "excel_days" and not detect_time(values).note
        assert parse_time(values, "excel_days")[WALL].to_list() == hours
    assert "9 seconds" in detect_time(pl.Series([f"{day:.4f}" for day in days])).note


#: The same moment, 2023-01-03 14:27:34 UTC, as programs count it.
COUNTS = {"unix_s": 1672756054, "unix_ms": 1672756054000, "unix_us": 1672756054000000,
          "unix_ns": 1672756054 * 10**9, "webkit_us": 13317229654000000,
          "filetime": 133172296540000000, "dotnet_ticks": 638083528540000000,
          "excel_days": 44929.602476851855, "julian_days": 2459948.1024768518}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_numbers_count_from_many_days(name):
    values = pl.Series([str(COUNTS[name])] * 5)
    assert detect_time(values).time_format == name
    assert parse_time(values, name)[WALL][0] == datetime(2023, 1, 3, 14, 27, 34)


def test_numbers_that_count_from_1970_or_2001_are_asked_about():
    guess = detect_time(pl.Series(["694448854", "694448999"]))
    assert guess.time_format is None and set(guess.options) == {"unix_s", "apple_s"}
    read = parse_time(pl.Series(["694448854"]), "apple_s")
    assert read[WALL][0] == datetime(2023, 1, 3, 14, 27, 34)


def test_seconds_and_milliseconds_mixed_and_digits_lost():
    values = pl.Series(["1672756054000", "1672756054", "1672756055", "1672756056000"])
    assert detect_time(values).time_format == "unix" and "mixed" in detect_time(values).note
    wanted = [datetime(2023, 1, 3, 14, 27, 34 + i) for i in (0, 0, 1, 2)]
    assert parse_time(values, "unix")[WALL].to_list() == wanted
    both_sides_of_a_digit = pl.Series([str(999999000 + 500 * i) for i in range(10)])
    assert detect_time(both_sides_of_a_digit).time_format == "unix_s"
    assert "10,000 seconds" in detect_time(pl.Series(["1.67276E+09", "1.67277E+09"])).note


def test_how_plausible_numbers_are_as_times():
    seconds = [str(1672756054 + 997 * i) for i in range(50)]
    phones = [str(2125550000 + 7919 * i) for i in range(50)]
    assert detect_time(pl.Series(seconds)).plausible > 0.85
    assert detect_time(pl.Series(phones)).plausible < 0.3


def test_typed_columns_keep_their_zone():
    zoned = pl.Series([datetime(2024, 7, 1, 12)]).dt.replace_time_zone("Europe/Berlin")
    assert parse_time(zoned, "iso").row(0) == (datetime(2024, 7, 1, 12), 120)
    assert detect_time(zoned).states_offset
    assert not detect_time(zoned.dt.convert_time_zone("UTC")).states_offset
    days = pl.Series([datetime(2024, 7, 1).date()])
    assert parse_time(days, "iso").row(0) == (datetime(2024, 7, 1), None)


def test_a_pattern_that_is_none_says_so():
    for pattern in ("%H:%M", "epoch", "dd/mm"):
        with pytest.raises(MappingError, match="strptime"):
            parse_time(pl.Series(["2024"]), pattern)


#: What is written, the clock that is meant, and the offset that is stated.
FORMS = [
    ("3 janvier 2023 09:27", (9, 27, 0), None),
    ("mar. 3 janv. 2023 à 09h27", (9, 27, 0), None),
    ("martes, 3 de enero de 2023, 9:27:34 p. m.", (21, 27, 34), None),
    ("3 января 2023 г., 9:27", (9, 27, 0), None),
    ("Вторник, 3 янв. 2023 г. в 09:27:34", (9, 27, 34), None),
    ("Dienstag, 3. Januar 2023 um 09:27 Uhr", (9, 27, 0), None),
    ("3. JAN. 2023 9 Uhr", (9, 0, 0), None),
    ("terça-feira, 3 de janeiro de 2023 às 09:27", (9, 27, 0), None),
    ("martedì 3 gennaio 2023 alle ore 9:27", (9, 27, 0), None),
    ("3-ene.-2023 9:27", (9, 27, 0), None),
    ("2023年1月3日星期二下午9时27分34秒", (21, 27, 34), None),
    ("2023/1/3 中午 12:05", (12, 5, 0), None),
    ("2023/1/3 晚上 9:05", (21, 5, 0), None),
    ("2023年1月3日(火) 午後9時27分", (21, 27, 0), None),
    ("2023. 1. 3. 오후 9:27:34", (21, 27, 34), None),
    ("2023년 1월 3일 화요일 오전 9시 27분", (9, 27, 0), None),
    ("January 3rd, 2023 at 9:27 PM", (21, 27, 0), None),
    ("Jan 3, 2023, 9:27\u202fPM", (21, 27, 0), None),
    ("Tue Jan 03 2023 09:27:34 GMT-0500 (Eastern Time)", (9, 27, 34), -300),
    ("Tue Jan  3 09:27:34 EST 2023", (9, 27, 34), -300),
    ("2023-01-03 09:27:34 JST", (9, 27, 34), 540),
    ("[03/Jan/2023:09:27:34 -0500]", (9, 27, 34), -300),
    ("Tue, 03 Jan 2023 09:27:34 GMT", (9, 27, 34), 0),
    ("2023-01-03T09:27:34-05:00[America/New_York]", (9, 27, 34), -300),
    ("2023-01-03 09:27:34 America/New_York", (9, 27, 34), -300),
    ("2023-01-03 09:27:34 UTC+8", (9, 27, 34), 480),
    ("2023-01-03 09:27:34 GMT+05:30", (9, 27, 34), 330),
    ("2023-01-03 09:27:34 +0000 UTC", (9, 27, 34), 0),
    ("2023-01-03T09:27:34,123456789Z", (9, 27, 34), 0),
    ("2023-01-03 09:27:34 \u221205:00", (9, 27, 34), -300),
    ("20230103T0927Z", (9, 27, 0), 0),
    ("2023-01-03 0927", (9, 27, 0), None),
    ("2023-01-02 24:10", (0, 10, 0), None),
    ("２０２３-０１-０３　０９:２７", (9, 27, 0), None),
    ("2023-01-03 09:27:34 CST", (9, 27, 34), None),
]


@pytest.mark.parametrize("text, clock, stated", FORMS)
def test_forms_of_many_languages_and_programs(text, clock, stated):
    guess = detect_time(pl.Series([text] * 3))
    assert guess.time_format in ("iso", "written") and guess.share == 1
    wall, offset = parse_time(pl.Series([text]), guess.time_format).row(0)
    assert wall.replace(microsecond=0) == datetime(2023, 1, 3, *clock) and offset == stated


@pytest.mark.parametrize("text", ["1.2.3", "room 2023-01-03", "2023-01-03 晚上 12:05", "23.5.99.1",
                                  "3 smarch 2023", "2023-W54-1", "2023-366", "12:30", "32 Jan 2023",
                                  "2023-01-03 09:60", "listopad 3 2023",
                                  "2023-01-03 12:05 tarde x"])  # fmt: skip
def test_what_is_not_understood_is_not_read(text):
    assert parse_time(pl.Series([text]), "iso")[WALL][0] is None


CLDR = [("en", "d MMMM y"), ("de", "d. MMM y"), ("fr", "d MMMM y"), ("es", "d MMM y"),
        ("it", "d MMM y"), ("pt", "d 'de' MMMM 'de' y"), ("ru", "d MMM y 'г'."), ("pl", "d MMMM y"),
        ("cs", "d. MMMM y"), ("tr", "d MMMM y"), ("nl", "d MMM y"), ("el", "d MMM y")]  # fmt: skip


@pytest.mark.parametrize("language, pattern", CLDR)
@pytest.mark.parametrize("case", [str, str.upper, str.lower])
def test_months_as_the_languages_write_them(language, pattern, case):
    wanted = [datetime(2023, month, 9 + month, 8, 5) for month in range(1, 13)]
    dates = [case(format_date(each, pattern, locale=language)) for each in wanted]
    text = pl.Series(
        [date + each.strftime(" %H:%M") for date, each in zip(dates, wanted, strict=True)]
    )
    guess = detect_time(text)
    assert (guess.time_format, guess.share) == ("written", 1)
    assert parse_time(text, "written")[WALL].to_list() == wanted


def test_a_zone_with_several_meanings_and_offsets_in_some_are_told():
    assert detect_time(pl.Series(["2023-01-03 09:27 CST"] * 2)).unclear_zone == "CST"
    assert detect_time(pl.Series(["2023-01-03 09:27+01:00", "2023-01-03 09:27"])).is_mixed
    assert detect_time(pl.Series(["3 mai 2023", "4 juin 2023"])).dates_only
    assert not detect_time(pl.Series(["3 mai 2023 00:00", "4 juin 2023 01:00"])).dates_only


PATTERNS = [
    ("dd.MM.yyyy HH:mm", "03.01.2023 09:27"),
    ("DD-MON-RR HH.MI.SS AM", "03-JAN-23 09.27.00 AM"),
    ("DD/MM/YYYY HH:MM", "03/01/2023 09:27"),
    ("yyyy-MM-dd'T'HH:mm:ss.SSS", "2023-01-03T09:27:00.000"),
    ("TT.MM.JJJJ hh:mm", "03.01.2023 09:27"),
    ("d MMMM yyyy HH:mm", "3 janvier 2023 09:27"),
    ("M/d/yyyy h:mm a", "1/3/2023 9:27 a.m."),
    ("YYYY-MM-DD HH24:MI:SS", "2023-01-03 09:27:00"),
    ("%d %b %Y %H:%M", "3 ene 2023 09:27"),
    ("%Y%m%d%H%M", "202301030927"),
    ("yyyy年MM月dd日 HH时mm分", "2023年01月03日 09时27分"),
    ("%d.%m.%y %H:%M:%S.%f", "03.01.23 09:27:00.5"),
]


@pytest.mark.parametrize("pattern, text", PATTERNS)
def test_a_pattern_that_a_person_types(pattern, text):
    shown = applied(pl.Series([text, "x"]), pattern)
    assert shown["read"].to_list() == ["2023-01-03 09:27:00", None]


def test_a_pattern_with_an_offset_keeps_it():
    text = pl.Series(["03/01/2023 09:27 +0530"])
    assert parse_time(text, "%d/%m/%Y %H:%M %z").row(0) == (datetime(2023, 1, 3, 9, 27), 330)
    text = pl.Series(["03/01/2023 09:27:00Z"])
    assert parse_time(text, "%d/%m/%Y %H:%M:%SZ").row(0) == (datetime(2023, 1, 3, 9, 27), 0)


@pytest.mark.parametrize("form", ["u{:07d}", "E{:07d}", "u_{:07d}", "s{:08d}", "{:07d}"])
def test_numbers_of_people_are_no_days_of_a_year_0000(form):
    assert detect_time(pl.Series([form.format(k) for k in range(1, 200)])).time_format is None
