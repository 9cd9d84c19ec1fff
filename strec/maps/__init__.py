"""Maps with deck.gl: whole maps from one frame, and layers to put together.

`hexagons`, `heatmap`, `points`, `arcs` and `columns` return a finished `pydeck.Deck`; `deck` puts
layers of your own choice on the same background. Without a network the background is strec's own
land, borders and graticule; no request is made.
"""

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, TypedDict, Unpack

import pandas as pd
import pydeck as pdk

from strec import spatial
from strec.errors import AnalysisError, check_is
from strec.maps.answer_layers import (
    chosen_layer,
    here_layer,
    history_layer,
    picking_layer,
    suggestion_layers,
)
from strec.maps.basemap import (
    attribution,
    furniture,
    ground_names,
    scale_words,
    style,
    thanks_of,
)
from strec.maps.extract import read_ground
from strec.maps.ground import GROUND, Ground
from strec.maps.layers import (
    MAX_ARCS,
    arc_layer,
    column_layer,
    heat_layer,
    hexagon_layer,
    label_layer,
    point_layer,
    track_layer,
)
from strec.maps.picture import pixels, to_svg
from strec.maps.scale import Classes, Scale, legend_html
from strec.maps.view import View, view_of
from strec.store import Frame, HasStore, Store, frame_of

__all__ = [
    "GROUND", "MAX_ARCS", "Classes", "Ground", "Look", "Scale", "View", "arcs", "attribution",
    "chosen_layer", "columns", "deck", "heatmap", "here_layer", "hexagon_layer", "hexagons",
    "history_layer",
    "label_layer", "legend_html", "picking_layer", "pixels", "point_layer", "points", "read_ground",
    "suggestion_layers", "to_html", "to_svg", "track_layer", "view_of",
]  # fmt: skip


#: Plain text, never HTML; pydeck's signature says bool and takes this.
_TOOLTIP: Any = {
    "text": "{tip}",
    "style": {
        "backgroundColor": "#26343D",
        "color": "#F4F6F5",
        "fontSize": "13px",
        "borderRadius": "6px",
        "maxWidth": "320px",
        "whiteSpace": "pre-line",
        "zIndex": "10",
    },
}


#: Whom the ground of an exported map thanks, in its corner.
_THANKS = (
    '<div style="position:fixed;right:0;bottom:0;z-index:9;padding:2px 8px;font:12px sans-serif;'
    'color:#46545C;background:#FBFAF7CC">{}</div>'
)


class Look(TypedDict, total=False):
    """How a map looks, whatever it shows.

    Parameters
    ----------
    view : View
        Where it looks at first; by default at the bulk of the places.
    labels : pandas.DataFrame or polars.DataFrame
        Items whose names serve as landmarks (see `label_layer`).
    dark : bool
        For a dark page.
    basemap : str
        As in `deck`.
    ground : Ground
        As in `deck`.

    Examples
    --------
    >>> look = Look(dark=True, basemap="offline")
    >>> places = {"lat": [40.7], "lon": [-74.0], "n_checkins": [3], "n_users": [2]}
    >>> points(pd.DataFrame(places), **look).layers[0].type
    'ScatterplotLayer'
    """

    view: View | None
    labels: Frame | None
    dark: bool
    basemap: str
    ground: Ground | None


