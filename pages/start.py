"""Start: a living sample world, one sentence, three ways in."""

import streamlit as st

from pages import _ui
from strec import maps
from strec.store import Filters

SECONDS_PER_HOUR = 1.2

store = _ui.current_store()


@st.cache_data(max_entries=8, show_spinner=False)
def day_of_cells(fingerprint: str, resolution: int, _store):
    """Return check-ins per cell and hour of the day, with the day's largest value."""
    return _store.cell_hours(resolution, Filters())


def ways_in() -> None:
    """Offer the three ways in."""
    with st.container(horizontal=True):
        if st.button("Explore this world", type="primary", icon=":material/schedule:"):
            _ui.go_to("time")
        if st.button("Bring your own data", icon=":material/upload_file:"):
            _ui.go_to("data")
        if st.button("Take the tour", icon=":material/signpost:"):
            st.session_state["tour"] = True
            st.rerun()


st.title("When, where, and what next", anchor=False)
st.markdown(
    "strec turns a table of **who** did **what**, **when** and **where** into a picture of how "
    "behaviour depends on time and place, and into recommendations that give their reasons."
)
ways_in()
