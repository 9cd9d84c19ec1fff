"""`strec privacy`: risk, protections and their price from the shell."""

import json
import re

import polars as pl
import pytest

from strec import schema
from strec.cli import main
from strec.io.samples import read_sample
from strec.privacy import risk


@pytest.fixture
def visits(tmp_path):
    path = tmp_path / "visits.parquet"
    read_sample("travel").head(3_000).write_parquet(path)
    return path


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    code = 0
    try:
        main([str(each) for each in arguments])
    except SystemExit as end:
        code = end.code or 0
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_report_is_the_librarys(capsys, visits):
    code, out, _ = run(capsys, "privacy", visits, "--json")
    same = risk(pl.read_parquet(visits))
    assert code == 0 and json.loads(out)["before"]["found"] == same.found
    code, out, _ = run(capsys, "privacy", visits)
    assert code == 0 and out.startswith("- Knowing four random points")


@pytest.mark.slow
def test_protected_checkins_are_written_with_a_note(capsys, visits, tmp_path):
    key = tmp_path / "key"
    key.write_text("sixteen letters or more")
    out_file = tmp_path / "protected.parquet"
    code, out, err = run(capsys, "privacy", visits, "--coarsen-km", "2", "--noise-m", "300",
                         "--key-file", key, "--out", out_file)  # fmt: skip
    assert code == 0 and re.search(r"before +after", out) and "Written" in err
    protected = schema.validate(pl.read_parquet(out_file))
    assert len(protected) == 3_000 and protected["user_id"].str.starts_with("user_").all()
    note = (tmp_path / "protected.parquet.txt").read_text()
    assert "2.4 km across" in note and "within 300 m" in note and "sixteen" not in note


def test_items_can_be_hidden_in_the_file(capsys, visits, tmp_path):
    out_file = tmp_path / "kinds.parquet"
    code, _, _ = run(capsys, "privacy", visits, "--items", "kind", "--out", out_file)
    kinds = schema.validate(pl.read_parquet(out_file))
    assert code == 0 and not {"item_name", "text"} & set(kinds.columns)
    assert set(kinds["item_id"]) <= set(pl.read_parquet(visits)["category"])
    assert "category" in (tmp_path / "kinds.parquet.txt").read_text()
    code, _, err = run(capsys, "privacy", visits, "--items", "none", "--out", out_file)
    assert code == 1 and "keep, pseudonyms, kind" in err


def test_a_missing_key_is_said_in_words(capsys, visits, tmp_path):
    code, _, err = run(capsys, "privacy", visits, "--key-file", tmp_path / "none")
    assert code == 1 and "16 random characters" in err and "Traceback" not in err
