"""Every exception that strec raises on purpose.

A message says three things: what was needed, what was found, and how to mend it. The app and
the command line show it as it is; neither shows a traceback for a `StrecError`.
"""

from collections.abc import Collection
from pathlib import Path


class StrecError(Exception):
    """The base of all errors of strec.

    Parameters
    ----------
    needed : str
        What the operation needs, as a sentence.
    found : str
        What was found instead.
    mend : str
        What the person can do about it.

    Examples
    --------
    >>> print(StrecError("A user column is needed.", "The file has columns a, b.",
    ...                  "Choose the user column."))
    A user column is needed. Found: The file has columns a, b. Mend: Choose the user column.
    """

    def __init__(self, needed: str, found: str, mend: str):
        self.needed, self.found, self.mend = needed, found, mend
        super().__init__(f"{needed} Found: {found} Mend: {mend}")

    def __reduce__(self):
        return type(self), (self.needed, self.found, self.mend)


class SchemaError(StrecError):
    """A table is not a canonical check-in table."""


class ReadError(StrecError):
    """A file cannot be read as check-ins."""


class LimitError(ReadError):
    """A file goes beyond a safety limit (size, rows, columns, decompressed size)."""


class MappingError(ReadError):
    """The columns of a file cannot be mapped to check-ins without an answer from the user."""


class RecipeError(StrecError):
    """A cleaning recipe is not valid."""


class ProjectError(StrecError):
    """A file is no saved project, or one that cannot be trusted or opened."""


class StoreError(StrecError):
    """A check-in store is missing, broken, or its engine cannot be reached."""


class AnalysisError(StrecError):
    """There is too little, or unsuitable, data for an analysis."""


class SplitError(StrecError):
    """The check-ins cannot be split into training, validation and test."""


class ModelError(StrecError):
    """A model cannot be fitted, loaded, or used for this query."""


class Cancelled(ModelError):
    """A training was stopped on purpose; its checkpoint stays."""


class RegistryError(StrecError):
    """A metric, a model or a format of another package cannot be used."""


class MissingPartError(StrecError):
    """An optional package or a model's weights are not installed."""


def as_path(value: object) -> Path:
    """Return the path that somebody gave.

    Parameters
    ----------
    value : object
        A text or a path.

    Raises
    ------
    ReadError
        If it is not the kind of thing that a path is.

    Examples
    --------
    >>> as_path("visits.csv").suffix
    '.csv'
    """
    if isinstance(value, str | Path):
        return Path(value)
    raise ReadError(
        "A path is a text or a pathlib.Path.",
        f"a {type(value).__name__}.",
        "Give the path of a file or a folder; for a table see strec.Dataset.from_frame.",
    )


def check_choice(
    value: object, known: Collection[str], what: str, error: type[StrecError] = StrecError
) -> None:
    """Refuse what is not one of some words.

    Parameters
    ----------
    value : object
        What was given.
    known : collection of str
        What can be chosen.
    what : str
        Begins the message, such as “A slice”.
    error : type
        Which `StrecError` to raise.

    Raises
    ------
    StrecError
        If it is none of them.

    Examples
    --------
    >>> check_choice("time", ("time", "weekday"), "A slice")
    """
    if not isinstance(value, str) or value not in known:
        raise error(
            f"{what} is one of {', '.join(known)}.", f"{value!r:.80}.", "Choose one of them."
        )


def check_is(value: object, kind: type, needed: str, error: type[StrecError] = StrecError) -> None:
    """Refuse what is not of a kind; `needed` says in a sentence what is.

    Parameters
    ----------
    value : object
        What was given.
    kind : type
        What it should be.
    needed : str
        A sentence that says so.
    error : type
        Which `StrecError` to raise.

    Raises
    ------
    StrecError
        If it is something else.

    Examples
    --------
    >>> check_is("ann", str, "A user is a text.")
    """
    if not isinstance(value, kind):
        raise error(needed, f"a {type(value).__name__}.", f"Give a {kind.__name__}.")
