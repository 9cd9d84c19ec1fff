"""What a figure shows, in one sentence."""

import numpy as np
import pandas as pd

from strec.errors import AnalysisError, check_choice, check_is
from strec.store import frame_of
from strec.wording import WEEKDAYS, plural

#: The largest of many small counts is largest by chance: from here on it is worth a sentence.
ENOUGH_IN_AN_HOUR, ENOUGH_IN_A_DAY = 5, 50


#: The kinds of figures, and the columns of their frames.
_NEEDED = {
    "hour_weekday": ("n_checkins", "weekday", "hour"),
    "weekdays": ("n_checkins", "weekday"),
    "calendar": ("n_checkins", "period"),
    "trend": ("n_checkins",),
    "category_hours": ("n_checkins", "category", "hour"),
    "categories": ("n_checkins", "category"),
}


def in_words(kind: str, frame: pd.DataFrame, grain: str = "day") -> str:
    """Return the main thing that a frame of counts says.

    Parameters
    ----------
    kind : str
        `hour_weekday`, `weekdays`, `calendar`, `trend`, `category_hours` or `categories`.
    frame : pandas.DataFrame
        What the figure of that kind shows.
    grain : str
        For a trend.

    Returns
    -------
    str
        Plain text; names from the data are in it as they are.

    Examples
    --------
    >>> week = pd.DataFrame({"weekday": [0, 4], "hour": [8, 18], "n_checkins": [10, 30]})
    >>> in_words("hour_weekday", week)
    'Busiest: Friday 18:00–19:00, 1.5 times the average hour.'
    """
    check_choice(kind, _NEEDED, "A kind of figure", AnalysisError)
    check_is(frame, pd.DataFrame, "A figure shows a pandas frame.", AnalysisError)
    # Counts of too few users are blank.
    frame = frame_of(frame, _NEEDED[kind]).dropna(subset="n_checkins") if len(frame) else frame
    if not len(frame) or not frame["n_checkins"].sum():
        return "No check-ins match the filters."
    return {
        "hour_weekday": _week,
        "weekdays": _weekdays,
        "calendar": _days,
        "trend": lambda frame: _trend(frame, grain),
        "category_hours": _category_hours,
        "categories": _categories,
    }[kind](frame)


def _weekdays(frame: pd.DataFrame) -> str:
    counts = frame.groupby("weekday")["n_checkins"].sum().reindex(range(7), fill_value=0)
    top = int(counts.to_numpy().argmax())
    if counts[top] < ENOUGH_IN_A_DAY:
        return f"No weekday has more than {plural(int(counts[top]), 'check-in')}."
    return f"Busiest: {WEEKDAYS[top]}, {counts[top] / counts.mean():.1f} times the average weekday."


def _week(frame: pd.DataFrame) -> str:
    top = frame.iloc[int(frame["n_checkins"].to_numpy().argmax())]
    if top["n_checkins"] < ENOUGH_IN_AN_HOUR:
        return (
            f"No hour of the week has more than {plural(top['n_checkins'], 'check-in')}: too few "
            "to call one the busiest."
        )
    hour = int(top["hour"])
    return (
        f"Busiest: {WEEKDAYS[int(top['weekday'])]} {hour:02d}:00–{hour + 1:02d}:00, "
        f"{top['n_checkins'] / frame['n_checkins'].mean():.1f} times the average hour."
    )


def _days(frame: pd.DataFrame) -> str:
    top = frame.iloc[int(frame["n_checkins"].to_numpy().argmax())]
    empty = int((frame["n_checkins"] == 0).sum())
    words = f"Busiest day: {_date(top['period'])}, with {plural(top['n_checkins'], 'check-in')}."
    if empty:
        words += f" {empty:,} of {len(frame):,} days have none."
    return words


def _trend(frame: pd.DataFrame, grain: str) -> str:
    counts = frame["n_checkins"].to_numpy(dtype=float)
    if len(counts) < 6:
        return f"{counts.mean():,.1f} check-ins per {grain} on average."
    # The first and last period may be cut off by the edges of the data.
    inner = counts[1:-1]
    third = max(len(inner) // 3, 1)
    early, late = inner[:third].mean(), inner[-third:].mean()
    average = f"{counts.mean():,.1f} check-ins per {grain} on average"
    if not early or abs(late / early - 1) < 0.05:
        return f"{average}, about as many in the last third of the time as in the first."
    direction = "more" if late > early else "fewer"
    return (
        f"{average}; {100 * (abs(late / early - 1)):.0f} % {direction} in the last third of the "
        "time than in the first."
    )


def _category_hours(frame: pd.DataFrame) -> str:
    counts = frame.pivot(index="category", columns="hour", values="n_checkins")
    counts = counts[counts.sum(axis=1) >= ENOUGH_IN_A_DAY]
    if not len(counts):
        return (
            f"None of these categories has {ENOUGH_IN_A_DAY} check-ins: too few to tell when it "
            "has its time."
        )
    share = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    table = share.to_numpy()
    row, column = divmod(int(np.nanargmax(table)), table.shape[1])
    name, value, hour = share.index[row], float(table[row, column]), int(share.columns[column])
    return (
        f"The most concentrated: {name}, with {100 * value:.0f} % of its check-ins between "
        f"{hour}:00 and {hour + 1}:00 ({value * 24:.1f} times an even spread)."
    )


def _categories(frame: pd.DataFrame) -> str:
    top = frame.iloc[0]
    n_all = frame.attrs.get("n_categories", len(frame))
    by = f" by {top['n_users']:,} users" if top["n_users"] else ""
    return (
        f"{top['category']} leads with {top['n_checkins']:,} check-ins{by}; there are {n_all:,} "
        "categories."
    )


def _date(day: pd.Timestamp) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"
