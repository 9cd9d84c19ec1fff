"""Hotspots on the space page: where it is busier, or quieter, than chance would make it."""

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts.space import common
from pages.shared import playback, ui
from pages.shared.made import call, made, part
from pages.shared.results import by_content, counted
from strec import maps, palette, spatial
from strec.store import Filters, Store

SPOTS, EXCEPTIONS = "Hot and cold spots", "Alike or exceptional"
VALUES = {"n_checkins": "Check-ins", "n_users": "Users"}
AREAS = {"filled": "With the gaps between them", "observed": "Only hexagons with check-ins"}
HOT, WARM, COOL, COLD = "hotspot", "warm, perhaps by chance", "cool, perhaps by chance", "coldspot"
#: Before correction for testing many hexagons.
SUGGESTIVE_P = 0.05
QUADRANTS = {
    "high among high": "busy among busy",
    "low among low": "quiet among quiet",
    "high among low": "busy among quiet",
    "low among high": "quiet among busy",
}


def show(store: Store, chosen: Filters, setting: common.Setting, view: maps.View) -> None:
    """Show hot and cold spots, or exceptions, with what they rest on."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = ui.choose("Show", [SPOTS, EXCEPTIONS], "hot_kind")
        film = playback.choose(store, chosen, "hot_play_by")
        with common.more():
            value = common.what_to_count(store, VALUES, "hot_value")
            resolution = common.hexagon_size(store, setting, touching=True)
            alpha = st.select_slider(
                "False alarms allowed among those named", [0.01, 0.05, 0.1, 0.2], value=0.05,
                format_func=lambda each: f"{100 * each:.0f} %", key="hot_alpha",
            )  # fmt: skip
            area = st.radio("Hexagons compared", list(AREAS), format_func=AREAS.get, key="hot_area")

    def at(step: playback.Step | None) -> None:
        with ui.noticing():
            spots(store, chosen if step is None else step.within(chosen), setting, view, kind,
                  value, resolution, alpha, area)  # fmt: skip

    playback.played(film, at)


def spots(
    store: Store, chosen: Filters, setting: common.Setting, view: maps.View, kind: str,
    value: str, resolution: int, alpha: float, area: str,
) -> None:  # fmt: skip
    """Show the map of one step of time, or of all together."""
    found = computed(store, chosen, resolution, value, area, alpha, setting.min_users)
    frame = described(found.frame, kind, alpha)
    classes = (
        maps.Classes((HOT, WARM, COOL, COLD), palette.HEAT)
        if kind == SPOTS
        else maps.Classes(tuple(QUADRANTS.values()), palette.QUADRANTS)
    )
    st.markdown(f"**{ui.plain(found.sentence)}**")
    legend = "Heat" if kind == SPOTS else "Beyond chance", classes
    st.html(maps.legend_html(*legend))
    deck = maps.hexagons(frame, "shown", scale=classes, **common.look(store, setting, view))
    cells = counted(Store.cells, store, resolution, chosen, min_users=setting.min_users)
    hidden = spatial.hidden_in_words(cells)
    n = found.frame["n_checkins"].sum()
    words = common.below(store, chosen, n, f"Grey: cannot be told from chance. {hidden}")
    ui.deck(deck, f"hot_{kind}", caption=words)
    numbers = found.frame.drop(columns="area")
    asked = call(Store.cells, store, resolution, chosen, min_users=1)
    how = call(spatial.hotspots, asked, value, area, alpha, setting.min_users)
    made(deck, call(maps.hexagons, part(how, ".frame"), "gi_z" if kind == SPOTS else "local_i"))
    common.offer("hotspots", numbers, deck, numbers.round(6), f"{found.sentence} {words}", legend)
    if len(found.areas):
        areas(store, found)


@by_content("Comparing hexagons with their neighbours…")
def computed(
    store: Store, chosen: Filters, resolution: int, value: str, area: str, alpha: float,
    min_users: int,
):  # fmt: skip
    """Find hotspots once per data set, filters and setting."""
    cells = store.cells(resolution, chosen, min_users=1)
    return spatial.hotspots(cells, value, area, alpha, min_users)


def described(frame: pd.DataFrame, kind: str, alpha: float) -> pd.DataFrame:
    """Return what colours a hexagon, and what hovering over it says."""
    if kind == SPOTS:
        leaning = np.where(frame["gi_z"] > 0, np.where(frame["n_users"] > 0, WARM, ""), COOL)
        leaning = np.where(frame["p"] <= SUGGESTIVE_P, leaning, "")
        conditions = [frame["kind"] == "hot", frame["kind"] == "cold"]
        shown = pd.Series(np.select(conditions, [HOT, COLD], leaning))
        number = [f"Gi* z = {z:.1f}" for z in frame["gi_z"]]
    else:
        significant = frame["q"] <= alpha
        shown = frame["quadrant"].map(QUADRANTS).where(significant, "").fillna("")
        number = [f"local Moran = {i:.2f}" for i in frame["local_i"]]
    tips = []
    for name, measure, q, n, users in zip(
        shown, number, frame["q"], frame["n_checkins"], frame["n_users"], strict=True
    ):
        counts = f"{n:,} check-ins\n{users:,} users" if users else "no or too few users"
        chance = "nothing to compare with" if pd.isna(q) else f"{measure}, q = {q:.3f}"
        tips.append(f"{str(name).capitalize() or 'Cannot be told from chance'}\n{counts}\n{chance}")
    return frame.assign(shown=shown, tip=tips)


def areas(store, found) -> None:
    """List the hot areas with a name from what lies there."""
    st.subheader("Hot areas", anchor=False)
    top = found.areas.head(12)
    share = st.column_config.ProgressColumn(
        "Share of check-ins", format="percent", min_value=0.0, max_value=1.0
    )
    ui.table(
        pd.DataFrame(
            {
                "Near": common.near_landmarks(store, top),
                "Hexagons": top["n_cells"],
                "Check-ins": top["n_checkins"],
                "Share": top["share"],
            }
        ),
        {"Share": share},
    )
    st.caption(
        "Hot hexagons that touch form an area; the name is the busiest place in its middle."
        + (f" The 12 largest of {len(found.areas):,}." if len(found.areas) > 12 else "")
    )
