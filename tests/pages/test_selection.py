"""One selection for all pictures: how it is said, what a page does with it."""

from datetime import date

import pytest

from pages.parts import selection
from pages.shared import state, ui
from strec.store import Filters
from tests.pages.alone import alone
from tests.pages.recommending import open_page

PICKED = Filters(
    date_from=date(2024, 5, 1), date_to=date(2024, 5, 7), weekdays=(5,), hours=(20,),
    categories=("Bar", "Café"), events=("buy",), cells=(1, 2), places=("s1",), side="arrivals",
)  # fmt: skip


def test_a_chip_says_what_the_filters_say_and_every_field_has_one():
    assert {name for fields in selection.CHIPS for name in fields} == set(vars(Filters()))
    said = [selection._words(PICKED, fields) for fields in selection.CHIPS if fields[0] != "users"]
    hour, days, *others = said
    assert (hour, days) == ("Saturday 20:00–21:00", "1 May – 7 May 2024")
    assert others == ["Bar and Café", "buy", "2 hexagons", "s1", "arrivals"]


def test_a_group_of_users_is_called_by_its_name(monkeypatch):
    store = ui.sample_store("travel")
    monkeypatch.setattr(ui, "current_store", lambda: store)
    pair = selection.user_groups(store)["The most active users and the others"]
    name, group = next(iter(pair.items()))
    assert selection._words(group, ("users",)) == name == "the 220 most active users"
    assert selection._words(Filters(users=("a", "b")), ("users",)) == "2 users"


@pytest.mark.slow
def test_a_span_drawn_over_the_trend_filters_and_the_trend_stays_whole():
    app = alone("time")
    app.session_state["store"] = ui.sample_store("travel")
    app.session_state["picks"] = [Filters(date_from=date(2024, 5, 1), date_to=date(2024, 5, 31))]
    app.session_state["filters"] = app.session_state["picks"][0]
    app.run()
    assert not app.exception and not app.error
    charts = {each.proto.id.split("-")[-1]: each.proto.spec for each in app.get("plotly_chart")}
    (trend,) = [spec for spec in charts.values() if '"selectdirection"' in spec]
    assert "2024-03" in trend and "2025-02" in trend
    (calendar,) = [spec for spec in charts.values() if "day by day" in spec]
    assert "2024-05" in calendar and "2025-02" not in calendar


def test_a_box_becomes_its_first_and_last_day(monkeypatch):
    class Chosen:
        selection = {"points": [], "box": [{"x": ["2024-05-09 13:00", "2024-05-02"], "y": [0, 1]}]}

    found = []
    monkeypatch.setattr(ui.st, "session_state", {"trend": Chosen()})
    n = state.Key("n", 0)
    ui._chosen("trend", n, None, lambda *days: found.append(days))
    assert found == [(date(2024, 5, 2), date(2024, 5, 9))] and n.value == 1


@pytest.mark.slow
def test_recommend_follows_the_hour_and_the_kinds_chosen_and_lets_them_go(store):
    app = open_page(store)
    kind = app.multiselect(key="rec_categories").options[0]
    app.session_state["picks"] = [Filters(weekdays=(4,), hours=(18,), categories=(kind,))]
    app.run()
    assert not app.exception and not app.error
    assert app.session_state["rec_hour"] == 4 * 24 + 18
    assert app.session_state["rec_date"].weekday() == 4
    assert app.multiselect(key="rec_categories").value == [kind]
    app.multiselect(key="rec_categories").set_value([]).run()
    assert app.multiselect(key="rec_categories").value == []
    app.session_state["picks"] = []
    app.run()
    assert app.session_state["rec_hour"] == 4 * 24 + 18 and not app.exception


@pytest.mark.slow
def test_dependence_tests_what_was_chosen_and_says_so(store):
    app = alone("dependence")
    app.session_state["store"] = store
    app.session_state["filters"] = Filters(weekdays=(0, 1, 2, 3, 4))
    app.run()
    assert not app.exception and not app.error
    assert any("of those chosen" in each.value for each in app.caption)


@pytest.mark.slow
def test_a_group_compared_can_be_seen_alone():
    app = alone("compare")
    app.session_state["store"] = ui.sample_store("travel")
    app.run()
    assert app.button(key="compare_only_a").label == "Only weekends"
    app.button(key="compare_only_a").click().run()
    assert app.session_state["picks"] == [Filters(weekdays=(5, 6))]
