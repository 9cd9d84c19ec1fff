"""Every exception that strec raises on purpose.

A message says three things: what was needed, what was found, and how to mend it. The app and
the command line show it as it is; neither shows a traceback for a `StrecError`.
"""


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
