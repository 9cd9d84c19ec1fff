"""`strec train`: train models into folders that say all about themselves."""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from strec.cli import AsJson, Data, shell
from strec.cli._common import (
    Catalogue,
    DayFirst,
    TimeZone,
    load,
    note,
    print_json,
    progress,
    settings_of,
    table,
)
from strec.errors import Cancelled, ModelError
from strec.progress import Progress

if TYPE_CHECKING:
    from subprocess import Popen

    from strec.runs import Run
    from strec.store import Store

_POLL_SECONDS = 0.3


@shell.command()
def train(
    data: Data,
    model: Annotated[list[str], typer.Option(help="The kind of a model; may come several times.")],
    out: Annotated[
        Path, typer.Option(help="Folder of the run; with several models one folder each in it.")
    ],
    budget: Annotated[
        Literal["quick", "normal", "thorough"], typer.Option(help="At most 1, 10 or 60 minutes.")
    ] = "normal",
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the data.")] = None,
    max_minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Then take the best weights so far.")
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A parameter of the model, as name=value.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.")] = 0,
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"], typer.Option(help="Where to train.")
    ] = "auto",
    processes: Annotated[
        int, typer.Option(min=0, help="Processes that train together; 0: one per GPU.")
    ] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    catalogue: Catalogue = None,
    time_zone: TimeZone = None,
    day_first: DayFirst = None,
    as_json: AsJson = False,
) -> None:
    """Train models on the first 80 % of the check-ins and measure them on the next 10 %.

    **Examples**

    - `strec train social --model counter_mix --out runs/counter-mix`

    - `strec train checkins.csv --model lstm --model st_lstm --out runs --budget quick`

    - `strec train checkins.csv --model stllm --out runs/stllm --resume`

    - `strec train checkins.csv --catalogue shops.csv --model trees --out runs/trees`
    """
    from strec.models import FAMILIES, MODELS
    from strec.runs import BUDGETS

    for family in set(model) & set(FAMILIES):
        kinds = [kind for kind, each in MODELS.items() if each.family == family]
        raise ModelError(
            "A kind of model is trained.",
            f"{family!r}, a family of models.",
            f"Choose among {', '.join(kinds)}.",
        )
    seconds = 60 * max_minutes if max_minutes else BUDGETS[budget].max_seconds
    given = settings_of(setting or []) | ({"epochs": epochs} if epochs else {})
    dataset = load(data, time_zone=time_zone, day_first=day_first, catalogue=catalogue)
    store = dataset.store
    places = {kind: out / kind if len(model) > 1 else out for kind in model}
    if resume:
        runs = [_resumed(place, kind, store, len(places) > 1) for kind, place in places.items()]
    else:
        options = {"budget": budget, "max_seconds": seconds, "device": device}
        runs = _new(places, store, given, seed, options)
    try:
        for run in runs:
            if run.poll().state != "done":
                _train(run, store, processes, quiet=as_json)
    finally:
        for run in runs:
            if run.poll().state == "waiting":
                run.set_state("cancelled")
    results = [run.results() or {} for run in runs]
    if as_json:
        heads = ({"run": str(run.folder), "kind": run.kind} for run in runs)
        print_json([head | found for head, found in zip(heads, results, strict=True)])
        return
    rows = [_row(run, found) for run, found in zip(runs, results, strict=True)]
    typer.echo(table(rows, ("model", "Acc@1", "Acc@10", "MRR", "seconds", "run")))
    typer.echo(f"\n{results[0]['regime']}")
    for run, status in ((run, run.poll()) for run in runs):
        if status.reached < 1:
            typer.echo(
                f"{run.label}: time ran out at {100 * status.reached:.0f} % of its passes. Go "
                "on with --resume, or give it more --max-minutes."
            )


def _new(
    places: dict[str, Path], store: "Store", given: dict[str, Any], seed: int, options: dict
) -> list["Run"]:
    """Make a folder for each model, or none at all."""
    from strec.models import MODELS
    from strec.runs import create, parameters

    runs: list[Run] = []
    try:
        for kind, place in places.items():
            params = {}
            if kind in MODELS:
                params = parameters(kind, options["budget"], seed=seed, store=store) | given
            runs.append(create(place, kind, store, params=params, **options))
    except ModelError:
        for run in runs:
            shutil.rmtree(run.folder, ignore_errors=True)
        raise
    return runs


def _resumed(place: Path, kind: str, store: "Store", is_one_of_several: bool) -> "Run":
    from strec.models import MODELS
    from strec.runs import Run

    run = Run(place)
    if kind not in MODELS or run.kind != MODELS[kind].kind:
        raise ModelError(
            "A run goes on with the model that it began with.",
            f"{place} trains {run.kind!r}, not {kind!r}.",
            f"Use --model {run.kind}, or another folder.",
        )
    # Of several models, those that are done stay as they are.
    run.check_fits(store)
    status = run.poll()
    if not is_one_of_several or status.state != "done" or status.reached < 1:
        run.prepare_resume(store)
    return run


def _train(run: "Run", store: "Store", processes: int, *, quiet: bool) -> None:
    """Train here, or in several processes that this one watches."""
    from strec.runs import needs_several, start, train_run

    n = processes or _gpus(run)
    if n > 1 and not needs_several(run.kind):
        note(f"{run.label} trains in one process.")
        n = 1
    with progress(quiet) as report:
        try:
            if n > 1:
                process = start([run], store.folder, n_processes=n, in_turn=False)
                _follow(run, process, report)
            else:
                events: list[dict] = []
                with run.lock:
                    train_run(run, store, on_event=lambda each: _report(run, each, events, report))
        except KeyboardInterrupt:
            run.cancel()
            if n <= 1:
                run.set_state("cancelled")
            raise Cancelled(
                "A model is ready when its training has run to its end.",
                "it was cancelled.",
                f"Go on with --resume --out {run.folder}.",
            ) from None


def _follow(run: "Run", process: "Popen", report: Progress) -> None:
    while (status := run.poll()).is_active and process.poll() is None:
        report(status.text or "Starting", status.share)
        time.sleep(_POLL_SECONDS)
    status = run.poll()
    if status.state != "done":
        told = status.error or {
            "needed": "A training runs to its end.",
            "found": f"the process of {run.label} has ended before.",
            "mend": f"See {run.folder / 'log.txt'}, then go on with --resume.",
        }
        raise ModelError(**told)


def _report(run: "Run", event: dict, events: list[dict], report: Progress) -> None:
    from strec.models import MODELS
    from strec.runs.status import status_of

    events.append(event)
    state = {"state": "running", "since": time.time()}
    status = status_of(state, events, makes_passes=MODELS[run.kind].uses_loop)
    if status.text:
        report(f"{run.label}: {status.text}", status.share)


def _gpus(run: "Run") -> int:
    """Return how many GPUs a model can use here; torch is not loaded for one that counts."""
    from strec.runs import needs_several
    from strec.train import devices

    if run.config["device"] == "cpu" or not needs_several(run.kind):
        return 1
    best = devices()[0]
    return best.count if best.kind == "cuda" else 1


def _row(run: "Run", results: dict[str, Any]) -> tuple[str, ...]:
    measures = results["measures"]
    shown = [f"{measures[m]:.3f}" if measures else "-" for m in ("acc@1", "acc@10", "mrr")]
    return (run.label, *shown, f"{results['fit_seconds']:.1f}", str(run.folder))
