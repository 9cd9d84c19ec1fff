"""Data: from a stranger's file, or a sample, to the data set that every page shows."""

import streamlit as st

from pages.parts.data import clean, database, quality, source, taken, track, untaken
from pages.parts.data import columns as roles
from pages.parts.data import draft as drafts
from pages.parts.data.draft import Draft
from pages.parts.keep import dialog
from pages.shared import ui
from pages.shared.page import NextStep, Page


def content() -> NextStep | None:
    """Show the ways to bring data, or the draft under way."""
    database.copy_if_wanted()
    draft = drafts.current()
    if draft is None:
        source.in_use()
        dialog.waiting()
        source.files()
        source.sample_cards()
        # Below what a stranger looks for first.
        untaken.show()
        return "See when people act", "time"
    # While a file waits to be used, the way on is the button "Use this data".
    return show(draft)


def show(draft: Draft) -> None:
    """Lead from the files to a data set, as far as they allow."""
    if draft.known is not None:
        source.known_before(draft, draft.known)
        return
    if not source.files_given(draft):
        return
    roles.recognised(draft)
    roles.must_be_answered(draft)
    taken.lines(draft)
    if draft.open_questions:
        st.info("Answer the question above, and the file is read.", icon=":material/arrow_upward:")
        roles.raw_preview(draft)
        with st.expander("Which column is what?", icon=":material/view_column:"):
            roles.column_form(draft)
        return
    if draft.table is not None:
        database.show(draft, draft.table)
        return
    # What shows progress has a place of its own, so that all below stays where it is.
    with st.container():
        ready = ui.succeeds(draft.read) and ui.succeeds(draft.prepare)
    if not ready:
        roles.raw_preview(draft)
        roles.column_form(draft)
        return
    if draft.is_used_at_once and not draft.is_empty:
        draft.is_used_at_once = False
        ui.succeeds(draft.use)
    track.show(draft)
    summary(draft)
    details(draft)


def summary(draft: Draft) -> None:
    """Show what the data set will be, what was assumed, and the one button."""
    if draft.is_empty:
        st.warning(
            "Cleaning removed every check-in. Switch a step off, or loosen it, under **Cleaning**.",
            icon=":material/filter_alt_off:",
        )
        return
    with st.container(border=True):
        quality.headline(draft)
        roles.assumed(draft)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            draft.name = st.text_input(
                "Name of the data set", draft.name, max_chars=80, key=f"data_name_{draft.version}"
            )
            pressed = st.button(
                "Use this data",
                type="secondary" if _is_used(draft) else "primary",
                icon=":material/check:",
                key="data_use",
            )
        if _is_used(draft):
            st.success("Every page now shows this data set.", icon=":material/check_circle:")
            source.onward()
            untaken.show()
        with st.container():
            if pressed and ui.succeeds(draft.use):
                st.rerun()


def _is_used(draft: Draft) -> bool:
    return bool(draft.used) and draft.used == ui.current_store().fingerprint


def details(draft: Draft) -> None:
    """Show everything that can be looked at and changed before the data is used."""
    left_out = sum(draft.result.reasons.values())
    labels = [
        "Preview",
        "Columns and times",
        f"Rows left out ({left_out:,})",
        "Cleaning",
        "Quality",
    ]
    preview, columns, rejected, cleaning, report = st.tabs(labels, key="data_tabs")
    with preview:
        roles.preview(draft)
    with columns:
        roles.notes(draft)
        roles.column_form(draft)
        taken.time_pattern(draft)
    with rejected:
        clean.rejected_rows(draft)
    with cleaning:
        clean.steps(draft)
    with report:
        if draft.is_empty:
            st.caption("No check-in is left to be measured.")
        else:
            quality.of_draft(draft)


PAGE = Page(
    title="Data",
    icon="table_view",
    order=1,
    content=content,
    url="data",
    heading="Data",
    question="Who did what, when and where: bring a table, or explore a sample.",
    method="data",
    tour="Every analysis starts with a table: who, what, when, where. Pick a sample here, or "
    "drop your own file: strec guesses the columns and says what it would clean.",
    has_pins=False,
)
