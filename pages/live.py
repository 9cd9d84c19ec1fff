"""Live: the latest check-ins in their real order, each predicted before it comes."""

from collections.abc import Callable

import polars as pl
import streamlit as st

from pages.parts.recommend import arriving, view
from pages.shared import background, state, ui
from pages.shared.later import soon
from pages.shared.made import Made, built, made, named, of
from pages.shared.page import NextStep, Page
from pages.shared.results import kept
from strec import maps
from strec.plots.live import running
from strec.recommend.replay import Replay, replay
from strec.store import Store
from strec.wording import percent

EVERYBODY = "\0everybody"
SPEEDS = {"slow": 1, "normal": 3, "fast": 10, "very fast": 40}
MEASURES = {
    "acc@1": "Right at the first try",
    "acc@5": "Among the first five",
    "acc@10": "Among the first ten",
    "mrr": "Mean of 1 / rank (MRR)",
}
#: How many check-ins are played before anybody chooses.
USUAL_EVENTS = 500
#: How many of the latest are on the map.
TRAIL = 30


def content() -> NextStep:
    """Show the controls and play the replay."""
    store = ui.current_store()
    known = view.people(store)
    view.say_if_drawn(store)
    user, n_events, speed = controls(known)
    played = made(computed(store, user, n_events), in_python(user, n_events))
    made(played.events, named(of(played), "played", "played.events"))
    begin(store, user, n_events)
    buttons(len(played.events))
    every = 1.0 if state.LIVE_PLAYING.value else None
    ui.fragment(show, run_every=every)(store, played, known, speed)
    arriving.show(store, known)
    return "Ask yourself" if known.are_starts else "Ask for somebody yourself", "recommend"


def controls(known: view.People) -> tuple[str | None, int, int]:
    """Ask whose check-ins, how many, and how fast."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row.container(width=220):
        user = st.selectbox(
            "From" if known.are_starts else "Whose check-ins",
            [EVERYBODY, *known.ids[: view.MOST_LISTED]],
            format_func=lambda each: (
                ("Anywhere" if known.are_starts else "Everybody’s")
                if each == EVERYBODY
                else view.name_of(each, known)
            ),
            key="live_user",
        )
    with row.container(width=240):
        n_events = st.select_slider(
            "How many",
            [20, 50, 100, 200, 500, 1000, 2000],
            value=USUAL_EVENTS,
            key="live_events",
        )
    with row.container(width=310):
        pace = ui.choose(
            "Speed", list(SPEEDS), "live_speed", "normal", help="1, 3, 10 or 40 check-ins a second."
        )
    return (None if user == EVERYBODY else user), n_events, SPEEDS[pace]


def computed(store: Store, user: str | None, n_events: int) -> Replay:
    """Return the replay, computed once; a person's own data is kept by its content."""
    engine = view.recommender(store)
    return soon(
        "replay", store, (n_events, user),
        lambda report: replay(engine.log, n_events, user, progress=report),
        "Fitting on what came before",
    )  # fmt: skip


def in_python(user: str | None, n_events: int) -> Made:
    """Return how the replay is asked for."""
    said = f"{n_events}" if user is None else f"{n_events}, {user!r}"
    imports = "recommend", "from strec.recommend.replay import replay"
    lines = ("recommender = recommend.Recommender.of_store(data)",)
    return Made(f"replay(recommender.log, {said})", lines, imports)


def begin(store, user: str | None, n_events: int) -> None:
    """Start again when something else is to be played."""
    asked = (store.fingerprint, user, n_events)
    if state.LIVE_ASKED.value != asked:
        state.LIVE_ASKED.value = asked
        _restart()


def buttons(n: int) -> None:
    """Offer play, pause, a single step, and the beginning."""
    playing = state.LIVE_PLAYING.value
    with st.container(horizontal=True):
        st.button(
            "Pause" if playing else "Play",
            type="primary",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            key="live_play",
            on_click=_toggle,
            args=(n,),
        )
        st.button("One more", icon=":material/skip_next:", key="live_step", on_click=_step,
                  args=(n, 1))  # fmt: skip
        st.button("To the end", icon=":material/last_page:", key="live_end", on_click=_step,
                  args=(n, n))  # fmt: skip
        st.button("From the start", icon=":material/replay:", key="live_restart", on_click=_restart)


def _toggle(n: int) -> None:
    if not state.LIVE_PLAYING.value and state.LIVE_AT.value >= n:
        state.LIVE_AT.value = 0
    state.LIVE_PLAYING.value = not state.LIVE_PLAYING.value


def _step(n: int, by: int) -> None:
    state.LIVE_PLAYING.value = False
    state.LIVE_AT.value = min(state.LIVE_AT.value + by, n)


def _restart() -> None:
    state.LIVE_AT.value, state.LIVE_PLAYING.value = 0, False


# ---------------------------------------------------------------- what is seen


