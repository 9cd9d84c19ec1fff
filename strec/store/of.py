"""The store behind what an analysis was given."""

from typing import Any, Protocol

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
