"""How a picture is made in Python: what made each of its parts is remembered with it.

A figure, or the table that it shows, is known by being the same object: of what a page changed
after it was made, nothing is said rather than something wrong.
"""

import inspect
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from strec.store import Filters, Store

T = TypeVar("T")
#: What only the look of a picture depends on.
_LOOK = {"below", "dark", "look", "clickable", "progress", "view", "basemap", "ground", "labels",
         "scale", "top", "height"}  # fmt: skip
#: Longer lists, such as the ids of many users, are no line of code.
_MOST_CHARACTERS = 400


@dataclass(frozen=True)
class Made:
    """An expression, with the lines and imports that it needs before."""

    text: str
    lines: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


_MADE: dict[int, tuple[weakref.ref, Made]] = {}


def part(how: Made | None, suffix: str) -> Made | None:
    """Return a part of what was made, or the same with something done to it: ``.head(12)``."""
    return None if how is None else Made(how.text + suffix, how.lines, how.imports)


def named(how: Made | None, name: str, text: str) -> Made | None:
    """Return an expression in which what was made has a name."""
    return None if how is None else Made(text, (*how.lines, f"{name} = {how.text}"), how.imports)


def room(name: str, text: str, *lines: str) -> Made:
    """Return an expression that begins with a room of strec: ``demand.Calendar("ES")``."""
    return Made(text, lines, (name,))


def made(value: T, by: Made | None) -> T:
    """Remember how a value was made, and return it."""
    at = id(value)
    if by is not None:
        _MADE[at] = weakref.ref(value, lambda _: _MADE.pop(at, None)), by
    return value


def of(value: Any) -> Made | None:
    """Return how a value was made, None where that is not known."""
    known = _MADE.get(id(value))
    return known[1] if known is not None and known[0]() is value else None


def built(function: Callable[..., T], *args: Any, **named: Any) -> T:
    """Return ``function(*args, **named)``, and remember that it was made so."""
    return made(function(*args, **named), call(function, *args, **named))


def call(function: Callable, *args: Any, **named: Any) -> Made | None:
    """Return a call as Python, None where an argument cannot be written down."""
    name, imports = _name_of(function)
    try:
        given = _signature(function).bind(*args, **named).arguments
    except TypeError:
        return None
    first = next((each for each in given if each != "self"), "")
    lines: list[str] = []
    said: list[str] = []
    for parameter, value in given.items():
        usual = _signature(function).parameters[parameter].default
        if parameter == "self" or parameter in _LOOK or _same(value, usual):
            continue
        written = _written(value)
        if written is None:
            return None
        lines += [line for line in written.lines if line not in lines]
        imports += tuple(each for each in written.imports if each not in imports)
        text = written.text
        if (isinstance(value, Made) or of(value) is not None) and "(" in text:
            short = "series" if parameter == "data" else parameter
            lines.append(f"{short} = {text}")
            text = short
        said.append(text if parameter == first else f"{parameter}={text}")
    return Made(f"{name}({', '.join(said)})", tuple(lines), imports)


def _written(value: Any) -> Made | None:
    if isinstance(value, Made):
        return value
    if isinstance(value, Store):
        return Made("data")
    if (known := of(value)) is not None:
        return known
    if callable(value) and hasattr(value, "__module__"):
        name, imports = _name_of(value)
        return Made(name, (), imports)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    imports: tuple[str, ...] = ()
    if isinstance(value, Filters):
        imports = ("Filters",)
    elif isinstance(value, list | tuple):
        parts = [_written(each) for each in value]
        if any(each is None or each.lines for each in parts):
            return None
        imports = tuple(dict.fromkeys(each for part in parts if part for each in part.imports))
    elif not isinstance(value, str | int | float | bool | date | None):
        return None
    text = repr(value)
    if "datetime.datetime(" in text or len(text) > _MOST_CHARACTERS:
        return None
    if "datetime.date(" in text:
        text = text.replace("datetime.date(", "date(")
        imports = ("from datetime import date", *imports)
    if isinstance(value, str) and text == f"'{value}'" and '"' not in value:
        text = f'"{value}"'
    return Made(text, (), imports)


def _same(value: Any, usual: Any) -> bool:
    if value is usual or (usual is None and isinstance(value, Filters) and value == Filters()):
        return True
    return type(value) is type(usual) and isinstance(value, str | int | float) and value == usual


@cache
def _signature(function: Callable) -> inspect.Signature:
    return inspect.signature(function)


@cache
def _name_of(function: Callable) -> tuple[str, tuple[str, ...]]:
    """Return what a public function is called, and what has to be imported for it."""
    name = function.__name__
    if vars(Store).get(name) is function or getattr(Store, name, None) is function:
        return f"data.store.{name}", ()
    parts = function.__module__.split(".")
    room = import_module(".".join(parts[:2]))
    if getattr(room, name, None) is function:
        return f"{parts[1]}.{name}", (parts[1],)
    return f"figures.{name}", (f"from {'.'.join(parts[:-1])} import {parts[-1]} as figures",)
