"""Playing a map through time: hours of the day, days of the week, or the calendar."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import state, ui
from pages.shared.results import counted
from pages.shared.state import Key
from strec import wording
from strec.store import Filters, Store

SECONDS_PER_STEP = 1.4
#: A calendar is played in so many steps at most: by day where it can, else by week, month, year.
MOST_STEPS = 31
ALL, HOUR, WEEKDAY, CALENDAR, TIME = "all", "hour", "weekday", "calendar", "time"
WORDS = {ALL: "All together", HOUR: "Hour by hour", WEEKDAY: "Days of the week",
         CALENDAR: "Along the calendar", TIME: "Parts of the day"}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One picture of the film.

    Parameters
    ----------
    value : int, date or str
        The hour, the day of the week (0 is Monday), the first day of the span, or a name.
    words : str
        What it is called.
    said : tuple
        Fields of filters and their values: which check-ins it shows.
    """

    value: int | date | str
    words: str
    said: tuple[tuple[str, Any], ...] = ()

    def within(self, chosen: Filters) -> Filters:
        """Return filters narrowed to this step."""
        return replace(chosen, **dict(self.said))


@dataclass(frozen=True)
class Film:
    """What a map is played through: nothing where all is shown together."""

    by: str = ALL
    #: Of a calendar, how long a step is: as in `Store.cell_steps`.
    unit: str = ""
    steps: tuple[Step, ...] = ()

    def __bool__(self) -> bool:
        return len(self.steps) > 0

    @property
    def every(self) -> float | None:
        """Seconds between two runs of what is played; None where nothing is."""
        return SECONDS_PER_STEP if self and state.PLAYING.value else None


def choose(store: Store, chosen: Filters, key: str) -> Film:
    """Ask what a map is played through."""
    ways = [ALL, *([HOUR] if store.has_clock else []), WEEKDAY, CALENDAR]
    return film(store, chosen, ask(ways, key))


def ask(ways: list[str], key: str) -> str:
    """Ask which of some ways a map is played in."""
    return st.selectbox(
        "Play", ways, format_func=WORDS.__getitem__, key=key, width=190,
        help="Watch the day, the week or the calendar pass: one map per step.",
    )  # fmt: skip


def film(store: Store, chosen: Filters, by: str) -> Film:
    """Return the steps that check-ins have."""
    if by == HOUR:
        hours = sorted(chosen.hours) if chosen.hours else range(24)
        steps = [Step(h, f"{h:02d}:00–{h + 1:02d}:00", (("hours", (h,)),)) for h in hours]
        return Film(by, HOUR, tuple(steps))
    if by == WEEKDAY:
        days = sorted(chosen.weekdays) if chosen.weekdays else range(7)
        steps = [Step(day, wording.WEEKDAYS[day], (("weekdays", (day,)),)) for day in days]
        return Film(by, WEEKDAY, tuple(steps))
    if by == CALENDAR:
        return _calendar(store, chosen)
    return Film()


def step(film: Film) -> Step | None:
    """Return the step shown; while playing, each run of the fragment shows the next."""
    if not film:
        return None
    playing, n = state.PLAYING.value, len(film.steps)
    at = advance(n, playing, state.PLAY_STEP, state.PLAY_TICK)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        play_button("play", playing, state.PLAYING)
        if n > 1:
            at = st.select_slider(
                WORDS[film.by], list(range(n)), key=state.PLAY_STEP.name,
                format_func=lambda each: film.steps[each].words,
            )  # fmt: skip
    return film.steps[at]


def advance(n: int, playing: bool, at: Key[int], tick: Key[float]) -> int:
    """Go to the next of n steps where they are played and one is due; return the step."""
    now = min(at.value, n - 1)
    if playing and time.monotonic() - tick.value > SECONDS_PER_STEP * 0.8:
        now = (now + 1) % n
        tick.value = time.monotonic()
    at.value = now
    return now


def play_button(key: str, playing: bool, on: Key[bool]) -> None:
    """Let a person play what is shown, or stop it."""
    label, icon = ("Stop", "pause") if playing else ("Play", "play_arrow")
    if st.button(label, icon=f":material/{icon}:", key=key):
        on.value = not playing
        st.rerun()


def played(film: Film, show: Callable[[Step | None], object]) -> None:
    """Show what a film shows at its step, again and again while it is played."""

    def draw() -> None:
        show(step(film))

    ui.fragment(draw, run_every=film.every)()


def _calendar(store: Store, chosen: Filters) -> Film:
    summary = counted(Store.summary, store, chosen)
    first, last = summary["first_date"], summary["last_date"]
    if first is None:
        return Film()
    units = {"day": "D", "week": "W-MON", "month": "MS", "year": "YS"}
    # A span begins before its first check-in: weeks on Mondays, months on their first day.
    begin, starts = pd.Timestamp(first), []
    for unit, step_of in units.items():
        low = pd.tseries.frequencies.to_offset(step_of).rollback(begin)
        starts = [each.date() for each in pd.date_range(low, last, freq=step_of)]
        if len(starts) <= MOST_STEPS or unit == "year":
            break
    ends = [each - timedelta(days=1) for each in starts[1:]] + [last]
    steps = [Step(a, _span(unit, a), (("date_from", max(a, first)), ("date_to", b)))
             for a, b in zip(starts, ends, strict=True)]  # fmt: skip
    return Film(CALENDAR, unit, tuple(steps))


def _span(unit: str, first: date) -> str:
    return {
        "day": wording.moment(first, "%a %-d %b %Y"),
        "week": wording.moment(first, "the week of %-d %b %Y"),
        "month": f"{first:%B %Y}",
        "year": f"{first:%Y}",
    }[unit]
