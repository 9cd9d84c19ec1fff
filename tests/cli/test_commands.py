"""The command line: help at once, data by any name, words and exit codes for what goes wrong."""

import json
import subprocess
import sys

import polars as pl
import pytest

import strec
from strec import cli, maps, schema
from strec.cli._common import load, table
from strec.errors import ReadError
from strec.io import write
from strec.simulation import simulate
from strec.store import Store


@pytest.fixture
def run(capsys):
    """Run `strec …` in this process; return its exit code, output and messages."""

    def strec(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            cli.main(list(arguments))
        code = left.value.code
        out, err = capsys.readouterr()
        return code or 0, out, err

    return strec


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A file of a small simulated city."""
    path = tmp_path_factory.mktemp("city") / "city.csv"
    return write(simulate("social", n_users=30, n_checkins=1_500, seed=2), path)


# ---------------------------------------------------------------- commands


def test_help_lists_every_command_that_is_there_and_imports_nothing_heavy():
    code = (
        "import sys; from strec.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = 'torch transformers polars pandas plotly sklearn statsmodels duckdb'.split()\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    out = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert out.splitlines()[-1] == "[]"
    for name in ("simulate", "evaluate", "doctor"):
        assert f" {name} " in out


def test_a_command_imports_its_own_module_alone():
    code = (
        "import sys; from strec.cli import load_commands; load_commands(['doctor', '--quick'])\n"
        "print(sorted(m for m in sys.modules if m.startswith('strec.cli.')))"
    )
    out = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert out.strip() == "['strec.cli._common', 'strec.cli.doctor']"


@pytest.mark.parametrize("name", ["simulate", "evaluate", "doctor"])
def test_help_of_each_command_shows_examples(run, name):
    code, out, _ = run(name, "--help")
    assert code == 0 and "Examples" in out and f"strec {name}" in out


@pytest.mark.parametrize("wrong", [["nothing"], ["simulate"], ["evaluate", "a", "--part", "x"]])
def test_what_is_not_understood_has_exit_code_2(run, wrong):
    code, out, err = run(*wrong)
    assert code == 2 and "Usage" in err and "Traceback" not in err


def test_version(run):
    from strec import __version__

    assert run("--version") == (0, f"{__version__}\n", "")


# ---------------------------------------------------------------- data


def test_data_is_a_sample_files_or_a_store(city, tmp_path):
    assert load(["travel"]).time_zone == "Europe/Prague"
    loaded = load([str(city)])
    assert (len(loaded.checkins), loaded.name) == (1_500, "city")
    store = Store.create(
        loaded.checkins, tmp_path / "store", name="My city", time_zone="Asia/Tokyo"
    )
    again = load([str(store.folder)])
    assert (len(again.checkins), again.name, again.time_zone) == (1_500, "My city", "Asia/Tokyo")
    assert again.checkins[schema.USER].n_unique() == 30


def test_a_file_named_like_a_sample_goes_before_it(city, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "travel").write_bytes(city.read_bytes())
    assert len(load(["travel"]).checkins) == 1_500


def test_data_that_is_not_there_is_said_with_the_samples(run):
    with pytest.raises(ReadError, match="social"):
        load(["no/such.csv"])
    code, out, err = run("evaluate", "no/such.csv")
    assert code == 1 and "no/such.csv" in err and "Mend" in err and not out
    code, out, _ = run("evaluate", "no/such.csv", "--json")
    assert code == 1 and "social" in json.loads(out)["error"]["mend"]


def test_tables_are_aligned():
    lines = table([("a", "1"), ("longer", "22")], ("name", "n")).splitlines()
    assert lines == ["name     n", "------  --", "a        1", "longer  22"]


# ---------------------------------------------------------------- simulate


@pytest.mark.slow
def test_simulate_writes_the_same_world_for_the_same_seed(run, tmp_path):
    sizes = ["--users", "20", "--checkins", "300", "--temporal", "0", "--seed", "4"]
    for name in ("a.parquet", "b.parquet"):
        code, out, _ = run("simulate", "travel", *sizes, "--out", str(tmp_path / name))
        assert code == 0 and "300 check-ins" in out
    first, second = (pl.read_parquet(tmp_path / name) for name in ("a.parquet", "b.parquet"))
    assert first.equals(second) and first[schema.USER].n_unique() == 20
    expected = simulate("travel", n_users=20, n_checkins=300, temporal=0, seed=4)
    assert first.equals(expected)
    out = "--out", str(tmp_path / "c.csv"), "--store", str(tmp_path / "city")
    assert run("simulate", "travel", *sizes, *out)[0] == 0
    lat, lon = expected[schema.LAT], expected[schema.LON]
    assert Store(tmp_path / "city").meta["n_checkins"] == 300
    assert maps.Ground.load(tmp_path / "city" / maps.GROUND) == maps.Ground.simulated(
        "travel", 4, lat, lon
    )


def test_simulate_tells_how_far_it_is():
    for scenario in ("travel", "ecommerce"):
        told = []
        simulate(scenario, n_users=20, n_checkins=300, seed=4,
                 progress=lambda text, share, told=told: told.append(share))  # fmt: skip
        assert told == sorted(told) and (told[0], told[-1]) == (0, 1)


def test_simulate_does_not_work_for_a_file_that_cannot_be_written(run, tmp_path, monkeypatch):
    monkeypatch.setattr("strec.simulation.simulate", lambda *_, **__: pytest.fail("it worked"))
    for out in (tmp_path / "a.xlsx", tmp_path / "no folder" / "a.csv"):
        code, _, err = run("simulate", "travel", "--out", str(out))
        assert code == 1 and "folder" in err


def test_simulate_says_what_it_cannot_do(run, tmp_path):
    code, _, err = run("simulate", "mars", "--out", str(tmp_path / "a.csv"))
    assert code == 1 and "ecommerce" in err
    code, _, err = run("simulate", "travel", "--temporal", "2", "--out", str(tmp_path / "a.csv"))
    assert code == 2 and not (tmp_path / "a.csv").exists()


# ---------------------------------------------------------------- evaluate


def test_evaluate_prints_a_leaderboard_with_its_regime(run, city):
    code, out, _ = run("evaluate", str(city), "--model", "user_counts", "--model", "popularity",
                       "--by", "kind", "--no-time", "--history", "train")  # fmt: skip
    assert code == 0
    for words in ("not the time of the target", "running session", "User counts", "[0.", "return",
                  "95 % interval", "Acc@1"):  # fmt: skip
        assert words in out


def test_evaluate_fits_on_exactly_the_training_file(run, city, tmp_path):
    whole = load([str(city)]).checkins.sort(schema.TIME)
    write(whole[:1_000], tmp_path / "train.csv"), write(whole[1_000:], tmp_path / "test.csv")
    code, out, err = run(
        "evaluate", str(tmp_path / "test.csv"), "--train", str(tmp_path / "train.csv"),
        "--model", "item_knn", "--set", "n_neighbours=7", "--seed", "3", "--save",
        str(tmp_path / "kept"), "--json",
    )  # fmt: skip
    assert code == 0, err
    assert [row["model"] for row in json.loads(out)["leaderboard"]] == ["Similar items"]
    from strec.models import load_model

    model = load_model(tmp_path / "kept" / "similar-items")
    assert model.get_params()["n_neighbours"] == 7
    assert run("evaluate", str(city), "--set", "n_neighbours=7")[0] == 1


def test_evaluate_gives_a_script_all_there_is(run, city, tmp_path):
    files = {name: tmp_path / f"r.{name}" for name in ("html", "csv", "queries.parquet")}
    code, out, _ = run(
        "evaluate", str(city), "--model", "popularity", "--model", "item_knn", "--json", "--by",
        "time", "--scored", "every", "--at-most", "50", "--html", str(files["html"]),
        "--csv", str(files["csv"]), "--queries", str(files["queries.parquet"]),
    )  # fmt: skip
    found = json.loads(out)
    assert code == 0 and found["regime"]["at_most"] == 50
    assert {row["model"] for row in found["leaderboard"]} == {"Popularity", "Similar items"}
    assert sum(row["n_queries"] for row in found["slices"]["time"]) == 2 * 50
    assert len(pl.read_parquet(files["queries.parquet"])) == 100
    assert pl.read_csv(files["csv"])["model"].len() == 2
    assert "<table>" in files["html"].read_text()


def test_evaluate_takes_parts_from_files_and_a_fitted_model_from_a_folder(run, city, tmp_path):
    from strec.models import UserCounts
    from strec.split import split

    whole = load([str(city)]).checkins.sort(schema.TIME)
    early, late = write(whole[:1_000], tmp_path / "a.csv"), write(whole[1_000:], tmp_path / "b.csv")
    fitted = UserCounts().fit(split(whole[:1_000], whole[1_000:]).train)
    folder = fitted.save(tmp_path / "mine")
    code, out, err = run("evaluate", str(early), str(late), "--model", str(folder), "--json")
    assert code == 0, err
    assert json.loads(out)["leaderboard"][0]["model"] == "mine"
    # The same model does not fit another cut.
    code, _, err = run("evaluate", str(city), "--model", str(folder))
    assert code == 1 and "vocabulary" in err


def test_evaluate_tells_folders_of_one_name_apart(run, city, tmp_path):
    from strec.models import Popularity, UserCounts
    from strec.split import split

    train = split(load([str(city)]).checkins).train
    first = Popularity().fit(train).save(tmp_path / "a" / "run")
    second = UserCounts().fit(train).save(tmp_path / "b" / "run")
    words = ("--model", str(first), "--model", str(second), "--model", str(first))
    code, out, err = run("evaluate", str(city), *words, "--json")
    assert code == 0, err
    board = json.loads(out)["leaderboard"]
    assert {row["model"] for row in board} == {str(first), str(second)}
    assert {row["kind"] for row in board} == {"popularity", "user_counts"}


@pytest.mark.slow
def test_evaluate_refuses_a_run_on_other_data_or_without_an_end(run, city, tmp_path):
    from strec.runs import Run

    folder = tmp_path / "run"
    assert run("train", str(city), "--model", "popularity", "--out", str(folder))[0] == 0
    assert run("evaluate", str(city), "--model", str(folder))[0] == 0
    # One check-in more at the very end: the same users and items, and yet other data.
    whole = load([str(city)]).checkins
    last = whole.filter(pl.col(schema.TIME) == whole[schema.TIME].max()).head(1)
    later = last.with_columns(pl.col(schema.TIME) + pl.duration(hours=1))
    changed = write(pl.concat([whole, later]), tmp_path / "changed.csv")
    code, _, err = run("evaluate", str(changed), "--model", str(folder))
    assert code == 1 and "changed since" in err
    Run(folder).set_state("failed")
    code, _, err = run("evaluate", str(city), "--model", str(folder))
    assert code == 1 and "Popularity is failed" in err


@pytest.mark.parametrize("option", ["--html", "--csv", "--queries"])
def test_evaluate_says_before_it_begins_where_it_cannot_write(run, city, tmp_path, option):
    target = str(tmp_path / "nowhere" / "file.parquet")
    code, out, err = run("evaluate", str(city), "--model", "gpt", option, target)
    assert code == 1 and "nowhere" in err and "gpt" not in err


def test_evaluate_prints_markdown(run, city):
    code, out, _ = run("evaluate", str(city), "--model", "popularity", "--markdown")
    assert code == 0 and "| Popularity |" in out


@pytest.mark.parametrize(
    "wrong, word", [(["--model", "gpt"], "gpt"), (["--by", "mood"], "mood")]
)  # fmt: skip
def test_evaluate_says_what_there_is_to_choose_from(run, city, wrong, word):
    code, _, err = run("evaluate", str(city), *wrong)
    assert code == 1 and word in err and "Mend" in err


def test_evaluate_says_when_there_is_nothing_to_score(run, tmp_path):
    path = write(schema.example(), tmp_path / "few.csv")
    code, _, err = run("evaluate", str(path), "--model", "popularity")
    assert code == 1 and "score every check-in" in err


# ---------------------------------------------------------------- doctor


def test_doctor_finds_what_is_installed(run):
    from strec.cli import doctor

    found = list(doctor.examine(quick=True))
    names = {finding.name: finding for finding in found}
    assert names["polars"].is_well and names["samples"].is_well and names["store"].is_well
    assert "CPU cores" in names["device"].seen
    assert all(finding.is_well or finding.mend for finding in found)


def test_the_engine_that_is_asked_for_counts_or_is_refused(run, monkeypatch):
    monkeypatch.setenv("STREC_ENGINE", "")
    _, out, _ = run("--engine", "polars://", "doctor", "--quick", "--json")
    assert "Polars" in next(row for row in json.loads(out) if row["name"] == "store")["seen"]
    code, _, err = run("--engine", "pyspark://10.0.0.5:7077", "doctor", "--quick")
    assert code == 1 and "spark://10.0.0.5:7077" in err


def test_doctor_says_how_to_mend_what_is_missing(run, monkeypatch):
    from strec.cli import doctor

    monkeypatch.setitem(doctor.PACKAGES, "no-such-package", "magic")
    code, out, _ = run("doctor", "--quick", "--json")
    missing = next(row for row in json.loads(out) if row["name"] == "no-such-package")
    assert code == 1 and not missing["is_well"] and "pip install" in missing["mend"]


@pytest.mark.slow
def test_dependence_reads_a_table_of_dates(run, city, tmp_path):
    days = pl.read_csv(city)["timestamp"].str.head(10).unique()
    dates = tmp_path / "rain.csv"
    wet = ["wet" if k % 2 else "dry" for k in range(len(days))]
    pl.DataFrame({"date": days, "rain": wet}).write_csv(dates)
    few = tmp_path / "few.csv"
    pl.read_csv(city).head(600).write_csv(few)
    code, out, _ = run("dependence", str(few), "--dates", str(dates), "--holidays", "US", "--json")
    found = json.loads(out)
    assert code == 0 and found["route"] in ("ST-LLM", "sequence", "traditional")
    assert {part["name"] for part in found["time_parts"]} >= {"hour", "rain", "public holiday"}


def test_the_command_line_is_a_module_too():
    said = subprocess.run(
        [sys.executable, "-m", "strec", "--version"], capture_output=True, text=True, check=True
    )
    assert strec.__version__ in said.stdout
