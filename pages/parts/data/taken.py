"""One line per role: the column taken, three values of it, how sure that is, what else fits."""

import polars as pl
import streamlit as st

from pages.parts.data.columns import LABELS, ask, change
from pages.parts.data.draft import Draft
from pages.shared import ui
from strec.errors import MappingError
from strec.io.roles import Role
from strec.io.times import applied

#: Values a pattern of times is tried on.
N_TRIED = 10


def lines(draft: Draft) -> None:
    """Show what each column was taken for, what is in doubt first and as a choice."""
    if draft.look.format not in ("table", "geojson", "geopackage"):
        return
    doubts = {q.key: q for q in draft.questions if not q.must_be_answered and q.key in LABELS}
    open_keys = {q.key for q in draft.questions if q.must_be_answered}
    taken = draft.mapping.columns()
    with st.container(border=True, gap="small"):
        for role in draft.look.roles:
            question = doubts.get(role.field)
            if question is not None:
                # Something else fits too, or something speaks against the column.
                label = f":orange[:material/help:] **{LABELS[role.field][0]}**, to be checked. "
                ask(draft, question, label + ui.plain(question.text))
        for role in draft.look.roles:
            # A person's answer may have given the field another column, or none.
            if role.field not in doubts and taken.get(role.field) == role.column:
                _sure(draft, role)
        asked = {q.key for q in draft.questions if len(q.options) > 1}
        if draft.mapping.user_from == "nobody" and "user" not in asked:
            st.markdown(":material/person_off: **User**: nobody is named by these rows")
        if draft.mapping.item_from_place and "item" not in asked:
            st.markdown(":material/hexagon: **Item**: the hexagon of each place, about 130 m wide")
    if "timestamp" in open_keys:
        time_pattern(draft)


def _sure(draft: Draft, role: Role) -> None:
    examples = ", ".join(ui.plain(each[:24]) for each in role.examples)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f":green[:material/check_circle:] **{LABELS[role.field][0]}** = "
            f"{ui.plain(role.column)} :gray[{examples}]",
            width="content",
        )
        free = role.runner_up and role.runner_up not in draft.mapping.columns().values()
        if free and st.button(
            f"Rather {ui.plain(str(role.runner_up))}",
            type="tertiary",
            icon=":material/swap_horiz:",
            key=f"data_rather_{role.field}_{draft.version}",
        ):
            change(draft, lambda: draft.map_columns({role.field: role.runner_up}))


def time_pattern(draft: Draft) -> None:
    """Let a person write how the times are written, and show what it makes of ten of them."""
    with st.expander("Write the pattern of the times", icon=":material/schedule:"):
        columns = list(draft.look.columns)
        now = draft.mapping.timestamp
        column = st.selectbox(
            "Column of the times",
            columns,
            index=columns.index(now) if now in columns else 0,
            key=f"data_pattern_column_{draft.version}",
        )
        pattern = st.text_input(
            "Pattern",
            placeholder="dd.MM.yyyy HH:mm",
            help="d day, M month, y year, H hour, m minute, s second; or a strptime pattern such "
            "as %d.%m.%Y %H:%M.",
            key=f"data_pattern_{draft.version}",
        )
        if not pattern:
            return
        try:
            tried = applied(draft.look.preview[column], pattern, N_TRIED)
        except MappingError as error:
            ui.show_error(error)
            return
        st.dataframe(
            tried.with_columns(pl.col("read").fill_null("not understood")).rename(
                {"written": "As written", "read": "As read"}
            ),
            hide_index=True,
        )
        n_read = len(tried) - tried["read"].null_count()
        if st.button(
            f"Read the times so ({n_read} of {len(tried)} here)",
            disabled=not n_read,
            key=f"data_pattern_take_{draft.version}",
        ):
            changes = {"timestamp": column, "time_format": pattern}
            change(draft, lambda: draft.map_columns(changes))
