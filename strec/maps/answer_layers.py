"""Layers of a question and its answer: where one was, where one is, what is suggested.

Put them into one `deck`, from below to above: `picking_layer`, `history_layer`, `here_layer`,
`suggestion_layers`.
"""

import base64
from collections.abc import Sequence
from numbers import Integral, Real

import pandas as pd
import pydeck as pdk
from pydeck.types import String

from strec.errors import AnalysisError, check_is
from strec.maps.basemap import ON_TOP, declutter, scale_box, text_layer
from strec.maps.layers import cell_rows, discs, layer, point_layer, positions, tips
from strec.maps.scale import rgb
from strec.maps.view import View
from strec.palette import SPACE, TIME, USER
from strec.store import Frame, frame_of

#: So far above its place stands the name of a suggestion.
_NAME_PX = 47


def history_layer(frame: Frame) -> pdk.Layer:
    """Return a person's past places: discs in the user colour, larger where they came often.

    Parameters
    ----------
    frame : pandas.DataFrame
        `lat`, `lon`, `n_checkins` and `tip` or `n_users`, as for `point_layer`.

    Examples
    --------
    >>> places = {"lat": [40.7], "lon": [-74.0], "n_checkins": [3], "n_users": [2]}
    >>> history_layer(pd.DataFrame(places)).type
    'ScatterplotLayer'
    """
    return point_layer(frame, colour=USER, layer_id="history", min_px=4, max_px=13)


def suggestion_layers(frame: Frame, view: View, dark: bool = False) -> list[pdk.Layer]:
    """Return numbered pins, best first, with the names of those that have room.

    Parameters
    ----------
    frame : pandas.DataFrame
        `item_id`, `item_name`, `lat`, `lon`, best first; `rank` (from 1) where the frame does not
        start with the first; `tip` replaces the words on hover.
    view : View
        Names that would run into each other in it are left out.
    dark : bool
        For a dark page.

    Examples
    --------
    >>> from strec.maps import view_of
    >>> park = {"item_id": ["a"], "item_name": ["Park"], "lat": [40.7], "lon": [-74.0]}
    >>> pins = suggestion_layers(pd.DataFrame(park), view_of([40.7], [-74.0]))
    >>> [each.type for each in pins]
    ['IconLayer', 'TextLayer']
    """
    frame = frame_of(frame, ("item_id", "item_name", "lat", "lon"))
    placed = frame.assign(rank=frame.get("rank", pd.Series(range(1, len(frame) + 1)).to_numpy()))
    placed = placed.dropna(subset=["lat", "lon"])
    names = placed["item_name"].fillna(placed["item_id"]).astype(str)
    rows = positions(placed).assign(
        rank=[str(rank) for rank in placed["rank"]],
        item_id=placed["item_id"].to_numpy(),
        tip=tips(
            placed, lambda _: [f"{r}. {n}" for r, n in zip(placed["rank"], names, strict=True)]
        ),
        icon=pd.Series([_pin(rank) for rank in placed["rank"]]),
    )
    pins = layer(
        "IconLayer",
        # The best is drawn last, on top.
        rows[::-1],
        "suggestions",
        get_position="position",
        get_icon="icon",
        get_size=38,
        size_units=String("pixels"),
        parameters=ON_TOP,
    )
    labels = placed[["lat", "lon"]].assign(name=names).to_dict("records")
    # A name stands over its pin, which is 32 pixels wide, and over no other, but for the first.
    x, y = view.pixels(placed["lat"].to_numpy(dtype=float), placed["lon"].to_numpy(dtype=float))
    others = [
        (*at, 16.0, 17.0) for at in zip(x.tolist(), (y - _NAME_PX + 19).tolist(), strict=True)
    ]
    # Nor over the scale bar.
    x_bar, y_bar, half, high = scale_box(view)
    others.append((x_bar, y_bar - _NAME_PX, half, high))
    best, rest = labels[:1], labels[1:]
    shown = best + declutter(rest, view, size_px=13, most=11, avoid=best, boxes=others)
    writing = text_layer(
        "suggestion-names", shown, dark, size_px=13, offset_px=(0, -_NAME_PX), bold=True
    )
    return [pins, writing]


