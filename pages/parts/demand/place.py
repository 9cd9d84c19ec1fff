"""One place: its past and coming hours, how well it was forecast, and why so much is expected."""

import streamlit as st

from pages.shared import state, ui
from pages.shared.made import call, made, of, part, room
from pages.shared.once import drawn, once
from strec.demand import Demand
from strec.plots import demand as figures
from strec.plots import note


def show(ahead: Demand, step: int) -> None:
    """Show the place looked into, the largest at first."""
    places = ahead.panel.places
    ids = places["place"].to_list()
    names = dict(zip(ids, places["name"].astype(str), strict=True))
    asked = state.DEMAND_PLACE.value or st.query_params.get("place", "")
    st.subheader("One place", anchor=False)
    at = ids[0]
    if len(ids) > 1:
        chosen = st.selectbox(
            "Place", ids, ids.index(asked) if asked in names else 0,
            format_func=names.__getitem__,
        )  # fmt: skip
        at = str(chosen or ids[0])
        if at != asked:
            state.DEMAND_PLACE.value = at
        st.query_params["place"] = at
    series = once(Demand.series, ahead, at)
    mine = places[places["place"] == at].iloc[0]
    below = note(int(mine["n_checkins"]), int(mine["n_users"]), ahead.panel.time_zone)
    hour = ahead.hours[step]
    left, right = st.columns([5, 3])
    with left:
        days = st.slider("Days of the past", 3, 28, 7, key="demand_days")
        figure = drawn(figures.demand_series, series, ahead.panel.unit, days, hour, below)
        how, at_hour = of(ahead), room("demand", f"ahead.hours[{step}]")
        made(figure, how and call(figures.demand_series, part(how, f".series({at!r})"),
                                  ahead.panel.unit, days, at_hour, below))  # fmt: skip
        ui.figure(figure, "demand_series", _series_words(ahead, at), series, "demand-place")
    with right:
        why = once(Demand.why, ahead, at, step)
        words = f"What makes up the {ahead.expected[step, ahead.place(at)]:.2f} of "
        words += f"{hour:%A, %H:00}; the parts add up."
        figure = drawn(figures.demand_parts, why, ahead.panel.unit)
        reasons = part(of(ahead), f".why({at!r}, {step})")
        made(figure, reasons and call(figures.demand_parts, reasons, ahead.panel.unit))
        ui.figure(figure, "demand_why", ui.plain(words), why, "demand-why")


def _series_words(ahead: Demand, place: str) -> str:
    by = ahead.errors_by_place
    mine = by[by["place"] == place]
    words = ""
    if len(mine):
        row = mine.iloc[0]
        words = (
            f"In the test its forecasts were wrong by {row['mae']:.2f} per hour on average (95 % "
            f"between {max(row['low'], 0):.2f} and {row['high']:.2f}), counting by "
            f"{row['mae_counting']:.2f}. "
        )
    few = int(ahead.panel.few[:, ahead.place(place)].sum()) if ahead.panel.few is not None else 0
    if few:
        words += f"{few:,} hours with fewer than five people are not shown."
    return ui.plain(words)
