"""Change on the space page: two windows of time side by side, and trends of heat."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts.space import common
from pages.shared import ui
from pages.shared.made import call, made, part
from pages.shared.once import drawn
from pages.shared.results import by_content, counted
from strec import maps, palette, spatial, wording
from strec.errors import AnalysisError
from strec.export import MIN_USERS
from strec.palette import DIVERGING
from strec.plots import space as figures
from strec.spatial.emerging import KINDS, MIN_PERIODS, USER_GROUPS
from strec.store import Filters, Store

PERIODS, WEEK, DAY, TRENDS = "Two periods", "Weekdays and weekends", "Two times of day", "Trends"
BASE_RATIO = (1 / 2, 1 / 1.2, 1.2, 2)
CHANGES = ("less than half", "down", "about the same", "up", "more than twice")
KIND_COLOURS = dict(zip(KINDS, palette.TRENDS, strict=True))


def show(store: Store, chosen: Filters, setting: common.Setting, view: maps.View) -> None:
    """Show one of the comparisons."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kinds = [PERIODS, WEEK, *([DAY] if store.has_clock else []), TRENDS]
        kind = ui.choose("Compare", kinds, "change_kind")
        with common.more():
            resolution = common.hexagon_size(store, setting, touching=kind == TRENDS)
    if kind == TRENDS:
        trends(store, chosen, setting, view, resolution)
        return
    names, windows = WINDOWS[kind](store, chosen)
    compare(store, chosen, setting, view, resolution, names, windows)


# ---------------------------------------------------------------- two windows


