"""`strec recommend`: the same answers as the library, for one question and for a file."""

import json

import polars as pl
import pytest

from strec.cli import main
from strec.cli.recommend import read_questions
from strec.io.samples import read_sample
from strec.recommend import Recommender

USER = "tourist_1033"


@pytest.fixture(scope="module")
def recommender():
    return Recommender(read_sample("travel"))


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    """Return exit code, output, and what was told beside it."""
    code = 0
    try:
        main(list(arguments))
    except SystemExit as end:
        code = end.code or 0
    said = capsys.readouterr()
    return code, said.out, said.err


def test_one_question_gets_the_librarys_answer_with_reasons(capsys, recommender):
    code, out, _ = run(capsys, "recommend", "travel", "--user", USER, "--time",
                       "2024-08-11 17:00", "-k", "3", "--json")  # fmt: skip
    found = json.loads(out)["suggestions"]
    from datetime import datetime

    same = recommender.answer(USER, datetime(2024, 8, 11, 17), k=3).frame
    assert code == 0 and [row["item_id"] for row in found] == same["item_id"].to_list()
    for row in found:
        assert sum(row["parts"].values()) == pytest.approx(row["probability"])
        assert row["reasons"]


def test_a_person_reads_a_table_and_why(capsys):
    code, out, _ = run(capsys, "recommend", "travel", "--user", USER, "-k", "2", "--new-only")
    assert code == 0 and "probability" in out.splitlines()[0] and "\nWhy " in out


def test_a_file_of_questions_gets_the_same_answers(capsys, recommender, tmp_path):
    questions = pl.DataFrame({"user_id": [USER, None], "time": ["2024-08-11 17:00"] * 2,
                              "lat": [None, 50.1], "lon": [None, 14.42]})  # fmt: skip
    questions.write_csv(tmp_path / "asked.csv")
    out_file = tmp_path / "answers.parquet"
    code, _, err = run(capsys, "recommend", "travel", "--queries", str(tmp_path / "asked.csv"),
                       "--out", str(out_file), "-k", "4")  # fmt: skip
    assert code == 0 and "2 questions answered" in err
    same = recommender.answer_many(questions, k=4)
    assert pl.read_parquet(out_file)["item_id"].to_list() == same["item_id"].to_list()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_questions_may_come_from_any_spreadsheet(tmp_path, separator):
    rows = [("007", "2024-08-09 22:00"), ("", "2024-08-10 09:00")]
    path = tmp_path / "asked.csv"
    path.write_text("\n".join(separator.join(row) for row in [("user_id", "time"), *rows]))
    found = read_questions(path)
    assert found.columns == ["user_id", "time"]
    assert found.rows() == [rows[0], (None, rows[1][1])]


def test_a_saved_model_answers(capsys, recommender, tmp_path):
    folder = recommender.model.save(tmp_path / "model")
    code, out, _ = run(capsys, "recommend", "travel", "--user", USER, "--model", str(folder),
                       "-k", "1", "--json")  # fmt: skip
    assert code == 0 and len(json.loads(out)["suggestions"]) == 1


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["--user", "nobody"], "has check-ins in this data set"),
        (["--time", "tomorrow"], "A time is written as"),
        (["--place", "here"], "A place is written as"),
        (["--queries", "missing.csv"], "A file of questions is needed"),
        (["--user", USER, "--queries", __file__], "Questions come from a file, or"),
        (["--model", "missing"], "model folder is one that strec's save"),
        (["--strategy", "best"], "A strategy is"),
    ],
    ids=str,
)
def test_what_cannot_be_says_why_and_exits_with_1(capsys, arguments, needed):
    code, out, _ = run(capsys, "recommend", "travel", "--json", *arguments)
    assert code == 1 and needed in json.loads(out)["error"]["needed"]


def test_json_names_the_pictures_of_the_data(capsys):
    code, out, _ = run(capsys, "recommend", "ecommerce", "--json", "-k", "3")
    assert code == 0
    images = [each["image"] for each in json.loads(out)["suggestions"]]
    assert len(images) == 3 and all(each.startswith("pictures/") for each in images)


def test_formulas_are_not_written_for_a_spreadsheet(capsys, tmp_path):
    table = read_sample("travel").with_columns(pl.lit("=cmd()").alias("item_name"))
    table.write_parquet(tmp_path / "evil.parquet")
    out_file = tmp_path / "answers.csv"
    code, _, _ = run(capsys, "recommend", str(tmp_path / "evil.parquet"), "--out", str(out_file))
    assert code == 0 and "'=cmd()" in out_file.read_text()
