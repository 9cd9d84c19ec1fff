"""The same pictures for A and for B, their difference, and what of it is more than chance."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import selection
from pages.parts.compare import ask
from pages.parts.space import change, common
from pages.shared import background, state, ui
from pages.shared.made import built, call, made, named, of, part
from pages.shared.page import NextStep, go_to
from pages.shared.results import by_content, counted
from strec import groups, maps, plots, schema
from strec.api import compare_groups
from strec.errors import AnalysisError
from strec.palette import DIVERGING
from strec.plots.style import label
from strec.store import Store

MEASURES = {"rate": "How often", "share": "Share of the check-ins"}
KINDS, HOURS, WEEK, DAYS, MAP, PLACES = (
    "Kinds", "Hours of the day", "Hours of the week", "Day by day", "Map", "Places",
)  # fmt: skip


def show() -> NextStep | None:
    """Show two groups of the data set in use."""
    store = ui.current_store()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        try:
            asked = ask.pair(store)
        except AnalysisError as error:
            ui.show_notice(error)
            return None
        measure = ui.choose(
            "Count", {"": "What suits", **MEASURES}, "compare_measure",
            help="How often: check-ins per person and day. Share: of all check-ins of the group. "
            "What suits is how often where the groups differ in time alone.",
        )  # fmt: skip
    try:
        found = compared(store, asked, measure or None)
        said = {"within": asked.within, "names": asked.names, "measure": measure or None}
        made(found, call(compare_groups, store, asked.a, asked.b, **said))
    except AnalysisError as error:
        ui.show_notice(error)
        return None
    answer(found, asked)
    pictures(store, found)
    return "Does it matter?", "dependence"


@by_content("Comparing…", most=48)
def compared(store: Store, asked: ask.Pair, measure: str | None) -> groups.Comparison:
    """Return the comparison of two groups."""
    return groups.compare_groups(
        store, asked.a, asked.b, within=asked.within, names=asked.names, measure=measure
    )


def answer(found: groups.Comparison, asked: ask.Pair) -> None:
    """Say first what differs, then on what it rests, and offer it as files."""
    with st.container(border=True):
        st.markdown(f"#### {ui.plain(found.sentence)}")
        more = found.sentences(6)[1:]
        if more:
            st.markdown("\n".join(f"- {ui.plain(each)}" for each in more))
        st.caption(ui.plain(found.basis))
        with st.container(horizontal=True):
            ui.download("All numbers as CSV", found.csv, "comparison.csv", "text/csv",
                        "compare_csv")  # fmt: skip
            ui.download("Report as HTML", found.html, "comparison.html", "text/html",
                        "compare_html")  # fmt: skip
            for letter, group, name in zip("ab", (asked.a, asked.b), asked.names, strict=True):
                if group is not None and st.button(
                    f"Only {label(name, 40)}", key=f"compare_only_{letter}", type="tertiary",
                    icon=":material/filter_alt:", help="On every page, beginning with Time",
                ):  # fmt: skip
                    selection.pick_group(group)
                    go_to("time")


def pictures(store: Store, found: groups.Comparison) -> None:
    """Show the pictures that both groups can be seen in."""
    there = set(found.frame["facet"])
    parts: dict[str, Callable[[Store, groups.Comparison], None]] = {}
    if "kind" in there:
        parts[KINDS] = kinds
    if "hour" in there:
        parts[HOURS] = hours
    if store.has_clock:
        parts[WEEK] = week
    parts[DAYS] = days
    if "cell" in there:
        parts[MAP] = hexagons
    if "item" in there:
        parts[PLACES] = places
    called = {name: name for name in parts}
    if PLACES in called:
        called[PLACES] = ui.item_word(plural=True).capitalize()
    part = ui.choose("Picture", called, f"compare_part_{len(parts)}", show_label=False)
    with ui.one_of(parts, part):
        parts[part](store, found)


def note(store: Store, found: groups.Comparison) -> str:
    """Return what stands below every picture."""
    n_users = None if store.is_anonymous else counted(Store.summary, store)["n_users"]
    return plots.note(sum(found.n_checkins), n_users, store.time_zone)


def ratios(store: Store, found: groups.Comparison, facet: str, title: str, name: str) -> None:
    """Show the ratios of a picture's cells with their intervals."""
    rows = found.of(facet)
    n = st.slider("How many", 5, min(len(rows), 60), min(len(rows), 20),
                  key=f"compare_most_{facet}") if len(rows) > 5 else len(rows)  # fmt: skip
    figure = built(plots.group_ratios, found, facet, title, n, note(store, found))
    said = (
        f"The {min(n, len(rows)):,} surest of {len(rows):,}. A point is how many times as much "
        f"{ui.plain(found.names[0])} have as {ui.plain(found.names[1])}, "
        f"{ui.plain(found.per)}; a line is its interval. Full: more than chance; hollow: may be "
        "chance."
    )
    ui.figure(figure, f"compare_{facet}", said, rows, name)


