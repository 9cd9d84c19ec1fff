"""Which of the coming hours is shown: a slider, a whole day, or all of them played."""

from datetime import datetime

import pandas as pd
import streamlit as st

from pages.shared import playback, state
from strec import wording
from strec.demand import Demand


def window(ahead: Demand) -> tuple[int, int]:
    """Return the first hour shown and the one after the last, by number."""
    hours = ahead.hours
    days = hours.normalize().unique()
    whole = st.toggle("Whole day", key="demand_whole", help="All hours of the day together.")
    if whole:
        day = st.select_slider(
            "Day",
            list(days),
            key="demand_day",
            format_func=lambda day: wording.moment(day, "%a %-d %b"),
        )
        inside = (hours.normalize() == day).nonzero()[0]
        return int(inside[0]), int(inside[-1]) + 1
    playing = state.DEMAND_PLAYING.value
    playback.play_button("demand_play", playing, state.DEMAND_PLAYING)
    playback.advance(len(hours), playing, state.DEMAND_STEP, state.DEMAND_TICK)
    step = st.select_slider(
        "Hour", list(range(len(hours))), key=state.DEMAND_STEP.name,
        format_func=lambda each: wording.moment(hours[each], "%a %-d %b, %H:00"),
    )  # fmt: skip
    st.query_params["hour"] = f"{hours[step]:%Y-%m-%dT%H}"
    return step, step + 1


def start(ahead: Demand) -> None:
    """Begin at the hour of the address, or at eight o'clock of the first whole day."""
    if state.DEMAND_STEP.is_set and state.DEMAND_STEP.value < len(ahead.hours):
        return
    try:
        asked = pd.Timestamp(datetime.fromisoformat(st.query_params.get("hour", "")))
    except ValueError:
        asked = None
    found = -1 if asked is None else ahead.hours.get_indexer(pd.DatetimeIndex([asked]))[0]
    if found < 0:
        morning = (ahead.hours.hour == 8).nonzero()[0]
        found = morning[0] if len(morning) else 0
    state.DEMAND_STEP.value = int(found)
