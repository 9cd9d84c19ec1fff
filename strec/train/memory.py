"""Memory that was let go of goes back to the system."""

import ctypes
import sys


def give_back() -> None:
    """Give memory that is free, but kept by the C library, back to the system (glibc alone does).

    What was freed between arrays that are still in use is kept else, so that a training of several
    stages would hold the garbage of all of them.

    Examples
    --------
    >>> give_back()
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        # Another C library, which has no such call.
        return
