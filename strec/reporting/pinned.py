"""Pinned pictures with their notes as one page to pass on, and to print as PDF."""

import json
from base64 import b64encode
from contextlib import suppress
from datetime import datetime
from typing import Any

from markupsafe import Markup

from strec import wording
from strec.errors import AnalysisError, ProjectError, check_is
from strec.export import html_page
from strec.project import Pin, Project

#: Parts of a figure that could ask another server for something.
_FROM_ELSEWHERE = ("images", "map", "mapbox", "geo")


def pinned_report(project: Project) -> str:
    """Return the pinned pictures of a project as one self-contained HTML page.

    It says which data, which selection, when and by which version. A browser prints it as PDF: a
    picture is not cut in two, and the button that prints is not printed.

    Parameters
    ----------
    project : Project
        With pins.

    Raises
    ------
    AnalysisError, ProjectError
        If it is no project, has no pins, or a picture of it cannot be drawn.

    Examples
    --------
    >>> pin = Pin("Bars", picture='{"data": [{"type": "bar", "y": [2, 3]}], "layout": {}}')
    >>> "<h2>Bars</h2>" in pinned_report(Project.of("travel", pins=(pin,)))
    True
    """
    check_is(project, Project, "A report is made of a strec.Project.", AnalysisError)
    if not project.pins:
        raise AnalysisError(
            "A report is made of pinned pictures.", "none.", "Pin a picture below it first."
        )
    from plotly.offline import get_plotlyjs

    needs_plotly = any(not pin.is_map for pin in project.pins)
    return html_page(
        "pinned",
        project=project,
        saved=_day(project.saved),
        plotly=Markup(get_plotlyjs()) if needs_plotly else "",
        drawn=_drawn,
    )


def _drawn(pin: Pin) -> Markup:
    if pin.is_map:
        # In an image nothing of an SVG is run, and nothing is fetched, whoever wrote it.
        content = b64encode(pin.picture.encode()).decode()
        return Markup('<img alt="{}" src="data:image/svg+xml;base64,{}">').format(
            pin.title, content
        )
    import plotly.graph_objects as go

    try:
        figure = go.Figure(_own(json.loads(pin.picture)), skip_invalid=True)
        return Markup(figure.to_html(full_html=False, include_plotlyjs=False,
                                     config={"displaylogo": False}))  # fmt: skip
    except Exception as error:
        raise ProjectError(
            "A pinned picture is a figure of plotly, or an SVG.",
            f"“{pin.title[:80]}” is neither ({type(error).__name__}).",
            "Unpin it, and pin it anew.",
        ) from error


def _own(figure: dict[str, Any]) -> dict[str, Any]:
    """Return a figure without what would be fetched from elsewhere."""
    layout = _own_layout(figure.get("layout", {}))
    if "template" in layout:
        layout["template"] = {"layout": _own_layout(layout["template"].get("layout", {}))}
    traces = [trace for trace in figure["data"]
              if not str(trace.get("type")).endswith(("map", "mapbox", "geo", "image"))
              or trace.get("type") == "heatmap"]  # fmt: skip
    return {"data": traces, "layout": layout}


def _own_layout(layout: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in layout.items() if not name.startswith(_FROM_ELSEWHERE)}


def _day(saved: str) -> str:
    now = datetime.now().astimezone()
    with suppress(ValueError):
        now = datetime.fromisoformat(saved)
    return wording.moment(now, "%-d %B %Y")
