"""The deeper parts of the time page: rhythms, unusual periods, forecasts, of any slice."""

from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from pages.parts.time.slices import Slice, controls
from pages.shared import ui
from pages.shared.made import Made, call, made, named, of, room
from pages.shared.once import drawn
from pages.shared.results import by_content, found_before, keep, kept
from strec import temporal
from strec.errors import StrecError
from strec.export import MIN_USERS
from strec.plots import note
from strec.plots import series as figures
from strec.store import Filters, Store

T = TypeVar("T")
RHYTHMS, UNUSUAL, FORECAST = "Rhythms", "Out of the ordinary", "Forecast"
#: A quick forecast searches this long for the order of an ARIMA model, in seconds.
SEARCH_S = 4.0


def show(part: str, store: Store, chosen: Filters) -> None:
    """Show one of the deeper parts for the slice that the controls say."""
    asked = controls(store, chosen)
    data = series_of(store, asked)
    # The series' own clock: where check-ins come from many zones, each counts by its own.
    below = note(data.n_checkins, data.n_users, data.time_zone)
    shown = {RHYTHMS: rhythms, UNUSUAL: anomalies, FORECAST: forecast}[part]
    shown(store, asked, below)
    ui.how_it_works(f"time-{shown.__name__}")


# ---------------------------------------------------------------- the three parts


def rhythms(store: Store, asked: Slice, below: str) -> None:
    """Show what repeats, and whether it is more than chance."""
    st.markdown(ui.plain(series_of(store, asked).sentence))
    if found := analysed(temporal.periodogram, store, asked):
        figure = drawn(figures.periodogram, found, below)
        ui.figure(figure, "periodogram", ui.plain(found.sentence), found.frame, "periodogram")
    st.subheader("Trend, seasons and the rest", anchor=False)
    if found := analysed(temporal.decompose, store, asked):
        figure, data = drawn(figures.decomposition, found, below), found.frame.reset_index()
        ui.figure(figure, "decomposition", ui.plain(found.sentence), data, "decomposition")
    if found := analysed(temporal.autocorrelation, store, asked):
        figure = drawn(figures.autocorrelation, found, below)
        ui.figure(figure, "memory", ui.plain(found.sentence), found.frame, "autocorrelation")
    st.subheader("Is it steady?", anchor=False)
    if found := analysed(temporal.stationarity, store, asked):
        st.markdown(ui.plain(found.sentence))
        ui.table(found.table().round(3))


def anomalies(store: Store, asked: Slice, below: str) -> None:
    """Show periods that trend and seasons do not explain, and where the level moved."""
    moved = analysed(temporal.level_shifts, store, asked)
    found = analysed(temporal.anomalies, store, asked)
    if found is None:
        return
    words = found.sentence + (f" {moved.sentence}" if moved is not None else "")
    ui.figure(drawn(figures.anomalies, found, moved, below), "unusual", ui.plain(words))
    table = found.found.reset_index(names="when")[["when", "observed", "expected", "q"]]
    if len(table):
        table["expected"] = table["expected"].clip(lower=0).round(1)
        ui.table(
            table.head(50),
            {
                "when": "When",
                "observed": st.column_config.NumberColumn("Came", format="%.0f"),
                "expected": st.column_config.NumberColumn("Expected", format="%.1f"),
                "q": st.column_config.NumberColumn("False alarm rate", format="%.4f"),
            },
        )
    ui.downloads("unusual", found.frame.reset_index(names="when"), "unusual")