def deck(
    layers: list[pdk.Layer],
    view: View,
    *,
    dark: bool = False,
    basemap: str = "auto",
    ground: Ground | None = None,
    pitch: float = 0,
) -> pdk.Deck:
    """Put layers on a background.

    Parameters
    ----------
    layers : list of pydeck.Layer
        From below to above. Objects that can be hovered have a text field `tip`; those that can
        be clicked are found in the selection under the id of their layer.
    view : View
        From `view_of`.
    dark : bool
        For a dark page.
    basemap : str
        `offline`, `tiles` (online) or `auto`: tiles where they can be reached (`STREC_TILES`
        says whose: CARTO's, `none`, or an address). Show
        `attribution(basemap)` beside the map.
    ground : Ground, optional
        Streets, water, parks and names to draw in place of tiles: from `read_ground` or
        `Ground.simulated`. Where it does not reach, it is left out.
    pitch : float
        Tilt in degrees; 45 suits columns.

    Examples
    --------
    >>> here = here_layer(40.7, -74.0)
    >>> made = deck([here], view_of([40.7], [-74.0]))
    >>> made.layers[0].type
    'ScatterplotLayer'
    """
    check_is(view, View, "A view is what maps.view_of returns.", AnalysisError)
    check_is(layers, Sequence, "Layers are a list.", AnalysisError)
    for each in layers:
        check_is(each, pdk.Layer, "A layer is what pydeck or strec.maps makes.", AnalysisError)
    if ground is not None:
        check_is(ground, Ground, "A ground is what maps.read_ground returns.", AnalysisError)
        ground = ground if ground.covers(view) else None
    return pdk.Deck(
        layers=[
            *layers,
            *furniture(view, dark, basemap, ground, is_flat=not pitch, written=layers),
        ],
        initial_view_state=pdk.ViewState(
            latitude=view.lat, longitude=view.lon, zoom=view.zoom, pitch=pitch, bearing=0
        ),
        views=[pdk.View(type="MapView", controller=True, repeat=True)],
        map_style=style(view, dark, basemap, ground),
        map_provider="carto",
        tooltip=_TOOLTIP,
    )


def to_html(deck: pdk.Deck) -> str:
    """Return a map as one self-contained page that opens without a network.

    Parameters
    ----------
    deck : pydeck.Deck
        From any function of this module.

    Examples
    --------
    >>> cells = pd.DataFrame({"cell": [608725924560502783], "lat": [40.71], "lon": [-74.0],
    ...                       "n_checkins": [7], "n_users": [3]})
    >>> "<link" in to_html(hexagons(cells, basemap="offline"))
    False
    """
    check_is(deck, pdk.Deck, "A map of strec.maps is needed.", AnalysisError)
    page, said = str(deck.to_html(as_string=True, offline=True)), deck.to_json()
    # A name in the data must not end the script that holds it.
    page = page.replace(said, said.replace("<", "\\u003c"))
    # The drawing code is inside; style sheets and a second library from elsewhere are not needed.
    head, start, rest = page.partition("<body")
    head = re.sub(r"<link\b[^>]*>|<script\b[^>]*\bsrc=[^>]*>\s*</script>", "", head)
    head = head.replace("<title>pydeck</title>", "<title>Map</title>")
    if thanks := thanks_of(str(deck.map_style or "")):
        rest = rest.replace(">", ">" + _THANKS.format(escape(thanks)), 1)
    return head + start + rest


def hexagons(
    cells: Frame | HasStore | Store,
    value: str = "n_checkins",
    elevation: str | None = None,
    *,
    scale: Scale | Classes | None = None,
    top: float | None = None,
    **look: Unpack[Look],
) -> pdk.Deck:
    """Return a map of H3 hexagons coloured by a column of `Store.cells`.

    Parameters
    ----------
    cells : pandas.DataFrame, Dataset or Store
        `cell`, `lat`, `lon`, `n_checkins`, `n_users` and the columns named.
    value, elevation : str
        Columns for colour and, optionally, for height.
    scale : Scale or Classes, optional
        Keep it, `top` and `view` the same over the frames of an animation.
    top : float, optional
        The value of the highest hexagon; the largest by default.
    **look
        See `Look`.

    Examples
    --------
    >>> cells = pd.DataFrame({"cell": [608725924560502783], "lat": [40.71], "lon": [-74.0],
    ...                       "n_checkins": [7], "n_users": [3]})
    >>> hexagons(cells, basemap="offline").layers[0].id
    'hexagons'
    """

    # Hexagons know where they are; centres are needed only to find a view.
    needed = ("cell", value) if look.get("view") else ("cell", value, "lat", "lon")
    cells = frame_of(cells, needed, _cells)

    def layer(view: View, dark: bool) -> pdk.Layer:
        return hexagon_layer(cells, value, scale, elevation, top, dark)

    return _shown(layer, cells, look, pitch=0 if elevation is None else 45)


def heatmap(
    places: Frame | HasStore | Store, value: str = "n_checkins", **look: Unpack[Look]
) -> pdk.Deck:
    """Return a map of smooth density from weighted places (cells or points).

    Parameters
    ----------
    places : pandas.DataFrame, Dataset or Store
        `lat`, `lon` and the column named.
    value : str
        The weight.
    **look
        See `Look`.

    Examples
    --------
    >>> from strec import Dataset
    >>> heatmap(Dataset.sample("travel")).layers[0].type
    'HeatmapLayer'
    """
    places = frame_of(places, ("lat", "lon", value), _cells)
    return _shown(lambda view, dark: heat_layer(places, value, dark), places, look)


