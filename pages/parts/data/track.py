"""A raw track on the Data page: what became of its fixes, by which thresholds, and its map."""

import polars as pl
import streamlit as st

from pages.parts.data.draft import CLEANED, READ, Draft
from pages.shared import background, ui
from strec import maps, schema
from strec.cleaning import Stays

#: Fixes that a map of the track is made of; of more people some whole ones are shown.
MOST_SHOWN = 200_000


def show(draft: Draft) -> None:
    """Where it looks like a raw track, say so and let a person set what a stay is."""
    if not draft.is_track or not any(isinstance(step, Stays) for step in draft.recipe.steps):
        return
    step = draft.recipe.step("stays")
    assert isinstance(step, Stays)
    with st.container(border=True):
        done = draft.report.remade
        st.markdown(
            f":material/route: **{ui.plain(done.sentence)}**"
            if done
            else ":material/route: **This looks like a raw track**: a fix every few seconds or "
            "minutes, not a row per event. Models and tests of events need stays first."
        )
        key = f"data_track_{draft.version}"
        with st.container(horizontal=True, vertical_alignment="bottom"):
            enabled = st.toggle("Turn fixes into stays", step.enabled, key=f"{key}_on")
            distance = st.slider(
                "Within metres", 20, 1_000, int(step.distance_m), 10, key=f"{key}_distance",
                disabled=not enabled, help=step.parameters()["distance_m"].metadata["help"],
            )  # fmt: skip
            minutes = st.slider(
                "For at least minutes", 1, 120, int(step.minutes), key=f"{key}_minutes",
                disabled=not enabled, help=step.parameters()["minutes"].metadata["help"],
            )  # fmt: skip
        # A slider cannot hold every number that a recipe may: only what was moved is taken.
        changed = {} if enabled == step.enabled else {"enabled": enabled}
        changed |= {} if distance == int(step.distance_m) else {"distance_m": float(distance)}
        changed |= {} if minutes == int(step.minutes) else {"minutes": float(minutes)}
        if changed:
            draft.set_recipe(draft.recipe.change("stays", **changed))
            # The settings of the step below show the same numbers.
            draft.version += 1
            st.rerun()
        if st.toggle("The raw track on a map", key="data_track_map"):
            _on_map(draft, with_stays=done is not None)


def _on_map(draft: Draft, with_stays: bool) -> None:
    """Show the ways of the fixes, and the places of the stays above them."""
    fixes = draft.rows(READ).filter(pl.col(schema.LAT).is_not_null())
    counts = fixes.group_by(schema.USER).len().sort("len", descending=True).collect()
    few = counts.filter(pl.col("len").cum_sum() <= MOST_SHOWN)[schema.USER]
    users = few if len(few) else counts[schema.USER].head(1)
    shown = fixes.filter(pl.col(schema.USER).is_in(users.implode())).collect(engine="streaming")
    layers = [maps.track_layer(shown)]
    if with_stays and not draft.is_empty:
        stays = draft.rows(CLEANED).filter(pl.col(schema.USER).is_in(users.implode()))
        places = (
            stays.group_by(schema.ITEM)
            .agg(
                pl.col(schema.LAT, schema.LON).first(),
                pl.len().alias("n_checkins"),
                pl.col(schema.USER).n_unique().alias("n_users"),
            )
            .sort("n_checkins", descending=True)
            .rename({schema.ITEM: "item_name"})
            .head(1_000)
            .collect()
        )
        layers.append(maps.point_layer(places, layer_id="stays"))
    view = background.view_of(shown[schema.LAT].to_numpy(), shown[schema.LON].to_numpy())
    said = "" if len(users) == len(counts) else f" {len(users):,} of {len(counts):,} people."
    ui.deck(
        maps.deck(layers, view, **background.look()), "data_track_deck", height=420,
        caption="Lines: the fixes as they were read. Discs: places of stays, larger where people "
        f"stayed more often.{said} {background.thanks()}",
    )  # fmt: skip
