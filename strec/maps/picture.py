"""A map as a picture (SVG): the layers of a deck, drawn flat, for a slide or a paper."""

import json
from collections.abc import Callable, Iterator
from html import escape

import h3
import numpy as np
import pydeck as pdk

from strec.maps.basemap import COLOURS
from strec.maps.scale import rgb
from strec.maps.view import View
from strec.palette import SPACE

WIDTH_PX, HEIGHT_PX = 900, 640

Shape = str
To = Callable[[float, float], tuple[float, float]]


def to_svg(deck: pdk.Deck, *, title: str = "", note: str = "", dark: bool = False) -> str:
    """Return what a map shows first as an SVG picture, without tiles and background.

    Hexagons, points, arcs, columns (as discs), warm spots and writing are drawn; tilt is not.

    Parameters
    ----------
    deck : pydeck.Deck
        From any function of `strec.maps`.
    title, note : str
        Written above and below the map.
    dark : bool
        For a dark page.

    Examples
    --------
    >>> import pandas as pd
    >>> from strec import maps
    >>> cells = pd.DataFrame({"cell": [608725924560502783], "lat": [40.71], "lon": [-74.0],
    ...                       "n_checkins": [7], "n_users": [3]})
    >>> to_svg(maps.hexagons(cells, basemap="offline"), title="Seven").count("<polygon")
    1
    """
    said = json.loads(deck.to_json())
    state = said["initialViewState"]
    # The picture is wider than the smallest map of the app: the same places, a little larger.
    zoom = state["zoom"] + np.log2(WIDTH_PX / 700)
    lat, lon = state["latitude"], state["longitude"]
    view = View(lat, lon, zoom, lon, lat, lon, lat)

    def to(lon: float, lat: float) -> tuple[float, float]:
        x, y = view.pixels(np.array([lat]), np.array([lon]))
        return WIDTH_PX / 2 + float(x[0]), HEIGHT_PX / 2 - float(y[0])

    shapes = [
        shape
        for layer in said["layers"]
        if (draw := _DRAW.get(layer["@@type"])) and layer.get("data")
        for shape in draw(layer, to, dark)
    ]
    paper, ink = COLOURS[dark]["land"], _ink(dark)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -40 {WIDTH_PX} {HEIGHT_PX + 80}" '
            f'width="{WIDTH_PX}" height="{HEIGHT_PX + 80}" '
            'font-family="Source Sans 3, Source Sans Pro, Helvetica, Arial, sans-serif">',
            f'<rect y="-40" width="{WIDTH_PX}" height="{HEIGHT_PX + 80}" fill="{paper}"/>',
            f'<svg width="{WIDTH_PX}" height="{HEIGHT_PX}">',
            *shapes,
            "</svg>",
            f'<text x="16" y="-14" font-size="19" font-weight="650" fill="{ink}">'
            f"{escape(title)}</text>",
            f'<text x="16" y="{HEIGHT_PX + 25}" font-size="13" fill="{ink}">{escape(note)}</text>',
            "</svg>",
        ]
    )


def _hexagons(layer: dict, to: To, dark: bool) -> Iterator[Shape]:
    for row in layer["data"]:
        corners = h3.cell_to_boundary(_of(layer, "getHexagon", row))
        points = " ".join("{:.1f},{:.1f}".format(*to(lon, lat)) for lat, lon in corners)
        yield f'<polygon points="{points}" {_paint(_of(layer, "getFillColor", row))}/>'


def _discs(layer: dict, to: To, dark: bool) -> Iterator[Shape]:
    most = max((_of(layer, "getWeight", row) or 0 for row in layer["data"]), default=0) or 1
    for row in layer["data"]:
        x, y = to(*_of(layer, "getPosition", row)[:2])
        radius = _of(layer, "getRadius", row) if layer.get("radiusUnits") == "pixels" else 6
        if "getWeight" in layer:
            radius = 4 + 18 * (_of(layer, "getWeight", row) / most) ** 0.5
        fill = _of(layer, "getFillColor", row) or [*rgb(SPACE), 60]
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{float(radius):.1f}" {_paint(fill)}/>'


def _arcs(layer: dict, to: To, dark: bool) -> Iterator[Shape]:
    for row in layer["data"]:
        x0, y0 = to(*_of(layer, "getSourcePosition", row)[:2])
        x1, y1 = to(*_of(layer, "getTargetPosition", row)[:2])
        # Bent to the left of its way, so that both directions can be seen.
        bend_x, bend_y = (x0 + x1) / 2 + 0.15 * (y1 - y0), (y0 + y1) / 2 - 0.15 * (x1 - x0)
        colour = _paint(_of(layer, "getTargetColor", row)).replace("fill", "stroke")
        yield (
            f'<path d="M{x0:.1f},{y0:.1f} Q{bend_x:.1f},{bend_y:.1f} {x1:.1f},{y1:.1f}" '
            f'fill="none" stroke-width="{float(_of(layer, "getWidth", row)):.1f}" {colour}/>'
            f'<circle cx="{x1:.1f}" cy="{y1:.1f}" r="2.5" '
            f"{_paint(_of(layer, 'getTargetColor', row))}/>"
        )


def _writing(layer: dict, to: To, dark: bool) -> Iterator[Shape]:
    size, anchor = layer.get("getSize", 12), layer.get("getTextAnchor", "middle")
    right, down = layer.get("getPixelOffset", (0, 0))
    for row in layer["data"]:
        x, y = to(*_of(layer, "getPosition", row)[:2])
        if not (0 <= x <= WIDTH_PX and 0 <= y <= HEIGHT_PX):
            continue
        yield (
            f'<text x="{x + right:.1f}" y="{y + down + size / 3:.1f}" font-size="{size}" '
            f'text-anchor="{anchor}" stroke="{COLOURS[dark]["land"]}" '
            f'stroke-width="3" paint-order="stroke" fill="{_ink(dark)}">'
            f"{escape(str(_of(layer, 'getText', row)))}</text>"
        )


def _ways(layer: dict, to: To, dark: bool) -> Iterator[Shape]:
    for row in layer["data"]:
        points = " ".join("{:.1f},{:.1f}".format(*to(*at[:2])) for at in _of(layer, "getPath", row))
        colour = _paint(_of(layer, "getColor", row)).replace("fill", "stroke")
        width = float(_of(layer, "getWidth", row))
        yield f'<polyline points="{points}" fill="none" stroke-width="{width:.1f}" {colour}/>'


#: How each kind of layer is drawn; others are left out.
_DRAW: dict[str, Callable[[dict, To, bool], Iterator[Shape]]] = {
    "H3HexagonLayer": _hexagons,
    "ScatterplotLayer": _discs,
    "ColumnLayer": _discs,
    "HeatmapLayer": _discs,
    "ArcLayer": _arcs,
    "PathLayer": _ways,
    "TextLayer": _writing,
}


def _of(layer: dict, name: str, row: dict):
    """Return what an accessor gives for a row: a column's value, or the same for all."""
    value = layer.get(name)
    return row[value.removeprefix("@@=")] if str(value).startswith("@@=") else value


def _paint(colour: list[float]) -> str:
    red, green, blue, *alpha = colour
    opacity = (alpha[0] if alpha else 255) / 255
    return f'fill="rgb({red:.0f},{green:.0f},{blue:.0f})" fill-opacity="{opacity:.2f}"'


def _ink(dark: bool) -> str:
    return "rgb({},{},{})".format(*COLOURS[dark]["text"])
