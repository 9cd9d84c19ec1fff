"""Single check-ins on the face of a clock."""

import numpy as np
import plotly.graph_objects as go

from strec.palette import TIME, USER
from strec.plots.style import clock_face, label


def visit_clock(frame, hour: float | None = None, colour: str = USER, title: str = "") -> go.Figure:
    """Return check-ins as dots on a 24-hour clock: the latest outside, the strongest largest.

    Parameters
    ----------
    frame : polars or pandas DataFrame
        `item_name`, `local_time`, `strength`, as `Reasons.evidence` holds them.
    hour : float, optional
        The hour asked about, drawn as a hand.
    colour : str
        Of the dots.
    """
    times = list(frame["local_time"])
    strength = np.array(list(frame["strength"]), dtype=float)
    hours = np.array([time.hour + time.minute / 60 for time in times])
    age = np.argsort(np.argsort([time.timestamp() for time in times])) if times else np.zeros(0)
    radius = 0.45 + 0.5 * (age + 1) / max(len(times), 1)
    size = 8 + 12 * np.sqrt(strength / max(strength.max(initial=0), 1e-9))
    figure = go.Figure()
    if hour is not None:
        figure.add_scatterpolar(
            r=[0, 1], theta=[hour * 15] * 2, mode="lines", line={"color": TIME, "width": 4},
            hovertemplate="the hour asked about<extra></extra>",
        )  # fmt: skip
    figure.add_scatterpolar(
        r=radius,
        theta=hours * 15,
        mode="markers",
        marker={"size": size, "color": colour, "opacity": 0.65},
        customdata=[
            [label(name), f"{time:%a} {time.day} {time:%b %Y, %H:%M}"]
            for name, time in zip(list(frame["item_name"]), times, strict=True)
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
    )
    return clock_face(figure, title, height=290, visible=False, range=[0, 1.05])
