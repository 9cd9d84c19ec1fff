"""Figures of the privacy report."""

import plotly.graph_objects as go

from strec.palette import BAD, GOOD
from strec.plots.style import finish


def found_by_points(
    before: list[float], after: list[float] | None = None, what: str = "points", below: str = ""
) -> go.Figure:
    """Return bars: the share of users found by 1 to 4 random points, before and after.

    Parameters
    ----------
    before, after : list of float
        Shape ``(4,)``: shares.
    what : str
        What the onlooker knows, in the plural.
    below : str
        A note below the figure.
    """
    figure = go.Figure()
    names = [("as it is", before, BAD)] + ([("protected", after, GOOD)] if after else [])
    for name, shares, colour in names:
        figure.add_trace(
            go.Bar(
                x=[1, 2, 3, 4], y=[share * 100 for share in shares], name=name,
                marker_color=colour, text=[f"{share * 100:.0f} %" for share in shares],
                textposition="outside", cliponaxis=False,
                hovertemplate=f"%{{x}} {what}: %{{y:.1f}} % found<extra>{name}</extra>",
            )
        )  # fmt: skip
    figure.update_xaxes(title=f"{what} that the onlooker knows", dtick=1)
    figure.update_yaxes(title="users found", range=[0, 112], ticksuffix=" %", tickvals=[0, 50, 100])
    return finish(figure, "", below, height=330, legend=after is not None)


def exposed(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]] | None = None):
    """Return bars: the share of users whose home, workplace or both a stranger guesses.

    Parameters
    ----------
    before, after : dict
        Name → users exposed, users guessed.
    """
    figure = go.Figure()
    names = [("as it is", before, BAD)] + ([("protected", after, GOOD)] if after else [])
    for name, counts, colour in names:
        shares = {key: 100 * a / b for key, (a, b) in counts.items() if b}
        figure.add_trace(
            go.Bar(
                x=list(shares), y=list(shares.values()), name=name, marker_color=colour,
                text=[f"{counts[key][0]:,} users" for key in shares], textposition="outside",
                cliponaxis=False, hovertemplate=f"%{{x}}: %{{y:.1f}} %<extra>{name}</extra>",
            )
        )  # fmt: skip
    figure.update_yaxes(
        title="users exposed", range=[0, 112], ticksuffix=" %", tickvals=[0, 50, 100]
    )
    return finish(figure, "", height=330, legend=after is not None)
