"""What CONTRIBUTING.md shows can be typed as it stands."""

import re
from pathlib import Path

import polars as pl
import pytest

import strec
from strec.io.formats import FORMATS
from strec.metrics import METRICS
from strec.models import MODELS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shown() -> dict:
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.S):
        exec(block, names)
    return names


def test_each_object_belongs_to_its_registry(shown):
    assert METRICS.belongs(shown["ACC_AT_3"]) and "acc@3" not in METRICS
    assert MODELS.belongs(shown["Recent"]) and "recent" not in MODELS
    assert FORMATS.belongs(shown["MY_CITY"]) and "my_city" not in FORMATS


def test_model_and_metric_take_part_in_an_evaluation(shown, monkeypatch):
    # As if the file lay in strec/metrics.
    metric = shown["ACC_AT_3"]
    monkeypatch.setitem(METRICS._found, metric.name, metric)
    results = strec.evaluate([shown["Recent"](500)], strec.Dataset.sample("travel"))
    row = results.leaderboard.row(by_predicate=pl.col("model") == "Recent", named=True)
    assert 0 < row["acc@1"] < row["acc@3"] < row["acc@5"] < 1
    assert row["acc@3 low"] < row["acc@3"] < row["acc@3 high"]


def test_the_files_that_it_names_are_there():
    for path in re.findall(r"`((?:strec|pages|tests|docs|benchmarks)/[\w/.]+)`", TEXT):
        assert (ROOT / path).exists(), path
