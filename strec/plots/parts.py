"""Scores as sums: the parts of a recommendation, and what-if strips."""

from typing import Any, cast

import numpy as np
import plotly.graph_objects as go
import polars as pl

from strec.palette import CATEGORICAL, POPULARITY, TIME
from strec.plots.style import LONGEST_LABEL, finish, hour_axis, label, named_rows
from strec.store import frame_of
from strec.wording import add_up, percent_digits

#: Smaller shares of the score are printed as nothing.
_LEAST_SHARE = 5e-5


def told_parts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the parts that are large enough to be printed; all where none is.

    Parameters
    ----------
    frame : polars.DataFrame
        With `value`, shares of the score.

    Examples
    --------
    >>> told_parts(pl.DataFrame({"value": [0.3, 0.00001]}))["value"].to_list()
    [0.3]
    """
    frame_of(frame, ("value",))
    frame = pl.DataFrame(frame)
    shown = frame.filter(pl.col("value").abs() > _LEAST_SHARE)
    return shown if len(shown) else frame


def parts(frame: pl.DataFrame, total: str = "Probability", below: str = "") -> go.Figure:
    """Return the additive parts of one score: each bar begins where the one before ended.

    Parameters
    ----------
    frame : polars.DataFrame
        `label`, `value` (share of the score; the values add up to it) and `colour`; what is too
        small to be printed is left out, see `told_parts`.
    total : str
        What the sum is called.
    below : str
        The note below the figure, see `note`.

    Examples
    --------
    >>> columns = {"label": ["Habit", "Hour"], "value": [0.3, 0.1], "colour": ["#555", "#777"]}
    >>> frame = pl.DataFrame(columns)
    >>> parts(frame).data[0].text
    ('+30.0 %', '+10.0 %', '<b>40.0 %</b>')
    """
    frame_of(frame, ("label", "value", "colour"))
    frame = told_parts(frame)
    values = np.array(list(frame["value"]), dtype=float)
    ends = np.cumsum(values)
    names = [*frame["label"], total]
    digits = percent_digits(values.tolist())
    whole = float(ends[-1]) if len(ends) else 0.0
    printed = add_up((100 * values).tolist(), 100 * whole, digits)
    figure = go.Figure(
        go.Bar(
            x=[*(100 * values), 100 * whole],
            base=[*(100 * (ends - values)), 0.0],
            y=list(range(len(names))),
            orientation="h",
            marker_color=[*frame["colour"], POPULARITY],
            text=[
                *(f"{value:+.{digits}f} %" for value in printed),
                f"<b>{100 * whole:.{digits}f} %</b>",
            ],
            textposition="outside",
            cliponaxis=False,
            customdata=[label(name) for name in names],
            hovertemplate="<b>%{customdata}</b><br>%{text}<extra></extra>",
        )
    )
    for k, end in enumerate(ends):
        figure.add_shape(
            type="line", x0=100 * end, x1=100 * end, y0=k + 0.4, y1=k + 0.6,
            line={"color": "rgba(128,140,150,0.8)", "width": 1},
        )  # fmt: skip
    named_rows(figure, [label(name, LONGEST_LABEL) for name in names], showgrid=False)
    reach = 100 * max(float(np.max(ends, initial=0.0)), 1e-9)
    least = 110 * min(0.0, float(np.min(ends, initial=0.0)))
    figure.update_xaxes(ticksuffix=" %", range=[least, reach * 1.18])
    return finish(figure, "What the score is made of", below, height=110 + 34 * len(names))


def what_if_hours(frame: pl.DataFrame, now: int | None = None, below: str = "") -> go.Figure:
    """Return how probable each suggestion would be at each hour of the day.

    Parameters
    ----------
    frame : polars.DataFrame
        `hour`, `item_name`, `probability`, as `explain.what_if_hours` returns them.
    now : int, optional
        The hour asked about, marked.
    below : str
        The note below the figure, see `note`.

    Examples
    --------
    >>> columns = {"hour": [8, 9], "item_name": ["Café", "Café"], "probability": [0.2, 0.3]}
    >>> what_if_hours(pl.DataFrame(columns), now=9).data[0].name
    'Café'
    """
    frame_of(frame, ("item_name", "hour", "probability"))
    rows = list(zip(*(list(frame[c]) for c in ("item_name", "hour", "probability")), strict=True))
    figure = go.Figure()
    for k, name in enumerate(dict.fromkeys(row[0] for row in rows)):
        own = sorted(row[1:] for row in rows if row[0] == name)
        figure.add_scatter(
            x=[hour for hour, _ in own],
            y=[100 * value for _, value in own],
            mode="lines+markers",
            name=label(name, LONGEST_LABEL),
            line={"width": 3, "color": CATEGORICAL[k % len(CATEGORICAL)]},
            marker={"size": 5},
            hovertemplate=f"{label(name)}, %{{x}}:00<br><b>%{{y:.1f}} %</b><extra></extra>",
        )
    if now is not None:
        figure.add_vline(x=now, line={"color": TIME, "width": 2, "dash": "dot"})
    figure.update_yaxes(ticksuffix=" %", rangemode="tozero")
    hour_axis(figure, range=[-0.5, 23.5])
    title = "At another hour of the same day"
    figure = finish(figure, title, below, height=380, legend=True)
    # Below, where long names have room on a narrow screen too.
    return figure.update_layout(
        legend={"x": 0, "xanchor": "left", "y": -0.22, "yanchor": "top"}, uirevision="keep",
        margin_b=max(cast(Any, figure.layout).margin.b, 92),
    )  # fmt: skip