def kinds(store: Store, found: groups.Comparison) -> None:
    """Show which kinds differ."""
    ratios(store, found, "kind", "Which kinds", "comparison-kinds")


def places(store: Store, found: groups.Comparison) -> None:
    """Show which places differ."""
    ratios(store, found, "item", f"Which {ui.item_word(plural=True)}", "comparison-places")


def hours(store: Store, found: groups.Comparison) -> None:
    """Show the day of both groups."""
    named = found.of("hour").query("differs")
    said = (
        f"At {len(named)} hours of the day the difference is more than chance (diamonds)."
        if len(named)
        else "At no hour of the day can the difference be told from chance."
    )
    if len(found.of("hour")) < 24:
        said += " Hours of too few check-ins for a comparison have no line."
    ui.figure(built(plots.group_hours, found, note(store, found)), "compare_hours", said,
              found.of("hour"), "comparison-hours")  # fmt: skip


def week(store: Store, found: groups.Comparison) -> None:
    """Show the week of both groups, and which of its hours differ."""
    for column, frame, name, n in zip(
        st.columns(2), found.weeks, found.names, found.n_checkins, strict=True
    ):
        with column:
            made(frame, part(of(found), f".weeks[{found.names.index(name)}]"))
            note_of_week = plots.note(n, None, store.time_zone)
            figure = built(plots.hour_weekday, frame, note_of_week, ui.is_dark())
            figure.update_layout(title_text=label(groups.capital(name), 60))
            ui.figure(figure, f"compare_week_{name}", "", frame, "week")
    if len(found.of("hour_of_week")):
        ratios(store, found, "hour_of_week", "Which hours of the week", "comparison-week")


def days(store: Store, found: groups.Comparison) -> None:
    """Show both groups day by day."""
    both = pd.concat([frame.assign(group=name) for frame, name
                      in zip(found.days, found.names, strict=True)], ignore_index=True)  # fmt: skip
    sides = part(of(found), ".days"), part(of(found), ".names")
    figure = made(plots.group_days(found.days, found.names, note(store, found)),
                  call(plots.group_days, *sides))  # fmt: skip
    hidden = sum(frame.attrs.get("hidden", 0) for frame in found.days)
    said = f"{hidden:,} days with fewer than five users not shown." if hidden else ""
    ui.figure(figure, "compare_days", said, both, "comparison-days")


def hexagons(store: Store, found: groups.Comparison) -> None:
    """Show where one group is seen more than the other."""
    frame = found.of("cell")
    only = st.toggle("Only what is more than chance", True, key="compare_only")
    frame = frame.assign(cell=[int(key, 16) for key in frame["key"]]).astype({"cell": "uint64"})
    shown = np.array(change.CHANGES)[np.searchsorted(change.BASE_RATIO, frame["ratio"])]
    if only:
        shown = np.where(frame["differs"], shown, "")
    tips = [
        f"{row.name}\n{row.n_a:,} and {row.n_b:,} check-ins\n{row.ratio:.2f} times as many "
        f"({row.low:.2f} to {row.high:.2f})" + ("" if row.differs else "\nmay be chance")
        for row in frame[["name", "n_a", "n_b", "ratio", "low", "high", "differs"]].itertuples(
            index=False, name="Row"
        )
    ]
    frame = frame.assign(shown=shown, tip=tips)
    classes = maps.Classes(change.CHANGES, DIVERGING)
    setting = common.Setting(found.resolution)
    everywhere = counted(Store.cells, store, schema.CELL_RESOLUTION, state.FILTERS.value,
                         min_users=1)  # fmt: skip
    view = background.view_of(everywhere["lat"], everywhere["lon"])
    title = f"{groups.capital(found.names[0])} beside {found.names[1]}, {found.per}"
    st.html(maps.legend_html(title, classes))
    deck = maps.hexagons(frame, "shown", scale=classes, **common.look(store, setting, view))
    said = f"{ui.plain(plots.note(sum(found.n_checkins)))}. {background.thanks()}."
    ui.deck(deck, "compare_map", caption=said)
    cells = '[int(key, 16) for key in found.of("cell")["key"]]'
    how = named(of(found), "found", f'found.of("cell").assign(cell={cells}, tip="")')
    made(deck, call(maps.hexagons, how, "ratio"))
    words = f"{title}. {said}"
    common.offer("comparison-map", found.of("cell"), deck, words=words,
                 legend=("How many times as much", classes))  # fmt: skip
