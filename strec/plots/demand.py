"""Demand of one place: what came, what is expected with its bands, and what that is made of."""

from datetime import date

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from strec.demand import Effect
from strec.palette import BAD, POPULARITY, SPACE, TIME
from strec.plots.style import filled_band, finish

_WIDE, _NARROW = "rgba(224,138,43,0.16)", "rgba(224,138,43,0.30)"


def demand_series(
    series: pd.DataFrame, unit: str, days: int = 14, marked: pd.Timestamp | None = None,
    below: str = "",
) -> go.Figure:  # fmt: skip
    """Return the last days of a place, what was said of them, and the coming hours.

    Parameters
    ----------
    series : pandas.DataFrame
        From `strec.demand.Demand.series`.
    unit : str
        What is counted.
    days : int
        Of the past.
    marked : pandas.Timestamp, optional
        The hour looked at.
    below : str
        The note below.
    """
    ahead = series[series["expected"].notna()]
    begun = ahead["hour"].iloc[0]
    past = series[(series["hour"] < begun) & (series["hour"] >= begun - pd.Timedelta(days=days))]
    hours = list(ahead["hour"])
    figure = go.Figure(
        [
            filled_band(hours, (ahead[f"low_{n}"], ahead[f"high_{n}"]), colour, f"{n} % band")
            for n, colour in (("95", _WIDE), ("80", _NARROW))
        ]
    )
    figure.add_scatter(
        x=past["hour"], y=past["came"], mode="lines", name="came",
        line={"width": 1.3, "color": POPULARITY},
        hovertemplate="%{x}<br>came: <b>%{y:,.0f}</b><extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=past["hour"], y=past["forecast"], mode="lines", name="was forecast",
        line={"width": 1.6, "color": SPACE},
        hovertemplate="%{x}<br>was forecast: <b>%{y:,.1f}</b><extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=hours, y=ahead["expected"], mode="lines", name="expected",
        line={"width": 2.4, "color": TIME}, customdata=ahead[["low_80", "high_80"]],
        hovertemplate="%{x}<br><b>%{y:,.1f}</b> (80 %: %{customdata[0]:,.0f} to "
        "%{customdata[1]:,.0f})<extra></extra>",
    )  # fmt: skip
    if marked is not None:
        figure.add_vline(x=marked, line={"width": 1, "dash": "dot", "color": POPULARITY})
    figure.update_yaxes(title=f"{unit} per hour")
    figure.update_xaxes(showgrid=False)
    return finish(figure, "What came, and what comes", below, height=400, legend="left")


def demand_parts(why: pd.DataFrame, unit: str, below: str = "") -> go.Figure:
    """Return the parts of a forecast as steps that end at what is expected.

    Parameters
    ----------
    why : pandas.DataFrame
        From `strec.demand.Demand.why`.
    unit : str
        What is counted.
    below : str
        The note below.
    """
    figure = go.Figure(
        go.Waterfall(
            x=[*why["share"], 0], y=[*why["part"].str.capitalize(), "Expected"],
            measure=["relative"] * len(why) + ["total"], orientation="h",
            text=[f"{share:+,.2f}" for share in why["share"]] + [f"{why['share'].sum():,.2f}"],
            textposition="outside", hoverinfo="skip", cliponaxis=False,
            increasing={"marker": {"color": SPACE}}, decreasing={"marker": {"color": BAD}},
            totals={"marker": {"color": TIME}},
            connector={"line": {"width": 0.5, "color": POPULARITY}},
        )
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed")
    # Room for the numbers beside the bars, on either side: names stand there too.
    ends = np.concatenate([[0.0], why["share"].cumsum().to_numpy(dtype=float)])
    room = 0.35 * max(float(np.ptp(ends)), 1e-9)
    figure.update_xaxes(title=unit, range=[ends.min() - room, ends.max() + room])
    return finish(figure, "Why", below, height=120 + 34 * (len(why) + 1))


def effect_series(found: Effect, day: date, below: str = "") -> go.Figure:
    """Return what came, and what would have come without what was done.

    Parameters
    ----------
    found : strec.demand.Effect
        From `strec.demand.effect`.
    day : datetime.date
        The first day with it.
    below : str
        The note below.
    """
    frame = found.frame
    after = frame[frame["low"].notna()]
    figure = go.Figure(
        [
            filled_band(list(after["day"]), (after["low"], after["high"]), _NARROW, "95 % band"),
            go.Scatter(
                x=frame["day"], y=frame["expected"], mode="lines", name="without it",
                line={"width": 1.6, "color": TIME, "dash": "dash"},
                hovertemplate="%{x}<br>without it: <b>%{y:,.0f}</b><extra></extra>",
            ),
            go.Scatter(
                x=frame["day"], y=frame["came"], mode="lines", name="came",
                line={"width": 2, "color": SPACE},
                hovertemplate="%{x}<br>came: <b>%{y:,.0f}</b><extra></extra>",
            ),
        ]
    )  # fmt: skip
    figure.add_vline(x=pd.Timestamp(day), line={"width": 1, "dash": "dot", "color": POPULARITY})
    figure.update_yaxes(title=f"{found.unit} per day", rangemode="tozero")
    figure.update_xaxes(showgrid=False)
    return finish(figure, "With it, and without", below, height=380, legend=True)


def placebos(found: Effect, below: str = "") -> go.Figure:
    """Return the effect beside those seen where nothing was done, in units of their errors.

    Parameters
    ----------
    found : strec.demand.Effect
        From `strec.demand.effect`.
    below : str
        The note below.
    """
    figure = go.Figure()
    for name, values, colour in (
        ("other places", found.in_places, POPULARITY), ("earlier times", found.in_time, TIME),
    ):  # fmt: skip
        figure.add_scatter(
            x=values, y=[name] * len(values), mode="markers", name=name,
            marker={"size": 9, "color": colour, "opacity": 0.6},
            hovertemplate="%{x:.1f}<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=[found.score], y=["what was done"], mode="markers", name="what was done",
        marker={"size": 14, "color": SPACE, "symbol": "diamond"},
        hovertemplate="%{x:.1f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title="Effect in units of its error", zeroline=True)
    return finish(figure, "Placebos", below, height=380)
