"""The time page: every sample, every part, filters, and data too small to say anything."""

import json

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import ui
from strec import schema, temporal
from strec.io.samples import samples
from strec.store import Filters, Store
from tests.pages.alone import alone

PARTS = ("Week and calendar", "Rhythms", "Out of the ordinary", "Forecast")


def page(store, **state) -> AppTest:
    app = alone("time")
    app.session_state["store"] = store
    for name, value in state.items():
        app.session_state[name] = value
    return app.run()


def words(app: AppTest) -> str:
    return " ".join(
        each.value for kind in (app.markdown, app.caption, app.info, app.error) for each in kind
    )


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return {each.name: ui.sample_store(each.name) for each in samples()}


@pytest.mark.slow
@pytest.mark.parametrize("name", [each.name for each in samples()])
def test_every_sample_shows_its_week(stores, name):
    app = page(stores[name])
    assert not app.exception and not app.error
    assert "Busiest" in words(app)
    assert len(app.get("plotly_chart")) >= 4


@pytest.mark.slow
def test_on_a_phone_the_notes_below_figures_end_within_them(stores):
    for narrow in (True, False):
        app = page(stores["flights"], browser_width="phone" if narrow else "")
        specs = [json.loads(each.proto.spec) for each in app.get("plotly_chart")]
        notes = [
            note["text"]
            for spec in specs
            for note in spec["layout"].get("annotations", ())
            if "check-ins · " in note["text"]
        ]
        assert len(notes) > 2 and all(note.endswith("times in America/New_York") for note in notes)
        # 300 px hold some 40 of these letters.
        longest = max(len(line) for note in notes for line in note.split("<br>"))
        assert longest <= 36 if narrow else longest > 40


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS[1:])
def test_deeper_parts_speak_in_words(stores, part):
    app = page(stores["social"], time_part=part)
    assert not app.exception and not app.error
    if part == "Rhythms":
        assert "1 week" in words(app) and "Real rhythm" in words(app)
        assert len(app.get("plotly_chart")) == 3
    if part == "Out of the ordinary":
        assert "out of the ordinary" in words(app)
    if part == "Forecast":
        assert any("Compare five" in each.label for each in app.button)


@pytest.mark.slow
def test_a_series_can_be_that_of_a_part_of_town_and_never_of_one_person(stores):
    app = page(stores["social"], time_part="Rhythms")
    of = next(each for each in app.selectbox if each.label == "Series of")
    parts = [each for each in of.options if each.startswith("Part of town: near ")]
    assert len(parts) >= 5 and any(each.startswith("Category: ") for each in of.options)
    everything = words(app)
    of.select(parts[0]).run()
    assert not app.exception and "On average" in words(app) and words(app) != everything


@pytest.mark.slow
def test_categories_of_few_users_are_no_slice(tmp_path):
    table = daily(60).with_columns(
        category=pl.when(pl.col("user_id") == "u0").then(pl.lit("hers")).otherwise(pl.lit("all"))
    )
    store = Store.create(table, tmp_path / "s", name="Few users", time_zone="UTC")
    app = page(store, time_part="Rhythms")
    of = next(each for each in app.selectbox if each.label == "Series of")
    assert of.options == ["Everything"]


@pytest.mark.slow
def test_a_forecast_compares_with_repeating_the_last_season(tmp_path, monkeypatch):
    # Which kinds there are, and what they say, is checked in tests/temporal.
    quick = (
        temporal.SeasonalNaive(),
        temporal.Sarima(order=(1, 0, 0)),
        temporal.LSTMForecaster(hidden=8, steps=10),
    )
    monkeypatch.setattr(temporal, "standard_models", lambda _: {m.label: m for m in quick})
    store = Store.create(daily(60), tmp_path / "s", name="Sixty days", time_zone="UTC")
    app = page(store, time_part="Forecast")
    next(each for each in app.button if "Compare five" in each.label).click()
    app.run(timeout=120)
    assert not app.exception and not app.error
    assert "errs least" in words(app) and "Expected in the next" in words(app)
    models = set(app.dataframe[0].value["Model"])
    assert {"Seasonal naive", "SARIMA", "LSTM"} <= models


def test_filters_that_leave_nothing_say_so(stores):
    app = page(stores["social"], filters=Filters(categories=()))
    assert "No check-ins match the filters" in words(app)


@pytest.mark.parametrize("part", PARTS)
def test_three_check_ins_give_words_instead_of_figures(tmp_path, part):
    store = Store.create(schema.example().head(3), tmp_path / "s", name="Three", time_zone=None)
    app = page(store, time_part=part)
    assert not app.exception and not app.error
    assert words(app)


def daily(n_days: int) -> pl.DataFrame:
    """Check-ins of a small shop: more on Saturdays, a few every day."""
    rows = []
    for day in range(n_days):
        for k in range(3 + 4 * (day % 7 == 5) + day % 3):
            rows.append((f"u{k % 4}", f"i{k % 3}", day * 86_400 + 36_000 + k * 600))
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "seconds"], orient="row")
    return schema.validate(
        frame.with_columns(
            pl.from_epoch("seconds", time_unit="s")
            .dt.replace_time_zone("UTC")
            .cast(pl.Datetime("us", "UTC"))
            .alias(schema.TIME),
            pl.lit(0, pl.Int16).alias(schema.OFFSET),
            pl.lit(None, pl.Float64).alias(schema.LAT),
            pl.lit(None, pl.Float64).alias(schema.LON),
        )
    )
