"""Who, when, where: a ranked list, a map, and the reasons."""

from collections.abc import Callable

import streamlit as st

from pages.parts.recommend import ask, listing, models, pictures, url, view, visitor, why
from pages.parts.recommend import more as further
from pages.shared import state, ui
from pages.shared.made import made
from pages.shared.once import once
from pages.shared.page import NextStep, Page
from strec import explanation, wording
from strec.export import json_text
from strec.recommend import Answer
from strec.store import Store


def content() -> NextStep | None:
    """Show the page for the data set in use."""
    # On a phone the style sheet shows the answer before who asks (`pages/shared/look.py`).
    with st.container(key="rec_page"):
        return _page()


def _page() -> NextStep | None:
    store = ui.current_store()
    known = view.people(store)
    counter = view.recommender(store)
    kinds = [str(kind) for kind in counter.log.vocabulary.categories]
    view.say_if_drawn(store)
    view.begin(store, counter, known, lambda: url.read(store, known, kinds))
    engine = models.chosen(store, state.MODEL.value)
    ask.follow(kinds)
    question = ask.controls(store, engine, known)
    view.remember()
    url.write(known)
    answer = once(ask.Question.ask, question, engine)
    # Where a trained model lies is this computer's own affair.
    made(answer, question.in_python() if state.MODEL.value == models.COUNTER else None)
    ask.who_line(store, answer, question)
    if state.WHO.value == view.NEW and not store.is_anonymous:
        visitor.panel(engine)
    _notes(store, answer)
    ask.how_line(answer)
    before = _before(question, answer)
    with st.container(key="rec_answer"):
        left, right = st.columns([5, 6], gap="medium")
    with left:
        _list(store, answer, before)
    rank = listing.selected_rank(answer)
    with right:
        if store.has_places:
            listing.map_of(store, answer)
        else:
            # The reasons have the room of the map.
            if len(answer.frame):
                why.why(answer, rank, is_narrow=True)
            st.caption("No map: this data set has no places.")
    if not len(answer.frame):
        return None
    if before is not None:
        why.changed(before[1], answer, before[0])
    if store.has_places:
        why.why(answer, rank)
    further.more(store, question, answer, rank)
    _out(store, answer, question, rank)
    return "See how good the models are", "evaluate"


def _list(store, answer, before) -> None:
    if not len(answer.frame):
        st.info("Nothing fits. Loosen what is set under “How”.", icon=":material/filter_alt_off:")
        return
    moves = once(explanation.rank_moves, before[1], answer) if before is not None else None
    listing.cards(store, answer, moves)
    listing.legend(answer)


def _notes(store: Store, answer: Answer) -> None:
    story = _story(store)
    if story:
        words, away = st.columns([9, 1], vertical_alignment="center")
        words.markdown(f":material/auto_stories: {story}")
        if away.button("Got it", type="tertiary", key="rec_story_off"):
            state.STORY_SEEN.value = store.fingerprint
            st.rerun()
    for note in [*state.URL_NOTES.value, *answer.notes]:
        st.info(note, icon=":material/info:")


def _story(store) -> str:
    sample = ui.current_sample()
    seen = state.STORY_SEEN.value == store.fingerprint
    if sample is None or seen or state.WHO.value != sample.default_user:
        return ""
    return view.STORIES[sample.name].text if sample.name in view.STORIES else ""


def _before(question, answer):
    """Return what differs from the question before this one, in words, and its answer.

    None at the first question, and where person or model are others.
    """
    asked = (
        question.name,
        question.when,
        (question.place, question.shop),
        str(question.how),
        answer.query.length[0],
    )
    trail = state.TRAIL.value
    if not trail or trail[-1][0] != asked:
        trail = state.TRAIL.value = [*trail[-1:], (asked, answer)]
    if len(trail) < 2:
        return None
    (was, old), (now, _) = trail
    if was[0] != now[0] or old.model is not answer.model:
        return None
    return _difference(was, now), old


def _difference(was: tuple, now: tuple) -> str:
    said = []
    if was[1] != now[1]:
        said.append(f"another time ({_moment(was[1])} → {_moment(now[1])})")
    if was[2] != now[2]:
        said.append("another place")
    if was[4] != now[4]:
        word = "more" if now[4] > was[4] else "fewer"
        said.append(f"{wording.plural(abs(now[4] - was[4]), 'check-in')} {word}")
    return " and ".join(said) or "other settings"


def _moment(moment) -> str:
    if not ui.current_store().has_clock:
        return wording.moment(moment, "%a %-d %b")
    return f"{moment:%a} {moment.hour}:00"


def _out(store, answer, question, rank: int) -> None:
    """Offer the answer for other programs, as a page, and as a link."""
    # What a click makes is made outside of the session, which it therefore must not ask.
    shown = pictures.of_store(store)
    who = f"anybody, from: {question.name}" if store.is_anonymous else question.name
    with st.container(horizontal=True):
        ui.downloads("recommendations", answer.frame, "rec_list")
        ui.download(
            "As JSON", lambda: json_text(_as_json(answer)), "recommendations.json",
            "application/json", key="rec_json",
        )  # fmt: skip
        ui.download(
            "As a page (HTML)",
            lambda: explanation.card(answer, who, rank, source=store.name, pictures=shown),
            "recommendations.html",
            "text/html",
            key="rec_html",
        )
    st.caption(
        "The address of this page keeps who, when, where and how, a wish in words included: copy "
        "it to share the view. People are in it under the names that the page shows."
    )


def _as_json(answer) -> list[dict]:
    found = answer.frame.to_dicts()
    if answer.model.explains:
        for rank, row in enumerate(found, 1):
            why_it = explanation.explain(answer, rank)
            row["parts"] = dict(why_it.parts.select("part", "value").iter_rows())
            row["reasons"] = why_it.sentences
    return found


def beforehand(store: Store) -> Callable[[], object]:
    """Return what fits the counter mix."""
    return lambda: view.fitted_before(store)


PAGE = Page(
    title="Recommend",
    icon="recommend",
    order=9,
    content=content,
    url="recommend",
    heading="What next?",
    question="Choose {who}: the likeliest next {item}, and why. Then change the hour.",
    method="recommend",
    beforehand=beforehand,
    tour="Who, when, where: the list, and below it **why** item 1 is item 1; the bars add up. Now "
    "drag the hour: **What changed** names what moved, and the reason.",
    has_pins=False,
    follows=("weekdays", "categories"),
    needs_rows=True,
)
