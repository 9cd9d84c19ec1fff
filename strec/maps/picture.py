"""A map as a picture (SVG): the layers of a deck as they stand first, for a slide or a paper."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import unquote

import h3
import numpy as np
import pydeck as pdk

from strec.errors import AnalysisError, check_is
from strec.maps.basemap import COLOURS, INLINE_STYLE, thanks_of
from strec.maps.ground import line_width
from strec.maps.scale import Classes, Scale, rgb
from strec.maps.view import View
from strec.palette import SPACE

WIDTH_PX, HEIGHT_PX = 900, 640
#: Room for a line of writing above and below.
MARGIN_PX = 40
#: deck.gl's camera stands so many heights of the picture away.
CAMERA_HEIGHTS = 1.5

Shape = str
#: A layer as deck.gl's JSON says it.
Said = dict[str, Any]


@dataclass(frozen=True)
class Camera:
    """Where places of a tilted map lie in a picture, as deck.gl sees them."""

    view: View
    width_px: int
    height_px: int
    pitch_deg: float

    def __call__(self, lon: float, lat: float, height_m: float = 0.0) -> tuple[float, float]:
        """Return x and y in pixels from the upper left."""
        x, y = self.many(np.array([[lon, lat]], dtype=float), height_m)[0]
        return float(x), float(y)

    def many(self, places: np.ndarray, height_m: float = 0.0, wrap: bool = True) -> np.ndarray:
        """Return x and y of longitudes and latitudes, ``(n, 2)``."""
        x, y = self.view.pixels(places[:, 1], places[:, 0], wrap)
        z, tilt = height_m / self.view.metres_per_px, np.radians(self.pitch_deg)
        # What reaches behind the camera ends close to it.
        depth = self.away_px + y * np.sin(tilt) - z * np.cos(tilt)
        depth = np.maximum(depth, 0.05 * self.away_px)
        x, up = (self.away_px / depth) * np.stack([x, y * np.cos(tilt) + z * np.sin(tilt)])
        return np.stack([self.width_px / 2 + x, self.height_px / 2 - up], axis=1)

    @property
    def away_px(self) -> float:
        """How far the camera is from the middle of the map."""
        return CAMERA_HEIGHTS * self.height_px

    def ground(self) -> tuple[float, float, float, float]:
        """Return west, south, east, north of all that can be seen, and some more."""
        tilt = np.radians(self.pitch_deg)
        nearest = -min(2 * self.height_px, 0.8 * self.away_px / max(np.sin(tilt), 1e-9))
        x, y = np.array([-4, 4]) * self.width_px, np.array([nearest, 4 * self.height_px])
        (south, north), (west, east) = self.view.places(x, y)
        return west, south, east, north


def to_svg(
    deck: pdk.Deck,
    *,
    title: str = "",
    note: str = "",
    legend: tuple[str, Scale | Classes] | None = None,
    dark: bool = False,
    size_px: tuple[int, int] = (WIDTH_PX, HEIGHT_PX),
    enlarge: float = WIDTH_PX / 700,
) -> str:
    """Return what a map shows first as an SVG picture.

    Land, hexagons, points, arcs, columns, warm spots and writing are drawn; online tiles are not.

    Parameters
    ----------
    deck : pydeck.Deck
        From any function of `strec.maps`.
    title, note : str
        Written above and below the map.
    legend : tuple of str and Scale or Classes, optional
        What the colours of the map say, above it, as in `legend_html`.
    dark : bool
        For a dark page.
    size_px : tuple of int
        Width and height of the map, without title and note.
    enlarge : float
        1 shows things as large as the map itself does. A picture is wider than the smallest map
        of the app: it shows the same places, a little larger.

    Examples
    --------
    >>> import pandas as pd
    >>> from strec import maps
    >>> cells = pd.DataFrame({"cell": [608725924560502783], "lat": [40.71], "lon": [-74.0],
    ...                       "n_checkins": [7], "n_users": [3]})
    >>> to_svg(maps.hexagons(cells, basemap="offline"), title="Seven").count("<polygon")
    1
    """
    check_is(deck, pdk.Deck, "A map of strec.maps is needed.", AnalysisError)
    said, (width, height) = json.loads(deck.to_json()), size_px
    to = _camera(said, size_px, enlarge)
    shapes = [
        shape
        for layer in said["layers"]
        if (draw := _DRAW.get(layer["@@type"])) and layer.get("data")
        for shape in draw(layer, to, dark)
    ]
    paper, ink = COLOURS[dark]["land"], _ink(dark)
    margin = MARGIN_PX if title or note or legend else 0
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" '
            f'viewBox="0 {-margin} {width} {height + 2 * margin}" '
            f'width="{width}" height="{height + 2 * margin}" '
            "font-family=\"'Source Sans 3', 'Source Sans Pro', Helvetica, Arial, sans-serif\">",
            f'<rect y="{-margin}" width="{width}" height="{height + 2 * margin}" fill="{paper}"/>',
            f'<svg width="{width}" height="{height}">',
            '<g class="ground">',
            *_ground(said.get("mapStyle", ""), to),
            "</g>",
            '<g class="layers">',
            *shapes,
            "</g>",
            f'<text x="{width - 8}" y="{height - 8}" font-size="11" text-anchor="end" '
            f'fill="{ink}">{escape(thanks_of(said.get("mapStyle", "")))}</text>',
            "</svg>",
            f'<text x="16" y="-14" font-size="19" font-weight="650" fill="{ink}">'
            f"{escape(title)}</text>",
            *(
                _legend(*legend, 16 + round(11.5 * len(title)) + 20 * bool(title), ink)
                if legend
                else ()
            ),
            f'<text x="16" y="{height + 25}" font-size="13" fill="{ink}">{escape(note)}</text>',
            "</svg>",
        ]
    )


def pixels(
    deck: pdk.Deck, lat, lon, *, size_px: tuple[int, int], enlarge: float = WIDTH_PX / 700
) -> np.ndarray:
    """Return where places lie in the picture that `to_svg` makes of a map without columns.

    Parameters
    ----------
    deck : pydeck.Deck
        From any function of `strec.maps`.
    lat, lon : array-like
        Degrees, shape ``(n,)``.
    size_px, enlarge : tuple of int and float
        As in `to_svg`.

    Returns
    -------
    numpy.ndarray
        x and y from the upper left, shape ``(n, 2)``.

    Examples
    --------
    >>> from strec import maps
    >>> deck = maps.deck([], maps.view_of([40.4], [-3.7]), basemap="offline")
    >>> pixels(deck, [40.4], [-3.7], size_px=(900, 500)).round().tolist()
    [[450.0, 250.0]]
    """
    check_is(deck, pdk.Deck, "A map of strec.maps is needed.", AnalysisError)
    try:
        places = np.stack([np.ravel(lon), np.ravel(lat)], axis=1).astype(float)
    except (TypeError, ValueError) as error:
        raise AnalysisError(
            "Places are as many latitudes as longitudes.", f"{error}.", "Give numbers."
        ) from error
    return _camera(json.loads(deck.to_json()), size_px, enlarge).many(places)


def _camera(said: Said, size_px: tuple[int, int], enlarge: float) -> Camera:
    """Return how a picture looks at a map, as deck.gl's JSON says it."""
    state = said["initialViewState"]
    lat, lon = state["latitude"], state["longitude"]
    view = View(lat, lon, state["zoom"] + np.log2(enlarge), lon, lat, lon, lat)
    has_columns = any(layer["@@type"] == "ColumnLayer" for layer in said["layers"])
    # Other things lie flat and are easier to read from above.
    return Camera(view, *size_px, state.get("pitch", 0) if has_columns else 0)


