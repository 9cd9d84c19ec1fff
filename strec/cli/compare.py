"""`strec compare`: where two groups of check-ins differ, by how much, and how sure that is."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strec.cli import AsJson, Data, shell
from strec.cli._common import (
    DayFirst,
    TimeZone,
    check_writable,
    load,
    print_json,
    write_text,
)
from strec.errors import AnalysisError

if TYPE_CHECKING:
    from strec.store import Filters

GROUP = (
    "weekends, workdays, or settings apart by blanks: from=2024-05-01 until=2024-05-31 "
    "hours=6-12 weekdays=0,4 (0 is Monday) kind=Bar event=buy users=ann,bob."
)


@shell.command()
def compare(
    data: Data,
    a: Annotated[str, typer.Option("--a", help=f"One group: {GROUP}")],
    b: Annotated[
        str | None,
        typer.Option("--b", help="The other, said likewise.", show_default="all others"),
    ] = None,
    measure: Annotated[
        str | None,
        typer.Option(
            help="rate: how often per person and day; share: of all of the group.",
            show_default="what suits",
        ),
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every number here.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report here.")] = None,
    time_zone: TimeZone = None,
    day_first: DayFirst = None,
    as_json: AsJson = False,
) -> None:
    """Compare two groups: which kinds, hours and places differ by more than chance.

    **Examples**

    `strec compare social --a weekends --b workdays`

    `strec compare checkins.csv --a until=2024-05-31 --b from=2024-06-01 --html before-after.html`

    `strec compare social --a "weekdays=4,5 hours=20-24" --json`
    """  # fmt: skip
    from strec.store import Filters

    check_writable(csv, html)
    one, other = group(a), None if b is None else group(b)
    dataset = load(data, time_zone=time_zone, day_first=day_first)
    found = dataset.compare_groups(one, other, within=Filters(), measure=measure)
    if csv is not None:
        write_text(csv, found.csv())
    if html is not None:
        write_text(html, found.html())
    if as_json:
        print_json(
            {
                "sentence": found.sentence,
                "basis": found.basis,
                "measure": found.measure,
                "per": found.per,
                "names": found.names,
                "rates": found.frame.to_dict("records"),
            }
        )
        return
    typer.secho(found.sentence, bold=True)
    for each in found.sentences(10)[1:]:
        typer.echo(f"- {each}")
    typer.echo(f"\n{found.basis}")


def group(text: str) -> "Filters":
    """Return the filters that a text says.

    Raises
    ------
    AnalysisError
        If it is not understood.
    """
    from strec.store import Filters

    named = {"weekends": (5, 6), "workdays": (0, 1, 2, 3, 4)}
    said: dict[str, Any] = {}
    last = ""
    for word in text.split():
        key, given, value = word.partition("=")
        if word in named:
            said["weekdays"] = named[word]
        elif given:
            said[key], last = value, key
        elif last:
            said[last] += f" {word}"  # Kinds have blanks in their names.
        else:
            raise _not_understood(word)
    readers = {
        "from": ("date_from", date.fromisoformat),
        "until": ("date_to", date.fromisoformat),
        "hours": ("hours", _hours),
        "weekdays": ("weekdays", lambda text: [int(day) for day in text.split(",")]),
        "kind": ("categories", lambda text: text.split(",")),
        "event": ("events", lambda text: text.split(",")),
        "users": ("users", lambda text: text.split(",")),
    }
    found: dict[str, Any] = {}
    for key, value in said.items():
        if not isinstance(value, str):
            found[key] = value
            continue
        if key not in readers:
            raise _not_understood(f"{key}={value}")
        field, read = readers[key]
        try:
            found[field] = read(value)
        except ValueError as error:
            raise _not_understood(f"{key}={value}") from error
    if not found:
        raise _not_understood(text)
    return Filters(**found)


def _hours(text: str) -> list[int]:
    low, given, high = text.partition("-")
    return list(range(int(low), int(high) if given else int(low) + 1))


def _not_understood(text: str) -> AnalysisError:
    return AnalysisError(f"A group is {GROUP}", f"{text!r:.60}.", "Say it so.")
