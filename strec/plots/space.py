"""Figures of the space page: distance, roaming, predictability, activity maps, trends of cells."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from strec.palette import CATEGORICAL, POPULARITY, SPACE, TIME, TRANSITION
from strec.plots.style import FAINT, finish, label, week_axis
from strec.spatial.decay import SURE
from strec.wording import round_distance

#: Steps are counted twenty to a factor of ten, and drawn five to a factor of ten.
BINS_PER_BAR = 4
BINS_PER_DECADE = 20


def distance_decay(decay, below: str = "") -> go.Figure:
    """Return how often destinations are chosen against how often popularity alone would.

    Parameters
    ----------
    decay : strec.spatial.DistanceDecay
    """
    frame = decay.frame
    figure = go.Figure()
    for law, name, colour in (
        ("power", "power law", TRANSITION),
        ("exponential", "exponential", TIME),
    ):
        best = decay.is_certain and decay.support >= SURE and name == decay.better
        figure.add_scatter(
            x=frame["km"], y=frame[law], mode="lines", name=name + (" (fits better)" * best),
            line={"color": colour, "width": 3 if best else 2, "dash": None if best else "dot"},
            hovertemplate=f"{name}: %{{y:.2f}}<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=frame["km"], y=frame["ratio"], mode="markers", name="observed",
        marker={"color": SPACE, "size": 9},
        customdata=np.column_stack([frame["n_checkins"], frame["expected"]]),
        hovertemplate="about %{x:.3g} km<br><b>%{customdata[0]:,.0f} steps</b>, "
        "%{customdata[1]:,.0f} if only popularity counted<br>%{y:.2f} times<extra></extra>",
    )  # fmt: skip
    figure.add_hline(y=1, line={"color": POPULARITY, "width": 1, "dash": "dash"})
    ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
    km = frame["km"].to_numpy()
    figure.update_xaxes(type="log", title="distance", **_km_ticks(km.min() / 3, km.max()))
    figure.update_yaxes(
        type="log", title="times as often", tickvals=ticks, ticktext=[f"{each:g}" for each in ticks]
    )
    title = "How often near and far are chosen"
    return finish(figure, title, below, height=390, legend="left")


def step_lengths(steps: pd.DataFrame, below: str = "") -> go.Figure:
    """Return how long steps are.

    Parameters
    ----------
    steps : pandas.DataFrame
        `bin`, `n_checkins`: `Store.steps`.
    """
    bars = steps.groupby(steps["bin"] // BINS_PER_BAR * BINS_PER_BAR)["n_checkins"].sum()
    first = bars.index.to_numpy(dtype=float)
    low, high = (10.0 ** (each / BINS_PER_DECADE) for each in (first, first + BINS_PER_BAR))
    figure = _bars_over_km(low, high, bars.to_numpy(), "steps", "length of a step")
    return finish(figure, "How long steps are", below, height=390)


def roaming(gyration: pd.DataFrame, below: str = "") -> go.Figure:
    """Return how far users roam.

    Parameters
    ----------
    gyration : pandas.DataFrame
        `gyration_km`: `Store.gyration`.
    """
    km = gyration["gyration_km"].to_numpy(dtype=float)
    km = np.maximum(km[np.isfinite(km)], 0.01)
    first = np.floor(np.log10(km.min()) * 5) / 5
    edges = 10.0 ** np.arange(first, np.log10(km.max()) + 0.2001, 0.2)
    counts, _ = np.histogram(km, edges)
    figure = _bars_over_km(edges[:-1], edges[1:], counts, "users", "radius of gyration")
    return finish(figure, "How far users roam", below, height=390)


def _bars_over_km(
    low: np.ndarray, high: np.ndarray, counts: np.ndarray, noun: str, title: str
) -> go.Figure:
    figure = go.Figure(
        go.Bar(
            x=low, y=counts, width=(high - low) * 0.94, offset=0, marker_color=SPACE,
            customdata=np.column_stack([[*map(round_distance, each)] for each in (low, high)]),
            hovertemplate="%{customdata[0]} to %{customdata[1]}<br><b>%{y:,} " + noun + "</b>"
            "<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(type="log", title=title, **_km_ticks(low.min(), high.max()))
    figure.update_yaxes(title=noun)
    return figure


def predictability(frame: pd.DataFrame, below: str = "") -> go.Figure:
    """Return the limits of what places predict, with the order of visits and without.

    Parameters
    ----------
    frame : pandas.DataFrame
        `predictability`, `predictability_unordered`: `spatial.predictability(…).frame`.
    """
    figure = go.Figure()
    for column, name, colour in (
        ("predictability_unordered", "from favourites alone", POPULARITY),
        ("predictability", "from favourites and order", SPACE),
    ):
        figure.add_histogram(
            x=100 * frame[column], name=name, marker_color=colour, opacity=0.75,
            xbins={"start": 0, "end": 100.01, "size": 5},
            hovertemplate=f"%{{x}} {name}<br><b>%{{y:,}} users</b><extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(range=[0, 100], ticksuffix=" %", title="right guesses that places allow")
    figure.update_yaxes(title="users")
    title = "How far favourites and order predict"
    return finish(figure, title, below, height=390, legend="left")


def activity_grid(found, below: str = "") -> go.Figure:
    """Return the self-organising map: a node per typical week, coloured by its group.

    Parameters
    ----------
    found : strec.spatial.ActivityMap
    """
    nodes, noun = found.nodes, {"user": "users", "cell": "hexagons"}[found.unit]
    side = int(nodes["x"].max()) + 1
    share = np.sqrt(nodes["n_units"] / max(nodes["n_units"].max(), 1))
    biggest = 300 / side
    figure = go.Figure()
    for cluster, name in zip(found.clusters["cluster"], found.clusters["name"], strict=True):
        mine = nodes["cluster"] == cluster
        figure.add_scatter(
            x=nodes["x"][mine], y=nodes["y"][mine], mode="markers", name=label(name),
            marker={
                "color": cluster_colour(cluster), "opacity": 0.9, "symbol": "circle",
                "size": np.maximum(biggest * share[mine], 4), "line": {"width": 0},
            },
            customdata=nodes["n_units"][mine],
            hovertemplate=f"<b>{label(name)}</b><br>%{{customdata:,}} {noun}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(visible=False, range=[-0.7, side - 0.3])
    figure.update_yaxes(visible=False, range=[-0.7, side - 0.3], scaleanchor="x")
    return finish(figure, "The map of weeks", below, height=400)


def activity_profiles(found, below: str = "") -> go.Figure:
    """Return the mean week of each group against that of all.

    Parameters
    ----------
    found : strec.spatial.ActivityMap
    """
    names = list(found.clusters["name"])
    n = len(names)
    figure = make_subplots(
        rows=n, cols=1, shared_xaxes=True, vertical_spacing=0.3 / n if n > 1 else 0,
        subplot_titles=[
            f"{label(name)} · {100 * share:.0f} %"
            for name, share in zip(names, found.clusters["share"], strict=True)
        ],
    )  # fmt: skip
    hours = week_axis(figure)
    for k, profile in enumerate(found.profiles):
        for values, name, line in (
            (found.overall, "all together", {"color": POPULARITY, "width": 1.5, "dash": "dot"}),
            (profile, names[k], {"color": cluster_colour(k), "width": 2.5}),
        ):
            figure.add_scatter(
                x=list(range(168)), y=values * 168, mode="lines", line=line, customdata=hours,
                fill=None if name == "all together" else "tozeroy",
                hovertemplate=f"%{{customdata}}<br>{label(name)}: %{{y:.1f}} times an even "
                "spread<extra></extra>",
                row=k + 1, col=1,
            )  # fmt: skip
    figure.update_yaxes(rangemode="tozero", nticks=4)
    figure.for_each_annotation(lambda each: each.update(x=0, xanchor="left", font_size=13))
    for midnight in range(24, 168, 24):
        figure.add_vline(x=midnight, line={"color": FAINT, "width": 1})
    title = "The week of each group (dotted: all together; 1 is an even spread)"
    figure = finish(figure, title, below, height=110 + 125 * n)
    return figure.update_layout(margin_t=70)


def cell_series(series: pd.DataFrame, names: list[str], grain: str, below: str = "") -> go.Figure:
    """Return check-ins over time of a few hexagons.

    Parameters
    ----------
    series : pandas.DataFrame
        One row per hexagon, one column per period.
    names : list of str
        What each is called, in the order of the rows.
    grain : str
        `week` or `day`.
    """
    figure = go.Figure()
    for k, (name, values) in enumerate(zip(names, series.to_numpy(), strict=True)):
        figure.add_scatter(
            x=series.columns, y=values, mode="lines", name=label(name),
            line={"width": 2.5, "color": CATEGORICAL[k % len(CATEGORICAL)]},
            hovertemplate=f"{label(name)}<br>%{{x|%-d %b %Y}}: %{{y:,}}<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(rangemode="tozero", title=f"check-ins per {grain}")
    figure.update_xaxes(showgrid=False)
    title = "The strongest trends"
    return finish(figure, title, below, height=380, legend="left")


def week_pair(mine: np.ndarray, other: np.ndarray, names: tuple[str, str], below: str = ""):
    """Return two weekly profiles over each other.

    Parameters
    ----------
    mine, other : numpy.ndarray
        Shares per hour of the week, shape ``(168,)``.
    names : tuple of str
    """
    figure = go.Figure()
    hours = week_axis(figure)
    for values, name, colour in ((mine, names[0], TIME), (other, names[1], SPACE)):
        figure.add_scatter(
            x=list(range(168)), y=100 * values, mode="lines", name=label(name), customdata=hours,
            line={"width": 2.5, "color": colour},
            hovertemplate=f"%{{customdata}}<br>{label(name)}: %{{y:.1f}} %<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(ticksuffix=" %", rangemode="tozero", title="share of check-ins")
    return finish(figure, "Two weeks side by side", below, height=320, legend="left")


def picture_to_draw_on(picture: str, size_px: tuple[int, int], at: np.ndarray) -> go.Figure:
    """Return a picture of a map over which a rectangle or an outline can be drawn.

    Parameters
    ----------
    picture : str
        The address of the picture: ``data:image/svg+xml;base64,…``.
    size_px : tuple of int
        Its width and height.
    at : numpy.ndarray
        What can be chosen, x and y from the upper left, shape ``(n, 2)``.
    """
    width, height = size_px
    figure = go.Figure(
        # Nothing is seen of the points; without them no drawing is told of.
        go.Scatter(
            x=at[:, 0],
            y=at[:, 1],
            mode="markers",
            marker={"opacity": 0},
            hoverinfo="skip",
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
        )  # fmt: skip
    )
    figure.add_layout_image(
        source=picture, x=0, y=0, sizex=width, sizey=height, xref="x", yref="y",
        xanchor="left", yanchor="top", sizing="stretch", layer="below",
    )  # fmt: skip
    line = {"color": TIME, "width": 3, "dash": "solid"}
    figure.update_layout(
        height=height, margin={"l": 0, "r": 0, "t": 0, "b": 0}, dragmode="select",
        newselection={"line": line}, activeselection={"fillcolor": TIME, "opacity": 0.2},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", showlegend=False,
    )  # fmt: skip
    figure.update_xaxes(range=[0, width], visible=False, fixedrange=True, constrain="domain")
    figure.update_yaxes(
        range=[height, 0],
        visible=False,
        fixedrange=True,
        scaleanchor="x",
        constrain="domain",
        constraintoward="top",
    )
    return figure


def cluster_colour(cluster: int) -> str:
    """Return the colour of a group, the same on the map of weeks and on the city map."""
    return CATEGORICAL[int(cluster) % len(CATEGORICAL)]


def _km_ticks(low: float, high: float) -> dict:
    ticks = [
        each
        for power in range(-2, 5)
        for each in (10.0**power, 3 * 10.0**power)
        if low * 0.99 <= each <= high * 1.01
    ]
    return {"tickvals": ticks, "ticktext": [round_distance(each) for each in ticks]}
