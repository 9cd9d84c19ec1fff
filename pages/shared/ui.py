"""What all pages share: the data set in use, the sidebar, empty and error states, downloads."""

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.shared.in_use import (
    current_sample,
    current_store,
    item_word,
    remember_in_url,
    sample_store,
    shown_name,
    use_store,
    workspace,
)
from strec import schema
from strec.errors import StrecError
from strec.io.samples import samples
from strec.parts import missing_part
from strec.progress import Progress
from strec.store import Filters, Store

__all__ = [
    "STYLE", "WORDMARK", "current_sample", "current_store", "deck", "downloads", "figure",
    "filters", "go_to", "guarded", "how_it_works", "is_dark", "item_word", "next_step",
    "now_hours", "page_header", "plain", "progress", "remember_pages", "safe_csv", "sample_store",
    "show_error", "show_notice", "shown_name", "sidebar", "to_json", "use_store", "wanted_page",
    "workspace",
]  # fmt: skip

#: A pin whose head is a clock, and the name; teal reads on light and dark ground.
WORDMARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 36" width="132" height="36">'
    '<g fill="none" stroke="#17A09B" stroke-width="3" stroke-linecap="round">'
    '<path d="M16 33 C 9 24 5 19 5 14 a 11 11 0 0 1 22 0 C 27 19 23 24 16 33 Z"/>'
    '<path d="M16 8 v 6.5 l 4.5 3" stroke="#E08A2B"/></g>'
    '<text x="36" y="25" font-family="Source Sans, Helvetica, Arial, sans-serif" '
    'font-size="25" font-weight="700" letter-spacing="0.5" fill="#17A09B">strec</text></svg>'
)
#: Less empty ground above the title than Streamlit leaves.
STYLE = "<style>.stMainBlockContainer { padding-top: 3.2rem; }</style>"


# ---------------------------------------------------------------- frame of a page


def remember_pages(pages: dict) -> None:
    """Keep the navigation's pages, so that a page can lead to another by its name."""
    st.session_state["pages"] = pages


def wanted_page() -> None:
    """Switch to the page that a bookmark asked for (see `_through_the_app`)."""
    if (wanted := st.session_state.pop("wanted", None)) is not None:
        page, query = wanted
        st.switch_page(st.session_state["pages"].get(page, ""), query_params=query)


def _through_the_app() -> None:
    """Lead a bookmark of a page through app.py.

    Until app.py has run once in a server, Streamlit takes every file in `pages/` for a page of its
    own and runs it without the frame.
    """
    main = Path(getattr(sys.modules["__main__"], "__file__", ""))
    if "pages" in st.session_state or main.name != "app.py":
        return
    page = st.context.url.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
    st.session_state["wanted"] = (page, st.query_params.to_dict())
    st.switch_page("app.py")


def guarded(run: Callable[[], None]) -> None:
    """Run a page; an error becomes words, never a traceback, and the data set stays."""
    try:
        run()
    except StrecError as error:
        show_error(error)
    except Exception as error:
        # Streamlit steers reruns and page switches with exceptions of its own.
        if type(error).__module__.startswith("streamlit"):
            raise
        missing = missing_part(error) if isinstance(error, ModuleNotFoundError) else None
        if missing is not None:
            show_error(missing)
            return
        logging.getLogger("strec.app").exception("a page failed")
        st.error(
            "Something went wrong on this page. Your data is as it was. "
            "Reload the page, or choose another data set; the server's log says more.",
            icon=":material/error:",
        )


def page_header(title: str, sentence: str) -> None:
    """Show the page's title and one sentence that says what a person finds here."""
    _through_the_app()
    st.title(title, anchor=False)
    st.markdown(f":gray[{sentence}]")


def show_error(error: StrecError) -> None:
    """Show what was needed, what was found and how to mend it."""
    st.error(
        f"**{plain(error.needed)}**\n\nFound: {plain(error.found)}\n\n"
        f":material/build: {plain(error.mend)}",
        icon=":material/error:",
    )


def show_notice(error: StrecError) -> None:
    """Say in place of a figure why there is none: nothing is wrong, the data are too few."""
    st.info(
        f"{plain(error.needed)} Found: {plain(error.found)}  \n{plain(error.mend)}",
        icon=":material/info:",
    )


def how_it_works(markdown: str) -> None:
    """Show the method behind a figure to those who open it."""
    with st.expander("How it works", icon=":material/school:"):
        st.markdown(markdown)


def next_step(label: str, page: str) -> None:
    """Lead on to the next page (its name in the URL)."""
    target = st.session_state.get("pages", {}).get(page)
    st.divider()
    # A page tested alone has no navigation to lead to.
    if target is not None and st.button(
        label, type="primary", icon=":material/arrow_forward:", key=f"next_{page}"
    ):
        st.switch_page(target)


def go_to(page: str) -> None:
    """Switch to the page with this name in the URL."""
    target = st.session_state.get("pages", {}).get(page)
    if target is not None:
        st.switch_page(target)


def is_dark() -> bool:
    """Return whether the person looks at a dark theme."""
    return st.context.theme.type == "dark"


# ---------------------------------------------------------------- figures


def figure(fig, key: str, caption: str = "") -> None:
    """Show a plotly figure with its caption in words."""
    st.plotly_chart(fig, key=key, width="stretch", config={"displaylogo": False})
    if caption:
        st.caption(caption)


def deck(deck, key: str, height: int = 520, caption: str = "") -> None:
    """Show a map; `map_clicks.clickable` shows one that can be clicked."""
    st.pydeck_chart(deck, key=key, height=height, width="stretch")
    if caption:
        st.caption(caption)


