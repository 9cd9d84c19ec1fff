"""Figures of the privacy report."""

import plotly.graph_objects as go

from strec.palette import BAD, GOOD
from strec.plots.style import finish
from strec.privacy import RiskReport


def found_by_points(before: RiskReport, after: RiskReport | None = None) -> go.Figure:
    """Return bars: the share of users found by 1 to 4 random points, before and after.

    Parameters
    ----------
    before, after : RiskReport
        From `strec.privacy.risk`.

    Examples
    --------
    >>> from strec import Dataset
    >>> from strec.privacy import risk
    >>> found_by_points(risk(Dataset.sample("travel"), at_most=20)).data[0].text
    ('100 %', '100 %', '100 %', '100 %')
    """
    figure, what = go.Figure(), before.knowledge
    for name, report, colour in _series(before, after):
        figure.add_bar(
            x=[1, 2, 3, 4], y=[share * 100 for share in report.by_points], name=name,
            marker_color=colour, text=[_label(share) for share in report.by_points],
            textposition="outside", cliponaxis=False,
            hovertemplate=f"%{{x}} {what}: %{{y:.1f}} % found<extra>{name}</extra>",
        )  # fmt: skip
    figure.update_xaxes(title=f"{what} that the onlooker knows", dtick=1)
    return _finish(figure, "users found")


def exposed(before: RiskReport, after: RiskReport | None = None) -> go.Figure:
    """Return bars: the share of users whose home, workplace or both a stranger guesses.

    Parameters
    ----------
    before, after : RiskReport
        From `strec.privacy.risk`.

    Examples
    --------
    >>> from strec import Dataset
    >>> from strec.privacy import risk
    >>> exposed(risk(Dataset.sample("social"), at_most=20)).data[0].x
    ('home', 'workplace', 'both')
    """
    figure = go.Figure()
    for name, report, colour in _series(before, after):
        shares = {key: 100 * found / guessed for key, (found, guessed) in report.guessed.items()}
        figure.add_bar(
            x=list(shares), y=list(shares.values()), name=name, marker_color=colour,
            text=[f"{report.guessed[key][0]:,}" for key in shares], textposition="outside",
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
