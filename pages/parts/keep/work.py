"""What a visitor sees as a project, and a project as what a visitor sees."""

import json
import secrets
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from pages.parts import selection
from pages.parts.keep import recent
from pages.shared import state, ui, views
from pages.shared.in_use import adopt, sample_store, trainings, use_store, workspace
from pages.shared.page import all_pages
from pages.shared.pins import NOT_KEPT, address_of
from pages.shared.results import counted, in_turn
from strec.errors import StrecError
from strec.io import Limits, ingest, samples
from strec.io.apart import apart
from strec.project import CHECKINS, MOST_DATA, Project, Run
from strec.store import Filters, Store

LIMITS = Limits(max_bytes=MOST_DATA)
#: Longer selections do not fit into an address.
_MOST_ADDRESS = 1_500


def now(page: str, with_people: bool = False) -> Project:
    """Return what is looked at as a project, without the data; ids of people only if wished."""
    store, sample = ui.current_store(), ui.current_sample()
    runs = [] if store.is_elsewhere else trainings(store)
    chosen = {
        "selection": selection.picked(),
        "sidebar": state.SIDEBAR_FILTERS.value,
        "kept": state.KEPT.value,
        "pins": state.PINS.value,
        "views": views.all_now(),
    }
    project = Project.of(
        store,
        sample=sample.name if sample else "",
        name=state.PROJECT_NAME.value.strip() or store.name,
        note=state.PROJECT_NOTE.value.strip(),
        runs=tuple(Run(run.folder.name, run.kind, run.label) for run in runs[:50]),
        address=address_of(page),
        **chosen,
    )
    if state.REAL_IDS.value and not with_people:
        # On Recommend the address names who is asked for.
        project = replace(
            project, address=page if page == "recommend" else project.address,
            views={name: view for name, view in project.views.items() if name != "recommend"},
        )  # fmt: skip
    return replace(project, **chosen) if with_people else project


def link() -> str:
    """Return the whole address of what is looked at, chosen hours, kinds and places included."""
    said = [(name, value) for name in st.query_params if name not in ("me", "tour", "only")
            for value in st.query_params.get_all(name)]  # fmt: skip
    chosen = urlencode([("only", _as_text(state.FILTERS.value))])
    if state.FILTERS.value != Filters() and len(chosen) <= _MOST_ADDRESS:
        said.append(("only", _as_text(state.FILTERS.value)))
    base = str(st.context.url or "").split("?")[0]
    return base + (f"?{urlencode(said)}" if said else "")


def take_from_address() -> None:
    """Choose what the address of a shared link says, once."""
    if "only" not in st.query_params:
        return
    text = st.query_params.pop("only")
    store = ui.current_store()
    try:
        chosen = Filters.from_dict(json.loads(text[: 2 * _MOST_ADDRESS]))
    except (ValueError, RecursionError, StrecError):
        st.toast("The link's selection cannot be read; everything is shown.")
        return
    _choose(store, Filters(), replace(chosen, users=None))


def open_file(file: IO[bytes] | Path) -> None:
    """Open a project from a file; without its data it waits until they are brought."""
    with in_turn(), TemporaryDirectory(prefix="strec-project-") as aside:
        project = Project.open(file, Path(aside))
        store = _data_of(project, Path(aside))
    take(project, store)


def take(project: Project, store: Store | None) -> None:
    """Show a project on its data, or ask for them."""
    if store is None:
        state.PROJECT_WAITING.value = project
        return
    state.PROJECT_WAITING.value = None
    adopt(store)
    use_store(store)
    _choose(store, project.sidebar, project.selection)
    state.KEPT.value = dict(project.kept or {})
    state.PINS.value = project.pins
    state.PROJECT_NAME.value, state.PROJECT_NOTE.value = project.name, project.note
    state.PROJECT_AT.value = project.address
    state.VIEWS.value, state.VIEWS_WAITING.value = {}, dict(project.views)


def go_to(address: str) -> None:
    """Switch to a page with what it was asked; one that is unknown is the first page."""
    url, _, said = address.partition("?")
    page = all_pages().get(url) or all_pages()[""]
    asked = [pair for pair in parse_qsl(said) if pair[0] not in NOT_KEPT]
    st.switch_page(page.entry(), query_params=asked)


def found_again(project: Project) -> Store | None:
    """Return the data of a project that lie here already: a sample, or one's own."""
    own = [recent.Recent(project, each.path).store() for each in recent.mine()
           if each.project.source == project.source]  # fmt: skip
    here = [_opened(path) for path in workspace().glob("store-*")]
    for store in (state.STORE.value, *own, *here):
        if store is not None and project.fits(store):
            return store
    if project.source.sample in {each.name for each in samples()}:
        return sample_store(project.source.sample)
    return None


def waits_for(store: Store) -> None:
    """Go on with the project that waited for data, once some are there."""
    project = state.PROJECT_WAITING.value
    if project is not None and project.fits(store):
        take(project, store)


def _data_of(project: Project, aside: Path) -> Store | None:
    known = found_again(project)
    if known is not None or project.checkins is None:
        return known
    table = aside / "read.parquet"
    apart(ingest, [aside / CHECKINS], table, limits=LIMITS)
    return Store.create(
        table, workspace() / f"store-{secrets.token_hex(6)}", name=project.source.name,
        time_zone=project.source.time_zone or None, source=project.source.source,
        recipe=project.recipe, catalogue=project.catalogue,
    )  # fmt: skip


def _choose(store: Store, sidebar: Filters, picked: Filters) -> None:
    """Set what is shown, as far as the data set has it."""
    summary = counted(Store.summary, store)
    first, last = summary["first_date"], summary["last_date"]
    state.forget("filter_")
    state.SIDEBAR_FILTERS.value = _within(sidebar, first, last)
    state.PICKS.value = [] if picked == Filters() else [_within(picked, first, last)]
    state.FILTERS.value = selection.together()


def _within(said: Filters, first, last) -> Filters:
    """Return filters whose dates the data have: a calendar shows no others."""
    begin, end = said.date_from, said.date_to
    return replace(
        said,
        date_from=min(max(begin, first), last) if begin is not None else None,
        date_to=min(max(end, first), last) if end is not None else None,
    )


def _as_text(chosen: Filters) -> str:
    return json.dumps(replace(chosen, users=None).to_dict(), separators=(",", ":"))


def _opened(path: Path) -> Store | None:
    try:
        return Store(path)
    except StrecError:
        return None
