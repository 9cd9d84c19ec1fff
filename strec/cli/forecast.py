"""`strec forecast`: how much happens at each place in the coming hours."""

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
    note,
    print_json,
    progress,
    table,
    write_text,
)


@shell.command()
def forecast(
    data: Data,
    what: Annotated[
        str,
        typer.Option(help="checkins, users, departures, arrivals, balance (of trips) or value."),
    ] = "checkins",
    where: Annotated[
        str | None,
        typer.Option(help="items, shops, cells (hexagons), areas (with --areas) or all."),
    ] = None,
    hours: Annotated[int, typer.Option(min=1, max=168, help="Hours ahead.")] = 24,
    resolution: Annotated[int | None, typer.Option(help="Of the hexagons, H3, 0 to 10.")] = None,
    areas: Annotated[
        Path | None, typer.Option(help="Polygons, for instance a GeoJSON file.")
    ] = None,
    columns: Annotated[
        Path | None,
        typer.Option(
            help="A CSV of your own columns per hour or day (weather, prices), also of the coming "
            "hours."
        ),
    ] = None,
    holidays: Annotated[
        str | None,
        typer.Option(help="Country of the holidays, such as US; none; by default the zone's."),
    ] = None,
    networks: Annotated[
        bool, typer.Option("--networks", help="Also try ST-LSTM and ST-GCN; takes minutes.")
    ] = False,
    csv: Annotated[Path | None, typer.Option(help="Write every place and hour here.")] = None,
    geojson: Annotated[Path | None, typer.Option(help="Write a map here.")] = None,
    db_table: DbTable = None,
    query: DbQuery = None,
    db_columns: DbColumns = None,
    time_zone: TimeZone = None,
    day_first: DayFirst = None,
    as_json: AsJson = False,
) -> None:
    """Say how much will happen where and when, how sure that is, and what is out of the ordinary.

    **Examples**

    `strec forecast traffic`

    `strec forecast trips.csv --what balance --where items --csv tomorrow.csv`

    `strec forecast sales.csv --what value --columns weather.csv --hours 168 --json`

    `strec forecast postgres://me@host/shop --table sales --map user=customer,item=product`: the
    database counts
    """
    import pandas as pd

    from strec.demand import Calendar, country_of
    from strec.export import json_text, to_csv

    check_writable(csv, geojson)
    dataset = load(
        data, time_zone=time_zone, day_first=day_first, table=db_table, query=query,
        columns=db_columns,
    )  # fmt: skip
    country = country_of(dataset.store.time_zone) if holidays is None else holidays
    country = None if country == "none" else country
    calendar = Calendar(country)
    if columns is not None:
        calendar = Calendar.with_columns(pd.read_csv(columns, sep=None, engine="python"), country)
    polygons = None
    if areas is not None:
        import geopandas

        where, polygons = "areas", geopandas.read_file(areas)
    tried = None
    if networks:
        from strec.demand import standard_models
        from strec.models.demand import networks as all_networks

        tried = standard_models() | all_networks()
    with progress(as_json) as report:
        ahead = dataset.demand(
            what, where, horizon=hours, calendar=calendar, resolution=resolution, areas=polygons,
            models=tried, progress=report,
        )  # fmt: skip
    for text in (*ahead.panel.notes, *ahead.changes):
        note(text)
    if csv is not None:
        write_text(csv, to_csv(ahead.frame().drop(columns="cell", errors="ignore")))
    if geojson is not None:
        write_text(geojson, json_text(ahead.geojson()))
    found = ahead.findings(0, min(24, len(ahead.expected)))
    if as_json:
        frame = ahead.frame().drop(columns="cell", errors="ignore")
        frame["hour"] = frame["hour"].dt.strftime("%Y-%m-%dT%H:00")
        print_json(
            {
                "model": ahead.model,
                "tested": ahead.backtest.sentence,
                "models": ahead.backtest.table.to_dict("records"),
                "findings": found,
                "forecast": frame.to_dict("records"),
            }
        )
        return
    typer.echo(f"{ahead.backtest.sentence}\n")
    for sentence in found:
        typer.echo(f"- {sentence}")
    whole = ahead.window(0, min(24, len(ahead.expected)))
    rows = [
        (str(row["name"])[:40], f"{row['expected']:.1f}", f"{row['low_80']:.0f}",
         f"{row['high_80']:.0f}", f"{row['usual']:.1f}")
        for _, row in whole.nlargest(10, "expected").iterrows()
    ]  # fmt: skip
    typer.echo(f"\nThe next {min(24, len(ahead.expected))} hours together:")
    typer.echo(table(rows, ("place", "expected", "80 % from", "to", "usual")))
