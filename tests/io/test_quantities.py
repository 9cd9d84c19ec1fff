"""Numbers and offsets as people write them."""

import polars as pl
import pytest

from strec.io import read
from strec.io.quantities import numbers_of, offset_minutes


def test_numbers_and_offsets_as_people_write_them():
    texts = pl.Series(["3", "1,539", "1.234,5", "2,5", "$ 4.20", "12 €", "1 000", "x", "NA", None])
    assert numbers_of(texts).to_list() == [3, 1539, 1234.5, 2.5, 4.2, 12, 1000, None, None, None]
    assert offset_minutes(pl.Series(["-5", "5.5", "99"]), "hours").to_list() == [-300, 330, None]
    texts = pl.Series(["-0500", "+0530", "UTC+8", "GMT-03:30", "\u221205:00"])
    assert offset_minutes(texts, "minutes").to_list() == [-300, 330, 480, -210, -300]
    assert offset_minutes(pl.Series([-14400]), "seconds").to_list() == [-240]


@pytest.mark.parametrize(
    ("delimiter", "texts", "values", "sign", "is_said"),
    [
        (";", ["1.234,50", "1.234", "12,5", "999"], [1234.5, 1234, 12.5, 999], "comma", False),
        (";", ["0,125", "1,126", "2,5 €"], [0.125, 1.126, 2.5], "comma", False),
        (";", ["0,125", "1,126"], [0.125, 1.126], "comma", False),
        (";", ["3,125", "1,126"], [3.125, 1.126], "comma", True),
        (",", ["1,539", "12", "7"], [1539, 12, 7], "point", True),
        (",", ["1,539", "$ 12.50", "7"], [1539, 12.5, 7], "point", False),
        (",", ["1.234", "12.345"], [1.234, 12.345], "point", True),
        (",", ["3.5", "4,5"], [3.5, 4.5], None, False),
        (",", ["3", "4", "NA"], [3, 4, None], None, False),
    ],
)
def test_a_column_has_one_decimal_sign(tmp_path, delimiter, texts, values, sign, is_said):
    frame = pl.DataFrame(
        {"user": "a", "item": [f"i{i}" for i in range(len(texts))], "time": "2024-05-01T08:00Z",
         "price": texts}
    )  # fmt: skip
    frame.write_csv(tmp_path / "x.csv", separator=delimiter)
    result = read(tmp_path / "x.csv")
    assert result.checkins["value"].to_list() == values
    assert result.mapping.decimal == sign
    assert any("not certain" in note for note in result.notes) == is_said
    assert read(tmp_path / "x.csv", result.mapping).checkins.equals(result.checkins)
