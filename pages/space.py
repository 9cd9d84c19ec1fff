"""Where do people act? A map, hotspots, neighbours, kinds of week, flows, change."""

import streamlit as st

from pages.parts import selection
from pages.parts.space import change, common, effect, flows, hot, map, near, week
from pages.shared import background, state, ui
from pages.shared.page import NextStep, Page
from pages.shared.results import counted
from strec import schema
from strec.store import Store

MAP, HOT, NEAR, WEEK, FLOWS, CHANGE, EFFECT = (
    "Map", "Hotspots", "Neighbours", "Kinds of week",
    "Flows", "Change", "Did it work?",
)  # fmt: skip
PARTS = {
    MAP: (map, "map", "How much happens where, at once or hour by hour."),
    HOT: (hot, "local_fire_department",
          "Where it is busier, or quieter, than chance would make it."),
    NEAR: (near, "hub", "What is near a place, and who lives alike."),
    WEEK: (week, "grid_view",
           "Which parts of town, or which users, live at which hours of the week."),
    FLOWS: (flows, "conversion_path", "Where people go next, how far, and how predictably."),
    CHANGE: (change, "trending_up",
             "Where it gets busier or quieter: between two windows of time, or week by week."),
    EFFECT: (effect, "science",
             "What something done on a day at some places has changed, and whether by chance."),
}  # fmt: skip
LABELS = {part: f":material/{icon}: {part}" for part, (_, icon, _) in PARTS.items()}


def content() -> NextStep | None:
    """Show the page for the data set in use and the filters of the sidebar."""
    store, chosen = ui.current_store(), state.FILTERS.value
    following = "Does it matter?", "dependence"
    if not store.has_places:
        st.info(
            "This data set has no places: none of its check-ins has a latitude and a longitude. "
            "The time page and recommendations work without.",
            icon=":material/location_off:",
        )
        return following
    # A map on which a hexagon was chosen goes on to show the others.
    whole = selection.without("cells")
    everywhere = counted(Store.cells, store, schema.CELL_RESOLUTION, whole, min_users=1)
    if not len(everywhere):
        st.info(
            "No check-ins with a place match the filters. Loosen them in the sidebar.",
            icon=":material/filter_alt_off:",
        )
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        labels = {part: LABELS[part] for part in PARTS if store.has_clock or part != WEEK}
        start = part_in_url() if part_in_url() in labels else MAP
        part = ui.choose("Part", labels, "space_part", start, show_label=False)
        setting = common.settings(store)
    st.query_params["part"] = slug(part)
    module, _, sentence = PARTS[part]
    with ui.one_of(labels, part):
        if part != MAP:
            st.caption(sentence)
        with ui.noticing():
            view = background.view_of(everywhere["lat"], everywhere["lon"])
            module.show(store, whole if part == MAP else chosen, setting, view)
    ui.how_it_works(f"space-{module.__name__.rpartition('.')[2]}")
    return following


def part_in_url() -> str:
    """Return the part that the address names, so that one can be shared; the map otherwise."""
    return next((part for part in PARTS if slug(part) == st.query_params.get("part")), MAP)


def slug(part: str) -> str:
    """Return what a part is called in the address."""
    return part.split(" ")[0].lower()


PAGE = Page(
    title="Space",
    icon="map",
    order=3,
    content=content,
    url="space",
    heading="Space",
    question="Where do people act, where do they go next, and is it changing?",
    tour="Where do they act? Under **Play** choose *Hour by hour* and see what moves; "
    "**Hotspots** says whether any place is busier than chance allows.",
    has_filters=True,
)
