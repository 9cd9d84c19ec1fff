"""Where do people act? Hexagons, a heatmap, points, flows, hour by hour."""

import time
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from pages import _ui
from strec import maps, plots, schema, spatial
from strec.store import Filters

HEXAGONS, HEAT, POINTS, FLOWS = "Hexagons", "Heatmap", "Points", "Flows"
MODES = {
    HEXAGONS: ":material/hive:",
    HEAT: ":material/blur_on:",
    POINTS: ":material/scatter_plot:",
    FLOWS: ":material/conversion_path:",
}
VALUES = {"n_checkins": "Check-ins", "n_users": "Users", "per_user": "Check-ins per user"}
SECONDS_PER_HOUR = 1.4
MIN_USERS = 5

METHOD = r"""
- **Hexagons** are H3 cells: a grid of the whole Earth at 16 sizes, each cell about seven times
  the area of the next finer one. A cell counts its check-ins $n_c$ and its distinct users $u_c$;
  "per user" is $n_c / u_c$. The size first shown puts about 70 hexagons across the bulk of the
  data, fewer where they would be nearly empty. Each colour holds about as many hexagons as the
  next (quantile classes), so the legend is not a ruler: read the ranges.
- **Heatmap**: each small cell spreads its count over a disc of 38 pixels; the sum is the colour. It
  shows shape, not numbers, and changes as you zoom.
- **Points**: one disc per item and exact place; its area grows with the count.
- **Flows**: item or cell $a$ followed by $b \ne a$ in the same session (no gap over 24 hours). A
  flow is filtered by its arrival. Arcs go from the light end to the dark end.
- **Privacy**: whatever has fewer than $k$ distinct users is left out and counted as hidden. With
  "hour by hour" this holds for each hour by itself.
"""


@dataclass(frozen=True)
class Setting:
    """What the controls say."""

    mode: str
    resolution: int
    value: str = "n_checkins"
    raised: bool = False
    between_items: bool = False
    most: int = 100
    hourly: bool = False
    min_users: int = MIN_USERS
    basemap: str = "auto"


def page() -> None:
    """Show the page for the data set in use and the filters of the sidebar."""
    store, chosen = _ui.current_store(), _ui.filters()
    _ui.page_header("Space", "Where do people act, where do they go next, and at which hour?")
    if not store.has_places:
        st.info(
            "This data set has no places: none of its check-ins has a latitude and a longitude. "
            "The time page and recommendations work without.",
            icon=":material/location_off:",
        )
        _ui.next_step("Get recommendations", "recommend")
        return
    everywhere = aggregate(
        "cells", store.fingerprint, chosen, store, schema.CELL_RESOLUTION, min_users=1
    )
    if not len(everywhere):
        st.info(
            "No check-ins with a place match the filters. Loosen them in the sidebar.",
            icon=":material/filter_alt_off:",
        )
        return
    suggested = suggestion(store.fingerprint, store)
    setting = controls(store, suggested)
    view = maps.view_of(everywhere["lat"], everywhere["lon"])
    playing = setting.hourly and st.session_state.get("space_playing", False)
    every = SECONDS_PER_HOUR if playing else None
    st.fragment(show, run_every=every)(store, chosen, setting, view)
    _ui.how_it_works(METHOD)
    _ui.next_step("Get recommendations", "recommend")


