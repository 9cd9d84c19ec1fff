"""Times kept in several columns are put together, and it is said."""

from datetime import datetime

import polars as pl
import pytest

from strec.errors import MappingError
from strec.io import read

#: 5 May 2024 00:00, 6 May 01:15, … in every row one day, one hour and fifteen minutes later.
WANTED = [datetime(2024, 5, 5 + i, i, 15 * i % 60) for i in range(20)]


def result_of(folder, columns, delimiter=","):
    rows = {"user": [f"u{i % 3}" for i in range(20)], "item": [f"i{i % 4}" for i in range(20)]}
    path = folder / "visits.csv"
    pl.DataFrame(rows | columns).write_csv(path, separator=delimiter)
    return read(path, time_zone="UTC")


def written(pattern):
    return [moment.strftime(pattern) for moment in WANTED]


@pytest.mark.parametrize(
    "columns",
    [
        {"date": written("%Y-%m-%d"), "clock": written("%H:%M")},
        {"date": written("%d.%m.%Y"), "Uhrzeit": written("%H:%M:%S")},
        {"date": written("%Y-%m-%d"), "time": written("%I:%M %p")},
        {"date": written("%Y%m%d"), "time": [f"{m.hour * 100 + m.minute}" for m in WANTED]},
        {"date": written("%Y-%m-%d"), "hour": [m.hour for m in WANTED],
         "minute": [m.minute for m in WANTED]},
        {"year": [2024] * 20, "month": [5] * 20, "day": [m.day for m in WANTED],
         "time": written("%H:%M")},
        {"Datum": written("%d.%m.%Y"), "Uhrzeit": written("%H.%M Uhr")},
        {"date": written("%d/%m/%Y"), "heure": written("%Hh%M")},
        {"日期": written("%Y年%m月%d日"), "时间": written("%H时%M分")},
        {"date": written("%Y%m%d"), "time": [f"{m.hour * 10000 + m.minute * 100}" for m in WANTED]},
        {"date": written("%Y-%m-%d"), "time": written("%I:%M"), "half": written("%p")},
        {"date": written("%Y-%m-%d 00:00:00"), "time": written("%H:%M:%S")},
        {"date": [f"{45417 + i}" for i in range(20)],
         "time": [f"{(m.hour * 60 + m.minute) / 1440:.9f}" for m in WANTED]},
        {"Jahr": ["2024"] * 20, "Monat": ["05"] * 20, "Tag": written("%d"),
         "Stunde": written("%H"), "Min.": written("%M")},
    ],
)  # fmt: skip
def test_parts_make_a_whole(tmp_path, columns):
    result = result_of(tmp_path, columns)
    assert result.checkins["timestamp"].dt.replace_time_zone(None).to_list() == WANTED
    assert any("put together" in note for note in result.notes)


def test_without_minutes_the_hour_is_kept(tmp_path):
    result = result_of(tmp_path, {"date": written("%Y-%m-%d"), "hour": written("%H")})
    assert result.checkins["timestamp"].dt.hour().to_list() == list(range(20))
    gaps = [None if i == 3 else f"{i}" for i in range(20)]
    result = result_of(tmp_path, {"date": written("%Y-%m-%d"), "hour": gaps})
    assert result.checkins["timestamp"].dt.hour().to_list()[2:5] == [2, 0, 4]


@pytest.mark.parametrize(
    "columns",
    [
        {"date": written("%Y-%m-%d %H:%M"), "hour": [3] * 20},
        {"date": [int(m.timestamp()) for m in WANTED], "hour": [3] * 20},
        {"date": [f"{45_000 + i / 4}" for i in range(20)], "hour": [3] * 20},
        {"date": written("%Y-%m-%d"), "hour": [f"{30 + i}" for i in range(20)]},
        {"date": written("%Y-%m-%d"), "hours open": [8] * 20, "price": [1230] * 20},
        {"date": written("%Y-%m-%d"), "price": ["9.27"] * 20, "duration": ["00:23:10"] * 20},
    ],
)
def test_what_is_no_part_of_the_time_is_left_alone(tmp_path, columns):
    result = result_of(tmp_path, columns)
    assert result.mapping.timestamp == "date" and result.n_checkins == 20
    assert not any("put together" in note for note in result.notes)


def test_blanks_separate_columns_where_nothing_else_does(tmp_path):
    result = result_of(tmp_path, {"time": written("%Y-%m-%dT%H:%M")}, delimiter=" ")
    assert result.checkins["timestamp"].dt.replace_time_zone(None).to_list() == WANTED
    (tmp_path / "one.csv").write_text("user#item#time\nu1#i1#2024-05-01\nu2#i 1#2024-05-01\n")
    with pytest.raises(MappingError, match="Separate the columns"):
        read(tmp_path / "one.csv")


def test_a_column_of_zones_is_believed(tmp_path):
    zones = ["Europe/Berlin", "America/New_York"] * 10
    result = result_of(tmp_path, {"time": written("%Y-%m-%d %H:%M"), "timezone": zones})
    assert result.checkins["utc_offset_min"].to_list()[:2] == [120, -240]
    assert any("names the zone" in note for note in result.notes)


def test_an_hour_beside_a_date_of_the_same_first_word_is_its_clock(tmp_path):
    columns = {"visit_date": written("%Y-%m-%d"), "visit_hour": [m.hour for m in WANTED]}
    result = result_of(tmp_path, columns)
    assert sorted(result.checkins["timestamp"].dt.hour()) == sorted(m.hour for m in WANTED)
    assert "visit_hour holds the clock of the dates" in " ".join(result.notes)
