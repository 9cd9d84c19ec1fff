"""Who visits: the person that the app was started for, or anybody."""

import ipaddress

import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from pages.shared import state
from strec.serve import person, settings
from strec.serve.visitors import COOKIE


def who() -> str:
    """Return what one visitor's work is counted by; "" where nobody looks on."""
    session = get_script_run_ctx(suppress_warning=True)
    if session is None:
        return ""
    # All tabs of a browser are one visitor.
    return st.context.cookies.get(COOKIE) or session.session_id


def is_person() -> bool:
    """Whether the visitor is whom `strec app` was started for, at this computer.

    The app listens on this computer alone, and the browser came with the token. An address is no
    sign: whoever comes through a forwarder comes from this computer too.
    """
    return listens_here_alone() and person.knows(st.context.cookies.get(person.cookie_name()))


def may_open_files() -> bool:
    """Whether the visitor may open files of this computer by path, as the operator may decide."""
    decided = settings.local_files()
    return is_person() if decided is None else decided


def llm_addresses() -> tuple[str, ...] | None:
    """Return the addresses that the visitor may send prompts to; None stands for all."""
    listed = settings.llm_addresses()
    return None if "*" in listed or is_person() else listed


def listens_here_alone() -> bool:
    """Whether the app can be reached from this computer only."""
    address = st.get_option("server.address")
    try:
        return address == "localhost" or ipaddress.ip_address(address or "0.0.0.0").is_loopback
    except ValueError:
        return False


def is_narrow() -> bool:
    """Whether pictures are narrower than elsewhere: on a phone, and in a narrow window."""
    said = st.context.headers
    is_phone = said.get("Sec-CH-UA-Mobile") == "?1" or "Mobi" in (said.get("User-Agent") or "")
    return is_phone or state.WIDTH.value == "phone"
