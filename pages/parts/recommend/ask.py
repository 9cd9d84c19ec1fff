"""Who, when, where and how: the row of questions above the list."""

from dataclasses import dataclass, field, fields
from datetime import date, datetime

import numpy as np
import pandas as pd
import polars as pl
import streamlit as st

from pages.parts import selection
from pages.parts.recommend import models, pictures, view, visitor
from pages.parts.recommend.view import LAST, NEW, ON_MAP, People
from pages.shared import state, ui
from pages.shared.later import soon
from pages.shared.made import Made, made, named, of, part, room
from pages.shared.once import drawn, once
from pages.shared.page import go_to
from pages.shared.results import in_turn
from strec import plots
from strec.errors import MissingPartError
from strec.export import MIN_USERS
from strec.recommend import STRATEGIES, Answer, RankingOptions, Recommender
from strec.recommend.learning import learn_mix
from strec.recommend.portrait import Portrait, portrait

STRATEGY_LABELS = {
    "balanced": "Balanced", "interest": "Interest", "context": "Context", "learned": "Learned mix",
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is asked, for `Recommender.answer`, and how the page names who asks."""

    user: str | pl.DataFrame | None
    name: str
    when: datetime
    place: tuple[float | None, float | None]
    how: dict = field(default_factory=dict)
    shop: str | None = None

    def ask(self, engine: Recommender, k: int = 10, **other) -> Answer:
        """Return the answer of a model, in the question's way or another."""
        how = other or self.how
        return engine.answer(self.user, self.when, *self.place, k=k, shop=self.shop, **how)

    def in_python(self) -> Made | None:
        """Return how the counter mix is asked, None where what is asked cannot be written down."""
        usual = {each.name: each.default for each in fields(RankingOptions)}
        place = {"lat": self.place[0], "lon": self.place[1], "shop": self.shop}
        given = {name: each for name, each in (place | self.how).items() if each is not None}
        values = str | int | float | list | tuple
        if not isinstance(self.user, str | None) or not all(
            isinstance(each, values) for each in given.values()
        ):
            return None
        more = [f"{n}={each!r}" for n, each in given.items() if each != usual.get(n)]
        said = ", ".join([repr(self.user), repr(self.when.isoformat(" ")), *more])
        fitted = "recommender = recommend.Recommender.of_store(data)"
        return room("recommend", f"recommender.answer({said})", fitted)


def controls(store, engine: Recommender, known: People) -> Question:
    """Show who, when, where, how in one row, and return the question they make."""
    # A row that breaks: on a phone the list stands on the first screen.
    with st.container(key="rec_controls"):
        with st.container(horizontal=True, vertical_alignment="bottom", key="rec_row"):
            with st.container(width=158):
                user = _who(known)
            with st.container(width=148):
                _day()
            if store.has_clock:
                with st.container(width="stretch", key="rec_hour_box"):
                    _hour()
            with st.container(width=190):
                place, shop = _where(store, engine, user)
            with st.container(width=110):
                chosen = _how(store, engine)
        chosen |= _wish(store, engine)
    asks: str | pl.DataFrame | None = user
    if known.are_starts:
        # Of a place of one's choice, the trips that begin nearest to it.
        asks = None if user == NEW or place != (None, None) else user
    elif user == NEW:
        asks = visitor.past(engine)
    return Question(
        user=asks,
        name=view.name_of(user, known),
        when=view.when(),
        place=place,
        how=chosen,
        shop=shop,
    )


def follow(kinds: list[str]) -> None:
    """Ask about the hour and the kinds that were chosen in pictures, once for each choice."""
    now, before = selection.picked(), state.FOLLOWED.value
    state.FOLLOWED.value = now
    if now.categories != before.categories:
        state.CATEGORIES.value = [kind for kind in now.categories or () if kind in kinds]
    moment = now.weekdays, now.hours
    if moment != (before.weekdays, before.hours) and [len(each or ()) for each in moment] == [1, 1]:
        state.HOUR.value = 24 * now.weekdays[0] + now.hours[0]  # type: ignore[index]
        _hour_moved()


def _who(known: People) -> str:
    options = [NEW, *known.ids[: view.MOST_LISTED]]
    if state.WHO.value not in options:
        options.insert(1, state.WHO.value)
    many = len(known.ids) > view.MOST_LISTED
    if known.are_starts and not known.ids:
        st.caption(":material/groups: No person is known: what everybody does.")
        return NEW
    user = st.selectbox(
        "From" if known.are_starts else "Who",
        options,
        format_func=lambda each: view.name_of(each, known),
        key=state.WHO.name,
        help="Where the trip begins. These data name nobody, so what everybody does from there "
        "speaks. Type to search; the busiest come first."
        if known.are_starts
        else "Type to search. The most active come first. Names are pseudonyms; the portrait has "
        "a switch." + (" Anyone else: type the whole id." if many else ""),
        accept_new_options=many,
    )
    return user if user in known.pseudonym or user == NEW else _find(user or "", known)


def _find(text: str, known: People) -> str:
    """Return the user that a typed text means; somebody new, said so, where it means nobody."""
    found = known.find(text.strip())
    if found is None:
        st.caption(f":material/info: Nobody is called “{ui.plain(text[:60])}” here.")
        return NEW
    return found


def _day() -> None:
    ui.date_input(
        "When",
        "today",  # Unused: the key has a value.
        key=state.DAY.name,
        min_value=date(1970, 1, 1),
        max_value=date(2100, 12, 31),
        on_change=_date_moved,
    )


def _hour() -> None:
    st.select_slider(
        "Hour of the week",
        range(168),
        format_func=lambda each: f"{view.DAYS[each // 24]} {each % 24}:00",
        key=state.HOUR.name,
        on_change=_hour_moved,
        help="Drag over the week: the list follows. Arrow keys move by an hour.",
    )


def _date_moved() -> None:
    state.HOUR.value = state.DAY.value.weekday() * 24 + state.HOUR.value % 24


def _hour_moved() -> None:
    state.DAY.value = view.when().date()


def _where(
    store, engine: Recommender, user: str
) -> tuple[tuple[float | None, float | None], str | None]:
    """Ask for the place, or the shop; return latitude and longitude, and the shop's id."""
    shops = {each.place_id: each.name for each in engine.shops[: view.MOST_LISTED]}
    if not store.has_places and not shops:
        st.caption(":material/location_off: This data set has no places: who and when decide.")
        return (None, None), None
    usual = "Where they last were"
    if user == NEW or store.is_anonymous:
        usual = "Anywhere" if user == NEW else "Where the trip begins"
    labels = {LAST: usual, **shops, ON_MAP: "A place of my choice"}
    if not store.has_places:
        del labels[ON_MAP]
    if state.WHERE.value not in labels:
        state.WHERE.value = LAST
    where = st.selectbox(
        "Where", list(labels), format_func=labels.__getitem__, key=state.WHERE.name,
        help=("Or name one beside the map." if state.PICTURES_OF_MAPS.value
              else "Or click on the map below.")
        + (" Of a shop, only what it sells is listed." if shops else ""),
    )  # fmt: skip
    if where in shops:
        return (None, None), where
    if where == LAST:
        return (None, None), None
    return state.AT.value or (None, None), None


def type_place(store) -> None:
    """Offer a known place by its name, or coordinates, instead of a click on the map."""
    places = {row["item_id"]: row for row in view.landmarks(store).iter_rows(named=True)}
    if places:
        st.selectbox(
            "At", list(places), index=None, key=state.LANDMARK.name, placeholder="a known place",
            format_func=lambda item: places[item]["item_name"],
            on_change=_landmark_chosen, args=(places,),
        )  # fmt: skip
    st.text_input(
        "Latitude, longitude", key=state.TYPED_PLACE.name, placeholder="40.42, -3.70", max_chars=60,
        on_change=_place_typed,
    )  # fmt: skip
    if state.TYPED_PLACE.value and view.read_place(state.TYPED_PLACE.value) is None:
        st.caption(
            ":material/error: Two numbers are needed: a latitude from -90 to 90 and a longitude "
            "from -180 to 180, such as 40.42, -3.70."
        )


def _landmark_chosen(places: dict[str, dict]) -> None:
    if item := state.LANDMARK.value:
        view.ask_from(places[item]["lat"], places[item]["lon"])


def _place_typed() -> None:
    place = view.read_place(state.TYPED_PLACE.value)
    if place is not None:
        view.ask_from(*place)


# ---------------------------------------------------------------- who they are


def who_line(store, answer: Answer, question: Question) -> None:
    """Show the person in one line, with a portrait behind a button."""
    seen = once(portrait, answer.query)
    if seen.is_anonymous:
        return  # Nobody is known; the note on the answer says so.
    line, buttons = st.columns([10, 3], vertical_alignment="center")
    line.caption(
        f"**{ui.plain(question.name)}**, up to this moment: "
        f"{ui.plain(seen.words(ui.item_word(plural=True)))}"
    )
    with buttons.container(horizontal=True, horizontal_alignment="right"):
        drawer = st.popover(
            "Portrait", icon=":material/person:", type="tertiary", key="rec_portrait",
            on_change="rerun",
        )  # fmt: skip
        with drawer:
            _portrait(seen, answer)
            if drawer.open and seen.n_checkins:
                # The map of all weeks takes a second, once per data set: only who looks waits.
                st.caption(view.rhythms(store).words(answer.query, MIN_USERS))
        if st.button(
            "Privacy", icon=":material/shield_person:", type="tertiary", key="rec_privacy",
            help="What these check-ins would give away of people, and what protecting them costs.",
        ):  # fmt: skip
            go_to("privacy")


def _portrait(seen: Portrait, answer: Answer) -> None:
    st.toggle(
        "Show ids instead of pseudonyms", key=state.REAL_IDS.name,
        help="Pseudonyms stay the same within a data set and tell nothing about the id.",
    )  # fmt: skip
    if not seen.n_checkins:
        st.caption("Nothing is known of this person's past at the moment asked about.")
        return
    if seen.has_clock:
        clock = pd.DataFrame({"hour": range(24), "n_checkins": seen.hours})
        made(clock, _clock_in_python(answer))
        ui.figure(drawn(plots.clock, clock, title="Hours of the day"), "rec_rhythm")
    if seen.categories:
        names = ", ".join(
            f"{ui.plain(name)} {100 * share:.0f} %" for name, share in seen.categories
        )
        st.caption(ui.unbroken(f"Favourite kinds: {names}"))
    st.caption(
        "Coarse on purpose: a radius in steps, no home, no addresses. Half of the check-ins lie "
        f"within {seen.radius_km:,} km of their middle."
        if seen.radius_km is not None
        else "Coarse on purpose: no home, no addresses."
    )


def _clock_in_python(answer: Answer) -> Made | None:
    how = part(named(of(answer), "answer", "answer"), ".query")
    if how is None:
        return None
    imports = (*how.imports, "import pandas as pd", "from strec.recommend.portrait import portrait")
    hours = f'{{"hour": range(24), "n_checkins": portrait({how.text}).hours}}'
    return Made("clock", (*how.lines, f"clock = pd.DataFrame({hours})"), imports)


# ---------------------------------------------------------------- how


def _how(store, engine: Recommender) -> dict:
    word = ui.item_word(plural=True)
    with st.popover("How", icon=":material/tune:", width="stretch"):
        strategy, exponent, new_only = "balanced", 0.0, False
        if not store.is_anonymous:  # Interest and novelty are a person's.
            strategy = ui.choose("Strategy", STRATEGY_LABELS, state.STRATEGY.name)
            st.caption(f"{STRATEGY_LABELS[strategy]}: {STRATEGIES[strategy]}.")
            exponent = _learned(store, engine) if strategy == "learned" else 0.0
            new_only = st.toggle(f"New {word} only", key=state.NEW_ONLY.name)
        categories = list(engine.log.vocabulary.categories)
        chosen = (
            st.multiselect("Kinds", categories, placeholder="All kinds", key=state.CATEGORIES.name)
            if categories
            else []
        )
        distance = None
        if store.has_places:
            distance = st.select_slider(
                "At most this far", view.DISTANCES_KM, value=None,
                format_func=lambda km: "any distance" if km is None else f"{km:g} km",
                key=state.DISTANCE.name,
            )  # fmt: skip
        diversity = st.slider("Diversity", 0.0, 1.0, 0.0, 0.1, key=state.DIVERSITY.name,
                              help="Items lose for being like those above them. The price, in "
                              "expected hits, stands above the list.")  # fmt: skip
        novelty = st.slider("Novelty", 0.0, 1.0, 0.0, 0.1, key=state.NOVELTY.name,
                            help="What few people take comes up. The price, in expected hits, "
                            "stands above the list.")  # fmt: skip
        _model(store)
        pictures.uploader()
    return {
        "strategy": strategy,
        "new_only": new_only,
        "categories": tuple(chosen) or None,
        "max_distance_km": distance,
        "diversity": diversity,
        "novelty": novelty,
        "exponent": exponent,
    }


def _learned(store, engine: Recommender) -> float:
    """Return the exponent of the learned mix; it is learned once per data set."""
    mix = soon("mix", store, None, lambda report: learn_mix(engine.log, progress=report),
               "Learning the mix")  # fmt: skip
    st.caption(mix.words())
    return mix.exponent


def _wish(store, engine: Recommender) -> dict:
    """Ask for a wish in words; return what `RankingOptions` needs of it, or nothing."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="rec_wish_row"):
        words = st.text_input(
            "A wish in words", key=state.WISH.name, max_chars=5_000, icon=":material/stylus_note:",
            placeholder="A wish in words: quiet coffee near the park",
            label_visibility="collapsed", width="stretch",
            help="The embedded sentence encoder compares it with each name and kind. No network.",
        )  # fmt: skip
        if not words.strip():
            return {}
        weight = st.slider(
            "How much the wish counts: 0 habit alone, 1 the wish alone", 0.0, 1.0, 0.5, 0.1,
            key=state.WISH_WEIGHT.name, width=230,
        )  # fmt: skip
    try:
        wish = _read(words, store, engine)
    except MissingPartError as error:
        st.caption(f":material/info: {ui.plain(error.needed)} {ui.plain(error.mend)}")
        return {}
    for note in wish.notes:
        st.caption(f":material/info: {ui.plain(note)}")
    if wish.kinds and wish.scores.any():
        st.caption(f":material/check: Read as nearest to: {ui.plain(', '.join(wish.kinds))}.")
    return {"wish": wish.scores, "wish_weight": weight} if wish.scores.any() else {}


def _read(words: str, store, engine: Recommender):
    """Return how well items fit the wish; what a person wishes is kept in their session alone."""
    from strec.llm.wish import read_wish

    asked = (store.fingerprint, words)
    before = state.WISH_READ.value
    if before is not None and before[0] == asked:
        return before[1]
    with in_turn(), ui.progress("Reading the wish") as report:
        wish = read_wish(words, engine.log.vocabulary, engine.log, progress=report)
    state.WISH_READ.value = (asked, wish)
    return wish


def _model(store) -> None:
    runs = models.finished_runs(store)
    if runs:
        st.selectbox(
            "Model", [models.COUNTER, *runs], key=state.MODEL.name,
            help="Trained models of this data set. Only some can be taken apart into reasons.",
        )  # fmt: skip


def how_line(answer: Answer) -> None:
    """Say which wishes shape the list, and what they cost in probability."""
    how: RankingOptions = answer.how
    said = []
    if how.strategy != "balanced":
        said.append(f"strategy {STRATEGY_LABELS[how.strategy].lower()}")
    if how.new_only:
        said.append(f"new {ui.item_word(plural=True)} only")
    if how.categories:
        said.append("only " + ui.plain(", ".join(how.categories)))
    if how.max_distance_km is not None:
        said.append(f"at most {how.max_distance_km:g} km")
    if how.diversity:
        said.append(f"diversity {how.diversity:g}")
    if how.novelty:
        said.append(f"novelty {how.novelty:g}")
    if how.wish is not None:
        said.append(f"a wish, weight {how.wish_weight:g}")
    if not said:
        return
    cost = "" if how.is_plain else f" {_price(answer)}"
    st.caption(f":material/tune: {'; '.join(said).capitalize()}.{cost}")


def _price(answer: Answer) -> str:
    """Return what the settings cost: an expected hit chance, by the model's own probabilities."""
    if np.isnan(answer.hit_chance):
        return (
            "This model gives scores, not probabilities, so the price in accuracy is not known "
            "here: the Evaluate page measures it."
        )
    lost = 100 * (answer.best_chance - answer.hit_chance)
    price = "less than half a point" if lost < 0.5 else f"{lost:.0f} points"
    return ui.unbroken(
        f"Price, as the model expects it: the next check-in is in this list with a chance of "
        f"{100 * answer.hit_chance:.0f} %; the most probable list that passes the same filters "
        f"would reach {100 * answer.best_chance:.0f} %. That is {price} of expected hits."
    )
