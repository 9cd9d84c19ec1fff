"""Who, when, where: a ranked list, a map, and the reasons."""

import streamlit as st

from pages.recommend import ask, listing, models, pictures, state, url, visitor, why
from pages.recommend import more as further
from pages.shared import ui
from strec import explanation
from strec.errors import StrecError

METHOD = r"""
The **counter mix** predicts the next item from counts alone:

$$
P(i \mid \text{who, when, where}) \;=\; \frac1Z \Bigl[ \sum_{j:\, i_j = i} e^{\,w \cdot x_j}
\;+\; e^{\,n \cdot z} \sum_c e^{\,b_c}\, p_c(i) \Bigr]
$$

- The first sum runs over the person's own past check-ins $j$. The numbers $x_j$ say how long ago
  it was, how far its hour and weekday are from those asked about, whether it followed the same
  item, and how far it was from here. Each past check-in is a voice; $w$ says how loud.
- The second part is for somewhere new: sources $c$ (popular overall, popular at this hour, what
  others do next, a usual distance, a liked kind) share the chance of novelty $e^{n \cdot z}$.
- The weights are fitted by maximum likelihood on the latest 15 % of the check-ins; $Z$ makes the
  probabilities sum to 1.

**The bars add up exactly.** A voice is a product of one factor per reason; what each reason is
worth is its Shapley value: the average of what it adds over all orders of switching reasons on.
"""


def page() -> None:
    """Show the page for the data set in use."""
    word = ui.item_word()
    ui.page_header(
        "What next?",
        f"Choose who, when and where: the likeliest next {word}, and why. Then change the hour.",
    )
    store = ui.current_store()
    known = state.people(store)
    counter = state.recommender(store)
    kinds = [str(kind) for kind in counter.log.vocabulary.categories]
    state.begin(store, counter, known, lambda: url.read(store, known, kinds))
    engine = models.chosen(store, st.session_state.get("rec_model", models.COUNTER))
    question = ask.controls(store, engine, known)
    state.remember()
    url.write(known)
    answer = question.ask(engine)
    ask.who_line(store, answer, question, known)
    if st.session_state["rec_user"] == state.NEW:
        visitor.panel(engine)
    _notes(store, answer, question)
    ask.how_line(answer)
    before = _before(question, answer)
    left, right = st.columns([5, 6], gap="medium")
    with left:
        _list(store, answer, before)
    with right:
        listing.map_of(store, answer)
    if not len(answer.frame):
        return
    if before is not None:
        why.changed(before[1], answer, before[0])
    rank = listing.selected_rank(answer)
    why.why(answer, rank)
    further.more(store, question, answer, rank)
    _out(store, answer, question, rank)
    ui.how_it_works(METHOD)
    ui.next_step("See how good the models are", "evaluate")


def _list(store, answer, before) -> None:
    if not len(answer.frame):
        st.info("Nothing fits. Loosen what is set under “How”.", icon=":material/filter_alt_off:")
        return
    moves = explanation.rank_moves(before[1], answer) if before is not None else None
    listing.cards(store, answer, moves)
    listing.legend(answer)


def _notes(store, answer, question) -> None:
    story = _story(store)
    if story:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/auto_stories: {story}")
            if st.button("Got it", type="tertiary", key="rec_story_off"):
                st.session_state["rec_story_seen"] = store.fingerprint
                st.rerun()
    for note in [*st.session_state.get("rec_url_notes", []), *answer.notes]:
        st.info(note, icon=":material/info:")


def _story(store) -> str:
    sample = ui.current_sample()
    seen = st.session_state.get("rec_story_seen") == store.fingerprint
    if sample is None or seen or st.session_state["rec_user"] != sample.default_user:
        return ""
    return state.STORIES[sample.name].text if sample.name in state.STORIES else ""


def _before(question, answer):
    """Return what differs from the question before this one, in words, and its answer.

    None at the first question, and where person or model are others.
    """
    asked = (
        question.name,
        question.when,
        question.place,
        str(question.how),
        answer.query.length[0],
    )
    trail = st.session_state.setdefault("rec_trail", [])
    if not trail or trail[-1][0] != asked:
        trail.append((asked, answer))
        del trail[:-2]
    if len(trail) < 2:
        return None
    (was, old), (now, _) = trail
    if was[0] != now[0] or old.model is not answer.model:
        return None
    return _difference(was, now), old


def _difference(was: tuple, now: tuple) -> str:
    said = []
    if was[1] != now[1]:
        said.append(f"another time ({_clock(was[1])} → {_clock(now[1])})")
    if was[2] != now[2]:
        said.append("another place")
    if was[4] != now[4]:
        said.append(f"{abs(now[4] - was[4]):,} check-ins {'more' if now[4] > was[4] else 'less'}")
    return " and ".join(said) or "other settings"


def _clock(moment) -> str:
    return f"{moment:%a} {moment.hour}:00"


def _out(store, answer, question, rank: int) -> None:
    """Offer the answer for other programs, as a page, and as a link."""
    # What a click makes is made outside of the session, which it therefore must not ask.
    shown = pictures.of_store(store)
    with st.container(horizontal=True):
        ui.downloads("recommendations", answer.frame.to_pandas(), "rec_list")
        st.download_button(
            "As JSON",
            lambda: ui.to_json(_as_json(answer)),
            file_name="recommendations.json",
            mime="application/json",
            key="rec_json",
            icon=":material/download:",
            type="tertiary",
        )
        st.download_button(
            "As a page (HTML)",
            lambda: explanation.card(
                answer, question.name, rank, source=store.name, pictures=shown
            ),
            file_name="recommendations.html",
            mime="text/html",
            key="rec_html",
            icon=":material/download:",
            type="tertiary",
        )
    st.caption(
        "The address of this page keeps who, when, where and how, a wish in words included: copy "
        "it to share the view. People are in it under the names that the page shows."
    )


def _as_json(answer) -> list[dict]:
    found = answer.frame.to_dicts()
    if explanation.has_parts(answer.model):
        for rank, row in enumerate(found, 1):
            why_it = explanation.explain(answer, rank)
            row["parts"] = dict(why_it.parts.select("part", "value").iter_rows())
            row["reasons"] = why_it.sentences
    return found


try:
    page()
except StrecError as error:
    ui.show_error(error)
    ui.how_it_works(METHOD)
