"""Memory on a server: the collector looks at what is new, and what is free goes to the system."""

import gc

from strec import memory

#: Objects made before the youngest are looked at; Streamlit collects after each step of a visitor.
_YOUNG = 20_000


def tame_collector() -> None:
    """Keep what is loaded now out of every later collection.

    Libraries, samples and pages are a million objects that stay; a full collection walks through
    all of them, and Streamlit asks for one after each step of each visitor.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)


def give_back() -> bool:
    """Collect what visitors left, and return free memory to the system where it takes it.

    Else a server stays as large as in its busiest minute.

    Returns
    -------
    bool
        Whether memory was returned.

    Examples
    --------
    >>> isinstance(give_back(), bool)
    True
    """
    gc.collect()
    return memory.give_back()
