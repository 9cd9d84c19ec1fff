"""Layers of a map, each from a small frame: put several into one `deck`.

Frames carry `lat`, `lon` (degrees) and `n_checkins`, `n_users` as the store gives them. What shows
on hover is plain text in a field `tip`, never HTML, so a name can hold anything.
"""

import numpy as np
import pandas as pd
import pydeck as pdk

from strec.errors import AnalysisError
from strec.geo import EARTH_RADIUS_KM, unit_vectors
from strec.maps.basemap import declutter, text_layer
from strec.maps.scale import Classes, Scale, number, rgb
from strec.maps.view import View
from strec.palette import SEQUENTIAL_SPACE, SPACE, TIME, TRANSITION

#: The browser draws this many points or hexagons without stuttering.
MAX_POINTS = 20_000
#: More arcs than this hide each other.
MAX_ARCS = 300


def hexagon_layer(
    frame: pd.DataFrame,
    value: str = "n_checkins",
    scale: Scale | Classes | None = None,
    elevation: str | None = None,
    top: float | None = None,
    dark: bool = False,
    layer_id: str = "hexagons",
) -> pdk.Layer:
    """Return H3 hexagons, coloured by a column and, if asked, raised by another.

    Parameters
    ----------
    frame : pandas.DataFrame
        `cell` (uint64) and the columns named; up to 20,000 rows. A column `tip` replaces the
        words shown on hover.
    value : str
        The column that colours.
    scale : Scale or Classes, optional
        Colours to keep the same over several maps; fitted to the values otherwise.
    elevation : str, optional
        A column whose largest value rises to about the width of twelve hexagons.
    top : float, optional
        The value that rises so high; give the day's largest to compare hours.
    """
    scale = scale or Scale.fit(frame[value], dark)
    rows = pd.DataFrame(
        {
            "hex": [format(int(cell), "x") for cell in frame["cell"]],
            "cell": [str(cell) for cell in frame["cell"]],
            "fill": scale.rgba(frame[value], alpha=205 if elevation is None else 235),
            "tip": frame["tip"] if "tip" in frame else counts_in_words(frame),
        }
    )
    raised = {}
    if elevation is not None and len(frame):
        # An H3 edge is about 1.22 km at resolution 7 and 2.65 times less at each finer one.
        resolution = int(frame["cell"].iloc[0]) >> 52 & 0xF
        top_m = 12 * 1_220 * 2.6458 ** (7 - resolution)
        heights = frame[elevation].to_numpy(dtype=float)
        rows["height"] = heights / max(top or heights.max(), 1e-9) * top_m
        raised = {"get_elevation": "height", "elevation_scale": 1}
    return pdk.Layer(
        "H3HexagonLayer",
        rows.to_dict("records"),
        id=layer_id,
        get_hexagon="hex",
        get_fill_color="fill",
        # The gaps are the outline. Drawn lines take a browser without a graphics card so long
        # that a click is over before the map has found what it hit.
        stroked=False,
        extruded=elevation is not None,
        coverage=0.96 if elevation is None else 0.85,
        pickable=True,
        auto_highlight=True,
        highlight_color=[*rgb(TIME), 120],
        **raised,
    )


def heat_layer(frame: pd.DataFrame, value: str = "n_checkins", dark: bool = False) -> pdk.Layer:
    """Return a smooth density of weighted places; it cannot be clicked.

    The strongest colour begins at a third of the highest density, so that one peak does not
    wash out the rest.
    """
    shades = SEQUENTIAL_SPACE[::-1] if dark else SEQUENTIAL_SPACE
    rows = positions(frame).assign(weight=frame[value].astype(float).to_numpy())
    return pdk.Layer(
        "HeatmapLayer",
        rows.to_dict("records"),
        id="heat",
        get_position="position",
        get_weight="weight",
        aggregation=pdk.types.String("SUM"),
        radius_pixels=38,
        intensity=3,
        threshold=0.03,
        color_range=[[*rgb(colour), 70 + 32 * k] for k, colour in enumerate(shades)],
        pickable=False,
    )


