"""`strec analyse`: the whole analysis as one HTML page, or as JSON."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from strec.cli import AsJson, Data, shell
from strec.cli._common import DayFirst, TimeZone, load, note, print_json, progress


@shell.command()
def analyse(
    data: Data,
    html: Annotated[
        Path | None,
        typer.Option(help="Write the report here, one file that needs no network."),
    ] = None,
    gaps: Annotated[
        bool,
        typer.Option(
            "--gaps/--zeros",
            help="Hours and days without check-ins: nothing is known, or nothing happened.",
        ),
    ] = False,
    time_zone: TimeZone = None,
    day_first: DayFirst = None,
    as_json: AsJson = False,
) -> None:
    """Answer when, where, whether it is real, whether it matters, and what comes next.

    **Examples**

    `strec analyse social --html report.html`

    `strec analyse checkins.csv --json > analysis.json`

    `strec analyse sensors.csv --gaps --html report.html`
    """
    from strec.reporting import analyse as compute
    from strec.store import Store

    loaded = load(data, time_zone=time_zone, day_first=day_first)
    with tempfile.TemporaryDirectory(prefix="strec-") as folder:
        store = Store.create(
            loaded.checkins, Path(folder) / "store", name=loaded.name, time_zone=loaded.time_zone
        )
        with progress() as report:
            found = compute(store, missing="gap" if gaps else "zero", progress=report)
    if html is not None:
        _write(html, found.html())
        note(f"Written: {html}")
    if as_json:
        print_json(found.to_dict())
    elif html is None:
        for section in found.sections:
            typer.secho(f"\n{section.title}", bold=True)
            for figure in section.figures:
                typer.echo(f"  {figure.words}")


def _write(path: Path, text: str) -> None:
    """Write all or nothing."""
    from strec.errors import StrecError

    try:
        draft = path.with_name(f".{path.name}.part")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise StrecError(
            "The report needs a place where a file can be written.",
            f"{path}: {error.strerror}.",
            "Choose another path with --html.",
        ) from error
