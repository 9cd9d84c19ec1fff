"""Which model answers, and several models side by side for the same question."""

import polars as pl
import streamlit as st

from pages.parts.recommend import view
from pages.shared import gate, ui
from pages.shared.in_use import trainings
from pages.shared.page import go_to
from pages.shared.results import kept
from strec.dataset import Dataset
from strec.errors import StrecError
from strec.models import MODELS, CounterMix
from strec.recommend import Answer, Recommender
from strec.runs import Run
from strec.store import Store
from strec.wording import percent

COUNTER = CounterMix.label
#: Models that are fitted in seconds at most, for a comparison without any training.
QUICK = ("popularity", "user_counts", "markov", "item_knn")


def finished_runs(store) -> dict[str, Run]:
    """Return the trained models of this data set by their names for people, the newest first."""
    found: dict[str, Run] = {}
    for run in trainings(store):
        if run.poll().state != "done":
            continue
        when = str(run.config["created"])[:16].replace("T", " ")
        found.setdefault(f"{run.label}, trained {when}", run)
    return found


def chosen(store, name: str) -> Recommender:
    """Return the recommender of a model chosen by name; the counter mix where it fails, said."""
    if name == COUNTER:
        return view.recommender(store)
    runs = finished_runs(store)
    if name not in runs:
        st.info(
            "That model is not there any more; the counter mix answers.", icon=":material/info:"
        )
        return view.recommender(store)
    try:
        return _of_run(store, runs[name])
    except StrecError as error:
        ui.show_error(error)
        return view.recommender(store)


def side_by_side(store, question, answer: Answer) -> None:
    """Show the lists of several models for the same question, and what the gate decided."""
    _gate(store)
    runs = finished_runs(store)
    options = [COUNTER, *(MODELS[kind].label for kind in QUICK), *runs]
    picked = st.multiselect(
        "Models", options, default=options[:4], key="rec_models", max_selections=6,
        help="Trained models appear here when they are ready.",
    )  # fmt: skip
    if not runs:
        st.caption("No model has been trained on this data set yet: the Train page makes some.")
    lists, filters = {}, dict(vars(answer.how.plain()))
    for name in picked:
        try:
            engine = chosen(store, name) if name in (COUNTER, *runs) else _quick(store, name)
            lists[name] = question.ask(engine, **filters).frame
        except StrecError as error:
            ui.say(error)
    if not lists:
        return
    _table(lists)


def _table(lists: dict[str, pl.DataFrame]) -> None:
    n = max(frame.height for frame in lists.values())
    shared: dict[str, int] = {}
    for frame in lists.values():
        for item in frame["item_id"]:
            shared[item] = shared.get(item, 0) + 1
    columns: dict[str, list] = {"rank": list(range(1, n + 1))}
    for name, frame in lists.items():
        cells = [
            f"{row['item_name']} · "
            + (f"{row['score']:.3g}" if row["probability"] is None else percent(row["probability"]))
            for row in frame.iter_rows(named=True)
        ]
        columns[name] = cells + [""] * (n - len(cells))
    rank = st.column_config.NumberColumn("", width="small")
    ui.table(pl.DataFrame(columns), {"rank": rank})
    everywhere = [item for item, count in shared.items() if count == len(lists)]
    names = {
        item: name
        for frame in lists.values()
        for item, name in frame.select("item_id", "item_name").iter_rows()
    }
    said = ", ".join(ui.plain(names[item]) for item in everywhere[:5])
    st.caption(
        "Percentages are probabilities; other numbers are scores, comparable within a model only. "
        "Filters apply, strategy and wishes do not. "
        + (f"In every list: {said}." if everywhere and len(lists) > 1 else "")
    )


def _gate(store) -> None:
    found = gate.found(store)
    if found is not None:
        st.markdown(f":material/balance: **Route: {found.route}.** {ui.plain(found.sentence)}")
        return
    st.caption(
        "Whether time and place matter in this data set, and so which kind of model is worth "
        "training, is tested on the Dependence page."
    )
    if st.button("Test it", key="rec_gate", type="tertiary"):
        go_to("dependence")


def _quick(store, label: str) -> Recommender:
    kind = next(each for each in QUICK if MODELS[each].label == label)

    def fitted() -> Recommender:
        with st.spinner(f"Fitting {label}…"):
            known = Dataset(view.checkins(store), catalogue=store.catalogue)
            return Recommender(known, MODELS[kind]().fit(known.everything))

    return kept("quick model", store, kind, fitted)


def _of_run(store: Store, run: Run) -> Recommender:
    def loaded() -> Recommender:
        with st.spinner(f"Loading {run.label}…"):
            return Recommender(view.checkins(store), run.model(store))

    return kept("run", store, str(run.folder), loaded)
