"""`strec evaluate`: a leaderboard with intervals, under a stated regime."""

import inspect
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from strec.cli import AsJson, shell
from strec.cli._common import (
    DayFirst,
    TimeZone,
    check_writable,
    load,
    note,
    print_json,
    progress,
    table,
)
from strec.errors import ModelError


class Part(StrEnum):
    """Which part is scored."""

    validation = "validation"
    test = "test"


class Scored(StrEnum):
    """Which check-ins of it are scored."""

    session_end = "session-end"
    every = "every"


class History(StrEnum):
    """What a model may look at."""

    streaming = "streaming"
    train = "train"


@shell.command()
def evaluate(
    data: Annotated[
        str,
        typer.Argument(
            help="A file, the folder of a store, or a sample: cut 80/10/10 by time. "
            "The training part where VALIDATION is given.",
            show_default=False,
        ),
    ],
    validation: Annotated[str | None, typer.Argument(help="Later check-ins.")] = None,
    test: Annotated[str | None, typer.Argument(help="Still later check-ins.")] = None,
    model: Annotated[
        list[str],
        typer.Option(
            help="'counting' for the models that only count, the kind of a model to fit, or the "
            "folder of a trained run; may come several times."
        ),
    ] = ("counting",),
    companion: Annotated[
        list[str],
        typer.Option("--with", help="A file that belongs to each part, such as venue names."),
    ] = (),
    part: Annotated[Part, typer.Option(help="Which part is scored.")] = Part.validation,
    scored: Annotated[
        Scored, typer.Option(help="The last check-in of each session, or every one.")
    ] = Scored.session_end,
    history: Annotated[
        History, typer.Option(help="Everything before, or training and the running session.")
    ] = History.streaming,
    time: Annotated[
        bool, typer.Option("--time/--no-time", help="Whether the time of the target is given.")
    ] = True,
    at_most: Annotated[
        int | None, typer.Option(min=1, help="Score a sample of so many.", show_default=False)
    ] = None,
    by: Annotated[
        list[str],
        typer.Option(
            help="Also per slice: kind, activity, time, weekday, category, distance, newness."
        ),
    ] = (),
    time_zone: TimeZone = None,
    day_first: DayFirst = None,
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with slices and meanings here.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the full leaderboard here.")] = None,
    queries: Annotated[
        Path | None, typer.Option(help="Write one row per model and query here (.parquet).")
    ] = None,
) -> None:
    """Score models on what came later, and say what the numbers mean.

    **Examples**

    - `strec evaluate social`

    - `strec evaluate checkins.csv --model counting --model als --by kind --by time`

    - `strec evaluate train.csv val.csv --with pois.csv --no-time --history train`

    - `strec evaluate city.parquet --model counting --model runs/stllm --html report.html`
    """
    from strec.evaluation import Regime, propose
    from strec.split import split

    _check_slices(by)
    check_writable(html, csv, queries)
    options = {"time_zone": time_zone, "day_first": day_first}
    loaded = [load([each, *companion], **options) for each in (data, validation, test) if each]
    parts = split(*(each.checkins for each in loaded))
    regime = Regime(
        part=part.value,
        scored=scored.value.replace("-", "_"),
        history=history.value,
        time_known=time,
        at_most=at_most,
    )
    results = _evaluate_all(_models(model, time, loaded, parts), parts, regime)
    _write(results, loaded[0].name, html, csv, queries)
    if as_json:
        print_json(_as_dict(results, by, loaded[0].name))
        return
    if markdown:
        from strec.evaluation import to_markdown

        typer.echo(to_markdown(results))
    else:
        _print_text(results, loaded[0].name)
    for each in by:
        _print_slices(results, each)
    typer.echo(f"\n{propose(results).sentence}")


def _models(names: list[str], time_known: bool, loaded: list, parts) -> dict:
    """Return models by their names in the leaderboard; fitted ones come from folders."""
    from strec.evaluation import counting_models
    from strec.models import KINDS

    counting = counting_models(time_known)
    folders = {name: Path(name) for name in names if name not in counting and Path(name).is_dir()}
    last = [path.resolve().name for path in folders.values()]
    found = {}
    for name in names:
        if name == "counting":
            found |= counting
        elif name in counting:
            found[name] = counting[name]
        elif name in folders:
            short = folders[name].resolve().name
            is_clear = last.count(short) == 1 and short not in counting
            found[short if is_clear else name] = _fitted(folders[name], loaded, parts)
        elif name in KINDS:
            kind = KINDS[name]
            knows = "time_known" in inspect.signature(kind).parameters
            found[name] = kind(time_known=time_known) if knows else kind()
        else:
            raise ModelError(
                "A model is 'counting', a kind of model, or the folder of a trained run.",
                f"{name!r}.",
                f"Choose among {', '.join(sorted({*KINDS, *counting}))}, or give a folder.",
            )
    return found


