"""Where data comes from: an upload, a file on this computer, a sample."""

from datetime import datetime

import streamlit as st

from pages.parts.data import database, quality
from pages.parts.data import draft as drafts
from pages.parts.data.draft import Draft
from pages.parts.keep import work
from pages.shared import state, ui, visitor
from pages.shared.in_use import open_folder
from pages.shared.page import go_to
from strec import wording
from strec.errors import ReadError, StrecError
from strec.io import Limits, Sample, samples
from strec.io.files import from_home
from strec.io.limits import size_text
from strec.project import ENDING
from strec.store import Store

ICONS = {"social": "groups", "ecommerce": "shopping_bag", "travel": "luggage",
         "traffic": "pedal_bike", "flights": "flight_takeoff"}  # fmt: skip


def in_use() -> None:
    """Say which data set is in use, with its quality for those who open it."""
    store = ui.current_store()
    panel = st.expander(
        f"In use now: **{ui.plain(store.name)}** · "
        + ("counted where it is" if store.is_elsewhere else "how good is it?"),
        icon=":material/database:",
        key="data_in_use",
        on_change="rerun",
    )
    with panel:
        if panel.open and store.is_elsewhere:
            database.of_store(store)
        elif panel.open:
            quality.of_store(store)


def files() -> None:
    """Offer to bring files."""
    st.subheader("Bring your own data", anchor=False)
    st.markdown(
        "A table with a row per event: **who** (user, customer, vehicle…), **what** (place, "
        "product, station…), **when**, and if possible **where** (latitude, longitude)."
    )
    if (error := state.UPLOAD_ERROR.take()) is not None:
        ui.show_error(error)
    st.file_uploader(
        "CSV, TSV, Excel, Parquet, JSON, GeoJSON, GeoPackage, GPX, KML or SQLite; also as .zip or "
        ".gz. Give files that belong together at once. Or a project that was saved.",
        accept_multiple_files=True,
        key=state.UPLOAD.name,
        on_change=_uploaded,
    )
    if visitor.may_open_files():
        limits = Limits()
        with st.expander("A large file on this computer", icon=":material/hard_drive:"):
            with st.form("data_path_form", border=False):
                st.text_area(
                    "Path of the file, or of a store's folder; several files, one a line",
                    key=state.PATH.name,
                    height=80,
                    placeholder="/home/me/checkins.parquet",
                )
                st.form_submit_button("Open", on_click=_path_given, key="data_path_open")
            st.caption(
                "Tables are read where they lie, piece by piece, up to "
                f"{size_text(limits.max_bytes)}; JSON arrays, workbooks and geographic files as a "
                f"whole, up to {size_text(limits.max_json_bytes)}. The folder of a store "
                "(`strec clean … --out FOLDER`) opens at once."
            )
    database.ask()


def files_given(draft: Draft) -> bool:
    """Show which files the draft has, and look at them; return whether they are a table."""
    _given(draft)
    try:
        with st.container(), st.spinner("Looking at the file…"):
            draft.look_at()
    except StrecError as error:
        ui.show_error(error)
        store = ui.current_store()
        st.caption(f"The data set in use is as it was: {ui.plain(store.name)}.")
        return False
    return True


def _given(draft: Draft) -> None:
    """Name the files, and offer others."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            ":material/description: "
            + " · ".join(f"**{ui.plain(name)}**" for name in draft.names[:6])
            + (f" and {len(draft.names) - 6} more" if len(draft.names) > 6 else "")
        )
        st.button(
            "Choose other files or a sample",
            icon=":material/close:",
            on_click=drafts.drop,
            key="data_drop",
        )


def onward() -> None:
    """Offer the way to the first page that shows the data."""
    if st.button(
        "See when people act", icon=":material/arrow_forward:", type="primary", key="data_next"
    ):
        go_to("time")


def known_before(draft: Draft, store: Store) -> None:
    """Say that these files were read before, and that the data set made of them is in use."""
    _given(draft)
    made = wording.moment(datetime.fromisoformat(store.meta["created"]), "%-d %B %Y, %H:%M")
    n = store.meta["n_checkins"]
    st.success(
        f"{'This file was' if len(draft.names) == 1 else 'These files were'} read before, with the "
        f"same content ({made} UTC). What was made of it then is in use at once: "
        f"**{ui.plain(store.name)}**, {n:,} check-ins, read and cleaned as then.",
        icon=":material/history:",
    )
    with st.container(horizontal=True):
        onward()
        st.button(
            "Read it anew", icon=":material/restart_alt:", on_click=draft.read_anew,
            key="data_anew", help="To read columns or times otherwise, or to clean by other steps.",
        )  # fmt: skip


def sample_cards() -> None:
    """Show the samples as cards, each with a button that takes it."""
    st.subheader("Or explore a sample", anchor=False)
    listed = samples()
    now = ui.current_sample()
    for start in range(0, len(listed), 3):
        for column, sample in zip(st.columns(3), listed[start : start + 3], strict=False):
            with column.container(border=True, height="stretch"):
                _card(sample, now is not None and now.name == sample.name)


def _card(sample: Sample, is_used: bool) -> None:
    icon = ICONS.get(sample.name, "dataset")
    st.markdown(f"##### :material/{icon}: {ui.plain(sample.title)}")
    if sample.simulated:
        st.badge("Simulated", icon=":material/science:", color="gray")
    else:
        st.badge("Real data", icon=":material/verified:", color="green")
    st.markdown(sample.story)
    article = "an" if sample.user_word[0] in "aeiou" else "a"
    st.caption(
        f"{sample.n_checkins:,} check-ins · {sample.n_users:,} users (each {article} "
        f"{sample.user_word}) · {sample.n_items:,} items ({sample.item_word_plural})",
        help=f"{sample.source} Licence: {sample.licence}.",
    )
    if st.button(
        "In use" if is_used else "Use this sample",
        key=f"data_sample_{sample.name}",
        icon=":material/check:" if is_used else None,
        disabled=is_used,
        width="stretch",
    ):
        ui.use_store(ui.sample_store(sample.name))
        st.rerun()


def _uploaded() -> None:
    uploads = state.UPLOAD.value
    if not uploads:
        return
    try:
        if len(uploads) == 1 and uploads[0].name.lower().endswith(ENDING):
            work.open_file(uploads[0])
            return
        drafts.start_with_uploads(uploads)
    # A project is opened here, where no page's guard is: whatever a file makes a library do.
    except BaseException as error:
        state.UPLOAD_ERROR.value = ui.in_words(error) or ReadError(
            "A file that can be read to its end is needed.",
            "a library broke down while reading it.",
            "Export it again.",
        )


def _path_given() -> None:
    if not visitor.may_open_files():
        return
    lines = [line.strip().strip("\"'") for line in state.PATH.value.splitlines()]
    paths = [from_home(line) for line in lines if line]
    if not paths:
        state.UPLOAD_ERROR.value = ReadError(
            "The path of a file is needed.", "nothing.", "Write the path of a file into the field."
        )
        return
    if len(paths) == 1 and (paths[0] / "meta.json").is_file():
        try:
            open_folder(paths[0])
        except StrecError as error:
            state.UPLOAD_ERROR.value = error
        return
    drafts.start(paths, [path.name for path in paths])
