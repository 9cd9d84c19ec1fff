"""The guided tour of ten minutes: how it begins, what it works out beforehand, its card."""

import threading
from contextlib import suppress

import streamlit as st

from pages.parts.train.begin import begin
from pages.shared import gate, state, ui
from pages.shared.page import Page, all_pages, go_to
from strec.errors import StrecError
from strec.models import MODELS
from strec.runs import home, parameters, runs_in
from strec.store import Store

#: The sample that the tour shows: real check-ins, of which the test of dependence and the trained
#: models tell one story.
SAMPLE = "flights"


def start() -> None:
    """Begin the tour; who looks at a sample is shown the one whose story is told to its end."""
    state.TOUR.value = True
    if ui.current_sample() is None:
        return
    ui.choose_sample(SAMPLE)
    store = ui.sample_store(SAMPLE)
    train_beforehand(store)
    look_beforehand(store)


def proposed(store: Store) -> str | None:
    """Return the kind of model that the test of dependence proposes, if it has been run."""
    found = gate.found(store)
    return found.recommended_model if found and found.recommended_model in MODELS else None


def train_beforehand(store: Store) -> None:
    """Have the proposed model trained while the first steps are looked at, once for everybody."""
    kind = proposed(store)
    root = home(store, is_shared=True)
    runs = runs_in(root, store.fingerprint)
    known = {run.poll().state for run in runs if run.kind == kind}
    if kind is None or known & {"waiting", "running", "done"}:
        return
    # Where the server has no room for a training, the tour goes on without.
    with suppress(StrecError):
        begin({kind: parameters(kind, "quick", store=store)}, store, root, "quick")


def look_beforehand(store: Store) -> None:
    """Work out in the background what later steps show, so that nobody waits for them."""
    steps = [page.beforehand(store) for page in all_pages().values() if page.beforehand]

    def work() -> None:
        for step in steps:
            # What fails here fails again, and is said, where it is shown.
            with suppress(Exception):
                step()

    threading.Thread(target=work, name="tour", daemon=True).start()


def card(page: Page) -> None:
    """Show what the tour says about a page, while it is on."""
    stops = [each for each in all_pages().values() if each.tour]
    # The address remembers the tour, so that a reload goes on with it.
    if not state.TOUR.is_set and st.query_params.get("tour"):
        state.TOUR.value = True
    if state.TOUR.value:
        st.query_params["tour"] = "1"
    elif "tour" in st.query_params:
        del st.query_params["tour"]
    if not state.TOUR.value or page not in stops:
        return
    at = stops.index(page)
    is_last = at + 1 == len(stops)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/signpost: **Tour {at + 1}/{len(stops)}** · {page.tour_words()}")
        if not is_last and st.button("Next", type="primary", key="tour_next"):
            go_to(stops[at + 1].url)
        words = "That was the tour: back to the start" if is_last else "End the tour"
        if st.button(words, type="primary" if is_last else "tertiary", key="tour_end"):
            state.TOUR.value = False
            if is_last:
                go_to("")
            st.rerun()
