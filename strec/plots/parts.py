"""Scores as sums: the parts of a recommendation, what-if strips, before and after."""

import numpy as np
import plotly.graph_objects as go

from strec.palette import POPULARITY, TIME
from strec.plots.style import FAINT, LONGEST_LABEL, finish, label


def parts(frame, total: str = "Probability", below: str = "") -> go.Figure:
    """Return the additive parts of one score: each bar begins where the one before ended.

    Parameters
    ----------
    frame : polars or pandas DataFrame
        `label`, `value` (share of the score; the values add up to it) and `colour`.
    total : str
        What the sum is called.
    """
    values = np.array(list(frame["value"]), dtype=float)
    ends = np.cumsum(values)
    names = [*frame["label"], total]
    whole = float(ends[-1]) if len(ends) else 0.0
    figure = go.Figure(
        go.Bar(
            x=[*values, whole],
            base=[*(ends - values), 0.0],
            y=list(range(len(names))),
            orientation="h",
            marker_color=[*frame["colour"], POPULARITY],
            text=[*(f"{value:+.1%}" for value in values), f"<b>{whole:.1%}</b>"],
            textposition="outside",
            cliponaxis=False,
            customdata=[label(name) for name in names],
            hovertemplate="<b>%{customdata}</b><br>%{text}<extra></extra>",
        )
    )
    for k, end in enumerate(ends):
        figure.add_shape(
            type="line", x0=end, x1=end, y0=k + 0.4, y1=k + 0.6,
            line={"color": "rgba(128,140,150,0.8)", "width": 1},
        )  # fmt: skip
    _rows(figure, names)
    reach = max(float(np.max(ends, initial=0.0)), 1e-9)
    figure.update_xaxes(tickformat=".0%", range=[min(0.0, float(np.min(ends, initial=0.0))) * 1.1,
                                                  reach * 1.18])  # fmt: skip
    return finish(figure, "What the score is made of", below, height=110 + 34 * len(names))


def parts_of_list(frame, below: str = "") -> go.Figure:
    """Return the parts of every suggestion of a list as stacked bars, best on top.

    Parameters
    ----------
    frame : polars or pandas DataFrame
        `rank`, `item_name`, `part`, `label`, `value`, `colour`: one row per suggestion and part.
    """
    rows = list(
        zip(*(list(frame[c]) for c in ("rank", "item_name", "part", "label", "value", "colour")),
            strict=True)
    )  # fmt: skip
    names = {rank: f"{rank}. {name}" for rank, name, *_ in rows}
    order = {rank: k for k, rank in enumerate(sorted(names))}
    figure = go.Figure()
    for part in dict.fromkeys(row[2] for row in rows):
        own = [row for row in rows if row[2] == part]
        figure.add_trace(
            go.Bar(
                x=[row[4] for row in own],
                y=[order[row[0]] for row in own],
                name=label(part),
                orientation="h",
                marker_color=own[0][5],
                customdata=[[label(names[row[0]]), label(row[3])] for row in own],
                hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}: %{x:+.1%}"
                "<extra></extra>",
            )
        )
    _rows(figure, [names[rank] for rank in sorted(names)])
    figure.update_layout(barmode="relative")
    figure.update_xaxes(tickformat=".0%")
    title = "What speaks for each suggestion"
    figure = finish(figure, title, below, height=150 + 32 * len(names), legend=True)
    # Many parts need a line of their own below the title.
    return figure.update_layout(
        margin_t=84, legend={"x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom"}
    )


def what_if_hours(frame, now: int | None = None, below: str = "") -> go.Figure:
    """Return how probable each suggestion would be at each hour of the day.

    Parameters
    ----------
    frame : polars or pandas DataFrame
        `hour`, `item_name`, `probability`, as `explain.what_if_hours` returns them.
    now : int, optional
        The hour asked about, marked.
    """
    from strec.palette import CATEGORICAL

    rows = list(zip(*(list(frame[c]) for c in ("item_name", "hour", "probability")), strict=True))
    figure = go.Figure()
    for k, name in enumerate(dict.fromkeys(row[0] for row in rows)):
        own = sorted(row[1:] for row in rows if row[0] == name)
        figure.add_trace(
            go.Scatter(
                x=[hour for hour, _ in own],
                y=[value for _, value in own],
                mode="lines+markers",
                name=label(name, LONGEST_LABEL),
                line={"width": 3, "color": CATEGORICAL[k % len(CATEGORICAL)]},
                marker={"size": 5},
                hovertemplate=f"{label(name)}, %{{x}}:00<br><b>%{{y:.1%}}</b><extra></extra>",
            )
        )
    if now is not None:
        figure.add_vline(x=now, line={"color": TIME, "width": 2, "dash": "dot"})
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_xaxes(
        title="Hour of the day", showgrid=False, tickvals=list(range(0, 24, 3)),
        ticktext=[f"{hour}:00" for hour in range(0, 24, 3)], range=[-0.5, 23.5],
    )  # fmt: skip
    title = "At another hour of the same day"
    figure = finish(figure, title, below, height=380, legend=True)
    # Below, where long names have room on a narrow screen too.
    return figure.update_layout(
        legend={"x": 0, "xanchor": "left", "y": -0.22, "yanchor": "top"}, uirevision="keep"
    )


def before_after(
    labels: list[str], before: list[float], after: list[float], unit: str = "check-ins"
) -> go.Figure:
    """Return pairs of bars, before in grey and after in colour, with the change in words."""
    y = list(range(len(labels)))
    change = [f"{new:,.0f} ({new - old:+,.0f})" for old, new in zip(before, after, strict=True)]
    common = {"orientation": "h", "y": y, "customdata": [label(name) for name in labels]}
    figure = go.Figure(
        [
            go.Bar(x=before, name="before", marker_color=FAINT.replace("0.22", "0.55"),
                   hovertemplate=f"<b>%{{customdata}}</b><br>before: %{{x:,}} {unit}"
                   "<extra></extra>", **common),
            go.Bar(x=after, name="after", marker_color=TIME, text=change, textposition="auto",
                   hovertemplate=f"<b>%{{customdata}}</b><br>after: %{{x:,}} {unit}"
                   "<extra></extra>", **common),
        ]
    )  # fmt: skip
    _rows(figure, labels)
    figure.update_layout(barmode="group", bargap=0.3)
    figure.update_xaxes(title=unit)
    return finish(figure, "Before and after", height=130 + 44 * len(labels), legend=True)


def _rows(figure: go.Figure, names: list[str]) -> None:
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[label(name, LONGEST_LABEL) for name in names],
        range=[len(names) - 0.4, -0.6],
        showgrid=False,
    )
