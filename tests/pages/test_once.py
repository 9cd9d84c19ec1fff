"""What visitors share is worked out once: by content, and nobody gets another's."""

import gc

import pandas as pd
import plotly.graph_objects as go
import plotly.io
import pytest

from pages.shared import look, once, results


class Model:
    """Something that cannot be written down."""

    def __init__(self, name: str):
        self.name, self.ask = name, lambda: name


def test_the_same_content_is_worked_out_once_and_another_anew():
    made = []

    def total(frame: pd.DataFrame, factor: int) -> pd.DataFrame:
        made.append(factor)
        return frame * factor

    frame = pd.DataFrame({"n": [1, 2]})
    first = once.once(total, frame, 2)
    first.loc[0, "n"] = 99  # Each has their own.
    assert once.once(total, frame.copy(), 2)["n"].to_list() == [2, 4] and made == [2]
    assert once.once(total, frame + 1, 2)["n"].to_list() == [4, 6]
    assert once.once(total, frame, True)["n"].to_list() == [1, 2] and made == [2, 2, True]


@pytest.mark.slow
def test_objects_are_known_by_being_the_same_and_answers_go_with_them():
    def name(model: Model) -> str:
        return model.name

    one, other = Model("one"), Model("other")
    assert [once.once(name, each) for each in (one, other, one)] == ["one", "other", "one"]
    before = len(results._SHELVES["once"])
    del one, other
    gc.collect()
    once.tidy()
    assert len(results._SHELVES["once"]) == before - 2


def test_a_drawn_figure_is_plotly_s_own_in_the_colours_of_the_theme(monkeypatch):
    def draw(y: list[int]) -> go.Figure:
        return go.Figure(go.Bar(y=y))

    colours = []
    for dark in (False, True):
        monkeypatch.setattr(look, "is_dark", lambda dark=dark: dark)
        told = str(plotly.io.to_json(once.drawn(draw, [1, 2]), validate=False))
        colours.append(look.QUIET[dark])
        assert colours[-1] in told and '"bar"' in told
    assert colours[0] != colours[1]


def test_ends_of_intervals_are_seen_on_either_ground():
    interval = {"array": [1.0], "arrayminus": [1.0]}
    figure = go.Figure(go.Bar(x=[3.0], y=["hour"], orientation="h", error_x=interval))
    figure.add_bar(x=[1.0], y=["weekday"], orientation="h", error_x={**interval, "color": "red"})
    figure.add_bar(x=[1.0], y=["month"], orientation="h")
    for dark in (False, True):
        shown = once.quiet(go.Figure(figure), dark).data
        assert [each.error_x.color for each in shown] == [look.QUIET[dark], "red", None]
