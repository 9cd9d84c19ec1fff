"""Figures as the page shows them: the theme is written into them, and nothing of theirs is lost."""

import json
import tomllib
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from pages.shared import look
from pages.shared.dress import dressed


def _dressed(figure: go.Figure, dark: bool = False) -> dict:
    return json.loads(dressed(str(figure.to_json()), dark))


@pytest.mark.parametrize("dark", [False, True])
def test_colours_are_those_of_the_theme(dark):
    config = Path(__file__).parents[2] / ".streamlit" / "config.toml"
    theme = tomllib.loads(config.read_text())["theme"]["dark" if dark else "light"]
    assert look.GROUND[dark] == theme["backgroundColor"]
    assert look.TEXT[dark] == theme["textColor"]
    assert look.BORDER[dark] == theme["borderColor"]
    assert look.QUIET[dark] == theme["grayTextColor"]


@pytest.mark.parametrize("dark", [False, True])
def test_what_a_figure_does_not_say_the_theme_says(dark):
    found = _dressed(go.Figure(go.Scatter(x=[1], y=[2])), dark)
    layout = found["layout"]
    assert "template" not in layout
    assert layout["font"]["color"] == layout["yaxis"]["tickfont"]["color"] == look.QUIET[dark]
    assert layout["paper_bgcolor"] == look.GROUND[dark]
    assert layout["title"]["font"]["color"] == look.TEXT[dark]
    # Lines along one axis alone, and no edge about points.
    assert layout["xaxis"]["showgrid"] is False and "showgrid" not in layout["yaxis"]
    assert found["data"][0]["marker"]["line"]["width"] == 0


def test_what_a_figure_says_stands():
    figure = go.Figure(go.Scatter(x=[1], y=[2], marker_line_width=3, marker_color="#123456"))
    figure.update_layout(paper_bgcolor="rgba(0,0,0,0)", title={"text": "A", "x": 0.5})
    figure.update_yaxes(automargin=False, title={"text": "B", "standoff": 1})
    found = _dressed(figure)
    layout, marker = found["layout"], found["data"][0]["marker"]
    assert marker == {"line": {"width": 3}, "color": "#123456"}
    assert layout["paper_bgcolor"] == "rgba(0,0,0,0)" and layout["yaxis"]["automargin"] is False
    assert layout["title"]["text"] == "A" and layout["title"]["x"] == 0.5
    assert layout["yaxis"]["title"]["standoff"] == 1
    assert layout["yaxis"]["title"]["font"]["size"] == 14


def test_each_of_several_axes_is_dressed_and_nothing_that_is_called_like_one():
    figure = go.Figure().set_subplots(1, 2)
    layout = _dressed(figure)["layout"]
    assert layout["xaxis2"]["showgrid"] is False and layout["yaxis2"]["title"]["standoff"] == 24
    assert {name for name in layout if "axis" in name} == {"xaxis", "yaxis", "xaxis2", "yaxis2"}


@pytest.mark.parametrize("kind", ["i2", "u1", "f4", "f8"])
def test_numbers_are_lists_and_what_is_none_is_null(kind):
    """The browser takes numbers in bytes for others each time, and draws them again."""
    numbers = np.arange(6).astype(kind).reshape(2, 3)
    if numbers.dtype.kind == "f":
        numbers[0, 0], numbers[1, 2] = np.nan, np.inf
    figure = go.Figure(go.Heatmap(z=numbers))
    assert "bdata" in str(figure.to_json())
    z = _dressed(figure)["data"][0]["z"]
    wanted = [[0, 1, 2], [3, 4, 5]]
    if numbers.dtype.kind == "f":
        wanted[0][0], wanted[1][2] = None, None
    assert z == wanted


def test_the_revision_is_that_of_the_numbers():
    one, same, other = (_dressed(go.Figure(go.Bar(x=["a"], y=[n]))) for n in (1, 1, 2))
    revision = one["layout"]["datarevision"]
    assert revision == same["layout"]["datarevision"] != other["layout"]["datarevision"]
