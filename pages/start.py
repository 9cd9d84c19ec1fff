"""Start: a living sample world, one sentence, three ways in."""

import base64
import time
from html import escape

import pandas as pd
import streamlit as st

from pages.parts import tour
from pages.parts.keep import dialog
from pages.shared import background, browser, state, ui
from pages.shared.page import Page, go_to
from pages.shared.results import counted
from strec import maps, schema, spatial
from strec.io.samples import samples
from strec.store import Filters, Store

SECONDS_PER_HOUR = 1.3
#: Height of the map, and the width of its picture, which is cut to the room that there is.
MAP_PX, PICTURE_PX = 470, 1600
#: After so many hours of the animation any browser has loaded what draws the map.
PICTURES_FIRST = 15
#: The animation rests after this many days, so that a page left open costs nothing.
DAYS_PLAYED = 3
ICONS = {"social": "group", "e-commerce": "shopping_basket", "travel": "luggage"}


def content() -> None:
    """Show the title, the ways in, the world in use, and the other worlds."""
    st.title("When, where, and what next", anchor=False)
    st.markdown(
        "strec turns a table of **who** did **what**, **when** and **where** into a picture of "
        "how behaviour depends on time and place, and into recommendations that give their "
        "reasons."
    )
    with st.container(horizontal=True):
        if st.button("Explore this world", type="primary", icon=":material/schedule:"):
            go_to("time")
        if st.button("Bring your own data", icon=":material/upload_file:"):
            go_to("data")
        if st.button("Take the tour", icon=":material/signpost:", help="Ten minutes, step by step"):
            tour.start()
            st.rerun()
        if st.button("Open a project", icon=":material/folder_open:", type="tertiary"):
            dialog.open_one()
    store = ui.current_store()
    # On a tablet the style sheet puts the other worlds below (`pages/shared/look.py`).
    with st.container(key="start_sides"):
        left, right = st.columns([5, 2], gap="large")
    with left:
        world(store)
    with right:
        other_worlds()


# ---------------------------------------------------------------- the living map


def world(store) -> None:
    """Show the data set in use, hour by hour."""
    if not store.has_places:
        st.info(
            "This data set has no places, so there is no map of it. Its times and its "
            "recommendations are there.",
            icon=":material/location_off:",
        )
        return
    # One size coarser than suits a map: few high columns tell more than many low ones.
    cells = counted(Store.cells, store, schema.CELL_RESOLUTION, min_users=1)
    resolution = max(spatial.suggest_resolution(cells) - 1, 0)
    day = counted(Store.cell_hours, store, resolution, Filters())
    if not len(day):
        st.info("Too few people share a place to show a map of them.", icon=":material/shield:")
        return
    plays = store.has_clock and state.START_PLAYING.value
    every = SECONDS_PER_HOUR if plays else None
    if not (plays or state.START_IS_PAINTED.value or state.PICTURES_OF_MAPS.value):
        ui.fragment(when_painted, run_every=1.0)()
    ui.fragment(hour_of, run_every=every)(store, day, resolution)


def when_painted() -> None:
    """Show the page again once the picture is there: no passing hour brings the map after it."""
    if state.START_IS_PAINTED.value:
        st.rerun()


