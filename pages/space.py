"""Where do people act? A map, hotspots, neighbours, weekly rhythms, flows, change."""

import streamlit as st

from pages.shared import ui
from pages.space import change, common, flows, hot, map, near, week
from strec import maps, schema
from strec.errors import AnalysisError

MAP, HOT, NEAR, WEEK, FLOWS, CHANGE = (
    "Map", "Hotspots", "Neighbours", "Rhythms", "Flows and distance", "Change",
)  # fmt: skip
PARTS = {
    MAP: (map, ":material/map:", "How much happens where, at once or hour by hour."),
    HOT: (hot, ":material/local_fire_department:",
          "Where it is busier, or quieter, than chance would make it."),
    NEAR: (near, ":material/hub:", "What is near a place, and who lives alike."),
    WEEK: (week, ":material/grid_view:",
           "Which parts of town, or which users, live at which hours of the week."),
    FLOWS: (flows, ":material/conversion_path:",
            "Where people go next, how far, and how predictably."),
    CHANGE: (change, ":material/trending_up:",
             "Where it gets busier or quieter: between two windows of time, or week by week."),
}  # fmt: skip


def page() -> None:
    """Show the page for the data set in use and the filters of the sidebar."""
    store, chosen = ui.current_store(), ui.filters()
    ui.page_header("Space", "Where do people act, where do they go next, and is it changing?")
    if not store.has_places:
        st.info(
            "This data set has no places: none of its check-ins has a latitude and a longitude. "
            "The time page and recommendations work without.",
            icon=":material/location_off:",
        )
        ui.next_step("Does it matter?", "dependence")
        return
    everywhere = common.aggregate(
        "cells", store.fingerprint, chosen, store, schema.CELL_RESOLUTION, min_users=1
    )
    if not len(everywhere):
        st.info(
            "No check-ins with a place match the filters. Loosen them in the sidebar.",
            icon=":material/filter_alt_off:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Part", list(PARTS), default=_part_in_url(), required=True, key="space_part",
            format_func=lambda each: f"{PARTS[each][1]} {each}", label_visibility="collapsed",
        )  # fmt: skip
        setting = common.settings(common.suggestion(store.fingerprint, store))
    st.query_params["part"] = _slug(part)
    module, _, sentence = PARTS[part]
    st.caption(sentence)
    try:
        module.show(store, chosen, setting, maps.view_of(everywhere["lat"], everywhere["lon"]))
    except AnalysisError as error:
        ui.show_notice(error)
    ui.how_it_works(module.METHOD)
    ui.next_step("Does it matter?", "dependence")


def _part_in_url() -> str:
    """Return the part that the address names, so that one can be shared; the map otherwise."""
    return next((part for part in PARTS if _slug(part) == st.query_params.get("part")), MAP)


def _slug(part: str) -> str:
    return part.split(" ")[0].lower()


ui.guarded(page)
