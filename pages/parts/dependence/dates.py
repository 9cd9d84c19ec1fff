"""Public holidays, and a table of dates of the visitor's own, as parts of time to be tested."""

import tempfile
from pathlib import Path

import polars as pl
import streamlit as st

from pages.shared import state, ui
from pages.shared.results import AGE
from strec.demand import country_of
from strec.errors import MissingPartError, StrecError
from strec.gate.dates import countries, holidays_of, joined, read_dates
from strec.io.apart import apart
from strec.store import Store

NONE = "none"


def offer(store: Store) -> None:
    """Offer to say what was so on which date; with such a table the test is run again."""
    brought = state.DATES.value.get(store.fingerprint)
    label = "Test holidays, the weather, or what else is known of dates"
    with st.expander(label, icon=":material/event:", expanded=state.DATES_ERROR.is_set):
        if brought is not None:
            st.markdown(f"Tested with **{ui.plain(brought[1])}**.")
            st.button("Leave it out again", key="dependence_dates_drop", on_click=_drop,
                      args=[store])  # fmt: skip
            return
        if (error := state.DATES_ERROR.take()) is not None:
            ui.show_error(error)
        with st.form("dependence_dates_form", border=False):
            left, right = st.columns(2)
            names = _countries()
            if names:
                home = country_of(store.time_zone)
                left.selectbox(
                    "Public holidays of",
                    sorted([NONE, *names], key=lambda code: (code != NONE, code != home)),
                    format_func=lambda code: names.get(code, "no country"),
                    key=state.DATES_COUNTRY.name,
                )
            right.file_uploader(
                "A table of dates: one column of dates, and columns of what was so",
                key=state.DATES_FILE.name,
            )
            st.form_submit_button("Test with these", on_click=_bring, args=[store])
        st.caption(
            "Each column becomes a part of *time*: words as they are, numbers with many values in "
            "fifths. For example: date, rain, on_sale. More parts ask for more evidence."
        )


@st.cache_data(max_entries=1, ttl=AGE)
def _countries() -> dict[str, str]:
    try:
        return countries()
    except MissingPartError:
        return {}


def _bring(store: Store) -> None:
    country = state.DATES_COUNTRY.value
    file = state.DATES_FILE.value
    table, names = None, []
    try:
        if file is not None:
            table = _read(file)
            names.append(file.name)
        if country != NONE:
            seen = store.summary()
            days = holidays_of(country, seen["first_date"], seen["last_date"])
            table = joined(table, days)
            names.append(f"the public holidays of {_countries()[country]}")
    except StrecError as error:
        state.DATES_ERROR.value = error
        return
    if table is not None:
        state.DATES.value = {**state.DATES.value, store.fingerprint: (table, " and ".join(names))}


def _read(file) -> pl.DataFrame:
    # A stranger's file is read in a process of its own.
    with tempfile.TemporaryDirectory(prefix="strec-dates-") as folder:
        path = Path(folder) / "dates"
        path.write_bytes(file.getbuffer())
        return apart(read_dates, str(path), file.name)


def _drop(store: Store) -> None:
    state.DATES.value = {
        key: each for key, each in state.DATES.value.items() if key != store.fingerprint
    }
