"""How much happens where and when next? A map of the coming hours, reasons, and how sure."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.parts.demand import ask, place, when
from pages.parts.demand import map as on_map
from pages.shared import playback, state, ui
from pages.shared.later import Work, soon, work_on
from pages.shared.made import made
from pages.shared.once import once
from pages.shared.page import NextStep, Page
from pages.shared.results import found_before, keep, kept
from strec import demand, wording
from strec.demand import Backtest, Demand
from strec.demand import kept as with_store
from strec.errors import StrecError
from strec.export import json_text
from strec.progress import Progress, part_of, silent
from strec.reporting import demand_report
from strec.store import Store
from strec.wording import percent, plural


def content() -> NextStep | None:
    """Show the page for the data set in use and the filters of the sidebar."""
    store, chosen = ui.current_store(), state.FILTERS.value
    following = "Does it matter?", "dependence"
    work = None
    try:
        asked = ask.controls(store, chosen)
        ahead = found_before("demand", store, asked)
        if ahead is not None:
            made(ahead, asked.in_python(store))
        else:
            ahead = first(store, asked)
            work = work_on("demand", store, asked, lambda report: best(store, asked, report))
    except StrecError as error:
        ui.show_notice(error)
        return following
    when.start(ahead)
    words = "" if work else own_columns(store, asked, ahead)
    st.markdown(f"**{ui.plain(ahead.backtest.sentence)}**{words}")
    if work:
        ui.fragment(wait, run_every=1.0)(work)
    every = playback.SECONDS_PER_STEP if state.DEMAND_PLAYING.value else None
    ui.fragment(look, run_every=every)(ahead)
    tested(ahead)
    ui.how_it_works("demand")
    if work:
        # Only now: it would take the processor from what is shown at once.
        work.begin()
    return following


def quick_of(asked: ask.Asked) -> ask.Asked:
    """Return the same question to the models that need a moment."""
    return replace(asked, is_first=True, networks=False)


def first(store: Store, asked: ask.Asked) -> Demand:
    """Return the forecast of the models that need a moment, or of all whose test is kept."""
    quick = quick_of(asked)

    def work(report: Progress) -> Demand:
        past = known_of(store, asked)
        if past is None:
            return forecast_now(store, quick, report)
        return keep("demand", store, asked, forecast_now(store, asked, report, past=past))

    return made(soon("demand", store, quick, work, "Counting"), quick.in_python(store))


def best(store: Store, asked: ask.Asked, report: Progress) -> Demand:
    """Return the forecast of the best of all models; its like without own columns is kept too."""
    if asked.columns:
        plain = without_columns(asked)
        kept("demand", store, plain, lambda: forecast_now(store, plain, part_of(report, 0, 0.5)))
        report = part_of(report, 0.5, 1)
    # What was shown first is a part of the whole comparison.
    first = found_before("demand", store, quick_of(asked))
    found = forecast_now(store, asked, report, known=first and first.backtest)
    if asked.is_usual:
        with_store.keep(store, found.backtest, found.calendar)
    return found


def known_of(store: Store, asked: ask.Asked) -> Backtest | None:
    """Return the test of all models that is kept with a large store."""
    if not (asked.is_usual and store.keeps_answers):
        return None
    return with_store.load(store, counted(store, asked), asked.calendar())


def wait(work: Work) -> None:
    """Say how far the comparison of all models is, and show its result when it is there."""
    if work.is_done():
        st.rerun()
    if isinstance(work.error, StrecError):
        ui.show_notice(work.error)
        return
    words = "A first forecast, without the models that take long. Their comparison is running"
    st.progress(work.share, f"{words}: {ui.plain(work.text)}" if work.text else f"{words}.")


def forecast_now(
    store: Store,
    asked: ask.Asked,
    report: Progress = silent,
    *,
    known: Backtest | None = None,
    past: Backtest | None = None,
) -> Demand:
    """Return the forecast of what is asked; some models, or all, may have been tested before."""
    panel = counted(store, asked)
    return demand.demand(
        panel, calendar=asked.calendar(), models=asked.models(panel), refit=False, past=past,
        known=known if known and known.panel is panel else None, progress=report,
    )  # fmt: skip


def counted(store: Store, asked: ask.Asked) -> demand.Panel:
    """Return what is counted for a question."""

    def count() -> demand.Panel:
        return demand.panel(
            store, asked.what, asked.where, resolution=asked.resolution, filters=asked.filters,
            areas=asked.polygons(),
        )  # fmt: skip

    setting = asked.what, asked.where, asked.resolution, asked.filters, asked.areas
    return kept("panel", store, setting, count)


def without_columns(asked: ask.Asked) -> ask.Asked:
    """Return the same question without the person's own columns."""
    return replace(asked, columns=b"")


def beforehand(store: Store) -> Callable[[], object]:
    """Return what works out the forecast that is shown first."""
    asked = ask.usual(store)
    return lambda: kept("demand", store, asked, lambda: forecast_now(store, asked))


