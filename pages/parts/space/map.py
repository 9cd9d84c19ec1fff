"""The map of the space page: hexagons, a heatmap or points, as a whole or played through time."""

from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from pages.parts import selection
from pages.parts.space import area, common
from pages.shared import playback, state, ui
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
Step = playback.Step | None
#: So few places are points with names at first.
FEW_PLACES = 80


@dataclass(frozen=True)
class MapSetting:
    """What the controls of the map say."""

    mode: str
    film: playback.Film
    resolution: int
    value: str = "n_checkins"
    raised: bool = False
    drawing: bool = False


def show(store: Store, chosen: Filters, setting: common.Setting, view: maps.View) -> None:
    """Show the controls and the map."""
    choice = controls(store, chosen, setting, view)
    kind = {HEXAGONS: hexagons, HEAT: heat, POINTS: points}[choice.mode]
    look = common.look(store, setting, view)
    playback.played(
        choice.film, lambda step: kind(store, chosen, setting, choice, step, dict(look))
    )


def controls(store: Store, chosen: Filters, setting: common.Setting, view: maps.View) -> MapSetting:
    """Show the controls and return what they say."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        places = common.at_places(store, Filters(), setting.min_users)
        start = POINTS if 0 < len(places) <= FEW_PLACES else HEXAGONS
        mode = ui.choose("Show as", LABELS, "space_mode", start)
        film = playback.choose(store, chosen, "space_play_by")
        value, raised, drawing = "n_checkins", False, False
        resolution = setting.suggested
        if mode != POINTS:
            with common.more():
                if mode == HEXAGONS:
                    value = common.what_to_count(store, VALUES, "space_value", "Colour")
                resolution = common.hexagon_size(store, setting, view=view)
                if mode == HEXAGONS:
                    raised = st.toggle(
                        "Raised", key="space_raised", help="Height is colour again, in 3D."
                    )
        if mode == HEXAGONS:
            drawing = st.toggle(
                "Draw an area", key="space_draw",
                help="Draw a rectangle or any outline over the map: what lies in it is chosen.",
            )  # fmt: skip
    return MapSetting(mode, film, resolution, value, raised, drawing)


def hexagons(store, chosen, setting, choice: MapSetting, step: Step, look: dict) -> None:
    """Show cells in colours; a click looks into one."""
    whole, frame = cells_at(store, chosen, setting, choice, step)
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
    words = caption(store, chosen, frame, "hexagon", step)
    cells = looked_into(store, choice.resolution)
    if cells:
        deck.layers.insert(1, maps.chosen_layer(cells, "Looked into, beside the map"))
    # What a click opens stands beside the map, where the eye is.
    left, right = st.columns([3, 2]) if cells and not choice.film.every else (None, None)
    with left or st.container():
        if choice.drawing:
            area.draw_on(deck, frame, lambda found: _look_at_area(store, found),
                         f"{first}{words}")  # fmt: skip
        else:
            clickable(
                deck, "map_hexagons", lambda layer, found: _look(store, found),
                caption=f"{first}{words}", hint="Click a hexagon to look in.",
                beside=right is not None,
            )  # fmt: skip
        common.offer("hexagons", frame, deck, frame, f"{first}{words}", legend)
    if right is not None:
        with right:
            look_into(store, chosen, cells, setting)


def looked_into(store, resolution: int) -> tuple[int, ...]:
    """Return the hexagons clicked, none if they have another size."""
    cells = state.SPACE_CELLS.value.get(store.fingerprint, ())
    return tuple(cell for cell in cells if cell >> 52 & 0xF == resolution)


def _look(store, found: dict) -> None:
    """Look into the hexagon clicked; another click on it lets it go."""
    before = state.SPACE_CELLS.value.get(store.fingerprint, ())
    cell = int(found["cell"])
    others = tuple(each for each in before if each != cell)
    several = state.SPACE_SEVERAL.value
    added = () if cell in before else (cell,)
    state.SPACE_CELLS.value = {store.fingerprint: (others if several else ()) + added}


def _let_go() -> None:
    state.SPACE_CELLS.value = {}


def _look_at_area(store, cells: tuple[int, ...]) -> None:
    """Look into what an outline holds, besides what was looked into where several are chosen."""
    before = state.SPACE_CELLS.value.get(store.fingerprint, ())
    kept = before if state.SPACE_SEVERAL.value else ()
    state.SPACE_CELLS.value = {store.fingerprint: tuple(dict.fromkeys((*kept, *cells)))}


def heat(store, chosen, setting, choice: MapSetting, step: Step, look: dict) -> None:
    """Show smooth density."""
    fine = min(choice.resolution + 1, schema.CELL_RESOLUTION)
    finer = replace(choice, resolution=fine)
    whole, frame = cells_at(store, chosen, setting, finer, step)
    if common.nothing_left(whole, "cell"):
        return
    deck = built(maps.heatmap, frame, **look)
    words = caption(store, chosen, frame, "cell", step)
    ui.deck(deck, "map_heat", caption=f"Denser colour: more check-ins nearby. {words}")
    common.offer("heatmap-cells", frame, deck, frame, words)


def points(store, chosen, setting, choice: MapSetting, step: Step, look: dict) -> None:
    """Show single places."""
    at = chosen if step is None else step.within(chosen)
    frame = common.at_places(store, at, setting.min_users)
    if common.nothing_left(frame, "place", step):
        return
    top = frame.iloc[0]
    name = top["item_name"] if pd.notna(top["item_name"]) else top["item_id"]
    words = f"The largest: {ui.plain(str(name))}, {plural(top['n_checkins'], 'check-in')}. "
    if len(frame) > 1 and frame["n_checkins"].nunique() == 1:
        words = f"{plural(top['n_checkins'], 'check-in')} at each place. "
    if frame.attrs.get("n_points", 0) > len(frame):
        words += f"The {len(frame):,} largest of {frame.attrs['n_points']:,} places are shown. "
    if len(frame) <= FEW_PLACES:
        look["labels"] = None
    deck = built(maps.points, frame, **look)
    if len(frame) <= FEW_PLACES:
        # So few have room for their names, which say more than any hexagon.
        # An item made of a hexagon has no name that anybody knows.
        known = frame["item_id"].mask(frame["item_id"].str.fullmatch("8a[0-9a-f]{13}"))
        names = frame.assign(item_name=frame["item_name"].fillna(known))
        deck.layers.append(
            maps.label_layer(names, look["view"], look["dark"], FEW_PLACES, (0, -16))
        )
    words += caption(store, at, frame, "place")
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
            help="Each click, or area drawn, adds to them.",
        )
        summary = counted(Store.summary, store, inside)
        if not enough_people(pd.DataFrame([summary]), setting.min_users).all():
            st.caption("Too few users to show more.")
            return
        everything = counted(Store.summary, store, chosen)
        is_chosen = selection.picked().cells == cells
        with st.container(horizontal=True):
            st.button(
                "Show all hexagons again" if is_chosen else "See them alone, on every page"
                if not alone else "See it alone, on every page",
                icon=":material/filter_alt_off:" if is_chosen else ":material/filter_alt:",
                key="pick_cell", on_click=selection.pick, kwargs={"cells": cells},
            )  # fmt: skip
            # A second click on the hexagon does it too, but nobody clicks on a picture.
            st.button("Close", icon=":material/close:", key="let_cells_go", type="tertiary",
                      on_click=_let_go)  # fmt: skip
        with st.container(horizontal=True):
            st.metric("Check-ins", f"{summary['n_checkins']:,}")
            if not store.is_anonymous:
                st.metric("Users", f"{summary['n_users']:,}")
            st.metric("Of all", f"{100 * (summary['n_checkins'] / everything['n_checkins']):.1f} %")
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


def cells_at(store, chosen: Filters, setting, choice: MapSetting, step: Step):
    """Return the cells of all steps, which fix colours and heights, and those of the one shown."""
    if step is None:
        cells = counted(Store.cells, store, choice.resolution, chosen, setting.min_users)
        whole = built(spatial.per_user, cells)
        return whole, whole
    by = choice.film.unit
    cells = counted(Store.cell_steps, store, choice.resolution, by, chosen, setting.min_users)
    whole = built(spatial.per_user, cells)
    frame = whole[whole["step"] == step.value].drop(columns="step").reset_index(drop=True)
    frame.attrs = dict(whole.attrs)
    asked = f".query('step == {step.value}')" if isinstance(step.value, int) else ""
    return whole, made(frame, part(of(whole), asked) if asked else None)


def caption(store, chosen, frame: pd.DataFrame, noun: str, step: Step = None) -> str:
    """Return how much a map counts, what it hides, and whom to thank."""
    hidden = spatial.hidden_in_words(frame, noun)
    if step is not None:
        hidden = hidden.replace(f"{noun}s with", f"{noun}s and steps with")
        chosen = step.within(chosen)
    return common.below(store, chosen, frame["n_checkins"].sum(), hidden)
