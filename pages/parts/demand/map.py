"""The map of what is expected where, what is more than usual, and how sure that is."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from pydeck.types import String

from pages.parts.demand.when import window
from pages.parts.space import common
from pages.shared import background, state, ui
from pages.shared.made import call, made, of, part
from pages.shared.map_clicks import clickable
from pages.shared.once import once
from strec import maps, wording
from strec.demand import Demand
from strec.demand.words import ends_in_words, number
from strec.maps import layers
from strec.palette import DIVERGING

EXPECTED, UNUSUAL, SURE = "Expected", "More than usual", "How sure"
VIEWS = {
    EXPECTED: f":material/groups: {EXPECTED}",
    UNUSUAL: f":material/trending_up: {UNUSUAL}",
    SURE: f":material/straighten: {SURE}",
}
CLASSES = maps.Classes(
    ("clearly less", "a little less", "as usual", "a little more", "clearly more"),
    (DIVERGING[0], DIVERGING[1], "#97A3AD", DIVERGING[-2], DIVERGING[-1]),
)


def show(ahead: Demand) -> tuple[int, int]:
    """Show the map of the hours chosen, and return them."""
    has_map = ahead.panel.places[["lat", "lon"]].notna().all(axis="columns").any()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = ui.choose("Colour", VIEWS, "demand_view", show_label=False) if has_map else EXPECTED
        first, last = window(ahead)
    frame = once(Demand.window, ahead, first, last)
    placed = frame.dropna(subset=["lat", "lon"]).reset_index(drop=True)
    if placed.empty:
        return first, last
    placed["width"] = (placed["high_80"] - placed["low_80"]).round(2)
    placed["tip"] = once(tips, placed, ahead)
    column, scale, title = _colours(ahead, placed, view, last - first)
    st.html(maps.legend_html(title, scale))
    deck = _deck(placed, column, scale)
    said = _caption(ahead, view)
    clickable(deck, "map_demand", lambda layer, found: _look(placed, found),
              caption=said, hint="Click a place to look in.")  # fmt: skip
    if not state.DEMAND_PLAYING.value:
        frame = part(of(ahead), f'.window({first}, {last}).dropna(subset=["lat"])')
        frame = part(frame, '.assign(tip="")')
        if frame and "cell" in placed and view == EXPECTED:
            made(deck, call(maps.hexagons, frame, column))
        hours = wording.moment(ahead.hours[first], "%A %-d %B %Y, %-H:00")
        if last - first > 1:
            hours += wording.moment(ahead.hours[last - 1], " to %-H:00")
        numbers = placed.drop(columns=["tip"])
        common.offer("demand-map", numbers, deck, words=f"{hours}. {said}", legend=(title, scale))
    return first, last


def tips(frame: pd.DataFrame, ahead: Demand) -> list[str]:
    """Return what hovering over a place says."""
    is_count = ahead.panel.is_whole
    return [
        f"{name}\nabout {number(expected)} {ahead.panel.unit}\n80 %: {low} to {high}\n"
        f"usual: {number(usual)}"
        for name, expected, (low, high), usual in zip(
            frame["name"], frame["expected"],
            [ends_in_words(a, b, is_count)
             for a, b in zip(frame["low_80"], frame["high_80"], strict=True)],
            frame["usual"], strict=True,
        )
    ]  # fmt: skip


def _colours(ahead: Demand, placed: pd.DataFrame, view: str, n_hours: int):
    """Return the column that colours, its scale, and the title of its legend."""
    dark = ui.is_dark()
    if view == UNUSUAL:
        step = placed["more_than_usual"] * 2
        placed["kind"] = np.array(CLASSES.names)[step.where(step != 0, placed["leaning"]) + 2]
        return "kind", CLASSES, "Compared with the mean of the hour of the week"
    if view == SURE:
        return "width", maps.Scale.fit(placed["width"], dark), "Width of the 80 % band"
    if ahead.panel.is_signed:
        placed["expected"] = placed["expected"].round(2)
        return "expected", _either_way(ahead.expected), f"{ahead.panel.unit.capitalize()} expected"
    # One scale for all hours, so that they can be compared.
    highest = ahead.expected if n_hours == 1 else placed["expected"].to_numpy()
    every = pd.Series(np.asarray(highest).max(axis=0) if n_hours == 1 else highest)
    unit = ahead.panel.unit.capitalize()
    placed["expected"] = placed["expected"].round(2)
    scale = maps.Scale.fit(every.round(2), dark)
    if n_hours == 1:
        # The classes are those of the busiest hours; the lowest holds all that is less.
        least = min(round(float(ahead.expected.min()), 2), scale.breaks[0])
        scale = replace(scale, breaks=(least, *scale.breaks[1:]))
    return "expected", scale, f"{unit} expected"


def _either_way(expected: np.ndarray) -> maps.Scale:
    """Return colours for less and more than nothing, the same for all hours."""
    some, much = np.quantile(np.abs(expected), (0.6, 0.9)).round(2).tolist()
    some, much = max(some, 0.01), max(much, 0.02)
    top = max(round(float(np.abs(expected).max()), 2), much)
    return maps.Scale((-top, -much, -some, some, much), top, DIVERGING)


def _deck(placed: pd.DataFrame, column: str, scale):
    look: dict[str, Any] = {
        "view": background.view_of(placed["lat"], placed["lon"]),
        **background.look(),
    }
    if "cell" in placed:
        return maps.hexagons(placed, column, scale=scale, **look)
    amount = placed["expected"].abs()
    size = (amount / max(amount.max(), 1e-9)) ** 0.5
    rows = layers.positions(placed).assign(
        radius=(4 + 12 * size).round(1).to_numpy(),
        fill=pd.Series(scale.rgba(placed[column], alpha=220)),
        tip=placed["tip"].to_numpy(),
        item_id=placed["place"].to_numpy(),
    )
    discs = layers.layer(
        "ScatterplotLayer", rows, "points", get_position="position", get_radius="radius",
        radius_units=String("pixels"), get_fill_color="fill",
    )  # fmt: skip
    return maps.deck([discs], **look)


def _look(placed: pd.DataFrame, found: dict) -> None:
    """Look into the place clicked."""
    place = found.get("item_id")
    if "cell" in found:
        place = f"{int(found['cell']):x}"
    if place in set(placed["place"]):
        state.DEMAND_PLACE.value = str(place)


def _caption(ahead: Demand, view: str) -> str:
    words = {
        EXPECTED: "The mean of what may come; hovering says its 80 % band.",
        UNUSUAL: "Clearly: in nine of ten cases. A little: a tenth or more is expected, which "
        "chance may undo.",
        SURE: "The band is made to hold what comes in eight of ten cases.",
    }[view]
    notes = " ".join(ahead.panel.notes)
    return f"{words} {ui.plain(notes)} {background.thanks()}."
