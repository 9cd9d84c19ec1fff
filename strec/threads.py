"""Threads: fewer where they would wait for each other, two where each has its own to do."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
#: More than two cores are rarely free, and each thread holds memory of its own.
WORKERS = 2


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread: where products are small, threads wait for each other.

    Examples
    --------
    >>> import torch
    >>> with one_thread():
    ...     torch.get_num_threads()
    1
    """
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def side_by_side(work: Callable[[int], T], n: int) -> Iterator[T]:
    """Yield ``work(0)``, ``work(1)``, … in order, a few worked out at a time.

    Parameters
    ----------
    work : callable
        Called from threads.
    n : int
        How many there are; who stops asking leaves the rest undone.

    Examples
    --------
    >>> list(side_by_side(lambda k: k * k, 3))
    [0, 1, 4]
    """
    from threadpoolctl import threadpool_limits

    # Each worker is a thread already: threads of its own for linear algebra would only get in
    # the way of the others.
    with threadpool_limits(1), ThreadPoolExecutor(WORKERS) as pool:
        for first in range(0, n, WORKERS):
            yield from pool.map(work, range(first, min(first + WORKERS, n)))
