"""Train models on the data in use: choose, watch, cancel, resume, compare."""

from typing import Any

import streamlit as st

from pages.parts.train import board, decision, owner, server
from pages.parts.train.begin import begin
from pages.shared import gate as gate_results
from pages.shared import state, ui
from pages.shared.in_use import trainings, trainings_folder
from pages.shared.page import NextStep, Page, go_to
from pages.shared.results import by_content
from pages.shared.state import Key
from strec.models import LANGUAGE_MODELS, MODELS, Language, Model
from strec.runs import (
    BUDGETS,
    expected_seconds,
    language_of,
    needs_several,
    parameters,
    reach,
    shortage,
)
from strec.store import Store
from strec.train import devices
from strec.wording import plural, run_time

#: Families in the order of the page: title, what they are good for.
FAMILIES = {
    "counting": ("Counting", "Counted in seconds: the bar that every other model must clear."),
    "traditional": ("Traditional", "Who likes what: neither the clock nor the map is looked at."),
    "spatio-temporal": ("Time and place", "The order, the hours and the places of steps."),
    "llm": ("With a language model", "Words, time and place; newcomers and new items too."),
}
#: Models side by side.
PER_ROW = 4


def content() -> NextStep | None:
    """Choose above, watch and compare below."""
    store = ui.current_store()
    root = trainings_folder(store)
    owner.keep_in_address()
    runs = trainings(store)
    if said := state.TRAIN_SAID.take():
        st.toast(said, icon=":material/model_training:")
    gate(store, runs)
    board.board(store, runs)
    states = {run.poll().state for run in runs}
    if states & {"waiting", "running"}:
        with st.expander("Train more models", icon=":material/add:"):
            choose(store, root, runs)
    else:
        st.subheader("Train more models" if runs else "Choose what to train", anchor=False)
        choose(store, root, runs)
    return ("Compare the models in detail", "evaluate") if "done" in states else None


def gate(store, runs) -> None:
    """Say what the test of dependence found, what follows from it, and whether it came true."""
    found = recommended(store)
    if found is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                ":material/balance: Do time and place matter in this data? The test says which "
                "kind of model to begin with."
            )
            if st.button("Test it", key="train_gate"):
                go_to("dependence")
        return
    kind, route = found
    name = MODELS[kind].label
    st.info(chosen_words(kind, route, lacking(store, kind)), icon=":material/balance:")
    ours, counted = (right_at_once(each, runs) for each in (kind, decision.COUNTING))
    if kind != decision.COUNTING and ours is not None and counted is not None and ours <= counted:
        st.warning(
            f"Trained here, **{ui.plain(name)}** was not ahead: right at first try in "
            f"{100 * ours:.1f} % of the later check-ins, the counter mix in "
            f"{100 * counted:.1f} %. Recommend with the counter mix, or train "
            "with more time; the Evaluate page has the intervals.",
            icon=":material/warning:",
        )


def chosen_words(kind: str, route: str, lacks: str | None) -> str:
    """Say which model the test of dependence chose, and whether it stands ready below."""
    name = ui.plain(MODELS[kind].label)
    if lacks:
        ready = f"**{name}** is its choice, which needs {lacks}"
    elif kind == decision.COUNTING:
        ready = f"**{name}** is ticked below"
    else:
        ready = f"**{name}** is ticked below, with the counter mix to compare it with"
    return f"The test of dependence chose the **{ui.plain(route)}** route: {ready}."


def right_at_once(kind, runs) -> float | None:
    """Return how often the latest finished model of a kind was right at first try, if known."""
    for run in runs:
        measures = (run.results() or {}).get("measures", {}) if run.kind == kind else {}
        if measures.get("acc@1") is not None:
            return measures["acc@1"]
    return None


def recommended(store) -> tuple[str, str] | None:
    """Return the kind of model and the route that the test chose for this data, if it is known."""
    result = gate_results.found(store)
    if result is None:
        return None
    # Results that were kept by an older version name a family.
    kept = {"collaborative": "item_knn"}
    kind = kept.get(result.recommended_model, result.recommended_model)
    return (kind, result.route) if kind in MODELS else None


