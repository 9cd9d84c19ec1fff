"""Backtests kept with a large store: the same forecast, no second test, never somebody else's."""

import numpy as np
import pandas as pd
import pytest

from strec import demand
from strec.demand import Calendar, DaysAlike, HourOfWeek, Trees, backtesting, kept
from strec.io.samples import read_sample
from strec.store import Store, answers


@pytest.fixture
def store(tmp_path, monkeypatch) -> Store:
    monkeypatch.setattr(answers, "LEAST_CHECKINS", 1)
    folder = tmp_path / "s"
    return Store.create(read_sample("traffic"), folder, name="S", time_zone="America/New_York")


@pytest.fixture
def few_trees(monkeypatch):
    monkeypatch.setattr(Trees.__init__, "__defaults__", (12, 8, 20_000, 0))


def asked(store: Store) -> demand.Panel:
    return demand.panel(store, *demand.usual_question(store))


@pytest.mark.slow
def test_another_process_forecasts_alike_without_a_test(store, few_trees, monkeypatch):
    home = Calendar.usual(store.time_zone)
    assert home.country == "US"
    fresh = demand.demand(asked(store), calendar=home, refit=False)
    assert demand.forecast_ahead(store)
    assert not demand.forecast_ahead(Store(store.folder))
    again = Store(store.folder)

    def never(*_, **__):
        raise AssertionError("tested again")

    monkeypatch.setattr(backtesting, "scored", never)
    counted = asked(again)
    past = kept.load(again, counted, home)
    found = demand.demand(counted, calendar=home, refit=False, past=past)
    pd.testing.assert_frame_equal(
        past.table.drop(columns="seconds"), fresh.backtest.table.drop(columns="seconds")
    )
    assert past.sentence == fresh.backtest.sentence and past.weights == fresh.backtest.weights
    for name in ("expected", "bands", "usual", "is_unusual"):
        np.testing.assert_array_equal(getattr(found, name), getattr(fresh, name))
    assert list(past.expected) == list(fresh.backtest.expected)
    for name, made in fresh.backtest.expected.items():
        np.testing.assert_array_equal(past.expected[name], made)
        np.testing.assert_array_equal(past.daily[name], fresh.backtest.daily[name])
    np.testing.assert_array_equal(past.truth, fresh.backtest.truth)
    place = counted.places["place"][0]
    pd.testing.assert_frame_equal(found.why(place, 8), fresh.why(place, 8))
    pd.testing.assert_frame_equal(found.series(place), fresh.series(place))
    assert found.findings() == fresh.findings() and found.changes == fresh.changes


def counts(seed: int = 0) -> demand.Panel:
    hours = np.random.default_rng(seed).poisson(3.0, (400, 3))
    return demand.Panel.of(hours, "2024-06-03")


def kept_of(store: Store, panel: demand.Panel, calendar: Calendar):
    models = {each.label: each() for each in (HourOfWeek, DaysAlike)}
    past = demand.backtest(panel, models, calendar=calendar)
    kept.keep(store, past, calendar)
    return past


@pytest.mark.parametrize(
    "other", ["values", "places", "country", "code", "models", "damaged", "start"]
)
def test_what_is_of_others_or_damaged_is_not_found(store, monkeypatch, other):
    panel, home = counts(), Calendar("US")
    past = kept_of(store, panel, home)
    found = kept.load(store, panel, home)
    np.testing.assert_array_equal(found.expected["Days alike"], past.expected["Days alike"])
    if other == "values":
        panel = counts(1)
    if other == "start":
        panel = demand.Panel.of(panel.values, "2024-06-04")
    if other == "places":
        places = panel.places.assign(lat=[40.0, 41.0, 42.0], lon=[-74.0] * 3)
        panel = demand.Panel.of(panel.values, "2024-06-03", places)
    if other == "country":
        home = Calendar()
    if other == "code":
        monkeypatch.setattr(kept, "code", lambda: "of another version")
    if other == "models":
        monkeypatch.setattr(kept, "standard_models", lambda *_: demand.standard_models(0))
    if other == "damaged":
        (file,) = (store.folder / kept.FOLDER).iterdir()
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    assert kept.load(store, panel, home) is None


def test_own_columns_small_stores_and_folders_that_cannot_be_written_keep_nothing(
    store, monkeypatch
):
    rain = pd.DataFrame({"day": pd.date_range("2024-06-03", periods=40), "rain_mm": 1.0})
    kept_of(store, counts(), Calendar.with_columns(rain))
    assert not (store.folder / kept.FOLDER).exists()
    (store.folder / kept.FOLDER).write_text("in the way")
    kept_of(store, counts(), Calendar())
    assert kept.load(store, counts(), Calendar()) is None
    (store.folder / kept.FOLDER).unlink()
    monkeypatch.setattr(answers, "LEAST_CHECKINS", 10**9)
    small = Store(store.folder)
    assert not demand.forecast_ahead(small)
    kept_of(small, counts(), Calendar())
    assert not (store.folder / kept.FOLDER).exists()