def look(ahead: Demand) -> None:
    """Show the hours chosen: the map, what stands out, one place; runs by itself while playing."""
    first, last = on_map.show(ahead)
    if state.DEMAND_PLAYING.value:
        return
    stands_out(ahead, first)
    if ahead.panel.what == "balance":
        empty_or_full(ahead)
    place.show(ahead, first)
    with st.container(horizontal=True):
        ui.downloads("demand", once(numbers, ahead), "demand")
        ui.download("Report as HTML", lambda: demand_report(ahead).html(), "demand.html",
                    "text/html", "demand_report")  # fmt: skip
        ui.download("Map as GeoJSON", lambda: json_text(ahead.geojson(slice(first, last))),
                    "demand.geojson", "application/geo+json", "demand_geojson")  # fmt: skip


def stands_out(ahead: Demand, step: int) -> None:
    """Say what stands out on the day of an hour."""
    days = ahead.hours.normalize()
    inside = (days == days[step]).nonzero()[0]
    st.subheader(f"What stands out on {wording.moment(days[step], '%A, %-d %B')}", anchor=False)
    for sentence in once(Demand.findings, ahead, int(inside[0]), int(inside[-1]) + 1):
        st.markdown(f"- {ui.plain(sentence)}")
    for sentence in once(changes, ahead):
        st.markdown(f"- {ui.plain(sentence)}")
    n, share = ahead.kept_promises
    if n:
        st.caption(
            "In the test more or less than usual was clearly expected in "
            f"{plural(n, 'hour')} of single places, rightly in {percent(share)}."
        )


def changes(ahead: Demand) -> list[str]:
    """Return what changes from day to day, in sentences."""
    return ahead.changes


def numbers(ahead: Demand) -> pd.DataFrame:
    """Return the forecast as a table for other programs."""
    return ahead.frame().drop(columns="cell", errors="ignore")


def empty_or_full(ahead: Demand) -> None:
    """Say which places run empty or full within a day."""
    st.subheader("Will run empty or full", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        room = st.number_input("Room at each place", 1, 10_000, 20, key="demand_room")
        filled = st.slider("Filled at the beginning, %", 0, 100, 50, key="demand_filled")
        file = st.file_uploader(
            "Room of each place (CSV)", ["csv", "txt"], key="demand_capacity",
            help="Columns place (id or name) and capacity. Places that it leaves out have the room "
            "at the left.",
        )  # fmt: skip
    try:
        rooms = float(room) if file is None else ahead.room(ask.table(file.getvalue()), room)
        found = ahead.risk(rooms, filled / 100)
    except StrecError as error:
        ui.show_notice(error)
        return
    if found.empty:
        st.markdown("None is likely to within a day.")
        return
    shown = found.assign(hour=[wording.moment(each, "%a %-d %b, %H:00") for each in found["hour"]],
                         balance=found["balance"].round(1))  # fmt: skip
    ui.table(
        shown[["name", "runs", "hour", "chance", "balance"]],
        {"name": "Place", "runs": "Runs", "hour": "From",
         "chance": st.column_config.NumberColumn("Chance", format="percent"),
         "balance": "Arrivals less departures until then"},
    )  # fmt: skip
    st.caption("The chance is the share of the test's forecasts whose errors would bring it about.")


def own_columns(store: Store, asked: ask.Asked, ahead: Demand) -> str:
    """Say what the person's own columns are worth, beside the forecast without them."""
    plain = found_before("demand", store, without_columns(asked))
    if not asked.columns or plain is None:
        return ""
    return f" {ui.plain(ahead.backtest.worth(plain.backtest))}"


def tested(ahead: Demand) -> None:
    """Show how the models fared, and how errors grow with the hours ahead."""
    with st.expander("Can it be believed? All models, tested", icon=":material/fact_check:"):
        past = ahead.backtest
        share = st.column_config.NumberColumn(format="percent")
        names = {
            "model": "Model", "mae": "Off by, in the mean (MAE)",
            "rmse": "Large misses weigh more (RMSE)",
            "mase": "Against the simplest forecast (MASE)",
            "wql": "Weighted quantile loss", "cover_80": "In the 80 % band",
            "cover_95": "In the 95 % band", "gain": "Better than counting by",
            "gain_low": "at least (95 %)", "gain_high": "at most (95 %)",
        }  # fmt: skip
        shown = past.table[list(names)].rename(columns=names).round(4)
        shares = [name for key, name in names.items() if key.startswith(("cover", "gain"))]
        ui.table(shown, dict.fromkeys(shares, share))
        weights = ", ".join(f"{name} {percent(w)}" for name, w in past.weights.items() if w > 0.005)
        st.caption(
            f"{len(past.origins)} forecasts of {past.horizon} hours, each from what was known "
            f"then. The blend is made of {ui.plain(weights)}. Bands come from the other half of "
            "the test. Counts are whole: where few are expected, bands hold more than they promise."
        )
        for name, why in past.failed.items():
            st.caption(f"{ui.plain(name)} took no part: {ui.plain(why)}")
        kind = ui.choose("Errors by", {"ahead": "Hours ahead", "hour": "Hour of the day"},
                         "demand_errors")  # fmt: skip
        ui.table(once(Backtest.by, past, kind).round(3))


PAGE = Page(
    title="Demand",
    icon="insights",
    order=5,
    content=content,
    url="demand",
    heading="Demand",
    question="How much will happen where and when, and where is it more than usual?",
    tour="How much comes where? Choose an hour of the coming days; **More than usual** marks what "
    "is out of the ordinary, clearly or a little, and a click on a place says why.",
    beforehand=beforehand,
    has_filters=True,
)
