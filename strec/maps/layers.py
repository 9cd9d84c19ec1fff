"""Layers of a map, each from a small frame: put several into one `deck`.

Frames carry `lat`, `lon` (degrees) and `n_checkins`, `n_users` as the store gives them. What shows
on hover is plain text in a field `tip`, never HTML, so a name can hold anything.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pydeck as pdk
from pydeck.types import String

from strec import schema
from strec.errors import AnalysisError, check_is
from strec.geo import EARTH_RADIUS_KM, unit_vectors
from strec.maps.basemap import declutter, text_layer
from strec.maps.scale import Classes, Scale, rgb
from strec.maps.view import View
from strec.palette import SEQUENTIAL_SPACE, SPACE, TIME, TRANSITION
from strec.store import Frame, frame_of
from strec.wording import plural

#: The browser draws this many points or hexagons without stuttering.
MAX_POINTS = 20_000
#: More arcs than this hide each other.
MAX_ARCS = 300


def hexagon_layer(
    frame: Frame,
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
    dark : bool
        Whether the colours are for a dark map.
    layer_id : str
        Name of the layer within its map.

    Examples
    --------
    >>> cells = {"cell": [0x8A2A1072B59FFFF], "n_checkins": [3], "n_users": [2]}
    >>> hexagon_layer(pd.DataFrame(cells)).type
    'H3HexagonLayer'
    """
    frame = frame_of(frame, ("cell", value))
    scale = scale or Scale.fit(frame[value], dark)
    fill = pd.Series(scale.rgba(frame[value], alpha=205 if elevation is None else 235))
    rows = cell_rows(frame).assign(fill=fill, tip=tips(frame))
    raised = {}
    if elevation is not None and len(frame):
        # An H3 edge is about 1.22 km at resolution 7 and 2.65 times less at each finer one.
        resolution = int(frame["cell"].iloc[0]) >> 52 & 0xF
        top_m = 12 * 1_220 * 2.6458 ** (7 - resolution)
        heights = frame[elevation].to_numpy(dtype=float)
        rows["height"] = heights / max(top or heights.max(), 1e-9) * top_m
        raised = {"get_elevation": "height", "elevation_scale": 1}
    return layer(
        "H3HexagonLayer",
        rows,
        layer_id,
        get_hexagon="hex",
        get_fill_color="fill",
        # The gaps are the outline. Drawn lines take a browser without a graphics card so long
        # that a click is over before the map has found what it hit.
        stroked=False,
        extruded=elevation is not None,
        coverage=0.96 if elevation is None else 0.85,
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
    return layer(
        "HeatmapLayer",
        rows,
        "heat",
        get_position="position",
        get_weight="weight",
        aggregation=String("SUM"),
        radius_pixels=38,
        intensity=3,
        threshold=0.03,
        color_range=[[*rgb(colour), 70 + 32 * k] for k, colour in enumerate(shades)],
        pickable=False,
        auto_highlight=None,
    )


def point_layer(
    frame: Frame,
    value: str = "n_checkins",
    colour: str = SPACE,
    layer_id: str = "points",
    min_px: float = 3,
    max_px: float = 16,
    hollow: bool = False,
) -> pdk.Layer:
    """Return one disc per place whose area grows with a column.

    Parameters
    ----------
    frame : pandas.DataFrame
        `lat`, `lon` and the column named; a column `tip` replaces the words shown on hover.
    value : str
        What the area grows with.
    colour : str
        Hex colour.
    layer_id : str
        Under which a selection finds the places clicked.
    min_px, max_px : float
        Radius of the smallest and the largest disc, in pixels.
    hollow : bool
        Whether they are rings instead, which differ from discs without any colour.

    Raises
    ------
    AnalysisError
        If there are more than 20,000 points.

    Examples
    --------
    >>> places = {"lat": [40.7], "lon": [-74.0], "n_checkins": [3], "n_users": [2]}
    >>> point_layer(pd.DataFrame(places)).type
    'ScatterplotLayer'
    """
    frame = frame_of(frame, ("lat", "lon", value))
    if len(frame) > MAX_POINTS:
        raise AnalysisError(
            f"At most {MAX_POINTS:,} points can be shown one by one.",
            f"{len(frame):,} points.",
            "Show hexagons or the heatmap, or filter.",
        )
    values = frame[value].to_numpy(dtype=float)
    share = np.sqrt(values / max(values.max(initial=0), 1e-9))
    rows = positions(frame).assign(
        radius=(min_px + (max_px - min_px) * share).round(1), tip=tips(frame)
    )
    for name in ("item_id", "item_name"):
        if name in frame:
            rows[name] = frame[name].fillna("").to_numpy()
    alpha, line_px = (0, 2.5) if hollow else (150, 1)
    return discs(rows, layer_id, colour, alpha=alpha, line_px=line_px, get_radius="radius")


def track_layer(fixes: pl.DataFrame, colour: str = TRANSITION, most: int = MAX_POINTS) -> pdk.Layer:
    """Return the ways of raw fixes as lines, a new one after each silence of half an hour.

    Parameters
    ----------
    fixes : polars.DataFrame
        A canonical table (see `strec.schema.validate`); fixes without a place are passed over.
    colour : str
        Hex colour.
    most : int
        Of more fixes every second, third and so on is drawn.

    Examples
    --------
    >>> track_layer(schema.example()).type
    'PathLayer'
    """
    check_is(fixes, pl.DataFrame, "Fixes are a canonical table of polars.", AnalysisError)
    placed = schema.validate(fixes).drop_nulls([schema.LAT, schema.LON])
    placed = placed.sort(schema.USER, schema.TIME)
    silence = pl.col(schema.TIME).diff() > pl.duration(minutes=30)
    begins = (silence | (pl.col(schema.USER) != pl.col(schema.USER).shift())).fill_null(True)
    ways = (
        placed.with_columns(way=begins.cum_sum())
        .gather_every(max(-(-len(placed) // most), 1))
        .group_by("way", maintain_order=True)
        .agg(schema.LAT, schema.LON, pl.len())
        .filter(pl.col("len") > 1)
    )
    paths = [
        _pairs(way[schema.LON], way[schema.LAT])
        for way in ways.select(schema.LAT, schema.LON).iter_rows(named=True)
    ]
    return layer(
        "PathLayer",
        pd.DataFrame({"path": paths}),
        "track",
        pickable=False,
        auto_highlight=None,
        get_path="path",
        get_color=[*rgb(colour), 150],
        width_units=String("pixels"),
        get_width=1.5,
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
            "tip": tips(placed, _flows_in_words),
        }
    )
    return layer(
        "ArcLayer",
        rows,
        "arcs",
        get_source_position="source",
        get_target_position="target",
        get_source_color=[*rgb(TIME), 150],
        get_target_color=[*rgb(TRANSITION), 220],
        get_width="width",
        # Between cities an arc follows the globe; within one it rises a little.
        great_circle=view.span_deg > 20,
        get_height=0.1 if view.span_deg > 20 else 0.35,
    )


def column_layer(
    frame: pd.DataFrame,
    top: float | None = None,
    radius_m: float | None = None,
    scale: Scale | None = None,
    dark: bool = False,
) -> pdk.Layer:
    """Return columns at places: height and colour are a count.

    Parameters
    ----------
    frame : pandas.DataFrame
        `lat`, `lon`, `n_checkins`, `n_users`, for instance one hour of `Store.cell_hours`.
    top : float, optional
        The count of the highest column; give the day's largest to compare hours.
    radius_m : float, optional
        Radius of a column in metres; chosen from the spacing of the places otherwise.
    """
    values = frame["n_checkins"].to_numpy(dtype=float)
    top = top or max(values.max(initial=0), 1e-9)
    scale = scale or Scale.fit(values, dark)
    radius_m = radius_m or _spacing_m(frame) * 0.42
    rows = positions(frame).assign(
        height=values / top * radius_m * 26,
        fill=pd.Series(scale.rgba(values, alpha=235)),
        tip=tips(frame),
    )
    return layer(
        "ColumnLayer",
        rows,
        "columns",
        get_position="position",
        get_elevation="height",
        elevation_scale=1,
        radius=radius_m,
        disk_resolution=6,
        angle=30,
        get_fill_color="fill",
        extruded=True,
        transitions={"getElevation": 900, "getFillColor": 900},
    )


def label_layer(
    items: Frame,
    view: View,
    dark: bool = False,
    most: int = 14,
    offset_px: tuple[int, int] = (0, 0),
    avoid: Sequence[dict] = (),
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
    view : View
        What the map shows; places outside get no name.
    dark : bool
        Whether the colours are for a dark map.
    avoid : sequence of dict
        `name`, `lat`, `lon` of what is written there already.

    Examples
    --------
    >>> from strec.maps import view_of
    >>> parks = {"item_name": ["Park"], "lat": [40.7], "lon": [-74.0], "n_checkins": [3]}
    >>> label_layer(pd.DataFrame(parks), view_of([40.6, 40.8], [-74.1, -73.9])).type
    'TextLayer'
    """
    items = frame_of(items, ("item_name", "lat", "lon", "n_checkins"))
    named = items.dropna(subset=["item_name", "lat", "lon"])
    named = named.sort_values("n_checkins", ascending=False, kind="stable").head(200)
    rows = [
        {"name": _short(name), "lat": lat, "lon": lon}
        for name, lat, lon in zip(named["item_name"], named["lat"], named["lon"], strict=True)
        if view.south < lat < view.north and view.west < view.unwrap(lon) < view.east
    ]
    shown = declutter(rows, view, size_px=12, most=most, avoid=avoid)
    return text_layer("places", shown, dark, size_px=12, offset_px=offset_px)


def layer(kind: str, rows: pd.DataFrame, layer_id: str, **said: Any) -> pdk.Layer:
    """Return a layer whose objects can be hovered and clicked, unless said otherwise."""
    said = {"pickable": True, "auto_highlight": True} | said
    known = {name: value for name, value in said.items() if value is not None}
    return pdk.Layer(kind, rows.to_dict("records"), id=layer_id, **known)


def discs(
    rows: pd.DataFrame, layer_id: str, colour: str, alpha: int, line_px: float, **said: Any
) -> pdk.Layer:
    """Return discs with a border, of a size in pixels."""
    return layer(
        "ScatterplotLayer",
        rows,
        layer_id,
        get_position="position",
        radius_units=String("pixels"),
        get_fill_color=[*rgb(colour), alpha],
        get_line_color=[*rgb(colour), 255],
        line_width_min_pixels=line_px,
        stroked=True,
        **said,
    )


def cell_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows of cells: `hex` for deck.gl, and `cell` as text, since JSON rounds numbers."""
    cells = frame["cell"].to_list()
    return pd.DataFrame({"hex": [f"{int(cell):x}" for cell in cells], "cell": map(str, cells)})


def tips(
    frame: pd.DataFrame, words: Callable[[pd.DataFrame], list[str]] | None = None
) -> list[str]:
    """Return what hovering shows: the column `tip`, or words made of the row."""
    if "tip" in frame:
        return frame["tip"].to_list()
    return (words or counts_in_words)(frame)


def counts_in_words(frame: pd.DataFrame) -> list[str]:
    """Return the name and kind of each place, where there are some, its check-ins and users."""
    lines = [
        [plural(n, "check-in"), *([plural(users, "user")] if users or not n else [])]
        for n, users in zip(frame["n_checkins"], frame["n_users"], strict=True)
    ]
    if "category" in frame:
        kinds = frame["category"].fillna("").astype(str)
        lines = [[kind, *rest] if kind else rest for kind, rest in zip(kinds, lines, strict=True)]
    if "item_name" in frame:
        names = frame["item_name"].fillna(frame.get("item_id", "")).astype(str)
        lines = [[name, *rest] for name, rest in zip(names, lines, strict=True)]
    return ["\n".join(each) for each in lines]


def _flows_in_words(frame: pd.DataFrame) -> list[str]:
    ends = ["From the light end to the dark end"] * len(frame)
    if "from_name" in frame:
        ends = [f"{a} → {b}" for a, b in zip(frame["from_name"], frame["to_name"], strict=True)]
    counts = counts_in_words(frame[["n_checkins", "n_users"]])
    return [f"{end}\n{words}" for end, words in zip(ends, counts, strict=True)]


def positions(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows with a field `position`: longitude and latitude, as deck.gl wants them."""
    return pd.DataFrame({"position": _pairs(frame["lon"], frame["lat"])})


def _pairs(lon: pd.Series | list[float], lat: pd.Series | list[float]) -> list[list[float]]:
    # Five decimals are one metre; more only makes the page heavier.
    return np.column_stack([lon, lat]).astype(float).round(5).tolist()


def _spacing_m(frame: pd.DataFrame) -> float:
    """The typical distance of a place to the nearest other one, in metres."""
    from scipy.spatial import KDTree

    if len(frame) < 2:
        return 500.0
    xyz = unit_vectors(frame["lat"].to_numpy(dtype=float), frame["lon"].to_numpy(dtype=float))
    nearest = KDTree(xyz).query(xyz, k=2)[0][:, 1] * EARTH_RADIUS_KM * 1000
    return float(max(np.median(nearest), 20.0))


def _short(name: str, longest: int = 28) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1].rstrip()}…"
