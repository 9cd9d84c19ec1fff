"""`strec clean` and `strec inspect`: files in, files out, words, JSON and exit codes."""

import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from strec.cleaning import Recipe, clean
from strec.cli import main
from strec.errors import MappingError
from strec.io import FORMATS, read
from strec.io.mapping import mapping_of
from strec.io.samples import read_sample
from strec.store import Store
from tests import corpus
from tests.tables import fixes


def strec(capsys, *arguments) -> tuple[int, str, str]:
    """Run a command in this process; return its exit code and what it printed."""
    code = 0
    try:
        main([str(each) for each in arguments])
    except SystemExit as end:
        code = end.code or 0
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_a_file_becomes_a_clean_table(tmp_path, capsys, ending):
    path = corpus.make("plain", tmp_path)
    out = tmp_path / f"clean{ending}"
    code, said, _ = strec(capsys, "clean", path, "--out", out)
    assert code == 0 and "60 check-ins in 60 rows" in said
    expected, _ = clean(read(path).checkins)
    assert_frame_equal(read(out).checkins, expected)
    assert Recipe.load(tmp_path / "clean.recipe.yaml").mapping["user_id"] == "user"
    assert not (tmp_path / "clean.rejected.csv").exists()


@pytest.mark.slow
def test_a_recipe_does_the_same_to_the_next_file(tmp_path, capsys):
    path = corpus.make("german", tmp_path)
    recipe = Recipe.default().change("k_core", enabled=True, min_per_user=10, min_per_item=1)
    recipe = Recipe(recipe.steps, read(path).mapping.to_dict())
    saved = recipe.save(tmp_path / "recipe.json")
    code, said, _ = strec(capsys, "clean", path, "--recipe", saved, "--out", tmp_path / "a.parquet")
    assert code == 0 and "Rare users and items" in said
    expected, _ = clean(read(path).checkins, recipe)
    assert_frame_equal(pl.read_parquet(tmp_path / "a.parquet"), expected)
    again = Recipe.load(tmp_path / "a.recipe.yaml")
    assert again == recipe


def test_json_counts_what_was_set_aside_and_writes_it(tmp_path, capsys):
    path = corpus.make("gaps", tmp_path)
    out, page = tmp_path / "gaps.parquet", tmp_path / "q.html"
    code, said, _ = strec(capsys, "clean", path, "-o", out, "--json", "--report", page)
    found = json.loads(said)
    assert code == 0
    assert (found["n_rows"], found["n_read"], found["n_checkins"]) == (60, 56, 56)
    assert sum(found["rejected"].values()) == 4
    assert [step["step"] for step in found["cleaning"]["steps"]][0] == "tidy_text"
    rejected = pl.read_csv(found["files"]["rejected"])
    assert rejected["reason"].to_list() == list(read(path).rejected["reason"])
    assert "What looks suspicious" in page.read_text()


def test_columns_can_be_named_and_the_rest_is_still_guessed(tmp_path, capsys):
    body = [(row[0], row[1], "x", *row[2:]) for row in corpus.rows()]
    path = tmp_path / "odd.csv"
    path.write_text(corpus.table(body, ("user", "venue", '"a, b"', "time", "lat", "lon")))
    out = tmp_path / "odd.parquet"
    assert strec(capsys, "clean", path, "-o", out, "--map", "item=a, b,category=venue")[0] == 0
    table = pl.read_parquet(out)
    assert table["item_id"].unique().to_list() == ["x"]
    assert table["category"].n_unique() == 10 and table["user_id"].n_unique() == 6
    assert table["lat"].null_count() == 0


@pytest.mark.parametrize("pattern", ["%Y~%m~%d~%H~%M", "yyyy~MM~dd~HH~mm"])
def test_what_is_given_wins_where_nothing_could_be_guessed(tmp_path, capsys, pattern):
    path = tmp_path / "odd.csv"
    rows = "".join(f"u{i % 3},p{i % 4},2023~01~{i + 1:02d}~09~05\n" for i in range(20))
    path.write_text("who,what,xyz\n" + rows)
    code, _, said = strec(capsys, "clean", path, "--out", tmp_path / "out.csv")
    assert code == 1 and "no column" in said
    given = ["--map", "user=who,item=what,time=xyz", "--map", f"time_format={pattern}"]
    code, said, _ = strec(capsys, "clean", path, *given, "--out", tmp_path / "out.csv")
    assert code == 0 and "20 check-ins in 20 rows" in said


def test_what_must_be_answered_is_asked_and_then_answered(tmp_path, capsys):
    path, out = corpus.make("ambiguous_dates", tmp_path), tmp_path / "x.parquet"
    code, said, error = strec(capsys, "clean", path, "-o", out)
    assert code == 1 and "--day-first or --month-first" in error and not out.exists()
    assert strec(capsys, "clean", path, "-o", out, "--month-first")[0] == 0
    assert_frame_equal(pl.read_parquet(out), clean(read(path, day_first=False).checkins)[0])
    code, said, _ = strec(capsys, "inspect", path)
    assert code == 0 and "Must be answered: Does the day or the month come first" in said


