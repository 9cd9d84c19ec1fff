"""How far a long piece of work is: one form of callback for the whole library."""

from collections.abc import Callable

#: Called with what is being done, in words for a person, and the share done, 0 to 1.
Progress = Callable[[str, float], None]


def silent(text: str, share: float) -> None:
    """Report to nobody.

    Parameters
    ----------
    text : str
        What is being done.
    share : float
        How much of it is done, 0 to 1.

    Examples
    --------
    >>> silent("Reading", 0.5)
    """


def part_of(progress: Progress | None, begin: float, end: float) -> Progress:
    """Return the progress of one part of a larger piece of work.

    Parameters
    ----------
    progress : callable, optional
        The progress of the whole; nobody listens without one.
    begin, end : float
        Shares of the whole at which the part begins and ends, 0 to 1.

    Examples
    --------
    >>> part_of(lambda text, share: print(f"{text}: {100 * share:.0f} %"), 0.5, 1.0)("Writing", 0.5)
    Writing: 75 %
    """
    tell = progress or silent
    return lambda text, share: tell(text, begin + (end - begin) * min(share, 1.0))
