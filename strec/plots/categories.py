"""What check-ins are about, and when each category has its time."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from strec.palette import TIME
from strec.plots.style import (
    LONGEST_LABEL,
    colour_bar,
    finish,
    hour_axis,
    label,
    time_colours,
    users_in_words,
)
from strec.store import frame_of


def category_bars(frame: pd.DataFrame, below: str = "") -> go.Figure:
    """Return the largest categories as bars.

    Parameters
    ----------
    frame : pandas.DataFrame
        `category`, `n_checkins`, `n_users`, largest first, as `Store.by_category` returns them.
    below : str
        The note below the figure, see `note`.

    Examples
    --------
    >>> kinds = pd.DataFrame({"category": ["Café"], "n_checkins": [1200], "n_users": [31]})
    >>> category_bars(kinds).data[0].text
    ('1,200',)
    """
    frame = frame_of(frame, ("category", "n_checkins", "n_users"))
    figure = go.Figure(
        go.Bar(
            x=frame["n_checkins"],
            y=list(range(len(frame))),
            orientation="h",
            marker_color=TIME,
            text=[f"{n:,}" for n in frame["n_checkins"]],
            textposition="auto",
            customdata=np.column_stack(
                [[label(c) for c in frame["category"]], users_in_words(frame["n_users"])]
            ),
            hovertemplate="<b>%{customdata[0]}</b><br>%{x:,} check-ins%{customdata[1]}"
            "<extra></extra>",
        )
    )
    _named_rows(figure, frame["category"])
    figure.update_xaxes(title="check-ins")
    title = f"The {len(frame)} largest categories"
    n_all = frame.attrs.get("n_categories", len(frame))
    if n_all == len(frame):
        title = "Check-ins by category"
    return finish(figure, title, _in_two(below), height=144 + 26 * len(frame))


def category_hours(frame: pd.DataFrame, below: str = "", dark: bool = False) -> go.Figure:
    """Return the daily profile of each category as a row of a heatmap, early risers on top.

    Each row shows how the category's own check-ins spread over the day, so a small category is as
    legible as a large one.

    Parameters
    ----------
    frame : pandas.DataFrame
        `category`, `hour`, `n_checkins`, `n_users`, as `Store.category_hours` returns them.
    below : str
        The note below the figure, see `note`.
    dark : bool
        Whether it stands on a dark page: colours are turned round.

    Examples
    --------
    >>> day = pd.DataFrame({"category": "Café", "hour": range(24), "n_checkins": 1, "n_users": 1})
    >>> category_hours(day).data[0].z.shape
    (1, 24)
    """
    frame = frame_of(frame, ("category", "hour", "n_checkins", "n_users"))
    counts = frame.pivot(index="category", columns="hour", values="n_checkins")
    share = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    order = share.apply(_middle_of_day, axis=1).sort_values(kind="stable").index
    share, counts = share.loc[order], counts.loc[order]
    names = np.array([[label(name)] * 24 for name in order])
    figure = go.Figure(
        go.Heatmap(
            z=100 * share.to_numpy(),
            x=list(range(24)),
            y=list(range(len(order))),
            customdata=np.dstack([counts.to_numpy().astype(object), names]),
            colorscale=time_colours(dark),
            zmin=0,
            xgap=1,
            ygap=3,
            colorbar=colour_bar("share of the category's day", ticksuffix=" %"),
            hovertemplate="<b>%{customdata[1]}</b><br>%{x}:00: %{z:.1f} % of its day<br>"
            "%{customdata[0]:,} check-ins<extra></extra>",
        )
    )  # fmt: skip
    _named_rows(figure, order)
    hour_axis(figure)
    title = "When each category has its time"
    return finish(figure, title, _in_two(below), height=144 + 26 * len(order))


def _in_two(below: str) -> str:
    """Break a note in two lines: beside long names one would be cut off on a phone."""
    return below.replace(" · times in", "<br>times in")


def _named_rows(figure: go.Figure, names) -> None:
    figure.update_yaxes(
        autorange="reversed",
        showgrid=False,
        tickvals=list(range(len(names))),
        ticktext=[label(name, LONGEST_LABEL) for name in names],
    )


def _middle_of_day(profile: pd.Series) -> float:
    """The mean hour on the circle, counted from 4:00, when a day of people begins."""
    angle = np.angle((profile * np.exp(2j * np.pi * profile.index.to_numpy() / 24)).sum())
    return float((angle * 24 / (2 * np.pi) - 4) % 24)
