"""What a server for strangers writes into its log: where it failed, no word of anybody's data."""

import logging
import traceback
from pathlib import Path

#: Steps on the way to a failure that are named, the last ones.
_STEPS = 8


def trail(error: BaseException | None) -> str:
    """Return what kind of error it is and where it came from, without its words: they may quote.

    Parameters
    ----------
    error : BaseException
        With its traceback, and those of its causes.

    Examples
    --------
    >>> def fails(who):
    ...     raise KeyError(f"no row of {who}")
    >>> try:
    ...     fails("ann")
    ... except KeyError as error:
    ...     trail(error).partition(" in ")[0], "ann" in trail(error)
    ('KeyError', False)
    """
    if error is None:
        return "nothing is known of it"
    steps = traceback.extract_tb(error.__traceback__)[-_STEPS:]
    where = " > ".join(f"{step.name} ({Path(step.filename).name}:{step.lineno})" for step in steps)
    said = type(error).__name__ + (f" in {where}" if where else "")
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return said if before is None else f"{trail(before)}, then {said}"


def without_words() -> None:
    """Have every log of this process say of an error where it was, and none of its words.

    Libraries write errors of their own accord, which quote a person's ids and texts.
    """

    def formatted(self: logging.Formatter, ei: tuple) -> str:
        return trail(ei[1])

    logging.Formatter.formatException = formatted
