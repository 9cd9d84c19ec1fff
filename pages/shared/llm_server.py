"""Where a language model of the person's own is asked: the server's address and its name."""

import streamlit as st

from pages.shared import state, visitor


def ask() -> tuple[str | None, str | None]:
    """Ask for the address and the model; neither where the operator allows no address."""
    allowed, key = visitor.llm_addresses(), state.SERVER_URL.name
    if allowed == ():
        st.caption(
            ":material/lock: This server sends nothing to others: its operator has allowed no "
            "address. Started by `strec app` on your own computer, strec takes any."
        )
        return None, None
    if allowed is None:
        url = st.text_input("Address", key=key, placeholder="http://localhost:11434/v1")
    else:
        url = st.selectbox("Address", allowed, index=None, key=key)
    return url, st.text_input("Model", key=state.SERVER_MODEL.name, placeholder="llama3.2")