def hour_of(store: Store, day: pd.DataFrame, resolution: int) -> None:
    """Show one hour of the day; while playing, each run shows the next."""
    hour = next_hour() if store.has_clock else 0
    frame = day[day["hour"] == hour].reset_index(drop=True)
    # Cells that are empty in this hour stay as flat columns, so that the others do not jump.
    flat = day.drop_duplicates("cell")
    flat = flat[~flat["cell"].isin(frame["cell"])].assign(n_checkins=0, n_users=0)
    shown = pd.concat([frame, flat]).sort_values("cell").reset_index(drop=True)
    dark = ui.is_dark()
    deck = maps.columns(
        shown,
        top=float(day["n_checkins"].max()),
        radius_m=spatial.hexagon_width_km(resolution) * 1000 * 0.42,
        scale=maps.Scale.fit(day["n_checkins"], dark),
        view=background.view_of(day["lat"], day["lon"]),
        **background.look(),
    )
    if store.has_clock:
        player(hour)
    # The browser needs seconds to load what draws the map: pictures stand in for it until then.
    in_pictures = state.PICTURES_OF_MAPS.value
    if in_pictures or state.START_TICKS.value < PICTURES_FIRST:
        picture = ui.picture_of(deck, (PICTURE_PX, MAP_PX))
        state.START_PICTURE.value = base64.b64encode(picture.encode()).decode()
    st.html(
        f"<style>.st-key-start_stage {{ min-height: {MAP_PX}px; background: center no-repeat "
        f"url('data:image/svg+xml;base64,{state.START_PICTURE.value}'); }}"
        ".st-key-start_stage [data-testid=stSkeleton] { visibility: hidden; }</style>"
    )
    with st.container(key="start_stage", gap=None):
        alt = f"Map. {store.name}: where check-ins are, hour by hour."
        if in_pictures:
            st.html(f'<div role="img" aria-label="{escape(alt)}"></div>')
        # What draws the map keeps the browser busy for seconds: the page is painted before.
        elif state.START_IS_PAINTED.value:
            st.pydeck_chart(deck, key="start_map", height=MAP_PX, width="stretch", alt=alt)
    state.START_IS_PAINTED.value = True
    if in_pictures:
        browser.movable("start_map")
        browser.say_why()
    # A second after the first picture, when nobody waits.
    if state.START_TICKS.value:
        with st.container(key="start_ahead"):
            ui.figures_ahead()
    when = " at this hour of the day, all days together" if store.has_clock else ""
    n = int(frame["n_checkins"].sum())
    st.caption(
        f"{ui.plain(store.name)}: the higher a column, the more check-ins{when}. {n:,} check-ins, "
        f"times in {ui.plain(store.time_zone or 'local time')}. {background.thanks()}"
    )


def player(hour: int) -> None:
    """Show which hour it is, and the button that lets the day pass."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {hour:02d}:00–{hour + 1:02d}:00")
        playing = state.START_PLAYING.value
        if st.button(
            "Pause" if playing else "Play",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            type="tertiary",
            key="start_play",
        ):
            state.START_PLAYING.value, state.START_TICKS.value = not playing, 0
            st.rerun()


def next_hour() -> int:
    """Return the hour to show, and stop the animation after some days."""
    hour = state.START_HOUR.value
    due = time.monotonic() - state.START_TICK.value > SECONDS_PER_HOUR * 0.7
    if state.START_PLAYING.value and due:
        state.START_TICK.value = time.monotonic()
        state.START_HOUR.value = hour = (hour + 1) % 24
        state.START_TICKS.value += 1
        if state.START_TICKS.value >= 24 * DAYS_PLAYED:
            state.START_PLAYING.value = False
            st.rerun()
    return hour


# ---------------------------------------------------------------- the other worlds


def other_worlds() -> None:
    """Offer the samples, each with what it is about."""
    now = ui.current_sample()
    if now is not None:
        st.markdown(f"**{ui.plain(now.title)}**")
        st.markdown(f":gray[{ui.plain(now.story)}]")
    st.markdown("**Other worlds to explore**")
    st.caption("All simulated but the aircraft, which are real.")
    for sample in samples():
        if now is not None and sample.name == now.name:
            continue
        st.button(
            sample.title.removesuffix(" (simulated)"),
            icon=f":material/{ICONS.get(sample.world, 'route')}:",
            key=f"world_{sample.name}",
            width="stretch",
            help=sample.story,
            on_click=ui.choose_sample,
            args=(sample.name,),
        )


def tour_words() -> str:
    """Say what the guided tour says here, of the data set in use."""
    sample = ui.current_sample()
    what = "These are check-ins"
    if sample is not None:
        what = "This city is simulated" if sample.simulated else "These are real departures"
    seen = "its height the check-ins at the hour shown"
    return f"{what}. Each column is a hexagon of the map, {seen}. Watch a day pass, then go on."


PAGE = Page(
    title="Start",
    icon="travel_explore",
    order=0,
    content=content,
    url="",
    tour=tour_words,
    has_pins=False,
)
