"""The view of the Recommend page: who can be asked for, when, and the model that answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import streamlit as st

from pages.shared import state, ui
from pages.shared.later import soon
from pages.shared.results import by_content, kept
from pages.shared.state import Key
from strec import schema
from strec.recommend import Recommender
from strec.recommend.portrait import pseudonyms
from strec.recommend.recommender import drawn
from strec.recommend.rhythms import MIN_CHECKINS, Rhythms
from strec.recommend.rhythms import rhythms as find_rhythms
from strec.store import Store

NEW = "\0new"
LAST, ON_MAP = "last", "map"
MOST_LISTED = 2_000
#: Of a larger store whole users are drawn: counting over so many takes some seconds.
MOST_CHECKINS = 1_000_000
#: How far a suggestion may be, as the page offers it; None is any distance.
DISTANCES_KM = (0.5, 1, 2, 5, 10, 25, 100, 1000, None)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Story:
    """Where a sample begins: a moment in the life of its default user, and what to try."""

    moment: datetime
    text: str


STORIES = {
    "social": Story(
        datetime(2024, 8, 9, 22),
        "Friday, ten in the evening: where will this member go? Then drag the hour to noon and "
        "watch the bars leave the list.",
    ),
    "ecommerce": Story(
        datetime(2024, 8, 28, 20),
        "Wednesday evening: what goes into this shopper's basket? Then drag the hour to noon, "
        "and ask from another district.",
    ),
    "travel": Story(
        datetime(2024, 8, 11, 17),
        "The second day in town, five o'clock: where does this tourist go from the last stop? "
        "Then try ten in the evening.",
    ),
    "traffic": Story(
        datetime(2024, 8, 19, 8),
        "Monday at eight: at which station does this rider's next trip end? Then drag to seven "
        "in the evening.",
    ),
    "flights": Story(
        datetime(2013, 12, 30, 6),
        "Six in the morning: to which airport does this aircraft leave New York next? Then try "
        "six in the evening.",
    ),
}


# ---------------------------------------------------------------- the model


def recommender(store: Store) -> Recommender:
    """Return the counter mix of a data set, fitted once per content, with progress shown."""
    return soon(
        "recommender", store, None,
        lambda report: Recommender.of_store(store, at_most=MOST_CHECKINS, progress=report),
        "Fitting the counter mix",
    )  # fmt: skip


def fitted_before(store: Store) -> Recommender:
    """Return the counter mix of a data set, fitted where no visitor looks on."""
    return kept(
        "recommender", store, None, lambda: Recommender.of_store(store, at_most=MOST_CHECKINS)
    )


def checkins(store: Store) -> pl.DataFrame:
    """Return the columns of the check-ins that recommending reads; of a large store some users."""
    return drawn(store, MOST_CHECKINS)


def say_if_drawn(store: Store) -> None:
    """Say where a page knows a part of the people only, because there are so many."""
    if not store.is_anonymous and (some := int(_drawn(store).sum())) < store.meta["n_users"]:
        st.caption(
            f":material/groups: Of {store.meta['n_users']:,} users {some:,}, drawn by chance, are "
            f"known here with all they did, about {MOST_CHECKINS:,} check-ins: answers come at "
            "once. The pages of time and space count everybody."
        )


@by_content()
def _drawn(store: Store) -> np.ndarray:
    return store.drawn_users(MOST_CHECKINS)


@by_content(most=12)
def rhythms(store: Store) -> Rhythms:
    """Return the groups of weekly rhythms, computed once per data set."""
    return find_rhythms(store.user_weeks(min_checkins=MIN_CHECKINS))


@by_content()
def landmarks(store: Store) -> pl.DataFrame:
    """Return the busiest items that are places, or the shops, with their names."""
    if store.has(schema.PLACE_ID):
        shops = pl.DataFrame(store.shops(limit=200, min_users=1))
        return shops.drop_nulls("lat").rename({"place_id": "item_id", "place_name": "item_name"})
    items = store.items().filter(pl.col("lat").is_not_null())
    several = (pl.col("n_users") >= 2) | (pl.col("n_users") == 0)
    known = items.filter((pl.col("spread_km") <= 1) & several)
    top = (items if known.is_empty() else known).sort(
        "n_checkins", "item_id", descending=[True, False]
    )
    return top.head(200).with_columns(pl.col("item_name").fill_null(pl.col("item_id")))


# ---------------------------------------------------------------- people


@dataclass(frozen=True)
class People:
    """Who can be asked for.

    Attributes
    ----------
    ids : list of str
        The most active users first.
    pseudonym : dict of str to str
        A name that does not tell the id.
    user_of : dict of str to str
        The id of each pseudonym.
    are_starts : bool
        Whether nobody is named: these are the places where trips begin, under their own names.
    """

    ids: list[str]
    pseudonym: dict[str, str]
    user_of: dict[str, str]
    are_starts: bool = False

    def find(self, text: str) -> str | None:
        """Return the user that an id or a pseudonym means, None if nobody is called so."""
        if text in self.pseudonym:
            return text
        return self.user_of.get(text)


@by_content()
def _people(store: Store, word: str) -> People:
    users = (
        store.users()
        .filter(pl.Series(_drawn(store)))
        .sort("n_checkins", "user_id", descending=[True, False])
    )
    ids = users["user_id"].to_list()
    names = pseudonyms(ids, store.fingerprint, word)
    return People(ids, names, {name: user for user, name in names.items()})


def people(store: Store) -> People:
    """Return who can be asked for in a data set; where nobody is named, from where."""
    if store.is_anonymous:
        return _starts(store)
    sample = ui.current_sample()
    return _people(store, sample.user_word if sample else "user")


def _starts(store: Store) -> People:
    log = recommender(store).log
    busy = np.argsort(-np.diff(log.indptr), kind="stable")
    ids = [str(log.owner_ids[owner]) for owner in busy if log.owner_ids[owner] != schema.NOBODY]
    found = dict(zip(log.owner_ids.tolist(), log.starts["name"].to_list(), strict=True))
    names = {start: found[start] for start in ids}
    return People(ids, names, {name: start for start, name in names.items()}, are_starts=True)


def name_of(user: str, known: People) -> str:
    """Return what the page calls a user: a pseudonym, unless the person asked for the ids."""
    if user == NEW:
        return "Anywhere" if known.are_starts else "Somebody new"
    if state.REAL_IDS.value:
        return user
    return known.pseudonym.get(user, user)


# ---------------------------------------------------------------- the view


@dataclass(frozen=True)
class Asked:
    """The view that an address describes: values by key, a moment, and doubts in words."""

    values: dict[Key, Any]
    moment: datetime | None
    notes: list[str]


def begin(store: Store, engine: Recommender, known: People, read: Callable[[], Asked]) -> None:
    """Set who, when, where and how at the first visit: from the address, else as the story says."""
    if (mine := state.VIEW_OF.value) != store.fingerprint:
        state.forget("rec_")
        state.VIEW_OF.value = store.fingerprint
        # Later on the address still tells of the data set before.
        asked = Asked({}, None, []) if mine else read()
        state.URL_NOTES.value = asked.notes
        state.VIEW.value = _first_view(engine, known, asked)
    for name, value in state.VIEW.value.items():
        if name not in st.session_state:
            state.put(name, value)


def remember() -> None:
    """Keep the view while other pages are looked at."""
    state.VIEW.value = {key.name: key.value for key in state.VIEW_KEYS if key.is_set}


def when() -> datetime:
    """Return the local time asked about."""
    day = state.DAY.value
    monday = day - timedelta(days=day.weekday())
    return datetime(monday.year, monday.month, monday.day) + timedelta(hours=state.HOUR.value)


def move_to(moment: datetime) -> None:
    """Ask about another hour."""
    state.DAY.value = moment.date()
    state.HOUR.value = moment.weekday() * 24 + moment.hour


def ask_from(lat: float, lon: float) -> None:
    """Ask from another place."""
    state.AT.value, state.WHERE.value = (lat, lon), ON_MAP


def step(engine: Recommender) -> timedelta:
    """Return how far one question is from the next: an hour, or a day where no hours are known."""
    return timedelta(hours=1) if engine.log.has_clock else timedelta(days=1)


def _first_view(engine: Recommender, known: People, asked: Asked) -> dict[str, Any]:
    sample = ui.current_sample()
    usual = sample.default_user if sample else ""
    first = known.ids[0] if known.ids else NEW
    user = asked.values.get(state.WHO, usual if usual in known.pseudonym else first)
    moment = asked.moment or _first_moment(engine, user, sample)
    values = {
        state.WHO: user,
        state.DAY: moment.date(),
        state.HOUR: moment.weekday() * 24 + moment.hour,
        state.WHERE: LAST,
    } | asked.values
    return {key.name: value for key, value in values.items()}


def _first_moment(engine: Recommender, user: str, sample) -> datetime:
    """Return the moment of the sample's story, else the hour after the user's last check-in."""
    if sample is not None and sample.name in STORIES and user == sample.default_user:
        return STORIES[sample.name].moment
    query, _ = engine.query(None if user == NEW else user)
    log, last = engine.log, query.last[0]
    row = int(last) if last >= 0 else int(log.time_us.argmax())
    local = int(log.time_us[row]) + int(log.offset_min[row]) * 60_000_000
    moment = datetime(1970, 1, 1) + timedelta(microseconds=local)
    if user == NEW:
        noon = 12 if log.has_clock else 0
        return moment.replace(hour=noon, minute=0, second=0, microsecond=0)
    return moment.replace(minute=0, second=0, microsecond=0) + step(engine)


def read_place(text: str) -> tuple[float, float] | None:
    """Return latitude and longitude written with a comma or space between, None if they are not.

    Examples
    --------
    >>> read_place("40.7, -74"), read_place("somewhere")
    ((40.7, -74.0), None)
    """
    numbers = re.split(r"[,;\s]+", text.strip())
    try:
        lat, lon = (float(each) for each in numbers)
    except ValueError:
        return None
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None
