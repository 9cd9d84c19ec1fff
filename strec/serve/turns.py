"""Heavy work in turn: so much at once, so many who wait, a place that is told, a clear refusal."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from strec.errors import LimitError
from strec.serve import settings

AT_ONCE, WAITING, PATIENCE = "STREC_AT_ONCE", "STREC_WAITING", "STREC_PATIENCE_S"
#: How often who waits is told their place, in seconds.
_TELL_S = 0.5


class Turns:
    """A queue before work that takes much memory or time.

    Work within work needs no second turn. Who waits is served in the order of coming.

    Parameters
    ----------
    at_once : int, optional
        How many work at the same time; `STREC_AT_ONCE`, else the number of cores.
    waiting : int, optional
        How many may wait; `STREC_WAITING`.
    patience_s : float, optional
        How long anybody waits; `STREC_PATIENCE_S`.
    """

    def __init__(
        self,
        at_once: int | None = None,
        waiting: int | None = None,
        patience_s: float | None = None,
    ):
        cores = os.cpu_count() or 1
        self.at_once = at_once or int(settings.number(AT_ONCE, max(cores, 2)))
        self.waiting = waiting or int(settings.number(WAITING, 60, 30))
        self.patience_s = patience_s or settings.number(PATIENCE, 300, 120)
        self._condition = threading.Condition()
        self._queue: deque[object] = deque()
        self._n_at_work = 0
        self._mine = threading.local()

    @contextmanager
    def turn(self, tell: Callable[[int], object] | None = None) -> Iterator[None]:
        """Wait for a turn, and hold it.

        Parameters
        ----------
        tell : callable, optional
            Called with the place in the queue, 1 for the next, while waiting; what it raises ends
            the wait.

        Raises
        ------
        LimitError
            If too many wait already, or the turn does not come in time.
        """
        if getattr(self._mine, "holds", False):
            yield
            return
        self._take(tell)
        self._mine.holds = True
        try:
            yield
        finally:
            self._mine.holds = False
            with self._condition:
                self._n_at_work -= 1
                self._condition.notify_all()

    def _take(self, tell: Callable[[int], object] | None) -> None:
        me, until = object(), time.monotonic() + self.patience_s
        with self._condition:
            if self._n_at_work < self.at_once and not self._queue:
                self._n_at_work += 1
                return
            if len(self._queue) >= self.waiting:
                raise _busy(f"{len(self._queue)} wait already")
            self._queue.append(me)
        try:
            while True:
                with self._condition:
                    if self._queue[0] is me and self._n_at_work < self.at_once:
                        self._n_at_work += 1
                        return
                    place = self._queue.index(me) + 1
                if time.monotonic() > until:
                    raise _busy(f"no turn came within {self.patience_s:.0f} seconds")
                # Outside of the lock: it draws on a page, and may end this visit.
                if tell is not None:
                    tell(place)
                with self._condition:
                    self._condition.wait(_TELL_S)
        finally:
            with self._condition:
                self._queue.remove(me)
                self._condition.notify_all()


def _busy(found: str) -> LimitError:
    return LimitError(
        "A free place for what takes long is needed.",
        f"the server is busy: {found}.",
        "Try again in a minute. Nothing was changed.",
    )
