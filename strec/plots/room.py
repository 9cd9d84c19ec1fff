"""Room for the words beside a figure, known before it is drawn.

What plotly finds out while it draws, it draws a second time, and each word it looks at alone is a
layout of the whole page.
"""

import unicodedata
from collections.abc import Iterable
from typing import Any, cast

import numpy as np
import plotly.graph_objects as go

#: How wide a letter of an axis is, in pixels of the app's font, by the letters of that width.
_WIDTHS_PX = {3.2: "ijlI|.,:;'‘’!() -fJrt/", 9.8: "mwMW@%—…&"}
_LETTER_PX, _WIDE_LETTER_PX = 6.7, 12.2
#: Beside the longest word: the pad of the app's theme, a gap, and little for other fonts.
_BESIDE_PX, _TICK_PX, _TITLE_PX = 20, 8, 44
#: Of a colour bar: its pad, its thickness, its title, and the gaps between them.
BAR_PAD_PX = 14
_BAR_PX = 2 * BAR_PAD_PX + 10 + 38


def make_room(figure: go.Figure) -> go.Figure:
    """Leave as much room beside a figure as its words will take.

    Where less is left than needed, plotly's own `automargin` still makes it.

    Examples
    --------
    >>> bars = go.Figure(go.Bar(x=[2, 1], y=["Coffee shop", "Bar"], orientation="h"))
    >>> bars.update_layout(margin_l=8)  # doctest: +ELLIPSIS
    Figure(...
    >>> 70 < make_room(bars).layout.margin.l < 110
    True
    """
    # Nothing is hidden: the room below each word is asked for all of them at once.
    figure.for_each_xaxis(lambda axis: axis.update(ticklabeloverflow="allow"))
    figure.for_each_yaxis(lambda axis: axis.update(ticklabeloverflow="allow"))
    left = max((_left_of(figure, axis) for axis in figure.select_yaxes()), default=0)
    right = max(map(_right_of, figure.data), default=0)
    margin = cast(Any, figure.layout).margin
    figure.update_layout(margin_l=max(margin.l or 0, left), margin_r=max(margin.r or 0, right))
    return figure


def width_px(text: str) -> float:
    """Return about how wide a word is beside an axis, rather too wide than too narrow.

    Examples
    --------
    >>> round(width_px("Wednesday")), round(width_px("上海"))
    (63, 24)
    """
    return sum(_letter_px(letter) for letter in text)


def _letter_px(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return _WIDE_LETTER_PX
    return next((px for px, all_ in _WIDTHS_PX.items() if letter in all_), _LETTER_PX)


def _left_of(figure: go.Figure, axis: Any) -> int:
    """Return the pixels left of an axis of a figure's left side."""
    if axis.visible is False or axis.showticklabels is False or axis.side == "right":
        return 0
    name = axis.plotly_name.replace("axis", "")
    across = cast(Any, figure.layout[f"xaxis{name[1:]}"]).domain
    if across and across[0] > 0:
        return 0
    traces: list[Any] = list(figure.data)
    own = [each for each in traces if "y" in each and (each["yaxis"] or "y") == name]
    words = axis.ticktext if axis.ticktext is not None else _words(own, axis)
    longest = max((_lines_px(str(word)) for word in words), default=0.0)
    has_ticks = any(each.type == "heatmap" for each in own)
    return round(longest + _BESIDE_PX + _TICK_PX * has_ticks + _TITLE_PX * bool(axis.title.text))


def _lines_px(text: str) -> float:
    return max(map(width_px, text.split("<br>")))


def _words(traces: Iterable[Any], axis: Any) -> list[str]:
    """Return the longest words that stand at an axis that is not told its words."""
    values = [np.asarray(each["y"]).ravel() for each in traces if each["y"] is not None]
    named = [word for each in values for word in each.tolist() if isinstance(word, str)]
    if named or axis.type in ("category", "date", "log"):
        return named
    return [_number(values + [np.asarray(axis.range or ())], axis.ticksuffix)]


def _number(values: list[np.ndarray], suffix: str | None) -> str:
    """Return about the longest number at an axis."""
    finite = np.concatenate([each[np.isfinite(each)] for each in map(_floats, values)] or [[]])
    if not len(finite):
        return ""
    most = np.abs(finite).max()
    word = "0.05" if most < 1 else "8.5" if most < 10 else f"{most:.0f}"
    if most >= 10_000:
        word = f"{most / 1000:.0f}k"
    return f"{'−' if finite.min() < 0 else ''}{word}{suffix or ''}"


def _floats(values: np.ndarray) -> np.ndarray:
    return values.astype(float) if values.dtype.kind in "iufb" else np.array([])


def _right_of(trace: Any) -> int:
    """Return the pixels right of a figure that the colour bar of a trace takes."""
    if "colorbar" not in trace or trace["showscale"] is False:
        return 0
    bar = trace["colorbar"]
    if bar.orientation == "h" or bar.title.side != "right" or bar.x != 1:
        return 0
    numbers = [np.asarray(trace["z"], dtype=float).ravel()]
    if trace["zmax"] is not None:
        numbers = [np.array([trace["zmax"]])]
    words = bar.ticktext if bar.ticktext is not None else [_number(numbers, bar.ticksuffix)]
    return round(_BAR_PX + max(width_px(str(word)) for word in words))
