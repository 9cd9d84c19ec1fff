"""What a browser tells of itself: whether its window is narrow, and whether it can draw maps."""

import streamlit as st
from streamlit.components import v2

from pages.shared import state

#: Widgets of this name say whether maps are pictures.
PICTURES_TOGGLE = "maps_as_pictures"
_KEY = "browser"
# Maps are drawn by WebGL 2; what is told once is not told again, for each word runs the page anew.
_ASKED = """export default function ({data, setStateValue}) {
  const narrow = matchMedia("(max-width: 640px)");
  const tell = () => {
    if (narrow.matches !== data.narrow) setStateValue("narrow", narrow.matches);
  };
  tell();
  narrow.addEventListener("change", tell);
  if (!data.cannot_draw) {
    const gl = document.createElement("canvas").getContext("webgl2");
    if (gl) gl.getExtension("WEBGL_lose_context")?.loseContext();
    else setStateValue("cannot_draw", true);
  }
  return () => narrow.removeEventListener("change", tell);
}"""


def ask() -> None:
    """Have the browser tell; it is answered in another run of the page, if there is need."""
    told = v2.component("strec_browser", js=_ASKED)
    known = {"narrow": state.NARROW.value, "cannot_draw": state.CANNOT_DRAW.value}
    with st.container(key="browser_told"):
        told(data=known, key=_KEY, on_narrow_change=_resized, on_cannot_draw_change=_cannot_draw)


def _resized() -> None:
    state.NARROW.value = bool(st.session_state[_KEY].get("narrow"))


def _cannot_draw() -> None:
    state.CANNOT_DRAW.value = state.PICTURES_OF_MAPS.value = True
    st.session_state[PICTURES_TOGGLE] = True
    st.toast(
        "This browser cannot draw maps (it has no WebGL): the server draws them as pictures.",
        icon=":material/map:", duration="long",
    )  # fmt: skip
