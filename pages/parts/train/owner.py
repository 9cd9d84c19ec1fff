"""Whose a training is: on a shared sample, only who started it may stop, resume or discard it."""

import hashlib
import re
import secrets

import streamlit as st

from pages.shared import state, ui, visitor
from strec.runs import Run

_KEY, _TOKEN = "me", re.compile(r"[0-9a-f]{32}")


def mark() -> str:
    """Return this visitor's mark for a training that begins now.

    The secret behind it is in the session and in the address of the Train page, so that a reload
    keeps control; runs hold its hash, which gives nobody control.
    """
    secret = _secret() or secrets.token_hex(16)
    state.TRAIN_OWNER.value = secret
    st.query_params[_KEY] = secret
    return _hash(secret)


def may_control(run: Run) -> bool:
    """Whether this visitor may cancel, resume or discard a training.

    Trainings on one's own data are one's own; on a sample, which all visitors share, they belong
    to who started them, and to the person at the computer that runs strec.
    """
    if ui.current_sample() is None or visitor.may_open_files():
        return True
    secret = _secret()
    return secret is not None and secrets.compare_digest(run.owner, _hash(secret))


def keep_in_address() -> None:
    """Keep the secret in the address where there is one: changing pages clears it."""
    if (secret := state.TRAIN_OWNER.value) and st.query_params.get(_KEY) != secret:
        st.query_params[_KEY] = secret


def _secret() -> str | None:
    said = state.TRAIN_OWNER.value or st.query_params.get(_KEY, "")
    if not _TOKEN.fullmatch(said):
        return None
    state.TRAIN_OWNER.value = said
    return said


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
