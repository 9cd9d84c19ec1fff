"""A forecast in sentences: what stands out, what appeared or fell silent, numbers as people say."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from strec.demand.backtesting import BLEND
from strec.demand.counting import HourOfWeek, first_seen, gone
from strec.wording import days, plural

#: What came to more places than these is told of all together.
_MOST_TOLD = 3
#: A difference of a tenth, or of a tenth of one, is worth showing.
_VISIBLE = 0.1
#: What is less is said as 0.
_NEXT_TO_NOTHING = 0.05

if TYPE_CHECKING:
    from strec.demand.forecast import Demand


def findings(ahead: "Demand", first: int, last: int, most: int) -> list[str]:
    """Return what stands out in some of the coming hours, in sentences."""
    last = min(last, len(ahead.expected))
    whole = ahead.window(first, last)
    expected = ahead.expected[first:last]
    hour, at = np.unravel_index(int(expected.argmax()), expected.shape)
    one = ahead.window(first + int(hour), first + int(hour) + 1).iloc[int(at)]
    found = [
        f"Most is expected at {one['name']}, {when(ahead, first + int(hour))}: {_said(ahead, one)}."
    ]
    if not ahead.panel.is_signed and expected.max() < _NEXT_TO_NOTHING:
        unit = ahead.panel.unit
        found = [f"Hardly anything is expected: under {_NEXT_TO_NOTHING} {unit} an hour anywhere."]
    for row in _standing_out(whole, most):
        found.append(
            f"{row['name']} is likely to be {_compared(ahead, row)}, {span(ahead, first, last)}."
        )
    if last - first > 1:
        hourly = [ahead.window(k, k + 1).assign(step=k) for k in range(first, last)]
        hours = pd.concat([each[each["more_than_usual"] != 0] for each in hourly])
        for row in _standing_out(hours, most):
            at_hour = when(ahead, int(row["step"]))
            found.append(f"{row['name']} is likely to be {_compared(ahead, row)}, {at_hour}.")
    if len(found) == 1:
        found.append("Nowhere is it clearly busier or quieter than usual.")
        more = whole[whole["leaning"] > 0]
        if len(more):
            row = more.iloc[int(_away(more).argmax())]
            found.append(
                f"Farthest above usual is {row['name']}, {span(ahead, first, last)}: "
                f"{_said(ahead, row)}, instead of {number(row['usual'])}. Chance may undo that."
            )
    return found


def changes(ahead: "Demand") -> list[str]:
    """Return which places appeared or fell silent, in words."""
    values = np.nan_to_num(ahead.panel.values)
    names = ahead.panel.places["name"].astype(str).to_numpy()
    hours = ahead.panel.hours
    # On the first day of the data nothing is new.
    born = first_seen(values)
    new = np.flatnonzero(born >= 24)
    words = _told(names, new, hours[born[new]], "was first seen on {day}", "were first seen")
    counting = ahead.fitted[HourOfWeek.label]
    if isinstance(counting, HourOfWeek) and not ahead.panel.is_signed:
        rates = counting.rates(ahead.panel, ahead.panel.n_hours)
        week = (np.arange(len(values)) + hours[0].day_of_week * 24 + hours[0].hour) % 168
        prior = np.where(rates.is_closed.all(axis=0), rates.prior, rates.expected)
        shut = np.flatnonzero(gone(values, prior, week)[0])
        seen = np.array([np.flatnonzero(values[:, at]).max() for at in shut], dtype=int)
        last = hours[seen]
        words += _told(names, shut, last, "has been silent since {day} and is taken as closed",
                       "have fallen silent and are taken as closed")  # fmt: skip
    return words


def _told(
    names: np.ndarray, places: np.ndarray, when: pd.DatetimeIndex, one: str, many: str
) -> list[str]:
    """Tell of each place when something came to it, of many places in one sentence."""
    if len(places) <= _MOST_TOLD:
        return [f"{names[at]} {one.format(day=f'{day.day} {day:%B %Y}')}."
                for at, day in zip(places, when, strict=True)]  # fmt: skip
    others = plural(len(places) - 1, "other place")
    return [f"{names[places[0]]} and {others} {many} ({days(when.min(), when.max())})."]


def reasons(ahead: "Demand", place: str, step: int) -> pd.DataFrame:
    """Return what makes up the forecast of a place and hour; see `Demand.why`."""
    at, horizon = ahead.place(place), step + 1
    origin = ahead.panel.n_hours
    weights = ahead.backtest.weights if ahead.model == BLEND else {ahead.model: 1.0}
    found: dict[str, float] = {}
    for name, weight in weights.items():
        if weight <= 0:
            continue
        parts = ahead.fitted[name].parts(ahead.panel, origin, horizon, at)
        for part, share in parts.items():
            found[part] = found.get(part, 0.0) + weight * float(share[-1])
    frame = pd.DataFrame({"part": list(found), "share": list(found.values())})
    # What is too small to be seen is not worth a line.
    least = 0.005 * max(float(ahead.expected[step, at]), 0.1)
    small = frame["share"].abs() < least
    if small.any():
        rest = pd.DataFrame({"part": ["the rest"], "share": [frame["share"][small].sum()]})
        frame = pd.concat([frame[~small], rest], ignore_index=True)
        frame = frame.groupby("part", sort=False)[["share"]].sum().reset_index()
    return frame


def _compared(ahead: "Demand", row: pd.Series) -> str:
    word = "busier" if row["more_than_usual"] > 0 else "quieter"
    return f"{word} than usual: {_said(ahead, row)}, instead of {number(row['usual'])}"


def _said(ahead: "Demand", row: pd.Series) -> str:
    low, high = ends_in_words(row["low_80"], row["high_80"], ahead.panel.is_whole)
    return f"about {number(row['expected'])} {ahead.panel.unit} (80 % between {low} and {high})"


def when(ahead: "Demand", step: int) -> str:
    """Return a coming hour as people say it."""
    hour = ahead.panel.clock(ahead.panel.n_hours + step, ahead.panel.n_hours + step + 1)[0]
    return f"{_day(hour)}, {hour.hour}:00"


def span(ahead: "Demand", first: int, last: int) -> str:
    """Return some coming hours as people say them."""
    if last - first == 1:
        return when(ahead, first)
    if last - first == 24 and ahead.hours[first].hour == 0:
        return f"on {_day(ahead.hours[first])}"
    return f"from {when(ahead, first)} to {when(ahead, last)}"


def number(value: float) -> str:
    """Return a count as people say it.

    Examples
    --------
    >>> number(12.34), number(0.25), number(-0.01)
    ('12', '0.2', '0')
    """
    if abs(value) >= 10 or abs(value) < _NEXT_TO_NOTHING:
        return f"{round(value):,}"
    return f"{value:.1f}"


def ends_in_words(low: float, high: float, is_count: bool = True) -> tuple[str, str]:
    """Return the ends of a band; of counts whole numbers.

    Examples
    --------
    >>> ends_in_words(0.7, 4.5), ends_in_words(0.2, 0.4), ends_in_words(1.5, 2.5, False)
    (('0', '4'), ('0', '0'), ('1.5', '2.5'))
    """
    if not is_count:
        return number(low), number(high)
    return f"{int(np.floor(low + 1e-9)):,}", f"{int(np.floor(high + 1e-9)):,}"


def _day(hour: pd.Timestamp) -> str:
    return f"{hour:%A} {hour.day} {hour:%B}"


def unusual(
    expected: np.ndarray, low: np.ndarray, high: np.ndarray, usual: np.ndarray, whole: bool
) -> np.ndarray:
    """Return 1 for surely more than usual, -1 for less, 0 where that is not sure.

    Surely: more, or less, than `usual` comes in nine of ten cases; `low` is what one in ten stays
    below, `high` what one in ten goes beyond.
    """
    if whole:
        # Quantiles of counts lie between two of them: the one that says less is meant.
        low, high = np.floor(low + 1e-9), np.floor(high + 0.5)
    more = (low > usual) & (expected > usual)
    # Where less than one is usual, nothing is nothing unusual.
    less = (high < usual) & (expected < usual) & (usual >= 1)
    return more.astype(int) - less.astype(int)


def leaning(expected: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Return 1 where visibly more than usual is expected, -1 for less, sure or not."""
    away = expected - usual
    seen = np.abs(away) > _VISIBLE * np.maximum(np.abs(usual), 1.0)
    return np.where(seen, np.sign(away), 0).astype(int)


def _standing_out(found: pd.DataFrame, most: int) -> list[pd.Series]:
    marked = found[found["more_than_usual"] != 0]
    order = np.abs(_away(marked)).argsort(kind="stable")[::-1][:most]
    return [marked.iloc[at] for at in order]


def _away(found: pd.DataFrame) -> np.ndarray:
    """Return how far from usual rows are, in units of a count's noise."""
    away = (found["expected"] - found["usual"]) / np.sqrt(found["usual"].abs() + 1)
    return away.to_numpy(dtype=float)
