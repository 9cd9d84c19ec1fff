"""Items that nobody took yet: a list beside the check-ins, so that models can suggest them."""

import secrets
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import streamlit as st

from pages.parts.data import draft as drafts
from pages.parts.keep import work
from pages.shared import state, ui, visitor
from pages.shared.in_use import given_store
from pages.shared.results import in_turn
from pages.shared.state import Key
from strec.errors import LimitError, ReadError, StrecError
from strec.io import Limits
from strec.io.apart import apart
from strec.io.catalogue import read_catalogue
from strec.io.limits import size_text
from strec.store import Store
from strec.wording import plural

#: An upload may be so large, and name so many items: every model scores each of them.
MOST_BYTES = 50 * 2**20
LIMITS = Limits(max_bytes=4 * MOST_BYTES, max_rows=200_000)
#: Items that are shown of those that were given.
SHOWN = 200
#: What a column was taken for.
LABELS = {"item_id": "Item", "item_name": "Name", "category": "Kind", "lat": "Latitude",
          "lon": "Longitude", "text": "Text"}  # fmt: skip


def show() -> None:
    """Show the items that the data set in use is told of, and take a file of others."""
    store = ui.current_store()
    # A copy of what an operator serves to everybody is not each visitor's to make.
    if store.is_elsewhere or (store is given_store() and not visitor.may_open_files()):
        return
    error, said = state.UNTAKEN_ERROR.take(), state.UNTAKEN_SAID.value
    known = store.catalogue
    told = "" if known is None else f": {plural(len(known), 'item')}"
    with st.expander(
        f"Items that nobody took yet{told}",
        icon=":material/fiber_new:",
        expanded=error is not None or bool(said and known is not None),
    ):
        if error is not None:
            ui.show_error(error)
        if known is not None:
            _known(known, said)
        st.markdown(
            "New places, products before their first sale: **a table with a row per item**, which "
            "it is and, where known, its name, kind, latitude and longitude. Models expect of each "
            "what items of its kind and place had when they were new, and suggest it too."
        )
        st.file_uploader(
            "A file of items, of any kind that check-ins may come in",
            key=_file(store).name,
            on_change=_given,
            args=(store,),
        )


def _known(items: pl.DataFrame, said: str) -> None:
    if said:
        st.caption(ui.plain(said))
    st.dataframe(items.head(SHOWN).drop("text"), hide_index=True, height=200)
    if len(items) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(items):,}.")
    st.button(
        "Leave them out",
        icon=":material/close:",
        type="tertiary",
        on_click=_left_out,
        key="data_untaken_out",
    )


def _file(store: Store) -> Key[Any]:
    # Another data set asks anew.
    return Key(f"data_untaken_{store.fingerprint[:12]}", None)


def _given(store: Store) -> None:
    upload = _file(store).value
    if upload is None:
        return
    try:
        if upload.size > MOST_BYTES:
            raise LimitError(
                f"A list of items has at most {size_text(MOST_BYTES)} here.",
                f"{size_text(upload.size)}.",
                "Give those that matter, or use strec clean --catalogue.",
            )
        with in_turn(), TemporaryDirectory(prefix="strec-items-") as folder:
            path = Path(folder) / "items"
            with path.open("wb") as file:
                shutil.copyfileobj(upload, file)
            found = apart(read_catalogue, [path], names=[upload.name], limits=LIMITS)
        taken = ", ".join(f"{LABELS[name]} = {column}" for name, column in found.columns.items())
        _tell(found.items, " ".join([f"{taken}.", *found.notes, *found.taken(store.items())]))
    # A callback stands where no page's guard is: whatever a file makes a library do.
    except BaseException as error:
        state.UNTAKEN_ERROR.value = ui.in_words(error) or ReadError(
            "A list of items that can be read to its end is needed.",
            "a library broke down while reading it.",
            "Export it again, as CSV.",
        )


def _left_out() -> None:
    try:
        _tell(None, "")
    except StrecError as error:
        state.UNTAKEN_ERROR.value = error


def _tell(items: pl.DataFrame | None, said: str) -> None:
    """Use the same check-ins, told of these items, or of none."""
    store = ui.current_store()
    # A copy of a sample is a person's own: it must not be called, and shared, like the sample.
    name = f"{store.name}, and new items" if ui.current_sample() is not None else None
    folder = ui.workspace() / f"store-{secrets.token_hex(6)}"
    told = store.with_catalogue(items, folder, name=name)
    ui.use_store(told)
    work.waits_for(told)
    if (draft := drafts.current()) is not None and draft.used == store.fingerprint:
        draft.used = told.fingerprint
    drafts.keep_latest_stores(folder.parent)
    state.UNTAKEN_SAID.value = said
