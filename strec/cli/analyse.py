"""`strec analyse`: the whole analysis as one HTML page, or as JSON."""

from pathlib import Path
from typing import Annotated

import typer

from strec.cli import AsJson, Data, shell
from strec.cli._common import (
    DayFirst,
    DbColumns,
    DbQuery,
    DbTable,
    TimeZone,
    check_writable,
    load,
    print_json,
    progress,
    write_text,
)


@shell.command()
def analyse(
    data: Data,
    html: Annotated[
        Path | None, typer.Option(help="Write the report here, one file that needs no network.")
    ] = None,
    gaps: Annotated[
        bool,
        typer.Option(
            "--gaps/--zeros",
            help="Hours and days without check-ins: nothing is known, or nothing happened.",
        ),
    ] = False,
    db_table: DbTable = None,
    query: DbQuery = None,
    db_columns: DbColumns = None,
    time_zone: TimeZone = None,
    day_first: DayFirst = None,
    as_json: AsJson = False,
) -> None:
    """Answer when, where, whether it is real, whether it matters, and what comes next.

    **Examples**

    `strec analyse social --html report.html`

    `strec analyse checkins.csv --json > analysis.json`

    `strec analyse sensors.csv --gaps --html report.html`

    `strec analyse postgres://me@host/shop --table sales --map user=customer,item=product`: the
    database counts
    """
    from strec.reporting import analyse as compute

    check_writable(html)
    dataset = load(
        data, time_zone=time_zone, day_first=day_first, table=db_table, query=query,
        columns=db_columns,
    )  # fmt: skip
    with progress() as report:
        found = compute(dataset.store, missing="gap" if gaps else "zero", progress=report)
    if html is not None:
        write_text(html, found.html())
    if as_json:
        print_json(found.to_dict())
    elif html is None:
        for section in found.sections:
            typer.secho(f"\n{section.title}", bold=True)
            for figure in section.figures:
                typer.echo(f"  {figure.words}")
