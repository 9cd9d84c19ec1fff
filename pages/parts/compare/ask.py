"""Which two groups are compared: pairs that the data offer, and what was chosen in pictures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import streamlit as st

from pages.parts import selection
from pages.parts.time import slices
from pages.shared import state, ui
from pages.shared.results import counted
from strec import groups, schema, wording
from strec.errors import AnalysisError
from strec.store import Filters, Store
from strec.wording import plural

REST = "all others"
WEEK, DATE, HOURS, PEOPLE, KINDS, EVENTS, AREAS, CHOSEN, KEPT = (
    "Weekends and workdays", "Before and after a date", "Two times of day", "Groups of users",
    "Two kinds", "Two events", "Two parts of town", "What I chose and all others",
    "Two selections I kept",
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Two groups as a person chose them: hashable, so that results are kept by it."""

    a: Filters
    b: Filters | None
    within: Filters
    names: tuple[str, str]


def pair(store: Store) -> Pair:
    """Ask for a way to make two groups, and for the groups."""
    ways = {
        WEEK: weekends, DATE: before_and_after,
        **({HOURS: times_of_day} if store.has_clock else {}),
        **({PEOPLE: people} if not store.is_anonymous else {}),
        **({KINDS: kinds} if store.has(schema.CATEGORY) else {}),
        **({EVENTS: events} if store.has(schema.EVENT) else {}),
        **({AREAS: areas} if store.has_places else {}),
        CHOSEN: chosen, KEPT: kept,
    }  # fmt: skip
    if state.COMPARE_WAY.value not in ways:
        state.COMPARE_WAY.value = WEEK
    way = st.selectbox(
        "Compare", list(ways), index=list(ways).index(state.COMPARE_WAY.value),
        key=f"compare_way_{len(ways)}_{state.COMPARE_ASKED.value}", width=320,
    )  # fmt: skip
    state.COMPARE_WAY.value = way
    made: Callable[[Store, Filters], Pair] = ways[way]
    return without_themselves(made(store, state.FILTERS.value))


def without_themselves(found: Pair) -> Pair:
    """Leave out chips that are one of the groups: within them the other would be empty."""
    sides = [side for side in (found.a, found.b) if side is not None]
    chips, now = vars(selection.picked()), vars(found.within)
    said = {name for side in sides for name, value in vars(side).items() if value is not None}
    clash = [name for name in said if chips[name] is not None and now[name] == chips[name]]
    if not clash or not (any(map(found.within.keeps_nothing_of, sides))
                         or (found.b is None and found.a.keeps_all_of(found.within))):  # fmt: skip
        return found
    words = " ".join(Filters(**{name: chips[name] for name in clash}).words.values())
    st.caption(
        f":material/info: Here “{ui.plain(words)}” does not narrow: it is one of the groups."
    )
    return replace(found, within=selection.without(*clash))


def weekends(store: Store, within: Filters) -> Pair:
    """Saturday and Sunday beside Monday to Friday."""
    return Pair(Filters(weekdays=(5, 6)), Filters(weekdays=tuple(range(5))), within,
                ("weekends", "workdays"))  # fmt: skip


