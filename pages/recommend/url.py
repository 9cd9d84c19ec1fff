"""The view of the Recommend page in its address, so that it can be saved, shared and opened."""

import math
import re
from datetime import datetime

import streamlit as st

from pages.recommend import models, state
from pages.recommend.state import LAST, NEW, ON_MAP, People
from pages.shared import ui
from strec.recommend import STRATEGIES

#: The embedded encoder reads no more of a wish.
MOST_WISH = 500
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}")
#: Sliders from 0 to 1 in steps of a tenth: their name in the address, in the session, their usual
#: value, and what the page calls them.
_SLIDERS = (
    ("diversity", "rec_diversity", 0.0, "diversity"),
    ("novelty", "rec_novelty", 0.0, "novelty"),
    ("weight", "rec_wish_weight", 0.5, "weight of the wish"),
)
_KEYS = ("user", "time", "at", "strategy", "new", "kind", "far", *(each[0] for each in _SLIDERS),
         "wish", "model", "item")  # fmt: skip


def read(store, known: People, kinds: list[str]) -> tuple[dict, list[str]]:
    """Return the view that the address describes, and what is wrong with it, in words."""
    notes: list[str] = []
    found = (
        _who(known, notes)
        | _when(notes)
        | (_where(notes) | _distance(notes) if store.has_places else {})
        | _strategy(notes)
        | _kinds(kinds, notes)
        | _sliders(notes)
        | _wish(notes)
        | _model(store, notes)
    )
    if st.query_params.get("new") == "1":
        found["rec_new_only"] = True
    if item := st.query_params.get("item"):
        found["rec_item"] = item  # One that is not in the list explains the first.
    return found, notes


def write(known: People) -> None:
    """Put the view into the address; people under the names that the page shows."""
    kept = st.session_state
    user = kept["rec_user"]
    shown: dict[str, str | list[str]] = {
        "user": "new" if user == NEW else state.name_of(user, known),
        "time": state.when().strftime("%Y-%m-%dT%H"),
    }
    if kept.get("rec_where", LAST) == ON_MAP and kept.get("rec_at"):
        shown["at"] = "{:.4f},{:.4f}".format(*kept["rec_at"])
    if kept.get("rec_strategy", "balanced") != "balanced":
        shown["strategy"] = kept["rec_strategy"]
    if kept.get("rec_new_only"):
        shown["new"] = "1"
    if kept.get("rec_categories"):
        shown["kind"] = list(kept["rec_categories"])
    if kept.get("rec_distance") is not None:
        shown["far"] = f"{kept['rec_distance']:g}"
    wish = (kept.get("rec_wish") or "").strip()[:MOST_WISH]
    if wish:
        shown["wish"] = wish
    for name, key, usual, _ in _SLIDERS:
        if kept.get(key, usual) != usual and (name != "weight" or wish):
            shown[name] = f"{kept[key]:g}"
    if kept.get("rec_model", models.COUNTER) != models.COUNTER:
        shown["model"] = kept["rec_model"]
    if kept.get("rec_item"):
        shown["item"] = kept["rec_item"]
    _put(shown)


def _put(shown: dict[str, str | list[str]]) -> None:
    for key in _KEYS:
        if key not in shown and key in st.query_params:
            del st.query_params[key]
    for key, value in shown.items():
        now = st.query_params.get_all(key)
        if now != (value if isinstance(value, list) else [value]):
            st.query_params[key] = value


def _who(known: People, notes: list[str]) -> dict:
    user = st.query_params.get("user")
    if not user:
        return {}
    who = NEW if user == "new" else known.find(user)
    if who is None:
        notes.append(
            f"The link asks for “{ui.plain(user[:60])}”, who is not in this data set. "
            "Somebody else is shown: choose anyone under “Who”."
        )
        return {}
    return {"rec_user": who}


def _when(notes: list[str]) -> dict:
    moment = st.query_params.get("time", "")[:13]
    if not moment:
        return {}
    try:
        found = datetime.strptime(moment, "%Y-%m-%dT%H") if _TIME.fullmatch(moment) else None
    except ValueError:
        found = None  # A thirteenth month is no date, like any other text.
    if found is None or not 1970 <= found.year <= 2100:
        notes.append("The link's time is no date of this page; the usual one is shown.")
        return {}
    return {"moment": found}


def _where(notes: list[str]) -> dict:
    at = st.query_params.get("at")
    if not at:
        return {}
    place = state.read_place(at)
    if place is None:
        notes.append("The link's place is no latitude and longitude; the last one is used.")
        return {}
    return {"rec_at": place, "rec_where": ON_MAP}


def _distance(notes: list[str]) -> dict:
    far = _number(st.query_params.get("far"))
    if far is None:
        return {}
    if not far > 0:
        notes.append("The link's distance is no number of kilometres; any distance is shown.")
        return {}
    return {
        "rec_distance": next((km for km in state.DISTANCES_KM if km is None or km >= far), None)
    }


def _strategy(notes: list[str]) -> dict:
    strategy = st.query_params.get("strategy")
    if not strategy:
        return {}
    if strategy not in STRATEGIES:
        notes.append("The link's strategy is none of this page; the balanced one is used.")
        return {}
    return {"rec_strategy": strategy}


def _kinds(kinds: list[str], notes: list[str]) -> dict:
    asked = st.query_params.get_all("kind")
    known = [kind for kind in dict.fromkeys(asked) if kind in set(kinds)]
    if len(known) < len(set(asked)):
        missing = next(kind for kind in asked if kind not in known)
        notes.append(f"The link's kind “{ui.plain(missing[:60])}” is not in this data set.")
    return {"rec_categories": known} if known else {}


def _sliders(notes: list[str]) -> dict:
    found = {}
    for name, key, _, label in _SLIDERS:
        value = _number(st.query_params.get(name))
        if value is None:
            continue
        if 0 <= value <= 1:
            found[key] = round(value, 1)
        else:
            notes.append(f"The link's {label} is no number from 0 to 1; the usual one is used.")
    return found


def _wish(notes: list[str]) -> dict:
    wish = st.query_params.get("wish", "").strip()
    if len(wish) > MOST_WISH:
        notes.append(f"The link's wish was cut after {MOST_WISH} characters.")
    return {"rec_wish": wish[:MOST_WISH]} if wish else {}


def _model(store, notes: list[str]) -> dict:
    model = st.query_params.get("model")
    if not model:
        return {}
    if model not in models.finished_runs(store):
        notes.append("The link's model is not on this machine; the counter mix answers.")
        return {}
    return {"rec_model": model}


def _number(text: str | None) -> float | None:
    """Return a number; not a number where the text is none, None where there is no text."""
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return math.nan
