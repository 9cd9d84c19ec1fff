"""The data set in use: a sample, or a person's own, found again by the address of the page."""

import contextlib
import hashlib
import os
import re
import secrets
import tempfile
from pathlib import Path

import streamlit as st

from pages.shared import state
from pages.shared.results import AGE
from strec.errors import StrecError
from strec.io.mapping import mapping_of
from strec.io.samples import FOLDER, Sample, read_sample, samples
from strec.llm.cache import cache_folder
from strec.runs import Run, home, runs_in
from strec.serve import events, merged, settings
from strec.serve.leftovers import visits_folder
from strec.store import Filters, Store, Warehouse

DEFAULT_SAMPLE = "social"
_TOKEN = re.compile(r"[0-9a-f]{32}")
_STORES = visits_folder()
#: What stands for a table of a database where a store would be named.
_TABLE = "a table of a database"


def current_store() -> Store:
    """Return the data set in use: the one chosen last, the one in the URL, or a sample."""
    if wanted := state.WANTED_SAMPLE.value:
        chosen = sample_store(wanted)
        state.WANTED_SAMPLE.value = ""
        use_store(chosen)
    store = state.STORE.value
    if store is None:
        store = _store_from_url() or given_store() or sample_store(DEFAULT_SAMPLE)
        state.STORE.value = store
    return store


def given_store() -> Store | None:
    """Return the store that the app was started with, which every visitor is shown first."""
    if (table := settings.database()) is not None:
        return _opened_table(*table)
    folder = settings.store()
    # What came through the API and was merged is in it.
    return None if folder is None else _opened(merged.latest(Path(folder), events.folder())[0])


@st.cache_resource(max_entries=merged.KEEP, ttl=AGE, show_spinner="Opening the store…")
def _opened(folder: Path) -> Store:
    return Store(folder)


@st.cache_resource(max_entries=1, ttl=AGE, show_spinner="Asking the database…")
def _opened_table(address: str, table: str | None, query: str | None, columns: str) -> Warehouse:
    given = mapping_of([columns]) if columns else {}
    return Warehouse.guessed(address, table=table, query=query, given=given)


def open_table(store: Warehouse) -> None:
    """Use a table of a database where it is; a reload finds it as long as the server runs."""
    # The address may hold a password, which is written nowhere.
    _mark(workspace() / "current", _TABLE)
    _tables(state.WORKSPACE.value)[_TABLE] = store
    use_store(store)


def ask_anew(store: Warehouse) -> None:
    """Open a table again: what has changed in it since is counted."""
    if settings.database() is not None and store is given_store():
        _opened_table.clear()
        use_store(given_store() or store)
        return
    open_table(Warehouse(mapping=store.mapping, name=store.name, **store.source))


@st.cache_resource(max_entries=64, ttl=AGE, show_spinner=False)
def _tables(workspace_token: str) -> dict[str, Warehouse]:
    """Return where the table is kept that this workspace has open."""
    return {}


def open_folder(folder: Path) -> None:
    """Use a store where it lies, and let a reload find it again."""
    store = Store(folder.resolve())
    _mark(workspace() / "current", str(store.folder))
    use_store(store)


def adopt(store: Store) -> None:
    """Let a reload find a store that this visitor made in another visit."""
    if store.is_elsewhere:
        return
    if store.folder.parent.parent == _STORES and _TOKEN.fullmatch(store.folder.parent.name):
        state.WORKSPACE.value = store.folder.parent.name


def choose_sample(name: str) -> None:
    """Note which sample is wanted: a click elsewhere while it is loaded must not lose it."""
    state.WANTED_SAMPLE.value = name


def use_store(store: Store) -> None:
    """Make this the data set that every page shows, and forget filters of the one before."""
    state.STORE.value = store
    state.forget("filter_")
    state.FILTERS.value = state.SIDEBAR_FILTERS.value = Filters()
    state.PICKS.value = []
    state.VIEWS.value, state.VIEWS_WAITING.value = {}, {}
    remember_in_url()


@st.cache_resource(max_entries=8, ttl=AGE, show_spinner="Loading the sample…")
def sample_store(name: str) -> Store:
    """Return the store of a sample; samples hold nobody's data, so all visitors share it."""
    sample = next(each for each in samples() if each.name == name)
    folder = _sample_folder(sample)
    # The next start of the app finds the store; one that is damaged or of an old format is made
    # anew.
    with contextlib.suppress(StrecError):
        return Store(folder)
    return Store.create(
        read_sample(name),
        folder,
        name=sample.title,
        time_zone=sample.time_zone,
        source=sample.source,
        pictures=FOLDER,
    )


