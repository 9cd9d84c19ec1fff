"""Results kept by the content of a data set, and shared by all who look at that content.

Every cache of the pages has a bound and an age: it is made here.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache, wraps
from types import FunctionType
from typing import Any, TypeVar, cast

import pandas as pd
import streamlit as st

from pages.shared import visitor
from pages.shared.made import call, made
from strec.serve.turns import Turns
from strec.store import Store, Warehouse

T = TypeVar("T")

#: What is older than this is worked out again, in seconds.
AGE = 12 * 3600
#: So much is kept of each kind; what takes room, such as fitted models, has its own number.
ROOM = {
    "demand": 8, "panel": 4, "split": 2, "recommender": 6, "model": 24, "quick model": 12,
    "run": 12, "replay": 24, "once": 512, "picture": 160,
}  # fmt: skip
_USUAL_ROOM = 120


def by_content(spinner: str | bool = False, most: int = 32) -> Callable:
    """Return a decorator that keeps what a function returns, a data set known by its content.

    What has a spinner takes long: it is done in turn, and who waits sees the place.
    """
    keep_it = st.cache_data(
        max_entries=most,
        ttl=AGE,
        show_spinner=spinner,
        hash_funcs={
            Store: lambda store: store.fingerprint,
            Warehouse: lambda store: store.fingerprint,
            FunctionType: lambda each: f"{each.__module__}.{each.__qualname__}",
        },
    )

    def decorated(function: Callable) -> Callable:
        @wraps(function)
        def made(*args, **kwargs):
            # Within a cached function nothing may be drawn: who has to wait does so outside.
            with _turns().turn(_wait_outside, visitor.who()) if spinner else nullcontext():
                return function(*args, **kwargs)

        known = keep_it(made)
        if not spinner:
            return known

        @wraps(function)
        def asked(*args, **kwargs):
            try:
                return known(*args, **kwargs)
            except _MustWait:
                with in_turn():
                    return known(*args, **kwargs)

        vars(asked)["clear"] = known.clear
        return asked

    return decorated


class _MustWait(Exception):
    """There is no room at once for what takes long."""


def _wait_outside(_: int) -> None:
    raise _MustWait


def counted(ask: Callable[..., T], store: Store, *setting: Hashable, **named: Hashable) -> T:
    """Ask a data set once per content and setting: ``counted(Store.cells, store, 7)``."""
    found = _counted(ask, store, *setting, **named)
    if isinstance(found, pd.DataFrame):
        return cast(T, made(found, call(ask, store, *setting, **named)))
    return found


@by_content("Counting…", most=256)
def _counted(ask: Callable[..., T], store: Store, *setting: Hashable, **named: Hashable) -> T:
    return ask(store, *setting, **named)


def kept(kind: str, store: Store, setting: Hashable, make: Callable[[], T]) -> T:
    """Return what is kept of a kind for a data set and a setting, or make it and keep it.

    For what reports progress while it is made, and for models, which are too large to be copied.
    """
    known = found_before(kind, store, setting)
    if known is not None:
        return known
    # Of several who ask at once, one makes it. Whoever makes something has a turn first, so that
    # nobody waits for a turn who holds up another that has one.
    with in_turn():
        return remembered(kind, (store.fingerprint, setting), make)


def found_before(kind: str, store: Store, setting: Hashable) -> Any:
    """Return what is kept of a kind for a data set and a setting, None where nothing is."""
    return _found(kind, (store.fingerprint, setting))


def keep(kind: str, store: Store, setting: Hashable, value: T) -> T:
    """Keep a result, in place of an older one, and return it; what is asked least makes room."""
    return _keep(kind, (store.fingerprint, setting), value)


def remembered(kind: str, key: Hashable, make: Callable[[], T]) -> T:
    """Return what is kept under a key, or make it: for what takes a moment, see `once`."""
    known = _found(kind, key)
    if known is not None:
        return known
    with _one_at_a_time(kind, key):
        known = _found(kind, key)
        return _keep(kind, key, make()) if known is None else known


def _found(kind: str, key: Hashable) -> Any:
    shelf = _shelf(kind)
    with _LOCK:
        made, value = shelf.get(key, (0.0, None))
        if value is None or made < time.monotonic() - AGE:
            return None
        shelf.move_to_end(key)
        return value


def _keep(kind: str, key: Hashable, value: T) -> T:
    shelf = _shelf(kind)
    with _LOCK:
        shelf[key] = time.monotonic(), value
        while len(shelf) > ROOM.get(kind, _USUAL_ROOM):
            shelf.popitem(last=False)
    return value


@contextmanager
def in_turn() -> Iterator[None]:
    """Do what takes long when the server has room for it, and show the place in the queue."""
    shown = None

    def tell(place: int) -> None:
        nonlocal shown
        shown = st.empty() if shown is None else shown
        shown.info(in_queue(place), icon=":material/hourglass:")

    with _turns().turn(tell, visitor.who()):
        if shown is not None:
            shown.empty()
        yield


def in_queue(place: int) -> str:
    """Return the place in the queue in words, see `strec.serve.turns.Turns.turn`."""
    if place:
        return f"The server is busy. Your place in the queue: {place}."
    return "What you asked for before this is worked out first."


def made_in_turn(
    make: Callable[[], T], tell: Callable[[int], object] | None = None, is_later: bool = False
) -> Callable[[], T]:
    """Return what makes a file for the visitor of this page, in turn, when it is asked for.

    What goes on in the background counts apart: the visitor's next page does not wait for it.
    """
    who = visitor.who()
    if who and is_later:
        who += " later"

    def made_now() -> T:
        with _turns().turn(tell, who):
            return make()

    return made_now


@cache
def _turns() -> Turns:
    return Turns()


def forget(kind: str, is_meant: Callable[[Hashable], bool]) -> None:
    """Forget what is kept of a kind under some keys."""
    with _LOCK:
        shelf = _shelf(kind)
        for key in [each for each in shelf if is_meant(each)]:
            del shelf[key]


def expire() -> None:
    """Forget what is too old, whether anybody asks for it or not."""
    oldest = time.monotonic() - AGE
    with _LOCK:
        for shelf in _SHELVES.values():
            for old in [each for each, (made, _) in shelf.items() if made < oldest]:
                del shelf[old]


_LOCK = threading.Lock()
_SHELVES: dict[str, OrderedDict[Hashable, tuple[float, Any]]] = {}
_MAKING: dict[Hashable, tuple[threading.Lock, int]] = {}


def _shelf(kind: str) -> OrderedDict[Hashable, tuple[float, Any]]:
    return _SHELVES.setdefault(kind, OrderedDict())


@contextmanager
def _one_at_a_time(*key: Hashable) -> Iterator[None]:
    """Wait until nobody else is within the same key."""
    with _LOCK:
        lock, n = _MAKING.get(key, (threading.Lock(), 0))
        _MAKING[key] = lock, n + 1
    try:
        with lock:
            yield
    finally:
        with _LOCK:
            n = _MAKING[key][1] - 1
            if n:
                _MAKING[key] = lock, n
            else:
                del _MAKING[key]
