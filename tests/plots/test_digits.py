"""Numbers in words and on axes have the digits that they need."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.dependence import _knox_pairs
from strec import plots
from strec.gate import DependenceResult, tested_before
from strec.gate.illustrations import Knox
from strec.plots import dependence
from strec.wording import distance, percent, round_distance


@pytest.mark.parametrize("n_days", [1, 3, 9, 30, 100, 121, 160, 300, 370, 800])
def test_no_tick_of_a_calendar_stands_twice(n_days):
    days = pd.DataFrame({"period": pd.date_range("2023-11-03", periods=n_days)})
    figure = plots.calendar(days.assign(n_checkins=1, n_users=9))
    for trace in figure.data:
        axis = (
            figure.layout[trace.xaxis.replace("x", "xaxis")] if trace.xaxis else figure.layout.xaxis
        )
        ticks = axis.tickvals
        if ticks is None:
            assert axis.dtick == "M2"
            first, last = (pd.Timestamp(trace.x[end]) for end in (0, -1))
            ticks = pd.date_range(first, last, freq="2MS")
        said = [pd.Timestamp(each).strftime(axis.tickformat) for each in ticks]
        assert len(said) == len(set(said)) and (len(said) <= 14)


@pytest.mark.parametrize("values", [(0.004, 0.002, 0.001), (0.0004, 0.0003), (0.3, 0.15, 0.05)])
def test_a_waterfall_of_small_parts_says_them_apart(values):
    frame = pl.DataFrame(
        {"label": list("abcde")[: len(values)], "value": values, "colour": ["#555"] * len(values)}
    )
    figure = plots.parts(frame)
    said = [float(re.sub(r"[^\d.+-]", "", text.split("%")[0])) for text in figure.data[0].text]
    assert len(set(said)) == len(said) and 0 not in said
    assert sum(said[:-1]) == pytest.approx(said[-1], abs=1e-9)
    # Without a form a tick has the digits that set it apart: 0.2 %, 0.4 %, not 0 %, 0 %.
    assert figure.layout.xaxis.tickformat is None and figure.layout.xaxis.ticksuffix == " %"


@given(st.floats(0.001, 20_000))
def test_no_distance_is_said_to_be_nothing(km):
    for said in (distance(km), round_distance(km)):
        number, unit = said.split()
        metres = float(number.replace(",", "")) * (1000 if unit == "km" else 1)
        assert metres == pytest.approx(1000 * km, rel=0.06, abs=0.5) and metres > 0


def test_knox_says_how_near_near_is():
    said = {
        km: _knox_pairs(SimpleNamespace(knox=Knox(90, 60.0, 1.5, 0.02, km, 2.0, 500)))[2]
        for km in (0.0, 0.0423, 3.21)
    }
    assert "pairs of check-ins at one place and" in said[0.0]
    assert "within 42 m and" in said[0.0423] and "within 3.2 km and" in said[3.21]


def test_a_chance_is_not_rounded_to_none_or_to_certain():
    assert percent(0.0004) == "under 0.1 %" and percent(0.004) == "0.4 %"
    assert np.unique([percent(each) for each in (0.001, 0.002, 0.01, 0.1)]).size == 4


def test_one_check_in_is_not_the_colour_of_the_busiest_day_where_most_are_empty():
    days = pd.DataFrame({"period": pd.date_range("1992-04-29", periods=300), "n_checkins": 0})
    days.loc[[0, 1, 5], "n_checkins"] = [12, 28, 1]
    assert plots.calendar(days.assign(n_users=days["n_checkins"])).data[0].zmax > 20


def test_gains_in_chance_stand_on_an_even_axis():
    """In per cent as they are said: 10 % is as far from 5 % as 5 % from nothing."""
    for found in map(DependenceResult.from_dict, tested_before._known().values()):
        for figure in (dependence.evidence(found), dependence.parts_of_time(found)):
            axis = figure.layout.xaxis
            assert axis.tickvals is None and axis.type is None and axis.ticksuffix == " %"
            for trace in figure.data:
                at, error = np.array(trace.x, dtype=float), trace.error_x
                ends = [at - error.arrayminus, at + error.array] if error.array else [at]
                assert axis.range[0] <= np.min(ends) and np.max(ends) <= axis.range[1]
        strongest = max(
            (each for each in found.ingredients if each.tested), key=lambda each: each.gain_nats
        )
        label = (dependence.TITLE[strongest.name],)
        marks = dependence.evidence(found).layout.annotations
        # Above the figure: inside, one lay over the line at 0.
        assert [each.text for each in marks if each.yanchor == "bottom"] == ["weak", "strong"]
        traces = dependence.evidence(found).data
        (dot,) = [each.x[0] for each in traces if tuple(each.y) == label and each.error_x.array]
        assert dot == pytest.approx(100 * np.expm1(strongest.gain_nats))
