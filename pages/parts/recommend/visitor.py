"""Nobody yet: somebody who is not in the data, whose past is made by clicks or pasted."""

from datetime import datetime

import polars as pl
import streamlit as st

from pages.parts.recommend import view
from pages.parts.recommend.view import NEW
from pages.shared import state, ui
from strec import wording
from strec.recommend import Recommender
from strec.recommend.visitor import Visit, history, nearest_item, parse_history

_SHOWN = 6


def past(engine: Recommender) -> pl.DataFrame | None:
    """Return the visitor's check-ins as `Recommender.answer` takes them, None without any."""
    visits = _visits(engine)
    return history(engine.log, visits) if visits else None


def is_adding() -> bool:
    """Return whether a click on the map adds a visit."""
    return state.WHO.value == NEW and state.ADDING.value


def panel(engine: Recommender) -> None:
    """Show the visits so far and the ways to add more."""
    visits = _visits(engine)
    names = engine.log.vocabulary.item_name
    with st.container(border=True):
        st.markdown(
            ":material/person_add: **Nobody yet.** Give this person a past; the list answers from "
            "the first visit, without any training."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            item = st.selectbox(
                f"Add a {ui.item_word()}", range(len(names)), key="rec_add_item",
                format_func=lambda code: str(names[code]), width=320,
            )  # fmt: skip
            words = "Add, at this hour" if engine.log.has_clock else "Add, on this day"
            st.button(
                words, icon=":material/add:", key="rec_add",
                on_click=add, args=(str(engine.log.vocabulary.items[item]),),
            )  # fmt: skip
            if not state.PICTURES_OF_MAPS.value:
                st.toggle("A click on the map adds a visit", key=state.ADDING.name)
            with st.popover("Paste a history", icon=":material/content_paste:", type="tertiary"):
                _paste(engine)
            if visits:
                st.button("Forget all", icon=":material/delete:", key="rec_forget", type="tertiary",
                          on_click=_forget)  # fmt: skip
        if visits:
            latest = sorted(visits, key=lambda visit: visit.when)[-_SHOWN:]
            said = " → ".join(
                f"{ui.plain(str(names[visit.item]))} ({visit.when:%a} {visit.when.hour}:"
                f"{visit.when.minute:02d})"
                if engine.log.has_clock
                else f"{ui.plain(str(names[visit.item]))} ({wording.moment(visit.when, '%-d %b')})"
                for visit in latest
            )
            st.caption(f"{len(visits):,} so far{', the latest' if len(visits) > _SHOWN else ''}: "
                       f"{said}")  # fmt: skip


def add(item_id: str) -> None:
    """Add a visit at the moment asked about, and move on by an hour."""
    moment = view.when()
    state.VISITS.value = [*state.VISITS.value, (item_id, moment)]
    view.move_to(moment + view.step(view.fitted_before(ui.current_store())))


def add_near(lat: float, lon: float) -> None:
    """Add a visit to the item nearest to a place."""
    engine = view.fitted_before(ui.current_store())
    code = nearest_item(engine.log, lat, lon)
    if code is not None:
        add(str(engine.log.vocabulary.items[code]))


def _visits(engine: Recommender) -> list[Visit]:
    kept = state.VISITS.value
    if not kept:
        return []
    ids = pl.Series([item for item, _ in kept], dtype=pl.String)
    codes = engine.log.vocabulary.item_codes(ids)
    return [
        Visit(int(code), when)
        for code, (_, when) in zip(codes, kept, strict=True)
        if code >= 0  # A trained model may not know an item.
    ]


def _paste(engine: Recommender) -> None:
    st.caption("One line per visit: a time, and a name or an id.")
    text = st.text_area(
        "History", key="rec_pasted", height=160, max_chars=200_000, label_visibility="collapsed",
        placeholder="2024-08-05 08:30, Café Laurel\n2024-08-05 21:00, Bar Sauce",
    )  # fmt: skip
    visits, problems = parse_history(text, engine.log) if text.strip() else ([], [])
    for problem in problems:
        st.caption(f":material/error: {ui.plain(problem)}")
    items = engine.log.vocabulary.items
    found = [(str(items[visit.item]), visit.when) for visit in visits]
    st.button(
        f"Use {wording.plural(len(visits), 'visit')}", key="rec_use_pasted",
        disabled=not visits, on_click=_use, args=(found,),
    )  # fmt: skip


def _use(found: list[tuple[str, datetime]]) -> None:
    state.VISITS.value = found
    last = max(when for _, when in found)
    view.move_to(last.replace(minute=0) + view.step(view.fitted_before(ui.current_store())))


def _forget() -> None:
    state.VISITS.value = []
