"""What takes long goes on in the background, for as long as somebody waits for it."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from pages.shared import ui
from pages.shared.results import found_before, in_queue, kept, made_in_turn
from strec.errors import StrecError
from strec.progress import Progress
from strec.store import Store

T = TypeVar("T")

#: What is worked out of fewer check-ins is waited for: it takes a moment.
LEAST_CHECKINS = 200_000
#: Who has not asked for so long has left, and the work stops. A tab behind another one asks once
#: a minute.
_PATIENCE_S = 90.0


class _LeftError(Exception):
    """Nobody waits any more."""


class Work:
    """A result that is made in the background and then kept.

    Parameters
    ----------
    kind, store, setting
        Of the result; see `pages.shared.results.kept`.
    make : callable
        Makes it; takes a progress.
    """

    def __init__(
        self, kind: str, store: Store, setting: Hashable, make: Callable[[Progress], object]
    ):
        self._result = kind, store, setting
        # Bound to the visitor of the page, whose turn it takes.
        self._make = made_in_turn(
            lambda: kept(*self._result, lambda: self._do(make)),
            lambda place: self._report(in_queue(place), 0.0),
            is_later=True,
        )
        self._thread = threading.Thread(target=self._work, name=f"later-{kind}", daemon=True)
        self._asked = time.monotonic()
        self._is_left = False
        self.text, self.share = "", 0.0
        #: What it ended in, where it did not end well.
        self.error: Exception | None = None

    def begin(self) -> None:
        """Begin, if that was not done before."""
        if self._thread.ident is None:
            self._asked = time.monotonic()
            self._thread.start()

    def is_done(self) -> bool:
        """Return whether the result is there, and say that somebody still waits for it."""
        self._asked = time.monotonic()
        if isinstance(self.error, Exception) and not isinstance(self.error, StrecError):
            raise self.error
        return self._is_left or found_before(*self._result) is not None

    @property
    def is_usable(self) -> bool:
        """Whether waiting for it makes sense: it goes on, or has not begun."""
        return self._thread.ident is None or self._thread.is_alive()

    def _work(self) -> None:
        try:
            self._make()
        except _LeftError:
            self._is_left = True
        except Exception as error:  # Raised again where somebody looks.
            self.error = error

    def _do(self, make: Callable[[Progress], object]) -> object:
        self.text = ""  # The turn has come.
        return make(self._report)

    def _report(self, text: str, share: float) -> None:
        self.text, self.share = text, min(max(share, 0.0), 1.0)
        if time.monotonic() - self._asked > _PATIENCE_S:
            raise _LeftError


def is_large(store: Store) -> bool:
    """Whether what looks at people or models takes longer than anybody waits for a page."""
    return store.meta["n_checkins"] >= LEAST_CHECKINS


def soon(
    kind: str, store: Store, setting: Hashable, make: Callable[[Progress], T], words: str
) -> T:
    """Return what is kept, or make it with a bar; of a large store the page goes on without.

    Raises
    ------
    pages.shared.ui.Instead
        If it takes long: what is shown is `waiting`, and then the page again.
    """
    known = found_before(kind, store, setting)
    if known is not None:
        return known
    if is_large(store):
        work = work_on(kind, store, setting, make)
        raise ui.Instead(lambda: waiting(work, words))

    def made() -> T:
        with ui.progress(words) as report:
            return make(report)

    return kept(kind, store, setting, made)


def waiting(work: Work, words: str) -> None:
    """Say that something is worked out, and show the page again when it is there."""
    ui.fragment(_wait, run_every=1.0)(work, words)
    work.begin()


def _wait(work: Work, words: str) -> None:
    if work.is_done():
        st.rerun()
    if isinstance(work.error, StrecError):
        ui.say(work.error)
        return
    working(work, words)


def working(work: Work, words: str) -> None:
    """Show how far the work is."""
    st.progress(work.share, f"{words}: {work.text}" if work.text else f"{words}…")
    st.caption("There are many check-ins: this is worked out once, for all who look. Other pages "
               "can be looked at meanwhile.")  # fmt: skip


def work_on(kind: str, store: Store, setting: Hashable, make: Callable[[Progress], object]) -> Work:
    """Return the work on a result: the one that goes on, or a new one that has not begun."""
    key = kind, store.fingerprint, setting
    with _LOCK:
        for old in [each for each, work in _AT_WORK.items() if not work.is_usable]:
            del _AT_WORK[old]
        return _AT_WORK.setdefault(key, Work(kind, store, setting, make))


_LOCK = threading.Lock()
_AT_WORK: dict[Hashable, Work] = {}