def here_layer(lat: float, lon: float, tip: str = "You are here") -> pdk.Layer:
    """Return a ring that marks the place a question is asked from.

    Parameters
    ----------
    lat, lon : float
        Degrees.
    tip : str
        Shown on hover.

    Examples
    --------
    >>> here_layer(40.7, -74.0).type
    'ScatterplotLayer'
    """
    for degrees in (lat, lon):
        check_is(degrees, Real, "A place is two numbers, in degrees.", AnalysisError)
    rows = pd.DataFrame({"position": [[lon, lat]], "tip": tip})
    return discs(
        rows,
        "here",
        TIME,
        alpha=70,
        line_px=4,
        get_radius=11,
        auto_highlight=None,
        parameters=ON_TOP,
    )


def picking_layer(frame: Frame, tip: str = "Ask from here") -> pdk.Layer:
    """Return a faint grid of hexagons to choose a place by click.

    The object clicked has `lat`, `lon` (the centre) and `cell` (text).

    Parameters
    ----------
    frame : pandas.DataFrame
        `cell` (uint64), `lat`, `lon`, for instance from `spatial.grid_around`.
    tip : str
        Shown on hover.

    Examples
    --------
    >>> cells = {"cell": [0x8A2A1072B59FFFF], "lat": [40.7], "lon": [-74.0]}
    >>> picking_layer(pd.DataFrame(cells)).type
    'H3HexagonLayer'
    """
    frame = frame_of(frame, ("cell", "lat", "lon"))
    rows = cell_rows(frame).assign(
        lat=frame["lat"].round(6).to_numpy(),
        lon=frame["lon"].round(6).to_numpy(),
        fill=pd.Series(
            [[*rgb(SPACE), 12 + 4 * _place_in_parent(c)] for c in map(int, frame["cell"])]
        ),
        tip=tip,
    )
    return layer(
        "H3HexagonLayer",
        rows,
        "pick",
        get_hexagon="hex",
        # Shades tell hexagons apart, and no gap swallows a click. No lines and no light under the
        # pointer: both make a browser without a graphics card draw so long that it takes a click
        # for a long press, and loses it.
        get_fill_color="fill",
        stroked=False,
        extruded=False,
        auto_highlight=None,
    )


def chosen_layer(cells: Sequence[int], tip: str = "Chosen") -> pdk.Layer:
    """Return hexagons that were chosen, marked over those of a map.

    Parameters
    ----------
    cells : sequence of int
        H3 cells.
    tip : str
        Shown on hover.

    Examples
    --------
    >>> chosen_layer([0x8A2A1072B59FFFF]).type
    'H3HexagonLayer'
    """
    check_is(cells, Sequence, "Hexagons are a list of cells.", AnalysisError)
    for each in cells:
        check_is(each, Integral, "A hexagon is a whole number.", AnalysisError)
    rows = cell_rows(pd.DataFrame({"cell": [int(each) for each in cells]})).assign(tip=tip)
    return layer(
        "H3HexagonLayer", rows, "chosen", get_hexagon="hex", get_fill_color=[*rgb(TIME), 150],
        stroked=False, extruded=False, coverage=0.96, parameters=ON_TOP,
    )  # fmt: skip


def _place_in_parent(cell: int) -> int:
    """Return 0 to 6: which of the seven parts of the next coarser H3 cell a cell is."""
    resolution = cell >> 52 & 0xF
    return cell >> 3 * (15 - resolution) & 0b111


def _pin(rank: int) -> dict:
    """A pin with its number as one picture, so that pins cover each other whole."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="76" viewBox="0 0 64 76">'
        '<path d="M32 74C27 62 4 50 4 30a28 28 0 1 1 56 0C60 50 37 62 32 74z" '
        f'fill="{SPACE}" stroke="white" stroke-width="4"/>'
        '<text x="32" y="40" font-family="sans-serif" font-size="28" font-weight="700" '
        f'fill="white" text-anchor="middle">{int(rank)}</text></svg>'
    )
    url = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    return {"url": url, "width": 64, "height": 76, "anchorY": 76}
