"""`strec inspect`: what a file is, before anything is read."""

import shlex
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from strec.cli import AsJson, Data, shell
from strec.cli._common import DbQuery, DbTable, files_of, is_database, print_json

if TYPE_CHECKING:
    from strec.io.roles import Role


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


def _line(role: "Role") -> str:
    """Say of one field what was taken, three values, and how sure that is."""
    sure = "" if role.is_sure else f"  in doubt{': ' + role.why if role.why else ''}"
    other = f" (or {role.runner_up!r})" if role.runner_up and not role.is_sure else ""
    return f"  {role.field:<15} {role.column}  [{', '.join(role.examples)[:60]}]{sure}{other}"


@shell.command()
def inspect(
    data: Data,
    table: DbTable = None,
    query: DbQuery = None,
    as_json: AsJson = False,
    formats: Formats = False,
) -> None:
    """Say what files are: format, columns, what is assumed, and what must be answered.

    **Examples**

    - `strec inspect visits.csv`

    - `strec inspect traj-Edin.csv poi-Edin.csv --json`

    - `strec inspect postgres://me@host/shop --table sales`: by its first rows
    """
    from strec.io import inspect as look_at
    from strec.io.apart import apart

    if is_database(data, table, query):
        from strec.io import fetch
        from strec.store.warehouse import LOOKED_AT

        with TemporaryDirectory(prefix="strec-") as folder:
            first = Path(folder) / "rows.parquet"
            fetch(data[0], first, table=table, query=query, most=LOOKED_AT)
            look = apart(look_at, [first], names=[table or "the query"])
    else:
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
                "roles": [asdict(role) | {"is_sure": role.is_sure} for role in look.roles],
                "questions": [asdict(question) for question in look.questions],
                "notes": look.notes,
                "n_rows_estimate": look.n_rows_estimate,
                "is_raw_track": look.is_raw_track,
                "preview": look.preview.head(5).to_dicts(),
            }
        )
        return
    typer.echo(f"{look.title}, about {look.n_rows_estimate:,} rows")
    for facts in look.files:
        typer.echo(f"  {', '.join(f'{name} {value}' for name, value in facts.items())}")
    for role in look.roles:
        typer.echo(_line(role))
    for text in look.notes:
        typer.echo(f"Note: {text}")
    for question in look.questions:
        must = "Must be answered" if question.must_be_answered else "Assumed"
        typer.echo(f"{must}: {question.text}")
        for number, option in enumerate(question.options):
            mark = "*" if number == question.default else "-"
            typer.echo(f"  {mark} {option.label}  (--map {shlex.quote(option.entries)})")
