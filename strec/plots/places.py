"""Hexagons as a plotly figure: for pages that must carry their map with them."""

import h3
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from strec.palette import SEQUENTIAL_SPACE, SPACE
from strec.plots.style import FAINT, finish, label, users_in_words

#: More hexagons than this make a page heavy; the busiest are drawn.
MOST_HEXAGONS = 1_500
_CLASSES = len(SEQUENTIAL_SPACE) - 1


def hexagon_figure(cells: pd.DataFrame, title: str, below: str = "") -> go.Figure:
    """Return hexagons in classes of about equal size, in true proportion, without a background.

    Parameters
    ----------
    cells : pandas.DataFrame
        `cell` (uint64), `lat`, `lon`, `n_checkins`, `n_users`, as `Store.cells` gives.
    title, below : str
        Above and below the figure.
    """
    shown = cells.nlargest(MOST_HEXAGONS, "n_checkins")
    edges = np.unique(np.quantile(shown["n_checkins"], np.linspace(0, 1, _CLASSES + 1)))
    rank = np.clip(np.searchsorted(edges, shown["n_checkins"], "right") - 1, 0, len(edges) - 2)
    groups = []
    for each in range(max(len(edges) - 1, 1)):
        some = shown[rank == each] if len(edges) > 1 else shown
        low, high = some["n_checkins"].min(), some["n_checkins"].max()
        name = f"{low:,}" if low == high else f"{low:,}–{high:,}"
        groups.append((name, SEQUENTIAL_SPACE[min(each + 1, _CLASSES)], some))
    tips = [
        f"{n:,} check-ins{users}"
        for n, users in zip(shown["n_checkins"], users_in_words(shown["n_users"]), strict=True)
    ]
    return _hexagons(groups, shown, tips, title, below)


def kinds_figure(
    cells: pd.DataFrame, colours: dict[str, str], title: str, below: str = ""
) -> go.Figure:
    """Return hexagons coloured by what was found there; grey where nothing was.

    Parameters
    ----------
    cells : pandas.DataFrame
        `cell` (uint64), `lat`, `lon`, `shown` (a key of `colours`, or anything else for nothing)
        and `tip` (text on hovering).
    colours : dict
        What was found to its colour, in the order of the legend.
    title, below : str
        Above and below the figure.
    """
    found = cells["shown"].isin(list(colours))
    rest = cells[~found].head(max(MOST_HEXAGONS - int(found.sum()), 0))
    shown = pd.concat([rest, cells[found].head(MOST_HEXAGONS)])
    groups = [("as by chance", FAINT, rest)]
    groups += [(name, colour, shown[shown["shown"] == name]) for name, colour in colours.items()]
    tips = [label(tip).replace("\n", "<br>") for tip in shown["tip"]]
    return _hexagons(groups, shown, tips, title, below)


def _hexagons(
    groups: list[tuple[str, str, pd.DataFrame]],
    shown: pd.DataFrame,
    tips: list[str],
    title: str,
    below: str,
) -> go.Figure:
    """Return groups of hexagons (name, colour, rows) in true proportion, a tip on each."""
    figure = go.Figure()
    for name, colour, some in groups:
        if len(some):
            lat, lon = _outlines(some["cell"])
            figure.add_scatter(
                x=lon, y=lat, fill="toself", mode="lines", hoverinfo="skip", name=name,
                line={"width": 0.6, "color": colour}, fillcolor=colour,
            )  # fmt: skip
    figure.add_scatter(
        x=shown["lon"], y=shown["lat"], mode="markers", showlegend=False,
        marker={"opacity": 0, "color": SPACE, "size": 9},
        text=tips, hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    squeeze = 1 / max(np.cos(np.radians(float(shown["lat"].mean()))), 0.05)
    figure.update_yaxes(scaleanchor="x", scaleratio=squeeze, ticksuffix="°", nticks=5)
    figure.update_xaxes(ticksuffix="°", nticks=6)
    return finish(figure, title, below, height=560, legend=True)


def _outlines(cells: pd.Series) -> tuple[list, list]:
    """Return the corners of all hexagons, one outline after the other, None between them."""
    lat, lon = [], []
    for cell in cells:
        corners = h3.cell_to_boundary(h3.int_to_str(int(cell)))
        lat += [corner[0] for corner in (*corners, corners[0])] + [None]
        lon += [corner[1] for corner in (*corners, corners[0])] + [None]
    return lat, lon