def points(
    places: Frame | HasStore | Store, value: str = "n_checkins", **look: Unpack[Look]
) -> pdk.Deck:
    """Return a map of single places as discs, at most 20,000 (`Store.points`).

    Parameters
    ----------
    places : pandas.DataFrame, Dataset or Store
        `lat`, `lon`, `n_checkins`, `n_users` and the column named.
    value : str
        What the area of a disc grows with.
    **look
        See `Look`.

    Examples
    --------
    >>> from strec import Dataset
    >>> points(Dataset.sample("travel")).layers[0].type
    'ScatterplotLayer'
    """
    places = frame_of(places, ("lat", "lon", value), lambda store: store.points())
    return _shown(lambda view, dark: point_layer(places, value), places, look)


def arcs(
    flows: Frame | HasStore | Store, *, most: int = MAX_ARCS, **look: Unpack[Look]
) -> pdk.Deck:
    """Return a map of the largest flows from place to place (`Store.flows`).

    Parameters
    ----------
    flows : pandas.DataFrame, Dataset or Store
        `from_lat`, `from_lon`, `to_lat`, `to_lon`, `n_checkins`, `n_users`, largest first.
    most : int
        Draw only so many.
    **look
        See `Look`.

    Examples
    --------
    >>> from strec import Dataset
    >>> arcs(Dataset.sample("travel"), most=5).layers[0].type
    'ArcLayer'
    """
    ends = ("from_lat", "from_lon", "to_lat", "to_lon", "n_checkins")
    flows = frame_of(
        flows, ends, lambda store: store.flows(None, spatial.resolution_that_shows(store))
    )
    lat, lon = (pd.concat([flows[f"from_{name}"], flows[f"to_{name}"]]) for name in ("lat", "lon"))
    look["view"] = view = look.get("view") or view_of(lat, lon)
    pitch = 30 if view.span_deg < 20 else 0
    return _shown(lambda view, dark: arc_layer(flows, view, most), flows, look, pitch)


def columns(
    frame: Frame | HasStore | Store,
    *,
    top: float | None = None,
    radius_m: float | None = None,
    scale: Scale | None = None,
    **look: Unpack[Look],
) -> pdk.Deck:
    """Return a tilted map of columns whose height is a count, for instance of one hour.

    For an animation give `top`, `radius_m`, `scale` and `view` once for the whole day, so that
    the frames can be compared.

    Parameters
    ----------
    frame : pandas.DataFrame, Dataset or Store
        `lat`, `lon`, `n_checkins`, `n_users`: one hour of `Store.cell_hours`.
    top : float, optional
        The count of the highest column.
    radius_m : float, optional
        Of a column, in metres; from the spacing of the places otherwise.
    scale : Scale, optional
        Of the colours.
    **look
        See `Look`.

    Examples
    --------
    >>> from strec import Dataset
    >>> columns(Dataset.sample("travel")).layers[0].type
    'ColumnLayer'
    """

    frame = frame_of(frame, ("lat", "lon", "n_checkins"), _cells)

    def layer(view: View, dark: bool) -> pdk.Layer:
        return column_layer(frame, top=top, radius_m=radius_m, scale=scale, dark=dark)

    return _shown(layer, frame, look, pitch=48)


def _cells(store: Store) -> pd.DataFrame:
    return store.cells(spatial.resolution_that_shows(store))


def _shown(
    layer: Callable[[View, bool], pdk.Layer], frame: pd.DataFrame, look: Look, pitch: float = 0
) -> pdk.Deck:
    view, dark = look.get("view") or view_of(frame["lat"], frame["lon"]), look.get("dark", False)
    labels, basemap = look.get("labels"), look.get("basemap", "auto")
    ground = look.get("ground")
    layers = [layer(view, dark)]
    if labels is not None:
        names = [scale_words(view)] if not pitch else []
        if ground is not None:
            names += ground_names(ground, view, names)
        layers.append(label_layer(labels, view, dark, avoid=names))
    return deck(layers, view, dark=dark, basemap=basemap, ground=ground, pitch=pitch)
