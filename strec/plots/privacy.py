"""Figures of the privacy report."""

import plotly.graph_objects as go

from strec.palette import BAD, GOOD
from strec.plots.style import finish


def found_by_points(
    before: list[float], after: list[float] | None = None, what: str = "points"
) -> go.Figure:
    """Return bars: the share of users found by 1 to 4 random points, before and after.

    Parameters
    ----------
    before, after : list of float
        Shape ``(4,)``: shares.
    what : str
        What the onlooker knows, in the plural.

    Examples
    --------
    >>> figure = found_by_points([0.5, 0.995, 1.0, 1.0])
    >>> figure.data[0].text
    ('50 %', '>99 %', '100 %', '100 %')
    """
    figure = go.Figure()
    for name, shares, colour in _series(before, after):
        figure.add_bar(
            x=[1, 2, 3, 4], y=[share * 100 for share in shares], name=name,
            marker_color=colour, text=[_label(share) for share in shares],
            textposition="outside", cliponaxis=False,
            hovertemplate=f"%{{x}} {what}: %{{y:.1f}} % found<extra>{name}</extra>",
        )  # fmt: skip
    figure.update_xaxes(title=f"{what} that the onlooker knows", dtick=1)
    return _finish(figure, "users found")


def exposed(
    before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]] | None = None
) -> go.Figure:
    """Return bars: the share of users whose home, workplace or both a stranger guesses.

    Parameters
    ----------
    before, after : dict
        Name → users exposed, users guessed.

    Examples
    --------
    >>> exposed({"home": (3, 4)}).data[0].y
    (75.0,)
    """
    figure = go.Figure()
    for name, counts, colour in _series(before, after):
        shares = {key: 100 * exposed / guessed for key, (exposed, guessed) in counts.items()}
        figure.add_bar(
            x=list(shares), y=list(shares.values()), name=name, marker_color=colour,
            text=[f"{counts[key][0]:,}" for key in shares], textposition="outside",
            cliponaxis=False,
            hovertemplate=f"%{{x}}: %{{text}} users, %{{y:.1f}} %<extra>{name}</extra>",
        )  # fmt: skip
    return _finish(figure, "users exposed")


def _series(before, after):
    return [("as it is", before, BAD)] + ([] if after is None else [("protected", after, GOOD)])


def _finish(figure: go.Figure, title: str) -> go.Figure:
    ticks = [0, 25, 50, 75, 100]
    figure.update_yaxes(
        title=title, range=[0, 112], tickvals=ticks, ticktext=[f"{each} %" for each in ticks]
    )
    several = len(list(figure.data)) > 1
    return finish(figure, "", height=320, legend=several).update_layout(margin_t=36 * several + 8)


def _label(share: float) -> str:
    if 0 < share < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < share < 1 else f"{share * 100:.0f} %"
