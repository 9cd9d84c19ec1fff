"""`strec dependence`: do time, place and order help to predict what comes next?"""

from pathlib import Path
from typing import Annotated

import typer

from strec.cli import AsJson, Data, shell
from strec.cli._common import DayFirst, TimeZone, load, note, print_json, progress


@shell.command()
def dependence(
    data: Data,
    dates: Annotated[
        Path | None,
        typer.Option(help="Table of dates: what was so on which date, such as the weather."),
    ] = None,
    holidays: Annotated[
        str | None,
        typer.Option(help="Country whose public holidays are tested too, such as US or US-NY."),
    ] = None,
    permutations: Annotated[
        int, typer.Option(min=79, help="Shuffled worlds per question, at least 79.")
    ] = 99,
    seed: Annotated[int, typer.Option(help="The same seed gives the same answer.")] = 0,
    time_zone: TimeZone = None,
    day_first: DayFirst = None,
    as_json: AsJson = False,
) -> None:
    """Test whether time, place, both together and order help, and say what to take next.

    **Examples**

    - `strec dependence travel`

    - `strec dependence checkins.csv --dates weather.csv --holidays FR`

    - `strec dependence social --json > dependence.json`
    """
    import strec
    from strec import schema
    from strec.gate.dates import holidays_of, joined, read_dates
    from strec.io.apart import apart

    table = apart(read_dates, str(dates), dates.name) if dates is not None else None
    dataset = load(data, time_zone=time_zone, day_first=day_first)
    if holidays:
        day = dataset.checkins.select(schema.local_time().dt.date())
        table = joined(table, holidays_of(holidays, day.min().item(), day.max().item()))
    with progress() as report:
        found = strec.dependence(
            dataset, seed=seed, n_permutations=permutations, dates=table, progress=report
        )
    if as_json:
        print_json(found.to_dict())
        return
    typer.secho(found.sentence, bold=True)
    for part in found.time_parts:
        if part.decision:
            typer.echo(f"  Of time: {part.words}, {part.effect_nats:.3f} nats per check-in.")
    for each in found.details:
        typer.echo(f"  {each}")
    for each in found.notes:
        note(each)
