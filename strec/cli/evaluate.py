"""`strec evaluate`: a leaderboard with intervals, under a stated regime."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from strec.cli import AsJson, shell
from strec.cli._common import (
    Catalogue,
    DayFirst,
    TimeZone,
    check_writable,
    fitted,
    load,
    note,
    print_json,
    progress,
    settings_of,
    table,
    write_text,
)
from strec.errors import ModelError

if TYPE_CHECKING:
    from strec.dataset import Dataset
    from strec.evaluation import Evaluation
    from strec.models import Model


@shell.command()
def evaluate(
    data: Annotated[
        str,
        typer.Argument(
            help="A file, the folder of a store, or a sample: cut 80/10/10 by time. "
            "The training part where VALIDATION is given."
        ),
    ],
    validation: Annotated[str | None, typer.Argument(help="Later check-ins.")] = None,
    test: Annotated[str | None, typer.Argument(help="Still later check-ins.")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="'counting' for all models that only count, the kind of a model to fit, or the "
            "folder of a trained run; may come several times.",
            show_default="counting",
        ),
    ] = None,
    companion: Annotated[
        list[str] | None,
        typer.Option("--with", help="A file that belongs to each part, such as venue names."),
    ] = None,
    train: Annotated[
        str | None,
        typer.Option(help="Fit on exactly this file, and score all of DATA, which is later."),
    ] = None,
    part: Annotated[
        Literal["validation", "test"], typer.Option(help="Which part is scored.")
    ] = "validation",
    scored: Annotated[
        Literal["session-end", "every"],
        typer.Option(help="The last check-in of each session, or every one."),
    ] = "session-end",
    history: Annotated[
        Literal["streaming", "train"],
        typer.Option(help="Everything before, or training and the running session."),
    ] = "streaming",
    time: Annotated[
        bool, typer.Option("--time/--no-time", help="Whether the time of the target is given.")
    ] = True,
    at_most: Annotated[int | None, typer.Option(min=1, help="Score a sample of so many.")] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="Also per slice: kind, activity, time, weekday, category, distance, newness."
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter of the models that are fitted, as name=value."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same models.")] = 0,
    save: Annotated[
        Path | None,
        typer.Option(help="Keep the models that are fitted here, one folder each."),
    ] = None,
    catalogue: Catalogue = None,
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

    - `strec evaluate test.csv --train train.csv --model als --set factors=32 --save fitted`

    - `strec evaluate city.parquet --model counting --model runs/stllm --html report.html`
    """
    from strec.dataset import Dataset
    from strec.evaluation import SLICES, Regime, to_csv, to_html, to_markdown
    from strec.evaluation import evaluate as compute

    by = by or []
    for each in set(by) - set(SLICES):
        raise ModelError(
            f"A slice is one of {', '.join(SLICES)}.", f"{each!r}.", "Choose among these."
        )
    check_writable(html, csv, queries)
    if train and (validation or part == "test"):
        raise ModelError(
            "With --train there is one file to score.",
            "VALIDATION or --part test was given too.",
            "Leave it out: all of DATA is scored.",
        )
    loaded = [
        load(
            [each, *(companion or [])],
            time_zone=time_zone,
            day_first=day_first,
            # What nobody took yet is told to the part that training learns from.
            catalogue=catalogue if number == 0 else None,
        )
        for number, each in enumerate(filter(None, (train, data, validation, test)))
    ]
    dataset = loaded[0] if len(loaded) == 1 else Dataset.from_parts(*loaded)
    regime = Regime(
        part=part,
        scored="every" if scored == "every" else "session_end",
        history=history,
        time_known=time,
        at_most=at_most,
    )
    given = settings_of(setting or [])
    models = _models(model or ["counting"], time, dataset, len(loaded) == 1, given, seed)
    fresh = {name: each for name, each in models.items() if not each.is_fitted}
    with progress() as report:
        results = compute(models, dataset, regime, reference=False, progress=report)
    if save is not None:
        for name, each in fresh.items():
            note(f"Saved {name}: {each.save(save / re.sub(r'[^a-z0-9]+', '-', name.lower()))}.")
    if html is not None:
        write_text(html, to_html(results, dataset.name))
    if csv is not None:
        write_text(csv, to_csv(results))
    if queries is not None:
        _write_queries(results, queries)
    if as_json:
        print_json(_as_dict(results, by, dataset.name))
        return
    if markdown:
        typer.echo(to_markdown(results))
    else:
        _print_text(results, dataset.name)
    for each in by:
        _print_slices(results, each)
    typer.echo(f"\n{results.proposal.sentence}")


