"""Neighbours on the space page: places near a place, users who live alike."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import streamlit as st

from pages.parts.space import common
from pages.shared import background, ui
from pages.shared.made import Made, call, made, named, of
from pages.shared.once import drawn
from pages.shared.results import by_content, counted
from strec import maps, plots, spatial
from strec.errors import AnalysisError
from strec.export import enough_people
from strec.palette import TEXT, TIME, USER
from strec.plots import space as figures
from strec.store import Filters, Store
from strec.wording import rough_distance

PLACES, USERS = "Near a place", "Users who live alike"
BY_PLACE, BY_TIME = "Where they go", "When they are active"
#: So many can be searched by name; a longer list makes the browser slow.
MOST_OPTIONS = 5_000
MIN_CHECKINS = 10
#: What `spatial.WHO` means here.
SHOWN = dict(
    zip(spatial.WHO, ("only the user chosen", "both", "only the most similar"), strict=True)
)


def show(store: Store, chosen: Filters, setting: common.Setting, view: maps.View) -> None:
    """Show one of the two questions."""
    kind = ui.choose("Who or what", [PLACES, USERS], "near_kind", show_label=False)
    if kind == PLACES:
        places(store, setting)
    else:
        users(store, chosen, setting, view)


def places(store, setting: common.Setting) -> None:
    """Show the places nearest to one."""
    items = known_items(store, setting.min_users)
    if len(items) < 2:
        raise AnalysisError(
            f"Nearest places need two or more {ui.item_word(True)} with a place and "
            f"{setting.min_users} or more users.",
            f"{len(items)}.",
            "Lower the number under “Settings”, or add data.",
        )
    names: dict[str, str] = dict(zip(items["item_id"], items["shown"], strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        item = st.selectbox(
            f"Near this {ui.item_word()}",
            list(names)[:MOST_OPTIONS],
            format_func=names.__getitem__,
            key=f"near_item_{store.fingerprint}",
        )
        k = st.slider("How many", 3, 30, 10, key="near_k")
        same = False
        if items["category"].is_not_null().any():
            same = st.toggle("Same category only", key="near_same")
    near = spatial.nearest_places(items, item, k, same)
    made(near, call(spatial.nearest_places, _items_in_python(setting.min_users), item, k, same))
    here = items.row(by_predicate=pl.col("item_id") == item, named=True)
    look = common.look(store, setting, _close_view(here, near))
    layers = [
        maps.point_layer(near.assign(tip=_tips(near)), layer_id="near", min_px=6),
        maps.here_layer(here["lat"], here["lon"], str(here["shown"])),
        maps.label_layer(near, look["view"], look["dark"], offset_px=(0, -15)),
    ]
    deck = maps.deck(layers, look["view"], **background.look())
    made(deck, call(maps.points, near))
    first = near.iloc[0]
    words = (
        f"The nearest to {ui.plain(str(here['shown']))} is {ui.plain(str(first['shown']))}, "
        f"{rough_distance(first['distance_km'])} away; {len(near)} lie within "
        f"{rough_distance(near['distance_km'].max())}. "
    )
    if here["spread_km"] > 0.5:
        words += (
            f"It is found all over town (half of its check-ins within "
            f"{rough_distance(here['spread_km'])} of the middle); distances are from that middle. "
        )
    n = int(near["n_checkins"].sum() + here["n_checkins"])
    note = ui.plain(plots.note(n, None, store.time_zone))
    words += f"Together {note}. {background.thanks()}."
    ui.deck(deck, "near_places", caption=words)
    columns = ["item_id", "item_name", "category", "lat", "lon", "distance_km", "n_checkins"]
    ui.table(
        pd.DataFrame(
            {
                ui.item_word().capitalize(): near["shown"],
                "Category": near["category"],
                "Away (km)": near["distance_km"].round(3),
                "Check-ins": near["n_checkins"],
            }
        ).dropna(axis="columns", how="all")
    )
    common.offer("nearest", near[columns], deck, words=words)


def users(store, chosen: Filters, setting: common.Setting, view: maps.View) -> None:
    """Show the users most like one, and what the two have in common."""
    store.need_people()
    people = store.users().with_row_index("user").filter(pl.col("n_checkins") >= MIN_CHECKINS)
    people = people.top_k(MOST_OPTIONS, by="n_checkins")
    if len(people) < 2:
        raise AnalysisError(
            f"Users are compared who have {MIN_CHECKINS} or more check-ins.",
            f"{len(people)} of them.",
            "Add data over a longer time.",
        )
    ids: dict[int, str] = dict(zip(people["user"], people["user_id"], strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        user = st.selectbox(
            "Similar to user",
            list(ids),
            format_func=ids.__getitem__,
            key=f"near_user_{store.fingerprint}",
        )
        by = ui.choose("By", [BY_PLACE, BY_TIME], "near_by")
        resolution = common.hexagon_size(store, setting) if by == BY_PLACE else 0
    habit = habits(store, chosen, by, resolution)
    known, profiles, n_users = profiled(store, chosen, by, resolution)
    similar = spatial.similar_users(known, profiles, user, 10)
    table = similar.assign(
        user_id=[str(store.users()["user_id"][int(code)]) for code in similar["user"]]
    )
    top = table.iloc[0]
    st.markdown(
        f"**Most like {ui.plain(str(ids[user]))}: {ui.plain(top['user_id'])}, with a similarity "
        f"of {top['similarity']:.2f}** (1: the same mix, 0: nothing in common)."
    )
    left, right = st.columns([2, 5])
    with left:
        similarity = st.column_config.ProgressColumn(
            "Similarity", format="%.2f", min_value=0.0, max_value=1.0
        )
        ui.table(
            table[["user_id", "similarity"]].round(3),
            {"user_id": "User", "similarity": similarity},
        )
        st.caption(f"Among {n_users:,} users with {MIN_CHECKINS} or more check-ins.")
        common.offer("similar-users", table)
    with right:
        pair = (int(user), int(top["user"]))
        if by == BY_TIME:
            rows = [int(np.flatnonzero(known == each)[0]) for each in pair]
            names = str(ids[user]), str(top["user_id"])
            figure = drawn(figures.week_pair,
                profiles[rows[0]], profiles[rows[1]], names, common.plain_counts(store, chosen),
            )  # fmt: skip
            made(figure, _weeks_in_python(habit, rows, names))
            weeks = {str(ids[each]): profiles[row] for each, row in zip(pair, rows, strict=True)}
            lines = pd.DataFrame(weeks).rename_axis("hour_of_week").reset_index()
            words = "When each of the two is active, hour by hour."
            ui.figure(figure, "near_weeks", words, lines, "two-weeks", can_pin=False)
        else:
            together(store, chosen, setting, view, pair, habit)


def together(store, chosen, setting, view, pair: tuple[int, int], visits: pd.DataFrame) -> None:
    """Map where two users go: one, the other, both."""
    both = spatial.where_two_go(visits, *pair)
    made(both, call(spatial.where_two_go, visits, *pair))
    both["shown"] = both["who"].map(SHOWN)
    both["tip"] = [
        f"{shown.capitalize()}\n{a:,} and {b:,} check-ins"
        for shown, a, b in zip(both["shown"], both["n_one"], both["n_other"], strict=True)
    ]
    classes = maps.Classes(tuple(SHOWN.values()), (TIME, TEXT, USER))
    st.html(maps.legend_html("Visited by", classes))
    deck = maps.hexagons(both, "shown", scale=classes, **common.look(store, setting, view))
    made(deck, _pair_in_python(both))
    shared = both["who"] == spatial.WHO[1]
    words = (
        f"The two meet in {int(shared.sum()):,} of {len(both):,} hexagons, which hold "
        f"{100 * (both.loc[shared, 'n_one'].sum() / max(both['n_one'].sum(), 1)):.0f} % of the "
        f"first user's "
        "check-ins. "
    )
    n = int(both["n_one"].sum() + both["n_other"].sum())
    words += common.below(store, chosen, n)
    ui.deck_with_python(deck, "near_pair", height=430, caption=words)


def _items_in_python(min_users: int) -> Made:
    """Return how the places are asked for that enough people visit."""
    imports = "import polars as pl", "from strec.export import enough_people"
    said = f'items.filter(pl.col("lat").is_not_null(), enough_people(items, {min_users}))'
    return Made("items", ("items = data.store.items()", f"items = {said}"), imports)


def _weeks_in_python(habit: pd.DataFrame, rows: list[int], names: tuple[str, str]) -> Made | None:
    asked = call(spatial.time_profiles, habit)
    weeks = [Made(f"profiles[{row}]") for row in rows]
    said = call(figures.week_pair, *weeks, names)
    if asked is None or said is None:
        return None
    lines = *asked.lines, f"users, profiles = {asked.text}"
    return Made(said.text, lines, (*asked.imports, *said.imports))


def _pair_in_python(both: pd.DataFrame) -> Made | None:
    how = named(of(both), "both", "both")
    if how is None:
        return None
    classes = f"classes = maps.Classes(spatial.WHO, {(TIME, TEXT, USER)})"
    said = 'maps.hexagons(both, "who", scale=classes)'
    return Made(said, (*how.lines, classes), (*how.imports, "maps"))


@by_content("Describing users…")
def profiled(store: Store, chosen: Filters, by: str, resolution: int):
    """Return users, their profiles, and how many there are."""
    profiles_of = spatial.time_profiles if by == BY_TIME else spatial.place_profiles
    users, profiles = profiles_of(habits(store, chosen, by, resolution))
    return users, profiles, len(users)


def habits(store: Store, chosen: Filters, by: str, resolution: int) -> pd.DataFrame:
    """Return when users are active, or where they go."""
    if by == BY_TIME:
        return counted(Store.user_weeks, store, chosen, MIN_CHECKINS)
    return counted(Store.user_cells, store, resolution, chosen, MIN_CHECKINS)


@by_content()
def known_items(store: Store, min_users: int) -> pl.DataFrame:
    """Return items with a place and enough users, the busiest first, with a name to show."""
    items = store.items()
    items = items.filter(pl.col("lat").is_not_null(), enough_people(items, min_users))
    return items.sort("n_checkins", "item_id", descending=[True, False]).with_columns(
        shown=pl.coalesce("item_name", "item_id").cast(pl.String)
    )


def _close_view(here: dict[str, Any], near: pd.DataFrame) -> maps.View:
    lat, lon = [*near["lat"], here["lat"]], [*near["lon"], here["lon"]]
    return background.view_of(lat, lon, max_zoom=15)


def _tips(near: pd.DataFrame) -> list[str]:
    return [
        f"{name}\n{rough_distance(km)} away\n{n:,} check-ins"
        for name, km, n in zip(near["shown"], near["distance_km"], near["n_checkins"], strict=True)
    ]
