"""`strec inspect`: what a file is, before anything is read."""

import shlex
from dataclasses import asdict
from typing import Annotated

import typer

from strec.cli import AsJson, Data, shell
from strec.cli._common import files_of, print_json


def _list_formats(asked: bool) -> None:
    if asked:
        from strec.io import FORMATS

        for known in FORMATS.values():
            typer.echo("\n  ".join(filter(None, [known.label, known.sentence, known.citation])))
        raise typer.Exit


Formats = Annotated[
    bool,
    typer.Option(
        "--formats",
        callback=_list_formats,
        is_eager=True,
        help="List the formats that are recognised by content, and leave.",
    ),
]


@shell.command()
def inspect(
    data: Data,
    as_json: AsJson = False,
    formats: Formats = False,
) -> None:
    """Say what files are: format, columns, what is assumed, and what must be answered.

    **Examples**

    - `strec inspect visits.csv`

    - `strec inspect traj-Edin.csv poi-Edin.csv --json`
    """
    from strec.io import inspect as look_at
    from strec.io.apart import apart

    look = apart(look_at, files_of(data))
    if as_json:
        print_json(
            {
                "format": look.format,
                "title": look.title,
                "cite": look.cite,
                "files": look.files,
                "columns": look.columns,
                "mapping": look.mapping.to_dict(),
                "confidence": look.confidence,
                "questions": [asdict(question) for question in look.questions],
                "notes": look.notes,
                "n_rows_estimate": look.n_rows_estimate,
                "preview": look.preview.head(5).to_dicts(),
            }
        )
        return
    typer.echo(f"{look.title}, about {look.n_rows_estimate:,} rows")
    for facts in look.files:
        typer.echo(f"  {', '.join(f'{name} {value}' for name, value in facts.items())}")
    for field, column in look.mapping.columns().items():
        typer.echo(f"  {field:<15} {column}")
    for text in look.notes:
        typer.echo(f"Note: {text}")
    for question in look.questions:
        must = "Must be answered" if question.must_be_answered else "Assumed"
        typer.echo(f"{must}: {question.text}")
        for number, option in enumerate(question.options):
            mark = "*" if number == question.default else "-"
            typer.echo(f"  {mark} {option.label}  (--map {shlex.quote(option.entries)})")
