"""What the deeper parts of the time page count: a slice, in steps, with a meaning of silence."""

from dataclasses import dataclass, replace

import streamlit as st

from pages.parts.space import common
from pages.shared import ui
from pages.shared.results import by_content, counted
from strec import schema
from strec.export import MIN_USERS, enough_people
from strec.store import Filters, Store
from strec.temporal.grains import GRAINS

EVERYTHING = "Everything"


@dataclass(frozen=True)
class Slice:
    """What is counted, and in which steps: hashable, so that results are kept by it."""

    filters: Filters
    grain: str
    missing: str = "zero"
    measure: str = "checkins"


def controls(store: Store, chosen: Filters) -> Slice:
    """Ask for a slice, a step and a meaning of silence."""
    days = counted(Store.summary, store, chosen)["n_days"]
    grains = [each for each in ("15min", "30min", "hour", "6h", "day", "week", "month")
              if 20 <= days * 24 / GRAINS[each].hours <= 20_000] or ["hour"]  # fmt: skip
    if not store.has_clock:
        grains = [each for each in grains if GRAINS[each].hours >= 24] or ["day"]
    usual = "hour" if "hour" in grains and days <= 100 else "day" if "day" in grains else grains[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        of, filters = slice_of(store, chosen)
        grain = st.selectbox(
            "In steps of",
            grains,
            index=grains.index(usual),
            format_func=lambda each: GRAINS[each].one,
            key=f"series_grain_{store.fingerprint[:8]}_{len(grains)}_{usual}",
            width=170,
        )
        measure = ui.choose(
            "Count", {"checkins": "Check-ins", "users": "Users"}, "series_measure"
        )  # fmt: skip
        missing = ui.choose(
            "Steps without check-ins",
            {"zero": "Nothing happened", "gap": "Nothing is known"},
            "series_missing",
            help="“Nothing happened” counts them as zero. “Nothing is known” leaves a gap, for "
            "instance when a sensor was down.",
        )
    return Slice(filters, grain, missing, measure)


def slice_of(store: Store, chosen: Filters) -> tuple[str, Filters]:
    """Ask for everything, one category, part of town, event or group of users."""
    kinds: dict[str, Filters] = {EVERYTHING: chosen}
    if store.has(schema.CATEGORY):
        names = categories(store, chosen)
        kinds |= {f"Category: {name}": replace(chosen, categories=(name,)) for name in names}
    for name, cell in parts_of_town(store, chosen).items():
        kinds[f"Part of town: {name}"] = replace(chosen, cells=(cell,))
    if store.has(schema.EVENT):
        names = events(store)
        kinds |= {f"Event: {name}": replace(chosen, events=(name,)) for name in names}
    groups = user_groups(store)
    kinds |= {name: replace(chosen, users=users) for name, users in groups.items()}
    of = st.selectbox("Series of", list(kinds), key=f"series_of_{store.fingerprint[:8]}", width=260)
    return of, kinds[of]


# ---------------------------------------------------------------- what there is to choose


@by_content()
def categories(store: Store, chosen: Filters) -> list[str]:
    """Return the categories kept that have enough users, largest first."""
    found = store.by_category(filters=replace(chosen, categories=None))
    return list(found.loc[enough_people(found), "category"])[:60]


@by_content()
def parts_of_town(store: Store, chosen: Filters) -> dict[str, int]:
    """Return the busiest wide hexagons by the name of a place in them."""
    if not store.has_places:
        return {}
    suited = common.suggestion(store)
    cells = store.cells(max(suited - 2, 0), chosen, min_users=MIN_USERS)
    if len(cells) < 2:
        return {}
    top = cells.nlargest(12, "n_checkins")
    names: dict[str, int] = {}
    for cell, lat, lon in zip(top["cell"], top["lat"], top["lon"], strict=True):
        name = f"near {common.near_landmark(store, lat, lon)}"
        names.setdefault(name if name not in names else f"{name} ({lat:.3f}, {lon:.3f})", int(cell))
    return names


@by_content()
def events(store: Store) -> list[str]:
    """Return the kinds of event."""
    return sorted(store.event_kinds())[:20]


@by_content()
def user_groups(store: Store) -> dict[str, tuple[str, ...]]:
    """Return the most active tenth of the users, and the rest."""
    ids = store.users().sort("n_checkins", descending=True)[schema.USER].to_list()
    tenth = max(len(ids) // 10, 1)
    if tenth < MIN_USERS:
        return {}
    return {
        f"The {tenth:,} most active users": tuple(sorted(ids[:tenth])),
        "All other users": tuple(sorted(ids[tenth:])),
    }