def choose(store, root, runs) -> None:
    """Show the budget, the way to start, what to train for this data and why, then the rest."""
    plan = st.container(border=True)
    budget = state.TRAIN_BUDGET.value or "normal"
    found = recommended(store)
    ticked = {decision.COUNTING} | ({found[0]} if found else set())
    busy = {run.kind for run in runs if run.poll().is_active}
    proposed = found[0] if found else None
    rows = decision.choices(store, gate_results.found(store), proposed)
    first_of_all = {row.kind for row in rows}
    chosen = []
    with st.container(key="train_rows"):
        for row in rows:
            what, why = st.columns(2, vertical_alignment="top", gap="medium")
            with what:
                if tick(row.kind, store, budget, runs, row.kind in ticked, row.kind in busy):
                    chosen.append(row.kind)
            colour = decision.COLOURS[row.verdict]
            why.markdown(f":{colour}-badge[{row.verdict}] {ui.plain(row.why)}")
    with st.expander("All other models", icon=":material/list:"):
        for family, (title, good_for) in FAMILIES.items():
            kinds = [kind for kind, model in MODELS.items()
                     if model.family == family and kind not in first_of_all]  # fmt: skip
            if kinds:
                st.markdown(f"**{title}** :gray[· {good_for}]")
            for first in range(0, len(kinds), PER_ROW):
                row = zip(st.columns(PER_ROW), kinds[first : first + PER_ROW], strict=False)
                for column, kind in row:
                    with column:
                        if tick(kind, store, budget, runs, kind in ticked, kind in busy):
                            chosen.append(kind)
    with plan:
        start_part(chosen, store, root)


def start_part(chosen, store, root) -> None:
    """Let the person set the time to spend and start."""
    plan, go = st.columns([2, 1], vertical_alignment="center")
    device = devices()[0]
    with plan.container(horizontal=True, vertical_alignment="center"):
        labels = {name: each.label for name, each in BUDGETS.items()}
        budget = ui.choose(
            "Time to spend", labels, state.TRAIN_BUDGET.name, "normal", show_label=False
        )  # fmt: skip
        st.caption(f"{BUDGETS[budget].sentence}  \n:material/memory: Trains on: {device.words()}.")
    n = len(chosen)
    if go.button(
        f"Train {plural(n, 'model')}" if n else "Choose a model below",
        type="primary", disabled=not n, key="train_start", width="stretch",
        icon=":material/play_arrow:",
    ):  # fmt: skip
        ui.guarded(lambda: train(chosen, store, root, budget))


def train(kinds, store, root, budget) -> None:
    """Begin the trainings chosen, and say so."""
    begin({kind: parameters_of(kind, store, budget) for kind in kinds}, store, root, budget)
    n = len(kinds)
    state.TRAIN_SAID.value = f"{n} model{'s are' if n > 1 else ' is'} being trained."
    st.rerun()


def tick(kind, store, budget, runs, is_ticked, is_busy) -> bool:
    """Show a model to choose, with its sentence and its time; return whether it is chosen."""
    lacks = lacking(store, kind)
    about = MODELS[kind]
    note = "being trained" if is_busy else expected(kind, store, budget, runs)
    with st.container(gap=None):
        is_chosen = st.checkbox(
            f"{about.label} :gray[· {note}]" if not lacks else about.label,
            value=is_ticked and not lacks,
            key=f"train_{store.fingerprint[:8]}_{kind}",
            disabled=bool(lacks) or is_busy,
        )
        st.caption(f"{about.sentence}" + (f" **Needs {lacks}.**" if lacks else ""))
        if about.language is not None and is_chosen:
            usual = by_names(store, kind)
            language_choice(about, about.language, language_key(kind, store), usual, store)
    return is_chosen and not lacks and not is_busy


@by_content(most=64)
def by_names(store: Store, kind: str) -> str:
    """Return the language model that can read the names of the data set."""
    return language_of(store, kind)


