"""The reasons in a language model's words, on demand: embedded, or a server of the person's own."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import cast

import streamlit as st

from pages.shared import llm_server, state, ui, visitor
from pages.shared.results import AGE, in_turn
from strec.errors import StrecError
from strec.explanation import Reasons
from strec.explanation.rephrase import Rephrased, Rephraser, Speaker
from strec.export import json_text

#: Loading the model, and writing; on a busy machine both took 150 s.
PROMISE_S = 60.0


def rephrase(reasons: Reasons) -> None:
    """Offer to say the reasons in other words, and show what came of it."""
    said = (reasons.item_id, tuple(reasons.sentences))
    with st.container(horizontal=True, vertical_alignment="center"):
        asked = st.button(
            "Say it in a language model's words", key="rec_speak", type="tertiary",
            icon=":material/record_voice_over:",
            help=f"The embedded model writes on this machine: within {PROMISE_S:.0f} seconds, or "
            "the sentences stay as they are. A name or number that is not in the evidence is not "
            "shown.",
        )  # fmt: skip
        with st.popover("A better language model", icon=":material/dns:", type="tertiary"):
            _server(reasons)
    if asked:
        with in_turn(), st.spinner("Writing, then checking every word against the evidence…"):
            state.SPOKEN.value = (said, _speak(reasons))
    kept = state.SPOKEN.value
    if kept is not None and kept[0] == said:
        _show(kept[1])


def _show(rephrased: Rephrased) -> None:
    if rephrased.is_llm:
        st.info(ui.plain(rephrased.text), icon=":material/record_voice_over:")
        st.caption(
            f"Written by a language model in {rephrased.seconds:.0f} s; every name, number and "
            "claim was found in the evidence."
        )
        return
    why = ui.plain("; ".join(rephrased.objections[:2])) or "it wrote nothing"
    st.caption(
        f":material/shield: The model's words are not shown ({why}). The sentences above are "
        "counted from the check-ins."
    )


def _speak(reasons: Reasons) -> Rephrased:
    try:
        if not (state.SERVER_URL.value and state.SERVER_MODEL.value):
            return _within_the_promise(reasons)
        said = Rephraser(_writer()).rephrase(reasons)
        # What another server answered is shown where the evidence carries it, and quoted nowhere.
        if state.SERVER_URL.value and said.draft and said.objections:
            return replace(said, objections=["it says what is not in the evidence"])
        return said
    except StrecError as error:
        return Rephrased(" ".join(reasons.sentences), False, [f"{error.found} {error.mend}"])


def _within_the_promise(reasons: Reasons) -> Rephrased:
    """Return what the embedded model wrote in the time promised, else the counted sentences."""
    begun = _begun(" ".join(reasons.sentences), reasons)
    try:
        return begun.result(timeout=PROMISE_S)
    except TimeoutError:
        late = f"not written within {PROMISE_S:.0f} s on this busy machine; it goes on: ask again"
        return Rephrased(" ".join(reasons.sentences), False, [late])


@st.cache_resource(max_entries=32, ttl=600, show_spinner=False)
def _begun(sentences: str, _reasons: Reasons) -> "Future[Rephrased]":
    """Let the embedded model write, one text after another; who asks again finds it going on."""
    # Nothing of a session is seen there.
    return _desk().submit(lambda: Rephraser(cast(Speaker, _embedded())).rephrase(_reasons))


@st.cache_resource(max_entries=1, ttl=AGE, show_spinner=False)
def _desk() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "strec-words")


def _writer() -> Speaker:
    # A cached property is a property, which the type checker does not see.
    url, model = state.SERVER_URL.value, state.SERVER_MODEL.value
    if url and model:
        from strec.llm.remote import RemoteWriter

        key, allowed = state.SERVER_KEY.value or None, visitor.llm_addresses()
        return cast(Speaker, RemoteWriter(url, model, key=key, addresses=allowed))
    return cast(Speaker, _embedded())


@st.cache_resource(max_entries=1, ttl=AGE, show_spinner=False)
def _embedded():
    from strec.llm.writer import Writer

    return Writer(int8=True)


def _server(reasons: Reasons) -> None:
    """Ask for a server that speaks OpenAI's protocol, and show the exact payload first."""
    st.caption(
        "Optional: a server of yours that speaks OpenAI's protocol (Ollama, vLLM …) writes better. "
        "Nothing is sent before you press the button; if it fails, the counted sentences stay."
    )
    url, model = llm_server.ask()
    if model is not None:
        st.text_input("Key (optional)", key=state.SERVER_KEY.name, type="password")
    if not (url and model):
        return
    try:
        payload = Rephraser(_writer()).payload(reasons)
    except StrecError as error:
        ui.show_error(error)
        return
    if payload is None:
        st.caption("Nothing would be sent: a name here cannot be told from the text around it.")
        return
    st.caption("What would be sent, names replaced by stand-ins:")
    st.code(json_text(payload), language="json", wrap_lines=True)
