"""The store behind what an analysis was given."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pandas as pd

from strec.errors import AnalysisError
from strec.store.store import Store


class HasStore(Protocol):
    """A data set, or whatever else has a store."""

    @property
    def store(self) -> Store:
        """Its check-ins behind an engine."""
        ...


def store_of(data: Any) -> Store | None:
    """Return the store itself, or that of a data set; None where there is none."""
    found = data if isinstance(data, Store) else getattr(data, "store", None)
    return found if isinstance(found, Store) else None


def frame_of(
    data: Any, ask: Callable[[Store], pd.DataFrame], columns: Sequence[str]
) -> pd.DataFrame:
    """Return a frame as it is, or what the store of a data set answers.

    Raises
    ------
    AnalysisError
        If a frame lacks one of the columns, or this is neither frame nor data set.
    """
    if (store := store_of(data)) is not None:
        return ask(store)
    found = data if isinstance(data, pd.DataFrame) else None
    if found is None or not set(columns) <= set(found.columns):
        raise AnalysisError(
            f"A data set, a store, or a pandas frame with {', '.join(columns)} is needed.",
            f"a {type(data).__name__}"
            + ("." if found is None else f" with {', '.join(map(str, found.columns))}."),
            "Make a data set with strec.Dataset.of(…), or ask a store for the frame.",
        )
    return found
