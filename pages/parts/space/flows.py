"""Flows on the space page: where people go next, how far, and how predictably."""

import pandas as pd
import streamlit as st

from pages.parts.space import common
from pages.shared import playback, ui
from pages.shared.made import built, call, made, of, part
from pages.shared.once import drawn
from pages.shared.results import by_content, counted
from strec import maps, plots, spatial
from strec.plots import space as figures
from strec.store import Filters, Store
from strec.wording import rough_distance


def show(store: Store, chosen: Filters, setting: common.Setting, view: maps.View) -> None:
    """Show the arcs, then what distance does."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ends = {False: "Hexagons", True: ui.item_word(True).capitalize()}
        between_items = ui.choose("Between", ends, "flows_between")
        film = playback.choose(store, chosen, "flows_play_by")
        with common.more():
            resolution = common.hexagon_size(store, setting)
            most = st.slider("Largest flows drawn", 10, maps.MAX_ARCS, 100, 10, key="flows_most")
            least = st.number_input("At least so many check-ins", 1, 100_000, 1, key="flows_least")
    between = None if between_items else resolution
    playback.played(
        film,
        lambda step: arcs(
            store, chosen if step is None else step.within(chosen), setting, view, between, most,
            int(least),
        ),
    )  # fmt: skip
    steps = counted(Store.steps, store, chosen)
    if not len(steps):
        st.info(
            "No user goes from one place to another within a session: there are no distances to "
            "show.",
            icon=":material/info:",
        )
        return
    left, right = st.columns(2)
    with left, ui.noticing():
        decay(store, chosen, resolution)
    with right:
        step_lengths(store, steps)
    if store.is_anonymous:
        with ui.noticing():
            store.need_people()
        return
    left, right = st.columns(2)
    with left:
        roaming(store, chosen)
    with right, ui.noticing():
        guesses(store, chosen)


def arcs(store, chosen, setting, view, resolution: int | None, most: int, least: int) -> None:
    """Show which place follows which."""
    frame = counted(Store.flows, store, chosen, resolution, least, setting.min_users)
    attrs, how = frame.attrs, part(of(frame), '.dropna(subset=["from_lat", "to_lat"])')
    frame = frame.dropna(subset=["from_lat", "to_lat"])
    frame.attrs = attrs
    if common.nothing_left(frame, "flow"):
        return
    top = frame.iloc[0]
    ends = (
        (str(top["from_name"]), str(top["to_name"]))
        if resolution is None
        else tuple(
            common.near_landmark(store, top[f"{end}_lat"], top[f"{end}_lon"])
            for end in ("from", "to")
        )
    )
    words = (
        f"The largest: {'' if resolution is None else 'near '}{ui.plain(ends[0])} → "
        f"{ui.plain(ends[1])}, {int(top['n_checkins']):,} check-ins. "
    )
    shown = frame.head(most)
    if len(frame) > len(shown):
        words += f"The {len(shown):,} largest of {len(frame):,} flows are drawn. "
    words += "Arcs go from the light end to the dark end. "
    made(shown, part(how, f".head({most})"))
    deck = built(maps.arcs, shown, most=most, **common.look(store, setting, view))
    hidden = spatial.hidden_in_words(frame, "flow")
    caption = words + common.below(store, chosen, frame["n_checkins"].sum(), hidden)
    ui.deck(deck, "map_flows", caption=caption)
    common.offer("flows", frame, deck, words=caption)


def decay(store, chosen: Filters, resolution: int) -> None:
    """Show how distance keeps people away."""
    found = computed_decay(store, chosen, resolution)
    asked = call(Store.busiest_flows, store, resolution, chosen)
    made(found, call(spatial.distance_decay, asked))
    ui.figure(
        drawn(figures.distance_decay, found, common.plain_counts(store, chosen)),
        "flows_decay",
        f"{ui.plain(found.sentence)} From {found.n_steps:,} steps among {found.n_cells:,} "
        "hexagons.",
        found.frame,
        "distance-decay",
    )


def step_lengths(store, steps: pd.DataFrame) -> None:
    """Show how long steps are."""
    half, most = spatial.step_quantiles(steps)
    n = int(steps["n_checkins"].sum())
    still = steps.attrs["n_still"]
    note = plots.note(n, steps.attrs["n_users"], store.time_zone).replace("check-in", "step")
    ui.figure(
        drawn(figures.step_lengths, steps, note),
        "flows_steps",
        f"Half of the steps are shorter than {rough_distance(half)}, nine of ten shorter than "
        f"{rough_distance(most)}. {still:,} more stay at the place.",
        steps,
        "steps",
    )


def roaming(store, chosen: Filters) -> None:
    """Show how far users roam."""
    frame = counted(Store.gyration, store, chosen)
    middle = frame["gyration_km"].median()
    ui.figure(
        drawn(
            figures.roaming, frame, common.plain_counts(store, chosen, frame["n_checkins"].sum())
        ),
        "flows_roaming",
        f"The check-ins of half of the users lie within about {rough_distance(middle)} of their "
        "centre (radius of gyration).",
        common.with_user_ids(store, frame),
        "roaming",
        can_pin=False,
    )


def guesses(store, chosen: Filters) -> None:
    """Show how far the order of visits predicts."""
    found = computed_guesses(store, chosen)
    how = call(spatial.predictability, call(Store.sequences, store, chosen))
    made(found.frame, part(how, ".frame"))
    note = plots.note(int(found.frame["n_visits"].sum()), len(found.frame), store.time_zone)
    sentence = found.sentence.replace("the next item", f"the next {ui.item_word()}")
    figure = drawn(figures.predictability, found.frame, note)
    named = common.with_user_ids(store, found.frame)
    ui.figure(figure, "flows_guesses", ui.plain(sentence), named, "predictability",
              can_pin=False)  # fmt: skip


@by_content("Weighing distances…")
def computed_decay(store: Store, chosen: Filters, resolution: int):
    """Fit once per data set, filters and size of hexagons."""
    return spatial.distance_decay(store.busiest_flows(resolution, chosen))


@by_content("Reading sequences of visits…")
def computed_guesses(store: Store, chosen: Filters):
    """Read sequences once per data set and filters."""
    return spatial.predictability(store.sequences(chosen))
