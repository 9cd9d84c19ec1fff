"""What is remembered of one visitor: every key of the session that more than its widget reads."""

import time
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import polars as pl
import streamlit as st

from strec.errors import StrecError
from strec.maps import Ground
from strec.project import Pin, Project, View
from strec.store import Filters, Store

T = TypeVar("T")
#: When the widgets of values that were set had been sent to the browser, by name; None before.
_PUT = "put"
#: A browser has drawn within so many seconds what it was sent.
_DRAWN_WITHIN_S = 4.0


class Key(Generic[T]):
    """A value in the session under a name, with its type and what it is at first.

    Parameters
    ----------
    name : str
        Its name in the session; a widget with this key reads and writes the same value.
    first : object
        The value before there is one.
    """

    def __init__(self, name: str, first: T):
        self.name, self.first = name, first

    @property
    def value(self) -> T:
        """The value in this visitor's session."""
        return st.session_state.get(self.name, self.first)

    @value.setter
    def value(self, new: T) -> None:
        put(self.name, new)

    @property
    def is_set(self) -> bool:
        """Whether there is a value of this visitor's."""
        return self.name in st.session_state

    def take(self) -> T:
        """Return the value and forget it."""
        return st.session_state.pop(self.name, self.first)


def put(name: str, value: Any) -> None:
    """Set a value, which a widget with this key will show.

    The browser is told once. If the next run begins before it has drawn the widget, as when it
    tells of itself, it shows what the widget is at first, though the value is kept; `put_again`.
    """
    st.session_state[name] = value
    st.session_state.setdefault(_PUT, {})[name] = None


def put_again() -> None:
    """Set what was set in runs that did not come to their end, or did a moment ago."""
    now = time.monotonic()
    put = {name: drawn_s for name, drawn_s in st.session_state.get(_PUT, {}).items()
           if drawn_s is None or now - drawn_s < _DRAWN_WITHIN_S}  # fmt: skip
    for name in put:
        if name in st.session_state:
            st.session_state[name] = st.session_state[name]
    st.session_state[_PUT] = put


def all_drawn() -> None:
    """Note that a run came to its end: the browser has been sent all widgets."""
    now = time.monotonic()
    st.session_state[_PUT] = {n: at or now for n, at in st.session_state.get(_PUT, {}).items()}


def forget(beginning: str) -> None:
    """Forget every value whose name begins so."""
    for name in [name for name in st.session_state if str(name).startswith(beginning)]:
        del st.session_state[name]


# ---------------------------------------------------------------- all pages

STORE: Key[Store | None] = Key("store", None)
#: A sample that was chosen and is not loaded yet.
WANTED_SAMPLE = Key("wanted_sample", "")
#: What every page counts: what the sidebar says, and what was chosen in pictures.
FILTERS = Key("filters", Filters())
SIDEBAR_FILTERS = Key("sidebar_filters", Filters())
#: What was chosen in pictures, step by step; the last holds.
PICKS: Key[list[Filters]] = Key("picks", [])
WORKSPACE = Key("workspace", "")
TOUR = Key("tour", False)
#: Maps as pictures drawn by the server, and whether the visitor has chosen it so or otherwise.
PICTURES_OF_MAPS = Key("pictures_of_maps", False)
MAPS_CHOSEN = Key("maps_chosen", False)
#: What the browser told: that its window is as narrow as that of a `phone` or a `tablet`, that it
#: draws maps `slowly`, with its processor, or `not`.
WIDTH = Key("browser_width", "")
DRAWS = Key("browser_draws", "")
#: The same, until the person has been told at the first map.
DRAWS_UNSAID = Key("browser_draws_unsaid", "")
#: What lies under the maps: `auto`, `offline`, and a map file of one's own.
BASEMAP = Key("basemap", "auto")
GROUND: Key[Ground | None] = Key("ground", None)

#: A map that is played through time: whether it runs, its step, and when that began.
PLAYING = Key("play_on", False)
PLAY_STEP = Key("play_step", 0)
PLAY_TICK = Key("play_tick", 0.0)

# ---------------------------------------------------------------- keep and share

PROJECT_NAME = Key("project_name", "")
PROJECT_NOTE = Key("project_note", "")
PROJECT_FILE: Key[Any] = Key("project_file", None)
#: A project that was opened and whose data are still to be brought.
PROJECT_WAITING: Key[Project | None] = Key("project_waiting", None)
#: The page that an opened project was saved on.
PROJECT_AT = Key("project_at", "")
#: The page shown, None where its pictures cannot be pinned: those of single people.
PAGE: Key[str | None] = Key("page_shown", None)
#: How each page is set, and how an opened project had those that were not shown since.
VIEWS: Key[dict[str, View]] = Key("views_noted", {})
VIEWS_WAITING: Key[dict[str, View]] = Key("views_waiting", {})
#: Pictures kept, with notes.
PINS: Key[tuple[Pin, ...]] = Key("pins", ())
#: Stands for the cookie where a browser sends none.
VISITOR = Key("visitor_secret", "")

# ---------------------------------------------------------------- start

START_PLAYING = Key("start_playing", True)
START_HOUR = Key("start_hour", 7)
START_TICK = Key("start_tick", 0.0)
START_TICKS = Key("start_ticks", 0)
START_PICTURE = Key("start_picture", "")
START_IS_PAINTED = Key("start_is_painted", False)

# ---------------------------------------------------------------- data

