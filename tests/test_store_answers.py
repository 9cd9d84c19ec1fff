"""Answers kept with a large store: as counted anew, found by other processes, never old."""

import pandas as pd
import pytest

from pages.parts.demand import ask
from strec import demand, temporal
from strec.demand import backtesting, count_ahead
from strec.evaluation import evaluate_ahead, experiment
from strec.store import Filters, Store, answers
from tests.pages.alone import alone
from tests.test_store import aggregates_of, world


@pytest.fixture
def large(monkeypatch):
    """Every store counts as large."""
    monkeypatch.setattr(answers, "LEAST_CHECKINS", 1)


@pytest.fixture
def folder(tmp_path):
    return Store.create(world(), tmp_path / "w", name="World", time_zone="UTC").folder


def kept(folder) -> dict[str, bytes]:
    held = folder / answers.FOLDER
    return {each.name: each.read_bytes() for each in held.iterdir()} if held.exists() else {}


@pytest.mark.slow
def test_every_aggregate_is_the_same_counted_and_found_again(folder, large):
    # The first reader is answered by the engine, the second by what lies beside the store.
    counted, found = aggregates_of(Store(folder)), aggregates_of(Store(folder))
    assert len(kept(folder)) > 20
    for name, frame in counted.items():
        if isinstance(frame, pd.DataFrame):
            pd.testing.assert_frame_equal(frame, found[name])
            assert frame.attrs == found[name].attrs
        else:
            assert frame == found[name]


def test_what_is_kept_is_not_asked_of_the_engine_again(folder, large, monkeypatch):
    expected = Store(folder).category_hours()
    anew = Store(folder)

    def refuse(*_, **__):
        raise AssertionError("asked the engine")

    monkeypatch.setattr(type(anew._connection), "to_pyarrow", refuse)
    pd.testing.assert_frame_equal(anew.category_hours(), expected)
    with pytest.raises(AssertionError, match="asked the engine"):
        anew.category_hours(filters=Filters(hours=(8,)))


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_a_damaged_answer_is_counted_anew_and_mended(folder, large, damage):
    expected, before = Store(folder).hour_weekday(), kept(folder)
    for name, content in before.items():
        broken = (
            content[:40] + bytes([content[40] ^ 1]) + content[41:] if damage is None else damage
        )
        (folder / answers.FOLDER / name).write_bytes(broken)
    pd.testing.assert_frame_equal(Store(folder).hour_weekday(), expected)
    assert kept(folder) == before


def test_a_store_that_takes_the_place_of_another_has_its_own_answers(folder, large):
    store = Store(folder)
    old, held = store.summary()["n_checkins"], kept(folder)
    other = Store.create(world(900, seed=1), folder, name="World", time_zone="UTC")
    assert not kept(folder)
    # Even if somebody puts the old answers beside the new check-ins.
    (folder / answers.FOLDER).mkdir()
    for name, content in held.items():
        (folder / answers.FOLDER / name).write_bytes(content)
    assert (old, other.summary()["n_checkins"]) == (4000, 900)


def test_small_stores_and_folders_that_cannot_be_written_keep_none(folder, monkeypatch):
    expected = Store(folder).calendar()
    assert not kept(folder) and not Store(folder).keeps_answers and count_ahead(Store(folder)) == 0
    monkeypatch.setattr(answers, "LEAST_CHECKINS", 1)
    (folder / answers.FOLDER).write_text("in the way")
    pd.testing.assert_frame_equal(Store(folder).calendar(), expected)


@pytest.mark.slow
def test_the_oldest_make_room(folder, large, monkeypatch):
    store = Store(folder)
    store.calendar()
    monkeypatch.setattr(answers, "MOST_BYTES", 12_000)
    for hour in range(7, 20):
        store.cells(9, Filters(hours=(hour,)))
    sizes = [len(content) for content in kept(folder).values()]
    assert 1 < len(sizes) < 13 and sum(sizes) <= 12_000
    monkeypatch.setattr(answers, "MOST_BYTES_EACH", 10)
    before = kept(folder)
    store.calendar(Filters(weekdays=(1,)))
    assert kept(folder) == before


def test_a_table_sent_with_a_question_counts_by_its_content(folder, large):
    groups = {f"u{i:02d}": "one" if i % 2 else "other" for i in range(40)}
    found = temporal.series_by(Store(folder), "user_group", "week", groups=groups)
    before = kept(folder)
    swapped = {user: "other" if group == "one" else "one" for user, group in groups.items()}
    again = temporal.series_by(Store(folder), "user_group", "week", groups=swapped)
    assert found["one"].frame.equals(again["other"].frame)
    assert not found["one"].frame.equals(again["one"].frame)
    both = kept(folder)
    assert len(both) > len(before)
    # The same table is another object each time, and has another name in the question.
    found_again = temporal.series_by(Store(folder), "user_group", "week", groups=dict(groups))
    assert found_again["one"].frame.equals(found["one"].frame)
    assert set(kept(folder)) == set(both)


@pytest.mark.slow
def test_pages_find_what_was_counted_ahead(tmp_path, large, monkeypatch):
    from strec.io.samples import read_sample

    checkins = read_sample("social")
    folder = Store.create(checkins, tmp_path / "s", name="S", time_zone="America/New_York").folder
    assert count_ahead(Store(folder)) >= 8
    before = set(kept(folder))
    asked = ask.usual(Store(folder))
    demand.panel(Store(folder), asked.what, asked.where, resolution=asked.resolution)
    assert demand.forecast_ahead(Store(folder)) and evaluate_ahead(Store(folder)) == 5

    def never(*_, **__):
        raise AssertionError("tested again")

    monkeypatch.setattr(backtesting, "scored", never)
    monkeypatch.setattr(experiment.Model, "fit", never)
    pages = (("time", ""), ("space", "map"), ("space", "flows"), ("demand", ""), ("evaluate", ""))
    for page, part in pages:
        app = alone(page)
        app.session_state["store"] = Store(folder)
        app.query_params["part"] = part
        app.run()
        assert not app.exception
    assert set(kept(folder)) == before
