"""`--catalogue`: items that nobody took yet, from train to evaluate to recommend to a store."""

import json

import pytest

from strec.cli import main
from strec.simulation import simulate
from strec.store import Store


def run(capsys, *arguments) -> tuple[int, str, str]:
    code = 0
    try:
        main([str(each) for each in arguments])
    except SystemExit as end:
        code = end.code or 0
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A small city, and a list with one place in its middle that nobody has been to."""
    folder = tmp_path_factory.mktemp("city")
    city = simulate("social", n_users=8, n_items=20, n_checkins=500, seed=1)
    city.write_parquet(folder / "city.parquet")
    kind, lat, lon = city["category"].mode()[0], city["lat"].median(), city["lon"].median()
    (folder / "new.csv").write_text(f"id,name,type,lat,lon\nnew,The Pool,{kind},{lat},{lon}\n")
    return folder / "city.parquet", folder / "new.csv"


def test_train_evaluate_and_recommend_know_them(capsys, files, tmp_path):
    city, new = files
    told, place = ("--catalogue", new), tmp_path / "run"
    code, _, said = run(capsys, "train", city, *told, "--model", "counter_mix", "--out", place)
    assert code == 0
    code, out, said = run(capsys, "recommend", city, *told, "--model", place, "-k", 21, "--json")
    listed = {row["item_id"]: row for row in json.loads(out)["suggestions"]}
    assert code == 0 and listed["new"]["item_name"] == "The Pool"
    assert listed["new"]["reasons"][0] == "Nobody has been here yet: what is known of it speaks."
    code, out, said = run(capsys, "evaluate", city, *told, "--model", place, "--scored", "every")
    assert code == 0 and "run" in out
    # The model knows an item more than these check-ins.
    code, _, said = run(capsys, "evaluate", city, "--model", place, "--scored", "every")
    assert code == 1 and "was trained on" in said


def test_a_store_is_made_with_them(capsys, files, tmp_path):
    city, new = files
    code, _, said = run(capsys, "clean", city, "--catalogue", new, "--out", tmp_path / "store")
    assert code == 0 and Store(tmp_path / "store").catalogue["item_id"].to_list() == ["new"]
    assert "new" not in Store(tmp_path / "store").items()["item_id"].to_list()
    code, _, said = run(capsys, "clean", city, "--catalogue", new, "--out", tmp_path / "x.csv")
    assert code == 1 and "are kept in a store" in said
    code, _, said = run(capsys, "train", city, "--catalogue", tmp_path / "none.csv",
                        "--model", "popularity", "--out", tmp_path / "run")  # fmt: skip
    assert code == 1 and "none.csv" in said
