"""How complete, how steady and how dense a table of check-ins is."""

import plotly.graph_objects as go

from strec.palette import BAD, GOOD, TIME, USER
from strec.plots.style import finish, note
from strec.profiling import QualityReport
from strec.profiling.html import histogram_labels


def completeness(report: QualityReport) -> go.Figure:
    """Return a bar per column: the share of check-ins in which it is known."""
    titles = [column.title for column in report.columns]
    known = [column.share_known for column in report.columns]
    figure = go.Figure()
    for shares, colour, word in (
        (known, GOOD, "known"),
        ([1 - share for share in known], BAD, "missing"),
    ):
        figure.add_bar(
            y=titles, x=[100 * share for share in shares], orientation="h",
            marker_color=colour, name=word,
            hovertemplate="<b>%{y}</b><br>%{x:.1f} % " + word + "<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0.35)
    figure.update_xaxes(ticksuffix=" %", range=[0, 102], tickvals=[0, 25, 50, 75, 100])
    figure.update_yaxes(autorange="reversed")
    below = note(report.n_checkins, report.n_users)
    return finish(figure, "Known values per column", below, height=110 + 30 * len(titles))


def timeline(report: QualityReport) -> go.Figure:
    """Return check-ins over time, gaps included."""
    word = {1: "day", 7: "week", 28: "four weeks", 91: "quarter", 364: "year"}
    length = word.get(report.bar_days, "ten years")
    figure = go.Figure(
        go.Bar(
            x=report.timeline["start"].to_list(),
            y=report.timeline["n_checkins"].to_list(),
            marker_color=TIME,
            hovertemplate="from %{x|%Y-%m-%d}<br>%{y:,} check-ins<extra></extra>",
        )
    )
    figure.update_layout(bargap=0.05)
    below = note(report.n_checkins, report.n_users)
    return finish(figure, f"Check-ins per {length}", below, height=300)


def users_by_checkins(report: QualityReport) -> go.Figure:
    """Return how many users have how many check-ins."""
    bars = histogram_labels(report.users_by_checkins)
    figure = go.Figure(
        go.Bar(
            x=[label for label, _ in bars],
            y=[n for _, n in bars],
            marker_color=USER,
            hovertemplate="%{x} check-ins<br>%{y:,} users<extra></extra>",
        )
    )
    figure.update_xaxes(type="category", title="Check-ins of a user")
    figure.update_yaxes(title="Users")
    return finish(figure, "How many check-ins users have", height=300)
