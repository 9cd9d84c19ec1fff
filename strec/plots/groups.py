"""Two groups side by side: their ratios with intervals, their hours, their days."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from strec.groups import Comparison
from strec.palette import POPULARITY, SPACE, TIME
from strec.plots.style import LONGEST_LABEL, finish, hour_axis, label, named_rows, two_ways
from strec.store import frame_of

#: The colour of A and of B.
COLOURS = (TIME, SPACE)


def group_ratios(
    found: Comparison, facet: str, title: str, most: int = 20, below: str = ""
) -> go.Figure:
    """Return how many times as much A has as B, cell by cell, with intervals.

    Parameters
    ----------
    found : Comparison
        From `strec.groups.compare_groups`.
    facet : str
        Which picture, a key of `strec.groups.FACETS`.
    title : str
        What stands above.
    most : int
        How many cells, the surest first; they stand in the order of their ratio.
    below : str
        The note below the figure.

    Examples
    --------
    >>> from strec.dataset import Dataset
    >>> from strec.store import Filters
    >>> weekends = Dataset.sample("social").compare_groups(Filters(weekdays=(5, 6)))
    >>> len(group_ratios(weekends, "kind", "Kinds").data)
    2
    """
    rows = found.of(facet).head(most).sort_values("ratio", ascending=False, ignore_index=True)
    figure = go.Figure()
    for differs, name, symbol in ((True, "more than chance", "circle"),
                                  (False, "may be chance", "circle-open")):  # fmt: skip
        mine = rows[rows["differs"] == differs]
        colours = np.where(mine["ratio"] >= 1, *COLOURS) if differs else POPULARITY
        figure.add_scatter(
            x=mine["ratio"], y=mine.index, mode="markers", name=name,
            marker={"size": 10, "symbol": symbol, "color": colours},
            error_x={"type": "data", "symmetric": False, "array": mine["high"] - mine["ratio"],
                     "arrayminus": mine["ratio"] - mine["low"], "width": 0, "thickness": 1.6,
                     "color": POPULARITY},
            customdata=[[label(str(row.name)), f"{row.n_a:,}", f"{row.n_b:,}",
                         f"{row.low:.2f} to {row.high:.2f}"]
                        for row in mine[["name", "n_a", "n_b", "low", "high"]].itertuples(
                            index=False, name="Row")],
            hovertemplate="<b>%{customdata[0]}</b><br>%{x:.2f} times (%{customdata[3]})<br>"
            f"{label(found.names[0])}: %{{customdata[1]}} check-ins<br>"
            f"{label(found.names[1])}: %{{customdata[2]}}<extra></extra>",
        )  # fmt: skip
    figure.add_vline(x=1, line={"width": 1.5, "color": POPULARITY})
    # Far ends of intervals would leave the ratios no room.
    near = np.abs(np.log10(rows["ratio"].clip(1 / 64, 64).to_numpy(dtype=float)))
    reach = max(float(near.max(initial=0.0)) * 1.25, float(np.log10(2)))
    ticks = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
    figure.update_xaxes(
        type="log", range=[-reach, reach], tickvals=ticks,
        ticktext=[f"{tick:g}×" for tick in ticks],
        title=two_ways(*(f"more in {label(name, LONGEST_LABEL)}" for name in found.names[::-1])),
    )  # fmt: skip
    named_rows(figure, [label(name, LONGEST_LABEL) for name in rows["name"]], showgrid=False)
    return finish(figure, title, below, height=150 + 24 * len(rows), legend="left")


def group_hours(found: Comparison, below: str = "") -> go.Figure:
    """Return the day of A and of B: how much at which hour, and where that is more than chance.

    Parameters
    ----------
    found : Comparison
        From `strec.groups.compare_groups`, with a picture of hours.
    below : str
        The note below the figure.

    Examples
    --------
    >>> from strec.dataset import Dataset
    >>> from strec.store import Filters
    >>> weekends = Dataset.sample("social").compare_groups(Filters(weekdays=(5, 6)))
    >>> group_hours(weekends).data[0].name
    'weekends'
    """
    compared = found.of("hour").assign(at=lambda each: each["key"].astype(int))
    # Hours of too few check-ins are not compared: a line through them would be made up.
    rows = compared.set_index("at").reindex(range(24)).reset_index(names="at")
    figure = go.Figure()
    share = found.measure == "share"
    times = 100 if share else 1
    for name, rate, colour, dash in zip(found.names, ("rate_a", "rate_b"), COLOURS,
                                        ("solid", "dash"), strict=True):  # fmt: skip
        figure.add_scatter(
            x=rows["at"], y=times * rows[rate], mode="lines+markers", marker_size=4,
            name=label(name, LONGEST_LABEL), line={"width": 3, "color": colour, "dash": dash},
            hovertemplate=f"{label(name)}, %{{x}}:00<br><b>%{{y:{'.1f} %' if share else '.4f}'}</b>"
            "<extra></extra>",
        )  # fmt: skip
    named = compared[compared["differs"]]
    figure.add_scatter(
        x=named["at"], y=times * named[["rate_a", "rate_b"]].max(axis=1), mode="markers",
        name="more than chance", marker={"size": 9, "symbol": "diamond", "color": POPULARITY},
        hoverinfo="skip",
    )  # fmt: skip
    hour_axis(figure, range=[-0.5, 23.5])
    figure.update_yaxes(
        tickformat="~g", ticksuffix=" %" if share else "", rangemode="tozero",
        title="Share of its check-ins" if share else f"Check-ins {found.per}",
    )  # fmt: skip
    return finish(figure, "The day of both", below, height=380, legend="left")


def group_days(
    days: tuple[pd.DataFrame, pd.DataFrame], names: tuple[str, str], below: str = ""
) -> go.Figure:
    """Return the check-ins of A and of B day by day.

    Parameters
    ----------
    days : tuple of pandas.DataFrame
        `Comparison.days`.
    names : tuple of str
        What A and B are called.
    below : str
        The note below the figure.

    Examples
    --------
    >>> from strec.dataset import Dataset
    >>> from strec.store import Filters
    >>> weekends = Dataset.sample("social").compare_groups(Filters(weekdays=(5, 6)))
    >>> group_days(weekends.days, weekends.names).data[1].name
    'all others'
    """
    figure = go.Figure()
    for frame, name, colour, symbol in zip(days, names, COLOURS, ("circle", "square"), strict=True):
        frame = frame_of(frame, ("period", "n_checkins"))
        figure.add_scatter(
            x=frame["period"], y=frame["n_checkins"], mode="lines+markers",
            name=label(name, LONGEST_LABEL), line={"width": 1.5, "color": colour},
            marker={"size": 5, "symbol": symbol},
            hovertemplate=f"{label(name)}, %{{x|%-d %b %Y}}<br><b>%{{y:,}}</b> check-ins"
            "<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(title="Check-ins per day", rangemode="tozero")
    figure.update_xaxes(showgrid=False)
    return finish(figure, "Day by day", below, height=340, legend="left")
