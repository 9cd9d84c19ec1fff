"""Running measures of a replay."""

import plotly.graph_objects as go

from strec.palette import POPULARITY, USER
from strec.plots.style import finish


def running(frame, measure: str = "acc@1", title: str = "", below: str = "") -> go.Figure:
    """Return a measure after each event, with a growing and with a fixed history.

    Parameters
    ----------
    frame : polars or pandas DataFrame
        As `Replay.running` returns it.
    measure : str
        ``"acc@1"``, ``"acc@5"``, ``"acc@10"`` or ``"mrr"``.
    """
    figure = go.Figure()
    for column, name, colour, dash in (
        (f"{measure} static", "fixed history", POPULARITY, "dot"),
        (measure, "growing history", USER, "solid"),
    ):
        figure.add_scatter(
            x=list(frame["n"]),
            y=[100 * share for share in frame[column]],
            mode="lines",
            name=name,
            line={"color": colour, "width": 3, "dash": dash},
            hovertemplate=f"{name}: %{{y:.1f}} % after %{{x:,}}<extra></extra>",
        )
    # Room above the curves, which keeps still while they wobble.
    reach = max([0.16, *frame[measure], *frame[f"{measure} static"]])
    figure.update_yaxes(ticksuffix=" %", range=[0, min(125 * reach, 102)])
    figure.update_xaxes(title="check-ins played", showgrid=False)
    figure.update_layout(uirevision="keep")
    return finish(figure, title, below, height=300, legend=True)
