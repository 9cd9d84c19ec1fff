"""When do people act? The week, the clock, the calendar, the trend, each category."""

import streamlit as st

from pages.shared import ui
from pages.time import series as deeper
from strec import plots, schema
from strec.errors import StrecError
from strec.store import Filters

WEEK = "Week and calendar"
PARTS = {
    WEEK: ":material/calendar_view_week:",
    deeper.RHYTHMS: ":material/graphic_eq:",
    deeper.UNUSUAL: ":material/priority_high:",
    deeper.FORECAST: ":material/query_stats:",
}
#: Trends in hours get slow and illegible beyond this.
MOST_HOURLY_DAYS = 400

METHOD = r"""
Every check-in counts once, at its **local** time (time stamp plus the offset in the data).

- **Weekday and hour**: $n_{d,h}$ check-ins fall on weekday $d$ between $h$:00 and $h{+}1$:00.
  "3 times the average hour" compares the largest $n_{d,h}$ with the mean over all hours shown.
- **Calendar and trend**: days, weeks and months without check-ins count as zero. The thick line is
  the centred mean over $w$ periods, $\bar n_t = \frac1w \sum_{|k| \le w/2} n_{t+k}$, with $w$ = 24
  hours, 7 days, 4 weeks or 3 months, so that one full cycle (a day, a week) averages out.
- **Each category**: row $c$ shows the share $n_{c,h} / \sum_{h'} n_{c,h'}$. Rows are sorted by
  their mean hour on the circle of 24 hours, counted from 4:00.

Users are counted exactly and once per cell, day or category. When the clocks go back in autumn,
the repeated hour counts both of its hours. Mardia & Jupp 2000 (means on a circle).
"""


def page() -> None:
    """Show the page for the data set in use and the filters of the sidebar."""
    store, chosen = ui.current_store(), ui.filters()
    ui.page_header("Time", "When do people act: which hours, which days, and is it changing?")
    summary = aggregate("summary", store.fingerprint, chosen, store)
    if not summary["n_checkins"]:
        st.info(
            "No check-ins match the filters. Loosen them in the sidebar.",
            icon=":material/filter_alt_off:",
        )
        return
    part = st.segmented_control(
        "Look at",
        list(PARTS),
        default=WEEK,
        required=True,
        format_func=lambda each: f"{PARTS[each]} {each}",
        key="time_part",
        label_visibility="collapsed",
    )
    if part == WEEK:
        overview(store, chosen, summary)
    else:
        try:
            deeper.show(part, store, chosen)
        except StrecError as error:
            ui.show_notice(error)
    ui.next_step("See where", "space")


def overview(store, chosen: Filters, summary: dict) -> None:
    """Show the week, the clock, the calendar, the trend and the categories."""
    below = plots.note(summary["n_checkins"], summary["n_users"], store.time_zone)
    week(store, chosen, below)
    over_time(store, chosen, below, summary["n_days"])
    if store.has(schema.CATEGORY):
        by_category(store, chosen, below)
    ui.how_it_works(METHOD)


def week(store, chosen: Filters, below: str) -> None:
    """Show the week as a heatmap and the day as a clock."""
    frame = aggregate("hour_weekday", store.fingerprint, chosen, store)
    left, right = st.columns([5, 2])
    with left:
        figure = plots.hour_weekday(frame, below, ui.is_dark())
        ui.figure(figure, "hour_weekday", words("hour_weekday", frame))
        ui.downloads("hours-of-the-week", frame, "hour_weekday")
    with right:
        by_hour = frame.groupby("hour")["n_checkins"].sum()
        peak = int(by_hour.idxmax())
        share = by_hour.max() / by_hour.sum()
        ui.figure(
            plots.clock(frame),
            "clock",
            f"{share:.0%} of the check-ins fall between {peak}:00 and {peak + 1}:00. "
            f"{ui.plain(below)}.",
        )
        by_hour = frame.groupby("hour", as_index=False)["n_checkins"].sum()
        ui.downloads("hours-of-the-day", by_hour, "clock")


def over_time(store, chosen: Filters, below: str, n_days: int) -> None:
    """Show every day in a calendar, and the trend in steps of the person's choice."""
    frame = aggregate("calendar", store.fingerprint, chosen, store)
    ui.figure(plots.calendar(frame, below, ui.is_dark()), "calendar", words("calendar", frame))
    ui.downloads("days", frame, "calendar")
    grains = ["day", "week", "month"]
    if n_days <= MOST_HOURLY_DAYS:
        grains = ["hour", *grains]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        grain = st.segmented_control(
            "Steps",
            grains,
            default="day" if n_days < 200 else "week",
            format_func=lambda each: f"{each}s".capitalize(),
            required=True,
            key="trend_grain",
        )
        value = st.segmented_control(
            "Count",
            ["n_checkins", "n_users"],
            default="n_checkins",
            format_func={"n_checkins": "Check-ins", "n_users": "Users"}.get,
            required=True,
            key="trend_value",
        )
    frame = aggregate("trend", store.fingerprint, chosen, store, grain)
    ui.figure(plots.trend(frame, grain, value, below), "trend", words("trend", frame, grain))
    ui.downloads(f"trend-{grain}s", frame, "trend")


def by_category(store, chosen: Filters, below: str) -> None:
    """Show the largest categories and when each has its time."""
    st.subheader("By category", anchor=False)
    frame = aggregate("by_category", store.fingerprint, chosen, store, None)
    n_all = len(frame)
    top = 12
    if n_all > 5:
        top = st.slider("Largest categories", 3, min(n_all, 40), min(n_all, 12), key="top")
    hours = aggregate("category_hours", store.fingerprint, chosen, store, top)
    left, right = st.columns(2)
    with left:
        ui.figure(
            plots.category_hours(hours, below, ui.is_dark()),
            "category_hours",
            words("category_hours", hours),
        )
        ui.downloads("category-hours", hours, "category_hours")
    with right:
        largest = frame.head(top)
        largest.attrs["n_categories"] = n_all
        ui.figure(plots.category_bars(largest, below), "categories", words("categories", largest))
        ui.downloads("categories", frame, "categories")


def words(kind: str, frame, grain: str = "day") -> str:
    """Return what a figure shows in words, with names from the data shown as they are."""
    return ui.plain(plots.in_words(kind, frame, grain))


@st.cache_data(max_entries=128, show_spinner="Counting…")
def aggregate(kind: str, fingerprint: str, chosen: Filters, _store, *setting):
    """Ask the store once per data set and filters."""
    return getattr(_store, kind)(*setting, filters=chosen)


ui.guarded(page)
