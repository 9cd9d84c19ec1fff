"""Room beside figures: enough for their words, and not much more."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from strec import plots
from strec.gate import DependenceResult, tested_before
from strec.plots import dependence
from strec.plots.room import make_room, width_px

#: As a browser measured them in the app's font, 12 pixels high.
MEASURED_PX = {"Wednesday": 58.3, "Saturday": 45.6, "Coffee Shop": 60.9, "Tapas Restaurant": 86.0,
               "Supermarket": 65.5, "Nightclub": 49.2, "Office": 29.1, "350": 17.9,
               "14 %": 24.3}  # fmt: skip


@pytest.mark.parametrize("word", MEASURED_PX)
def test_words_are_rather_too_wide_than_too_narrow(word):
    assert MEASURED_PX[word] <= width_px(word) <= 1.3 * MEASURED_PX[word]


def left(figure) -> int:
    return make_room(figure.update_layout(margin={"l": 8, "r": 8})).layout.margin.l


def test_the_week_has_what_plotly_would_have_made_in_a_second_drawing():
    week = pd.DataFrame({"weekday": [5], "hour": [18], "n_checkins": [688], "n_users": [20]})
    room = make_room(plots.hour_weekday(week)).layout.margin
    assert 82 < room.l < 100
    # Its bar, the numbers there and the title: 72, of which the pads are 20 and here 28.
    assert 80 < room.r < 100


def test_names_numbers_and_titles_are_told_apart():
    named = go.Figure(go.Bar(x=[1, 2], y=["Bar", "Tapas Restaurant"], orientation="h"))
    small, large = (go.Figure(go.Scatter(x=[1, 2], y=[0, top])) for top in (5, 3000))
    assert left(named) > left(large) > left(small) > 20
    assert left(large.update_yaxes(title="check-ins")) > left(small) + 40
    below = go.Figure(go.Scatter(x=[1, 2], y=[-3000, 0]))
    assert left(below) > left(go.Figure(go.Scatter(x=[1, 2], y=[0, 3000])))


def test_numbers_need_no_room_for_how_they_are_sent():
    figure = go.Figure(go.Scatter(x=np.arange(500), y=np.linspace(0, 350, 500)))
    # Sent as text, its numbers are not known: a few pixels at most, and plotly makes the rest.
    assert left(go.Figure(figure.to_dict(), skip_invalid=True)) <= left(figure) < 60


@pytest.mark.parametrize("hidden", [{"visible": False}, {"showticklabels": False},
                                    {"side": "right"}])  # fmt: skip
def test_what_has_no_words_at_its_left_keeps_its_margin(hidden):
    figure = go.Figure(go.Bar(x=[1], y=["Tapas Restaurant"], orientation="h"))
    assert left(figure.update_yaxes(**hidden)) == 8


def test_only_figures_at_the_left_side_count():
    pair = make_subplots(cols=2)
    pair.add_scatter(x=[1], y=["a"], row=1, col=1)
    pair.add_scatter(x=[1], y=["Tapas Restaurant"], row=1, col=2)
    assert left(pair) < 40


def test_more_room_than_needed_stays():
    figure = go.Figure(go.Bar(x=[1], y=["Bar"], orientation="h")).update_layout(margin_l=200)
    assert make_room(figure).layout.margin.l == 200


def test_no_data_needs_nothing():
    assert left(go.Figure(go.Scatter(x=[], y=[]))) <= 40
    assert left(go.Figure(go.Scatter(x=[1], y=[np.nan]))) <= 40


def test_the_words_of_a_dial_end_within_a_quarter_of_a_laptop_s_page():
    column_px, gap_px = 201, 3
    known = DependenceResult.from_dict(next(iter(tested_before._known().values())))
    figure = dependence.dial(known.ingredients[0])
    (indicator,) = figure.data
    inner = column_px - figure.layout.margin.l - figure.layout.margin.r
    left, right = (figure.layout.margin.l + share * inner for share in indicator.domain.x)
    # "strong" stands in the middle of the last third of the half circle.
    begins = (left + right) / 2 + np.cos(np.pi / 6) * (right - left) / 2 + gap_px
    assert begins + width_px(indicator.gauge.axis.ticktext[-1]) < column_px
