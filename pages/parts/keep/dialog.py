"""The dialogs: keep what is looked at, share it, open what was kept."""

import hashlib
from dataclasses import replace
from datetime import datetime
from functools import partial

import streamlit as st

from pages.parts.keep import recent, work
from pages.shared import state, ui, visitor
from strec import wording
from strec.dataset import Dataset
from strec.project import ENDING, Project
from strec.reporting import pinned_report
from strec.serve import settings
from strec.wording import plural

#: Beyond so many check-ins the data are too large to travel in a project.
MOST_CHECKINS = 2_000_000


def button(page: str) -> None:
    """Show the way to what can be kept and shared."""
    n = len(state.PINS.value)
    if st.button(
        f"Keep and share ({plural(n, 'picture')})" if n else "Keep and share",
        key="keep_and_share", icon=":material/bookmark:", type="tertiary",
    ):  # fmt: skip
        keep(page)


@st.dialog("Keep and share", width="medium")
def keep(page: str) -> None:
    """Offer a project as a file, and the address."""
    store = ui.current_store()
    # A widget's own value is gone once a page without it was shown.
    state.PROJECT_NAME.value = st.text_input(
        "Name", state.PROJECT_NAME.value or store.name, max_chars=80, key="keep_name"
    )
    state.PROJECT_NOTE.value = st.text_area(
        "Note", state.PROJECT_NOTE.value, max_chars=2000, height=80, key="keep_note",
        placeholder="What this is about",
    )  # fmt: skip
    with_data = False
    has_rows = not store.is_elsewhere and store.meta["n_checkins"] <= MOST_CHECKINS
    if ui.current_sample() is None and has_rows:
        with_data = st.toggle(
            "Put the data in", key="keep_with_data",
            help="Every check-in, ids of people included. Without, whoever opens the project "
            "brings the same file again.",
        )  # fmt: skip
    pins()
    project = work.now(page, with_people=with_data)
    kept = "selections, this page, how the data were read"
    if project.pins:
        kept += f", {plural(len(project.pins), 'pinned picture')} with notes"
    name = _file_name(project.name)
    with st.container(horizontal=True):
        ui.download(
            "Save the project", partial(_made, project, store, with_data, recent.folder()),
            f"{name}{ENDING}", "application/zip", "keep_save", "primary", "save",
        )  # fmt: skip
        if project.pins:
            ui.download(
                "Report as HTML", partial(pinned_report, project), f"{name}.html", "text/html",
                "keep_report", "secondary", "article",
            )  # fmt: skip
    st.caption(f"One file: {kept}{', the data' if with_data else ''}. Open it on Start or Data.")
    if project.pins:
        st.caption("A report becomes a PDF by its own button: print, and “Save as PDF”.")
    st.markdown("**Share this view**")
    st.code(work.link(), language=None, wrap_lines=True)
    if ui.current_sample() is None:
        st.caption("Whoever has this address sees these data, for as long as they are kept here.")


def pins() -> None:
    """Show the pinned pictures, each with its note."""
    if not state.PINS.value:
        st.caption(":material/keep: Pin a picture below it, and it stands in a report.")
        return
    st.markdown("**Pinned pictures**")
    noted = []
    for number, pin in enumerate(state.PINS.value):
        # Named by what is pinned besides: once one is let go, the others keep their notes.
        about = hashlib.blake2b(repr((pin.address, pin.title, pin.selection)).encode())
        key = f"{number}_{about.hexdigest()[:12]}"
        with st.container(horizontal=True, vertical_alignment="bottom"):
            note = st.text_input(
                ui.plain(pin.title), pin.note, key=f"pin_note_{key}", max_chars=1000,
                placeholder="What it shows",
            )  # fmt: skip
            st.button("", key=f"unpin_{key}", icon=":material/keep_off:", type="tertiary",
                      help="Unpin", on_click=_unpin, args=(number,))  # fmt: skip
        noted.append(replace(pin, note=note))
    state.PINS.value = tuple(noted)


def _unpin(number: int) -> None:
    now = state.PINS.value
    state.PINS.value = (*now[:number], *now[number + 1 :])


def _made(project: Project, store, with_data: bool, into) -> bytes:
    """Make the file, and keep it among the recent projects; no session is seen here."""
    recent.keep(project, None if store.is_elsewhere else store.folder, into)
    if with_data:
        data = Dataset.from_store(store).checkins
        project = replace(project, checkins=data, catalogue=store.catalogue)
    return project.to_bytes()


def _file_name(name: str) -> str:
    return "".join(each if each.isalnum() else "-" for each in name.lower()).strip("-")[:60] or "my"


@st.dialog("Open a project", width="medium")
def open_one() -> None:
    """Offer a file, and one's own recent projects."""
    given = st.file_uploader(
        "A project saved earlier", [ENDING.removeprefix(".")], key=state.PROJECT_FILE.name
    )
    if given is not None and ui.succeeds(lambda: work.open_file(given)):
        _show()
    listed = list(recent.mine())
    if listed:
        st.markdown("**Your recent projects**")
        age = "" if visitor.is_person() else f" They go after {settings.keep_hours():g} hours."
        st.caption(f"Only this browser sees them.{age}")
    for number, each in enumerate(listed):
        with st.container(horizontal=True, vertical_alignment="center"):
            pressed = st.button(
                f"{ui.plain(each.project.name)}", key=f"recent_{number}", width="stretch",
                help=f"{ui.plain(each.project.source.name)}, saved {_when(each.project.saved)}",
            )  # fmt: skip
            st.button(
                "", key=f"forget_{number}", icon=":material/delete:", type="tertiary",
                help="Forget it", on_click=each.forget,
            )  # fmt: skip
        if pressed and ui.succeeds(partial(_take_recent, each)):
            _show()


def _take_recent(each: recent.Recent) -> None:
    work.take(each.project, each.store() or work.found_again(each.project))


def _show() -> None:
    """Go where the project was looked at, or to the Data page, which asks for what it lacks."""
    work.go_to("data" if state.PROJECT_WAITING.value is not None else state.PROJECT_AT.take())


def waiting() -> None:
    """Say on the Data page which data an opened project waits for."""
    project = state.PROJECT_WAITING.value
    if project is None:
        return
    error = project.lacks_data()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            f"**{ui.plain(project.name)}** needs its data. Found: {ui.plain(error.found)} "
            f"{error.mend}",
            icon=":material/bookmark:",
        )
        st.button(
            "", key="project_not_now", icon=":material/close:", type="tertiary",
            help="Leave the project", on_click=_leave,
        )  # fmt: skip


def _leave() -> None:
    state.PROJECT_WAITING.value = None


def _when(saved: str) -> str:
    try:
        return wording.moment(datetime.fromisoformat(saved), "%-d %B %Y")
    except ValueError:
        return "at an unknown time"
