"""The look of the page, written into a figure, so that the browser draws it once.

Streamlit's own theme is a template that is put into a figure after it has been drawn, for what
stands there then is another figure: all of it is drawn again.
"""

import hashlib
import json
from base64 import b64decode
from typing import Any

import numpy as np

from pages.shared import look

_FONT = '"Source Sans", sans-serif'
_LINE = {False: "#E6EAF1", True: "#31333F"}
#: How far the title of an axis stands from its words.
_APART_PX = {"xaxis": 20, "yaxis": 24}
Spec = dict[str, Any]


def dressed(figure: str, dark: bool) -> str:
    """Return a figure's JSON with all that the theme says of it; what the figure says stands."""
    spec: Spec = json.loads(figure, object_hook=_numbers)
    layout, defaults = spec.setdefault("layout", {}), _layout(dark)
    layout.pop("template", None)
    is_heatmap = any(trace.get("type") == "heatmap" for trace in spec["data"])
    for name in {*layout, *_APART_PX}:
        if name.rstrip("0123456789") in _APART_PX:
            layout[name] = _under(layout.get(name, {}), _axis(name[:5], dark))
            # Plotly gives heatmaps ticks of their own accord, and whatever else is told a colour.
            if layout[name].get("ticks") or is_heatmap:
                layout[name].setdefault("tickcolor", _LINE[dark])
    spec["layout"] = _under(layout, defaults)
    for trace in spec["data"]:
        if trace.get("type", "scatter") == "scatter":
            trace["marker"] = _under(trace.get("marker", {}), {"line": {"width": 0}})
    # The same revision means the same numbers: those are not compared one by one.
    said = json.dumps(spec)
    spec["layout"]["datarevision"] = hashlib.blake2b(said.encode(), digest_size=8).hexdigest()
    return json.dumps(spec)


def _numbers(found: Spec) -> Any:
    """Return numbers in bytes as a list: the browser would take them for others each time."""
    if "bdata" not in found:
        return found
    numbers = np.frombuffer(b64decode(found["bdata"]), found["dtype"])
    numbers = numbers.reshape([int(n) for n in str(found.get("shape", -1)).split(",")])
    told = numbers.astype(object)
    told[~np.isfinite(numbers)] = None
    return told.tolist()


def _layout(dark: bool) -> Spec:
    quiet = look.QUIET[dark]
    words = {"color": quiet, "family": _FONT, "size": 12}
    return {
        "font": words | {"weight": 400},
        "title": {
            "font": {"color": look.TEXT[dark], "family": _FONT, "size": 16, "weight": 700},
            "pad": {"l": 4},
            "x": 0,
            "xanchor": "left",
        },
        "legend": {"valign": "top", "borderwidth": 0, "font": words},
        "hoverlabel": {
            "bgcolor": look.GROUND[dark],
            "bordercolor": look.BORDER[dark],
            "font": words,
        },
        "margin": {"pad": 8, "l": 0, "r": 0},
        "paper_bgcolor": look.GROUND[dark],
        "plot_bgcolor": look.GROUND[dark],
    }


def _axis(name: str, dark: bool) -> Spec:
    quiet, line = look.QUIET[dark], _LINE[dark]
    axis = {
        "gridcolor": line,
        "zerolinecolor": line,
        "tickfont": {"color": quiet, "size": 12},
        "title": {"font": {"color": quiet, "size": 14}, "standoff": _APART_PX[name]},
        "automargin": True,
    }
    if name == "xaxis":
        return axis | {"showgrid": False, "zeroline": False}
    return axis


def _under(said: Spec, otherwise: Spec) -> Spec:
    """Return what is said, and where nothing is, the other; in all parts of both."""
    found = otherwise | said
    for name in otherwise.keys() & said.keys():
        if isinstance(said[name], dict) and isinstance(otherwise[name], dict):
            found[name] = _under(said[name], otherwise[name])
    return found
