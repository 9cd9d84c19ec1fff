"""Check-ins that come through the API, seen as they arrive."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from pages.parts.recommend import view
from pages.shared import ui
from pages.shared.in_use import DEFAULT_SAMPLE, given_store
from strec import schema
from strec.serve.events import EventLog, folder
from strec.serve.settings import store as served
from strec.store import Store

_EVERY_S, _SHOWN = 2.0, 10


def show(store: Store, known: view.People) -> None:
    """Show the latest check-ins that other programs sent, if these are the API's data."""
    if is_of_api(store) and folder().is_dir():
        ui.fragment(_latest, run_every=_EVERY_S)(known)


def is_of_api(store: Store) -> bool:
    """Whether the API answers from this data set."""
    if served() is None:
        sample = ui.current_sample()
        return sample is not None and sample.name == DEFAULT_SAMPLE
    given = given_store()
    return given is not None and given.fingerprint == store.fingerprint


def _latest(known: view.People) -> None:
    found = EventLog(folder()).latest(_SHOWN)
    if not found:
        return
    st.subheader("Arriving now", anchor=False)
    lines = [f"- {_moment(event)}: **{_who(event, known)}** at {ui.plain(event[schema.ITEM])}"
             for event in found]  # fmt: skip
    st.markdown("\n".join(lines))
    st.caption("The latest check-ins that other programs sent through the API, newest first.")


def _who(event: dict, known: view.People) -> str:
    user = event[schema.USER]
    # Somebody who is new to the data set has no pseudonym, and the id stays where it is.
    return ui.plain(view.name_of(user, known)) if user in known.pseudonym else "somebody new"


def _moment(event: dict) -> str:
    time = datetime.fromisoformat(event[schema.TIME]).astimezone(UTC)
    local = time + timedelta(minutes=event.get(schema.OFFSET) or 0)
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"