def _models(
    names: list[str],
    time_known: bool,
    dataset: "Dataset",
    is_whole: bool,
    given: dict[str, Any],
    seed: int,
) -> "dict[str, Model]":
    """Return models by their names in the leaderboard; fitted ones come from folders."""
    from strec.evaluation import counting_models
    from strec.models import MODELS

    if given and not set(names) & set(MODELS):
        raise ModelError(
            "--set is for models that are fitted here by their kind.",
            f"--model {', '.join(names)}.",
            f"Give one of {', '.join(MODELS)}.",
        )
    counting = counting_models(time_known)
    folders = {name: Path(name) for name in names if name not in counting and Path(name).is_dir()}
    last = [path.resolve().name for path in folders.values()]
    found: dict[str, Model] = {}
    for name in names:
        if name == "counting":
            found |= counting
        elif name in counting:
            found[name] = counting[name]
        elif name in folders:
            path = folders[name]
            short = path.resolve().name
            is_clear = last.count(short) == 1 and short not in counting
            found[short if is_clear else name] = fitted(
                path, dataset.store if is_whole else dataset.vocabulary
            )
        elif name in MODELS:
            model = MODELS[name]()
            may = {"seed": seed} | ({} if model.time_known is None else {"time_known": time_known})
            params = model.get_params()
            model.set_params(**{key: each for key, each in may.items() if key in params}, **given)
            found[model.label] = model
        else:
            raise ModelError(
                "A model is 'counting', a kind of model, or the folder of a trained run.",
                f"{name!r}.",
                f"Choose among counting, {', '.join(sorted(MODELS))}, or give a folder.",
            )
    return found


def _print_text(results: "Evaluation", name: str) -> None:
    from strec.evaluation.export import cell, sentence
    from strec.metrics import METRICS

    shown = ("acc@1", "acc@10", "mrr", "ndcg@10", "return acc@1", "discovery acc@10")
    header = ("model", "Acc@1", "Acc@10", "MRR", "NDCG@10", "returns@1", "discoveries@10", "s")
    rows = [
        (
            row["model"],
            *(cell(row, measure) for measure in shown),
            f"{(row['fit seconds'] or 0) + row['score seconds']:.1f}",
        )
        for row in results.leaderboard.iter_rows(named=True)
    ]
    typer.echo(f"{name}: {sentence(results)}\n")
    typer.echo(table(rows, header))
    typer.echo("\nIn brackets: 95 % interval over users, from ten on. s: seconds to fit and score.")
    for measure in ("acc@1", "acc@10", "mrr"):
        note(f"{METRICS[measure].title}: {METRICS[measure].sentence}")


def _print_slices(results: "Evaluation", by: str) -> None:
    from strec.evaluation import slices
    from strec.export import MIN_USERS

    found = slices(results, by)
    if found.is_empty():
        return note(f"By {by}: no slice has {MIN_USERS} users.")
    wide = found.pivot(on="model", index=["slice", "n_queries"], values="value")
    rows = [(name, f"{n:,}", *(f"{value:.3f}" for value in row)) for name, n, *row in wide.rows()]
    typer.echo(f"\nAcc@1 by {by}")
    typer.echo(table(rows, ("", "scored", *wide.columns[2:])))


def _as_dict(results: "Evaluation", by: list[str], name: str) -> dict:
    from dataclasses import asdict

    from strec.evaluation import slices
    from strec.metrics import METRICS

    return {
        "data": name,
        "regime": asdict(results[0].regime) | {"words": results[0].regime.words()},
        "leaderboard": results.leaderboard.to_dicts(),
        "slices": {each: slices(results, each).to_dicts() for each in by},
        "proposal": asdict(results.proposal),
        "measures": {key: each.sentence for key, each in METRICS.items()},
    }


def _write_queries(results: "Evaluation", path: Path) -> None:
    import polars as pl

    from strec.io import write

    named = [each.queries.select(pl.lit(each.name).alias("model"), "*") for each in results]
    note(f"Written to {write(pl.concat(named), path)}.")
