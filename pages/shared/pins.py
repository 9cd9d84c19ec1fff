"""Pictures that a visitor pins, to be gathered in a report."""

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pydeck as pdk
import streamlit as st

from pages.shared import state
from pages.shared.look import is_dark
from strec import maps
from strec.project import MOST_PICTURE, MOST_PINS, Pin
from strec.store import Filters

#: Parameters of the address that are a visitor's secret, or say what a project says itself.
NOT_KEPT = ("data", "sample", "me", "tour", "only")
#: All pins of a visitor together, in bytes.
_MOST = 24 * 2**20


def button(picture: Any, key: str, title: str, words: str, legend: Any = None) -> None:
    """Show the pin of a picture, where the page has pins; a map brings its legend."""
    page = state.PAGE.value
    if page is None:
        return
    here = _same(page, key, title)
    mine = [pin for pin in state.PINS.value if (pin.address, pin.title, pin.selection) == here]
    if st.button(
        "Unpin" if mine else "Pin", key=f"pin_{key}", type="tertiary",
        icon=":material/keep_off:" if mine else ":material/keep:",
        help=None if mine else "For the report in “Keep and share”",
    ):  # fmt: skip
        if mine:
            state.PINS.value = tuple(pin for pin in state.PINS.value if pin not in mine)
        else:
            _pin(Pin(here[1], _plain(words), here[0], here[2], "", drawn(picture, legend)))
        st.rerun()


def drawn(picture: Any, legend: Any = None) -> str:
    """Return a figure as JSON on the paper of the page, or a map as SVG."""
    dark = is_dark()
    if isinstance(picture, pdk.Deck):
        return maps.to_svg(picture, legend=legend, dark=dark)
    said = json.loads(picture.to_json())
    # Its colours are for this page, whatever page it stands on later.
    paper = "#11181D" if dark else "#FFFFFF"
    layout = said.setdefault("layout", {})
    # Its title stands above it.
    layout.pop("title", None)
    layout.update(paper_bgcolor=paper, plot_bgcolor=paper)
    return json.dumps(said)


def title_of(picture: Any, otherwise: str) -> str:
    """Return what stands above a figure."""
    title = picture.to_dict().get("layout", {}).get("title", {})
    return str((title.get("text") if isinstance(title, dict) else title) or otherwise)


def address_of(page: str) -> str:
    """Return a page with what it was asked, without whose data it is."""
    said = [(name, value) for name in st.query_params if name not in NOT_KEPT
            for value in st.query_params.get_all(name)]  # fmt: skip
    return page + (f"?{urlencode(said)}" if said else "")


def _same(page: str, key: str, title: str) -> tuple[str, str, Filters]:
    chosen = replace(state.FILTERS.value, users=None)
    return address_of(page), title or key.replace("_", " ").capitalize(), chosen


def _pin(pin: Pin) -> None:
    now = state.PINS.value
    total = sum(len(each.picture) for each in (*now, pin))
    if len(now) >= MOST_PINS or len(pin.picture) > MOST_PICTURE or total > _MOST:
        st.toast("No more pictures fit: unpin one first.")
        return
    state.PINS.value = (*now, pin)


def _plain(words: str) -> str:
    """Return a caption without Markdown, and without what only a page can do."""
    words = re.sub(r"\s*\bClick [^.]*\.", "", words.replace("**", ""))
    return re.sub(r"\\(?=\W)", "", words)
