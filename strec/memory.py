"""Memory that was let go of serves others, and goes back to the system."""

import ctypes
import sys

#: The number that GNU's C library has given to its setting of arenas.
_M_ARENA_MAX = -8


def few_arenas() -> bool:
    """Let all threads share two arenas (GNU's C library alone has them, eight a processor else).

    Each visitor of a server has a thread of their own, and what one of them let go of in one arena
    is of no use to the next one in another. Of use before many threads have begun alone.

    Returns
    -------
    bool
        Whether the library took it.

    Examples
    --------
    >>> isinstance(few_arenas(), bool)
    True
    """
    return _ask("mallopt", _M_ARENA_MAX, 2)


def give_back() -> bool:
    """Give memory that is free, but kept by the C library, back to the system (GNU's alone does).

    What was freed between arrays that are still in use is kept else, so that a training of several
    stages would hold the garbage of all of them.

    Returns
    -------
    bool
        Whether memory was returned.

    Examples
    --------
    >>> isinstance(give_back(), bool)
    True
    """
    return _ask("malloc_trim", 0)


def _ask(function: str, *numbers: int) -> bool:
    """Return what GNU's C library says; another system or library has no such function."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(getattr(ctypes.CDLL(None), function)(*numbers))
    except (OSError, AttributeError):
        return False
