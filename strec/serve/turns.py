"""Heavy work in turn: so much at once, so many who wait, a place that is told, a clear refusal."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from strec.errors import LimitError
from strec.serve import settings

AT_ONCE, WAITING, PATIENCE = "STREC_AT_ONCE", "STREC_WAITING", "STREC_PATIENCE_S"
AT_ONCE_EACH, WAITING_EACH = "STREC_AT_ONCE_EACH", "STREC_WAITING_EACH"
#: How often who waits is told their place, in seconds.
_TELL_S = 0.5


class Turns:
    """A queue before work that takes much memory or time.

    Work within work needs no second turn. Who waits is served in the order of coming; who has as
    much work as one may have waits without holding up the others.

    Parameters
    ----------
    at_once : int, optional
        How many work at the same time; `STREC_AT_ONCE`, else the number of cores.
    waiting : int, optional
        How many may wait; `STREC_WAITING`.
    patience_s : float, optional
        How long anybody waits; `STREC_PATIENCE_S`.
    each : int, optional
        How much of one visitor is done at the same time; `STREC_AT_ONCE_EACH`.
    waiting_each : int, optional
        How much of one visitor may wait; `STREC_WAITING_EACH`.
    """

    def __init__(
        self,
        at_once: int | None = None,
        waiting: int | None = None,
        patience_s: float | None = None,
        each: int | None = None,
        waiting_each: int | None = None,
    ):
        cores = os.cpu_count() or 1
        self.at_once = at_once or int(settings.number(AT_ONCE, max(cores, 2)))
        self.waiting = waiting or int(settings.number(WAITING, 60, 30))
        self.patience_s = patience_s or settings.number(PATIENCE, 300, 120)
        self.each = each or int(settings.number(AT_ONCE_EACH, self.at_once, 1))
        self.waiting_each = waiting_each or int(settings.number(WAITING_EACH, self.waiting, 4))
        self._condition = threading.Condition()
        self._queue: list[_Waiting] = []
        self._at_work: Counter[str] = Counter()
        self._mine = threading.local()

    @contextmanager
    def turn(self, tell: Callable[[int], object] | None = None, who: str = "") -> Iterator[None]:
        """Wait for a turn, and hold it.

        Parameters
        ----------
        tell : callable, optional
            Called with the place in the queue, 1 for the next, while waiting, or with 0 where only
            the visitor's own work is waited for; what it raises ends the wait.
        who : str
            The visitor; work of nobody in particular is bounded together with all other.

        Raises
        ------
        LimitError
            If too many wait already, too much of this visitor, or the turn does not come in time.
        """
        if getattr(self._mine, "holds", False):
            yield
            return
        self._take(tell, who)
        self._mine.holds = True
        try:
            yield
        finally:
            self._mine.holds = False
            with self._condition:
                self._at_work[who] -= 1
                self._at_work += Counter()  # Who has nothing at work is not remembered.
                self._condition.notify_all()

    def _take(self, tell: Callable[[int], object] | None, who: str) -> None:
        me, until = _Waiting(who), time.monotonic() + self.patience_s
        with self._condition:
            if not self._queue_before(None) and self._may_work(who):
                self._at_work[who] += 1
                return
            if who and sum(each.who == who for each in self._queue) >= self.waiting_each:
                raise _busy(f"{self.waiting_each} of your own requests wait already")
            if len(self._queue) >= self.waiting:
                raise _busy(f"the server is busy: {len(self._queue)} wait already")
            self._queue.append(me)
        try:
            while True:
                with self._condition:
                    before = self._queue_before(me)
                    if not before and self._may_work(who):
                        self._at_work[who] += 1
                        return
                    is_own = not self._has_room(who) and sum(self._at_work.values()) < self.at_once
                    place = 0 if is_own else before + 1
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

    def _queue_before(self, me: "_Waiting | None") -> int:
        """How many wait before somebody, or in all, who could work if there were room."""
        stop = len(self._queue) if me is None else self._queue.index(me)
        return sum(self._has_room(each.who) for each in self._queue[:stop])

    def _has_room(self, who: str) -> bool:
        return not who or self._at_work[who] < self.each

    def _may_work(self, who: str) -> bool:
        return self._has_room(who) and sum(self._at_work.values()) < self.at_once


class _Waiting:
    """One who waits, for a visitor."""

    def __init__(self, who: str):
        self.who = who


def _busy(found: str) -> LimitError:
    return LimitError(
        "A free place for what takes long is needed.",
        f"{found}.",
        "Try again in a minute. Nothing was changed.",
    )
