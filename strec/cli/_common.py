"""What all commands share: data in, progress on the terminal, tables and JSON out."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strec.errors import ModelError, ReadError
from strec.progress import Progress, silent

if TYPE_CHECKING:
    from strec.dataset import Dataset
    from strec.models import Model
    from strec.split import Vocabulary
    from strec.store import Store


TimeZone = Annotated[
    str | None,
    typer.Option(help="IANA zone of local times in files, or 'place' for that of each coordinate."),
]
DayFirst = Annotated[
    bool | None,
    typer.Option(
        "--day-first/--month-first", help="Whether 03/04 is the 3rd of April or the 4th of March."
    ),
]


Catalogue = Annotated[
    Path | None,
    typer.Option(
        help="A table of items that nobody took yet, a row for each: the item and, where known, "
        "its name, kind and place. They are suggested too."
    ),
]


DbTable = Annotated[
    str | None,
    typer.Option("--table", help="Which table of a database, where DATA is its address."),
]
DbQuery = Annotated[
    str | None,
    typer.Option("--query", help="A SELECT in the words of that database, in place of a table."),
]
DbColumns = Annotated[
    list[str] | None,
    typer.Option("--map", help="Which column of that table is what: user=…, item=…, time=…, …",
                 show_default="guessed"),
]  # fmt: skip


def load(
    data: Sequence[str],
    *,
    time_zone: str | None = None,
    day_first: bool | None = None,
    table: str | None = None,
    query: str | None = None,
    columns: Sequence[str] | None = None,
    catalogue: Path | None = None,
) -> "Dataset":
    """Return the data set of files that belong together, of a store, of a sample, or of a table.

    A table of a database stays where it is: it is counted there. `catalogue` is a file of items
    that nobody took yet.

    Examples
    --------
    >>> load(["travel"]).name
    'Three days in the old town (simulated)'
    """
    from strec.dataset import Dataset
    from strec.io import read_sample, samples

    if catalogue is not None:
        dataset = load(data, time_zone=time_zone, day_first=day_first)
        known = len(dataset.notes)
        dataset = dataset.with_catalogue(catalogue)
        for text in dataset.notes[known:]:
            note(f"{catalogue.name}: {text}")
        return dataset
    if is_database(data, table, query, columns):
        from strec.io.mapping import mapping_of
        from strec.store import Warehouse

        store = Warehouse.guessed(
            data[0], table=table, query=query, given=mapping_of(columns or ()), time_zone=time_zone
        )
        taken = ", ".join(f"{name}={column}" for name, column in store.mapping.to_dict().items())
        note(f"Counted where it is, by {store.engine_in_words}: {taken}.")
        return Dataset.of(store)
    known = {sample.name: sample for sample in samples()}
    paths = _paths(data, list(known))
    if paths is None:
        sample = known[data[0]]
        return Dataset(read_sample(sample.name), name=sample.title, time_zone=sample.time_zone)
    if len(paths) == 1 and (paths[0] / "meta.json").is_file():
        return Dataset.from_store(paths[0])
    with progress() as report:
        dataset = Dataset.from_files(
            paths, time_zone=time_zone, day_first=day_first, progress=report
        )
    for text in dataset.notes:
        note(text)
    for reason, n in dataset.reasons.items():
        note(f"Set aside: {n:,} row(s), {reason}.")
    return dataset


def is_database(
    data: Sequence[str],
    table: str | None,
    query: str | None,
    columns: Sequence[str] | None = None,
) -> bool:
    """Return whether a database was named, and refuse what is said of one where none was.

    Examples
    --------
    >>> is_database(["postgres://me@host/shop"], "sales", None), is_database(["a.csv"], None, None)
    (True, False)
    """
    from strec.io.warehouse import is_address

    if len(data) == 1 and is_address(data[0]):
        return True
    if table is None and query is None and not columns:
        return False
    raise ReadError(
        "--table, --query and --map say what is read of a database.",
        f"{', '.join(data)!r:.100}, which is no address of one.",
        "Give an address such as postgres://me@host/shop, or leave them out; columns of a file are "
        "mapped by strec clean --map.",
    )


def fitted(folder: Path, data: "Store | Vocabulary | None" = None) -> "Model":
    """Return the model of a folder; that of a run only if it learned from the data given."""
    from strec.models import load_model
    from strec.runs import Run

    return Run(folder).model(data) if (folder / "run.json").is_file() else load_model(folder)


def settings_of(pairs: list[str]) -> dict[str, Any]:
    """Return parameters of a model, given as name=value.

    Examples
    --------
    >>> settings_of(["epochs=3", "language=small"])
    {'epochs': 3, 'language': 'small'}
    """
    found = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise ModelError(
                "A parameter is given as name=value.", f"{pair!r}.", "For instance --set epochs=3."
            )
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found


def files_of(data: Sequence[str]) -> list[Path]:
    """Return the files behind what the command line gave: files, folders, a store, or a sample.

    Examples
    --------
    >>> files_of(["travel"])[0].name
    'travel.parquet'
    """
    from strec.io.files import files_in
    from strec.io.samples import FOLDER, samples

    paths = _paths(data, [sample.name for sample in samples()])
    if paths is None:
        return [FOLDER / f"{data[0]}.parquet"]
    return [file for path in paths for file in (files_in(path) if path.is_dir() else [path])]


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress]:
    """Give a reporter that draws a bar on stderr if that is a terminal, unless quiet."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.TaskProgressColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda text, share: bar.update(task, description=text, completed=share)


def note(text: str) -> None:
    """Tell the person something beside the result: on stderr, so that pipes stay clean."""
    typer.secho(text, dim=True, err=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole file or none, and say so."""
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    note(f"Written to {path}.")


def check_writable(*paths: Path | None) -> None:
    """Refuse before the work begins where its result could not be written."""
    for path in paths:
        if path is not None and (path.is_dir() or not os.access(path.absolute().parent, os.W_OK)):
            raise ReadError(
                "A result is written to a file in a folder that exists and may be written to.",
                f"{path}.",
                "Make the folder first, or choose another place.",
            )


def print_json(value: object) -> None:
    """Print a result for a script."""
    from strec.export import json_text

    typer.echo(json_text(value))


def table(rows: Sequence[Sequence[str]], header: Sequence[str], left: int = 1) -> str:
    """Return aligned columns, the first `left` of them flush left, the others flush right.

    Examples
    --------
    >>> print(table([("a", "1"), ("bb", "22")], ("name", "n")))
    name   n
    ----  --
    a      1
    bb    22
    """
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    width = [max(len(row[k]) for row in cells) for k in range(len(header))]
    cells.insert(1, ["-" * size for size in width])
    lines = (
        "  ".join(
            cell.ljust(size) if k < left else cell.rjust(size)
            for k, (cell, size) in enumerate(zip(row, width, strict=True))
        ).rstrip()
        for row in cells
    )
    return "\n".join(lines)


def _paths(data: Sequence[str], samples: list[str]) -> list[Path] | None:
    """Return the paths given, all of which exist, or None where a sample is named."""
    from strec.io.files import from_home, not_there, there_is

    if len(data) == 1 and data[0] in samples and not Path(data[0]).exists():
        return None
    paths = [from_home(each) for each in data]
    for path in paths:
        if not there_is(path):
            raise not_there(path, f", or name a sample: {', '.join(samples)}")
    return paths
