"""What stands around every page: title, navigation, the data set in use, filters, the tour."""

import streamlit as st
from streamlit.errors import StreamlitAuthError

from pages.parts import selection, tour
from pages.parts.keep import dialog, work
from pages.shared import browser, glossary, look, state, ui
from pages.shared.in_use import (
    choose_sample,
    current_sample,
    current_store,
    item_word,
    remember_in_url,
    use_store,
)
from pages.shared.page import Page, all_pages, go_to
from pages.shared.results import counted
from strec import schema
from strec.io.samples import samples
from strec.serve import settings
from strec.store import Filters, Store
from strec.store.engines import EMBEDDED
from strec.wording import days, plural

#: A pin whose head is a clock, and the name; teal reads on light and dark ground.
WORDMARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 36" width="132" height="36">'
    '<g fill="none" stroke="#17A09B" stroke-width="3" stroke-linecap="round">'
    '<path d="M16 33 C 9 24 5 19 5 14 a 11 11 0 0 1 22 0 C 27 19 23 24 16 33 Z"/>'
    '<path d="M16 8 v 6.5 l 4.5 3" stroke="#E08A2B"/></g>'
    '<text x="36" y="25" font-family="Source Sans, Helvetica, Arial, sans-serif" '
    'font-size="25" font-weight="700" letter-spacing="0.5" fill="#17A09B">strec</text></svg>'
)
#: The pin alone, in the browser's tab: no page asks another server for it.
ICON = (
    WORDMARK.partition("<text")[0]
    .replace("0 0 132 36", "-2 0 36 36")
    .replace('width="132"', 'width="36"')
    + "</svg>"
)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def show() -> None:
    """Show the page that is asked for, in its frame."""
    state.put_again()
    st.set_page_config(
        page_title="strec: when, where, and what next",
        page_icon=ICON,
        layout="wide",
    )
    st.logo(WORDMARK, size="large")
    st.html(look.style(ui.is_dark()))
    if settings.must_sign_in() and not st.user.get("is_logged_in", False):
        sign_in()
        return
    asked = st.navigation([page.entry() for page in all_pages().values()])
    page = all_pages()[asked.url_path]
    # First of all: a browser that would need seconds for each map tells so before it has begun.
    browser.ask()
    ui.guarded(work.take_from_address)
    ui.guarded(lambda: sidebar(page))
    tour.card(page)
    if page.has_filters or page.follows:
        ui.guarded(lambda: selection.chips(None if page.has_filters else page.follows))
    ui.guarded(asked.run)
    state.all_drawn()


def sign_in() -> None:
    """Show nothing but the way in."""
    # The address may name any page: after signing in it is shown.
    st.navigation([page.entry() for page in all_pages().values()], position="hidden")
    st.title("Sign in", anchor=False)
    st.markdown("The people who run this server ask who you are.")
    if st.button("Sign in", type="primary", icon=":material/login:"):
        try:
            st.login()
        except StreamlitAuthError:
            st.error("Signing in is not set up: the server lacks `[auth]` in its secrets.toml.")


# ---------------------------------------------------------------- sidebar


def sidebar(page: Page) -> None:
    """Show the data set in use and, where they apply, the filters that pages share."""
    store = current_store()
    remember_in_url()
    with st.sidebar:
        summary = counted(Store.summary, store, Filters())
        st.markdown(f"**{ui.plain(store.name)}**")
        st.caption(
            f"{summary['n_checkins']:,} check-ins · "
            f"{'nobody named' if store.is_anonymous else plural(summary['n_users'], 'user')} · "
            f"{summary['n_items']:,} {item_word(plural=True)}  \n"
            f"{days(summary['first_date'], summary['last_date'])}  \n"
            f"Times in {ui.plain(store.time_zone or 'each check-in’s own offset')}"
            + ("" if store.engine == EMBEDDED else f"  \nCounted by {store.engine_in_words}")
        )
        other_data()
        dialog.button(page.url)
        if page.has_filters:
            filter_widgets(store, summary)
        if store.has_places:
            browser.toggle()
        if st.button("What the words mean", key="glossary", icon=":material/dictionary:",
                     type="tertiary"):  # fmt: skip
            glossary.dialog()


def other_data() -> None:
    """Offer the samples and the person's own file from every page."""
    now = current_sample()
    with st.popover("Change data", icon=":material/swap_horiz:", width="stretch"):
        for sample in samples():
            st.button(
                sample.title,
                key=f"sidebar_{sample.name}",
                disabled=now is not None and sample.name == now.name,
                width="stretch",
                on_click=choose_sample,
                args=(sample.name,),
            )
        if st.button(
            "Bring your own data",
            key="sidebar_own",
            icon=":material/upload_file:",
            type="primary",
            width="stretch",
        ):
            go_to("data")


def filter_widgets(store: Store, summary: dict) -> None:
    """Ask which dates, hours, weekdays and categories pages show."""
    now = state.SIDEBAR_FILTERS.value
    st.subheader("Show only", anchor=False)
    first, last = summary["first_date"], summary["last_date"]
    span = ui.date_input(
        "Dates",
        (now.date_from or first, now.date_to or last),
        min_value=first,
        max_value=last,
        key="filter_dates",
    )
    hours = (0, 24)
    if store.has_clock:
        hours = st.slider("Hours of the day", 0, 24, hour_range(now), key="filter_hours")
    days = st.pills(
        "Weekdays",
        range(7),
        default=list(now.weekdays or range(7)),
        selection_mode="multi",
        format_func=DAYS.__getitem__,
        key="filter_weekdays",
    )
    chosen = []
    if store.has(schema.CATEGORY) and len(table := counted(Store.by_category, store)):
        categories = list(table["category"])
        chosen = st.multiselect(
            "Categories",
            categories,
            default=[name for name in now.categories or () if name in categories],
            placeholder="All categories",
            key="filter_categories",
        )
    side = None
    if store.has_trips:
        side = ui.choose(
            "Trips",
            {None: "Whole", "departures": "Departures", "arrivals": "Arrivals"},
            "filter_side",
            now.side,
            help="Whole trips count where they end and when they begin; departures where and when "
            "they begin, arrivals where and when they end.",
        )
    places = []
    if store.has(schema.PLACE_ID):
        shops = counted(Store.shops, store, min_users=1).set_index("place_id")["place_name"]
        places = st.multiselect(
            "Shops",
            list(shops.index),
            default=[shop for shop in now.places or () if shop in shops.index],
            format_func=lambda shop: str(shops[shop]),
            placeholder="All shops",
            key="filter_places",
        )
    dates = span if isinstance(span, tuple) and len(span) == 2 else (first, last)
    state.SIDEBAR_FILTERS.value = Filters(
        date_from=dates[0] if dates[0] > first else None,
        date_to=dates[1] if dates[1] < last else None,
        hours=tuple(range(*hours)) if hours != (0, 24) and hours[0] < hours[1] else None,
        weekdays=tuple(days) if 0 < len(days) < 7 else None,
        categories=tuple(chosen) or None,
        places=tuple(places) or None,
        side=side,
    )
    state.FILTERS.value = selection.together()
    if state.FILTERS.value != Filters() and st.button(
        "Show everything", icon=":material/filter_alt_off:"
    ):
        use_store(store)
        st.rerun()


def hour_range(now: Filters) -> tuple[int, int]:
    """Return the hours (from, to) that the slider shows for these filters."""
    return (min(now.hours), max(now.hours) + 1) if now.hours else (0, 24)