def forecast(store: Store, asked: Slice, below: str) -> None:
    """Backtest all forecasters, and let the best one, or the person's choice, look ahead."""
    past = found_before("backtest", store, asked)
    if past is None:
        st.markdown(
            "Which forecaster would have been right? Each forecasts the last stretches of the past "
            "from what came before, then the best one looks ahead."
        )
        if not st.button(
            "Compare five forecasters (about half a minute)",
            type="primary",
            icon=":material/query_stats:",
            key="run_backtest",
        ):
            return
        keep("backtest", store, asked, compare(series_of(store, asked)))
        st.rerun()
    series, models = series_of(store, asked), f"temporal.standard_models({SEARCH_S})"
    how = call(temporal.backtest, series, room("temporal", models), windows=3)
    made(past, named(how, "past", "past"))
    st.markdown(f"**{ui.plain(past.sentence)}**")
    ui.table(figures.as_table(past))
    names = list(past.table["model"])
    key = f"forecast_by_{hash((store.fingerprint, asked))}"
    name = ui.choose("Forecast by", names, key, past.best)
    ahead = kept("outlook", store, (asked, name), lambda: look_ahead(past, name))
    if (how := of(past)) is not None:
        said = f"temporal.outlook(past.series, {models}[{name!r}], past.horizon, past=past"
        outlook = Made(f"{said}, name={name!r})", how.lines, how.imports)
        made(ahead, named(outlook, "ahead", "ahead"))
        made(ahead.model, named(outlook, "ahead", "ahead.model"))
    data = ahead.frame.reset_index(names="when")
    figure = drawn(figures.forecast, ahead, below)
    ui.figure(figure, "forecast", ui.plain(ahead.sentence), data, "forecast")
    shown = list(dict.fromkeys([name, *({"Seasonal naive"} & set(names))]))
    ui.figure(
        drawn(figures.backtest, past, shown, below),
        "backtest",
        "Dotted lines: where a forecast began. Everything right of one was unknown to it.",
        past.forecasts,
        "backtest",
    )
    with st.expander("Does the model leave something?", icon=":material/troubleshoot:"):
        try:
            residuals(ahead.model, below)
        except StrecError as error:
            ui.say(error)


def residuals(model, below: str) -> None:
    """Show what a forecaster left unexplained."""
    found = made(temporal.diagnose(model), call(temporal.diagnose, model))
    st.markdown(f"{ui.plain(model.description_)}. {ui.plain(found.sentence)}")
    ui.figure(
        drawn(figures.residuals, found, below),
        "residuals",
        "Left: each error in units of their standard deviation. Middle: how often each "
        "size occurs, beside the normal curve. Right: how errors resemble earlier ones; "
        "chance alone takes one in twenty beyond the dashed lines.",
        pd.DataFrame({"error": found.residuals}),
        "errors",
    )


def compare(data: temporal.TimeSeries) -> temporal.Backtest:
    """Run the backtest with a progress bar."""
    with ui.progress("Comparing") as report:
        models = temporal.standard_models(SEARCH_S)
        return temporal.backtest(data, models, windows=3, progress=report)


def look_ahead(past: temporal.Backtest, name: str):
    """Return the forecast of one model."""
    with st.spinner(f"{name} looks ahead…"):
        model = temporal.standard_models(SEARCH_S)[name]
        return temporal.outlook(past.series, model, past.horizon, past=past, name=name)


def analysed(analysis: Callable[[temporal.TimeSeries], T], store: Store, asked: Slice) -> T | None:
    """Return one analysis of a slice; too little data for it becomes words in its place."""
    try:
        return made(_analysed(analysis, store, asked), call(analysis, series_of(store, asked)))
    except StrecError as error:
        ui.show_notice(error)
        return None


@by_content("Looking for what repeats…", most=64)
def _analysed(analysis: Callable[[temporal.TimeSeries], T], store: Store, asked: Slice) -> T:
    return analysis(series_of(store, asked))


def series_of(store: Store, asked: Slice) -> temporal.TimeSeries:
    """Return the series of a slice."""
    # A small slice could be of one person; data of fewer people in all are their owner's.
    is_small = asked.filters.says_whom_or_where and len(store.users()) >= MIN_USERS
    said = {"filters": asked.filters, "missing": asked.missing, "measure": asked.measure,
            "min_users": MIN_USERS if is_small else 1}  # fmt: skip
    found = _series(store, asked.grain, **said)
    return made(found, call(temporal.series, store, asked.grain, **said))


@by_content("Counting…", most=64)
def _series(store: Store, grain: str, **said: Any) -> temporal.TimeSeries:
    return temporal.series(store, grain, **said)
