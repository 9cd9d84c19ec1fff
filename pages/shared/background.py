"""What lies under every map: a sample's own ground, one's own map file, tiles, or plain paper."""

from typing import Any

import streamlit as st

from pages.shared import state, ui
from strec import maps


def look() -> dict[str, Any]:
    """Return what `maps.deck` is told about colours and ground, the same on every page."""
    return {"dark": ui.is_dark(), "basemap": state.BASEMAP.value, "ground": ground()}


def ground() -> maps.Ground | None:
    """Return one's own map file where it was chosen, or what the simulator drew of its city."""
    if state.GROUND.value is not None:
        return state.GROUND.value
    sample = ui.current_sample()
    return None if sample is None else maps.Ground.sample(sample.name)


def ask() -> None:
    """Ask what shall lie under the maps."""
    words = {"auto": "Online tiles where there is a network", "offline": "Always offline"}
    chosen = st.radio(
        "Background", list(words), list(words).index(state.BASEMAP.value), horizontal=True,
        key="background", format_func=words.get,
    )  # fmt: skip
    state.BASEMAP.value = chosen or "auto"


def thanks() -> str:
    """Return whom to thank for what lies under the maps."""
    return ui.plain(maps.attribution(state.BASEMAP.value, ground()))
