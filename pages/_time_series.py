"""The deeper parts of the time page: rhythms, unusual periods, forecasts, of any slice."""

from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from pages import _ui
from strec import schema, temporal
from strec.errors import StrecError
from strec.plots import note
from strec.plots import series as figures
from strec.store import Filters
from strec.temporal.grains import GRAINS

RHYTHMS, UNUSUAL, FORECAST = "Rhythms", "Out of the ordinary", "Forecast"
EVERYTHING = "Everything"
#: A quick forecast searches this long for the order of an ARIMA model, in seconds.
SEARCH_S = 4.0

METHODS = {
    RHYTHMS: r"""
- **Parts**: $y_t = T_t + S^{24}_t + S^{168}_t + R_t$ by STL, or MSTL where there is a daily and a
  weekly season. The strength of a part $X$ is
  $\max(0,\, 1 - \mathrm{var}(R) / \mathrm{var}(X+R))$.
- **Real rhythms**: the periodogram $P(f)$ against the spectrum of noise with memory,
  $B(f) \propto 1 / (1 + \phi^2 - 2 \phi \cos 2 \pi f)$; under it $2 P / B$ is $\chi^2_2$. Day and
  week are tested with their overtones, all other lengths against the dashed line; corrected for
  all of these questions (Šidák, Bonferroni), noise names any rhythm in 5 % of series.
- **Memory**: correlations $\rho_k = \mathrm{cor}(y_t, y_{t-k})$; partial ones leave out what the
  periods between already told. Bars beyond the dashed lines are not chance (5 %, each alone).
- **Steady or not**: ADF asks whether the series wanders, KPSS whether it is steady. Only together
  do they tell steady, drifting, wandering and "too little data" apart.

Cleveland et al. 1990 (STL); Bandara, Hyndman & Bergmeir 2021 (MSTL); Wang, Smith & Hyndman 2006
(strength); Torrence & Compo 1998 (red noise); Dickey & Fuller 1979; Kwiatkowski et al. 1992.
""",
    UNUSUAL: r"""
Counts are made equally noisy ($z = 2 \sqrt{y + 3/8}$, Anscombe), trend and seasons are taken out,
and what is left is divided by its median absolute deviation at that hour of the day. A count where
fewer than 20 are expected is no more unusual than Poisson's distribution says. Periods are marked
so that at most 5 % of the marks are false alarms (Benjamini & Hochberg 1995).

**Level shifts** are where the mean moved by more than chance *and memory* explain: the largest
cumulative sum, scaled by the long-run variance, against the Kolmogorov distribution; pieces are
split again until no test says yes. Where a straight line fits better than steps, there are none.
""",
    FORECAST: r"""
Five forecasters, the same windows of the past, honest rules: each sees only what came before a
window, and chooses its structure there.

- **Seasonal naive**: $\hat y_{t+h} = y_{t+h-m}$: repeat the last season. The one to beat.
- **Exponential smoothing**: level, trend and seasons, the recent past weighs more.
- **Harmonic regression**: sines and cosines of day and week, with ARIMA errors.
- **SARIMA**: $\phi(B)\Phi(B^m)(1-B)^d(1-B^m)^D y_t = \theta(B)\Theta(B^m)\varepsilon_t$; orders by
  AICc within a time budget.
- **LSTM**: a small recurrent network that reads the last cycles.

**MAE** is the mean absolute error, **MSE** and **RMSE** punish large ones, **MASE** divides by the
error of repeating the last season in the past: below 1 is better than that. Intervals are widened
or narrowed by what the windows of the backtest would have needed (conformal prediction).

Hyndman & Koehler 2006 (MASE); Box & Jenkins 1970; Hochreiter & Schmidhuber 1997 (LSTM).
""",
}


@dataclass(frozen=True)
class Slice:
    """What is counted, and in which steps: hashable, so that results are kept by it."""

    filters: Filters
    grain: str
    missing: str = "zero"
    measure: str = "checkins"


def show(part: str, store, chosen: Filters) -> None:
    """Show one of the deeper parts for the slice that the controls say."""
    asked = controls(store, chosen)
    data = counted(store.fingerprint, asked, store)
    below = note(data.n_checkins, data.n_users, store.time_zone)
    {RHYTHMS: rhythms, UNUSUAL: unusual, FORECAST: forecast}[part](store, asked, data, below)
    _ui.how_it_works(METHODS[part])


