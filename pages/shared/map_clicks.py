"""A map whose every click is an event of its own."""

from collections.abc import Callable

import streamlit as st

from pages.shared import ui
from pages.shared.state import Key


def clickable(
    deck,
    key: str,
    on_click: Callable[[str, dict], None],
    height: int = 520,
    caption: str = "",
    alt: str = "",
    hint: str = "",
    beside: bool = False,
) -> None:
    """Show a map that calls `on_click` with the layer's id and the object clicked.

    `hint` says what a click does, where the map can be clicked; `beside` as in `ui.deck`.

    Streamlit keeps what was clicked by its layer's id and its position among the data: a second
    click on it would only undo the first, whatever else is on the map turns pale, and once the
    data change, another object is taken for it. After each click the layers get new ids, so that
    nothing stays selected.
    """
    if ui.as_picture(deck, key, height, beside):
        if caption:
            st.caption(ui.unbroken(caption))
        return
    n = _clicks(key).value
    for layer in deck.layers:
        layer.id = f"{layer.id}~{n}"
    st.pydeck_chart(
        deck, key=key, height=height, width="stretch",
        on_select=lambda: _clicked(key, on_click), alt=ui.alt_of_map(alt or caption),
    )  # fmt: skip
    if caption or hint:
        st.caption(ui.unbroken(f"{caption} {hint}".strip()))


def _clicked(key: str, on_click: Callable[[str, dict], None]) -> None:
    for layer_id, objects in st.session_state[key].selection["objects"].items():
        if objects:
            _clicks(key).value += 1
            on_click(layer_id.rsplit("~", 1)[0], objects[0])


def _clicks(key: str) -> Key[int]:
    return Key(f"{key}_clicks", 0)
