"""How good the data is: headline numbers, findings in words, figures, and an HTML page."""

import polars as pl
import streamlit as st

from pages.parts.data.draft import CLEANED, MOST_IN_MEMORY, READ, Draft, some_users
from pages.shared import ui
from pages.shared.once import drawn
from pages.shared.results import by_content
from strec import wording
from strec.plots import quality as figures
from strec.profiling import QualityReport, quality
from strec.profiling.html import facts
from strec.store import Store

MARKS = {
    "serious": ":red-badge[Serious]",
    "check": ":orange-badge[Check]",
    "note": ":gray-badge[Note]",
}
WHICH = {CLEANED: "After cleaning", READ: "As it was read"}


def headline(draft: Draft) -> None:
    """Show what the data set would be, in numbers and one sentence."""
    report = draft.measure(CLEANED)
    left_out = sum(draft.result.reasons.values())
    counts = draft.count()
    with st.container(horizontal=True):
        st.metric("Check-ins", f"{counts['n_checkins']:,}")
        st.metric("Users", f"{counts['n_users']:,}" if counts["n_users"] else "nobody named")
        st.metric("Items", f"{counts['n_items']:,}")
        st.metric("First day", wording.moment(counts["first"], "%-d %b %Y"))
        st.metric("Last day", wording.moment(counts["last"], "%-d %b %Y"))
    words = []
    if left_out:
        words.append(
            f"{left_out:,} rows of the file could not be read as check-ins (see “Rows left out”)."
        )
    words.append(draft.report.sentence)
    serious = [finding for finding in report.findings if finding.severity == "serious"]
    if not report.n_places:
        words.append("There are no places, so maps stay empty.")
    st.markdown(" ".join(words))
    for finding in serious[:3]:
        st.warning(
            f"**{ui.plain(finding.title)}.** {ui.plain(finding.text)}",
            icon=":material/warning:",
        )


def of_draft(draft: Draft) -> None:
    """Show the quality of the draft, as read or after cleaning."""
    which = ui.choose("Which table", WHICH, "data_quality_which", show_label=False)
    notes = tuple(draft.result.notes)
    with st.container():
        report = draft.measure(which)
    report_view(report, draft.name, draft.result.n_checkins, notes)


def of_store(store: Store) -> None:
    """Show the quality of a data set in use."""
    report = _store_quality(store)
    report_view(report, store.name, store.meta["n_checkins"], (f"Source: {store.meta['source']}",))


def report_view(report: QualityReport, name: str, n_all: int, notes: tuple[str, ...] = ()) -> None:
    """Show a quality report with its figures and its download."""
    if n_all > MOST_IN_MEMORY:
        st.caption(
            f"Measured on {report.n_checkins:,} of {n_all:,} check-ins: those of some users."
        )
    numbers = facts(report)
    for start in range(0, len(numbers), 3):
        for column, (label, value, text) in zip(
            st.columns(3), numbers[start : start + 3], strict=False
        ):
            with column.container(gap=None):
                st.metric(label, value)
                st.caption(text)
    st.markdown("**What looks suspicious**")
    if not report.findings:
        st.success("Nothing.", icon=":material/check_circle:")
    for finding in report.findings:
        mark = MARKS[finding.severity]
        st.markdown(f"{mark} **{ui.plain(finding.title)}.** {ui.plain(finding.text)}")
    left, right = st.columns(2)
    with left:
        ui.figure(drawn(figures.completeness, report), "quality_columns")
    with right:
        if report.n_users:
            ui.figure(drawn(figures.users_by_checkins, report), "quality_users")
    ui.figure(drawn(figures.timeline, report), "quality_timeline")
    ui.download(
        "The report as a web page", lambda: report.html(name, notes), "quality.html", "text/html",
        key="data_quality_html", type="secondary",
    )  # fmt: skip


@by_content("Measuring the quality…", most=4)
def _store_quality(store: Store) -> QualityReport:
    return quality(some_users(pl.scan_parquet(store.folder / "checkins.parquet")))
