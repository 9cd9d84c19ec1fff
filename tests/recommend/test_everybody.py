"""A list for everybody of a store is what each would have been told alone."""

import polars as pl
import pytest

from strec import ordered, schema
from strec.dataset import Dataset
from strec.errors import AnalysisError, StoreError
from strec.models import Popularity
from strec.recommend import Recommender, recommend_everybody
from strec.simulation import simulate
from strec.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    world = simulate(n_users=40, n_checkins=1_200)
    return Store.create(world, tmp_path_factory.mktemp("everybody") / "store", name="World")


def alone(store: Store, recommender: Recommender, when: str | None, **how) -> pl.DataFrame:
    users = store.users()[schema.USER]
    questions = pl.DataFrame({"user_id": users, "time": [when] * len(users)},
                             schema={"user_id": pl.String, "time": pl.String})  # fmt: skip
    answers = recommender.answer_many(questions, **how)
    named = answers.with_columns(pl.Series("user_id", users.gather(answers["query"])))
    return named.select("user_id", pl.exclude("user_id", "query"))


@pytest.mark.slow
@pytest.mark.parametrize("when", [None, "2024-06-05 18:30"])
def test_pieces_of_users_are_told_what_each_is_told_alone(store, when, tmp_path, monkeypatch):
    monkeypatch.setattr(ordered, "PIECE_ROWS", 100)
    monkeypatch.setattr("strec.store.by_users.TASK_ROWS", 50)
    how = {"k": 4, "novelty": 0.3, "new_only": True}
    told = []
    out = tmp_path / "next.parquet"
    n = recommend_everybody(
        store, out, when=when, progress=lambda text, share: told.append(share), **how
    )
    found = pl.read_parquet(out)
    expected = alone(store, Recommender.of_store(store), when, **how)
    assert n == len(found) == 4 * 40 and told == sorted(told) and len(told) > 3
    assert found.drop("score", "probability").equals(expected.drop("score", "probability"))
    for name in ("score", "probability"):
        assert found[name].to_list() == pytest.approx(expected[name].to_list(), rel=1e-6)


def test_what_cannot_be_is_said_before_anything_is_written(store, tmp_path):
    model = Popularity().fit(Dataset.of(store).everything)
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="is a folder"):
        recommend_everybody(store, tmp_path / "folder", model)
    nobody = simulate(n_users=3, n_checkins=60).with_columns(pl.lit(schema.NOBODY).alias("user_id"))
    trips = Store.create(nobody, tmp_path / "nobody", name="Nobody")
    with pytest.raises(AnalysisError, match="who did what"):
        recommend_everybody(trips, tmp_path / "next.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "nobody"]


def test_the_command_writes_it(store, tmp_path, capsys):
    from strec.cli import main

    out = tmp_path / "next.parquet"
    with pytest.raises(SystemExit, match="0"):
        main(["recommend", str(store.folder), "--everybody", "-k", "2", "--out", str(out)])
    assert len(pl.read_parquet(out)) == 80
    assert "80 suggestions for 40 users" in capsys.readouterr().err