def _legend(title: str, scale: Scale | Classes, x: int, ink: str) -> Iterator[Shape]:
    """Draw a colour and its words for each class, from left to right."""
    words = f'y="-15" font-size="13" fill="{ink}"'
    yield f'<text x="{x}" {words} font-weight="650">{escape(title)}</text>'
    x += round(7.4 * len(title)) + 14
    for colour, label in zip(scale.colours, scale.labels(), strict=True):
        yield f'<rect x="{x}" y="-27" width="13" height="13" rx="3" fill="{colour}"/>'
        yield f'<text x="{x + 18}" {words}>{escape(label)}</text>'
        x += 18 + round(7 * len(label)) + 16


def _ground(style: str, to: Camera) -> Iterator[Shape]:
    """Draw what the style of a map without a network holds."""
    if not style.startswith(INLINE_STYLE):
        return
    import shapely
    from shapely.geometry import shape

    content = json.loads(unquote(style.removeprefix(INLINE_STYLE)))
    for layer in content["layers"]:
        paint = layer["paint"]
        if to.view.zoom < layer.get("minzoom", 0):
            continue
        if layer["type"] == "background":
            yield (
                f'<rect width="{to.width_px}" height="{to.height_px}" '
                f'fill="{paint["background-color"]}"/>'
            )
            continue
        whole = shape(_geometry(content["sources"][layer["source"]]["data"], layer))
        parts = shapely.get_parts(shapely.clip_by_rect(whole, *to.ground()))
        if layer["type"] == "fill":
            parts = [ring for part in parts for ring in (part.exterior, *part.interiors)]
            pen = f'fill="{paint["fill-color"]}" fill-rule="evenodd"'
        else:
            dashes = " ".join(map(str, paint.get("line-dasharray", []))) or "none"
            pen = f'fill="none" stroke="{paint["line-color"]}" '
            width = line_width(paint["line-width"], to.view.zoom)
            pen += f'stroke-width="{width:.2f}" stroke-dasharray="{dashes}"'
        if len(parts):
            way = "".join(_way(shapely.get_coordinates(line), to) for line in parts)
            yield f'<path d="{way}" {pen}/>'