def language_choice(
    about: type[Model], language: Language, key: Key[str | None], usual: str, store: Store
) -> None:
    """Let the person choose the language model inside, and say what it is like."""
    picked = st.selectbox(
        f"Language model of {about.label}",
        language.choices,
        index=language.choices.index(usual),
        format_func=lambda name: capital(LANGUAGE_MODELS[name][0]),
        key=key.name,
        label_visibility="collapsed",
    )
    name, what = LANGUAGE_MODELS[picked]
    st.caption(f":material/translate: {capital(name)}: {what}.")
    if picked == "server":
        server.ask(store)


def capital(words: str) -> str:
    """Return words with a capital in front, names as they are."""
    return words[:1].upper() + words[1:]


def language_key(kind: str, store: Store) -> Key[str | None]:
    """Return the key of the widget with the language model of a kind of model."""
    return Key(f"train_{store.fingerprint[:8]}_{kind}_language", None)


def parameters_of(kind: str, store: Store, budget: str) -> dict[str, Any]:
    """Return a model's parameters, with the language model that was chosen, if one was."""
    picked, language = language_key(kind, store).value, MODELS[kind].language
    found = parameters(kind, budget, store=store)
    if picked is None or language is None:
        return found
    return {**found, language.parameter: picked} | (server.chosen() if picked == "server" else {})


@by_content(most=256)
def lacking(store: Store, kind: str) -> str | None:
    """Return what a data set lacks for a model."""
    return shortage(kind, store)


def expected(kind, store, budget, runs) -> str:
    """Return in words how long it will take: as long as it took, else what is known of it."""
    seconds = expected_seconds(kind, store, budget, runs)
    if seconds is not None:
        return f"took {run_time(seconds)} here" + cut_short(kind, budget, runs)
    if MODELS[kind].family == "counting":
        return "seconds"
    if MODELS[kind].family == "traditional" and not needs_several(kind):
        return "mostly under a minute"
    most = run_time(BUDGETS[budget].max_seconds)
    share = reach(kind, store, budget, runs)
    if share is None:
        return f"about {most} at most, and one pass at least"
    if share >= 1:
        return f"all its passes should fit into {most} here"
    return f"about {100 * share:.0f} % of its passes fit into {most} here, one pass at least"


def cut_short(kind, budget, runs) -> str:
    """Return in words how far the latest training came whose time ran out, under a budget."""
    for run in runs:
        if run.kind == kind and run.config["budget"] == budget:
            status = run.poll()
            if status.state == "done":
                ran_out = status.reached < 1
                return f", time ran out at {100 * status.reached:.0f} %" if ran_out else ""
    return ""


def tour() -> str:
    """Say what the guided tour says here: what is trained, or how to."""
    store = ui.current_store()
    found = recommended(store)
    kind = found[0] if found else decision.COUNTING
    name = MODELS[kind].label
    runs = [run for run in trainings(store) if run.kind == kind]
    return tour_words(name, {run.poll().state for run in runs}, lacking(store, kind))


def tour_words(name: str, states: set[str], lacks: str | None) -> str:
    """Say what the guided tour says of the model to train, by what became of its trainings."""
    if "done" in states:
        return (
            f"Teach a model: **{name}** is trained already, in the time that the table says. Other "
            "models stand below, each with whether it is worth it for this data, and why."
        )
    if states & {"waiting", "running"}:
        return (
            f"Teach a model: **{name}** is at it already. What happens stands here, and you may go "
            "on: it learns in a process of its own."
        )
    if lacks:
        return f"Teach a model: **{name}** would be the one, but it needs {lacks}. Choose another."
    return (
        f"Teach a model: **{name}** is ticked below. Choose **Quick** and press the button; you "
        "may go on while it learns."
    )


PAGE = Page(
    title="Train",
    icon="model_training",
    order=7,
    content=content,
    url="train",
    heading="Train models",
    question="Choose models and how much time they may take. They are trained here, measured on "
    "later check-ins, and kept.",
    method="train",
    tour=tour,
    needs_rows=True,
)
