"""Writing and reading back; nothing a spreadsheet could run."""

import csv
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strec import schema
from strec.errors import ReadError
from strec.export import no_formula
from strec.io import inspect, read, write
from strec.io.convert import NO_ID

# Ids as people have them: any letters, also what CSV and spreadsheets find special; outer blanks
# are trimmed on reading, and the words for "no value" are no ids.
texts = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"])
            | st.sampled_from("=+-@',;\"|"), min_size=1, max_size=8)
    .filter(lambda text: text.strip() == text and text not in NO_ID)
)  # fmt: skip
degree = st.floats(-90, 90, allow_nan=False)
rows = st.tuples(
    texts,
    texts,
    st.datetimes(datetime(1900, 1, 1), datetime(2150, 1, 1)),
    st.integers(-720, 840),
    st.none() | st.tuples(degree, degree),
    st.none() | texts,
    st.none() | st.floats(-1e6, 1e6, allow_nan=False),
)


def frame(drawn) -> pl.DataFrame:
    return pl.DataFrame(
        {
            schema.USER: [row[0] for row in drawn],
            schema.ITEM: [row[1] for row in drawn],
            schema.TIME: [row[2].replace(tzinfo=UTC) for row in drawn],
            schema.OFFSET: [row[3] for row in drawn],
            schema.LAT: [row[4] and row[4][0] for row in drawn],
            schema.LON: [row[4] and row[4][1] for row in drawn],
            schema.ITEM_NAME: [row[5] for row in drawn],
            schema.VALUE: [row[6] for row in drawn],
        },
        schema=schema.REQUIRED | {schema.ITEM_NAME: pl.String, schema.VALUE: pl.Float64},
    )


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
@given(drawn=st.lists(rows, min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_what_is_written_is_read_back(tmp_path_factory, ending, drawn):
    table = frame(drawn)
    path = write(table, tmp_path_factory.mktemp("round") / f"x{ending}")
    result = read(path)
    assert result.format == "strec" and not result.reasons
    assert result.checkins.equals(table)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_no_column_is_lost_on_the_way(tmp_path, ending):
    texts = {name: pl.lit("a, b") for name, kind in schema.OPTIONAL.items() if kind == pl.String}
    full = schema.validate(schema.example().with_columns(**texts, value=pl.lit(1.234)))
    assert read(write(full, tmp_path / f"x{ending}")).checkins.equals(full)


def test_a_look_at_our_own_file_asks_nothing(tmp_path):
    look = inspect(write(schema.example(), tmp_path / "x.csv"))
    assert look.questions == [] and look.format == "strec"


def test_formulas_are_disarmed_in_csv_alone(tmp_path):
    names = ["=HYPERLINK(A1)", "+1", "-1", "@x", "a=b", "'=x", "plain"]
    table = schema.example().with_columns(pl.Series(schema.ITEM, names[:4]))
    with open(write(table, tmp_path / "x.csv"), newline="") as file:
        cells = [row[schema.ITEM] for row in csv.DictReader(file)]
    assert cells == ["'=HYPERLINK(A1)", "'+1", "'-1", "'@x"]
    with open(tmp_path / "x.csv", newline="") as file:
        # Numbers stay numbers: a longitude is no formula.
        assert next(csv.DictReader(file))[schema.LON] == "-74.0"
    kept = pl.read_parquet(write(table, tmp_path / "x.parquet"))[schema.ITEM].to_list()
    assert kept == names[:4]
    disarmed = pl.select(no_formula(pl.Series(names))).to_series().to_list()
    assert disarmed[4:] == ["a=b", "''=x", "plain"]


def test_rejected_rows_can_be_written_too(tmp_path):
    rejected = pl.DataFrame({"row": [3], "reason": ["no user"], "remark": ["\t=1"]})
    text = write(rejected, tmp_path / "rejected.csv").read_text()
    assert text.splitlines()[1] == "3,no user,'\t=1"


def test_a_failed_write_leaves_the_file_from_before(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("before")
    with pytest.raises(pl.exceptions.PolarsError):
        write(pl.DataFrame({"a": [[1, 2]]}), path)
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["x.xlsx", "x", "nowhere/x.csv"])
def test_an_ending_or_folder_that_cannot_be(tmp_path, name):
    with pytest.raises(ReadError, match=r"\.parquet, \.csv or \.jsonl"):
        write(schema.example(), tmp_path / name)
