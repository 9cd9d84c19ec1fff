"""The store behind what an analysis was given."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pandas as pd
import polars as pl

from strec.errors import AnalysisError
from strec.store.store import Store

#: A small table, as an analysis returns it or as somebody made it.
Frame = pd.DataFrame | pl.DataFrame


class HasStore(Protocol):
    """A data set, or whatever else has a store."""

    @property
    def store(self) -> Store:
        """Its check-ins behind an engine."""
        ...


def store_of(data: Any) -> Store | None:
    """Return the store itself, or that of a data set; None where there is none.

    Parameters
    ----------
    data : object
        A store, or anything that has one.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.dataset import Dataset
    >>> store_of(Dataset(schema.example())).summary()["n_checkins"], store_of("no data set")
    (4, None)
    """
    found = data if isinstance(data, Store) else getattr(data, "store", None)
    return found if isinstance(found, Store) else None


def frame_of(
    data: Any, columns: Sequence[str], ask: Callable[[Store], pd.DataFrame] | None = None
) -> pd.DataFrame:
    """Return a frame as it is, or, where there is a question, what a data set's store answers.

    Parameters
    ----------
    data : Dataset, Store, pandas.DataFrame or polars.DataFrame
        What an analysis was given.
    ask : callable
        Puts the question to a store.
    columns : sequence of str
        What a frame must have.

    Raises
    ------
    AnalysisError
        If a frame lacks one of the columns, or this is neither frame nor data set.

    Examples
    --------
    >>> import pandas as pd
    >>> frame_of(pd.DataFrame({"n_checkins": [3]}), ["n_checkins"])["n_checkins"].tolist()
    [3]
    """
    if ask is not None and (store := store_of(data)) is not None:
        return ask(store)
    if isinstance(data, pl.DataFrame):
        data = data.to_pandas()
    if isinstance(data, pd.DataFrame) and set(columns) <= set(data.columns):
        return data
    held = f" with {', '.join(map(str, data.columns))}" if isinstance(data, pd.DataFrame) else ""
    raise AnalysisError(
        ("" if ask is None else "A data set, a store, or ")
        + f"a pandas frame with {', '.join(columns)} is needed.",
        f"a {type(data).__name__}{held}.",
        "Make a data set with strec.Dataset.of(…), and ask its store for the frame.",
    )


def need_store(data: object) -> Store:
    """Return the store of a data set, or raise an error that says what is one.

    Parameters
    ----------
    data : object
        What was given; anything with a `store` is right.

    Examples
    --------
    >>> from strec import schema
    >>> from strec.dataset import Dataset
    >>> need_store(Dataset(schema.example())).summary()["n_users"]
    2
    """
    if (store := store_of(data)) is not None:
        return store
    raise AnalysisError(
        "A data set or a store is needed.",
        f"a {type(data).__name__}.",
        "Make one: strec.Dataset.of(…).",
    )
