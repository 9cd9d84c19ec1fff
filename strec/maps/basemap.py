"""What lies under the data: land, borders, a graticule with degrees, a scale bar; or online tiles.

The offline background is a MapLibre style written into its own address, so that showing it makes
no request at all; writing on it is deck.gl text, since MapLibre would fetch fonts.
"""

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import pydeck as pdk
from pydeck.types import String

from strec.errors import AnalysisError, check_choice
from strec.geo import KM_PER_DEGREE, km_per_degree_east, wrapped
from strec.maps import land, tiles
from strec.maps.ground import Ground, area_colour, drawn
from strec.maps.view import View

#: What is drawn over what lies below it, however high that rises.
ON_TOP = {"depthTest": False, "depthCompare": "always"}
#: How a style begins that is written into its own address.
INLINE_STYLE = "data:application/json,"
OFFLINE_THANKS = "Land and borders: Natural Earth (public domain)"
WATER_THANKS = "Sea: © OpenStreetMap contributors (ODbL), lakes: GSHHG (LGPL)"
#: What stands in place of thanks below a map whose ground is plain.
PLAIN = "Plain ground: streets and coasts need a network, or a map file of your own under Settings"
#: Where something stands on a map: its centre in pixels as `View.pixels` has it, half its width
#: and half its height.
Box = tuple[float, float, float, float]
#: Water, land, coast, graticule, and writing, for the light and the dark theme.
COLOURS = {
    False: {"water": "#DCE7EA", "land": "#F6F3EC", "line": "#A9B4B3", "grid": "#C3CED0",
            "text": (70, 84, 92), "halo": (251, 250, 247)},
    True: {"water": "#0C1216", "land": "#1C262D", "line": "#4A5A64", "grid": "#2B373F",
           "text": (176, 190, 194), "halo": (13, 19, 23)},
}  # fmt: skip
STEPS_DEG = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30)
#: Seen nearer than this, the land's outline of the world (300 m) is off by more than it tells.
CITY_DEG = 0.4


def resolve(basemap: str) -> str:
    """Return `offline` or `tiles`; `auto` means tiles where they are wanted and reached."""
    check_choice(basemap, ("auto", "tiles", "offline"), "A background", AnalysisError)
    return ("tiles" if has_network() else "offline") if basemap == "auto" else basemap


def attribution(
    basemap: str = "auto", ground: Ground | None = None, view: View | None = None
) -> str:
    """Return whom to thank for the background; show it beside the map.

    Parameters
    ----------
    basemap : str
        As in `deck`.
    ground : Ground, optional
        As in `deck`.
    view : View, optional
        What the map shows: without a network cities and countries have different sources.

    Examples
    --------
    >>> attribution("offline")
    'Land and borders: Natural Earth (public domain)'
    """
    if ground is not None:
        return ground.attribution
    if resolve(basemap) == "tiles":
        return tiles.thanks()
    if view is None:
        return OFFLINE_THANKS
    return thanks_of(_inline_style(view, False, None)) or PLAIN


def thanks_of(map_style: str) -> str:
    """Return whom to thank for the ground of a finished map, from its style."""
    if not map_style:
        return ""
    if not map_style.startswith(INLINE_STYLE):
        return tiles.thanks()
    sources = json.loads(unquote(map_style.removeprefix(INLINE_STYLE)))["sources"]
    said = [each["attribution"] for each in sources.values() if "attribution" in each]
    return ", ".join(dict.fromkeys(said))


def has_network() -> bool:
    """Return whether online tiles are wanted and can be reached (see `strec.maps.tiles`)."""
    return tiles.are_there()


def style(view: View, dark: bool, basemap: str = "auto", ground: Ground | None = None) -> str:
    """Return the address of the map style: the tile server's, or the whole style itself.

    A ground of one's own is shown in place of tiles.
    """
    if ground is None and resolve(basemap) == "tiles":
        return tiles.style(dark)
    return _inline_style(view, dark, ground)


def furniture(
    view: View,
    dark: bool,
    basemap: str = "auto",
    ground: Ground | None = None,
    is_flat: bool = True,
    written: Sequence[pdk.Layer] = (),
) -> list[pdk.Layer]:
    """Return the layers that make a map readable: names, degrees, a scale bar.

    The ground's names and degrees give way to what is `written` on the map already.
    """
    # On a tilted map a kilometre is longer in front than behind, and the corner lies outside.
    layers = scale_bar(view, dark) if is_flat else []
    taken = _names_on([*written, *layers], view)
    if ground is not None:
        names = ground_names(ground, view, taken)
        return [text_layer("ground-names", names, dark, 12, alpha=165), *layers]
    if resolve(basemap) == "tiles":
        return layers
    names = land.countries(view) if view.span_deg > 2.5 else []
    names = declutter(names, view, size_px=12)
    degrees = declutter(_degrees(view), view, size_px=11, avoid=[*taken, *names])
    return [
        text_layer("countries", names, dark, size_px=12, alpha=150),
        text_layer("degrees", degrees, dark, size_px=11, alpha=170),
        *layers,
    ]


