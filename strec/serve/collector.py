"""Python's collector of cyclic garbage on a server: it looks at what is new, not at what stays."""

import gc

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
