"""The address of the Recommend page: what it says, and what odd ones do."""

import pytest

from tests.pages.recommending import Likeness, cards, healthy, open_page, text_of

pytestmark = pytest.mark.slow


def test_the_view_is_in_the_url_and_comes_back(app, store):
    app.select_slider(key="rec_hour").set_value(50).run()
    said = {
        key: value if isinstance(value, str) else value[0]
        for key, value in app.query_params.items()
    }
    assert said["time"].endswith("T02") and said["user"].startswith("User ")
    again = open_page(store, **said)
    assert cards(again) == cards(app)
    assert again.select_slider(key="rec_hour").value == 50


def test_all_that_shapes_the_list_comes_back_from_the_url(app, store, monkeypatch):
    monkeypatch.setattr("strec.llm.wish.read_wish", Likeness())
    kind = app.multiselect(key="rec_categories").options[0]
    app.multiselect(key="rec_categories").set_value([kind])
    app.toggle(key="rec_new_only").set_value(True)
    app.select_slider(key="rec_distance").set_value(25)
    app.slider(key="rec_diversity").set_value(0.3)
    app.slider(key="rec_novelty").set_value(0.7)
    app.segmented_control(key="rec_strategy").set_value("interest")
    app.text_input(key="rec_wish").set_value("a & b=c #1 #fine").run()
    app.slider(key="rec_wish_weight").set_value(0.8).run()
    app.button(key="rec_card_2").click().run()
    assert healthy(app) and len(cards(app)) >= 2
    again = open_page(store, **app.query_params)
    assert healthy(again) and cards(again) == cards(app)
    assert again.multiselect(key="rec_categories").value == [kind]
    assert again.toggle(key="rec_new_only").value
    assert again.select_slider(key="rec_distance").value == 25
    assert again.slider(key="rec_diversity").value == 0.3
    assert again.slider(key="rec_novelty").value == 0.7
    assert again.slider(key="rec_wish_weight").value == 0.8
    assert again.text_input(key="rec_wish").value == "a & b=c #1 #fine"
    assert again.segmented_control(key="rec_strategy").value == "interest"
    assert again.subheader[0].value == app.subheader[0].value
    assert not any("link" in str(each.value) for each in again.info)
    assert not again.warning


def test_what_is_as_usual_is_not_in_the_url(app):
    assert set(app.query_params) == {"user", "time"}


def test_raw_ids_are_in_the_url_only_when_they_are_on_the_page(app, world):
    ids = set(world["user_id"])
    assert app.query_params["user"] not in ids
    app.toggle(key="rec_real_ids").set_value(True).run()
    assert app.query_params["user"] in ids


def test_a_long_wish_in_the_url_is_cut_and_said(store, monkeypatch):
    monkeypatch.setattr("strec.llm.wish.read_wish", Likeness())
    app = open_page(store, wish="z" * 5_000)
    assert healthy(app) and "cut after 500 characters" in text_of(app)
    assert app.text_input(key="rec_wish").value == "z" * 500


def test_a_distance_between_the_steps_is_the_next_larger(store):
    assert open_page(store, far="3").select_slider(key="rec_distance").value == 5


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ({"user": "nobody <b>"}, "is not in this data set"),
        ({"time": "tomorrow"}, "time is no date"),
        ({"time": "2024-13-45T99"}, "time is no date"),
        ({"at": "somewhere"}, "place is no latitude and longitude"),
        ({"at": "95,0"}, "place is no latitude and longitude"),
        ({"at": "0,0"}, "nearest known place is"),
        ({"at": "35.6,139.7"}, "nearest known place is"),
        ({"time": "2031-01-01T10"}, "days outside the data"),
        ({"time": "1999-01-01T10"}, "days outside the data"),
        ({"time": "0001-01-01T00"}, "time is no date"),
        ({"time": "9999-12-31T23"}, "time is no date"),
        ({"strategy": "evil"}, "strategy is none of this page"),
        ({"kind": "<b>Nowhere</b>"}, "is not in this data set"),
        ({"far": "near"}, "no number of kilometres"),
        ({"far": "-3"}, "no number of kilometres"),
        ({"far": "nan"}, "no number of kilometres"),
        ({"diversity": "7"}, "diversity is no number from 0 to 1"),
        ({"novelty": "much"}, "novelty is no number from 0 to 1"),
        ({"weight": "inf"}, "weight of the wish is no number from 0 to 1"),
        ({"model": "../../etc/passwd"}, "model is not on this machine"),
        ({"item": "none such"}, ""),
        ({"new": "perhaps"}, ""),
    ],
    ids=str,
)
def test_an_odd_link_is_answered_kindly(store, url, said):
    app = open_page(store, **url)
    assert healthy(app) and said in text_of(app) and len(cards(app)) == 10