def _names_on(layers: Sequence[pdk.Layer], view: View) -> list[dict]:
    """Return what is written in a view by some layers, where it stands."""
    found = []
    for layer in layers:
        if layer.type != "TextLayer" or not isinstance(layer.data, list):
            continue
        right, down = getattr(layer, "get_pixel_offset", (0, 0))
        rows: Any = layer.data
        for row in rows:
            # Writing of somebody's own may be said otherwise.
            if not {"name", "position"} <= row.keys():
                continue
            lon, lat = row["position"]
            x, y = view.pixels(np.array([lat]), np.array([lon]))
            lat, lon = view.places(x + right, y - down)
            found.append({"name": row["name"], "lat": lat[0], "lon": lon[0]})
    return found


def ground_names(ground: Ground, view: View, avoid: Sequence[dict] = ()) -> list[dict]:
    """Return the names of a ground that have room in a view: rows of `name`, `lat`, `lon`."""
    rows = [
        # deck.gl's blanks are too narrow for capitals.
        {"name": name.upper().replace(" ", "  ") if kind == "district" else name,
         "lat": lat, "lon": lon}
        for kind, name, lat, lon in ground.names
        if view.south < lat < view.north and view.west < view.unwrap(np.array(lon)) < view.east
    ]  # fmt: skip
    return declutter(rows, view, size_px=14, most=18, avoid=avoid)


def text_layer(
    layer_id: str,
    rows: list[dict],
    dark: bool,
    size_px: int = 12,
    alpha: int = 235,
    offset_px: tuple[int, int] = (0, 0),
    bold: bool = False,
) -> pdk.Layer:
    """Return writing on the map with a halo that keeps it legible: rows of `name`, `lat`, `lon`."""
    colours = COLOURS[dark]
    return pdk.Layer(
        "TextLayer",
        [{"name": row["name"], "position": [row["lon"], row["lat"]]} for row in rows],
        id=layer_id,
        get_position="position",
        get_text="name",
        get_size=size_px,
        size_units=String("pixels"),
        get_color=[*colours["text"], alpha],
        get_text_anchor=String("middle"),
        get_alignment_baseline=String("center"),
        get_pixel_offset=list(offset_px),
        font_family=String("Source Sans, Source Sans Pro, system-ui, sans-serif"),
        font_weight=650 if bold else 500,
        # Names come in every script; deck.gl draws only ASCII unless told.
        character_set=String("auto"),
        font_settings={"sdf": True, "fontSize": 48, "buffer": 14, "radius": 16},
        outline_width=9,
        outline_color=[*colours["halo"], 255],
        billboard=True,
        pickable=False,
        parameters=ON_TOP,
    )


def declutter(
    rows: list[dict],
    view: View,
    size_px: int = 12,
    most: int = 25,
    avoid: Sequence[dict] = (),
    boxes: Sequence[Box] = (),
) -> list[dict]:
    """Keep names, in the order given, that do not run into one kept before at the first zoom.

    Those to `avoid` stand on the map already, as does what lies in `boxes`.
    """
    kept: list[dict] = []
    taken = list(boxes)
    for number, row in enumerate((*avoid, *rows)):
        x, y = map(float, view.pixels(row["lat"], row["lon"]))
        half, high = len(row["name"]) * size_px * 0.28 + 6, size_px * 0.75
        free = all(
            abs(x - other_x) > half + other_half or abs(y - other_y) > high + other_high
            for other_x, other_y, other_half, other_high in taken
        )
        stands_already = number < len(avoid)
        if stands_already or (free and len(kept) < most):
            taken.append((x, y, half, high))
            kept += [] if stands_already else [row]
    return kept


def scale_bar(view: View, dark: bool) -> list[pdk.Layer]:
    """Return a bar of a round length in the lower middle of the first view.

    A map narrower than it was thought to be shows its middle.
    """
    row, length_deg = _scale(view)
    start, lat = row["lon"] - length_deg / 2, row["lat"]
    bar = pdk.Layer(
        "PathLayer",
        [{"path": [[start, lat], [start + length_deg, lat]]}],
        id="scale-bar",
        get_path="path",
        get_color=[*COLOURS[dark]["text"], 230],
        get_width=3,
        width_units=String("pixels"),
        pickable=False,
    )
    return [bar, text_layer("scale-text", [row], dark, size_px=12, offset_px=(0, -10))]


def scale_words(view: View) -> dict:
    """Return what is written over the scale bar, and where: `name`, `lat`, `lon`."""
    return _scale(view)[0]


def scale_box(view: View) -> Box:
    """Return where the scale bar and its words stand in a view."""
    row, length_deg = _scale(view)
    x, y = map(float, view.pixels(row["lat"], row["lon"]))
    end, _ = view.pixels(row["lat"], row["lon"] + length_deg / 2)
    return x, y + 8, max(float(end) - x, len(row["name"]) * 12 * 0.28) + 6, 14.0


