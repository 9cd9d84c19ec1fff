"""A finished map: layers on a background, and the page that shows it anywhere."""

import re
from collections.abc import Sequence
from html import escape
from typing import Any, TypedDict

import pydeck as pdk

from strec.errors import AnalysisError, check_is
from strec.maps.basemap import furniture, style, thanks_of
from strec.maps.ground import Ground
from strec.maps.view import View
from strec.store import Frame

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
    >>> import pandas as pd
    >>> from strec.maps import points
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
    >>> from strec.maps import here_layer, view_of
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


def in_look(layers: list[pdk.Layer], view: View, look: Look, pitch: float = 0) -> pdk.Deck:
    """Put layers on the background that a look says."""
    dark, basemap = look.get("dark", False), look.get("basemap", "auto")
    return deck(layers, view, dark=dark, basemap=basemap, ground=look.get("ground"), pitch=pitch)


def to_html(deck: pdk.Deck) -> str:
    """Return a map as one self-contained page that opens without a network.

    Parameters
    ----------
    deck : pydeck.Deck
        From any function of this module.

    Examples
    --------
    >>> import pandas as pd
    >>> from strec.maps import hexagons
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
