"""Pictures of items, given from this computer for this session; nothing is fetched."""

from io import BytesIO
from pathlib import PurePath

import streamlit as st

from pages import _ui

_KINDS = ["png", "jpg", "jpeg", "webp"]
#: A thumbnail needs no more; larger pictures are refused before they are decoded.
_MOST_MB, _MOST_PIXELS = 10, 40_000_000


def uploader() -> None:
    """Ask for pictures whose file names are ids or names of items."""
    word = _ui.item_word()
    files = st.file_uploader(
        "Pictures", type=_KINDS, accept_multiple_files=True, key="rec_pictures",
        help=f"Files named like a {word} or its id, such as “Third Rail.jpg”. They are shown on "
        "the cards and forgotten with this session.",
    )  # fmt: skip
    kept, refused = {}, []
    for file in files or []:
        content = file.getvalue()
        if len(content) > _MOST_MB * 1_000_000 or not _is_picture(content):
            refused.append(file.name)
        else:
            kept[PurePath(file.name).stem.casefold()] = content
    st.session_state["rec_picture_of"] = kept
    if refused:
        st.caption(f":material/error: Not a picture, or too large: {_ui.plain(refused[0][:60])}")


def of(item_id: str, name: str) -> bytes | None:
    """Return the picture of an item, None where there is none."""
    kept = st.session_state.get("rec_picture_of") or {}
    return kept.get(item_id.casefold()) or kept.get(name.casefold())


def _is_picture(content: bytes) -> bool:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(content)) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return False
            picture.verify()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
    return True
