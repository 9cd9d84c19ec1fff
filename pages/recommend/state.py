"""What the Recommend page remembers: the fitted model, who can be asked for, the view."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl
import streamlit as st

from pages.shared import ui
from strec import schema
from strec.recommend import Recommender
from strec.recommend.portrait import pseudonyms
from strec.recommend.rhythms import MIN_CHECKINS, Rhythms
from strec.recommend.rhythms import rhythms as find_rhythms

NEW = "\0new"
LAST, ON_MAP = "last", "map"
MOST_LISTED = 2_000
#: How far a suggestion may be, as the page offers it; None is any distance.
DISTANCES_KM = (0.5, 1, 2, 5, 10, 25, 100, 1000, None)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: The widgets whose values survive a visit to another page, and "rec_at", a place.
KEPT = (
    "rec_user", "rec_date", "rec_hour", "rec_where", "rec_at", "rec_real_ids", "rec_strategy",
    "rec_new_only", "rec_categories", "rec_distance", "rec_diversity", "rec_novelty", "rec_wish",
    "rec_wish_weight", "rec_model", "rec_visits", "rec_adding",
    "rec_web_pictures",
)  # fmt: skip
_COLUMNS = (
    *schema.REQUIRED, schema.CATEGORY, schema.ITEM_NAME, schema.TEXT, schema.IMAGE
)  # fmt: skip


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
        "and click on another district.",
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


def recommender(store) -> Recommender:
    """Return the counter mix of a data set, fitted once per content, with progress shown."""
    kept = slot(store)
    if "recommender" not in kept:
        with ui.progress("Fitting the counter mix") as progress:
            kept["recommender"] = Recommender(checkins(store), progress=progress)
    return kept["recommender"]


def checkins(store) -> pl.DataFrame:
    """Return the columns of the check-ins that recommending reads."""
    return store.checkins(
        columns=[name for name in _COLUMNS if name in schema.REQUIRED or store.has(name)]
    )


def slot(store) -> dict:
    """Return the place for what is computed once per data set, such as fitted models."""
    return _slot(store.fingerprint)


@st.cache_resource(max_entries=6, show_spinner=False)
def _slot(fingerprint: str) -> dict:
    return {}


def rhythms(store) -> Rhythms:
    """Return the groups of weekly rhythms, computed once per data set."""
    kept = slot(store)
    if "rhythms" not in kept:
        kept["rhythms"] = find_rhythms(store.user_weeks(min_checkins=MIN_CHECKINS))
    return kept["rhythms"]


@st.cache_data(max_entries=6, show_spinner=False)
def landmarks(fingerprint: str, _store):
    """Return the busiest items that are places, with their names."""
    items = _store.items().filter(
        pl.col("lat").is_not_null() & (pl.col("spread_km") <= 1) & (pl.col("n_users") >= 2)
    )
    if items.is_empty():
        items = _store.items().filter(pl.col("lat").is_not_null())
    top = items.sort("n_checkins", "item_id", descending=[True, False]).head(200)
    return top.with_columns(pl.col("item_name").fill_null(pl.col("item_id"))).to_pandas()


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
    """

    ids: list[str]
    pseudonym: dict[str, str]
    user_of: dict[str, str]

    def find(self, text: str) -> str | None:
        """Return the user that an id or a pseudonym means, None if nobody is called so."""
        if text in self.pseudonym:
            return text
        return self.user_of.get(text)


@st.cache_data(max_entries=6, show_spinner=False)
def _people(fingerprint: str, word: str, _store) -> People:
    users = _store.users().sort("n_checkins", "user_id", descending=[True, False])
    ids = users["user_id"].to_list()
    names = pseudonyms(ids, fingerprint, word)
    return People(ids, names, {name: user for user, name in names.items()})


def people(store) -> People:
    """Return who can be asked for in a data set."""
    sample = ui.current_sample()
    return _people(store.fingerprint, sample.user_word if sample else "user", store)


def name_of(user: str, known: People) -> str:
    """Return what the page calls a user: a pseudonym, unless the person asked for the ids."""
    if user == NEW:
        return "Somebody new"
    if st.session_state.get("rec_real_ids"):
        return user
    return known.pseudonym.get(user, user)


# ---------------------------------------------------------------- the view


def begin(store, engine: Recommender, known: People, read_url) -> None:
    """Set who, when, where and how at the first visit: from the URL, else the sample's story.

    `read_url` returns the view that the URL describes, and what is wrong with it.
    """
    mine = st.session_state.get("rec_data")
    if mine != store.fingerprint:
        for key in [key for key in st.session_state if str(key).startswith("rec_")]:
            del st.session_state[key]
        st.session_state["rec_data"] = store.fingerprint
        # Later on the URL still tells of the data set before.
        asked, st.session_state["rec_url_notes"] = read_url() if mine is None else ({}, [])
        st.session_state["rec_view"] = _first_view(engine, known, asked)
    for key, value in st.session_state["rec_view"].items():
        if key not in st.session_state:
            st.session_state[key] = value


def remember() -> None:
    """Keep the view while other pages are looked at."""
    st.session_state["rec_view"] = {
        key: st.session_state[key] for key in KEPT if key in st.session_state
    }


def when() -> datetime:
    """Return the local time asked about."""
    day: date = st.session_state["rec_date"]
    hour = int(st.session_state["rec_hour"])
    monday = day - timedelta(days=day.weekday())
    return datetime(monday.year, monday.month, monday.day) + timedelta(hours=hour)


def _first_view(engine: Recommender, known: People, asked: dict) -> dict:
    sample = ui.current_sample()
    user = sample.default_user if sample and sample.default_user in known.pseudonym else None
    user = user or known.ids[0]
    asked = dict(asked)
    if "rec_user" in asked:
        user = asked["rec_user"]
    moment = asked.pop("moment", None) or _first_moment(engine, user, sample)
    return {
        "rec_user": user,
        "rec_date": moment.date(),
        "rec_hour": moment.weekday() * 24 + moment.hour,
        "rec_where": LAST,
    } | asked


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
        return moment.replace(hour=12, minute=0, second=0, microsecond=0)
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


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
