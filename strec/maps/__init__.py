"""Maps with deck.gl: whole maps from one frame, and layers to put together.

`hexagons`, `heatmap`, `points`, `arcs` and `columns` return a finished `pydeck.Deck`, and so do
`suggestions`, `visits`, `way` and `replayed` for a recommendation; `deck` puts layers of your own
choice on the same background. Without a network the background is strec's own land, borders and
graticule; no request is made.
"""

from collections.abc import Callable
from typing import Unpack

import pandas as pd
import pydeck as pdk

from strec import spatial
from strec.maps.answer_layers import (
    chosen_layer,
    here_layer,
    history_layer,
    picking_layer,
    suggestion_layers,
)
from strec.maps.answers import first_kinds, replayed, suggestions, visits, way
from strec.maps.basemap import attribution, ground_names, scale_words
from strec.maps.decks import Look, deck, in_look, to_html
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
    "GROUND", "MAX_ARCS", "Classes", "Ground", "Look", "Scale", "View", "arcs",
    "attribution", "chosen_layer", "columns", "deck", "first_kinds", "heatmap", "here_layer",
    "hexagon_layer", "hexagons", "history_layer", "label_layer", "legend_html", "picking_layer",
    "pixels", "point_layer", "points", "read_ground", "replayed", "suggestion_layers",
    "suggestions", "to_html", "to_svg", "track_layer", "view_of", "visits", "way",
]  # fmt: skip


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
    return _shown(
        lambda view, dark: hexagon_layer(cells, value, scale, elevation, top, dark),
        cells, look, pitch=0 if elevation is None else 45,
    )  # fmt: skip


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
    return _shown(
        lambda view, dark: column_layer(frame, top, radius_m, scale, dark), frame, look, pitch=48
    )


def _cells(store: Store) -> pd.DataFrame:
    return store.cells(spatial.resolution_that_shows(store))


def _shown(
    layer: Callable[[View, bool], pdk.Layer], frame: pd.DataFrame, look: Look, pitch: float = 0
) -> pdk.Deck:
    view, dark = look.get("view") or view_of(frame["lat"], frame["lon"]), look.get("dark", False)
    labels, ground = look.get("labels"), look.get("ground")
    layers = [layer(view, dark)]
    if labels is not None:
        names = [scale_words(view)] if not pitch else []
        if ground is not None:
            names += ground_names(ground, view, names)
        layers.append(label_layer(labels, view, dark, avoid=names))
    return in_look(layers, view, look, pitch)