def _geometry(data: dict[str, Any], layer: Said) -> dict[str, Any]:
    """What a layer of a style draws: the only feature of its source, or the one of its kind."""
    if "filter" not in layer:
        return data["geometry"]
    kind = layer["filter"][-1]
    return next(f["geometry"] for f in data["features"] if f["properties"]["kind"] == kind)


def _way(places: np.ndarray, to: Camera) -> str:
    # The globe is laid out several times: a place keeps to the turn that it is on.
    at = np.round(to.many(places, wrap=False)).astype(int)
    moved = np.r_[True, (np.diff(at, axis=0) != 0).any(axis=1)]
    return "M" + "L".join(f"{x},{y}" for x, y in at[moved])


def _hexagons(layer: Said, to: Camera, dark: bool) -> Iterator[Shape]:
    for row in _rows(layer):
        corners = h3.cell_to_boundary(row["getHexagon"])
        yield f'<polygon points="{_points(to, [(lon, lat) for lat, lon in corners])}" ' + (
            f"{_paint(row['getFillColor'])}/>"
        )


def _discs(layer: Said, to: Camera, dark: bool) -> Iterator[Shape]:
    most = max((row.get("getWeight") or 0 for row in _rows(layer)), default=0) or 1
    for row in _rows(layer):
        x, y = to(*row["getPosition"][:2])
        radius = row["getRadius"] if layer.get("radiusUnits") == "pixels" else 6
        if "getWeight" in row:
            radius = 4 + 18 * (row["getWeight"] / most) ** 0.5
        look = _paint(row.get("getFillColor") or [*rgb(SPACE), 60])
        # A ring is nothing but its border.
        if layer.get("stroked"):
            wide = layer["lineWidthMinPixels"]
            look += f' stroke-width="{wide:g}" {_paint(row["getLineColor"], "stroke")}'
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{float(radius):.1f}" {look}/>'


def _columns(layer: Said, to: Camera, dark: bool) -> Iterator[Shape]:
    radius = layer["radius"] / to.view.metres_per_px
    flat = radius * np.cos(np.radians(to.pitch_deg))
    # Those in front hide those behind.
    for row in sorted(_rows(layer), key=lambda row: -row["getPosition"][1]):
        lon, lat = row["getPosition"][:2]
        (x, y), (top_x, top_y) = to(lon, lat), to(lon, lat, row["getElevation"])
        yield (
            f'<path d="M{x - radius:.1f},{y:.1f}A{radius:.1f},{flat:.1f} 0 0 0 '
            f"{x + radius:.1f},{y:.1f}L{top_x + radius:.1f},{top_y:.1f}"
            f'A{radius:.1f},{flat:.1f} 0 0 0 {top_x - radius:.1f},{top_y:.1f}Z" '
            f"{_paint(row['getFillColor'])}/>"
            f'<ellipse cx="{top_x:.1f}" cy="{top_y:.1f}" rx="{radius:.1f}" ry="{flat:.1f}" '
            f'fill="#fff" fill-opacity="0.18"/>'
        )


