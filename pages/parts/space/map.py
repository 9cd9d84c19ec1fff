"""The map of the space page: hexagons, a heatmap or points, as a whole or hour by hour."""

import time
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from pages.parts import selection
from pages.parts.space import common
from pages.shared import state, ui
from pages.shared.made import built, made, of, part
from pages.shared.map_clicks import clickable
from pages.shared.once import drawn
from pages.shared.results import counted
from strec import maps, plots, schema, spatial
from strec.export import enough_people
from strec.store import Filters, Store
from strec.wording import plural

HEXAGONS, HEAT, POINTS = "Hexagons", "Heatmap", "Points"
MODES = {
    HEXAGONS: ":material/hive:",
    HEAT: ":material/blur_on:",
    POINTS: ":material/scatter_plot:",
}
LABELS = {mode: f"{icon} {mode}" for mode, icon in MODES.items()}
VALUES = {"n_checkins": "Check-ins", "n_users": "Users", "per_user": "Check-ins per user"}
SECONDS_PER_HOUR = 1.4
#: So few places are points with names at first.
FEW_PLACES = 30


@dataclass(frozen=True)
class MapSetting:
    """What the controls of the map say."""

    mode: str
    hourly: bool
    resolution: int
    value: str = "n_checkins"
    raised: bool = False


def show(store: Store, chosen: Filters, setting: common.Setting, view: maps.View) -> None:
    """Show the controls and the map."""
    choice = controls(store, setting, view)
    playing = choice.hourly and state.SPACE_PLAYING.value
    every = SECONDS_PER_HOUR if playing else None
    st.fragment(draw, run_every=every)(store, chosen, setting, choice, view)


