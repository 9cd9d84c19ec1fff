"""The trainings of a data set: live progress, how each ended, and a table of results."""

import time

import pandas as pd
import streamlit as st

from pages.parts.train.owner import may_control
from pages.shared import glossary, ui
from pages.shared.in_use import trainings
from pages.shared.made import Made, made
from strec import wording
from strec.errors import StrecError
from strec.plots.training import learning_curve
from strec.runs import Run, Status, end, needs_several, start
from strec.store import Store
from strec.train import devices
from strec.wording import run_time

POLL_SECONDS = 1.0
#: A training that does not heed a cancel within this time is ended by force.
PATIENCE_SECONDS = 15
#: Trainings that ended badly are shown this far back.
MOST_ENDED = 4
#: Longer parameters are no line of code.
MOST_PARAMETERS = 400
WORDS = {
    "waiting": ("waiting", "gray"),
    "running": ("running", "blue"),
    "failed": ("failed", "red"),
    "cancelled": ("cancelled", "orange"),
    "interrupted": ("interrupted", "orange"),
}


def board(store: Store, runs: list[Run]) -> None:
    """Show what is being trained, what ended early, and how good the finished models are."""
    states = [run.poll() for run in runs]
    if any(status.is_active for status in states):
        ui.fragment(_live, run_every=POLL_SECONDS)(store)
    ended = [
        (run, status)
        for run, status in zip(runs, states, strict=True)
        if status.state in ("failed", "cancelled", "interrupted")
        and not _succeeded(run, runs)
        # What went wrong for another visitor is no news to this one.
        and may_control(run)
    ]
    for run, status in ended[:MOST_ENDED]:
        _ended(run, status, store)
    done = [run for run, status in zip(runs, states, strict=True) if status.state == "done"]
    for run, status in zip(runs, states, strict=True):
        if status.state == "done" and status.reached < 1 and not _succeeded(run, runs):
            _ran_out(run, status, store)
    if done:
        _results(done)
    elif not runs:
        st.caption(
            "Nothing is trained on this data yet. The counting models take seconds: a good start."
        )


# ---------------------------------------------------------------- at work


def _live(store: Store) -> None:
    runs = reversed(trainings(store))
    active = [(run, status) for run in runs if (status := run.poll()).is_active]
    if not active:
        # The whole page shows what came of it, and the clock stops.
        st.rerun()
    for run, status in sorted(active, key=lambda each: each[1].state != "running"):
        with st.container(border=True):
            _card(run, status, store)
    if ui.current_sample() is not None:
        st.caption(
            "Samples are everybody's: all visitors of this server see these trainings and may "
            "use the models; only who started a training can cancel it. What you train on your "
            "own data only those see who have their address."
        )


def _card(run: Run, status: Status, store: Store) -> None:
    is_stopping = run.is_cancelled()
    is_waiting = status.state == "waiting"
    with _row():
        word, colour = WORDS[status.state]
        if is_stopping:
            word, colour = "will be skipped" if is_waiting else "stopping", "orange"
        st.markdown(f"**{ui.plain(run.label)}** :{colour}-badge[{word}]")
        if is_stopping:
            _insist(run, store)
        elif not may_control(run):
            st.caption("Started by another visitor", width="content")
        else:
            key = f"cancel_{run.folder.name}"
            st.button("Cancel", key=key, icon=":material/stop:", on_click=run.cancel)
    if is_waiting:
        if not is_stopping:
            st.caption(status.text or "Begins when its turn comes.")
        return
    left = ""
    if status.seconds_left is not None and status.share < 1:
        seconds = status.seconds_left
        left = f" · about {run_time(seconds)} left" if seconds >= 1 else " · almost done"
    st.progress(status.share, f"{status.text or 'Begun'} · {run_time(status.seconds)}{left}")
    events = run.events()
    notes = [event["text"] for event in events if event["event"] == "note"]
    begun = next((event for event in reversed(events) if event["event"] == "start"), None)
    if begun:
        several = f", {begun['n_processes']} processes" if begun["n_processes"] > 1 else ""
        st.caption(
            f"On {begun['device']}{several} · {begun['n_parameters']:,} numbers to learn · "
            f"{begun['batch_size']} check-ins in a batch"
            + (f" · {notes[-1]}" if notes and "Memory" in notes[-1] else "")
        )
    curve = learning_curve(events)
    if curve is not None:
        ui.figure(
            curve,
            key=f"curve_{run.folder.name}",
            caption="Loss: how surprised the model is by what came next; lower is better. "
            "Most models stop when it no longer falls on later (held-out) check-ins, and keep the "
            "best pass.",
        )


def _row():
    return st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )


def _insist(run: Run, store: Store) -> None:
    """End by force what does not stop by itself: a library at work looks up seldom."""
    try:
        asked = (run.folder / "cancel").stat().st_mtime
    except OSError:
        return
    if time.time() - asked > PATIENCE_SECONDS:
        end(run, store.folder)


# ---------------------------------------------------------------- ended