def _arcs(layer: Said, to: Camera, dark: bool) -> Iterator[Shape]:
    for row in _rows(layer):
        (x0, y0), (x1, y1) = (to(*row[f"get{end}Position"][:2]) for end in ("Source", "Target"))
        # Bent to the left of its way, so that both directions can be seen.
        bend_x, bend_y = (x0 + x1) / 2 + 0.15 * (y1 - y0), (y0 + y1) / 2 - 0.15 * (x1 - x0)
        yield (
            f'<path d="M{x0:.1f},{y0:.1f} Q{bend_x:.1f},{bend_y:.1f} {x1:.1f},{y1:.1f}" '
            f'fill="none" stroke-width="{float(row["getWidth"]):.1f}" '
            f"{_paint(row['getTargetColor'], 'stroke')}/>"
            f'<circle cx="{x1:.1f}" cy="{y1:.1f}" r="2.5" {_paint(row["getTargetColor"])}/>'
        )


def _writing(layer: Said, to: Camera, dark: bool) -> Iterator[Shape]:
    size, anchor = layer.get("getSize", 12), layer.get("getTextAnchor", "middle")
    right, down = layer.get("getPixelOffset", (0, 0))
    for row in _rows(layer):
        x, y = to(*row["getPosition"][:2])
        if 0 <= x <= to.width_px and 0 <= y <= to.height_px:
            yield (
                f'<text x="{x + right:.1f}" y="{y + down + size / 3:.1f}" font-size="{size}" '
                f'text-anchor="{anchor}" stroke="{COLOURS[dark]["land"]}" '
                f'stroke-width="3" paint-order="stroke" fill="{_ink(dark)}">'
                f"{escape(str(row['getText']))}</text>"
            )


def _icons(layer: Said, to: Camera, dark: bool) -> Iterator[Shape]:
    """Draw pictures that stand on their places: they are SVG, written into their own address."""
    for row in _rows(layer):
        icon, high = row["getIcon"], float(row["getSize"])
        wide = high * icon["width"] / icon["height"]
        x, y = to(*row["getPosition"][:2])
        if -wide <= x <= to.width_px + wide and 0 <= y <= to.height_px + high:
            drawn = base64.b64decode(icon["url"].partition("base64,")[2]).decode()
            inside = drawn.partition(">")[2]
            yield (
                f'<svg x="{x - wide / 2:.1f}" y="{y - high:.1f}" width="{wide:.1f}" '
                f'height="{high:.1f}" viewBox="0 0 {icon["width"]} {icon["height"]}">{inside}'
            )


def _ways(layer: Said, to: Camera, dark: bool) -> Iterator[Shape]:
    for row in _rows(layer):
        yield (
            f'<polyline points="{_points(to, row["getPath"])}" fill="none" '
            f'stroke-width="{float(row["getWidth"]):.1f}" {_paint(row["getColor"], "stroke")}/>'
        )


#: How each kind of layer is drawn; others are left out.
_DRAW: dict[str, Callable[[Said, Camera, bool], Iterator[Shape]]] = {
    "H3HexagonLayer": _hexagons,
    "ScatterplotLayer": _discs,
    "ColumnLayer": _columns,
    "HeatmapLayer": _discs,
    "ArcLayer": _arcs,
    "PathLayer": _ways,
    "TextLayer": _writing,
    "IconLayer": _icons,
}


def _rows(layer: Said) -> list[dict[str, Any]]:
    """What the accessors of a layer give for each row: a column's value, or the same for all."""
    said = {name: value for name, value in layer.items() if name.startswith("get")}
    columns = {
        name: value.removeprefix("@@=")
        for name, value in said.items()
        if isinstance(value, str) and value.startswith("@@=")
    }
    return [said | {name: row[column] for name, column in columns.items()} for row in layer["data"]]


def _points(to: Camera, places: Iterable[Sequence[float]]) -> str:
    return " ".join("{:.1f},{:.1f}".format(*to(*place[:2])) for place in places)


def _paint(colour: list[float], what: str = "fill") -> str:
    red, green, blue, *alpha = colour
    opacity = (alpha[0] if alpha else 255) / 255
    return f'{what}="rgb({red:.0f},{green:.0f},{blue:.0f})" {what}-opacity="{opacity:.2f}"'


def _ink(dark: bool) -> str:
    return "rgb({},{},{})".format(*COLOURS[dark]["text"])