def point_layer(
    frame: pd.DataFrame,
    value: str = "n_checkins",
    colour: str = SPACE,
    layer_id: str = "points",
    min_px: float = 3,
    max_px: float = 16,
) -> pdk.Layer:
    """Return one disc per place whose area grows with a column.

    Raises
    ------
    AnalysisError
        If there are more than 20,000 points.
    """
    if len(frame) > MAX_POINTS:
        raise AnalysisError(
            f"At most {MAX_POINTS:,} points can be shown one by one.",
            f"{len(frame):,} points.",
            "Show hexagons or the heatmap, or filter.",
        )
    values = frame[value].to_numpy(dtype=float)
    share = np.sqrt(values / max(values.max(initial=0), 1e-9))
    rows = positions(frame).assign(
        radius=(min_px + (max_px - min_px) * share).round(1),
        tip=frame["tip"].to_numpy() if "tip" in frame else counts_in_words(frame),
    )
    for name in ("item_id", "item_name"):
        if name in frame:
            rows[name] = frame[name].fillna("").to_numpy()
    return pdk.Layer(
        "ScatterplotLayer",
        rows.to_dict("records"),
        id=layer_id,
        get_position="position",
        get_radius="radius",
        radius_units=pdk.types.String("pixels"),
        get_fill_color=[*rgb(colour), 150],
        get_line_color=[*rgb(colour), 255],
        line_width_min_pixels=1,
        stroked=True,
        pickable=True,
        auto_highlight=True,
    )


def arc_layer(frame: pd.DataFrame, view: View, most: int = MAX_ARCS) -> pdk.Layer:
    """Return arcs from origins (light) to destinations (dark), wider where more go.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `Store.flows` returns it, largest first; flows without both places are left out.
    most : int
        Draw only the largest.
    """
    placed = frame.dropna(subset=["from_lat", "from_lon", "to_lat", "to_lon"]).head(most)
    counts = placed["n_checkins"].to_numpy(dtype=float)
    share = np.sqrt(counts / max(counts.max(initial=0), 1e-9))
    rows = pd.DataFrame(
        {
            "source": _pairs(placed["from_lon"], placed["from_lat"]),
            "target": _pairs(placed["to_lon"], placed["to_lat"]),
            "width": (1 + 6 * share).round(1),
            "tip": placed["tip"].to_numpy() if "tip" in placed else flows_in_words(placed),
        }
    )
    return pdk.Layer(
        "ArcLayer",
        rows.to_dict("records"),
        id="arcs",
        get_source_position="source",
        get_target_position="target",
        get_source_color=[*rgb(TIME), 150],
        get_target_color=[*rgb(TRANSITION), 220],
        get_width="width",
        # Between cities an arc follows the globe; within one it rises a little.
        great_circle=view.span_deg > 20,
        get_height=0.1 if view.span_deg > 20 else 0.35,
        pickable=True,
        auto_highlight=True,
    )


def column_layer(
    frame: pd.DataFrame,
    top: float | None = None,
    radius_m: float | None = None,
    value: str = "n_checkins",
    scale: Scale | None = None,
    dark: bool = False,
) -> pdk.Layer:
    """Return columns at places: height and colour are a count.

    Parameters
    ----------
    frame : pandas.DataFrame
        `lat`, `lon` and the column named, for instance one hour of `Store.cell_hours`.
    top : float, optional
        The value of the highest column; give the day's largest to compare hours.
    radius_m : float, optional
        Radius of a column in metres; chosen from the spacing of the places otherwise.
    """
    values = frame[value].to_numpy(dtype=float)
    top = top or max(values.max(initial=0), 1e-9)
    scale = scale or Scale.fit(values, dark)
    radius_m = radius_m or _spacing_m(frame) * 0.42
    rows = positions(frame).assign(
        height=values / top * radius_m * 26,
        fill=scale.rgba(values, alpha=235),
        tip=frame["tip"].to_numpy() if "tip" in frame else counts_in_words(frame),
    )
    return pdk.Layer(
        "ColumnLayer",
        rows.to_dict("records"),
        id="columns",
        get_position="position",
        get_elevation="height",
        elevation_scale=1,
        radius=radius_m,
        disk_resolution=6,
        angle=30,
        get_fill_color="fill",
        extruded=True,
        pickable=True,
        auto_highlight=True,
        transitions={"getElevation": 900, "getFillColor": 900},
    )


