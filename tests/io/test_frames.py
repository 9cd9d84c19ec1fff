"""A table in memory is read as a file of the same content is; what is given of it stands."""

from datetime import datetime

import pandas as pd
import polars as pl
import pytest

from strec.errors import MappingError, ReadError, StrecError
from strec.io import Mapping, ingest, inspect, read, read_frame
from tests import corpus


def visits() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer": ["a", "a", "b", None],
            "shop": ["bakery", "bank", "bakery", "bank"],
            "seat": ["s1", "s1", "s2", "s2"],
            "visited_at": [datetime(2024, 5, 1, hour) for hour in (8, 9, 10, 11)],
            "lat": [40.7, 40.8, None, 40.7],
            "lon": [-74.0, -73.9, None, -74.0],
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", "german", "pair_in_one_column", "date_and_clock_apart"])
def test_a_frame_gives_the_check_ins_of_its_file(name, tmp_path):
    path = corpus.make(name, tmp_path)
    look = inspect(path)
    delimiter = look.files[0]["delimiter"]
    frame = pl.read_csv(path, separator=delimiter, infer_schema=False)
    assert read_frame(frame).checkins.equals(read(path).checkins)


def test_columns_that_are_given_stand_and_are_nothing_else():
    given = Mapping(user_id="seat", item_id="customer")
    mapping = read_frame(visits(), given).mapping
    assert mapping.columns() == {
        "user_id": "seat",
        "item_id": "customer",
        "timestamp": "visited_at",
        "lat": "lat",
        "lon": "lon",
    }


def test_settings_that_are_given_stand():
    result = read_frame(visits(), Mapping(user_from="constant", item_from_place=True))
    assert result.mapping.user_id is None and result.mapping.item_id is None
    assert result.checkins["user_id"].unique().to_list() == ["one user"]
    assert result.reasons == {"no place, which is the item here": 1}


def test_one_coordinate_is_enough_to_find_the_other():
    frame = visits().rename({"lat": "north"})
    mapping = read_frame(frame, Mapping(lat="north")).mapping
    assert (mapping.lat, mapping.lon) == ("north", "lon")


def test_a_row_that_is_no_check_in_is_set_aside_with_its_reason():
    result = read_frame(visits())
    assert result.n_checkins == 3 and result.reasons == {"no user": 1}
    assert result.rejected.select("row", "shop").row(0) == (4, "bank")
    assert any("zone" in note for note in result.notes)


def test_a_known_format_is_recognised_in_memory_too():
    frame = pl.DataFrame(
        {"userId": [1], "movieId": [2], "rating": [4.5], "timestamp": [1_112_486_027]}
    )
    result = read_frame(frame, time_zone="UTC")
    assert result.format == "movielens_csv" and result.mapping.time_format == "unix_s"


def test_a_frame_that_is_no_table_of_check_ins_says_so():
    with pytest.raises(ReadError, match="no row"):
        read_frame(visits().clear())
    with pytest.raises(MappingError, match="no column 'who'"):
        read_frame(visits(), Mapping(user_id="who"))
    with pytest.raises(StrecError, match="no column of the table holds dates"):
        read_frame(visits().drop("visited_at"))


@pytest.mark.parametrize("wrong", [pl.DataFrame({"a": ["b"]}), pd.DataFrame({"a": ["b"]}), 7, None])
def test_what_is_no_path_is_told_where_it_belongs(wrong, tmp_path):
    for door in (read, inspect, lambda each: ingest(each, tmp_path / "x.parquet")):
        with pytest.raises(ReadError, match="Dataset.from_frame"):
            door(wrong)
