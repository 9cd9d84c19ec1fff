"""The view of the Recommend page in its address, so that it can be saved, shared and opened."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import streamlit as st

from pages.parts.recommend import models, view
from pages.parts.recommend.view import LAST, NEW, ON_MAP, Asked, People
from pages.shared import state, ui
from pages.shared.state import Key
from strec import schema
from strec.recommend import STRATEGIES
from strec.store import Store

#: The embedded encoder reads no more of a wish.
MOST_WISH = 500
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}")
#: Sliders from 0 to 1 in steps of a tenth, by their name in the address.
_SLIDERS = {
    "diversity": state.DIVERSITY,
    "novelty": state.NOVELTY,
    "weight": state.WISH_WEIGHT,
}


def read(store: Store, known: People, kinds: list[str]) -> Asked:
    """Return the view that the address describes, and what is wrong with it, in words."""
    said, notes = st.query_params, []
    values: dict[Key, Any] = {}
    for name, key, reader, otherwise in _readers(store, known):
        if not (text := said.get(name)):
            continue
        try:
            values[key] = reader(text)
        except ValueError:
            notes.append(f"The link's {otherwise}".format(ui.plain(text[:60])))
    if state.AT in values:
        values[state.WHERE] = ON_MAP
    asked = list(dict.fromkeys(said.get_all("kind")))
    if of_data := [kind for kind in asked if kind in set(kinds)]:
        values[state.CATEGORIES] = of_data
    if missing := [kind for kind in asked if kind not in of_data]:
        notes.append(f"The link's kind “{ui.plain(missing[0][:60])}” is not in this data set.")
    if len(said.get("wish", "").strip()) > MOST_WISH:
        notes.append(f"The link's wish was cut after {MOST_WISH} characters.")
    return Asked(values, values.pop(_MOMENT, None), notes)


def write(known: People) -> None:
    """Put the view into the address; people under the names that the page shows."""
    user, wish = state.WHO.value, (state.WISH.value or "").strip()[:MOST_WISH]
    shown: dict[str, str | list[str]] = {
        "user": "new" if user == NEW else view.name_of(user, known),
        "time": view.when().strftime("%Y-%m-%dT%H"),
        "wish": wish,
        "item": state.ITEM.value or "",
        "new": "1" if state.NEW_ONLY.value else "",
        "kind": list(state.CATEGORIES.value or []),
    }
    if state.WHERE.value == ON_MAP:
        shown["at"] = "{:.4f},{:.4f}".format(*state.AT.value) if state.AT.value else ""
    elif state.WHERE.value != LAST:
        shown["shop"] = state.WHERE.value
    if state.DISTANCE.value is not None:
        shown["far"] = f"{state.DISTANCE.value:g}"
    for name, key in _SLIDERS.items():
        if key.value != key.first and (name != "weight" or wish):
            shown[name] = f"{key.value:g}"
    for name, key in (("strategy", state.STRATEGY), ("model", state.MODEL)):
        if key.value != key.first:
            shown[name] = key.value or ""
    names = [name for name, *_ in _readers(None, known)]
    for name in dict.fromkeys([*shown, *names]):
        if not (value := shown.get(name)):
            st.query_params.pop(name, None)
        elif st.query_params.get_all(name) != (value if isinstance(value, list) else [value]):
            st.query_params[name] = value


# ---------------------------------------------------------------- what a text means

#: A date and an hour of the week are two widgets: the page turns a moment into both.
_MOMENT: Key[datetime | None] = Key("rec_moment", None)


def _readers(
    store: Store | None, known: People
) -> list[tuple[str, Key, Callable[[str], Any], str]]:
    """Return name in the address, key, what reads it, and what is said of a text that is none."""
    readers: list[tuple[str, Key, Callable[[str], Any], str]] = [
        ("user", state.WHO, lambda text: _who(text, known),
         "user “{}” is not in this data set. Somebody else is shown: choose anyone under “Who”."),
        ("time", _MOMENT, _when, "time is no date of this page; the usual one is shown."),
        ("strategy", state.STRATEGY, lambda text: _one_of(text, STRATEGIES),
         "strategy is none of this page; the balanced one is used."),
        ("new", state.NEW_ONLY, lambda text: text == "1", ""),
        ("wish", state.WISH, lambda text: text.strip()[:MOST_WISH], ""),
        ("model", state.MODEL, lambda text: _one_of(text, models.finished_runs(store)),
         "model is not on this machine; the counter mix answers."),
        # One that is not in the list explains the first.
        ("item", state.ITEM, str, ""),
    ]  # fmt: skip
    for name, key in _SLIDERS.items():
        called = "weight of the wish" if name == "weight" else name
        words = f"{called} is no number from 0 to 1; the usual one is used."
        readers.append((name, key, _share, words))
    if store is None or store.has(schema.PLACE_ID):
        shops = view.recommender(store).shops if store is not None else ()
        readers.append(
            ("shop", state.WHERE, lambda text: _one_of(text, [each.place_id for each in shops]),
             "shop “{}” is not in this data set; choose one under “Where”."),
        )  # fmt: skip
    if store is None or store.has_places:
        readers += [
            ("at", state.AT, _where, "place is no latitude and longitude; the last one is used."),
            ("far", state.DISTANCE, _distance,
             "distance is no number of kilometres; any distance is shown."),
        ]  # fmt: skip
    return readers


def _one_of(text: str, known) -> str:
    if text not in known:
        raise ValueError(text)
    return text


def _who(text: str, known: People) -> str:
    user = NEW if text == "new" else known.find(text)
    if user is None:
        raise ValueError(text)
    return user


def _when(text: str) -> datetime:
    if not _TIME.fullmatch(text[:13]):
        raise ValueError(text)
    found = datetime.strptime(text[:13], "%Y-%m-%dT%H")
    if not 1970 <= found.year <= 2100:
        raise ValueError(text)
    return found


def _where(text: str) -> tuple[float, float]:
    place = view.read_place(text)
    if place is None:
        raise ValueError(text)
    return place


def _distance(text: str) -> float | None:
    if not float(text) > 0:
        raise ValueError(text)
    return next((km for km in view.DISTANCES_KM if km is None or km >= float(text)), None)


def _share(text: str) -> float:
    if not 0 <= float(text) <= 1:
        raise ValueError(text)
    return round(float(text), 1)
