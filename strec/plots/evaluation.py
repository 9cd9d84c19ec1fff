"""How good models are: dots with intervals, paired differences, slices, reliability."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from strec.palette import BAD, CATEGORICAL, GOOD, POPULARITY, USER
from strec.plots.style import LONGEST_LABEL, finish, label, named_rows, two_ways

#: Colours of the two models that are looked at side by side.
PAIR = (USER, CATEGORICAL[1])


def leaderboard(
    board,
    measure: str,
    title: str,
    *,
    counting: Sequence[str] = (),
    proposed: str | None = None,
    below: str = "",
) -> go.Figure:
    """Return one dot per model with its 95 % interval, the best on top.

    Parameters
    ----------
    board : polars.DataFrame
        As `strec.evaluation.leaderboard` returns it.
    measure, title : str
        The column shown, and what it is called.
    counting : sequence of str
        Names of the models that only count, drawn in grey.
    proposed : str, optional
        The name written in bold.
    """
    rows = board.drop_nulls(measure).sort(measure, descending=True).to_dicts()
    names = [row["model"] for row in rows]
    colours = [POPULARITY if name in counting else USER for name in names]
    figure = go.Figure()
    for k, (row, colour) in enumerate(zip(rows, colours, strict=True)):
        figure.add_trace(_bar(row[f"{measure} low"], row[f"{measure} high"], k, colour))
    figure.add_scatter(
        x=[row[measure] for row in rows],
        y=list(range(len(rows))),
        mode="markers+text",
        marker={"size": 14, "color": colours},
        text=[f"{row[measure]:.3f}" for row in rows],
        textposition="top center",
        cliponaxis=False,
        customdata=[
            [label(row["model"]), _between(row[f"{measure} low"], row[f"{measure} high"])]
            for row in rows
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>%{x:.3f}%{customdata[1]}<extra></extra>",
    )
    bold = [f"<b>{label(n, LONGEST_LABEL)}</b>" if n == proposed else label(n) for n in names]
    named_rows(figure, bold, 0.75, showgrid=True)
    reach = max((row[f"{measure} high"] or row[measure] for row in rows), default=1.0)
    # Where all are at 0, the axis would begin at -1.
    figure.update_xaxes(range=[0, (reach or 1.0) * 1.05], zeroline=False)
    return finish(figure, title, below, height=110 + 52 * max(len(rows), 1))


def comparison(frame, first: str, second: str, below: str = "") -> go.Figure:
    """Return the paired differences of two models, one row per measure.

    Parameters
    ----------
    frame : polars.DataFrame
        As `strec.evaluation.compare` returns it.
    first, second : str
        Names of the models; right of zero the first is better.
    """
    rows = frame.to_dicts()
    # Of a squared error less is better: its sign is turned, so that right always means first.
    signs = [-1 if row["measure"] == "mse" else 1 for row in rows]
    figure = go.Figure()
    colours = []
    for k, (row, sign) in enumerate(zip(rows, signs, strict=True)):
        better = sign * row["difference"] > 0
        colours.append(POPULARITY if not row["is_real"] else GOOD if better else BAD)
        if row["low"] is not None:
            figure.add_trace(_bar(sign * row["low"], sign * row["high"], k, colours[-1]))
    figure.add_scatter(
        x=[sign * row["difference"] for row, sign in zip(rows, signs, strict=True)],
        y=list(range(len(rows))),
        mode="markers",
        marker={"size": 13, "color": colours},
        customdata=[
            [label(row["title"]), row["first"], row["second"], row["difference"],
             _between(row["low"], row["high"])] for row in rows
        ],
        hovertemplate=f"<b>%{{customdata[0]}}</b><br>{label(first)}: %{{customdata[1]:.3f}}"
        f"<br>{label(second)}: %{{customdata[2]:.3f}}<br>difference %{{customdata[3]:+.3f}}"
        "%{customdata[4]}<extra></extra>",
    )  # fmt: skip
    named_rows(figure, [label(row["title"]) for row in rows], 0.75, showgrid=True)
    ends = [0.0, *(sign * row[end] for row, sign in zip(rows, signs, strict=True)
                   for end in ("difference", "low", "high") if row[end] is not None)]  # fmt: skip
    room = 0.06 * max(max(ends) - min(ends), 1e-3)
    figure.add_vline(x=0, line={"color": POPULARITY, "width": 1.5, "dash": "dot"})
    figure.update_xaxes(range=[min(ends) - room, max(ends) + room])
    figure.update_xaxes(title=two_ways(f"{label(second, 24)} better", f"{label(first, 24)} better"))
    return finish(figure, "Paired differences", below, height=150 + 42 * max(len(rows), 1))


def slices(frame, models: Sequence[str], title: str, below: str = "") -> go.Figure:
    """Return dots with intervals per slice, one colour per model.

    Parameters
    ----------
    frame : polars.DataFrame
        As `strec.evaluation.slices` returns it.
    models : sequence of str
        One or two names.
    """
    names = list(dict.fromkeys(frame["slice"].to_list()))
    step = 0.32 if len(models) > 1 else 0.0
    figure = go.Figure()
    for shift, (model, colour) in enumerate(zip(models, PAIR, strict=False)):
        own = frame.filter(model=model).to_dicts()
        y = [names.index(row["slice"]) + (shift - (len(models) - 1) / 2) * step for row in own]
        for row, at in zip(own, y, strict=True):
            figure.add_trace(_bar(row["low"], row["high"], at, colour))
        figure.add_scatter(
            x=[row["value"] for row in own],
            y=y,
            mode="markers",
            name=label(model),
            marker={"size": 11, "color": colour},
            showlegend=True,
            customdata=[
                [label(row["slice"]), row["n_queries"], row["n_users"],
                 _between(row["low"], row["high"])] for row in own
            ],
            hovertemplate=f"<b>%{{customdata[0]}}</b>, {label(model)}<br>%{{x:.3f}}"
            "%{customdata[3]}<br>%{customdata[1]:,} scored "
            "check-ins, %{customdata[2]:,} users<extra></extra>",
        )  # fmt: skip
    sizes = {row["slice"]: row["n_queries"] for row in frame.to_dicts()}
    rows = [f"{label(name, 28)} ({sizes[name]:,})" for name in names]
    named_rows(figure, rows, 0.75, showgrid=True)
    figure.update_xaxes(rangemode="tozero")
    height = 150 + (52 if len(models) > 1 else 40) * max(len(names), 1)
    return finish(figure, title, below, height=height, legend="left")


def reliability(diagrams: Mapping[str, Mapping[str, np.ndarray]], below: str = "") -> go.Figure:
    """Return how often stated probabilities come true; on the diagonal they are honest.

    Parameters
    ----------
    diagrams : mapping
        By model, as `strec.metrics.reliability` returns it.
    """
    figure = go.Figure(
        go.Scatter(
            x=[0, 100], y=[0, 100], mode="lines", name="as stated", hoverinfo="skip",
            line={"color": POPULARITY, "dash": "dot", "width": 1.5},
        )
    )  # fmt: skip
    most = max((max(each["n"]) for each in diagrams.values()), default=1)
    for (model, each), colour in zip(diagrams.items(), PAIR, strict=False):
        figure.add_scatter(
            x=[100 * share for share in each["stated"]],
            y=[100 * share for share in each["observed"]],
            error_y={
                "type": "data", "symmetric": False, "thickness": 4, "width": 0,
                "color": _faint(colour),
                "array": 100 * (each["high"] - each["observed"]),
                "arrayminus": 100 * (each["observed"] - each["low"]),
            },
            mode="markers",
            name=label(model),
            marker={"size": [7 + 17 * (n / most) ** 0.5 for n in each["n"]], "color": colour},
            customdata=[(n, 100 * low, 100 * high) for n, low, high in
                        zip(each["n"], each["low"], each["high"], strict=True)],
            hovertemplate=f"<b>{label(model)}</b><br>said %{{x:.0f}} %, came true %{{y:.0f}} % "
            "[%{customdata[1]:.0f} %, %{customdata[2]:.0f} %]<br>%{customdata[0]:,} first "
            "suggestions<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title="Stated probability", ticksuffix=" %", range=[-2, 102])
    figure.update_yaxes(title="Came true", ticksuffix=" %", range=[-2, 102])
    return finish(figure, "Said and done", below, height=420, legend="left")


def _between(low: float | None, high: float | None) -> str:
    """Return a 95 % interval in words, or why there is none."""
    if low is None or high is None:
        return ", no interval: too few users, or all alike"
    return f", 95 % interval {low:.3f} – {high:.3f}"


def _bar(low: float | None, high: float | None, y: float, colour: str) -> go.Scatter:
    return go.Scatter(
        x=[low, high], y=[y, y], mode="lines", hoverinfo="skip", showlegend=False, opacity=0.45,
        line={"color": colour, "width": 7},
    )  # fmt: skip


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"