def _ended(run: Run, status: Status, store: Store) -> None:
    """Show a training that did not reach its end, and the way on."""
    word, colour = WORDS[status.state]
    with st.container(border=True):
        name = run.folder.name
        with _row():
            st.markdown(f"**{ui.plain(run.label)}** :{colour}-badge[{word}]")
            with st.container(horizontal=True, width="content"):
                if st.button("Discard", key=f"discard_{name}", type="tertiary"):
                    run.delete()
                    st.rerun()
                if st.button("Resume", key=f"resume_{name}", icon=":material/play_arrow:"):
                    _resume(run, store)
        if status.error:
            st.markdown(
                f"{ui.plain(status.error['needed'])}  \nFound: {ui.plain(status.error['found'])}"
                f"  \n:material/build: {ui.plain(status.error['mend'])}"
            )
            return
        done = [event["epoch"] for event in run.events() if event["event"] == "epoch"]
        kept = f"goes on after pass {max(done)}" if done else "begins again"
        why = (
            "Stopped on request."
            if status.state == "cancelled"
            else "Its process ended before its time: the computer was switched off, ran out of "
            "memory, or somebody ended it."
        )
        st.caption(f"{why} Resume {kept}, and ends as if nothing had happened.")


def _ran_out(run: Run, status: Status, store: Store) -> None:
    """Say that a finished model learned for a part of its time alone, and offer to go on."""
    with st.container(border=True), _row():
        st.markdown(
            f"**{ui.plain(run.label)}** :orange-badge[time ran out at "
            f"{100 * status.reached:.0f} %] of its "
            "passes: what it says is worth less than it could be."
        )
        if may_control(run) and st.button(
            "Go on", key=f"go_on_{run.folder.name}", icon=":material/play_arrow:",
            help=f"About {run_time(status.seconds)} more, from where it stopped.",
        ):  # fmt: skip
            _resume(run, store)


def _resume(run: Run, store: Store) -> None:
    try:
        run.prepare_resume(store)
        device = devices()[0]
        several = device.kind == "cuda" and needs_several(run.kind)
        start([run], store.folder, n_processes=device.count if several else 1)
    except StrecError as error:
        ui.show_error(error)
        return
    st.rerun()


def _succeeded(run: Run, runs: list[Run]) -> bool:
    """Whether the same model was trained again later, so that this try is history."""
    return any(
        other.kind == run.kind and other.config["created"] > run.config["created"] for other in runs
    )


# ---------------------------------------------------------------- results


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _reached(results: dict) -> str:
    """Return how far a training came whose time ran out."""
    share = (results.get("history") or {}).get("share", 1.0)
    return f" (time ran out at {100 * share:.0f} %)" if share < 1 else ""


def _results(runs: list[Run]) -> None:
    """Show the finished models, the best on top."""
    rows, regimes = [], set()
    for run in runs:
        results = run.results() or {}
        measures = results.get("measures", {})
        regimes.add(results.get("regime", ""))
        low, high = measures.get("acc@1 low"), measures.get("acc@1 high")
        rows.append(
            {
                "Model": run.label,
                "Right at first try, %": _percent(measures.get("acc@1")),
                "95 % interval, %": f"{100 * low:.1f} – {100 * high:.1f}"
                if low is not None
                else "",
                "Among first ten, %": _percent(measures.get("acc@10")),
                "Mean of 1 / rank (MRR)": measures.get("mrr"),
                "Training": run_time(results.get("fit_seconds", 0.0)) + _reached(results),
                "Budget": run.config["budget"],
                "Started": wording.moment(pd.Timestamp(run.config["created"]), "%-d %b, %H:%M UTC"),
            }
        )
    table = pd.DataFrame(rows).sort_values("Right at first try, %", ascending=False)
    st.subheader("Trained models", anchor=False)
    share = st.column_config.NumberColumn(format="%.1f")
    mrr = st.column_config.NumberColumn(format="%.3f", help=glossary.help_of("MRR"))
    ui.table(
        table,
        {
            "Right at first try, %": share,
            "Among first ten, %": share,
            "Mean of 1 / rank (MRR)": mrr,
        },
    )
    st.caption(" ".join(sorted(regimes)))
    ui.downloads("trained-models", table, key="trained")
    with_curve = [run for run in runs if any("loss" in event for event in run.events())]
    if with_curve:
        with st.expander("How they learned", icon=":material/show_chart:"):
            names = {run.folder.name: run.label for run in with_curve}
            picked = st.selectbox("Model", names, format_func=names.__getitem__, key="train_curve")
            run = next(each for each in with_curve if each.folder.name == picked)
            curve = learning_curve(run.events())
            alt = f"How {run.label} learned"
            ui.figure(made(curve, in_python(run)), key=f"learned_{picked}", alt=alt)


def in_python(run: Run) -> Made | None:
    """Return the lines that train such a model and show how it learned."""
    given = ", ".join(f"{name}={value!r}" for name, value in run.config["params"].items())
    # Where something lies on this machine is nobody's business, and nowhere else.
    if len(given) > MOST_PARAMETERS or "/" in given or "\\" in given:
        return None
    watch = "watch=Watch(on_event=events.append)"
    lines = ("events = []", f"model = strec.MODELS[{run.kind!r}]({given})",
             f"model.fit(data, {watch})")  # fmt: skip
    imports = ("from strec.plots.training import learning_curve", "from strec.train import Watch")
    return Made("learning_curve(events)", lines, imports)