def _scale(view: View) -> tuple[dict, float]:
    km_per_degree_lon = max(float(km_per_degree_east(view.lat)), 0.05 * KM_PER_DEGREE)
    fifth_km = (view.east - view.west) * km_per_degree_lon / 5
    power = 10 ** math.floor(math.log10(fifth_km))
    length_km = max(factor * power for factor in (1, 2, 5) if factor * power <= fifth_km)
    text = f"{length_km:,.0f} km" if length_km >= 1 else f"{length_km * 1000:.0f} m"
    row = {
        "name": text,
        "lat": view.south + 0.07 * (view.north - view.south),
        "lon": (view.west + view.east) / 2,
    }
    return row, length_km / km_per_degree_lon


@lru_cache(maxsize=32)
def _inline_style(view: View, dark: bool, ground: Ground | None) -> str:
    colours = COLOURS[dark]
    water = land.water(view) if ground is None else None
    if view.span_deg < CITY_DEG or water is not None:
        return _city_style(view, dark, ground, water)
    shapes = land.background(view)
    sources = shapes | {"grid": _grid_lines(view)}
    layers = [
        {"id": "water", "type": "background", "paint": {"background-color": colours["water"]}},
        _style_layer("land", "fill", {"fill-color": colours["land"], "fill-antialias": False}),
        _style_layer("grid", "line", {"line-color": colours["grid"], "line-width": 0.7}),
        _style_layer("coast", "line", {"line-color": colours["line"], "line-width": 1}),
        _style_layer(
            "borders",
            "line",
            {"line-color": colours["line"], "line-width": 1, "line-dasharray": [3, 2]},
        ),
    ]
    known = {name: _source(shape) for name, shape in sources.items()}
    known["land"]["attribution"] = OFFLINE_THANKS
    if ground is not None:
        more, above = drawn(ground, view, dark)
        known, layers = known | more, [*layers, *above]
    return _address(known, layers)


def _city_style(view: View, dark: bool, ground: Ground | None, water: dict | None) -> str:
    """A city's ground, its coast, or a plain one: the world's outline is wrong by streets here."""
    colours, grid = COLOURS[dark], _grid_lines(view)
    plain = "land" if water is not None or land.is_near(view) else "water"
    paper = {"id": "water", "type": "background", "paint": {"background-color": colours[plain]}}
    if ground is None:
        lines = _style_layer("grid", "line", {"line-color": colours["grid"], "line-width": 0.7})
        known, wet = {"grid": _source(grid)}, []
        if water is not None:
            known["sea"] = _source(water) | {"attribution": WATER_THANKS}
            paint = {"fill-color": area_colour("water", dark), "fill-antialias": False}
            wet = [_style_layer("sea", "fill", paint)]
        return _address(known, [paper, *wet, lines])
    sources, layers = drawn(ground, view, dark)
    return _address(sources, [paper, *layers])


def _source(geometry: dict) -> dict:
    return {"type": "geojson", "data": {"type": "Feature", "geometry": geometry}}


def _address(sources: dict, layers: list[dict]) -> str:
    content = {"version": 8, "sources": sources, "layers": layers}
    text = json.dumps(content, separators=(",", ":"))
    return INLINE_STYLE + quote(text, safe="[]{}:,.")


def _grid_lines(view: View) -> dict:
    lines = [[[lon, -85], [lon, 85]] for lon in _grid(view)[0]]
    lines += [[[view.lon - 180, lat], [view.lon + 180, lat]] for lat in _grid(view)[1]]
    return {"type": "MultiLineString", "coordinates": lines}


def _style_layer(name: str, kind: str, paint: dict) -> dict:
    return {"id": name, "type": kind, "source": name, "paint": paint}


def _grid(view: View) -> tuple[list[float], list[float]]:
    """Meridians and parallels of the graticule, about six across the view."""
    step = next((s for s in STEPS_DEG if view.span_deg / s <= 7), STEPS_DEG[-1])
    margin = 1.5 * view.span_deg
    west, east = view.west - margin, view.east + margin
    if east - west > 360:
        west, east = view.lon - 180, view.lon + 180
    south, north = max(view.south - margin, -85.0), min(view.north + margin, 85.0)
    lons: Any = np.arange(math.ceil(west / step), math.floor(east / step) + 1) * step
    lats: Any = np.arange(math.ceil(south / step), math.floor(north / step) + 1) * step
    return lons.round(6).tolist(), lats.round(6).tolist()


def _degrees(view: View) -> list[dict]:
    """Labels of the graticule along the upper and the right edge of the first view."""
    lons, lats = _grid(view)
    top = view.north - 0.03 * (view.north - view.south)
    right = view.east - 0.04 * (view.east - view.west)
    inner_lons = [lon for lon in lons if view.west < lon < right - (view.east - view.west) * 0.06]
    inner_lats = [lat for lat in lats if view.south < lat < top]
    rows = [{"name": _degree(lon, "EW"), "lat": top, "lon": lon} for lon in inner_lons]
    return rows + [{"name": _degree(lat, "NS"), "lat": lat, "lon": right} for lat in inner_lats]


def _degree(value: float, sides: str) -> str:
    shown = wrapped(value) if sides == "EW" else value
    number = f"{abs(shown):.3f}".rstrip("0").rstrip(".")
    return f"{number}° {sides[0] if shown >= 0 else sides[1]}" if shown else "0°"
