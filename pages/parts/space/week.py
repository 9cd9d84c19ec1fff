"""The activity map on the space page: who, or which part of town, lives at which hours."""

import pandas as pd
import streamlit as st

from pages.parts.space import common
from pages.shared import ui
from pages.shared.made import call, made, named, of, part
from pages.shared.once import drawn
from pages.shared.results import by_content, counted
from strec import maps, spatial
from strec.plots import space as figures
from strec.spatial.activity import MIN_CHECKINS
from strec.store import Filters, Store

CELLS, USERS = "Parts of town", "Users"


def show(store: Store, chosen: Filters, setting: common.Setting, view: maps.View) -> None:
    """Show the map of weeks, the groups, and where they are in town."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = ui.choose("Whose week", [CELLS, USERS], "week_kind")
        with common.more():
            resolution = common.hexagon_size(store, setting)
        n_groups = st.select_slider(
            "Groups", [None, 2, 3, 4, 5, 6], value=None, key="week_groups",
            format_func=lambda each: "as the data say" if each is None else str(each),
        )  # fmt: skip
    unit = "cell" if kind == CELLS else "user"
    found = computed(store, chosen, unit, resolution, n_groups, setting.min_users)
    habits = (
        call(Store.cell_weeks, store, resolution, chosen, min_users=setting.min_users)
        if unit == "cell"
        else call(Store.user_weeks, store, chosen, min_checkins=MIN_CHECKINS)
    )
    made(found, call(spatial.activity_map, habits, unit, n_groups))
    st.markdown(f"**{ui.plain(found.sentence)}**")
    note = common.plain_counts(store, chosen, found.frame["n_checkins"].sum())
    left, right = st.columns([2, 3])
    with left:
        ui.figure(
            drawn(figures.activity_grid, found, note),
            "week_grid",
            f"Each disc is a typical week; discs beside each other are alike. Quantisation error "
            f"{found.quantisation_error:.2f}, topographic error "
            f"{100 * found.topographic_error:.0f} %.",
            found.nodes,
            "map-of-weeks",
        )
    with right:
        ui.figure(
            drawn(figures.activity_profiles, found, note),
            "week_profiles",
            "When each group is active. Colours are those of the map.",
            by_hour(found),
            "groups",
        )
    city(store, chosen, setting, view, found, resolution)


def by_hour(found) -> pd.DataFrame:
    """Return the mean week of each group, a column per group, shares per hour of the week."""
    frame = pd.DataFrame(found.profiles.T, columns=list(found.clusters["name"]))
    frame.insert(0, "all together", found.overall)
    return frame.rename_axis("hour_of_week").reset_index()


def city(store, chosen, setting, view: maps.View, found, resolution: int) -> None:
    """Show the groups on the map of the city."""
    names = list(found.clusters["name"])
    colours = [figures.cluster_colour(k) for k in found.clusters["cluster"]]
    if found.unit == "cell":
        frame = found.frame.assign(name=[names[k] for k in found.frame["cluster"]])
        frame["tip"] = [
            f"{name}\n{n:,} check-ins"
            for name, n in zip(frame["name"], frame["n_checkins"], strict=True)
        ]
        title, words = "Busiest at", "The same groups in town. "
    else:
        frame = where_groups_go(store, chosen, setting, found, resolution)
        title, words = (
            "More than elsewhere",
            "Where each group has more of the check-ins than in the whole town; grey where none "
            "has a tenth more. ",
        )
    if common.nothing_left(frame, "hexagon"):
        return
    classes = maps.Classes(tuple(names), tuple(colours))
    st.html(maps.legend_html(title, classes))
    deck = maps.hexagons(frame, "name", scale=classes, **common.look(store, setting, view))
    hidden = spatial.hidden_in_words(frame)
    words += common.below(store, chosen, frame["n_checkins"].sum(), hidden)
    ui.deck(deck, f"week_city_{found.unit}", caption=words)
    if found.unit == "cell":
        cells = frame.drop(columns="tip")
        everywhere = call(Store.cells, store, resolution, chosen, min_users=setting.min_users)
        joined = part(everywhere, '.merge(found.frame[["cell", "cluster"]])')
        how = named(of(found), "found", joined.text if joined else "")
        made(deck, call(maps.hexagons, how, "cluster"))
        common.offer("weeks-of-hexagons", cells, deck, cells, words, (title, classes))
    else:
        people = found.frame.assign(name=[names[k] for k in found.frame["cluster"]])
        common.offer(
            "weeks-of-users",
            common.with_user_ids(store, people),
            deck,
            words=words,
            legend=(title, classes),
        )


@by_content("Laying weeks on a map…")
def computed(
    store: Store, chosen: Filters, unit: str, resolution: int, n_groups: int | None, min_users: int
):  # fmt: skip
    """Train the map once per data set, filters and setting."""
    if unit == "cell":
        habits = store.cell_weeks(resolution, chosen, min_users=min_users)
    else:
        habits = store.user_weeks(chosen, min_checkins=MIN_CHECKINS)
    return spatial.activity_map(habits, unit, n_groups)


def where_groups_go(store, chosen, setting, found, resolution: int) -> pd.DataFrame:
    """Return hexagons named after the group that is there more than elsewhere."""
    visits = counted(Store.user_cells, store, resolution, chosen)
    group = found.frame.set_index("user")["cluster"]
    visits = visits.assign(cluster=visits["user"].map(group)).dropna(subset="cluster")
    n_users = visits.groupby("cell")["user"].nunique()
    table = visits.pivot_table(
        index="cell", columns="cluster", values="n_checkins", aggfunc="sum", fill_value=0
    )
    few = n_users.reindex(table.index) < setting.min_users
    lift = table.div(table.sum(axis=1), axis=0) / (table.sum() / table.to_numpy().sum())
    names = list(found.clusters["name"])
    frame = pd.DataFrame(
        {
            "cell": table.index.to_numpy(dtype="uint64"),
            "n_checkins": table.sum(axis=1).to_numpy(),
            "name": [
                names[int(top)] if best > 1.1 else ""
                for top, best in zip(lift.idxmax(axis=1), lift.max(axis=1), strict=True)
            ],
            "times": lift.max(axis=1).round(2).to_numpy(),
        }
    )
    frame["tip"] = [
        f"{name or 'as in the whole town'}\n{n:,} check-ins" + (f"\n{times:.1f} times" * bool(name))
        for name, n, times in zip(frame["name"], frame["n_checkins"], frame["times"], strict=True)
    ]
    shown = frame[~few.to_numpy()].reset_index(drop=True)
    shown.attrs = {
        "hidden": int(few.sum()),
        "hidden_checkins": int(frame["n_checkins"][few.to_numpy()].sum()),
        "min_users": setting.min_users,
    }
    return shown
