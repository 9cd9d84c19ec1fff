"""`strec bench`: reproduce a published table from scratch."""

import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import typer

from strec.cli import AsJson, shell
from strec.cli._common import check_writable
from strec.errors import ReadError
from strec.parts import shipped


@shell.command()
def bench(
    name: Annotated[Literal["nyc"], typer.Argument(help="nyc: models on Foursquare New York.")],
    data: Annotated[
        Path | None,
        typer.Argument(
            help="The folder that holds foursquare_nyc/ and, for other cities, "
            "foursquare_calgary/ and flickr_tours/; STREC_DATA when not given."
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Some parts of it: main, baselines, regimes, ablations, newcomers, transfer, "
            "small, untaken, early, million, text; may come several times.",
            show_default="main",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of the main rows.")] = 3,
    first: Annotated[
        int, typer.Option(min=0, help="The first of the seeds: the others may be another run's.")
    ] = 0,
    on: Annotated[
        Literal["val", "test"],
        typer.Option(help="What is scored: val.csv.gz, or once, at the end, test.csv.gz."),
    ] = "val",
    out: Annotated[Path | None, typer.Option(help="Write all numbers here as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train and score from scratch, and print the table in Markdown.

    **Examples**

    - `strec bench nyc folder`

    - `strec bench nyc folder --seeds 1 --only main --only ablations --out nyc.json`

    - `strec bench nyc folder --on test`
    """
    folder = data or Path(os.environ.get("STREC_DATA", ""))
    if not (folder / "foursquare_nyc").is_dir():
        raise ReadError(
            "The benchmark needs the folder foursquare_nyc with train.csv.gz and val.csv.gz.",
            f"none in {folder}.",
            "Name the folder that holds it, or set STREC_DATA.",
        )
    check_writable(out)
    table = _script(name)
    parts = only or ["main"]
    unknown = set(parts) - set(table.PARTS)
    if unknown:
        raise ReadError(
            f"A part of the table is one of {', '.join(table.PARTS)}.",
            f"{', '.join(sorted(unknown))}.",
            "Correct --only.",
        )
    say = (lambda line: None) if as_json else typer.echo
    rows = table.run(folder, parts, range(first, first + seeds), say, on)
    if out:
        out.write_text(json.dumps(rows, indent=2))
    if as_json:
        typer.echo(json.dumps(rows))


def _script(name: str) -> ModuleType:
    path = shipped("benchmarks") / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"strec_bench_{name}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
