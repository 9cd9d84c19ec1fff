"""How each page is set: noted as a visitor goes, kept with a project, set by opening one."""

from datetime import date
from typing import Any

import streamlit as st

from pages.shared import state
from pages.shared.pins import NOT_KEPT
from strec.project import View

#: Widgets that say how a page looks at data, by how their names begin. None names a person, and
#: buttons and files cannot be set.
WIDGETS = (
    "time_part", "trend_", "top", "series_of_", "series_grain_", "series_measure",
    "series_missing", "slice_",
    "space_mode", "space_value", "space_play_by", "space_raised", "space_draw",
    "space_size_", "space_min_users", "hot_", "near_kind", "near_item_", "near_k", "near_same",
    "near_by", "week_kind", "week_groups", "flows_", "change_", "effect_where",
    "compare_measure", "compare_part_", "compare_hours_", "compare_people", "compare_kinds_",
    "compare_events_", "compare_areas_", "compare_most_", "compare_only", "compare_day_",
    "demand_view", "demand_whole", "demand_days", "demand_networks", "demand_errors",
    "demand_country", "demand_room", "demand_filled", "dependence_part", "sim_scenario",
    "sim_temporal", "sim_spatial", "sim_interaction", "sim_seed", "evaluate_measure",
    "evaluate_first", "evaluate_second", "evaluate_view", "evaluate_by", "evaluate_map_of",
    "evaluate_play_by", "evaluate_time", "evaluate_history", "evaluate_scored", "live_measure",
    "live_events", "live_speed", "rec_more", "rec_city_hours", "privacy_pseudonyms",
    "privacy_items",
    "privacy_width", "privacy_hours", "privacy_noise", "privacy_k",
)  # fmt: skip
#: What begins like one of them and is a button or a count.
NOT_SET = ("compare_only_", "space_draw_")


def note(page: str) -> None:
    """Note how a page is set now."""
    widgets = {str(name): value for name, value in st.session_state.items()
               if _is_set_so(str(name)) and _is_plain(value)}  # fmt: skip
    asked = {name: tuple(st.query_params.get_all(name)) for name in st.query_params
             if name not in NOT_KEPT}  # fmt: skip
    before = state.VIEWS.value.get(page, View())
    now = View(asked, before.widgets | widgets)
    if now != before:
        state.VIEWS.value = state.VIEWS.value | {page: now}


def bring_back(page: str) -> View | None:
    """Set a page as an opened project has it, the first time that it is shown; return how."""
    waiting = state.VIEWS_WAITING.value
    if page not in waiting:
        return None
    view = waiting[page]
    state.VIEWS_WAITING.value = {name: each for name, each in waiting.items() if name != page}
    if not any(name not in NOT_KEPT for name in st.query_params):
        for name, values in view.asked.items():
            if name not in NOT_KEPT:
                st.query_params[name] = list(values)
    for name, value in view.widgets.items():
        # A file that somebody made says nothing of keys that are no such widget's.
        if _is_set_so(name) and name not in st.session_state:
            state.put(name, value)
    return view


def let_go(view: View) -> None:
    """Let go of what was set: the page could not be shown so."""
    for name in filter(_is_set_so, view.widgets):
        st.session_state.pop(name, None)
    for name in view.asked:
        if name not in NOT_KEPT:
            st.query_params.pop(name, None)


def all_now() -> dict[str, View]:
    """Return how every page is set that this visitor, or the opened project, has set."""
    return state.VIEWS_WAITING.value | state.VIEWS.value


def _is_set_so(name: str) -> bool:
    return name.startswith(WIDGETS) and not name.startswith(NOT_SET)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return len(value) <= 60 and all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float | bool | date)