def _sample_folder(sample: Sample) -> Path:
    """Return a folder in strec's cache named by the sample's content, or a new one without it."""
    # The store knows where the pictures are, so it is another one for another checkout.
    content = (FOLDER / f"{sample.name}.parquet").read_bytes() + repr((sample, FOLDER)).encode()
    digest = hashlib.blake2b(content, digest_size=8).hexdigest()
    try:
        return cache_folder() / "samples" / f"{sample.name}-{digest}"
    except (StrecError, OSError):
        return Path(tempfile.mkdtemp(prefix=f"strec-p{os.getpid()}-")) / "store"


def current_sample() -> Sample | None:
    """Return the `Sample` in use, or None when the data set is the person's own."""
    store = current_store()
    # What somebody brought stays their own, whatever they call it: samples have shipped pictures.
    if store.pictures != FOLDER.resolve():
        return None
    return next((each for each in samples() if each.title == store.meta["name"]), None)


def trainings_folder(store: Store) -> Path:
    """Return where the trainings of a data set are kept; those of a sample are everybody's."""
    return home(store, is_shared=current_sample() is not None)


def trainings(store: Store) -> list[Run]:
    """Return the trainings of a data set, the newest first."""
    return runs_in(trainings_folder(store), store.fingerprint)


def item_word(plural: bool = False) -> str:
    """Return what an item is called in the data set in use: venue, product, station…"""
    sample = current_sample()
    if sample is None:
        return "items" if plural else "item"
    return sample.item_word_plural if plural else sample.item_word


def shown_name(name: str) -> str:
    """Return an item's name as a title; a bare number gets the word for an item before it.

    Beside a rank, "1 246" would be read as one number.
    """
    return f"{item_word().capitalize()} {name}" if name.strip().isdecimal() else name


def workspace() -> Path:
    """Return this person's own folder for uploads and stores.

    Its name is a secret of 128 bits that the URL carries, so that a reload of the page finds the
    data again and nobody else does.
    """
    token = state.WORKSPACE.value or st.query_params.get("data", "")
    if not _TOKEN.fullmatch(token):
        token = secrets.token_hex(16)
    state.WORKSPACE.value = token
    folder = _STORES / token
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _store_from_url() -> Store | None:
    token, sample = st.query_params.get("data", ""), st.query_params.get("sample", "")
    if sample in {each.name for each in samples()}:
        return sample_store(sample)
    if not _TOKEN.fullmatch(token) or not (_STORES / token / "current").is_file():
        return None
    state.WORKSPACE.value = token
    if (_STORES / token / "current").read_text() == _TABLE:
        return _tables(token).get(_TABLE)
    try:
        return Store(_STORES / token / (_STORES / token / "current").read_text())
    except StrecError:
        return None


def remember_in_url() -> None:
    """Say in the address which data set is in use, so that a reload or a link finds it."""
    store, sample = current_store(), current_sample()
    said = {}
    if sample is not None:
        if sample.name != DEFAULT_SAMPLE or given_store() is not None:
            said["sample"] = sample.name
    elif store.is_elsewhere:
        if (own := state.WORKSPACE.value) and _tables(own).get(_TABLE) is store:
            _mark(_STORES / own / "current", _TABLE)
            said["data"] = own
    elif own := state.WORKSPACE.value:
        folder, marker = Path(store.folder), _STORES / own / "current"
        opened = marker.is_file() and marker.read_text() == str(folder)
        if opened or folder.parent == marker.parent:
            _mark(marker, str(folder) if opened else folder.name)
            said["data"] = own
    # Other parameters are a page's own, such as the view that Recommend saves.
    for key in ("sample", "data"):
        if key in st.query_params and key not in said:
            del st.query_params[key]
        elif key in said and st.query_params.get(key) != said[key]:
            st.query_params[key] = said[key]


def _mark(marker: Path, used: str) -> None:
    """Say which store a workspace uses, and that it is used now: old ones are deleted."""
    if marker.is_file() and marker.read_text() == used:
        os.utime(marker)
        return
    fresh = marker.with_name(f".current-{secrets.token_hex(4)}")
    try:
        fresh.write_text(used)
        os.replace(fresh, marker)
    finally:
        fresh.unlink(missing_ok=True)
