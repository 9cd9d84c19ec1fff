"""Memory that was let go of goes back to the system."""

import ctypes
import sys


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
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (OSError, AttributeError):
        # Another C library than GNU's.
        return False