def controls(store, suggested: int) -> Setting:
    """Show the controls and return what they say."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        mode = st.segmented_control(
            "Show as",
            list(MODES),
            default=HEXAGONS,
            required=True,
            format_func=lambda each: f"{MODES[each]} {each}",
            key="space_mode",
        )
        hourly = st.toggle(
            "Hour by hour", key="space_hourly", help="Watch the day pass: one map per hour."
        )
    setting = Setting(mode=mode, resolution=suggested, hourly=hourly)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if mode == HEXAGONS:
            setting = replace(
                setting,
                value=st.segmented_control(
                    "Colour", list(VALUES), default="n_checkins", required=True,
                    format_func=VALUES.get, key="space_value",
                ),
            )  # fmt: skip
        if mode == FLOWS:
            setting = replace(
                setting,
                between_items=st.segmented_control(
                    "Between", [False, True], default=False, required=True,
                    format_func=lambda each: _ui.item_word(True).capitalize()
                    if each else "Hexagons",
                    key="space_between",
                ),
                most=st.slider("Largest flows", 10, maps.MAX_ARCS, 100, 10, key="space_most"),
            )  # fmt: skip
        if mode == HEXAGONS or (mode == FLOWS and not setting.between_items):
            setting = replace(setting, resolution=hexagon_size(suggested))
        if mode == HEXAGONS:
            raised = st.toggle("Raised", key="space_raised", help="Height is colour again, in 3D.")
            setting = replace(setting, raised=raised)
    with st.expander("Privacy and background", icon=":material/shield:"):
        setting = replace(
            setting,
            min_users=st.number_input(
                "Hide what has fewer users than", 1, 100, MIN_USERS, key="space_min_users",
                help="Places of one or two people can give them away.",
            ),
            basemap=st.radio(
                "Background", ["auto", "offline"], horizontal=True, key="space_basemap",
                format_func={"auto": "Online tiles where there is a network",
                             "offline": "Always offline"}.get,
            ),
        )  # fmt: skip
    return setting


def hexagon_size(suggested: int) -> int:
    """Ask for the size of hexagons in words of their width."""
    options = list(range(max(suggested - 3, 0), min(suggested + 2, schema.CELL_RESOLUTION) + 1))
    return st.select_slider(
        "Width of a hexagon",
        options,
        value=suggested,
        format_func=lambda each: _width(spatial.hexagon_width_km(each)),
        key=f"space_resolution_{suggested}",
    )


def show(store, chosen: Filters, setting: Setting, view: maps.View) -> None:
    """Show the map with its legend, its words and its data; runs again by itself while playing."""
    hour = hour_slider(chosen) if setting.hourly else None
    look = {"view": view, "dark": _ui.is_dark(), "basemap": setting.basemap}
    look["labels"] = landmarks(store.fingerprint, setting.min_users, view, store)
    draw = {HEXAGONS: hexagons, HEAT: heat, POINTS: points, FLOWS: flows}[setting.mode]
    draw(store, chosen, setting, hour, look)


# ---------------------------------------------------------------- the four kinds of map


def hexagons(store, chosen: Filters, setting: Setting, hour: int | None, look: dict) -> None:
    """Show cells in colours; a click looks into one."""
    whole, frame = cells_at(store, chosen, setting, setting.resolution, hour)
    if nothing_left(whole, "hexagon"):
        return
    scale = maps.Scale.fit(whole[setting.value], look["dark"])
    deck = maps.hexagons(
        frame, setting.value, setting.value if setting.raised else None, scale=scale,
        top=float(whole[setting.value].max()), **look,
    )  # fmt: skip
    st.html(maps.legend_html(VALUES[setting.value], scale))
    half = spatial.concentration(frame["n_checkins"])
    first = (
        f"Half of the check-ins shown fall in the {half:,} busiest of {len(frame):,} hexagons. "
        if len(frame) > 1
        else ""
    )
    event = _ui.deck(
        deck, "map_hexagons", on_select="rerun",
        caption=first + below(store, frame, setting, "hexagon") + " Click a hexagon to look in.",
    )  # fmt: skip
    data = frame.assign(cell=[format(int(cell), "x") for cell in frame["cell"]])
    with st.container(horizontal=True):
        _ui.downloads("hexagons", data, "map_hexagons")
        st.download_button(
            "Hexagons as GeoJSON",
            lambda: _ui.to_json(spatial.as_geojson(frame)),
            file_name="hexagons.geojson",
            mime="application/geo+json",
            key="geojson_hexagons",
            icon=":material/download:",
            type="tertiary",
        )
    clicked = event.selection["objects"].get("hexagons") if event else None
    if clicked and not st.session_state.get("space_playing"):
        look_into(store, chosen, int(clicked[0]["cell"]), setting)


def heat(store, chosen: Filters, setting: Setting, hour: int | None, look: dict) -> None:
    """Show smooth density."""
    fine = min(setting.resolution + 1, schema.CELL_RESOLUTION)
    whole, frame = cells_at(store, chosen, setting, fine, hour)
    if nothing_left(whole, "cell"):
        return
    words = "Denser colour: more check-ins nearby. "
    _ui.deck(
        maps.heatmap(frame, **look),
        "map_heat",
        caption=words + below(store, frame, setting, "cell"),
    )
    _ui.downloads("heatmap-cells", frame.assign(cell=frame["cell"].astype(str)), "map_heat")


def points(store, chosen: Filters, setting: Setting, hour: int | None, look: dict) -> None:
    """Show single places."""
    at = chosen if hour is None else replace(chosen, hours=(hour,))
    frame = aggregate("points", store.fingerprint, at, store, min_users=setting.min_users)
    if nothing_left(frame, "place", hour):
        return
    top = frame.iloc[0]
    name = top["item_name"] if pd.notna(top["item_name"]) else top["item_id"]
    words = f"The largest: {_ui._plain(str(name))}, {top['n_checkins']:,} check-ins. "
    if frame.attrs["n_points"] > len(frame):
        words += f"The {len(frame):,} largest of {frame.attrs['n_points']:,} places are shown. "
    _ui.deck(
        maps.points(frame, **look),
        "map_points",
        caption=words + below(store, frame, setting, "place"),
    )
    _ui.downloads("places", frame, "map_points")


def flows(store, chosen: Filters, setting: Setting, hour: int | None, look: dict) -> None:
    """Show which place follows which."""
    at = chosen if hour is None else replace(chosen, hours=(hour,))
    resolution = None if setting.between_items else setting.resolution
    frame = aggregate(
        "flows", store.fingerprint, at, store, resolution=resolution, min_users=setting.min_users
    )
    attrs = frame.attrs
    frame = frame.dropna(subset=["from_lat", "to_lat"])
    frame.attrs = attrs
    if nothing_left(frame, "flow", hour):
        return
    top = frame.iloc[0]
    words = (
        f"The largest: {_ui._plain(top['from_name'])} → {_ui._plain(top['to_name'])}, "
        if setting.between_items
        else "The largest: "
    ) + f"{top['n_checkins']:,} check-ins. "
    shown = frame.head(setting.most)
    if len(frame) > len(shown):
        words += f"The {len(shown):,} largest of {len(frame):,} flows are drawn. "
    words += "Arcs go from the light end to the dark end. "
    _ui.deck(
        maps.arcs(shown, most=setting.most, **look), "map_flows",
        caption=words + below(store, frame, setting, "flow"),
    )  # fmt: skip
    ends = {} if setting.between_items else {
        side: [format(int(cell), "x") for cell in frame[side]] for side in ("origin", "destination")
    }  # fmt: skip
    _ui.downloads("flows", frame.assign(**ends), "map_flows")


def look_into(store, chosen: Filters, cell: int, setting: Setting) -> None:
    """Show what happens in one hexagon."""
    inside = replace(chosen, cells=(cell,))
    summary = aggregate("summary", store.fingerprint, inside, store)
    if summary["n_users"] < setting.min_users:
        return
    everything = aggregate("summary", store.fingerprint, chosen, store)
    items = aggregate("points", store.fingerprint, inside, store, min_users=setting.min_users)
    with st.container(border=True):
        st.subheader("In this hexagon", anchor=False)
        left, middle, right = st.columns([1, 2, 3])
        left.metric("Check-ins", f"{summary['n_checkins']:,}")
        left.metric("Users", f"{summary['n_users']:,}")
        left.metric("Of all", f"{summary['n_checkins'] / everything['n_checkins']:.1%}")
        with middle:
            week = aggregate("hour_weekday", store.fingerprint, inside, store)
            _ui.figure(plots.clock(week), "cell_clock", plots.in_words("hour_weekday", week))
        with right:
            st.markdown(f"**Its {_ui.item_word(plural=True)}**")
            shown = items.head(12)
            st.dataframe(
                pd.DataFrame(
                    {
                        _ui.item_word().capitalize(): shown["item_name"].fillna(shown["item_id"]),
                        "Category": shown["category"],
                        "Check-ins": shown["n_checkins"],
                        "Users": shown["n_users"],
                    }
                ).dropna(axis="columns", how="all"),
                hide_index=True,
                width="stretch",
            )
            hidden = spatial.hidden_in_words(items, "place")
            st.caption(hidden or f"{len(items):,} in all.")


# ---------------------------------------------------------------- helpers


def hour_slider(chosen: Filters) -> int:
    """Return the hour shown; while playing, each run of the fragment shows the next."""
    hours = sorted(chosen.hours) if chosen.hours else list(range(24))
    playing = st.session_state.get("space_playing", False)
    now = st.session_state.get("space_hour", hours[0])
    if now not in hours:
        now = hours[0]
    due = time.monotonic() - st.session_state.get("space_tick", 0.0) > SECONDS_PER_HOUR * 0.8
    if playing and due:
        now = hours[(hours.index(now) + 1) % len(hours)]
        st.session_state["space_tick"] = time.monotonic()
    st.session_state["space_hour"] = now
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label, icon = ("Stop", "pause") if playing else ("Play", "play_arrow")
        if st.button(label, icon=f":material/{icon}:", key="space_play"):
            st.session_state["space_playing"] = not playing
            st.rerun()
        if len(hours) > 1:
            now = st.select_slider(
                "Hour of the day",
                hours,
                key="space_hour",
                format_func=lambda each: f"{each:02d}:00–{each + 1:02d}:00",
            )
    return now


def cells_at(store, chosen: Filters, setting: Setting, resolution: int, hour: int | None):
    """Return the cells of all hours, which fix colours and heights, and those of the hour shown."""
    kind = "cells" if hour is None else "cell_hours"
    k = setting.min_users
    whole = spatial.per_user(
        aggregate(kind, store.fingerprint, chosen, store, resolution, min_users=k)
    )
    if hour is None:
        return whole, whole
    frame = whole[whole["hour"] == hour].drop(columns="hour").reset_index(drop=True)
    frame.attrs = dict(whole.attrs)
    return whole, frame


def below(store, frame: pd.DataFrame, setting: Setting, noun: str) -> str:
    """Return how much a map counts, what it hides, and whom to thank."""
    words = plots.note(int(frame["n_checkins"].sum()), None, store.time_zone)
    per_hour = " and hour" if setting.hourly and setting.mode in (HEXAGONS, HEAT) else ""
    hidden = spatial.hidden_in_words(frame, noun).replace(" are hidden", f"{per_hour} are hidden")
    return f"{_ui._plain(words)}. {hidden} {maps.attribution(setting.basemap)}."


def nothing_left(frame: pd.DataFrame, noun: str, hour: int | None = None) -> bool:
    """Say so when a map would be empty."""
    if len(frame):
        return False
    when = "" if hour is None else f" between {hour}:00 and {hour + 1}:00"
    words = spatial.hidden_in_words(frame, noun)
    st.info(
        f"Nothing to show{when}. "
        + (f"{words} Lower the number under “Privacy”." if words else "Choose another view."),
        icon=":material/visibility_off:",
    )
    return True


@st.cache_data(max_entries=64, show_spinner=False)
def landmarks(fingerprint: str, min_users: int, view: maps.View, _store) -> pd.DataFrame:
    """Return named items that stay at their place and belong to many."""
    items = _store.items().to_pandas()
    # An item bought all over the city is no landmark.
    still = items["spread_km"] < max(view.span_deg * spatial.KM_PER_DEGREE / 200, 0.05)
    return items[still & (items["n_users"] >= min_users)].nlargest(300, "n_checkins")


@st.cache_data(max_entries=32, show_spinner=False)
def suggestion(fingerprint: str, _store) -> int:
    """Return the size of hexagons that suits the data set."""
    return spatial.suggest_resolution(_store.cells(schema.CELL_RESOLUTION, min_users=1))


@st.cache_data(max_entries=128, show_spinner="Counting…")
def aggregate(kind: str, fingerprint: str, chosen: Filters, _store, *setting, **named):
    """Ask the store once per data set, filters and setting."""
    return getattr(_store, kind)(*setting, filters=chosen, **named)


def _width(km: float) -> str:
    return f"{km:,.0f} km" if km >= 10 else f"{km:.1f} km" if km >= 1 else f"{km * 1000:.0f} m"


_ui.guarded(page)
