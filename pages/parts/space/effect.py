"""Did it work? What something done on a day at some places has changed."""

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from pages.parts.space import common
from pages.shared import ui
from pages.shared.made import call, made
from pages.shared.once import drawn
from pages.shared.results import by_content
from strec import demand, maps, wording
from strec.errors import AnalysisError
from strec.export import MIN_USERS
from strec.plots import demand as figures
from strec.store import Filters, Store

#: So many places can be chosen from, the busiest.
MOST_PLACES = 200


def show(store: Store, chosen: Filters, setting: common.Setting, view: maps.View) -> None:
    """Ask for a day and places, and tell what they have changed."""
    st.markdown(
        "A campaign, a new lane, a strike, a shop that opened: say **when** and **where**, and the "
        "other places tell what would have come without it. The sidebar's filters say for whom."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wheres = {"items": ui.item_word(plural=True).capitalize(), "cells": "Hexagons"}
        where = ui.choose("Where", wheres, "effect_where")
    counted = panel_of(store, where, chosen)
    places = counted.places
    names = dict(zip(places["place"], places["name"].astype(str), strict=True))
    first, last = counted.start.date(), (counted.end - timedelta(hours=1)).date()
    least, most = (first + timedelta(days=demand.FEWEST_BEFORE),
                   last - timedelta(days=demand.FEWEST_AFTER))  # fmt: skip
    if most <= least:
        raise AnalysisError(
            f"An effect is told from at least {demand.FEWEST_BEFORE} whole days before and "
            f"{demand.FEWEST_AFTER} after.",
            f"data of {wording.days(first, last)}.",
            "Come back with more data, or loosen the dates in the sidebar.",
        )
    middle = least + (most - least) * 2 // 3
    asked = _asked_day() or middle
    left, right = st.columns(2)
    day = ui.date_input(
        "First day with it", min(max(asked, least), most), at=left, min_value=least, max_value=most,
        key=f"effect_day_{least}_{most}",
    )  # fmt: skip
    until = ui.date_input(
        "Last day looked at",
        last,
        at=right,
        min_value=least,
        max_value=last,
        key=f"effect_until_{last}",
    )
    known = [each for each in st.query_params.get_all("at") if each in names]
    picked = st.multiselect(
        "Places", list(names), known, format_func=names.__getitem__, key=f"effect_places_{where}",
        placeholder="Where was it done?",
    )  # fmt: skip
    st.query_params["day"], st.query_params["at"] = f"{day}", picked
    if not picked:
        st.info("Choose the places where it was done.", icon=":material/place:")
        return
    asked = store, where, chosen, day, tuple(picked), until
    found = whole = told(*asked)
    panel = call(demand.panel, store, _what(store), where, filters=chosen, most=MOST_PLACES)
    made(whole, panel and call(demand.effect, panel, day, picked, until))
    if not store.is_anonymous and len(store.users()) >= MIN_USERS:
        by_day, together = _people(*asked)
        if together < MIN_USERS:
            st.info(
                f"Fewer than {MIN_USERS} people were at these places from {day.day} {day:%b %Y} "
                "on: what is said of them could point at one. Choose more places, or more days.",
                icon=":material/shield_person:",
            )
            return
        found = _without_few(found, by_day)
    st.markdown(f"**{ui.plain(found.sentence)}**")
    left, right = st.columns([5, 3])
    with left:
        ui.figure(
            drawn(figures.effect_series, found, day), "effect",
            "What came, and what the other places say would have come. The band is made to hold "
            "a single day in 95 of 100 cases.",
            found.frame, "effect",
        )  # fmt: skip
    with right:
        ui.figure(
            drawn(figures.placebos, whole), "placebos",
            "The same reckoning where nothing was done, in units of its error: how often such an "
            "effect appears by chance.",
        )  # fmt: skip


@by_content(most=64)
def _people(
    store: Store, where: str, chosen: Filters, day: date, places: tuple[str, ...], until: date
) -> tuple[pd.Series, int]:
    """Return the users of each day at the places, and of all days with what was done."""
    seen = replace(chosen, date_to=min(chosen.date_to or until, until))
    return demand.people_at(store, places, day, _what(store), where, filters=seen)


def _without_few(found: demand.Effect, people: pd.Series) -> demand.Effect:
    """Leave out days of few people: they could point at one."""
    n = people.reindex(found.frame["day"]).fillna(0).to_numpy()
    few = (n > 0) & (n < MIN_USERS)
    if not few.any():
        return found
    came = found.frame["came"].mask(few)
    return replace(found, frame=found.frame.assign(came=came))


def _asked_day() -> date | None:
    try:
        return date.fromisoformat(st.query_params.get("day", ""))
    except ValueError:
        return None


@by_content("Counting…", most=8)
def panel_of(store: Store, where: str, chosen: Filters) -> demand.Panel:
    """Return what was counted per place and hour."""
    return demand.panel(store, _what(store), where, filters=chosen, most=MOST_PLACES)


def _what(store: Store) -> str:
    return "arrivals" if store.has_trips else "checkins"


@by_content("Comparing with the other places…", most=32)
def told(
    store: Store, where: str, chosen: Filters, day: date, places: tuple[str, ...], until: date
) -> demand.Effect:
    """Return the effect, once per data set and question."""
    return demand.effect(panel_of(store, where, chosen), day, list(places), until)
