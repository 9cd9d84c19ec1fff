"""One selection for all pictures: what was clicked filters every page, as chips that can go."""

from dataclasses import replace
from typing import Any

import streamlit as st

from pages.shared import state, ui
from strec.store import Filters
from strec.wording import plural

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: What goes together in one chip.
CHIPS = (("weekdays", "hours"), ("date_from", "date_to"), ("categories",), ("cells",))
#: Steps that *Undo* knows.
_MOST_STEPS = 20


def picked() -> Filters:
    """Return what was chosen in pictures, without what the sidebar says."""
    return state.PICKS.value[-1] if state.PICKS.value else Filters()


def together() -> Filters:
    """Return what the sidebar says and what was chosen in pictures, as every page counts it."""
    said = {name: value for name, value in vars(picked()).items() if value is not None}
    return replace(state.SIDEBAR_FILTERS.value, **said)


def without(*fields: str) -> Filters:
    """Return what a page counts, but for some fields that were chosen in pictures.

    The picture in which they were chosen goes on to show all the rest with it.
    """
    now, sidebar = vars(picked()), vars(state.SIDEBAR_FILTERS.value)
    back = {name: sidebar[name] for name in fields if now[name] is not None}
    return replace(state.FILTERS.value, **back)


def pick(**fields: Any) -> None:
    """Choose something in a picture; the same again takes the choice back."""
    now = picked()
    if all(vars(now)[name] == value for name, value in fields.items()):
        fields = dict.fromkeys(fields)
    _go_to(replace(now, **fields))


def pick_hour(point: dict[str, Any]) -> None:
    """Choose an hour of the week: a point whose custom data ends with weekday and hour."""
    *_, weekday, hour = point["customdata"]
    pick(weekdays=(int(weekday),), hours=(int(hour),))


def chips() -> None:
    """Show what was chosen in pictures on top of a page; each goes by a click, or by *Undo*."""
    now, steps = picked(), state.PICKS.value
    shown = [(fields, words) for fields in CHIPS if (words := _words(now, fields))]
    if not shown and not steps:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="selection"):
        st.markdown(":material/filter_alt: Shown only:" if shown else ":gray[Everything is shown.]",
                    width="content")  # fmt: skip
        for fields, words in shown:
            st.button(
                f"{ui.plain(words)} :material/close:", key=f"chip_{fields[0]}",
                on_click=pick, kwargs=dict.fromkeys(fields), help="Show the others again",
            )  # fmt: skip
        st.button("Undo", icon=":material/undo:", type="tertiary", key="chips_undo", on_click=_undo)


def _words(now: Filters, fields: tuple[str, ...]) -> str:
    if all(vars(now)[name] is None for name in fields):
        return ""
    if fields[0] == "weekdays":
        days = ", ".join(_DAYS[day] for day in now.weekdays or ())
        hours = f"{min(now.hours)}:00–{max(now.hours) + 1}:00" if now.hours else ""
        return f"{days} {hours}".strip()
    if fields[0] == "categories":
        return ", ".join(now.categories or ())
    if fields[0] == "cells":
        return plural(len(now.cells or ()), "hexagon")
    return f"{now.date_from or '…'} – {now.date_to or '…'}"


def _go_to(new: Filters) -> None:
    state.PICKS.value = [*state.PICKS.value, new][-_MOST_STEPS:]
    state.FILTERS.value = together()


def _undo() -> None:
    state.PICKS.value = state.PICKS.value[:-1]
    state.FILTERS.value = together()
