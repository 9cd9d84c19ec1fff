"""A language model on a server of the person's own: where it is, and what it would read."""

from typing import Any

import streamlit as st

from pages.shared import llm_server, state, ui, visitor
from pages.shared.results import by_content
from strec.errors import ModelError, StrecError
from strec.export import json_text
from strec.models import LLMAdviser
from strec.store import Store


def ask(store: Store) -> None:
    """Ask for the server's address and the model's name, and show what one question sends."""
    url, name = llm_server.ask()
    if not (url and name):
        return
    try:
        payload = sent(store, url, name)
    except StrecError as error:
        ui.show_error(error)
        return
    with st.expander("What one question sends: facts without users, names and places"):
        st.code(json_text(payload), language="json", wrap_lines=True)
        st.caption(
            "About a fifth of the check-ins are asked about, 200 while it is trained. A key, where "
            "the server wants one, is read from STREC_LLM_KEY and never kept."
        )


@by_content(most=16)
def sent(store: Store, url: str, name: str) -> dict[str, Any]:
    """Return what would be sent about one check-in of the data set."""
    return LLMAdviser.payload(store, url, name)


def chosen() -> dict[str, str]:
    """Return the server as parameters of a model; ModelError where the visitor may not ask it."""
    url, name = state.SERVER_URL.value, state.SERVER_MODEL.value
    if not (url and name):
        raise ModelError(
            "A language model on a server needs its address and its name.",
            "an empty field." if visitor.llm_addresses() != () else "no address is allowed here.",
            "Fill in both below the model, or choose another language model.",
        )
    allowed = visitor.llm_addresses()
    if allowed is not None and url not in allowed:
        raise ModelError("An address that the operator allows.", "another.", "Choose one listed.")
    return {"server": url, "server_model": name}