def _fitted(folder: Path, loaded: list, parts):
    """Return the model of a folder; that of a run only if it learned from this very data."""
    from strec.models import load_model
    from strec.runs import Run
    from strec.store import Store

    if not (folder / "run.json").exists():
        return load_model(folder)
    if len(loaded) > 1:
        return Run(folder).model(parts.vocabulary)
    with TemporaryDirectory(prefix="strec-") as place:
        store = Store.create(loaded[0].checkins, Path(place) / "store", name=loaded[0].name)
        return Run(folder).model(store)


def _evaluate_all(models: dict, parts, regime) -> list:
    from time import perf_counter

    from strec.evaluation import evaluate_model as score

    results = []
    with progress() as report:
        for name, model in models.items():
            seconds = None
            if model.vocabulary_ is None:
                report(f"Fitting {name}", 0.0)
                begun = perf_counter()
                model.fit(parts.train, progress=report)
                seconds = perf_counter() - begun
            results.append(
                score(model, parts, regime, name=name, progress=report, fit_seconds=seconds)
            )
    return results


def _print_text(results: list, name: str) -> None:
    from strec.evaluation import MEASURES, leaderboard
    from strec.evaluation.export import cell, sentence

    shown = ("acc@1", "acc@10", "mrr", "ndcg@10", "return acc@1", "discovery acc@10")
    header = ("model", "Acc@1", "Acc@10", "MRR", "NDCG@10", "returns@1", "discoveries@10", "s")
    rows = [
        (row["model"], *(cell(row, m) for m in shown), _seconds(row))
        for row in leaderboard(results).iter_rows(named=True)
    ]
    typer.echo(f"{name}: {sentence(results)}\n")
    typer.echo(table(rows, header))
    typer.echo("\nIn brackets: 95 % interval over resampled users. s: seconds to fit and score.")
    for measure in ("acc@1", "acc@10", "mrr"):
        note(f"{MEASURES[measure].title}: {MEASURES[measure].sentence}")


def _seconds(row: dict) -> str:
    return f"{(row['fit seconds'] or 0) + row['score seconds']:.1f}"


def _print_slices(results: list, by: str) -> None:
    from strec.evaluation import slices

    found = slices(results, by)
    models = found["model"].unique(maintain_order=True).to_list()
    rows = []
    for name in found["slice"].unique(maintain_order=True):
        own = {row["model"]: row for row in found.filter(slice=name).iter_rows(named=True)}
        n = next(iter(own.values()))["n_queries"]
        rows.append((name, f"{n:,}", *(f"{own[each]['value']:.3f}" for each in models)))
    typer.echo(f"\nAcc@1 by {by}")
    typer.echo(table(rows, ("", "scored", *models)))


def _check_slices(by: list[str]) -> None:
    from strec.evaluation import SLICES

    for each in by:
        if each not in SLICES:
            raise ModelError(
                f"A slice is one of {', '.join(SLICES)}.", f"{each!r}.", "Choose among these."
            )


def _as_dict(results: list, by: list[str], name: str) -> dict:
    from dataclasses import asdict

    from strec.evaluation import MEASURES, leaderboard, propose, slices

    return {
        "data": name,
        "regime": asdict(results[0].regime) | {"words": results[0].regime.words()},
        "leaderboard": leaderboard(results).to_dicts(),
        "slices": {each: slices(results, each).to_dicts() for each in by},
        "proposal": asdict(propose(results)),
        "measures": {key: each.sentence for key, each in MEASURES.items()},
    }


def _write(results: list, name: str, html, csv, queries) -> None:
    import polars as pl

    from strec.evaluation import to_csv, to_html
    from strec.io import write

    for path, text in ((html, lambda: to_html(results, name)), (csv, lambda: to_csv(results))):
        if path is not None:
            path.write_text(text(), encoding="utf-8")
            note(f"Written to {path}.")
    if queries is not None:
        named = [each.queries.select(pl.lit(each.name).alias("model"), "*") for each in results]
        note(f"Written to {write(pl.concat(named), queries)}.")