def two_periods(store, chosen: Filters):
    """Ask for two spans of dates; the halves of the data at first."""
    summary = counted(Store.summary, store, chosen)
    first, last = summary["first_date"], summary["last_date"]
    middle = first + timedelta(days=summary["n_days"] // 2)
    if middle <= first:
        raise AnalysisError(
            "Two periods need more than one day.", "one day.", "Compare two times of day instead."
        )
    spans = ((first, middle - timedelta(days=1)), (middle, last))
    asked = []
    for column, title, span, key in zip(
        st.columns(2), ("From", "To"), spans, ("change_before", "change_after"), strict=True
    ):
        found = ui.date_input(
            title, span, at=column, min_value=first, max_value=last, key=f"{key}_{first}_{last}"
        )
        asked.append(found if isinstance(found, tuple) and len(found) == 2 else span)
    (a, b), (c, d) = asked
    if c <= b and a <= d:
        raise AnalysisError(
            "Two periods that do not overlap are compared.",
            f"{wording.days(a, b)} and {wording.days(c, d)}.",
            "Choose dates that follow each other.",
        )
    windows = [replace(chosen, date_from=low, date_to=high) for low, high in asked]
    return (wording.days(a, b), wording.days(c, d)), windows


def weekdays_and_weekends(store, chosen: Filters):
    """Compare Monday to Friday with Saturday and Sunday."""
    days = chosen.weekdays or tuple(range(7))
    parts = [tuple(d for d in days if d < 5), tuple(d for d in days if d >= 5)]
    return ("weekdays", "weekends"), [replace(chosen, weekdays=part) for part in parts]


def two_times_of_day(store, chosen: Filters):
    """Ask for two spans of hours."""
    hours = []
    for column, title, span, key in zip(
        st.columns(2), ("From", "To"), ((6, 12), (18, 24)), ("change_am", "change_pm"), strict=True
    ):
        low, high = column.slider(f"{title}: hours of the day", 0, 24, span, key=key)
        hours.append((low, max(high, low + 1)))
    if max(hours[0][0], hours[1][0]) < min(hours[0][1], hours[1][1]):
        raise AnalysisError(
            "Two times of day that do not overlap are compared.",
            f"{hours[0][0]}:00–{hours[0][1]}:00 and {hours[1][0]}:00–{hours[1][1]}:00.",
            "Move one of the sliders.",
        )
    windows = [replace(chosen, hours=tuple(range(low, min(high, 24)))) for low, high in hours]
    return tuple(f"{low}:00–{high}:00" for low, high in hours), windows


WINDOWS = {PERIODS: two_periods, WEEK: weekdays_and_weekends, DAY: two_times_of_day}


def compare(store, chosen, setting, view, resolution, names, windows) -> None:
    """Show the ratio of shares, marked where it is more than chance."""
    before, after = windows
    found = computed_change(store, before, after, resolution, setting.min_users)
    if common.nothing_left(found.frame, "hexagon"):
        return
    only = st.toggle(
        "Only what the test finds", key="change_only",
        help="Grey out hexagons whose share differs no more than days differ anyway.",
    )  # fmt: skip
    frame = with_classes(found.frame, names, only)
    classes = maps.Classes(CHANGES, DIVERGING)
    st.markdown(f"**From {names[0]} to {names[1]}.** {ui.plain(found.sentence)}")
    st.html(maps.legend_html("Share of check-ins", classes))
    deck = maps.hexagons(frame, "shown", scale=classes, **common.look(store, setting, view))
    n = frame["n_before"].sum() + frame["n_after"].sum()
    words = (
        f"{found.n_before:,} and {found.n_after:,} check-ins on {found.days_before:,} and "
        f"{found.days_after:,} days. "
    )
    hidden = spatial.hidden_in_words(frame).replace("users are", "users in a window are")
    words += common.below(store, chosen, n, hidden)
    ui.deck(deck, "map_change", caption=words)
    numbers = found.frame
    asked = [
        call(ask, store, resolution, window, min_users=1)
        for window in windows
        for ask in (Store.cells, Store.cell_days)
    ]
    how = call(spatial.change, *asked, min_users=setting.min_users)
    made(deck, call(maps.hexagons, part(how, '.frame.assign(tip="")'), "ratio"))
    words = f"From {names[0]} to {names[1]}. {found.sentence} {words}"
    legend = "Share of check-ins", classes
    common.offer("change", numbers, deck, numbers.round(6), words, legend)
    biggest(store, found)


def biggest(store, found) -> None:
    """List the strongest changes that the test finds."""
    named = found.frame[found.frame["kind"] != ""]
    if not len(named):
        return
    size = (named["share_after"] - named["share_before"]).abs()
    top = named.loc[size.nlargest(10).index]
    share = st.column_config.NumberColumn(format="percent")
    ui.table(
        pd.DataFrame(
            {
                "Near": common.near_landmarks(store, top),
                "Share before": top["share_before"],
                "Share after": top["share_after"],
                "Times": top["ratio"].round(2),
                "q": top["q"].round(4),
            }
        ),
        {"Share before": share, "Share after": share},
    )
    st.caption(
        "The largest changes of share that are more than days differ among themselves; q is the "
        "corrected p-value."
    )


def with_classes(frame: pd.DataFrame, names: tuple[str, str], only: bool) -> pd.DataFrame:
    """Return what colours a hexagon, and what hovering over it says."""
    shown = np.array(CHANGES)[np.searchsorted(BASE_RATIO, frame["ratio"].to_numpy())]
    chance = frame["kind"] == ""
    if only:
        shown = np.where(chance, "", shown)
    tips = [
        f"{a:,} check-ins in {names[0]} ({100 * share_a:.1f} %)\n{b:,} in {names[1]} "
        f"({100 * share_b:.1f} %)\n"
        + (f"{ratio:.2f} times the share" + (", as days differ anyway" if luck else ""))
        for a, b, share_a, share_b, ratio, luck in zip(
            frame["n_before"], frame["n_after"], frame["share_before"], frame["share_after"],
            frame["ratio"], chance, strict=True,
        )
    ]  # fmt: skip
    found = frame.assign(shown=shown, tip=tips)
    found.attrs = frame.attrs
    return found


@by_content("Comparing the windows…")
def computed_change(store: Store, before: Filters, after: Filters, resolution: int, min_users: int):
    """Compare once per data set, windows and size of hexagons."""
    cells = [store.cells(resolution, window, min_users=1) for window in (before, after)]
    days = [store.cell_days(resolution, window, min_users=1) for window in (before, after)]
    return spatial.change(cells[0], days[0], cells[1], days[1], min_users=min_users)


# ---------------------------------------------------------------- trends


def trends(store, chosen, setting, view, resolution: int) -> None:
    """Show where heat rises and falls."""
    summary = counted(Store.summary, store, chosen)
    grain = "week" if summary["n_days"] >= 7 * (MIN_PERIODS + 2) else "day"
    found = computed_trends(store, chosen, resolution, setting.min_users, grain)
    kinds = [kind for kind in KINDS if (found.frame["kind"] == kind).any()]
    frame = found.frame.assign(shown=[KINDS.get(kind, "") for kind in found.frame["kind"]])
    frame["tip"] = [
        f"{shown.capitalize() or 'No trend shown'}\n{n:,} check-ins\n"
        f"heat {a:.1f} → {b:.1f}, q = {q:.3f}"
        for shown, n, a, b, q in zip(
            frame["shown"], frame["n_checkins"], frame["z_first"], frame["z_last"], frame["q"],
            strict=True,
        )
    ]  # fmt: skip
    classes = maps.Classes(
        tuple(KINDS[kind] for kind in kinds), tuple(KIND_COLOURS[kind] for kind in kinds)
    )
    st.markdown(f"**{ui.plain(found.sentence)}**")
    if kinds:
        st.html(maps.legend_html("Heat", classes))
    deck = maps.hexagons(frame, "shown", scale=classes, **common.look(store, setting, view))
    hidden = spatial.hidden_in_words(found.frame)
    words = (
        "Heat compares a hexagon and those it touches with the whole area. Grey: no trend shown. "
    )
    n = frame["n_checkins"].sum()
    words += common.below(store, chosen, n, hidden)
    ui.deck(deck, "map_trends", caption=words)
    days = call(Store.cell_days, store, resolution, chosen, setting.min_users,
                user_groups=USER_GROUPS)  # fmt: skip
    how = call(spatial.emerging, days, grain)
    made(deck, call(maps.hexagons, part(how, '.frame.assign(tip="")'), "rise"))
    words = f"{found.sentence} {words}"
    legend = ("Heat", classes) if kinds else None
    common.offer("trends", found.frame, deck, found.frame.round(6), words, legend)
    strongest(store, chosen, found)


def strongest(store, chosen, found) -> None:
    """Show the check-ins over time of the hexagons with the strongest trends."""
    trending = found.frame[found.frame["q"] <= found.alpha]
    if not len(trending):
        return
    top = trending.loc[trending["rise"].abs().nlargest(5).index]
    names = [
        f"near {name} ({kind})"
        for name, kind in zip(common.near_landmarks(store, top), top["kind"], strict=True)
    ]
    each = [
        counted(Store.trend, store, found.grain, replace(chosen, cells=(int(cell),)))
        for cell in top["cell"]
    ]
    # Before its first check-in and after its last, a hexagon has none.
    rows = [
        one.set_index("period")["n_checkins"].reindex(found.series.columns, fill_value=0)
        for one in each
    ]
    lines = pd.concat(rows, axis=1).set_axis(names, axis=1)
    figure = drawn(
        figures.cell_series, lines.T, names, found.grain, common.plain_counts(store, chosen)
    )
    ui.figure(
        figure,
        "trend_series",
        "Check-ins of the five hexagons whose heat rises or falls most. Heat also "
        "counts the hexagons around, so a line may look calmer than its trend. Counts of fewer "
        f"than {MIN_USERS} users are not shown.",
        lines.rename_axis("period").reset_index(),
        "trend-series",
    )


@by_content("Following the heat…")
def computed_trends(store: Store, chosen: Filters, resolution: int, min_users: int, grain: str):
    """Find trends once per data set, filters and size of hexagons."""
    days = store.cell_days(resolution, chosen, min_users, user_groups=USER_GROUPS)
    return spatial.emerging(days, grain)