def controls(store, setting: common.Setting, view: maps.View) -> MapSetting:
    """Show the controls and return what they say."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        places = common.at_places(store, Filters(), setting.min_users)
        start = POINTS if 0 < len(places) <= FEW_PLACES else HEXAGONS
        mode = ui.choose("Show as", LABELS, "space_mode", start)
        value, raised = "n_checkins", False
        if mode == HEXAGONS:
            value = common.what_to_count(store, VALUES, "space_value", "Colour")
        resolution = setting.suggested
        if mode != POINTS:
            resolution = common.hexagon_size(store, setting, view=view)
        hourly = store.has_clock and st.toggle(
            "Hour by hour", key="space_hourly", help="Watch the day pass: one map per hour."
        )
        if mode == HEXAGONS:
            raised = st.toggle("Raised", key="space_raised", help="Height is colour again, in 3D.")
    return MapSetting(mode, hourly, resolution, value, raised)


def draw(store, chosen: Filters, setting, choice: MapSetting, view: maps.View) -> None:
    """Show the map with its legend, its words and its data; runs again by itself while playing."""
    hour = hour_slider(chosen) if choice.hourly else None
    kind = {HEXAGONS: hexagons, HEAT: heat, POINTS: points}[choice.mode]
    kind(store, chosen, setting, choice, hour, common.look(store, setting, view))


def hexagons(store, chosen, setting, choice: MapSetting, hour: int | None, look: dict) -> None:
    """Show cells in colours; a click looks into one."""
    whole, frame = cells_at(store, chosen, setting, choice.resolution, hour)
    if common.nothing_left(whole, "hexagon"):
        return
    scale = maps.Scale.fit(whole[choice.value], look["dark"])
    deck = built(
        maps.hexagons, frame, choice.value, choice.value if choice.raised else None, scale=scale,
        top=float(whole[choice.value].max()), **look,
    )  # fmt: skip
    legend = f"{VALUES[choice.value]} in each hexagon", scale
    st.html(maps.legend_html(*legend))
    half = spatial.concentration(frame["n_checkins"])
    first = (
        f"Half of the check-ins shown fall in the {half:,} busiest of {len(frame):,} hexagons. "
        if len(frame) > 1
        else ""
    )
    words = caption(store, chosen, setting, frame, "hexagon", hour)
    cells = looked_into(store, choice.resolution)
    looked_at = frame[frame["cell"].isin(cells)]
    for cell, lat, lon in zip(looked_at["cell"], looked_at["lat"], looked_at["lon"], strict=True):
        ring = maps.here_layer(lat, lon, "Looked into, beside the map")
        ring.id = f"here{cell}"
        deck.layers.insert(-1, ring)
    # What a click opens stands beside the map, where the eye is.
    left, right = st.columns([3, 2]) if cells and not state.SPACE_PLAYING.value else (None, None)
    with left or st.container():
        clickable(
            deck, "map_hexagons", lambda layer, found: _look(store, layer, found),
            caption=f"{first}{words} Click a hexagon to look in.",
        )  # fmt: skip
        common.offer("hexagons", frame, deck, frame, f"{first}{words}", legend)
    if right is not None:
        with right:
            look_into(store, chosen, cells, setting)


def looked_into(store, resolution: int) -> tuple[int, ...]:
    """Return the hexagons clicked, none if they have another size."""
    cells = state.SPACE_CELLS.value.get(store.fingerprint, ())
    return tuple(cell for cell in cells if cell >> 52 & 0xF == resolution)


def _look(store, layer: str, found: dict) -> None:
    """Look into the hexagon clicked; a click on the ring of one looked into lets it go."""
    before = state.SPACE_CELLS.value.get(store.fingerprint, ())
    cell = int(found["cell"] if layer == "hexagons" else layer.removeprefix("here"))
    others = tuple(each for each in before if each != cell)
    several = state.SPACE_SEVERAL.value
    added = () if cell in before else (cell,)
    state.SPACE_CELLS.value = {store.fingerprint: (others if several else ()) + added}


def heat(store, chosen, setting, choice: MapSetting, hour: int | None, look: dict) -> None:
    """Show smooth density."""
    fine = min(choice.resolution + 1, schema.CELL_RESOLUTION)
    whole, frame = cells_at(store, chosen, setting, fine, hour)
    if common.nothing_left(whole, "cell"):
        return
    deck = built(maps.heatmap, frame, **look)
    words = caption(store, chosen, setting, frame, "cell", hour)
    ui.deck(deck, "map_heat", caption=f"Denser colour: more check-ins nearby. {words}")
    common.offer("heatmap-cells", frame, deck, frame, words)


def points(store, chosen, setting, choice: MapSetting, hour: int | None, look: dict) -> None:
    """Show single places."""
    at = chosen if hour is None else replace(chosen, hours=(hour,))
    frame = common.at_places(store, at, setting.min_users)
    if common.nothing_left(frame, "place", hour):
        return
    top = frame.iloc[0]
    name = top["item_name"] if pd.notna(top["item_name"]) else top["item_id"]
    words = f"The largest: {ui.plain(str(name))}, {top['n_checkins']:,} check-ins. "
    if frame.attrs.get("n_points", 0) > len(frame):
        words += f"The {len(frame):,} largest of {frame.attrs['n_points']:,} places are shown. "
    if len(frame) <= FEW_PLACES:
        look["labels"] = None
    deck = built(maps.points, frame, **look)
    if len(frame) <= FEW_PLACES:
        # So few have room for their names, which say more than any hexagon.
        names = frame.assign(item_name=frame["item_name"].fillna(frame["item_id"]))
        deck.layers.append(
            maps.label_layer(names, look["view"], look["dark"], FEW_PLACES, (0, -16))
        )
    words += caption(store, at, setting, frame, "place")
    ui.deck(deck, "map_points", caption=words)
    common.offer("places", frame, deck, words=words)


def look_into(store, chosen: Filters, cells: tuple[int, ...], setting: common.Setting) -> None:
    """Show what happens in the hexagons clicked, taken together."""
    inside = replace(chosen, cells=cells)
    with st.container(border=True):
        alone = len(cells) == 1
        st.subheader("In this hexagon" if alone else f"In {len(cells)} hexagons", anchor=False)
        st.toggle(
            "Choose several",
            key=state.SPACE_SEVERAL.name,
            help="Each click adds one, or lets it go.",
        )
        summary = counted(Store.summary, store, inside)
        if not enough_people(pd.DataFrame([summary]), setting.min_users).all():
            st.caption("Too few users to show more.")
            return
        everything = counted(Store.summary, store, chosen)
        is_chosen = selection.picked().cells == cells
        st.button(
            "Show all hexagons again" if is_chosen else "See them alone, on every page"
            if not alone else "See it alone, on every page",
            icon=":material/filter_alt_off:" if is_chosen else ":material/filter_alt:",
            key="pick_cell", on_click=selection.pick, kwargs={"cells": cells},
        )  # fmt: skip
        with st.container(horizontal=True):
            st.metric("Check-ins", f"{summary['n_checkins']:,}")
            if not store.is_anonymous:
                st.metric("Users", f"{summary['n_users']:,}")
            st.metric("Of all", f"{summary['n_checkins'] / everything['n_checkins']:.1%}")
        word, words = ui.item_word(), ui.item_word(plural=True)
        if store.has(schema.PLACE_ID):
            word, words = "shop", "shops"
        st.markdown(f"**{'Its' if alone else 'Their'} {words}**")
        items = common.at_places(store, inside, setting.min_users)
        if len(items):
            shown = items.head(12)
            ui.table(
                pd.DataFrame(
                    {
                        word.capitalize(): shown["item_name"].fillna(shown["item_id"]),
                        "Category": shown["category"],
                        "Check-ins": shown["n_checkins"],
                        "Users": shown["n_users"] if shown["n_users"].any() else None,
                    }
                ).dropna(axis="columns", how="all")
            )
        hidden = spatial.hidden_in_words(items, "place")
        st.caption(hidden or f"{len(items):,} in all.")
        day = counted(Store.day_hours, store, inside)
        few = day.attrs["hidden"]
        note = f"{plural(few, 'hour')} with fewer than {day.attrs['min_users']} users not shown."
        ui.figure(drawn(plots.clock, day), "cell_clock", note if few else "")


def hour_slider(chosen: Filters) -> int:
    """Return the hour shown; while playing, each run of the fragment shows the next."""
    hours = sorted(chosen.hours) if chosen.hours else list(range(24))
    playing = state.SPACE_PLAYING.value
    now = state.SPACE_HOUR.value if state.SPACE_HOUR.value in hours else hours[0]
    due = time.monotonic() - state.SPACE_TICK.value > SECONDS_PER_HOUR * 0.8
    if playing and due:
        now = hours[(hours.index(now) + 1) % len(hours)]
        state.SPACE_TICK.value = time.monotonic()
    state.SPACE_HOUR.value = now
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label, icon = ("Stop", "pause") if playing else ("Play", "play_arrow")
        if st.button(label, icon=f":material/{icon}:", key="space_play"):
            state.SPACE_PLAYING.value = not playing
            st.rerun()
        if len(hours) > 1:
            now = st.select_slider(
                "Hour of the day",
                hours,
                key=state.SPACE_HOUR.name,
                format_func=lambda each: f"{each:02d}:00–{each + 1:02d}:00",
            )
    return now


def cells_at(store, chosen: Filters, setting, resolution: int, hour: int | None):
    """Return the cells of all hours, which fix colours and heights, and those of the hour shown."""
    ask = Store.cells if hour is None else Store.cell_hours
    cells = counted(ask, store, resolution, chosen, setting.min_users)
    whole = built(spatial.per_user, cells)
    if hour is None:
        return whole, whole
    frame = whole[whole["hour"] == hour].drop(columns="hour").reset_index(drop=True)
    frame.attrs = dict(whole.attrs)
    return whole, made(frame, part(of(whole), f".query('hour == {hour}')"))


def caption(store, chosen, setting, frame: pd.DataFrame, noun: str, hour: int | None = None) -> str:
    """Return how much a map counts, what it hides, and whom to thank."""
    hidden = spatial.hidden_in_words(frame, noun)
    if hour is not None:
        hidden = hidden.replace(f"{noun}s with", f"{noun}s and hours with")
        chosen = replace(chosen, hours=(hour,))
    return common.below(store, chosen, setting, frame["n_checkins"].sum(), hidden)