def downloads(name: str, frame: pd.DataFrame, key: str) -> None:
    """Offer the numbers behind a figure as CSV, safe to open in a spreadsheet."""
    st.download_button(
        "Data as CSV",
        lambda: safe_csv(frame),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"download_{key}",
        icon=":material/download:",
        type="tertiary",
    )


def safe_csv(frame: pd.DataFrame) -> bytes:
    """Return CSV whose text cells a spreadsheet will not take for formulas."""
    safe = frame.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            text = safe[column].astype(str).where(safe[column].notna(), "")
            safe[column] = text.where(~text.str.match(r"[=+\-@\t\r]"), "'" + text)
    return safe.to_csv(index=False).encode()


def plain(text: str) -> str:
    """Escape what Markdown would read as markup in words that quote a person's data."""
    return re.sub(r"([\\`*_{}\[\]<>$#|~:])", r"\\\1", text)


# ---------------------------------------------------------------- sidebar


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """Show a bar while something is done: ``with ui.progress("Reading") as progress: …``.

    It may be told often; the bar moves a few times a second and, after some seconds, says how
    long it still takes.
    """
    bar = st.progress(0.0, text=f"{title}…")
    began = shown = time.monotonic()

    def tell(text: str, share: float) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= 0.2:
            shown, share = now, min(max(share, 0.0), 1.0)
            bar.progress(share, text=f"{title}: {text}{_time_left(now - began, share)}")

    try:
        yield tell
    finally:
        bar.empty()


def _time_left(took: float, share: float) -> str:
    if took < 3 or share < 0.02:
        return ""
    left = took * (1 - share) / share
    return f" · about {left:.0f} s left" if left < 90 else f" · about {left / 60:.0f} min left"


def filters() -> Filters:
    """Return the filters set in the sidebar; none at first."""
    return st.session_state.get("filters", Filters())


def sidebar(page: str) -> None:
    """Show the data set in use and, where they apply, the filters that pages share."""
    store = current_store()
    remember_in_url()
    with st.sidebar:
        summary = _summary(store.fingerprint, store)
        st.markdown(f"**{plain(store.meta['name'])}**")
        st.caption(
            f"{summary['n_checkins']:,} check-ins · {summary['n_users']:,} users · "
            f"{summary['n_items']:,} {item_word(plural=True)}  \n"
            f"{summary['first_date']} – {summary['last_date']}  \n"
            f"Times in {plain(store.meta.get('time_zone') or 'each check-in’s own offset')}"
        )
        _other_data()
        if page in ("time", "space"):
            _filter_widgets(store, summary)


def _other_data() -> None:
    """Offer the samples and the person's own file from every page."""
    now = current_sample()
    with st.popover("Change data", icon=":material/swap_horiz:", width="stretch"):
        for sample in samples():
            if st.button(
                sample.title,
                key=f"sidebar_{sample.name}",
                disabled=now is not None and sample.name == now.name,
                width="stretch",
            ):
                use_store(sample_store(sample.name))
                st.rerun()
        if st.button(
            "Bring your own data",
            key="sidebar_own",
            icon=":material/upload_file:",
            type="primary",
            width="stretch",
        ):
            go_to("data")


def _filter_widgets(store: Store, summary: dict) -> None:
    now = filters()
    st.subheader("Show only", anchor=False)
    first, last = summary["first_date"], summary["last_date"]
    span = st.date_input(
        "Dates",
        (now.date_from or first, now.date_to or last),
        min_value=first,
        max_value=last,
        key="filter_dates",
    )
    hours = st.slider("Hours of the day", 0, 24, now_hours(now), key="filter_hours")
    days = st.pills(
        "Weekdays",
        range(7),
        default=list(now.weekdays or range(7)),
        selection_mode="multi",
        format_func=lambda day: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day],
        key="filter_weekdays",
    )
    categories = _categories(store.fingerprint, store)
    chosen = (
        st.multiselect(
            "Categories",
            categories,
            default=[name for name in now.categories or () if name in categories],
            placeholder="All categories",
            key="filter_categories",
        )
        if categories
        else []
    )
    dates = span if isinstance(span, tuple) and len(span) == 2 else (first, last)
    st.session_state["filters"] = Filters(
        date_from=dates[0] if dates[0] > first else None,
        date_to=dates[1] if dates[1] < last else None,
        hours=tuple(range(*hours)) if hours != (0, 24) and hours[0] < hours[1] else None,
        weekdays=tuple(days) if 0 < len(days) < 7 else None,
        categories=tuple(chosen) or None,
    )
    if st.session_state["filters"] != Filters() and st.button(
        "Show everything", icon=":material/filter_alt_off:"
    ):
        use_store(store)
        st.rerun()


def now_hours(now: Filters) -> tuple[int, int]:
    """Return the hour range (from, to) that the slider shows for these filters."""
    return (min(now.hours), max(now.hours) + 1) if now.hours else (0, 24)


@st.cache_data(max_entries=16, show_spinner=False)
def _summary(fingerprint: str, _store: Store) -> dict:
    return _store.summary(Filters())


@st.cache_data(max_entries=16, show_spinner=False)
def _categories(fingerprint: str, _store: Store) -> list[str]:
    if not _store.has(schema.CATEGORY):
        return []
    frame = _store.by_category()
    return list(frame["category"]) if len(frame) else []


def to_json(value) -> str:
    """Return readable JSON with dates as text."""
    return json.dumps(value, indent=2, default=str, ensure_ascii=False)
