"""When do people act? The week, the clock, the calendar, the trend, each category."""

import streamlit as st

from pages.parts import selection
from pages.parts.time import series as deeper
from pages.shared import state, ui
from pages.shared.made import made, of, part
from pages.shared.once import drawn
from pages.shared.page import NextStep, Page
from pages.shared.results import counted
from strec import plots, schema
from strec.errors import StrecError
from strec.store import Filters, Store
from strec.wording import plural

WEEK = "Week and calendar"
PARTS = {
    WEEK: f":material/calendar_view_week: {WEEK}",
    deeper.RHYTHMS: f":material/graphic_eq: {deeper.RHYTHMS}",
    deeper.UNUSUAL: f":material/priority_high: {deeper.UNUSUAL}",
    deeper.FORECAST: f":material/query_stats: {deeper.FORECAST}",
}
#: Trends in hours get slow and illegible beyond this.
MOST_HOURLY_DAYS = 400
NO_CLOCK = "The times of this data set say only the day, so nothing is said of hours."


def content() -> NextStep | None:
    """Show the page for the data set in use and the filters of the sidebar."""
    store, chosen = ui.current_store(), state.FILTERS.value
    summary = counted(Store.summary, store, chosen)
    if not summary["n_checkins"]:
        st.info(
            "No check-ins match the filters. Loosen them in the sidebar.",
            icon=":material/filter_alt_off:",
        )
        return None
    part = ui.choose("Look at", PARTS, "time_part", show_label=False)
    with ui.one_of(PARTS, part):
        if part == WEEK:
            overview(store, chosen, summary)
        else:
            with ui.noticing(StrecError):
                deeper.show(part, store, chosen)
    return "See where", "space"


def overview(store: Store, chosen: Filters, summary: dict) -> None:
    """Show the week, the clock, the calendar, the trend and the categories."""
    below = plots.note(summary["n_checkins"], summary["n_users"], store.time_zone)
    week(store, chosen, summary, below)
    over_time(store, chosen, below, summary["n_days"])
    if store.has(schema.CATEGORY):
        by_category(store, chosen, below)
    ui.how_it_works("time")


def week(store: Store, chosen: Filters, summary: dict, below: str) -> None:
    """Show the week as a heatmap and the day as a clock; weekdays where there is no clock."""
    # All hours stay, also after one of them was chosen.
    whole = selection.without("weekdays", "hours")
    frame = counted(Store.hour_weekday, store, whole if store.has_clock else chosen)
    if not store.has_clock:
        figure = drawn(plots.weekdays, frame, below)
        ui.figure(figure, "weekdays", f"{words('weekdays', frame)} {NO_CLOCK}", frame, "weekdays")
        return
    left, right = st.columns([5, 2])
    with left:
        all_hours = counted(Store.summary, store, whole)
        note = plots.note(all_hours["n_checkins"], all_hours["n_users"], store.time_zone)
        figure = drawn(plots.hour_weekday, frame, note, ui.is_dark(), clickable=True)
        said = f"{words('hour_weekday', frame)} Click an hour to see it alone, on every page."
        ui.figure(
            figure, "hour_weekday", said, frame, "hours-of-the-week", selection.pick_hour
        )  # fmt: skip
    with right:
        day = counted(Store.day_hours, store, chosen)
        counts = day["n_checkins"].fillna(0)
        peak, total = int(day["hour"].iloc[counts.argmax()]), summary["n_checkins"]
        ui.figure(
            drawn(plots.clock, day),
            "clock",
            f"{100 * (counts.max() / total):.0f} % of the check-ins fall between {peak}:00 and "
            f"{peak + 1}:00. {ui.plain(below)}.{_hidden(day, 'hour')}",
            day,
            "hours-of-the-day",
        )


def over_time(store: Store, chosen: Filters, below: str, n_days: int) -> None:
    """Show every day in a calendar, and the trend in steps of the person's choice."""
    frame = counted(Store.calendar, store, chosen)
    figure = drawn(plots.calendar, frame, below, ui.is_dark())
    ui.figure(figure, "calendar", words("calendar", frame), frame, "days")
    grains = {"hour": "Hours", "day": "Days", "week": "Weeks", "month": "Months"}
    if n_days > MOST_HOURLY_DAYS or not store.has_clock:
        del grains["hour"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        grain = ui.choose("Steps", grains, "trend_grain", "day" if n_days < 200 else "week")
        value = "n_checkins"
        if not store.is_anonymous:
            value = ui.choose(
                "Count", {"n_checkins": "Check-ins", "n_users": "Users"}, "trend_value"
            )
    # All days stay, also after some of them were chosen.
    whole = selection.without("date_from", "date_to")
    frame = counted(Store.trend, store, grain, whole)
    every = counted(Store.summary, store, whole)
    below = plots.note(every["n_checkins"], every["n_users"], store.time_zone)
    figure = drawn(plots.trend, frame, grain, value, below)
    said = f"{words('trend', frame, grain)} Drag over a span to see it alone, on every page."
    ui.figure(figure, "trend", said, frame, f"trend-{grain}s", on_span=selection.pick_span)


def by_category(store: Store, chosen: Filters, below: str) -> None:
    """Show the largest categories and when each has its time."""
    st.subheader("By category", anchor=False)
    whole = selection.without("categories")
    frame = counted(Store.by_category, store, None, whole)
    n_all = len(frame)
    if not n_all:
        st.caption("No category has enough check-ins of enough people to be shown.")
        return
    top = 12
    if n_all > 5:
        top = st.slider("Largest categories", 3, min(n_all, 40), min(n_all, 12), key="top")
    left, right = st.columns(2) if store.has_clock else (None, st.container())
    if left is not None:
        hours = counted(Store.category_hours, store, top, chosen)
        figure = drawn(plots.category_hours, hours, below, ui.is_dark())
        said = words("category_hours", hours)
        with left:
            ui.figure(figure, "category_hours", said, hours, "category-hours")
    with right:
        largest = made(frame.head(top), part(of(frame), f".head({top})"))
        largest.attrs["n_categories"] = n_all
        figure = drawn(plots.category_bars, largest, below)
        names = list(largest["category"])
        ui.figure(
            figure, "categories",
            f"{words('categories', largest)} Click a bar to see it alone, on every page.",
            frame, "categories",
            lambda point: selection.pick(categories=(names[int(point["y"])],)),
        )  # fmt: skip


def words(kind: str, frame, grain: str = "day") -> str:
    """Return what a figure shows in words, with names from the data shown as they are."""
    unit = {"trend": grain, "calendar": "day"}.get(kind, "hour")
    return ui.plain(plots.in_words(kind, frame, grain)) + _hidden(frame, unit)


def _hidden(frame, unit: str) -> str:
    """Say how many counts are not shown because they could point at a person."""
    few = frame.attrs.get("hidden", 0)
    least = frame.attrs.get("min_users")
    return f" {plural(few, unit)} with fewer than {least} users not shown." if few else ""


PAGE = Page(
    title="Time",
    icon="schedule",
    order=2,
    content=content,
    url="time",
    heading="Time",
    question="When do people act: which hours, which days, and is it changing?",
    tour="When do people act? Read the heatmap row by row: the strongest colour is the busiest "
    "hour of the week. **Rhythms** tells which repetition is more than chance.",
    has_filters=True,
)
