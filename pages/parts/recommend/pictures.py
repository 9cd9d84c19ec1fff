"""Pictures of items: those that the data name, and files given for this session."""

from pathlib import PurePath

import streamlit as st

from pages.shared import state, ui
from strec.io.pictures import MOST_BYTES, PLACEHOLDER, Pictures, host_of, thumbnail_of
from strec.recommend import Answer

_KINDS = ["png", "jpg", "jpeg", "webp", "gif"]
_MOST_HOSTS = 3


def uploader() -> None:
    """Ask for pictures whose file names are ids or names of items."""
    word = ui.item_word()
    files = st.file_uploader(
        "Pictures", type=_KINDS, accept_multiple_files=True, key="rec_pictures",
        help=f"Files named like a {word} or its id, such as “Third Rail.jpg”, or as the data names "
        "its picture. They are shown on the cards and forgotten with this session.",
    )  # fmt: skip
    kept, refused = {}, []
    for file in files or []:
        small = thumbnail_of(file.getvalue()) if file.size <= MOST_BYTES else None
        if small is None:
            refused.append(file.name)
        else:
            kept[PurePath(file.name).stem.casefold()] = small
    state.PICTURES.value = kept
    if refused:
        st.caption(f":material/error: Not a picture, or too large: {ui.plain(refused[0][:60])}")


def ask_for_web(answer: Answer) -> None:
    """Offer to load pictures from the web where the data name such addresses."""
    if "image" not in answer.frame.columns:
        return
    hosts = sorted({host for each in answer.frame["image"] if (host := host_of(each))})
    if not hosts:
        return
    more = f" and {len(hosts) - _MOST_HOSTS} more" if len(hosts) > _MOST_HOSTS else ""
    named = ", ".join(ui.plain(host[:60]) for host in hosts[:_MOST_HOSTS]) + more
    st.toggle("Load pictures from the web", key=state.WEB_PICTURES.name)
    st.caption(f"When on, your browser loads them from {named}, which can see that it does.")


def of_store(store) -> Pictures:
    """Return which of the pictures that the data name may be shown."""
    return Pictures(store.pictures, web=state.WEB_PICTURES.value)


def of_list(store, answer: Answer) -> list[str | None]:
    """Return the address of a picture for each suggestion; nothing where no item has one."""
    named = of_store(store)
    found = [_given(row) or named.show(row.get("image")) for row in answer.frame.to_dicts()]
    # Beside pictures, an item without one keeps its place.
    return [each or PLACEHOLDER for each in found] if any(found) else found


def _given(row: dict) -> str | None:
    kept = state.PICTURES.value
    names = [row["item_id"], row["item_name"]]
    if row.get("image"):
        names.append(PurePath(row["image"].replace("\\", "/")).stem)
    return next((kept[name.casefold()] for name in names if name.casefold() in kept), None)
