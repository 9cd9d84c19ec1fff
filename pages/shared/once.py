"""What is worked out once for all who look: figures, and answers about what they share.

Known by the content of what it is about, so that nothing has to be named; of what changes while it
is looked at, such as a list of one visitor's own, another content is another question.
"""

import hashlib
import json
import pickle
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from datetime import date
from itertools import count
from types import FunctionType
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from plotly.basedatatypes import BaseFigure

from pages.shared import look
from pages.shared.dress import dressed
from pages.shared.made import call, made
from pages.shared.results import forget, remembered
from strec.plots.room import make_room
from strec.store import Store

T = TypeVar("T")

#: What is larger is known by being the same object, such as a fitted model: in bytes.
_MOST_CONTENT = 8_000_000
_NUMBERS = count()
#: What objects are called that nobody changes, as long as they live.
_NAMES: dict[int, tuple[weakref.ref, Hashable]] = {}
_GONE: deque[tuple] = deque()


def once(do: Callable[..., T], *about: Any, **how: Any) -> T:
    """Return ``do(*about, **how)``, worked out once per content of what it is about.

    The result is shared: nobody may change it; of a pandas frame each gets their own.
    """
    tidy()
    key = name_of(do), name_of(about), name_of(how)
    found = remembered("once", key, lambda: do(*about, **how))
    return found.copy(deep=False) if isinstance(found, pd.DataFrame) else found  # type: ignore[return-value]


def tidy() -> None:
    """Forget answers about what is gone: nobody can ask for them again, and they may be large."""
    while _GONE:
        name = _GONE.popleft()
        forget("once", lambda key, name=name: _mentions(key, name))


def drawn(draw: Callable[..., BaseFigure], *shown: Any, **how: Any) -> BaseFigure:
    """Return the figure ``draw(*shown, **how)``, drawn once and kept as its JSON.

    It goes to `ui.figure` as it is: its colours are those of the visitor's theme.
    """
    figure = Drawn(once(_spec, draw, look.is_dark(), shown, how))
    return made(figure, call(draw, *shown, **how))


class Drawn(BaseFigure):
    """A finished figure: its JSON, which every visitor's page sends as it is.

    Parameters
    ----------
    spec : str
        The figure as JSON.
    """

    def __init__(self, spec: str):
        # Nothing is validated again: that is most of what a figure costs.
        self._spec = spec

    def to_dict(self) -> dict[str, Any]:
        """Return what plotly's own figures return."""
        return json.loads(self._spec)


def _spec(draw: Callable, dark: bool, shown: tuple, how: dict[str, Any]) -> str:
    return finished(draw(*shown, **how), dark)


def finished(figure: Any, dark: bool) -> str:
    """Return a figure's JSON as the page shows it."""
    return dressed(str(quiet(figure, dark).to_json()), dark)


def quiet(figure: Any, dark: bool) -> Any:
    """Write a figure's words in the quiet colour of the theme, and leave room for them."""
    colour = look.QUIET[dark]
    figure.update_layout(font_color=colour, legend_font_color=colour)
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(tickfont_color=colour, title_font_color=colour)
    for trace in figure.data:
        for error in ("error_x", "error_y"):
            # Plotly's own is a dark grey, hardly to be seen on a dark page.
            if error in trace and trace[error].array is not None and trace[error].color is None:
                trace[error].color = colour
    return make_room(figure)


def name_of(thing: Any) -> Hashable:
    """Return what stands for a thing in a key: itself, its content, or that it is the same."""
    if thing is None or isinstance(thing, str | bytes | int | float | date):
        return type(thing).__name__, thing
    if isinstance(thing, Store):
        return "store", thing.fingerprint
    if isinstance(thing, FunctionType):
        return f"{thing.__module__}.{thing.__qualname__}"
    if isinstance(thing, list | tuple):
        return (type(thing).__name__, *map(name_of, thing))
    if isinstance(thing, dict):
        return ("dict", *((key, name_of(value)) for key, value in thing.items()))
    known = _NAMES.get(id(thing))
    if known is not None and known[0]() is thing:
        return known[1]
    try:
        content = _Content()
        pickle.dump(thing, content, protocol=5)
        name: tuple = type(thing).__name__, content.digest.hexdigest()
    except Exception:
        # What cannot be written down, or is large, is known by being the same object.
        name = type(thing).__name__, "object", next(_NUMBERS)
    if not isinstance(thing, pd.DataFrame | pd.Series | np.ndarray | set):
        _remember_name(thing, name)
    return name


def _remember_name(thing: Any, name: tuple) -> None:
    def gone(_: object) -> None:
        _NAMES.pop(at, None)
        if name[1] == "object":
            _GONE.append(name)

    at = id(thing)
    with suppress(TypeError):
        _NAMES[at] = weakref.ref(thing, gone), name


def _mentions(key: Any, name: Hashable) -> bool:
    return key == name or (isinstance(key, tuple) and any(_mentions(each, name) for each in key))


class _Content:
    """A file that keeps only what its content is called."""

    def __init__(self) -> None:
        self.digest, self.n_bytes = hashlib.blake2b(digest_size=16), 0

    def write(self, part: Any) -> int:
        self.n_bytes += len(part)
        if self.n_bytes > _MOST_CONTENT:
            raise ValueError("too large")
        self.digest.update(part)
        return len(part)
