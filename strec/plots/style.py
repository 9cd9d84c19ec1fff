"""The look that all figures share."""

from collections.abc import Iterable, Sequence
from html import escape
from numbers import Integral
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from strec.errors import AnalysisError, check_is
from strec.palette import SEQUENTIAL_TIME
from strec.plots.room import BAR_PAD_PX
from strec.wording import WEEKDAYS, plural

FAINT = "rgba(128,140,150,0.22)"
#: Names longer than this are cut in axis labels; hovering shows them whole.
LONGEST_LABEL = 34


def finish(
    figure: go.Figure,
    title: str,
    below: str = "",
    height: int = 380,
    legend: bool | Literal["left"] = False,
) -> go.Figure:
    """Give a figure its title, its note below, and transparent ground.

    A legend of long names stands at the `left`, in a line of its own below the title.
    """
    # The note stands below the title of the axis, where there is one, of one line or two.
    titles = [axis.title.text for axis in figure.select_xaxes() if axis.title.text]
    room = max((20 + 16 * title.count("<br>") for title in titles), default=0)
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left", "y": 0.98, "yanchor": "top"},
        height=height,
        margin={
            "l": 8,
            "r": 8,
            "t": 44,
            "b": 36 + 32 * bool(below) + 14 * below.count("<br>") + room,
        },
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=bool(legend),
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1, "xanchor": "right"},
        hoverlabel={"align": "left"},
    )
    if legend == "left":
        figure.update_layout(margin_t=84, legend={"x": 0, "xanchor": "left"})
    figure.update_xaxes(automargin=True, title_standoff=6, gridcolor=FAINT, zerolinecolor=FAINT)
    figure.update_yaxes(automargin=True, gridcolor=FAINT, zerolinecolor=FAINT)
    if below:
        figure.add_annotation(
            text=below, x=0, y=0, xref="paper", yref="paper", xanchor="left", yanchor="top",
            yshift=-44 - room, showarrow=False, align="left", font={"size": 11},
        )  # fmt: skip
    return figure


def hour_axis(figure: go.Figure, **more: Any) -> None:
    """Write the hours of the day below a figure."""
    hours = list(range(0, 24, 3))
    figure.update_xaxes(
        # Short, so that eight of them stand upright on a phone.
        title="Hour of the day", tickvals=hours, ticktext=[str(hour) for hour in hours],
        tickangle=0, showgrid=False, **more,
    )  # fmt: skip


def named_rows(figure: go.Figure, names: Sequence[str], above: float = 0.6, **more: Any) -> None:
    """Write a name beside each row of a figure, the first on top; `above` it so much room."""
    figure.update_yaxes(
        tickvals=list(range(len(names))), ticktext=list(names),
        range=[len(names) - 0.4, -above], zeroline=False, **more,
    )  # fmt: skip


def filled_band(x: list[Any], ends: tuple[pd.Series, pd.Series], colour: str, name: str,
                **more: Any) -> go.Scatter:  # fmt: skip
    """Return the ground between the lower and the upper ends of a band."""
    low, high = ends
    return go.Scatter(
        x=x + x[::-1], y=[*high, *low[::-1]], fill="toself", mode="lines",
        fillcolor=colour, line={"width": 0}, hoverinfo="skip", name=name, **more,
    )  # fmt: skip


def week_axis(figure: go.Figure) -> list[str]:
    """Write the days below a figure of the 168 hours of a week; return what each hour is called."""
    figure.update_xaxes(
        tickvals=[24 * day + 12 for day in range(7)], ticktext=[day[:3] for day in WEEKDAYS],
        showgrid=False, range=[0, 167],
    )  # fmt: skip
    return [f"{WEEKDAYS[hour // 24]} {hour % 24:02d}:00" for hour in range(168)]


def clock_face(figure: go.Figure, title: str, below: str = "", height: int = 370,
               **radius: Any) -> go.Figure:  # fmt: skip
    """Give a polar figure the face of a clock: midnight on top, noon below."""
    figure.update_polars(
        bgcolor="rgba(0,0,0,0)",
        angularaxis={
            "direction": "clockwise", "rotation": 90, "gridcolor": FAINT, "linecolor": FAINT,
            "tickvals": list(range(0, 360, 45)),
            "ticktext": [f"{hour}:00" for hour in range(0, 24, 3)],
        },
        radialaxis=radius,
    )  # fmt: skip
    # Room for the names of the hours at both sides.
    return finish(figure, title, below, height).update_layout(margin_l=44, margin_r=44)


def colour_bar(title: str = "check-ins", **more: Any) -> dict[str, Any]:
    """Return how a colour scale is shown beside a heatmap."""
    # Placed by pixels alone, so that its room does not depend on the figure's width.
    place = {"x": 1, "xpad": BAR_PAD_PX, "thickness": 10}
    return {"title": {"text": title, "side": "right"}, "outlinewidth": 0, **place, **more}


def note(n_checkins: int, n_users: int | None = None, time_zone: str | None = None) -> str:
    """Return the line that every figure carries: how much it counts, and in whose time.

    Parameters
    ----------
    n_checkins, n_users : int
        Counted; without users they are left out. Where there are check-ins of no user, these
        data name nobody.
    time_zone : str, optional
        The zone of all times; without one each check-in has its own.

    Examples
    --------
    >>> note(1200, 31, "America/New_York")
    '1,200 check-ins · 31 users · times in America/New_York'
    """
    check_is(n_checkins, Integral, "A note says how many check-ins.", AnalysisError)
    words = [plural(n_checkins, "check-in")]
    if n_users is not None:
        words.append(plural(n_users, "user") if n_users or not n_checkins else "nobody named")
    words.append(f"times in {label(time_zone)}" if time_zone else "local times")
    return " · ".join(words)


def users_in_words(n_users: Iterable[float]) -> np.ndarray:
    """Return the line of a tip that says how many users; empty where nobody is named or known.

    Parameters
    ----------
    n_users : iterable of float
        Of any shape.

    Examples
    --------
    >>> users_in_words([31, 1, 0, np.nan]).tolist()
    ['<br>31 users', '<br>1 user', '', '']
    """
    counts = np.asarray(n_users, dtype=float)
    words = [f"<br>{plural(int(n), 'user')}" if n > 0 else "" for n in counts.ravel()]
    return np.array(words, dtype=object).reshape(counts.shape)


def label(text: str, longest: int | None = None) -> str:
    """Return text of a person's file so that plotly shows it as it is, never as markup."""
    if longest is not None and len(text) > longest:
        text = f"{text[: longest - 1].rstrip()}…"
    return escape(str(text), quote=False)


def two_ways(left: str, right: str) -> str:
    """Return the title of an axis with a meaning on either side; two lines where a phone cuts."""
    return f"← {left}{' · ' if len(left) + len(right) < 30 else '<br>'}{right} →"


def time_colours(dark: bool) -> list[str]:
    """Return the colours of counts in time; few is near the page's ground."""
    return list(("#2A2117", *SEQUENTIAL_TIME[-1:0:-1]) if dark else SEQUENTIAL_TIME)
