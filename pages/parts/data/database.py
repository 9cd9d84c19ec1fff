"""A table of a database: looked at by its first rows, then counted where it is, or copied."""

from datetime import datetime

import streamlit as st

from pages.parts.data import columns as roles
from pages.parts.data import draft as drafts
from pages.parts.data.draft import Draft
from pages.shared import in_use, state, ui, visitor
from pages.shared.page import copy_button, go_to
from pages.shared.results import in_turn
from strec import wording
from strec.errors import ReadError, StrecError
from strec.io.warehouse import is_address, without_secret
from strec.store import Store, Warehouse


def ask() -> None:
    """Offer to look at a table of a database, where files of the server may be opened too."""
    if not visitor.may_open_files():
        return
    with st.expander("A table of a database", icon=":material/database:"):
        with st.form("data_database_form", border=False):
            st.text_input(
                "Address", key=state.DB_ADDRESS.name, placeholder="postgres://me@host/shop",
                help="What Ibis connects to: a DuckDB file (duckdb:///data/shop.duckdb), Postgres, "
                "ClickHouse, BigQuery, … The password in it is written nowhere.",
            )  # fmt: skip
            left, right = st.columns(2)
            left.text_input("Table", key=state.DB_TABLE.name, placeholder="sales")
            right.text_input(
                "Or a query", key=state.DB_QUERY.name,
                placeholder="SELECT * FROM sales WHERE year = 2024",
            )  # fmt: skip
            st.form_submit_button("Look at it", on_click=_given, key="data_database_look")
        st.caption(
            "Its first rows are looked at. Then the table is counted where it is, by questions to "
            "the database, or copied and read like a file."
        )


def show(draft: Draft, source: dict[str, str | None]) -> None:
    """Ask how the table is used: where it is, or as a copy."""
    with st.container(border=True):
        roles.assumed(draft)
        draft.name = st.text_input(
            "Name of the data set", draft.name, max_chars=80, key=f"data_name_{draft.version}"
        )
        with st.container(horizontal=True):
            is_counted = st.button(
                "Count it where it is", type="primary", icon=":material/database:",
                key="data_count_there",
            )  # fmt: skip
            is_copied = st.button(
                "Copy it, then read it like a file", icon=":material/content_copy:",
                key="data_copy",
            )  # fmt: skip
        st.caption(
            "Where it is, nothing is copied or cleaned: each picture of Time, Space and Demand is "
            "a question that the database answers. Comparing, models, recommendations and the "
            "privacy check read whole check-ins and need the copy."
        )
        with st.container():
            if is_counted and ui.succeeds(lambda: _count_there(draft, source)):
                go_to("time")
            if is_copied and ui.succeeds(draft.copy):
                st.rerun()
    roles.raw_preview(draft)
    with st.expander("Which column is what?", icon=":material/view_column:"):
        roles.column_form(draft)


def of_store(store: Store) -> None:
    """Say of a table that is counted where it is who counts, and since when it is known so."""
    asked = datetime.fromisoformat(store.meta["created"])
    st.markdown(
        f"Counted by {ui.plain(store.engine_in_words)}, nothing is copied or cleaned: rows without "
        "user, item or time are left out, and places that are none on the Earth count as none. "
        f"As the table was on {wording.moment(asked, '%-d %B %Y, %H:%M')} UTC; what pages have "
        "counted since is kept for some hours."
    )
    if visitor.may_open_files() and st.button(
        "Count it anew", icon=":material/refresh:", key="data_ask_anew"
    ):
        with in_turn(), st.spinner("Asking the database…"):
            is_open = ui.succeeds(lambda: in_use.ask_anew(_warehouse(store)))
        if is_open:
            st.rerun()
    copy_button()


def copy_if_wanted() -> None:
    """Begin the copy that another page asked for; it is used as soon as it is read."""
    if not state.COPY_WANTED.take() or not visitor.may_open_files():
        return
    there = _warehouse(ui.current_store())
    draft = drafts.start_with_table(there.source, there.name)
    draft.name, draft.columns, draft.is_used_at_once = there.name, there.mapping, True
    if not ui.succeeds(draft.copy):
        drafts.drop()


def _warehouse(store: Store) -> Warehouse:
    if isinstance(store, Warehouse):
        return store
    raise ReadError(
        "A table of a database is copied.", f"{store.name}, which is a copy.", "Use it as it is."
    )


def _count_there(draft: Draft, source: dict[str, str | None]) -> None:
    with in_turn(), st.spinner("Asking the database…"):
        there = Warehouse(
            str(source["address"]), table=source["table"], query=source["query"],
            mapping=draft.mapping, name=draft.name.strip() or None,
        )  # fmt: skip
    in_use.open_table(there)
    drafts.drop()


def _given() -> None:
    if not visitor.may_open_files():
        return
    said = {
        "address": state.DB_ADDRESS.value.strip(),
        "table": state.DB_TABLE.value.strip() or None,
        "query": state.DB_QUERY.value.strip() or None,
    }
    try:
        if not is_address(said["address"]):
            raise ReadError(
                "The address of a database begins with its kind: postgres://, duckdb:///, …",
                f"{without_secret(said['address'])!r:.100}.",
                "Write it as Ibis takes it; files are given above.",
            )
        draft = drafts.start_with_table(said, said["table"] or "query")
        try:
            draft.fetch_first_rows()
        except StrecError:
            drafts.drop()
            raise
    # What a driver raises beyond our own errors is said in words too.
    except Exception as error:
        state.UPLOAD_ERROR.value = ui.in_words(error) or ReadError(
            "A database that can be read is needed.", "its driver broke down.", "Check the address."
        )
