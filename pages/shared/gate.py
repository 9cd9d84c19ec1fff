"""What the dependence gate said about the data set in use, for every page that quotes it."""

import hashlib

import polars as pl

from pages.shared import state
from pages.shared.results import found_before
from strec.gate import DependenceResult, tested_before
from strec.store import Store

#: The kind of result, and its two settings: the full test, and a look at fewer check-ins.
KIND, FULL, QUICK = "dependence", "full", "quick"


def found(store: Store) -> DependenceResult | None:
    """Return the full test, run here or beforehand for a sample, else the quick look, if any.

    Where the visitor has brought a table of dates it is the test with that table.
    """
    shipped = None if dates(store) is not None else tested_before.result_of(store.fingerprint)
    return (
        found_before(KIND, store, setting(store, FULL))
        or shipped
        or found_before(KIND, store, setting(store, QUICK))
    )


def dates(store: Store) -> pl.DataFrame | None:
    """Return the table of dates that the visitor has brought for this data set."""
    brought = state.DATES.value.get(store.fingerprint)
    return None if brought is None else brought[0]


def setting(store: Store, which: str) -> str:
    """Return under what a result is kept here: one for each table of dates."""
    return setting_of(dates(store), which)


def setting_of(table: pl.DataFrame | None, which: str) -> str:
    """Return under what a result with this table of dates is kept."""
    if table is None:
        return which
    return f"{which} {hashlib.sha256(table.write_csv().encode()).hexdigest()[:16]}"
