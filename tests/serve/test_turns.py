"""A queue before heavy work: in order, with a place, a bound, and no one left behind."""

import threading
import time
from contextlib import contextmanager

import pytest

from strec.errors import LimitError
from strec.serve.turns import Turns, _Waiting


@contextmanager
def busy(turns: Turns, who: str = ""):
    """Somebody works in another thread meanwhile."""
    begun, ended = threading.Event(), threading.Event()

    def work():
        with turns.turn(who=who):
            begun.set()
            ended.wait(5)

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(5)
    yield ended
    ended.set()
    thread.join(5)


def test_so_many_at_once_and_work_within_work_needs_no_second_turn():
    turns, at_work, most = Turns(2, 20), [], []

    def work():
        with turns.turn(), turns.turn():
            at_work.append(1)
            most.append(len(at_work))
            time.sleep(0.01)
            at_work.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(5)
    assert max(most) == 2 and len(most) == 8 and not turns._at_work


def test_who_waits_is_told_the_place_and_comes_in_turn():
    turns, places = Turns(1, 5), []
    with busy(turns) as ended:

        def tell(place):
            places.append(place)
            ended.set()

        with turns.turn(tell):
            assert places[0] == 1


def test_too_many_and_too_long_are_refused_in_words():
    turns = Turns(1, 1, patience_s=0.01)
    with busy(turns):
        with pytest.raises(LimitError, match="no turn came"), turns.turn():
            pass
        turns._queue.append(_Waiting("somebody"))
        with pytest.raises(LimitError, match="1 wait already"), turns.turn():
            pass
        turns._queue.clear()


def test_who_leaves_the_queue_holds_nobody_up():
    turns = Turns(1, 5)

    def leave(_):
        raise InterruptedError

    with busy(turns):
        with pytest.raises(InterruptedError), turns.turn(leave):
            pass
        assert not turns._queue
    with pytest.raises(ValueError), turns.turn():
        raise ValueError
    with turns.turn():
        assert sum(turns._at_work.values()) == 1


def test_who_asks_for_much_waits_alone_and_the_others_work():
    turns, places = Turns(2, 9, 5, each=1, waiting_each=1), []
    with busy(turns, "anna") as ended:
        waits = threading.Event()

        def tell(place):
            places.append(place)
            waits.set()

        def ask_again():
            with turns.turn(tell, "anna"):
                places.append("done")

        again = threading.Thread(target=ask_again)
        again.start()
        assert waits.wait(5)
        # A place is free, though Anna stands in the queue before Ben; and it is not hers.
        with turns.turn(lambda _: pytest.fail("Ben had to wait"), "ben"):
            pass
        with pytest.raises(LimitError, match="1 of your own requests"), turns.turn(who="anna"):
            pass
        assert places[0] == 0 and "done" not in places
        ended.set()
        again.join(5)
    assert places[-1] == "done" and not turns._queue