def before_and_after(store: Store, within: Filters) -> Pair:
    """The days before a date beside those from it on."""
    summary = counted(Store.summary, store, within)
    first, last = summary["first_date"], summary["last_date"]
    if first is None or first == last:
        raise AnalysisError(
            "Two spans of days are needed.", "at most one day.", "Loosen the filters."
        )
    middle = first + timedelta(days=summary["n_days"] // 2)
    day = ui.date_input("The first day after", middle, min_value=first + timedelta(days=1),
                        max_value=last, key=f"compare_day_{first}_{last}", width=220)  # fmt: skip
    before = day - timedelta(days=1)
    return Pair(Filters(date_to=before), Filters(date_from=day), within,
                (f"the days before {wording.moment(day, '%-d %B %Y')}", "those after"))  # fmt: skip


def times_of_day(store: Store, within: Filters) -> Pair:
    """Two spans of hours."""
    asked = []
    for column, title, span in zip(st.columns(2), "AB", ((6, 12), (18, 24)), strict=True):
        low, high = column.slider(f"{title}: hours of the day", 0, 24, span,
                                  key=f"compare_hours_{title}")  # fmt: skip
        asked.append(Filters(hours=tuple(range(low, max(high, low + 1)))))
    return Pair(asked[0], asked[1], within, (groups.in_words(asked[0]), groups.in_words(asked[1])))


def people(store: Store, within: Filters) -> Pair:
    """Users who do much and little, visitors and residents, new and old."""
    pairs = selection.user_groups(store)
    if not pairs:
        raise AnalysisError(
            "Groups of users need ten users.", "fewer.", "Compare days or kinds instead."
        )
    title = st.selectbox("Which users", list(pairs), key="compare_people", width=320)
    (one, a), (other, b) = pairs[title].items()
    return Pair(a, b, within, (one, other))


def kinds(store: Store, within: Filters) -> Pair:
    """Two categories, or one and all others."""
    names = slices.categories(store, within)
    return _one_beside(names, "kinds", "kinds", within, "visits of the kind {}",
                       lambda name: Filters(categories=(name,)))  # fmt: skip


def events(store: Store, within: Filters) -> Pair:
    """Two values of the event column: views and purchases, members and guests."""
    names = slices.events(store)
    if len(names) < 2:
        raise AnalysisError("Two events are needed.", "one.", "Compare something else.")
    return _one_beside(names, "events", "events", within, "“{}”",
                       lambda name: Filters(events=(name,)))  # fmt: skip


def areas(store: Store, within: Filters) -> Pair:
    """Two wide hexagons, or one and all others."""
    parts = slices.parts_of_town(store, within)
    return _one_beside(list(parts), "areas", "parts of town", within, "check-ins {}",
                       lambda name: Filters(cells=(parts[name],)))  # fmt: skip


def _one_beside(
    names: list[str], key: str, what: str, within: Filters, words: str,
    filters_of: Callable[[str], Filters],
) -> Pair:  # fmt: skip
    """Ask for two names, of which the second may be all others."""
    if not names:
        raise AnalysisError(
            f"Two {what} of enough people are needed.", "none.", "Compare something else."
        )
    left, right = st.columns(2)
    a = left.selectbox("A", names, key=f"compare_{key}_a_{len(names)}")
    others = [REST, *(name for name in names if name != a)]
    b = right.selectbox("B", others, key=f"compare_{key}_b_{a}")
    if b == REST:
        return Pair(filters_of(a), None, within, (words.format(a), REST))
    return Pair(filters_of(a), filters_of(b), within, (words.format(a), words.format(b)))


def chosen(store: Store, within: Filters) -> Pair:
    """What was chosen in pictures, and all others of what the sidebar leaves."""
    picked = selection.picked()
    if picked == Filters():
        raise AnalysisError(
            "Something that was chosen in a picture is compared with all others.",
            "nothing chosen.",
            "Click an hour or a bar on Time, or “See it alone” at a hexagon on Space; then come "
            "back.",
        )
    return Pair(picked, None, state.SIDEBAR_FILTERS.value, (groups.in_words(picked), REST))


def kept(store: Store, within: Filters) -> Pair:
    """Two selections that were kept one after the other."""
    both = state.KEPT.value
    sidebar, picked = state.SIDEBAR_FILTERS.value, selection.picked()
    for column, letter in zip(st.columns(2), "AB", strict=True):
        mine = both.get(letter)
        words = groups.in_words(mine) if mine is not None else "nothing kept yet"
        column.markdown(f"**{letter}**: {ui.plain(words)}")
        column.button(
            f"Keep what is chosen now as {letter}", key=f"keep_{letter}",
            icon=":material/bookmark_add:", disabled=picked == Filters(),
            on_click=_keep, args=(letter, picked),
        )  # fmt: skip
    if len(both) < 2:
        raise AnalysisError(
            "Two selections are compared.", f"{plural(len(both), 'selection')} kept.",
            "Choose something in a picture of Time or Space, keep it here as A; choose something "
            "else, and keep that as B.",
        )  # fmt: skip
    names = (groups.in_words(both["A"]), groups.in_words(both["B"]))
    return Pair(both["A"], both["B"], sidebar, names)


def _keep(letter: str, picked: Filters) -> None:
    state.KEPT.value = state.KEPT.value | {letter: picked}
