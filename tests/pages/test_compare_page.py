"""The page Compare: a difference in words first, pairs that the data offer, files, selections."""

import pytest

from pages.shared import state
from pages.shared.in_use import sample_store
from strec.store import Filters
from tests.pages.alone import alone


@pytest.fixture(scope="module")
def social():
    return sample_store("social")


def opened(store, **said):
    app = alone("compare")
    app.session_state["store"] = store
    for name, value in said.items():
        app.session_state[name] = value
    return app.run()


def first(app) -> str:
    return next((each.value for each in app.markdown if each.value.startswith("####")), "")


@pytest.mark.slow
def test_the_difference_stands_first_with_its_interval(social):
    app = opened(social)
    assert not app.exception
    assert "Weekends have 2.4 times as many check-ins at" in first(app)
    assert any("differ by more than users and days" in each.value for each in app.caption)
    assert {each.label for each in app.get("download_button")} >= {
        "All numbers as CSV", "Report as HTML",
    }  # fmt: skip


@pytest.mark.parametrize("part", ["Hours of the day", "Hours of the week", "Day by day", "Map"])
def test_every_picture_is_drawn(social, part):
    assert not opened(social, compare_part_6=part).exception


@pytest.mark.slow
def test_every_pair_is_an_answer_or_a_sentence(social):
    app = opened(social)
    for way in app.selectbox[0].options:
        app.selectbox[0].set_value(way).run()
        assert not app.exception and not app.error
        assert first(app) or app.info, way


@pytest.mark.slow
def test_what_was_chosen_in_a_picture_is_compared_with_all_others(social):
    picks = [Filters(weekdays=(5,), hours=(20,))]
    app = opened(social, picks=picks, compare_way="What I chose and all others")
    assert "aturday" in first(app) and "ll others" in first(app)
    kept = {"A": Filters(categories=("Park",)), "B": Filters(categories=("Bar",))}
    app = opened(social, kept_selections=kept, compare_way="Two selections I kept")
    assert not app.exception and "visits of Park" in " ".join(str(m.value) for m in app.markdown)
    assert state.KEPT.name == "kept_selections"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chip", "way"),
    [
        (Filters(weekdays=(5, 6)), "Weekends and workdays"),
        (Filters(hours=tuple(range(6, 12))), "Two times of day"),
        (Filters(categories=("Bar",)), "Two kinds"),
    ],
)
def test_a_chip_that_is_one_of_the_groups_leaves_the_other_its_check_ins(social, chip, way):
    """Within weekends there are no workdays: the comparison had one group."""
    plain = opened(social, compare_way=way)
    app = opened(social, compare_way=way, picks=[chip], filters=chip)
    assert not app.exception and not app.info
    assert first(app) == first(plain) or way == "Two kinds"
    assert any("does not narrow" in each.value for each in app.caption)
    # What does not empty a group goes on to narrow.
    narrow = Filters(weekdays=(0, 5))
    app = opened(social, compare_way="Weekends and workdays", picks=[narrow], filters=narrow)
    assert first(app) != first(plain) and not app.info
    assert not any("does not narrow" in each.value for each in app.caption)
