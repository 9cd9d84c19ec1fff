"""`strec bench`: what it refuses; the table itself needs real data and minutes."""

import json

import pytest

from strec.cli import main


def run(capsys, *arguments: str) -> tuple[int, str]:
    code = 0
    try:
        main(list(arguments))
    except SystemExit as end:
        code = end.code or 0
    said = capsys.readouterr()
    return code, said.out + said.err


def test_without_its_data_it_says_what_it_needs(capsys, tmp_path):
    code, said = run(capsys, "bench", "nyc", str(tmp_path))
    assert code == 1 and "foursquare_nyc" in said and "STREC_DATA" in said


def test_an_unknown_part_is_refused_before_anything_is_read(capsys, tmp_path):
    (tmp_path / "foursquare_nyc").mkdir()
    code, said = run(capsys, "bench", "nyc", str(tmp_path), "--only", "salt", "--json")
    assert code == 1 and "salt" in json.loads(said)["error"]["found"]


@pytest.mark.slow
def test_the_reference_row_is_that_of_the_counter_mix(capsys, data_dir):
    code, said = run(capsys, "bench", "nyc", str(data_dir), "--only", "baselines", "--json")
    row = json.loads(said)[0]
    assert code == 0 and row["row"] == "counter mix" and row["queries"] == 1417
    assert row["acc@1 low"] < row["acc@1"] < row["acc@1 high"]
    # The split of New York is published: three quarters of the targets are returns.
    returns, new = row["return acc@10"], row["discovery acc@10"]
    share = (row["acc@10"] - new) / (returns - new)
    assert share == pytest.approx(0.762, abs=0.001)