def show(store, played: Replay, known, speed: int) -> None:
    """Show the event, the map and the running measures; runs again by itself while playing."""
    n = len(played.events)
    if state.LIVE_PLAYING.value:
        state.LIVE_AT.value = min(state.LIVE_AT.value + speed, n)
        if state.LIVE_AT.value >= n:
            state.LIVE_PLAYING.value = False
            st.rerun()
    at = state.LIVE_AT.value
    st.progress(at / n, f"{at:,} of {n:,} check-ins · fitted on the {played.n_before:,} before")
    if not at:
        coming(played.events.row(0, named=True), known)
        return
    left, right = st.columns([4, 5], gap="medium")
    with left:
        event(played.events.row(at - 1, named=True), known)
        totals(played, at)
    with right:
        where(store, played, at)
    measure = ui.choose("Measure", MEASURES, "live_measure")
    frame = made(played.running(at), named(of(played), "played", f"played.running({at})"))
    last = frame.row(at - 1, named=True)
    gain = last[measure] - last[f"{measure} static"]
    low, high = played.gain_interval(at, measure)
    sure = (
        "too few people for an interval"
        if low is None or high is None
        else f"95 % interval {100 * low:+.1f} to {100 * high:+.1f}"
    )
    ui.figure(
        built(running, frame, measure, MEASURES[measure]),
        "live_running",
        caption=f"With the growing history {100 * last[measure]:.1f} %, with the fixed one "
        f"{100 * last[f'{measure} static']:.1f} %: {100 * gain:+.1f} points so far by the "
        f"history since the start ({sure}). {at:,} check-ins of "
        f"{played.events.head(at)['user_id'].n_unique():,} users.",
    )
    events = played.events.head(at).with_columns(pl.col("top").list.join("; "))
    ui.downloads("replay", events, "live")


def coming(row: dict, known) -> None:
    """Show the first guess before anything is played: what came of it is not told yet."""
    st.markdown(f"The first to come: {_who_and_when(row, known)}. The guess, made before:")
    st.markdown("\n".join(f"{k}. {ui.plain(name)}" for k, name in enumerate(row["top"], 1)))
    st.info("Press **Play** to see what really came.", icon=":material/play_circle:")


def _who_and_when(row: dict, known) -> str:
    moment = row["local_time"]
    what = "a trip from " if known.are_starts else ""
    return (
        f"{what}**{ui.plain(view.name_of(row['user_id'], known))}**, {moment:%a} {moment.day} "
        f"{moment:%b}, {moment:%H:%M}"
    )


def event(row: dict, known) -> None:
    """Show one guess and what came."""
    st.markdown(_who_and_when(row, known))
    rank = row["rank"]
    hit = rank <= 5
    guesses = []
    for k, name in enumerate(row["top"], 1):
        came = name == row["item_name"] and k == round(rank)
        text = ui.plain(name)
        guesses.append(f"{k}. :green[**{text}**] :material/check:" if came else f"{k}. {text}")
    st.caption("Guessed before:")
    st.markdown("\n".join(guesses))
    icon = ":material/check_circle:" if hit else ":material/cancel:"
    kind = ", a return" if row["is_return"] else ", somewhere new for this person"
    if row["is_return"] is None:
        kind = ""
    verdict = "the first guess" if rank <= 1 else f"number {rank:,.0f} of the list"
    st.markdown(
        f"{icon} Came: **{ui.plain(row['item_name'])}**, {verdict} "
        f"({percent(row['probability'])}){kind}."
    )


def totals(played: Replay, at: int) -> None:
    """Show hits and misses so far."""
    events = played.events.head(at)
    hits = int((events["rank"] <= 5).sum())
    first = int((events["rank"] <= 1).sum())
    # Columns would stand below each other on a phone, and push the map out of sight.
    with st.container(horizontal=True):
        st.metric("First guess right", f"{first:,}")
        st.metric("Among five", f"{hits:,}")
        st.metric("Missed", f"{at - hits:,}")


def where(store, played: Replay, at: int) -> None:
    """Show the last check-ins on the map, the guess and what came."""
    if not store.has_places:
        st.caption("No map: this data set has no places.")
        return
    everything = played.events.drop_nulls(["lat", "lon"])
    if everything.is_empty():
        st.caption("These check-ins have no places.")
        return
    city = background.view_of(everything["lat"], everything["lon"])
    shown = built(maps.replayed, played.events, at, trail=TRAIL, view=city, **background.look())
    ui.deck_with_python(
        shown, "live_map", height=430, beside=True,
        caption=f"Pin: the first guess. Orange ring: what came. The last {TRAIL}: green dots "
        "where it was among the five guesses, red rings where not.",
    )  # fmt: skip


def beforehand(store: Store) -> Callable[[], object]:
    """Return what works out the replay that is shown first."""

    def work() -> None:
        log = view.fitted_before(store).log
        kept("replay", store, (USUAL_EVENTS, None), lambda: replay(log, USUAL_EVENTS, None))

    return work


PAGE = Page(
    title="Live",
    icon="play_circle",
    order=10,
    content=content,
    url="live",
    heading="Live",
    question="The latest check-ins, one by one: a guess before each, then what really came.",
    method="live",
    beforehand=beforehand,
    tour="The same model, put to the test: press **Play**. It guesses before each check-in, then "
    "sees what came. The gap between the two curves is what fresh history was worth here, without "
    "any training, and its interval says what chance may have done.",
    has_pins=False,
    needs_rows=True,
)
