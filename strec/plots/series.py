"""A series looked at: its parts, its rhythms, its memory, what is unusual, what comes next."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from strec.palette import BAD, CATEGORICAL, POPULARITY, TIME
from strec.plots.style import FAINT, filled_band, finish
from strec.temporal import (
    Anomalies,
    Autocorrelation,
    Backtest,
    ChangePoints,
    Decomposition,
    Diagnosis,
    Outlook,
    Periodogram,
)
from strec.temporal.grains import in_words
from strec.temporal.seasonality import cycle_word

#: Of the past, a forecast shows this many times its own length.
_PAST_SHOWN = 4
_BAND = "rgba(224,138,43,0.22)"


def decomposition(found: Decomposition, below: str = "") -> go.Figure:
    """Return the series and its parts, one below the other, on one axis of time."""
    columns = ["observed", "trend", *(f"season_{each}" for each in found.periods), "rest"]
    names = ["Observed", "Trend"]
    names += [cycle_word(each, found.grain).capitalize() for each in found.periods]
    names += ["Rest: what is left"]
    figure = make_subplots(
        rows=len(columns), cols=1, shared_xaxes=True, vertical_spacing=0.035,
        subplot_titles=names,
    )  # fmt: skip
    for row, column in enumerate(columns, 1):
        colour = POPULARITY if column == "rest" else TIME
        figure.add_scatter(
            x=found.frame.index, y=found.frame[column], mode="lines",
            line={"width": 1.3, "color": colour}, name=names[row - 1],
            hovertemplate="%{x}<br><b>%{y:,.1f}</b><extra></extra>",
            row=row, col=1,
        )  # fmt: skip
    figure.update_annotations(x=0, xanchor="left", font={"size": 12})
    figure.update_xaxes(showgrid=False)
    figure = finish(figure, "", below, height=110 * len(columns) + 60)
    figure.update_layout(title=None, margin_t=24)
    return figure


def periodogram(found: Periodogram, below: str = "") -> go.Figure:
    """Return power per length of cycle, with what memory alone would give and its limit."""
    frame = found.frame
    length = frame["period"] * found.grain.hours
    figure = go.Figure(
        [
            go.Scatter(
                x=length, y=frame["strict_limit"], mode="lines", name="chance reaches this",
                line={"width": 1.5, "color": BAD, "dash": "dash"}, hoverinfo="skip",
            ),
            go.Scatter(
                x=length, y=frame["power"], mode="lines", name="power",
                line={"width": 1.3, "color": TIME},
                customdata=[(in_words(each, found.grain), 100 * power) for each, power in
                            zip(frame["period"], frame["power"], strict=True)],
                hovertemplate="every %{customdata[0]}<br><b>%{customdata[1]:.2f} %</b> "
                "of the variation<extra></extra>",
            ),
        ]
    )  # fmt: skip
    hours = {1: "1 h", 6: "6 h", 12: "12 h", 24: "1 day", 84: "½ week", 168: "1 week",
             730.5: "1 month", 4383: "½ year", 8766: "1 year"}  # fmt: skip
    ticks = [each for each in hours if length.min() <= each <= length.max()]
    if ticks:
        figure.update_xaxes(tickvals=ticks, ticktext=[hours[each] for each in ticks])
    figure.update_xaxes(type="log", title="Length of a cycle")
    top = np.log10(frame["power"].max()) + 0.4
    figure.update_yaxes(
        type="log", title="Share of variation", range=[top - 5, top],
        tickvals=[1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1],
        ticktext=["0.001 %", "0.01 %", "0.1 %", "1 %", "10 %", "100 %"],
    )  # fmt: skip
    return finish(figure, "Which rhythms are real?", below, height=380, legend=True)


def autocorrelation(found: Autocorrelation, below: str = "") -> go.Figure:
    """Return how a period resembles earlier ones, directly and through those between."""
    figure = make_subplots(
        rows=1, cols=2, subplot_titles=("Resemblance", "Resemblance not told by those between"),
        shared_yaxes=True, horizontal_spacing=0.04,
    )  # fmt: skip
    frame = found.frame
    for column, (value, band) in enumerate((("acf", "acf_band"), ("pacf", "pacf_band")), 1):
        beyond = frame[value].abs() > frame[band]
        figure.add_bar(
            x=frame["lag"], y=frame[value],
            marker_color=np.where(beyond, TIME, FAINT.replace("0.22", "0.6")),
            customdata=[in_words(each, found.grain) for each in frame["lag"]],
            hovertemplate="%{customdata} apart: <b>%{y:.2f}</b><extra></extra>",
            row=1, col=column,
        )  # fmt: skip
        for sign in (1, -1):
            figure.add_scatter(
                x=frame["lag"], y=sign * frame[band], mode="lines", hoverinfo="skip",
                line={"width": 1, "color": BAD, "dash": "dash"},
                row=1, col=column,
            )  # fmt: skip
    figure.update_annotations(font={"size": 12})
    figure.update_xaxes(title=f"{found.grain.many} apart")
    return finish(figure, "Memory", below, height=330)


def anomalies(found: Anomalies, moved: ChangePoints | None, below: str = "") -> go.Figure:
    """Return the series with what was expected, the unusual periods, and level shifts."""
    frame = found.frame
    index = list(frame.index)
    figure = go.Figure(
        [
            filled_band(index, (frame["low"], frame["high"]), _BAND, "expected"),
            go.Scatter(
                x=index, y=frame["observed"], mode="lines", name="observed",
                line={"width": 1.2, "color": TIME},
                hovertemplate="%{x}<br><b>%{y:,.0f}</b><extra></extra>",
            ),
        ]
    )  # fmt: skip
    marked = frame[frame["unusual"]]
    figure.add_scatter(
        x=marked.index, y=marked["observed"], mode="markers", name="unusual",
        marker={"size": 9, "color": BAD, "symbol": "circle-open", "line": {"width": 2.5}},
        customdata=marked["expected"].clip(lower=0),
        hovertemplate="%{x}<br><b>%{y:,.0f}</b> instead of about %{customdata:,.0f}"
        "<extra></extra>",
    )  # fmt: skip
    if moved is not None and not moved.frame.empty:
        figure.add_scatter(
            x=moved.level.index, y=moved.level, mode="lines", name="level",
            line={"width": 2.5, "color": CATEGORICAL[0], "shape": "hv"}, hoverinfo="skip",
        )  # fmt: skip
    figure.update_yaxes(title=f"{found.unit or 'value'} per {found.grain.one}")
    figure.update_xaxes(showgrid=False)
    return finish(figure, "Out of the ordinary", below, height=400, legend=True)


def forecast(found: Outlook, below: str = "") -> go.Figure:
    """Return the end of the past and the forecast with its band, where there is one."""
    past = found.series.clock.iloc[-_PAST_SHOWN * len(found.frame) :]
    ahead = found.frame
    index = list(ahead.index)
    ends = " (%{customdata[0]:,.0f} to %{customdata[1]:,.0f})" if found.reach.is_known else ""
    figure = go.Figure(
        [
            go.Scatter(
                x=past.index, y=past, mode="lines", name="past",
                line={"width": 1.3, "color": POPULARITY},
                hovertemplate="%{x}<br><b>%{y:,.0f}</b><extra></extra>",
            ),
            filled_band(index, (ahead["lower"], ahead["upper"]), _BAND,
                        f"{100 * found.level:.0f} % band", visible=found.reach.is_known),
            go.Scatter(
                x=index, y=ahead["mean"], mode="lines", name=found.model.label,
                line={"width": 2.4, "color": TIME},
                customdata=ahead[["lower", "upper"]],
                hovertemplate="%{x}<br><b>%{y:,.1f}</b>" + ends + "<extra></extra>",
            ),
        ]
    )  # fmt: skip
    figure.update_yaxes(title=_per(found.series), rangemode="tozero")
    figure.update_xaxes(showgrid=False)
    return finish(figure, f"What comes next, by {found.model.label}", below, 400, legend=True)


def backtest(found: Backtest, models: list[str], below: str = "") -> go.Figure:
    """Return what models said in the past windows against what came."""
    rows = found.forecasts
    came = rows[rows["model"] == rows["model"].iloc[0]]
    figure = go.Figure(
        go.Scatter(
            x=came["start"], y=came["observed"], mode="lines", name="what came",
            line={"width": 1.6, "color": POPULARITY},
            hovertemplate="%{x}<br>came: <b>%{y:,.0f}</b><extra></extra>",
        )
    )  # fmt: skip
    for number, name in enumerate(models):
        said = rows[rows["model"] == name]
        figure.add_scatter(
            x=said["start"], y=said["mean"], mode="lines", name=name,
            line={"width": 2, "color": (TIME, *CATEGORICAL[2:])[number]},
            hovertemplate=name + ": <b>%{y:,.1f}</b><extra></extra>",
        )  # fmt: skip
    for start in came.loc[came["step"] == 1, "start"]:
        figure.add_vline(x=start, line={"width": 1, "dash": "dot", "color": POPULARITY})
    figure.update_yaxes(title=_per(found.series), rangemode="tozero")
    figure.update_xaxes(showgrid=False)
    figure.update_layout(hovermode="x unified")
    return finish(figure, "Had it been right?", below, height=380, legend=True)


def residuals(found: Diagnosis, below: str = "") -> go.Figure:
    """Return the errors of a fitted model: over time, as a histogram, and their memory."""
    figure = make_subplots(
        rows=1, cols=3, subplot_titles=("Errors in time", "How large", "Their memory"),
        horizontal_spacing=0.07,
    )  # fmt: skip
    values = found.residuals
    figure.add_trace(
        go.Scatter(y=values, mode="lines", line={"width": 0.8, "color": TIME}), row=1, col=1
    )
    figure.add_trace(
        go.Histogram(x=values, histnorm="probability density", nbinsx=40, marker_color=TIME),
        row=1, col=2,
    )  # fmt: skip
    grid = np.linspace(-4, 4, 100)
    figure.add_scatter(
        x=grid, y=np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi), mode="lines",
        line={"width": 1.5, "color": BAD, "dash": "dash"},
        row=1, col=2,
    )  # fmt: skip
    figure.add_trace(
        go.Bar(x=np.arange(1, len(found.acf) + 1), y=found.acf, marker_color=TIME), row=1, col=3
    )
    ends = [0.5, len(found.acf) + 0.5]
    for limit in (found.band, -found.band):
        figure.add_scatter(
            x=ends, y=[limit] * 2, mode="lines", line={"width": 1, "dash": "dash", "color": BAD},
            row=1, col=3,
        )  # fmt: skip
    figure.update_annotations(selector={"showarrow": False}, font={"size": 12})
    return finish(figure, "What the model leaves over", below, height=320)


def _per(series) -> str:
    return f"{series.unit or 'value'} per {series.grain.one}"


def as_table(found: Backtest) -> pd.DataFrame:
    """Return the backtest's table with headings in words."""
    words = {
        "model": "Model", "mae": "MAE", "mse": "MSE", "rmse": "RMSE", "mase": "MASE",
        "coverage": f"Inside its {100 * found.level:.0f} % band",
        "wins": "Windows won",
        "seconds": "Seconds",
    }  # fmt: skip
    table = found.table[list(words)].round(2)
    wins = [
        f"{won:.0f} of {found.windows}" if won == won else "(the rule)" for won in table["wins"]
    ]
    return table.assign(wins=wins).rename(columns=words)
