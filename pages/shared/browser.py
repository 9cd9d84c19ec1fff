"""What a browser tells of itself: whether its window is narrow, and whether it can draw maps."""

import streamlit as st
from streamlit.components import v2

from pages.shared import state

#: Widgets of this name say whether maps are pictures.
PICTURES_TOGGLE = "maps_as_pictures"
_KEY = "browser"
_NOT, _SLOWLY = "not", "slowly"
# Maps are drawn by WebGL 2: by a graphics card in milliseconds, by the processor in seconds, in
# which the page stands still. What is told once is not told again, for each word runs the page
# anew; what the person has chosen is kept for the visit, which a reload does not end.
_ASKED = """const KEPT = "strec_maps";
const WIDTHS = {phone: matchMedia("(max-width: 640px)"), tablet: matchMedia("(max-width: 1000px)")};
const PROCESSOR = /swiftshader|llvmpipe|softpipe|software|basic render/i;
function draws() {
  const begun = how => document.createElement("canvas").getContext("webgl2", how);
  const fast = begun({failIfMajorPerformanceCaveat: true}), gl = fast || begun();
  if (!gl) return "not";
  const about = gl.getExtension("WEBGL_debug_renderer_info");
  const by = gl.getParameter(about ? about.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return fast && !PROCESSOR.test(by) ? "well" : "slowly";
}
export default function ({data, setStateValue}) {
  const tell = () => {
    const width = Object.keys(WIDTHS).find(each => WIDTHS[each].matches) ?? "";
    if (width !== data.width) setStateValue("width", width);
  };
  tell();
  Object.values(WIDTHS).forEach(each => each.addEventListener("change", tell));
  // A browser may refuse to keep anything.
  const kept = how => { try { return how(sessionStorage); } catch { return null; } };
  if (data.chosen) kept(each => each.setItem(KEPT, data.chosen));
  else if (!data.draws && kept(each => each.getItem(KEPT)) !== "movable") {
    const found = globalThis.strecDraws ??= draws();
    if (found !== "well") setStateValue("draws", found);
  }
  return () => Object.values(WIDTHS).forEach(each => each.removeEventListener("change", tell));
}"""


def ask() -> None:
    """Have the browser tell; it is answered in another run of the page, if there is need."""
    told = v2.component("strec_browser", js=_ASKED)
    chosen = ""
    if state.MAPS_CHOSEN.value:
        chosen = "pictures" if state.PICTURES_OF_MAPS.value else "movable"
    known = {"width": state.WIDTH.value, "draws": state.DRAWS.value, "chosen": chosen}
    with st.container(key="browser_told"):
        told(data=known, key=_KEY, on_width_change=_resized, on_draws_change=_draws)


def toggle() -> None:
    """Ask in the sidebar whether maps are pictures."""
    # Other things than this toggle decide it too, and parts of a page that run without it.
    st.session_state[PICTURES_TOGGLE] = state.PICTURES_OF_MAPS.value
    st.toggle(
        "Maps as pictures",
        key=PICTURES_TOGGLE,
        on_change=lambda: _choose(st.session_state[PICTURES_TOGGLE]),
        help="Drawn by the server, for browsers that cannot draw maps, or take seconds for one.",
    )


def movable(key: str) -> None:
    """Offer below the picture of a map to have maps that can be moved and clicked."""
    # A browser without WebGL would draw nothing.
    if state.DRAWS.value != _NOT and st.button(
        "Make the maps movable", key=f"movable_{key}", icon=":material/open_with:",
        type="tertiary", help="Maps that can be moved and clicked; drawn by this browser.",
    ):  # fmt: skip
        _choose(False)
        st.rerun()


def say_why() -> None:
    """Say, where the first picture of a map is shown, why maps are pictures."""
    told = state.DRAWS_UNSAID.take()
    if told:
        words = (
            "This browser cannot draw maps (it has no WebGL): the server draws them as pictures."
            if told == _NOT
            # A longer one would be cut.
            else "This browser draws maps with its processor, which takes seconds a map: they "
            "come as pictures."
        )
        st.toast(words, icon=":material/map:", duration="long")


def _choose(pictures: bool) -> None:
    state.MAPS_CHOSEN.value, state.PICTURES_OF_MAPS.value = True, pictures
    state.DRAWS_UNSAID.take()


def _resized() -> None:
    state.WIDTH.value = str(st.session_state[_KEY].get("width") or "")


def _draws() -> None:
    state.DRAWS.value = told = str(st.session_state[_KEY].get("draws"))
    if state.MAPS_CHOSEN.value and told != _NOT:
        return
    state.PICTURES_OF_MAPS.value, state.DRAWS_UNSAID.value = True, told