def test_a_name_without_ending_makes_a_store(tmp_path, capsys):
    code, *_ = strec(capsys, "clean", corpus.make("plain", tmp_path), "-o", tmp_path / "visits")
    store = Store(tmp_path / "visits")
    assert code == 0 and store.name == "visits" and store.meta["n_checkins"] == 60
    assert store.time_zone == "America/New_York"


@pytest.mark.parametrize("out", ["raw.parquet", "raw.csv", "raw"])
def test_without_cleaning_the_table_is_as_it_was_read(tmp_path, capsys, out):
    path = corpus.make("null_islands", tmp_path)
    code, said, _ = strec(capsys, "clean", path, "-o", tmp_path / out, "--no-cleaning", "--json")
    assert code == 0 and json.loads(said)["cleaning"] is None
    target = tmp_path / out
    table = read(target).checkins if target.suffix else Store(target).checkins()
    assert table.filter(pl.col("lat") == 0).height == 15
    assert Recipe.load(tmp_path / "raw.recipe.yaml").steps == ()


@pytest.mark.parametrize("name", ["empty", "binary_junk", "truncated_gz", "no_user", "no_time"])
def test_a_bad_file_ends_in_1_with_needed_found_and_mend(tmp_path, capsys, name):
    out = tmp_path / "out.parquet"
    out.write_bytes(b"from before")
    path = corpus.make(name, tmp_path)
    code, said, _ = strec(capsys, "clean", path, "-o", out, "--json")
    assert code == 1 and all(json.loads(said)["error"][key] for key in ("needed", "found", "mend"))
    assert out.read_bytes() == b"from before"
    assert {each.name for each in tmp_path.iterdir()} == {path.name, "out.parquet"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "{dir}/x.xlsx"], "ends in .parquet"),
        (["-o", "{dir}/none/x.csv"], "may be written to"),
        (["-o", "{file}"], "is read"),
        (["-o", "{dir}/x.csv", "--report", "{dir}/none/q.html"], "may be written to"),
        (["-o", "{dir}/x.csv", "--save-recipe", "{dir}/none/r.yaml"], "may be written to"),
        (["-o", "{dir}/x.csv", "--rejected", "{dir}/none/r.csv"], "may be written to"),
        (["-o", "{dir}/x.csv", "--rejected", "{dir}/r.xls"], "ends in .parquet"),
        (["-o", "{dir}/x.csv", "--map", "buyer=user"], "'buyer=user'"),
        (["-o", "{dir}/x.csv", "--map", "user=nobody"], "no column 'nobody'"),
        (["-o", "{dir}/x.csv", "--time-zone", "Mars/Base"], "Mars/Base"),
        (["-o", "{dir}/x.csv", "--recipe", "{dir}/none.yaml"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(tmp_path, capsys, arguments, words):
    path = corpus.make("plain", tmp_path)
    filled = [each.format(dir=tmp_path, file=path) for each in arguments]
    code, _, error = strec(capsys, "clean", path, *filled)
    assert code == 1 and words in error
    assert list(tmp_path.iterdir()) == [path]


def test_a_recipe_that_removes_everything_says_which_step(tmp_path, capsys):
    recipe = Recipe.default().change("k_core", enabled=True, min_per_user=1000)
    saved = recipe.save(tmp_path / "r.yaml")
    path = corpus.make("plain", tmp_path)
    code, _, error = strec(capsys, "clean", path, "--recipe", saved, "-o", tmp_path / "x.csv")
    assert code == 1 and "none of 60 (Rare users and items" in error
    assert "--without k_core" in error
    given = ["--recipe", saved, "--without", "k_core", "-o", tmp_path / "x.csv"]
    assert strec(capsys, "clean", path, *given)[0] == 0
    assert len(pl.read_csv(tmp_path / "x.csv")) == 60
    code, _, error = strec(capsys, "clean", path, "--without", "magic", "-o", tmp_path / "x.csv")
    assert code == 1 and "magic" in error


@pytest.mark.slow
def test_a_sample_and_a_store_are_cleaned_like_files(tmp_path, capsys):
    code, said, _ = strec(capsys, "clean", "travel", "--out", tmp_path / "world")
    assert code == 0 and "30,000 check-ins in 30,000 rows" in said
    store = Store(tmp_path / "world")
    code, _, _ = strec(capsys, "clean", store.folder, "--out", tmp_path / "again.csv")
    assert code == 0
    expected, _ = clean(read_sample("travel"))
    assert_frame_equal(
        read(tmp_path / "again.csv").checkins, store.checkins(columns=expected.columns)
    )
    assert_frame_equal(store.checkins(columns=expected.columns), expected)


@pytest.mark.parametrize("command", ["clean", "inspect", "recommend"])
def test_what_is_not_there_is_said_alike_by_all_commands(tmp_path, capsys, command):
    more = ["--out", tmp_path / "x.csv"] if command == "clean" else []
    code, _, said = strec(capsys, command, "sozial", *more)
    assert code == 1
    assert "there is no sozial." in said and "name a sample: social, ecommerce" in said
    code, _, said = strec(capsys, command, "https://strec.example/x.csv", *more)
    assert code == 1 and "https://strec.example/x.csv" in said and "Download it" in said
    code, _, said = strec(capsys, command, "a" * 5000, *more)
    assert code == 1 and "there is no aaa" in said and len(said) < 1000


def test_a_folder_stands_for_its_files_in_all_commands(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    corpus.make("plain", tmp_path / "in")
    for command in (["inspect"], ["recommend"], ["clean", "--out", tmp_path / "x.csv"]):
        assert strec(capsys, *command, tmp_path / "in")[0] == 0


def test_what_the_computer_refuses_is_said_without_a_traceback(tmp_path, capsys, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "x.csv")

    path = corpus.make("plain", tmp_path)
    for name, more in (("ingest", ["--no-cleaning"]), ("write", [])):
        with monkeypatch.context() as patch:
            patch.setattr(f"strec.io.{name}", full)
            code, _, said = strec(capsys, "clean", path, "--out", tmp_path / "x.csv", *more)
        assert code == 1 and "x.csv: No space left on device" in said and "Mend" in said


def test_a_command_that_is_not_understood_ends_in_2(tmp_path, capsys):
    assert strec(capsys, "clean", tmp_path / "x.csv")[0] == 2
    assert strec(capsys, "clean", "x.csv", "--out", "y.csv", "--nonsense")[0] == 2


def test_help_shows_examples(capsys):
    code, said, _ = strec(capsys, "clean", "--help")
    assert code == 0 and "Examples" in said and "strec clean visits.csv" in said


def test_inspect_tells_a_script_what_it_found(tmp_path, capsys):
    code, said, _ = strec(capsys, "inspect", corpus.make("german", tmp_path), "--json")
    found = json.loads(said)
    assert code == 0 and found["mapping"]["lat"] == "Breitengrad"
    assert found["questions"][0]["key"] == "time_zone" and found["preview"][0]["Kunde"] == "u0"


def test_a_raw_track_is_said_and_becomes_stays(tmp_path, capsys):
    path = tmp_path / "track.csv"
    fixes().select("user_id", "timestamp", "lat", "lon").write_csv(path)
    assert "raw track" in strec(capsys, "inspect", path)[1]
    assert json.loads(strec(capsys, "inspect", path, "--json")[1])["is_raw_track"]
    _, said, _ = strec(capsys, "clean", path, "--out", tmp_path / "stays.csv", "--json")
    assert json.loads(said)["n_checkins"] == 3
    events = strec(capsys, "inspect", corpus.make("plain", tmp_path), "--json")[1]
    assert not json.loads(events)["is_raw_track"]


def test_inspect_lists_the_formats_it_knows(capsys):
    code, said, _ = strec(capsys, "inspect", "--formats")
    assert code == 0
    for known in FORMATS.values():
        assert known.label in said and known.sentence in said and known.citation in said


def test_entries_of_map():
    assert mapping_of(["user=a,time=b", "time_zone=UTC"]) == {
        "user_id": "a", "timestamp": "b", "time_zone": "UTC",
    }  # fmt: skip
    assert mapping_of(["item_from_place=True,lat="]) == {"item_from_place": True, "lat": None}
    with pytest.raises(MappingError, match="name=column"):
        mapping_of(["user"])


def test_what_is_assumed_beside_given_columns_is_said(tmp_path, capsys):
    path, out = tmp_path / "v.csv", tmp_path / "v.parquet"
    rows = "".join(f"u{i % 3},p{i % 4},2023-01-{i + 1:02d} 09:05\n" for i in range(20))
    path.write_text("who,what,when\n" + rows)
    _, plain, _ = strec(capsys, "clean", path, "-o", out)
    _, named, error = strec(capsys, "clean", path, "-o", out, "--map", "item=what")
    assert "zone" in error and "Taken: " in error
    _, _, given = strec(capsys, "clean", path, "-o", out, "--map", "item=what,time_zone=UTC")
    assert "Taken: " not in given
    zone = ["--map", "item=what", "--time-zone", "Europe/Berlin"]
    _, _, given = strec(capsys, "clean", path, "-o", out, *zone)
    assert "Taken: " not in given
