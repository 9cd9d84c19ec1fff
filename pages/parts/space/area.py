"""An area drawn over the map: a rectangle or any outline; the hexagons within are chosen."""

import base64
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import shapely
import streamlit as st

from pages.shared import ui, visitor
from pages.shared.state import Key
from strec import maps
from strec.plots import space as figures

WIDE, NARROW = (700, 520), (360, 430)


def draw_on(
    deck, frame: pd.DataFrame, on_area: Callable[[tuple[int, ...]], None], caption: str
) -> None:
    """Show a map as a picture over which a mouse or a finger draws.

    Where nothing drawn holds a hexagon, nothing changes.
    """
    size = NARROW if visitor.is_narrow() else WIDE
    picture = ui.picture_of(deck, size)
    at = maps.pixels(deck, frame["lat"], frame["lon"], size_px=size, enlarge=1.0)
    figure = figures.picture_to_draw_on(
        "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode(), size, at
    )
    n: Key[int] = Key("space_draw_clicks", 0)
    key = f"space_draw_{n.value}"

    def drawn() -> None:
        n.value += 1
        inside = within(st.session_state[key].selection, at)
        if inside.any():
            on_area(tuple(int(cell) for cell in frame["cell"][inside]))

    st.plotly_chart(
        figure, key=key, width="stretch", on_select=drawn, selection_mode=("box", "lasso"),
        config={"displaylogo": False, "displayModeBar": True, "scrollZoom": False,
                "modeBarButtons": [["select2d", "lasso2d"]]},
        alt=ui.alt_of_map(caption),
    )  # fmt: skip
    st.caption(
        f"{caption} Drag over the map: a rectangle, or, with the other tool on its corner, any "
        "outline."
    )


def within(selection, at: np.ndarray) -> np.ndarray:
    """Return which points lie in what was drawn, shape ``(n,)``; y is counted from above."""
    inside = np.zeros(len(at), dtype=bool)
    for outline in _outlines(selection):
        inside |= shapely.contains_xy(outline, at)
    return inside


def _outlines(selection) -> Iterator[shapely.Geometry]:
    for box in selection["box"]:
        (x0, x1), (y0, y1) = sorted(box["x"][:2]), sorted(box["y"][:2])
        yield shapely.box(x0, y0, x1, y1)
    for lasso in selection["lasso"]:
        corners = list(zip(lasso["x"], lasso["y"], strict=True))
        if len(corners) > 2:
            # An outline may cross itself.
            yield shapely.make_valid(shapely.Polygon(corners))