def controls(store, chosen: Filters) -> Slice:
    """Ask for a slice, a step and a meaning of silence."""
    days = counted_days(store.fingerprint, chosen, store)
    grains = [each for each in ("15min", "30min", "hour", "6h", "day", "week", "month")
              if 20 <= days * 24 / GRAINS[each].hours <= 20_000] or ["hour"]  # fmt: skip
    usual = "hour" if "hour" in grains and days <= 100 else "day" if "day" in grains else grains[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        of, filters = slice_of(store, chosen)
        grain = st.selectbox(
            "In steps of",
            grains,
            index=grains.index(usual),
            format_func=lambda each: GRAINS[each].one,
            key=f"series_grain_{store.fingerprint[:8]}_{len(grains)}_{usual}",
            width=170,
        )
        measure = st.segmented_control(
            "Count",
            ["checkins", "users"],
            default="checkins",
            required=True,
            format_func={"checkins": "Check-ins", "users": "Users"}.get,
            key="series_measure",
        )
        missing = st.segmented_control(
            "Steps without check-ins",
            ["zero", "gap"],
            default="zero",
            required=True,
            format_func={"zero": "Nothing happened", "gap": "Nothing is known"}.get,
            key="series_missing",
            help="“Nothing happened” counts them as zero. “Nothing is known” leaves a gap, for "
            "instance when a sensor was down.",
        )
    return Slice(filters, grain, missing, measure)


def slice_of(store, chosen: Filters) -> tuple[str, Filters]:
    """Ask for everything, one category, one event or one group of users."""
    kinds: dict[str, Filters] = {EVERYTHING: chosen}
    if store.has(schema.CATEGORY):
        names = categories(store.fingerprint, chosen, store)
        kinds |= {f"Category: {name}": replace(chosen, categories=(name,)) for name in names}
    if store.has(schema.EVENT):
        names = events(store.fingerprint, store)
        kinds |= {f"Event: {name}": replace(chosen, events=(name,)) for name in names}
    groups = user_groups(store.fingerprint, store)
    kinds |= {name: replace(chosen, users=users) for name, users in groups.items()}
    of = st.selectbox("Series of", list(kinds), key=f"series_of_{store.fingerprint[:8]}", width=260)
    return of, kinds[of]


# ---------------------------------------------------------------- the three parts


def rhythms(store, asked: Slice, data, below: str) -> None:
    """Show what repeats, and whether it is more than chance."""
    st.markdown(_ui.plain(data.sentence))
    with part_of("periodogram", store, asked) as found:
        if found is not None:
            _ui.figure(figures.periodogram(found, below), "periodogram", _ui.plain(found.sentence))
            _ui.downloads("periodogram", found.frame, "periodogram")
    st.subheader("Trend, seasons and the rest", anchor=False)
    with part_of("decompose", store, asked) as found:
        if found is not None:
            _ui.figure(
                figures.decomposition(found, below), "decomposition", _ui.plain(found.sentence)
            )
            _ui.downloads("decomposition", found.frame.reset_index(), "decomposition")
    with part_of("autocorrelation", store, asked) as found:
        if found is not None:
            _ui.figure(figures.autocorrelation(found, below), "memory", _ui.plain(found.sentence))
            _ui.downloads("autocorrelation", found.frame, "memory")
    st.subheader("Is it steady?", anchor=False)
    with part_of("stationarity", store, asked) as found:
        if found is not None:
            st.markdown(_ui.plain(found.sentence))
            st.dataframe(found.table().round(3), hide_index=True, width="stretch")


def unusual(store, asked: Slice, data, below: str) -> None:
    """Show periods that trend and seasons do not explain, and where the level moved."""
    moved = None
    with part_of("level_shifts", store, asked) as shifts:
        moved = shifts
    with part_of("anomalies", store, asked) as found:
        if found is None:
            return
        words = found.sentence + (f" {moved.sentence}" if moved is not None else "")
        _ui.figure(figures.unusual(found, moved, below), "unusual", _ui.plain(words))
        table = found.found.reset_index(names="when")[["when", "observed", "expected", "q"]]
        if len(table):
            table["expected"] = table["expected"].clip(lower=0).round(1)
            st.dataframe(
                table.head(50),
                hide_index=True,
                width="stretch",
                column_config={
                    "when": "When",
                    "observed": st.column_config.NumberColumn("Came", format="%.0f"),
                    "expected": st.column_config.NumberColumn("Expected", format="%.1f"),
                    "q": st.column_config.NumberColumn("False alarm rate", format="%.4f"),
                },
            )
        _ui.downloads("unusual", found.frame.reset_index(names="when"), "unusual")


def forecast(store, asked: Slice, data, below: str) -> None:
    """Backtest all forecasters, and let the best one, or the person's choice, look ahead."""
    kept = st.session_state.setdefault("backtests", {})
    key = (store.fingerprint, asked)
    if key not in kept:
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
        kept[key] = compare(data)
        if len(kept) > 12:
            kept.pop(next(iter(kept)))
        st.rerun()
    past = kept[key]
    st.markdown(f"**{_ui.plain(past.sentence)}**")
    st.dataframe(figures.as_table(past), hide_index=True, width="stretch")
    names = list(past.table["model"])
    name = st.segmented_control(
        "Forecast by", names, default=past.best, required=True, key=f"forecast_by_{hash(key)}"
    )
    ahead = looked_ahead(past, name)
    _ui.figure(figures.forecast(ahead, below), "forecast", _ui.plain(ahead.sentence))
    _ui.downloads("forecast", ahead.frame.reset_index(names="when"), "forecast")
    shown = [name] + [each for each in ("Seasonal naive",) if each != name and each in names]
    _ui.figure(
        figures.backtest(past, shown, below), "backtest",
        "Dotted lines: where a forecast began. Everything right of one was unknown to it.",
    )  # fmt: skip
    _ui.downloads("backtest", past.forecasts, "backtest")
    with st.expander("Does the model leave something?", icon=":material/troubleshoot:"):
        try:
            found = temporal.diagnose(ahead.model)
            st.markdown(f"{_ui.plain(ahead.model.description_)}. {_ui.plain(found.sentence)}")
            _ui.figure(figures.residuals(found, below), "residuals")
        except StrecError as error:
            _ui.show_error(error)


def compare(data):
    """Run the backtest with a progress bar."""
    bar = st.progress(0.0, "Starting")
    try:
        return temporal.backtest(
            data,
            temporal.standard_models(SEARCH_S),
            windows=3,
            on_progress=lambda done, n, text: bar.progress(done / n, text),
        )
    finally:
        bar.empty()


def looked_ahead(past, name: str):
    """Return the forecast of one model, kept with its backtest."""
    kept = st.session_state.setdefault("outlooks", {})
    key = (id(past), name)
    if key not in kept:
        with st.spinner(f"{name} looks ahead…"):
            model = temporal.standard_models(SEARCH_S)[name]
            kept[key] = temporal.outlook(past.series, model, past.horizon, past=past, name=name)
    return kept[key]


# ---------------------------------------------------------------- helpers


class part_of:
    """Compute one analysis; too little data for it becomes words in its place."""

    def __init__(self, name: str, store, asked: Slice):
        self.name, self.store, self.asked = name, store, asked

    def __enter__(self):
        try:
            return analysed(self.name, self.store.fingerprint, self.asked, self.store)
        except StrecError as error:
            _ui.show_notice(error)
            return None

    def __exit__(self, *_):
        return False


@st.cache_data(max_entries=64, show_spinner="Counting…")
def counted(fingerprint: str, asked: Slice, _store):
    """Return the series of a slice."""
    return temporal.series(
        _store,
        asked.grain,
        filters=asked.filters,
        missing=asked.missing,
        measure=asked.measure,
    )


@st.cache_data(max_entries=64, show_spinner="Looking for what repeats…")
def analysed(name: str, fingerprint: str, asked: Slice, _store):
    """Return one analysis of a slice."""
    return getattr(temporal, name)(counted(fingerprint, asked, _store))


@st.cache_data(max_entries=32, show_spinner=False)
def counted_days(fingerprint: str, chosen: Filters, _store) -> int:
    """Return how many days the check-ins kept span."""
    return _store.summary(chosen)["n_days"]


@st.cache_data(max_entries=32, show_spinner=False)
def categories(fingerprint: str, chosen: Filters, _store) -> list[str]:
    """Return the categories kept, largest first."""
    return list(_store.by_category(filters=replace(chosen, categories=None))["category"])[:60]


@st.cache_data(max_entries=16, show_spinner=False)
def events(fingerprint: str, _store) -> list[str]:
    """Return the kinds of event."""
    return sorted(_store.checkins(columns=[schema.EVENT])[schema.EVENT].drop_nulls().unique())[:20]


@st.cache_data(max_entries=16, show_spinner=False)
def user_groups(fingerprint: str, _store) -> dict[str, tuple[str, ...]]:
    """Return the most active tenth of the users, and the rest."""
    users = pd.DataFrame(_store.users().to_dicts()).sort_values("n_checkins", ascending=False)
    tenth = max(len(users) // 10, 1)
    # Fewer than five users in a group could be told apart.
    if tenth < 5:
        return {}
    ids = list(users[schema.USER])
    return {
        f"The {tenth:,} most active users": tuple(sorted(ids[:tenth])),
        "All other users": tuple(sorted(ids[tenth:])),
    }
