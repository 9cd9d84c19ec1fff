"""One selection for all pictures: what was clicked filters every page, as chips that can go."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

from pages.shared import state, ui
from pages.shared.results import by_content
from strec import groups
from strec.store import Filters, Store

#: What goes together in one chip.
CHIPS = (("weekdays", "hours"), ("date_from", "date_to"), ("categories",), ("events",), ("users",),
         ("cells",), ("places",), ("side",))  # fmt: skip
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


def pick_span(first: date, last: date) -> None:
    """Choose a span of the calendar, both days included."""
    pick(date_from=first, date_to=last)


def pick_group(group: Filters) -> None:
    """Choose all that makes a group."""
    pick(**{name: value for name, value in vars(group).items() if value is not None})


def chips(followed: Collection[str] | None = None) -> None:
    """Show what was chosen in pictures on top of a page; each goes by a click, or by *Undo*.

    A page that follows only some of it shows only these.
    """
    now, steps = picked(), state.PICKS.value
    listed = [each for each in CHIPS if followed is None or each[0] in followed]
    shown = [(fields, words) for fields in listed if (words := _words(now, fields))]
    if followed is not None and not shown:
        return
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
    said = {name: vars(now)[name] for name in fields}
    if said.get("users") is not None and (name := _group(said["users"])):
        return name
    return " ".join(Filters(**said).words.values())


def _group(users: tuple[str, ...]) -> str:
    """Return what a group of users is called, if it is one that the data set offers."""
    pairs = user_groups(ui.current_store()).values()
    return next((name for pair in pairs for name, each in pair.items() if each.users == users), "")


@by_content()
def user_groups(store: Store) -> dict[str, dict[str, Filters]]:
    """Return the groups of users that the data offer."""
    return groups.user_groups(store)


def _go_to(new: Filters) -> None:
    state.PICKS.value = [*state.PICKS.value, new][-_MOST_STEPS:]
    state.FILTERS.value = together()


def _undo() -> None:
    state.PICKS.value = state.PICKS.value[:-1]
    state.FILTERS.value = together()
