"""When check-ins happen: the week, the clock, the calendar, the trend."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from strec import wording
from strec.palette import TIME
from strec.plots.style import (
    FAINT,
    WEEKDAYS,
    clock_face,
    colour_bar,
    finish,
    hour_axis,
    time_colours,
    users_in_words,
)
from strec.store import frame_of

#: Periods averaged by the smooth line: a day of hours, a week of days, …
SMOOTH = {"hour": 24, "day": 7, "week": 4, "month": 3}
#: The calendar shows one row per year from this many weeks on, and the latest years.
WEEKS_IN_ONE_ROW, MOST_YEARS = 54, 6


def hour_weekday(
    frame: pd.DataFrame, below: str = "", dark: bool = False, clickable: bool = False
) -> go.Figure:
    """Return a heatmap of check-ins per weekday and hour.

    Parameters
    ----------
    frame : pandas.DataFrame
        `weekday` (0 is Monday), `hour`, `n_checkins`, `n_users`; hours that are not listed stay
        blank.
    below : str
        The note below the figure, see `note`.
    dark : bool
        Whether it stands on a dark page: colours are turned round.
    clickable : bool
        Whether each hour is a point that can be chosen, whose custom data ends with weekday and
        hour; the cells of a heatmap cannot be.

    Examples
    --------
    >>> week = pd.DataFrame({"weekday": [4], "hour": [18], "n_checkins": [3], "n_users": [2]})
    >>> hour_weekday(week).data[0].z.shape
    (7, 24)
    """
    frame = frame_of(frame, ("weekday", "hour", "n_checkins", "n_users"))
    counts = _week(frame, "n_checkins")
    users = users_in_words(_week(frame, "n_users"))
    hours = [f"{hour:02d}:00–{hour + 1:02d}:00" for hour in range(24)]
    figure = go.Figure(
        go.Heatmap(
            z=counts,
            x=list(range(24)),
            y=list(WEEKDAYS),
            customdata=np.dstack([users, np.tile(hours, (7, 1))]),
            colorscale=time_colours(dark),
            zmin=0,
            xgap=2,
            ygap=2,
            hoverongaps=False,
            colorbar=colour_bar(),
            hovertemplate="<b>%{y} %{customdata[1]}</b><br>%{z:,} check-ins%{customdata[0]}"
            "<extra></extra>",
        )
    )
    if clickable:
        figure.update_traces(hoverinfo="skip", hovertemplate=None)
        where = [(day, hour) for day, hour in np.ndindex(7, 24) if counts[day, hour] > 0]
        figure.add_scatter(
            x=[hour for _, hour in where],
            y=[WEEKDAYS[day] for day, _ in where],
            mode="markers",
            marker={"size": 22, "symbol": "square", "opacity": 0},
            customdata=[[hours[h], counts[d, h], users[d, h], d, h] for d, h in where],
            hovertemplate="<b>%{y} %{customdata[0]}</b><br>%{customdata[1]:,} check-ins"
            "%{customdata[2]}<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    hour_axis(figure, range=[-0.5, 23.5])
    return finish(figure, "Check-ins by weekday and hour", below, height=370)


def weekdays(frame: pd.DataFrame, below: str = "") -> go.Figure:
    """Return check-ins per weekday as bars, for data whose times say only the day.

    Parameters
    ----------
    frame : pandas.DataFrame
        `weekday` (0 is Monday), `n_checkins`; rows of the same weekday are summed.
    below : str
        The note below the figure, see `note`.

    Examples
    --------
    >>> week = pd.DataFrame({"weekday": [4, 4], "n_checkins": [3, 1]})
    >>> int(weekdays(week).data[0].y[4])
    4
    """
    frame = frame_of(frame, ("weekday", "n_checkins"))
    counts = frame.groupby("weekday")["n_checkins"].sum().reindex(range(7), fill_value=0)
    figure = go.Figure(
        go.Bar(
            x=list(WEEKDAYS),
            y=counts,
            marker_color=TIME,
            hovertemplate="<b>%{x}</b><br>%{y:,} check-ins<extra></extra>",
        )
    )
    return finish(figure, "Check-ins by weekday", below, height=300)


def clock(frame: pd.DataFrame, below: str = "", title: str = "The day as a clock") -> go.Figure:
    """Return the hours of the day around a clock: midnight on top, noon below.

    Parameters
    ----------
    frame : pandas.DataFrame
        `hour` and `n_checkins`; rows of the same hour are summed.
    below, title : str
        The note below the figure, see `note`, and the title above it.

    Examples
    --------
    >>> int(sum(clock(pd.DataFrame({"hour": [8, 8], "n_checkins": [3, 1]})).data[0].r))
    4
    """
    frame = frame_of(frame, ("hour", "n_checkins"))
    counts = frame.groupby("hour")["n_checkins"].sum().reindex(range(24), fill_value=0)
    share = 100 * counts / max(counts.sum(), 1)
    figure = go.Figure(
        go.Barpolar(
            r=counts,
            theta=counts.index * 15 + 7.5,
            width=[14] * 24,
            marker_color=TIME,
            customdata=np.column_stack([counts.index, share]),
            hovertemplate="<b>%{customdata[0]:02d}:00</b><br>%{r:,} check-ins "
            "(%{customdata[1]:.1f} %)<extra></extra>",
        )
    )
    return clock_face(
        figure, title, below, showticklabels=False, gridcolor=FAINT, ticks="", showline=False
    )


def calendar(frame: pd.DataFrame, below: str = "", dark: bool = False) -> go.Figure:
    """Return a calendar: a column per week, a row per weekday, colour for check-ins.

    Up to a year stands in one block; a longer time in a block per year, the latest six.

    Parameters
    ----------
    frame : pandas.DataFrame
        `period` (days), `n_checkins`, `n_users`, as `Store.calendar` returns them.
    below : str
        The note below the figure, see `note`.
    dark : bool
        Whether it stands on a dark page: colours are turned round.

    Examples
    --------
    >>> days = pd.DataFrame({"period": pd.date_range("2024-01-01", periods=9)})
    >>> calendar(days.assign(n_checkins=1, n_users=1)).data[0].z.shape
    (7, 2)
    """
    frame = frame_of(frame, ("period", "n_checkins", "n_users"))
    days = frame.assign(
        weekday=frame["period"].dt.day_of_week,
        week=frame["period"] - pd.to_timedelta(frame["period"].dt.day_of_week, unit="D"),
    )
    in_one = days["week"].nunique() <= WEEKS_IN_ONE_ROW
    # A block's weeks are numbered by their Monday, so the first days of a year keep their row.
    blocks = [("", days)] if in_one else list(days.groupby(days["period"].dt.year))[-MOST_YEARS:]
    figure = make_subplots(
        rows=len(blocks), cols=1, vertical_spacing=0.3 / len(blocks),
        subplot_titles=None if in_one else [str(year) for year, _ in blocks],
    )  # fmt: skip
    # Of days with something: where most are empty, one check-in would look like the busiest day.
    busy = days["n_checkins"][days["n_checkins"] > 0]
    top = max(float(busy.quantile(0.99)), 1.0) if len(busy) else 1.0
    for row, (_, block) in enumerate(blocks, 1):
        figure.add_trace(_calendar_block(block, top, dark, row == 1), row=row, col=1)
    figure.update_yaxes(
        autorange="reversed", showgrid=False, tickvals=[0, 2, 4, 6],
        ticktext=["Mon", "Wed", "Fri", "Sun"],
    )  # fmt: skip
    # One tick a month at most, so that no name stands twice; of a few months, some Mondays.
    weeks = sorted(days["week"].unique())
    figure.update_xaxes(showgrid=False, tickformat="%-d %b", tickvals=weeks[:: len(weeks) // 9 + 1])
    if (weeks[-1] - weeks[0]).days > 120:
        monthly = "%b\n%Y" if in_one else "%b"
        # Every second month has its name: so many stand upright on a phone.
        figure.update_xaxes(tickvals=None, dtick="M2", tickformat=monthly, tickangle=0)
    height = 270 if in_one else 90 + 175 * len(blocks)
    figure = finish(figure, "Check-ins day by day", below, height=height)
    if in_one and below:
        # Below the months stand their years.
        figure.update_annotations(selector={"text": below}, yshift=-58)
        figure.update_layout(height=height + 14, margin_b=82)
    return figure


def trend(
    frame: pd.DataFrame, grain: str = "day", value: str = "n_checkins", below: str = ""
) -> go.Figure:
    """Return counts over time with a centred moving average.

    Parameters
    ----------
    frame : pandas.DataFrame
        `period`, `n_checkins`, `n_users`, as `Store.trend` returns them.
    grain : str
        `hour`, `day`, `week` or `month`; sets the width of the average (`SMOOTH`).
    value : str
        `n_checkins` or `n_users`.
    below : str
        The note below the figure, see `note`.

    Examples
    --------
    >>> days = pd.DataFrame({"period": pd.date_range("2024-01-01", periods=9)})
    >>> [each.name for each in trend(days.assign(n_checkins=1)).data]
    ['per day', 'average of 7 days']
    """
    frame = frame_of(frame, ("period", "n_checkins", value))
    window = SMOOTH[grain]
    smooth = frame[value].rolling(window, center=True, min_periods=window // 2 + 1).mean()
    unit = "users" if value == "n_users" else "check-ins"
    shown = {"hour": "%a %-d %b %Y, %H:00", "month": "%B %Y"}.get(grain, "%a %-d %b %Y")
    figure = go.Figure(
        [
            go.Scatter(
                x=frame["period"], y=frame[value], mode="lines", name=f"per {grain}",
                line={"width": 1, "color": TIME}, opacity=0.45,
                hovertemplate=f"%{{x|{shown}}}<br><b>%{{y:,}} {unit}</b><extra></extra>",
            ),
            go.Scatter(
                x=frame["period"], y=smooth, mode="lines", name=f"average of {window} {grain}s",
                line={"width": 3, "color": TIME},
                hovertemplate=f"average of {window} {grain}s: %{{y:,.1f}}<extra></extra>",
            ),
        ]
    )  # fmt: skip
    if len(frame) < 3:
        figure.update_traces(mode="lines+markers", opacity=1)
    figure.update_yaxes(rangemode="tozero", title=f"{unit} per {grain}")
    figure.update_xaxes(showgrid=False)
    figure.update_layout(hovermode="x unified")
    title = f"{unit.capitalize()} per {grain}"
    return finish(figure, title, below, height=360, legend=True)


def _week(frame: pd.DataFrame, value: str) -> np.ndarray:
    table = frame.pivot_table(index="weekday", columns="hour", values=value, aggfunc="sum")
    return table.reindex(index=range(7), columns=range(24)).to_numpy(dtype=float)


def _calendar_block(days: pd.DataFrame, top: float, dark: bool, with_bar: bool) -> go.Heatmap:
    def grid(value: str) -> np.ndarray:
        table = days.pivot(index="weekday", columns="week", values=value)
        return table.reindex(index=range(7), columns=weeks).to_numpy(dtype=float)

    weeks = pd.date_range(days["week"].min(), days["week"].max(), freq="7D")
    dates = weeks.to_numpy()[None, :] + np.arange(7)[:, None].astype("m8[D]")
    named = [wording.moment(day, "%a %-d %b %Y") for day in pd.DatetimeIndex(dates.ravel())]
    shown = np.array(named, dtype=object).reshape(7, -1)
    return go.Heatmap(
        z=grid("n_checkins"), x=weeks, y=list(range(7)), zmin=0, zmax=top,
        customdata=np.dstack([users_in_words(grid("n_users")), shown]),
        colorscale=time_colours(dark),
        xgap=2, ygap=2, hoverongaps=False, showscale=with_bar, colorbar=colour_bar(),
        hovertemplate="<b>%{customdata[1]}</b><br>%{z:,} check-ins%{customdata[0]}"
        "<extra></extra>",
    )  # fmt: skip
