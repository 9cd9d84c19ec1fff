"""What is decided of times, and what is asked: zones, counts, days."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from strec import schema
from strec.io import inspect, read

TIMES = [datetime(2023, 1, 3, 9, 27) + timedelta(hours=7 * i) for i in range(30)]
NEW_YORK, SHANGHAI, BERLIN = (40.7, -74.0), (31.2, 121.4), (52.5, 13.3)


def looked_at(folder, texts, place=None, name="time"):
    rows = {"user": [f"u{i % 5}" for i in range(30)], "item": [f"p{i % 4}" for i in range(30)]}
    if place:
        rows |= {"lat": [place[0] + i % 4 * 0.0131 for i in range(30)],
                 "lon": [place[1] + i % 4 * 0.0117 for i in range(30)]}  # fmt: skip
    path = folder / "visits.csv"
    pl.DataFrame(rows | {name: texts}).write_csv(path)
    look = inspect(path)
    return path, look, {question.key: question for question in look.questions}


@pytest.mark.parametrize(
    "place, zone", [(SHANGHAI, "Asia/Shanghai"), (NEW_YORK, None), (None, None)]
)
def test_a_zone_of_several_meanings_is_told_by_the_places_or_asked(tmp_path, place, zone):
    texts = [f"{moment} CST" for moment in TIMES]
    path, look, asked = looked_at(tmp_path, texts, place)
    assert asked["time_zone"].must_be_answered == (zone is None)
    assert look.mapping.time_zone == zone
    again = inspect(path, mapping=look.mapping.replace(time_zone=None))
    assert any("several meanings" in question.text for question in again.questions)


def test_times_without_an_offset_among_others_are_local_or_asked(tmp_path):
    texts = [moment.isoformat() + ("+01:00" if i % 2 else "") for i, moment in enumerate(TIMES)]
    _, _, asked = looked_at(tmp_path, texts)
    assert asked["time_zone"].must_be_answered
    assert [option.label for option in asked["time_zone"].options] == ["UTC+1", "UTC"]
    path, _, asked = looked_at(tmp_path, texts, BERLIN)
    result = read(path)
    assert result.checkins["timestamp"].dt.hour().to_list() == [(m.hour - 1) % 24 for m in TIMES]
    assert any("state no UTC offset" in note for note in result.notes)


def test_counts_from_1970_or_2001_are_asked_with_what_they_would_be(tmp_path):
    texts = [f"{(moment - datetime(2001, 1, 1)).total_seconds():.0f}" for moment in TIMES]
    path, look, asked = looked_at(tmp_path, texts)
    question = asked["time_format"]
    assert question.must_be_answered and "2023-01-03 09:27" in question.options[0].example
    answered = look.mapping.replace(**question.options[0].changes)
    assert read(path, answered).checkins["timestamp"][0].year == 2023


def test_numbers_under_any_name_are_offered_as_times(tmp_path):
    texts = [f"{(moment - datetime(1970, 1, 1)).total_seconds():.0f}" for moment in TIMES]
    path, look, asked = looked_at(tmp_path, texts, name="col_x")
    assert look.mapping.timestamp == "col_x" and not asked["timestamp"].must_be_answered
    assert read(path).checkins["timestamp"][0].replace(tzinfo=None) == TIMES[0]


@pytest.mark.parametrize("pattern", ["%Y-%m-%d", "%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00Z"])
def test_dates_without_a_clock_are_said_and_seen(tmp_path, pattern):
    path, _, _ = looked_at(tmp_path, [each.strftime(pattern) for each in TIMES], NEW_YORK)
    result = read(path)
    assert any("dates without a clock" in note for note in result.notes)
    assert not schema.has_clock(result.checkins)
    path, _, _ = looked_at(tmp_path, [str(moment) for moment in TIMES], NEW_YORK)
    assert schema.has_clock(read(path).checkins)