UPLOAD: Key[Any] = Key("data_upload", None)
PATH = Key("data_path", "")
#: A table of a database: its address, its name or a query, and whether a copy was asked for.
DB_ADDRESS, DB_TABLE = Key("data_address", ""), Key("data_table", "")
DB_QUERY = Key("data_query", "")
COPY_WANTED = Key("data_copy_wanted", False)
DRAFT: Key[Any] = Key("data_draft", None)
UPLOAD_ERROR: Key[StrecError | None] = Key("data_upload_error", None)
COLUMNS_ERROR: Key[StrecError | None] = Key("data_columns_error", None)
RECIPE_ERROR: Key[StrecError | None] = Key("data_recipe_error", None)
RECIPE_SAID = Key("data_recipe_said", "")
#: What went wrong with a list of items that nobody took yet, and how it was read.
UNTAKEN_ERROR: Key[StrecError | None] = Key("data_untaken_error", None)
UNTAKEN_SAID = Key("data_untaken_said", "")

# ---------------------------------------------------------------- space

#: The hexagons looked into, by the content of their data set.
SPACE_CELLS: Key[dict[str, tuple[int, ...]]] = Key("space_cells", {})
SPACE_SEVERAL = Key("space_several", False)

# ---------------------------------------------------------------- compare

#: How two groups are made, and how often a page asked for one way of it.
COMPARE_WAY = Key("compare_way", "Weekends and workdays")
COMPARE_ASKED = Key("compare_asked", 0)
#: Selections kept as A and B.
KEPT: Key[dict[str, Filters]] = Key("kept_selections", {})

# ---------------------------------------------------------------- demand

DEMAND_PLAYING = Key("demand_playing", False)
DEMAND_STEP = Key("demand_step", 0)
DEMAND_TICK = Key("demand_tick", 0.0)
#: The place looked into.
DEMAND_PLACE = Key("demand_at", "")

# ---------------------------------------------------------------- dependence, train, evaluate

RUN_FULL = Key("dependence_full", False)
#: What the visitor says of dates, by the content of the data set: a table, and what it is called.
DATES: Key[dict[str, tuple[pl.DataFrame, str]]] = Key("dependence_dates", {})
DATES_COUNTRY = Key("dependence_country", "none")
DATES_FILE: Key[Any] = Key("dependence_dates_file", None)
DATES_ERROR: Key[StrecError | None] = Key("dependence_dates_error", None)
TRAIN_OWNER = Key("train_me", "")
TRAIN_SAID = Key("train_said", "")
TRAIN_BUDGET = Key("train_budget", "normal")
SCORED = Key("evaluate_scored", "")

# ---------------------------------------------------------------- recommend

WHO = Key("rec_user", "")
DAY = Key("rec_date", date(1970, 1, 1))
#: Hours since Monday, 0:00.
HOUR = Key("rec_hour", 0)
WHERE = Key("rec_where", "last")
AT: Key[tuple[float, float] | None] = Key("rec_at", None)
LANDMARK: Key[str | None] = Key("rec_landmark", None)
TYPED_PLACE = Key("rec_typed", "")
REAL_IDS = Key("rec_real_ids", False)
STRATEGY = Key("rec_strategy", "balanced")
NEW_ONLY = Key("rec_new_only", False)
CATEGORIES: Key[list[str]] = Key("rec_categories", [])
DISTANCE: Key[float | None] = Key("rec_distance", None)
DIVERSITY = Key("rec_diversity", 0.0)
NOVELTY = Key("rec_novelty", 0.0)
WISH = Key("rec_wish", "")
WISH_WEIGHT = Key("rec_wish_weight", 0.5)
MODEL = Key("rec_model", "Counter mix")
#: The past of somebody new: items, and when each was.
VISITS: Key[list[tuple[str, datetime]]] = Key("rec_visits", [])
ADDING = Key("rec_adding", False)
WEB_PICTURES = Key("rec_web_pictures", False)
#: The widgets of Recommend whose values survive a visit to another page, and a place.
VIEW_KEYS: tuple[Key[Any], ...] = (
    WHO, DAY, HOUR, WHERE, AT, REAL_IDS, STRATEGY, NEW_ONLY, CATEGORIES, DISTANCE, DIVERSITY,
    NOVELTY, WISH, WISH_WEIGHT, MODEL, VISITS, ADDING, WEB_PICTURES,
)  # fmt: skip
VIEW: Key[dict[str, Any]] = Key("rec_view", {})
#: The content of the data set that the view belongs to.
VIEW_OF = Key("rec_data", "")
ITEM: Key[str | None] = Key("rec_item", None)
TRAIL: Key[list[tuple[tuple, Any]]] = Key("rec_trail", [])
#: What was chosen in pictures when the question last followed it.
FOLLOWED = Key("rec_followed", Filters())
URL_NOTES: Key[list[str]] = Key("rec_url_notes", [])
STORY_SEEN = Key("rec_story_seen", "")
WISH_READ: Key[tuple[tuple[str, str], Any] | None] = Key("rec_wish_read", None)
SPOKEN: Key[tuple[tuple, Any] | None] = Key("rec_spoken", None)
SERVER_URL = Key("rec_url", "")
SERVER_MODEL = Key("rec_url_model", "")
SERVER_KEY = Key("rec_url_key", "")
#: Small pictures given for this visit, by the name of an item.
PICTURES: Key[dict[str, str]] = Key("rec_picture_of", {})

# ---------------------------------------------------------------- live

LIVE_ASKED: Key[tuple] = Key("live_asked", ())
LIVE_AT = Key("live_at", 0)
LIVE_PLAYING = Key("live_playing", False)
