"""The core stands without the extras, and what needs one of them says how to install it."""

import subprocess
import sys

import pytest

from strec.errors import MissingPartError
from strec.io import read_sample, write
from strec.parts import EXTRA_OF, missing_part, require, shipped

#: Refuses the packages of all extras, as where only the core is installed.
BLOCK = f"""
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {set(EXTRA_OF)!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Refuse())
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", BLOCK + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_core_reads_cleans_analyses_counts_and_evaluates_and_its_commands_work(tmp_path):
    few = write(read_sample("travel").head(2_000), tmp_path / "few.csv")
    out = tmp_path / "clean.parquet"
    commands = [
        ["inspect", "travel"],
        ["clean", str(few), "--out", str(out)],
        ["evaluate", str(out), "--at-most", "50"],
        ["recommend", str(out)],
    ]
    code = f"""
import strec
from strec.gate import dependence_test

dataset, report = strec.clean("travel")
print(len(dataset))
dataset = strec.Dataset(dataset.checkins.head(2_000))
print(dependence_test(dataset.checkins, n_permutations=3).route)
results = strec.evaluate(None, dataset, strec.Regime(at_most=100))
print(*results.leaderboard["model"])
print(*strec.MODELS)
user = dataset.checkins["user_id"][0]
print(strec.CounterMix().fit(dataset).recommend(dataset, [user], k=10).height)

import strec.plots, strec.reporting, strec.simulation, strec.spatial, strec.temporal
from strec.cli import main
for command in {commands!r}:
    try:
        main(command)
    except SystemExit as end:
        assert not end.code, command
"""
    n_checkins, route, names, kinds, suggestions, *said = run(code).splitlines()
    assert int(n_checkins) > 1_000 and route in ("traditional", "ST-LLM")
    assert "Counter mix" in names and {"stllm", "als", "counter_mix"} <= {*kinds.split()}
    assert suggestions == "10" and "Counter mix" in "".join(said)


@pytest.mark.slow
def test_a_model_that_is_not_installed_says_the_command():
    code = """
import strec
from strec.errors import MissingPartError
from strec.models import ALS, LSTM, STLLM, Item2Vec
from strec.split import Vocabulary, encode

checkins = strec.read_sample("travel").head(500)
for kind in (STLLM, LSTM, ALS, Item2Vec):
    try:
        kind().fit(encode(checkins, Vocabulary.of(checkins)))
    except MissingPartError as error:
        print(kind.__name__, error.mend)
"""
    said = run(code).splitlines()
    assert [line.split()[0] for line in said] == ["STLLM", "LSTM", "ALS", "Item2Vec"]
    assert all("pip install 'strec-kit[models]'" in line for line in said)


@pytest.mark.slow
def test_a_language_model_and_the_app_say_the_command():
    code = """
from strec.errors import MissingPartError
from strec.llm import Encoder
try:
    Encoder("tiny", cache=False).encode(["coffee"])
except MissingPartError as error:
    print(error.mend)
from strec.cli import main
main(["app"])
"""
    done = subprocess.run([sys.executable, "-c", BLOCK + code], capture_output=True, text=True)
    assert done.returncode == 1 and "pip install 'strec-kit[models]'" in done.stdout
    assert "pip install 'strec-kit[app]'" in done.stderr


def test_what_is_installed_is_imported_and_what_strec_does_not_know_stays_as_it_is():
    require("torch", "implicit")
    assert missing_part(ModuleNotFoundError(name="numpy")) is None
    with pytest.raises(ModuleNotFoundError):
        require("no_such_package")
    assert isinstance(missing_part(ModuleNotFoundError(name="peft.tuners")), MissingPartError)


def test_what_comes_with_strec_is_found():
    assert all(shipped(name).exists() for name in ("app.py", "pages", "sample_data", "benchmarks"))


def test_importing_strec_loads_nothing_heavy_and_takes_at_most_ten_milliseconds():
    code = """
import time
begun = time.process_time()
import strec, sys
middle = time.process_time()
import asyncio
print(middle - begun, time.process_time() - middle)
print([m for m in "polars pandas numpy torch typer plotly".split() if m in sys.modules])
"""
    seconds = []
    for _ in range(5):
        times, loaded = subprocess.check_output(
            [sys.executable, "-c", code], text=True
        ).splitlines()
        assert loaded == "[]"
        seconds.append([float(each) for each in times.split()])
    # On a quiet core asyncio takes about 30 ms, strec 6. A busy machine slows both alike.
    of_strec, of_asyncio = map(min, zip(*seconds, strict=True))
    assert of_strec < max(0.010, of_asyncio / 2), seconds
