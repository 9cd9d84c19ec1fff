"""Every model on every sample, trained from the Train page itself, as one Markdown table.

The app is driven as a person would: choose the sample, go to the Train page, tick the models, set
the time to spend, start, wait, and read the table of finished models. What could not be chosen or
failed is told in the page's own words::

    python benchmarks/train_all.py                          # all samples, all models, quick
    python benchmarks/train_all.py social --kinds als lstm  # some of them
    python benchmarks/train_all.py --budget normal

Trainings of a sample run one after the other in one process, at most a minute each when quick.
A cell holds the time of training and Acc@1. Then each model answers on the Recommend page, with its
reasons where it has any, and stands in the leaderboard of Evaluate; where not, its cell says so.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

# One thread: times of different models compare, whatever else the machine does.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from streamlit.testing.v1 import AppTest

from strec.io.samples import samples
from strec.models import MODELS
from strec.runs import BUDGETS, home, runs_in

ROOT = Path(__file__).parents[1]
WAIT_SECONDS = 2.0


def main() -> None:
    """Train, and print one row per model."""
    # Pages import each other as `pages.…`, as they do under `streamlit run app.py`.
    sys.path.insert(0, str(ROOT))
    names = [sample.name for sample in samples()]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("samples", nargs="*", choices=[[], *names], help="all when not given")
    parser.add_argument("--kinds", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--budget", choices=list(BUDGETS), default="quick")
    given = parser.parse_args()
    chosen = given.samples or names
    table = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["STREC_CACHE"] = folder
        for name in chosen:
            table[name] = of_sample(name, given.kinds, given.budget)
            for kind in given.kinds:
                print(f"<!-- {name}, {kind}: {table[name][kind]} -->", flush=True)
    print(f"\n| model | {' | '.join(chosen)} |\n|---{'|---' * len(chosen)}|")
    for kind in given.kinds:
        print(f"| {MODELS[kind].label} | {' | '.join(table[name][kind] for name in chosen)} |")


def of_sample(name: str, kinds: list[str], budget: str) -> dict[str, str]:
    """Train on one sample from the page; return what the page shows of each model."""
    script = "from pages.shared.page import all_pages\nall_pages()['train'].run()\n"
    from pages.shared import ui

    app = AppTest.from_string(script, default_timeout=300)
    store = app.session_state["store"] = ui.sample_store(name)
    shown(app.run())
    lacking = {}
    for kind in MODELS:
        tick = app.checkbox(key=f"train_{store.fingerprint[:8]}_{kind}")
        if tick.disabled and kind in kinds:
            lacking[kind] = f"not offered: {reason(app, kind)}"
        elif not tick.disabled:
            tick.set_value(kind in kinds)
    app.segmented_control(key="train_budget").set_value(budget)
    shown(app.run()).button(key="train_start").click().run()
    runs = runs_in(home(store, is_shared=True), store.fingerprint)
    while any(run.poll().is_active for run in runs):
        time.sleep(WAIT_SECONDS)
    rows = {row["Model"]: row for row in finished(shown(app.run()))}
    found = {}
    named = finished_runs_of(store)
    for kind in kinds:
        row = rows.get(MODELS[kind].label)
        if row:
            used(store, kind, named)
            found[kind] = f"{row['Training']}, {row['Right at first try, %']:.1f} %"
        else:
            found[kind] = lacking.get(kind) or failed(runs, kind)
    return found


def finished_runs_of(store) -> dict[str, str]:
    """Return what Recommend calls the trained model of each kind."""
    found = runs_in(home(store, is_shared=True), store.fingerprint)
    return {
        run.kind: f"{run.label}, trained {str(run.config['created'])[:16].replace('T', ' ')}"
        for run in found
        if run.poll().state == "done"
    }


def used(store, kind: str, named: dict[str, str]) -> None:
    """Recommend with a trained model, look at the reasons, and find it on Evaluate, or stop."""
    pages = {}
    for page in ("recommend", "evaluate"):
        script = f"from pages.shared.page import all_pages\nall_pages()['{page}'].run()\n"
        app = pages[page] = AppTest.from_string(script, default_timeout=300)
        app.session_state["store"] = store
        shown(app.run())
    pages["recommend"].session_state["rec_model"] = named[kind]
    shown(pages["recommend"].run())
    listed = [each for each in pages["recommend"].button if "rec_card_" in str(each.key)]
    said = "\n".join(str(each.value) for each in pages["recommend"].caption)
    errors = [str(each.value) for app in pages.values() for each in app.error]
    board = str([table.value.to_dict() for table in pages["evaluate"].dataframe])
    explains = "Each bar begins" in said or not MODELS[kind].explains
    if len(listed) != 10 or errors or not explains or MODELS[kind].label not in board:
        on_board = MODELS[kind].label in board
        raise SystemExit(
            f"{kind}, {store.name}: {len(listed)} listed, {explains=}, {on_board=}. {errors}"
        )
    print(f"<!-- {kind} on {store.name}: recommends, explains, is evaluated -->", flush=True)


def shown(app: AppTest) -> AppTest:
    """Return the page, which must not have broken."""
    if app.exception:
        raise SystemExit(f"The page broke: {app.exception[0].value}")
    return app


def finished(app: AppTest) -> list[dict]:
    """Return the rows of the page's table of trained models."""
    return app.dataframe[0].value.to_dict("records") if app.dataframe else []


def failed(runs: list, kind: str) -> str:
    """Return why a training has no row."""
    states = [run.poll() for run in runs if run.kind == kind]
    if not states:
        return "never started"
    why = states[0].error["found"] if states[0].error else states[0].text
    return f"{states[0].state}: {why}"


def reason(app: AppTest, kind: str) -> str:
    """Return what the page says that the data lack for a model."""
    captions = [caption.value for caption in app.caption if MODELS[kind].sentence in caption.value]
    needs = re.search(r"Needs (.*?)\.\*\*", captions[0]) if captions else None
    return f"needs {needs[1]}" if needs else "not said"


if __name__ == "__main__":
    main()
