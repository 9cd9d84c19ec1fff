"""What the dependence gate said about the data set in use, for every page that quotes it."""

from pages.shared.results import found_before
from strec.gate import DependenceResult, tested_before
from strec.store import Store

#: The kind of result, and its two settings: the full test, and a look at fewer check-ins.
KIND, FULL, QUICK = "dependence", "full", "quick"


def found(store: Store) -> DependenceResult | None:
    """Return the full test, run here or beforehand for a sample, else the quick look, if any."""
    return (
        found_before(KIND, store, FULL)
        or tested_before.result_of(store.fingerprint)
        or found_before(KIND, store, QUICK)
    )