def label_layer(
    items: pd.DataFrame,
    view: View,
    dark: bool = False,
    most: int = 14,
    offset_px: tuple[int, int] = (0, 0),
) -> pdk.Layer:
    """Return the names of the largest places that have room: landmarks made of the data itself.

    Parameters
    ----------
    items : pandas.DataFrame
        `item_name`, `lat`, `lon`, `n_checkins`; items without a name or place are left out.
    most : int
        How many names at most.
    offset_px : tuple of int
        How far a name stands from its place, to the right and down.
    """
    named = items.dropna(subset=["item_name", "lat", "lon"])
    named = named.sort_values("n_checkins", ascending=False, kind="stable").head(200)
    rows = [
        {"name": _short(name), "lat": lat, "lon": lon}
        for name, lat, lon in zip(named["item_name"], named["lat"], named["lon"], strict=True)
        if view.south < lat < view.north and view.west < view.unwrap(lon) < view.east
    ]
    shown = declutter(rows, view, size_px=12, most=most)
    return text_layer("places", shown, dark, size_px=12, offset_px=offset_px)


def counts_in_words(frame: pd.DataFrame) -> list[str]:
    """Return what hovering shows: the name, where there is one, check-ins and users."""
    parts = [
        [
            f"{n:,} check-ins" if n != 1 else "1 check-in",
            f"{users:,} users" if users != 1 else "1 user",
        ]
        for n, users in zip(frame["n_checkins"], frame["n_users"], strict=True)
    ]
    if "item_name" in frame:
        names = frame["item_name"].fillna(frame.get("item_id", "")).astype(str)
        parts = [[name, *rest] for name, rest in zip(names, parts, strict=True)]
    if "category" in frame:
        kinds = frame["category"].fillna("").astype(str)
        parts = [
            [first, kind, *rest] if kind else [first, *rest]
            for (first, *rest), kind in zip(parts, kinds, strict=True)
        ]
    return ["\n".join(lines) for lines in parts]


def flows_in_words(frame: pd.DataFrame) -> list[str]:
    """Return what hovering over an arc shows."""
    named = "from_name" in frame
    ends = (
        [f"{a} → {b}" for a, b in zip(frame["from_name"], frame["to_name"], strict=True)]
        if named
        else ["From the light end to the dark end"] * len(frame)
    )
    counts = counts_in_words(frame[["n_checkins", "n_users"]])
    return [f"{end}\n{words}" for end, words in zip(ends, counts, strict=True)]


def positions(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows with a field `position`: longitude and latitude, as deck.gl wants them."""
    return pd.DataFrame({"position": _pairs(frame["lon"], frame["lat"])})


def _pairs(lon: pd.Series, lat: pd.Series) -> list[list[float]]:
    # Five decimals are one metre; more only makes the page heavier.
    return np.column_stack([lon, lat]).astype(float).round(5).tolist()


def _spacing_m(frame: pd.DataFrame) -> float:
    """The typical distance of a place to the nearest other one, in metres."""
    from scipy.spatial import cKDTree

    if len(frame) < 2:
        return 500.0
    xyz = unit_vectors(frame["lat"].to_numpy(dtype=float), frame["lon"].to_numpy(dtype=float))
    nearest = cKDTree(xyz).query(xyz, k=2)[0][:, 1] * EARTH_RADIUS_KM * 1000
    return float(max(np.median(nearest), 20.0))


def _short(name: str, longest: int = 28) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1].rstrip()}…"


def legend_words(scale: Scale, unit: str) -> str:
    """Return the range of a scale as a phrase for a caption."""
    return f"{number(scale.breaks[0])} to {number(scale.top)} {unit}"
