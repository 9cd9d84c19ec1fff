"""What the dependence gate said about the data set in use, for every page that quotes it."""

import streamlit as st

from strec.gate import DependenceResult, tested_before
from strec.store import Store


def found(store: Store) -> DependenceResult | None:
    """Return the full test, run here or beforehand for a sample, else the quick look, if any."""
    here = run_here()
    return (
        here.get((store.fingerprint, "full"))
        or tested_before.result_of(store.fingerprint)
        or here.get((store.fingerprint, "quick"))
    )


def run_here() -> dict[tuple[str, str], DependenceResult]:
    """Return this session's results by fingerprint and kind (``full``, ``quick``); add to it."""
    return st.session_state.setdefault("dependence", {})
