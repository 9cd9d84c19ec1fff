"""The whole analysis as one page: it answers every question, or says why it cannot."""

import json
import re
from base64 import b64decode
from io import StringIO

import pandas as pd
import plotly.graph_objects as go
import polars as pl
import pytest
from typer.testing import CliRunner

from strec import schema, temporal
from strec.cli import load_commands, shell
from strec.reporting import Analysis, Figure, Section, analyse
from strec.reporting.sections import sections
from strec.simulation import simulate
from strec.store import Store

pytestmark = pytest.mark.slow
QUESTIONS = [
    "What is it?", "When?", "Is the rhythm real?", "What comes next?", "Where?",
    "How far do people go?", "Where is it changing?", "Does time or place matter?",
]  # fmt: skip


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    world = simulate("social", temporal=1, spatial=0, interaction=0, n_users=20, n_checkins=1200)
    world = world.with_columns(pl.lit("<script>alert(1)</script>").alias(schema.CATEGORY))
    return Store.create(world, tmp_path_factory.mktemp("s") / "s", name="A <b>city</b>")


@pytest.fixture(scope="module")
def found(city):
    steps = []
    with pytest.MonkeyPatch.context() as patch:
        # How well a model forecasts is no matter of the page.
        quick = (temporal.SeasonalNaive(), temporal.LSTMForecaster(hidden=8, steps=10))
        kinds = (*quick, temporal.Sarima(budget_s=0.5))
        patch.setattr(temporal, "standard_models", lambda _: {each.label: each for each in kinds})
        result = analyse(city, progress=lambda text, share: steps.append((text, share)))
    assert steps[-1] == ("Done", 1.0) and [text for text, _ in steps[:-1]] == QUESTIONS
    return result


def body_of(result: Analysis) -> str:
    """The page without the program that draws the figures."""
    return result.html().split("</head>", 1)[1]


def numbers_of(result: Analysis) -> list[str]:
    links = re.findall(r'href="data:text/csv;base64,([^"]+)"', body_of(result))
    return [b64decode(each).decode() for each in links]


def test_every_question_is_answered(found):
    assert [section.title for section in found.sections] == QUESTIONS
    assert all(section.figures for section in found.sections)
    assert sum(figure.picture is not None for each in found.sections for figure in each.figures) > 8
    words = " ".join(figure.words for each in found.sections for figure in each.figures)
    assert "Busiest" in words and "errs least" in words and "Route:" in words


def test_the_page_needs_nothing_beside_it_and_runs_nothing_of_the_data(found):
    page = found.html()
    outside = page.split("</script>", 1)[1]
    assert "A &lt;b&gt;city&lt;/b&gt;" in page and "A <b>city" not in page
    assert "<script>alert(1)</script>" not in outside
    assert 'src="http' not in page and "<link" not in page


def test_every_picture_has_its_numbers_and_every_section_its_method(found):
    pictures = [each for section in found.sections for each in section.figures if each.picture]
    assert all(each.data is not None and len(each.data) for each in pictures)
    page = body_of(found)
    assert page.count(" download=") == len(pictures)
    assert page.count("<summary>How it works</summary>") == len(QUESTIONS) - 1
    assert "Benjamini" in page and "Lazarus" in page and "Box &amp; Jenkins" in page


def test_the_numbers_are_csv_that_runs_nothing_and_names_nobody(found, city):
    tables = numbers_of(found)
    assert any("<script>alert(1)</script>" in each for each in tables)
    users = set(city.users()["user_id"])
    for each in tables:
        assert len(pd.read_csv(StringIO(each)))
        assert not users & set(each.replace("\n", ",").split(","))
    formula = Section("S", [Figure("w", go.Figure(), pd.DataFrame({"a": ["=1+1"], "b": [1]}))])
    text = numbers_of(Analysis("n", "", [formula]))[0]
    assert text.splitlines()[1] == "'=1+1,1"


def test_it_is_json_for_scripts(found):
    back = json.loads(json.dumps(found.to_dict(), default=str))
    assert back["sections"][0]["facts"]["n_checkins"] == found.sections[0].facts["n_checkins"]


@pytest.mark.parametrize("n", [1, 3])
def test_hardly_any_check_ins_give_words_instead_of_figures(tmp_path, n):
    store = Store.create(schema.example().head(n), tmp_path / "s", name="Few")
    result = analyse(store)
    assert [section.title for section in result.sections] == QUESTIONS
    assert all(figure.words for each in result.sections for figure in each.figures)
    # Nothing about how a single person moves.
    assert not any(figure.picture for figure in result.sections[5].figures)


def test_no_places_is_said(tmp_path):
    bare = schema.example().with_columns(
        pl.lit(None, pl.Float64).alias("lat"), pl.lit(None, pl.Float64).alias("lon")
    )
    result = analyse(Store.create(bare, tmp_path / "s", name="Bare"))
    assert "place" in result.sections[4].figures[0].words
    assert "place" in result.sections[6].figures[0].words


def test_the_command_writes_the_page(tmp_path):
    path = tmp_path / "checkins.parquet"
    schema.example().write_parquet(path)
    load_commands(["analyse"])
    out = tmp_path / "report.html"
    done = CliRunner().invoke(shell, ["analyse", str(path), "--html", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_text().startswith("<!doctype html>")
    assert not list(tmp_path.glob(".*.part"))


def test_days_without_check_ins_are_zeros_or_gaps_as_asked(tmp_path):
    world = simulate("social", temporal=0, spatial=0, interaction=0, n_users=20, n_checkins=1500)
    day = pl.col(schema.TIME).dt.ordinal_day() % 14
    store = Store.create(world.filter(day != 3), tmp_path / "s", name="Gaps")
    zeros, gaps = (dict(sections(store, each))["Is the rhythm real?"]() for each in ("zero", "gap"))
    mean = [float(each.figures[0].words.split()[2]) for each in (zeros, gaps)]
    assert mean[1] > 1.03 * mean[0]
